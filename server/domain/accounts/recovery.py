"""Getting back in, and proving an address: tokens of one use that travel by letter, or from the operator's hand.

A token is `<user>.<secret>`; its SHA-256 is kept beside the account. It holds while the account's epoch is the one it was made in: a
password change ends every letter that is still on its way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import BaseModel

from server.domain import keys
from server.domain.accounts import emails, passwords
from server.domain.accounts.api_keys import ApiKeys
from server.domain.accounts.letters import Letters
from server.domain.accounts.one_time import joined, new_secret, parts_of
from server.domain.accounts.security_log import Later, SecurityLog
from server.domain.accounts.sessions import Sessions
from server.domain.accounts.users import Profile, Users
from server.domain.accounts.visits import SOMEWHERE, Visit
from server.domain.collection import retrying
from server.errors import Conflict, InvalidInput
from server.ports.clock import Clock
from server.ports.records import ABSENT, Delete, Put, Record, Records
from shared.constants import SecurityEventKind

_RESET_TTL: Final = timedelta(hours=1)
_VERIFICATION_TTL: Final = timedelta(days=3)
_MAX_OPEN: Final = 3
_TOLD: Final[dict[str, SecurityEventKind]] = {"reset": "password_reset_asked", "address": "email_change_asked"}
Kind = Literal["reset", "verification", "address"]
_KINDS: Final[tuple[Kind, ...]] = ("reset", "verification", "address")


class OneTime(BaseModel):
    """`by_letter`: only whoever reads the mail of `email`, or of `new_email` where there is one, can have it.

    `session_id`: the sign-in that asked for a new address, which outlives the change.
    """

    epoch: int
    email: str
    expires_at: datetime
    by_letter: bool
    new_email: str | None = None
    session_id: str | None = None


@dataclass(frozen=True)
class Recovery:
    records: Records
    clock: Clock
    users: Users
    sessions: Sessions
    keys: ApiKeys
    log: SecurityLog
    letters: Letters
    later: Later

    def ask_reset(self, email: str, visit: Visit) -> None:
        """Sends a letter when there is such an account; nothing of this call, its time included, tells whether there is.

        Raises `InvalidInput` for what is no address, and `Conflict` where no mail is set up. At most three letters an hour for an account.
        """
        if not self.letters.configured:
            raise Conflict(
                "This installation sends no mail. Ask whoever runs it: `scripts/reset_password` makes a link for you.",
                code="accounts.no_mail",
            )
        address = emails.normalised(email)
        self.later(lambda: self._send_reset(address, visit))

    def reset_token(self, email: str) -> str:
        """For the operator, who hands the link on. Raises `InvalidInput` when nobody has this address."""
        profile = self.users.by_email(email)
        if profile is None:
            raise InvalidInput("Nobody has this e-mail address here.", code="accounts.not_found", param="email")
        return self.new_token(profile, "reset", _RESET_TTL, SOMEWHERE, by_letter=False)

    def reset(self, token: str, password: str, visit: Visit) -> str:
        """Sets a new password of the user whose id it answers; ends every session, API key and other letter. Raises `InvalidInput`.

        Whoever resets a password may do so because somebody else has been in.
        """

        found, before = self.found(token, "reset")
        passwords.check_new(password, email=before.email)
        password_hash = self.users.passwords.hash(password)
        proven_at = self.clock.now() if OneTime.model_validate(found.data).by_letter else None

        def change(profile: Profile) -> Profile:
            return profile.model_copy(
                update={
                    "password_hash": password_hash,
                    "epoch": profile.epoch + 1,
                    "email_verified_at": profile.email_verified_at or proven_at,
                }
            )

        profile = self.use(
            token,
            "reset",
            change,
            lambda profile: [*self.keys.removing_all(profile.id), *self.log.changes(profile.id, "password_reset", visit)],
        )
        self.sessions.sweep(profile.id, epoch=profile.epoch)
        self.letters.send_notice(profile.email, "the password was reset, and all sign-ins and API keys were ended")
        return profile.id

    def send_verification(self, profile: Profile) -> None:
        """A letter with a link; nothing where no mail is set up or the address is proven already."""
        if self.letters.configured and profile.email_verified_at is None:
            self.later(lambda: self._send_verification(profile))

    def verify(self, token: str, visit: Visit) -> None:
        """Raises `InvalidInput` for a token that does not hold."""
        now = self.clock.now()
        self.use(
            token,
            "verification",
            lambda profile: profile.model_copy(update={"email_verified_at": profile.email_verified_at or now}),
            lambda profile: list(self.log.changes(profile.id, "email_verified", visit)),
        )

    def sweep(self, user_id: str) -> None:
        """Removes tokens that ran out."""
        now = self.clock.now()
        over = [
            record.key for kind in _KINDS for record in self._open(user_id, kind) if OneTime.model_validate(record.data).expires_at <= now
        ]
        if over:
            self.records.write(*(Delete(key, None) for key in over))

    def use(self, token: str, kind: Kind, change: Callable[[Profile], Profile], also: Callable[[Profile], list[Put | Delete]]) -> Profile:
        """Takes the token and changes the account in one write, so that it is used once whoever is first. Raises `InvalidInput`."""

        def attempt() -> Profile:
            found, profile = self.found(token, kind)
            return self.users.change(profile.id, change, lambda changed: [Delete(found.key, found.version), *also(changed)])

        return retrying(attempt)

    def found(self, token: str, kind: Kind) -> tuple[Record, Profile]:
        """The token as it is kept, and whose it is. Raises `InvalidInput` for one that does not hold."""
        user_id, digest = parts_of(token) or ("", "")
        found = self.records.get(keys.owned(user_id, kind, digest)) if user_id else None
        profile = self.users.find(user_id) if found is not None else None
        if found is None or profile is None or profile.leaving_at is not None or not self._holds(found, profile):
            raise bad_link()
        return found, profile

    def is_of(self, token: str, kind: Kind) -> bool:
        """Whether a token of this kind was given out and is not used yet; whether it still holds is another matter."""
        user_id, digest = parts_of(token) or ("", "")
        return bool(user_id) and self.records.get(keys.owned(user_id, kind, digest)) is not None

    def _holds(self, found: Record, profile: Profile) -> bool:
        kept = OneTime.model_validate(found.data)
        return kept.expires_at > self.clock.now() and kept.epoch == profile.epoch and kept.email == profile.email

    def _send_reset(self, address: str, visit: Visit) -> None:
        profile = self.users.by_email(address)
        if profile is None or profile.leaving_at is not None or profile.disabled_at is not None or self.has_many(profile, "reset"):
            return
        self.letters.send_reset(profile.email, self.new_token(profile, "reset", _RESET_TTL, visit))

    def _send_verification(self, profile: Profile) -> None:
        if not self.has_many(profile, "verification"):
            self.letters.send_verification(profile.email, self.new_token(profile, "verification", _VERIFICATION_TTL, SOMEWHERE))

    def new_token(
        self,
        profile: Profile,
        kind: Kind,
        ttl: timedelta,
        visit: Visit,
        *,
        by_letter: bool = True,
        new_email: str | None = None,
        session_id: str | None = None,
    ) -> str:
        token = joined(profile.id, new_secret())
        digest = (parts_of(token) or ("", ""))[1]
        kept = OneTime(
            epoch=profile.epoch,
            email=profile.email,
            expires_at=self.clock.now() + ttl,
            by_letter=by_letter,
            new_email=new_email,
            session_id=session_id,
        )
        told = _TOLD.get(kind)
        log = self.log.changes(profile.id, told, visit, new_email or "") if told is not None else []
        self.records.write(Put(keys.owned(profile.id, kind, digest), kept.model_dump(mode="json"), ABSENT, kept.expires_at), *log)
        return token

    def has_many(self, profile: Profile, kind: Kind) -> bool:
        return sum(self._holds(record, profile) for record in self._open(profile.id, kind)) >= _MAX_OPEN

    def _open(self, user_id: str, kind: str) -> list[Record]:
        return self.records.page(keys.collection_partition(user_id), prefix=keys.collection_prefix(kind), limit=90).records


def bad_link() -> InvalidInput:
    message = "This link does not work any more: it was used, replaced, or is too old. Ask for a new one."
    return InvalidInput(message, code="accounts.bad_link", param="token")
