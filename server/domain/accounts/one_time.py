"""Secrets that are given out once and kept only as SHA-256: 256 random bits need no slower hash."""

import hashlib
import secrets


def new_secret() -> str:
    """43 characters of letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def joined(owner_id: str, secret: str) -> str:
    """A token that says where to look for it."""
    return f"{owner_id}.{secret}"


def parts_of(token: str) -> tuple[str, str] | None:
    """The id and the secret's digest; None for what `joined` never made."""
    owner_id, dot, secret = token.partition(".")
    if not dot or not owner_id or not secret or not token.isascii() or not token.isprintable() or len(token) > 300:
        return None
    return owner_id, digest_of(secret)
