"""Who may register: everybody, the invited, or nobody. And the one-time link that makes the first administrator."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel

from server.domain import keys
from server.domain.accounts import emails
from server.domain.accounts.letters import Letters
from server.domain.accounts.one_time import digest_of, joined, new_secret, parts_of
from server.domain.accounts.security_log import SecurityLog
from server.domain.accounts.users import Users
from server.domain.accounts.visits import Visit
from server.errors import Forbidden, InvalidInput, NotFound
from server.ports.clock import Clock
from server.ports.records import ABSENT, Delete, Put, Records
from shared.constants import RegistrationMode
from shared.wire import Invitation, InvitationRequest, ListOf, NewInvitation

_SET_UP_TTL: Final = timedelta(hours=24)


class StoredInvitation(BaseModel):
    id: str
    sha256: str
    email: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    sent: bool = False

    def shown(self) -> Invitation:
        return Invitation(**self.model_dump(include={"id", "email", "created_at", "expires_at", "used_at"}))


@dataclass(frozen=True)
class Admitted:
    """What a registration has to write to use its invitation. `verified`: it came by a letter to the very address that registers."""

    changes: list[Put | Delete]
    verified: bool = False


@dataclass(frozen=True)
class Admission:
    records: Records
    clock: Clock
    users: Users
    log: SecurityLog
    letters: Letters
    default_mode: RegistrationMode

    def mode(self) -> RegistrationMode:
        """What an administrator chose, or the installation's setting."""
        found = self.records.get(keys.registration_mode())
        if found is None:
            return self.default_mode
        chosen: RegistrationMode = found.data["mode"]
        return chosen

    def choose(self, administrator_id: str, mode: RegistrationMode, visit: Visit) -> None:
        self.records.write(
            Put(keys.registration_mode(), {"mode": mode}, None),
            *self.log.changes(administrator_id, "registration_mode_changed", visit, mode),
        )

    def admit(self, email: str, code: str | None) -> Admitted:
        """Raises `Forbidden` where this person may not register. An invitation that is given is used, also where none is needed."""
        mode = self.mode()
        if mode == "closed":
            raise Forbidden("Nobody can register here. Ask an administrator of this installation.", code="accounts.registration_closed")
        if code is not None:
            return self._redeem(emails.normalised(email), code)
        if mode == "invite":
            raise Forbidden(
                "Only the invited can register here. Ask an administrator of this installation for an invitation.",
                code="accounts.invitation_needed",
                param="invitation",
            )
        return Admitted([])

    def invite(self, administrator_id: str, request: InvitationRequest, visit: Visit) -> NewInvitation:
        invitation_id = self.clock.new_id("inv")
        code = joined(invitation_id, new_secret())
        now = self.clock.now()
        email = None if request.email is None else emails.normalised(request.email)
        invitation = StoredInvitation(
            id=invitation_id,
            sha256=(parts_of(code) or ("", ""))[1],
            email=email,
            created_by=administrator_id,
            created_at=now,
            expires_at=now + timedelta(days=request.expires_in_days),
            sent=email is not None and self.letters.configured,
        )
        self.records.write(
            Put(keys.invitation(invitation_id), invitation.model_dump(mode="json"), ABSENT, invitation.expires_at),
            *self.log.changes(administrator_id, "invitation_created", visit, email or ""),
        )
        if email is not None:
            self.letters.send_invitation(email, code)
        return NewInvitation(code=code, link=f"/register#token={code}", **invitation.shown().model_dump())

    def invitations(self, *, limit: int, after: str | None) -> ListOf[Invitation]:
        page = self.records.page(keys.INVITATIONS_PARTITION, after=after, limit=limit, newest_first=True)
        return ListOf(data=[StoredInvitation.model_validate(record.data).shown() for record in page.records], has_more=page.has_more)

    def withdraw(self, administrator_id: str, invitation_id: str, visit: Visit) -> None:
        """Raises `NotFound`."""
        found = self.records.get(keys.invitation(invitation_id)) if 0 < len(invitation_id) <= 200 else None
        if found is None:
            raise NotFound("There is no such invitation. It may have been withdrawn.", code="accounts.no_invitation")
        self.records.write(Delete(found.key, None), *self.log.changes(administrator_id, "invitation_withdrawn", visit))

    def new_set_up_token(self) -> str | None:
        """A token that makes the first administrator, good for a day; None when there is one. Called at every start."""
        if self.users.is_there_an_administrator():
            return None
        token = new_secret()
        expires_at = self.clock.now() + _SET_UP_TTL
        self.records.write(Put(keys.setup(digest_of(token)), {"expires_at": expires_at.isoformat()}, ABSENT, expires_at))
        return token

    def is_set_up_open(self) -> bool:
        return not self.users.is_there_an_administrator()

    def use_set_up_token(self, token: str) -> list[Put | Delete]:
        """The changes that use it up, with all others. Raises `Forbidden` for one that does not hold, or when there is an administrator."""
        found = self.records.get(keys.setup(digest_of(token)))
        if found is None or datetime.fromisoformat(found.data["expires_at"]) <= self.clock.now() or not self.is_set_up_open():
            raise Forbidden(
                "This set-up link does not work: it was used or is too old. While there is no administrator, the server prints a new one "
                "each time it starts.",
                code="accounts.bad_set_up_token",
                param="token",
            )
        others = self.records.page(keys.SETUP_PARTITION, limit=50).records
        return [Delete(found.key, found.version), *(Delete(other.key, None) for other in others if other.key != found.key)]

    def sweep(self) -> None:
        """Removes invitations and set-up tokens that ran out."""
        now = self.clock.now()
        for partition in (keys.INVITATIONS_PARTITION, keys.SETUP_PARTITION):
            kept = self.records.page(partition, limit=100).records
            over = [record.key for record in kept if datetime.fromisoformat(record.data["expires_at"]) <= now]
            if over:
                self.records.write(*(Delete(key, None) for key in over))

    def _redeem(self, email: str, code: str) -> Admitted:
        invitation_id, digest = parts_of(code) or ("", "")
        found = self.records.get(keys.invitation(invitation_id)) if invitation_id else None
        invitation = None if found is None else StoredInvitation.model_validate(found.data)
        if found is None or invitation is None or not self._is_good(invitation, digest, email):
            raise InvalidInput(
                "This invitation does not work: it was used or withdrawn, is too old, or is for another e-mail address.",
                code="accounts.bad_invitation",
                param="invitation",
            )
        used = invitation.model_copy(update={"used_at": self.clock.now()})
        return Admitted([Put(found.key, used.model_dump(mode="json"), found.version, used.expires_at)], verified=invitation.sent)

    def _is_good(self, invitation: StoredInvitation, digest: str, email: str) -> bool:
        return (
            invitation.sha256 == digest
            and invitation.used_at is None
            and invitation.expires_at > self.clock.now()
            and invitation.email in {None, email}
        )
