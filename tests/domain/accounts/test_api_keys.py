"""API keys: shown once, kept as a fingerprint, out at once when revoked."""

import json

import pytest

from server.domain import keys
from server.domain.accounts.callers import Caller
from server.domain.accounts.service import Accounts
from server.domain.accounts.visits import SOMEWHERE, Visit
from server.errors import Conflict, NotFound, NotSignedIn
from server.ports.records import Records
from shared.wire import ApiKeyRequest, NewApiKey
from tests.domain.accounts.conftest import PASSWORD, SetClock

HERE = Visit("192.0.2.1", "curl/8")


@pytest.fixture
def ada(accounts: Accounts) -> str:
    return accounts.register("ada@example.org", PASSWORD).session.user.id


def made(accounts: Accounts, user: str, *scopes: str, days: int = 30) -> NewApiKey:
    request = ApiKeyRequest.model_validate({"name": "Nightly", "scopes": list(scopes or ("read",)), "expires_in_days": days})
    return accounts.keys.create(user, request, SOMEWHERE)


def refused(accounts: Accounts, text: str) -> str:
    with pytest.raises(NotSignedIn) as error:
        accounts.caller(text)
    return error.value.code


def test_a_key_is_its_owner_with_its_scopes(accounts: Accounts, ada: str) -> None:
    reading, writing = made(accounts, ada, "read"), made(accounts, ada, "write")
    assert accounts.identify(reading.key) == Caller(ada, "member", frozenset({"read"}), reading.expires_at, key_id=reading.id)
    assert accounts.identify(writing.key).scopes == {"read", "write"}
    assert accounts.caller(reading.key) == ada


def test_the_key_itself_is_kept_nowhere(accounts: Accounts, ada: str, records: Records) -> None:
    key = made(accounts, ada)
    kept = records.page(keys.collection_partition(ada)).records
    assert key.key.startswith("ltk_") and len(key.key) == 47
    assert key.key not in json.dumps([record.data for record in kept])
    assert not hasattr(accounts.keys.page(ada).data[0], "key")
    assert accounts.keys.page(ada).data[0].hint == key.key[-4:]


@pytest.mark.parametrize("text", ["ltk_", "ltk_x", "ltk_" + "A" * 43, "ltk_" + "x" * 10_000, "ltk_\x00é", "ltk_../../x"])
def test_what_is_no_key_is_nobody(accounts: Accounts, ada: str, text: str) -> None:
    made(accounts, ada)
    assert refused(accounts, text) == "accounts.bad_key"


def test_a_revoked_key_is_out_at_once(accounts: Accounts, ada: str) -> None:
    key, other = made(accounts, ada), made(accounts, ada)
    accounts.keys.revoke(ada, key.id, SOMEWHERE)
    assert refused(accounts, key.key) == "accounts.bad_key"
    assert accounts.caller(other.key) == ada
    with pytest.raises(NotFound):
        accounts.keys.revoke(ada, key.id, SOMEWHERE)


def test_nobody_revokes_somebody_elses_key(accounts: Accounts, ada: str) -> None:
    key = made(accounts, ada)
    with pytest.raises(NotFound):
        accounts.keys.revoke("usr-other", key.id, SOMEWHERE)
    assert accounts.caller(key.key) == ada


def test_a_key_runs_out(accounts: Accounts, ada: str, clock: SetClock) -> None:
    key = made(accounts, ada, days=1)
    clock.pass_(hours=23)
    assert accounts.caller(key.key) == ada
    clock.pass_(hours=1)
    assert refused(accounts, key.key) == "accounts.key_expired"


def test_its_last_use_is_known_to_the_minute_and_its_first_of_the_day_is_logged(accounts: Accounts, ada: str, clock: SetClock) -> None:
    key = made(accounts, ada)

    def uses() -> int:
        return [event.kind for event in accounts.log.page(ada, limit=100, after=None)[0]].count("key_used")

    used_at = []
    for _ in range(6):
        accounts.identify(key.key, HERE)
        used_at.append(accounts.keys.page(ada).data[0].last_used_at)
        clock.pass_(seconds=30)
    assert len(set(used_at)) == 3
    assert uses() == 1
    clock.pass_(days=1)
    accounts.identify(key.key, HERE)
    assert uses() == 2


def test_noting_a_use_never_brings_a_revoked_key_back(accounts: Accounts, ada: str) -> None:
    key = made(accounts, ada)
    _, stored = accounts.keys.caller(key.key)
    accounts.keys.revoke(ada, key.id, SOMEWHERE)
    accounts.keys.used(ada, stored, HERE)
    assert accounts.keys.page(ada).data == []
    assert refused(accounts, key.key) == "accounts.bad_key"


def test_there_is_an_end_to_keys(accounts: Accounts, ada: str) -> None:
    for _ in range(40):
        made(accounts, ada)
    with pytest.raises(Conflict) as error:
        made(accounts, ada)
    assert error.value.code == "accounts.too_many_keys"
