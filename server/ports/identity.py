"""Signing in with somebody else's account (OpenID Connect). No adapter is wired yet: the page shows its button only when one is."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class ForeignIdentity:
    """A user is keyed on (issuer, subject), never on the address."""

    issuer: str
    subject: str
    email: str
    email_verified: bool


class Identity(Protocol):
    def authorize_url(self, *, state: str, nonce: str, code_verifier: str, redirect_url: str) -> str: ...

    def exchange(self, *, code: str, nonce: str, code_verifier: str, redirect_url: str) -> ForeignIdentity:
        """Raises `NotSignedIn` when the provider's answer does not hold, `Unavailable` when it does not answer."""
        ...
