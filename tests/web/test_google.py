"""Signing in at a real provider on this machine: there and back through the real application, and everything that may go wrong between."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from starlette.testclient import TestClient

from server.app import create_app
from server.domain.accounts.letters import Letter, Letters
from server.settings import Settings
from server.web.cookies import CSRF_COOKIE, REFRESH_COOKIE
from server.web.routes.google import FLOW_COOKIE
from tests.system.provider import CLIENT_ID, CLIENT_SECRET, Person, Provider, running_provider
from tests.web.answers import refusal
from tests.web.conftest import EMAIL, PASSWORD, SECRET

HANDOVER = "a-mark-of-the-page-1"
START = f"/api/auth/google/start?handover={HANDOVER}"
FINISH = "/api/auth/google/finish"
LINK = "/api/auth/google/link"


@pytest.fixture(scope="module")
def shared_provider() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(shared_provider: Provider) -> Iterator[Provider]:
    """The provider as it is by default; what a test changes is gone after it."""
    yield shared_provider
    shared_provider.people = {"ada": Person("sub-ada", "ada@example.org")}
    shared_provider.algorithm, shared_provider.away = "RS256", False
    shared_provider.lie = lambda claims: claims


@pytest.fixture
def settings(tmp_path: Path, page_folder: Path, provider: Provider) -> Settings:
    return Settings(
        home=tmp_path / "data",
        client_folder=page_folder,
        hub="off",
        signing_secret=SECRET,  # type: ignore[arg-type]
        oidc_issuer=provider.issuer,
        google_client_id=CLIENT_ID,
        google_client_secret=CLIENT_SECRET,  # type: ignore[arg-type]
    )


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


def told(response: httpx2.Response) -> dict[str, str]:
    """What stands behind the # of the sign-in page's address."""
    assert response.status_code == 303
    path, _, fragment = response.headers["location"].partition("#")
    assert path == "/sign-in"
    return {name: values[0] for name, values in parse_qs(fragment).items()}


def there(client: TestClient, start: str = START) -> str:
    """Where the provider would show its form."""
    response = client.get(start, follow_redirects=False)
    assert response.status_code == 302
    return str(response.headers["location"])


def back(client: TestClient, provider: Provider, name: str = "ada", start: str = START) -> httpx2.Response:
    """Signs in at the provider as somebody and comes back."""
    return client.get(provider.authorize(query_of(there(client, start)), name), follow_redirects=False)


def code_of(client: TestClient, provider: Provider, name: str = "ada") -> str:
    return told(back(client, provider, name))["code"]


def finished(client: TestClient, provider: Provider, name: str = "ada", **more: Any) -> httpx2.Response:
    return client.post(FINISH, json={"code": code_of(client, provider, name), **more})


def bearer(response: httpx2.Response) -> dict[str, str]:
    return {"authorization": f"Bearer {response.json()['access_token']}"}


def linked(client: TestClient, mine: dict[str, str]) -> list[str]:
    return [one["email"] for one in client.get("/api/account/identities", headers=mine).json()["data"]]


# --- the way there and back -------------------------------------------------------------------------------------------


def test_the_page_learns_that_there_is_a_button(client: TestClient) -> None:
    assert client.get("/api/installation").json()["google_sign_in"] is True


def test_without_configuration_there_is_no_button_and_the_missing_settings_are_named(settings: Settings) -> None:
    bare = settings.model_copy(update={"google_client_secret": None})
    with TestClient(create_app(bare)) as client:
        assert client.get("/api/installation").json()["google_sign_in"] is False
        error = refusal(client.get(START), 404, "accounts.google_not_configured")
        assert "LLM_TUNER_GOOGLE_CLIENT_SECRET" in error["message"] and "CLIENT_ID" not in error["message"]
    assert bare.missing_for_google() == ["LLM_TUNER_GOOGLE_CLIENT_SECRET"]


def test_the_way_there_carries_state_nonce_and_a_challenge_but_no_verifier(client: TestClient, provider: Provider) -> None:
    url = there(client)
    asked = query_of(url)
    assert url.startswith(f"{provider.issuer}/authorize?")
    assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT_ID, "S256")
    assert asked["redirect_uri"] == "http://testserver/api/auth/google/callback"
    assert set(asked["scope"].split()) == {"openid", "email"}
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) == 43
    assert "code_verifier" not in asked


def test_the_cookie_of_the_flow_is_short_lived_and_no_script_reads_it(client: TestClient) -> None:
    line = client.get(START, follow_redirects=False).headers["set-cookie"]
    assert line.startswith(f"{FLOW_COOKIE}=")
    for part in ("HttpOnly", "SameSite=lax", "Path=/api/auth/google", "Max-Age=600"):
        assert part in line


def test_the_cookie_gives_away_none_of_the_secrets_of_the_flow(client: TestClient) -> None:
    asked = query_of(there(client))
    assert not [name for name in ("state", "nonce", "code_challenge") if asked[name] in client.cookies[FLOW_COOKIE]]


def test_somebody_new_gets_an_account_and_a_session(client: TestClient, provider: Provider) -> None:
    response = finished(client, provider)
    assert response.status_code == 200
    assert response.json()["user"]["email"] == EMAIL
    assert client.get("/api/auth/me", headers=bearer(response)).json() == response.json()["user"]
    refreshed = client.post("/api/auth/refresh", headers={"x-csrf-token": client.cookies[CSRF_COOKIE]})
    assert refreshed.status_code == 200
    assert FLOW_COOKIE not in client.cookies


def test_coming_again_is_the_same_user_also_under_another_address(client: TestClient, provider: Provider) -> None:
    first = finished(client, provider).json()["user"]
    provider.people["ada"] = Person("sub-ada", "lovelace@example.org")
    assert finished(client, provider).json()["user"] == first


def test_another_subject_with_a_given_up_address_is_not_the_same_user(client: TestClient, provider: Provider) -> None:
    """The provider gave the address to somebody else: who is keyed on it would get the first one's account without a word."""
    first = finished(client, provider).json()["user"]
    provider.people["ada"] = Person("sub-ada", "lovelace@example.org")
    provider.people["bob"] = Person("sub-bob", "lovelace@example.org")
    assert finished(client, provider, "bob").json()["user"]["id"] != first["id"]


def test_a_popup_gets_a_page_that_hands_over_and_nothing_else(client: TestClient, provider: Provider) -> None:
    response = back(client, provider, start=f"{START}&popup=true")
    assert response.status_code == 200
    assert f'data-handover="{HANDOVER}"' in response.text and "data-code=" in response.text
    assert '<script src="/google-hand-over.js"' in response.text
    assert "script-src 'self'" in response.headers["content-security-policy"]
    assert response.headers["cross-origin-opener-policy"] == "unsafe-none"  # or the opener could not be told
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_both_algorithms_sign_in(client: TestClient, provider: Provider, algorithm: str) -> None:
    provider.algorithm = algorithm
    assert finished(client, provider).status_code == 200


def test_a_public_address_replaces_that_of_the_request(settings: Settings) -> None:
    public = settings.model_copy(update={"public_url": "https://tuner.example.org"})
    with TestClient(create_app(public)) as client:
        response = client.get(START, follow_redirects=False)
        assert query_of(response.headers["location"])["redirect_uri"] == "https://tuner.example.org/api/auth/google/callback"
        assert "Secure" in response.headers["set-cookie"]


# --- what may go wrong between ----------------------------------------------------------------------------------------


def test_an_answer_for_another_browser_is_lost(client: TestClient, settings: Settings, provider: Provider) -> None:
    """Login CSRF: an attacker gives somebody the address with which his own sign-in came back."""
    url = provider.authorize(query_of(there(client)), "ada")
    client.cookies.clear()
    assert told(client.get(url, follow_redirects=False)) == {"problem": "accounts.google_lost"}
    there(client)  # With a flow of one's own it is another state.
    assert told(client.get(url, follow_redirects=False))["problem"] == "accounts.google_lost"


@pytest.mark.parametrize("change", ["cut", "other popup", "other mark", "older", "foreign seal", "long", "empty"])
def test_a_cookie_that_is_not_ours_is_no_cookie(client: TestClient, provider: Provider, change: str) -> None:
    url = provider.authorize(query_of(there(client)), "ada")
    flow, at, popup, handover, seal = client.cookies[FLOW_COOKIE].split(".")
    changed = {
        "cut": f"{flow}.{at}.{popup}.{handover}",
        "other popup": f"{flow}.{at}.1.{handover}.{seal}",
        "other mark": f"{flow}.{at}.{popup}.{handover}x.{seal}",
        "older": f"{flow}.{int(at) - 1}.{popup}.{handover}.{seal}",
        "foreign seal": f"{flow}.{at}.{popup}.{handover}.{'A' * 43}",
        "long": "A" * 4000,
        "empty": "",
    }[change]
    client.cookies.clear()
    response = client.get(url, headers={"cookie": f"{FLOW_COOKIE}={changed}"}, follow_redirects=False)
    assert told(response) == {"problem": "accounts.google_lost"}


def test_the_code_of_the_hand_over_is_good_once(client: TestClient, provider: Provider) -> None:
    code, cookie = code_of(client, provider), client.cookies[FLOW_COOKIE]
    assert client.post(FINISH, json={"code": code}).status_code == 200
    client.cookies.set(FLOW_COOKIE, cookie, domain="testserver.local", path="/api/auth/google")
    refusal(client.post(FINISH, json={"code": code}), 401, "accounts.google_lost")


def test_the_code_is_worth_nothing_in_another_browser(client: TestClient, provider: Provider) -> None:
    code = code_of(client, provider)
    client.cookies.clear()
    refusal(client.post(FINISH, json={"code": code}), 401, "accounts.google_lost")
    there(client)
    refusal(client.post(FINISH, json={"code": code}), 401, "accounts.google_lost")


@pytest.mark.parametrize("code", ["x", "tic-1.y", ".", "tic-01.." + "a" * 43, "é.é", "a#b.c", "\x00.x"])
def test_a_code_that_nobody_gave_signs_nobody_in(client: TestClient, provider: Provider, code: str) -> None:
    there(client)
    refusal(client.post(FINISH, json={"code": code}), 401, "accounts.google_lost")


def test_turning_back_at_the_provider_is_told(client: TestClient) -> None:
    state = query_of(there(client))["state"]
    response = client.get(f"/api/auth/google/callback?error=access_denied&state={state}", follow_redirects=False)
    assert told(response) == {"handover": HANDOVER, "problem": "accounts.google_denied"}


def test_a_provider_that_is_away_is_told_before_and_after(client: TestClient, settings: Settings, provider: Provider) -> None:
    url = provider.authorize(query_of(there(client)), "ada")
    provider.away = True
    assert told(client.get(url, follow_redirects=False))["problem"] == "accounts.google_unavailable"
    with TestClient(create_app(settings.model_copy(update={"home": settings.home / "other"}))) as other:
        started = time.monotonic()
        assert told(other.get(START, follow_redirects=False))["problem"] == "accounts.google_unavailable"
        assert time.monotonic() - started < 2


def test_new_keys_of_the_provider_are_found(client: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    assert finished(client, provider).status_code == 200
    provider.rotate()
    monkeypatch.setattr("server.adapters.identity_google._ASK_AGAIN_S", 0)
    assert finished(client, provider).status_code == 200


def test_unknown_keys_do_not_make_us_ask_without_end(client: TestClient, provider: Provider) -> None:
    assert finished(client, provider).status_code == 200
    provider.rotate()
    before = provider.asked["/keys"]
    for _ in range(5):
        assert told(back(client, provider))["problem"] == "accounts.google_refused"
    assert provider.asked["/keys"] - before <= 1


@pytest.mark.parametrize("handover", ["", "short", "x" * 65, 'a"><script>alert(1)</script>', "with space in it 123"])
def test_a_mark_that_could_harm_the_page_is_refused(client: TestClient, handover: str) -> None:
    refusal(client.get("/api/auth/google/start", params={"handover": handover}), 422, "request.invalid")


def test_nothing_of_a_flow_is_left_behind_by_visitors_who_turn_back(client: TestClient) -> None:
    from server.domain import keys

    there(client)
    assert client.app.state.services.records.page(keys.SIGN_IN_PARTITION).records == []  # type: ignore[attr-defined]


# --- somebody registered your address first: the five variants of account pre-hijacking -------------------------------


def hijacker(client: TestClient) -> dict[str, str]:
    """Somebody who has registered Ada's address with a password of their own, and is signed in."""
    response = client.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})
    assert response.status_code == 201
    return bearer(response)


def taken_over(client: TestClient, provider: Provider) -> httpx2.Response:
    """Ada comes with Google, is told of the account, does not know its password, and goes on without."""
    code = code_of(client, provider)
    refusal(client.post(FINISH, json={"code": code}), 409, "accounts.google_confirm")
    response = client.post(FINISH, json={"code": code, "take_over": True})
    assert response.status_code == 200
    return response


def test_classic_federated_merge_the_hijackers_password_stops_working(client: TestClient, provider: Provider) -> None:
    hijacker(client)
    taken_over(client, provider)
    refusal(client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD}), 401, "accounts.wrong_credentials")


def test_unexpired_session_the_hijackers_sign_ins_end(client: TestClient, provider: Provider) -> None:
    theirs = hijacker(client)
    their_cookies = "; ".join(f"{name}={client.cookies[name]}" for name in (REFRESH_COOKIE, CSRF_COOKIE))
    their_mark = client.cookies[CSRF_COOKIE]
    refusal(client.post(FINISH, json={"code": code_of(client, provider)}), 409, "accounts.google_confirm")
    assert client.get("/api/auth/me", headers=theirs).status_code == 200  # Nothing has happened yet.
    ada = taken_over(client, provider)
    refusal(client.get("/api/auth/me", headers=theirs), 401)
    assert client.get("/api/auth/me", headers=bearer(ada)).status_code == 200
    client.cookies.clear()
    refusal(client.post("/api/auth/refresh", headers={"x-csrf-token": their_mark, "cookie": their_cookies}), 401, "accounts.signed_out")


def test_trojan_identifier_the_hijackers_own_google_sign_in_is_no_way_in_any_more(client: TestClient, provider: Provider) -> None:
    theirs = hijacker(client)
    provider.people["mallory"] = Person("sub-mallory", "mallory@example.org")
    asked = {"code": code_of(client, provider, "mallory"), "password": PASSWORD}
    assert client.post(LINK, json=asked, headers=theirs).status_code == 204
    ada = taken_over(client, provider)
    assert linked(client, bearer(ada)) == [EMAIL]
    assert finished(client, provider, "mallory").json()["user"]["id"] != ada.json()["user"]["id"]


def test_an_api_key_of_the_hijackers_is_dead(client: TestClient, provider: Provider) -> None:
    key = client.post("/api/keys", json={"name": "planted", "scopes": ["read"]}, headers=hijacker(client)).json()["key"]
    assert client.get("/api/jobs", headers={"authorization": f"Bearer {key}"}).status_code == 200
    taken_over(client, provider)
    refusal(client.get("/api/jobs", headers={"authorization": f"Bearer {key}"}), 401)


def test_unexpired_email_change_pending_letters_of_the_hijacker_are_dead(client: TestClient, provider: Provider) -> None:
    """Letters that were asked for before must not open the account after: one to an address of the hijacker's, one for a new password."""
    services = client.app.state.services  # type: ignore[attr-defined]
    sent: list[Letter] = []
    object.__setattr__(services.accounts.recovery, "letters", Letters(sent.append, public_url="http://tuner.example.org"))
    change = {"email": "mallory@example.org", "password": PASSWORD}
    assert client.post("/api/account/email", json=change, headers=hijacker(client)).json()["changed"] is False
    services.errands.wait()
    [letter] = [letter for letter in sent if letter.to == "mallory@example.org"]
    token = letter.text.partition("#token=")[2].split()[0]
    link = services.accounts.recovery.reset_token(EMAIL)
    ada = taken_over(client, provider)
    refusal(client.post("/api/auth/verify-email", json={"token": token}), 422, "accounts.bad_link")
    reset = {"token": link, "password": "another long pass phrase"}
    refusal(client.post("/api/auth/password-reset/finish", json=reset), 422, "accounts.bad_link")
    assert client.get("/api/auth/me", headers=bearer(ada)).json()["email"] == EMAIL


def test_an_administrators_account_is_never_taken_over_by_its_address(client: TestClient, provider: Provider) -> None:
    token = client.app.state.services.accounts.admission.new_set_up_token()  # type: ignore[attr-defined]
    client.post("/api/setup", json={"token": token, "email": EMAIL, "password": PASSWORD})
    code = code_of(client, provider)
    refusal(client.post(FINISH, json={"code": code, "take_over": True}), 403, "accounts.google_administrator")
    assert client.post(FINISH, json={"code": code, "password": PASSWORD}).json()["user"]["role"] == "admin"


def test_who_may_not_register_may_not_with_google(settings: Settings, provider: Provider) -> None:
    with TestClient(create_app(settings.model_copy(update={"registration": "invite"}))) as client:
        refusal(finished(client, provider), 403, "accounts.invitation_needed")
    with TestClient(create_app(settings.model_copy(update={"registration": "closed"}))) as client:
        refusal(finished(client, provider), 403, "accounts.registration_closed")


def test_a_disabled_account_stays_so(client: TestClient, provider: Provider) -> None:
    user = finished(client, provider).json()["user"]["id"]
    users = client.app.state.services.accounts.users  # type: ignore[attr-defined]
    users.change(user, lambda profile: profile.model_copy(update={"disabled_at": profile.created_at}))
    refusal(finished(client, provider), 401, "accounts.disabled")


def test_guessing_the_password_at_the_last_step_is_limited(client: TestClient, provider: Provider) -> None:
    hijacker(client)
    code = code_of(client, provider)
    answers = [client.post(FINISH, json={"code": code, "password": f"guess number {number}"}).status_code for number in range(12)]
    assert answers == [401] * 10 + [429] * 2


def test_an_account_that_leaves_gives_its_google_sign_in_free(client: TestClient, provider: Provider) -> None:
    first = finished(client, provider)
    gone = client.post("/api/account/delete", json={"email": EMAIL}, headers=bearer(first))
    assert gone.status_code == 202
    assert finished(client, provider).json()["user"]["id"] != first.json()["user"]["id"]


def test_non_verifying_provider_an_address_it_does_not_vouch_for_is_nobodys(client: TestClient, provider: Provider) -> None:
    """In both directions: no account is made for it, and none is entered by it."""
    provider.people["mallory"] = Person("sub-mallory", EMAIL, email_verified=False)
    refusal(finished(client, provider, "mallory"), 403, "accounts.google_email_unverified")
    ada = hijacker(client)
    for more in ({}, {"take_over": True}, {"password": PASSWORD}):
        refusal(finished(client, provider, "mallory", **more), 403, "accounts.google_email_unverified")
    assert client.get("/api/auth/me", headers=ada).status_code == 200


@pytest.mark.parametrize("verified", ["true", 1, None, "yes"])
def test_only_a_plain_true_is_a_verified_address(client: TestClient, provider: Provider, verified: object) -> None:
    provider.lie = lambda claims: claims | {"email_verified": verified}
    refusal(finished(client, provider), 403, "accounts.google_email_unverified")


@pytest.mark.parametrize("email", [None, "", "no address", 17, "a@b", "x" * 300 + "@example.org"])
def test_without_a_usable_address_nobody_gets_an_account(client: TestClient, provider: Provider, email: object) -> None:
    provider.lie = lambda claims: claims | {"email": email}
    refusal(finished(client, provider), 403, "accounts.google_email_unusable")


def test_the_owner_who_gives_the_password_keeps_it_and_their_sessions(client: TestClient, provider: Provider) -> None:
    mine = hijacker(client)  # This time it is Ada herself.
    code = code_of(client, provider)
    error = refusal(client.post(FINISH, json={"code": code, "password": "not the pass phrase"}), 401, "accounts.wrong_credentials")
    assert error["param"] == "password"
    response = client.post(FINISH, json={"code": code, "password": PASSWORD})
    assert response.status_code == 200
    assert client.get("/api/auth/me", headers=mine).json()["id"] == response.json()["user"]["id"]
    assert client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD}).status_code == 200
    assert finished(client, provider).json()["user"]["id"] == response.json()["user"]["id"]


def test_a_verified_address_is_linked_without_a_question(client: TestClient, provider: Provider) -> None:
    from server.domain import keys
    from server.ports.records import Put

    mine = hijacker(client)
    records = client.app.state.services.records  # type: ignore[attr-defined]
    found = records.get(keys.profile(client.get("/api/auth/me", headers=mine).json()["id"]))
    records.write(Put(found.key, found.data | {"email_verified_at": "2026-11-01T10:00:00Z"}, found.version))
    assert finished(client, provider).status_code == 200
    assert client.get("/api/auth/me", headers=mine).status_code == 200
    assert client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD}).status_code == 200


def test_an_account_without_a_password_cannot_be_entered_by_one(client: TestClient, provider: Provider) -> None:
    finished(client, provider)
    refusal(client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD}), 401, "accounts.wrong_credentials")
    refusal(client.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD}), 409, "accounts.email_taken")


# --- connecting it with an account that is signed in ------------------------------------------------------------------


def test_whoever_is_signed_in_connects_and_disconnects_it(client: TestClient, provider: Provider) -> None:
    provider.people["ada"] = Person("sub-ada", "countess@example.org", email_verified=False)  # It need not be the account's address.
    mine = hijacker(client)  # Ada herself.
    code = code_of(client, provider)
    error = refusal(client.post(LINK, json={"code": code, "password": "not the pass phrase"}, headers=mine), 403, "accounts.wrong_password")
    assert error["param"] == "password"
    assert client.post(LINK, json={"code": code, "password": PASSWORD}, headers=mine).status_code == 204
    assert linked(client, mine) == ["countess@example.org"]
    assert finished(client, provider).json()["user"]["email"] == EMAIL
    [one] = client.get("/api/account/identities", headers=mine).json()["data"]
    assert client.delete(f"/api/account/identities/{one['id']}", headers=mine).json()["deleted"]
    assert linked(client, mine) == []
    refusal(client.delete(f"/api/account/identities/{one['id']}", headers=mine), 404, "accounts.not_linked")
    refusal(finished(client, provider), 403, "accounts.google_email_unverified")
    kinds = [event["kind"] for event in client.get("/api/account/security-log", headers=mine).json()["data"]]
    assert {"google_linked", "google_unlinked"} <= set(kinds)


def test_the_only_way_in_is_not_taken_away(client: TestClient, provider: Provider) -> None:
    mine = bearer(finished(client, provider))
    [one] = client.get("/api/account/identities", headers=mine).json()["data"]
    refusal(client.delete(f"/api/account/identities/{one['id']}", headers=mine), 409, "accounts.last_way_in")
    change = {"current_password": "", "new_password": PASSWORD}
    assert client.post("/api/account/password", json=change, headers=mine).status_code == 204
    assert client.delete(f"/api/account/identities/{one['id']}", headers=mine).status_code == 200


def test_what_signs_in_to_one_account_is_not_connected_with_another(client: TestClient, provider: Provider) -> None:
    finished(client, provider)
    response = client.post("/api/auth/register", json={"email": "bob@example.org", "password": PASSWORD})
    code = code_of(client, provider)
    refusal(client.post(LINK, json={"code": code, "password": PASSWORD}, headers=bearer(response)), 409, "accounts.google_in_use")
    assert linked(client, bearer(response)) == []


def test_connecting_what_is_connected_changes_nothing(client: TestClient, provider: Provider) -> None:
    mine = bearer(finished(client, provider))
    assert client.post(LINK, json={"code": code_of(client, provider)}, headers=mine).status_code == 204
    assert linked(client, mine) == [EMAIL]


def test_connecting_takes_a_signed_in_person_and_the_browser_that_went_there(client: TestClient, provider: Provider) -> None:
    mine = hijacker(client)
    key = client.post("/api/keys", json={"name": "x", "scopes": ["write"]}, headers=mine).json()["key"]
    code = code_of(client, provider)
    asked = {"code": code, "password": PASSWORD}
    refusal(client.post(LINK, json=asked), 401)
    refusal(client.post(LINK, json=asked, headers={"authorization": f"Bearer {key}"}), 403, "accounts.key_not_here")
    cookie = client.cookies[FLOW_COOKIE]
    client.cookies.delete(FLOW_COOKIE, domain="testserver.local", path="/api/auth/google")
    refusal(client.post(LINK, json=asked, headers=mine), 401, "accounts.google_lost")
    client.cookies.set(FLOW_COOKIE, cookie, domain="testserver.local", path="/api/auth/google")
    assert client.post(LINK, json=asked, headers=mine).status_code == 204
    refusal(client.post(LINK, json=asked, headers=mine), 401, "accounts.google_lost")


def test_without_a_password_connecting_takes_a_sign_in_of_the_last_minutes(client: TestClient, provider: Provider) -> None:
    from server.domain import keys
    from server.ports.records import Put

    provider.people["bob"] = Person("sub-bob", "bob@example.org")
    response = finished(client, provider)
    records = client.app.state.services.records  # type: ignore[attr-defined]
    [session] = records.page(keys.collection_partition(response.json()["user"]["id"]), prefix="session#").records
    records.write(Put(session.key, session.data | {"created_at": "2026-01-01T00:00:00Z"}, session.version))
    asked = {"code": code_of(client, provider, "bob")}
    refusal(client.post(LINK, json=asked, headers=bearer(response)), 403, "accounts.sign_in_again")
    assert linked(client, bearer(response)) == [EMAIL]
