"""Every way in which a run fails: its code, words for a person, exit status 1, and nothing half made left behind."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.tuning import failures
from shared.job_spec import EXIT_FAILED, JobSpec
from tests.tuning.conftest import Run

Train = Callable[..., Run]
WriteSpec = Callable[..., JobSpec]
LORA = {"base_model": "local/tiny-llama", "method": "lora"}


def failure(run: Run) -> Any:
    assert run.status == run.exit.status == EXIT_FAILED
    (failed,) = run.of("failed")
    assert run.events[-1] == failed
    assert failed.message and failed.cause and failed.fix
    assert str(run.folder.parent) not in failed.message + failed.cause + failed.fix
    assert {path.name for path in run.folder.iterdir()} <= {"events.jsonl", "exit.json", "lock", "fence"}
    return failed


def with_data(spec: JobSpec, **changed: Any) -> JobSpec:
    return spec.model_copy(update={"data": [spec.data[0].model_copy(update=changed)]})


def test_data_that_changed_after_the_upload(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    assert failure(train(with_data(write_spec(pairs, **LORA), sha256="0" * 64))).code == "data_changed"


def test_data_that_is_gone(write_spec: WriteSpec, train: Train, pairs: list[Any], tmp_path: Path) -> None:
    assert failure(train(with_data(write_spec(pairs, **LORA), path=tmp_path / "gone.jsonl"))).code == "data_missing"


def test_data_that_cannot_be_read(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    spec = write_spec(pairs, **LORA)
    spec.data[0].path.write_text('{"text": "fine"}\n{"text": ')
    failed = failure(train(spec))
    assert failed.code == "bad_data"
    assert "line 2" in failed.message


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_data_without_examples(content: str, write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    spec = write_spec(pairs, **LORA)
    spec.data[0].path.write_text(content)
    assert failure(train(spec)).code == "no_examples"


@pytest.mark.parametrize("base_model", ["local/nothing-here", "local/../models", "local/", "nonsense"])
def test_a_base_that_is_not_there(base_model: str, write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    assert failure(train(write_spec(pairs, base_model=base_model, method="lora"))).code == "base_unavailable"


def test_a_base_that_cannot_be_fetched(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    run = train(write_spec(pairs, base_model="distilgpt2", method="lora"))
    assert failure(run).code == "base_unavailable"


@pytest.fixture
def damage(models_folder: Path, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """A copy of the tiny Llama with one file changed."""

    def copy(name: str, content: bytes | None) -> dict[str, Any]:
        folder = tmp_path / "models" / "mine"
        shutil.copytree(models_folder / "tiny-llama", folder)
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content)
        return {"base_model": "local/mine", "method": "lora", "models_folder": tmp_path / "models"}

    return copy


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", b"\x00" * 100),
        ("model.safetensors", None),
        ("config.json", b"{"),
        ("config.json", b'{"model_type": "llama"}'),
        ("config.json", b'{"model_type": "t5", "auto_map": {"AutoModel": "evil.Model"}}'),
        ("config.json", None),
        ("tokenizer.json", b"not json"),
        ("modeling_mine.py", b"print('never run')"),
    ],
)
def test_a_base_with_a_damaged_or_forbidden_file(
    name: str, content: bytes | None, damage: Callable[..., dict[str, Any]], write_spec: WriteSpec, train: Train, pairs: list[Any]
) -> None:
    assert failure(train(write_spec(pairs, **damage(name, content)))).code == "base_damaged"


def test_weights_that_are_cut_short(
    damage: Callable[..., dict[str, Any]], models_folder: Path, write_spec: WriteSpec, train: Train, pairs: list[Any]
) -> None:
    whole = (models_folder / "tiny-llama" / "model.safetensors").read_bytes()
    assert failure(train(write_spec(pairs, **damage("model.safetensors", whole[:-1000])))).code == "base_damaged"


@pytest.mark.parametrize("validation_fraction", [0.0, 0.2])
def test_weights_that_are_no_numbers_are_the_bases_fault_and_no_rates(
    validation_fraction: float,
    damage: Callable[..., dict[str, Any]],
    models_folder: Path,
    write_spec: WriteSpec,
    train: Train,
    pairs: list[Any],
) -> None:
    whole = (models_folder / "tiny-llama" / "model.safetensors").read_bytes()
    spoilt = whole[:-4] + b"\x00\x00\xc0\x7f"  # The last weight of the last tensor.
    run = train(write_spec(pairs, **damage("model.safetensors", spoilt), validation_fraction=validation_fraction))
    assert failure(run).code == "base_damaged"


def test_a_loss_that_is_not_a_number_proposes_a_lower_rate(write_spec: WriteSpec, train: Train, texts: list[Any]) -> None:
    spec = write_spec(texts, base_model="local/tiny-gpt2", method="full", learning_rate=1e30, scheduler="constant", warmup_ratio=0.0)
    failed = failure(train(spec))
    assert failed.code == "nan_loss"
    assert "0.0001" in failed.fix
    assert (failed.action.kind, failed.action.hyperparameters) == ("clone", {"learning_rate": 1e-4})


def test_a_loss_that_runs_away_ends_the_run_with_a_lower_rate(write_spec: WriteSpec, train: Train, texts: list[Any]) -> None:
    settings = {"learning_rate": 0.5, "scheduler": "constant", "warmup_ratio": 0.0, "max_grad_norm": 1e9, "max_steps": 200}
    failed = failure(train(write_spec(texts, base_model="gpt2-scratch-1m", method="scratch", **settings)))
    assert failed.code == "diverged"
    assert failed.action.hyperparameters == {"learning_rate": 2e-3}


def test_a_method_that_the_base_does_not_know(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    assert failure(train(write_spec(pairs, base_model="gpt2-scratch-1m", method="lora"))).code == "bad_setting"
    assert failure(train(write_spec(pairs, base_model="local/tiny-gpt2", method="scratch"), "other")).code == "bad_setting"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(28, "No space left on device"), "disk_full"),
        (RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"), "disk_full"),
        (MemoryError(), "out_of_memory"),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp:114] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to"),
            "out_of_memory",
        ),
        (ValueError("anything"), "internal"),
    ],
)
def test_errors_of_the_system_become_failures(error: Exception, code: str) -> None:
    assert failures.failure_of(error).code == code
