"""The format of what the records hold: its number stands in the store itself, and every server looks at it before it does anything.

The number rises when a document changes so that an older version of the product would misread it, or lose what it does not know. A new
field with a default needs no new number. The layout of an adapter's own tables is that adapter's matter.

To raise it: add the step to `STEPS`, which makes `VERSION` one more. A step may be cut at any point and run again, so each of its writes
must leave what it has done already as it is.
"""

from collections.abc import Callable, Sequence
from typing import Final

from server.domain import keys
from server.ports.records import ABSENT, Put, Records

Step = Callable[[Records], None]

STEPS: Final[Sequence[Step]] = ()
"""`STEPS[n]` brings the documents from format n + 1 to n + 2."""
VERSION: Final = 1 + len(STEPS)


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
