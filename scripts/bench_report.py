"""`scripts/bench report`: what a report of a long run and a large test costs, in every format: seconds and megabytes.

The training, the test and the reports are the server's own; of the run's 10,000 points all but the first few are written into its file
afterwards, as a trainer would have written them.
"""

import json
import math
import time
from pathlib import Path

from scripts import score_task
from tests.system.harness import Client, running_server

REPORT_TARGET_S = 10.0
REPORT_TARGET_MB = 5.0
NUM_POINTS = 10_000
NUM_TESTED = 200
FORMATS = ("html", "pdf", "json", "csv", "markdown")


def bench_report(data: Path) -> int:
    with running_server(data, hub="off") as server:
        client = server.client()
        client.register()
        entries = score_task.entries(seed=1, count=400)
        document = client.upload(score_task.guide(entries[NUM_TESTED:]).encode(), "guide.md")
        items = data.parent / "items.jsonl"
        score_task.write_items(entries[:NUM_TESTED], items)
        tests = client.upload(items.read_bytes(), "items.jsonl")
        test_set = client.post("/api/test-sets", document_id=tests["id"], grader={"kind": "score"})
        job = client.create_job(
            base_model="gpt2-scratch-1m", document_ids=[document["id"]], hyperparameters={"max_steps": 5}, allow_short_run=True
        )
        job = client.wait_for(job["id"], "succeeded", timeout_s=300)
        evaluation = client.post("/api/evaluations", test_set_id=test_set["id"], tuned_model_ids=[job["tuned_model"]])
        while (found := client.get(f"/api/evaluations/{evaluation['id']}"))["state"] in {"queued", "running"}:
            time.sleep(0.5)
        lengthened(next(data.rglob(f"{job['id']}/events.jsonl")))
        worst_s, worst_mb = 0.0, 0.0
        for more in (False, True):
            seconds, megabytes = _reported(client, job["id"], include=more)
            worst_s, worst_mb = max(worst_s, seconds), max(worst_mb, megabytes)
    good = found["state"] == "succeeded" and worst_s < REPORT_TARGET_S and worst_mb < REPORT_TARGET_MB
    print(
        f"{'reached' if good else 'MISSED'}: a report of {NUM_POINTS:,} points and {NUM_TESTED} test items took {worst_s:.1f} s at most "
        f"in any format (target {REPORT_TARGET_S:.0f} s), {worst_mb:.2f} MB (target {REPORT_TARGET_MB:.0f} MB)"
    )
    return 0 if good else 1


def lengthened(events: Path) -> None:
    """The run's file with `NUM_POINTS` points where it had a few."""
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    first = next(place for place, line in enumerate(lines) if line["type"] == "progress")
    last = max(place for place, line in enumerate(lines) if line["type"] == "progress")
    point = lines[first]
    points = [
        point
        | {"step": step, "num_steps": NUM_POINTS, "epoch": step / 500, "loss": 1.5 + 4 * math.exp(-step / 900) + 0.3 * math.sin(step * 7.3)}
        | {"elapsed_s": step * 0.4, "eta_s": (NUM_POINTS - step) * 0.4}
        for step in range(1, NUM_POINTS + 1)
    ]
    whole = [*lines[:first], *points, *lines[last + 1 :]]
    events.write_text("".join(json.dumps(line | {"seq": seq}) + "\n" for seq, line in enumerate(whole, 1)))


def _reported(client: Client, job_id: str, *, include: bool) -> tuple[float, float]:
    """The longest that making and reading took in any format, and the largest file."""
    began = time.perf_counter()
    report = client.post("/api/reports", job_ids=[job_id], include_metrics=include, include_logs=include)
    made_s = time.perf_counter() - began
    told, longest, largest = [f"made {made_s:.2f} s"], 0.0, 0.0
    for form in FORMATS:
        began = time.perf_counter()
        content = client.http.get(f"/api/reports/{report['id']}/content", params={"format": form}, timeout=120).raise_for_status().content
        seconds = made_s + time.perf_counter() - began
        longest, largest = max(longest, seconds), max(largest, len(content) / 1e6)
        told.append(f"{form} {seconds:.2f} s, {len(content) / 1e6:.2f} MB")
    print(f"{'with' if include else 'without'} metrics and logs: " + "; ".join(told), flush=True)
    return longest, largest
