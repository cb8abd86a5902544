"""Attention for many prompts at once: read together without padding, each with its tree of continuations, and then continued together.

Both classes stand where a model expects a cache: `attend` is called for each layer in turn, `advance` once after all of them.
Legend: N rows, B sequences, H query heads, K key and value heads (K divides H), W width of a head, T positions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from server.tuning.model_shape import ModelShape
from server.tuning.testing.branches import PROMPT, Branches


class Continued:
    """Keys and values of B sequences of different lengths, side by side. Every row that is attended with continues its sequence."""

    def __init__(self, shape: ModelShape, num_sequences: int, room: int) -> None:
        # Zeros: what is masked is multiplied by nothing, and garbage could be no number.
        self._rows = torch.zeros(shape.num_layers, 2, num_sequences, shape.num_kv_heads, room, shape.head_width)
        self.lengths = torch.zeros(num_sequences, dtype=torch.int64)

    @staticmethod
    def bytes_of(shape: ModelShape, num_sequences: int, room: int) -> int:
        return 4 * shape.num_layers * 2 * num_sequences * shape.num_kv_heads * room * shape.head_width

    def begin(self, layer: int, sequence: int, k_KTW: Tensor, v_KTW: Tensor) -> None:
        """A sequence's beginning, which was computed elsewhere."""
        length = k_KTW.size(1)
        self._rows[layer, 0, sequence, :, :length] = k_KTW
        self._rows[layer, 1, sequence, :, :length] = v_KTW
        self.lengths[sequence] = length

    def attend(self, layer: int, q_BHW: Tensor, k_BKW: Tensor, v_BKW: Tensor) -> Tensor:
        """Append one row to each sequence and attend with it to all of that sequence. Returns (B, H, W)."""
        keys, values = self._rows[layer]
        every, end = torch.arange(len(self.lengths)), int(self.lengths.max()) + 1
        keys[every, :, self.lengths] = k_BKW
        values[every, :, self.lengths] = v_BKW
        q_BKRW = q_BHW.view(len(every), keys.size(1), -1, q_BHW.size(2))  # The heads that share a key are its queries: no copy of keys.
        seen = torch.arange(end) <= self.lengths[:, None]
        out = F.scaled_dot_product_attention(q_BKRW, keys[:, :, :end], values[:, :, :end], attn_mask=seen[:, None, None])
        return out.reshape(q_BHW.shape)

    def advance(self, rows: int) -> None:
        assert rows == len(self.lengths)
        self.lengths += 1

    def keep(self, sequences: Tensor) -> None:
        """Forget all but these."""
        self._rows, self.lengths = self._rows[:, :, sequences], self.lengths[sequences]


@dataclass(frozen=True)
class Stretch:
    """Where a prompt's own rows begin in the batch, how many they are, and its tree, whose rows follow them."""

    start: int
    length: int
    tree: Branches

    @property
    def end(self) -> int:
        return self.start + self.length + len(self.tree.ids)


class Together:
    """Prompts read at once: first `opening` rows that all of them begin with, then each one's own rows and its tree's.

    With a `cache` the prompts' keys and values (not the trees') become the beginnings of its sequences from `first` on.
    """

    def __init__(self, opening: int, stretches: Sequence[Stretch], cache: Continued | None, first: int = 0) -> None:
        self._opening, self._stretches, self._cache, self._first = opening, stretches, cache, first
        self._masks = [_mask(opening, stretch) for stretch in stretches]

    def attend(self, layer: int, q_NHW: Tensor, k_NKW: Tensor, v_NKW: Tensor) -> Tensor:
        q, k, v = q_NHW.transpose(0, 1), k_NKW.transpose(0, 1), v_NKW.transpose(0, 1)
        repeat = q.size(0) // k.size(0)
        opened = slice(0, self._opening)
        pieces = [_attended(q[:, opened], k[:, opened], v[:, opened], repeat, None)] if self._opening else []
        for sequence, (stretch, mask) in enumerate(zip(self._stretches, self._masks, strict=True), self._first):
            own, read = slice(stretch.start, stretch.end), self._opening + stretch.length
            keys, values = torch.cat([k[:, opened], k[:, own]], 1), torch.cat([v[:, opened], v[:, own]], 1)
            pieces.append(_attended(q[:, own], keys, values, repeat, mask))
            if self._cache is not None:
                self._cache.begin(layer, sequence, keys[:, :read], values[:, :read])
        return torch.cat(pieces)

    def advance(self, rows: int) -> None:
        """Nothing continues here."""


def _attended(q_HNW: Tensor, k_KTW: Tensor, v_KTW: Tensor, repeat: int, mask: Tensor | None) -> Tensor:
    """Returns (N, H, W). Without a mask a row sees what is before it."""
    k, v = k_KTW.repeat_interleave(repeat, 0), v_KTW.repeat_interleave(repeat, 0)
    out = F.scaled_dot_product_attention(q_HNW[None], k[None], v[None], attn_mask=mask, is_causal=mask is None)
    return out[0].transpose(0, 1)


def _mask(opening: int, stretch: Stretch) -> Tensor:
    """(own rows, opening + own rows) bool: prompt rows see what is before them, rows of the tree the prompt and their own branch."""
    rows, length = stretch.length + len(stretch.tree.ids), stretch.length
    own = torch.zeros(rows, rows, dtype=torch.bool)
    own[:length, :length] = torch.ones(length, length, dtype=torch.bool).tril()
    own[length:, :length] = True
    for row, parent in enumerate(stretch.tree.parents):
        if parent != PROMPT:
            own[length + row] = own[length + parent]
        own[length + row, length + row] = True
    return torch.cat([torch.ones(rows, opening, dtype=torch.bool), own], 1)
