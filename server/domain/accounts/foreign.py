"""Signing in with an account at a provider such as Google: whose it is here, and what becomes of an account under the same address.

Anybody can register somebody else's address with a password and wait ("account pre-hijacking"). So an account whose address nobody has
verified is not merged with the sign-in of the address's owner: either its password is given too, or the password and everything
that was opened with it stop working.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel

from server.domain import keys
from server.domain.accounts import emails
from server.domain.accounts.callers import Caller
from server.domain.accounts.identities import MAX_PER_ACCOUNT
from server.domain.accounts.one_time import digest_of, joined, new_secret, parts_of
from server.domain.accounts.sealed import FLOW_TTL_S, Flow, Seal
from server.domain.accounts.service import Accounts, SignedIn
from server.domain.accounts.users import Profile, check_enabled
from server.domain.accounts.visits import Visit
from server.errors import Conflict, Forbidden, InvalidInput, NotSignedIn, StaleWrite
from server.ports.clock import Clock
from server.ports.identity import ForeignIdentity, Identity
from server.ports.records import ABSENT, Delete, Put, Record, Records

_TRIES: Final = 8
_MAX_SWEPT: Final = 20
_HOW: Final = "Google"


@dataclass(frozen=True)
class Last:
    """What somebody may add at the last step: the password of the account that is there, the word to take it over, an invitation."""

    password: str | None = None
    take_over: bool = False
    invitation: str | None = None


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
    def __init__(self, records: Records, clock: Clock, identity: Identity, accounts: Accounts, *, secret: str) -> None:
        self._records = records
        self._clock = clock
        self._identity = identity
        self._accounts = accounts
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

    def address_of(self, flow: Flow, ticket_text: str) -> str:
        """Whose account a password would be for. Raises `NotSignedIn`."""
        return self._ticket(flow, ticket_text)[1].identity.email.casefold()

    def finish(self, flow: Flow, ticket_text: str, last: Last, visit: Visit) -> SignedIn:
        """Signs in, once. Raises `Conflict` when an account under this address first needs its password or the word to take it over.

        After that answer, and after a wrong password (`NotSignedIn`), the ticket is still good.
        """
        record, ticket = self._ticket(flow, ticket_text)
        for _ in range(_TRIES):
            try:
                profile = self._account_of(ticket.identity, Delete(record.key, record.version), last, visit)
            except StaleWrite as stale:
                if stale.key == record.key:
                    raise _used_up() from None
                continue
            return self._accounts.sign_in(profile, visit, _HOW)
        raise Conflict("This account is being changed at the same moment. Try again.", code="accounts.session_contended")

    def link(self, flow: Flow, ticket_text: str, caller: Caller, password: str | None, visit: Visit) -> None:
        """Connects what the provider told of with the caller's account, for the caller alone to sign in by from now on.

        Raises `Forbidden` like `Accounts.check_password`, since it is a way in that stays; `Conflict` when it is somebody else's.
        After a wrong password the ticket is still good.
        """
        record, ticket = self._ticket(flow, ticket_text)
        accounts = self._accounts
        profile = accounts.check_password(caller, password, visit)
        use_ticket = Delete(record.key, record.version)
        owner = accounts.identities.owner_of(ticket.identity)
        if owner == profile.id:
            self._records.write(use_ticket)
            return
        if owner is not None:
            raise _in_use()
        if len(accounts.identities.of(profile.id)) >= MAX_PER_ACCOUNT:
            raise Conflict(f"{MAX_PER_ACCOUNT} accounts are connected already. Disconnect one.", code="accounts.too_many_linked")
        linking = accounts.identities.linking(profile.id, ticket.identity)
        log = accounts.log.changes(profile.id, "google_linked", visit, ticket.identity.email)
        try:
            self._records.write(use_ticket, *linking, *log)
        except StaleWrite as stale:
            raise _used_up() if stale.key == record.key else _in_use() from None
        accounts.letters.send_notice(profile.email, "it was connected with an account at Google, which can sign in to it from now on")

    def _new_ticket(self, flow: Flow, identity: ForeignIdentity) -> str:
        now = self._clock.now()
        text = joined(self._clock.new_id("tic"), new_secret())
        ticket_id, digest = parts_of(text) or ("", "")
        ticket = Ticket(flow=digest_of(flow.id), secret=digest, identity=identity, expires_at=now + timedelta(seconds=FLOW_TTL_S))
        self._records.write(Put(keys.sign_in(ticket_id), ticket.model_dump(mode="json"), ABSENT, ticket.expires_at), *self._outlived(now))
        return text

    def _outlived(self, now: datetime) -> list[Delete]:
        oldest = self._records.page(keys.SIGN_IN_PARTITION, limit=_MAX_SWEPT).records
        return [Delete(record.key, None) for record in oldest if Ticket.model_validate(record.data).expires_at <= now]

    def _ticket(self, flow: Flow, text: str) -> tuple[Record, Ticket]:
        ticket_id, digest = parts_of(text) or ("", "")
        record = self._records.get(keys.sign_in(ticket_id)) if ticket_id else None
        if record is None:
            raise _used_up()
        ticket = Ticket.model_validate(record.data)
        ours = hmac.compare_digest(ticket.secret, digest) and hmac.compare_digest(ticket.flow, digest_of(flow.id))
        if not ours or ticket.expires_at <= self._clock.now():
            raise _used_up()
        return record, ticket

    def _account_of(self, identity: ForeignIdentity, use_ticket: Delete, last: Last, visit: Visit) -> Profile:
        """The account that this signs in to, made or linked where there is none. Raises `StaleWrite` when others were faster."""
        accounts = self._accounts
        owner = accounts.identities.owner_of(identity)
        if owner is not None:
            self._records.write(use_ticket)
            return accounts.users.active(owner)
        address = _verified_address(identity)
        pointer = self._records.get(keys.email_owner(address))
        record = None if pointer is None else self._records.get(keys.profile(str(pointer.data["user_id"])))
        if record is not None:
            return self._joined(record, identity, use_ticket, last, visit)
        admitted = accounts.admission.admit(address, last.invitation)
        now = self._clock.now()
        profile = Profile(id=self._clock.new_id("usr"), email=address, password_hash=None, email_verified_at=now, created_at=now)
        changes = [*admitted.changes, *accounts.identities.linking(profile.id, identity)]
        accounts.users.add(profile, use_ticket, *changes, *accounts.log.changes(profile.id, "registered", visit, _HOW))
        return profile

    def _joined(self, record: Record, identity: ForeignIdentity, use_ticket: Delete, last: Last, visit: Visit) -> Profile:
        """Links to the account that has this address: because the address is proven, or its password was given, or it is taken over."""
        accounts = self._accounts
        profile = Profile.model_validate(record.data)
        check_enabled(profile)
        linking = accounts.identities.linking(profile.id, identity)
        verified = profile.model_copy(update={"email_verified_at": profile.email_verified_at or self._clock.now()})
        if profile.email_verified_at is not None or self._has_password(profile, last.password, visit):
            log = accounts.log.changes(profile.id, "google_linked", visit)
            self._records.write(use_ticket, _put(record, verified), *linking, *log)
            return verified
        _check_take_over(profile, last)
        # One write: with the next epoch every session and letter of before is over, and no other way in is left beside this one.
        closed = verified.model_copy(update={"password_hash": None, "epoch": profile.epoch + 1})
        ways_in = [*accounts.keys.removing_all(profile.id), *accounts.identities.removing_all(profile.id)]
        log = accounts.log.changes(profile.id, "google_took_over", visit)
        self._records.write(use_ticket, _put(record, closed), *ways_in, *linking, *log)
        accounts.sessions.sweep(profile.id, epoch=closed.epoch)
        return closed

    def _has_password(self, profile: Profile, password: str | None, visit: Visit) -> bool:
        """Raises `NotSignedIn` for one that is given and wrong."""
        if password is None:
            return False
        if not self._accounts.users.has_password(profile, password):
            self._accounts.log.noticed(profile.id, "sign_in_failed", visit, _HOW)
            raise NotSignedIn("The password is wrong.", code="accounts.wrong_credentials", param="password")
        return True


def _check_take_over(profile: Profile, last: Last) -> None:
    if profile.role == "admin" and last.take_over:
        # Whoever set this installation up may have made up the address. An address alone must not give away everything.
        raise Forbidden("This is an administrator's account. Give its password to connect it.", code="accounts.google_administrator")
    if not last.take_over:
        raise Conflict(
            "There is an account with this address already, and nobody has verified that the address is theirs. "
            "Give its password to keep it, or continue without: then its password, sign-ins and keys stop working.",
            code="accounts.google_confirm",
        )


def _in_use() -> Conflict:
    return Conflict("That account at Google signs in to another account here already.", code="accounts.google_in_use")


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


def _used_up() -> NotSignedIn:
    return NotSignedIn("This sign-in was used already or took too long. Start again.", code="accounts.google_lost")
