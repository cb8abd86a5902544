"""One shape for every error, in words for a person, with the field."""

import errno
import json
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient

from server.errors import Detail, InvalidInput, RateLimited
from tests.web.answers import refusal

JOB: dict[str, Any] = {"base_model": "gpt2", "document_ids": ["doc-1"]}


def sent(client: TestClient, body: str | bytes, **headers: str) -> Any:
    return client.post("/api/forecasts", content=body, headers={"content-type": "application/json"} | headers)


def failing(app: FastAPI, error: BaseException) -> None:
    """Adds the address /api/failing, where this error is raised."""
    router = APIRouter()

    @router.get("/api/failing")
    def fail() -> None:
        raise error

    app.include_router(router)


# --- errors that routes raise -----------------------------------------------------------------------------------------


def test_an_error_is_answered_with_its_message_code_field_and_places(app: FastAPI, client: TestClient) -> None:
    failing(
        app,
        InvalidInput("What to do.", code="a.code", param="file", details=[Detail("In line 3.", "file", 3, member="a.txt", fix="Mend it.")]),
    )
    assert refusal(client.get("/api/failing"), 422) == {
        "message": "What to do.",
        "type": "invalid_request_error",
        "param": "file",
        "code": "a.code",
        "details": [{"message": "In line 3.", "param": "file", "line": 3, "page": None, "member": "a.txt", "fix": "Mend it."}],
    }


def test_when_to_come_back_is_in_the_header(app: FastAPI, client: TestClient) -> None:
    failing(app, RateLimited("Wait.", code="wait", retry_after_s=17))
    assert client.get("/api/failing").headers["retry-after"] == "17"


@pytest.mark.parametrize(
    "error", [RuntimeError("secret path /home/ada"), AssertionError(), RecursionError(), OSError(errno.EIO, "secret")], ids=repr
)
def test_an_unexpected_error_tells_a_number_and_nothing_else(app: FastAPI, client: TestClient, error: Exception) -> None:
    failing(app, error)
    response = client.get("/api/failing")
    answered = refusal(response, 500, "server.unexpected")
    assert response.headers["x-request-id"] in answered["message"]
    assert "secret" not in response.text and "Traceback" not in response.text


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_wherever_it_is_noticed(app: FastAPI, client: TestClient, number: int) -> None:
    failing(app, OSError(number, "No space left on device", "/home/ada/secret"))
    response = client.get("/api/failing")
    refusal(response, 507, "storage.full")
    assert "secret" not in response.text


def test_a_full_disk_while_a_body_is_taken_in_is_said_too(signed_in: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("starlette.formparsers.MultiPartParser.on_part_data", full)
    refusal(signed_in.post("/api/documents", files={"file": b"x" * 3_000_000}), 507, "storage.full")


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/nothing", "/api/jobs/", "/v1", "/llm-training/api/nothing", "/livez/x", "/metrics/x"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_address_of_the_api_is_json_and_never_the_page(client: TestClient, method: str, path: str) -> None:
    refusal(client.request(method, path, headers={"accept": "text/html"}), 404, "request.not_found")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_what_openai_has_and_we_have_not_is_unsupported_on_v1(signed_in: TestClient, method: str) -> None:
    for path in ("/v1/embeddings", "/v1/assistants/asst_1/files", "/v1/files/file-1/nothing"):
        refusal(signed_in.request(method, path), 400, "unsupported_operation")


def test_v1_refuses_with_the_statuses_that_openais_clients_know(signed_in: TestClient) -> None:
    error = refusal(signed_in.post("/v1/fine_tuning/jobs", json={"model": "gpt2"}), 400, "request.invalid")
    assert (error["type"], error["param"]) == ("invalid_request_error", "training_file")
    refusal(signed_in.get("/v1/files/file-none"), 404, "document.not_found")
    answer = signed_in.post("/v1/files", files={"file": b"x", "purpose": (None, "fine-tune")}, headers={"authorization": "Bearer ltk_none"})
    refusal(answer, 401)


def test_a_wrong_method_says_which_is_right(client: TestClient) -> None:
    response = client.get("/api/auth/login")
    refusal(response, 405, "request.wrong_method")
    assert response.headers["allow"] == "POST"


# --- requests that do not fit -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "param", "message"),
    [
        ({"base_model": None}, "base_model", "base_model must be text."),
        ({"base_model": ""}, "base_model", "base_model must not be empty."),
        ({"document_ids": []}, "document_ids", "document_ids must not be empty."),
        ({"document_ids": "doc-1"}, "document_ids", "document_ids must be a list."),
        ({"document_ids": ["doc-1", 7]}, "document_ids.1", "document_ids.1 must be text."),
        ({"document_ids": ["x"] * 51}, "document_ids", "document_ids must have at most 50 items."),
        ({"method": "magic"}, "method", "method must be 'lora', 'full' or 'scratch', or 'auto'."),
        ({"hyperparameters": 3}, "hyperparameters", "hyperparameters must be an object."),
        ({"hyperparameters": {"batch_size": 0}}, "hyperparameters.batch_size", "hyperparameters.batch_size must be at least 1, or 'auto'."),
        (
            {"hyperparameters": {"batch_size": 1.5}},
            "hyperparameters.batch_size",
            "hyperparameters.batch_size must be a whole number, or 'auto'.",
        ),
        (
            {"hyperparameters": {"learning_rate": 0}},
            "hyperparameters.learning_rate",
            "hyperparameters.learning_rate must be more than 0, or 'auto'.",
        ),
        (
            {"hyperparameters": {"learning_rate": float("nan")}},
            "hyperparameters.learning_rate",
            "hyperparameters.learning_rate must be a number, not NaN and not infinite, or 'auto'.",
        ),
        ({"hyperparameters": {"seed": 2**31}}, "hyperparameters.seed", "hyperparameters.seed must be less than 2147483648, or 'auto'."),
        (
            {"hyperparameters": {"lerning_rate": 1}},
            "hyperparameters.lerning_rate",
            "hyperparameters.lerning_rate is not a field of this request.",
        ),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else "",
)
def test_a_field_that_does_not_fit_is_named_with_its_rule(signed_in: TestClient, change: dict[str, Any], param: str, message: str) -> None:
    error = refusal(sent(signed_in, json.dumps(JOB | change)), 422, "request.invalid")
    assert (error["param"], error["message"]) == (param, message)
    assert error["details"] == [{"message": message, "param": param, "line": None, "page": None, "member": None, "fix": ""}]


def test_a_missing_field_is_named(signed_in: TestClient) -> None:
    error = refusal(sent(signed_in, '{"document_ids": ["doc-1"]}'), 422)
    assert (error["param"], error["message"]) == ("base_model", "base_model is missing.")


def test_every_wrong_field_is_listed(signed_in: TestClient) -> None:
    error = refusal(sent(signed_in, '{"base_model": 1, "hyperparameters": {"batch_size": 0, "epochs": -1}}'), 422)
    assert [detail["param"] for detail in error["details"]] == [
        "base_model",
        "hyperparameters.epochs",
        "hyperparameters.batch_size",
    ]
    assert error["message"] == "base_model must be text. (2 more below.)"


def test_a_wrong_query_and_a_wrong_header_are_named(signed_in: TestClient) -> None:
    assert refusal(signed_in.get("/api/jobs?limit=0"), 422)["message"] == "limit must be at least 1."
    assert refusal(signed_in.get("/api/jobs?state=asleep"), 422)["param"] == "state"
    response = signed_in.post("/api/jobs", json=JOB, headers={"idempotency-key": "x" * 201})
    assert refusal(response, 422)["param"] == "idempotency-key"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"base_model":', 422),
        ("", 422),
        ("null", 422),
        ("[]", 422),
        ('"text"', 422),
        ("NaN", 422),
        ("[" * 100_000, 400),
        ('{"a":' * 100_000, 400),
        ('{"seed": ' + "9" * 10_000 + "}", 400),
        ('{"base_model": "\\ud800", "document_ids": ["x"]}', 422),
        ('{"\\ud800": 1}', 422),
        (b'{"base_model": "\xff"}', 400),
        ("{" + ",".join(f'"{n}": 1' for n in range(20_000)) + "}", 422),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_a_body_that_is_broken_in_any_way_is_refused_in_few_words(signed_in: TestClient, body: str | bytes, status: int) -> None:
    response = sent(signed_in, body)
    assert len(refusal(response, status)["details"]) <= 50
    assert len(response.content) < 20_000


def test_json_without_its_content_type_is_told_what_is_missing(signed_in: TestClient) -> None:
    error = refusal(sent(signed_in, json.dumps(JOB), **{"content-type": "text/plain"}), 415, "request.wrong_content_type")
    assert "Content-Type: application/json" in error["message"]


def test_a_body_beyond_the_limit_is_refused_whether_it_says_its_length_or_not(signed_in: TestClient) -> None:
    large = b" " * (5 * 1024**2)
    refusal(sent(signed_in, large), 413, "request.too_large")
    refusal(sent(signed_in, iter([large])), 413, "request.too_large")  # type: ignore[arg-type]
