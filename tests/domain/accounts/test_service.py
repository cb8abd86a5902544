"""Accounts as routes see them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.domain import keys
from server.domain.accounts.service import Accounts
from server.errors import Conflict, InvalidInput, NotSignedIn
from server.ports.records import Delete, Records
from tests.domain.accounts.conftest import PASSWORD, SetClock


def test_a_new_user_is_signed_in_and_can_sign_in_again(accounts: Accounts) -> None:
    registered = accounts.register("Ada@Example.org ", PASSWORD)
    assert registered.session.user.email == "ada@example.org"
    assert accounts.caller(registered.session.access_token) == registered.session.user.id
    again = accounts.login("ADA@example.org", PASSWORD)
    assert again.session.user == registered.session.user
    assert again.refresh_token != registered.refresh_token


def test_an_address_is_taken_once_whatever_its_letters(accounts: Accounts) -> None:
    accounts.register("ada@example.org", PASSWORD)
    with pytest.raises(Conflict) as refused:
        accounts.register("ADA@EXAMPLE.ORG", "quite another phrase")
    assert (refused.value.code, refused.value.param) == ("accounts.email_taken", "email")
    accounts.login("ada@example.org", PASSWORD)


def test_of_many_who_register_one_address_at_the_same_moment_one_gets_it(accounts: Accounts, records: Records) -> None:
    together = threading.Barrier(8)

    def register(number: int) -> str:
        together.wait()
        try:
            return accounts.register("ada@example.org", f"{PASSWORD} {number}").session.user.id
        except Conflict as taken:
            return taken.code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(register, range(8)))
    assert answers.count("accounts.email_taken") == 7
    [winner] = {answer for answer in answers if answer != "accounts.email_taken"}
    assert accounts.login("ada@example.org", f"{PASSWORD} {answers.index(winner)}").session.user.id == winner


@pytest.mark.parametrize(("email", "password", "param"), [("ada", PASSWORD, "email"), ("ada@example.org", "short", "password")])
def test_a_refused_registration_leaves_nothing(accounts: Accounts, records: Records, email: str, password: str, param: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        accounts.register(email, password)
    assert refused.value.param == param
    assert records.get(keys.email_owner("ada@example.org")) is None


def test_a_wrong_password_and_an_unknown_address_are_refused_in_the_same_words(accounts: Accounts) -> None:
    accounts.register("ada@example.org", PASSWORD)
    said = []
    for email, password in (("ada@example.org", "not the pass phrase"), ("bob@example.org", PASSWORD), ("bob@example.org", "")):
        with pytest.raises(NotSignedIn) as refused:
            accounts.login(email, password)
        said.append((refused.value.message, refused.value.code, refused.value.param))
    assert set(said) == {("The e-mail address or the password is wrong.", "accounts.wrong_credentials", None)}


def test_refreshing_gives_a_new_token_for_the_same_user(accounts: Accounts, clock: SetClock) -> None:
    first = accounts.register("ada@example.org", PASSWORD)
    clock.pass_(minutes=15)
    with pytest.raises(NotSignedIn):
        accounts.caller(first.session.access_token)
    second = accounts.refresh(str(first.refresh_token))
    assert accounts.caller(second.session.access_token) == first.session.user.id


def test_signing_out_ends_the_access_token_too(accounts: Accounts) -> None:
    here, there = accounts.register("ada@example.org", PASSWORD), accounts.login("ada@example.org", PASSWORD)
    accounts.logout(str(here.refresh_token))
    with pytest.raises(NotSignedIn) as refused:
        accounts.caller(here.session.access_token)
    assert refused.value.code == "accounts.signed_out"
    assert accounts.caller(there.session.access_token)


def test_a_stolen_refresh_token_that_is_noticed_ends_the_thiefs_access_too(accounts: Accounts, clock: SetClock) -> None:
    owner = accounts.register("ada@example.org", PASSWORD)
    thief = accounts.refresh(str(owner.refresh_token))
    clock.pass_(minutes=1)
    with pytest.raises(NotSignedIn):
        accounts.refresh(str(owner.refresh_token))
    with pytest.raises(NotSignedIn):
        accounts.caller(thief.session.access_token)


def test_an_account_that_is_gone_is_nobody(accounts: Accounts, records: Records) -> None:
    user = accounts.register("ada@example.org", PASSWORD).session.user
    records.write(Delete(keys.profile(user.id), None))
    with pytest.raises(NotSignedIn):
        accounts.user(user.id)
    with pytest.raises(NotSignedIn):
        accounts.login("ada@example.org", PASSWORD)


def test_a_download_token_is_for_one_user_and_one_thing_while_they_stay_signed_in(accounts: Accounts) -> None:
    signed_in = accounts.register("ada@example.org", PASSWORD)
    caller = accounts.identify(signed_in.session.access_token)
    token, expires_in = accounts.download_token(caller, "ft:gpt2:mine")
    assert expires_in == 60
    assert accounts.check_download_token(token) == (caller.user_id, "ft:gpt2:mine")
    with pytest.raises(NotSignedIn):
        accounts.caller(token)
    accounts.logout(signed_in.refresh_token)
    with pytest.raises(NotSignedIn):
        accounts.check_download_token(token)
