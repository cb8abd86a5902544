"""`llm-tuner` against a real server with real training: what it prints, what it leaves, and the exit statuses that scripts rely on."""

import io
import json
import os
import pty
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.command_line import keys, outcome, pulling
from server.command_line.connection import Connection
from server.command_line.main import main
from server.command_line.outcome import Trouble
from server.command_line.verdicts import told
from tests.system.harness import PASSWORD, ROOT, Client, Server

EMAIL = "ada@example.org"


@dataclass
class Ended:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Tuner = Callable[..., Ended]


@pytest.fixture(autouse=True)
def config(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, and nothing of whoever runs the tests."""
    folder = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    monkeypatch.delenv(keys.URL_VARIABLE, raising=False)
    monkeypatch.delenv(keys.KEY_VARIABLE, raising=False)
    return folder


@pytest.fixture
def tuner(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Tuner:
    def run(*words: str, stdin: str = "") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        status = main(words)
        said = capsys.readouterr()
        return Ended(status, said.out, said.err)

    return run


@pytest.fixture(scope="module")
def api_key(client: Client) -> str:
    return str(client.post("/api/keys", name="tests", scopes=["write"])["key"])


@pytest.fixture
def signed_in(server: Server, api_key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.URL_VARIABLE, server.url)
    monkeypatch.setenv(keys.KEY_VARIABLE, api_key)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, small_text: bytes) -> Path:
    file = tmp_path_factory.mktemp("files") / "log.txt"
    file.write_bytes(small_text)
    return file


@pytest.fixture(scope="module")
def trained(server: Server, client: Client, data: Path) -> dict[str, Any]:
    document = client.upload(data.read_bytes(), "log.txt")
    job = client.create_job(base_model="gpt2-scratch-1m", document_ids=[document["id"]], hyperparameters={"max_steps": 3}, name="Shared")
    return client.wait_for(job["id"], "succeeded", timeout_s=120)


def test_signing_in_keeps_a_key_that_only_the_owner_can_read(server: Server, client: Client, tuner: Tuner, config: Path) -> None:
    ended = tuner("login", "--base-url", server.url, "--email", EMAIL, stdin=f"{PASSWORD}\n")
    assert (ended.status, ended.err) == (outcome.DONE, "")
    assert EMAIL in ended.out
    file = config / "llm-tuner" / "keys.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert PASSWORD not in file.read_text()
    assert tuner("jobs", "--json").status == outcome.DONE, "the address of the last login is the one that is meant"
    assert [key["scopes"] for key in client.get("/api/keys")["data"] if key["name"].startswith("llm-tuner on")] == [["read", "write"]]


def test_a_key_can_be_given_and_goes_to_its_own_server_alone(server: Server, api_key: str, tuner: Tuner) -> None:
    assert tuner("login", "--base-url", server.url, "--api-key", "-", "--json", stdin=f"{api_key}\n").json["key_hint"] == api_key[-4:]
    elsewhere = tuner("jobs", "--base-url", "http://127.0.0.1:9")
    assert (elsewhere.status, "There is no key for http://127.0.0.1:9" in elsewhere.err) == (outcome.NOT_SIGNED_IN, True)


def test_who_cannot_sign_in_is_told_why_and_nothing_is_kept(server: Server, client: Client, tuner: Tuner, config: Path) -> None:
    wrong = tuner("login", "--base-url", server.url, "--email", EMAIL, stdin="a wrong pass phrase\n")
    assert (wrong.status, wrong.out) == (outcome.NOT_SIGNED_IN, "")
    assert "password" in wrong.err
    assert tuner("login", "--base-url", server.url, "--api-key", "ltk_nonsense").status == outcome.NOT_SIGNED_IN
    assert tuner("login", "--base-url", server.url).status == outcome.USAGE
    assert not (config / "llm-tuner").exists()


@pytest.mark.usefixtures("signed_in")
def test_training_waits_tells_and_prints_the_model(tuner: Tuner, data: Path) -> None:
    words = ("train", str(data), "--model", "gpt2-scratch-1m", "--max-steps", "4", "--name", "By hand", "--wait")
    ended = tuner(*words)
    assert ended.status == outcome.DONE, ended.err
    assert ended.out.startswith("ft:gpt2-scratch-1m:")
    assert "Step 4/4" in ended.err
    assert "\r" not in ended.err, "where nobody sees it, no bar is drawn"
    found = {job["name"]: job for job in tuner("jobs", "--json", "--state", "succeeded").json}
    job = found["By hand"]
    assert (job["tuned_model"], job["hyperparameters"]["max_steps"]) == (ended.out.strip(), 4)
    listed = tuner("jobs").out
    assert job["id"] in listed
    assert "100%" in listed
    log = tuner("logs", "-f", job["id"])
    assert "Done:" in log.out
    assert [json.loads(line)["cursor"] for line in tuner("logs", job["id"], "--json").out.splitlines()][-1] > 0
    assert ended.out.strip() in tuner("models").out


@pytest.mark.usefixtures("signed_in")
def test_documents_and_datasets_that_are_there_can_be_named(tuner: Tuner, data: Path) -> None:
    document = tuner("upload", str(data)).out.strip()
    assert document.startswith("doc-")
    words = ("--model", "gpt2-scratch-1m", "--max-steps", "100000", "--json")
    job = tuner("train", document, *words).json
    assert job["document_ids"] == [document]
    assert tuner("cancel", job["id"]).status == outcome.DONE
    again = tuner("train", job["dataset_id"], *words).json
    assert again["dataset_id"] == job["dataset_id"]
    assert tuner("cancel", again["id"], "--json").json["id"] == again["id"]
    assert tuner("cancel", job["id"]).status in {outcome.DONE, outcome.REFUSED}


@pytest.mark.usefixtures("signed_in")
def test_pairs_are_refused_together_with_other_examples_and_the_line_is_named(tuner: Tuner, tmp_path: Path) -> None:
    pair = {"prompt": "Good?", "chosen": "Yes, gladly.", "rejected": "No."}
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_text("\n".join(json.dumps(row) for row in [pair, pair | {"rejected": "Never."}, {"prompt": "One?", "completion": "Two."}]))
    ended = tuner("train", str(mixed), "--model", "gpt2-scratch-1m", "--validation-fraction", "0", "--max-steps", "2")
    assert ended.status == outcome.REFUSED
    assert "2 preference pairs with 1 other example" in ended.err
    assert "Line 3" in ended.err


@pytest.mark.usefixtures("signed_in")
def test_a_model_comes_whole_with_its_checksums(tuner: Tuner, trained: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "model"
    ended = tuner("pull", trained["id"], "-o", str(folder), "--json")
    assert (ended.status, ended.json["model"], ended.json["folder"]) == (outcome.DONE, trained["tuned_model"], str(folder))
    assert {"model.safetensors", "config.json", "SHA256SUMS", "README.md"} <= {path.name for path in folder.iterdir()}
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    again = tuner("pull", trained["tuned_model"], "-o", str(folder))
    assert (again.status, "is there already" in again.err) == (outcome.REFUSED, True)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("damage", ["other bytes", "a file lacks", "a way out", "no sums", "no zip"])
def test_a_damaged_download_leaves_nothing(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(_connection: Connection, _path: str, into: Path) -> None:
        with zipfile.ZipFile(into, "w") as archive:
            name = {"a way out": "../config.json", "a file lacks": "other.json"}.get(damage, "config.json")
            archive.writestr(name, "{}")
            if damage != "no sums":
                archive.writestr("SHA256SUMS", f"{'0' * 64}  config.json\n")
        if damage == "no zip":
            into.write_bytes(into.read_bytes()[:30])

    monkeypatch.setattr(Connection, "download", download)
    with Connection("http://127.0.0.1:9", None) as connection, pytest.raises(Trouble, match="discarded"):
        pulling.pull(connection, "ft:model", tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("signed_in")
def test_a_test_prints_its_verdict(tuner: Tuner, trained: dict[str, Any], tmp_path: Path) -> None:
    questions = tmp_path / "questions.csv"
    questions.write_text("prompt,expected\n" + "".join(f"Day {day}.,The sea was calm\n" for day in range(1, 7)))
    ended = tuner("test", trained["tuned_model"], str(questions), "--need-improvement")
    assert ended.status in {outcome.DONE, outcome.NOT_IMPROVED}, ended.err
    verdict = ended.out.split("  ")[0]
    assert verdict in {"IMPROVED", "NO CHANGE", "REGRESSED"}
    assert (verdict == "IMPROVED") == (ended.status == outcome.DONE)
    assert "on 6 items" in ended.out
    assert "6 items" in ended.err
    unknown = tuner("test", "ft:nothing", str(questions))
    assert unknown.status == outcome.REFUSED


def test_the_verdict_that_is_told_leaves_out_what_was_learned_by_heart() -> None:
    verdict = {
        "verdict": "improved",
        "metric": {"words": "Share of right answers", "higher_is_better": True},
        "base": 0.25,
        "tuned": 0.75,
        "difference": 0.5,
        "interval": {"low": 0.3, "high": 0.7},
        "confidence": 0.95,
        "num_items": 40,
        "trust": "The interval excludes 0.",
    }
    results = {
        "comparisons": [{"model": "ft:one", "verdict": verdict, "without_leaks": verdict | {"verdict": "no_change", "num_items": 30}}]
    }
    said = told({"results": results, "error": None})
    assert said.startswith("NO CHANGE  ft:one")
    assert "between +0.3 and +0.7, on 30 items" in said


@pytest.mark.usefixtures("signed_in")
def test_what_goes_wrong_is_told_in_plain_words_with_a_status(tuner: Tuner, tmp_path: Path, data: Path) -> None:
    assert tuner("logs", "job-nothing").status == outcome.REFUSED
    missing = tuner("upload", str(tmp_path / "nothing.txt"))
    assert (missing.status, missing.out) == (outcome.REFUSED, "")
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"prompt": "a", "completion": "b"}\n{"prompt": 1\n')
    refused = tuner("upload", str(bad))
    assert refused.status == outcome.REFUSED
    assert "Line 2" in refused.err or "line 2" in refused.err
    assert "Traceback" not in refused.err
    unreachable = tuner("jobs", "--base-url", "http://127.0.0.1:9")
    assert (unreachable.status, "cannot be reached" in unreachable.err) == (outcome.UNREACHABLE, True)
    assert tuner("train", str(data)).status == outcome.USAGE
    assert tuner("dance").status == outcome.USAGE
    wrong = tuner("train", str(data), "--model", "gpt2-scratch-1m", "--epochs", "-1")
    assert wrong.status == outcome.REFUSED
    assert "epochs" in wrong.err or "greater than" in wrong.err


def test_a_job_that_fails_says_so_with_its_status(tuner: Tuner, monkeypatch: pytest.MonkeyPatch, config: Path) -> None:
    """Of a server that is none: its answers are written down here."""
    error = {"message": "The disk is full.", "cause": "", "fix": "Make room.", "code": "disk_full", "action": None}
    job = {"id": "job-1", "name": "One", "state": "failed", "error": error, "tuned_model": None, "progress": None}

    def answer(request: httpx.Request) -> httpx.Response:
        lines = {"lines": [], "next": 0, "live": False}
        return httpx.Response(200, json=lines if request.url.path.endswith("/logs") else job)

    made = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **words: made(transport=httpx.MockTransport(answer), **words))
    monkeypatch.setenv(keys.KEY_VARIABLE, "ltk_any")
    ended = tuner("train", "doc-1", "--model", "any", "--wait")
    assert (ended.status, ended.out) == (outcome.FAILED, "failed\n")
    assert "The disk is full. Make room." in ended.err


@pytest.mark.usefixtures("signed_in")
def test_on_a_terminal_a_bar_moves(data: Path) -> None:
    main_end, other_end = pty.openpty()
    words = ["train", str(data), "--model", "gpt2-scratch-1m", "--max-steps", "3", "--wait"]
    program = subprocess.Popen(
        [sys.executable, "-m", "server.command_line", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=other_end, env=os.environ
    )
    os.close(other_end)
    seen = b""
    try:
        while piece := os.read(main_end, 65_536):
            seen += piece
    except OSError:  # What a terminal says when nobody writes to it any more.
        pass
    finally:
        os.close(main_end)
    out, _ = program.communicate(timeout=60)
    assert program.returncode == outcome.DONE
    assert out.startswith(b"ft:")
    assert b"\r" in seen
    assert b"[" in seen


def test_the_server_starts_as_before_there_were_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["serve", "--check", "--data", str(tmp_path / "data")], ["--check", "--data", str(tmp_path / "data")]):
        assert main(words) == 0
        assert "the configuration holds" in capsys.readouterr().out


def test_it_loads_neither_the_server_nor_torch() -> None:
    code = "import sys, server.command_line.main; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"torch", "fastapi", "pydantic", "numpy", "server.app", "server.wiring", "server.domain"}
