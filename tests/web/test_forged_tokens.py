"""Tokens that nobody gave out: access tokens of every kind of forgery against the running application, ID tokens against the adapter.

Each is refused, and within 50 ms: a token is the one thing that every stranger may send.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from starlette.testclient import TestClient

from server.adapters.clock_system import SystemClock
from server.adapters.identity_google import OpenIdProvider
from server.errors import NotSignedIn
from tests.system.provider import CLIENT_ID, CLIENT_SECRET, Person, Provider, running_provider
from tests.web.answers import refusal
from tests.web.conftest import SECRET

LIMIT_S = 0.05
NONCE = "the-nonce-of-this-sign-in"
ACCESS_TOKEN = "the access token beside it"
Json = dict[str, Any]


def encoded(raw: bytes | Json) -> str:
    text = json.dumps(raw).encode() if isinstance(raw, dict) else raw
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def decoded(part: str) -> Json:
    found: Json = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def signed(header: Json, claims: Json, secret: str = SECRET, digest: str = "sha256") -> str:
    """As HMAC signs, whatever the header says."""
    text = f"{encoded(header)}.{encoded(claims)}"
    return f"{text}.{encoded(hmac.digest(secret.encode(), text.encode(), digest))}"


def fastest(work: Callable[[], None]) -> float:
    """Seconds of the best of three: what the work takes, and not what else this machine does at the moment."""

    def timed() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return min(timed() for _ in range(3))


# --- access tokens ----------------------------------------------------------------------------------------------------

HEADER = {"alg": "HS256", "typ": "JWT"}


def with_header(**header: object) -> Callable[[Json, str], str]:
    return lambda claims, token: signed(HEADER | header, claims)


def with_claims(**changed: object) -> Callable[[Json, str], str]:
    return lambda claims, token: signed(HEADER, claims | changed)


def without(name: str) -> Callable[[Json, str], str]:
    return lambda claims, token: signed(HEADER, {key: value for key, value in claims.items() if key != name})


def cut(token: str, part: int, replacement: str) -> str:
    parts = token.split(".")
    parts[part] = replacement
    return ".".join(parts)


ACCESS: dict[str, Callable[[Json, str], str]] = {
    "alg none": lambda claims, token: f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(claims)}.",
    "alg None": lambda claims, token: f"{encoded({'alg': 'None', 'typ': 'JWT'})}.{encoded(claims)}.",
    "alg none with the old signature": lambda claims, token: cut(token, 0, encoded({"alg": "none", "typ": "JWT"})),
    "alg missing": lambda claims, token: signed({"typ": "JWT"}, claims),
    "alg HS384": lambda claims, token: signed(HEADER | {"alg": "HS384"}, claims, digest="sha384"),
    "alg HS512": lambda claims, token: signed(HEADER | {"alg": "HS512"}, claims, digest="sha512"),
    "alg RS256 signed with the secret": with_header(alg="RS256"),
    "alg hs256 in small letters": with_header(alg="hs256"),
    "alg a list": with_header(alg=["HS256"]),
    "kid": with_header(kid="../../dev/null"),
    "kid of a query": with_header(kid="' UNION SELECT 'x"),
    "jku": with_header(jku="http://127.0.0.1/keys"),
    "jwk": with_header(jwk={"kty": "oct", "k": "AA"}),
    "x5u": with_header(x5u="http://127.0.0.1/cert"),
    "crit": with_header(crit=["exp"]),
    "b64 false": with_header(b64=False, crit=["b64"]),
    "zip": with_header(zip="DEF"),
    "typ at+jwt": with_header(typ="at+jwt"),
    "empty secret": lambda claims, token: signed(HEADER, claims, secret=""),
    "another secret": lambda claims, token: signed(HEADER, claims, secret="another secret that is long enough, too"),
    "no signature": lambda claims, token: cut(token, 2, ""),
    "half a signature": lambda claims, token: token[:-20],
    "one bit of the signature": lambda claims, token: cut(
        token, 2, ("B" if token.split(".")[2][0] != "B" else "C") + token.split(".")[2][1:]
    ),
    "another user under the old signature": lambda claims, token: cut(token, 1, encoded(claims | {"sub": "usr-mallory"})),
    "another user": with_claims(sub="usr-01hzzzzzzzzzzzzzzzzzzzzzzz"),
    "no user": without("sub"),
    "an empty user": with_claims(sub=""),
    "a user that is a list": with_claims(sub=["usr-1"]),
    "a user that climbs": with_claims(sub="../usr-1"),
    "no session": without("sid"),
    "another session": with_claims(sid="ses-01hzzzzzzzzzzzzzzzzzzzzzzz"),
    "a session that is a number": with_claims(sid=1),
    "expired": with_claims(exp=1),
    "no end": without("exp"),
    "an end that is text": with_claims(exp="9999999999"),
    "an end that is not a number": lambda claims, token: signed_raw(HEADER, json.dumps(claims | {"exp": float("nan")})),
    "an endless end": lambda claims, token: signed_raw(HEADER, json.dumps(claims | {"exp": float("inf")})),
    "an end of ten thousand digits": lambda claims, token: signed_raw(
        HEADER, json.dumps(claims)[:-1] + ',"exp":' + "9" * 1000 + ".5e1000}"
    ),
    "from the future": with_claims(iat=int(time.time()) + 86_400),
    "no beginning": without("iat"),
    "not yet valid": with_claims(nbf=int(time.time()) + 86_400),
    "another issuer": with_claims(iss="somebody"),
    "no issuer": without("iss"),
    "another audience": with_claims(aud="somebody"),
    "no audience": without("aud"),
    "a download token": with_claims(typ="download", res="model-1"),
    "a refresh token": with_claims(typ="refresh"),
    "no kind": without("typ"),
    "no id": without("jti"),
    "claims that are a list": lambda claims, token: signed_raw(HEADER, "[1]"),
    "claims nested deep": lambda claims, token: signed_raw(HEADER, "[" * 700 + "]" * 700),
    "claims that are no JSON": lambda claims, token: signed_raw(HEADER, "{"),
    "two parts": lambda claims, token: token.rpartition(".")[0],
    "five parts": lambda claims, token: f"{token}.{token}",
    "dots alone": lambda claims, token: "..",
    "another alphabet": lambda claims, token: token.replace("e", "é"),
    "twice": lambda claims, token: f"{token} {token}",
    "a hundred kilobytes": lambda claims, token: signed(HEADER, claims | {"more": "x" * 60_000}),
}


def signed_raw(header: Json, claims: str) -> str:
    text = f"{encoded(header)}.{encoded(claims.encode())}"
    return f"{text}.{encoded(hmac.digest(SECRET.encode(), text.encode(), 'sha256'))}"


@pytest.mark.parametrize("forgery", ACCESS.values(), ids=ACCESS.keys())
def test_no_forged_access_token_is_accepted(signed_in: TestClient, forgery: Callable[[Json, str], str]) -> None:
    token = signed_in.headers["authorization"].removeprefix("Bearer ")
    claims = decoded(token.split(".")[1])
    assert signed(HEADER, claims).count(".") == 2
    forged = forgery(claims, token).encode()

    def ask() -> None:
        refusal(signed_in.get("/api/auth/me", headers={"authorization": b"Bearer " + forged}), 401 if len(forged) < 16_000 else 431)

    assert fastest(ask) < LIMIT_S
    assert signed_in.get("/api/auth/me").status_code == 200


def test_what_the_forgeries_are_made_of_is_what_the_server_takes(signed_in: TestClient) -> None:
    """Else they would be refused for another reason than the one in their name."""
    claims = decoded(signed_in.headers["authorization"].split(".")[1])
    assert signed_in.get("/api/auth/me", headers={"authorization": f"Bearer {signed(HEADER, claims)}"}).status_code == 200


def test_a_refresh_token_is_no_access_token(signed_in: TestClient) -> None:
    refusal(signed_in.get("/api/auth/me", headers={"authorization": f"Bearer {signed_in.cookies['llm_tuner_refresh']}"}), 401)


# --- ID tokens --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


class StillClock(SystemClock):
    """The provider is asked for its keys once; else now and then a refusal would take as long as asking again."""

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture(scope="module")
def adapter(provider: Provider) -> OpenIdProvider:
    adapter = OpenIdProvider(StillClock(), issuer=provider.issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    adapter.authorize_url(state="s", nonce="n", code_verifier="v" * 43, redirect_url="http://127.0.0.1/")
    return adapter


@pytest.fixture
def good(provider: Provider) -> Json:
    return provider.claims(Person("sub-ada", "ada@example.org"), NONCE, ACCESS_TOKEN)


Forge = Callable[[Provider, Json], str]


def lie(**changed: object) -> Forge:
    return lambda provider, claims: provider.signed(claims | changed)


def silent(name: str) -> Forge:
    return lambda provider, claims: provider.signed({key: value for key, value in claims.items() if key != name})


def told_in_header(**header: object) -> Forge:
    """Signed with the right key; the header says more than it may."""

    def forge(provider: Provider, claims: Json) -> str:
        key = provider.keys["RS256"]
        text = f"{encoded({'alg': 'RS256', 'kid': key.kid, 'typ': 'JWT'} | header)}.{encoded(claims)}"
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        return f"{text}.{encoded(key.private_key.sign(text.encode(), PKCS1v15(), SHA256()))}"

    return forge


def key_confusion(provider: Provider, claims: Json) -> str:
    """The public key, which everybody has, as the secret of a symmetric signature."""
    public = provider.keys["RS256"].as_pem(private=False).decode()
    return signed({"alg": "HS256", "kid": provider.keys["RS256"].kid}, claims, secret=public)


def own_key(kind: str) -> Forge:
    def forge(provider: Provider, claims: Json) -> str:
        theirs = provider.keys[kind]
        mine = RSAKey.generate_key(2048) if kind == "RS256" else ECKey.generate_key("P-256")
        return jwt.encode({"alg": kind, "kid": theirs.kid}, claims, mine)

    return forge


def own_key_inside(provider: Provider, claims: Json) -> str:
    mine = ECKey.generate_key("P-256")
    text = f"{encoded({'alg': 'ES256', 'jwk': mine.as_dict(private=False)})}.{encoded(claims)}"
    return f"{text}.{jwt.encode({'alg': 'ES256'}, claims, mine).rpartition('.')[2]}"


NOW = int(time.time())
ID_TOKENS: dict[str, Forge] = {
    "alg none": lambda provider, claims: f"{encoded({'alg': 'none'})}.{encoded(claims)}.",
    "alg none with a key's name": lambda provider, claims: (
        f"{encoded({'alg': 'none', 'kid': provider.keys['RS256'].kid})}.{encoded(claims)}."
    ),
    "the public key as a secret": key_confusion,
    "the client's secret as a key": lambda provider, claims: jwt.encode(
        {"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET), algorithms=["HS256"]
    ),
    "a key of one's own under the right name": own_key("RS256"),
    "an elliptic key of one's own under the right name": own_key("ES256"),
    "a key of one's own in the header": own_key_inside,
    "the other kind of key": lambda provider, claims: jwt.encode(
        {"alg": "RS256", "kid": provider.keys["ES256"].kid}, claims, provider.keys["RS256"]
    ),
    "alg RS512": lambda provider, claims: jwt.encode(
        {"alg": "RS512", "kid": provider.keys["RS256"].kid},
        claims,
        RSAKey.import_key(provider.keys["RS256"].as_pem(private=True)),
        algorithms=["RS512"],
    ),
    "alg PS256": lambda provider, claims: jwt.encode(
        {"alg": "PS256", "kid": provider.keys["RS256"].kid},
        claims,
        RSAKey.import_key(provider.keys["RS256"].as_pem(private=True)),
        algorithms=["PS256"],
    ),
    "jku": told_in_header(jku="http://127.0.0.1:1/keys"),
    "jwk": told_in_header(jwk={"kty": "oct", "k": "AA"}),
    "x5c": told_in_header(x5c=["MIIB"]),
    "crit": told_in_header(crit=["exp"]),
    "b64 false": told_in_header(b64=False, crit=["b64"]),
    "another key's name": told_in_header(kid="other"),
    "a key's name that is a path": told_in_header(kid="../../../etc/passwd"),
    "a key's name that is an object": told_in_header(kid={"$gt": ""}),
    "another issuer": lie(iss="https://accounts.example.org"),
    "the issuer with a slash": lambda provider, claims: provider.signed(claims | {"iss": provider.issuer + "/"}),
    "issuers in a list": lambda provider, claims: provider.signed(claims | {"iss": [provider.issuer]}),
    "no issuer": silent("iss"),
    "another audience": lie(aud="another client"),
    "no audience": silent("aud"),
    "audiences without a party": lambda provider, claims: provider.signed(
        {key: value for key, value in claims.items() if key != "azp"} | {"aud": [CLIENT_ID, "another client"]}
    ),
    "audiences for another party": lie(aud=[CLIENT_ID, "another client"], azp="another client"),
    "another party": lie(azp="another client"),
    "an empty party": lie(azp=""),
    "an audience that is an object": lie(aud={CLIENT_ID: True}),
    "expired": lie(exp=NOW - 120, iat=NOW - 300),
    "no end": silent("exp"),
    "an end that is text": lie(exp=str(NOW + 999)),
    "an end that is true": lie(exp=True),
    "from the future": lie(iat=NOW + 86_400),
    "from long ago": lie(iat=NOW - 7200),
    "no beginning": silent("iat"),
    "not yet valid": lie(nbf=NOW + 86_400),
    "another nonce": lie(nonce="another"),
    "no nonce": silent("nonce"),
    "an empty nonce": lie(nonce=""),
    "nonces in a list": lie(nonce=[NONCE]),
    "another access token": lie(at_hash=encoded(hashlib.sha256(b"another").digest()[:16])),
    "a hash that is a number": lie(at_hash=17),
    "no subject": silent("sub"),
    "an empty subject": lie(sub=""),
    "a subject that is a number": lie(sub=17),
    "a subject that is endless": lie(sub="x" * 300),
    "changed under the old signature": lambda provider, claims: cut(provider.signed(claims), 1, encoded(claims | {"sub": "sub-mallory"})),
    "no signature": lambda provider, claims: cut(provider.signed(claims), 2, ""),
    "half a signature": lambda provider, claims: provider.signed(claims)[:-30],
    "two parts": lambda provider, claims: provider.signed(claims).rpartition(".")[0],
    "five parts": lambda provider, claims: provider.signed(claims) + ".a.b",
    "nothing": lambda provider, claims: "",
    "ten megabytes": lambda provider, claims: "a" * 10_000_000,
    "another alphabet": lambda provider, claims: "é.é.é",
    "a header nested deep": lambda provider, claims: f"{encoded(b'[' * 3000)}.e30.e30",
}


@pytest.mark.parametrize("forge", ID_TOKENS.values(), ids=ID_TOKENS.keys())
def test_no_forged_id_token_is_accepted(adapter: OpenIdProvider, provider: Provider, good: Json, forge: Forge) -> None:
    forged = forge(provider, good)

    def read() -> None:
        with pytest.raises(NotSignedIn):
            adapter.identity(forged, nonce=NONCE, access_token=ACCESS_TOKEN)

    assert fastest(read) < LIMIT_S


@pytest.mark.parametrize("make", [lie(), silent("at_hash"), silent("azp"), lie(aud=[CLIENT_ID]), told_in_header()])
def test_what_the_forged_id_tokens_are_made_of_is_accepted(adapter: OpenIdProvider, provider: Provider, good: Json, make: Forge) -> None:
    identity = adapter.identity(make(provider, good), nonce=NONCE, access_token=ACCESS_TOKEN)
    assert (identity.issuer, identity.subject, identity.email_verified) == (provider.issuer, "sub-ada", True)


def test_there_are_enough_forgeries() -> None:
    assert len(ACCESS) + len(ID_TOKENS) >= 64
