"""Causal attention inside each document of a packed batch, and over a cache while generating.

Legend: N rows, H query heads, K key and value heads (K divides H), W width of a head.
"""

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from server.tuning.product import rounds
from server.tuning.spans import Spans


def attend(q_NHW: Tensor, k_NKW: Tensor, v_NKW: Tensor, spans: Spans) -> Tensor:
    """Attention of every row over the opening and the earlier rows of its own document. Returns (N, H, W).

    One call for each run of equally long documents: measured faster than one call with a document mask, whose cost grows with N squared.
    """
    if spans.groups:
        sizes = [len(group.positions) for group in spans.groups]
        parts = zip(q_NHW.split(sizes), k_NKW.split(sizes), v_NKW.split(sizes), spans.groups, strict=True)
        return torch.cat([attend(q, k, v, group) for q, k, v, group in parts])
    opening, pieces = spans.opening, []
    if opening:
        pieces.append(_causal(_as_batch(q_NHW[:opening], 1), _as_batch(k_NKW[:opening], 1), _as_batch(v_NKW[:opening], 1)))
    for first, count, length in spans.runs:
        rows = slice(first, first + count * length)
        q, k, v = _as_batch(q_NHW[rows], count), _as_batch(k_NKW[rows], count), _as_batch(v_NKW[rows], count)
        if opening:
            k, v = _after_opening(k_NKW[:opening], k), _after_opening(v_NKW[:opening], v)
            pieces.append(_attention(q, k, v, mask=_mask_after_opening(opening, length, q.device)))
        else:
            pieces.append(_causal(q, k, v))
    rows_of = [piece.transpose(1, 2).reshape(-1, *q_NHW.shape[1:]) for piece in pieces]
    return rows_of[0] if len(rows_of) == 1 else torch.cat(rows_of)


def _as_batch(x_NHW: Tensor, count: int) -> Tensor:
    """(count * L, H, W) to (count, H, L, W), without a copy."""
    return x_NHW.reshape(count, -1, *x_NHW.shape[1:]).transpose(1, 2)


def _causal(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return _attention(q, k, v)


def _attention(q: Tensor, k: Tensor, v: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """Causal where there is no mask. Heads that share their keys and values are not given copies of them: measured a third less time."""
    grouped = q.size(1) > k.size(1)
    if not rounds(q.device):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None, enable_gqa=grouped)
    q, k, v = q.bfloat16(), k.bfloat16(), v.bfloat16()
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None, enable_gqa=grouped).float()


def _after_opening(opening_PHW: Tensor, own: Tensor) -> Tensor:
    shared = opening_PHW.transpose(0, 1).expand(own.size(0), -1, -1, -1)
    return torch.cat([shared, own], dim=2)


@lru_cache(maxsize=4096)
def _mask_after_opening(opening: int, length: int, device: torch.device) -> Tensor:
    """(L, P + L) bool: all of the opening, and the document's own rows up to the row itself."""
    own = torch.ones(length, length, dtype=torch.bool, device=device).tril()
    return torch.cat([torch.ones(length, opening, dtype=torch.bool, device=device), own], dim=1)


class Cache:
    """Keys and values of one sequence while it is generated: one pair of (1, K, room, W) buffers a layer."""

    def __init__(self, *, num_layers: int, num_heads: int, head_width: int, room: int, device: torch.device) -> None:
        shape = (num_layers, 2, 1, num_heads, room, head_width)
        self._rows = torch.empty(shape, device=device)
        self.length = 0

    def attend(self, layer: int, q_NHW: Tensor, k_NKW: Tensor, v_NKW: Tensor) -> Tensor:
        """Append these rows and attend with them to everything so far. Returns (N, H, W). N is 1, or the cache was empty."""
        start, end = self.length, self.length + q_NHW.size(0)
        keys, values = self._rows[layer]
        keys[:, :, start:end] = _as_batch(k_NKW, 1)
        values[:, :, start:end] = _as_batch(v_NKW, 1)
        k, v, grouped = keys[:, :, :end], values[:, :, :end], q_NHW.size(1) > k_NKW.size(1)
        out = F.scaled_dot_product_attention(_as_batch(q_NHW, 1), k, v, is_causal=start == 0 and end > 1, enable_gqa=grouped)
        return out.transpose(1, 2).reshape(q_NHW.shape)

    def advance(self, rows: int) -> None:
        """Call once after all layers have appended their `rows`."""
        self.length += rows
