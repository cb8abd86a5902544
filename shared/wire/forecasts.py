"""What a job will take, said before it begins, and what it took."""

from typing import Literal

from shared.constants import Method, Objective
from shared.wire.base import Answer
from shared.wire.settings import Resolved


class ForecastMoney(Answer):
    """`basis` says whose price it is: the operator's, the power's, or that of a rented machine like this one."""

    low: float
    high: float
    per_hour: float
    currency: str
    basis: str


class ForecastChange(Answer):
    """The largest setting that would fit, as a button: `hyperparameters` and `method` go into the request."""

    label: str
    method: Method | None = None
    hyperparameters: dict[str, int] = {}


class Obstacle(Answer):
    """Why the run cannot be made here. A job like this is refused."""

    resource: Literal["memory", "disk"]
    needed_bytes: int
    there_bytes: int
    message: str
    change: ForecastChange | None = None


class Forecast(Answer):
    """What a job request would do. `_low` and `_high` enclose what is likely; a single number is the likeliest.

    Seconds are null until this machine was measured with this base and method, or has run them. `calibration` says where that stands:
    `measured` (also with `busy`: something else kept the machine busy meanwhile), `measuring` (ask again in some seconds), `waiting` (until
    nothing trains), `impossible` (its model is not here yet, say).
    """

    object: Literal["forecast"] = "forecast"
    method: Method
    objective: Objective = "supervised"
    resolved: dict[str, Resolved]
    num_examples: int
    num_training_tokens: int
    num_training_tokens_low: int = 0
    num_training_tokens_high: int = 0
    num_steps: int
    num_steps_low: int = 0
    num_steps_high: int = 0
    counted: bool = False
    """The tokens were counted by a look at the data; otherwise they are estimated from its characters."""
    seconds: float | None = None
    seconds_low: float | None
    seconds_high: float | None
    parts: dict[Literal["start", "prepare", "generate", "train", "validate", "checkpoints", "export"], float] = {}
    """Seconds of each stage, where they are known."""
    memory_bytes: int
    memory_low_bytes: int = 0
    memory_high_bytes: int = 0
    disk_bytes: int
    """What it leaves. On the way it needs `room_bytes`."""
    disk_low_bytes: int = 0
    disk_high_bytes: int = 0
    room_bytes: int = 0
    money: ForecastMoney | None = None
    calibration: Literal["measured", "measuring", "waiting", "impossible"] = "impossible"
    busy: bool = False
    basis: str
    obstacle: Obstacle | None = None


class Spent(Answer):
    """What a job took. Seconds are those in which it ran, pauses left out; disk is what it left."""

    num_steps: int
    num_tokens: int
    seconds: float
    memory_bytes: int
    disk_bytes: int
    money: float | None = None


class ForecastLine(Answer):
    """What was said before the run against what came. `low` and `high` are equal where one number was said; `expected` is what the run
    itself says while it goes on. Money is in `currency`."""

    name: Literal["steps", "tokens", "seconds", "memory_bytes", "disk_bytes", "money"]
    title: str
    low: float | None
    high: float | None
    actual: float | None
    expected: float | None = None
    currency: str | None = None
    words: str
