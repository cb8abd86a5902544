"""The limit on failed sign-ins, by the clock."""

import pytest

from server.errors import RateLimited
from server.web import login_limit
from server.web.login_limit import LoginLimit
from tests.domain.accounts.conftest import SetClock

ADA = ("ada@example.org", "192.0.2.1")


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def limit(clock: SetClock) -> LoginLimit:
    return LoginLimit(clock)


def fail(limit: LoginLimit, times: int, who: tuple[str, str] = ADA) -> None:
    for _ in range(times):
        limit.check(who)
        limit.failed(who)


def test_ten_failures_are_taken_and_the_next_try_is_not(limit: LoginLimit) -> None:
    fail(limit, 10)
    with pytest.raises(RateLimited) as refused:
        limit.check(ADA)
    assert refused.value.retry_after_s == 900
    assert "15 minutes" in refused.value.message


def test_the_window_moves_on_with_time(limit: LoginLimit, clock: SetClock) -> None:
    fail(limit, 5)
    clock.pass_(minutes=10)
    fail(limit, 5)
    with pytest.raises(RateLimited) as refused:
        limit.check(ADA)
    assert refused.value.retry_after_s == 300
    clock.pass_(minutes=5)
    fail(limit, 5)
    with pytest.raises(RateLimited):
        limit.check(ADA)


@pytest.mark.parametrize(
    "other", [("bob@example.org", "192.0.2.1"), ("ada@example.org", "192.0.2.2")], ids=["another account", "another address"]
)
def test_nobody_else_is_held_off(limit: LoginLimit, other: tuple[str, str]) -> None:
    fail(limit, 10)
    limit.check(other)


def test_what_is_remembered_is_bounded(limit: LoginLimit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_limit, "_MAX_REMEMBERED", 3)
    for number in range(10):
        fail(limit, 1, (f"{number}@example.org", "192.0.2.1"))
    assert len(limit._failures) == 3
