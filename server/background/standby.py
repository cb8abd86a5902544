"""Decides in a thread of its own when a trainer is to wait for the next run: while somebody seems to prepare one, and memory is plentiful.

Somebody who uploads data, asks for a forecast or starts a job may want a run soon; so may whoever sees one end. When nothing of that
happened for a while, or memory gets short, or all places for runs are taken, none waits.
"""

from collections.abc import Callable
from typing import Final, Literal, Protocol

from server.background.rounds import Rounds
from server.ports.clock import Clock

Mode = Literal["auto", "on", "off"]

_LOOK_EVERY_S: Final = 5.0
_NOTHING_TO_LOOK_AT_S: Final = 600.0
_ENOUGH_BYTES: Final = 2 * 1024**3
"""Free memory with which one is started: eight times what it needs (245 MB measured), so that it is never what a model lacks."""
_SHORT_BYTES: Final = 1024**3
"""Below this, it is ended."""


class Trainer(Protocol):
    @property
    def pid(self) -> int | None:
        """Of the one that waits."""
        ...

    def keep(self) -> None:
        """Starts one where none waits."""
        ...

    def retire(self) -> None: ...

    def sweep(self) -> None: ...


class Standby:
    """`on` keeps one whenever memory allows; `auto` forgets a sign of life after `idle_s`. `has_room`: one more run could start."""

    def __init__(
        self,
        trainer: Trainer,
        clock: Clock,
        *,
        mode: Mode,
        idle_s: float,
        has_room: Callable[[], bool],
        free_memory_bytes: Callable[[], int],
    ) -> None:
        self._trainer = trainer
        self._clock = clock
        self._mode = mode
        self._idle_s = idle_s
        self._has_room = has_room
        self._free_memory_bytes = free_memory_bytes
        self._expected_at = float("-inf")
        self._rounds = Rounds("standby", self.round, rest_after_failure_s=_LOOK_EVERY_S)

    def start(self) -> None:
        if self._mode != "off":
            self._trainer.sweep()
            self._rounds.start()

    def stop(self) -> None:
        """A trainer that waits ends with its server. One that has a run goes on."""
        self._rounds.stop()
        self._trainer.retire()

    def expect(self) -> None:
        """A run may be wanted soon."""
        self._expected_at = self._clock.monotonic()
        if self._mode != "off" and self._trainer.pid is None:
            self._rounds.wake()

    def round(self) -> float:
        """One look; how long until the next."""
        expected = self._mode == "on" or self._clock.monotonic() - self._expected_at < self._idle_s
        if not expected:
            self._trainer.retire()
            return _NOTHING_TO_LOOK_AT_S
        if not self._has_room():
            self._expected_at = self._clock.monotonic()  # Whoever waits for its end may want another.
            self._trainer.retire()
        elif self._free_memory_bytes() < (_ENOUGH_BYTES if self._trainer.pid is None else _SHORT_BYTES):
            self._trainer.retire()
        else:
            self._trainer.keep()
        return _LOOK_EVERY_S
