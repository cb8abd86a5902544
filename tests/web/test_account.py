"""One's own account over HTTP: profile, password, sign-ins, keys, log, export, deletion."""

import io
import json
import statistics
import time
import zipfile
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from server.domain import keys
from server.domain.accounts.letters import Letters
from server.web.cookies import CSRF_COOKIE
from tests.web.answers import refusal
from tests.web.conftest import EMAIL, PASSWORD

NEW = "quite another phrase"


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def other_browser(app: FastAPI, password: str = PASSWORD, address: str = "192.0.2.50") -> TestClient:
    """Ada in another browser, signed in."""
    browser = TestClient(app, client=(address, 50_000))
    answer = browser.post("/api/auth/login", json={"email": EMAIL, "password": password})
    assert answer.status_code == 200, answer.text
    browser.headers |= bearer(answer.json()["access_token"])
    return browser


def made_key(client: TestClient, *scopes: str) -> dict[str, Any]:
    answer = client.post("/api/keys", json={"name": "Nightly", "scopes": list(scopes or ("read", "write"))})
    assert answer.status_code == 201, answer.text
    key: dict[str, Any] = answer.json()
    return key


# --- profile and password ---------------------------------------------------------------------------------------------


def test_a_name_is_shown_and_kept(signed_in: TestClient) -> None:
    assert signed_in.patch("/api/account", json={"name": "  Ada L. "}).json()["name"] == "Ada L."
    assert signed_in.get("/api/auth/me").json() | {"id": "", "created_at": ""} == {
        "id": "",
        "object": "user",
        "email": EMAIL,
        "name": "Ada L.",
        "role": "member",
        "email_verified": False,
        "has_password": True,
        "created_at": "",
    }


def test_a_changed_password_signs_out_everywhere_else(signed_in: TestClient, app: FastAPI) -> None:
    there = other_browser(app)
    change = {"current_password": PASSWORD, "new_password": NEW}
    assert signed_in.post("/api/account/password", json=change).status_code == 204
    refusal(there.get("/api/auth/me"), 401, "accounts.signed_out")
    refusal(there.post("/api/auth/refresh", headers={"x-csrf-token": there.cookies[CSRF_COOKIE]}), 401)
    assert signed_in.get("/api/auth/me").status_code == 200
    assert signed_in.post("/api/auth/refresh", headers={"x-csrf-token": signed_in.cookies[CSRF_COOKIE]}).status_code == 200
    other_browser(app, NEW)


def test_whoever_took_a_session_over_cannot_guess_the_password_and_holds_off_nobody(signed_in: TestClient, app: FastAPI) -> None:
    there = other_browser(app)
    for _ in range(10):
        wrong = there.post("/api/account/password", json={"current_password": "x", "new_password": NEW})
        assert refusal(wrong, 403, "accounts.wrong_password")["param"] == "current_password"
    right = {"current_password": PASSWORD, "new_password": NEW}
    refusal(there.post("/api/account/password", json=right), 429, "accounts.too_many_tries")
    refusal(there.post("/api/account/delete", json={"email": EMAIL, "password": PASSWORD}), 429)
    assert signed_in.post("/api/account/password", json=right).status_code == 204


def test_sign_ins_are_seen_and_ended(signed_in: TestClient, app: FastAPI) -> None:
    there = other_browser(app)
    shown = signed_in.get("/api/account/sessions").json()["data"]
    assert [(one["address"], one["current"]) for one in shown] == [("192.0.2.50", False), ("testclient", True)]
    assert signed_in.delete(f"/api/account/sessions/{shown[0]['id']}").json()["deleted"]
    refusal(there.get("/api/auth/me"), 401)
    refusal(signed_in.delete(f"/api/account/sessions/{shown[0]['id']}"), 404, "session.not_found")
    there = other_browser(app)
    assert signed_in.post("/api/account/sessions/end-others").json()["num_ended"] == 1
    refusal(there.get("/api/auth/me"), 401)


# --- limits on guessing -----------------------------------------------------------------------------------------------


def test_ten_tries_are_ten_whatever_the_headers_and_the_spelling(signed_in: TestClient, app: FastAPI) -> None:
    thief = TestClient(app, client=("198.51.100.1", 1))
    spellings = [EMAIL, "ADA@EXAMPLE.ORG", " ada@example.org ", "\uff41da@example.org", "ada@example.org"]  # one of them full-width
    statuses = []
    for number in range(25):
        headers = {"x-forwarded-for": f"203.0.113.{number}", "forwarded": f"for=203.0.113.{number}", "x-real-ip": f"203.0.113.{number}"}
        body = {"email": spellings[number % 5], "password": f"guess {number}"}
        statuses.append(thief.post("/api/auth/login", json=body, headers=headers).status_code)
    assert statuses == [401] * 10 + [429] * 15


def test_the_owner_gets_in_while_somebody_guesses_from_the_same_network(signed_in: TestClient, app: FastAPI) -> None:
    thief = TestClient(app, client=("testclient", 1))
    for _ in range(11):
        last = thief.post("/api/auth/login", json={"email": EMAIL, "password": "a guess"})
    refusal(last, 429)
    assert signed_in.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD}).status_code == 200
    other_browser(app, address="192.0.2.77")


def test_a_made_up_device_is_a_stranger(signed_in: TestClient, app: FastAPI) -> None:
    thief = TestClient(app, client=("198.51.100.1", 1))
    for number in range(11):
        thief.cookies.set("llm_tuner_device", f"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.{number}", domain="testserver.local")
        last = thief.post("/api/auth/login", json={"email": EMAIL, "password": "a guess"})
    refusal(last, 429)


def test_time_does_not_tell_who_has_an_account(signed_in: TestClient, app: FastAPI) -> None:
    """A small version: forty of each, in turn, each from a network of its own so that no limit answers instead. In time of the processor,
    which other work on this machine does not change; that nothing is waited for is `test_security_log`'s matter."""
    seconds: dict[str, list[float]] = {EMAIL: [], "nobody@example.org": []}
    for number in range(40):
        for email, times in seconds.items():
            stranger = TestClient(app, client=(f"10.0.{number}.1", 1))
            started = time.process_time()
            answer = stranger.post("/api/auth/login", json={"email": email, "password": "a guess"})
            times.append(time.process_time() - started)
            assert answer.status_code == 401
    known, unknown = (statistics.median(times) for times in seconds.values())
    assert abs(known - unknown) < 0.005


# --- keys -------------------------------------------------------------------------------------------------------------


def test_a_key_is_taken_wherever_a_token_is(signed_in: TestClient, app: FastAPI) -> None:
    key = made_key(signed_in)
    script = TestClient(app, headers=bearer(key["key"]))
    document = script.post("/api/documents", files={"file": ("notes.txt", b"The sea was calm.\n\nWe saw a heron.\n\n" * 20)}).json()
    assert script.get(f"/api/documents/{document['id']}/content").status_code == 200
    assert signed_in.get("/api/documents").json()["data"][0]["id"] == document["id"]
    app.state.services.errands.wait()
    assert signed_in.get("/api/keys").json()["data"][0]["last_used_at"] is not None
    assert signed_in.delete(f"/api/keys/{key['id']}").json()["deleted"]
    refusal(script.get("/api/documents"), 401, "accounts.bad_key")


def test_a_reading_key_is_told_which_scope_it_lacks_before_its_upload_is_read(signed_in: TestClient, app: FastAPI) -> None:
    script = TestClient(app, headers=bearer(made_key(signed_in, "read")["key"]))
    assert script.get("/api/documents").status_code == 200
    for size in (10, 200_000):
        error = refusal(script.post("/api/documents", files={"file": b"x" * size}), 403, "accounts.key_scope")
        assert "`write`" in error["message"]


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["admin"]}, "scopes.0"),
        ({"name": " "}, "name"),
        ({"expires_in_days": 367}, "expires_in_days"),
    ],
)
def test_a_key_that_could_not_be_is_refused(signed_in: TestClient, wrong: dict[str, Any], param: str) -> None:
    assert refusal(signed_in.post("/api/keys", json={"name": "x", "scopes": ["read"]} | wrong), 422)["param"] == param


# --- letters ----------------------------------------------------------------------------------------------------------


def test_without_mail_a_forgotten_password_is_the_operators_matter_for_known_and_unknown_alike(signed_in: TestClient) -> None:
    known = signed_in.post("/api/auth/password-reset", json={"email": EMAIL})
    unknown = signed_in.post("/api/auth/password-reset", json={"email": "nobody@example.org"})
    refusal(known, 409, "accounts.no_mail")
    assert known.content == unknown.content


def test_a_letter_brings_a_new_password_and_the_answer_does_not_tell_who_gets_one(signed_in: TestClient, app: FastAPI) -> None:
    accounts = app.state.services.accounts
    sent: list[Any] = []
    letters = Letters(sent.append, public_url="http://tuner.example.org")
    object.__setattr__(accounts.recovery, "letters", letters)
    known = signed_in.post("/api/auth/password-reset", json={"email": EMAIL}, headers={"x-forwarded-host": "thief.example.org"})
    unknown = signed_in.post("/api/auth/password-reset", json={"email": "nobody@example.org"})
    assert known.status_code == unknown.status_code == 202
    assert known.content == unknown.content
    app.state.services.errands.wait()
    [letter] = sent
    assert "thief" not in letter.text
    token = letter.text.partition("http://tuner.example.org/reset-password#token=")[2].split()[0]
    stranger = TestClient(app)
    assert stranger.post("/api/auth/password-reset/finish", json={"token": token, "password": NEW}).status_code == 204
    refusal(stranger.post("/api/auth/password-reset/finish", json={"token": token, "password": NEW}), 422, "accounts.bad_link")
    refusal(signed_in.get("/api/auth/me"), 401, "accounts.signed_out")
    other_browser(app, NEW)


def test_letters_are_not_asked_for_without_end(client: TestClient) -> None:
    statuses = [client.post("/api/auth/password-reset", json={"email": f"{n}@example.org"}).status_code for n in range(12)]
    assert statuses == [409] * 10 + [429] * 2


# --- export and deletion ----------------------------------------------------------------------------------------------


def test_the_export_holds_everything_that_is_kept(signed_in: TestClient, app: FastAPI) -> None:
    content = b"The sea was calm.\n\nWe saw a heron.\n\n" * 20
    document = signed_in.post("/api/documents", files={"file": ("my ../notes.txt", content)}).json()
    signed_in.post("/api/datasets", json={"document_ids": [document["id"]]})
    key = made_key(signed_in)
    link = signed_in.post("/api/account/export-link").json()["url"]
    answer = TestClient(app).get(link)
    assert answer.headers["content-disposition"].startswith("attachment")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    names = archive.namelist()
    assert not [name for name in names if name.startswith("/") or ".." in name.split("/")]
    assert archive.read(f"documents/{document['id']}/content/notes.txt") == content
    assert json.loads(archive.read("account.json"))["user"]["email"] == EMAIL
    assert len(json.loads(archive.read("datasets/list.json"))) == 1
    assert [event["kind"] for event in json.loads(archive.read("security-log.json"))][-2:] == ["key_created", "registered"]
    everything = b"".join(archive.read(name) for name in names)
    assert key["key"].encode() not in everything and b"argon2" not in everything
    assert signed_in.get("/api/account/export").status_code == 200


def test_an_export_link_ends_with_the_session(signed_in: TestClient, app: FastAPI) -> None:
    link = signed_in.post("/api/account/export-link").json()["url"]
    signed_in.post("/api/auth/logout", headers={"x-csrf-token": signed_in.cookies[CSRF_COOKIE]})
    refusal(TestClient(app).get(link), 401)


def test_a_deleted_account_is_out_at_once_and_nothing_of_it_stays(signed_in: TestClient, app: FastAPI) -> None:
    there, key = other_browser(app), made_key(signed_in)
    user_id = signed_in.get("/api/auth/me").json()["id"]
    content = b"The sea was calm.\n\nWe saw a heron.\n\n" * 20
    document = signed_in.post("/api/documents", files={"file": ("notes.txt", content)}).json()
    signed_in.post("/api/datasets", json={"document_ids": [document["id"]]})
    upload = signed_in.post("/api/uploads", json={"filename": "x.txt", "size_bytes": 10}).json()
    signed_in.put(f"/api/uploads/{upload['id']}/parts/1", content=b"0123456789")
    services = app.state.services
    assert [path for path in services.settings.blobs_folder.rglob("*") if path.is_file()]

    refusal(signed_in.post("/api/account/delete", json={"email": "bob@example.org", "password": PASSWORD}), 422, "accounts.not_confirmed")
    refusal(signed_in.post("/api/account/delete", json={"email": EMAIL, "password": "wrong"}), 403, "accounts.wrong_password")
    refusal(signed_in.post("/api/account/delete", json={"email": EMAIL}), 403, "accounts.wrong_password")
    services.errands.wait()
    assert signed_in.post("/api/account/delete", json={"email": "Ada@example.org", "password": PASSWORD}).status_code == 202

    refusal(signed_in.get("/api/auth/me"), 401, "accounts.gone")
    refusal(there.get("/api/documents"), 401, "accounts.gone")
    refusal(TestClient(app, headers=bearer(key["key"])).get("/api/documents"), 401)
    refusal(TestClient(app).post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD}), 401, "accounts.wrong_credentials")
    deadline = time.monotonic() + 10
    while services.departure.waiting() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert services.records.page(keys.collection_partition(user_id)).records == []
    assert services.records.page(keys.USERS_PARTITION).records == []
    assert [path for path in services.settings.blobs_folder.rglob("*") if path.is_file()] == []
    assert TestClient(app).post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD}).status_code == 201
