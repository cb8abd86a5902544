"""`scripts/chaos enumeration`: strangers ask for known and unknown addresses in turn, at every door that takes one: nothing of the answer,
its time included, tells which is which.

Where anybody may register, registering tells that an address is taken (decision 10); where only the invited may, nobody else is told.
"""

import asyncio
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.chaos_servers import verdict
from scripts.strangers import Answer, addresses, post
from tests.receivers import post_office
from tests.system.harness import PASSWORD, running_server

_TIMES = 200
_LIMIT_S = 0.005
_NUM_KNOWN = 8
_OF_THE_REQUEST_ALONE = {"x-request-id", "date"}
_DOORS: dict[str, Callable[[str], dict[str, Any]]] = {
    "/api/auth/login": lambda email: {"email": email, "password": "not the pass phrase"},
    "/api/auth/password-reset": lambda email: {"email": email},
    "/api/auth/register": lambda email: {"email": email, "password": PASSWORD},
}


def run(folder: Path, *, times: int | None, seed: int) -> int:
    data = folder / "data"
    known = [f"known-{number}@example.org" for number in range(_NUM_KNOWN)]
    with running_server(data, hub="off") as server:
        for email in known:
            server.client().register(email)
    with post_office() as office:
        mail = {"smtp_host": "127.0.0.1", "smtp_port": str(office.port), "smtp_security": "none", "smtp_from": "tuner@example.org"}
        with running_server(data, hub="off", registration="invite", **mail) as server:
            results = [_judged(path, asyncio.run(_asked(server.port, path, known, times or _TIMES))) for path in _DOORS]
    return 0 if all(results) else 1


async def _asked(port: int, path: str, known: list[str], times: int) -> list[tuple[Answer, Answer]]:
    """Pairs of answers, for somebody's address and for nobody's, one after the other and now the one, now the other first."""
    pairs, source, body_of = [], addresses(), _DOORS[path]
    for number in range(-3, times):
        emails = [known[number % len(known)], f"nobody-{number % len(known)}@example.org"]
        if number % 2:
            emails.reverse()
        answers = []
        for email in emails:
            answers.append(await post(port, path, body_of(email), source=next(source)))
            await asyncio.sleep(0.02)  # What is done after an answer must not fall on the next one's time.
        if number % 2:
            answers.reverse()
        if number >= 0:  # The first few warm up.
            pairs.append((answers[0], answers[1]))
    return pairs


def _judged(path: str, pairs: list[tuple[Answer, Answer]]) -> bool:
    told = {_visible(answer) for pair in pairs for answer in pair}
    medians = [statistics.median(pair[side].seconds for pair in pairs) for side in (0, 1)]
    gap_s = abs(medians[0] - medians[1])
    statuses = sorted({pair[0].status for pair in pairs})
    good = len(told) == 1 and gap_s < _LIMIT_S and 0 not in statuses
    print(
        f"{verdict(good)}: {path}: {len(pairs)} known and {len(pairs)} unknown addresses, {len(told)} kind of answer {statuses}, "
        f"medians {1000 * medians[0]:.1f} and {1000 * medians[1]:.1f} ms, gap {1000 * gap_s:.2f} ms (target 5 ms)"
    )
    return good


def _visible(answer: Answer) -> tuple[object, ...]:
    headers = {name: value for name, value in answer.headers.items() if name not in _OF_THE_REQUEST_ALONE}
    return answer.status, tuple(sorted(headers.items())), answer.body
