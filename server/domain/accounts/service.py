"""What routes ask about people: register, sign in, stay signed in, sign out, change one's own account, and who is calling."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from server.domain import keys
from server.domain.accounts import passwords as rules
from server.domain.accounts.admission import Admission
from server.domain.accounts.api_keys import ApiKeys
from server.domain.accounts.callers import Caller
from server.domain.accounts.identities import Identities
from server.domain.accounts.letters import Letters, Post
from server.domain.accounts.new_address import NewAddress
from server.domain.accounts.passwords import Passwords
from server.domain.accounts.recent import RecentCallers
from server.domain.accounts.recovery import Recovery
from server.domain.accounts.security_log import Later, SecurityLog
from server.domain.accounts.sessions import Opened, Sessions
from server.domain.accounts.tokens import Access, Download, Tokens
from server.domain.accounts.users import Profile, Users, check_enabled
from server.domain.accounts.visits import SOMEWHERE, Visit
from server.errors import Conflict, Forbidden, NotFound, NotSignedIn
from server.ports.clock import Clock
from server.ports.records import Delete, Put, Records
from shared.constants import API_KEY_PREFIX, RegistrationMode, Scope, SecurityEventKind
from shared.wire import EmailChange, LinkedSignIn, ListOf, Session, SignIn, User

_FRESH: Final = timedelta(minutes=15)
_ALL_SCOPES: Final[frozenset[Scope]] = frozenset({"read", "write"})


@dataclass(frozen=True)
class SignedIn:
    """The answer for the page, and the tokens for its cookies: one to refresh with, one for forms."""

    session: Session
    refresh_token: str
    form_token: str


def at_once(work: Callable[[], None]) -> None:
    """The simplest `Later`."""
    work()


class Accounts:
    """`passwords` may be given with cheaper parameters; nothing else about signing in can be weakened from outside.

    `later` runs work soon on another thread; `post` sends a letter, None where no mail is set up.
    """

    def __init__(
        self,
        records: Records,
        clock: Clock,
        *,
        secret: str,
        access_token_ttl_s: int,
        session_ttl_s: int,
        passwords: Passwords | None = None,
        later: Later = at_once,
        post: Post | None = None,
        public_url: str = "",
        registration: RegistrationMode = "open",
    ) -> None:
        self._records = records
        self._clock = clock
        self._session_ttl_s = session_ttl_s
        self.letters = Letters(post, public_url=public_url)
        self.users = Users(records, clock, passwords or Passwords())
        self.sessions = Sessions(records, clock, ttl_s=session_ttl_s)
        self.tokens = Tokens(secret, clock, access_ttl_s=access_token_ttl_s)
        self._recent = RecentCallers(clock)
        self.log = SecurityLog(records, clock, later)
        self.keys = ApiKeys(records, clock, self.log, later)
        self.identities = Identities(records, clock)
        self.recovery = Recovery(records, clock, self.users, self.sessions, self.keys, self.log, self.letters, later)
        self.new_address = NewAddress(self.users, self.sessions, self.log, self.recovery)
        self.admission = Admission(records, clock, self.users, self.log, self.letters, registration)

    # --- signing in and out -------------------------------------------------------------------------------------------

    def register(self, email: str, password: str, *, invitation: str | None = None, visit: Visit = SOMEWHERE) -> SignedIn:
        """A new account, signed in. Raises `InvalidInput` and `Conflict`, both with the field, and `Forbidden` for who may not."""
        admitted = self.admission.admit(email, invitation)
        profile = self.users.new(email, password)
        if admitted.verified:
            profile.email_verified_at = self._clock.now()
        self.users.add(profile, *admitted.changes, *self.log.changes(profile.id, "registered", visit))
        self.recovery.send_verification(profile)
        return self._opened(profile, visit)

    def set_up(self, token: str, email: str, password: str, visit: Visit = SOMEWHERE) -> SignedIn:
        """The first administrator's account, signed in. Raises like `register`."""
        used = self.admission.use_set_up_token(token)
        profile = self.users.new(email, password).model_copy(update={"role": "admin"})
        self.users.add(profile, *used, *self.log.changes(profile.id, "made_administrator", visit))
        self.recovery.send_verification(profile)
        return self._opened(profile, visit)

    def become_administrator(self, user_id: str, token: str, visit: Visit = SOMEWHERE) -> User:
        """An existing account takes the set-up link. Raises `Forbidden`."""
        used = self.admission.use_set_up_token(token)
        profile = self.users.change(
            user_id,
            lambda profile: profile.model_copy(update={"role": "admin"}),
            lambda _: [*used, *self.log.changes(user_id, "made_administrator", visit)],
        )
        return profile.shown()

    def login(self, email: str, password: str, visit: Visit = SOMEWHERE, *, known: bool = False) -> SignedIn:
        """Raises `NotSignedIn`, in the same words and after the same work for a wrong password and for an unknown address.

        `known`: from a browser that has signed in to this account before.
        """
        profile = self.users.by_email(email)
        if not self.users.has_password(profile, password, known=known) or profile is None:
            if profile is not None:
                self.log.noticed(profile.id, "sign_in_failed", visit)
            raise NotSignedIn("The e-mail address or the password is wrong.", code="accounts.wrong_credentials")
        return self.sign_in(profile, visit)

    def sign_in(self, profile: Profile, visit: Visit, detail: str = "") -> SignedIn:
        """Signs in somebody who has proven to be this. Raises `NotSignedIn` for an account that is disabled or on its way out."""
        check_enabled(profile)
        if profile.leaving_at is not None:
            raise NotSignedIn("This account is no more.", code="accounts.gone")
        return self._opened(profile, visit, *self.log.changes(profile.id, "signed_in", visit, detail))

    def refresh(self, refresh_token: str, visit: Visit = SOMEWHERE) -> SignedIn:
        """Raises `NotSignedIn`."""
        opened = self.sessions.refresh(
            refresh_token, visit, reused=lambda user_id: self.log.noticed(user_id, "refresh_token_reused", visit)
        )
        profile = self.users.active(opened.user_id)
        if opened.epoch != profile.epoch:
            raise _signed_out()
        return self._signed_in(profile, opened)

    def logout(self, refresh_token: str, visit: Visit = SOMEWHERE) -> None:
        closed = self.sessions.close(refresh_token)
        if closed is not None:
            self._recent.forget(closed[1])
            self.log.noticed(closed[0], "signed_out", visit)

    # --- who calls ----------------------------------------------------------------------------------------------------

    def caller(self, token: str) -> str:
        """The id of the user whose access token or API key this is, while it holds. Raises `NotSignedIn`. The one door."""
        return self.identify(token).user_id

    def identify(self, token: str, visit: Visit | None = None) -> Caller:
        """Who this is, asked of the records each time: what was ended, disabled or deleted is out at once. Raises `NotSignedIn`.

        With a `visit` the use of an API key is noted.
        """
        seen_open_at = self._clock.monotonic()
        caller = self._identify_key(token, visit) if token.startswith(API_KEY_PREFIX) else self._identify_session(token)
        self._recent.remember(token, caller, seen_open_at=seen_open_at)
        return caller

    def identify_form(self, token: str) -> Caller:
        """Whose form this is, by the token of its cookie. The caller has to make sure that our own page sent it. Raises `NotSignedIn`."""
        return self._identify_session(token, kind="form")

    def _identify_session(self, token: str, *, kind: Literal["access", "form"] = "access") -> Caller:
        access, expires_at = self.tokens.read_access_until(token, kind=kind)
        session = self.sessions.get(access.user_id, access.session_id)
        profile = self.users.active(access.user_id)
        if session is None or session.epoch != profile.epoch:
            raise _signed_out()
        return Caller(profile.id, profile.role, _ALL_SCOPES, expires_at, session_id=session.id)

    def _identify_key(self, text: str, visit: Visit | None) -> Caller:
        user_id, key = self.keys.caller(text)
        profile = self.users.active(user_id)
        if visit is not None:
            self.keys.used(user_id, key, visit)
        return Caller(user_id, profile.role, frozenset(key.scopes), key.expires_at, key_id=key.id)

    def recently_identified(self, token: str) -> Caller | None:
        """What `identify` would say, at most a second old and without waiting for anything; None when it has to be asked."""
        return self._recent.find(token)

    def look_again(self) -> None:
        """Looks at those who called lately, so that `recently_identified` knows them when they call next."""
        for caller in self._recent.in_use():
            at = self._clock.monotonic()
            if self._holds(caller):
                self._recent.seen_open(caller.via, at=at)
            else:
                self._recent.forget(caller.via)

    def still_signed_in(self, callers: Iterable[Caller]) -> set[Caller]:
        """Those of `callers` who would be let in now."""
        now = self._clock.now()
        welcome = set()
        for caller in callers:
            if caller.expires_at > now and self._holds(caller):
                welcome.add(caller)
            else:  # Whoever is sent away must not be let in again for what was known a moment ago.
                self._recent.forget(caller.via)
        return welcome

    def look_up_again(self, user_id: str) -> None:
        """Something that this user might call by has ended: here nothing is taken on what was known a moment ago; elsewhere in a second."""
        self._recent.forget_user(user_id)

    def _holds(self, caller: Caller) -> bool:
        """Whether the account, and the session or the key, are still there and in force: two reads."""
        try:
            profile = self.users.active(caller.user_id)
        except NotSignedIn:
            return False
        if caller.session_id is None:
            return self.keys.holds(caller.user_id, caller.via)
        session = self.sessions.get(caller.user_id, caller.session_id)
        return session is not None and session.epoch == profile.epoch

    def download_token(self, caller: Caller, resource: str) -> tuple[str, int]:
        """A token that opens this one thing while the caller's session or key holds, and its lifetime in seconds."""
        return self.tokens.download(Download(caller.user_id, resource, caller.via))

    def check_download_token(self, token: str) -> tuple[str, str]:
        """The user and the thing that a download token was made for. Raises `NotSignedIn`."""
        download = self.tokens.read_download(token)
        profile = self.users.active(download.user_id)
        session = self.sessions.get(download.user_id, download.via)
        if not (session is not None and session.epoch == profile.epoch) and not self.keys.holds(download.user_id, download.via):
            raise _signed_out()
        return download.user_id, download.resource

    # --- one's own account --------------------------------------------------------------------------------------------

    def user(self, user_id: str) -> User:
        """Raises `NotSignedIn` when the account is gone."""
        return self.users.active(user_id).shown()

    def rename(self, user_id: str, name: str, visit: Visit = SOMEWHERE) -> User:
        changed = self.users.change(
            user_id,
            lambda profile: profile.model_copy(update={"name": name}),
            lambda _: list(self.log.changes(user_id, "profile_changed", visit)),
        )
        return changed.shown()

    def check_password(self, caller: Caller, password: str | None, visit: Visit = SOMEWHERE, *, param: str = "password") -> Profile:
        """For what needs more than a session that was left open: the password, or, of an account without one, a sign-in just now.

        Raises `Forbidden` with the field.
        """
        profile = self.users.active(caller.user_id)
        if profile.password_hash is None:
            session = self.sessions.get(caller.user_id, caller.session_id or "")
            if session is None or self._clock.now() - session.created_at > _FRESH:
                raise Forbidden("Sign out, sign in again, and repeat this within 15 minutes.", code="accounts.sign_in_again")
        elif password is None or not self.users.has_password(profile, password):
            self.log.noticed(profile.id, "sign_in_failed", visit, "current password")
            raise Forbidden("This is not your current password.", code="accounts.wrong_password", param=param)
        return profile

    def change_password(self, caller: Caller, current: str, new: str, visit: Visit = SOMEWHERE) -> None:
        """Ends every other session. Raises `Forbidden` for a wrong current password, `InvalidInput` for a weak new one."""
        profile = self.check_password(caller, current, visit, param="current_password")
        rules.check_new(new, email=profile.email, param="new_password")
        password_hash = self.users.passwords.hash(new)
        self._next_epoch(caller, "password_changed", visit, password_hash=password_hash)
        self.letters.send_notice(profile.email, "the password was changed, and all other sign-ins were ended")

    def change_email(self, caller: Caller, email: str, password: str | None, visit: Visit = SOMEWHERE) -> EmailChange:
        """Raises `Forbidden` like `check_password`, and `InvalidInput` and `Conflict` for the address."""
        profile = self.check_password(caller, password, visit)
        changed = self.new_address.ask(profile, caller, email, visit)
        self._recent.forget_user(profile.id)
        return EmailChange(changed=changed is not None, user=(changed or profile).shown())

    def verify_email(self, token: str, visit: Visit = SOMEWHERE) -> None:
        """Takes the link of a letter to an account's address, or to its new one. Raises `InvalidInput` and `Conflict`."""
        if self.recovery.is_of(token, "address"):
            self.new_address.confirm(token, visit)
        else:
            self.recovery.verify(token, visit)

    def linked_sign_ins(self, user_id: str) -> ListOf[LinkedSignIn]:
        return ListOf(data=self.identities.of(user_id))

    def unlink_sign_in(self, user_id: str, linked_id: str, visit: Visit = SOMEWHERE) -> None:
        """Raises `NotFound`, and `Conflict` when nothing else would let its owner in. Sessions that are open stay."""

        def also(profile: Profile) -> list[Put | Delete]:
            linked = self.identities.of(user_id)
            found = next((one for one in linked if one.id == linked_id), None)
            if found is None:
                raise NotFound("This account is not connected with that one any more.", code="accounts.not_linked")
            if profile.password_hash is None and len(linked) == 1:
                raise Conflict("It is the only way into this account. Set a password first.", code="accounts.last_way_in")
            return [*self.identities.removing(user_id, linked_id), *self.log.changes(user_id, "google_unlinked", visit, found.email)]

        # The account itself is written unchanged, so that of two who each leave the other one behind only one succeeds.
        profile = self.users.change(user_id, lambda profile: profile, also)
        self.letters.send_notice(profile.email, "it was disconnected from an account at Google")

    def sign_ins(self, caller: Caller) -> ListOf[SignIn]:
        epoch = self.users.active(caller.user_id).epoch
        return ListOf(data=self.sessions.shown(caller.user_id, epoch=epoch, current=caller.session_id))

    def end_sign_in(self, user_id: str, session_id: str, visit: Visit = SOMEWHERE) -> None:
        """Raises `NotFound`."""
        self._records.write(self.sessions.ending(user_id, session_id), *self.log.changes(user_id, "session_ended", visit))
        self._recent.forget(session_id)

    def end_other_sign_ins(self, caller: Caller, visit: Visit = SOMEWHERE) -> int:
        """How many there were."""
        others = sum(not one.current for one in self.sign_ins(caller).data)
        self._next_epoch(caller, "other_sessions_ended", visit)
        return others

    def _next_epoch(self, caller: Caller, kind: SecurityEventKind, visit: Visit, **changes: str) -> None:
        """Ends everything that the account's earlier sign-ins and letters could do, but for the caller's own session."""

        def also(profile: Profile) -> list[Put | Delete]:
            lifted = self.sessions.lifting(profile.id, caller.session_id or "", epoch=profile.epoch)
            return [*([lifted] if lifted else []), *self.log.changes(profile.id, kind, visit)]

        profile = self.users.change(
            caller.user_id, lambda profile: profile.model_copy(update={"epoch": profile.epoch + 1, **changes}), also
        )
        self._recent.forget_user(profile.id)
        self.sessions.sweep(profile.id, epoch=profile.epoch)

    def _opened(self, profile: Profile, visit: Visit, *also: Put | Delete) -> SignedIn:
        # The pointer by which administrators find an account: accounts of earlier versions get theirs here.
        listed = Put(keys.listed_user(profile.id), {}, None)
        return self._signed_in(profile, self.sessions.open(profile.id, listed, *also, epoch=profile.epoch, visit=visit))

    def _signed_in(self, profile: Profile, opened: Opened) -> SignedIn:
        access = Access(opened.user_id, opened.session_id)
        token, expires_in = self.tokens.access(access)
        form_token = self.tokens.form(access, ttl_s=self._session_ttl_s)
        return SignedIn(Session(access_token=token, expires_in=expires_in, user=profile.shown()), opened.token, form_token)


def _signed_out() -> NotSignedIn:
    return NotSignedIn("You have been signed out. Sign in again.", code="accounts.signed_out")
