"""`scripts/bench look`: what a model would see of 20 MB, 100 MB and 1 GB of JSON Lines: how long the look takes, and in how much memory."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shared.job_spec import DataFile, RunSettings
from shared.look_spec import LookSpec
from shared.wire import Look

ROOT = Path(__file__).resolve().parent.parent
SECONDS_TARGET = 120.0
MEMORY_TARGET_MB = 500
_BASE = "smollm2-135m-instruct"
_MEGABYTES = (20, 100, 1000)
_SETTINGS = RunSettings(
    epochs=1,
    max_steps=0,
    batch_size=4,
    gradient_accumulation=1,
    block_size=512,
    learning_rate=1e-3,
    scheduler="cosine",
    warmup_ratio=0.1,
    weight_decay=0,
    max_grad_norm=1,
    lora_r=8,
    lora_alpha=16,
    validation_fraction=0.1,
    seed=1,
)


def bench_look(_: Path) -> int:
    with tempfile.TemporaryDirectory(prefix="llm-tuner-bench-") as folder:
        good = [_look(Path(folder), megabytes) for megabytes in _MEGABYTES]
    return 0 if all(good) else 1


def _look(folder: Path, megabytes: int) -> bool:
    data = folder / "data.jsonl"
    num_examples, num_characters = _write(data, megabytes * 1_000_000)
    spec = LookSpec(
        base_model=_BASE,
        data=[DataFile(path=data, name="data.jsonl", format="jsonl")],
        settings=_SETTINGS,
        num_examples=num_examples,
        num_characters=num_characters,
        base_models_folder=folder / "bases",
    )
    (folder / "look.json").write_text(spec.model_dump_json(), encoding="utf-8")
    started = time.monotonic()
    with (folder / "answer.json").open("wb") as answer:
        child = subprocess.Popen([sys.executable, "-m", "server.tuning.look", "--spec", str(folder / "look.json")], cwd=ROOT, stdout=answer)
        _, status, used = os.wait4(child.pid, 0)
    seconds, peak_mb = time.monotonic() - started, used.ru_maxrss / 1e3
    seen = Look.model_validate_json((folder / "answer.json").read_bytes())
    good = status == 0 and seen.num_examples == num_examples and seconds < SECONDS_TARGET and peak_mb < MEMORY_TARGET_MB
    counted = f"{seen.sample.num_examples:,} of them tokenised" if seen.sample else "all tokenised"
    print(
        f"{'reached' if good else 'MISSED'}: {megabytes:,} MB, {num_examples:,} examples, {counted}, looked at in {seconds:.0f} s "
        f"(target {SECONDS_TARGET:.0f} s) and {peak_mb:.0f} MB (target {MEMORY_TARGET_MB} MB)",
        flush=True,
    )
    return good


def _write(path: Path, size: int) -> tuple[int, int]:
    """Questions and answers of invented words, common ones often, as in a language. How many examples and characters they are."""
    chance = random.Random(3)
    words = ["".join(chance.choices("etaoinshrdlucmfwypvbgk", k=chance.randint(2, 11))) for _ in range(30_000)]
    text = chance.choices(words, [1 / (rank + 1) for rank in range(len(words))], k=2_000_000)
    num_examples = num_characters = written = 0
    with path.open("wb") as file:
        while written < size:
            asked, said = (" ".join(text[begin : begin + chance.randint(5, most)]) for begin, most in _places(chance))
            num_characters += len(asked) + len(said)
            num_examples += 1
            written += file.write(json.dumps({"prompt": asked, "completion": said}).encode() + b"\n")
    return num_examples, num_characters


def _places(chance: random.Random) -> list[tuple[int, int]]:
    return [(chance.randrange(1_900_000), most) for most in (25, 120)]
