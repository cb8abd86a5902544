"""The limit on failed sign-ins, by the clock."""

import pytest

from server.errors import NotSignedIn, RateLimited, Unavailable
from server.web import login_limit
from server.web.login_limit import LoginLimit, Try
from tests.domain.accounts.conftest import SetClock

ADA = Try("ada", "192.0.2.1")
ADA_AT_HOME = Try("ada", "192.0.2.1", device="dev-1")


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def limit(clock: SetClock) -> LoginLimit:
    return LoginLimit(clock)


def fail(limit: LoginLimit, times: int, who: Try = ADA) -> None:
    for _ in range(times):
        with pytest.raises(NotSignedIn), limit.trying(who):
            raise NotSignedIn("wrong", code="wrong")


def held_off(limit: LoginLimit, who: Try = ADA) -> int:
    """Seconds to wait; fails when there is no need to."""
    with pytest.raises(RateLimited) as refused:
        limit.begin(who)
    assert refused.value.retry_after_s is not None
    return refused.value.retry_after_s


def succeed(limit: LoginLimit, who: Try = ADA) -> None:
    with limit.trying(who):
        pass


def test_ten_failures_are_taken_and_the_next_try_is_not(limit: LoginLimit) -> None:
    fail(limit, 10)
    assert held_off(limit) == 900


def test_the_window_moves_on_with_time(limit: LoginLimit, clock: SetClock) -> None:
    fail(limit, 5)
    clock.pass_(minutes=10)
    fail(limit, 5)
    assert held_off(limit) == 300
    clock.pass_(minutes=5)
    fail(limit, 5)
    held_off(limit)


def test_tries_that_are_under_way_count(limit: LoginLimit) -> None:
    for _ in range(10):
        limit.begin(ADA)
    held_off(limit)


@pytest.mark.parametrize("outcome", [None, Unavailable("busy", code="busy"), KeyboardInterrupt()], ids=repr)
def test_what_was_no_failure_is_not_counted(limit: LoginLimit, outcome: BaseException | None) -> None:
    for _ in range(30):
        try:
            with limit.trying(ADA):
                if outcome is not None:
                    raise outcome
        except BaseException as error:
            assert error is outcome
    fail(limit, 10)


def test_signing_in_does_not_give_a_guesser_new_tries(limit: LoginLimit) -> None:
    fail(limit, 9)
    succeed(limit)
    fail(limit, 1)
    held_off(limit)


@pytest.mark.parametrize("other", [Try("bob", "192.0.2.1"), Try("ada", "192.0.2.2")], ids=["another account", "another network"])
def test_nobody_else_is_held_off(limit: LoginLimit, other: Try) -> None:
    fail(limit, 10)
    succeed(limit, other)


def test_whoever_guesses_from_the_owners_network_cannot_lock_the_owner_out(limit: LoginLimit) -> None:
    fail(limit, 10)
    succeed(limit, ADA_AT_HOME)
    for number in range(90):
        fail(limit, 1, Try(f"account {number}", ADA.network))
    held_off(limit, Try("anybody", ADA.network))
    succeed(limit, ADA_AT_HOME)


def test_a_known_browser_is_held_off_for_its_own_failures_and_holds_off_nobody(limit: LoginLimit) -> None:
    fail(limit, 10, ADA_AT_HOME)
    held_off(limit, ADA_AT_HOME)
    succeed(limit, ADA)


def test_an_account_that_is_tried_from_everywhere_leaves_its_owner_a_way_in_and_new_places_two_tries(limit: LoginLimit) -> None:
    for number in range(50):
        fail(limit, 2, Try("ada", f"198.51.100.{number}"))
    succeed(limit, Try("ada", "192.0.2.77"))
    fail(limit, 2, Try("ada", "192.0.2.78"))
    held_off(limit, Try("ada", "192.0.2.78"))
    succeed(limit, ADA_AT_HOME)
    fail(limit, 10, Try("bob", "192.0.2.78"))


def test_what_is_remembered_is_bounded_and_many_accounts_do_not_push_a_network_out(
    limit: LoginLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_limit, "_MAX_REMEMBERED", 3)
    for number in range(10):
        fail(limit, 1, Try(f"{number}@example.org", "192.0.2.1"))
    assert {kind: len(table) for kind, table in limit._tries.items()} == {"device": 0, "pair": 3, "network": 1, "account": 3}
    assert len(limit._tries["network"][("network", "192.0.2.1")]) == 10
