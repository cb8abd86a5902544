"""A setting that was left at "auto", settled."""

from shared.wire.base import Answer


class Resolved(Answer):
    """The value a run uses, and one line of why."""

    value: float | int | str
    reason: str
