"""Signing in with an account at a provider such as Google: whose it is here, and what becomes of an account under the same address.

Anybody can register somebody else's address with a password and wait ("account pre-hijacking"). So an account whose address nobody has
verified is not merged with the sign-in of the address's owner: either its password is given too, or the password and everything
that was opened with it stop working.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel

from server.domain import keys
from server.domain.accounts import emails
from server.domain.accounts.passwords import Passwords
from server.domain.accounts.sealed import FLOW_TTL_S, Flow, Seal
from server.domain.accounts.service import Accounts, SignedIn
from server.domain.accounts.users import Profile
from server.domain.accounts.visits import SOMEWHERE, Visit
from server.errors import Conflict, Forbidden, InvalidInput, NotSignedIn, StaleWrite
from server.ports.clock import Clock
from server.ports.identity import ForeignIdentity, Identity
from server.ports.records import ABSENT, Change, Delete, Put, Record, Records

_TRIES: Final = 8
_MAX_SWEPT: Final = 20
_DELETED_AT_ONCE: Final = 90
# Everything under an account that lets somebody in.
_WAYS_IN: Final = ("session", "apikey", "reset", "verification", "identity")


@dataclass(frozen=True)
class Arrived:
    """Back from the provider. `ticket` signs in once, in the browser that this flow began in."""

    flow: Flow
    ticket: str


class Ticket(BaseModel):
    """What is stored: whom the provider told us of, and hashes of what the browser has to show for it."""

    flow: str
    secret: str
    identity: ForeignIdentity
    expires_at: datetime


class ForeignSignIn:
    def __init__(
        self, records: Records, clock: Clock, identity: Identity, accounts: Accounts, passwords: Passwords, *, secret: str
    ) -> None:
        self._records = records
        self._clock = clock
        self._identity = identity
        self._accounts = accounts
        self._passwords = passwords
        self._seal = Seal(secret, clock)

    def begin(self, *, handover: str, popup: bool, redirect_url: str) -> tuple[str, str]:
        """The provider's address for this sign-in, and the text of the cookie that the browser has to bring back."""
        cookie, flow = self._seal.new(handover=handover, popup=popup)
        url = self._identity.authorize_url(state=flow.state, nonce=flow.nonce, code_verifier=flow.code_verifier, redirect_url=redirect_url)
        return url, cookie

    def flow(self, cookie: str | None) -> Flow:
        """Raises `NotSignedIn`."""
        return self._seal.opened(cookie)

    def arrive(self, flow: Flow, *, state: str, code: str, redirect_url: str) -> Arrived:
        """Takes the provider's answer. Raises `NotSignedIn` when it does not hold, `Unavailable` when the provider is away."""
        if not hmac.compare_digest(flow.state.encode(), state.encode("utf-8", "replace")):
            raise NotSignedIn("This answer belongs to another sign-in. Start again.", code="accounts.google_lost")
        identity = self._identity.exchange(code=code, nonce=flow.nonce, code_verifier=flow.code_verifier, redirect_url=redirect_url)
        return Arrived(flow, self._new_ticket(flow, identity))

    def finish(
        self,
        flow: Flow,
        ticket_text: str,
        *,
        password: str | None,
        take_over: bool,
        invitation: str | None = None,
        visit: Visit = SOMEWHERE,
    ) -> SignedIn:
        """Signs in, once. Raises `Conflict` when an account under this address first needs its password or the word to take it over.

        A new account is made under the same rules as any registration: `Forbidden` where only the invited may register.

        After that answer, and after a wrong password (`NotSignedIn`), the ticket is still good.
        """
        record, ticket = self._ticket(flow, ticket_text)
        for _ in range(_TRIES):
            try:
                use_ticket = Delete(record.key, record.version)
                user_id = self._user_of(
                    ticket.identity, use_ticket, password=password, take_over=take_over, invitation=invitation, visit=visit
                )
            except StaleWrite as stale:
                if stale.key == record.key:
                    raise _used_up() from None
                continue
            return self._accounts.open_session(user_id, visit, "with Google")
        raise Conflict("This account is being changed at the same moment. Try again.", code="accounts.session_contended")

    def _new_ticket(self, flow: Flow, identity: ForeignIdentity) -> str:
        now = self._clock.now()
        ticket_id, secret = self._clock.new_id("tic"), secrets.token_urlsafe(32)
        ticket = Ticket(flow=_digest(flow.id), secret=_digest(secret), identity=identity, expires_at=now + timedelta(seconds=FLOW_TTL_S))
        self._records.write(Put(keys.sign_in(ticket_id), ticket.model_dump(mode="json"), ABSENT), *self._outlived(now))
        return f"{ticket_id}.{secret}"

    def _outlived(self, now: datetime) -> list[Change]:
        oldest = self._records.page(keys.SIGN_IN_PARTITION, limit=_MAX_SWEPT).records
        return [Delete(record.key, None) for record in oldest if Ticket.model_validate(record.data).expires_at <= now]

    def _ticket(self, flow: Flow, text: str) -> tuple[Record, Ticket]:
        ticket_id, _, secret = text.partition(".")
        record = self._records.get(keys.sign_in(ticket_id)) if ticket_id.isascii() and ticket_id.isprintable() and ticket_id else None
        if record is None:
            raise _used_up()
        ticket = Ticket.model_validate(record.data)
        ours = hmac.compare_digest(ticket.secret, _digest(secret)) and hmac.compare_digest(ticket.flow, _digest(flow.id))
        if not ours or ticket.expires_at <= self._clock.now():
            raise _used_up()
        return record, ticket

    def _user_of(
        self,
        identity: ForeignIdentity,
        use_ticket: Delete,
        *,
        password: str | None,
        take_over: bool,
        invitation: str | None,
        visit: Visit,
    ) -> str:
        """The account that this identity signs in to, made or linked where there is none. Raises `StaleWrite` when others were faster."""
        digest = _digest(f"{identity.issuer}|{identity.subject}")
        owner = self._records.get(keys.identity_owner(digest))
        if owner is not None:
            self._records.write(use_ticket)
            return str(owner.data["user_id"])
        address = _verified_address(identity)
        pointer = self._records.get(keys.email_owner(address))
        record = None if pointer is None else self._records.get(keys.profile(str(pointer.data["user_id"])))
        if record is None:
            admitted = self._accounts.admission.admit(address, invitation)
            now = self._clock.now()
            profile = Profile(id=self._clock.new_id("usr"), email=address, password_hash=None, email_verified_at=now, created_at=now)
            changes: list[Change] = [
                Put(keys.profile(profile.id), profile.model_dump(mode="json"), ABSENT),
                Put(keys.email_owner(address), {"user_id": profile.id}, ABSENT if pointer is None else pointer.version),
                *admitted.changes,
                *self._accounts.log.changes(profile.id, "registered", visit, "with Google"),
            ]
            self._records.write(use_ticket, *changes, *self._link(profile.id, identity, digest))
            return profile.id
        return self._joined(record, identity, digest, use_ticket, password=password, take_over=take_over)

    def _joined(
        self, record: Record, identity: ForeignIdentity, digest: str, use_ticket: Delete, *, password: str | None, take_over: bool
    ) -> str:
        """Links to the account that has this address, in one of three ways."""
        profile = Profile.model_validate(record.data)
        proven = profile.email_verified_at is not None
        if not proven and password is not None and profile.password_hash is not None:
            if not self._passwords.verify(profile.password_hash, password):
                raise NotSignedIn("The password is wrong.", code="accounts.wrong_credentials", param="password")
            proven = True
        if not proven and not take_over:
            raise Conflict(
                "There is an account with this address already, and nobody has verified that the address is theirs. "
                "Give its password to keep it, or continue without: then its password, sign-ins and keys stop working.",
                code="accounts.google_confirm",
            )
        verified = profile.model_copy(update={"email_verified_at": profile.email_verified_at or self._clock.now()})
        if proven:
            self._records.write(use_ticket, _put(record, verified), *self._link(profile.id, identity, digest))
            return profile.id
        # Without its password nobody opens anything more; then what was opened before goes, and only then the owner comes in.
        closed = verified.model_copy(update={"password_hash": None, "epoch": profile.epoch + 1})
        self._records.write(_put(record, closed))
        self._close_ways_in(profile.id)
        self._records.write(use_ticket, *self._link(profile.id, identity, digest))
        return profile.id

    def _link(self, user_id: str, identity: ForeignIdentity, digest: str) -> list[Change]:
        told = {"issuer": identity.issuer, "subject": identity.subject, "email": identity.email, "at": self._clock.now().isoformat()}
        return [Put(keys.identity(user_id, digest), told, ABSENT), Put(keys.identity_owner(digest), {"user_id": user_id}, ABSENT)]

    def _close_ways_in(self, user_id: str) -> None:
        for kind in _WAYS_IN:
            while records := self._records.page(
                keys.collection_partition(user_id), prefix=keys.collection_prefix(kind), limit=_DELETED_AT_ONCE // 2
            ).records:
                pointers = [keys.identity_owner(record.key.sort.partition("#")[2]) for record in records if kind == "identity"]
                self._records.write(*(Delete(key, None) for key in [*(record.key for record in records), *pointers]))


def _put(record: Record, profile: Profile) -> Put:
    return Put(record.key, profile.model_dump(mode="json"), record.version)


def _verified_address(identity: ForeignIdentity) -> str:
    """A provider that does not vouch for the address could be used to take anybody's."""
    if not identity.email_verified:
        raise Forbidden(
            "Your provider has not verified the e-mail address of that account. Verify it there, or register here with a password.",
            code="accounts.google_email_unverified",
        )
    try:
        return emails.normalised(identity.email)
    except InvalidInput:
        raise Forbidden(
            "Your provider did not tell us an e-mail address that we can use. Register here with a password.",
            code="accounts.google_email_unusable",
        ) from None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _used_up() -> NotSignedIn:
    return NotSignedIn("This sign-in was used already or took too long. Start again.", code="accounts.google_lost")
