"""What people do with their own account: the password, the sign-ins, and how a change ends what was before it."""

import pytest

from server.domain.accounts.callers import Caller
from server.domain.accounts.service import Accounts, SignedIn
from server.domain.accounts.visits import Visit
from server.errors import Forbidden, InvalidInput, NotFound, NotSignedIn
from server.ports.records import Records
from tests.domain.accounts.conftest import PASSWORD, SetClock

NEW = "quite another phrase"


def caller_of(accounts: Accounts, signed_in: SignedIn) -> Caller:
    return accounts.identify(signed_in.session.access_token)


def is_out(accounts: Accounts, signed_in: SignedIn) -> bool:
    """Both ways: the access token and the refresh token."""
    for use in (lambda: accounts.caller(signed_in.session.access_token), lambda: accounts.refresh(signed_in.refresh_token)):
        try:
            use()
        except NotSignedIn:
            continue
        return False
    return True


def test_a_changed_password_ends_every_other_session_at_once(accounts: Accounts) -> None:
    here, there = accounts.register("ada@example.org", PASSWORD), accounts.login("ada@example.org", PASSWORD)
    accounts.change_password(caller_of(accounts, here), PASSWORD, NEW)
    assert is_out(accounts, there)
    assert accounts.caller(here.session.access_token)
    assert accounts.caller(accounts.refresh(here.refresh_token).session.access_token)
    with pytest.raises(NotSignedIn):
        accounts.login("ada@example.org", PASSWORD)
    accounts.login("ada@example.org", NEW)


def test_a_sign_in_that_was_under_way_does_not_survive_the_change(accounts: Accounts) -> None:
    here = accounts.register("ada@example.org", PASSWORD)
    profile = accounts.users.by_email("ada@example.org")  # The old password has been found right ...
    assert profile is not None
    accounts.change_password(caller_of(accounts, here), PASSWORD, NEW)
    assert is_out(accounts, accounts.sign_in(profile, Visit()))  # ... and only now its session is opened.


@pytest.mark.parametrize(
    ("current", "new", "error", "param"),
    [
        ("not the pass phrase", NEW, Forbidden, "current_password"),
        (PASSWORD, "short", InvalidInput, "new_password"),
        (PASSWORD, "password2026", InvalidInput, "new_password"),
    ],
)
def test_a_refused_change_changes_nothing(accounts: Accounts, current: str, new: str, error: type[Exception], param: str) -> None:
    here, there = accounts.register("ada@example.org", PASSWORD), accounts.login("ada@example.org", PASSWORD)
    with pytest.raises(error) as refused:
        accounts.change_password(caller_of(accounts, here), current, new)
    assert getattr(refused.value, "param") == param  # noqa: B009 - the two errors have it, their common class of the test has not
    assert accounts.caller(there.session.access_token)
    accounts.login("ada@example.org", PASSWORD)


def test_sign_ins_are_listed_with_their_place_and_ended_one_by_one(accounts: Accounts, clock: SetClock) -> None:
    here = accounts.register("ada@example.org", PASSWORD, visit=Visit("192.0.2.1", "curl/8"))
    clock.pass_(minutes=1)
    there = accounts.login("ada@example.org", PASSWORD, Visit("192.0.2.2", "Mozilla (Android) Firefox/1"))
    caller = caller_of(accounts, here)
    newest, oldest = accounts.sign_ins(caller).data
    assert [(one.device, one.address, one.current) for one in (newest, oldest)] == [
        ("Firefox on Android", "192.0.2.2", False),
        ("curl", "192.0.2.1", True),
    ]
    accounts.end_sign_in(caller.user_id, newest.id)
    assert is_out(accounts, there)
    assert [one.current for one in accounts.sign_ins(caller).data] == [True]
    with pytest.raises(NotFound):
        accounts.end_sign_in(caller.user_id, newest.id)
    with pytest.raises(NotFound):
        accounts.end_sign_in("usr-other", oldest.id)


def test_all_other_sign_ins_end_together(accounts: Accounts) -> None:
    here, *others = [accounts.register("ada@example.org", PASSWORD), *(accounts.login("ada@example.org", PASSWORD) for _ in range(3))]
    assert accounts.end_other_sign_ins(caller_of(accounts, here)) == 3
    assert all(is_out(accounts, other) for other in others)
    assert accounts.caller(here.session.access_token)


def test_an_account_without_a_password_proves_itself_by_a_sign_in_just_now(accounts: Accounts, clock: SetClock) -> None:
    here = accounts.register("ada@example.org", PASSWORD)
    caller = caller_of(accounts, here)
    accounts.users.change(caller.user_id, lambda profile: profile.model_copy(update={"password_hash": None}))
    accounts.check_password(caller, None)
    clock.pass_(minutes=16)
    with pytest.raises(Forbidden) as refused:
        accounts.check_password(caller, PASSWORD)
    assert refused.value.code == "accounts.sign_in_again"
    with pytest.raises(NotSignedIn):
        accounts.login("ada@example.org", PASSWORD)


def test_sessions_that_ran_out_are_swept(accounts: Accounts, records: Records, clock: SetClock) -> None:
    here = accounts.register("ada@example.org", PASSWORD)
    clock.pass_(days=31)
    there = accounts.login("ada@example.org", PASSWORD)
    accounts.sessions.sweep(there.session.user.id, epoch=0)
    assert is_out(accounts, here)
    assert accounts.caller(there.session.access_token)
