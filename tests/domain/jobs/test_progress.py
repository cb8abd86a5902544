"""Reading what a trainer says: every line once, half lines never, long runs thinned without losing what matters."""

import json
from pathlib import Path

from server.domain.jobs.log_file import log_lines
from server.domain.jobs.points import Point, thinned
from server.domain.jobs.progress import RunReader


def line(**fields: object) -> str:
    return json.dumps({"seq": 1, "at": "2026-11-22T10:00:00Z", "run_id": "run-1", **fields}) + "\n"


def progress(step: int, loss: float = 1.0) -> str:
    rates = {"learning_rate": 0.1, "grad_norm": 1, "tokens_per_s": 5}
    return line(type="progress", step=step, loss=loss, num_steps=100, epoch=1, eta_s=9, elapsed_s=step, memory_bytes=1, **rates)


def test_each_log_line_is_given_once_and_in_order(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("".join(line(type="log", message=f"line {number} é") for number in range(10)))
    seen, cursor = [], 0
    while True:
        lines, cursor = log_lines(file, after=cursor, limit=3)
        if not lines:
            break
        assert lines[-1].cursor == cursor
        seen += [entry.text for entry in lines]
    assert seen == [f"line {number} é" for number in range(10)]


def test_half_a_line_waits_until_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    whole = line(type="log", message="whole")
    file.write_text(whole + line(type="log", message="half")[:20])
    lines, cursor = log_lines(file, after=0, limit=10)
    assert [entry.text for entry in lines] == ["whole"]
    assert cursor == len(whole)
    file.write_text(whole + line(type="log", message="half"))
    assert [entry.text for entry in log_lines(file, after=cursor, limit=10)[0]] == ["half"]


def test_a_broken_line_and_a_new_kind_of_event_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("not json\n" + line(type="from the future") + line(type="warning", message="seen"))
    assert [entry.text for entry in log_lines(file, after=0, limit=10)[0]] == ["seen"]


def test_no_file_yet_is_no_line(tmp_path: Path) -> None:
    assert log_lines(tmp_path / "none", after=0, limit=10) == ([], 0)
    assert RunReader(tmp_path / "none").refresh().progress is None


def test_metrics_after_a_cursor_are_only_the_new_ones(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(progress(1) + progress(2))
    reader = RunReader(file).refresh()
    first = reader.metrics(after=0)
    assert [point.step for point in first.data] == [1, 2]
    with file.open("a") as more:
        more.write(line(type="evaluation", step=2, loss=0.5, perplexity=1.6, elapsed_s=3))
    second = reader.refresh().metrics(after=first.next)
    assert [(point.step, point.validation_loss) for point in second.data] == [(2, 0.5)]
    assert reader.metrics(after=second.next).data == []
    assert reader.progress is not None
    assert (reader.progress.step, reader.progress.validation_loss) == (2, 0.5)


def test_a_resumed_run_takes_back_what_was_said_of_later_steps(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("".join(progress(step) for step in range(1, 8)) + line(type="generation", step=7, prompt="a", text="b"))
    reader = RunReader(file).refresh()
    seen = reader.metrics(after=0)
    assert seen.rewound_to is None
    with file.open("a") as more:
        more.write(line(type="resumed", step=4, path="checkpoints/step-00000004") + progress(5, loss=0.5) + progress(6))
    later = reader.refresh().metrics(after=seen.next)
    assert (later.rewound_to, [point.step for point in later.data]) == (4, [5, 6])
    whole = reader.metrics(after=0)
    assert [point.step for point in whole.data] == [1, 2, 3, 4, 5, 6]
    assert whole.data[4].loss == 0.5
    assert (whole.generations, whole.rewound_to) == ([], None)
    assert reader.metrics(after=later.next).rewound_to is None
    assert reader.progress is not None
    assert reader.progress.step == 6


def test_another_attempt_does_not_know_yet_how_long_it_will_take(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(progress(50) + line(type="spec", base_model="gpt2", method="lora"))
    known = RunReader(file).refresh().progress
    assert known is not None
    assert (known.stage, known.step, known.eta_s) == ("Starting", 50, None)


def test_thinning_keeps_ends_extremes_and_validation() -> None:
    points = [Point(step, step, step, loss=1.0) for step in range(10_000)]
    points[5_555] = Point(5_555, 5_555, 1, loss=99.0)
    points[7_777] = Point(7_777, 7_777, 1, loss=-99.0)
    points[1_234] = Point(1_234, 1_234, 1, validation_loss=0.3)
    kept = thinned(points, 1_500)
    assert len(kept) <= 1_500
    steps = [point.step for point in kept]
    assert steps == sorted(steps)
    assert {0, 1_234, 5_555, 7_777, 9_999} <= set(steps)
