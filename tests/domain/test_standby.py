"""When a trainer is to wait for the next run."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from server.background.standby import Standby

GB = 1024**3


@dataclass
class Trainer:
    """What was asked of it, and whether one waits."""

    pid: int | None = None
    asked: list[str] = field(default_factory=list)

    def keep(self) -> None:
        self.pid = 1

    def retire(self) -> None:
        self.pid = None

    def sweep(self) -> None:
        self.asked.append("sweep")


@dataclass
class House:
    mode: Any = "auto"
    now: float = 100.0
    has_room: bool = True
    free: int = 8 * GB

    def __post_init__(self) -> None:
        self.trainer = Trainer()
        self.standby = Standby(
            self.trainer,
            self,  # type: ignore[arg-type]  # Its clock: `monotonic` alone is asked.
            mode=self.mode,
            idle_s=600,
            has_room=lambda: self.has_room,
            free_memory_bytes=lambda: self.free,
        )

    def monotonic(self) -> float:
        return self.now

    def waits(self, *, after_s: float = 0) -> bool:
        self.now += after_s
        self.standby.round()
        return self.trainer.pid is not None


def test_nobody_waits_until_somebody_prepares_a_run_and_for_a_while_after() -> None:
    house = House()
    assert not house.waits()
    house.standby.expect()
    assert house.waits()
    assert house.waits(after_s=599)
    assert not house.waits(after_s=2)
    house.standby.expect()
    assert house.waits()


def test_nobody_waits_beside_a_run_and_somebody_after_it() -> None:
    house = House()
    house.standby.expect()
    assert house.waits()
    house.has_room = False
    assert not house.waits()
    assert not any(house.waits(after_s=300) for _ in range(9))
    house.has_room = True
    assert house.waits()


@pytest.mark.parametrize("mode", ["auto", "on"])
def test_it_is_never_in_the_way_of_memory(mode: str) -> None:
    house = House(mode, free=GB + 1)
    house.standby.expect()
    assert not house.waits(), "not enough to begin with"
    house.free = 2 * GB
    assert house.waits()
    house.free = GB + 1
    assert house.waits(), "it has what it needs"
    house.free = GB - 1
    assert not house.waits()


def test_on_wants_no_sign_of_life_and_off_hears_none() -> None:
    assert House("on").waits(after_s=10_000)
    off = House("off")
    off.standby.start()
    off.standby.expect()
    off.standby.stop()
    assert (off.trainer.pid, off.trainer.asked) == (None, [])
