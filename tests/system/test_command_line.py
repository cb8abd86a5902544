"""The command line on a real server, from signing in to a model on the disk."""

import io
import json
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from server.commands.program import main
from tests.system.harness import PASSWORD, ROOT, Client, Server

Run = Callable[..., tuple[int, str, str]]
CHATS = "".join(json.dumps({"prompt": f"What of day {day}?", "completion": f"Calm, and {day} herons."}) + "\n" for day in range(12))
TESTS = "question,answer\n" + "".join(f"What of day {day}?,Calm\n" for day in range(20, 28))


@pytest.fixture
def run(server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command in an empty folder of a signed-in user: its status, what it printed, and what it told beside that."""
    for name in ("LLM_TUNER_ADDRESS", "LLM_TUNER_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        status = main(list(words))
        said = capsys.readouterr()
        return status, said.out.strip(), said.err.strip()

    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    status, out, err = run("login", server.url, "--email", "ada@example.org")
    assert status == 0 and "ada@example.org" in out, err
    return run


def test_from_a_file_to_a_model_on_the_disk(run: Run, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "config/llm-tuner/login.json").stat().st_mode) == 0o600
    (tmp_path / "chats.jsonl").write_text(CHATS)
    (tmp_path / "tests.csv").write_text(TESTS)
    status, document, _ = run("upload", "chats.jsonl")
    assert (status, document[:4]) == (0, "doc-")
    status, out, err = run("train", document, "--base", "gpt2-scratch-1m", "--set", "max_steps=12", "--name", "Herons", "--wait")
    assert status == 0, err
    job, model = out.splitlines()
    assert ":herons:" in model and "step 12/12" in err
    status, out, _ = run("logs", "-f", job)
    assert status == 0 and re.search(r"^\d\d:\d\d:\d\d info +Done: 12 steps", out, flags=re.MULTILINE)
    status, out, err = run("test", model, "tests.csv")
    assert status == 0 and re.match(r"(IMPROVED|NO CHANGE|REGRESSED)  ", out), err
    status, out, _ = run("pull", model)
    assert status == 0 and "config.json" in zipfile.ZipFile(tmp_path / out).namelist()


def test_refusals_say_what_to_do(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("train", "nothing.jsonl")[0::2] == (1, "There is no file 'nothing.jsonl', and it is no document's id either.")
    assert "sets nothing" in run("train", "x", "--set", "epochs")[2]
    assert run("logs", "job-none")[0] == 1
    assert run("pull", "ft:none", "--to", "model.zip")[0] == 1 and not list(tmp_path.glob("model.zip*"))
    monkeypatch.setenv("LLM_TUNER_API_KEY", "ltk_wrong")
    assert "llm-tuner login" in run("logs", "job-none")[2]
    monkeypatch.setenv("LLM_TUNER_ADDRESS", "http://127.0.0.1:9")
    assert "does not answer" in run("logs", "job-none")[2]
    with pytest.raises(SystemExit) as stopped:
        run("train")
    assert stopped.value.code == 2


def test_without_a_command_it_is_the_server(tmp_path: Path) -> None:
    for words in ([], ["serve"]):
        command = [sys.executable, "-m", "server.commands.program", *words, "--check", "--data", str(tmp_path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "In order" in done.stdout, done.stderr
