"""Who may register, and how the first administrator comes about."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from server.domain.accounts.service import Accounts
from server.domain.accounts.visits import SOMEWHERE
from server.errors import Conflict, Forbidden, InvalidInput, LlmTunerError, StaleWrite
from server.ports.records import Records
from shared.wire import InvitationRequest, NewInvitation
from tests.domain.accounts.conftest import PASSWORD, SetClock


@pytest.fixture
def boss(accounts: Accounts) -> str:
    token = accounts.admission.new_set_up_token()
    assert token is not None
    return accounts.set_up(token, "boss@example.org", PASSWORD).session.user.id


def invited(accounts: Accounts, boss: str, email: str | None = None, days: int = 7) -> NewInvitation:
    return accounts.admission.invite(boss, InvitationRequest(email=email, expires_in_days=days), SOMEWHERE)


def refused(accounts: Accounts, email: str, invitation: str | None = None) -> str:
    with pytest.raises(LlmTunerError) as error:
        accounts.register(email, PASSWORD, invitation=invitation)
    return error.value.code


def test_the_set_up_link_makes_one_administrator_once(accounts: Accounts) -> None:
    first, second = accounts.admission.new_set_up_token(), accounts.admission.new_set_up_token()
    assert first and second and accounts.admission.is_set_up_open()
    assert accounts.set_up(first, "boss@example.org", PASSWORD).session.user.role == "admin"
    assert not accounts.admission.is_set_up_open()
    assert accounts.admission.new_set_up_token() is None
    for token in (first, second, "made up", ""):
        with pytest.raises(Forbidden) as error:
            accounts.set_up(token, "thief@example.org", PASSWORD)
        assert error.value.code == "accounts.bad_set_up_token"


def test_of_two_who_use_the_link_at_the_same_moment_one_does(accounts: Accounts) -> None:
    token = accounts.admission.new_set_up_token() or ""

    def use(number: int) -> bool:
        try:
            accounts.set_up(token, f"{number}@example.org", PASSWORD)
        except (Forbidden, StaleWrite):
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(8))) == 1


def test_a_refused_set_up_leaves_the_link_as_it_was(accounts: Accounts) -> None:
    token = accounts.admission.new_set_up_token() or ""
    with pytest.raises(InvalidInput):
        accounts.set_up(token, "boss@example.org", "short")
    accounts.register("ada@example.org", PASSWORD)
    with pytest.raises(Conflict):
        accounts.set_up(token, "ada@example.org", PASSWORD)
    accounts.set_up(token, "boss@example.org", PASSWORD)


def test_the_link_ends_after_a_day(accounts: Accounts, clock: SetClock) -> None:
    token = accounts.admission.new_set_up_token() or ""
    clock.pass_(hours=24)
    with pytest.raises(Forbidden):
        accounts.set_up(token, "boss@example.org", PASSWORD)
    assert accounts.admission.new_set_up_token()


def test_somebody_who_is_there_already_can_take_the_link(accounts: Accounts) -> None:
    ada = accounts.register("ada@example.org", PASSWORD).session
    token = accounts.admission.new_set_up_token() or ""
    assert accounts.become_administrator(ada.user.id, token).role == "admin"
    assert accounts.identify(ada.access_token).role == "admin"
    with pytest.raises(Forbidden):
        accounts.become_administrator(accounts.register("bob@example.org", PASSWORD).session.user.id, token)


def test_an_administrator_chooses_who_may_register(accounts: Accounts, boss: str) -> None:
    assert accounts.admission.mode() == "open"
    accounts.register("ada@example.org", PASSWORD)
    accounts.admission.choose(boss, "invite", SOMEWHERE)
    assert refused(accounts, "bob@example.org") == "accounts.invitation_needed"
    code = invited(accounts, boss).code
    accounts.register("bob@example.org", PASSWORD, invitation=code)
    accounts.admission.choose(boss, "closed", SOMEWHERE)
    assert refused(accounts, "eve@example.org", invited(accounts, boss).code) == "accounts.registration_closed"
    accounts.login("ada@example.org", PASSWORD)


def test_where_only_the_invited_register_nobody_learns_who_has_an_account(accounts: Accounts, boss: str) -> None:
    accounts.admission.choose(boss, "invite", SOMEWHERE)
    assert refused(accounts, "boss@example.org") == refused(accounts, "nobody@example.org") == "accounts.invitation_needed"
    assert refused(accounts, "boss@example.org", "inv-1.x") == refused(accounts, "nobody@example.org", "inv-1.x")


def test_an_invitation_is_for_one_account(accounts: Accounts, boss: str) -> None:
    invitation = invited(accounts, boss)
    accounts.register("ada@example.org", PASSWORD, invitation=invitation.code)
    assert refused(accounts, "bob@example.org", invitation.code) == "accounts.bad_invitation"
    assert accounts.admission.invitations(limit=10, after=None).data[0].used_at is not None


def test_an_invitation_for_an_address_is_for_that_address(accounts: Accounts, boss: str) -> None:
    invitation = invited(accounts, boss, "Ada@Example.org")
    assert refused(accounts, "bob@example.org", invitation.code) == "accounts.bad_invitation"
    user = accounts.register("ada@example.org", PASSWORD, invitation=invitation.code).session.user
    assert not user.email_verified, "no letter was sent, so nothing was proven"


def test_an_invitation_ends(accounts: Accounts, boss: str, clock: SetClock, records: Records) -> None:
    old, withdrawn = invited(accounts, boss, days=1), invited(accounts, boss)
    accounts.admission.withdraw(boss, withdrawn.id, SOMEWHERE)
    clock.pass_(days=1)
    for code in (old.code, withdrawn.code, old.id + ".guessed", "nonsense"):
        assert refused(accounts, "ada@example.org", code) == "accounts.bad_invitation"
    accounts.admission.sweep()
    assert accounts.admission.invitations(limit=10, after=None).data == []


def test_a_refused_registration_does_not_use_the_invitation_up(accounts: Accounts, boss: str) -> None:
    code = invited(accounts, boss).code
    for email, password in (("boss@example.org", PASSWORD), ("ada@example.org", "short")):
        with pytest.raises(LlmTunerError):
            accounts.register(email, password, invitation=code)
    accounts.register("ada@example.org", PASSWORD, invitation=code)
