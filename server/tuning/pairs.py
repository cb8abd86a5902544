"""Preference pairs in the batches that a model computes: each pair's two conversations stand side by side and do not see each other, and
what both begin with is computed once.

A row is a token that is read in order to guess the next one. What both answers say alike at their beginning adds the same to the log-
probability of either, so that it cancels in their difference, which is all that is learned from.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from server.tuning import failures
from server.tuning.corpus import Corpus
from server.tuning.data import rendered_one, tokenize
from server.tuning.events import EventLog
from server.tuning.layout import packed
from server.tuning.packing import Batch, Blocks
from server.tuning.spans import Spans
from server.tuning.tokens import TextTokenizer
from shared.reading import Example
from shared.rendering import ChatTemplate, Segment, sides_of


def tokenize_pairs(examples: Iterable[Example], tokenizer: TextTokenizer, *, folder: Path | None = None) -> Corpus:
    """A corpus with two examples for each pair: at 2i the conversation with the preferred answer, at 2i + 1 that with the rejected one."""
    return tokenize(examples, tokenizer, folder=folder, render=_rendered)


def pair_lengths(corpus: Corpus) -> np.ndarray:
    """Tokens of each pair, of both sides together."""
    return np.diff(corpus.starts).reshape(-1, 2).sum(1)


def _rendered(examples: Iterable[Example], template: ChatTemplate) -> Iterator[list[Segment]]:
    for index, example in enumerate(examples):
        for side in sides_of(need_pair(index, example)):
            yield rendered_one(index, side, template)


def need_pair(index: int, example: Example) -> Example:
    """Raises the failure `bad_data` for what is no pair."""
    if "preferred" in example:
        return example
    raise failures.TuningFailure(
        "bad_data",
        f"Example {index + 1} is no preference pair.",
        cause="Preference tuning learns from pairs of answers alone, and these data hold other examples, too.",
        fix='Put pairs and other examples into documents of their own, or set the objective to "supervised".',
    )


@dataclass(frozen=True, slots=True)
class Side:
    """Rows `start` to `end` of the corpus: what is left of a conversation after the opening that both sides of its pair share."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Pair:
    """`index` among all pairs of the run; the `opening` rows stand in the corpus just before those of either side."""

    index: int
    opening: int
    preferred: Side
    rejected: Side

    def __len__(self) -> int:
        return self.opening + len(self.preferred) + len(self.rejected)


@dataclass(frozen=True)
class PairBatch(Batch):
    """`rows` are the answers' alone. `sizes` says how many of them each side has: preferred, rejected, preferred, and so on.

    `pairs` are the indices of the pairs in the same order.
    """

    sizes: tuple[int, ...] = ()
    pairs: tuple[int, ...] = ()

    def on(self, device: torch.device) -> "PairBatch":
        moved = super().on(device)
        return replace(self, ids=moved.ids, spans=moved.spans, rows=moved.rows, targets=moved.targets)


class PairBlocks(Blocks):
    """The blocks of these pairs: as many as have room in `block_size` rows, or one longer pair.

    Left out are pairs with a side beyond `block_size` rows (`num_too_long`: cutting an answer might change which is the better one), and
    those whose answers are the same to the model (`num_alike`).
    """

    def __init__(self, corpus: Corpus, indices: np.ndarray, *, block_size: int, seed: int, device: torch.device) -> None:
        self._corpus, self._device = corpus, device
        self.num_too_long = self.num_alike = 0
        pairs = list(self._fitting(indices, block_size))
        order = np.random.default_rng(seed).permutation(len(pairs))
        self._pairs = packed([pairs[i] for i in order], block_size)

    def __len__(self) -> int:
        return len(self._pairs)

    @property
    def num_rows(self) -> int:
        return sum(len(pair) for block in self._pairs for pair in block)

    @property
    def num_shared(self) -> int:
        """Rows that are computed once where the sides on their own would take them twice."""
        return sum(pair.opening for block in self._pairs for pair in block)

    def tell(self, block_size: int, events: EventLog) -> None:
        """What was left out, and what is shared. Raises the failure `no_examples` where nothing is left."""
        if not len(self):
            raise failures.no_pairs(self.num_too_long, self.num_alike, block_size)
        if self.num_too_long:
            events.warn(f"{self.num_too_long:,} pairs are left out: an answer with what is asked is longer than {block_size:,} tokens.")
        if self.num_alike:
            events.warn(f"{self.num_alike:,} pairs are left out: both answers are the same to the model.")
        if self.num_shared:
            events.log(f"What both sides of a pair begin with is computed once: {self.num_shared:,} tokens an epoch less.")

    @property
    def opening_length(self) -> int:
        return 0

    def batch(self, indices: list[int]) -> PairBatch:
        pairs = sorted((pair for i in indices for pair in self._pairs[i]), key=lambda pair: pair.index)
        read, wanted, learned, sizes = [], [], [], []
        for pair in pairs:
            ids, trains = self._corpus.ids, self._corpus.trains
            shared = slice(pair.preferred.start - pair.opening, pair.preferred.start)
            read.append(ids[shared])
            wanted.append(ids[shared])  # Not guessed: `learned` says so.
            learned.append(np.zeros(pair.opening, bool))
            for side in (pair.preferred, pair.rejected):
                after = slice(side.start + 1, side.end + 1)
                read.append(ids[side.start : side.end])
                wanted.append(ids[after])
                learned.append(trains[after])
                sizes.append(int(trains[after].sum()))
        rows = np.flatnonzero(np.concatenate(learned))
        whole = PairBatch(
            torch.from_numpy(np.concatenate(read).astype(np.int64)),
            Spans.apart([Spans.of((len(pair.preferred), len(pair.rejected)), pair.opening) for pair in pairs]),
            torch.from_numpy(rows),
            torch.from_numpy(np.concatenate(wanted).astype(np.int64)[rows]),
            tuple(sizes),
            tuple(pair.index for pair in pairs),
        )
        return whole if self._device.type == "cpu" else whole.on(self._device)

    def endless(self, seed: int) -> Iterator[int]:
        epoch = 0
        while True:
            yield from np.random.default_rng((seed, epoch)).permutation(len(self)).tolist()
            epoch += 1

    def _fitting(self, indices: np.ndarray, block_size: int) -> Iterator[Pair]:
        for index in indices.tolist():
            pair = _pair(self._corpus, index)
            if pair is None:
                self.num_alike += 1
            elif pair.opening + max(len(pair.preferred), len(pair.rejected)) > block_size:
                self.num_too_long += 1
            else:
                yield pair


def _pair(corpus: Corpus, index: int) -> Pair | None:
    """None where the two sides are the same tokens, or nothing of either is learned."""
    middle = int(corpus.starts[2 * index + 1])
    starts, ends = (int(corpus.starts[2 * index]), middle), (middle, int(corpus.starts[2 * index + 2]))
    good, bad = (corpus.ids[start:end] for start, end in zip(starts, ends, strict=True))
    shortest = min(len(good), len(bad))
    differs = np.flatnonzero(good[:shortest] != bad[:shortest])
    if shortest < 2 or (not len(differs) and len(good) == len(bad)):
        return None
    alike = int(differs[0]) if len(differs) else shortest
    opening = max(0, min(alike - 1, shortest - 2))  # Either side keeps a row of its own.
    sides = [Side(start + opening, end - 1) for start, end in zip(starts, ends, strict=True)]
    if not any(corpus.trains[side.start + 1 : side.end + 1].any() for side in sides):
        return None
    return Pair(index, opening, *sides)
