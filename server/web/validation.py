"""Requests that do not fit their model, in plain words: "batch_size must be at least 1", and which field that is."""

from collections.abc import Iterable
from typing import Any, Final

from fastapi.exceptions import RequestValidationError

from shared.wire import ErrorDetail

_MAX_PARAM_CHARACTERS: Final = 200
_MISSING: Final = "missing"

# What pydantic calls it -> what we say; the names in braces are pydantic's own.
_WORDS: Final = {
    _MISSING: "is missing",
    "extra_forbidden": "is not a field of this request",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be a number, not NaN and not infinite",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of a usual size",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "string_unicode": "must be text in Unicode",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "literal_error": "must be {expected}",
}


def problems(error: RequestValidationError) -> list[ErrorDetail]:
    """One for each field, in the order of the request; never empty."""
    by_param: dict[str | None, list[str]] = {}
    for found in error.errors():
        by_param.setdefault(_param(found, error.body), []).append(_words(found))
    return [ErrorDetail(message=f"{_subject(param)} {_either(words)}.", param=param) for param, words in by_param.items()]


def _subject(param: str | None) -> str:
    return "The body of the request" if param is None else param


def _words(found: dict[str, Any]) -> str:
    kind, context = found["type"], found.get("ctx", {})
    if kind == "json_invalid":
        return f"is not valid JSON: something is wrong at character {found['loc'][-1]}"
    if kind == "value_error":
        return f"is not right: {context.get('error', found['msg'])}"
    if kind in {"string_too_short", "too_short"} and context.get("min_length") == 1:
        return "must not be empty"
    if kind not in _WORDS:
        return f"is not right: {found['msg']}"
    return _WORDS[kind].format_map({name: _plain(value) for name, value in context.items()})


def _plain(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _either(words: Iterable[str]) -> str:
    """A field that may be one of several things breaks a rule of each: "must be at least 1, or 'auto'"."""
    first, *others = dict.fromkeys(words)
    return ", or ".join([first, *(other.removeprefix("must be ") for other in others)])


def _param(found: dict[str, Any], body: Any) -> str | None:
    """The dotted path of the field. Pydantic's path has "body" before it, and the tried branch of a union after it; both are dropped."""
    place, *path = found["loc"]
    if place == "body" and found["type"] == "json_invalid":
        return None
    if place == "body" and isinstance(body, dict):
        path = _existing(path, body, named_last=found["type"] == _MISSING)
    text = ".".join(str(part) for part in path)[:_MAX_PARAM_CHARACTERS]
    # The name of an unknown field is the sender's own and may be no text that can be sent back.
    return text.encode("utf-8", "replace").decode() or None


def _existing(path: list[Any], body: Any, *, named_last: bool) -> list[Any]:
    """The parts of `path` that are places in the body; the last one may be missing there when that is the complaint."""
    known: list[Any] = []
    for index, part in enumerate(path):
        try:
            body = body[part]
        except (LookupError, TypeError):
            if not (named_last and index == len(path) - 1):
                continue
        known.append(part)
    return known
