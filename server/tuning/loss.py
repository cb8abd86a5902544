"""Cross-entropy over the vocabulary, in chunks of rows, so that the logits of a whole batch never exist.

Legend: R rows that carry loss, D width, V vocabulary.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function

from server.tuning.product import add_outer, back, linear

CHUNK = 128


class _HeadLoss(Function):
    """The gradient is formed while a chunk's logits are at hand: that of the rows is kept for the backward pass, that of a trained
    head goes into `weight.grad` at once. So the result must be given to `backward` as it is, not multiplied by anything."""

    @staticmethod
    def forward(ctx: Any, hidden_RD: Tensor, weight: nn.Parameter, targets_R: Tensor, scale: float, smoothing: float) -> Tensor:
        dhidden_RD = torch.empty_like(hidden_RD)
        total = hidden_RD.new_zeros((), dtype=_exact(hidden_RD))
        for start in range(0, len(hidden_RD), CHUNK):
            hidden, targets = hidden_RD[start : start + CHUNK], targets_R[start : start + CHUNK, None]
            chunk = _log_probabilities(hidden, weight)
            total -= (1 - smoothing) * chunk.gather(1, targets).sum(dtype=total.dtype)
            if smoothing:  # A share of the loss is the mean over all words of the vocabulary.
                total -= smoothing * chunk.mean(1, dtype=total.dtype).sum()
            chunk.exp_().scatter_add_(1, targets, chunk.new_full(targets.shape, smoothing - 1))
            if smoothing:
                chunk.sub_(smoothing / chunk.size(1))
            torch.mul(back(chunk, weight), scale, out=dhidden_RD[start : start + CHUNK])
            if weight.requires_grad:
                assert weight.grad is not None
                add_outer(weight.grad, chunk, hidden, scale)
        ctx.save_for_backward(dhidden_RD)
        return (total * scale).float()

    @staticmethod
    def backward(ctx: Any, one: Tensor) -> tuple[Tensor | None, ...]:
        return ctx.saved_tensors[0], None, None, None, None


def _log_probabilities(hidden: Tensor, weight: Tensor) -> Tensor:
    """Of every word of the vocabulary after each of these rows (rows, V)."""
    logits = linear(hidden, weight)
    return torch.log_softmax(logits, 1, out=logits)


def _exact(hidden: Tensor) -> torch.dtype:
    """Apple's devices know nothing longer than fp32."""
    return torch.float32 if hidden.device.type == "mps" else torch.float64


def head_loss(hidden_RD: Tensor, weight: nn.Parameter, targets_R: Tensor, scale: float, smoothing: float = 0.0) -> Tensor:
    """`scale` times the summed cross-entropy of the rows; `smoothing` is the share that all words of the vocabulary have in what is
    wanted (arXiv:1512.00567). Call `backward` on it unscaled."""
    return _HeadLoss.apply(hidden_RD, weight, targets_R, scale, smoothing)


@torch.no_grad()
def summed_loss(hidden_RD: Tensor, weight: nn.Parameter, targets_R: Tensor) -> float:
    """The summed cross-entropy of the rows, without gradients."""
    total = 0.0
    for start in range(0, len(hidden_RD), CHUNK):
        hidden, targets = hidden_RD[start : start + CHUNK], targets_R[start : start + CHUNK, None]
        total -= float(_log_probabilities(hidden, weight).gather(1, targets).sum(dtype=_exact(hidden)))
    return total
