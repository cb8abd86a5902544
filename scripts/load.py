"""A load generator that leaves the machine to what it measures: one process, sockets and epoll, about 15 microseconds a request.

Open loop: requests are due at a fixed rate whatever the answers do, and a latency counts from when its request was due, so that a server
that stands still for a second is charged for everybody who would have asked in that second.
"""

import multiprocessing
import re
import select
import socket
import time
from collections import Counter, deque
from dataclasses import dataclass, field

_NEXT = re.compile(rb'"next":(\d+)')
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)")
_TAG = re.compile(rb"\r\netag: ([^\r]+)")


@dataclass
class Measured:
    """Seconds from due to answered, the answers' statuses, and how many requests had no answer in the end.

    `late` are seconds from due until this program came to ask: where they are long, the machine had no time for the generator either.
    """

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    late: list[float] = field(default_factory=list)
    generator_s: float = 0.0
    """Processor time of the generator itself."""

    def __add__(self, other: "Measured") -> "Measured":
        return Measured(**{name: value + getattr(other, name) for name, value in vars(self).items()})

    def percentile(self, share: float) -> float:
        return _percentile(self.latencies, share)

    def late_by(self, share: float) -> float:
        return _percentile(self.late, share)

    def __str__(self) -> str:
        p50, p99 = (1000 * self.percentile(share) for share in (0.5, 0.99))
        odd = {status: count for status, count in self.statuses.items() if status not in {200, 304}}
        troubles = f", REFUSED {odd}" if odd else ""
        troubles += f", {self.unanswered} UNANSWERED" if self.unanswered else ""
        return f"{len(self.latencies)} answers, p50 {p50:.1f} ms, p99 {p99:.1f} ms{troubles}"

    @property
    def good(self) -> bool:
        return bool(self.latencies) and not self.unanswered and set(self.statuses) <= {200, 304}


def _percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass
class Poller:
    """A page that polls one address with its cursor and the tag of its last answer, as the product's page does."""

    token: str
    path: str
    cursor: int = 0
    tag: bytes = b""

    def request(self) -> bytes:
        match = b"if-none-match: %b\r\n" % self.tag if self.tag else b""
        head = f"GET {self.path}?after={self.cursor} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {self.token}\r\n"
        return head.encode() + match + b"\r\n"

    def take(self, head: bytes, body: bytes) -> None:
        """The next question starts behind this answer; its tag says whether that moved."""
        if found := _NEXT.search(body):
            cursor = int(found[1])
            tag = _TAG.search(head)
            # A tag belongs to one address: after a move the address is another one.
            self.tag = tag[1] if tag and cursor == self.cursor else b""
            self.cursor = cursor


class _Connection:
    def __init__(self, port: int, poller: Poller) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.poller = poller
        self.due: deque[float] = deque()
        self._received = b""

    def ask(self, due: float) -> None:
        self.due.append(due)
        if len(self.due) == 1:
            self.socket.sendall(self.poller.request())

    def receive(self, measured: Measured) -> None:
        self._received += self.socket.recv(1 << 18)
        head, separator, rest = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        status = int(head[9:12])
        length = 0 if status == 304 else int(found[1]) if (found := _LENGTH.search(head)) else 0
        if len(rest) < length:
            return
        self._received = rest[length:]
        measured.latencies.append(time.monotonic() - self.due.popleft())
        measured.statuses[status] += 1
        self.poller.take(head, rest[:length])
        if self.due:  # It was due while the answer before it was still awaited.
            self.socket.sendall(self.poller.request())


def generate(port: int, pollers: list[Poller], *, rate: float, seconds: float) -> Measured:
    """`rate` requests a second for `seconds`, the pollers in turn, each on a connection of its own."""
    measured, used = Measured(), time.process_time()
    connections = [_Connection(port, poller) for poller in pollers]
    by_number = {connection.socket.fileno(): connection for connection in connections}
    poll = select.epoll()
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    started, asked, total = time.monotonic(), 0, int(rate * seconds)
    deadline = started + seconds + 5
    while (asked < total or any(connection.due for connection in connections)) and time.monotonic() < deadline:
        now = time.monotonic()
        while asked < total and (due := started + asked / rate) <= now:
            measured.late.append(now - due)
            connections[asked % len(connections)].ask(due)
            asked += 1
        until_due = max(0.0, started + asked / rate - now) if asked < total else 0.1
        for number, _ in poll.poll(until_due):
            by_number[number].receive(measured)
    measured.unanswered = total - len(measured.latencies)
    measured.generator_s = time.process_time() - used
    for connection in connections:
        connection.socket.close()
    return measured


class Load:
    """`generate` in a process of its own, so that it and whoever measures do not wait for each other."""

    def __init__(self, port: int, pollers: list[Poller], *, rate: float, seconds: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._answers, into = context.Pipe(duplex=False)
        self._process = context.Process(target=_generate_into, args=(into, port, pollers, rate, seconds))
        self._process.start()

    def measured(self) -> Measured:
        answer: Measured = self._answers.recv()
        self._process.join()
        return answer


def _generate_into(into: "multiprocessing.connection.Connection", port: int, pollers: list[Poller], rate: float, seconds: float) -> None:
    into.send(generate(port, pollers, rate=rate, seconds=seconds))
