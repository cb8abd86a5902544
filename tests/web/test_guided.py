"""The guided workflow's API over HTTP: its four uploads and posts, by a bearer and by plain forms of a signed-in browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from server.background.supervisor import Supervisor
from server.web.cookies import CSRF_COOKIE, FORM_COOKIE
from tests.web.answers import refusal

BASE = "/llm-training/api"
GUIDE = b"Warm the pot.\n\n" + b"".join(b"The pot was warmed %d times and tea was made.\n\nScore: %d/10\n\n" % (n, n) for n in range(1, 9))


@pytest.fixture(autouse=True)
def nobody_watches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Supervisor, "start", lambda self: None)
    return


def upload_guide(client: TestClient, **fields: str) -> Any:
    return client.post(f"{BASE}/training-guides/upload", files={"file": ("tea.txt", GUIDE)}, data={"name": "Tea", **fields})


@pytest.fixture
def browser(signed_in: TestClient) -> TestClient:
    """Signed in by its cookies alone."""
    del signed_in.headers["authorization"]
    return signed_in


def test_a_guide_becomes_a_job(signed_in: TestClient) -> None:
    guide = upload_guide(signed_in, description="How to make it").json()
    assert (guide["name"], guide["num_scored_items"], guide["description"]) == ("Tea", 8, "How to make it")
    assert signed_in.get(f"{BASE}/training-guides").json()["data"] == [guide]
    asked = {"name": "Tea job", "guides": [guide["id"]], "model": "gpt2-scratch-1m", "epochs": 300, "batch_size": 4, "learning_rate": 0.001}
    answer = signed_in.post(f"{BASE}/training-jobs", json=asked)
    assert answer.status_code == 201, answer.text
    job = answer.json()
    assert {name: job["hyperparameters"][name] for name in ("epochs", "batch_size", "learning_rate")} == {
        "epochs": 300,
        "batch_size": 4,
        "learning_rate": 0.001,
    }
    assert signed_in.get(f"{BASE}/training-jobs").json()["data"][0]["id"] == job["id"]
    assert signed_in.get(f"{BASE}/datasets").json()["data"][0]["id"] == job["dataset_id"]
    by_dataset = {"dataset_id": job["dataset_id"], "model": "gpt2-scratch-1m", "epochs": 300}
    assert signed_in.post(f"{BASE}/training-jobs", json=by_dataset).status_code == 201
    same = signed_in.post(f"{BASE}/datasets", json={"guides": [guide["id"]]})
    assert (same.status_code, same.json()["id"]) == (201, job["dataset_id"])


def test_guides_and_documents_become_one_dataset(signed_in: TestClient) -> None:
    guide = upload_guide(signed_in).json()
    rows = b'{"prompt": "And then?", "completion": "Pour."}\n' * 300
    document = signed_in.post("/api/documents", files={"file": ("more.jsonl", rows)}).json()
    both = {"guides": [guide["id"]], "document_ids": [document["id"]]}
    dataset = signed_in.post(f"{BASE}/datasets", json=both)
    assert dataset.status_code == 201, dataset.text
    assert dataset.json()["document_ids"][-1] == document["id"]
    assert len(dataset.json()["document_ids"]) == 2
    job = signed_in.post(f"{BASE}/training-jobs", json={**both, "model": "gpt2-scratch-1m", "epochs": 300})
    assert (job.status_code, job.json()["dataset_id"]) == (201, dataset.json()["id"])
    alone = signed_in.post(f"{BASE}/training-jobs", json={"document_ids": [document["id"]], "model": "gpt2-scratch-1m", "epochs": 300})
    assert alone.json()["document_ids"] == [document["id"]]
    many = signed_in.post(f"{BASE}/datasets", json={"guides": [guide["id"]], "document_ids": [f"doc-{n}" for n in range(31)]})
    assert refusal(many, 422, "datasets.documents_or_guides")["param"] == "document_ids"


def test_a_job_that_names_its_tests_keeps_them(signed_in: TestClient) -> None:
    guide = upload_guide(signed_in).json()
    submission = signed_in.post(
        f"{BASE}/test-submissions/upload",
        files={"file": ("essay.txt", b"The pot was cold.")},
        data={"name": "Essay", "expected_score": "2"},
    ).json()
    assert (submission["expected_score"], submission["beginning"]) == (2, "The pot was cold.")
    assert signed_in.get(f"{BASE}/test-submissions").json()["data"] == [submission]
    test_set = signed_in.post("/api/test-sets", json={"submission_ids": [submission["id"]]}).json()
    asked = {"guides": [guide["id"]], "model": "gpt2-scratch-1m", "epochs": 300, "test_set_id": test_set["id"]}
    job = signed_in.post(f"{BASE}/training-jobs", json=asked).json()
    assert (job["test_set_id"], job["evaluation_id"]) == (test_set["id"], None)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"guides": ["gde-1"], "dataset_id": "dst-1", "model": "gpt2-scratch-1m"}, "guides"),
        ({"model": "gpt2-scratch-1m"}, "guides"),
        ({"guides": ["gde-1"]}, "model"),
        ({"guides": ["gde-1"], "model": "gpt2-scratch-1m", "learning_rate": 7}, "learning_rate"),
        ({"guides": ["gde-1"], "model": "gpt2-scratch-1m", "epocs": 7}, "epocs"),
    ],
)
def test_what_is_wrong_with_a_job_names_its_field(signed_in: TestClient, body: dict[str, Any], param: str) -> None:
    assert refusal(signed_in.post(f"{BASE}/training-jobs", json=body), 422)["param"] == param
    form = {name: value for name, value in body.items() if name != "guides"} | ({"guides": "gde-1"} if "guides" in body else {})
    assert refusal(signed_in.post(f"{BASE}/training-jobs", data=form), 422)["param"] == param


def test_an_unknown_model_is_the_field_model(signed_in: TestClient) -> None:
    guide = upload_guide(signed_in).json()
    answer = signed_in.post(f"{BASE}/training-jobs", json={"guides": [guide["id"]], "model": "gpt-9"})
    assert refusal(answer, 422, "base_models.unknown")["param"] == "model"


@pytest.mark.parametrize("address", ["training-jobs", "datasets", "reports"])
@pytest.mark.parametrize("body", [b"[" * 60_000, b'{"name": ' + b"[" * 60_000 + b"]" * 60_000 + b"}", b"\xff", b"7"])
def test_a_body_that_is_no_object_is_refused_in_words(signed_in: TestClient, address: str, body: bytes) -> None:
    answer = signed_in.post(f"{BASE}/{address}", content=body, headers={"content-type": "application/json"})
    refusal(answer, answer.status_code)
    assert answer.status_code in {400, 422}


def test_uploads_name_the_field_that_is_wrong(signed_in: TestClient) -> None:
    no_name = signed_in.post(f"{BASE}/training-guides/upload", files={"file": ("tea.txt", GUIDE)})
    assert refusal(no_name, 422)["param"] == "name"
    essay = {"file": ("essay.txt", b"The pot was cold.")}
    for score in ("good", "nan", "inf"):
        bad = signed_in.post(f"{BASE}/test-submissions/upload", files=essay, data={"name": "Essay", "expected_score": score})
        assert refusal(bad, 422)["param"] == "expected_score"
    empty = signed_in.post(f"{BASE}/training-guides/upload", files={"file": ("tea.txt", b"")}, data={"name": "Tea"})
    assert refusal(empty, 422)["param"] == "file"


def test_a_plain_form_needs_the_token_that_only_our_page_can_read(browser: TestClient) -> None:
    assert browser.get(f"{BASE}/training-guides").status_code == 200
    refusal(upload_guide(browser), 403, "accounts.csrf")
    refusal(upload_guide(browser, csrf_token="guessed"), 403, "accounts.csrf")
    guide = upload_guide(browser, csrf_token=browser.cookies[CSRF_COOKIE])
    assert guide.status_code == 201, guide.text
    form = {"guides": guide.json()["id"], "model": "gpt2-scratch-1m", "epochs": "300", "batch_size": "", "name": "By form"}
    assert refusal(browser.post(f"{BASE}/training-jobs", data=form), 403, "accounts.csrf")["param"] == "csrf_token"
    job = browser.post(f"{BASE}/training-jobs", data=form | {"csrf_token": browser.cookies[CSRF_COOKIE]})
    assert (job.status_code, job.json()["name"], job.json()["hyperparameters"]["epochs"]) == (201, "By form", 300)
    as_json = {"guides": [guide.json()["id"]], "csrf_token": browser.cookies[CSRF_COOKIE]}
    assert browser.post(f"{BASE}/datasets", json=as_json).status_code == 201


def test_a_long_form_is_let_in_by_its_cookie_and_a_strangers_is_not(browser: TestClient) -> None:
    long = {"file": ("tea.txt", b"Warm the pot, and then some more.\n\n" * 4_000)}
    token = {"name": "Tea", "csrf_token": browser.cookies[CSRF_COOKIE]}
    assert browser.post(f"{BASE}/training-guides/upload", files=long, data=token).status_code == 201
    browser.cookies.set(FORM_COOKIE, "nonsense", domain="testserver.local", path=BASE)
    refusal(browser.post(f"{BASE}/training-guides/upload", files=long, data=token), 401)


def test_the_forms_cookie_opens_nothing_else_and_ends_with_the_session(browser: TestClient) -> None:
    form = browser.cookies[FORM_COOKIE]
    refusal(browser.get("/api/documents", headers={"cookie": f"{FORM_COOKIE}={form}"}), 401)
    refusal(browser.get("/api/documents", headers={"authorization": f"Bearer {form}"}), 401)
    browser.post("/api/auth/logout", headers={"x-csrf-token": browser.cookies[CSRF_COOKIE]})
    refusal(browser.get(f"{BASE}/training-guides", headers={"cookie": f"{FORM_COOKIE}={form}"}), 401)


def test_a_bearer_needs_no_token_and_its_scope_counts(signed_in: TestClient) -> None:
    key = signed_in.post("/api/keys", json={"name": "reads", "scopes": ["read"]}).json()["key"]
    signed_in.headers["authorization"] = f"Bearer {key}"
    assert signed_in.get(f"{BASE}/training-guides").status_code == 200
    refusal(upload_guide(signed_in), 403, "accounts.key_scope")
