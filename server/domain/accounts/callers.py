"""Who calls, and by what."""

from dataclasses import dataclass
from datetime import datetime

from shared.constants import Role, Scope


@dataclass(frozen=True)
class Caller:
    """By a session, which may do everything that its user may, or by an API key, which may do what its scopes say; until `expires_at`."""

    user_id: str
    role: Role
    scopes: frozenset[Scope]
    expires_at: datetime
    session_id: str | None = None
    key_id: str | None = None

    @property
    def via(self) -> str:
        """The session or the key: what has to hold for the caller to be let in."""
        return self.session_id or self.key_id or ""
