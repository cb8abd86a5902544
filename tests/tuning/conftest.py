"""Tiny models with random weights in the operator's folder, and a trainer that runs a spec in this process and hands back what it left."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from server.tuning.gpt2_tuning import run
from server.tuning.model import CausalModel
from server.tuning.model_folder import build, save_model
from server.tuning.model_shape import ModelShape
from server.tuning.tokenizer_training import train_tokenizer
from shared.job_spec import EVENTS_FILE, EXIT_FILE, DataFile, ExitStatus, JobSpec, RunSettings
from shared.trainer_events import EVENT

os.environ["HF_HUB_OFFLINE"] = "1"

PROSE = "The lighthouse keeper counts the ships. Every evening the lamp turns, and every morning the keeper writes down what passed. "
TEMPLATE = (
    "{% for message in messages %}{{ '[' + message['role'] + '] ' + message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '[assistant] ' }}{% endif %}"
)
SHAPES = {
    "llama": ModelShape("llama", 0, 32, 48, 2, 4, 2, 8, 256, 1e-5, 10_000.0, tied=True),
    "gpt2": ModelShape("gpt2", 0, 32, 128, 2, 4, 4, 8, 256, 1e-5, 0.0, tied=True),
}


@pytest.fixture(autouse=True)
def torch_as_it_was() -> Iterator[None]:
    """A trainer in this process makes its thread take the smallest numbers for 0, and other tests need them."""
    yield
    torch.set_flush_denormal(False)


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The operator's folder with `tiny-llama` (which has a chat template) and `tiny-gpt2` (which has none)."""
    folder = tmp_path_factory.mktemp("models")
    tokenizer = train_tokenizer([PROSE * 3, "[user] [assistant] question answer"], 320)
    for family, shape in SHAPES.items():
        place = folder / f"tiny-{family}"
        place.mkdir()
        model = noisy(build(ModelShape(**{**shape.__dict__, "vocabulary_size": tokenizer.vocabulary_size})))
        save_model(model, place, bos_id=tokenizer.eos_id, end_ids=[tokenizer.eos_id], pad_id=tokenizer.eos_id)
        tokenizer.save(place, context_length=shape.context_length, template_source=TEMPLATE if family == "llama" else None)
    return folder


def noisy(model: CausalModel, seed: int = 5) -> CausalModel:
    """Weights large enough that attention and every branch matter."""
    noise = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter.data, mean=1.0 if parameter.dim() == 1 else 0.0, std=0.2, generator=noise)
    return model


@dataclass
class Run:
    """What a run left behind."""

    status: int
    folder: Path

    @property
    def events(self) -> list[Any]:
        return [EVENT.validate_json(line) for line in (self.folder / EVENTS_FILE).read_bytes().splitlines()]

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.type == kind]

    @property
    def exit(self) -> ExitStatus:
        return ExitStatus.model_validate_json((self.folder / EXIT_FILE).read_bytes())


SETTINGS = RunSettings(
    epochs=2,
    max_steps=0,
    batch_size=2,
    gradient_accumulation=1,
    block_size=64,
    learning_rate=5e-3,
    scheduler="cosine",
    warmup_ratio=0.05,
    weight_decay=0.01,
    max_grad_norm=1.0,
    lora_r=4,
    lora_alpha=8.0,
    validation_fraction=0.2,
    seed=7,
)


@pytest.fixture
def write_spec(tmp_path: Path, models_folder: Path) -> Callable[..., JobSpec]:
    """A spec for rows of JSON, with settings changed by name."""

    def make(rows: list[dict[str, Any]], *, base_model: str, method: str, **changed: Any) -> JobSpec:
        data = tmp_path / "data.jsonl"
        data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        own = {name: changed.pop(name) for name in list(changed) if name not in RunSettings.model_fields}
        return JobSpec(
            **{
                "job_id": "job-1",
                "run_id": "run-1",
                "base_model": base_model,
                "method": method,
                "data": [DataFile(path=data, name="data.jsonl", format="jsonl")],
                "settings": SETTINGS.model_copy(update=changed),
                "base_models_folder": tmp_path / "base-models",
                "models_folder": models_folder,
                "threads": 1,  # Models this small only lose by sharing work between cores, and on a busy machine a lot.
                **own,
            }
        )

    return make


@pytest.fixture
def train(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Runs a spec here, in a folder of its own or one that an earlier attempt left. The trainer listens to signals, so pytest's handlers
    are put back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def start(spec: JobSpec, name: str = "run") -> Run:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return Run(run(spec, folder), folder)

    yield start
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def pairs() -> list[dict[str, str]]:
    """Questions with one right answer each, easy to learn by heart."""
    things = ["lamp", "keeper", "ship", "morning", "evening", "tower", "stair", "storm", "gull", "rope"]
    return [{"prompt": f"What about the {thing}?", "completion": f"The {thing} is number {i}."} for i, thing in enumerate(things * 3)]


@pytest.fixture
def texts() -> list[dict[str, str]]:
    return [{"text": f"{PROSE}Night {i} was calm, and the log has {i} ships in it."} for i in range(40)]
