"""Where a request comes from, as far as it can be known: the connection's address, and what the program says it is."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from typing import Final

_MAX_CHARACTERS: Final = 100
# The first that is found names the program: every browser also claims to be the ones before it.
_PROGRAMS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python", "Python"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class Visit:
    """`address` is that of the connection, never one from a header that nobody vouches for."""

    address: str = ""
    user_agent: str = ""

    @property
    def device(self) -> str:
        """ "Firefox on Linux"; the program's own first word when it is none that we know."""
        program = next((name for mark, name in _PROGRAMS if mark.lower() in self.user_agent.lower()), "")
        system = next((name for mark, name in _SYSTEMS if mark in self.user_agent), "")
        if program:
            return f"{program} on {system}" if system else program
        plain = re.sub(r"[^\x20-\x7e]", "", self.user_agent).strip()
        return plain.partition(" ")[0][:_MAX_CHARACTERS] or "unknown"

    @property
    def network(self) -> str:
        """What counts as one place for limits: an IPv4 address, or the /64 that an IPv6 customer gets at the least."""
        try:
            address = IPv6Address(self.address.partition("%")[0])
        except AddressValueError:
            return self.address
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"


SOMEWHERE: Final = Visit()
