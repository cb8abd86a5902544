"""What a check finds, and the list of checks. A check is a function of the `Place`; it returns a finding, and what it raises is red."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from server.settings import Settings

Level = Literal["green", "yellow", "red", "skipped"]


@dataclass(frozen=True)
class Place:
    """What is looked at: an installation's settings, and the address where it can be reached, if that is to be looked at, too."""

    settings: Settings
    url: str | None = None


@dataclass(frozen=True)
class Finding:
    """`remedy` says what to do; empty when there is nothing to do."""

    level: Level
    message: str
    remedy: str = ""


Check = Callable[[Place], Finding]
CHECKS: dict[str, Check] = {}


def check(name: str) -> Callable[[Check], Check]:
    def add(function: Check) -> Check:
        CHECKS[name] = function
        return function

    return add


def green(message: str) -> Finding:
    return Finding("green", message)


def yellow(message: str, remedy: str) -> Finding:
    return Finding("yellow", message, remedy)


def red(message: str, remedy: str) -> Finding:
    return Finding("red", message, remedy)


def skipped(message: str) -> Finding:
    return Finding("skipped", message)
