"""What routes call for jobs: making them, moving them, showing them. Each subject has a file of its own beside this one; what
is asked many times a second is in `live`."""

from collections.abc import Callable, Iterator
from typing import Final

from server.domain import keys
from server.domain.collection import Collection
from server.domain.forecasts.lines import forecast_lines
from server.domain.forecasts.spending import underway
from server.domain.jobs.asked import AskedThere
from server.domain.jobs.checkpoints import FoundCheckpoint, checkpoints_in, newest_step
from server.domain.jobs.copies import NUM_KEPT
from server.domain.jobs.fetching import RunFetches
from server.domain.jobs.moves import Moves
from server.domain.jobs.progress import RunReaders
from server.domain.jobs.queue import Place, Queue
from server.domain.jobs.specs import Folders
from server.domain.jobs.states import StoredJob
from server.domain.jobs.submissions import Submissions
from server.domain.jobs.uses import Uses
from server.errors import NotFound
from server.ports.clock import Clock
from server.ports.records import Put, Record, Records
from shared.constants import JobState
from shared.wire import (
    Checkpoint,
    Document,
    DocumentPatch,
    Forecast,
    Job,
    JobChanges,
    JobPatch,
    JobRequest,
    ListOf,
    Look,
    LookRequest,
    Progress,
)

_PAGE: Final = 100


class Jobs:
    """`wake` tells the supervisor that there is something to do."""

    def __init__(
        self,
        records: Records,
        clock: Clock,
        readers: RunReaders,
        queue: Queue,
        submissions: Submissions,
        moves: Moves,
        uses: Uses,
        fetches: RunFetches,
        *,
        folders: Folders,
    ) -> None:
        self._records = records
        self._clock = clock
        self._readers = readers
        self._queue = queue
        self._submissions = submissions
        self._moves = moves
        self._uses = uses
        self._fetches = fetches
        self._folders = folders
        self._jobs = Collection(records, StoredJob, kind="job", noun="job")
        self.wake: Callable[[], None] = lambda: None

    def forecast(self, owner: str, request: JobRequest) -> Forecast:
        """What this request would do. Raises what `create` would."""
        return self._submissions.forecast(owner, request)

    def look(self, owner: str, request: LookRequest) -> Look:
        return self._submissions.look(owner, request)

    def create(
        self,
        owner: str,
        request: JobRequest,
        *,
        idempotency_key: str | None = None,
        asked: AskedThere | None = None,
        said: str | None = None,
    ) -> Job:
        """A queued job. The same key with the same request gives the same job again; with another request it is refused. `asked` and
        `said` are for who made the request of another one: what is to be kept of it, and what tells two of them apart."""
        job, _ = self._submissions.create(owner, request, idempotency_key=idempotency_key, asked=asked, said=said)
        self.wake()
        return self._shown(job)

    def clone(self, owner: str, job_id: str, changes: JobChanges, *, idempotency_key: str | None = None) -> Job:
        """A new job like this one, with changes. The original stays as it is, whatever its state."""
        original = self._jobs.get(owner, job_id).value
        request = self._submissions.cloned(original, changes)
        job, _ = self._submissions.create(owner, request, idempotency_key=idempotency_key, cloned_from=original.id)
        self.wake()
        return self._shown(job)

    def get(self, owner: str, job_id: str) -> Job:
        return self._shown(self._jobs.get(owner, job_id).value)

    def stored(self, owner: str, job_id: str) -> StoredJob:
        """The job as it is kept, with what `get` does not show. Raises `NotFound`."""
        return self._jobs.get(owner, job_id).value

    def all_stored(self, owner: str, *, after: str | None = None) -> Iterator[StoredJob]:
        """Newest first, those beyond `after`, read as far as somebody goes on."""
        more = True
        while more:
            page = self._jobs.page(owner, limit=_PAGE, after=after)
            yield from page.items
            more, after = page.has_more, page.items[-1].id if page.items else None

    def page(self, owner: str, *, limit: int, after: str | None, state: JobState | None) -> ListOf[Job]:
        """Newest first. With `state`, pages are read on until enough of that state were found."""
        found: list[StoredJob] = []
        more = True
        while more and len(found) <= limit:
            page = self._jobs.page(owner, limit=max(limit, 100) if state else limit + 1, after=after)
            found += [job for job in page.items if state is None or job.state == state]
            more = page.has_more
            after = page.items[-1].id if page.items else None
        places = self._places() if any(job.state == "queued" for job in found[:limit]) else {}
        return ListOf(data=[self._shown(job, places) for job in found[:limit]], has_more=len(found) > limit)

    def patch(self, owner: str, job_id: str, patch: JobPatch) -> Job:
        self._moves.patch(owner, job_id, patch)
        return self.get(owner, job_id)

    def cancel(self, owner: str, job_id: str, *, wait: bool = True) -> Job:
        """A job that does not run is cancelled at once. A running one is asked to stop; returns when it did, or a moment later, or, when
        nobody waits for it, at once."""
        self._moves.cancel(owner, job_id, wake=self.wake, wait=wait)
        return self.get(owner, job_id)

    def cancel_for(self, owner: str, job_id: str, *, reason: str, also: Callable[[], list[Put]]) -> None:
        """As `cancel`, by somebody who is not the owner: the history says so, and `also` is written with it."""
        self._moves.cancel(owner, job_id, wake=self.wake, reason=reason, also=also)

    def pause(self, owner: str, job_id: str, *, wait: bool = False) -> Job:
        self._moves.pause(owner, job_id, wake=self.wake, wait=wait)
        return self.get(owner, job_id)

    def resume(self, owner: str, job_id: str) -> Job:
        self._moves.resume(owner, job_id)
        self.wake()
        return self.get(owner, job_id)

    def retry(self, owner: str, job_id: str) -> Job:
        self._moves.retry(owner, job_id)
        self.wake()
        return self.get(owner, job_id)

    def delete(self, owner: str, job_id: str) -> None:
        self._moves.delete(owner, job_id)

    def checkpoints(self, owner: str, job_id: str) -> ListOf[Checkpoint]:
        """Newest first."""
        self._jobs.get(owner, job_id)
        found = checkpoints_in(self._folders.of(job_id)) or self._fetches.checkpoints(job_id)
        return ListOf(data=[checkpoint.shown(job_id) for checkpoint in found])

    def checkpoint(self, owner: str, job_id: str, checkpoint_id: str) -> FoundCheckpoint:
        """One that can be loaded here; fetched where it lies on another machine. Raises `NotFound`."""
        job = self._jobs.get(owner, job_id).value
        if job.state != "running" and any(str(copy.step) == checkpoint_id for copy in self._fetches.checkpoints(job_id)):
            self._fetches.bring_home(job_id, at_most=NUM_KEPT)
        for found in checkpoints_in(self._folders.of(job_id)):
            if str(found.step) == checkpoint_id:
                return found
        raise NotFound(
            "There is no such checkpoint. A run keeps its last two, and none once it has left its model.", code="checkpoints.not_found"
        )

    def delete_document(self, owner: str, document_id: str) -> None:
        self._uses.delete_document(owner, document_id)

    def patch_document(self, owner: str, document_id: str, patch: DocumentPatch) -> Document:
        return self._uses.patch_document(owner, document_id, patch)

    def delete_model(self, owner: str, model_id: str) -> None:
        self._uses.delete_model(owner, model_id)

    def _shown(self, job: StoredJob, places: dict[str, Place] | None = None) -> Job:
        match job.state:
            case "running":
                return self._shown_running(job)
            case "queued":
                place = (places if places is not None else self._places()).get(job.id)
                waiting = {} if place is None else {"queue_position": place.position, "queue_rank": place.rank}
                start = place.estimated_start if place is not None else None
                return job.shown(**waiting, estimated_start=start, resumes_from_step=self._newest_step(job))
            case _:
                return job.shown(resumes_from_step=self._newest_step(job))

    def _shown_running(self, job: StoredJob) -> Job:
        self._fetches.follow_log(job.id, num_runs=job.num_runs, state=job.state)
        progress = self._readers.of(self._folders.events_of(job.id)).progress or Progress(stage="Starting the trainer")
        if job.stop_requested is not None:
            stage = "Stopping" if job.stop_requested == "cancel" else "Saving a checkpoint, then pausing"
            progress = progress.model_copy(update={"stage": stage, "stage_fraction": None, "eta_s": None})
        pointer = self._records.get(keys.running(job.id))
        stalled_since = pointer.data.get("stalled_since") if pointer is not None else None
        costs = forecast_lines(job.forecast, None, underway(progress, job.history, self._clock.now()))
        return job.shown(progress=progress, stalled_since=stalled_since, resumes_from_step=self._newest_step(job), costs=costs)

    def _newest_step(self, job: StoredJob) -> int | None:
        """A job without a run has no folder to look into, and of a model that is there nothing is resumed."""
        if not job.num_runs or job.state == "succeeded":
            return None
        here = newest_step(self._folders.of(job.id))
        return self._fetches.newest_step(job.id) if here is None and job.state != "running" else here

    def _places(self) -> dict[str, Place]:
        def left_s(run: Record) -> float | None:
            progress = self._readers.of(self._folders.events_of(run.key.sort)).progress
            return progress.eta_s if progress is not None else None

        return self._queue.places(left_s=left_s, now=self._clock.now())
