"""Programs of others against `/v1`: scripts that were written for OpenAI and are run as they are, and the official client for Node.js."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.prepare import path_with_node
from tests.system.harness import Server

HERE = Path(__file__).resolve().parent
CLIENT = HERE.parent.parent / "client"


def run(command: list[str | Path], server: Server, key: str, *, folder: Path) -> str:
    """What the program printed. It gets an address, a key, and nothing else of this product."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "LLM_TUNER_"))}
    environment |= {"OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": key, "PATH": path_with_node()}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_a_script_that_tunes_and_chats_runs_as_it_is(server: Server, key: str, tmp_path: Path) -> None:
    said = run([sys.executable, HERE / "scripts/fine_tune_and_chat.py"], server, key, folder=tmp_path)
    assert "Model ft:gpt2-scratch-1m:" in said and "Answer" in said
    assert "warn gpt-4o-mini-2024-07-18 is a model of OpenAI" in said


def test_a_script_of_the_older_kind_runs_as_it_is(server: Server, key: str, tmp_path: Path) -> None:
    said = run([sys.executable, HERE / "scripts/legacy_completions.py"], server, key, folder=tmp_path)
    assert "metrics {" in said and "checkpoint ft:" in said and "Cleaned up" in said


def test_a_script_that_streams_runs_as_it_is(server: Server, key: str, tuned: Any, tmp_path: Path) -> None:
    said = run([sys.executable, HERE / "scripts/stream_chat.py", tuned.fine_tuned_model], server, key, folder=tmp_path)
    assert "Answers 4" in said


def test_the_node_client_goes_through_every_operation(server: Server, key: str, tuned: Any) -> None:
    if not (CLIENT / "node_modules" / "openai").is_dir():
        pytest.fail("the page's packages are not installed: npm ci in client/")
    said = run(["node", HERE / "node_client.mjs", tuned.fine_tuned_model], server, key, folder=CLIENT)
    groups = ["files", "uploads", "fine_tuning.jobs", "models", "completions", "refusals", "webhooks"]
    assert json.loads(said.splitlines()[-1]) == groups
