"""What is refused before a route is asked: other names, other sites, other content types, too much of anything, and claims of strangers."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from server.app import create_app
from server.settings import Settings
from tests.web.answers import refusal
from tests.web.conftest import EMAIL, PASSWORD

ClientWith = Callable[..., AbstractContextManager[TestClient]]


@pytest.fixture
def client_with(settings: Settings) -> ClientWith:
    """A client of a server with other settings; `peer` is the address that connects."""

    @contextmanager
    def made(*, peer: str = "203.0.113.7", **changes: Any) -> Iterator[TestClient]:
        values = settings.model_dump() | changes
        with TestClient(create_app(Settings(**values)), client=(peer, 50_000)) as client:
            yield client

    return made


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:5000", "127.0.0.1", "127.0.0.1:80", "[::1]:5000", "192.168.1.5:5000", "tuner.localhost", "LOCALHOST."]
)
def test_this_machine_and_every_number_are_our_names(client: TestClient, host: str) -> None:
    assert client.get("/livez", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:5000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "evil.example#127.0.0.1",
        "evil.example/127.0.0.1",
        "localhost:x",
        "",
        " ",
        "[::1",
        "notlocalhost",
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/installation", "/assets/index-a1b2c3.js"])
def test_a_page_elsewhere_whose_name_leads_here_is_refused(client: TestClient, host: str, path: str) -> None:
    error = refusal(client.get(path, headers={"host": host}), 400, "request.wrong_host")
    assert "evil" not in error["message"]


def test_names_come_from_the_settings(client_with: ClientWith) -> None:
    with client_with(allowed_hosts="Tuner.example.org, lab.local", public_url="https://public.example.org", host="0.0.0.0") as client:  # noqa: S104 - names only
        for host in ("tuner.example.org", "lab.local:5000", "public.example.org"):
            assert client.get("/livez", headers={"host": host}).status_code == 200
        refusal(client.get("/livez", headers={"host": "other.example.org"}), 400, "request.wrong_host")


# --- other sites ------------------------------------------------------------------------------------------------------

PREFLIGHT = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}


def test_no_other_site_may_call_unless_a_setting_says_so(client: TestClient) -> None:
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "http://localhost:3000"}):
        answers = [client.get("/api/installation", headers=headers), client.options("/api/jobs", headers=headers | PREFLIGHT)]
        assert not [name for answer in answers for name in answer.headers if name.startswith("access-control-")]


def test_the_sites_of_the_setting_may_and_only_those(client_with: ClientWith) -> None:
    with client_with(allowed_origins="https://lab.example.org") as client:
        allowed = client.options("/api/jobs", headers={"origin": "https://lab.example.org"} | PREFLIGHT)
        assert allowed.headers["access-control-allow-origin"] == "https://lab.example.org"
        assert "access-control-allow-credentials" not in allowed.headers
        for origin in ("https://lab.example.org.evil.example", "http://lab.example.org", "https://lab.example.org:444", "null", "*"):
            answers = [
                client.options("/api/jobs", headers={"origin": origin} | PREFLIGHT),
                client.get("/livez", headers={"origin": origin}),
            ]
            assert not [answer for answer in answers if "access-control-allow-origin" in answer.headers]


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "https://evil.example"},
        {"access-control-request-method": "TRACE"},
        {"access-control-request-headers": "x-anything"},
        {"access-control-request-private-network": "true"},
    ],
)
def test_what_another_site_may_not_do_is_refused_in_the_one_shape(client_with: ClientWith, changed: dict[str, str]) -> None:
    with client_with(allowed_origins="https://lab.example.org") as client:
        answer = client.options("/api/jobs", headers={"origin": "https://lab.example.org"} | PREFLIGHT | changed)
        refusal(answer, 403, "request.cross_origin")
        assert "Origin" in answer.headers["vary"]
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "wrong",
    [
        {"allowed_origins": "*"},
        {"allowed_origins": "https://*.example.org"},
        {"allowed_origins": "lab.example.org"},
        {"allowed_origins": "https://lab.example.org/path"},
        {"allowed_hosts": "https://tuner.example.org"},
        {"allowed_hosts": "*"},
        {"trusted_proxies": "everybody"},
        {"public_url": "tuner.example.org"},
        {"public_url": "https://tuner.example.org/path"},
        {"oidc_issuer": "http://accounts.example.org"},
        {"google_client_secret": ""},
    ],
)
def test_a_setting_that_would_open_more_than_it_says_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings(**wrong)  # type: ignore[arg-type]


# --- content types and sizes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/jsonx"]
)
def test_json_must_say_that_it_is_json(client: TestClient, media_type: str) -> None:
    body = b'{"email": "ada@example.org", "password": "a long pass phrase"}'
    headers = {"content-type": media_type} if media_type else {}
    refusal(client.post("/api/auth/register", content=body, headers=headers), 415, "request.wrong_content_type")
    refusal(client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD}), 401, "accounts.wrong_credentials")


@pytest.mark.parametrize("media_type", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_that_says_so_is_read(client: TestClient, media_type: str) -> None:
    body = b'{"email": "ada@example.org", "password": "a long pass phrase"}'
    assert client.post("/api/auth/register", content=body, headers={"content-type": media_type}).status_code == 201


def test_headers_and_addresses_have_limits(client: TestClient) -> None:
    assert client.get("/livez", headers={"x-long": "x" * 12_000}).status_code == 200
    refusal(client.get("/livez", headers={"x-long": "x" * 17_000}), 431, "request.headers_too_large")
    refusal(client.get("/livez", headers={f"x-{number}": "" for number in range(120)}), 431, "request.headers_too_large")
    refusal(client.get(f"/api/installation?{'x' * 9_000}"), 414, "request.address_too_long")
    refusal(client.get(f"/{'x' * 9_000}"), 414, "request.address_too_long")


def test_a_flood_of_parts_is_refused(signed_in: TestClient) -> None:
    part = b'--x\r\ncontent-disposition: form-data; name="n"\r\n\r\n\r\n'
    body = part * 2_000 + b"--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    refusal(signed_in.post("/api/documents", content=body, headers=headers), 400, "request.unreadable")


FILE = ("notes.txt", b"The sea was calm.\n\nWe saw a heron.\n\n" * 20)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ([("owner", (None, "usr-1"))], "owner"),
        ([("Type", (None, "dataset"))], "Type"),
        ([("name", (None, "a")), ("name", (None, "b"))], "name"),
        ([("file", ("second.txt", b"another"))], "file"),
        ([("attachment", ("second.txt", b"another"))], "attachment"),
        ([("na\x00me", (None, "x"))], "na%00me"),
    ],
)
def test_an_unknown_field_of_a_form_is_refused_by_its_name(signed_in: TestClient, fields: list[Any], param: str) -> None:
    assert refusal(signed_in.post("/api/documents", files=[("file", FILE), *fields]), 422, "request.invalid")["param"] == param
    assert signed_in.get("/api/documents").json()["data"] == []


def test_the_fields_that_a_form_has_are_taken(signed_in: TestClient) -> None:
    fields = {"type": "dataset", "name": "Notes", "description": "of the sea"}
    document = signed_in.post("/api/documents", files={"file": FILE}, data=fields).json()
    assert (document["name"], document["description"]) == ("Notes", "of the sea")


def form(*parts: bytes) -> bytes:
    return b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + b"--x--\r\n"


FLOODS = {
    "parts": form(*[b'content-disposition: form-data; name="n"\r\n\r\n'] * 20),
    "files": form(*[b'content-disposition: form-data; name="file"; filename="a"\r\n\r\n'] * 10),
    "a field that is long": form(b'content-disposition: form-data; name="name"\r\n\r\n' + b"x" * 100_000),
    "headers of a part": form(
        b"".join(b"x-%d: y\r\n" % number for number in range(1_000)) + b'content-disposition: form-data; name="n"\r\n\r\n'
    ),
    "a header of a part that is long": form(b"x-long: " + b"y" * 100_000 + b'\r\ncontent-disposition: form-data; name="n"\r\n\r\n'),
    "a part without a name": form(b"content-disposition: form-data\r\n\r\nx"),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_too_much_of_anything_in_a_form_is_refused(signed_in: TestClient, flood: str) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    refusal(signed_in.post("/api/documents", content=FLOODS[flood], headers=headers), 400, "request.unreadable")


@pytest.mark.parametrize("body", [b"&".join([b"a=1"] * 1_000), b"name=" + b"x" * 100_000, b"%ff=%ff"])
def test_a_form_that_is_no_upload_is_refused_whatever_its_size(signed_in: TestClient, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = signed_in.post("/api/documents", content=body, headers=headers)
    refusal(answer, 422 if len(body) < 100 else 400)


# --- proxies ----------------------------------------------------------------------------------------------------------


def seen(client: TestClient, **headers: str) -> str:
    """The address that the log has for the caller."""
    with capture_logs() as lines:
        client.get("/api/installation", headers={name.replace("_", "-"): value for name, value in headers.items()})
    return str(next(line["client"] for line in lines if line["event"] == "request"))


def test_a_claim_of_a_stranger_about_addresses_is_not_believed(client_with: ClientWith) -> None:
    with client_with() as client:
        assert seen(client, x_forwarded_for="198.51.100.1") == "203.0.113.7"
    with client_with(trusted_proxies="10.0.0.0/8") as client:
        assert seen(client, x_forwarded_for="198.51.100.1") == "203.0.113.7"


@pytest.mark.parametrize(
    ("claims", "caller"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("192.0.2.66, 198.51.100.1, 10.0.0.9", "198.51.100.1"),
        ("10.0.0.8, 10.0.0.9", "10.0.0.8"),
        ("198.51.100.1:4711", "198.51.100.1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("192.0.2.66, nonsense", "10.0.0.1"),
        ("", "10.0.0.1"),
    ],
)
def test_of_a_trusted_proxys_list_the_last_that_is_no_proxy_called(client_with: ClientWith, claims: str, caller: str) -> None:
    with client_with(peer="10.0.0.1", trusted_proxies="10.0.0.0/8") as client:
        assert seen(client, x_forwarded_for=claims) == caller


def test_made_up_addresses_give_nobody_more_tries(client_with: ClientWith) -> None:
    """Behind a trusted proxy the caller's own claims stand to the left of what the proxy adds."""
    with client_with(peer="10.0.0.1", trusted_proxies="10.0.0.0/8") as client:
        wrong = {"email": EMAIL, "password": "not the pass phrase"}
        answers = [
            client.post("/api/auth/login", json=wrong, headers={"x-forwarded-for": f"192.0.2.{number}, 198.51.100.1"}).status_code
            for number in range(12)
        ]
        assert answers == [401] * 10 + [429] * 2
        elsewhere = {"x-forwarded-for": "198.51.100.2"}
        assert client.post("/api/auth/login", json=wrong, headers=elsewhere).status_code == 401


# --- TLS --------------------------------------------------------------------------------------------------------------


def test_behind_tls_browsers_are_told_to_stay_there(client_with: ClientWith) -> None:
    with client_with() as client:
        assert "strict-transport-security" not in client.get("/").headers
    for changes in ({"cookie_secure": True}, {"public_url": "https://tuner.example.org"}):
        with client_with(**changes) as client:
            for path in ("/", "/api/nothing", "/livez"):
                assert client.get(path).headers["strict-transport-security"] == "max-age=63072000"
    with client_with(peer="10.0.0.1", trusted_proxies="10.0.0.1") as client:
        assert "strict-transport-security" in client.get("/", headers={"x-forwarded-proto": "https"}).headers
