"""Whether the model hub answers. Looked up in the background of a short wait, and remembered for a minute."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from typing import Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

_REMEMBER_S: Final = 60.0
_WAIT_S: Final = 2.0


class HubProbe:
    def __init__(self, url: str) -> None:
        self._url = url
        self._pool = ThreadPoolExecutor(1, "hub-probe")
        self._lock = threading.Lock()
        self._asked: Future[bool] | None = None
        self._asked_at = 0.0

    def __call__(self) -> bool:
        """True when it answered anything at all lately. Waits at most two seconds for a first answer."""
        with self._lock:
            if self._asked is None or (self._asked.done() and time.monotonic() - self._asked_at > _REMEMBER_S):
                self._asked = self._pool.submit(_answers, self._url)
                self._asked_at = time.monotonic()
            asked = self._asked
        try:
            return asked.result(timeout=_WAIT_S)
        except TookTooLong:
            return False


def _answers(url: str) -> bool:
    try:
        with urlopen(Request(url, method="HEAD"), timeout=5):  # noqa: S310 - the address is the operator's setting
            return True
    except HTTPError:
        return True
    except (OSError, ValueError):
        return False
