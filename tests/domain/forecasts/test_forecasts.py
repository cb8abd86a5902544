"""Forecasts: arithmetic that can be checked by hand, when a machine is measured, and what is refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.domain.forecasts.amounts import Amounts, amounts
from server.domain.forecasts.costs import Run, memory_bytes_of, seconds_of, step_s
from server.domain.forecasts.lines import Underway, forecast_lines
from server.domain.forecasts.money import Hardware, price_of
from server.domain.forecasts.room import Need, There, obstacle_for
from server.domain.forecasts.spending import running_seconds
from server.errors import InvalidInput, StorageFull
from shared.base_models import CATALOGUE
from shared.calibration import Calibration, CalibrationRefused, RowCost
from shared.constants import Method
from shared.job_spec import RunSettings
from shared.wire import Forecast, Hyperparameters, JobMove, JobRequest, LookBlocks
from tests.domain.conftest import House, SettableClock

OWNER = "usr-1"
LAYER = RowCost(call_s=0.001, row_s=1e-5, pair_s=0.0, run_s=0.0)
SETTINGS = RunSettings(
    epochs=2,
    max_steps=0,
    batch_size=4,
    gradient_accumulation=2,
    block_size=100,
    learning_rate=1e-3,
    scheduler="cosine",
    warmup_ratio=0.05,
    weight_decay=0.0,
    max_grad_norm=1.0,
    lora_r=16,
    lora_alpha=32.0,
    validation_fraction=0.1,
    seed=1,
)
BLOCKS = LookBlocks(num_blocks=80, num_documents=160, num_rows=8000, num_trained_rows=4000, num_pairs=200_000, num_opening=0)


def calibration(base_model: str = "gpt2-scratch-1m", method: Method = "scratch", **changed: object) -> Calibration:
    base = CATALOGUE[base_model]
    made = Calibration(
        base_model=base_model,
        method=method,
        measured_at=datetime(2026, 1, 1, tzinfo=UTC),
        seconds=5.0,
        matrix_gflops=200.0,
        others_share=0.0,
        num_layers=4,
        num_parameters=base.num_parameters,
        num_trained_at_16=base.num_parameters if method != "lora" else base.num_parameters // 30,
        width=128,
        vocabulary_size=2048,
        start_s=2.0,
        start_bytes=250_000_000,
        layer=LAYER,
        layer_forward=RowCost(call_s=0.0, row_s=3e-6, pair_s=0.0, run_s=0.0),
        head_row_s=1e-5,
        head_forward_row_s=3e-6,
        step_number_s=1e-9,
        token_s=0.001,
        saved_row_bytes=10_000.0,
        working_row_bytes=10_000.0,
        grown_bytes=100_000_000,
        head_bytes=2_000_000,
        write_byte_s=1e-9,
        read_byte_s=1e-9,
    )
    return made.model_copy(update=changed)


def counted(settings: RunSettings = SETTINGS) -> Amounts:
    return amounts(settings, num_tokens=9000, num_examples=180, num_characters=30_000, plain=True, found=BLOCKS)


def run(**changed: object) -> Run:
    settings = SETTINGS.model_copy(update=changed)
    return Run(CATALOGUE["gpt2-scratch-1m"], "scratch", settings, counted(settings))


def test_what_a_look_counted_makes_the_steps_exact() -> None:
    found = counted()
    assert (found.num_steps, found.micro_batches, found.counted) == (20, 2, True)
    assert found.batch.rows == 400
    assert found.batch.trained_rows == 200
    assert found.num_rows == 16_000


def test_without_a_look_the_amounts_are_near() -> None:
    found = amounts(SETTINGS, num_tokens=9000, num_examples=180, num_characters=30_000, plain=True)
    assert not found.counted
    assert found.num_rows == pytest.approx(16_000, rel=0.15)


def test_a_step_is_its_layers_head_and_optimizer() -> None:
    assert step_s(run(), calibration()) == pytest.approx(2 * (4 * (0.001 + 400e-5) + 200e-5) + 1_088_256e-9)
    parts = seconds_of(run(), calibration())
    assert parts.train == pytest.approx(20 * step_s(run(), calibration()))
    assert parts.total == pytest.approx(sum(parts.__dict__.values()))
    assert seconds_of(run(epochs=4), calibration()).train == pytest.approx(2 * parts.train)


def test_more_rows_take_more_memory_and_adapters_less() -> None:
    assert memory_bytes_of(run(batch_size=8), calibration()) > memory_bytes_of(run(), calibration())
    base = CATALOGUE["smollm2-135m-instruct"]
    full, lora = (
        memory_bytes_of(Run(base, method, SETTINGS, counted()), calibration(base.id, method, num_layers=30)) for method in ("full", "lora")
    )
    assert full > lora + 1.3e9


def need_of(limit: int) -> Callable[[Method, RunSettings], Need]:
    return lambda method, settings: Need(settings.batch_size * settings.block_size * (4 if method == "full" else 1) * 1_000_000, limit)


@pytest.mark.parametrize(
    ("method", "memory", "expected"),
    [
        ("full", 1_600_000_000, None),
        ("full", 800_000_000, {"batch_size": 2, "gradient_accumulation": 4, "block_size": 100}),
        ("full", 300_000_000, {"batch_size": 1, "gradient_accumulation": 8, "block_size": 64}),
        ("full", 200_000_000, {"batch_size": 2, "gradient_accumulation": 4, "block_size": 100}),
        ("lora", 10_000_000, "nothing"),
    ],
)
def test_the_largest_setting_that_fits_is_offered(method: Method, memory: int, expected: object) -> None:
    found = obstacle_for(method, SETTINGS, There(memory, 10), need_of(5))
    if expected is None:
        assert found is None
        return
    assert found is not None
    assert found.resource == "memory"
    if expected == "nothing":
        assert found.change is None
        return
    assert found.change is not None
    assert found.change.hyperparameters == expected
    assert (found.change.method == "lora") == (memory == 200_000_000)


def test_money_is_the_operators_word_or_the_powers_or_published() -> None:
    nothing = {"per_hour": None, "watts": None, "per_kwh": None, "currency": "EUR"}
    own = price_of(Hardware(2), **{**nothing, "per_hour": 0.5})  # type: ignore[arg-type]
    power = price_of(Hardware(2), **{**nothing, "watts": 200.0, "per_kwh": 0.3})  # type: ignore[arg-type]
    rented, known = price_of(Hardware(2), **nothing), price_of(Hardware(4, "g5.xlarge", "NVIDIA A10G"), **nothing)  # type: ignore[arg-type]
    assert own is not None and own.of(3600, 7200).high == 1.0
    assert power is not None and power.per_hour == pytest.approx(0.06)
    assert rented is not None and (rented.per_hour, rented.currency) == (0.0816, "USD")
    assert known is not None and known.per_hour == 1.006
    assert "2026" in known.basis
    assert price_of(Hardware(4, "", "A card of tomorrow"), **nothing) is None  # type: ignore[arg-type]


def test_pauses_do_not_count_as_running() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    states = ("queued", "running", "paused", "queued", "running")
    history = [JobMove(state=state, at=start + timedelta(seconds=10 * place)) for place, state in enumerate(states)]
    assert running_seconds(history, start + timedelta(seconds=45)) == 15


def test_a_run_under_way_says_what_it_will_come_to() -> None:
    said = Forecast(
        method="lora",
        resolved={},
        num_examples=1,
        num_training_tokens=10,
        num_steps=10,
        seconds_low=50.0,
        seconds_high=60.0,
        memory_bytes=1,
        disk_bytes=1,
        basis="",
    )
    lines = {line.name: line for line in forecast_lines(said, None, Underway(30.0, 45.0))}
    assert lines["seconds"].expected == 75.0
    assert lines["memory_bytes"].expected is None


def request(house: House, **changed: object) -> JobRequest:
    return JobRequest.model_validate({"base_model": "gpt2-scratch-1m", "document_ids": [house.document().id], **changed})


def test_a_machine_is_measured_when_it_is_first_asked_and_never_beside_a_training(house: House) -> None:
    house.calibration = calibration()
    asked = request(house)
    assert house.jobs.forecast(OWNER, asked).calibration == "measuring"
    assert house.jobs.forecast(OWNER, asked).seconds is None
    assert len(house.measurements) == 1
    house.measurements.pop()()
    found = house.jobs.forecast(OWNER, asked)
    assert found.calibration == "measured"
    assert found.seconds is not None and found.seconds_low is not None and found.seconds_high is not None
    assert found.seconds_low < found.seconds < found.seconds_high
    assert found.money is not None and found.money.low == pytest.approx(found.seconds_low / 1000, rel=1e-3)
    assert not house.measurements


def test_while_something_trains_it_waits(house: House) -> None:
    house.calibration = calibration()
    house.trainer_will("wait")
    house.jobs.create(OWNER, request(house, allow_short_run=True))
    started = house.lifecycle.start_next()
    assert started is not None
    try:
        assert house.jobs.forecast(OWNER, request(house)).calibration == "waiting"
        assert not house.measurements
    finally:
        house.launcher.stop(started.handle or "", force=True)


def test_what_cannot_be_measured_is_said_and_tried_again_later(house: House) -> None:
    house.calibration = CalibrationRefused(reason="It is not here.")
    asked = request(house)
    house.jobs.forecast(OWNER, asked)
    house.measurements.pop()()
    assert house.jobs.forecast(OWNER, asked).calibration == "impossible"
    assert not house.measurements


def test_a_busy_machine_is_told_of_and_measured_again(house: House) -> None:
    house.calibration = calibration(others_share=0.5)
    asked = request(house)
    house.jobs.forecast(OWNER, asked)
    house.measurements.pop()()
    assert house.jobs.forecast(OWNER, asked).busy
    assert isinstance(house.clock, SettableClock)
    house.clock.slept_s += 400
    house.jobs.forecast(OWNER, asked)
    house.calibration = calibration()
    house.measurements.pop()()
    assert not house.jobs.forecast(OWNER, asked).busy


def test_what_does_not_fit_is_refused_with_what_would(house: House, tmp_path: Path) -> None:
    house.memory_bytes = 800_000_000
    settings = Hyperparameters(batch_size=64)
    asked = request(house, hyperparameters=settings.model_dump(), allow_short_run=True)
    house.calibration = calibration(saved_row_bytes=100_000.0)
    house.jobs.forecast(OWNER, asked)
    house.measurements.pop()()
    house.memory_bytes = 690_000_000
    obstacle = house.jobs.forecast(OWNER, asked).obstacle
    if obstacle is not None and obstacle.change is not None:
        assert obstacle.change.hyperparameters["batch_size"] < 64
    house.memory_bytes = 100_000_000
    with pytest.raises(InvalidInput) as refused:
        house.jobs.create(OWNER, asked)
    assert refused.value.code == "jobs.does_not_fit"
    house.memory_bytes, house.free_bytes = 10**11, 2000
    with pytest.raises(StorageFull):
        house.jobs.create(OWNER, asked)
