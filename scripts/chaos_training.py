"""Trainers for the scenarios: a small run described by hand, real processes for it, and what they left. No server, and nothing is faked.

`Attempts` does what the supervisor does: each start has a new run id and a higher fence, in the same folder.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts import prepare
from scripts.chaos_nursery import ForkedTrainer, Trainer, nursery
from shared.job_spec import (
    ADAPTER_FOLDER,
    CHECKPOINTS_FOLDER,
    EVENTS_FILE,
    EXIT_FILE,
    LAST_FOLDER,
    MODEL_FOLDER,
    OUTPUT_FILE,
    SPEC_FILE,
    DataFile,
    ExitStatus,
    JobSpec,
    RunSettings,
)
from shared.trainer_events import EVENT

PATIENCE_S = 180.0
_SETTINGS = RunSettings(
    epochs=1,
    max_steps=40,
    batch_size=2,
    gradient_accumulation=1,
    block_size=64,
    learning_rate=2e-3,
    scheduler="cosine",
    warmup_ratio=0.05,
    weight_decay=0.1,
    max_grad_norm=1.0,
    lora_r=4,
    lora_alpha=8.0,
    validation_fraction=0.05,
    seed=1,
)
_PARAGRAPHS = 80


def small_spec(folder: Path, *, method: str = "scratch", base_folder: Path | None = None, **changed: Any) -> JobSpec:
    """A run of two seconds on a part of the sample book: from nothing, or going on from the model in `base_folder`. `changed` names
    settings, and fields of the spec."""
    data = folder / "book.jsonl"
    if not data.exists():
        book = (prepare.ROOT / "shared/samples/lighthouse-year.txt").read_text(encoding="utf-8").split("\n\n")
        paragraphs = [text for text in book if text.strip()][:_PARAGRAPHS]
        data.write_text("".join(json.dumps({"text": text}) + "\n" for text in paragraphs), encoding="utf-8")
    own = {name: changed.pop(name) for name in list(changed) if name not in RunSettings.model_fields}
    return JobSpec(
        **{
            "job_id": "job-chaos",
            "run_id": "run-0",
            "base_model": "gpt2-scratch-1m" if base_folder is None else "ft:chaos",
            "base_folder": base_folder,
            "method": method,
            "data": [DataFile(path=data, name=data.name, format="jsonl")],
            "settings": _SETTINGS.model_copy(update=changed),
            "base_models_folder": folder / "base-models",
            "sample_prompts": ["The keeper"],
            "threads": 1,
            **own,
        }
    )


@dataclass
class Attempts:
    """One job's folder and the trainers that worked in it, one after the other."""

    folder: Path
    spec: JobSpec
    fence: int = 0
    trainer: Trainer | None = field(default=None, repr=False)

    def start(self) -> Trainer:
        self.trainer = ForkedTrainer(self._next_spec(), self.folder / OUTPUT_FILE)
        return self.trainer

    def run_alone(self) -> int:
        """To the end, as a program of its own, which tells of each step: what the others are compared with."""
        nursery()
        command = [sys.executable, "-m", "scripts.chaos_nursery", "--spec", str(self._next_spec())]
        environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
        with (self.folder / OUTPUT_FILE).open("ab") as output:
            options = {"cwd": prepare.ROOT, "env": environment, "timeout": PATIENCE_S, "start_new_session": True}
            return subprocess.run(command, stdout=output, stderr=output, check=False, **options).returncode

    def _next_spec(self) -> Path:
        self.fence += 1
        self.folder.mkdir(exist_ok=True)
        spec = self.spec.model_copy(update={"run_id": f"run-{self.fence}", "fence": self.fence})
        (self.folder / SPEC_FILE).write_text(spec.model_dump_json())
        return self.folder / SPEC_FILE

    @property
    def started(self) -> Trainer:
        if self.trainer is None:
            raise ValueError("no trainer was started in this folder")
        return self.trainer

    @property
    def is_alive(self) -> bool:
        return self.started.poll() is None

    def wait(self) -> int:
        return self.started.wait(PATIENCE_S)

    def kill(self) -> None:
        self.started.kill()
        self.wait()

    def wait_for(self, seen: Callable[[Any], bool]) -> Any:
        """The first event of this attempt for which `seen` holds; None when the trainer ends before there is one."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            alive = self.is_alive
            for event in self.events(f"run-{self.fence}"):
                if seen(event):
                    return event
            if not alive:
                return None
            time.sleep(0.005)
        raise TimeoutError(f"the trainer did not get there in {PATIENCE_S:.0f} s")

    def events(self, run_id: str | None = None) -> list[Any]:
        """Of one attempt or of all; a line that was cut short by a kill is skipped, as every reader does."""
        return [event for event in _parsed(self.folder / EVENTS_FILE) if run_id in (None, event.run_id)]

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.events() if event.type == kind]

    @property
    def exit_status(self) -> int | None:
        try:
            left = ExitStatus.model_validate_json((self.folder / EXIT_FILE).read_bytes())
        except (OSError, ValueError):
            return None
        return left.status if left.run_id == f"run-{self.fence}" else None

    @property
    def checkpoint_steps(self) -> list[int]:
        return sorted(int(path.name.removeprefix("step-")) for path in (self.folder / CHECKPOINTS_FOLDER).glob("step-*"))

    def losses(self) -> dict[tuple[str, int], float]:
        """What stands in the end: a resumed attempt takes back whatever was said of later steps."""
        found: dict[tuple[str, int], float] = {}
        for event in self.events():
            if event.type == "resumed":
                found = {key: loss for key, loss in found.items() if key[1] <= event.step}
            if event.type in ("progress", "evaluation"):
                found[event.type, event.step] = event.loss
        return found

    def sums(self) -> dict[str, str]:
        files = [file for name in (MODEL_FOLDER, ADAPTER_FOLDER, LAST_FOLDER) for file in sorted((self.folder / name).glob("*"))]
        return {str(file.relative_to(self.folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def differences(found: Attempts, calm: Attempts) -> list[str]:
    """In what a run is not the calm one. Fast steps are told twice a second, so not every step is in both."""
    theirs, wanted = found.losses(), calm.losses()
    wrong = [f"{kind} {step}" for kind, step in theirs.keys() & wanted.keys() if theirs[kind, step] != wanted[kind, step]]
    sums, expected = found.sums(), calm.sums()
    return wrong + [name for name in sums.keys() | expected.keys() if sums.get(name) != expected.get(name)]


def verdict(good: bool) -> str:
    return "reached" if good else "MISSED"


def _parsed(path: Path) -> Iterator[Any]:
    if path.exists():
        for line in path.read_bytes().splitlines():
            try:
                yield EVENT.validate_json(line)
            except ValueError:
                continue
