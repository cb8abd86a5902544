"""Texts made comparable: one Unicode form, one kind of white space, and where words begin and end."""

import re
import unicodedata
from typing import Final

UNSPACED: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Scripts that put no spaces between words: each of their characters counts as a word."""
_WORD = re.compile(rf"[^\W_{UNSPACED}]+|[{UNSPACED}]")
_INSIDE = re.compile(rf"[^\W{UNSPACED}]")


def plain(text: str, *, ignore_case: bool) -> str:
    """NFKC, white space squeezed to single blanks and none at the ends."""
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    return unicodedata.normalize("NFKC", text.casefold()) if ignore_case else text


def words_of(text: str) -> list[str]:
    return _WORD.findall(plain(text, ignore_case=True))


def stands_in(wanted: str, text: str) -> bool:
    """Whether `wanted` is in `text` and does not begin or end inside a word of it. Both are `plain`; nothing is in every text."""
    start = text.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        if not (_joined(text, start) or _joined(text, end)):
            return True
        start = text.find(wanted, start + 1)
    return False


def _joined(text: str, place: int) -> bool:
    """The characters before and after this place are of one word."""
    return 0 < place < len(text) and bool(_INSIDE.match(text[place - 1]) and _INSIDE.match(text[place]))
