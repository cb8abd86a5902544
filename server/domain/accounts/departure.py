"""Deleting an account with everything in it, in steps that can all be repeated: a server that dies in the middle goes on at its next start.

`ask` is what the user notices: from that write on nobody is signed in and the address is free. The sweeper calls `go_on` for the rest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from server.domain import keys
from server.domain.accounts.callers import Caller
from server.domain.accounts.service import Accounts
from server.domain.accounts.testing import Testing
from server.domain.accounts.users import Profile
from server.domain.accounts.visits import Visit
from server.domain.datasets.service import Datasets
from server.domain.documents.service import Documents
from server.domain.documents.uploads import Uploads
from server.domain.jobs.service import Jobs
from server.domain.models.tuned import TunedModels
from server.domain.reports.service import Reports
from server.errors import Conflict, InvalidInput, NotFound
from server.ports.clock import Clock
from server.ports.records import Delete, Put, Records
from shared.constants import LIVE_STATES
from shared.wire import AccountDeletion

_AT_ONCE: Final = 50


@dataclass(frozen=True)
class Departure:
    records: Records
    clock: Clock
    accounts: Accounts
    jobs: Jobs
    tuned_models: TunedModels
    datasets: Datasets
    documents: Documents
    uploads: Uploads
    reports: Reports
    testing: Testing
    others: Sequence[Callable[[str], bool]] = ()
    """Each deletes some more of what a user has, and says whether there was any."""

    def ask(self, caller: Caller, confirmation: AccountDeletion, visit: Visit) -> None:
        """Raises `InvalidInput` when the address typed is another, `Forbidden` for a wrong password or a sign-in that was long ago."""
        profile = self.accounts.users.active(caller.user_id)
        if confirmation.email.strip().casefold() != profile.email:
            raise InvalidInput("Type the e-mail address of this account to confirm.", code="accounts.not_confirmed", param="email")
        self.accounts.check_password(caller, confirmation.password, visit)
        now = self.clock.now()

        def also(changed: Profile) -> list[Put | Delete]:
            return [
                Put(keys.leaving(changed.id), {}, None),
                Delete(keys.email_owner(changed.email), None),
                Delete(keys.administrator(changed.id), None),
                *self.accounts.keys.removing_all(changed.id),
                *self.accounts.identities.removing_all(changed.id),
            ]

        self.accounts.users.change(
            caller.user_id, lambda profile: profile.model_copy(update={"leaving_at": now, "epoch": profile.epoch + 1}), also
        )
        self.accounts.look_up_again(caller.user_id)

    def waiting(self) -> list[str]:
        """Users whose data is still to be deleted."""
        return [record.key.sort for record in self.records.page(keys.LEAVING_PARTITION, limit=_AT_ONCE).records]

    def go_on(self, user_id: str) -> bool:
        """Deletes what can be deleted now. False while a run still has to end; then call again in a moment."""
        if not all([self._end_jobs(user_id), self.testing.end_evaluations(user_id)]):
            return False
        testing = self.testing
        for delete_some in (
            self._delete_reports,
            testing.delete_evaluations,
            testing.delete_test_sets,
            testing.delete_submissions,
            self._delete_jobs,
            testing.delete_guides,
            self._delete_models,
            self._delete_documents,
            self._delete_uploads,
            *self.others,
        ):
            while delete_some(user_id):
                pass
        self._delete_records(user_id)
        return True

    def _end_jobs(self, user_id: str) -> bool:
        """Asks every live job to end; True when none is left."""
        left = 0
        after = None
        while True:
            page = self.jobs.page(user_id, limit=_AT_ONCE, after=after, state=None)
            for job in page.data:
                if job.state in LIVE_STATES:
                    try:
                        left += self.jobs.cancel(user_id, job.id, wait=False).state in LIVE_STATES
                    except (Conflict, NotFound):  # It ended by itself at this moment.
                        left += 1
            if not page.has_more:
                return left == 0
            after = page.data[-1].id

    def _delete_reports(self, user_id: str) -> bool:
        page = self.reports.page(user_id, limit=_AT_ONCE, after=None)
        for report in page.data:
            self.reports.delete(user_id, report.id)
        return bool(page.data)

    def _delete_jobs(self, user_id: str) -> bool:
        page = self.jobs.page(user_id, limit=_AT_ONCE, after=None, state=None)
        for job in page.data:
            self.jobs.delete(user_id, job.id)
        return bool(page.data)

    def _delete_models(self, user_id: str) -> bool:
        page = self.tuned_models.page(user_id, limit=_AT_ONCE, after=None)
        for model in page.data:
            self.jobs.delete_model(user_id, model.id)
        return bool(page.data)

    def _delete_documents(self, user_id: str) -> bool:
        page = self.documents.page(user_id, limit=_AT_ONCE, after=None)
        for document in page.data:
            self.documents.delete(user_id, self.documents.stored(user_id, document.id))
        return bool(page.data)

    def _delete_uploads(self, user_id: str) -> bool:
        return self.uploads.remove_some(user_id)

    def _delete_records(self, user_id: str) -> None:
        """Whatever else is kept of this user; the account itself last, so that a repetition finds what is still to do."""
        if left := [
            *self.accounts.keys.removing_all(user_id),
            *self.accounts.identities.removing_all(user_id),
        ]:  # Made at the very moment of leaving.
            self.records.write(*left)
        while True:
            records = self.records.page(keys.collection_partition(user_id), limit=_AT_ONCE).records
            others = [record.key for record in records if record.key != keys.profile(user_id)]
            if not others:
                break
            self.records.write(*(Delete(key, None) for key in others))
        self.records.write(
            Delete(keys.profile(user_id), None), Delete(keys.listed_user(user_id), None), Delete(keys.leaving(user_id), None)
        )
