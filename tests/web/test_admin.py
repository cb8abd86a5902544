"""Administration over HTTP: the set-up link, users, who may register, the queue, the log."""

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from server.app import create_app
from server.settings import Settings
from server.web.cookies import CSRF_COOKIE
from tests.web.answers import refusal
from tests.web.conftest import EMAIL, PASSWORD


@pytest.fixture
def boss(signed_in: TestClient, app: FastAPI) -> TestClient:
    """An administrator, beside Ada who is none."""
    token = app.state.services.accounts.admission.new_set_up_token()
    browser = TestClient(app)
    answer = browser.post("/api/setup", json={"token": token, "email": "boss@example.org", "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    browser.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
    return browser


def id_of(browser: TestClient) -> str:
    user_id: str = browser.get("/api/auth/me").json()["id"]
    return user_id


def test_the_set_up_link_makes_an_administrator_and_then_nothing(client: TestClient, app: FastAPI) -> None:
    assert client.get("/api/installation").json()["set_up_open"]
    token = app.state.services.accounts.admission.new_set_up_token()
    body = {"token": token, "email": "boss@example.org", "password": PASSWORD}
    refusal(client.post("/api/setup", json=body | {"token": "guessed"}), 403, "accounts.bad_set_up_token")
    assert client.post("/api/setup", json=body).json()["user"]["role"] == "admin"
    assert not client.get("/api/installation").json()["set_up_open"]
    refusal(client.post("/api/setup", json=body | {"email": "eve@example.org"}), 403, "accounts.bad_set_up_token")


def test_an_account_that_is_there_takes_the_link(signed_in: TestClient, app: FastAPI) -> None:
    refusal(signed_in.get("/api/admin/users"), 403, "accounts.not_administrator")
    token = app.state.services.accounts.admission.new_set_up_token()
    assert signed_in.post("/api/setup/administrator", json={"token": token}).json()["role"] == "admin"
    assert signed_in.get("/api/admin/users").status_code == 200


def test_users_are_listed_with_what_they_take_and_not_with_what_they_keep(boss: TestClient, signed_in: TestClient) -> None:
    signed_in.post("/api/documents", files={"file": ("secret plan.txt", b"The sea was calm.\n\nWe saw a heron.\n\n" * 20)})
    answer = boss.get("/api/admin/users")
    assert [(user["email"], user["role"]) for user in answer.json()["data"]] == [("boss@example.org", "admin"), (EMAIL, "member")]
    ada = answer.json()["data"][1]
    assert ada["storage_bytes"] == 720 and ada["last_seen_at"] and not ada["disabled"]
    assert "secret plan" not in answer.text
    assert boss.get(f"/api/admin/users/{ada['id']}").json() == ada
    first = boss.get("/api/admin/users?limit=1").json()
    assert first["has_more"]
    assert boss.get(f"/api/admin/users?limit=1&after={first['data'][0]['id']}").json()["data"] == [ada]


def test_a_disabled_user_is_out_at_once_and_comes_back_by_signing_in(boss: TestClient, signed_in: TestClient, app: FastAPI) -> None:
    key = signed_in.post("/api/keys", json={"name": "x", "scopes": ["read"]}).json()["key"]
    link = signed_in.post("/api/account/export-link").json()["url"]
    ada = id_of(signed_in)
    assert boss.patch(f"/api/admin/users/{ada}", json={"disabled": True}).json()["disabled"]
    refusal(signed_in.get("/api/auth/me"), 401, "accounts.disabled")
    refusal(signed_in.post("/api/auth/refresh", headers={"x-csrf-token": signed_in.cookies[CSRF_COOKIE]}), 401)
    refusal(TestClient(app).get(link), 401)
    refusal(TestClient(app, headers={"authorization": f"Bearer {key}"}).get("/api/documents"), 401)
    login = {"email": EMAIL, "password": PASSWORD}
    refusal(TestClient(app).post("/api/auth/login", json=login), 401, "accounts.disabled")
    refusal(TestClient(app).post("/api/auth/login", json=login | {"password": "a guess"}), 401, "accounts.wrong_credentials")

    assert not boss.patch(f"/api/admin/users/{ada}", json={"disabled": False}).json()["disabled"]
    refusal(signed_in.get("/api/auth/me"), 401, "accounts.signed_out")
    refusal(TestClient(app, headers={"authorization": f"Bearer {key}"}).get("/api/documents"), 401, "accounts.bad_key")
    assert TestClient(app).post("/api/auth/login", json=login).status_code == 200


def test_an_administrator_cannot_end_the_last_administration(boss: TestClient, signed_in: TestClient) -> None:
    for patch in ({"disabled": True}, {"role": "member"}):
        refusal(boss.patch(f"/api/admin/users/{id_of(boss)}", json=patch), 409, "accounts.own_account")
    assert boss.patch(f"/api/admin/users/{id_of(signed_in)}", json={"role": "admin"}).json()["role"] == "admin"
    assert signed_in.patch(f"/api/admin/users/{id_of(boss)}", json={"role": "member"}).json()["role"] == "member"
    refusal(boss.get("/api/admin/users"), 403, "accounts.not_administrator")


def test_an_account_that_is_not_there_is_not_there(boss: TestClient) -> None:
    for strange in ("usr-nobody", "..%2f", "profile", "x" * 300):
        refusal(boss.patch(f"/api/admin/users/{strange}", json={"disabled": True}), 404)


def test_who_may_register_changes_while_the_server_runs(boss: TestClient, client: TestClient, app: FastAPI) -> None:
    assert boss.patch("/api/admin/installation", json={"registration": "invite"}).json()["registration"] == "invite"
    stranger = TestClient(app)
    assert stranger.get("/api/installation").json()["registration"] == "invite"
    bob = {"email": "bob@example.org", "password": PASSWORD}
    refusal(stranger.post("/api/auth/register", json=bob), 403, "accounts.invitation_needed")
    invitation = boss.post("/api/admin/invitations", json={"email": "bob@example.org"}).json()
    assert invitation["link"] == f"/register#token={invitation['code']}"
    assert stranger.post("/api/auth/register", json=bob | {"invitation": invitation["code"]}).status_code == 201
    listed = boss.get("/api/admin/invitations").json()["data"]
    assert listed[0]["used_at"] and "code" not in listed[0]
    assert boss.delete(f"/api/admin/invitations/{invitation['id']}").json()["deleted"]
    refusal(boss.delete(f"/api/admin/invitations/{invitation['id']}"), 404, "accounts.no_invitation")


@pytest.mark.parametrize(
    ("host", "mode"),
    [("127.0.0.1", "open"), ("::1", "open"), ("localhost", "open"), ("0.0.0.0", "invite"), ("192.0.2.1", "invite"), ("::", "invite")],  # noqa: S104
)
def test_strangers_from_the_network_need_an_invitation_unless_the_operator_says_otherwise(settings: Settings, host: str, mode: str) -> None:
    assert settings.model_copy(update={"host": host}).registration_mode == mode
    assert settings.model_copy(update={"host": host, "registration": "closed"}).registration_mode == "closed"


@pytest.mark.parametrize("proxy", [{"trusted_proxies": ("127.0.0.1",)}, {"public_url": "https://tuner.example.org"}])
def test_behind_a_proxy_on_this_machine_they_need_one_too(settings: Settings, proxy: dict[str, Any]) -> None:
    assert settings.model_copy(update=proxy).registration_mode == "invite"
    assert settings.model_copy(update={"public_url": "http://localhost:5000"}).registration_mode == "open"


def test_the_queue_is_everybodys_without_names(boss: TestClient, signed_in: TestClient, app: FastAPI) -> None:
    app.state.services.supervisor.stop()
    document = signed_in.post("/api/documents", files={"file": ("notes.txt", b"The sea was calm.\n\nWe saw a heron.\n\n" * 200)}).json()
    job = {"base_model": "gpt2-scratch-1m", "document_ids": [document["id"]], "name": "secret plan", "allow_short_run": True}
    made = signed_in.post("/api/jobs", json=job)
    assert made.status_code == 201, made.text
    answer = boss.get("/api/admin/queue")
    assert [(entry["id"], entry["email"], entry["state"]) for entry in answer.json()["data"]] == [(made.json()["id"], EMAIL, "queued")]
    assert "secret plan" not in answer.text
    assert boss.get("/api/admin/users").json()["data"][1]["num_live_jobs"] == 1


def test_an_administrator_cancels_a_job_of_somebody_else_and_both_logs_say_so(
    boss: TestClient, signed_in: TestClient, app: FastAPI
) -> None:
    app.state.services.supervisor.stop()
    document = signed_in.post("/api/documents", files={"file": ("notes.txt", b"The sea was calm.\n\nWe saw a heron.\n\n" * 200)}).json()
    asked = {"base_model": "gpt2-scratch-1m", "document_ids": [document["id"]], "allow_short_run": True}
    job = signed_in.post("/api/jobs", json=asked).json()["id"]
    address = f"/api/admin/queue/{job}/cancel"
    refusal(signed_in.post(address), 403, "accounts.not_administrator")
    assert boss.post(address).json()["state"] == "cancelled"
    assert boss.get("/api/admin/queue").json()["data"] == []
    assert [move["reason"] for move in signed_in.get(f"/api/jobs/{job}").json()["history"]] == [None, "Cancelled by an administrator."]
    own = signed_in.get("/api/account/security-log").json()["data"][0]
    assert (own["kind"], own["detail"]) == ("job_cancelled", f"{job}, by boss@example.org")
    assert boss.get("/api/admin/security-log").json()["data"][0]["email"] == EMAIL
    refusal(boss.post(address), 404, "job.not_found")
    refusal(boss.post("/api/admin/queue/job-nobodys/cancel"), 404, "job.not_found")
    refusal(boss.get(f"/api/jobs/{job}"), 404)
    assert signed_in.post(f"/api/jobs/{job}/retry").json()["state"] == "queued"


def test_the_log_of_all_names_the_accounts_and_is_not_for_members(boss: TestClient, signed_in: TestClient) -> None:
    events = boss.get("/api/admin/security-log").json()["data"]
    assert [(event["kind"], event["email"]) for event in events] == [("made_administrator", "boss@example.org"), ("registered", EMAIL)]
    own = signed_in.get("/api/account/security-log").json()["data"]
    assert [(event["kind"], event["email"]) for event in own] == [("registered", None)]


def test_what_is_missing_for_mail_and_google_is_named(boss: TestClient) -> None:
    shown = boss.get("/api/admin/installation").json()
    assert shown["missing_google_settings"] == ["LLM_TUNER_GOOGLE_CLIENT_ID", "LLM_TUNER_GOOGLE_CLIENT_SECRET"]
    assert shown["missing_email_settings"] and shown["free_bytes"] > 0


def test_a_closed_installation_still_takes_its_first_administrator(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"registration": "closed"}))
    with TestClient(app) as client:
        refusal(client.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD}), 403, "accounts.registration_closed")
        token = app.state.services.accounts.admission.new_set_up_token()
        body = {"token": token, "email": EMAIL, "password": PASSWORD}
        assert client.post("/api/setup", json=body).status_code == 201
