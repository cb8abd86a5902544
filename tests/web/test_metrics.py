"""What Prometheus is told, and that nobody else is: not a stranger, not a user, and nobody who comes through a proxy."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from server.app import create_app
from server.settings import Settings
from tests.web.answers import refusal
from tests.web.conftest import EMAIL, PASSWORD

TOKEN = "a token of the operator's own"
HERE = "http://127.0.0.1:5000"
ClientWith = Callable[..., AbstractContextManager[TestClient]]


@pytest.fixture
def client_with(settings: Settings) -> ClientWith:
    """A client of a server with other settings; `peer` is the address that connects, `base_url` the name by which it asks."""

    @contextmanager
    def made(*, peer: str = "127.0.0.1", base_url: str = HERE, **changes: Any) -> Iterator[TestClient]:
        with TestClient(create_app(Settings(**settings.model_dump() | changes)), client=(peer, 50_000), base_url=base_url) as client:
            yield client

    return made


def read(client: TestClient, **headers: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    samples = (sample for family in text_string_to_metric_families(answer.text) for sample in family.samples)
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}


def value(found: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


# --- who may read them ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("base_url", [HERE, "http://localhost:5000", "http://[::1]:5000"])
def test_this_machine_may_ask(client_with: ClientWith, peer: str, base_url: str) -> None:
    with client_with(peer=peer, base_url=base_url) as client:
        assert value(read(client), "llm_tuner_records_up") == 1


@pytest.mark.parametrize("peer", ["192.168.1.5", "203.0.113.7", "2001:db8::1", "0.0.0.0", "testclient"])  # noqa: S104 - names only
def test_another_machine_may_not(client_with: ClientWith, peer: str) -> None:
    with client_with(peer=peer) as client:
        refusal(client.get("/metrics"), 403, "metrics.this_machine_only")


@pytest.mark.parametrize("trusted", ["", "127.0.0.1"])
@pytest.mark.parametrize(
    "mark",
    [
        {"x-forwarded-for": "203.0.113.7"},
        {"x-forwarded-for": "127.0.0.1"},
        {"x-forwarded-for": ""},
        {"x-forwarded-proto": "https"},
        {"x-forwarded-host": "localhost"},
        {"forwarded": "for=127.0.0.1"},
        {"x-real-ip": "127.0.0.1"},
        {"via": "1.1 proxy"},
        {"host": "tuner.example.org"},
    ],
    ids=lambda mark: ",".join(mark),
)
def test_whoever_comes_through_a_proxy_on_this_machine_may_not(client_with: ClientWith, mark: dict[str, str], trusted: str) -> None:
    with client_with(public_url="https://tuner.example.org", trusted_proxies=trusted) as client:
        refusal(client.get("/metrics", headers=mark), 403, "metrics.this_machine_only")


def test_with_a_token_whoever_brings_it_may_and_this_machine_without_it_may_not(client_with: ClientWith) -> None:
    with client_with(peer="203.0.113.7", metrics_token=TOKEN) as client:
        assert read(client, authorization=f"Bearer {TOKEN}", **{"x-forwarded-for": "198.51.100.1"})
    with client_with(metrics_token=TOKEN) as client:
        for wrong in ({}, {"authorization": f"Bearer {TOKEN}x"}, {"authorization": f"Basic {TOKEN}"}, {"authorization": "Bearer "}):
            refusal(client.get("/metrics", headers=wrong), 401, "metrics.wrong_token")


def test_a_token_that_can_be_guessed_is_refused_and_a_good_one_is_not_shown() -> None:
    with pytest.raises(ValueError, match="metrics_token"):
        Settings(metrics_token="short")  # type: ignore[arg-type]
    assert TOKEN not in json.dumps(Settings(metrics_token=TOKEN).masked(), default=str)  # type: ignore[arg-type]


# --- what they say ----------------------------------------------------------------------------------------------------


def test_requests_are_counted_by_template_and_status_whatever_their_address(client_with: ClientWith) -> None:
    with client_with() as client:
        session = client.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD}).json()
        bearer = {"authorization": f"Bearer {session['access_token']}"}
        for job_id in ("job-1", "job-2", "job-3"):
            client.get(f"/api/jobs/{job_id}", headers=bearer)
        client.get("/api/no/such/address")
        client.get("/assets/of-no-build.js")
        client.request("INVENTED", "/livez")
        found = read(client)
    assert value(found, "llm_tuner_requests_total", method="GET", route="/api/jobs/{job_id}", status="404") == 3
    assert value(found, "llm_tuner_request_seconds_count", method="GET", route="/api/jobs/{job_id}") == 3
    assert value(found, "llm_tuner_requests_total", method="POST", route="/api/auth/register", status="201") == 1
    assert [labels for name, labels in found if name == "llm_tuner_requests_total" and ("method", "other") in labels]
    assert not [labels for name, labels in found if any("INVENTED" in text or "such" in text for _, text in labels)]


def test_polls_that_are_answered_at_once_are_counted_like_all_others(client_with: ClientWith) -> None:
    with client_with() as client:
        client.app.state.services.supervisor.stop()  # type: ignore[attr-defined]  # The job stays in the queue.
        session = client.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD}).json()
        client.headers["authorization"] = f"Bearer {session['access_token']}"
        document = client.post("/api/samples/lighthouse-year").json()
        job = client.post("/api/jobs", json={"base_model": "gpt2-scratch-1m", "document_ids": [document["id"]]}).json()
        for _ in range(20):
            assert client.get(f"/api/jobs/{job['id']}/logs").status_code == 200
        found = read(client)
        told = client.get("/metrics").text
    assert value(found, "llm_tuner_requests_total", method="GET", route="/api/jobs/{job_id}/logs", status="200") == 20
    assert value(found, "llm_tuner_queue_length") == value(found, "llm_tuner_live_jobs", state="queued") == 1
    assert value(found, "llm_tuner_running_trainers") == value(found, "llm_tuner_stream_viewers") == 0
    assert value(found, "llm_tuner_users") == 1
    assert value(found, "llm_tuner_ended_jobs", state="failed") == 0
    assert value(found, "llm_tuner_storage_bytes") == document["size_bytes"]
    assert value(found, "llm_tuner_disk_free_bytes") > 0
    assert value(found, "process_resident_memory_bytes") > 10_000_000
    for secret in (EMAIL, session["user"]["id"], job["id"], document["id"], "lighthouse"):
        assert secret not in told


def test_without_records_the_rest_is_told(client_with: ClientWith) -> None:
    with client_with() as client:
        client.app.state.services.records.close()  # type: ignore[attr-defined]
        found = read(client)
    assert value(found, "llm_tuner_records_up") == 0
    assert value(found, "llm_tuner_disk_free_bytes") > 0
    assert not [name for name, _ in found if name == "llm_tuner_queue_length"]


def test_two_applications_count_for_themselves(client_with: ClientWith, settings: Settings) -> None:
    with client_with() as one:
        one.get("/livez")
        with TestClient(create_app(settings), client=("127.0.0.1", 1), base_url=HERE) as other:
            assert ("llm_tuner_requests_total", frozenset({("method", "GET"), ("route", "/livez"), ("status", "200")})) not in read(other)
