"""Every route asks who is there, except those on a short list with a reason each. Asked of the running application, not of its source."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from server.app import create_app
from server.settings import Settings

PUBLIC = {
    "POST /api/auth/register": "nobody has an account before",
    "POST /api/auth/login": "nobody is signed in before",
    "POST /api/auth/refresh": "the refresh cookie and the CSRF header are its credentials",
    "POST /api/auth/logout": "the same; signing out twice is no error",
    "POST /api/auth/password-reset": "whoever forgot the password cannot sign in",
    "POST /api/auth/password-reset/finish": "the token of the letter is its credential",
    "POST /api/auth/verify-email": "the same, from a mail program in another browser",
    "POST /api/setup": "nobody has an account before; the token that the server printed is its credential",
    "GET /api/auth/google/start": "nobody is signed in before",
    "GET /api/auth/google/callback": "the state and the cookie of this browser's own sign-in are its credentials",
    "POST /api/auth/google/finish": "so are they, with a code that is good once",
    "GET /api/installation": "the sign-in page needs it",
    "GET /api/downloads/{token}": "the token in the address is the permission, for a minute and one thing",
    "GET /shared-reports/{token}": "the token in the address is the permission, for one report and until its link ends",
    "GET /api/openapi.json": "describes the API and holds no data",
    "GET /livez": "a process supervisor has no account",
    "GET /readyz": "nor has a load balancer",
    "GET /metrics": "nor has Prometheus; it asks from this machine, or brings a token of its own: tests/web/test_metrics.py",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return create_app(Settings(home=tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def routes_of(app: FastAPI) -> set[str]:
    """ "GET /api/jobs/{job_id}" and so on. What answers unknown paths is not among them."""
    found = {
        f"{method} {re.sub(r':[a-z]+}', '}', context.path)}"
        for context in iter_route_contexts(app.routes)
        for method in context.methods or ()
        if context.path and method != "HEAD"
    }
    return {route for route in found if not re.fullmatch(r"[A-Z]+ (/api|/v1|/llm-training/api)?/?\{path\}", route)}


def asked(client: TestClient, route: str, **headers: str) -> int:
    method, path = route.split()
    answer = client.request(method, re.sub(r"{[a-z_]+}", "job-1", path), headers=headers)
    return answer.status_code


def test_the_list_of_public_routes_names_only_routes_that_exist(app: FastAPI) -> None:
    assert set(PUBLIC) <= routes_of(app)


def test_every_other_route_refuses_strangers(app: FastAPI, client: TestClient) -> None:
    guarded = routes_of(app) - set(PUBLIC)
    assert len(guarded) > 20
    assert not {route: status for route in sorted(guarded) if (status := asked(client, route)) != 401}


@pytest.mark.parametrize("authorization", ["Bearer nonsense", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer a.b.c"])
def test_every_other_route_refuses_what_is_no_access_token(app: FastAPI, client: TestClient, authorization: str) -> None:
    guarded = routes_of(app) - set(PUBLIC)
    assert not {route: status for route in sorted(guarded) if (status := asked(client, route, authorization=authorization)) != 401}


def test_public_routes_do_not_ask_for_an_access_token_nor_fall_over(client: TestClient) -> None:
    statuses = {route: asked(client, route) for route in PUBLIC}
    assert all(status < 500 for status in statuses.values())
    assert [statuses[f"GET {path}"] for path in ("/api/installation", "/livez", "/readyz")] == [200, 200, 200]


IN_PERSON = ("/api/account", "/api/keys", "/api/admin", "/api/setup/", "/api/auth/google/link")


@pytest.fixture(scope="module")
def keys(client: TestClient) -> dict[str, str]:
    """An administrator's API keys, by scope: what these cannot do, no key can."""
    services = client.app.state.services  # type: ignore[attr-defined]
    token = services.accounts.admission.new_set_up_token()
    answer = client.post("/api/setup", json={"token": token, "email": "boss@example.org", "password": "a long pass phrase"}).json()
    headers = {"authorization": f"Bearer {answer['access_token']}"}
    client.cookies.clear()

    def made(scope: str) -> str:
        key: str = client.post("/api/keys", json={"name": scope, "scopes": [scope]}, headers=headers).json()["key"]
        return f"Bearer {key}"

    return {scope: made(scope) for scope in ("read", "write")}


@pytest.mark.parametrize("scope", ["read", "write"])
def test_no_key_reaches_an_account_its_keys_or_the_administration(
    app: FastAPI, client: TestClient, keys: dict[str, str], scope: str
) -> None:
    in_person = {route for route in routes_of(app) if route.split()[1].startswith(IN_PERSON)}
    assert len(in_person) > 20
    assert not {route: status for route in sorted(in_person) if (status := asked(client, route, authorization=keys[scope])) != 403}


def test_a_reading_key_changes_nothing_anywhere(app: FastAPI, client: TestClient, keys: dict[str, str]) -> None:
    changing = {route for route in routes_of(app) - set(PUBLIC) if not route.startswith("GET ")}
    assert len(changing) > 20
    assert not {route: status for route in sorted(changing) if (status := asked(client, route, authorization=keys["read"])) != 403}


def test_a_reading_key_reads_and_a_writing_key_writes(app: FastAPI, client: TestClient, keys: dict[str, str]) -> None:
    data = {route for route in routes_of(app) - set(PUBLIC) if not route.split()[1].startswith(IN_PERSON)}
    reading = {route for route in data if route.startswith("GET ")}
    assert not {route: status for route in sorted(reading) if (status := asked(client, route, authorization=keys["read"])) in {401, 403}}
    assert not {route: status for route in sorted(data) if (status := asked(client, route, authorization=keys["write"])) in {401, 403}}


def test_members_do_not_administer(app: FastAPI, client: TestClient) -> None:
    session = client.post("/api/auth/register", json={"email": "ada@example.org", "password": "a long pass phrase"}).json()
    client.cookies.clear()
    admin = {route for route in routes_of(app) if route.split()[1].startswith("/api/admin")}
    assert len(admin) > 8
    bearer = f"Bearer {session['access_token']}"
    assert not {route: status for route in sorted(admin) if (status := asked(client, route, authorization=bearer)) != 403}
