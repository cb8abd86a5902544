"""Another e-mail address for an account: at once where no mail is set up, else when the link in a letter to the new address is opened.

The old address is told; every sign-in but the one that asked ends, and so does every letter of before. Until the link is opened nothing
tells whether somebody has the new address already.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from server.domain import keys
from server.domain.accounts import emails
from server.domain.accounts.callers import Caller
from server.domain.accounts.letters import Letters
from server.domain.accounts.recovery import OneTime, Recovery, bad_link
from server.domain.accounts.security_log import SecurityLog
from server.domain.accounts.sessions import Sessions
from server.domain.accounts.users import Change, Profile, Users, taken
from server.domain.accounts.visits import Visit
from server.errors import InvalidInput, StaleWrite
from server.ports.records import ABSENT, Delete, Put

_TTL: Final = timedelta(days=3)


@dataclass(frozen=True)
class NewAddress:
    users: Users
    sessions: Sessions
    log: SecurityLog
    recovery: Recovery

    @property
    def _letters(self) -> Letters:
        return self.recovery.letters

    def ask(self, profile: Profile, caller: Caller, email: str, visit: Visit) -> Profile | None:
        """The changed account, or None when a letter is on its way. Whoever calls has proven to be its owner.

        Raises `InvalidInput` for no address or the old one, and `Conflict` for one that somebody has, where no letter could tell.
        """
        address = emails.normalised(email)
        if address == profile.email:
            raise InvalidInput("This is the address of your account already.", code="accounts.same_email", param="email")
        if self._letters.configured:
            self.recovery.later(lambda: self._send(profile, address, caller.session_id, visit))
            return None
        try:
            changed = self.users.change(
                profile.id,
                lambda now: self._with(_unchanged(now, profile.email, profile.epoch), address, verified=False),
                lambda changed: self._also(changed, profile.email, caller.session_id, visit),
            )
        except StaleWrite as stale:
            _raise_if_taken(stale, address)
            raise
        self.sessions.sweep(profile.id, epoch=changed.epoch)
        return changed

    def confirm(self, token: str, visit: Visit) -> None:
        """Takes the link of the letter. Raises `InvalidInput`, and `Conflict` when somebody has the address by now."""
        kept = OneTime.model_validate(self.recovery.found(token, "address")[0].data)
        address = str(kept.new_email)
        try:
            changed = self.recovery.use(
                token,
                "address",
                lambda profile: self._with(_unchanged(profile, kept.email, kept.epoch), address, verified=True),
                lambda changed: self._also(changed, kept.email, kept.session_id, visit),
            )
        except StaleWrite as stale:
            _raise_if_taken(stale, address)
            raise
        self.sessions.sweep(changed.id, epoch=changed.epoch)
        self._letters.send_notice(kept.email, f"its e-mail address is now {address}, and all other sign-ins were ended")

    def _send(self, profile: Profile, address: str, session_id: str | None, visit: Visit) -> None:
        if self.recovery.has_many(profile, "address"):
            return
        self._letters.send_notice(profile.email, f"{address} was asked for as its new e-mail address; it counts once it is confirmed there")
        if self.users.records.get(keys.email_owner(address)) is None:
            token = self.recovery.new_token(profile, "address", _TTL, visit, new_email=address, session_id=session_id)
            self._letters.send_new_address(address, token)

    def _with(self, profile: Profile, address: str, *, verified: bool) -> Profile:
        verified_at = self.users.clock.now() if verified else None
        return profile.model_copy(update={"email": address, "email_verified_at": verified_at, "epoch": profile.epoch + 1})

    def _also(self, changed: Profile, old: str, session_id: str | None, visit: Visit) -> list[Change]:
        lifted = self.sessions.lifting(changed.id, session_id, epoch=changed.epoch) if session_id is not None else None
        return [
            Delete(keys.email_owner(old), None),
            Put(keys.email_owner(changed.email), {"user_id": changed.id}, ABSENT),
            *([lifted] if lifted is not None else []),
            *self.log.changes(changed.id, "email_changed", visit, f"{old} -> {changed.email}"),
        ]


def _unchanged(profile: Profile, email: str, epoch: int) -> Profile:
    """Raises `InvalidInput` when the account is not what it was when this was asked for."""
    if profile.email != email or profile.epoch != epoch:
        raise bad_link()
    return profile


def _raise_if_taken(stale: StaleWrite, address: str) -> None:
    if stale.key == keys.email_owner(address):
        raise taken() from None
