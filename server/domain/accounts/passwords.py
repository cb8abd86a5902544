"""Passwords: which ones are taken, how they are kept, and how a flood of them is held off. Called by `users.py` alone."""

import os
import sys
import threading
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerificationError

from server.domain.accounts.common_passwords import is_common
from server.errors import InvalidInput, Unavailable
from shared.constants import MAX_PASSWORD_CHARACTERS, MIN_PASSWORD_CHARACTERS

# The first choice of OWASP's password storage guidance for Argon2id: 19 MiB, two passes, one lane. About 25 ms.
_MEMORY_KIB: Final = 19 * 1024
_PASSES: Final = 2
# Half the cores: a flood of sign-ins leaves the other half to everybody who is signed in.
_AT_ONCE: Final = min(4, max(1, (os.cpu_count() or 2) // 2))
# More would wait on the same threads that serve every other request; the server has about 40.
_WAITING: Final = 22
# Beside those, for browsers from which somebody has signed in to this very account before: a flood of strangers cannot take these places.
_KEPT_FREE: Final = 4
# Hashing yields to whatever else wants the processor: a page that polls, a training.
_NICENESS: Final = 5


class Passwords:
    """Hashes with Argon2id, `at_once` at a time: the memory that a flood of sign-ins takes is `at_once` times `memory_kib`.

    On threads of its own: the C library keeps freed memory for the thread that asked for it, so hashing on each of the server's 40 threads
    left 480 MB behind (measured with 300 sign-ins at once; on these threads it is 60).
    """

    def __init__(self, *, memory_kib: int = _MEMORY_KIB, passes: int = _PASSES, at_once: int = _AT_ONCE, waiting: int = _WAITING) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1, type=Type.ID)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="passwords", initializer=_yield_to_others)
        self._present = threading.BoundedSemaphore(at_once + waiting)
        self._present_known = threading.BoundedSemaphore(_KEPT_FREE)

    def hash(self, password: str) -> str:
        """The encoded hash, with its own salt and parameters. Raises `Unavailable` when too many others wait."""
        with self._place():
            return self._threads.submit(self._hasher.hash, _normalised(password)).result()

    def verify(self, encoded: str | None, password: str, *, known: bool = False) -> bool:
        """False, after the same work, when there is no hash to compare with: time must not tell who has an account.

        `known`: asked by a browser that has signed in to the account before. Some places are kept free for those.
        """
        try:
            with self._place(known=known):
                if encoded is None:
                    self._threads.submit(self._hasher.hash, _normalised(password)).result()
                    return False
                return self._threads.submit(self._hasher.verify, encoded, _normalised(password)).result()
        except VerificationError:
            return False

    @contextmanager
    def _place(self, *, known: bool = False) -> Iterator[None]:
        free = next((places for places in self._places(known=known) if places.acquire(blocking=False)), None)
        if free is None:
            raise Unavailable(
                "Too many people are signing in right now. Try again in a few seconds.", code="accounts.busy", retry_after_s=2
            )
        try:
            yield
        finally:
            free.release()

    def _places(self, *, known: bool) -> list[threading.BoundedSemaphore]:
        return [self._present, self._present_known] if known else [self._present]


def _yield_to_others() -> None:
    """Linux gives each thread a niceness of its own; elsewhere this one stays as it is rather than slowing the whole process."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def check_new(password: str, *, email: str, param: str = "password") -> None:
    """Raises `InvalidInput` with `param` for one that nobody should have. Any character counts, blanks too."""
    text = _normalised(password)
    if len(text) < MIN_PASSWORD_CHARACTERS:
        raise _bad(f"The password needs at least {MIN_PASSWORD_CHARACTERS} characters. A few words in a row are easy to remember.", param)
    if len(text) > MAX_PASSWORD_CHARACTERS:
        raise _bad(f"The password has more than {MAX_PASSWORD_CHARACTERS} characters. Choose a shorter one.", param)
    if email in text.casefold():
        raise _bad("The password must not contain your e-mail address. Choose another one.", param)
    if is_common(text):
        raise _bad("This password is among the first that anybody would try. Choose another one.", param)


def _normalised(password: str) -> str:
    # The same keys give different code points on different systems; NFKC makes them one (NIST SP 800-63B, 3.1.1.2).
    return unicodedata.normalize("NFKC", password)


def _bad(message: str, param: str) -> InvalidInput:
    return InvalidInput(message, code="accounts.weak_password", param=param)
