"""What happens to jobs without anybody asking: the next one is started, a run is watched, one that ended is judged. Called by the
supervisor alone, for the runs that its server holds.

Every step can be repeated: a server that dies in the middle leaves a state from which the next one goes on. Every write expects the
version of the run's pointer, so that a server that was frozen, and whose runs another has taken over since, is refused.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import structlog

from server.domain import keys
from server.domain.collection import Collection, Stored
from server.domain.forecasts.spending import speed_of, spent_on
from server.domain.jobs.aside import Aside, at_once
from server.domain.jobs.checkpoints import newest_step
from server.domain.jobs.copies import RunCopies
from server.domain.jobs.failures import not_kept, not_started
from server.domain.jobs.fetching import RunFetches
from server.domain.jobs.following import Following, nothing
from server.domain.jobs.leases import Leases
from server.domain.jobs.progress import RunReaders
from server.domain.jobs.queue import Queue, Waiting, fair_order, owners_of, pointers
from server.domain.jobs.runs import Run
from server.domain.jobs.slots import Slots
from server.domain.jobs.specs import Folders, Specs, write_whole
from server.domain.jobs.states import StoredJob
from server.domain.jobs.tidying import Tidying, resting
from server.domain.jobs.verdict import Verdict, verdict_on
from server.domain.jobs.watching import STALLED_AFTER_S, Watch
from server.domain.models.tuned import StoredModel, TunedModels, model_from
from server.errors import LlmTunerError, NotFound, StaleWrite, StorageFull, Unavailable
from server.ports.clock import Clock
from server.ports.launcher import Launch, Launcher, RunStatus, last_words
from server.ports.records import ABSENT, Delete, Put, Records
from shared.auto_settings import settings_of
from shared.constants import JobState
from shared.job_spec import SPEC_FILE
from shared.trainer_events import DoneEvent
from shared.wire import JobError, Spent

_BACK_OFF_S: Final = (1.0, 5.0, 20.0)
_TRIES: Final = 8
_PASSING: Final = frozenset({"launcher.busy", "aws.unavailable"})
"""Nothing is wrong with the job: it is tried again at the next look."""
_log = structlog.get_logger()


class Lifecycle:
    def __init__(
        self,
        records: Records,
        clock: Clock,
        launcher: Launcher,
        tuned_models: TunedModels,
        readers: RunReaders,
        specs: Specs,
        queue: Queue,
        leases: Leases,
        tidying: Tidying,
        copies: RunCopies,
        fetches: RunFetches,
        *,
        slots: Slots,
        folders: Folders,
        aside: Aside = at_once,
        following: Following = nothing,
    ) -> None:
        self._records = records
        self._clock = clock
        self._launcher = launcher
        self._tuned_models = tuned_models
        self._readers = readers
        self._specs = specs
        self._queue = queue
        self._leases = leases
        self._tidying = tidying
        self._copies = copies
        self._fetches = fetches
        self._slots = slots
        self._folders = folders
        self._aside = aside
        self._following = following
        self._jobs = Collection(records, StoredJob, kind="job", noun="job")
        self._watches: dict[str, Watch] = {}
        self._not_before: dict[str, float] = {}

    def runs(self) -> list[Run]:
        """Every job that has a run, also those whose run has ended and waits to be judged, whoever holds them."""
        return [Run.of(record) for record in pointers(self._records, keys.RUNNING_PARTITION)]

    def has_waiting(self) -> bool:
        return bool(self._records.page(keys.QUEUE_PARTITION, limit=1).records)

    def held(self, run: Run) -> Run | None:
        """The run when this server holds it, or has taken it over just now from one that is lost; else None."""
        if run.holder == self._leases.me:
            return run
        if not self._leases.is_lost(run.holder):
            return None
        run_id = run.run_id or str(self._jobs.get(run.owner, run.job_id).value.run_id)
        taken = self._changed(run, self._leases.claiming(), holder=self._leases.me, run_id=run_id)
        self._look_anew(run.job_id)
        _log.info("run_taken_over", job=run.job_id, run=run.run_id, earlier=run.holder)
        return taken

    def start_next(self) -> Run | None:
        """Gives the next job in the fair order a run and starts it. None when none waits, or there is no room for one more."""
        version, turns = self._queue.turns()
        running = pointers(self._records, keys.RUNNING_PARTITION)
        waiting = self._queue.waiting()
        chosen = next(fair_order(self._ready(waiting), running=owners_of(running), turns=turns, slots=len(running) + 1), None)
        testing = self._queue.is_beside_a_test()
        if chosen is None or not self._slots.fits(chosen.memory_bytes, num_running=len(running), beside_a_test=testing):
            return None
        try:
            stored = self._jobs.get(chosen.owner, chosen.job_id)
        except NotFound:
            self._records.write(Delete(keys.queued(chosen.job_id), expect=None))
            return self.start_next()
        if stored.value.state != "queued":  # Another server took it, or its owner cancelled it, since the queue was read.
            raise StaleWrite(keys.queued(chosen.job_id))
        taking_turn = self._queue.taking_turn(chosen.owner, version=version, turns=turns)
        job = self._with_new_run(stored.value)
        run = Run(
            job_id=job.id,
            owner=job.owner,
            handle=None,
            run_id=str(job.run_id),
            fence=job.num_runs,
            holder=self._leases.me,
            slot=self._slots.free({int(record.data.get("slot", 0)) for record in running}),
            turn=taking_turn.data["of"][job.owner],
            stalled_since=None,
            version=1,
        )
        self._records.write(
            self._jobs.replacing(job.owner, job.id, job, version=stored.version),
            Delete(keys.queued(job.id), expect=chosen.version),
            Delete(keys.tidying(job.id), expect=None),
            run.put(expect=ABSENT),
            taking_turn,
            self._leases.claiming(),
        )
        self._look_anew(job.id)
        return self.launch(run)

    def launch(self, run: Run) -> Run | None:
        """Starts a run's trainer. Also after a restart that came between the decision and the start: the launcher starts a run once.
        The run as it was where it has to wait: for what comes from far away, or for another server. None when it could not be started,
        and the job has ended with the reason."""
        job = self._jobs.get(run.owner, run.job_id).value
        folder = self._folders.of(run.job_id)
        if not self._is_home(run):
            return run
        if (done := self._left_over(job)) is not None:
            self._succeed(run, job, done)
            return None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            spec = self._aside(f"prepare {run.run_id}", lambda: self._specs.of(job, self._slots.device(run.slot)))
            if spec is None:
                return run
            self._still_ours(run)
            self._fetches.go_on_here(run.job_id)
            write_whole(folder / SPEC_FILE, spec.model_dump_json(indent=2))
            handle = self._launcher.start(Launch(run.run_id, "train", ["--spec", str(folder / SPEC_FILE)], folder))
        except StaleWrite:
            raise
        except (LlmTunerError, OSError) as error:
            if isinstance(error, Unavailable) and error.code in _PASSING:
                _log.warning("run_waits", job=run.job_id, reason=error.code)
                return run
            _log.warning("run_not_started", job=run.job_id, reason=str(error))
            self._end(run, "failed", error=not_started(error))
            return None
        _log.info("run_started", job=run.job_id, run=run.run_id, fence=run.fence)
        return self._changed(run, handle=handle)

    def look_at(self, run: Run) -> bool:
        """One look at a run that this server holds: it is started, stopped, found stalled or judged. True while it goes on."""
        if run.handle is None:
            return self.launch(run) is not None
        status = self._launcher.poll(run.handle)
        if status.alive:
            self._copies.hold(run.owner, run.job_id)
            job = self._jobs.get(run.owner, run.job_id).value
            watch = self._watches.setdefault(run.run_id, Watch(self._clock.monotonic()))
            if job.stop_requested is not None:
                force = watch.must_stop(job.stop_requested, now=self._clock.monotonic())
                if force is not None:
                    self._launcher.stop(run.handle, force=force)
            self._note_stall(run, watch, status)
            return True
        if not self._launcher.stop(run.handle, force=True):  # What the trainer may have left behind of its group.
            return True
        if not self._is_home(run):
            return True
        return self.finish(run, status) == "running"

    def output(self, run: Run, cursor: int) -> tuple[bytes, int]:
        return (b"", cursor) if run.handle is None else self._launcher.read(run.handle, cursor)

    def finish(self, run: Run, status: RunStatus) -> JobState:
        """Judges a run that is over, and says what became of the job: it is still `running` while its model is on the way to the store."""
        if self._fetches.was_fetched(run.job_id):  # Then the trainer was on another machine, and nothing is known of how it ended.
            status = RunStatus(alive=False, exit_status=None, elsewhere=True)
        job = self._jobs.get(run.owner, run.job_id).value
        folder = self._folders.of(run.job_id)
        reader = self._readers.of(self._folders.events_of(run.job_id))
        verdict = verdict_on(job, reader, status, last_output=last_words(self._launcher, run.handle), resumes_from=newest_step(folder))
        self._watches.pop(run.run_id, None)
        if verdict.done is not None:
            return self._succeed(run, job, verdict.done)
        if verdict.state == "queued":
            return self._go_on_later(run, verdict)
        return self._end(run, verdict.state, error=verdict.error, reason=verdict.reason)

    def _ready(self, waiting: list[Waiting]) -> list[Waiting]:
        """Without owners whose first job was interrupted a moment ago: it goes before their others, when its time has come."""
        now = self._clock.monotonic()
        self._not_before = {job_id: at for job_id, at in self._not_before.items() if at > now}
        resting = {one.owner for one in waiting if one.job_id in self._not_before}
        return [one for one in waiting if one.owner not in resting]

    def _with_new_run(self, job: StoredJob) -> StoredJob:
        at = self._clock.now()
        return job.moved(
            "running",
            at=at,
            started_at=job.started_at or at,
            run_id=self._clock.new_id("run"),
            model_id=job.model_id or self._clock.new_id("mdl"),
            num_runs=job.num_runs + 1,
        )

    def _left_over(self, job: StoredJob) -> DoneEvent | None:
        """What an earlier run of this job left whole, and only the disk had no room for: it is taken in instead of trained again."""
        done = self._readers.of(self._folders.events_of(job.id)).done if job.left_by is not None else None
        if done is None or done.run_id != job.left_by:
            return None
        # The bytes themselves stay on the machine that had no room for them: another one trains again from the last checkpoint.
        folder = self._folders.of(job.id)
        return done if all((folder / artifact.path).exists() for artifact in done.artifacts) else None

    def _is_home(self, run: Run) -> bool:
        """Whether this machine has what earlier attempts left, wherever they were made; begins to fetch it when it has not."""
        if self._fetches.is_home(run.job_id):
            return True
        try:
            return self._aside(f"fetch {run.run_id} {run.handle is None}", lambda: self._fetches.bring_home(run.job_id)) is not None
        except (Unavailable, OSError) as error:
            _log.warning("run_not_fetched", job=run.job_id, reason=str(error))
            return False

    def _look_anew(self, job_id: str) -> None:
        self._copies.look_anew(job_id)
        self._fetches.look_anew(job_id)

    def _still_ours(self, run: Run) -> None:
        record = self._records.get(keys.running(run.job_id))
        if record is None or record.version != run.version:
            raise StaleWrite(keys.running(run.job_id))

    def _changed(self, run: Run, *also: Put, **changes: Any) -> Run:
        """The run with its pointer rewritten. Raises `StaleWrite` when it is not ours any more."""
        changed = replace(run, **changes, version=run.version + 1)
        self._records.write(changed.put(expect=run.version), *also)
        return changed

    def _note_stall(self, run: Run, watch: Watch, status: RunStatus) -> None:
        still_s = watch.still_for_s(self._folders.events_of(run.job_id), status.cpu_s, now=self._clock.monotonic())
        if still_s >= STALLED_AFTER_S and run.stalled_since is None:
            since = self._clock.now() - timedelta(seconds=still_s)
            self._changed(run, stalled_since=since.isoformat())
            _log.warning("run_stalled", job=run.job_id, since=since.isoformat())
        elif still_s < STALLED_AFTER_S and run.stalled_since is not None:
            self._changed(run, stalled_since=None)

    def _succeed(self, run: Run, job: StoredJob, done: DoneEvent) -> JobState:
        folder = self._folders.of(run.job_id)
        model = model_from(
            done,
            key=str(job.model_id),
            owner=job.owner,
            name=job.name,
            base_model=job.base_model,
            method=job.method,
            job_id=job.id,
            at=self._clock.now(),
        )
        try:
            if not self._aside(f"take in {run.run_id}", lambda: self._tuned_models.take_in(model, folder)):
                return "running"
        except Unavailable as error:
            _log.warning("model_waits", job=run.job_id, reason=error.code)
            return "running"
        except (LlmTunerError, OSError, ValueError) as error:
            _log.warning("model_not_kept", job=run.job_id, reason=str(error))
            return self._end(run, "failed", error=not_kept(error), left_by=done.run_id if isinstance(error, StorageFull) else None)
        spent = spent_on(done, job.history, job.forecast, at=self._clock.now())
        speed = Put(
            keys.speed(job.base_model, job.method),
            speed_of(job.forecast, settings_of(job.resolved).tokens_per_step, done, spent),
            expect=None,
        )
        return self._end(run, "succeeded", model=model, spent=spent, also=[speed])

    def _go_on_later(self, run: Run, verdict: Verdict) -> JobState:
        """The interrupted job waits again, before its owner's others, and not at once: what ended it may end it again."""

        def changes(stored: Stored[StoredJob]) -> list[Put | Delete]:
            job = stored.value
            changed = job.moved(
                "queued",
                at=self._clock.now(),
                reason=verdict.reason,
                num_resumes=job.num_resumes + 1,
                last_progress=self._last_progress(run),
            )
            return [self._jobs.replacing(run.owner, run.job_id, changed, version=stored.version), self._queue.entering(changed, at="front")]

        job = self._move(run, changes)
        if job is not None:
            self._not_before[run.job_id] = self._clock.monotonic() + _BACK_OFF_S[min(job.num_resumes, len(_BACK_OFF_S) - 1)]
        self._copies.let_go(run.owner, run.job_id)
        _log.warning("run_interrupted", job=run.job_id, run=run.run_id, reason=verdict.reason)
        return "queued"

    def _end(
        self,
        run: Run,
        state: JobState,
        *,
        error: JobError | None = None,
        reason: str | None = None,
        model: StoredModel | None = None,
        left_by: str | None = None,
        spent: Spent | None = None,
        also: list[Put | Delete] | None = None,
    ) -> JobState:
        def changes(stored: Stored[StoredJob]) -> list[Put | Delete]:
            changed = stored.value.moved(
                state,
                at=self._clock.now(),
                reason=error.message if error is not None else reason,
                error=error,
                tuned_model=model.id if model else None,
                left_by=left_by,
                spent=spent,
                last_progress=self._last_progress(run),
            )
            changed, begun = (changed, []) if model is None else self._following(changed, model)
            return [
                self._jobs.replacing(run.owner, run.job_id, changed, version=stored.version),
                *begun,
                *resting(changed, entry_id=self._clock.new_id("out")),
                *(self._tuned_models.adding(model) if model is not None else []),
                *(also or []),
            ]

        self._move(run, changes)
        self._tidying.tidy(run.owner, run.job_id)
        _log.info("run_ended", job=run.job_id, run=run.run_id, state=state, code=error.code if error else None)
        return state

    def _move(self, run: Run, changes: Any) -> StoredJob | None:
        """Takes the run away from its job, in one write with what becomes of the job. The job as it was; None when it was moved before.

        A job that its owner changed meanwhile is looked at again; a run that is not ours any more raises `StaleWrite`.
        """
        for _ in range(_TRIES):
            stored = self._jobs.get(run.owner, run.job_id)
            mine = stored.value.state == "running" and stored.value.run_id == run.run_id
            try:
                self._records.write(Delete(keys.running(run.job_id), expect=run.version), *(changes(stored) if mine else []))
                return stored.value if mine else None
            except StaleWrite as stale:
                if stale.key == keys.running(run.job_id):
                    raise
        raise StaleWrite(keys.owned(run.owner, "job", run.job_id))

    def _last_progress(self, run: Run) -> Any:
        progress = self._readers.of(self._folders.events_of(run.job_id)).progress
        return None if progress is None else progress.model_copy(update={"eta_s": None})
