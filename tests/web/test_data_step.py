"""The data step over HTTP: parts, refusals that keep the bytes, other ways of reading, datasets, looks."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from server.domain.documents.uploads import PART_BYTES

PAIRS = "".join(
    json.dumps({"prompt": f"What is {row}?", "completion": f"It is {row}, and a little more."}) + "\n" for row in range(60)
).encode()


def uploaded(client: TestClient, content: bytes, filename: str, **reading: Any) -> Any:
    upload = client.post("/api/uploads", json={"filename": filename, "size_bytes": len(content)}).json()
    for start in range(0, len(content), PART_BYTES):
        send_part(client, upload["id"], start // PART_BYTES + 1, content[start : start + PART_BYTES])
    return client.post(f"/api/uploads/{upload['id']}/complete", json=reading)


def send_part(client: TestClient, upload_id: str, number: int, part: bytes) -> Any:
    address = f"/api/uploads/{upload_id}/parts/{number}"
    return client.put(address, content=part, headers={"content-type": "application/octet-stream"})


def test_a_file_in_parts_becomes_a_document(signed_in: TestClient) -> None:
    content = (b"A line of a long text that goes on and on.\n\n" * 250_000)[: PART_BYTES + 1_000]
    upload = signed_in.post("/api/uploads", json={"filename": "long.txt", "size_bytes": len(content)}).json()
    assert upload["received"] == []
    assert send_part(signed_in, upload["id"], 2, content[PART_BYTES:]).json()["received"] == [2]
    assert signed_in.get("/api/uploads").json()["data"][0]["received"] == [2]
    assert send_part(signed_in, upload["id"], 1, content[:PART_BYTES]).json()["received"] == [1, 2]
    document = signed_in.post(f"/api/uploads/{upload['id']}/complete", json={})
    assert document.status_code == 201
    assert signed_in.get(f"/api/documents/{document.json()['id']}/content").content == content
    assert signed_in.get("/api/usage").json()["storage_bytes"] == len(content)


def test_a_refused_file_is_completed_in_another_way_without_sending_it_again(signed_in: TestClient) -> None:
    content = b'{"text": "a first line"}\n{"text": \n{"text": "a third line"}\n'
    refused = uploaded(signed_in, content, "half.jsonl")
    assert refused.status_code == 422
    error = refused.json()["error"]
    assert (error["param"], error["details"][0]["line"]) == ("file", 2)
    upload = signed_in.get("/api/uploads").json()["data"][0]
    problems = signed_in.get(f"/api/uploads/{upload['id']}/problems")
    assert problems.headers["content-type"].startswith("text/csv")
    assert len(problems.text.splitlines()) == 2
    accepted = signed_in.post(f"/api/uploads/{upload['id']}/complete", json={"leave_out_bad": True})
    assert accepted.status_code == 201
    assert accepted.json()["num_examples"] == 2
    assert signed_in.get("/api/uploads").json()["data"] == []


def test_columns_are_explained_on_the_document(signed_in: TestClient) -> None:
    document = uploaded(signed_in, b"sku,colour\n1,red\n2,blue\n", "shop.csv").json()
    assert document["status"] == "needs_mapping"
    mapping = {"shape": "prompt_completion", "columns": {"prompt": "sku", "completion": "colour"}}
    patched = signed_in.patch(f"/api/documents/{document['id']}", json={"reading": {"mapping": mapping}})
    assert patched.status_code == 200
    assert (patched.json()["status"], patched.json()["mapping"]) == ("ready", mapping)
    wrong = {"shape": "text", "columns": {"text": "weight"}}
    refused = signed_in.patch(f"/api/documents/{document['id']}", json={"reading": {"mapping": wrong}})
    assert refused.status_code == 422
    assert "weight" in refused.json()["error"]["message"]
    assert signed_in.get(f"/api/documents/{document['id']}").json()["status"] == "ready", "a refusal changes nothing"


def test_extracted_text_is_shown_as_text(signed_in: TestClient) -> None:
    page = b"<html><head><title>T</title><script>alert(1)</script></head><body><h1>Kettles</h1><p>A kettle boils water.</p></body></html>"
    document = uploaded(signed_in, page, "page.html").json()
    assert document["format"] == "html"
    text = signed_in.get(f"/api/documents/{document['id']}/text")
    assert text.headers["content-type"].startswith("text/plain")
    assert text.headers["x-content-type-options"] == "nosniff"
    assert "A kettle boils water." in text.text
    assert "alert" not in text.text


@pytest.mark.parametrize(
    "body",
    [
        {"filename": "x.txt", "size_bytes": 0},
        {"filename": "x.txt"},
        {"filename": "x", "size_bytes": 10**18},
        {"filename": "x", "size_bytes": 5, "z": 1},
    ],
)
def test_an_announcement_that_cannot_be_kept_is_refused(signed_in: TestClient, body: dict[str, Any]) -> None:
    assert signed_in.post("/api/uploads", json=body).status_code in {413, 422}
    assert signed_in.get("/api/uploads").json()["data"] == []


def test_a_part_larger_than_parts_are_is_refused(signed_in: TestClient) -> None:
    upload = signed_in.post("/api/uploads", json={"filename": "x.txt", "size_bytes": 2 * PART_BYTES}).json()
    assert send_part(signed_in, upload["id"], 1, bytes(PART_BYTES + 1)).status_code == 413


def test_the_look_shows_exact_tokens_and_a_pointless_run_does_not_start(signed_in: TestClient) -> None:
    document = uploaded(signed_in, PAIRS, "pairs.jsonl").json()
    request = {"base_model": "gpt2-scratch-1m", "document_ids": [document["id"]]}
    look = signed_in.post("/api/looks", json=request)
    assert look.status_code == 200
    seen = look.json()
    assert seen["num_examples"] == 60
    first = seen["examples"][0]["tokens"]
    assert "What is 0?" in "".join(token["text"] for token in first if not token["trains"])
    assert "It is 0" in "".join(token["text"] for token in first if token["trains"])
    assert sum(bin["count"] for bin in seen["histogram"]) == 60
    short = {**request, "hyperparameters": {"epochs": 1}}
    refused = signed_in.post("/api/jobs", json=short)
    assert refused.status_code == 422
    assert (refused.json()["error"]["param"], refused.json()["error"]["code"]) == ("allow_short_run", "jobs.few_steps")
    wanted = {**request, "hyperparameters": {"max_steps": 3}}
    assert signed_in.post("/api/jobs", json=wanted).status_code == 201, "who names the steps means it"


def test_a_dataset_names_its_documents_and_its_split(signed_in: TestClient) -> None:
    documents = [
        uploaded(signed_in, PAIRS + extra, f"{name}.jsonl").json()["id"]
        for name, extra in (("a", b""), ("b", PAIRS[:100].split(b"\n")[0] + b"\n"))
    ]
    split = {"kind": "document", "document_id": documents[1]}
    made = signed_in.post("/api/datasets", json={"name": "Mine", "document_ids": documents[:1], "split": split})
    assert made.status_code == 201
    dataset = made.json()
    assert signed_in.get("/api/datasets").json()["data"] == [dataset]
    forecast = signed_in.post("/api/forecasts", json={"base_model": "gpt2-scratch-1m", "dataset_id": dataset["id"]})
    assert forecast.json()["resolved"]["validation_fraction"]["value"] == 0
    assert signed_in.delete(f"/api/datasets/{dataset['id']}").json()["deleted"]
    assert signed_in.get(f"/api/datasets/{dataset['id']}").status_code == 404
