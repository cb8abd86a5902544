"""Blocks into the batches that a model computes. Which example comes into which block is `layout`'s business. Deterministic by seed."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from server.tuning.corpus import Corpus
from server.tuning.layout import laid_out, shared_opening
from server.tuning.spans import Spans

__all__ = ["Batch", "Blocks", "shared_opening"]


_PROCESSOR = torch.device("cpu")


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

    def on(self, device: torch.device) -> "Batch":
        return Batch(self.ids.to(device), self.spans.on(device), self.rows.to(device), self.targets.to(device))


class Blocks:
    """The blocks of some examples of a corpus, as batches on a device. Windows without any learned token are left out."""

    def __init__(self, corpus: Corpus, examples: np.ndarray, *, block_size: int, seed: int, device: torch.device = _PROCESSOR) -> None:
        self._corpus, self._device = corpus, device
        layout = laid_out(corpus, examples, block_size=block_size, seed=seed)
        self._opening, self._blocks = layout.opening, layout.blocks

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
        whole = Batch(torch.from_numpy(read), spans, torch.from_numpy(rows), torch.from_numpy(wanted[rows]))
        return whole if self._device.type == "cpu" else whole.on(self._device)

    def endless(self, seed: int) -> Iterator[int]:
        """Block indices, every block once an epoch, each epoch in another order."""
        epoch = 0
        while True:
            yield from np.random.default_rng((seed, epoch)).permutation(len(self._blocks)).tolist()
            epoch += 1
