"""What both AWS adapters share: a client that gives up in time, one bounded retry loop, and vendor errors in the product's words.

The library's own retries are off: only a loop that sees every attempt can tell "refused" from "applied, and then the line was cut".
"""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)

from server.errors import LlmTunerError, Unavailable
from server.ports.patience import PATIENCE, Patience

T = TypeVar("T")

GIVE_UP_S: Final = 6.0
"""No attempt begins that could not connect before failures have cost so much. With the last one's own time-outs a caller hears within
ten seconds."""
_CONNECT_S: Final = 2.0
_READ_S: Final = 3.0
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 1.0

_BUSY: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "ThrottledException",
        "Throttling",
        "ThrottlingError",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
        "TooManyRequestsException",
        "TransactionInProgressException",
        "TransactionConflictException",
        "LimitExceededException",
        "OperationAborted",
    }
)
_DENIED: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "ExpiredToken",
        "ExpiredTokenException",
        "MissingAuthenticationTokenException",
        "IncompleteSignature",
        "InvalidToken",
        "AllAccessDisabled",
        "403",  # All that a HEAD says.
    }
)
_WRONG_REGION: Final = frozenset({"PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "301", "307"})
_NOT_IMPLEMENTED: Final = 501
_WRONG_CLOCK: Final = frozenset({"RequestTimeTooSkewed", "RequestExpired"})
# Nothing was sent: the attempt cannot have been applied.
_NEVER_SENT: Final = (EndpointConnectionError, ConnectTimeoutError)


def client(service: str, **options: Any) -> Any:
    """A client over the standard AWS variables (credentials, region, endpoints). Raises `Unavailable` when the region is missing."""
    config = Config(
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        retries={"total_max_attempts": 1},
        max_pool_connections=50,
        **options,
    )
    try:
        # The library itself reads only AWS_DEFAULT_REGION; AWS sets AWS_REGION on its own machines.
        return boto3.session.Session(region_name=os.environ.get("AWS_REGION")).client(service, config=config)
    except NoRegionError as error:
        raise _not_set_up("No AWS region is set. Set AWS_REGION to the one of your table and bucket.") from error
    except BotoCoreError as error:
        raise _not_set_up(f"The AWS settings cannot be used: {error}.") from error


@dataclass
class Attempt:
    """The try that is being made. `ambiguous`: an earlier one may have been applied, although no answer came."""

    number: int = 1
    ambiguous: bool = False


def persistently(call: Callable[[Attempt], T], *, clock: Callable[[], float] = time.monotonic) -> T:
    """Calls until it succeeds, is refused, or failures have cost `GIVE_UP_S`: those of this call, or those of all calls of the request
    that it serves. Pauses grow and are random: many callers do not come back as one.

    Raises what `call` raises, vendor errors as `Unavailable`.
    """
    patience = PATIENCE.get() or Patience()
    attempt = Attempt()
    while True:
        began = clock()
        try:
            return call(attempt)
        except (ClientError, BotoCoreError) as error:
            if not is_passing(error):
                raise meaning(error) from error
            attempt.ambiguous = attempt.ambiguous or may_be_applied(error)
            pause = random.uniform(0, min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**attempt.number))
            patience.spent_s += clock() - began + pause
            if patience.spent_s + _CONNECT_S > GIVE_UP_S:
                raise meaning(error) from error
            time.sleep(pause)
            attempt.number += 1


def code_of(error: Exception) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def status_of(error: Exception) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) if isinstance(error, ClientError) else 0


def is_passing(error: Exception) -> bool:
    """Trying again may help."""
    if isinstance(error, ClientError):
        return code_of(error) in _BUSY or status_of(error) == 429 or status_of(error) >= 500 and status_of(error) != _NOT_IMPLEMENTED
    return not isinstance(error, NoCredentialsError | PartialCredentialsError | NoRegionError)


def may_be_applied(error: Exception) -> bool:
    """The request may have done its work although this is what came back."""
    if isinstance(error, ClientError):
        return status_of(error) >= 500
    return not isinstance(error, _NEVER_SENT)


def meaning(error: Exception) -> LlmTunerError:
    """The vendor's error in the product's words. No address, no key and no account number of the installation is repeated."""
    code = code_of(error)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return _not_set_up("No AWS credentials were found. Give the server a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
    if code in _DENIED:
        return _not_set_up(
            "AWS refused this server's credentials or permissions. `scripts/create_tables.py --policy` prints what it needs."
        )
    if code in _WRONG_REGION:
        return _not_set_up("The S3 bucket is in another region than the one that is set. Set AWS_REGION to the bucket's.")
    if code in _WRONG_CLOCK:
        return _not_set_up("AWS refused the request because this machine's clock is wrong. Set it, and keep it right with NTP.")
    if code == "ResourceNotFoundException":
        return _not_set_up(
            "The DynamoDB table does not exist in this region. Run `scripts/create_tables.py`, or correct LLM_TUNER_AWS_TABLE "
            "or AWS_REGION."
        )
    if code == "NoSuchBucket":
        return _not_set_up("The S3 bucket does not exist. Run `scripts/create_tables.py`, or correct LLM_TUNER_AWS_BUCKET.")
    return Unavailable(
        "The store of this installation does not answer now. Try again in a moment.", code="aws.unavailable", retry_after_s=2
    )


def _not_set_up(message: str) -> Unavailable:
    return Unavailable(message, code="aws.not_set_up")
