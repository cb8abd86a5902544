"""Another e-mail address: proven before it counts where letters can be sent, told to the old one, and nobody else's sign-in left open."""

import pytest

from server.domain.accounts.service import Accounts, SignedIn
from server.domain.accounts.visits import SOMEWHERE
from server.errors import Conflict, Forbidden, InvalidInput, NotSignedIn
from shared.wire import ApiKeyRequest
from tests.domain.accounts.conftest import PASSWORD, SetClock
from tests.domain.accounts.test_recovery import NEW, Arrived, refused, token_in

OLD, OTHER = "ada@example.org", "lovelace@example.org"


def ask(accounts: Accounts, signed_in: SignedIn, email: str = OTHER, password: str | None = PASSWORD) -> bool:
    return accounts.change_email(accounts.identify(signed_in.session.access_token), email, password).changed


def emails_of(accounts: Accounts, signed_in: SignedIn) -> tuple[str, bool]:
    user = accounts.user(signed_in.session.user.id)
    return user.email, user.email_verified


def test_without_mail_it_counts_at_once_and_unproven(accounts: Accounts) -> None:
    here, there = accounts.register(OLD, PASSWORD), accounts.login(OLD, PASSWORD)
    key = accounts.keys.create(here.session.user.id, ApiKeyRequest(name="x", scopes=["read"]), SOMEWHERE).key
    assert ask(accounts, here, " Lovelace@Example.org ")
    assert emails_of(accounts, here) == (OTHER, False)
    assert accounts.caller(here.session.access_token) == accounts.caller(key)
    with pytest.raises(NotSignedIn):
        accounts.caller(there.session.access_token)
    with pytest.raises(NotSignedIn):
        accounts.login(OLD, PASSWORD)
    accounts.login(OTHER, PASSWORD)
    accounts.register(OLD, PASSWORD)  # The old one is free again.


def test_with_mail_it_counts_when_the_link_is_opened_and_the_old_address_is_told_twice(mailing: Accounts, arrived: Arrived) -> None:
    here, there = mailing.register(OLD, PASSWORD), mailing.login(OLD, PASSWORD)
    arrived()
    assert not ask(mailing, here)
    told, letter = arrived()
    assert (told.to, letter.to) == (OLD, OTHER)
    assert OTHER in told.text and "#token=" not in told.text
    assert emails_of(mailing, here) == (OLD, False)
    mailing.login(OLD, PASSWORD)
    mailing.verify_email(token_in(letter))
    assert emails_of(mailing, here) == (OTHER, True)
    [told] = arrived()
    assert told.to == OLD and OTHER in told.text
    mailing.caller(here.session.access_token)
    with pytest.raises(NotSignedIn):
        mailing.caller(there.session.access_token)
    kinds = [event.kind for event in mailing.log.page(here.session.user.id, limit=10, after=None)[0]]
    assert kinds[:3] == ["email_changed", "signed_in", "email_change_asked"]


@pytest.mark.parametrize("password", [None, "", "not the pass phrase"])
def test_it_takes_the_password(accounts: Accounts, password: str | None) -> None:
    here = accounts.register(OLD, PASSWORD)
    with pytest.raises(Forbidden):
        ask(accounts, here, password=password)
    assert emails_of(accounts, here) == (OLD, False)


@pytest.mark.parametrize(("email", "code"), [("ada", "accounts.bad_email"), ("ADA@example.org", "accounts.same_email")])
def test_no_address_and_the_same_one_are_refused(accounts: Accounts, email: str, code: str) -> None:
    here = accounts.register(OLD, PASSWORD)
    assert refused(lambda: ask(accounts, here, email)) == code


def test_without_mail_a_taken_address_is_told(accounts: Accounts) -> None:
    accounts.register(OTHER, PASSWORD)
    here = accounts.register(OLD, PASSWORD)
    with pytest.raises(Conflict):
        ask(accounts, here)
    assert emails_of(accounts, here) == (OLD, False)
    accounts.login(OLD, PASSWORD)


def test_with_mail_nothing_tells_that_an_address_is_taken_and_no_letter_goes_there(mailing: Accounts, arrived: Arrived) -> None:
    mailing.register(OTHER, PASSWORD)
    here = mailing.register(OLD, PASSWORD)
    arrived()
    assert not ask(mailing, here)
    assert [letter.to for letter in arrived()] == [OLD]


def test_an_address_that_somebody_took_meanwhile_is_theirs(mailing: Accounts, arrived: Arrived) -> None:
    here = mailing.register(OLD, PASSWORD)
    arrived()
    ask(mailing, here)
    token = token_in(arrived()[1])
    mailing.register(OTHER, PASSWORD)
    with pytest.raises(Conflict):
        mailing.verify_email(token)
    assert emails_of(mailing, here) == (OLD, False)


def test_the_link_works_once_for_three_days_and_for_this_account_as_it_is(mailing: Accounts, arrived: Arrived, clock: SetClock) -> None:
    here = mailing.register(OLD, PASSWORD)
    arrived()

    def new_link() -> str:
        ask(mailing, here)
        return token_in(next(letter for letter in arrived() if letter.to == OTHER))

    late = new_link()
    clock.pass_(days=3, seconds=1)
    here = mailing.login(OLD, PASSWORD)
    assert refused(lambda: mailing.verify_email(late)) == "accounts.bad_link"
    before_password = new_link()
    mailing.change_password(mailing.identify(here.session.access_token), PASSWORD, NEW)
    arrived()
    assert refused(lambda: mailing.verify_email(before_password)) == "accounts.bad_link"
    mailing.change_password(mailing.identify(here.session.access_token), NEW, PASSWORD)
    arrived()
    first, second = new_link(), new_link()
    mailing.verify_email(second)
    for token in (first, second):
        assert refused(lambda token=token: mailing.verify_email(token)) == "accounts.bad_link"  # type: ignore[misc]


def test_one_kind_of_link_is_not_the_other(mailing: Accounts, arrived: Arrived) -> None:
    here = mailing.register(OLD, PASSWORD)
    arrived()
    ask(mailing, here)
    token = token_in(arrived()[1])
    with pytest.raises(InvalidInput):
        mailing.recovery.reset(token, NEW, SOMEWHERE)
    mailing.verify_email(token)


def test_nobody_sends_more_than_three_letters_to_strangers(mailing: Accounts, arrived: Arrived) -> None:
    here = mailing.register(OLD, PASSWORD)
    arrived()
    for number in range(5):
        ask(mailing, here, f"stranger-{number}@example.org")
    assert len([letter for letter in arrived() if letter.to != OLD]) == 3
