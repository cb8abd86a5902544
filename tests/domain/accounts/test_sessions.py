"""Sessions: used-once refresh tokens, tabs that do not sign each other out, and thieves that do."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.domain import keys
from server.domain.accounts.sessions import Sessions
from server.errors import NotSignedIn
from server.ports.records import Records
from tests.domain.accounts.conftest import SetClock

USER = "usr-1"


@pytest.fixture
def sessions(records: Records, clock: SetClock) -> Sessions:
    return Sessions(records, clock, ttl_s=30 * 86_400)


def opened(sessions: Sessions, user: str = USER) -> str:
    token = sessions.open(user).token
    assert token is not None
    return token


def used(sessions: Sessions, token: str) -> str:
    """The token that replaces a token."""
    new = sessions.refresh(token).token
    assert new is not None
    return new


def num_sessions(records: Records, user: str = USER) -> int:
    return len(records.page(keys.collection_partition(user), prefix="session#").records)


def assert_refused(sessions: Sessions, token: str) -> None:
    with pytest.raises(NotSignedIn) as refused:
        sessions.refresh(token)
    assert refused.value.code == "accounts.signed_out"


def test_each_use_replaces_the_token_and_keeps_the_session(sessions: Sessions, records: Records) -> None:
    first = sessions.open(USER)
    second = sessions.refresh(str(first.token))
    third = sessions.refresh(str(second.token))
    assert len({first.token, second.token, third.token}) == 3
    assert {(session.user_id, session.session_id) for session in (first, second, third)} == {(USER, first.session_id)}
    assert num_sessions(records) == 1


def test_nothing_that_is_stored_lets_anybody_in(sessions: Sessions, records: Records) -> None:
    secret = opened(sessions).rpartition(".")[2]
    [record] = records.page(keys.collection_partition(USER)).records
    assert secret not in str(record.data)
    assert len(secret) >= 43


@pytest.mark.parametrize("kept", [0, 1])
def test_a_second_tab_gets_in_with_the_token_before(sessions: Sessions, clock: SetClock, kept: int) -> None:
    old = opened(sessions)
    first = used(sessions, old)
    clock.pass_(seconds=29)
    second = used(sessions, old)
    assert used(sessions, (first, second)[kept])


def test_an_answer_that_never_arrived_signs_nobody_out(sessions: Sessions, clock: SetClock) -> None:
    """Reloading the page in the middle of a refresh: the server has moved on, the browser has not."""
    old = opened(sessions)
    used(sessions, old)
    clock.pass_(seconds=5)
    arrived = used(sessions, old)
    clock.pass_(days=1)
    assert used(sessions, arrived)


def test_two_tabs_with_two_good_tokens_both_get_in(sessions: Sessions, clock: SetClock) -> None:
    old = opened(sessions)
    first, second = used(sessions, old), used(sessions, old)
    used(sessions, first)
    clock.pass_(seconds=1)
    assert used(sessions, second)


def test_a_token_used_again_after_the_grace_time_ends_the_session_for_thief_and_owner(
    sessions: Sessions, clock: SetClock, records: Records
) -> None:
    old = opened(sessions)
    new = used(sessions, old)
    clock.pass_(seconds=31)
    assert_refused(sessions, old)
    assert_refused(sessions, new)
    assert num_sessions(records) == 0


def test_a_token_from_two_uses_ago_ends_the_session_at_once(sessions: Sessions) -> None:
    oldest = opened(sessions)
    newest = used(sessions, used(sessions, oldest))
    assert_refused(sessions, oldest)
    assert_refused(sessions, newest)


def test_fifty_tabs_at_the_same_moment_leave_one_family_and_nobody_signed_out(sessions: Sessions, records: Records) -> None:
    token = opened(sessions)
    together = threading.Barrier(50)

    def refresh(_: int) -> str:
        together.wait()
        return sessions.refresh(token).token

    with ThreadPoolExecutor(50) as pool:
        given = list(pool.map(refresh, range(50)))
    assert num_sessions(records) == 1
    assert len(set(given)) == 50
    assert used(sessions, given[25])


def test_other_browsers_of_the_same_user_are_not_touched(sessions: Sessions, clock: SetClock) -> None:
    here, there = opened(sessions), opened(sessions)
    used(sessions, here)
    clock.pass_(minutes=1)
    assert_refused(sessions, here)
    assert used(sessions, there)


def test_a_session_runs_out_without_use_and_lives_on_with_it(sessions: Sessions, clock: SetClock) -> None:
    idle, busy = opened(sessions), opened(sessions)
    clock.pass_(days=20)
    busy = used(sessions, busy)
    clock.pass_(days=20)
    assert_refused(sessions, idle)
    assert used(sessions, busy)


def test_sessions_that_ran_out_are_removed_at_the_next_sign_in(sessions: Sessions, clock: SetClock, records: Records) -> None:
    for _ in range(3):
        sessions.open(USER)
    clock.pass_(days=31)
    sessions.open(USER)
    assert num_sessions(records) == 1


def test_a_user_has_at_most_fifty_sessions_and_the_oldest_go(sessions: Sessions, records: Records) -> None:
    first = sessions.open(USER)
    later = [sessions.open(USER) for _ in range(60)]
    assert num_sessions(records) == 50
    assert sessions.get(USER, first.session_id) is None
    assert sessions.get(USER, later[-1].session_id)


def test_signing_out_ends_the_session_at_once(sessions: Sessions) -> None:
    session = sessions.open(USER)
    assert sessions.get(USER, session.session_id)
    sessions.close(str(session.token))
    assert sessions.get(USER, session.session_id) is None
    assert_refused(sessions, str(session.token))
    sessions.close(str(session.token))


def test_nobody_signs_out_others_without_their_secret(sessions: Sessions) -> None:
    session = sessions.open(USER)
    sessions.close(f"{USER}.{session.session_id}.guessed")
    assert sessions.get(USER, session.session_id)


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b", "a.b.c.d", "usr-1..x", "usr-1.ses-x.secret", "usr\0.s.x", "é.s.x", "x" * 5000, "a.b." + "c" * 5000]
)
def test_what_is_no_refresh_token_is_refused_and_ends_nothing(sessions: Sessions, token: str) -> None:
    good = opened(sessions)
    assert_refused(sessions, token)
    sessions.close(token)
    assert used(sessions, good)
