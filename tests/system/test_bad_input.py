"""Every bad input that a user is likely to send: a clear refusal in the one shape, with the field, and nothing half made behind it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.system.harness import PASSWORD, Client, Server, running_server

BROKEN_LINE_3 = b'{"text": "one"}\n{"text": "two"}\n{"text": "three"\n{"text": "four"}\n'
BINARY = bytes(range(256)) * 40
GOOD_JOB: dict[str, Any] = {"base_model": "gpt2-scratch-1m"}


@dataclass(frozen=True)
class Refusal:
    """What the answer has to be. `says` are words that the message contains, so that a person knows what is wrong."""

    status: int
    param: str | None = None
    says: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True)
class BadRequest:
    send: Callable[[Client, str], httpx.Response]
    refusal: Refusal
    name: str = field(default="")


def login(**wrong: str) -> Callable[[Client, str], httpx.Response]:
    return lambda client, _: client.http.post("/api/auth/login", json={"email": "ada@example.org", "password": PASSWORD} | wrong)


def register(**wrong: str) -> Callable[[Client, str], httpx.Response]:
    return lambda client, _: client.http.post("/api/auth/register", json={"email": "new@example.org", "password": PASSWORD} | wrong)


def upload(content: bytes, filename: str) -> Callable[[Client, str], httpx.Response]:
    return lambda client, _: client.http.post("/api/documents", files={"file": (filename, content)})


def job(**wrong: Any) -> Callable[[Client, str], httpx.Response]:
    return lambda client, document: client.http.post("/api/jobs", json=GOOD_JOB | {"document_ids": [document]} | wrong)


def job_with(hyperparameters: str) -> Callable[[Client, str], httpx.Response]:
    """The body as text, because NaN is no JSON and some clients send it all the same."""

    def send(client: Client, document: str) -> httpx.Response:
        body = f'{{"base_model": "gpt2-scratch-1m", "document_ids": ["{document}"], "hyperparameters": {hyperparameters}}}'
        return client.http.post("/api/jobs", content=body, headers={"content-type": "application/json"})

    return send


BAD_REQUESTS = {
    "wrong password": BadRequest(login(password="not the pass phrase"), Refusal(401, says=("password",))),
    "unknown e-mail, answered as a wrong password": BadRequest(login(email="nobody@example.org"), Refusal(401, says=("password",))),
    "taken e-mail": BadRequest(register(email="ada@example.org"), Refusal(409, "email", ("account",))),
    "taken e-mail in other letters": BadRequest(register(email="ADA@Example.org"), Refusal(409, "email", ("account",))),
    "no e-mail address": BadRequest(register(email="ada"), Refusal(422, "email")),
    "short password": BadRequest(register(password="short"), Refusal(422, "password", ("12",))),
    "empty file": BadRequest(upload(b"", "empty.txt"), Refusal(422, "file", ("empty",))),
    "binary named .txt": BadRequest(upload(BINARY, "notes.txt"), Refusal(422, "file")),
    "JSON Lines broken in line 3": BadRequest(upload(BROKEN_LINE_3, "broken.jsonl"), Refusal(422, "file", ("3",), line=3)),
    "only white space": BadRequest(upload(b" \n\n \n", "blank.txt"), Refusal(422, "file")),
    "unknown model": BadRequest(job(base_model="gpt-17"), Refusal(422, "base_model", ("base model",))),
    "a path as model": BadRequest(job(base_model="../../etc/passwd"), Refusal(422, "base_model")),
    "model that cannot be fetched": BadRequest(job(base_model="gpt2-large"), Refusal(409, "base_model", ("GPT-2 Large",))),
    "unknown document": BadRequest(job(document_ids=["doc-nothere"]), Refusal(404)),
    "no document": BadRequest(job(document_ids=[]), Refusal(422, "document_ids")),
    "batch size 0": BadRequest(job_with('{"batch_size": 0}'), Refusal(422, "hyperparameters.batch_size")),
    "learning rate NaN": BadRequest(job_with('{"learning_rate": NaN}'), Refusal(422)),
    "learning rate as NaN in quotes": BadRequest(job_with('{"learning_rate": "NaN"}'), Refusal(422, "hyperparameters.learning_rate")),
    "learning rate infinite": BadRequest(job_with('{"learning_rate": 1e999}'), Refusal(422)),
    "unknown hyper-parameter": BadRequest(job_with('{"learning_rat": 1}'), Refusal(422, "hyperparameters.learning_rat")),
    "LoRA on random weights": BadRequest(job(method="lora"), Refusal(422, "method", ("method",))),
    "a body that is no JSON": BadRequest(
        lambda client, _: client.http.post("/api/jobs", content=b"{", headers={"content-type": "application/json"}), Refusal(422)
    ),
    "unknown path": BadRequest(lambda client, _: client.http.get("/api/nothing-here"), Refusal(404)),
    "unknown job": BadRequest(lambda client, _: client.http.get("/api/jobs/job-nothere"), Refusal(404)),
    "no token": BadRequest(lambda client, _: httpx.get(f"{client.http.base_url}/api/jobs"), Refusal(401)),
    "a made-up token": BadRequest(
        lambda client, _: httpx.get(f"{client.http.base_url}/api/jobs", headers={"authorization": "Bearer a.b.c"}), Refusal(401)
    ),
}


@pytest.fixture(scope="module")
def document(client: Client, small_text: bytes) -> str:
    document_id: str = client.upload(small_text, "log.txt")["id"]
    return document_id


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_it_is_refused_in_words_and_nothing_stays_behind(name: str, server: Server, client: Client, document: str) -> None:
    before = files_of(server.data)
    bad = BAD_REQUESTS[name]
    response = bad.send(client, document)
    assert_refused(response, bad.refusal)
    assert files_of(server.data) == before
    assert client.get("/api/jobs")["data"] == []
    assert [listed["id"] for listed in client.get("/api/documents")["data"]] == [document]


def test_a_data_set_that_is_too_small_to_split_is_refused(client: Client, server: Server) -> None:
    tiny = client.upload(b'{"text": "one"}\n{"text": "two"}\n', "tiny.jsonl")
    try:
        assert_refused(job()(client, tiny["id"]), Refusal(422, "document_ids", ("2 examples", "validation_fraction")))
    finally:
        client.http.delete(f"/api/documents/{tiny['id']}").raise_for_status()
    assert client.get("/api/jobs")["data"] == []


def test_an_expired_token_is_refused(data: Path) -> None:
    with running_server(data, access_token_ttl_s="1") as server:
        client = server.client()
        client.register()
        time.sleep(2.1)  # tokens carry whole seconds
        assert_refused(client.http.get("/api/jobs"), Refusal(401))


def test_a_full_disk_is_said_before_anything_is_written(data: Path, small_text: bytes) -> None:
    with running_server(data) as server:
        client = server.client()
        client.register()
        document = client.upload(small_text, "log.txt")["id"]
        server.stop()

    with running_server(data, min_free_bytes=str(10**18)) as full:
        client = full.client()
        client.login()
        before = files_of(data)
        for response in (upload(small_text, "again.txt")(client, document), job()(client, document)):
            assert_refused(response, Refusal(507, says=("disk",)))
        assert files_of(data) == before
        assert client.get("/api/jobs")["data"] == []


def test_a_file_above_the_limit_is_refused_and_not_kept(data: Path) -> None:
    with running_server(data, max_upload_bytes="1000") as server:
        client = server.client()
        client.register()
        before = files_of(data)
        assert_refused(upload(b"word " * 1000, "long.txt")(client, ""), Refusal(413))
        assert files_of(data) == before


def assert_refused(response: httpx.Response, refusal: Refusal) -> None:
    assert response.status_code == refusal.status, response.text
    assert response.headers["x-request-id"]
    assert set(response.json()) == {"error"}
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code", "details"}
    assert error["code"]
    if refusal.param:
        assert error["param"] == refusal.param, error
    for words in refusal.says:
        assert words.lower() in error["message"].lower(), error
    if refusal.line:
        assert refusal.line in [detail["line"] for detail in error["details"]], error
    assert "Traceback" not in response.text and "/home/" not in response.text and "SELECT" not in response.text


def files_of(data: Path) -> set[str]:
    """Everything in the data folder but the database, whose file names say nothing, by path."""
    return {str(path.relative_to(data)) for path in data.rglob("*") if path.is_file() and "sqlite" not in path.name}
