"""The child that reads: whatever kills it, an answer comes."""

import os
import signal
import time

import pytest

from shared.reading import watching


def test_what_the_child_returns_is_the_answer() -> None:
    assert watching.answer_of(lambda: b"x" * 1_000_000, 0) == b"x" * 1_000_000


@pytest.mark.parametrize("death", [signal.SIGTRAP, signal.SIGKILL])
def test_a_child_that_dies_is_told_in_words(death: signal.Signals) -> None:
    message, fix = watching.answer_of(lambda: os.kill(os.getpid(), death) or b"", 0)
    assert message.startswith("This file cannot be read: it takes too much memory, or is damaged")
    assert fix


def test_a_child_that_takes_all_memory_is_told_in_words() -> None:
    answer = watching.answer_of(lambda: b"x" * (2 << 30), 0)
    assert isinstance(answer, tuple)


def test_a_child_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "BASE_S", 0.3)
    started = time.monotonic()
    answer = watching.answer_of(lambda: time.sleep(60) or b"", 0)
    assert time.monotonic() - started < 5
    assert isinstance(answer, tuple)
    assert "longer than the" in answer[0]
