"""What administrators do with other people's accounts. They see who is there and what it takes, never what somebody's data says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from server.domain import keys
from server.domain.accounts.callers import Caller
from server.domain.accounts.service import Accounts
from server.domain.accounts.users import Profile
from server.domain.accounts.visits import Visit
from server.domain.collection import retrying
from server.domain.documents.usage import Room
from server.domain.jobs.service import Jobs
from server.domain.jobs.states import StoredJob
from server.errors import Conflict, Forbidden, NotFound
from server.ports.clock import Clock
from server.ports.records import Delete, Key, Put, Record, Records
from shared.constants import SecurityEventKind
from shared.wire import Account, AccountPatch, ListOf, QueueEntry, SecurityEvent

_MAX_QUEUE: Final = 1_000
_LIVE_JOBS: Final = (keys.RUNNING_PARTITION, keys.QUEUE_PARTITION, keys.PAUSED_PARTITION)


@dataclass(frozen=True)
class Directory:
    """Accounts for administrators. The caller's right to ask is the routes' matter; changes check it again in the write itself."""

    records: Records
    clock: Clock
    accounts: Accounts
    room: Room
    jobs: Jobs

    def page(self, *, limit: int, after: str | None) -> ListOf[Account]:
        """Newest first. Accounts whose data is being deleted are not shown."""
        page = self.records.page(keys.USERS_PARTITION, after=after, limit=limit, newest_first=True)
        live = self._live_jobs()
        profiles = [self.accounts.users.find(record.key.sort) for record in page.records]
        shown = [self._shown(profile, live) for profile in profiles if profile is not None and profile.leaving_at is None]
        return ListOf(data=shown, has_more=page.has_more)

    def get(self, user_id: str) -> Account:
        """Raises `NotFound`."""
        return self._shown(self.accounts.users.stored(user_id).value, self._live_jobs())

    def change(self, caller: Caller, user_id: str, patch: AccountPatch, visit: Visit) -> Account:
        """Disables, enables, promotes, demotes. Disabling ends sessions, keys and streams at once.

        Raises `Conflict` for one's own account: of administrators who act, one always stays.
        """
        if user_id == caller.user_id:
            raise Conflict("Another administrator must do this to your account.", code="accounts.own_account")
        if patch.disabled is not None:
            self._disable(caller, user_id, visit) if patch.disabled else self._enable(caller, user_id, visit)
        if patch.role is not None:
            kind: SecurityEventKind = "made_administrator" if patch.role == "admin" else "made_member"
            self._write(caller, user_id, lambda profile: profile.model_copy(update={"role": patch.role}), kind, visit)
        return self.get(user_id)

    def queue(self) -> ListOf[QueueEntry]:
        """What runs, then what waits, then what is paused."""
        entries = [self._entry(pointer) for partition in _LIVE_JOBS for pointer in self._pointers(partition)]
        return ListOf(data=[entry for entry in entries if entry is not None])

    def cancel_job(self, caller: Caller, job_id: str, visit: Visit) -> QueueEntry:
        """Cancels a job of the queue, whoever it belongs to: one that hangs must not keep the others waiting. Both logs say who did it.

        Raises `NotFound` for a job that is over.
        """
        owner = self._owner_of(job_id)

        def witnessed() -> list[Put]:
            acting, unchanged = self._acting(caller)
            return [unchanged, *self.accounts.log.changes(owner, "job_cancelled", visit, f"{job_id}, by {acting.email}")]

        self.jobs.cancel_for(owner, job_id, reason="Cancelled by an administrator.", also=witnessed)
        return self._shown_job(owner, job_id)

    def security_log(self, *, limit: int, after: str | None) -> ListOf[SecurityEvent]:
        events, has_more = self.accounts.log.page_of_all(self._email_of, limit=limit, after=after)
        return ListOf(data=events, has_more=has_more)

    def _disable(self, caller: Caller, user_id: str, visit: Visit) -> None:
        now = self.clock.now()
        profile = self._write(
            caller,
            user_id,
            lambda profile: profile.model_copy(update={"disabled_at": profile.disabled_at or now, "epoch": profile.epoch + 1}),
            "disabled",
            visit,
            lambda: self.accounts.keys.removing_all(user_id),
        )
        self.accounts.look_up_again(user_id)
        self.accounts.sessions.sweep(user_id, epoch=profile.epoch)

    def _enable(self, caller: Caller, user_id: str, visit: Visit) -> None:
        self._write(caller, user_id, lambda profile: profile.model_copy(update={"disabled_at": None}), "enabled", visit)

    def _write(
        self,
        caller: Caller,
        user_id: str,
        change: Callable[[Profile], Profile],
        kind: SecurityEventKind,
        visit: Visit,
        also: Callable[[], list[Delete]] = list,
    ) -> Profile:
        """One write that also expects the acting administrator to be one still: two who disable each other leave one."""

        def attempt() -> Profile:
            acting, unchanged = self._acting(caller)
            return self.accounts.users.change(
                user_id,
                change,
                lambda _: [unchanged, *also(), *self.accounts.log.changes(user_id, kind, visit, f"by {acting.email}")],
            )

        return retrying(attempt)

    def _acting(self, caller: Caller) -> tuple[Profile, Put]:
        """Who acts, and the part of a write that expects them to be an administrator still. Raises `Forbidden`."""
        acting = self.accounts.users.stored(caller.user_id)
        if acting.value.role != "admin" or acting.value.disabled_at is not None:
            raise Forbidden("Only administrators may do this.", code="accounts.not_administrator")
        return acting.value, Put(keys.profile(caller.user_id), acting.value.model_dump(mode="json"), acting.version)

    def _shown(self, profile: Profile, live: dict[str, int]) -> Account:
        sign_ins = self.accounts.sessions.shown(profile.id, epoch=profile.epoch, current=None)
        return Account(
            id=profile.id,
            email=profile.email,
            name=profile.name,
            role=profile.role,
            email_verified=profile.email_verified_at is not None,
            disabled=profile.disabled_at is not None,
            created_at=profile.created_at,
            last_seen_at=max((one.last_used_at for one in sign_ins), default=None),
            storage_bytes=self.room.usage(profile.id).storage_bytes,
            num_live_jobs=live.get(profile.id, 0),
        )

    def _live_jobs(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for partition in _LIVE_JOBS:
            for pointer in self._pointers(partition):
                owner = str(pointer.data["owner"])
                counts[owner] = counts.get(owner, 0) + 1
        return counts

    def _owner_of(self, job_id: str) -> str:
        for partition in _LIVE_JOBS:
            if (pointer := self.records.get(Key(partition, job_id))) is not None:
                return str(pointer.data["owner"])
        raise NotFound("This job is not in the queue: it is over, or was never there.", code="job.not_found")

    def _entry(self, pointer: Record) -> QueueEntry | None:
        try:
            return self._shown_job(str(pointer.data["owner"]), pointer.key.sort)
        except NotFound:
            return None

    def _shown_job(self, owner: str, job_id: str) -> QueueEntry:
        found = self.records.get(keys.owned(owner, "job", job_id))
        if found is None:
            raise NotFound("This job is gone.", code="job.not_found")
        job = StoredJob.model_validate(found.data)
        return QueueEntry(
            id=job_id,
            email=self._email_of(owner) or "",
            state=job.state,
            base_model=job.base_model,
            created_at=job.created_at,
            started_at=job.started_at,
        )

    def _email_of(self, user_id: str) -> str | None:
        profile = self.accounts.users.find(user_id)
        return None if profile is None else profile.email

    def _pointers(self, partition: str) -> list[Record]:
        return self.records.page(partition, limit=_MAX_QUEUE).records
