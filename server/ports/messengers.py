"""Telling somebody outside: an e-mail, a call of a web address. Neither raises for what the other side does; the outcome says it.

`delivered` means that the other side said so. Everything else is not delivered, also what it may have got all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

MAX_CALL_S: Final = 10.0
MAX_ANSWER_BYTES: Final = 64 * 1024


@dataclass(frozen=True)
class Outcome:
    """`message` is for the user. `final`: trying again would not help."""

    delivered: bool
    message: str
    final: bool = False


@dataclass(frozen=True)
class Mail:
    """Plain text. `id` is the same at every attempt, so that mail programs can fold two into one."""

    id: str
    to: str
    subject: str
    text: str


class Mailer(Protocol):
    def missing(self) -> list[str]:
        """The names of the settings that are still needed before anything can be sent."""
        ...

    def send(self, mail: Mail) -> Outcome: ...


class WebhookCaller(Protocol):
    """Web addresses are chosen by users, so nobody is led where users have no business: no redirects, and no address of the installation's
    own network unless the operator allows it. Once the name is looked up, a call ends within `MAX_CALL_S` and reads at most
    `MAX_ANSWER_BYTES`, whatever comes."""

    def refusal(self, url: str) -> str | None:
        """Why this address is never called; None when it may be, or when its name does not resolve now."""
        ...

    def call(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """POSTs the body. An answer of 2xx is a delivery."""
        ...
