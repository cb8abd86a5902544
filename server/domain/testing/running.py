"""What happens to evaluations without anybody asking: the next one is started, a run is watched, one that ended is judged. Called by the
examiner alone, for the runs that its server holds.

As with jobs, every step can be repeated and every write expects the version of the run's pointer: a server that dies in the middle leaves
a state from which the next one goes on, and one that was frozen is refused. Items that a run had finished are kept by its program.
"""

import shutil
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from server.domain import keys
from server.domain.jobs.failures import told_by_trainer
from server.domain.jobs.leases import Leases
from server.domain.jobs.queue import pointers
from server.domain.jobs.slots import Slots
from server.domain.jobs.specs import Folders, write_whole
from server.domain.jobs.watching import Watch
from server.domain.testing import failures
from server.domain.testing.progress import TestReaders
from server.domain.testing.results import KeptItems, summary_of, whole_results
from server.domain.testing.specs import EvaluationSpecs
from server.domain.testing.states import EvaluationStore, StoredEvaluation
from server.errors import LlmTunerError, NotFound, StaleWrite, Unavailable
from server.ports.clock import Clock
from server.ports.launcher import Launch, Launcher, RunStatus, last_words
from server.ports.records import ABSENT, Delete, Put, Record, Records
from shared.constants import MAX_AUTOMATIC_RESUMES
from shared.job_spec import EXIT_DONE, EXIT_FAILED, SPEC_FILE
from shared.wire import EvaluationState, JobError

LEASE: Final = "evaluations"
_BACK_OFF_S: Final = (1.0, 5.0, 20.0)
_TRAININGS_TURN_S: Final = 3.0
_TRIES: Final = 8
_PASSING: Final = frozenset({"launcher.busy", "aws.unavailable"})
"""Nothing is wrong with the test: it is tried again at the next look."""
_log = structlog.get_logger()


@dataclass(frozen=True)
class TestRun:
    """An evaluation that runs: its pointer. `handle` is None between the decision to start it and its start."""

    __test__ = False  # pytest collects classes by this name

    evaluation_id: str
    owner: str
    run_id: str
    fence: int
    holder: str
    threads: int | None
    handle: str | None
    version: int

    def put(self, *, expect: int) -> Put:
        data = {name: getattr(self, name) for name in ("owner", "run_id", "fence", "holder", "threads", "handle")}
        return Put(keys.evaluating(self.evaluation_id), {**data, "state": "running"}, expect)


class TestRuns:
    __test__ = False

    def __init__(
        self,
        records: Records,
        clock: Clock,
        launcher: Launcher,
        store: EvaluationStore,
        specs: EvaluationSpecs,
        kept_items: KeptItems,
        readers: TestReaders,
        leases: Leases,
        *,
        slots: Slots,
        folders: Folders,
    ) -> None:
        self._records = records
        self._clock = clock
        self._launcher = launcher
        self._store = store
        self._evaluations = store.collection
        self._specs = specs
        self._kept_items = kept_items
        self._readers = readers
        self._leases = leases
        self._slots = slots
        self._folders = folders
        self._watches: dict[str, Watch] = {}
        self._not_before: dict[str, float] = {}
        self._last_owner = ""
        self._ended_at = -_TRAININGS_TURN_S

    def runs(self) -> list[TestRun]:
        return [_run(record) for record in pointers(self._records, keys.EVALUATING_PARTITION) if record.data["state"] == "running"]

    def has_waiting(self) -> bool:
        return bool(self._records.page(keys.EVALUATING_PARTITION, limit=1).records)

    def held(self, run: TestRun) -> TestRun | None:
        """The run when this server holds it, or has taken it over just now from one that is lost; else None."""
        if run.holder == self._leases.me:
            return run
        if not self._leases.is_lost(run.holder):
            return None
        taken = self._changed(run, self._leases.claiming(LEASE), holder=self._leases.me)
        _log.info("test_taken_over", evaluation=run.evaluation_id, run=run.run_id, earlier=run.holder)
        return taken

    def start_next(self) -> TestRun | None:
        """Gives the next evaluation a run and starts it: one at a time, owners in turn, and beside training only where memory is left."""
        found = pointers(self._records, keys.EVALUATING_PARTITION)
        if any(record.data["state"] == "running" for record in found):
            return None
        chosen = self._next(found)
        num_trainings = len(pointers(self._records, keys.RUNNING_PARTITION))
        if chosen is None or not num_trainings and self._is_trainings_turn():
            return None
        turn = self._records.get(keys.evaluation_turn())
        try:
            stored = self._evaluations.get(chosen.data["owner"], chosen.key.sort)
        except NotFound:
            self._records.write(Delete(chosen.key, expect=None))
            return self.start_next()
        if num_trainings and self._slots.free_memory_bytes() < stored.value.memory_bytes:
            return None
        documents, whole = self._specs.training_documents(stored.value)
        evaluation = stored.value.model_copy(
            update={
                "state": "running",
                "started_at": stored.value.started_at or self._clock.now(),
                "run_id": self._clock.new_id("run"),
                "num_runs": stored.value.num_runs + 1,
                "document_ids": documents,
                "leakage_checked": whole,
            }
        )
        run = TestRun(
            evaluation_id=evaluation.id,
            owner=evaluation.owner,
            run_id=str(evaluation.run_id),
            fence=evaluation.num_runs,
            holder=self._leases.me,
            threads=self._slots.threads_beside(num_trainings),
            handle=None,
            version=chosen.version + 1,
        )
        self._records.write(
            self._evaluations.replacing(evaluation.owner, evaluation.id, evaluation, version=stored.version),
            run.put(expect=chosen.version),
            # Every start writes it, so that two servers cannot start two at once.
            Put(keys.evaluation_turn(), {"owner": evaluation.owner}, ABSENT if turn is None else turn.version),
            self._leases.claiming(LEASE),
        )
        self._last_owner = evaluation.owner
        return self.launch(run)

    def launch(self, run: TestRun) -> TestRun | None:
        """Starts the program. Also after a restart that came between the decision and the start: the launcher starts a run once. None
        when it could not be started, and the evaluation has ended with the reason."""
        evaluation = self._evaluations.get(run.owner, run.evaluation_id).value
        folder = self._folders.of(run.evaluation_id)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            spec = self._specs.of(evaluation, threads=run.threads)
            self._still_ours(run)
            write_whole(folder / SPEC_FILE, spec.model_dump_json(indent=2))
            handle = self._launcher.start(Launch(run.run_id, "test", ["--spec", str(folder / SPEC_FILE)], folder))
        except StaleWrite:
            raise
        except (LlmTunerError, OSError) as error:
            if isinstance(error, Unavailable) and error.code in _PASSING:
                return run
            _log.warning("test_not_started", evaluation=run.evaluation_id, reason=str(error))
            self._end(run, "failed", error=failures.not_started(error))
            return None
        _log.info("test_started", evaluation=run.evaluation_id, run=run.run_id, fence=run.fence)
        return self._changed(run, handle=handle)

    def look_at(self, run: TestRun) -> bool:
        """One look at a run that this server holds: it is started, stopped or judged. True while it goes on."""
        if run.handle is None:
            return self.launch(run) is not None
        status = self._launcher.poll(run.handle)
        if not self._is_here(run):
            if not self._launcher.stop(run.handle, force=True):
                return True
            self.finish(run, RunStatus(alive=False, exit_status=None, elsewhere=True))
            return False
        if status.alive:
            if self._evaluations.get(run.owner, run.evaluation_id).value.stop_requested:
                watch = self._watches.setdefault(run.run_id, Watch(self._clock.monotonic()))
                force = watch.must_stop("cancel", now=self._clock.monotonic())
                if force is not None:
                    self._launcher.stop(run.handle, force=force)
            return True
        if not self._launcher.stop(run.handle, force=True):  # What the program may have left behind of its group.
            return True
        self.finish(run, status)
        return False

    def finish(self, run: TestRun, status: RunStatus) -> None:
        """Judges a run that is over: it succeeded when its program said so, left the status of success, and whole results."""
        evaluation = self._evaluations.get(run.owner, run.evaluation_id).value
        reader = self._readers.of(self._folders.events_of(run.evaluation_id))
        self._watches.pop(run.run_id, None)
        tested = reader.tested is not None and reader.tested.run_id == run.run_id
        failed = reader.failed if reader.failed is not None and reader.failed.run_id == run.run_id else None
        if status.exit_status == EXIT_DONE and tested:
            self._succeed(run, evaluation)
        elif evaluation.stop_requested:
            self._end(run, "cancelled")
        elif status.exit_status == EXIT_DONE:
            self._end(run, "failed", error=failures.no_results())
        elif status.exit_status == EXIT_FAILED and failed is not None:
            self._end(run, "failed", error=told_by_trainer(failed))
        elif status.out_of_memory:
            self._end(run, "failed", error=failures.out_of_memory())
        elif evaluation.num_resumes >= MAX_AUTOMATIC_RESUMES:
            said = last_words(self._launcher, run.handle)
            self._end(run, "failed", error=failures.crashed_too_often(evaluation.num_resumes + 1, status, said))
        else:
            self._go_on_later(run)

    def sweep(self) -> None:
        """Removes folders that a server left which died between the end of an evaluation and its tidying, or whose evaluation ended on
        another machine, once nothing works in them. The folders are listed before the pointers are read: a folder is made only after its
        pointer."""
        folders = [folder for folder in self._folders.runs.glob("evl-*") if folder.is_dir()]
        live = {record.key.sort for record in pointers(self._records, keys.EVALUATING_PARTITION)}
        for folder in folders:
            working = self._launcher.started_in(folder).values() if folder.name not in live else ()
            if folder.name not in live and all(self._launcher.stop(handle, force=True) for handle in working):
                shutil.rmtree(folder, ignore_errors=True)

    def _next(self, found: list[Record]) -> Record | None:
        """The oldest one that may run now; of the owner who had the last turn only when nobody else waits."""
        now = self._clock.monotonic()
        self._not_before = {name: at for name, at in self._not_before.items() if at > now}
        waiting = [record for record in found if record.data["state"] == "queued" and record.key.sort not in self._not_before]
        return min(waiting, key=lambda record: (record.data["owner"] == self._last_owner, record.key.sort), default=None)

    def _is_trainings_turn(self) -> bool:
        """A job that found no memory beside the last test may begin before the next one does."""
        just_ended = self._clock.monotonic() - self._ended_at < _TRAININGS_TURN_S
        return just_ended and bool(self._records.page(keys.QUEUE_PARTITION, limit=1).records)

    def _is_here(self, run: TestRun) -> bool:
        """Whether its program works in this server's folders. One that was taken over from another machine, or from a server with folders
        of its own on this one, does not, and what it finds is never seen: it is ended where it can be reached, and begun anew."""
        return run.run_id in self._launcher.started_in(self._folders.of(run.evaluation_id))

    def _succeed(self, run: TestRun, evaluation: StoredEvaluation) -> None:
        folder = self._folders.of(run.evaluation_id)
        results = whole_results(evaluation, folder)
        if results is None:
            self._end(run, "failed", error=failures.no_results())
            return
        try:
            size_bytes = self._kept_items.keep(evaluation, results, folder)
        except (LlmTunerError, OSError, ValueError) as error:
            _log.warning("results_not_kept", evaluation=run.evaluation_id, reason=str(error))
            self._end(run, "failed", error=failures.not_kept(error))
            return
        self._end(run, "succeeded", results=summary_of(evaluation, results), size_bytes=size_bytes)

    def _end(self, run: TestRun, state: EvaluationState, *, error: JobError | None = None, **more: Any) -> None:
        ending = {"state": state, "error": error, "finished_at": self._clock.now(), "stop_requested": False}
        pointer = Delete(keys.evaluating(run.evaluation_id), run.version)
        self._move(run, pointer, {**ending, "last_progress": self._last_progress(run), **more})
        self._ended_at = self._clock.monotonic()
        self._readers.forget(self._folders.events_of(run.evaluation_id))
        shutil.rmtree(self._folders.of(run.evaluation_id), ignore_errors=True)
        _log.info("test_ended", evaluation=run.evaluation_id, run=run.run_id, state=state, code=error.code if error else None)

    def _go_on_later(self, run: TestRun) -> None:
        """It waits again, and not at once: what ended it may end it again. What it had finished is not done twice."""
        queued = Put(keys.evaluating(run.evaluation_id), {"owner": run.owner, "state": "queued"}, run.version)
        num_resumes = self._evaluations.get(run.owner, run.evaluation_id).value.num_resumes
        self._move(run, queued, {"state": "queued", "num_resumes": num_resumes + 1, "last_progress": self._last_progress(run)})
        self._not_before[run.evaluation_id] = self._clock.monotonic() + _BACK_OFF_S[min(num_resumes, len(_BACK_OFF_S) - 1)]
        _log.warning("test_interrupted", evaluation=run.evaluation_id, run=run.run_id)

    def _move(self, run: TestRun, pointer: Put | Delete, changes: dict[str, Any]) -> None:
        """Takes the run away from its evaluation, in one write with what becomes of it. One that its owner changed meanwhile is looked at
        again; a run that is not ours any more raises `StaleWrite`."""
        for _ in range(_TRIES):
            stored = self._evaluations.get(run.owner, run.evaluation_id)
            changed = stored.value.model_copy(update=changes)
            try:
                self._records.write(pointer, self._evaluations.replacing(run.owner, run.evaluation_id, changed, version=stored.version))
                return
            except StaleWrite as stale:
                if stale.key == keys.evaluating(run.evaluation_id):
                    raise
        raise StaleWrite(keys.owned(run.owner, "evaluation", run.evaluation_id))

    def _still_ours(self, run: TestRun) -> None:
        record = self._records.get(keys.evaluating(run.evaluation_id))
        if record is None or record.version != run.version:
            raise StaleWrite(keys.evaluating(run.evaluation_id))

    def _changed(self, run: TestRun, *also: Put, **changes: Any) -> TestRun:
        changed = replace(run, **changes, version=run.version + 1)
        self._records.write(changed.put(expect=run.version), *also)
        return changed

    def _last_progress(self, run: TestRun) -> Any:
        progress = self._readers.of(self._folders.events_of(run.evaluation_id)).progress
        return None if progress is None else progress.model_copy(update={"eta_s": None})


def _run(record: Record) -> TestRun:
    data = {name: record.data[name] for name in ("owner", "run_id", "fence", "holder", "threads", "handle")}
    return TestRun(evaluation_id=record.key.sort, version=record.version, **data)
