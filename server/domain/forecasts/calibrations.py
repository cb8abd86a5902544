"""What has been measured on this machine, kept in the data folder, and measured when it is first wanted: in the background, in a process of
its own, and never while something trains or is tested, which it would slow down and which would spoil it."""

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import structlog
from pydantic import ValidationError

from server.domain import keys
from server.ports.clock import Clock
from server.ports.records import Records
from shared.calibration import Calibration, CalibrationRefused, CalibrationSpec
from shared.constants import Accelerator, Method

Measure = Callable[[CalibrationSpec, Callable[[], bool]], Calibration | CalibrationRefused | None]
"""Gives up, and answers None, when the second argument says so."""
Later = Callable[[Callable[[], None]], None]
State = Literal["measured", "measuring", "waiting", "impossible"]
_BUSY_SHARE: Final = 0.15
_BUSY_SPEED: Final = 0.6
"""Of the best matrix product that this machine ever showed."""
_AGAIN_AFTER_S: Final = 300.0
_log = structlog.get_logger()


@dataclass(frozen=True)
class Measured:
    """`calibration` is there with "measured" alone, or with a state of measuring it anew. `busy`: something else ran meanwhile."""

    state: State
    calibration: Calibration | None = None
    busy: bool = False


@dataclass(frozen=True)
class Place:
    """Where models lie, and what of the machine a training uses. `machine` differs between machines and versions of the product."""

    machine: str
    calibrations_folder: Path
    base_models_folder: Path
    own_models_folder: Path
    threads: int | None
    on: bool = True
    """Whether anything is measured at all: the operator's word."""


class Calibrations:
    def __init__(self, records: Records, clock: Clock, measure: Measure, place: Place, *, later: Later) -> None:
        self._records = records
        self._clock = clock
        self._measure = measure
        self._place = place
        self._later = later
        self._lock = threading.Lock()
        self._known: dict[str, Calibration] = {}
        self._under_way: set[str] = set()
        self._tried_at: dict[str, float] = {}
        self._best_gflops = 0.0

    def of(
        self, base_model: str, method: Method, accelerator: Accelerator, base_folder: Path | None = None, *, begin: bool = True
    ) -> Measured:
        """What is known now. What is not known begins to be measured, if `begin` and nothing runs; ask again in some seconds."""
        spec = CalibrationSpec(
            base_model=base_model,
            method=method,
            base_models_folder=self._place.base_models_folder,
            models_folder=self._place.own_models_folder,
            base_folder=base_folder,
            threads=self._place.threads,
            accelerator=accelerator,
            scratch_folder=self._place.calibrations_folder,
        )
        key = self._key(spec)
        found = self._read(key)
        if found is not None and not self._is_busy(found):
            return Measured("measured", found)
        state = self._begin(key, spec) if begin and self._place.on else "impossible"
        return Measured("measured" if found is not None else state, found, busy=found is not None)

    def _begin(self, key: str, spec: CalibrationSpec) -> State:
        with self._lock:
            if key in self._under_way:
                return "measuring"
            tried = self._tried_at.get(key)
            if tried is not None and self._clock.monotonic() - tried < _AGAIN_AFTER_S:
                return "impossible"
            if self._something_runs():
                return "waiting"
            self._under_way.add(key)
        self._later(lambda: self._measured(key, spec))
        return "measuring"

    def _measured(self, key: str, spec: CalibrationSpec) -> None:
        try:
            if self._something_runs():
                return
            answer = self._measure(spec, self._something_runs)
            if answer is None:
                return
            self._tried_at[key] = self._clock.monotonic()
            if isinstance(answer, CalibrationRefused):
                _log.info("not_calibrated", base_model=spec.base_model, method=spec.method, reason=answer.reason)
                return
            before = self._known.get(key)
            if before is None or answer.others_share <= before.others_share or not self._is_busy(answer):
                self._file(key).write_text(answer.model_dump_json(), encoding="utf-8")
                self._known[key] = answer
            _log.info("calibrated", base_model=spec.base_model, method=spec.method, seconds=answer.seconds, others=answer.others_share)
        finally:
            with self._lock:
                self._under_way.discard(key)

    def _something_runs(self) -> bool:
        partitions = (keys.RUNNING_PARTITION, keys.EVALUATING_PARTITION)
        return any(self._records.page(partition, limit=1).records for partition in partitions)

    def _is_busy(self, found: Calibration) -> bool:
        self._best_gflops = max(self._best_gflops, found.matrix_gflops)
        return found.others_share > _BUSY_SHARE or found.matrix_gflops < _BUSY_SPEED * self._best_gflops

    def _read(self, key: str) -> Calibration | None:
        if key not in self._known:
            try:
                self._known[key] = Calibration.model_validate_json(self._file(key).read_bytes())
            except (OSError, ValidationError):
                return None
        return self._known[key]

    def _file(self, key: str) -> Path:
        return self._place.calibrations_folder / f"{key}.json"

    def _key(self, spec: CalibrationSpec) -> str:
        decisive = [self._place.machine, spec.base_model, spec.method, spec.threads, spec.accelerator]
        return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:32]
