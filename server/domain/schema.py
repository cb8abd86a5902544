"""The format of what the records hold: its number stands in the store itself, and every server looks at it before it does anything.

The number rises when a document changes so that an older version of the product would misread it, or lose what it does not know. A new
field with a default needs no new number. The layout of an adapter's own tables is that adapter's matter.

To raise it: add the step to `STEPS`, which makes `VERSION` one more. A step may be cut at any point and run again, so each of its writes
must leave what it has done already as it is.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Final

from server.domain import keys
from server.errors import StaleWrite, Unavailable
from server.ports.records import ABSENT, Change, Key, Page, Put, Record, Records

Step = Callable[[Records], None]

STEPS: Final[Sequence[Step]] = ()
"""`STEPS[n]` brings the documents from format n + 1 to n + 2."""
VERSION: Final = 1 + len(STEPS)
_WAIT_S: Final = 1.0


class NewerStore(ValueError):
    """The records were written by a version of the product that knows more than this one."""


def bring_up_to_date(records: Records, *, product: str, steps: Sequence[Step] = STEPS) -> int:
    """Upgrades an older store, marks a new one, and leaves one of this format alone. How many steps were made; `product` is our version.

    Raises `NewerStore`, and has changed nothing then. Of two servers that upgrade at once, one gets a `StaleWrite` at the latest.
    """
    wanted = 1 + len(steps)
    record = records.get(keys.schema())
    # Stores from before the number existed are of the first format; on an empty one no step finds anything to do.
    found, version = (1, ABSENT) if record is None else (int(record.data["version"]), record.version)
    if found > wanted:
        writer = record.data.get("written_by", "?") if record is not None else "?"
        raise NewerStore(
            f"its records were written by LLM Tuner {writer} in format {found}, and this is {product}, which knows format {wanted}. "
            "Start that version or a newer one, or restore a backup from before the upgrade"
        )
    if version == ABSENT:
        version = _mark(records, found, product, version)
    for step in steps[found - 1 :]:
        step(records)
        found += 1
        version = _mark(records, found, product, version)
    return wanted - (1 if record is None else int(record.data["version"]))


def _mark(records: Records, number: int, product: str, version: int) -> int:
    """The version of the mark itself, for the next one to expect."""
    records.write(Put(keys.schema(), {"version": number, "written_by": product}, version))
    return version + 1


class CheckedLate:
    """Records of a store that did not answer when the server started. Its format is looked at before the first thing that is asked of it,
    and nothing is read or written as long as that cannot be done, or when it is newer than ours."""

    def __init__(self, records: Records, *, product: str, steps: Sequence[Step] = STEPS) -> None:
        self._records = records
        self._product = product
        self._steps = steps
        self._lock = threading.Lock()
        self._checked = False

    def get(self, key: Key) -> Record | None:
        self._check()
        return self._records.get(key)

    def page(self, partition: str, *, prefix: str = "", after: str | None = None, limit: int = 100, newest_first: bool = False) -> Page:
        self._check()
        return self._records.page(partition, prefix=prefix, after=after, limit=limit, newest_first=newest_first)

    def write(self, *changes: Change) -> None:
        self._check()
        self._records.write(*changes)

    def close(self) -> None:
        self._records.close()

    def _check(self) -> None:
        """Raises `Unavailable`."""
        if self._checked:
            return
        # One looks for all. A store that does not answer takes its time to say so, and the others must not wait for that one after another.
        if not self._lock.acquire(timeout=_WAIT_S):
            raise _being_upgraded()
        try:
            if not self._checked:
                bring_up_to_date(self._records, product=self._product, steps=self._steps)
                self._checked = True
        except NewerStore as error:
            raise Unavailable(f"This installation cannot be used: {error}.", code="records.newer_format") from error
        except StaleWrite as error:
            raise _being_upgraded() from error  # By another server; whoever comes next finds it done.
        finally:
            self._lock.release()


def _being_upgraded() -> Unavailable:
    message = "The records are being looked at, or brought up to date. Try again in a moment."
    return Unavailable(message, code="records.upgrading", retry_after_s=2)
