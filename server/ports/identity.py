"""Signing in with an account that somebody else keeps (OpenID Connect). Without an adapter the page shows no button for it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class ForeignIdentity:
    """A user is keyed on (issuer, subject), never on the address, which a provider may give to somebody else later."""

    issuer: str
    subject: str
    email: str
    email_verified: bool


class Identity(Protocol):
    """Both methods raise `Unavailable` when the provider does not answer."""

    def authorize_url(self, *, state: str, nonce: str, code_verifier: str, redirect_url: str) -> str:
        """Where the browser goes to sign in. Of the verifier only its SHA-256 is in there (PKCE, RFC 7636)."""
        ...

    def exchange(self, *, code: str, nonce: str, code_verifier: str, redirect_url: str) -> ForeignIdentity:
        """Raises `NotSignedIn` when the provider's answer does not hold."""
        ...
