"""`scripts/bench stores`: how fast SQLite is here, and what every call of the API costs on DynamoDB and S3, as counted under moto.

Capacity units are computed by the rules of the DynamoDB developer guide from the sizes of the items (a consistent read: 4 KB a unit; a
write: 1 KB a unit; in a transaction twice that), because moto does not tell them. Prices are not: they differ by region.
"""

import json
import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from fastapi.testclient import TestClient

from server.adapters.records_sqlite import SqliteRecords
from server.app import create_app
from server.ports.records import ABSENT, Key, Put
from server.settings import Settings
from tests import aws_server
from tests.system.harness import PASSWORD

SECONDS = 3.0
_TEXT = "\n\n".join(f"Day {day}. The sea was calm and we saw {day} herons." for day in range(200)).encode()


def bench_stores(data: Path) -> int:
    data.mkdir(parents=True)
    for threads in (1, 8):
        print(sqlite_rates(data / f"records-{threads}.sqlite3", threads))
    return 0 if cost_of_calls(data / "aws") else 1


def sqlite_rates(file: Path, num_threads: int) -> str:
    """Reads and conditional writes a second of documents of 1 KB, each write durable when it returns."""
    records = SqliteRecords(file)
    keys = [Key("bench", f"{number:04}") for number in range(200)]
    for key in keys:
        records.write(Put(key, {"n": 0, "text": "x" * 1000}, ABSENT))

    def read(thread: int, number: int) -> None:
        records.get(keys[(thread + number) % len(keys)])

    def write(thread: int, number: int) -> None:
        key = keys[thread * (len(keys) // 8) + number % (len(keys) // 8)]
        if (found := records.get(key)) is not None:
            records.write(Put(key, {"n": number, "text": "x" * 1000}, found.version))

    reads, writes = (_rate(step, num_threads) for step in (read, write))
    records.close()
    return f"SQLite, {num_threads} thread{'s' if num_threads > 1 else ''}: {reads:,.0f} reads and {writes:,.0f} conditional writes a second"


def _rate(step: Callable[[int, int], None], num_threads: int) -> float:
    done, deadline = [0] * num_threads, time.perf_counter() + SECONDS

    def work(thread: int) -> None:
        while time.perf_counter() < deadline:
            step(thread, done[thread])
            done[thread] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(num_threads)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - began)


class Meter:
    """Counts the calls of clients, and what they cost. Sizes of items are remembered from when they were written."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.read_units = self.write_units = 0.0
        self._sizes: dict[str, int] = {}

    def watch(self, client: Any) -> None:
        client.meta.events.register("before-call.*", lambda model, **_: self.calls.update([model.name]))
        client.meta.events.register("provide-client-params.*", lambda params, model, **_: self._asked(model.name, params))
        client.meta.events.register("after-call.*", lambda parsed, model, **_: self._answered(model.name, parsed))

    def _asked(self, operation: str, params: dict[str, Any]) -> None:
        if operation == "UpdateItem":
            self._write(params, times=1)
        elif operation == "TransactWriteItems":
            for action in params["TransactItems"]:
                ((_, change),) = action.items()
                self._write(change, times=2)

    def _write(self, change: dict[str, Any], *, times: int) -> None:
        key = json.dumps(change["Key"], sort_keys=True)
        values = change.get("ExpressionAttributeValues", {})
        size = self._sizes.get(key, 0)
        if ":data" in values:
            # The larger of what was there and what comes is paid; the attributes' names count, too.
            after = _size(change["Key"]) + _size({"data": values[":data"], "written_by": values[":token"], "version": {"N": "1"}})
            self._sizes[key], size = after, max(size, after)
        self.write_units += times * max(1, math.ceil(size / 1024))

    def _answered(self, operation: str, parsed: dict[str, Any]) -> None:
        if operation == "GetItem":
            self.read_units += max(1, math.ceil(_size(parsed.get("Item", {})) / 4096))
        elif operation == "Query":
            self.read_units += max(1, math.ceil(sum(map(_size, parsed.get("Items", []))) / 4096))

    def take(self) -> tuple[Counter[str], float, float]:
        taken = (self.calls, self.read_units, self.write_units)
        self.calls, self.read_units, self.write_units = Counter(), 0.0, 0.0
        return taken


def _size(item: dict[str, Any]) -> int:
    return sum(len(name) + sum(len(str(value).encode()) for value in typed.values()) for name, typed in item.items())


def cost_of_calls(home: Path) -> bool:
    """Prints the table. The server's own threads do not run, so that each call is alone; what they do is said below it."""
    aws_server.endpoint()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    settings = Settings(home=home, hub="off", signing_secret="x" * 40, **aws_server.stores("bench"))  # type: ignore[arg-type]
    app = create_app(settings)
    services, meter = app.state.services, Meter()
    meter.watch(services.records._client)
    meter.watch(services.blobs._client)
    client = TestClient(app, base_url="http://localhost")
    rows: list[tuple[str, Counter[str], float, float]] = []

    def measured(name: str, call: Callable[[], Any]) -> Any:
        meter.take()
        answer = call()
        services.errands.wait()
        rows.append((name, *meter.take()))
        if getattr(answer, "status_code", 200) >= 400:
            raise SystemExit(f"{name}: {answer.status_code} {answer.text}")
        return answer

    _walk_through(client, services, measured)
    services.errands.stop()
    _print_table(rows)
    useless = sum(calls.total() for name, calls, _, _ in rows if "nothing new" in name)
    print(f"{'MISSED' if useless else 'reached'}: polls that find nothing new make {useless} store calls (target 0)")
    return not useless


def _walk_through(client: TestClient, services: Any, measured: Callable[[str, Callable[[], Any]], Any]) -> None:
    person = {"email": "ada@example.org", "password": PASSWORD}
    measured("register", lambda: client.post("/api/auth/register", json=person))
    session = measured("sign in", lambda: client.post("/api/auth/login", json=person)).json()
    client.headers["authorization"] = f"Bearer {session['access_token']}"
    csrf = {"x-csrf-token": client.cookies.get("llm_tuner_csrf", "")}
    measured("refresh", lambda: client.post("/api/auth/refresh", headers=csrf))
    measured("who am I", lambda: client.get("/api/auth/me"))
    document = measured("upload a document of 11 KB", lambda: client.post("/api/documents", files={"file": ("log.txt", _TEXT)})).json()
    measured("list documents", lambda: client.get("/api/documents"))
    measured("download a document", lambda: client.get(f"/api/documents/{document['id']}/content"))
    measured("link to a document", lambda: client.post(f"/api/documents/{document['id']}/download-link"))
    request = {"base_model": "gpt2-scratch-1m", "document_ids": [document["id"]], "allow_short_run": True}
    measured("forecast", lambda: client.post("/api/forecasts", json=request))
    job = measured("create a job", lambda: client.post("/api/jobs", json=request, headers={"idempotency-key": "one"})).json()["id"]
    measured("create it again, same key", lambda: client.post("/api/jobs", json=request, headers={"idempotency-key": "one"}))
    for number in range(19):
        client.post("/api/jobs", json={**request, "name": f"Job {number}"})
    measured("list 20 jobs that wait", lambda: client.get("/api/jobs?limit=20"))
    measured("get a job", lambda: client.get(f"/api/jobs/{job}"))
    folder = services.settings.runs_folder / job
    folder.mkdir(parents=True)
    line = {"seq": 0, "at": "2026-11-22T10:00:00Z", "run_id": "run", "type": "log", "message": "Hello"}
    (folder / "events.jsonl").write_text(json.dumps(line) + "\n")
    end = (folder / "events.jsonl").stat().st_size
    address = f"/api/jobs/{job}/logs?after={end}"
    tag = measured("poll a log, for the first time", lambda: client.get(address)).headers["etag"]
    measured("poll a log, nothing new", lambda: client.get(address, headers={"if-none-match": tag}))
    chart = f"/api/jobs/{job}/metrics?after={end}"
    client.get(chart)
    measured("poll a chart, nothing new", lambda: client.get(chart))
    measured("look again, twice a second for all who poll a job", services.live.look_again)
    measured("rename a job", lambda: client.patch(f"/api/jobs/{job}", json={"name": "Another"}))
    measured("cancel a job that waits", lambda: client.post(f"/api/jobs/{job}/cancel"))
    measured("delete a job", lambda: client.delete(f"/api/jobs/{job}"))
    measured("list tuned models", lambda: client.get("/api/tuned-models"))
    measured("sign out", lambda: client.post("/api/auth/logout", headers={"x-csrf-token": client.cookies.get("llm_tuner_csrf", "")}))


def _print_table(rows: list[tuple[str, Counter[str], float, float]]) -> None:
    print(f"\n{'call':<52}{'DynamoDB':>9}{'read':>7}{'write':>7}{'S3':>5}")
    for name, calls, reads, writes in rows:
        dynamo = sum(number for operation, number in calls.items() if operation in _DYNAMO)
        told = ", ".join(f"{number} {operation}" for operation, number in sorted(calls.items()))
        print(f"{name:<52}{dynamo:>9}{reads:>7.0f}{writes:>7.0f}{calls.total() - dynamo:>5}   {told}")
    print()


_DYNAMO = frozenset({"GetItem", "Query", "UpdateItem", "TransactWriteItems", "DeleteItem", "PutItem", "Scan"})
