"""`scripts/bench auto`: what the automatic settings reach on six small tasks, against the defaults of Hugging Face's Trainer.

The peer's settings are the documented defaults of `TrainingArguments`: all weights, AdamW (0.9, 0.999) without decay, 5e-5 falling in a
line to nothing without warm-up, three epochs, eight examples a step, gradients clipped at 1. They run here on the product's own model
code, which has been shown to give the Trainer's losses to 1e-4, with the same tokens and the same loss mask. So both sides differ in their
settings alone, and the peer is given a faster engine than its own: its time is the harder measure. What is held out is seen by neither.
"""

import json
import math
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from scripts import prepare
from scripts.auto_tasks import Task, all_tasks

BASE = "smollm2-135m-instruct"
_BETTER, _WORST, _MOST_TIME = 5, 0.02, 2.0

_PEER = """
import json, sys
from pathlib import Path
import numpy as np
import torch
from server.tuning.base import ready_folder
from server.tuning.data import examples_of, tokenize
from server.tuning.flat import FlatParameters
from server.tuning.loss import head_loss
from server.tuning.model_folder import load_model, save_model
from server.tuning.packing import Blocks
from server.tuning.process import set_up_torch
from server.tuning.tokens import load_tokenizer
from shared.job_spec import DataFile
data, bases, out = map(Path, sys.argv[1:])
set_up_torch(None)
folder = ready_folder("smollm2-135m-instruct", base_models_folder=bases, models_folder=None, report=lambda *_: None)
tokenizer, model = load_tokenizer(folder), load_model(folder)
corpus = tokenize(examples_of([DataFile(path=data, name=data.name, format="jsonl")]), tokenizer)
weights = FlatParameters(model.parameters())
flat = torch.nn.Parameter(weights.data)
flat.grad = weights.grad
steps = 3 * -(-corpus.num_examples // 8)
optimizer = torch.optim.AdamW([flat], lr=5e-5, betas=(0.9, 0.999), weight_decay=0.0)
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, 1 - step / steps))
for epoch in range(3):
    order = np.random.default_rng((42, epoch)).permutation(corpus.num_examples)
    for start in range(0, len(order), 8):
        blocks = Blocks(corpus, np.sort(order[start : start + 8]), block_size=2048, seed=0)
        batch = blocks.batch(list(range(len(blocks))))
        hidden = model.hidden(batch.ids, batch.spans)[batch.rows]
        head_loss(hidden, model.head_weight, batch.targets, 1 / batch.num_trained).backward()
        torch.nn.utils.clip_grad_norm_([flat], 1.0)
        optimizer.step()
        schedule.step()
        weights.grad.zero_()
out.mkdir()
save_model(model, out, bos_id=None, end_ids=[0], pad_id=None)
tokenizer.save(out, context_length=2048, template_source=tokenizer.template_source)
"""

_JUDGE = """
import json, sys
from pathlib import Path
import numpy as np
from server.tuning.data import examples_of, tokenize
from server.tuning.evaluate import evaluation_batches, mean_loss
from server.tuning.model_folder import load_model
from server.tuning.packing import Blocks
from server.tuning.process import set_up_torch
from server.tuning.tokens import load_tokenizer
from shared.job_spec import DataFile
set_up_torch(None)
data = Path(sys.argv[1])
for folder in map(Path, sys.argv[2:]):
    corpus = tokenize(examples_of([DataFile(path=data, name=data.name, format="jsonl")]), load_tokenizer(folder))
    blocks = Blocks(corpus, np.arange(corpus.num_examples), block_size=512, seed=0)
    print(mean_loss(load_model(folder), evaluation_batches(blocks, 1_000_000)))
"""


@dataclass(frozen=True)
class _Side:
    loss: float
    seconds: float


def bench_auto(folder: Path, *, only: str | None = None, ours_alone: bool = False, flags: list[str] | None = None) -> int:
    """`only`: one task; `ours_alone` leaves the peer out, for trying settings (`flags` for the trainer) quickly."""
    folder.mkdir(parents=True, exist_ok=True)
    bases = folder.parent / "base-models"
    bases.mkdir(exist_ok=True)
    results = []
    for task in all_tasks():
        if only is not None and task.name != only:
            continue
        ours, theirs = _compared(task, folder / task.name, bases, ours_alone=ours_alone, flags=flags or [])
        if theirs is None:
            print(f"{task.name}: auto {ours.loss:.4f} in {ours.seconds:.0f} s", flush=True)
            continue
        better, ratio = 1 - ours.loss / theirs.loss, ours.seconds / theirs.seconds
        results.append((better, ratio))
        print(
            f"{task.name}: held-out loss auto {ours.loss:.4f} in {ours.seconds:.0f} s, defaults {theirs.loss:.4f} in "
            f"{theirs.seconds:.0f} s: {abs(better):.1%} {'better' if better > 0 else 'worse'}, {ratio:.2f} times the time",
            flush=True,
        )
    if not results:
        return 0
    num_better = sum(better > 0 for better, _ in results)
    worst, longest = min(better for better, _ in results), max(ratio for _, ratio in results)
    good = num_better >= math.ceil(_BETTER / 6 * len(results)) and worst >= -_WORST and longest <= _MOST_TIME
    print(
        f"{'reached' if good else 'MISSED'}: better on {num_better} of {len(results)} (target {_BETTER} of 6), "
        f"at worst {max(0.0, -worst):.1%} worse (target {_WORST:.0%}), at most {longest:.2f} times the time (target {_MOST_TIME})"
    )
    return 0 if good else 1


def _compared(task: Task, folder: Path, bases: Path, *, ours_alone: bool, flags: list[str]) -> tuple[_Side, _Side | None]:
    folder.mkdir()
    trained, held_out = _written(folder / "trained.jsonl", task.trained), _written(folder / "held-out.jsonl", task.held_out)
    trainer = ["-m", "server.tuning.gpt2_tuning", "--data", str(trained), "--base-model", BASE, "--out", str(folder / "ours")]
    ours_s = _timed([*trainer, "--base-models-folder", str(bases), *flags])
    models = [folder / "ours" / "model"]
    theirs_s = None
    if not ours_alone:
        theirs_s = _timed(["-c", _PEER, str(trained), str(bases), str(folder / "theirs")])
        models.append(folder / "theirs")
    losses = [float(line) for line in _run(["-c", _JUDGE, str(held_out), *map(str, models)]).split()]
    return _Side(losses[0], ours_s), None if theirs_s is None else _Side(losses[1], theirs_s)


def _written(file: Path, rows: list[dict[str, str]]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def _timed(arguments: list[str]) -> float:
    began = time.perf_counter()
    _run(arguments)
    return time.perf_counter() - began


def _run(arguments: list[str]) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=prepare.ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"One side of the comparison failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout
