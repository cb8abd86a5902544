"""A transformer's layer: attention, then a small network, each behind a norm and beside a way around it. Gradients are written by hand.

Its two halves lie before and after attention, which torch computes itself. Of a layer are kept for the backward pass: its input, queries,
keys and values, what attention saw, the sum after it, and the inner rows before the activation. Norms and activations are computed again:
that is cheap, and halves the memory. The backward pass of a half uses up what the half kept, so it can be made once.

Legend: N rows, D width, H query heads, K key and value heads, W width of a head, F inner width.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function

from server.tuning.attention import Cache, attend
from server.tuning.layers import Activation, Norm, Projection, Turns
from server.tuning.spans import Spans


class Block(nn.Module):
    """A family's layer fills in the five layers and what they are called. `heads` are the numbers of query, key and value heads."""

    norm_1: Norm
    qkv: Projection
    out: Projection
    norm_2: Norm
    up: Projection
    down: Projection
    activation: Activation
    head_norms: nn.ModuleList | None
    """Norms of each query and of each key (Qwen3's), before they turn."""

    def __init__(self, index: int, heads: tuple[int, int, int]) -> None:
        super().__init__()
        self.index, self.heads, self.head_norms = index, heads, None

    def forward(self, x_ND: Tensor, spans: Spans, cache: Cache | None, turns: Turns | None = None) -> Tensor:
        q_NHW, k_NKW, v_NKW = _Before.apply(
            x_ND, self, turns, torch.is_grad_enabled(), *_trained(self.norm_1, self.qkv, *(self.head_norms or ()))
        )
        seen = attend(q_NHW, k_NKW, v_NKW, spans) if cache is None else cache.attend(self.index, q_NHW, k_NKW, v_NKW)
        return _After.apply(
            x_ND, seen.reshape(len(x_ND), -1), self, torch.is_grad_enabled(), *_trained(self.out, self.norm_2, self.up, self.down)
        )


def _trained(*layers: nn.Module) -> list[nn.Parameter]:
    """Given to a half, so that autograd sees that a gradient is wanted; none is returned, because they are added in place."""
    return [parameter for layer in layers for parameter in layer.parameters() if parameter.requires_grad]


class _Before(Function):
    """x to queries, keys and values."""

    @staticmethod
    def forward(ctx: Any, x_ND: Tensor, block: Block, turns: Turns | None, learns: bool, *trained: Tensor) -> tuple[Tensor, ...]:
        normed, _ = block.norm_1.value(x_ND)
        mask = block.qkv.mask(normed) if learns else None
        qkv = block.qkv.value(normed, mask).view(len(x_ND), sum(block.heads), -1)
        before_norms = [part.clone() for part, _ in zip(qkv.split(block.heads, dim=1), block.head_norms or (), strict=False)]
        for part, norm, given in zip(qkv.split(block.heads, dim=1), block.head_norms or (), before_norms, strict=False):
            part.copy_(norm.value(given)[0])
        if turns is not None:
            turns.turn(qkv[:, : sum(block.heads[:2])])
        ctx.save_for_backward(x_ND, mask, *before_norms)
        ctx.block, ctx.turns, ctx.num_trained = block, turns, len(trained)
        return qkv.split(block.heads, dim=1)

    @staticmethod
    def backward(ctx: Any, dq: Tensor, dk: Tensor, dv: Tensor) -> tuple[Tensor | None, ...]:
        (x_ND, mask, *before_norms), block = ctx.saved_tensors, ctx.block
        dqkv = torch.cat([dq, dk, dv], dim=1)
        if ctx.turns is not None:
            ctx.turns.turn(dqkv[:, : sum(block.heads[:2])], sign=-1)
        for part, norm, given in zip(dqkv.split(block.heads, dim=1), block.head_norms or (), before_norms, strict=False):
            part.copy_(norm.back(part.contiguous(), given, norm.value(given)[1]))
        normed, statistics = block.norm_1.value(x_ND)
        wanted = ctx.needs_input_grad[0] or any(weight.grad is not None for weight in block.norm_1.parameters())
        dnormed = block.qkv.back(dqkv.view(len(x_ND), -1), normed, mask, wanted=wanted)
        dx_ND = None if dnormed is None else block.norm_1.back(dnormed, x_ND, statistics)
        return dx_ND, None, None, None, *(None for _ in range(ctx.num_trained))


class _After(Function):
    """x and what attention saw to the layer's result."""

    @staticmethod
    def forward(ctx: Any, x_ND: Tensor, seen_ND: Tensor, block: Block, learns: bool, *trained: Tensor) -> Tensor:
        masks: list[Tensor | None] = []

        def through(projection: Projection, rows: Tensor) -> Tensor:
            masks.append(projection.mask(rows) if learns else None)
            return projection.value(rows, masks[-1])

        middle_ND = through(block.out, seen_ND).add_(x_ND)
        inner = through(block.up, block.norm_2.value(middle_ND)[0])
        y_ND = through(block.down, block.activation.value(inner)).add_(middle_ND)
        ctx.save_for_backward(seen_ND, middle_ND, inner, *masks)
        ctx.block, ctx.num_trained = block, len(trained)
        return y_ND

    @staticmethod
    def backward(ctx: Any, dy_ND: Tensor) -> tuple[Tensor | None, ...]:
        (seen_ND, middle_ND, inner, *masks), block = ctx.saved_tensors, ctx.block
        dactive = block.down.back(dy_ND, block.activation.value(inner), masks[2])
        block.activation.back_in_place(dactive, inner)
        normed, statistics = block.norm_2.value(middle_ND)
        dnormed = block.up.back(inner, normed, masks[1])
        dmiddle_ND = block.norm_2.back(dnormed, middle_ND, statistics).add_(dy_ND)
        dseen_ND = block.out.back(dmiddle_ND, seen_ND, masks[0], wanted=ctx.needs_input_grad[1])
        return dmiddle_ND, dseen_ND, None, None, *(None for _ in range(ctx.num_trained))
