"""Passwords: which are taken, how they are kept, and that a flood of them costs bounded memory."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import extract_parameters

from server.domain.accounts.common_passwords import COMMON_PASSWORDS
from server.domain.accounts.passwords import Passwords, check_new
from server.errors import InvalidInput, Unavailable

EMAIL = "ada@example.org"


def test_the_right_password_is_known_again_and_others_are_not(passwords: Passwords) -> None:
    encoded = passwords.hash("a long pass phrase")
    assert passwords.verify(encoded, "a long pass phrase")
    assert not passwords.verify(encoded, "a long pass phrasE")
    assert not passwords.verify(encoded, "a long pass phrase ")
    assert not passwords.verify(None, "a long pass phrase")


def test_the_same_password_is_never_kept_the_same_twice(passwords: Passwords) -> None:
    assert passwords.hash("a long pass phrase") != passwords.hash("a long pass phrase")


def test_the_parameters_are_those_of_the_recommendation() -> None:
    kept = extract_parameters(Passwords().hash("a long pass phrase"))
    assert (kept.type.name, kept.memory_cost, kept.time_cost, kept.parallelism) == ("ID", 19 * 1024, 2, 1)


def test_every_character_counts_also_beyond_72_bytes(passwords: Passwords) -> None:
    encoded = passwords.hash("x" * 100 + "a")
    assert not passwords.verify(encoded, "x" * 100 + "b")


def test_a_password_is_the_same_from_every_keyboard(passwords: Passwords) -> None:
    composed, decomposed = "un caf\u00e9 cr\u00e8me", "un cafe\u0301 cre\u0300me"
    assert passwords.verify(passwords.hash(composed), decomposed)


@pytest.mark.parametrize(
    "password", ["twelve chars", "correct horse battery", "x" * 126 + "yz", "пароль из слов", "🐍🐢🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵", "ada@example."]
)
def test_long_enough_is_good_enough(password: str) -> None:
    check_new(password, email=EMAIL)


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("", id="empty"),
        pytest.param("eleven char", id="one too few"),
        pytest.param("x" * 126 + "yzz", id="one too many"),
        pytest.param("ada@example.org", id="the address"),
        pytest.param("my ADA@Example.org", id="the address in it"),
        pytest.param("Password1234", id="common"),
        pytest.param("QWERTYuiop12", id="keyboard row"),
        pytest.param("aaaaaaaaaaaaaaa", id="one letter"),
        pytest.param("abababababab", id="two letters"),
    ],
)
def test_what_anybody_would_try_is_refused_by_its_field(password: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_new(password, email=EMAIL)
    assert (refused.value.code, refused.value.param) == ("accounts.weak_password", "password")
    assert password not in refused.value.message or not password


def test_the_length_is_counted_after_normalisation() -> None:
    with pytest.raises(InvalidInput):
        check_new("cafe\u0301 creme!", email=EMAIL)  # 12 code points as typed, 11 as kept


def test_the_common_ones_could_all_be_chosen_otherwise() -> None:
    assert {word for word in COMMON_PASSWORDS if len(word) < 12 or word != word.casefold()} == set()


def test_only_so_many_are_hashed_at_once_and_beyond_a_queue_the_rest_is_sent_away() -> None:
    passwords = Passwords(memory_kib=64 * 1024, passes=3, at_once=1, waiting=2)
    together = threading.Barrier(12)

    def attempt(_: int) -> str:
        together.wait()
        try:
            passwords.hash("a long pass phrase")
        except Unavailable as busy:
            return busy.code
        return "hashed"

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(attempt, range(12)))
    assert set(answers) == {"hashed", "accounts.busy"}
    assert passwords.hash("afterwards there is room again")


def test_a_flood_of_strangers_leaves_places_to_who_has_signed_in_here_before() -> None:
    passwords = Passwords(memory_kib=8, passes=1, at_once=1, waiting=0)
    encoded = passwords.hash("a long pass phrase")
    with passwords._place(), passwords._place(known=True):
        with pytest.raises(Unavailable):
            passwords.verify(encoded, "a long pass phrase")
        assert passwords.verify(encoded, "a long pass phrase", known=True)
    assert passwords.verify(encoded, "a long pass phrase")


def test_hashing_yields_to_everything_else(passwords: Passwords) -> None:
    niceness = passwords._threads.submit(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())).result()
    assert niceness == os.getpriority(os.PRIO_PROCESS, os.getpid()) + 5


def test_an_unknown_address_costs_the_same_work_as_a_wrong_password() -> None:
    passwords = Passwords(memory_kib=32 * 1024, passes=3)
    encoded = passwords.hash("a long pass phrase")

    def seconds(known: str | None) -> float:
        started = time.process_time()
        assert not passwords.verify(known, "not the pass phrase")
        return time.process_time() - started

    known, unknown = (min(seconds(kept) for _ in range(5)) for kept in (encoded, None))
    assert 0.5 < known / unknown < 2
