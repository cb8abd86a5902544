"""Examples that are the same or nearly the same, and those to validate on that training would have seen. Takes examples as a stream.

Kept for each example: 8 bytes of fingerprint in memory, and a signature of 256 bytes in a nameless file. Candidates for a pair are
examples whose signatures agree in one of 21 bands of three hashes, which finds 99 % of the pairs at the bound; only what then
really resembles each other counts.
"""

import itertools
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from server.tuning.corpus import Column
from server.tuning.look_text import NUM_HASHES, fingerprint, signatures
from shared.wire import Pair

NEARLY_THE_SAME: Final = 0.6
"""Runs of five words that both have, as a share of those that either has: at 0.6, three of four runs of each are the other's, too."""
_MOST_PAIRS = 20
_ROWS, _BANDS = 3, NUM_HASHES // 3
_WAITING_WORDS = 1 << 15
"""Signed at a time: so few stay in the processor's cache."""
_COMPARED_AT_ONCE = 1 << 14


@dataclass(frozen=True)
class Twins:
    """How many examples repeat an earlier one, and how many of those to validate on resemble one to train on; some pairs of each.

    In `leaked` the first of a pair is trained on and the second is validated on.
    """

    num_exact: int
    num_near: int
    pairs: list[Pair]
    num_leaked: int
    leaked: list[Pair]


class TwinFinder:
    """Feed it every example's words in order, then ask once."""

    def __init__(self, folder: Path | None) -> None:
        self._fingerprints = array("Q")
        self._signatures = Column(np.uint32, folder)
        self._waiting: list[Sequence[str]] = []
        self._num_waiting = 0

    def add(self, words: Sequence[str]) -> None:
        self._fingerprints.append(fingerprint(words))
        self._waiting.append(words)
        self._num_waiting += len(words)
        if self._num_waiting >= _WAITING_WORDS:
            self._sign()

    def _sign(self) -> None:
        if self._waiting:
            self._signatures.append(signatures(self._waiting))
        self._waiting, self._num_waiting = [], 0

    def find(self, validation: np.ndarray) -> Twins:
        """`validation` are the indices of the examples that are not trained on."""
        self._sign()
        prints = np.frombuffer(self._fingerprints, np.uint64)
        signed = self._signatures.read().reshape(-1, NUM_HASHES)
        originals, exact = _repeated(prints)
        near = _near(signed, originals)
        leaked = _leaked(prints, signed, validation)
        shown = near.pairs(_MOST_PAIRS)
        shown = [Pair(first=first, second=second, similarity=1.0) for first, second in exact[: max(10, _MOST_PAIRS - len(shown))]] + shown
        return Twins(len(prints) - len(originals), near.count, shown[:_MOST_PAIRS], leaked.count, leaked.pairs(_MOST_PAIRS))


def _repeated(prints: np.ndarray) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """The first example of each fingerprint, and pairs of a first one with a later one, as many as can be shown."""
    order = np.argsort(prints, kind="stable")
    firsts = _first_of_group(prints[order])
    later = np.flatnonzero(firsts != np.arange(len(order)))
    pairs = sorted(zip(order[later].tolist(), order[firsts[later]].tolist(), strict=True))[:_MOST_PAIRS]
    return np.sort(order[np.unique(firsts)]), [(first, second) for second, first in pairs]


class _Best:
    """For each example the one that resembles it most among those that were offered, and how much."""

    def __init__(self, size: int) -> None:
        self.partner = np.full(size, -1, np.int64)
        self.agreeing = np.zeros(size, np.uint8)

    def offer(self, signed: np.ndarray, examples: np.ndarray, partners: np.ndarray) -> None:
        """Compare each example with its partner, and keep the pair where it is good enough and better than what is known."""
        for begin in range(0, len(examples), _COMPARED_AT_ONCE):
            mine, other = examples[begin : begin + _COMPARED_AT_ONCE], partners[begin : begin + _COMPARED_AT_ONCE]
            agreeing = (signed[mine] == signed[other]).sum(axis=1).astype(np.uint8)
            better = (agreeing >= NEARLY_THE_SAME * NUM_HASHES) & (agreeing > self.agreeing[mine])
            self.partner[mine[better]], self.agreeing[mine[better]] = other[better], agreeing[better]

    @property
    def count(self) -> int:
        return int((self.partner >= 0).sum())

    def pairs(self, most: int) -> list[Pair]:
        """The most alike first, and of equals the earlier."""
        order = np.argsort(-self.agreeing.astype(np.int16), kind="stable")[:most]
        return [
            Pair(first=int(self.partner[i]), second=int(i), similarity=round(int(self.agreeing[i]) / NUM_HASHES, 3))
            for i in order
            if self.partner[i] >= 0
        ]


def _near(signed: np.ndarray, originals: np.ndarray) -> _Best:
    """Among examples that are no exact repetitions, those that resemble an earlier one."""
    best = _Best(len(signed))
    for key in _bands(signed):
        keys = key[originals]
        order = np.argsort(keys, kind="stable")
        firsts = _first_of_group(keys[order])
        later = np.flatnonzero(firsts != np.arange(len(order)))
        examples = originals[order[later]]
        best.offer(signed, examples, originals[order[firsts[later]]])
        best.offer(signed, examples, originals[order[later - 1]])
    return best


def _leaked(prints: np.ndarray, signed: np.ndarray, validation: np.ndarray) -> _Best:
    """For each example to validate on, the one to train on that resembles it most."""
    best = _Best(len(signed))
    if not len(validation):
        return best
    kept_back = np.zeros(len(signed), bool)
    kept_back[validation] = True
    for key in itertools.chain([prints], _bands(signed)):
        order = np.lexsort((kept_back, key))  # In each group those to train on stand first.
        firsts = _first_of_group(key[order])
        ours = np.flatnonzero(kept_back[order] & ~kept_back[order[firsts]])
        best.offer(signed, order[ours], order[firsts[ours]])
        lasts = np.maximum.accumulate(np.where(kept_back[order], 0, np.arange(len(order))))
        best.offer(signed, order[ours], order[lasts[ours]])
    return best


def _bands(signed: np.ndarray) -> Iterator[np.ndarray]:
    """One key for each example and band; equal keys make a candidate."""
    for band in range(_BANDS):
        key = np.zeros(len(signed), np.uint64)
        for row in range(band * _ROWS, (band + 1) * _ROWS):
            key = (key ^ signed[:, row]) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(29)
        yield key


def _first_of_group(keys: np.ndarray) -> np.ndarray:
    """For each place in a sorted array, the place of the first equal key."""
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.empty(0, np.int64)
    return np.repeat(starts, np.diff(np.append(starts, len(keys))))
