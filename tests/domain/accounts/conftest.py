"""Accounts over real records, with a clock that a test can move and hashing that costs next to nothing."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.adapters.clock_system import SystemClock
from server.adapters.records_sqlite import SqliteRecords
from server.domain.accounts.letters import Letter
from server.domain.accounts.passwords import Passwords
from server.domain.accounts.service import Accounts
from server.ports.records import Records

SECRET = "a secret of the tests that is long enough"
PASSWORD = "a long pass phrase"


class SetClock(SystemClock):
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        super().__init__()
        self._now = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def pass_(self, **time: float) -> None:
        self._now += timedelta(**time)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    records = SqliteRecords(tmp_path / "records.sqlite3")
    yield records
    records.close()


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(memory_kib=8, passes=1)


@pytest.fixture
def accounts(records: Records, clock: SetClock, passwords: Passwords) -> Accounts:
    return Accounts(records, clock, secret=SECRET, access_token_ttl_s=900, session_ttl_s=30 * 86_400, passwords=passwords)


@pytest.fixture
def letters() -> list[Letter]:
    return []


@pytest.fixture
def waiting() -> list[Callable[[], None]]:
    """What is to be done later. Nothing is, until `arrived` is asked."""
    return []


@pytest.fixture
def mailing(records: Records, clock: SetClock, passwords: Passwords, letters: list[Letter], waiting: list[Callable[[], None]]) -> Accounts:
    return Accounts(
        records,
        clock,
        secret=SECRET,
        access_token_ttl_s=900,
        session_ttl_s=30 * 86_400,
        passwords=passwords,
        later=waiting.append,
        post=letters.append,
        public_url="https://tuner.example.org/",
    )


@pytest.fixture
def arrived(letters: list[Letter], waiting: list[Callable[[], None]]) -> Callable[[], list[Letter]]:
    def now() -> list[Letter]:
        while waiting:
            waiting.pop(0)()
        come, letters[:] = list(letters), []
        return come

    return now
