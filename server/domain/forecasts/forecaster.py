"""The forecast of a planned job: what it will take, each number with its range, and whether it can be made here at all."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from server.domain import keys
from server.domain.forecasts.amounts import amounts
from server.domain.forecasts.calibrations import Calibrations, Measured
from server.domain.forecasts.costs import Run, left_bytes_of, memory_bytes_of, room_bytes_of, seconds_of
from server.domain.forecasts.money import Price
from server.domain.forecasts.room import Need, There, obstacle_for
from server.ports.records import Records
from shared.base_models import BaseModel
from shared.calibration import Calibration
from shared.constants import Method, Objective
from shared.job_spec import RunSettings
from shared.wire import Forecast, LookBlocks, Obstacle, Resolved

_TIME, _TIME_BUSY, _MEMORY, _MEMORY_UNMEASURED = 0.15, 0.4, 0.07, 0.4
_UNCOUNTED: Final = 0.15
"""How far off the middle is either way: of measured times, of those from a busy machine, of memory; and more where tokens are estimated."""
_SYSTEM_SHARE, _SYSTEM_BYTES = 0.05, 400_000_000
"""Of the memory that the system and this server keep."""


@dataclass(frozen=True)
class Machine:
    """What this machine has now; `price` is None where nobody knows one."""

    memory_bytes: Callable[[], int]
    free_disk_bytes: Callable[[], int]
    min_free_bytes: int
    price: Price | None
    checkpoint_every_s: float


@dataclass(frozen=True)
class Asked:
    """A planned job as the forecast needs it. `num_tokens` is estimated from characters, `blocks` counted by a look."""

    base: BaseModel
    base_folder: Path | None
    is_ready: bool
    method: Method
    objective: Objective
    resolved: dict[str, Resolved]
    settings: RunSettings
    num_tokens: int
    num_examples: int
    num_characters: int
    plain: bool
    blocks: LookBlocks | None


class Forecaster:
    def __init__(self, records: Records, calibrations: Calibrations, machine: Machine) -> None:
        self._records = records
        self._calibrations = calibrations
        self._machine = machine

    def forecast(self, asked: Asked, *, begin: bool = True) -> Forecast:
        """`begin`: what was never measured on this machine begins to be, in the background."""
        base, method = asked.base, asked.method
        measured = self._calibrations.of(base.id, method, asked.settings.accelerator, asked.base_folder, begin=begin)
        run, found = self._run(asked, method, asked.settings), measured.calibration
        loose = 0.0 if run.amounts.counted else _UNCOUNTED
        steps = asked.settings.max_steps or run.amounts.num_steps
        fixed = bool(asked.settings.max_steps) or run.amounts.counted
        low_steps, high_steps = (steps, steps) if fixed else _around(steps, loose, loose)
        memory, memory_low, memory_high = self._memory(run, found, loose)
        left = left_bytes_of(run, found)
        seconds = self._seconds(run, measured, loose)
        return Forecast(
            method=method,
            objective=asked.objective,
            resolved=asked.resolved,
            num_examples=asked.num_examples,
            num_training_tokens=run.amounts.num_rows,
            num_training_tokens_low=round(run.amounts.num_rows * (1 - max(0.02, loose))),
            num_training_tokens_high=round(run.amounts.num_rows * (1 + max(0.02, loose))),
            num_steps=steps,
            num_steps_low=low_steps,
            num_steps_high=high_steps,
            counted=run.amounts.counted,
            memory_bytes=memory,
            memory_low_bytes=memory_low,
            memory_high_bytes=memory_high,
            disk_bytes=left[0],
            disk_low_bytes=left[0],
            disk_high_bytes=left[1],
            room_bytes=room_bytes_of(run, found),
            calibration=measured.state,
            busy=measured.busy,
            obstacle=self._obstacle(asked, found),
            money=None
            if self._machine.price is None or seconds["seconds_low"] is None
            else self._machine.price.of(seconds["seconds_low"], seconds["seconds_high"]),
            **seconds,
        )

    def _run(self, asked: Asked, method: Method, settings: RunSettings) -> Run:
        # Blocks of another length hold other numbers of documents: what was counted holds for the settings that were looked at.
        same = settings.block_size == asked.settings.block_size
        read = amounts(
            settings,
            num_tokens=asked.num_tokens,
            num_examples=asked.num_examples,
            num_characters=asked.num_characters,
            plain=asked.plain,
            found=asked.blocks if same else None,
        )
        return Run(asked.base, method, settings, read, self._machine.checkpoint_every_s, asked.is_ready)

    def _seconds(self, run: Run, measured: Measured, loose: float) -> dict[str, Any]:
        """From the calibration, corrected by how the last run of this kind kept to it; else from that run's speed alone."""
        speed = self._records.get(keys.speed(run.base.id, run.method))
        if measured.calibration is None:
            return self._from_last_run(run, speed.data if speed is not None else None, measured.state)
        parts = seconds_of(run, measured.calibration)
        ratio = min(3.0, max(0.5, float(speed.data.get("ratio") or 1.0))) if speed is not None else 1.0
        off = (_TIME_BUSY if measured.busy else _TIME) + loose
        # A run that may end early makes a third of its steps at the least, about.
        soonest = parts.total - (2 / 3 * (parts.train + parts.validate) if run.settings.early_stopping else 0.0)
        how = "The machine was busy while it was measured, so this may be too much. " if measured.busy else ""
        counted = "tokens were counted" if run.amounts.counted else "tokens are estimated until you look at the data"
        before = "" if speed is None else f" The last run of this model took {ratio:.2g} times its forecast."
        return {
            "seconds": parts.total,
            "seconds_low": soonest * min(1.0, ratio) * (1 - off),
            "seconds_high": parts.total * max(1.0, ratio) * (1 + off),
            "parts": {name: round(value, 3) for name, value in parts.__dict__.items()},
            "basis": f"{how}From the speed of this machine, measured with this model; {counted}.{before}",
        }

    def _from_last_run(self, run: Run, speed: dict[str, Any] | None, state: str) -> dict[str, Any]:
        why = _NOT_MEASURED[state]
        if speed is None:
            return {"seconds": None, "seconds_low": None, "seconds_high": None, "basis": why}
        seconds = run.amounts.num_rows / speed["tokens_per_s"] + speed["overhead_s"]
        basis = f"From this machine's last run of this model: {speed['tokens_per_s']:.0f} tokens/s. {why}"
        return {"seconds": seconds, "seconds_low": 0.75 * seconds, "seconds_high": 1.4 * seconds, "basis": basis}

    def _memory(self, run: Run, found: Calibration | None, loose: float) -> tuple[int, int, int]:
        if found is None:
            memory = run.base.memory_bytes(run.method)
            return memory, *_around(memory, _MEMORY_UNMEASURED, _MEMORY_UNMEASURED)
        memory = memory_bytes_of(run, found)
        return memory, *_around(memory, _MEMORY + loose / 3, _MEMORY + loose / 3)

    def _obstacle(self, asked: Asked, found: Calibration | None) -> Obstacle | None:
        """A method that was not measured itself is judged by what its weights alone take."""
        total = self._machine.memory_bytes()
        if found is not None and found.device_memory_bytes is not None:
            total = found.device_memory_bytes
        there = There(
            round(total - max(_SYSTEM_BYTES, _SYSTEM_SHARE * total)), self._machine.free_disk_bytes() - self._machine.min_free_bytes
        )

        def need_of(method: Method, settings: RunSettings) -> Need:
            run = self._run(asked, method, settings)
            if found is not None and method == asked.method:
                memory = round(memory_bytes_of(run, found) * (1 - _MEMORY))
            elif found is not None:
                memory = round(memory_bytes_of(replace(run, method="lora"), _with_adapters(found)) * (1 - _MEMORY))
            else:
                memory = 250_000_000 + asked.base.num_parameters * (5 if method == "lora" else 16)
            return Need(memory, room_bytes_of(run, found if method == asked.method else None))

        return obstacle_for(asked.method, asked.settings, there, need_of)


_NOT_MEASURED: Final = {
    "measuring": "This machine is being measured with this model; the time comes in some seconds.",
    "waiting": "Not measured yet: that waits until nothing trains here.",
    "impossible": "Not measured yet: the time shows from the first steps on.",
    "measured": "",
}


def _with_adapters(found: Calibration) -> Calibration:
    """About what adapters would take of a model that was measured with all its weights."""
    return found.model_copy(update={"num_trained_at_16": round(0.036 * found.num_parameters)})


def _around(middle: float, below: float, above: float) -> tuple[int, int]:
    return round(middle * (1 - below)), round(middle * (1 + above))
