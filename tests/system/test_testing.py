"""From a guide to a verdict on a real server: real training, the real program that tests, and a server that dies in the middle."""

import json
import time
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pytest

from tests.system.harness import Client, Server

NUM_ITEMS = 24


def guide() -> bytes:
    """The score of an entry is how many kettles it names: what a model of any size can be told apart by."""
    items = [f"Entry {n} names {'kettle ' * (n % 4)}and then the tea was made.\n\nScore: {n % 4}/5" for n in range(NUM_ITEMS)]
    return ("# Marking\n\nEvery kettle is worth a point.\n\n" + "\n\n".join(items)).encode()


def held_out() -> bytes:
    rows = [f'"Entry {n} names {"kettle " * (n % 4)}and then the tea was served.",{n % 4}' for n in range(100, 112)]
    return ("text,score\n" + "\n".join(rows) + "\n").encode()


def state_of(client: Client, evaluation_id: str, *states: str, timeout_s: float) -> dict[str, Any]:
    deadline = time.monotonic() + timeout_s
    while (found := client.get(f"/api/evaluations/{evaluation_id}"))["state"] not in states:
        assert time.monotonic() < deadline, found
        time.sleep(0.3)
    return found


@dataclass(frozen=True)
class Kettles:
    """A job on a guide, and the evaluation that began by itself at its end."""

    num_items: int
    test_set: dict[str, Any]
    job: dict[str, Any]
    evaluation: dict[str, Any]


@pytest.fixture(scope="module")
def tested(server: Server, client: Client) -> Kettles:
    """Really trained and tested, by a server that died in the middle."""
    made = client.http.post("/api/guides", files={"file": ("marking.md", guide())}).json()
    document = client.upload(held_out(), "tests.csv")
    test_set = client.post("/api/test-sets", document_id=document["id"], grader={"kind": "score", "highest": 5})
    dataset = client.post("/api/guides/datasets", guide_ids=[made["id"]])
    settings = {"max_steps": 30}
    job = client.create_job(
        base_model="gpt2-scratch-1m", dataset_id=dataset["id"], hyperparameters=settings, test_set_id=test_set["id"], name="Kettles"
    )
    job = client.wait_for(job["id"], "succeeded", timeout_s=150)
    state_of(client, job["evaluation_id"], "running", "succeeded", timeout_s=60)
    server.kill()
    server.start()
    evaluation = state_of(client, job["evaluation_id"], "succeeded", "failed", timeout_s=150)
    return Kettles(made["num_scored_items"], test_set, job, evaluation)


def test_a_guide_is_learned_and_the_model_tested_over_a_servers_death(client: Client, tested: Kettles) -> None:
    test_set, job, evaluation = tested.test_set, tested.job, tested.evaluation
    assert tested.num_items == NUM_ITEMS
    assert (test_set["num_items"], test_set["prompt_form"]) == (12, "for_score")
    assert evaluation["error"] is None
    results = evaluation["results"]
    assert [model["model"] for model in results["models"]] == ["gpt2-scratch-1m", job["tuned_model"]]
    assert results["leakage_checked"]
    assert all(model["num_graded"] == 12 for model in results["models"])
    verdict = results["comparisons"][0]["verdict"]
    assert verdict["interval"]["low"] <= verdict["difference"] <= verdict["interval"]["high"]
    items = client.get(f"/api/evaluations/{evaluation['id']}/items?order=best&limit=100")["data"]
    assert len(items) == 12
    assert [item["change"] for item in items] == sorted((item["change"] for item in items), reverse=True)
    assert sum(one["probability"] for one in items[0]["results"][1]["probabilities"]) > 0.99
    assert client.get(f"/api/evaluations?tuned_model_id={job['tuned_model']}")["data"][0]["id"] == evaluation["id"]


@pytest.mark.parametrize("with_metrics", [True, False])
@pytest.mark.parametrize("with_logs", [True, False])
def test_a_report_of_it_says_the_same_in_every_format(client: Client, tested: Kettles, with_metrics: bool, with_logs: bool) -> None:
    job, results = tested.job, tested.evaluation["results"]
    report = client.post("/api/reports", job_ids=[job["id"]], include_metrics=with_metrics, include_logs=with_logs)
    outcome = results["comparisons"][0]["verdict"]["verdict"]
    assert report["conclusions"][0]["outcome"] == outcome

    def read(form: str) -> bytes:
        return client.http.get(f"/api/reports/{report['id']}/content", params={"format": form}, timeout=60).raise_for_status().content

    content = json.loads(read("json"))["jobs"][0]
    (told,) = content["tests"]
    assert (told["evaluation_id"], told["num_items"]) == (tested.evaluation["id"], 12)
    assert told["comparison"] == results["comparisons"][0]
    assert len(told["values"]) == 12
    assert told["best"] or told["worst"]
    assert bool(content["training"]["points"]) == with_metrics
    assert bool(content["log"]) == with_logs
    headline = {"improved": "Improved", "no_change": "No change", "regressed": "Regressed"}[outcome]
    page, markdown = read("html").decode(), read("markdown").decode()
    for text in (page, markdown):
        assert headline.casefold() in text.casefold()
        assert "Kettles" in text
    assert ('class="line train"' in page) == with_metrics
    rows = read("csv").decode()
    assert "Kettles" in rows
    assert rows.count("\n") > 12
    pdf = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(read("pdf")))
    assert headline.casefold() in pdf.casefold()
    assert "Kettles" in pdf
