"""The three normal forms of an example, what readers yield beside them, and how a row with its many known key names becomes one.

Nothing here knows about files: a row is what JSON or CSV gave, an example is what training wants.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict, final

from shared.constants import MAX_EXAMPLE_CHARACTERS, Shape


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


Example = TextExample | PairExample | MessagesExample


@dataclass(frozen=True)
class ReadProblem:
    """What a reader noticed. `line` counts from 1. A file with a fatal problem is refused as a whole; the others are warnings."""

    line: int | None
    message: str
    fatal: bool


class RowRefused(Exception):
    """This row cannot become an example. The text says why and what to do, without naming the line."""


class RowEmpty(Exception):
    """This row is well made but holds no text to learn from."""


PAIRS = (("prompt", "completion"), ("question", "answer"), ("instruction", "output"), ("input", "output"))
"""Names of a prompt and its completion, the best known first. An `instruction` may come with an `input`."""

MAX_MESSAGES = 1_000
"""In one conversation. Every reply is rendered with all that stands before it, so the work grows with the square."""

UNDERSTOOD = (
    '"text", "prompt" and "completion", "question" and "answer", "instruction" (with or without "input") and "output", "input" and "output"'
)

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
}


def shape_of(example: Example) -> Shape:
    if "messages" in example:
        return "messages"
    return "text" if "text" in example else "prompt_completion"


def characters_of(example: Example) -> int:
    return sum(map(len, _strings(example)))


def pair_in(names: Iterable[str]) -> tuple[str, str] | None:
    """The first known pair of names that is there as a whole."""
    names = set(names)
    return next((pair for pair in PAIRS if names.issuperset(pair)), None)


def normalise(row: dict[str, Any]) -> Example:
    """The row as an example. Raises RowRefused or RowEmpty."""
    example = _shaped(row)
    if not all(map(_encodable, _strings(example))):
        raise RowRefused("The text holds half of a surrogate pair (such as \\ud83d alone), which is no character. Remove or mend it.")
    if (length := characters_of(example)) > MAX_EXAMPLE_CHARACTERS:
        raise RowRefused(f"The example has {length:,} characters; at most {MAX_EXAMPLE_CHARACTERS:,} fit. Split it into several.")
    return example


def _shaped(row: dict[str, Any]) -> Example:
    for key in ("messages", "conversations"):
        if key in row:
            return {"messages": _messages(row[key], key)}
    if pair := pair_in(row):
        return _pair(row, *pair)
    if "text" in row:
        return {"text": _filled(row["text"], "text")}
    found = ", ".join(map(quoted, list(row)[:8])) or "none"
    raise RowRefused(f'No known keys (found: {found}). Use "messages", {UNDERSTOOD}.')


def _pair(row: dict[str, Any], prompt_key: str, completion_key: str) -> PairExample:
    prompt = _filled(row[prompt_key], prompt_key)
    completion = _filled(row[completion_key], completion_key)
    if prompt_key == "instruction" and row.get("input") is not None:
        extra = _string(row["input"], "input")
        prompt = f"{prompt}\n\n{extra}" if extra.strip() else prompt
    return {"prompt": prompt, "completion": completion}


def _messages(value: Any, key: str) -> list[Message]:
    if not isinstance(value, list):
        raise RowRefused(f'"{key}" must be a list of messages, not {kind_of(value)}.')
    if len(value) > MAX_MESSAGES:
        raise RowRefused(f'"{key}" has {len(value):,} messages; at most {MAX_MESSAGES:,} fit. Split the conversation.')
    messages = [_message(item, f"{key}[{index}]") for index, item in enumerate(value)]
    replies = [message for message in messages if message["role"] == "assistant"]
    if not replies:
        raise RowRefused(f'"{key}" has no message of the role "assistant", so there is nothing to learn. Add one or remove the row.')
    if not any(reply["content"].strip() for reply in replies):
        raise RowEmpty('Every message of the role "assistant" is empty')
    return messages


def _message(item: Any, where: str) -> Message:
    """Both spellings: role and content, and ShareGPT's from and value."""
    if not isinstance(item, dict):
        raise RowRefused(f'{where} must be an object with "role" and "content", not {kind_of(item)}.')
    role_key, content_key = ("from", "value") if "from" in item and "role" not in item else ("role", "content")
    for key in (role_key, content_key):
        if key not in item:
            raise RowRefused(f'{where} has no "{key}". Every message needs "role" and "content".')
    spoken = _string(item[role_key], f"{where}.{role_key}")
    if spoken not in ROLES:
        raise RowRefused(f'{where} has the role {quoted(spoken)}. Known roles are "system", "user" and "assistant".')
    message: Message = {"role": ROLES[spoken], "content": _string(item[content_key], f"{where}.{content_key}")}  # type: ignore[typeddict-item]
    if message["role"] == "assistant" and item.get("weight") is not None:
        message["weight"] = _weight(item["weight"], f"{where}.weight")
    return message


def _weight(value: Any, where: str) -> Literal[0, 1]:
    if isinstance(value, bool) or value not in (0, 1):
        raise RowRefused(f"{where} must be 0 (read only) or 1 (learn), not {kind_of(value)}.")
    return 1 if value else 0


def _filled(value: Any, name: str) -> str:
    text = _string(value, name)
    if not text.strip():
        raise RowEmpty(f'"{name}" is empty')
    return text


def _string(value: Any, name: str) -> str:
    if isinstance(value, str):
        return value
    remedy = "Give it a text or remove the row." if value is None else "Put it in double quotes." if _plain(value) else "Make it one text."
    raise RowRefused(f'"{name}" must be a text, not {kind_of(value)}. {remedy}')


def _plain(value: Any) -> bool:
    return isinstance(value, bool | int | float)


def quoted(name: str) -> str:
    """A name from a file, fit for a message: short, in one line, and made of characters that can be sent."""
    short = name if len(name) <= 40 else f"{name[:40]}…"
    return '"' + "".join(character if character.isprintable() else "\ufffd" for character in short) + '"'


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


def _encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _strings(example: Example) -> list[str]:
    if "messages" in example:
        return [message["content"] for message in example["messages"]]
    return [example["text"]] if "text" in example else [example["prompt"], example["completion"]]
