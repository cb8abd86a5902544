"""The domain on real parts: SQLite, the disk, child processes. Only the trainer is a stand-in, and a real process all the same."""

import json
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from server.adapters.blobs_disk import DiskBlobs
from server.adapters.clock_system import SystemClock
from server.adapters.contents_process import ContentsProcess
from server.adapters.inspector_process import InspectorProcess
from server.adapters.launch_local import LocalLauncher
from server.adapters.programs import Programs
from server.adapters.records_sqlite import SqliteRecords
from server.background.copier import Copier
from server.background.examiner import Examiner
from server.background.supervisor import Supervisor
from server.domain import keys
from server.domain.accounts.testing import Testing
from server.domain.datasets.looks import Looks
from server.domain.datasets.service import Datasets
from server.domain.documents.contents import DocumentContents
from server.domain.documents.service import Documents
from server.domain.documents.uploads import Uploads
from server.domain.documents.usage import Room
from server.domain.forecasts.calibrations import Calibrations, Place
from server.domain.forecasts.forecaster import Forecaster, Machine
from server.domain.forecasts.money import Price
from server.domain.guides.service import Guides
from server.domain.jobs.copies import RunCopies
from server.domain.jobs.fetching import RunFetches
from server.domain.jobs.leases import Leases
from server.domain.jobs.leftovers import Leftovers
from server.domain.jobs.lifecycle import Lifecycle
from server.domain.jobs.live import LiveJobs
from server.domain.jobs.moves import Moves
from server.domain.jobs.progress import RunReaders
from server.domain.jobs.queue import Queue
from server.domain.jobs.service import Jobs
from server.domain.jobs.slots import slots
from server.domain.jobs.specs import Folders, Specs
from server.domain.jobs.submissions import Submissions
from server.domain.jobs.superseded import Superseded
from server.domain.jobs.tidying import Tidying
from server.domain.jobs.uses import Uses
from server.domain.models.catalogue import BaseModels
from server.domain.models.tuned import TunedModels
from server.domain.testing.evaluations import Evaluations
from server.domain.testing.progress import TestReaders
from server.domain.testing.results import KeptItems
from server.domain.testing.running import TestRuns
from server.domain.testing.specs import EvaluationSpecs
from server.domain.testing.states import EvaluationStore
from server.domain.testing.submissions import TestSubmissions
from server.domain.testing.test_sets import TestSets
from server.ports.launcher import end_all_in, stop_and_wait
from server.ports.records import Delete
from server.settings import REPOSITORY
from shared.calibration import Calibration, CalibrationRefused, CalibrationSpec
from shared.constants import Accelerator
from shared.look_spec import LookSpec
from shared.wire import Blocker, Document, Look

# Stands in for the trainer: reads the spec, says what a trainer says, and leaves what the file `script` beside the records asks for.
TRAINER = """
import hashlib, json, pathlib, signal, sys, time
sys.path.insert(0, {repository!r})
from shared.job_spec import JobSpec
spec_file = pathlib.Path(sys.argv[2])
folder = spec_file.parent
spec = JobSpec.model_validate_json(spec_file.read_text())
script = json.loads(pathlib.Path({script!r}).read_text())
seq = 0
def say(type, **fields):
    global seq
    seq += 1
    line = json.dumps(dict(seq=seq, at="2026-11-22T10:00:00Z", run_id=spec.run_id, type=type, **fields))
    with (folder / "events.jsonl").open("a") as events:
        events.write(line + "\\n")
def leave(status):
    (folder / "exit.json").write_text(json.dumps(dict(run_id=spec.run_id, status=status, at="2026-11-22T10:00:00Z")))
    sys.exit(status)
print("trainer of", spec.job_id, flush=True)
(folder / "fence").write_text(str(spec.fence))
with (folder / "attempts.log").open("a") as attempts:
    attempts.write(spec.run_id + " " + str(spec.fence) + "\\n")
def checkpoint(step):
    place = folder / "checkpoints" / ("step-%08d" % step)
    place.mkdir(parents=True, exist_ok=True)
    (place / "state.safetensors").write_bytes(b"state")
    files = {{"state.safetensors": dict(size_bytes=5, sha256=hashlib.sha256(b"state").hexdigest())}}
    manifest = dict(format=1, job_id=spec.job_id, run_id=spec.run_id, fence=spec.fence, step=step, created_at="2026-11-22T10:00:00Z",
        validation_loss=2.5, threads=1, fingerprint="f", files=files)
    seal = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    (place / "manifest.json").write_text(json.dumps(dict(manifest, seal=seal)))
def stop(*_):
    checkpoint(1)
    say("cancelled", step=1)
    leave(143)
if script["do"] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
elif script["do"] == "wait":
    signal.signal(signal.SIGTERM, stop)
say("stage", stage="train", message="Training")
say("progress", step=1, num_steps=script.get("num_steps", 2), epoch=0.5, loss=3.0, learning_rate=1e-3, grad_norm=1.0, tokens_per_s=100.0,
    eta_s=1.0, elapsed_s=1.0, memory_bytes=1)
if script["do"] in ("wait", "deaf"):
    time.sleep(60)
if script["do"] == "leave":
    checkpoint(1)
    leave(script["status"])
if script["do"] == "crash" and spec.fence <= script.get("times", 1000):
    checkpoint(1)
    print("Killed by something", flush=True)
    sys.exit(9)
if script["do"] == "fail":
    say("failed", code="nan_loss", message="The loss is not a number.", cause="Too high a rate.", fix="Use 1e-4.")
    leave(1)
artifacts = []
for path, data in {{"model/config.json": b"{{}}", "model/model.safetensors": b"weights", "adapter/adapter_config.json": b"{{}}"}}.items():
    file = folder / path
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(data)
    artifacts.append(dict(path=path, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest()))
if script["do"] == "lie":
    (folder / "model" / "model.safetensors").write_bytes(b"other")
say("done", step=0 if script["do"] == "nothing" else 2, train_loss=2.0, validation_loss_before=4.0, validation_loss=2.0,
    num_training_tokens=500, num_parameters=1000, seconds=10.0, tokens_per_s=100.0, peak_memory_bytes=1, chat=True, artifacts=artifacts)
leave(0)
"""

# Stands in for the program that tests models: a base that is wrong everywhere, and tuned models that are right but for the last item.
EXAMINER = """
import json, pathlib, signal, sys, time
sys.path.insert(0, {repository!r})
from shared.evaluation_spec import EvaluationResults, EvaluationSpec
from shared.grading import metric_of
from shared.wire.testing import Comparison, Interval, ItemResult, ModelResult, TestedItem, TestItem, Verdict
spec_file = pathlib.Path(sys.argv[2])
folder = spec_file.parent
spec = EvaluationSpec.model_validate_json(spec_file.read_text())
script = json.loads(pathlib.Path({script!r}).read_text())
seq = 0
def say(type, **fields):
    global seq
    seq += 1
    with (folder / "events.jsonl").open("a") as events:
        line = dict(seq=seq, at="2026-11-22T10:00:00Z", run_id=spec.run_id, type=type, **fields)
        events.write(json.dumps(line) + "\\n")
def leave(status):
    (folder / "exit.json").write_text(json.dumps(dict(run_id=spec.run_id, status=status, at="2026-11-22T10:00:00Z")))
    sys.exit(status)
with (pathlib.Path({script!r}).parent / ("tests-of-" + spec.evaluation_id)).open("a") as attempts:
    attempts.write(spec.run_id + " " + str(spec.fence) + "\\n")
def stop(*_):
    say("cancelled", step=0)
    leave(143)
signal.signal(signal.SIGTERM, stop)
items = [TestItem.model_validate_json(line) for line in spec.items.read_text().splitlines()]
names = [model.id for model in spec.models]
say("stage", stage="test", message="Testing")
say("testing", model=names[0], done=1, total=len(items) * len(names), eta_s=4.0)
if script["do"] == "wait":
    time.sleep(60)
if script["do"] == "crash" and spec.fence <= script.get("times", 1000):
    print("Killed by something", flush=True)
    sys.exit(9)
if script["do"] == "fail":
    say("failed", code="base_unavailable", message="The base is not there.", cause="It was never fetched.", fix="Fetch it.")
    leave(1)
metric = metric_of(spec.grader)
best, worst = (1.0, 0.0) if metric.higher_is_better else (0.0, 3.0)
def result(model, place):
    right = model > 0 and place < len(items) - 1
    return ItemResult(answer="tuned" if model else "base", value=best if right else worst)
tested = [TestedItem(id=item.id, label=item.label, leak=None, results=[result(model, place) for model in range(len(names))])
    for place, item in enumerate(items)]
def model_result(name):
    return ModelResult(model=name, mean=0.5, num_graded=len(items), num_problems=0, num_shortened=0, expected_perplexity=None,
        general_perplexity=9.0, seconds=1.0)
verdict = Verdict(verdict="improved", metric=metric, base=0.0, tuned=1.0, difference=1.0, interval=Interval(low=0.5, high=1.0),
    num_items=len(items), num_better=1, num_worse=0, num_equal=1, trust="A stand-in.")
results = EvaluationResults(evaluation_id=spec.evaluation_id, grader=spec.grader, metric=metric, num_items=len(items), num_leaked=0,
    models=[model_result(name) for name in names], comparisons=[Comparison(model=name, verdict=verdict) for name in names[1:]],
    items=tested[:-1] if script["do"] == "half" else tested, seconds=2.0, versions=dict(standin="1"))
if script["do"] != "nothing":
    (folder / "results.json").write_text(results.model_dump_json())
say("tested", num_items=len(items), seconds=2.0, peak_memory_bytes=1)
leave(0)
"""


class SettableClock(SystemClock):
    """The machine's clock, moved about by the test: its wall time by `jumped`, its monotonic time by `slept_s`, forward alone."""

    def __init__(self) -> None:
        super().__init__()
        self.jumped = timedelta()
        self.slept_s = 0.0

    def now(self) -> datetime:
        return super().now() + self.jumped

    def monotonic(self) -> float:
        return super().monotonic() + self.slept_s


class House:
    """The services of one installation, by hand and not by `wiring`, with a trainer that does as it is told."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: SettableClock | None = None,
        max_runs: int | None = None,
        store: Path | None = None,
        copy_runs: bool = False,
    ) -> None:
        """`store` is where records and blobs lie, for a house on another machine than they."""
        self.folder = folder
        store = store or folder
        self.free_bytes = 10**12
        self.memory_bytes = 10**11
        self.measurements: list[Callable[[], None]] = []
        self.accelerators: list[Accelerator] = []
        self.free_memory_bytes = 10**12
        self.script = folder / "script.json"
        if not self.script.exists():
            self.trainer_will("succeed")
        self.examiner_script = folder / "examiner-script.json"
        if not self.examiner_script.exists():
            self.examiner_will("succeed")
        asked = EXAMINER.format(repository=str(REPOSITORY), script=str(self.examiner_script)).replace("\\\\n", "\\n")
        (folder / "examiner.py").write_text(asked)
        (folder / "standin.py").write_text(textwrap.dedent(TRAINER.format(repository=str(REPOSITORY), script=str(self.script))))
        self.records = SqliteRecords(store / "records.sqlite3")
        self.blobs = DiskBlobs(store / "blobs")
        self.clock = clock or SettableClock()
        self.quota_bytes = 10**10
        self.room = Room(
            self.records,
            max_upload_bytes=40_000_000,
            quota_bytes=self.quota_bytes,
            free_bytes=lambda: self.free_bytes,
            min_free_bytes=1000,
        )
        samples = REPOSITORY / "shared" / "samples"
        self.documents = Documents(self.records, self.blobs, self.clock, InspectorProcess(REPOSITORY), self.room, samples_folder=samples)
        self.uploads = Uploads(self.records, self.blobs, self.clock, self.documents)
        self.datasets = Datasets(self.records, self.clock, self.documents)
        self.blockers: list[Blocker] = []
        self.looked: list[LookSpec] = []
        self.looks = Looks(self.blobs, self.look_with, base_models_folder=folder / "bases", own_models_folder=folder / "own")
        self.base_models = BaseModels(
            base_models_folder=folder / "bases", own_models_folder=folder / "own", hub_off=True, hub_reachable=lambda: False
        )
        self.launcher = LocalLauncher(Programs(folder), modules={"train": "standin", "generate": "standin", "test": "examiner"})
        self.tuned_models = TunedModels(self.records, self.blobs, folder / "fetched-models")
        readers = RunReaders()
        folders = Folders(folder / "runs", folder / "bases", folder / "own")
        places = slots(max_runs=max_runs, num_accelerators=0, threads=None, free_memory_bytes=lambda: self.free_memory_bytes)
        queue = Queue(self.records, slots=places.number)
        self.copies = RunCopies(self.records, self.blobs, folders, on=copy_runs)

        def end_all(place: Path) -> None:
            end_all_in(place, self.launcher)

        self.fetches = RunFetches(self.records, self.blobs, self.clock, readers, folders, end_all=end_all)
        self.tidying = Tidying(self.records, readers, folders, self.copies)
        self.leftovers = Leftovers(self.records, readers, folders, self.fetches, end_all=end_all)
        self.copier = Copier(self.copies, self.tidying, self.leftovers, self.clock)
        place = Place("this machine", folder, folder / "bases", folder / "own", None)
        self.calibration: Calibration | CalibrationRefused | None = CalibrationRefused(reason="Nobody measures here.")
        self.calibrations = Calibrations(self.records, self.clock, self._measure, place, later=self.measurements.append)
        price = Price(3.6, "EUR", "A price for tests.")
        machine = Machine(lambda: self.memory_bytes, lambda: self.free_bytes, 1000, price, 30.0)
        submissions = Submissions(
            self.records,
            self.clock,
            self.documents,
            self.datasets,
            self.looks,
            self.base_models,
            self.tuned_models,
            queue,
            Forecaster(self.records, self.calibrations, machine),
            accelerators=self.accelerators,
        )
        moves = Moves(self.records, self.clock, queue, submissions, self.tidying)
        self.evaluation_store = EvaluationStore(self.records, self.blobs)
        uses = Uses(self.records, self.documents, self.tuned_models, self.evaluation_store)
        self.jobs = Jobs(self.records, self.clock, readers, queue, submissions, moves, uses, self.fetches, folders=folders)
        contents = DocumentContents(self.documents, ContentsProcess(REPOSITORY))
        unused = uses.need_unused_document
        self.guides = Guides(self.records, self.blobs, self.clock, self.documents, contents, self.datasets, need_unused=unused)
        self.submissions = TestSubmissions(self.records, self.blobs, self.clock, self.documents, contents, need_unused=unused)
        self.test_sets = TestSets(self.records, self.blobs, self.clock, self.documents, contents, self.submissions)
        test_readers, kept_items = TestReaders(), KeptItems(self.blobs)
        self.evaluations = Evaluations(
            self.records,
            self.clock,
            self.evaluation_store,
            self.test_sets,
            self.tuned_models,
            self.base_models,
            test_readers,
            kept_items,
            folders=folders,
        )
        self.testing = Testing(self.submissions, self.test_sets, self.evaluations, self.guides)
        self.live = LiveJobs(self.records, self.clock, readers, self.fetches, runs_folder=folder / "runs")
        self.leases = Leases(self.records, self.clock, me=self.clock.new_id("srv"))
        self.lifecycle = Lifecycle(
            self.records,
            self.clock,
            self.launcher,
            self.tuned_models,
            readers,
            Specs(self.blobs, self.documents, self.tuned_models, folders),
            queue,
            self.leases,
            self.tidying,
            self.copies,
            self.fetches,
            slots=places,
            folders=folders,
            following=self.evaluations.following,
        )
        self.test_runs = TestRuns(
            self.records,
            self.clock,
            self.launcher,
            self.evaluation_store,
            EvaluationSpecs(self.records, self.blobs, self.documents, self.tuned_models, self.test_sets, folders),
            kept_items,
            test_readers,
            self.leases,
            slots=places,
            folders=folders,
        )
        self.examiner = Examiner(self.test_runs, self.leases)
        self.superseded = Superseded(self.records, self.launcher, folders, on=copy_runs)
        self.supervisor = Supervisor(self.lifecycle, self.leases, self.tidying, self.superseded)

    def _measure(self, spec: CalibrationSpec, give_way: Callable[[], bool]) -> Calibration | CalibrationRefused | None:
        """What `calibration` says, when the work in `measurements` is done."""
        return None if give_way() else self.calibration

    def look_with(self, spec: LookSpec) -> Look:
        """Stands in for the program with the tokenizers: finds what the test put into `blockers`."""
        self.looked.append(spec)
        counts = dict.fromkeys(
            [
                "num_examples",
                "num_validation_examples",
                "num_tokens",
                "num_trained_tokens",
                "longest",
                "num_longer_than_block",
                "num_empty",
                "num_all_masked",
                "num_exact_duplicates",
                "num_near_duplicates",
                "num_leaked",
                "num_steps",
            ],
            0,
        )
        nothing = {"histogram": [], "examples": [], "duplicates": [], "leaked": [], "personal_data": {"emails": 0, "phones": 0, "cards": 0}}
        return Look.model_validate({"base_model": spec.base_model, **counts, **nothing, "blockers": self.blockers})

    def trainer_will(self, do: str, **more: int) -> None:
        """succeed, fail, crash (at its first `times` attempts), leave (with `status`), wait (and stop when asked), be deaf, lie (about a
        file) or nothing (and call it success). `num_steps` is what it plans; it makes two."""
        self.script.write_text(json.dumps({"do": do, **more}))

    def examiner_will(self, do: str, **more: int) -> None:
        """succeed, fail, crash (at its first `times` attempts), wait (and stop when asked), half (leave an item out of its results) or
        nothing (and call it success)."""
        self.examiner_script.write_text(json.dumps({"do": do, **more}))

    def document(self, owner: str = "usr-1", rows: int = 20) -> Document:
        lines = "".join(json.dumps({"prompt": f"Question {row}?", "completion": f"Answer {row}."}) + "\n" for row in range(rows))
        return self.upload(lines.encode(), "pairs.jsonl", owner)

    def upload(self, content: bytes, filename: str, owner: str = "usr-1") -> Document:
        with tempfile.TemporaryFile() as file:
            file.write(content)
            return self.documents.add(owner, file, filename=filename)

    def watch_until(self, done: Callable[[], bool], rounds: int = 600, *, each_round_s: float = 0.0) -> None:
        """Lets the supervisor look again and again until something is so; `each_round_s` is what its clock thinks a round took."""
        for _ in range(rounds):
            self.supervisor.round()
            if done():
                return
            time.sleep(0.02)
            self.clock.slept_s += each_round_s
        raise AssertionError("it never came to be")

    def test_until(self, done: Callable[[], bool], rounds: int = 600) -> None:
        """Lets the examiner look again and again until something is so. Its clock is never in the way of a second try."""
        for _ in range(rounds):
            self.examiner.round()
            if done():
                return
            time.sleep(0.02)
            self.clock.slept_s += 1.0
        raise AssertionError("it never came to be")

    def tests_of(self, evaluation_id: str) -> list[str]:
        """One line for every program that ever began on an evaluation."""
        file = self.folder / f"tests-of-{evaluation_id}"
        return file.read_text().splitlines() if file.exists() else []

    def attempts(self, job_id: str) -> list[str]:
        """One line for every trainer that ever began on a job."""
        file = self.folder / "runs" / job_id / "attempts.log"
        return file.read_text().splitlines() if file.exists() else []

    def another_supervisor(self) -> Supervisor:
        """As after a restart: with nothing in its memory."""
        return Supervisor(self.lifecycle, self.leases, self.tidying, self.superseded)

    def end_everything(self) -> None:
        """No trainer is left, and no job that waits."""
        for run in self.lifecycle.runs():
            if run.handle is not None:
                stop_and_wait(self.launcher, run.handle, grace_s=0)
            self.records.write(Delete(keys.running(run.job_id), None))
        for test in self.test_runs.runs():
            if test.handle is not None:
                stop_and_wait(self.launcher, test.handle, grace_s=0)
            self.records.write(Delete(keys.evaluating(test.evaluation_id), None))
        for record in self.records.page(keys.QUEUE_PARTITION, limit=1000).records:
            self.records.write(Delete(record.key, None))

    def close(self) -> None:
        self.end_everything()
        self.records.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


@pytest.fixture
def two_slots(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, max_runs=2)
    yield house
    house.close()
