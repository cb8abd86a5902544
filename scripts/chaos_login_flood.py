"""`scripts/chaos login-flood`: a hundred sign-ins a second from as many networks, beside pages that poll. What it costs in memory, what the
pages notice, and whether the owner of an account gets in meanwhile.

`times` is for how many seconds.
"""

import asyncio
import multiprocessing
import threading
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from scripts.bench_poll import Viewers
from scripts.chaos_servers import verdict
from scripts.load import Load
from scripts.strangers import addresses, post
from tests.system.harness import PASSWORD, Client, Server, running_server
from tests.system.planted import plant_jobs

_SECONDS = 30
_A_SECOND = 100
_POLLS_A_SECOND = 50
_NUM_POLLERS = 50
_MAX_GROWTH = 256 * 2**20
_MAX_P99_S = 0.2
_PATIENCE_S = 15.0
_OWNER = "ada@example.org"


def run(folder: Path, *, times: int | None, seed: int) -> int:
    seconds = times or _SECONDS
    with running_server(folder / "data", hub="off") as server:
        viewers = Viewers(server)
        [job] = plant_jobs(server.data, viewers.owner, 1, state="paused", num_lines=200)
        calm = _polls(server, viewers, job, seconds=min(10, seconds)).measured()
        before = _memory(server)
        watch = _Peak(server)
        flood = _Flood(server.port, seconds)
        time.sleep(1.0)
        polls = _polls(server, viewers, job, seconds=max(1, seconds - 2))
        owner_s = _sign_in(viewers.client)
        measured = polls.measured()
        statuses, hurried = flood.over()
        growth = watch.over() - before
    slow = measured.percentile(0.99)
    good = (
        measured.good
        and slow < _MAX_P99_S
        and growth < _MAX_GROWTH
        and owner_s < _PATIENCE_S
        and hurried
        and set(statuses) <= {401, 429, 503}
    )
    print(f"without it: {calm}")
    print(
        f"{verdict(good)}: {sum(statuses.values())} sign-ins, {_A_SECOND} a second for {seconds} s, each from a network of its own: "
        f"{dict(sorted(statuses.items()))}, {growth / 2**20:+.0f} MB at the peak (target 256), "
        f"polls beside it: {measured} (target p99 200 ms), the owner was in after {owner_s:.1f} s, "
        f"every refusal {'names' if hurried else 'DOES NOT NAME'} a time to come back"
    )
    return 0 if good else 1


def _polls(server: Server, viewers: Viewers, job: str, *, seconds: float) -> Load:
    return Load(server.port, viewers.pollers(job, _NUM_POLLERS), rate=_POLLS_A_SECOND, seconds=seconds)


def _sign_in(client: Client) -> float:
    """Seconds until the owner is in, who comes from a browser that has signed in before, and again when told to."""
    started = time.monotonic()
    while time.monotonic() - started < _PATIENCE_S:
        answer = client.http.post("/api/auth/login", json={"email": _OWNER, "password": PASSWORD})
        if answer.status_code == 200:
            break
        time.sleep(float(answer.headers.get("retry-after", "1")))
    return time.monotonic() - started


def _memory(server: Server) -> int:
    found: int = psutil.Process(server.pid).memory_info().rss
    return found


class _Peak:
    """The most memory that the server has had since."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._most = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def over(self) -> int:
        self._end.set()
        self._thread.join()
        return self._most

    def _watch(self) -> None:
        while not self._end.wait(0.1):
            self._most = max(self._most, _memory(self._server))


class _Flood:
    """In a process of its own, at its rate whatever the answers do."""

    def __init__(self, port: int, seconds: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._answers, into = context.Pipe(duplex=False)
        self._process = context.Process(target=_flood_into, args=(into, port, seconds))
        self._process.start()

    def over(self) -> tuple[Counter[int], bool]:
        """The answers' statuses, and whether each that said "not now" said when."""
        answer: tuple[Counter[int], bool] = self._answers.recv()
        self._process.join()
        return answer


def _flood_into(into: Connection, port: int, seconds: int) -> None:
    into.send(asyncio.run(_flood(port, seconds)))


async def _flood(port: int, seconds: int) -> tuple[Counter[int], bool]:
    started, source, waiting = time.monotonic(), addresses(), []
    for number in range(_A_SECOND * seconds):
        await asyncio.sleep(max(0.0, started + number / _A_SECOND - time.monotonic()))
        email = _OWNER if number % 2 else f"nobody-{number}@example.org"
        body = {"email": email, "password": f"a guess of number {number}"}
        waiting.append(asyncio.create_task(post(port, "/api/auth/login", body, source=next(source))))
    answers = await asyncio.gather(*waiting)
    refused = [answer for answer in answers if answer.status in {429, 503}]
    return Counter(answer.status for answer in answers), all("retry-after" in answer.headers for answer in refused)
