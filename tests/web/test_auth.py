"""Registering, signing in, staying signed in and signing out, as the page does it."""

import asyncio
from datetime import UTC, datetime
from http.cookies import SimpleCookie

import httpx
import pytest
from fastapi import FastAPI
from jose import jwt
from starlette.testclient import TestClient

from server.domain.accounts.tokens import Access, Download, Tokens
from server.settings import Settings
from server.web.cookies import CSRF_COOKIE, DEVICE_COOKIE, REFRESH_COOKIE
from tests.domain.accounts.conftest import SetClock
from tests.web.answers import refusal
from tests.web.conftest import EMAIL, PASSWORD, SECRET

CREDENTIALS = {"email": EMAIL, "password": PASSWORD}


def csrf(client: TestClient) -> dict[str, str]:
    return {"x-csrf-token": client.cookies[CSRF_COOKIE]}


def cookies_set(response: httpx.Response) -> SimpleCookie:
    cookies: SimpleCookie = SimpleCookie()
    for line in response.headers.get_list("set-cookie"):
        cookies.load(line)
    return cookies


# --- register and login -----------------------------------------------------------------------------------------------


def test_registering_signs_in(client: TestClient) -> None:
    response = client.post("/api/auth/register", json={"email": " Ada@Example.org", "password": PASSWORD})
    assert response.status_code == 201
    session = response.json()
    assert (session["token_type"], session["expires_in"], session["user"]["email"]) == ("bearer", 900, EMAIL)
    me = client.get("/api/auth/me", headers={"authorization": f"Bearer {session['access_token']}"})
    assert me.json() == session["user"]


def test_the_refresh_cookie_is_for_the_server_alone_and_the_csrf_cookie_for_the_page(client: TestClient) -> None:
    cookies = cookies_set(client.post("/api/auth/register", json=CREDENTIALS))
    refresh, token = cookies[REFRESH_COOKIE], cookies[CSRF_COOKIE]
    assert (refresh["httponly"], refresh["samesite"], refresh["path"], refresh["secure"]) == (True, "strict", "/api/auth", "")
    assert (token["httponly"], token["samesite"], token["path"]) == ("", "strict", "/")
    assert refresh["max-age"] == token["max-age"] == str(30 * 86_400)


def test_behind_tls_cookies_are_sent_over_tls_only(settings: Settings) -> None:
    from server.app import create_app

    with TestClient(create_app(settings.model_copy(update={"cookie_secure": True}))) as client:
        cookies = cookies_set(client.post("/api/auth/register", json=CREDENTIALS))
    assert all(cookie["secure"] for cookie in cookies.values())
    assert len(cookies) == 4


def test_logging_in_again_gives_the_same_user(signed_in: TestClient) -> None:
    response = signed_in.post("/api/auth/login", json=CREDENTIALS)
    assert response.status_code == 200
    assert response.json()["user"] == signed_in.get("/api/auth/me").json()


def test_a_taken_address_is_a_conflict_that_names_the_field(signed_in: TestClient) -> None:
    error = refusal(signed_in.post("/api/auth/register", json=CREDENTIALS | {"email": "ADA@example.org"}), 409, "accounts.email_taken")
    assert error["param"] == "email"


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"email": "ada"}, "email"),
        ({"email": ""}, "email"),
        ({"email": "x" * 400}, "email"),
        ({"email": None}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "password1234"}, "password"),
        ({"password": "x" * 1025}, "password"),
        ({"password": 123456789012}, "password"),
        ({"name": "Ada"}, "name"),
    ],
)
def test_a_bad_registration_names_its_field_and_repeats_no_password(client: TestClient, wrong: dict[str, str], param: str) -> None:
    response = client.post("/api/auth/register", json=CREDENTIALS | wrong)
    assert refusal(response, 422)["param"] == param
    assert "set-cookie" not in response.headers
    assert str(wrong.get("password", PASSWORD)) not in response.text


def test_nobody_learns_who_has_an_account(signed_in: TestClient) -> None:
    known = signed_in.post("/api/auth/login", json=CREDENTIALS | {"password": "not the pass phrase"})
    unknown = signed_in.post("/api/auth/login", json=CREDENTIALS | {"email": "bob@example.org"})
    refusal(known, 401, "accounts.wrong_credentials")
    assert known.content == unknown.content
    differing = {"x-request-id"}
    assert {k: v for k, v in known.headers.items() if k not in differing} == {
        k: v for k, v in unknown.headers.items() if k not in differing
    }


def test_after_ten_failures_an_account_rests_also_for_the_right_password(signed_in: TestClient) -> None:
    for spelling in (EMAIL, "ADA@example.org", " ada@Example.org") * 3 + (EMAIL,):
        refusal(signed_in.post("/api/auth/login", json={"email": spelling, "password": "wrong"}), 401, "accounts.wrong_credentials")
    response = signed_in.post("/api/auth/login", json=CREDENTIALS, headers={"x-forwarded-for": "203.0.113.9"})
    refusal(response, 429, "accounts.too_many_tries")
    assert 800 < int(response.headers["retry-after"]) <= 900
    refusal(signed_in.post("/api/auth/login", json={"email": "bob@example.org", "password": "wrong"}), 401)


# --- refresh and logout -----------------------------------------------------------------------------------------------


def test_refreshing_gives_a_new_token_and_a_new_cookie(signed_in: TestClient) -> None:
    before = signed_in.cookies[REFRESH_COOKIE]
    response = signed_in.post("/api/auth/refresh", headers=csrf(signed_in))
    assert response.status_code == 200
    assert signed_in.cookies[REFRESH_COOKIE] != before
    assert response.json()["user"]["email"] == EMAIL


@pytest.mark.parametrize("path", ["/api/auth/refresh", "/api/auth/logout"])
@pytest.mark.parametrize("sent", [None, "", "guessed", "é"])
def test_without_the_second_cookie_in_a_header_nothing_happens(signed_in: TestClient, path: str, sent: str | None) -> None:
    response = signed_in.post(path, headers={} if sent is None else {"x-csrf-token": sent.encode("latin-1")})
    refusal(response, 403, "accounts.csrf")
    assert signed_in.post("/api/auth/refresh", headers=csrf(signed_in)).status_code == 200


def test_refreshing_without_a_cookie_is_being_a_stranger(client: TestClient) -> None:
    refusal(client.post("/api/auth/refresh"), 401, "accounts.not_signed_in")


def test_a_session_that_is_over_takes_its_cookies_along(signed_in: TestClient, app: FastAPI) -> None:
    app.state.services.accounts.logout(signed_in.cookies[REFRESH_COOKIE])
    refusal(signed_in.post("/api/auth/refresh", headers=csrf(signed_in)), 401, "accounts.signed_out")
    assert set(signed_in.cookies) == {DEVICE_COOKIE}


def test_fifty_tabs_refreshing_at_once_stay_signed_in(signed_in: TestClient, app: FastAPI) -> None:
    old = {"cookie": "; ".join(f"{name}={value}" for name, value in signed_in.cookies.items())} | csrf(signed_in)

    async def all_tabs() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as browser:
            requests = [browser.build_request("POST", "/api/auth/refresh", headers=old) for _ in range(50)]
            return await asyncio.gather(*(browser.send(request) for request in requests))

    answers = asyncio.run(all_tabs())
    assert {answer.status_code for answer in answers} == {200}
    new = [cookies_set(answer)[REFRESH_COOKIE].value for answer in answers]
    for answer in answers:
        headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
        assert signed_in.get("/api/auth/me", headers=headers).status_code == 200
    signed_in.cookies.set(REFRESH_COOKIE, new[-1], domain="testserver.local", path="/api/auth")
    assert signed_in.post("/api/auth/refresh", headers=csrf(signed_in)).status_code == 200


def test_logging_out_ends_the_access_token_and_both_cookies(signed_in: TestClient) -> None:
    assert signed_in.post("/api/auth/logout", headers=csrf(signed_in)).status_code == 204
    assert set(signed_in.cookies) == {DEVICE_COOKIE}
    refusal(signed_in.get("/api/auth/me"), 401, "accounts.signed_out")


def test_logging_out_twice_is_fine(client: TestClient) -> None:
    assert client.post("/api/auth/logout").status_code == 204


# --- access tokens ----------------------------------------------------------------------------------------------------


def test_a_stranger_is_told_how_to_sign_in(client: TestClient) -> None:
    response = client.get("/api/auth/me")
    refusal(response, 401, "accounts.not_signed_in")
    assert response.headers["www-authenticate"] == "Bearer"


def claims(signed_in: TestClient) -> dict[str, object]:
    return dict(jwt.get_unverified_claims(signed_in.headers["authorization"].removeprefix("Bearer ")))


def test_a_made_up_download_link_opens_nothing(client: TestClient) -> None:
    refusal(client.get("/api/downloads/a.b.c"), 401)


FORGERIES = {
    "nothing": "",
    "not a token": "a.b.c",
    "15 kB": "x" * 15_000,
    "no algorithm": "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_made_up_token_is_nobody(signed_in: TestClient, name: str) -> None:
    payload = signed_in.headers["authorization"].split(".")[1]
    headers = {"authorization": f"Bearer {FORGERIES[name].replace('{payload}', payload)}"}
    refusal(signed_in.get("/api/auth/me", headers=headers), 401)


@pytest.mark.parametrize("scheme", ["Basic", "Token", ""])
def test_the_right_token_under_another_scheme_is_nobody(signed_in: TestClient, scheme: str) -> None:
    token = signed_in.headers["authorization"].removeprefix("Bearer ")
    refusal(signed_in.get("/api/auth/me", headers={"authorization": f"{scheme} {token}"}), 401)


@pytest.mark.parametrize(
    "change", [{"aud": "other"}, {"iss": "other"}, {"exp": 1}, {"typ": "download"}, {"sid": "ses-other"}, {"sub": "usr-other"}], ids=str
)
def test_a_token_with_another_claim_is_nobody_even_when_signed_by_us(signed_in: TestClient, change: dict[str, object]) -> None:
    signed = jwt.encode(claims(signed_in), SECRET, algorithm="HS256")
    assert signed_in.get("/api/auth/me", headers={"authorization": f"Bearer {signed}"}).status_code == 200
    forged = jwt.encode(claims(signed_in) | change, SECRET, algorithm="HS256")
    refusal(signed_in.get("/api/auth/me", headers={"authorization": f"Bearer {forged}"}), 401)


@pytest.mark.parametrize("header", ["kid", "jku", "jwk", "crit"])
def test_a_token_that_says_how_to_check_it_is_nobody(signed_in: TestClient, header: str) -> None:
    forged = jwt.encode(claims(signed_in), SECRET, algorithm="HS256", headers={header: "x"})
    refusal(signed_in.get("/api/auth/me", headers={"authorization": f"Bearer {forged}"}), 401)


def test_another_key_and_a_cut_token_are_nobody(signed_in: TestClient) -> None:
    token = signed_in.headers["authorization"].removeprefix("Bearer ")
    for forged in (jwt.encode(claims(signed_in), "x" * 40, algorithm="HS256"), token[:-1], token[: len(token) // 2]):
        refusal(signed_in.get("/api/auth/me", headers={"authorization": f"Bearer {forged}"}), 401)


def test_refresh_and_download_tokens_are_no_access_tokens(signed_in: TestClient) -> None:
    download, _ = Tokens(SECRET, SetClock(), access_ttl_s=900).download(
        Download(str(claims(signed_in)["sub"]), "x", str(claims(signed_in)["sid"]))
    )
    for token in (signed_in.cookies[REFRESH_COOKIE], download):
        refusal(signed_in.get("/api/auth/me", headers={"authorization": f"Bearer {token}"}), 401)


def test_a_token_whose_time_is_over_says_so(signed_in: TestClient) -> None:
    clock = SetClock()
    clock.pass_(seconds=(datetime.now(UTC) - clock.now()).total_seconds() - 1000)
    mine = claims(signed_in)
    token, _ = Tokens(SECRET, clock, access_ttl_s=900).access(Access(str(mine["sub"]), str(mine["sid"])))
    refusal(signed_in.get("/api/auth/me", headers={"authorization": f"Bearer {token}"}), 401, "accounts.token_expired")
