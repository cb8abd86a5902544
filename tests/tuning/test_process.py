"""The trainer as a process: stopped by a signal, out of disk space, started by hand."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.job_spec import EXIT_CANCELLED, EXIT_FAILED, JobSpec
from tests.tuning.conftest import Run

ROOT = Path(__file__).resolve().parents[2]
WriteSpec = Callable[..., JobSpec]


def start(spec: JobSpec, folder: Path, **options: Any) -> "subprocess.Popen[str]":
    folder.mkdir()
    (folder / "spec.json").write_text(spec.model_dump_json())
    command = [sys.executable, "-m", "server.tuning.gpt2_tuning", "--spec", str(folder / "spec.json")]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, **options)


@pytest.mark.parametrize("after", ["Training: ", "Step "])
def test_sigterm_stops_it_within_two_seconds_and_leaves_no_model(
    after: str, write_spec: WriteSpec, texts: list[Any], tmp_path: Path
) -> None:
    spec = write_spec(texts, base_model="gpt2-scratch-1m", method="scratch", max_steps=100_000, batch_size=8)
    process = start(spec, tmp_path / "run")
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(after):
            break
    process.send_signal(signal.SIGTERM)
    asked = time.monotonic()
    process.communicate(timeout=30)
    run = Run(process.returncode, tmp_path / "run")
    assert time.monotonic() - asked < 5  # Two seconds, and some for a busy machine.
    assert run.status == run.exit.status == EXIT_CANCELLED
    assert run.events[-1].type == "cancelled"
    kept = {"spec.json", "events.jsonl", "exit.json", "lock", "fence", "checkpoints"}
    assert {path.name for path in run.folder.iterdir()} <= kept


def test_a_full_disk_is_a_failure_with_its_own_code(write_spec: WriteSpec, pairs: list[Any], tmp_path: Path) -> None:
    """The process may not write files of more than 40 KB, which its model is."""

    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    spec = write_spec(pairs, base_model="local/tiny-gpt2", method="full", max_steps=1)
    process = start(spec, tmp_path / "run", preexec_fn=small_files_only)
    process.communicate(timeout=60)
    run = Run(process.returncode, tmp_path / "run")
    assert run.status == run.exit.status == EXIT_FAILED
    assert [event.code for event in run.of("failed")] == ["disk_full"]
    assert not (run.folder / "model").exists()


def test_it_runs_by_hand_from_any_folder(texts: list[Any], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("\n\n".join(row["text"] for row in texts * 3))
    flags = ["--data", "notes.txt", "--base-model", "gpt2-scratch-1m", "--out", "out", "--max-steps", "2", "--learning-rate", "0.001"]
    command = [sys.executable, str(ROOT / "server" / "tuning" / "gpt2_tuning.py"), *flags]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "learning_rate=0.001" in done.stdout
    assert (tmp_path / "out" / "model" / "model.safetensors").exists()
    spec = json.loads((tmp_path / "out" / "spec.json").read_text())
    assert (spec["method"], spec["settings"]["max_steps"]) == ("scratch", 2)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--base-model", "gpt2-scratch-1m", "--out", "out"], "--data"),
        (["--data", "notes.txt", "--base-model", "nonsense", "--out", "out"], "nonsense"),
        (["--data", "gone.txt", "--base-model", "gpt2-scratch-1m", "--out", "out"], "gone.txt"),
        (["--data", "notes.txt", "--base-model", "gpt2-scratch-1m", "--out", "out", "--batch-size", "0"], "--batch-size"),
        (["--data", "notes.txt", "--base-model", "gpt2-scratch-1m", "--out", "out", "--learning-rate", "nan"], "--learning-rate"),
    ],
)
def test_flags_that_make_no_run_are_explained(
    flags: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from server.tuning.gpt2_tuning import main

    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("The lamp turns.")
    assert main(flags) == 2
    assert says in capsys.readouterr().err
    assert not Path("out").exists()
