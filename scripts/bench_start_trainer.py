"""`scripts/bench start-trainer`: from the press of Train to the beginning of the first step, with a trainer that waits and with none.

Everything between counts: the server's answer, its supervisor, the start of the program, its words, the data, the base model. That was
prepared by a run before; the data is a sample of the product's, with what "auto" makes of it.
"""

import json
import statistics
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from scripts.bench_poll import say
from shared.job_spec import EVENTS_FILE
from tests.system.harness import Client, Server, running_server

_PATIENCE_S = 180.0
_TARGETS_S = {"auto": 1.0, "off": 3.0}
_NAMES = {"auto": "with a trainer that waits", "off": "cold"}
_BASES = (("smollm2-135m-instruct", "lora"), ("smollm2-135m-instruct", "full"), ("gpt2-scratch-1m", "scratch"))


@dataclass
class Start:
    """Seconds from the request to each thing that was said before the first step, and to its beginning."""

    said: dict[str, float]

    @property
    def seconds(self) -> float:
        return self.said["train"]


def bench_start_trainer(folder: Path, rounds: int) -> int:
    results = []
    with running_server(folder / "data", hub="off", standby="auto") as server:
        client = server.client()
        client.register()
        document = client.take_sample("harbour-kettle")["id"]
        for base_model, method in _BASES:
            _started(server, client, document, base_model, method)  # Prepares the base model.
            found = [_with_one(server, client, document, base_model, method) for _ in range(rounds)]
            results.append(_told(found, "auto", base_model, method))
        server.stop()
    with running_server(folder / "data", hub="off", standby="off") as server:
        client = server.client()
        client.login()
        for base_model, method in _BASES:
            found = [_started(server, client, document, base_model, method) for _ in range(rounds)]
            results.append(_told(found, "off", base_model, method))
    return 0 if all(results) else 1


def _told(found: list[Start], standby: str, base_model: str, method: str) -> bool:
    middle = sorted(found, key=lambda start: start.seconds)[len(found) // 2]
    print(", ".join(f"{name} {seconds:.2f}" for name, seconds in sorted(middle.said.items(), key=lambda item: item[1])), flush=True)
    seconds = statistics.median(start.seconds for start in found)
    return say(
        seconds < _TARGETS_S[standby],
        f"{_NAMES[standby]}, {base_model}, {method}: the first step began {seconds:.2f} s after the request (median of {len(found)}, "
        f"worst {max(start.seconds for start in found):.2f} s; target {_TARGETS_S[standby]:.0f} s)",
    )


def _with_one(server: Server, client: Client, document: str, base_model: str, method: str) -> Start:
    deadline = time.monotonic() + _PATIENCE_S
    while not list((server.data / "standby").glob("*/ready")):
        if time.monotonic() > deadline:
            raise SystemExit("No trainer waits.")
        time.sleep(0.1)
    time.sleep(1.0)
    return _started(server, client, document, base_model, method)


def _started(server: Server, client: Client, document: str, base_model: str, method: str) -> Start:
    asked = time.time()
    job_id = client.create_job(base_model=base_model, document_ids=[document], method=method)["id"]
    answered = time.time()
    client.wait_for_step(job_id, 1, timeout_s=_PATIENCE_S)
    client.post(f"/api/jobs/{job_id}/cancel")
    client.wait_for(job_id, "cancelled", timeout_s=_PATIENCE_S)
    said = {"answered": answered - asked}
    for line in (server.data / "runs" / job_id / EVENTS_FILE).read_bytes().splitlines():
        event: dict[str, Any] = json.loads(line)
        name = event["stage"] if event["type"] == "stage" else event["type"]
        said.setdefault(name, datetime.fromisoformat(event["at"]).timestamp() - asked)
    return Start(said)
