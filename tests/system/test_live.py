"""Watching a real training through a real server: each line once and in order, whatever is killed on the way; and only for who may."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.system.harness import PASSWORD, Client, Server, running_server
from tests.system.planted import plant_jobs

STEPS = {"max_steps": 60}


class Watcher:
    """What the page does: reads the stream, and when it breaks off without `end` asks again behind the last id it has."""

    def __init__(self, client: Client, job: str) -> None:
        self._url = f"{client.http.base_url}/api/jobs/{job}/stream"
        self._headers = dict(client.http.headers)
        self.last_id = 0
        self.cursors: list[int] = []
        self.texts: list[str] = []
        self.steps: set[int] = set()
        self.num_connections = 0
        self.state = ""
        self.ended = False
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)
        assert self.ended, f"the stream has not told of the end; it stands at {self.last_id}, after {self.texts[-3:]}"

    def _watch(self) -> None:
        deadline = time.monotonic() + 120
        while not self.ended and time.monotonic() < deadline:
            try:
                with httpx.stream("GET", self._url, headers={**self._headers, "last-event-id": str(self.last_id)}, timeout=30) as answer:
                    answer.raise_for_status()
                    self.num_connections += 1
                    self._read(answer.iter_lines())
            except httpx.TransportError:
                time.sleep(0.1)

    def _read(self, lines: Iterator[str]) -> None:
        fields: dict[str, str] = {}
        for line in lines:
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "event" in fields:
                self._take(fields["event"], int(fields["id"]), json.loads(fields["data"]))
                fields = {}

    def _take(self, name: str, event_id: int, data: dict[str, object]) -> None:
        self.last_id = event_id
        if name == "log":
            assert data["cursor"] == event_id
            self.cursors.append(event_id)
            self.texts.append(str(data["text"]))
        elif name == "metrics":
            self.steps |= {point["step"] for point in data["data"] if point["loss"] is not None}  # type: ignore[attr-defined]
        elif name == "job":
            self.state = str(data["state"])
        self.ended = name == "end"


def start_job(client: Client, text: bytes) -> str:
    document = client.upload(text, "log.txt")
    job: str = client.create_job(base_model="gpt2-scratch-1m", document_ids=[document["id"]], hyperparameters=STEPS)["id"]
    return job


def test_each_line_comes_once_and_in_order_although_the_server_is_killed_and_stopped_in_between(data: Path, small_text: bytes) -> None:
    with running_server(data, hub="off", trainer_threads="1") as server:
        client = server.client()
        client.register()
        job = start_job(client, small_text)
        watcher = Watcher(client, job)
        client.wait_for_step(job, 3, timeout_s=60)
        server.kill()
        time.sleep(1)
        server.start()
        client.wait_for_step(job, 10, timeout_s=60)
        stopping = time.monotonic()
        server.stop()
        assert time.monotonic() - stopping < 5, "an open stream kept the server from stopping"
        server.start()
        client.wait_for(job, "succeeded", timeout_s=90)
        watcher.join(10)

        assert watcher.num_connections == 3
        assert watcher.state == "succeeded"
        lines, cursor = [], 0
        while page := client.get(f"/api/jobs/{job}/logs?after={cursor}&limit=50")["lines"]:
            lines += page
            cursor = page[-1]["cursor"]
        assert watcher.cursors == [line["cursor"] for line in lines]
        assert watcher.texts == [line["text"] for line in lines]
        points = client.get(f"/api/jobs/{job}/metrics")["data"]
        assert watcher.steps == {point["step"] for point in points if point["loss"] is not None}


def test_a_revoked_sign_in_ends_polling_and_the_stream_within_a_second(server: Server, client: Client, small_text: bytes) -> None:
    job = start_job(client, small_text)
    lent = server.client()
    lent.login()
    with lent.http.stream("GET", f"/api/jobs/{job}/stream") as stream:
        pieces = stream.iter_bytes()
        next(pieces)
        assert lent.http.get(f"/api/jobs/{job}/logs").status_code == 200
        signed_out = time.monotonic()
        csrf = lent.http.cookies["llm_tuner_csrf"]
        assert lent.http.post("/api/auth/logout", headers={"x-csrf-token": csrf}).status_code == 204
        assert lent.http.get(f"/api/jobs/{job}/logs").status_code == 401
        for _ in pieces:
            pass
        assert time.monotonic() - signed_out < 1.5
    assert client.http.get(f"/api/jobs/{job}/logs").status_code == 200
    with pytest.raises(httpx.HTTPStatusError):
        lent.http.get(f"/api/jobs/{job}/stream").raise_for_status()
    client.post(f"/api/jobs/{job}/cancel")


class Guests:
    """People of a server, and the streams that they watch."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.administrator = server.client()
        found = re.search(r"/setup#token=(\S+)", server.log.read_text())
        assert found is not None, server.log.read_text()
        set_up = {"token": found[1], "email": "root@example.org", "password": PASSWORD}
        self.administrator.http.headers["authorization"] = f"Bearer {self.administrator.post('/api/setup', **set_up)['access_token']}"
        self._number = 0

    def new(self) -> tuple[Client, dict[str, Any], str]:
        """Somebody new, with a job that waits for ever."""
        self._number += 1
        client = self.server.client()
        session = client.register(f"guest-{self._number}@example.org")
        [job] = plant_jobs(self.server.data, session["user"]["id"], 1, state="paused", num_lines=3)
        return client, session["user"], job

    def again(self, user: dict[str, Any]) -> Client:
        """The same person in another browser."""
        client = self.server.client()
        client.login(user["email"])
        return client

    def with_key(self, client: Client) -> tuple[Client, str]:
        key = client.post("/api/keys", name="to watch", scopes=["read"])
        script = self.server.client()
        script.http.headers["authorization"] = f"Bearer {key['key']}"
        return script, key["id"]


@pytest.fixture(scope="module")
def guests(server: Server) -> Guests:
    return Guests(server)


def no_content(answer: httpx.Response) -> None:
    assert answer.status_code in {200, 202, 204}, answer.text


def logging_out(guests: Guests) -> tuple[Client, str, Callable[[], None]]:
    client, _, job = guests.new()
    csrf = {"x-csrf-token": client.http.cookies["llm_tuner_csrf"]}
    return client, job, lambda: no_content(client.http.post("/api/auth/logout", headers=csrf))


def ending_the_sign_in(guests: Guests) -> tuple[Client, str, Callable[[], None]]:
    client, user, job = guests.new()
    there = guests.again(user)
    [other] = [one["id"] for one in client.get("/api/account/sessions")["data"] if not one["current"]]
    return there, job, lambda: no_content(client.http.delete(f"/api/account/sessions/{other}"))


def changing_the_password(guests: Guests) -> tuple[Client, str, Callable[[], None]]:
    client, user, job = guests.new()
    change = {"current_password": PASSWORD, "new_password": "quite another phrase"}
    return guests.again(user), job, lambda: no_content(client.http.post("/api/account/password", json=change))


def changing_the_address(guests: Guests) -> tuple[Client, str, Callable[[], None]]:
    client, user, job = guests.new()
    change = {"email": f"new-{user['email']}", "password": PASSWORD}
    return guests.again(user), job, lambda: no_content(client.http.post("/api/account/email", json=change))


def revoking_the_key(guests: Guests) -> tuple[Client, str, Callable[[], None]]:
    client, _, job = guests.new()
    script, key = guests.with_key(client)
    return script, job, lambda: no_content(client.http.delete(f"/api/keys/{key}"))


def disabling_the_user(guests: Guests) -> tuple[Client, str, Callable[[], None]]:
    client, user, job = guests.new()
    return client, job, lambda: no_content(guests.administrator.http.patch(f"/api/admin/users/{user['id']}", json={"disabled": True}))


def disabling_the_owner_of_a_key(guests: Guests) -> tuple[Client, str, Callable[[], None]]:
    client, user, job = guests.new()
    script, _ = guests.with_key(client)
    return script, job, lambda: no_content(guests.administrator.http.patch(f"/api/admin/users/{user['id']}", json={"disabled": True}))


def deleting_the_account(guests: Guests) -> tuple[Client, str, Callable[[], None]]:
    client, user, job = guests.new()
    confirmation = {"email": user["email"], "password": PASSWORD}
    return client, job, lambda: no_content(client.http.post("/api/account/delete", json=confirmation))


@pytest.mark.parametrize(
    "ending",
    [
        logging_out,
        ending_the_sign_in,
        changing_the_password,
        changing_the_address,
        revoking_the_key,
        disabling_the_user,
        disabling_the_owner_of_a_key,
        deleting_the_account,
    ],
)
def test_whoever_is_let_out_stops_seeing_within_a_second(ending: Callable[[Guests], Any], guests: Guests) -> None:
    """The best of three, so that other work on this machine does not count as ours."""
    seconds = []
    while not seconds or (min(seconds) >= 1 and len(seconds) < 3):
        client, job, end = ending(guests)
        with client.http.stream("GET", f"/api/jobs/{job}/stream", timeout=10) as stream:
            pieces = stream.iter_bytes()
            next(pieces)
            ended = time.monotonic()
            end()
            assert client.http.get(f"/api/jobs/{job}").status_code == 401
            assert b"event: end" not in b"".join(pieces)
            seconds.append(time.monotonic() - ended)
        assert client.http.get(f"/api/jobs/{job}/stream").status_code == 401
    assert min(seconds) < 1
