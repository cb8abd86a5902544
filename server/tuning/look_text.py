"""What the look reads in the texts of an example: a fingerprint, a MinHash signature, and signs of personal data. Pure.

A fingerprint is the same for texts that differ in case and space only. A signature (MinHash: Broder, "On the resemblance and containment of
documents", 1997) estimates which share of their runs of five words two texts have in common, and takes ten times as long.
"""

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final
from zlib import crc32

import numpy as np

NUM_HASHES: Final = 64
_WORDS_IN_A_RUN: Final = 5
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[^\W{_IDEOGRAPHS}]+|\S")
"""A word, one sign, or one character of a script that puts no spaces between words."""

_random = np.random.default_rng(20_261_122)
_FACTORS = _random.integers(1, 2**63, NUM_HASHES, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_OFFSETS = _random.integers(0, 2**63, NUM_HASHES, dtype=np.uint64)


def is_blank(texts: Sequence[str]) -> bool:
    """Nothing to see in any of them: space, control characters, or characters without a width."""
    return not any(_VISIBLE.search(text) for text in texts)


_VISIBLE = re.compile(r"[^\s\x00-\x1f\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")


def words_of(texts: Sequence[str]) -> list[str]:
    return _WORD.findall("\n".join(texts).casefold())


def fingerprint(texts: Sequence[str]) -> int:
    """64 bits that stand for these texts in this order."""
    squeezed = "".join("\0".join(texts).casefold().split())
    return int.from_bytes(blake2b(squeezed.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def signatures(texts: Sequence[Sequence[str]]) -> np.ndarray:
    """(number of texts, 64) uint32, from the words of each: for each of 64 hash functions the smallest value among the text's runs.

    A text shorter than a run is one run by itself.
    """
    padded = [[*words, *[""] * (_WORDS_IN_A_RUN - len(words))] for words in texts]
    words = np.fromiter(map(crc32, "\n".join(map("\n".join, padded)).encode().split(b"\n")), np.uint64)
    ends = np.cumsum([len(words) for words in padded])
    whole = np.ones(len(words), bool)  # A run must not begin in one text and end in the next.
    for place in range(1, _WORDS_IN_A_RUN):
        whole[ends - place] = False
    runs = _runs(words)[np.flatnonzero(whole)]
    begins = np.concatenate([[0], ends[:-1]]) - (_WORDS_IN_A_RUN - 1) * np.arange(len(texts))
    found = np.empty((len(texts), NUM_HASHES), np.uint32)
    for place in range(NUM_HASHES):
        hashed = (runs * _FACTORS[place] + _OFFSETS[place]) >> np.uint64(32)
        found[:, place] = np.minimum.reduceat(hashed, begins)
    return found


def runs_of(words: Sequence[str]) -> np.ndarray:
    """A 64-bit hash of each different run of five words; none where there are fewer words."""
    hashed = np.fromiter((crc32(word.encode("utf-8", "surrogatepass")) for word in words), np.uint64, len(words))
    return np.unique(_runs(hashed)) if len(words) >= _WORDS_IN_A_RUN else np.empty(0, np.uint64)


def _runs(words: np.ndarray) -> np.ndarray:
    """A 64-bit hash of each five neighbours in their order."""
    count = len(words) - _WORDS_IN_A_RUN + 1
    mixed = words[:count].copy()
    for place in range(1, _WORDS_IN_A_RUN):
        mixed = _stirred(mixed) + words[place : place + count]
    return _stirred(mixed)


def _stirred(values: np.ndarray) -> np.ndarray:
    """One round of splitmix64's mixing, so that neighbouring inputs become unrelated."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    return (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)


# --- personal data --------------------------------------------------------------------------------------------------

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}(?![\w-])")
_DIGITS = re.compile(r"\d[\d ().\-/\u00a0\u2011]{5,}\d")
_MANY_DIGITS = re.compile(r"\d(?:[ -]?\d){12}")
"""What every card number has: found five times as fast as the pattern below finds nothing."""
_CARD = re.compile(r"(?<![\d.,])(?<!\d[ -])[2-6]\d{3}(?:[ -]?\d){9,15}(?![ -]?\d)(?!\.\d)")
_PHONE = re.compile(
    r"""(?<![\w.,/+-])
    (?!\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?!\d))          # no date
    (?:
        (?:\+|00)[1-9]\d{0,2}[ .\-/]?(?:\(0?\d{0,4}\)[ .\-]?)?\d(?:[ .\-/]?\d){5,11}   # with a country's code
      | (?:1[ .\-])?\(\d{3}\)[ ]?\d{3}[ .\-]\d{4}      # (555) 123-4567
      | (?:1[ .\-])?[2-9]\d{2}([ .\-])\d{3}\1\d{4}     # 555-123-4567
      | \(0\d{1,5}\)[ ]?\d{2,}(?:[ \-/]?\d){2,8}       # (030) 123456
      | 0[1-9]\d{0,4}[ \-/]\d{2,}(?:[ \-/]?\d){3,8}    # 030 123456, 020 7946 0958, 06 12 34 56 78
      | 0[1-9]\d{8,9}                                  # 07911123456
    )(?![\w-]|[.,]\d)""",
    re.VERBOSE,
)


def has_email(text: str) -> bool:
    return "@" in text and _EMAIL.search(text) is not None


def has_phone(text: str) -> bool:
    return any(_PHONE.search(text, max(0, found.start() - 2), found.end() + 1) for found in _DIGITS.finditer(text))


def has_card(text: str) -> bool:
    """A number with 13 to 19 digits whose check digit is right (Luhn, ISO/IEC 7812) and that begins as payment cards do."""
    return _MANY_DIGITS.search(text) is not None and any(_is_card(found.group()) for found in _CARD.finditer(text))


def _is_card(written: str) -> bool:
    digits = [int(character) for character in written if character.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [2 * digit if place % 2 else digit for place, digit in enumerate(reversed(digits))]
    return sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10 == 0
