"""`scripts/bench checkpoint`: how long a training stands still for a save, and what its saves cost it, as the trainer's own events tell it.

python -m scripts.bench_checkpoint --spec FILE      the trainer, which saves more often than it would, to be seen doing it
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from scripts import prepare
from scripts.bench_poll import say
from scripts.chaos_training import small_spec
from shared.base_models import CATALOGUE
from shared.job_spec import EVENTS_FILE, SPEC_FILE
from shared.trainer_events import EVENT

_LOST_TARGET = 0.05
_EVERY_S = 30.0
"""What an installation asks for (`LLM_TUNER_CHECKPOINT_EVERY_S`)."""
_EVERY_HERE_S, _SHARE_HERE = 15.0, 0.2
_FEWEST_S = 60.0


@dataclass(frozen=True)
class _Run:
    base_model: str
    method: str
    block_size: int
    stall_target_s: float


_RUNS = (
    _Run("smollm2-135m-instruct", "full", 512, 1.0),
    _Run("smollm2-135m-instruct", "lora", 512, 0.05),
    _Run("gpt2-scratch-10m", "scratch", 256, 0.3),
)


def bench_checkpoint(folder: Path, seconds: float) -> int:
    """`seconds` of each training."""
    results = []
    for run in _RUNS:
        if run.base_model not in CATALOGUE:
            raise SystemExit(f"There is no base model {run.base_model} any more.")
        place = folder / f"{run.base_model}-{run.method}"
        results.append(_measured(run, list(_events_of(run, place, folder, max(seconds, _FEWEST_S)))))
    return 0 if all(results) else 1


def _events_of(run: _Run, place: Path, bases: Path, seconds: float) -> Iterator[Any]:
    place.mkdir()
    settings = {"max_steps": 1_000_000, "batch_size": 2, "block_size": run.block_size, "lora_r": 16, "validation_fraction": 0.0}
    spec = small_spec(place, base_model=run.base_model, method=run.method, threads=None, checkpoint_every_s=_EVERY_HERE_S, **settings)
    spec = spec.model_copy(update={"base_models_folder": bases / "base-models"})
    (place / SPEC_FILE).write_text(spec.model_dump_json())
    command = [sys.executable, "-m", "scripts.bench_checkpoint", "--spec", str(place / SPEC_FILE)]
    trainer = subprocess.Popen(command, cwd=prepare.ROOT, stdout=subprocess.DEVNULL)
    try:
        trainer.wait(seconds)
        raise SystemExit(f"The training of {run.base_model} ended by itself.")
    except subprocess.TimeoutExpired:
        trainer.kill()
        trainer.wait()
    for line in (place / EVENTS_FILE).read_bytes().splitlines():
        yield EVENT.validate_python(json.loads(line))


def _measured(run: _Run, told: list[Any]) -> bool:
    saves = [event for event in told if event.type == "checkpoint"]
    name = f"{run.base_model}, {run.method}"
    if len(saves) < 2:
        return say(False, f"{name}: only {len(saves)} saves; give it more --seconds")
    try:
        lost_s = _lost_s([event for event in told if event.type == "progress"], [_span(save) for save in saves])
    except statistics.StatisticsError:
        return say(False, f"{name}: no step without a save beside it; a machine as busy as this measures nothing")
    between_s = max(_EVERY_S, lost_s / _true_share())
    share = lost_s / between_s
    stall_s = max(save.stall_s for save in saves)
    return say(
        stall_s < run.stall_target_s and share < _LOST_TARGET,
        f"{name}: {len(saves)} checkpoints of {saves[-1].size_bytes / 1e6:.0f} MB, the longest on the disk after "
        f"{max(save.seconds for save in saves):.2f} s; the training stood still for {stall_s:.3f} s at most, "
        f"{statistics.median(save.stall_s for save in saves):.3f} s in the median (target {run.stall_target_s} s), and lost "
        f"{lost_s:.2f} s to a save: {share:.1%} of its time at one every {between_s:.0f} s (target {_LOST_TARGET:.0%})",
    )


def _true_share() -> float:
    from server.tuning.keeper import LARGEST_SHARE

    return LARGEST_SHARE


def _lost_s(progress: list[Any], saves: list[tuple[float, float]]) -> float:
    """A save's share of what the stretches of training beside saves took longer than the others, standing still included."""
    calm, beside = [], []
    for earlier, later in zip(progress[1:], progress[2:], strict=False):  # The first step of a process is slower than those that follow.
        begun, ended = _seconds_at(earlier.at), _seconds_at(later.at)
        met = any(begun < over and saving < ended for saving, over in saves)
        (beside if met else calm).append((later.step - earlier.step, ended - begun))
    usual_s = statistics.median(seconds / steps for steps, seconds in calm)
    return max(0.0, sum(seconds - steps * usual_s for steps, seconds in beside) / len(saves))


def _span(save: Any) -> tuple[float, float]:
    """It is told of at the border of a step, which may come later than its end."""
    return _seconds_at(save.at) - save.seconds, _seconds_at(save.at)


def _seconds_at(at: datetime) -> float:
    return at.timestamp()


if __name__ == "__main__":
    from server.tuning import keeper
    from server.tuning.gpt2_tuning import main

    keeper.LARGEST_SHARE = _SHARE_HERE
    sys.exit(main(sys.argv[1:]))
