"""Signed tokens: what we made is read back, and nothing else is believed."""

import base64
import json
from typing import Any

import pytest
from jose import jwt

from server.domain.accounts.tokens import Access, Device, Download, Tokens
from server.errors import NotSignedIn
from tests.domain.accounts.conftest import SECRET, SetClock

ACCESS = Access("usr-1", "ses-1")


@pytest.fixture
def tokens(clock: SetClock) -> Tokens:
    return Tokens(SECRET, clock, access_ttl_s=900)


def claims_of(clock: SetClock, **other: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    good = {
        "iss": "llm-tuner",
        "aud": "llm-tuner",
        "iat": now,
        "exp": now + 900,
        "jti": "jti-1",
        "typ": "access",
        "sub": "usr-1",
        "sid": "ses-1",
    }
    return {name: value for name, value in (good | other).items() if value is not None}


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_an_access_token_says_who_and_in_which_session(tokens: Tokens) -> None:
    token, lifetime = tokens.access(ACCESS)
    assert lifetime == 900
    assert tokens.read_access(token) == ACCESS


def test_a_download_token_opens_one_thing_for_a_minute(tokens: Tokens, clock: SetClock) -> None:
    download = Download("usr-1", "ft:gpt2:abc:mine:123", "ses-1")
    token, lifetime = tokens.download(download)
    assert lifetime == 60
    assert tokens.read_download(token) == download
    clock.pass_(seconds=61)
    with pytest.raises(NotSignedIn):
        tokens.read_download(token)


def test_a_token_holds_until_its_time_and_not_a_second_longer(tokens: Tokens, clock: SetClock) -> None:
    token, _ = tokens.access(ACCESS)
    clock.pass_(seconds=899)
    assert tokens.read_access(token) == ACCESS
    clock.pass_(seconds=1)
    with pytest.raises(NotSignedIn) as refused:
        tokens.read_access(token)
    assert refused.value.code == "accounts.token_expired"


def test_one_kind_of_token_is_never_taken_for_the_other(tokens: Tokens) -> None:
    access, download = tokens.access(ACCESS)[0], tokens.download(Download("usr-1", "thing", "ses-1"))[0]
    device = tokens.device(Device("dev-1", ("a",)))
    for other in (download, device):
        with pytest.raises(NotSignedIn):
            tokens.read_access(other)
    for other in (access, device):
        with pytest.raises(NotSignedIn):
            tokens.read_download(other)
    assert (tokens.read_device(access), tokens.read_device(download)) == (None, None)


def test_a_device_remembers_the_last_four_accounts_for_half_a_year(tokens: Tokens, clock: SetClock) -> None:
    device = Device("dev-1", ())
    for account in ("a", "b", "c", "d", "a", "e"):
        device = device.with_account(account)
    assert device.accounts == ("e", "a", "d", "c")
    token = tokens.device(device)
    clock.pass_(days=179)
    assert tokens.read_device(token) == device
    clock.pass_(days=2)
    assert tokens.read_device(token) is None


def test_what_the_forger_starts_from_would_be_believed(tokens: Tokens, clock: SetClock) -> None:
    assert tokens.read_access(jwt.encode(claims_of(clock), SECRET, algorithm="HS256")) == ACCESS


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "somebody-else"}, {"aud": "somebody-else"}, {"aud": ["somebody-else"]}, {"typ": "refresh"}, {"typ": None},
        {"iss": None}, {"aud": None}, {"exp": None}, {"iat": None}, {"jti": None}, {"sub": None}, {"sid": None}, {"sub": ""}, {"sid": 7},
        {"exp": "never"}, {"exp": 1e300}, {"exp": 0}, {"exp": 4_000_000_000.5}, {"iat": 4_000_000_000}, {"iat": "now"},
    ],
    ids=str,
)  # fmt: skip
def test_claims_that_are_wrong_or_missing_are_refused_even_when_signed_by_us(
    tokens: Tokens, clock: SetClock, wrong: dict[str, Any]
) -> None:
    token = jwt.encode(claims_of(clock, **wrong), SECRET, algorithm="HS256")
    with pytest.raises(NotSignedIn):
        tokens.read_access(token)


@pytest.mark.parametrize("header", ["kid", "jku", "jwk", "x5u", "crit"])
def test_a_header_that_says_how_to_be_checked_is_refused(tokens: Tokens, clock: SetClock, header: str) -> None:
    token = jwt.encode(claims_of(clock), SECRET, algorithm="HS256", headers={header: "https://example.org/key"})
    with pytest.raises(NotSignedIn):
        tokens.read_access(token)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_is_refused_also_with_our_secret(tokens: Tokens, clock: SetClock, algorithm: str) -> None:
    with pytest.raises(NotSignedIn):
        tokens.read_access(jwt.encode(claims_of(clock), SECRET, algorithm=algorithm))


def test_another_secret_is_refused(tokens: Tokens, clock: SetClock) -> None:
    with pytest.raises(NotSignedIn):
        tokens.read_access(jwt.encode(claims_of(clock), SECRET + "x", algorithm="HS256"))


@pytest.mark.parametrize("name", ["none", "None", "nOnE", "", "HS256"])
def test_a_token_without_a_signature_is_refused(tokens: Tokens, clock: SetClock, name: str) -> None:
    with pytest.raises(NotSignedIn):
        tokens.read_access(f"{part({'alg': name, 'typ': 'JWT'})}.{part(claims_of(clock))}.")


@pytest.mark.parametrize(
    "token",
    [
        "", ".", "..", "a.b.c", "a.b", "a.b.c.d", "🐍.🐍.🐍", "Bearer x", "\0", "x" * 10_000_000, "." * 2000,
        f"{part([])}.{part([])}.x", f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part([1])}.x",
    ],
    ids=lambda token: f"{token[:12]!r} ({len(token)})",
)  # fmt: skip
def test_what_is_no_token_is_refused(tokens: Tokens, token: str) -> None:
    with pytest.raises(NotSignedIn):
        tokens.read_access(token)


def test_a_token_longer_than_ours_ever_are_is_not_even_read(tokens: Tokens, clock: SetClock) -> None:
    with pytest.raises(NotSignedIn):
        tokens.read_access(jwt.encode(claims_of(clock, ballast="x" * 2000), SECRET, algorithm="HS256"))


def test_a_token_that_was_cut_or_changed_anywhere_is_refused(tokens: Tokens) -> None:
    token, _ = tokens.access(ACCESS)
    for position in range(0, len(token), 7):
        for broken in (token[:position], token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]):
            with pytest.raises(NotSignedIn):
                tokens.read_access(broken)
