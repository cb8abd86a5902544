"""From a guide to a verdict on a real server: real training, the real program that tests, and a server that dies in the middle."""

import time
from typing import Any

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


def test_a_guide_is_learned_and_the_model_tested_over_a_servers_death(server: Server, client: Client) -> None:
    made = client.http.post("/api/guides", files={"file": ("marking.md", guide())}).json()
    assert made["num_scored_items"] == NUM_ITEMS
    document = client.upload(held_out(), "tests.csv")
    test_set = client.post("/api/test-sets", document_id=document["id"], grader={"kind": "score", "highest": 5})
    assert (test_set["num_items"], test_set["prompt_form"]) == (12, "for_score")
    dataset = client.post("/api/guides/datasets", guide_ids=[made["id"]])
    settings = {"max_steps": 30}
    job = client.create_job(
        base_model="gpt2-scratch-1m", dataset_id=dataset["id"], hyperparameters=settings, test_set_id=test_set["id"], name="Kettles"
    )
    job = client.wait_for(job["id"], "succeeded", timeout_s=150)
    evaluation = state_of(client, job["evaluation_id"], "running", "succeeded", timeout_s=60)
    server.kill()
    server.start()
    evaluation = state_of(client, job["evaluation_id"], "succeeded", "failed", timeout_s=150)
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
