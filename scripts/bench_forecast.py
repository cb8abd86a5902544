"""`scripts/bench forecast`: what was foretold of runs of many forms against what they took, as their processes show it.

Each run is looked at, calibrated for and foretold as the server does it, then trained by the trainer itself. Its time is that of its
process; its memory the most that it had, as it says in its last event. Runs are ended by `max_steps`.
"""

import json
import random
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts import prepare
from server.domain.forecasts.amounts import amounts
from server.domain.forecasts.costs import Run, Seconds, memory_bytes_of, seconds_of
from shared.auto_settings import BaseFacts, DataFacts, estimate_tokens, resolve, settings_of
from shared.base_models import CATALOGUE
from shared.calibration import Calibration, CalibrationSpec
from shared.constants import Method
from shared.job_spec import EVENTS_FILE, SPEC_FILE, DataFile, JobSpec
from shared.look_spec import LookSpec
from shared.wire import Hyperparameters, Look

TIME_TARGET, MEMORY_TARGET = 0.10, 0.06
_SMOLLM = "smollm2-135m-instruct"


@dataclass(frozen=True)
class Case:
    """`words` is the mean length of an example; `steps` make it a run of 10 to 25 seconds on two cores."""

    base_model: str
    method: Method
    steps: int
    words: int
    block_size: int
    batch_size: int
    accumulation: int = 1
    asked: bool = False
    """Questions with answers instead of texts."""

    @property
    def name(self) -> str:
        kind = "questions" if self.asked else "texts"
        shape = f"{self.batch_size} x {self.block_size}" + (f" x {self.accumulation}" if self.accumulation > 1 else "")
        return f"{self.base_model} {self.method}, {self.steps} steps of {shape}, {kind} of {self.words} words"


CASES = (
    Case("gpt2-scratch-1m", "scratch", 400, 60, 256, 4),
    Case("gpt2-scratch-1m", "scratch", 500, 20, 128, 4),
    Case("gpt2-scratch-1m", "scratch", 150, 400, 256, 16),
    Case("gpt2-scratch-10m", "scratch", 60, 60, 256, 4),
    Case("gpt2-scratch-10m", "scratch", 25, 300, 512, 8),
    Case("gpt2-scratch-10m", "scratch", 40, 30, 256, 2, 4),
    Case("gpt2-scratch-30m", "scratch", 20, 60, 256, 4),
    Case("gpt2-scratch-30m", "scratch", 10, 300, 512, 4),
    Case(_SMOLLM, "lora", 8, 60, 512, 1),
    Case(_SMOLLM, "lora", 4, 60, 512, 2),
    Case(_SMOLLM, "lora", 8, 30, 256, 1, asked=True),
    Case(_SMOLLM, "full", 5, 60, 512, 1),
    Case(_SMOLLM, "full", 3, 300, 1024, 1),
    Case(_SMOLLM, "full", 4, 20, 256, 2, asked=True),
)


def bench_forecast(folder: Path, *, only: str | None = None, record: Path | None = None, calibrations: Path | None = None) -> int:
    """`only`: cases whose name holds this. `record` keeps what was found as JSON lines; `calibrations` keeps those between calls."""
    folder.mkdir(parents=True, exist_ok=True)
    bases = folder.parent / "base-models"
    bases.mkdir(exist_ok=True)
    times, memories = [], []
    for number, case in enumerate(CASES):
        if only is not None and only not in case.name:
            continue
        place = folder / f"{number}"
        place.mkdir()
        spec = _spec(case, place, bases)
        found = _calibrated(case, bases, calibrations or folder)
        look = _looked(spec)
        run = _run_of(case, spec, look)
        foretold, memory = seconds_of(run, found), memory_bytes_of(run, found)
        seconds, told = _trained(spec, place)
        times.append(foretold.total / seconds - 1)
        memories.append(memory / told["done"]["peak_memory_bytes"] - 1)
        if record is not None:
            _keep(record, case, found, run, foretold, memory, seconds, told)
        print(
            f"{case.name}: time {foretold.total:.1f} s for {seconds:.1f} s ({times[-1]:+.0%}), "
            f"memory {memory / 1e6:.0f} MB for {told['done']['peak_memory_bytes'] / 1e6:.0f} MB ({memories[-1]:+.0%})",
            flush=True,
        )
    time_error, memory_error = (statistics.median(map(abs, found)) for found in (times, memories))
    good = time_error <= TIME_TARGET and memory_error <= MEMORY_TARGET
    print(
        f"{'reached' if good else 'MISSED'}: over {len(times)} runs the median error is {time_error:.1%} of the time "
        f"(target {TIME_TARGET:.0%}) and {memory_error:.1%} of the memory (target {MEMORY_TARGET:.0%})"
    )
    return 0 if good else 1


def _spec(case: Case, folder: Path, bases: Path) -> JobSpec:
    base = CATALOGUE[case.base_model]
    data = _data(case, folder / "data.jsonl")
    asked = Hyperparameters(
        max_steps=case.steps, block_size=case.block_size, batch_size=case.batch_size, gradient_accumulation=case.accumulation
    )
    plan = resolve(
        asked,
        method=case.method,
        base=BaseFacts(base.num_parameters, base.context_length, base.from_scratch, base.chat),
        data=DataFacts(_NUM_EXAMPLES, data.stat().st_size),
    )
    return JobSpec(
        job_id="job-bench",
        run_id="run-bench",
        base_model=case.base_model,
        method=case.method,
        data=[DataFile(path=data, name=data.name, format="jsonl")],
        settings=settings_of(plan),
        base_models_folder=bases,
    )


_NUM_EXAMPLES = 400


def _data(case: Case, file: Path) -> Path:
    words = (prepare.ROOT / "shared/samples/lighthouse-year.txt").read_text(encoding="utf-8").split()
    chance = random.Random(case.name)  # noqa: S311 - the same data each time
    with file.open("w", encoding="utf-8") as rows:
        for _ in range(_NUM_EXAMPLES):
            start, length = chance.randrange(len(words) - 2 * case.words), chance.randint(case.words // 2, 3 * case.words // 2)
            text = words[start : start + length]
            half = length // 2
            row = {"prompt": " ".join(text[:half]), "completion": " ".join(text[half:])} if case.asked else {"text": " ".join(text)}
            rows.write(json.dumps(row) + "\n")
    return file


def _calibrated(case: Case, bases: Path, folder: Path) -> Calibration:
    kept = folder / f"calibration-{case.base_model}-{case.method}.json"
    if not kept.exists():
        if not CATALOGUE[case.base_model].from_scratch:
            from server.tuning.base import ready_folder

            ready_folder(case.base_model, base_models_folder=bases, models_folder=None, report=lambda *_: None)
        spec = CalibrationSpec(base_model=case.base_model, method=case.method, base_models_folder=bases, scratch_folder=folder)
        answer = _program("server.tuning.calibration", folder / "calibration-spec.json", spec.model_dump_json())
        kept.write_text(Calibration.model_validate(answer).model_dump_json(), encoding="utf-8")
    return Calibration.model_validate_json(kept.read_bytes())


def _looked(spec: JobSpec) -> Look:
    asked = LookSpec(base_model=spec.base_model, data=spec.data, settings=spec.settings, base_models_folder=spec.base_models_folder)
    return Look.model_validate(_program("server.tuning.look", spec.data[0].path.with_name("look.json"), asked.model_dump_json()))


def _program(module: str, file: Path, spec: str) -> dict[str, Any]:
    file.write_text(spec, encoding="utf-8")
    command = [sys.executable, "-m", module, "--spec", str(file)]
    done = subprocess.run(command, cwd=prepare.ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{module} failed:\n{done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _run_of(case: Case, spec: JobSpec, look: Look) -> Run:
    base = CATALOGUE[case.base_model]
    facts = BaseFacts(base.num_parameters, base.context_length, base.from_scratch, base.chat)
    size = spec.data[0].path.stat().st_size
    read = amounts(
        spec.settings,
        num_tokens=estimate_tokens(DataFacts(_NUM_EXAMPLES, size), facts),
        num_examples=_NUM_EXAMPLES,
        num_characters=size,
        plain=not case.asked,
        found=look.blocks,
    )
    return Run(base, case.method, spec.settings, read)


def _trained(spec: JobSpec, folder: Path) -> tuple[float, dict[str, Any]]:
    """Seconds of the process, and its events by type: the last of each."""
    (folder / SPEC_FILE).write_text(spec.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-m", "server.tuning.gpt2_tuning", "--spec", str(folder / SPEC_FILE)]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=prepare.ROOT, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    events = [json.loads(line) for line in (folder / EVENTS_FILE).read_text(encoding="utf-8").splitlines()]
    if done.returncode or events[-1]["type"] != "done":
        raise SystemExit(f"The run failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return seconds, {event["type"]: event for event in events} | {"events": events}


def _keep(
    record: Path, case: Case, found: Calibration, run: Run, foretold: Seconds, memory: int, seconds: float, told: dict[str, Any]
) -> None:
    stages = [(event["stage"], event["at"]) for event in told["events"] if event["type"] == "stage"]
    at = [(event["type"], event["at"]) for event in told["events"] if event["type"] in {"spec", "evaluation", "done", "checkpoint"}]
    resident = max((event["memory_bytes"] for event in told["events"] if event["type"] == "progress"), default=0)
    row = {
        "case": case.name,
        "foretold": foretold.__dict__ | {"total": foretold.total, "memory": memory},
        "actual": {
            "seconds": seconds,
            "done_s": told["done"]["seconds"],
            "memory": told["done"]["peak_memory_bytes"],
            "training": resident,
        },
        "tokens_per_s": told["done"]["tokens_per_s"],
        "stages": stages,
        "at": at,
        "batch": run.amounts.batch.__dict__,
        "steps": run.amounts.num_steps,
        "calibration": json.loads(found.model_dump_json()),
    }
    with record.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
