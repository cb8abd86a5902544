"""Which addresses a user may send this server to. A name is looked up once, and what was judged is what gets connected to."""

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], list[str]]

# Where clouds answer machines with their credentials; also out of reach where private addresses are allowed.
_METADATA: Final = frozenset(map(ip_address, ("169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")))
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
_TRANSLATED_LOCALLY: Final = IPv6Network("64:ff9b:1::/48")
_SHARED: Final = IPv4Network("100.64.0.0/10")


def resolve(host: str, port: int) -> list[str]:
    """The system's own look-up. Raises `OSError` for a name that is not known."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def may_reach(address: str, *, private_too: bool) -> bool:
    """Whether a user may be led there. `private_too` opens the loopback and private networks, and nothing that is stranger than those."""
    inner = _inner(ip_address(address))
    if inner in _METADATA or inner.is_link_local or inner.is_multicast or inner.is_unspecified:
        return False
    if inner.is_loopback:  # Before what is reserved: ::1 counts as that too.
        return private_too
    if inner.is_reserved:
        return False
    return inner.is_global or (private_too and (inner.is_private or inner in _SHARED))


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one only wraps, because that is where a packet to it may come out."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED or address in _TRANSLATED_LOCALLY:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    return wrapped or address
