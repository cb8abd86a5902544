"""Every error that this product raises on purpose. No HTTP in here: `web/errors.py` maps classes to statuses.

LlmTunerError
├── InvalidInput          the request is wrong; `param` says where
│   ├── TooLarge          it is bigger than this installation takes
│   └── RefusedFile       a file that cannot be trained on; the details name its lines
├── NotSignedIn           no credentials, or none that hold
├── Forbidden             signed in, and still not allowed (a missing CSRF token)
├── NotFound              no such thing, or somebody else's: the two look the same
├── Conflict              the thing is in a state that does not allow this
├── RateLimited           too many tries; `retry_after_s` says when to come back
├── StorageFull           the disk under the data folder has no room
├── Unavailable           something this installation leans on does not answer now
└── StaleWrite            a record changed under a conditional write (ports; domain code retries or turns it into Conflict)
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Detail:
    """One place of what is wrong: a field by its dotted `param`, or a line or page of a file (`member`: of a file inside a ZIP)."""

    message: str
    param: str | None = None
    line: int | None = None
    page: int | None = None
    member: str | None = None
    fix: str = ""


class LlmTunerError(Exception):
    """`code` is stable and documented in `docs/errors.md`; `message` is for a person and says what to do next."""

    def __init__(
        self,
        message: str,
        *,
        code: str,
        param: str | None = None,
        details: Sequence[Detail] = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.details = tuple(details)
        self.retry_after_s = retry_after_s


class InvalidInput(LlmTunerError):
    pass


class TooLarge(InvalidInput):
    pass


class RefusedFile(InvalidInput):
    pass


class NotSignedIn(LlmTunerError):
    pass


class Forbidden(LlmTunerError):
    pass


class NotFound(LlmTunerError):
    pass


class Conflict(LlmTunerError):
    pass


class RateLimited(LlmTunerError):
    pass


class StorageFull(LlmTunerError):
    pass


class Unavailable(LlmTunerError):
    pass


class StaleWrite(LlmTunerError):
    def __init__(self, key: object) -> None:
        super().__init__("Somebody else changed this at the same moment. Try again.", code="records.stale_write")
        self.key = key
