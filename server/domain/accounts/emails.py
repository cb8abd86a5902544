"""E-mail addresses: one spelling for each, so that nobody registers twice. Whether a mailbox exists is not checked here."""

import re
import unicodedata
from typing import Final

from server.errors import InvalidInput

# RFC 5321, 4.5.3.1: 64 octets before the @, 254 in all.
_MAX_BYTES: Final = 254
_MAX_LOCAL_BYTES: Final = 64
_LOCAL: Final = re.compile(r"[^\s@\"(),:;<>\[\]\\.\x00-\x1f\x7f]+(\.[^\s@\"(),:;<>\[\]\\.\x00-\x1f\x7f]+)*")
_DOMAIN: Final = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")


def normalised(address: str) -> str:
    """The one spelling that is stored and compared: no case, no outer blanks, the domain as it is on the wire (punycode).

    Raises `InvalidInput` with param `email`. Quoted local parts and numeric domains are refused; nobody has them.
    """
    text = unicodedata.normalize("NFKC", address).strip().casefold()
    if not text:
        raise _bad("Enter an e-mail address.")
    local, at, domain = text.rpartition("@")
    if not at or len(text.encode()) > _MAX_BYTES:
        raise _bad("This is not an e-mail address. It should look like name@example.org.")
    if not _LOCAL.fullmatch(local) or len(local.encode()) > _MAX_LOCAL_BYTES:
        raise _bad("The part of the e-mail address before the @ is not valid. It should look like name@example.org.")
    domain = _ascii_domain(domain)
    if not _DOMAIN.fullmatch(domain):
        raise _bad("The part of the e-mail address after the @ is not valid. It should look like name@example.org.")
    return f"{local}@{domain}"


def _ascii_domain(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:  # A label that is empty, too long, or holds what no domain may hold.
        return ""


def _bad(message: str) -> InvalidInput:
    return InvalidInput(message, code="accounts.bad_email", param="email")
