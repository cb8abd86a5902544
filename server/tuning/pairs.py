"""Preference pairs in the batches that a model computes: each pair's two conversations stand side by side and do not see each other, and
what both begin with is computed once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from server.tuning import failures
from server.tuning.corpus import Corpus
from server.tuning.events import EventLog
from server.tuning.packing import Batch, Blocks
from server.tuning.pair_layout import laid_out_pairs
from server.tuning.spans import Spans


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
    """The blocks of these pairs, as `pair_layout` has them, as batches on a device."""

    def __init__(self, corpus: Corpus, indices: np.ndarray, *, block_size: int, seed: int, device: torch.device) -> None:
        self._corpus, self._device = corpus, device
        layout = laid_out_pairs(corpus, indices, block_size=block_size, seed=seed)
        self._pairs, self.num_too_long, self.num_alike = layout.blocks, layout.num_too_long, layout.num_alike

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
