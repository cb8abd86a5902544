"""Cross-entropy over the vocabulary, in chunks of rows, so that the logits of a whole batch never exist.

Legend: R rows that carry loss, D width, V vocabulary.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function

from server.tuning.product import back, linear

CHUNK = 128


class _HeadLoss(Function):
    """The gradient is formed while a chunk's logits are at hand: that of the rows is kept for the backward pass, that of a trained
    head goes into `weight.grad` at once. So the result must be given to `backward` as it is, not multiplied by anything."""

    @staticmethod
    def forward(ctx: Any, hidden_RD: Tensor, weight: nn.Parameter, targets_R: Tensor, scale: float) -> Tensor:
        dhidden_RD = torch.empty_like(hidden_RD)
        total = hidden_RD.new_zeros((), dtype=_exact(hidden_RD))
        for start in range(0, len(hidden_RD), CHUNK):
            hidden, targets = hidden_RD[start : start + CHUNK], targets_R[start : start + CHUNK, None]
            losses, sums, chunk = _losses_and_exponentials(hidden, weight, targets)
            total += losses
            chunk.mul_(scale / sums)
            chunk.scatter_add_(1, targets, chunk.new_full(targets.shape, -scale))
            dhidden_RD[start : start + CHUNK] = back(chunk, weight)
            if weight.requires_grad:
                weight.grad.addmm_(chunk.T, hidden)  # type: ignore[union-attr]
        ctx.save_for_backward(dhidden_RD)
        return (total * scale).float()

    @staticmethod
    def backward(ctx: Any, one: Tensor) -> tuple[Tensor | None, ...]:
        return ctx.saved_tensors[0], None, None, None


def _losses_and_exponentials(hidden: Tensor, weight: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The summed loss of these rows, the sums (rows, 1) of the logits' exponentials, and those (rows, V) themselves."""
    chunk = linear(hidden, weight)
    chunk.sub_(chunk.amax(1, keepdim=True))
    picked = chunk.gather(1, targets)
    sums = chunk.exp_().sum(1, keepdim=True)
    return (sums.log() - picked).sum(dtype=_exact(hidden)), sums, chunk


def _exact(hidden: Tensor) -> torch.dtype:
    """Apple's devices know nothing longer than fp32."""
    return torch.float32 if hidden.device.type == "mps" else torch.float64


def head_loss(hidden_RD: Tensor, weight: nn.Parameter, targets_R: Tensor, scale: float) -> Tensor:
    """`scale` times the summed cross-entropy of the rows. Call `backward` on it unscaled."""
    return _HeadLoss.apply(hidden_RD, weight, targets_R, scale)


@torch.no_grad()
def summed_loss(hidden_RD: Tensor, weight: nn.Parameter, targets_R: Tensor) -> float:
    """The summed cross-entropy of the rows, without gradients."""
    total = 0.0
    for start in range(0, len(hidden_RD), CHUNK):
        hidden, targets = hidden_RD[start : start + CHUNK], targets_R[start : start + CHUNK, None]
        total += float(_losses_and_exponentials(hidden, weight, targets)[0])
    return total
