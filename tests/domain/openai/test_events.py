"""Events of a job: its moves between the lines of its log, newest first, in pages that fit together wherever they are cut."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.jobs.asked import AskedThere
from server.domain.jobs.states import StoredJob
from server.domain.openai import events as module
from server.domain.openai.events import job_events
from server.domain.openai.results import table_of
from shared.wire import Hyperparameters, JobMove

START = datetime(2026, 11, 22, 10, tzinfo=UTC)


def job(moves: list[tuple[int, str]]) -> StoredJob:
    history = [JobMove.model_validate({"state": state, "at": START + timedelta(seconds=at)}) for at, state in sorted(moves)]
    return StoredJob(
        id="job-01abc",
        owner="usr-1",
        name="Kettle",
        note="",
        base_model="gpt2-scratch-1m",
        dataset_id="dst-1",
        document_ids=["doc-1"],
        content_sha256="0",
        method="scratch",
        hyperparameters=Hyperparameters(),
        resolved={},
        created_at=START,
        history=[JobMove(state="queued", at=START), *history],
        asked=AskedThere(model="gpt-4o-mini", remarks=["Another model stands in."]),
    )


def log(file: Path, times: list[int]) -> Path:
    lines = [
        {"seq": number, "at": (START + timedelta(seconds=at)).isoformat(), "run_id": "run-1", "type": "log", "message": f"line {number}"}
        for number, at in enumerate(sorted(times))
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


@settings(max_examples=60)
@given(
    moves=st.lists(st.tuples(st.integers(1, 12), st.sampled_from(["running", "queued", "paused", "succeeded"])), max_size=6),
    times=st.lists(st.integers(1, 12), max_size=12),
    size=st.integers(1, 5),
)
def test_pages_of_any_size_fit_together(tmp_path_factory, moves, times, size) -> None:  # type: ignore[no-untyped-def]
    stored, file = job(moves), log(tmp_path_factory.mktemp("log") / "events.jsonl", times)
    whole, more = job_events(stored, file, limit=1000, after=None)
    assert not more
    assert len({event.id for event in whole}) == len(whole)
    assert [event.created_at for event in whole] == sorted((event.created_at for event in whole), reverse=True)
    assert whole[-1].level == "warn" and whole[-1].message == "Another model stands in."
    assert [event.message for event in reversed(whole) if event.message.startswith("line")] == [f"line {n}" for n in range(len(times))]
    paged, after = [], None
    while True:
        page, more = job_events(stored, file, limit=size, after=after)
        paged += page
        if not more:
            break
        after = page[-1].id
    assert paged == whole


def test_a_long_log_is_read_from_its_end(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(module, "_BLOCK", 3)
    file = log(tmp_path / "events.jsonl", list(range(20)))
    found, more = job_events(job([(0, "running"), (20, "succeeded")]), file, limit=7, after=None)
    assert more and [event.message for event in found[2:]] == ["line 19", "line 18", "line 17", "line 16", "line 15"]
    followed, _ = job_events(job([(0, "running"), (20, "succeeded")]), file, limit=100, after=found[-1].id)
    assert [event.message for event in followed if "line" in event.message] == [f"line {n}" for n in range(14, -1, -1)]


def test_the_table_has_a_line_for_each_step_and_none_that_was_gone_back_behind(tmp_path: Path) -> None:
    common = {"at": START.isoformat(), "run_id": "run-1"}
    progress = {"type": "progress", "num_steps": 9, "epoch": 1, "learning_rate": 0.1, "grad_norm": 1, "tokens_per_s": 1, "eta_s": 1}
    progress |= {"elapsed_s": 1, "memory_bytes": 1}
    lines = [
        progress | {"step": 3, "loss": 3.0, "losses_before": [5.0, 4.0]},
        {"type": "evaluation", "step": 3, "loss": 3.5, "perplexity": 33.0, "elapsed_s": 1},
        progress | {"step": 5, "loss": 9.0, "losses_before": [9.0]},
        {"type": "resumed", "step": 3, "path": "checkpoints/step-00000003"},
        progress | {"step": 4, "loss": 2.0},
    ]
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(common | {"seq": n} | line) + "\n" for n, line in enumerate(lines)))
    assert table_of(tmp_path / "events.jsonl").decode().splitlines()[1:] == ["1,5,,,", "2,4,,,", "3,3,,3.5,", "4,2,,,"]
