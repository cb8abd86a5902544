"""Who is next: the queue of waiting jobs, fair between owners, in each owner's own order. Pure order first, then the records behind it.

Among owners with waiting jobs the next is the one with the fewest runs, then the one whose last turn is longest ago, then the one whose
job is oldest: fifty jobs of one user delay another's first by one at most.
"""

import heapq
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from server.domain import keys
from server.domain.jobs.states import StoredJob
from server.errors import Conflict
from server.ports.records import ABSENT, MAX_CHANGES, Delete, Put, Record, Records

_PAGE: Final = 1_000


@dataclass(frozen=True)
class Waiting:
    """A waiting job's pointer. `order` is its place among its owner's, smaller is sooner; equal ones are taken by age."""

    job_id: str
    owner: str
    order: float
    base_model: str
    method: str
    num_tokens: int
    memory_bytes: int
    version: int

    @property
    def line(self) -> tuple[float, str]:
        return self.order, self.job_id


@dataclass(frozen=True)
class Place:
    """`position` among everybody's, `rank` among the owner's own, both from 1."""

    position: int
    rank: int
    estimated_start: datetime | None


def fair_order(waiting: Sequence[Waiting], *, running: Sequence[str], turns: Mapping[str, int], slots: int) -> Iterator[Waiting]:
    """The order in which jobs would start if nothing else came. `running` are the owners of the runs, longest running first."""
    lines: dict[str, deque[Waiting]] = {}
    for one in sorted(waiting, key=lambda one: one.line):
        lines.setdefault(one.owner, deque()).append(one)
    busy, turns = deque(running), dict(turns)
    turn = max(turns.values(), default=0)
    while lines:
        while len(busy) >= max(1, slots):
            busy.popleft()
        runs = Counter(busy)
        owner = min(lines, key=lambda owner: (runs[owner], turns.get(owner, 0), lines[owner][0].job_id))
        chosen = lines[owner].popleft()
        if not lines[owner]:
            del lines[owner]
        turn += 1
        turns[owner] = turn
        busy.append(owner)
        yield chosen


def starts_in_s(
    order: Sequence[Waiting], *, left_s: Sequence[float | None], slots: int, seconds_of: Callable[[Waiting], float | None]
) -> list[float | None]:
    """Seconds until each job of `order` starts; None from where nobody can know. `left_s` are the present runs' remaining seconds."""
    unknown = float("inf")
    free_at = [unknown if left is None else left for left in left_s] + [0.0] * max(0, slots - len(left_s))
    heapq.heapify(free_at)
    starts: list[float | None] = []
    for one in order:
        start = heapq.heappop(free_at)
        seconds = seconds_of(one)
        heapq.heappush(free_at, unknown if seconds is None else start + seconds)
        starts.append(None if start == unknown else start)
    return starts


class Queue:
    """`slots` is how many runs there may be at once."""

    def __init__(self, records: Records, *, slots: int) -> None:
        self._records = records
        self._slots = slots

    def waiting(self) -> list[Waiting]:
        return [_waiting(record) for record in pointers(self._records, keys.QUEUE_PARTITION)]

    def is_beside_a_test(self) -> bool:
        """Whether an evaluation runs."""
        return any(record.data["state"] == "running" for record in pointers(self._records, keys.EVALUATING_PARTITION))

    def entering(self, job: StoredJob, *, at: Literal["front", "back"]) -> Put:
        """The change that lets a job wait, before or behind all others of its owner; part of the write that makes it `queued`."""
        orders = [one.order for one in self.waiting() if one.owner == job.owner] or [0.0]
        return _pointer(job, order=min(orders) - 1 if at == "front" else max(orders) + 1, expect=ABSENT)

    def replacing(self, job: StoredJob) -> Put:
        """The pointer of a waiting job whose plan has changed, at its old place."""
        record = self._pointer_of(job)
        return _pointer(job, order=_waiting(record).order, expect=record.version)

    def leaving(self, job_id: str) -> Delete:
        return Delete(keys.queued(job_id), expect=None)

    def moving(self, job: StoredJob, *, rank: int) -> list[Put | Delete]:
        """The changes that bring a waiting job to a place among its owner's own, 1 is first; beyond the last is the last."""
        self._pointer_of(job)
        own = sorted((one for one in self.waiting() if one.owner == job.owner), key=lambda one: one.line)
        others = [one for one in own if one.job_id != job.id]
        before, behind = others[: rank - 1], others[rank - 1 :]
        low = before[-1].order if before else behind[0].order - 2 if behind else 0.0
        high = behind[0].order if behind else low + 2
        middle = (low + high) / 2
        me = next(one for one in own if one.job_id == job.id)
        if low < middle < high:
            return [_pointer(job, order=middle, expect=me.version)]
        # No room between two neighbours: the owner's whole line is numbered anew.
        line = [*before, me, *behind][: MAX_CHANGES - 10]
        first = min(own[0].order, 0.0) - len(line)
        orders = {one.job_id: first + place for place, one in enumerate(line)}
        mine = _pointer(job, order=orders.pop(job.id, first), expect=me.version)
        return [mine, *(_moved(one, orders[one.job_id]) for one in line if one.job_id in orders)]

    def places(self, *, left_s: Callable[[Record], float | None], now: datetime) -> dict[str, Place]:
        """Where every waiting job stands. `left_s` says how long a run (its pointer is given) will take yet, where that is known."""
        waiting = self.waiting()
        if not waiting:
            return {}
        runs = pointers(self._records, keys.RUNNING_PARTITION)
        order = list(fair_order(waiting, running=owners_of(runs), turns=self.turns()[1], slots=self._slots))
        speeds: dict[tuple[str, str], tuple[float, float] | None] = {}

        def seconds_of(one: Waiting) -> float | None:
            kind = (one.base_model, one.method)
            if kind not in speeds:
                measured = self._records.get(keys.speed(*kind))
                speeds[kind] = None if measured is None else (measured.data["tokens_per_s"], measured.data["overhead_s"])
            speed = speeds[kind]
            return None if speed is None or not one.num_tokens else one.num_tokens / speed[0] + speed[1]

        starts = starts_in_s(order, left_s=[left_s(run) for run in runs], slots=self._slots, seconds_of=seconds_of)
        places: dict[str, Place] = {}
        ranks: Counter[str] = Counter()
        for position, (one, start) in enumerate(zip(order, starts, strict=True), 1):
            ranks[one.owner] += 1
            places[one.job_id] = Place(position, ranks[one.owner], None if start is None else now + timedelta(seconds=start))
        return places

    def turns(self) -> tuple[int, dict[str, int]]:
        """Version and content of the record of turns. Every start writes it, so that two servers cannot start two jobs at once."""
        record = self._records.get(keys.turn())
        return (ABSENT, {}) if record is None else (record.version, record.data["of"])

    def taking_turn(self, owner: str, *, version: int, turns: Mapping[str, int]) -> Put:
        latest = sorted({**turns, owner: max(turns.values(), default=0) + 1}.items(), key=lambda item: item[1])[-_PAGE:]
        return Put(keys.turn(), {"of": dict(latest)}, version)

    def _pointer_of(self, job: StoredJob) -> Record:
        record = self._records.get(keys.queued(job.id))
        if record is None:
            raise Conflict(f"This job does not wait any more: it is {job.state}.", code="jobs.wrong_state")
        return record


def pointers(records: Records, partition: str) -> list[Record]:
    """Every record of a partition."""
    found: list[Record] = []
    more = True
    while more:
        page = records.page(partition, after=found[-1].key.sort if found else None, limit=_PAGE)
        found += page.records
        more = page.has_more
    return found


def owners_of(runs: Sequence[Record]) -> list[str]:
    """Longest running first: a job that started later has a higher number of turn."""
    return [run.data["owner"] for run in sorted(runs, key=lambda run: run.data.get("turn", 0))]


def _pointer(job: StoredJob, *, order: float, expect: int) -> Put:
    takes = {"base_model": job.base_model, "method": job.method, "num_tokens": job.num_training_tokens, "memory_bytes": job.memory_bytes}
    return Put(keys.queued(job.id), {"owner": job.owner, "order": order, **takes}, expect)


def _waiting(record: Record) -> Waiting:
    data: dict[str, Any] = {"order": 0.0, "base_model": "", "method": "", "num_tokens": 0, "memory_bytes": 0, **record.data}
    return Waiting(job_id=record.key.sort, version=record.version, **data)


def _moved(one: Waiting, order: float) -> Put:
    data = {name: getattr(one, name) for name in ("owner", "base_model", "method", "num_tokens", "memory_bytes")}
    return Put(keys.queued(one.job_id), {**data, "order": order}, one.version)
