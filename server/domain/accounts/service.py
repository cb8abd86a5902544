"""What routes ask about people: register, sign in, stay signed in, sign out, and who is calling."""

from collections.abc import Iterable
from dataclasses import dataclass

from server.domain.accounts.passwords import Passwords
from server.domain.accounts.recent import Caller, RecentCallers
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
        self._clock = clock
        self._users = Users(records, clock, passwords or Passwords())
        self._sessions = Sessions(records, clock, ttl_s=session_ttl_s)
        self._tokens = Tokens(secret, clock, access_ttl_s=access_token_ttl_s)
        self._recent = RecentCallers(clock)

    def register(self, email: str, password: str) -> SignedIn:
        """A new account, signed in. Raises `InvalidInput` and `Conflict`, both with the field."""
        user = self._users.register(email, password)
        return self._signed_in(user, self._sessions.open(user.id))

    def login(self, email: str, password: str) -> SignedIn:
        """Raises `NotSignedIn`, the same for a wrong password and for an unknown address."""
        user = self._users.authenticate(email, password)
        return self._signed_in(user, self._sessions.open(user.id))

    def refresh(self, refresh_token: str) -> SignedIn:
        """Raises `NotSignedIn`."""
        opened = self._sessions.refresh(refresh_token)
        return self._signed_in(self.user(opened.user_id), opened)

    def logout(self, refresh_token: str) -> None:
        closed = self._sessions.close(refresh_token)
        if closed is not None:
            self._recent.forget(closed)

    def user(self, user_id: str) -> User:
        """Raises `NotSignedIn` when the account is gone."""
        user = self._users.find(user_id)
        if user is None:
            raise NotSignedIn("This account is no more.", code="accounts.gone")
        return user

    def caller(self, access_token: str) -> str:
        """The id of the user whose access token this is, in a session that is still open. Raises `NotSignedIn`."""
        return self.verified(access_token).user_id

    def verified(self, access_token: str) -> Caller:
        """The same with the session, for who stays or comes back at once. Raises `NotSignedIn`."""
        seen_open_at = self._clock.monotonic()
        access, expires_at = self._tokens.read_access_until(access_token)
        self._check_open(access.user_id, access.session_id)
        caller = Caller(access.user_id, access.session_id, expires_at)
        self._recent.remember(access_token, caller, seen_open_at=seen_open_at)
        return caller

    def recently_verified(self, access_token: str) -> Caller | None:
        """What `verified` would say, at most a second old and without waiting for anything; None when it has to be asked."""
        return self._recent.find(access_token)

    def look_again(self) -> None:
        """Looks at the sessions of those who called lately, so that `recently_verified` knows them when they call next."""
        for caller in self._recent.in_use():
            at = self._clock.monotonic()
            if self._sessions.is_open(caller.user_id, caller.session_id):
                self._recent.seen_open(caller.session_id, at=at)
            else:
                self._recent.forget(caller.session_id)

    def still_signed_in(self, callers: Iterable[Caller]) -> set[Caller]:
        """Those of `callers` whose token and session hold now: one read for each."""
        now = self._clock.now()
        return {caller for caller in callers if caller.expires_at > now and self._sessions.is_open(caller.user_id, caller.session_id)}

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
