"""`scripts/bench verdict`, `evaluation` and `score-task`: how often a verdict is wrong, how long testing takes, and that it sees learning.

The trainings and tests are those of the product: the trainer and the program that tests models, started as the server starts them.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scripts import score_task
from server.tuning.base import ready_folder
from server.tuning.testing.verdict import verdict_on
from shared.evaluation_spec import RESULTS_FILE, EvaluationResults, EvaluationSpec
from shared.grading import metric_of
from shared.job_spec import MODEL_FOLDER, SPEC_FILE, DataFile, JobSpec, RunSettings
from shared.wire import ChrfGrader, ExactGrader, Metric, ScoreGrader, TestItem

ROOT = Path(__file__).resolve().parent.parent
NUM_COMPARISONS = 200
FALSE_TARGET = 0.05
EVALUATION_TARGET_S = 240.0
FALL_TARGET = 0.5
_BASE = "smollm2-135m-instruct"
_SCRATCH = "gpt2-scratch-1m"
_PARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "scores": ("scores", {"kind": "score"}),
    "answers": ("answers of up to 64 tokens", {"kind": "chrf"}),
    "same": ("", {}),
}
_SIZES = (8, 12, 20, 50, 200)
_POOL = 400
_SETTINGS: dict[str, Any] = {
    "epochs": 20,
    "max_steps": 0,
    "batch_size": 4,
    "gradient_accumulation": 1,
    "block_size": 256,
    "learning_rate": 2e-3,
    "scheduler": "cosine",
    "warmup_ratio": 0.05,
    "weight_decay": 0.01,
    "max_grad_norm": 1.0,
    "lora_r": 8,
    "lora_alpha": 16,
    "validation_fraction": 0.0,
    "seed": 7,
}


# --- verdict --------------------------------------------------------------------------------------------------------


def bench_verdict(_: Path) -> int:
    """A against A: both sides are items drawn from the same graded items, so that every verdict but NO CHANGE is false."""
    began = time.perf_counter()
    good = True
    for name, (metric, pool) in _pools().items():
        chance = np.random.default_rng(3)
        rates = {size: _false_rate(metric, pool, size, chance) for size in _SIZES}
        good &= max(rates.values()) <= FALSE_TARGET
        print(f"{name}: false verdicts " + ", ".join(f"{rate:.1%} of {NUM_COMPARISONS} with {size} items" for size, rate in rates.items()))
    seconds = time.perf_counter() - began
    print(
        f"{_told(good)}: in no row more than {FALSE_TARGET:.0%} of the comparisons of a model with itself say otherwise ({seconds:.0f} s)"
    )
    return 0 if good else 1


def _pools() -> dict[str, tuple[Metric, np.ndarray]]:
    """Graded items as they come: yes and no, similarities, distances from a score, and losses with a long tail."""
    chance = np.random.default_rng(11)
    exact, chrf, score = metric_of(ExactGrader()), metric_of(ChrfGrader()), metric_of(ScoreGrader())
    return {
        "accuracy, half right": (exact, (chance.random(_POOL) < 0.5).astype(float)),
        "accuracy, nearly all right": (exact, (chance.random(_POOL) < 0.9).astype(float)),
        "similarity": (chrf, chance.beta(2, 5, _POOL)),
        "distance from a score": (score, np.abs(chance.normal(0, 2, _POOL))),
        "distance in whole points": (score, np.abs(chance.normal(0, 2, _POOL)).round()),
        "loss, a few very large": (metric_of(ChrfGrader(), "expected_loss"), chance.lognormal(0, 1.2, _POOL)),
    }


def _false_rate(metric: Metric, pool: np.ndarray, size: int, chance: np.random.Generator) -> float:
    found = [
        verdict_on(metric, chance.choice(pool, size).tolist(), chance.choice(pool, size).tolist(), num_resamples=4000).verdict
        for _ in range(NUM_COMPARISONS)
    ]
    return sum(verdict != "no_change" for verdict in found) / len(found)


# --- evaluation -----------------------------------------------------------------------------------------------------


def bench_evaluation(data: Path, only: str | None = None) -> int:
    """200 items on SmolLM2 and on a model tuned from it, by score and in words: seconds of the whole program, for both models together.
    `only`: one of `_PARTS`."""
    data.mkdir()
    entries = score_task.entries(seed=1, count=400)
    learned, asked = entries[200:], entries[:200]
    training = score_task.write_training(learned, data / "training.jsonl")
    tuned = _trained(data / "run", training, data, base=_BASE, method="lora", max_steps=12)
    items = {"scores": score_task.write_items(asked, data / "scored.jsonl"), "answers": _worded(asked, data / "worded.jsonl")}
    good = True
    for part, (name, grader) in _PARTS.items():
        if part == "same" or only not in {None, part}:
            continue
        cpu_s = _cpu_s()
        models = [
            {"id": "base", "source": {"kind": "base", "id": _BASE}},
            {"id": "tuned", "source": {"kind": "folder", "path": str(tuned)}},
        ]
        found, seconds = _tested(data / f"test-{part}", data, models=models, items=items[part], grader=grader, training=training)
        good &= seconds < EVALUATION_TARGET_S and all(model.num_graded == 200 for model in found.models)
        each = ", ".join(f"{model.model} {model.seconds:.0f} s" for model in found.models) + f"; {_cpu_s() - cpu_s:.0f} s of processors"
        print(
            f"200 items, {name}: {seconds:.0f} s for both models ({each}); {_summary(found)}",
            flush=True,
        )
    if only in {None, "same"}:
        good &= _side_by_side(data, items["answers"])
    print(f"{_told(good)}: 200 items on a 135M base and its tuned model in under {EVALUATION_TARGET_S:.0f} s")
    return 0 if good else 1


def _worded(asked: Sequence[score_task.Entry], file: Path) -> Path:
    """Questions that are answered at length, so that a test of them cannot end early."""
    rows = (
        {"id": f"item-{i}", "prompt": f"Say in two sentences what this log entry records.\n\n{entry.text}", "expected": entry.text}
        for i, entry in enumerate(asked)
    )
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def _side_by_side(data: Path, items: Path) -> bool:
    """Sixteen answers of the base, one at a time and together: the same texts, and how much faster."""
    from server.tuning.generate import Sampling, generate
    from server.tuning.model_folder import end_ids, load_model
    from server.tuning.process import set_up_torch
    from server.tuning.testing.questions import Asker
    from server.tuning.testing.reading import Question, read
    from server.tuning.tokens import load_tokenizer

    set_up_torch(None)
    folder = data / "base-models" / _BASE
    model, tokenizer, ends = load_model(folder), load_tokenizer(folder), end_ids(folder)
    asker = Asker(tokenizer, model.shape.context_length, ChrfGrader(), "chat", 64)
    asked = [asker.asked(TestItem.model_validate_json(line)).question for line in items.read_bytes().splitlines()[:16]]
    questions = [Question(question.ids, []) for question in asked if question is not None]
    began = time.perf_counter()
    alone = [generate(model, tokenizer, question.ids, sampling=Sampling(max_tokens=64), end_ids=ends).token_ids for question in questions]
    alone_s, began = time.perf_counter() - began, time.perf_counter()
    together = [reading.answer for reading in read(model, questions, max_tokens=64, end_ids=ends)]
    together_s = time.perf_counter() - began
    same = sum(one == other for one, other in zip(alone, together, strict=True))
    faster = f"{alone_s / together_s:.1f} times as fast"
    print(f"16 answers one at a time {alone_s:.1f} s, together {together_s:.1f} s: {faster}; {same} of 16 are the same")
    return same == len(questions)


# --- score-task -----------------------------------------------------------------------------------------------------


def bench_score_task(data: Path) -> int:
    """The task whose right answers are known: a training must show as IMPROVED, and one with a learning rate of zero as NO CHANGE."""
    data.mkdir()
    entries = score_task.entries()
    asked, learned = entries[: score_task.NUM_HELD_OUT], entries[score_task.NUM_HELD_OUT :]
    training = score_task.write_training(learned, data / "training.jsonl")
    items = score_task.write_items(asked, data / "items.jsonl")
    verdicts = {}
    for name, changed in {"as it is": {}, "with a learning rate of zero": {"learning_rate": 0.0, "epochs": 1}}.items():
        began = time.perf_counter()
        tuned = _trained(data / f"run-{len(verdicts)}", training, data, base=_SCRATCH, method="scratch", **changed)
        trained_s = time.perf_counter() - began
        models = [
            {"id": "base", "source": {"kind": "untrained", "path": str(tuned), "seed": _SETTINGS["seed"]}},
            {"id": "tuned", "source": {"kind": "folder", "path": str(tuned)}},
        ]
        place = data / f"test-{len(verdicts)}"
        found, seconds = _tested(place, data, models=models, items=items, grader={"kind": "score"}, training=training)
        verdicts[name] = found.comparisons[0].verdict
        print(f"{_SCRATCH} trained {name} in {trained_s:.0f} s, tested in {seconds:.0f} s: {_summary(found)}", flush=True)
    real, none = verdicts.values()
    fall = 1 - (real.tuned or 0) / (real.base or 1)
    good = real.verdict == "improved" and none.verdict == "no_change" and fall >= FALL_TARGET
    print(f"{_told(good)}: the mean absolute score error fell by {fall:.0%} (target {FALL_TARGET:.0%}), and by nothing without learning")
    return 0 if good else 1


# --- shared by both -------------------------------------------------------------------------------------------------


def _trained(folder: Path, training: Path, data: Path, *, base: str, method: str, **changed: Any) -> Path:
    """The tuned model's folder."""
    spec = JobSpec(
        job_id="bench",
        run_id="bench",
        base_model=base,
        method=method,  # type: ignore[arg-type]
        data=[DataFile(path=training, name=training.name, format="jsonl")],
        settings=RunSettings(**{**_SETTINGS, **changed}),
        base_models_folder=data / "base-models",
    )
    _run("server.tuning.gpt2_tuning", folder, spec)
    return folder / MODEL_FOLDER


def _tested(
    folder: Path, data: Path, *, models: list[dict[str, Any]], items: Path, grader: dict[str, Any], training: Path
) -> tuple[EvaluationResults, float]:
    if any(model["source"].get("id") == _BASE for model in models):
        ready_folder(_BASE, base_models_folder=data / "base-models", models_folder=None, report=lambda _message, _fraction: None)
    asked = {"models": models, "items": items, "grader": grader, "max_tokens": 64, "base_models_folder": data / "base-models"}
    learned = [DataFile(path=training, name=training.name, format="jsonl")]
    spec = EvaluationSpec.model_validate({"evaluation_id": "bench", "run_id": "bench", "training_data": learned, **asked})
    began = time.perf_counter()
    _run("server.tuning.evaluation", folder, spec)
    return EvaluationResults.model_validate_json((folder / RESULTS_FILE).read_bytes()), time.perf_counter() - began


def _run(program: str, folder: Path, spec: JobSpec | EvaluationSpec) -> None:
    folder.mkdir()
    (folder / SPEC_FILE).write_text(spec.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-m", program, "--spec", str(folder / SPEC_FILE)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{program} ended with {done.returncode}:\n{done.stdout[-1500:]}{done.stderr[-1500:]}")


def _cpu_s() -> float:
    """Of all programs that were run and have ended: what a busy machine does not change."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _summary(found: EvaluationResults) -> str:
    verdict = found.comparisons[0].verdict
    figures = f"{verdict.metric.words} {verdict.base:.3f} -> {verdict.tuned:.3f}"
    return f"{verdict.verdict.upper()}, {figures}, interval {verdict.interval.low:.3f} to {verdict.interval.high:.3f}"


def _told(good: bool) -> str:
    return "reached" if good else "MISSED"
