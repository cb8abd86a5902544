"""Secrets sent through every kind of refusal and failure of a real server: none of them comes out again, in an answer, the log, the metrics
or the trainer's environment.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.system.harness import Client, Server, running_server

MARK = "canary-that-must-not-sing"
OF_SETTINGS = {
    "signing_secret": f"{MARK}-signing-secret-0123456789",
    "google_client_secret": f"{MARK}-google",
    "smtp_password": f"{MARK}-smtp",
}
# As an operator's shell may have them, or another program's.
OF_ENVIRONMENT = {"AWS_SECRET_ACCESS_KEY": f"{MARK}-aws", "HF_TOKEN": f"{MARK}-hub", "OPENAI_API_KEY": f"{MARK}-key"}
PASSWORD = f"{MARK} as a pass phrase"
WRONG = f"{MARK} as a wrong one"
# What looks like what we give out, so that only its signature or its record is missing.
TOKEN = f"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{MARK}.{MARK}"
KEY = f"ltk_{MARK}"
ONE_TIME = f"usr-00000000000000000000000000.{MARK}"
REFRESH = f"usr-00000000000000000000000000.ses-00000000000000000000000000.{MARK}"
CODE = f"tic-00000000000000000000000000.{MARK}"


@dataclass
class Heard:
    """The answers so far: how many of each status, and those that sang."""

    statuses: dict[int, int] = field(default_factory=dict)
    sang: list[str] = field(default_factory=list)

    def listen(self, answer: httpx.Response) -> httpx.Response:
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        headers = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
        if MARK in answer.text or MARK in str(headers):
            self.sang.append(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}")
        return answer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = OF_SETTINGS | {
        "environment": "production",
        "log_level": "debug",
        "google_client_id": "llm-tuner",
        "oidc_issuer": "http://127.0.0.1:9",
        "smtp_host": "127.0.0.1",
        "smtp_port": "9",
        "smtp_user": "tuner",
        "smtp_from": "tuner@example.org",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in OF_ENVIRONMENT.items():
            patch.setenv(name, value)
        with running_server(tmp_path_factory.mktemp("secrets") / "data", hub="off", trainer_threads="1", **settings) as server:
            yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    client = server.client()
    client.register(password=PASSWORD)
    return client


BODIES: list[tuple[str, dict[str, Any]]] = [
    ("/api/auth/login", {"email": "ada@example.org", "password": WRONG}),
    ("/api/auth/login", {"email": "ada@example.org", "password": WRONG, "remember": True}),
    ("/api/auth/login", {"email": "not an address", "password": WRONG}),
    ("/api/auth/login", {"email": 17, "password": [WRONG]}),
    ("/api/auth/register", {"email": "ada@example.org", "password": PASSWORD}),
    ("/api/auth/register", {"email": "bob@example.org", "password": f"{MARK}"[:11]}),
    ("/api/auth/register", {"email": "bob@example.org", "password": MARK * 40}),
    ("/api/auth/register", {"email": "bob@example.org", "password": MARK * 80}),
    ("/api/auth/register", {"email": "bob@example.org", "password": PASSWORD, "invitation": ONE_TIME}),
    ("/api/auth/password-reset/finish", {"token": ONE_TIME, "password": PASSWORD}),
    ("/api/auth/verify-email", {"token": ONE_TIME}),
    ("/api/auth/google/finish", {"code": CODE, "password": WRONG}),
    ("/api/setup", {"token": MARK, "email": "root@example.org", "password": PASSWORD}),
    ("/api/account/password", {"current_password": WRONG, "new_password": PASSWORD}),
    ("/api/account/password", {"current_password": PASSWORD, "new_password": MARK[:8]}),
    ("/api/account/email", {"email": "new@example.org", "password": WRONG}),
    ("/api/account/delete", {"email": "ada@example.org", "password": WRONG}),
    ("/api/auth/google/link", {"code": CODE, "password": WRONG}),
    ("/api/setup/administrator", {"token": MARK}),
]


def sing_through_refusals(heard: Heard, server: Server, ada: Client) -> None:
    cookies = {"llm_tuner_refresh": REFRESH, "llm_tuner_csrf": MARK, "llm_tuner_device": TOKEN, "llm_tuner_google": MARK}
    for path, body in BODIES:
        heard.listen(ada.http.post(path, json=body))
        text = json.dumps(body)
        as_json = {"content-type": "application/json"}
        for content, headers in ((text[:-1], as_json), (text, {"content-type": "text/plain"}), (text, {}), (text * 2_000, as_json)):
            heard.listen(httpx.post(server.url + path, content=content, headers=headers, cookies=cookies, timeout=60))
    heard.listen(ada.http.post("/api/auth/login", content=PASSWORD * 200_000, headers={"content-type": "application/json"}))
    for bearer in (TOKEN, KEY, MARK, OF_SETTINGS["signing_secret"]):
        for path in ("/api/jobs", "/api/auth/me", "/api/jobs/job-1/stream", "/api/admin/users", "/nowhere", "/api/nowhere"):
            heard.listen(httpx.get(server.url + path, headers={"authorization": f"Bearer {bearer}"}))
    for path in (f"/api/downloads/{TOKEN}", f"/api/auth/google/callback?code={MARK}&state={MARK}", f"/api/jobs?token={MARK}&limit=x"):
        heard.listen(httpx.get(server.url + path, cookies=cookies))
    for path in ("/api/auth/refresh", "/api/auth/logout"):
        for csrf in ({"x-csrf-token": MARK}, {"x-csrf-token": f"{MARK}-other"}, {}):
            heard.listen(httpx.post(server.url + path, cookies=cookies, headers=csrf))
    heard.listen(httpx.get(server.url + "/api/jobs", headers={"authorization": f"Bearer {MARK * 800}"}))
    heard.listen(httpx.get(server.url + "/livez", headers={"host": "evil.example", "authorization": f"Bearer {MARK}"}))


def sing_through_failures(heard: Heard, server: Server, ada: Client) -> None:
    """500: a record that is not what it should be, as after a fault of the disk, read by whoever signs in, calls, refreshes."""
    file = server.data / "records.sqlite3"
    user: str = ada.get("/api/auth/me")["id"]

    def spoil(sort: str, old: str, new: str) -> None:
        with sqlite3.connect(file, timeout=10) as records:
            query = "UPDATE documents SET data = replace(data, ?, ?) WHERE partition = ? AND sort LIKE ?"
            assert records.execute(query, (old, new, f"user#{user}", sort)).rowcount > 0

    with sqlite3.connect(file) as records:
        [(profile,)] = records.execute("SELECT data FROM documents WHERE partition = ? AND sort = 'profile'", (f"user#{user}",))
    encoded = json.loads(profile)["password_hash"]
    spoil("profile", encoded, f"$argon2id$v=19$m=19456,t=2,p=1${MARK}${MARK}")
    heard.listen(ada.http.post("/api/auth/login", json={"email": "ada@example.org", "password": PASSWORD}))
    spoil("profile", '"created_at"', f'"password":"{MARK}","created"')
    csrf = {"x-csrf-token": ada.http.cookies["llm_tuner_csrf"]}
    for send in (
        lambda: ada.http.post("/api/auth/login", json={"email": "ada@example.org", "password": PASSWORD}),
        lambda: ada.http.get("/api/jobs"),
        lambda: ada.http.post("/api/auth/refresh", headers=csrf),
        lambda: ada.http.post("/api/account/password", json={"current_password": PASSWORD, "new_password": WRONG}),
    ):
        heard.listen(send())


def test_no_secret_comes_out_again(server: Server, ada: Client, small_text: bytes) -> None:
    heard = Heard()
    trainer = told_to_a_trainer(server, ada, small_text)
    sing_through_refusals(heard, server, ada)
    heard.listen(httpx.get(server.url + "/metrics"))
    sing_through_failures(heard, server, ada)
    heard.listen(httpx.get(server.url + "/metrics"))
    assert heard.sang == []
    assert {400, 401, 403, 404, 409, 413, 415, 422, 431, 500} <= set(heard.statuses), heard.statuses
    log = server.log.read_text()
    assert "request_failed" in log and "letter_not_sent" in log
    assert [line[:500] for line in log.splitlines() if MARK in line] == []
    assert not [text for text in trainer if MARK in text]


def told_to_a_trainer(server: Server, ada: Client, text: bytes) -> list[str]:
    """Everything that a living trainer was given: its environment, its arguments, its spec."""
    document = ada.upload(text, "log.txt")["id"]
    job = ada.create_job(base_model="gpt2-scratch-1m", document_ids=[document], hyperparameters={"max_steps": 5_000})["id"]
    ada.wait_for_step(job, 1, timeout_s=90)
    [trainer] = server.trainers()
    told = [f"{name}={value}" for name, value in trainer.environ().items()]
    told += [*trainer.cmdline(), (server.data / "runs" / job / "spec.json").read_text()]
    ada.post(f"/api/jobs/{job}/cancel")
    assert any(text.startswith("PATH=") for text in told)
    return told
