"""What routes ask about people: register, sign in, stay signed in, sign out, and who is calling."""

from dataclasses import dataclass

from server.domain.accounts.passwords import Passwords
from server.domain.accounts.sessions import Opened, Sessions
from server.domain.accounts.tokens import Access, Download, Tokens
from server.domain.accounts.users import Users
from server.errors import NotSignedIn
from server.ports.clock import Clock
from server.ports.records import Records
from shared.wire import Session, User


@dataclass(frozen=True)
class SignedIn:
    """The answer for the page, and the refresh token for its cookie."""

    session: Session
    refresh_token: str


class Accounts:
    """`passwords` may be given with cheaper parameters; nothing else about signing in can be weakened from outside."""

    def __init__(
        self,
        records: Records,
        clock: Clock,
        *,
        secret: str,
        access_token_ttl_s: int,
        session_ttl_s: int,
        passwords: Passwords | None = None,
    ) -> None:
        self._users = Users(records, clock, passwords or Passwords())
        self._sessions = Sessions(records, clock, ttl_s=session_ttl_s)
        self._tokens = Tokens(secret, clock, access_ttl_s=access_token_ttl_s)

    def register(self, email: str, password: str) -> SignedIn:
        """A new account, signed in. Raises `InvalidInput` and `Conflict`, both with the field."""
        user = self._users.register(email, password)
        return self._signed_in(user, self._sessions.open(user.id))

    def login(self, email: str, password: str) -> SignedIn:
        """Raises `NotSignedIn`, the same for a wrong password and for an unknown address."""
        user = self._users.authenticate(email, password)
        return self._signed_in(user, self._sessions.open(user.id))

    def open_session(self, user_id: str) -> SignedIn:
        """For somebody who has shown in another way who they are. Raises `NotSignedIn` when the account is gone."""
        return self._signed_in(self.user(user_id), self._sessions.open(user_id))

    def refresh(self, refresh_token: str) -> SignedIn:
        """Raises `NotSignedIn`."""
        opened = self._sessions.refresh(refresh_token)
        return self._signed_in(self.user(opened.user_id), opened)

    def logout(self, refresh_token: str) -> None:
        self._sessions.close(refresh_token)

    def user(self, user_id: str) -> User:
        """Raises `NotSignedIn` when the account is gone."""
        user = self._users.find(user_id)
        if user is None:
            raise NotSignedIn("This account is no more.", code="accounts.gone")
        return user

    def caller(self, access_token: str) -> str:
        """The id of the user whose access token this is, in a session that is still open. Raises `NotSignedIn`."""
        access = self._tokens.read_access(access_token)
        self._check_open(access.user_id, access.session_id)
        return access.user_id

    def download_token(self, user_id: str, resource: str) -> tuple[str, int]:
        """A token that opens this one thing, and its lifetime in seconds."""
        return self._tokens.download(Download(user_id, resource))

    def check_download_token(self, token: str) -> tuple[str, str]:
        """The user and the thing that a download token was made for. Raises `NotSignedIn`."""
        download = self._tokens.read_download(token)
        return download.user_id, download.resource

    def _check_open(self, user_id: str, session_id: str) -> None:
        if not self._sessions.is_open(user_id, session_id):
            raise NotSignedIn("You have been signed out. Sign in again.", code="accounts.signed_out")

    def _signed_in(self, user: User, opened: Opened) -> SignedIn:
        token, expires_in = self._tokens.access(Access(opened.user_id, opened.session_id))
        return SignedIn(Session(access_token=token, expires_in=expires_in, user=user), opened.token)
