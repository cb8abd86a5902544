"""Choosing how to be told, over HTTP; and messages that outlive the server that was to send them."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook
from starlette.testclient import TestClient

from server.app import create_app
from server.domain import keys
from server.domain.collection import Collection
from server.domain.jobs.states import StoredJob
from server.ports.records import ABSENT, Put
from server.settings import Settings
from server.wiring import Services
from shared.wire import Hyperparameters
from tests.receivers import PostOffice, Receiver, post_office, receiving
from tests.web.answers import refusal
from tests.web.conftest import EMAIL, PASSWORD

HOW = "/api/notifications/settings"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as office:
        yield office


@pytest.fixture
def lenient(settings: Settings, office: PostOffice) -> Settings:
    """An installation that calls its own machine and can send mail."""
    mail = {"smtp_host": "127.0.0.1", "smtp_port": office.port, "smtp_security": "none", "smtp_from": "tuner@example.org"}
    public = {"public_url": "https://tuner.example.org/", "registration": "open"}
    return settings.model_copy(update={"webhooks_to_private_addresses": True, **public, **mail})


def signed_in(client: TestClient) -> TestClient:
    session = client.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD}).json()
    client.headers["authorization"] = f"Bearer {session['access_token']}"
    return client


@pytest.fixture
def ada(lenient: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(lenient)) as client:
        yield signed_in(client)


def choice(**words: Any) -> dict[str, Any]:
    return {"email": False, "browser": True, "webhook_url": None, "states": ["succeeded", "failed"], **words}


def job_ends(services: Services, owner: str) -> str:
    """What whoever ends a job writes in one go."""
    at = datetime.now(UTC)
    job = StoredJob(
        id=services.clock.new_id("job"),
        owner=owner,
        name="Kettle",
        note="",
        state="succeeded",
        base_model="gpt2",
        dataset_id="dst-1",
        document_ids=["doc-1"],
        content_sha256="0" * 64,
        method="lora",
        hyperparameters=Hyperparameters(),
        resolved={},
        created_at=at,
        finished_at=at,
    )
    jobs = Collection(services.records, StoredJob, kind="job", noun="job")
    entry = {"owner": owner, "job_id": job.id, "state": "succeeded"}
    services.records.write(jobs.adding(owner, job.id, job), Put(keys.outbox(services.clock.new_id("end")), entry, ABSENT))
    return job.id


def services_of(client: TestClient) -> Services:
    services: Services = client.app.state.services  # type: ignore[attr-defined]
    return services


def test_who_never_chose_is_told_by_the_page_alone(signed_in: TestClient) -> None:
    assert signed_in.get(HOW).json() == {
        "object": "notification_settings",
        "email": False,
        "browser": True,
        "webhook_url": None,
        "webhook_format": "llm_tuner",
        "states": ["succeeded", "failed"],
        "email_address": EMAIL,
        "email_missing": ["LLM_TUNER_SMTP_HOST", "LLM_TUNER_SMTP_FROM"],
        "has_webhook_secret": False,
        "webhook_secret": None,
    }


def test_a_choice_is_kept_and_its_secret_is_shown_once(ada: TestClient, receiver: Receiver) -> None:
    made = ada.put(HOW, json=choice(email=True, webhook_url=f" {receiver.url} ", states=["failed", "failed", "cancelled"])).json()
    assert made["webhook_secret"].startswith("whsec_")
    assert made["email_missing"] == []
    again = ada.get(HOW).json()
    assert again == {**made, "webhook_secret": None}
    assert (again["webhook_url"], again["states"], again["has_webhook_secret"]) == (receiver.url, ["failed", "cancelled"], True)
    changed = ada.put(HOW, json=choice(webhook_url=receiver.url + "2"))
    assert changed.json()["webhook_secret"] is None
    assert made["webhook_secret"] not in changed.text + ada.get("/api/notifications/deliveries").text


def test_a_new_secret_is_another_and_the_old_one_holds_for_a_day(ada: TestClient, receiver: Receiver) -> None:
    old = ada.put(HOW, json=choice(webhook_url=receiver.url)).json()["webhook_secret"]
    renewed = ada.post("/api/notifications/webhook-secret")
    assert renewed.status_code == 201
    new = renewed.json()
    assert new["secret"] != old
    ada.post("/api/notifications/test")
    (call,) = receiver.calls
    for secret in (old, new["secret"]):
        assert Webhook(secret).verify(call.body, call.headers)["type"] == "notification.test"
    assert 23 < (datetime.fromisoformat(new["previous_until"]) - datetime.now(UTC)).total_seconds() / 3600 <= 24


@pytest.mark.parametrize(
    "url",
    [
        "example.org/hook",
        "ftp://example.org/",
        "javascript:alert(1)",
        "https://",
        "https://ada:secret@example.org/",
        "https://example.org:0/",
        "https://example.org:port/",
        "https://[::1/",
        "https://exa mple.org/",
        "https://example.org/\nhost: other",
        "http:\\\\127.0.0.1/",
        "http://127.0.0.1/",
        "http://localhost:5000/api/jobs",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.1]/",
        "https://" + "a" * 2_000,
    ],
)
def test_what_is_no_address_of_the_outside_is_refused_at_its_field(signed_in: TestClient, url: str) -> None:
    error = refusal(signed_in.put(HOW, json=choice(webhook_url=url)), 422)
    assert error["param"] == "webhook_url"
    assert error["code"] in {"notifications.bad_webhook_url", "request.invalid"}
    assert signed_in.get(HOW).json()["webhook_url"] is None


def test_metadata_is_out_of_reach_even_where_private_addresses_are_allowed(ada: TestClient) -> None:
    refusal(ada.put(HOW, json=choice(webhook_url="http://169.254.169.254/")), 422, "notifications.bad_webhook_url")


def test_a_test_says_what_happened_by_each_way(ada: TestClient, receiver: Receiver, office: PostOffice) -> None:
    ada.put(HOW, json=choice(email=True, webhook_url=receiver.url))
    receiver.will = [500]
    told = {delivery["channel"]: delivery for delivery in ada.post("/api/notifications/test").json()["data"]}
    assert (told["email"]["state"], told["webhook"]["state"]) == ("delivered", "failed")
    assert "answered 500" in told["webhook"]["message"]
    assert json.loads(receiver.calls[0].body)["data"]["url"] == "https://tuner.example.org/settings"
    assert office.messages[0]["to"] == EMAIL
    assert {delivery["event"] for delivery in ada.get("/api/notifications/deliveries").json()["data"]} == {"notification.test"}


def test_a_test_without_a_choice_says_what_to_do(signed_in: TestClient) -> None:
    refusal(signed_in.post("/api/notifications/test"), 409, "notifications.nothing_chosen")


def test_nobody_knocks_at_doors_with_tests(ada: TestClient, receiver: Receiver) -> None:
    ada.put(HOW, json=choice(webhook_url=receiver.url))
    for _ in range(5):
        assert ada.post("/api/notifications/test").status_code == 200
    refused = ada.post("/api/notifications/test")
    refusal(refused, 429, "notifications.too_many_tests")
    assert refused.headers["retry-after"] == "60"
    assert len(receiver.calls) == 5


def test_deliveries_are_ones_own(ada: TestClient, receiver: Receiver) -> None:
    ada.put(HOW, json=choice(webhook_url=receiver.url))
    ada.post("/api/notifications/test")
    bob = ada.post("/api/auth/register", json={"email": "bob@example.org", "password": PASSWORD}).json()
    as_bob = {"authorization": f"Bearer {bob['access_token']}"}
    assert ada.get("/api/notifications/deliveries", headers=as_bob).json()["data"] == []
    assert ada.get(HOW, headers=as_bob).json()["webhook_url"] is None


def test_a_receiver_that_was_away_is_told_by_the_next_server(lenient: Settings, receiver: Receiver) -> None:
    with TestClient(create_app(lenient)) as client:
        ada = signed_in(client)
        user_id = ada.get("/api/auth/me").json()["id"]
        secret = ada.put(HOW, json=choice(webhook_url=receiver.url)).json()["webhook_secret"]
        receiver.close()
        job_id = job_ends(services_of(ada), user_id)
        deadline = time.monotonic() + 20
        while not [delivery for delivery in ada.get("/api/notifications/deliveries").json()["data"] if delivery["num_attempts"]]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    receiver.open()
    with TestClient(create_app(lenient)):
        (call,) = receiver.wait_for(1)
    assert Webhook(secret).verify(call.body, call.headers)["data"]["url"] == f"https://tuner.example.org/jobs/{job_id}"
