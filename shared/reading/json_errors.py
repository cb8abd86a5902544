"""Why a text is not JSON, in words that somebody with an editor can act on."""

import json
from typing import Any

_WORDS = {
    "Expecting ',' delimiter": "expected ','",
    "Expecting ':' delimiter": "expected ':'",
    "Expecting value": "expected a value",
    "Expecting property name enclosed in double quotes": "expected a key in double quotes",
    "Illegal trailing comma before end of object": "a comma too many",
    "Illegal trailing comma before end of array": "a comma too many",
    "Unterminated string starting at": "a quote that is never closed",
    "Invalid control character at": "a line break or control character inside quotes",
    "Extra data": "something after the end of the object",
    "Invalid \\escape": "a wrong backslash",
    "Invalid \\uXXXX escape": "a wrong \\u escape",
}


class NotJson(Exception):
    """The text is the reason, such as "expected ',' at column 17"; `offset` counts characters from the beginning, where known."""

    def __init__(self, reason: str, offset: int | None = None) -> None:
        super().__init__(reason)
        self.offset = offset


def _refuse_constant(word: str) -> Any:
    raise NotJson(f"{word} is no JSON number")


DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def decode_at(text: str, position: int) -> tuple[Any, int]:
    """The JSON value at `position` and the position after it. Raises NotJson."""
    try:
        return DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise NotJson(f"{_WORDS.get(error.msg, error.msg.lower())} at column {error.colno}", error.pos) from None
    except RecursionError:
        raise NotJson("nested too deeply") from None
    except ValueError:  # an integer of thousands of digits
        raise NotJson("a number with too many digits") from None


def reason_for(line: str) -> str:
    """Why this one line, which a stricter parser refused, is not JSON."""
    line = line.rstrip()
    start = len(line) - len(line.lstrip())
    try:
        _, end = decode_at(line, start)
    except NotJson as error:
        return str(error)
    rest = line[end:].strip()
    if rest == ",":
        return f"a comma after the end of the object at column {line.index(rest, end) + 1}"
    if rest:
        return f"something after the end of the object at column {line.index(rest, end) + 1}"
    if any("\udc80" <= character <= "\udcff" for character in line):
        return "a byte that is not valid UTF-8"
    return "half of a surrogate pair, such as \\ud83d alone, or values nested too deeply"
