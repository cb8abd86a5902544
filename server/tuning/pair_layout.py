"""Preference pairs as tokens, and which pair comes into which block. No torch here: the look counts blocks without a model.

A row is a token that is read in order to guess the next one. What both answers say alike at their beginning adds the same to the log-
probability of either, so that it cancels in their difference, which is all that is learned from: those rows are shared as well.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from server.tuning import failures
from server.tuning.corpus import Corpus
from server.tuning.data import rendered_one, tokenize
from server.tuning.layout import packed
from server.tuning.tokens import TextTokenizer
from shared.reading import Example
from shared.reading.examples import PreferenceExample
from shared.rendering import ChatTemplate, Segment, sides_of


def tokenize_pairs(examples: Iterable[Example], tokenizer: TextTokenizer, *, folder: Path | None = None) -> Corpus:
    """A corpus with two examples for each pair: at 2i the conversation with the preferred answer, at 2i + 1 that with the rejected one."""
    return tokenize(examples, tokenizer, folder=folder, render=_rendered)


def pair_lengths(corpus: Corpus) -> np.ndarray:
    """Tokens of each pair (P, 2): of its preferred and of its rejected side."""
    return np.diff(corpus.starts).reshape(-1, 2)


def _rendered(examples: Iterable[Example], template: ChatTemplate) -> Iterator[list[Segment]]:
    for index, example in enumerate(examples):
        for side in sides_of(need_pair(index, example)):
            yield rendered_one(index, side, template)


def need_pair(index: int, example: Example) -> PreferenceExample:
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
class PairLayout:
    """Blocks of as many pairs as have room in a block's rows, or of one pair that takes more.

    Left out are pairs with a side that is longer than a block (`num_too_long`: cutting an answer might change which is the better one), and
    those whose answers are the same to the model (`num_alike`).
    """

    blocks: list[list[Pair]]
    num_too_long: int
    num_alike: int


def laid_out_pairs(corpus: Corpus, indices: np.ndarray, *, block_size: int, seed: int) -> PairLayout:
    pairs: list[Pair] = []
    num_too_long = num_alike = 0
    for index in indices.tolist():
        pair = _pair(corpus, index)
        if pair is None:
            num_alike += 1
        elif pair.opening + max(len(pair.preferred), len(pair.rejected)) > block_size:
            num_too_long += 1
        else:
            pairs.append(pair)
    order = np.random.default_rng(seed).permutation(len(pairs))
    return PairLayout(packed([pairs[i] for i in order], block_size), num_too_long, num_alike)


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
