"""What is believed of a caller without asking again: for a second at most, not beyond the token's end, not after signing out here."""

import pytest

from server.domain.accounts.passwords import Passwords
from server.domain.accounts.recent import FRESH_S
from server.domain.accounts.service import Accounts
from server.errors import NotSignedIn
from server.ports.records import Records
from tests.domain.accounts.conftest import PASSWORD, SECRET, SetClock


@pytest.fixture
def token(accounts: Accounts) -> str:
    return accounts.register("ada@example.org", PASSWORD).session.access_token


@pytest.fixture
def other_server(records: Records, clock: SetClock, passwords: Passwords) -> Accounts:
    return Accounts(records, clock, secret=SECRET, access_token_ttl_s=900, session_ttl_s=30 * 86_400, passwords=passwords)


def test_nobody_is_known_before_a_verification(accounts: Accounts, token: str) -> None:
    assert accounts.recently_identified(token) is None
    assert accounts.identify(token) == accounts.recently_identified(token)
    assert accounts.recently_identified(token + "x") is None


def test_a_verification_counts_for_a_second_and_a_look_at_the_session_renews_it(accounts: Accounts, token: str, clock: SetClock) -> None:
    accounts.identify(token)
    clock.pass_(seconds=FRESH_S - 0.01)
    assert accounts.recently_identified(token)
    accounts.look_again()
    clock.pass_(seconds=FRESH_S - 0.01)
    assert accounts.recently_identified(token)
    clock.pass_(seconds=0.02)
    assert accounts.recently_identified(token) is None


def test_no_look_at_the_session_makes_a_token_outlive_its_end(accounts: Accounts, token: str, clock: SetClock) -> None:
    accounts.identify(token)
    while accounts.recently_identified(token):
        clock.pass_(seconds=0.5)
        accounts.look_again()
    with pytest.raises(NotSignedIn) as refused:
        accounts.identify(token)
    assert refused.value.code == "accounts.token_expired"


def test_signing_out_here_holds_at_once_and_elsewhere_with_the_next_look(accounts: Accounts, other_server: Accounts) -> None:
    here = accounts.register("ada@example.org", PASSWORD)
    there = other_server.login("ada@example.org", PASSWORD)
    for signed_in in (here, there):
        accounts.identify(signed_in.session.access_token)
    accounts.logout(here.refresh_token)
    assert accounts.recently_identified(here.session.access_token) is None
    other_server.logout(there.refresh_token)
    assert accounts.recently_identified(there.session.access_token)
    accounts.look_again()
    assert accounts.recently_identified(there.session.access_token) is None


def test_who_has_not_called_for_a_while_is_looked_at_no_more(accounts: Accounts, token: str, clock: SetClock) -> None:
    accounts.identify(token)
    clock.pass_(seconds=10)
    accounts.look_again()
    assert accounts.recently_identified(token) is None
