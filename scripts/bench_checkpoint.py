"""`scripts/bench checkpoint`: what saving costs a training at the usual interval, as the trainer's own events tell it."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from scripts import prepare
from scripts.bench_poll import say
from scripts.chaos_training import small_spec
from shared.base_models import CATALOGUE
from shared.job_spec import EVENTS_FILE, SPEC_FILE

_TARGET = 0.05
_RUNS = (("gpt2-scratch-10m", "scratch", 256), ("smollm2-135m-instruct", "lora", 512))
_LONG_ENOUGH_S = 60.0


def bench_checkpoint(folder: Path, seconds: float) -> int:
    """`seconds` of each training; shorter ones than a minute hardly hold a save."""
    results = []
    for base_model, method, block_size in _RUNS:
        if base_model not in CATALOGUE:
            raise SystemExit(f"There is no base model {base_model} any more.")
        results.append(_share(folder / base_model, base_model, method, block_size, max(seconds, _LONG_ENOUGH_S)))
    return 0 if all(results) else 1


def _share(folder: Path, base_model: str, method: str, block_size: int, seconds: float) -> bool:
    """From the first step to the last whole stretch of training and saving, so that no save's training is left out."""
    folder.mkdir()
    settings = {"max_steps": 1_000_000, "batch_size": 2, "block_size": block_size, "lora_r": 16, "lora_alpha": 32.0}
    spec = small_spec(folder, base_model=base_model, method=method, threads=None, **settings)
    (folder / SPEC_FILE).write_text(spec.model_dump_json())
    command = [sys.executable, "-m", "server.tuning.gpt2_tuning", "--spec", str(folder / SPEC_FILE)]
    trainer = subprocess.Popen(command, cwd=prepare.ROOT, stdout=subprocess.DEVNULL)
    try:
        trainer.wait(seconds)
        raise SystemExit(f"The training of {base_model} ended by itself.")
    except subprocess.TimeoutExpired:
        trainer.kill()
        trainer.wait()
    told = [json.loads(line) for line in (folder / EVENTS_FILE).read_bytes().splitlines()]
    saves = [event for event in told if event["type"] == "checkpoint"]
    if len(saves) < 2:
        return say(False, f"{base_model}, {method}: only {len(saves)} saves in {seconds:.0f} s; give it more --seconds")
    between = [_seconds_at(later["at"]) - _seconds_at(earlier["at"]) for earlier, later in zip(saves, saves[1:], strict=False)]
    share = sum(save["seconds"] for save in saves[1:]) / sum(between)
    longest = max(save["seconds"] for save in saves)
    return say(
        share < _TARGET,
        f"{base_model}, {method}: {len(saves)} checkpoints of {saves[-1]['size_bytes'] / 1e6:.0f} MB, at most {longest:.2f} s each, every "
        f"{sum(between) / len(between):.0f} s: {share:.1%} of the training's time (target {_TARGET:.0%})",
    )


def _seconds_at(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
