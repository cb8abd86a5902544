"""The security log: what it keeps, for how long, and that nobody can flood it."""

from collections.abc import Callable

from server.domain.accounts.passwords import Passwords
from server.domain.accounts.security_log import SecurityLog
from server.domain.accounts.service import Accounts, at_once
from server.domain.accounts.visits import Visit
from server.errors import NotSignedIn
from server.ports.records import Records
from tests.domain.accounts.conftest import PASSWORD, SECRET, SetClock

HOME = Visit("192.0.2.1", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")


def kinds(accounts: Accounts, user_id: str) -> list[str]:
    return [event.kind for event in accounts.log.page(user_id, limit=100, after=None)[0]]


def failing(accounts: Accounts, email: str, times: int = 1) -> None:
    for _ in range(times):
        try:
            accounts.login(email, "not the pass phrase", HOME)
        except NotSignedIn:
            continue
        raise AssertionError("it was let in")


def test_sign_ins_and_failures_are_told_with_their_place(accounts: Accounts) -> None:
    user = accounts.register("ada@example.org", PASSWORD, visit=HOME).session.user
    failing(accounts, "ada@example.org")
    accounts.login("ada@example.org", PASSWORD, HOME)
    assert kinds(accounts, user.id) == ["signed_in", "sign_in_failed", "registered"]
    event = accounts.log.page(user.id, limit=1, after=None)[0][0]
    assert (event.address, event.device) == ("192.0.2.1", "Firefox on Linux")


def test_a_failure_is_written_after_the_answer_so_that_its_time_does_not_tell_whose_account_it_was(
    records: Records, clock: SetClock, passwords: Passwords
) -> None:
    later: list[Callable[[], None]] = []
    accounts = Accounts(records, clock, secret=SECRET, access_token_ttl_s=900, session_ttl_s=900, passwords=passwords, later=later.append)
    user = accounts.register("ada@example.org", PASSWORD).session.user
    failing(accounts, "ada@example.org")
    assert kinds(accounts, user.id) == ["registered"]
    later.pop()()
    assert kinds(accounts, user.id) == ["sign_in_failed", "registered"]


def test_pages_go_on_where_the_last_one_ended(accounts: Accounts) -> None:
    user = accounts.register("ada@example.org", PASSWORD).session.user
    failing(accounts, "ada@example.org", 4)
    first, more = accounts.log.page(user.id, limit=3, after=None)
    rest, no_more = accounts.log.page(user.id, limit=3, after=first[-1].id)
    assert (more, no_more) == (True, False)
    assert [event.kind for event in first + rest] == kinds(accounts, user.id)


def test_whoever_guesses_all_day_cannot_push_the_rest_out(accounts: Accounts, clock: SetClock) -> None:
    user = accounts.register("ada@example.org", PASSWORD).session.user
    failing(accounts, "ada@example.org", 130)
    assert kinds(accounts, user.id).count("sign_in_failed") <= 100
    clock.pass_(minutes=16)
    failing(accounts, "ada@example.org")
    assert kinds(accounts, user.id)[0] == "sign_in_failed"


def test_a_refresh_token_that_comes_back_is_told(accounts: Accounts, clock: SetClock) -> None:
    first = accounts.register("ada@example.org", PASSWORD)
    accounts.refresh(first.refresh_token)
    clock.pass_(minutes=1)
    try:
        accounts.refresh(first.refresh_token)
    except NotSignedIn as refused:
        assert refused.code == "accounts.signed_out"
    assert "refresh_token_reused" in kinds(accounts, first.session.user.id)


def test_after_ninety_days_it_is_forgotten(records: Records, accounts: Accounts, clock: SetClock) -> None:
    log = SecurityLog(records, clock, at_once)
    log.noticed("usr-1", "signed_in", HOME)
    clock.pass_(days=89)
    log.noticed("usr-1", "signed_out", HOME)
    log.sweep()
    assert kinds(accounts, "usr-1") == ["signed_out", "signed_in"]
    clock.pass_(days=2)
    log.sweep()
    assert kinds(accounts, "usr-1") == ["signed_out"]
    assert [event.kind for event in log.page_of_all(lambda _: "x", limit=10, after=None)[0]] == ["signed_out"]


def test_what_a_program_calls_itself_is_shortened_to_a_name() -> None:
    chrome = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
    assert Visit("", chrome).device == "Chrome on Windows"
    assert Visit("", chrome + " Edg/140.0").device == "Edge on Windows"
    assert Visit("", "curl/8.0").device == "curl"
    assert Visit("", "\x00<script> x").device == "<script>"
    assert Visit("", "").device == "unknown"
    assert len(Visit("", "x" * 5000).device) == 100


def test_an_ipv6_customer_is_one_place_however_many_addresses() -> None:
    assert Visit("2001:db8:1:2:3::4").network == Visit("2001:db8:1:2:ffff::1").network == "2001:db8:1:2::/64"
    assert Visit("2001:db8:1:3::1").network != Visit("2001:db8:1:2::1").network
    assert Visit("::ffff:192.0.2.1").network == Visit("192.0.2.1").network == "192.0.2.1"
    assert Visit("fe80::1%eth0").network == "fe80::/64"
