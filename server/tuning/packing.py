"""Examples into blocks of at most `block_size` tokens, and blocks into the batches that a model computes. Deterministic by seed.

A row is a token that is read in order to guess the next one, so an example of n tokens has n - 1 rows. Blocks are not padded: a batch
is as long as what is in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from server.tuning.data import Corpus
from server.tuning.spans import Spans

_OPEN_BLOCKS = 32
_SHORTEST_OPENING = 8


@dataclass(frozen=True)
class Document:
    """Rows `start` to `end` of the corpus: an example, or a window of a long one."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class Batch:
    """`ids` (N,) int64 with their `spans`; `rows` (R,) are those that carry loss and `targets` (R,) the tokens that they should guess."""

    ids: Tensor
    spans: Spans
    rows: Tensor
    targets: Tensor

    @property
    def num_rows(self) -> int:
        return len(self.ids)

    @property
    def num_trained(self) -> int:
        return len(self.rows)


class Blocks:
    """The blocks of some examples of a corpus. Windows without any learned token are left out."""

    def __init__(self, corpus: Corpus, examples: np.ndarray, *, block_size: int, seed: int) -> None:
        self._corpus = corpus
        self._opening = shared_opening(corpus, examples, block_size)
        documents = list(_windows(corpus, examples, self._opening, block_size))
        order = np.random.default_rng(seed).permutation(len(documents))
        self._blocks = _pack([documents[i] for i in order], block_size - len(self._opening))

    def __len__(self) -> int:
        return len(self._blocks)

    @property
    def num_rows(self) -> int:
        return sum(len(document) for block in self._blocks for document in block)

    @property
    def opening_length(self) -> int:
        return len(self._opening)

    def batch(self, indices: list[int]) -> Batch:
        """The blocks with these indices as one batch; equally long documents stand together, which makes attention cheaper."""
        documents = sorted((document for i in indices for document in self._blocks[i]), key=lambda d: (len(d), d.start))
        opening, ids, trains = len(self._opening), self._corpus.ids, self._corpus.trains
        read = np.concatenate([self._opening, *(ids[d.start : d.end] for d in documents)]).astype(np.int64)
        wanted = np.concatenate([self._opening, *(ids[d.start + 1 : d.end + 1] for d in documents)]).astype(np.int64)
        learned = np.concatenate([np.zeros(opening, bool), *(trains[d.start + 1 : d.end + 1] for d in documents)])
        rows = np.flatnonzero(learned)
        spans = Spans.of(tuple(len(d) for d in documents), opening)
        return Batch(torch.from_numpy(read), spans, torch.from_numpy(rows), torch.from_numpy(wanted[rows]))

    def endless(self, seed: int) -> Iterator[int]:
        """Block indices, every block once an epoch, each epoch in another order."""
        epoch = 0
        while True:
            yield from np.random.default_rng((seed, epoch)).permutation(len(self._blocks)).tolist()
            epoch += 1


def shared_opening(corpus: Corpus, examples: np.ndarray, block_size: int) -> np.ndarray:
    """The tokens that all these examples begin with and none of them learns: a chat template's system prompt, usually.

    Empty when it is too short to be worth sharing, and at most half a block.
    """
    if len(examples) < 2:
        return corpus.ids[:0]
    first = corpus.ids[corpus.starts[examples[0]] : corpus.starts[examples[0] + 1]]
    length = min(len(first) - 2, block_size // 2)
    for example in examples:
        start, end = corpus.starts[example], corpus.starts[example + 1]
        length = min(length, end - start - 2)
        if length < _SHORTEST_OPENING:
            return corpus.ids[:0]
        differs = np.flatnonzero((corpus.ids[start : start + length] != first[:length]) | corpus.trains[start + 1 : start + length + 1])
        length = int(differs[0]) if len(differs) else length
    return first[:length] if length >= _SHORTEST_OPENING else corpus.ids[:0]


def _windows(corpus: Corpus, examples: np.ndarray, opening: np.ndarray, block_size: int) -> Iterator[Document]:
    """Each example without the opening, cut where it is longer than a block has room. Later windows follow the opening, too."""
    room = block_size - len(opening)
    for example in examples:
        first, last = int(corpus.starts[example]) + len(opening), int(corpus.starts[example + 1]) - 1
        for start in range(first, last, room):
            end = min(start + room, last)
            if corpus.trains[start + 1 : end + 1].any():
                yield Document(start, end)


def _pack(documents: list[Document], room: int) -> list[list[Document]]:
    """First fit, with a few blocks open at a time so that packing stays linear."""
    packed: list[list[Document]] = []
    opened: list[tuple[list[Document], int]] = []
    for document in documents:
        for i, (block, free) in enumerate(opened):
            if len(document) <= free:
                block.append(document)
                opened[i] = (block, free - len(document))
                break
        else:
            block = [document]
            packed.append(block)
            opened.append((block, room - len(document)))
            if len(opened) > _OPEN_BLOCKS:
                opened.remove(min(opened, key=lambda item: item[1]))
    return packed
