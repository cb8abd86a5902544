"""JSON in an answer, and what a schema or a pattern says to it. Both are of users' making, so both are bounded: patterns run in linear
time or give up after some thousand steps, take no more memory than is set here, and nothing that a schema refers to is fetched.
"""

import json
import re
from typing import Any, Final, NoReturn

_FENCED = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)
_OPENING = re.compile(r"[{\[]")
_MOST_BEGINNINGS = 50
_MOST_STEPS: Final = 200_000
_MOST_BYTES: Final = 4 << 20


class NotJson(ValueError):
    """There is no JSON in the answer."""


class TooMuchWork(Exception):
    """The pattern takes too long on this text."""


def json_in(answer: str) -> Any:
    """The answer as JSON: all of it, else the first code fence that is, else the first object or list in it. Raises `NotJson`."""
    for text in (answer, *_FENCED.findall(answer)):
        try:
            return json.loads(text, parse_constant=_refused)
        except (ValueError, RecursionError):
            continue
    decoder = json.JSONDecoder(parse_constant=_refused)
    for number, begin in enumerate(_OPENING.finditer(answer)):
        if number == _MOST_BEGINNINGS:
            break
        try:
            return decoder.raw_decode(answer, begin.start())[0]
        except (ValueError, RecursionError):
            continue
    raise NotJson


def schema_problem(schema: dict[str, Any]) -> str | None:
    """What is wrong with a schema, for a person; None when it can be used."""
    import jsonschema_rs

    try:
        _validator(schema)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        return str(error).partition("\n")[0][:300]
    return None


def accepts(schema: dict[str, Any], value: Any) -> bool:
    """Raises `TooMuchWork`."""
    return not _errors(schema, value)


def pattern_problem(pattern: str) -> str | None:
    return None if schema_problem({"pattern": pattern}) is None else "It is no regular expression, or too large a one."


def matches(pattern: str, text: str, *, ignore_case: bool) -> bool:
    """Whether the pattern (in the dialect of JSON Schema, which is JavaScript's) is found in the text. Raises `TooMuchWork`."""
    return not _errors({"pattern": f"(?i){pattern}" if ignore_case else pattern}, text)


def _errors(schema: dict[str, Any], value: Any) -> list[Any]:
    errors = list(_validator(schema).iter_errors(value))
    if any(type(error.kind).__name__.endswith("BacktrackLimitExceeded") for error in errors):
        raise TooMuchWork
    return errors


def _validator(schema: dict[str, Any]) -> Any:
    import jsonschema_rs

    bounded = jsonschema_rs.FancyRegexOptions(backtrack_limit=_MOST_STEPS, size_limit=_MOST_BYTES, dfa_size_limit=_MOST_BYTES)
    return jsonschema_rs.validator_for(schema, pattern_options=bounded, offline=True)


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
