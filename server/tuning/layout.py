"""Which example comes into which block of at most `block_size` tokens. No torch here: the look counts blocks without a model.

A row is a token that is read in order to guess the next one, so an example of n tokens has n - 1 rows. Blocks are not padded: a batch
is as long as what is in it. Deterministic by seed.
"""

from collections.abc import Iterator, Sized
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from server.tuning.corpus import Corpus

D = TypeVar("D", bound=Sized)
_OPEN_BLOCKS = 32
_SHORTEST_OPENING = 8


@dataclass(frozen=True, slots=True)
class Document:
    """Rows `start` to `end` of the corpus: an example, or a window of a long one."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class Layout:
    """The opening that stands once in front of every batch, and the blocks of what follows it."""

    opening: np.ndarray
    blocks: list[list[Document]]


def laid_out(corpus: Corpus, examples: np.ndarray, *, block_size: int, seed: int) -> Layout:
    """These examples in blocks. Windows without any learned token are left out."""
    opening = shared_opening(corpus, examples, block_size)
    documents = list(_windows(corpus, examples, opening, block_size))
    order = np.random.default_rng(seed).permutation(len(documents))
    return Layout(opening, packed([documents[i] for i in order], block_size - len(opening)))


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


def packed(documents: list[D], room: int) -> list[list[D]]:
    """First fit, with a few blocks open at a time so that packing stays linear."""
    blocks: list[list[D]] = []
    opened: list[tuple[list[D], int]] = []
    for document in documents:
        for i, (block, free) in enumerate(opened):
            if len(document) <= free:
                block.append(document)
                opened[i] = (block, free - len(document))
                break
        else:
            block = [document]
            blocks.append(block)
            opened.append((block, room - len(document)))
            if len(opened) > _OPEN_BLOCKS:
                opened.remove(min(opened, key=lambda item: item[1]))
    return blocks
