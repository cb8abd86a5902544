"""How alike two texts are, 0 to 1: chrF by runs of characters, ROUGE-L by words in order. Ours, from the papers: each is some twenty
lines, and the published packages bring a dozen others with them. The tests hold values worked out from the definitions.
"""

import unicodedata
from collections import Counter
from typing import Final

from shared.grading.texts import words_of

_LONGEST_RUN: Final = 6
_BETA: Final = 2


def chrf(answer: str, expected: str) -> float:
    """chrF2 of one answer (Popović, 2015): precision and recall of the runs of 1 to 6 characters, each averaged over the lengths that
    both texts have, recall counting double. White space does not count, case does."""
    said, wanted = _characters(answer), _characters(expected)
    if not said or not wanted:
        return float(said == wanted)
    precisions, recalls = [], []
    for length in range(1, min(_LONGEST_RUN, len(said), len(wanted)) + 1):
        ours, theirs = _runs(said, length), _runs(wanted, length)
        shared = (ours & theirs).total()
        precisions.append(shared / ours.total())
        recalls.append(shared / theirs.total())
    return _f_measure(sum(precisions) / len(precisions), sum(recalls) / len(recalls), _BETA)


def rouge_l(answer: str, expected: str) -> float:
    """ROUGE-L of one answer (Lin, 2004) as F1: the longest sequence of words that both have in this order, case and signs aside."""
    said, wanted = words_of(answer), words_of(expected)
    if not said or not wanted:
        return float(said == wanted)
    shared = _longest_common(said, wanted)
    return _f_measure(shared / len(said), shared / len(wanted), 1)


def _characters(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _runs(text: str, length: int) -> Counter[str]:
    return Counter(text[start : start + length] for start in range(len(text) - length + 1))


def _f_measure(precision: float, recall: float, beta: int) -> float:
    if not precision or not recall:
        return 0.0
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


def _longest_common(first: list[str], second: list[str]) -> int:
    """Length of the longest common subsequence, one bit for each word of `first` (Hyyrö, 2004): long texts take milliseconds."""
    places: dict[str, int] = {}
    for place, word in enumerate(first):
        places[word] = places.get(word, 0) | 1 << place
    row = everything = (1 << len(first)) - 1
    for word in second:
        matching = row & places.get(word, 0)
        row = (row + matching | row - matching) & everything
    return len(first) - row.bit_count()
