"""Files of both corpora, uploaded to a running server as a script would: accepted or refused in words, never a fault, nothing left.

Every third one: in tests/reading all of them are read by the same program. WHOLE_CORPUS=1 sends all.
"""

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.cases import Hostile, Legal, write
from tests.corpus.hostile import hostile_files
from tests.corpus.legal import legal_files
from tests.system.harness import Client, Server, running_server

ANSWER_WITHIN_S = 30
LEGAL, HOSTILE = ([*legal_files()], [*hostile_files()]) if os.environ.get("WHOLE_CORPUS") else (legal_files()[::3], hostile_files()[::3])
CASES: list[Legal | Hostile] = [*LEGAL, *HOSTILE]
PLACE = re.compile(r"\b(file|line|page|row|column|PDF|ZIP|document|table|archive)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]
    seconds: float


@dataclass(frozen=True)
class Asked:
    answers: dict[str, Answer]
    left_in_temporary_folder: list[str]
    log: str


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """All files, two at a time, as one user."""
    folder = tmp_path_factory.mktemp("corpus")
    with running_server(folder / "data", hub="off") as server:
        client = server.client()
        client.register()

        def upload(numbered: tuple[int, Legal | Hostile]) -> tuple[str, Answer]:
            number, case = numbered
            return case.name, uploaded(client, case, folder / f"{number}")

        with ThreadPoolExecutor(2) as pool:
            answers = dict(pool.map(upload, enumerate(CASES)))
        return Asked(answers, left_behind(server), server.log.read_text(errors="replace"))


def uploaded(client: Client, case: Legal | Hostile, file: Path) -> Answer:
    """Announced, sent and completed, because only that way takes options and any name."""
    write(case.content, file)
    content = file.read_bytes()
    file.unlink()
    started = time.monotonic()
    name = case.name.encode(errors="replace").decode()
    announced = client.http.post("/api/uploads", json={"filename": name, "size_bytes": len(content)})
    if announced.status_code != 201:
        return Answer(announced.status_code, announced.json(), time.monotonic() - started)
    upload = announced.json()
    for start in range(0, len(content), upload["part_size_bytes"]):
        number = start // upload["part_size_bytes"] + 1
        part = content[start : start + upload["part_size_bytes"]]
        headers = {"content-type": "application/octet-stream"}
        client.http.put(f"/api/uploads/{upload['id']}/parts/{number}", content=part, headers=headers).raise_for_status()
    options = getattr(case, "options", {})
    answer = client.http.post(f"/api/uploads/{upload['id']}/complete", json=options)
    if answer.status_code != 201:
        client.http.delete(f"/api/uploads/{upload['id']}").raise_for_status()
    return Answer(answer.status_code, answer.json(), time.monotonic() - started)


def left_behind(server: Server) -> list[str]:
    return [path.name for path in (server.data / "tmp").rglob("*")]


def test_nothing_is_a_fault_of_the_server(asked: Asked) -> None:
    assert {answer.status for answer in asked.answers.values()} <= {201, 413, 422}
    assert "Traceback" not in asked.log


def test_every_file_is_answered_in_time(asked: Asked) -> None:
    slow = {name: answer.seconds for name, answer in asked.answers.items() if answer.seconds >= ANSWER_WITHIN_S}
    assert slow == {}


def test_at_least_95_of_100_legal_files_are_mapped_right_without_a_click(asked: Asked) -> None:
    right = [
        (answer := asked.answers[case.name]).status == 201
        and answer.body["status"] == "ready"
        and answer.body["num_examples"] == case.num_examples
        and case.shape in answer.body["shapes"]
        for case in LEGAL
    ]
    assert sum(right) / len(right) >= 0.95


def test_every_refusal_says_where_and_what_to_do(asked: Asked) -> None:
    for name, answer in asked.answers.items():
        if answer.status == 201:
            continue
        error = answer.body["error"]
        assert error["message"], name
        assert PLACE.search(error["message"]) or error["param"] not in {None, "file"}, (name, error["message"])
        assert "llm-tuner" not in error["message"], name
        assert "Traceback" not in error["message"], name


def test_no_temporary_file_is_left(asked: Asked) -> None:
    assert asked.left_in_temporary_folder == []
