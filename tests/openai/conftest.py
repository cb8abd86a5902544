"""One server with real training for all tests here, and clients whose every answer is held against the specification.

Names of OpenAI's models stand for `gpt2-scratch-1m`, which learns ten lines in two seconds.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import openai
import pytest

from tests.openai.programs import SCRIPTS, run
from tests.openai.specification import CHUNK, COMPLETION, ERROR, check, check_answer, operation_of
from tests.receivers import Receiver, receiving
from tests.system.harness import Client, Server, running_server

CHATS = "".join(
    json.dumps(
        {
            "messages": [
                {"role": "system", "content": "You keep the log of a lighthouse."},
                {"role": "user", "content": f"What of day {day}?"},
                {"role": "assistant", "content": f"Calm, and {day} herons on the pier."},
            ]
        }
    )
    + "\n"
    for day in range(10)
).encode()


@dataclass
class Recorder:
    """Which operations were asked, each answer of which fits the specification."""

    operations: set[str] = field(default_factory=set)

    def take(self, response: httpx2.Response) -> None:
        response.read()
        path = response.request.url.path
        if response.status_code >= 400:
            assert response.headers["x-request-id"]
            check(ERROR, response.json())
            return
        if path.endswith("/content"):
            self.operations.add("GET /files/{id}/content")
            return
        operation = operation_of(response.request.method, path)
        self.operations.add(operation)
        if response.headers["content-type"].startswith("text/event-stream"):
            self._take_events(response.text, CHUNK if "chat" in path else COMPLETION)
        else:
            check_answer(operation, response.json())

    def _take_events(self, text: str, schema: dict[str, Any]) -> None:
        pieces = text.split("\n\n")
        assert pieces[-2:] == ["data: [DONE]", ""]
        for piece in pieces[:-2]:
            check(schema, json.loads(piece.removeprefix("data: ")))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("openai") / "data"
    settings = {"openai_models": "gpt2-scratch-1m", "webhooks_to_private_addresses": "true"}
    with running_server(folder, hub="off", trainer_threads="1", **settings) as server:
        yield server


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def ada(server: Server) -> Client:
    """The same user, on the product's own API."""
    client = server.client()
    client.register()
    return client


@pytest.fixture(scope="session")
def webhook_secret(ada: Client, receiver: Receiver) -> str:
    """Whatever ends from now on is told to the receiver."""
    choice = {"webhook_url": receiver.url, "webhook_format": "openai", "states": ["succeeded", "failed", "cancelled"]}
    made: str = ada._json("PUT", "/api/notifications/settings", json=choice)["webhook_secret"]
    return made


@pytest.fixture(scope="session")
def key(ada: Client) -> str:
    made: str = ada.post("/api/keys", name="a script", scopes=["write"])["key"]
    return made


@pytest.fixture(scope="session")
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="session")
def client_with(server: Server, recorder: Recorder) -> Iterator[Callable[..., openai.OpenAI]]:
    """Makes clients, strict ones unless told otherwise."""
    made: list[openai.OpenAI] = []

    def new(api_key: str, *, strict: bool = True) -> openai.OpenAI:
        transport = openai.DefaultHttpxClient(event_hooks={"response": [recorder.take]})
        client = openai.OpenAI(
            base_url=f"{server.url}/v1", api_key=api_key, http_client=transport, _strict_response_validation=strict, max_retries=0
        )
        made.append(client)
        return client

    yield new
    for client in made:
        client.close()


@pytest.fixture(scope="session")
def client(client_with: Callable[..., openai.OpenAI], key: str) -> openai.OpenAI:
    return client_with(key)


@pytest.fixture(scope="session")
def lenient(client_with: Callable[..., openai.OpenAI], key: str) -> openai.OpenAI:
    """For what OpenAI answers although its specification does not allow it: a paused job, a stream's null reasons."""
    return client_with(key, strict=False)


@pytest.fixture(scope="session")
def chats(client: openai.OpenAI) -> str:
    return client.files.create(file=("chats.jsonl", CHATS), purpose="fine-tune").id


def ended(client: openai.OpenAI, job_id: str, *, timeout_s: float = 60) -> Any:
    deadline = time.monotonic() + timeout_s
    while (job := client.fine_tuning.jobs.retrieve(job_id)).status not in {"succeeded", "failed", "cancelled"}:
        assert time.monotonic() < deadline, job
        time.sleep(0.2)
    return job


@pytest.fixture(scope="session")
def tuned(client: openai.OpenAI, chats: str, webhook_secret: str) -> Any:
    """A job that has succeeded."""
    job = client.fine_tuning.jobs.create(
        model="gpt-4o-mini-2024-07-18", training_file=chats, suffix="lighthouse", metadata={"team": "coast"}, seed=7
    )
    done = ended(client, job.id)
    assert done.status == "succeeded", done
    return done


@pytest.fixture(scope="session")
def marv(server: Server, key: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a script of somebody else said, who tuned a sarcastic chatbot; its model is there."""
    return run([sys.executable, SCRIPTS / "fine_tune_and_chat.py"], server, key, folder=tmp_path_factory.mktemp("marv"))
