"""The four normal forms of an example, and what readers say where they cannot make one.

Nothing here knows about files, or about the many spellings that rows come in: those are `shaping`, `conversations` and `preferences`.
"""

from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict, final

from shared.constants import Shape


@final
class TextExample(TypedDict):
    text: str


@final
class PairExample(TypedDict):
    prompt: str
    completion: str


class Message(TypedDict):
    role: Literal["system", "user", "assistant"]
    content: str
    weight: NotRequired[Literal[0, 1]]
    """Only on assistant messages: 0 means that the model reads it but does not learn it."""


@final
class MessagesExample(TypedDict):
    messages: list[Message]


@final
class PreferenceExample(TypedDict):
    """Two answers to the same conversation. `messages` ends before them."""

    messages: list[Message]
    preferred: str
    rejected: str


Example = TextExample | PairExample | MessagesExample | PreferenceExample


@dataclass(frozen=True)
class ReadProblem:
    """What a reader noticed. A file with a fatal problem is refused as a whole; the others are warnings.

    `line` counts from 1 (rows, in a Parquet table), `page` too; `member` is the file inside a ZIP. `message` names the place in words
    and is a sentence of its own; `fix` is what to do about it. A `skippable` one costs only its row, page or member when
    `leave_out_bad` is asked for.
    """

    line: int | None
    message: str
    fatal: bool
    fix: str = ""
    page: int | None = None
    member: str | None = None
    skippable: bool = False

    @property
    def told(self) -> str:
        """What is wrong and what to do, as one text."""
        return f"{self.message} {self.fix}".rstrip()


class RowRefused(Exception):
    """This row cannot become an example. The text says why and `fix` what to do, without naming the line."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


class RowEmpty(Exception):
    """This row is well made but holds no text to learn from."""


def shape_of(example: Example) -> Shape:
    if "messages" in example:
        return "preference" if "preferred" in example else "messages"
    return "text" if "text" in example else "prompt_completion"


def characters_of(example: Example) -> int:
    return sum(map(len, strings_of(example)))


def strings_of(example: Example) -> list[str]:
    if "messages" in example:
        spoken = [message["content"] for message in example["messages"]]
        return [*spoken, example["preferred"], example["rejected"]] if "preferred" in example else spoken
    return [example["text"]] if "text" in example else [example["prompt"], example["completion"]]


def quoted(name: str) -> str:
    """A name from a file, fit for a message: short, in one line, and made of characters that can be sent."""
    short = name if len(name) <= 40 else f"{name[:40]}…"
    return '"' + "".join(character if character.isprintable() else "\ufffd" for character in short) + '"'


def named(names: list[str], most: int = 8) -> str:
    """The first of these names, for a message."""
    shown = ", ".join(map(quoted, names[:most])) or "none"
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def kind_of(value: Any) -> str:
    """A JSON value's kind in words; numbers with their value."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float():
            return f"the number {value}"
        case int():
            return f"the number {value}" if abs(value) < 10**20 else "a very large number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"
