"""A real OpenID provider on a loopback port: discovery, a sign-in form, codes with PKCE, signed ID tokens, keys that can be rotated.

It stands in for Google in tests of the server and in the browser. What it says of its users, and how it lies, is for a test to set.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT_ID = "llm-tuner-tests"
CLIENT_SECRET = "not a secret outside of tests"

Claims = dict[str, Any]


@dataclass(frozen=True)
class Person:
    subject: str
    email: str
    email_verified: bool = True


@dataclass
class Code:
    """What a code stands for until it is used, once."""

    person: Person
    asked: dict[str, str]


@dataclass
class Provider:
    """`lie` may change the claims of a token before it is signed; `asked` counts the requests by path."""

    people: dict[str, Person] = field(default_factory=lambda: {"ada": Person("sub-ada", "ada@example.org")})
    algorithm: str = "RS256"
    lie: Callable[[Claims], Claims] = field(default=lambda claims: claims)
    codes: dict[str, Code] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    issuer: str = ""
    away: bool = False
    cuts_ties: bool = False
    """Its pages forbid every tie with the window that opened them."""

    def __post_init__(self) -> None:
        self.rotate()

    def rotate(self) -> None:
        """New keys under new names; tokens of the old ones are worth nothing any more."""
        name = secrets.token_hex(4)
        self.keys = {
            "RS256": RSAKey.generate_key(2048, {"kid": f"rsa-{name}", "use": "sig", "alg": "RS256"}),
            "ES256": ECKey.generate_key("P-256", {"kid": f"ec-{name}", "use": "sig", "alg": "ES256"}),
        }

    def claims(self, person: Person, nonce: str | None, access_token: str) -> Claims:
        now = int(time.time())
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        return {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "azp": CLIENT_ID,
            "sub": person.subject,
            "email": person.email,
            "email_verified": person.email_verified,
            "iat": now,
            "exp": now + 3600,
            "nonce": nonce,
            "at_hash": _base64(half),
        }

    def signed(self, claims: Claims) -> str:
        key = self.keys[self.algorithm]
        return jwt.encode({"alg": self.algorithm, "kid": key.kid}, claims, key)

    def authorize(self, asked: dict[str, str], name: str) -> str:
        """The address to which the browser goes back after somebody has signed in."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = Code(self.people[name], asked)
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, Claims]:
        code = self.codes.pop(form.get("code", ""), None)
        basic = base64.b64decode(authorization.removeprefix("Basic ") or b"").decode()
        if [unquote(part) for part in basic.split(":", 1)] != [CLIENT_ID, CLIENT_SECRET]:
            return 401, {"error": "invalid_client"}
        challenge = _base64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if code is None or code.asked["code_challenge"] != challenge or code.asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        access_token = secrets.token_urlsafe(16)
        claims = self.lie(self.claims(code.person, code.asked.get("nonce"), access_token))
        return 200, {"access_token": access_token, "token_type": "Bearer", "expires_in": 3600, "id_token": self.signed(claims)}


@contextmanager
def running_provider() -> Iterator[Provider]:
    provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"provider": provider}))
    server.daemon_threads = True
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    provider: Provider
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: N802 - the standard library's name
        path, query = self._asked()
        provider = self.provider
        if provider.away:
            self._answer(503, "text/plain", b"away")
        elif path == "/.well-known/openid-configuration":
            self._json(
                200,
                {
                    "issuer": provider.issuer,
                    "authorization_endpoint": f"{provider.issuer}/authorize",
                    "token_endpoint": f"{provider.issuer}/token",
                    "jwks_uri": f"{provider.issuer}/keys",
                },
            )
        elif path == "/favicon.ico":
            self._answer(200, "image/x-icon", b"")
        elif path == "/keys":
            self._json(200, {"keys": [key.as_dict(private=False) for key in provider.keys.values()]})
        elif path == "/authorize" and query.get("client_id") == CLIENT_ID and query.get("code_challenge_method") == "S256":
            self._answer(200, "text/html; charset=utf-8", _form(provider, query).encode())
        else:
            self._answer(404, "text/plain", b"nothing here")

    def do_POST(self) -> None:  # noqa: N802 - the standard library's name
        path, query = self._asked()
        form = _single(self.rfile.read(int(self.headers.get("content-length", "0"))).decode())
        if path == "/token" and not self.provider.away:
            self._json(*self.provider.token(form, self.headers.get("authorization", "")))
        elif path == "/control":  # For tests that cannot reach into this process.
            self.provider.away, self.provider.cuts_ties = "away" in form, "cuts_ties" in form
            self._answer(200, "text/plain", b"done")
        elif path == "/authorize" and form.get("name") in self.provider.people:
            self._go(self.provider.authorize(query, form["name"]))
        elif path == "/authorize":
            self._go(f"{query['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': query['state']})}")
        else:
            self._answer(503, "text/plain", b"away")

    def _asked(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        self.provider.asked[parts.path] = self.provider.asked.get(parts.path, 0) + 1
        return parts.path, _single(parts.query)

    def _json(self, status: int, told: Claims) -> None:
        self._answer(status, "application/json", json.dumps(told).encode())

    def _go(self, url: str) -> None:
        self.send_response(303)
        self.send_header("location", url)
        self.send_header("content-length", "0")
        self.end_headers()

    def _answer(self, status: int, media_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", media_type)
        if self.provider.cuts_ties:
            self.send_header("cross-origin-opener-policy", "same-origin")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        pass


def _form(provider: Provider, query: dict[str, str]) -> str:
    buttons = "".join(
        f'<button name="name" value="{escape(name)}">Sign in as {escape(person.email)}</button>' for name, person in provider.people.items()
    )
    action = escape(f"/authorize?{urlencode(query)}")
    return (
        f'<!doctype html><title>Provider</title><link rel="icon" href="data:,"><form method="post" action="{action}">{buttons}'
        '<button name="name" value="">Turn back</button></form>'
    )


def _single(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
