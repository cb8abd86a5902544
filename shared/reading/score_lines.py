"""What a line of a guide says of scores: "Score: 7/10" by itself, a score behind a text, the label before an example, a remark. Pure.

English. Better to miss a score than to take a page number or a rubric's weight for one: a score has a word before it and a most after it.
"""

import re
from typing import Final, NamedTuple

_WORD: Final = (
    r"(?:(?:total|overall|final|teacher'?s?)\s+)?(?:score|marks?|grade|points?|rating|total)"
    r"(?:\s+(?:awarded|given|earned|achieved|obtained))?"
)
_NUMBER: Final = r"\d{1,4}(?:[.,]\d{1,2})?"
_OF: Final = rf"(?P<score>{_NUMBER})\s*(?:/|out\s+of|of)\s*(?P<out_of>{_NUMBER})|(?P<percent>{_NUMBER})\s*%"
_UNIT: Final = r"(?:\s*(?:points?|marks?|pts\.?))?"
_ENDS: Final = r"[\s.*_)\]]*"
_ALONE = re.compile(rf"[\s*_>#\-•([]*(?P<word>{_WORD})[\s*_]*[:=–—-]?[\s*_]*(?:{_OF}){_UNIT}{_ENDS}", re.IGNORECASE)
_BARE = re.compile(rf"[\s*_>#\-•]*(?P<word>score|grade|rating)[\s*_]*[:=][\s*_]*(?P<score>{_NUMBER})[\s.*_]*", re.IGNORECASE)
_BEHIND = (
    re.compile(rf"\s*[\[(]\s*(?P<word>{_WORD})\s*[:=]?\s*(?:{_OF}){_UNIT}\s*[\])]{_ENDS}$", re.IGNORECASE),
    re.compile(rf"\s*[–—-]\s*(?P<word>{_WORD})\s*[:=]\s*(?:{_OF}){_UNIT}{_ENDS}$", re.IGNORECASE),
    re.compile(rf"(?<=[.!?\"”’'])\s+(?P<word>{_WORD})\s*[:=]\s*(?:{_OF}){_UNIT}{_ENDS}$", re.IGNORECASE),
)
_IN_LABEL = re.compile(rf"\s*[:(\[–—-]*\s*(?:(?P<word>{_WORD})\s*[:=]?\s*)?(?:{_OF}){_UNIT}{_ENDS}$", re.IGNORECASE)
_LABEL = re.compile(
    r"[\s*_#>]*(?P<word>(?:(?:graded|marked|scored|model|sample|student'?s?)\s+)?"
    r"(?:example|sample|submission|answer|essay|response|entry|piece|script|report))"
    r"(?P<number>\s+(?:no\.?\s*)?(?:\d{1,4}|[A-Z]))?(?P<tail>[\s*_]*(?:[:.)(\[–—-].*)?)$",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"[\s*_>\-•]*(?:comments?|feedback|remarks?|reasons?|why|justification|rationale|explanation|notes?)[\s*_]*:", re.IGNORECASE
)
_HEADING = re.compile(r"\s{0,3}#{1,6}\s")
_BULLET = re.compile(r"\s*(?:[-*•–]|\(?\d{1,3}[.)])\s+")


class Found(NamedTuple):
    """`out_of` is None for a score that does not say what the most is; `total` is one that sums up others."""

    score: float
    out_of: float | None
    total: bool = False


def score_alone(line: str) -> Found | None:
    """The line is a score and nothing else."""
    return _found(_ALONE.fullmatch(line))


def bare_score(line: str) -> float | None:
    """The line is a score that does not say what the most is: "Score: 7"."""
    match = _BARE.fullmatch(line)
    return _number(match["score"]) if match else None


def score_behind(text: str) -> tuple[str, Found] | None:
    """A text with its score behind it: "... (Score: 3/5)", "... - Marks: 3 of 5", "... end of sentence. Score: 3/5"."""
    for pattern in _BEHIND:
        match = pattern.search(text)
        found = _found(match)
        if match and found and text[: match.start()].strip():
            return text[: match.start()].strip(), found
    return None


def label(line: str) -> tuple[str, Found | None] | None:
    """What stands behind a label that opens an example ("Example 3:", "Answer: ..."), and the score in it ("Example 3 (7/10)")."""
    match = _LABEL.fullmatch(line)
    if match is None:
        return None
    tail = match["tail"].strip(" \t*_")
    if not match["number"] and not tail.startswith((":", "(", "[")):
        return None
    scored = _IN_LABEL.fullmatch(tail) if tail else None
    if scored is not None and (found := _found(scored)):
        return "", found
    return tail.lstrip(":.)–—- ").strip(" *_"), None


def is_remark(line: str) -> bool:
    return bool(_REMARK.match(line))


def is_heading(line: str) -> bool:
    return bool(_HEADING.match(line))


def without_bullet(text: str) -> str:
    return _BULLET.sub("", text, count=1)


def is_bullet(line: str) -> bool:
    return bool(_BULLET.match(line))


def value(cell: str, most: float | None) -> Found | None:
    """A cell of a score column: 7, 7/10, 7 out of 10, 70 %."""
    match = re.fullmatch(rf"\s*(?:{_OF}){_UNIT}\s*", cell, re.IGNORECASE)
    if match:
        return _found(match)
    plain = re.fullmatch(rf"\s*({_NUMBER}){_UNIT}\s*", cell, re.IGNORECASE)
    if plain is None:
        return None
    score = _number(plain[1])
    return None if most is not None and score > most else Found(score, most)


def _found(match: re.Match[str] | None) -> Found | None:
    if match is None:
        return None
    total = bool(re.match(r"(?i)total|overall|final", match.groupdict().get("word") or ""))
    if match["percent"] is not None:
        score, out_of = _number(match["percent"]), 100.0
    else:
        score, out_of = _number(match["score"]), _number(match["out_of"])
    return Found(score, out_of, total) if 0 <= score <= out_of and out_of > 0 else None


def _number(written: str) -> float:
    return float(written.replace(",", "."))
