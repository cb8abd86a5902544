"""Which addresses belong to programs (all others belong to the page), and which to this machine."""

from ipaddress import IPv6Address, ip_address
from typing import Final

OPENAI: Final = "/v1"
_API: Final = ("/api", OPENAI, "/llm-training/api", "/livez", "/readyz", "/metrics")


def is_api(path: str) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in _API)


def is_openai(path: str) -> bool:
    """Whether this is the face that speaks as OpenAI does."""
    return path.startswith(f"{OPENAI}/")


def is_this_machine(host: str) -> bool:
    """A loopback address, also in IPv6's spelling of it, or `localhost`."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return host == "localhost"
    return ((isinstance(address, IPv6Address) and address.ipv4_mapped) or address).is_loopback
