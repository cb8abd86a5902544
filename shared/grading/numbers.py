"""The number that an answer comes to, however it is written: 1,234.5 and 1.234,5 and 1 234,5, -3, 6e-2, ٣, 50 %, 7 out of 10."""

import re
import unicodedata
from typing import Final

_SPACES: Final = "\u00a0\u2007\u2009\u202f"
"""Narrow and hard spaces, which only ever stand inside of a number to part its thousands."""
_BODY: Final = r"\d+(?:[.,'’]\d+)*"
_NUMBER = re.compile(rf"(?<![\w.,])(?P<sign>[-+\u2212]?)(?P<body>{_BODY}|\.\d+)(?P<power>[eE][-+]?\d{{1,3}})?(?![\w])")
_GROUPS = re.compile(r"\d{1,3}(?:([.,'’])\d{3})(?:\1\d{3})*")
_OUT_OF = re.compile(rf"\s*(?:/|out\s+of|of|von|sur|de)\s*{_BODY}", re.IGNORECASE)
_HARD_SPACE_IN_NUMBER = re.compile(rf"(?<=\d)[{_SPACES}](?=\d{{3}}(?!\d))")


def last_number(text: str) -> float | None:
    """The last number of the text, without its unit. In "7/10" and "7 out of 10" it is 7: what follows is the most that is possible."""
    text = unicodedata.normalize("NFKC", _HARD_SPACE_IN_NUMBER.sub("", text))
    found: float | None = None
    end_of_limit = -1
    for match in _NUMBER.finditer(text):
        if match.start() < end_of_limit or (value := _value(match)) is None:
            continue
        found = value
        limit = _OUT_OF.match(text, match.end())
        end_of_limit = limit.end() if limit else -1
    return found


def _value(match: re.Match[str]) -> float | None:
    body = _plain_digits(match["body"])
    if body is None:
        return None
    sign = "-" if match["sign"] in ("-", "\u2212") else ""
    return float(f"{sign}{body}{match['power'] or ''}")


def _plain_digits(body: str) -> str | None:
    """Digits with at most one decimal point; None for what is no number (1.2.3)."""
    marks = set(re.findall(r"[.,'’]", body))
    if len(marks) == 2:
        decimal = max(marks, key=body.rfind)
        whole, _, fraction = body.rpartition(decimal)
        return f"{_without_marks(whole)}.{fraction}" if decimal not in whole and _GROUPS.fullmatch(whole) else None
    if not marks:
        return body
    mark = marks.pop()
    if mark == "." and body.count(".") == 1:
        return body
    if _GROUPS.fullmatch(body):
        return _without_marks(body)
    return body.replace(",", ".") if mark == "," and body.count(",") == 1 else None


def _without_marks(digits: str) -> str:
    return re.sub(r"[.,'’]", "", digits)
