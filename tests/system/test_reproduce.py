"""`scripts/reproduce` on a real training: the same loss to the last bit, and an honest answer where it is not, or cannot be tried."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.domain.jobs.states import StoredJob
from server.domain.reports.gathering import Facts, reported_job
from server.domain.reports.story import story_of
from shared.auto_settings import BaseFacts, DataFacts, resolve, settings_of
from shared.job_spec import EVENTS_FILE, SPEC_FILE, DataFile, JobSpec
from shared.wire import Hyperparameters, ReportContent

ROOT = Path(__file__).resolve().parent.parent.parent
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reproduce")


@pytest.fixture(scope="module")
def data(folder: Path) -> Path:
    file = folder / "sums.jsonl"
    file.write_text("".join(json.dumps({"prompt": f"{n} and {n}?", "completion": f"That is {2 * n}."}) + "\n" for n in range(40)))
    return file


@pytest.fixture(scope="module")
def report(folder: Path, data: Path) -> Path:
    """Of a run of three steps, made as the server makes it."""
    asked = Hyperparameters(max_steps=3, block_size=32, batch_size=2, seed=7)
    resolved = resolve(asked, method="scratch", base=BaseFacts(1_000_000, 512, True, True), data=DataFacts(40, 1_000))
    file = DataFile(path=data, name="sums", format="jsonl", sha256=hashlib.sha256(data.read_bytes()).hexdigest())
    run = folder / "run"
    run.mkdir()
    spec = JobSpec(
        job_id="job-1",
        run_id="run-1",
        base_model="gpt2-scratch-1m",
        method="scratch",
        data=[file],
        settings=settings_of(resolved),
        base_models_folder=folder / "bases",
        threads=1,
    )
    (run / SPEC_FILE).write_text(spec.model_dump_json())
    trainer = [sys.executable, "-m", "server.tuning.gpt2_tuning", "--spec", str(run / SPEC_FILE)]
    subprocess.run(trainer, cwd=ROOT, check=True, capture_output=True)
    job = StoredJob(
        id="job-1",
        owner="usr-1",
        name="Sums",
        note="",
        state="succeeded",
        base_model="gpt2-scratch-1m",
        dataset_id="dst-1",
        document_ids=["doc-1"],
        content_sha256="0" * 64,
        method="scratch",
        hyperparameters=asked,
        resolved=resolved,
        created_at=NOW,
        tuned_model="ft:gpt2-scratch-1m:ada:sums:12345678",
    )
    facts = Facts(job, "GPT-2 from scratch, 1 M", None, {}, spec, story_of(run / EVENTS_FILE), None, None, False, "0.0.0")
    content = ReportContent(id="rpt-1", name="Sums", created_at=NOW, include_metrics=False, include_logs=False, jobs=[reported_job(facts)])
    file = folder / "report.json"
    file.write_text(content.model_dump_json())
    return file


def reproduced(folder: Path, report: Path, *more: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"LLM_TUNER_HOME": str(folder / "home"), "LLM_TUNER_HUB": "off"}
    command = [sys.executable, ROOT / "scripts" / "reproduce", report, *more]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_same_run_again_has_the_same_loss_to_the_last_bit(folder: Path, report: Path, data: Path) -> None:
    done = reproduced(folder, report, "--data", data)
    assert done.returncode == 0, done.stderr
    assert "The same, to the last bit." in done.stdout
    loss = json.loads(report.read_text())["jobs"][0]["reproduction"]["train_loss"]
    assert done.stdout.count(repr(loss)) == 2


def test_another_seed_is_found_out(folder: Path, report: Path, data: Path) -> None:
    content = json.loads(report.read_text())
    content["jobs"][0]["reproduction"]["settings"]["seed"] = 8
    other = folder / "other.json"
    other.write_text(json.dumps(content))
    done = reproduced(folder, other, "--data", data)
    assert done.returncode == 1, done.stderr
    assert "Not the same." in done.stdout


def test_without_its_documents_it_is_not_tried(folder: Path, report: Path) -> None:
    done = reproduced(folder, report)
    assert done.returncode == 2
    assert "Name the file with --data" in done.stderr and "Traceback" not in done.stderr


def test_what_is_no_report_is_told_so(folder: Path, data: Path) -> None:
    done = reproduced(folder, data)
    assert done.returncode == 2
    assert "is not a report saved as JSON" in done.stderr
