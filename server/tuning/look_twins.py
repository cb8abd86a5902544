"""Examples that are the same or nearly the same, and those to validate on that training would have seen. Takes examples as a stream.

Kept for each example: 8 bytes of fingerprint; of those in the sample also a signature of 256 bytes, in a nameless file. Candidates for a
pair are examples whose signatures agree in one of 21 bands of three hashes, which finds 99 % of the pairs at the bound; only what then
really resembles each other counts.
"""

import itertools
from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from server.tuning.corpus import Column
from server.tuning.look_text import NUM_HASHES, fingerprint, signatures, words_of
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
    """Feed it every example's texts in order, then ask once. `fingerprint_every` watches a part of the texts, chosen by what they say."""

    def __init__(self, folder: Path | None, *, fingerprint_every: int = 1) -> None:
        self._fingerprint_every = fingerprint_every
        self._watched = _Prints()
        self._sampled = _Prints()
        self._signatures = Column(np.uint32, folder)
        self._waiting: list[Sequence[str]] = []
        self._num_waiting = 0

    def add(self, index: int, texts: Sequence[str], *, in_sample: bool) -> None:
        print_ = fingerprint(texts)
        if print_ % self._fingerprint_every == 0:
            self._watched.add(index, print_)
        if in_sample:
            self._sampled.add(index, print_)
            self._sign(words_of(texts))

    def _sign(self, words: Sequence[str]) -> None:
        self._waiting.append(words)
        self._num_waiting += len(words)
        if self._num_waiting >= _WAITING_WORDS:
            self._sign_waiting()

    def _sign_waiting(self) -> None:
        if self._waiting:
            self._signatures.append(signatures(self._waiting))
        self._waiting, self._num_waiting = [], 0

    def close(self) -> None:
        self._signatures.close()

    def find(self, validation: np.ndarray) -> Twins:
        """`validation` are the indices of the examples that are not trained on."""
        self._sign_waiting()
        watched, sampled = self._watched, self._sampled
        signed = self._signatures.read().reshape(-1, NUM_HASHES)
        originals, exact = _repeated(watched)
        near = _near(signed, _repeated(sampled)[0])
        said_again = _said_again(watched, validation)
        leaked = _leaked(signed, sampled, validation)
        only_near = ~np.isin(sampled.indices[leaked.found], said_again[:, 1])
        near_pairs = near.pairs(sampled.indices, _MOST_PAIRS)
        exact_pairs = _alike(exact[: max(_MOST_PAIRS // 2, _MOST_PAIRS - len(near_pairs))])
        leaks = _alike(said_again[:_MOST_PAIRS].tolist()) + leaked.pairs(sampled.indices, _MOST_PAIRS, but=set(said_again[:, 1].tolist()))
        return Twins(
            num_exact=(len(watched) - len(originals)) * self._fingerprint_every,
            num_near=near.count,
            pairs=(exact_pairs + near_pairs)[:_MOST_PAIRS],
            num_leaked=len(said_again) * self._fingerprint_every + int(only_near.sum()),
            leaked=leaks[:_MOST_PAIRS],
        )


class _Prints:
    """Fingerprints of some examples, with the examples' indices, which rise."""

    def __init__(self) -> None:
        self._indices = array("q")
        self._prints = array("Q")

    def __len__(self) -> int:
        return len(self._prints)

    def add(self, index: int, print_: int) -> None:
        self._indices.append(index)
        self._prints.append(print_)

    @property
    def indices(self) -> np.ndarray:
        return np.frombuffer(self._indices, np.int64)

    @property
    def prints(self) -> np.ndarray:
        return np.frombuffer(self._prints, np.uint64)


def _alike(pairs: list[tuple[int, int]]) -> list[Pair]:
    return [Pair(first=first, second=second, similarity=1.0) for first, second in pairs]


def _repeated(examples: _Prints) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """The places of the first ones of each fingerprint; and indices of a first one with a later one, as many pairs as can be shown."""
    prints, indices = examples.prints, examples.indices
    order = np.argsort(prints, kind="stable")
    firsts = _first_of_group(prints[order])
    later = np.flatnonzero(firsts != np.arange(len(order)))
    seconds = order[later]
    earliest = np.argsort(seconds)[:_MOST_PAIRS]
    pairs = list(zip(indices[order[firsts[later]][earliest]].tolist(), indices[seconds[earliest]].tolist(), strict=True))
    return np.sort(order[np.unique(firsts)]), pairs


def _said_again(examples: _Prints, validation: np.ndarray) -> np.ndarray:
    """(number of leaks, 2): the first example to train on that says the same, word for word, and the one to validate on."""
    kept_back = np.isin(examples.indices, validation)
    order = np.lexsort((kept_back, examples.prints))  # In each group those to train on stand first.
    firsts = _first_of_group(examples.prints[order])
    ours = np.flatnonzero(kept_back[order] & ~kept_back[order[firsts]])
    pairs = np.stack([examples.indices[order[firsts[ours]]], examples.indices[order[ours]]], axis=1)
    return pairs[np.argsort(pairs[:, 1])]


class _Best:
    """For each example of the sample, by its place there, the one that resembles it most among those that were offered, and how much."""

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
    def found(self) -> np.ndarray:
        """The places of those that have a partner."""
        return np.flatnonzero(self.partner >= 0)

    @property
    def count(self) -> int:
        return len(self.found)

    def pairs(self, indices: np.ndarray, most: int, *, but: Collection[int] = ()) -> list[Pair]:
        """The most alike first, and of equals the earlier; without those examples that stand in `but`."""
        order = self.found[np.argsort(-self.agreeing[self.found].astype(np.int16), kind="stable")]
        wanted = itertools.islice((place for place in order if indices[place] not in but), most)
        return [
            Pair(first=int(indices[self.partner[i]]), second=int(indices[i]), similarity=round(int(self.agreeing[i]) / NUM_HASHES, 3))
            for i in wanted
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


def _leaked(signed: np.ndarray, sampled: _Prints, validation: np.ndarray) -> _Best:
    """For each example of the sample to validate on, the one to train on that resembles it most."""
    best = _Best(len(signed))
    kept_back = np.isin(sampled.indices, validation)
    if not kept_back.any():
        return best
    for key in _bands(signed):
        order = np.lexsort((kept_back, key))
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
