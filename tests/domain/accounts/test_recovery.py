"""Getting back in by a letter or by the operator's hand, and proving an address."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.domain import keys
from server.domain.accounts.letters import Letter
from server.domain.accounts.service import Accounts
from server.domain.accounts.visits import SOMEWHERE
from server.errors import Conflict, InvalidInput, NotSignedIn
from server.ports.records import Records
from shared.wire import ApiKeyRequest
from tests.domain.accounts.conftest import PASSWORD, SetClock

NEW = "quite another phrase"


Arrived = Callable[[], list[Letter]]


def token_in(letter: Letter) -> str:
    found = re.search(r"https://tuner\.example\.org/[a-z-]+#token=(\S+)", letter.text)
    assert found, letter.text
    return found[1]


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(InvalidInput) as error:
        act()
    return error.value.code


def test_a_forgotten_password_is_replaced_by_a_letter(mailing: Accounts, arrived: Arrived) -> None:
    old = mailing.register("ada@example.org", PASSWORD)
    key = mailing.keys.create(old.session.user.id, ApiKeyRequest(name="x", scopes=["read"]), SOMEWHERE)
    arrived()
    mailing.recovery.ask_reset("ADA@example.org ", SOMEWHERE)
    [letter] = arrived()
    assert letter.to == "ada@example.org"
    mailing.recovery.reset(token_in(letter), NEW, SOMEWHERE)
    assert mailing.login("ada@example.org", NEW).session.user.email_verified
    with pytest.raises(NotSignedIn):
        mailing.login("ada@example.org", PASSWORD)
    for token in (old.session.access_token, key.key):
        with pytest.raises(NotSignedIn):
            mailing.caller(token)
    with pytest.raises(NotSignedIn):
        mailing.refresh(old.refresh_token)
    assert [letter.subject for letter in arrived()] == [
        "Your LLM Tuner account: the password was reset, and all sign-ins and API keys were ended"
    ]


def test_a_link_works_once_for_an_hour_and_not_after_another_change(mailing: Accounts, arrived: Arrived, clock: SetClock) -> None:
    mailing.register("ada@example.org", PASSWORD)
    arrived()
    for _ in range(2):
        mailing.recovery.ask_reset("ada@example.org", SOMEWHERE)
    first, second = (token_in(letter) for letter in arrived())
    mailing.recovery.reset(first, NEW, SOMEWHERE)
    assert refused(lambda: mailing.recovery.reset(first, PASSWORD, SOMEWHERE)) == "accounts.bad_link"
    assert refused(lambda: mailing.recovery.reset(second, PASSWORD, SOMEWHERE)) == "accounts.bad_link"
    arrived()
    mailing.recovery.ask_reset("ada@example.org", SOMEWHERE)
    [third] = arrived()
    clock.pass_(hours=1)
    assert refused(lambda: mailing.recovery.reset(token_in(third), PASSWORD, SOMEWHERE)) == "accounts.bad_link"
    mailing.login("ada@example.org", NEW)


def test_of_many_who_use_a_link_at_the_same_moment_one_does(mailing: Accounts, arrived: Arrived) -> None:
    mailing.register("ada@example.org", PASSWORD)
    token = mailing.recovery.reset_token("ada@example.org")

    def use(number: int) -> int | None:
        try:
            mailing.recovery.reset(token, f"phrase number {number}", SOMEWHERE)
        except InvalidInput:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        winners = [number for number in pool.map(use, range(8)) if number is not None]
    assert len(winners) == 1
    mailing.login("ada@example.org", f"phrase number {winners[0]}")


def test_a_weak_password_does_not_use_the_link_up(mailing: Accounts, arrived: Arrived) -> None:
    mailing.register("ada@example.org", PASSWORD)
    token = mailing.recovery.reset_token("ada@example.org")
    assert refused(lambda: mailing.recovery.reset(token, "password1234", SOMEWHERE)) == "accounts.weak_password"
    mailing.recovery.reset(token, NEW, SOMEWHERE)


def test_for_an_address_that_nobody_has_no_letter_goes_out(mailing: Accounts, arrived: Arrived) -> None:
    mailing.recovery.ask_reset("nobody@example.org", SOMEWHERE)
    assert arrived() == []
    assert refused(lambda: mailing.recovery.ask_reset("no address", SOMEWHERE)) == "accounts.bad_email"


def test_nobody_gets_more_than_three_letters_an_hour(mailing: Accounts, arrived: Arrived, clock: SetClock) -> None:
    mailing.register("ada@example.org", PASSWORD)
    arrived()
    for _ in range(10):
        mailing.recovery.ask_reset("ada@example.org", SOMEWHERE)
    assert len(arrived()) == 3
    clock.pass_(minutes=61)
    mailing.recovery.ask_reset("ada@example.org", SOMEWHERE)
    assert len(arrived()) == 1


def test_without_mail_one_is_told_whom_to_ask(accounts: Accounts) -> None:
    with pytest.raises(Conflict) as error:
        accounts.recovery.ask_reset("ada@example.org", SOMEWHERE)
    assert error.value.code == "accounts.no_mail"


def test_the_operator_makes_a_link_which_proves_no_address(accounts: Accounts) -> None:
    accounts.register("ada@example.org", PASSWORD)
    accounts.recovery.reset(accounts.recovery.reset_token("Ada@example.org"), NEW, SOMEWHERE)
    assert not accounts.login("ada@example.org", NEW).session.user.email_verified
    assert refused(lambda: accounts.recovery.reset_token("bob@example.org")) == "accounts.not_found"


@pytest.mark.parametrize("token", ["", ".", "a.b", "usr-1.x", "x" * 300, "usr-1#profile.x", "é.x", "usr-1.\0"])
def test_a_made_up_link_does_nothing(accounts: Accounts, token: str) -> None:
    accounts.register("ada@example.org", PASSWORD)
    assert refused(lambda: accounts.recovery.reset(token, NEW, SOMEWHERE)) == "accounts.bad_link"
    assert refused(lambda: accounts.recovery.verify(token, SOMEWHERE)) == "accounts.bad_link"


def test_an_address_is_proven_by_its_letter(mailing: Accounts, arrived: Arrived) -> None:
    user = mailing.register("ada@example.org", PASSWORD).session.user
    assert not user.email_verified
    [letter] = arrived()
    mailing.recovery.verify(token_in(letter), SOMEWHERE)
    assert mailing.user(user.id).email_verified
    assert refused(lambda: mailing.recovery.verify(token_in(letter), SOMEWHERE)) == "accounts.bad_link"


def test_one_kind_of_link_is_not_the_other(mailing: Accounts, arrived: Arrived) -> None:
    user = mailing.register("ada@example.org", PASSWORD).session.user
    [letter] = arrived()
    assert refused(lambda: mailing.recovery.reset(token_in(letter), NEW, SOMEWHERE)) == "accounts.bad_link"
    reset = mailing.recovery.reset_token("ada@example.org")
    assert refused(lambda: mailing.recovery.verify(reset, SOMEWHERE)) == "accounts.bad_link"
    assert not mailing.user(user.id).email_verified


def test_links_that_ran_out_are_swept(mailing: Accounts, arrived: Arrived, records: Records, clock: SetClock) -> None:
    user = mailing.register("ada@example.org", PASSWORD).session.user
    arrived()
    mailing.recovery.reset_token("ada@example.org")
    clock.pass_(days=4)
    mailing.recovery.sweep(user.id)
    for kind in ("reset", "verification"):
        assert records.page(keys.collection_partition(user.id), prefix=keys.collection_prefix(kind)).records == []
