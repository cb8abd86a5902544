"""Programs of others against `/v1`: scripts that were written for OpenAI and are run as they are, and the official client for Node.js."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.openai.programs import CLIENT, HERE, SCRIPTS, run
from tests.system.harness import Server


def test_a_script_that_tunes_and_chats_runs_as_it_is(marv: str) -> None:
    assert "Model ft:gpt2-scratch-1m:" in marv and "Answer" in marv
    assert "warn gpt-4o-mini-2024-07-18 is a model of OpenAI" in marv


def test_little_data_is_enough_and_what_was_made_of_it_is_told(marv: str) -> None:
    assert re.search(r"warn There is little data: the run has [1-9]\d optimizer steps", marv), "three epochs of twelve examples"


def test_a_script_of_the_older_kind_runs_as_it_is(server: Server, key: str, tmp_path: Path) -> None:
    said = run([sys.executable, SCRIPTS / "legacy_completions.py"], server, key, folder=tmp_path)
    assert "metrics {" in said and "checkpoint ft:" in said and "Cleaned up" in said


def test_a_script_that_streams_runs_as_it_is(server: Server, key: str, tuned: Any, tmp_path: Path) -> None:
    said = run([sys.executable, SCRIPTS / "stream_chat.py", tuned.fine_tuned_model], server, key, folder=tmp_path)
    assert "Answers 4" in said


def test_the_node_client_goes_through_every_operation(server: Server, key: str, tuned: Any, marv: str) -> None:
    if not (CLIENT / "node_modules" / "openai").is_dir():
        pytest.fail("the page's packages are not installed: npm ci in client/")
    [superfluous] = re.findall(r"^Model (\S+)", marv, flags=re.MULTILINE)
    said = run(["node", HERE / "node_client.mjs", tuned.id, superfluous], server, key, folder=CLIENT)
    groups = ["files", "uploads", "fine_tuning.jobs", "models", "completions", "refusals", "webhooks"]
    assert json.loads(said.splitlines()[-1]) == groups
