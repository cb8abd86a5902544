"""`scripts/chaos store`: a server on DynamoDB and S3 (moto) of which a third of all requests fail or are throttled, some stall for five
seconds and a tenth are cut off after they were carried out, under clients that upload, read, create and change, beside a training.

What was acknowledged must be there, once and whole; what was not is not there in halves; every failure is a 503 that says when to come
back, within ten seconds; and the training must not have noticed.
"""

import hashlib
import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from scripts.chaos_servers import LONG_STEPS, tiny, trainers_of, user, verdict
from tests import aws_server
from tests.system.harness import Client, running_server

_TIMES = 1_000
_CLIENTS = 12
_STALLS = 0.005
_LONGEST_S = 10.0


@dataclass
class Told:
    """What one client sent, and what it was told. `wrong`: answers that no failing store excuses."""

    sent: dict[str, str] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)
    jobs: dict[str, str] = field(default_factory=dict)
    refused: int = 0
    done: int = 0
    cut: int = 0
    longest_refusal_s: float = 0.0
    longest_refusal: str = ""
    wrong: list[str] = field(default_factory=list)


class Busy(threading.Thread):
    def __init__(self, client: Client, document: str, label: str, times: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.client, self.told = client, Told()
        self._document, self._label, self._times, self._chance = document, label, times, random.Random(seed)

    def run(self) -> None:
        for number in range(self._times):
            step = self._chance.choice([self._upload, self._create, self._change, self._read, self._list])
            try:
                step(f"{self._label}-{number}")
            except Exception as error:  # noqa: BLE001 - the border of this thread; it is judged below
                self.told.wrong.append(repr(error)[:200])

    def _upload(self, name: str) -> None:
        content = f"{name}\n\n".encode() + self._chance.randbytes(self._chance.choice([100, 50_000])).hex().encode()
        self.told.sent[f"{name}.txt"] = hashlib.sha256(content).hexdigest()
        document = self._asked("POST", "/api/documents", files={"file": (f"{name}.txt", content)})
        if document is not None:
            self.told.documents[document["id"]] = f"{name}.txt"

    def _create(self, name: str) -> None:
        """With the same key again and again until it is told what became of it, as clients are meant to do."""
        self.told.tried.add(name)
        for _ in range(4):
            job = self._asked("POST", "/api/jobs", json=tiny(self._document, steps=1, name=name), headers={"Idempotency-Key": name})
            if job is not None:
                self.told.jobs[name] = job["id"]
                return

    def _change(self, name: str) -> None:
        if self.told.jobs:
            self._asked("PATCH", f"/api/jobs/{self._chance.choice(list(self.told.jobs.values()))}", json={"note": name})
        else:
            self._list(name)

    def _read(self, name: str) -> None:
        if not self.told.documents:
            self._list(name)
            return
        document = self._chance.choice(list(self.told.documents))
        began = time.monotonic()
        try:
            answer = self.client.http.get(f"/api/documents/{document}/content", timeout=60)
        except httpx.RemoteProtocolError:
            self.told.cut += 1  # Said as HTTP can say it once the first bytes are out: the line ends before the last ones.
            return
        if self._judged(answer, began) and hashlib.sha256(answer.content).hexdigest() != self.told.sent[self.told.documents[document]]:
            self.told.wrong.append(f"{document} is not what was sent")

    def _list(self, _: str) -> None:
        self._asked("GET", "/api/jobs?limit=20")

    def _asked(self, method: str, path: str, **words: Any) -> Any:
        began = time.monotonic()
        answer = self.client.http.request(method, path, timeout=60, **words)
        return answer.json() if self._judged(answer, began) else None

    def _judged(self, answer: httpx.Response, began: float) -> bool:
        if answer.is_success:
            self.told.done += 1
            return True
        took = time.monotonic() - began
        self.told.refused += 1
        if took > self.told.longest_refusal_s:
            self.told.longest_refusal_s = took
            self.told.longest_refusal = f"{answer.request.method} {answer.request.url.path}: {answer.text[:150]}"
        if answer.status_code != 503 or "retry-after" not in answer.headers:
            self.told.wrong.append(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:150]}")
        return False


def run(folder: Path, *, times: int | None, seed: int) -> int:
    wanted = times or _TIMES
    aws_server.endpoint()
    settings = {"hub": "off", "trainer_threads": "1", "access_token_ttl_s": "86400", **aws_server.stores("chaos")}
    with running_server(folder / "data", **settings) as server:
        owner, document = user(server, "trainer")
        training = owner.create_job(**tiny(document, steps=LONG_STEPS))
        before = owner.wait_for_step(training["id"], 1, timeout_s=120)["progress"]["step"]
        (trainer,) = trainers_of(server, training["id"])
        busy = [Busy(*user(server, f"client{n}"), f"client{n}", wanted // _CLIENTS, seed + n) for n in range(_CLIENTS)]
        began = time.monotonic()
        with aws_server.storm(seed=seed, errors=0.3, stalls=_STALLS, cuts=0.1):
            for one in busy:
                one.start()
            for one in busy:
                one.join()
        seconds = time.monotonic() - began
        after = owner.job(training["id"])
        undisturbed = trainer.is_running() and (after["state"], after["num_runs"]) == ("running", 1) and after["progress"]["step"] > before
        return _judge(busy, undisturbed=undisturbed, seconds=seconds)


def _judge(busy: list[Busy], *, undisturbed: bool, seconds: float) -> int:
    lost, halves, doubled, wrong = [], [], [], []
    for one in busy:
        told = one.told
        documents, jobs = _all(one.client, "documents"), _all(one.client, "jobs")
        lost += [name for key, name in told.documents.items() if key not in {document["id"] for document in documents}]
        lost += [name for name, key in told.jobs.items() if key not in {job["id"] for job in jobs}]
        for names, known in (
            ([document["filename"] for document in documents if document["filename"] in told.sent], set(told.sent)),
            ([job["name"] for job in jobs], told.tried),
        ):
            doubled += [name for name in set(names) if names.count(name) > 1 or name not in known]
        for document in documents:
            if document["filename"] in told.sent:
                content = one.client.http.get(f"/api/documents/{document['id']}/content")
                if not content.is_success or hashlib.sha256(content.content).hexdigest() != told.sent[document["filename"]]:
                    halves.append(document["filename"])
        wrong += told.wrong
    slowest = max((one.told for one in busy), key=lambda told: told.longest_refusal_s)
    longest = slowest.longest_refusal_s
    good = not (lost or halves or doubled or wrong) and undisturbed and longest <= _LONGEST_S
    if not good:
        told = {"lost": lost, "halves": halves, "doubled": doubled, "wrong": wrong, "slowest refusal": [slowest.longest_refusal]}
        for what, found in told.items():
            print(f"{what}:", *found[:8], sep="\n")
    done, refused, cut = (sum(getattr(one.told, name) for one in busy) for name in ("done", "refused", "cut"))
    operations = f"{done + refused + cut:,} operations in {seconds:.0f} s on stores in bad weather"
    answers = f"{done:,} done, {refused} answered 503 within {longest:.1f} s, {cut} downloads cut off"
    broken = f"{len(lost)} lost, {len(halves)} half, {len(doubled)} doubled"
    print(f"{verdict(good)}: {operations}: {answers}; {broken}; the training {'went on' if undisturbed else 'WAS DISTURBED'}")
    return 0 if good else 1


def _all(client: Client, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    more = True
    while more:
        page = client.get(f"/api/{kind}?limit=100" + (f"&after={found[-1]['id']}" if found else ""))
        found += page["data"]
        more = page["has_more"]
    return found
