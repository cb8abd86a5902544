"""Direct Preference Optimization (arXiv:2305.18290): the model learns to find preferred answers likelier than rejected ones, measured from
what it found before any training, its reference.

    loss = -log sigmoid(beta * ((log p(preferred) - log p(rejected)) - (log r(preferred) - log r(rejected))))

p is the model, r the reference; what is inside the sigmoid is the pair's reward margin. Of the reference one number a pair is needed, its
difference of log-probabilities, so it is computed once before the first step (by the model itself, which has no adapters yet) and kept in
eight bytes a pair: there is no second model in memory, whatever is trained.

Legend: R answer rows, D width, V vocabulary, P pairs.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function

from server.tuning.events import EventLog
from server.tuning.loss import CHUNK
from server.tuning.model import CausalModel
from server.tuning.packing import Batch
from server.tuning.pairs import PairBatch, PairBlocks
from server.tuning.product import back, linear

_TIE = 1e-5
"""Reward margins below are rounding, as all are before the first step: such a pair is half right."""
_TELL_EVERY_S = 1.0


@dataclass(frozen=True)
class Preferred:
    """Means over some pairs: the loss, the reward margin, and the share whose preferred answer has the higher reward."""

    loss: float
    reward_margin: float
    accuracy: float


class Preference:
    """The objective of a run. `reference` (all pairs of the run,) holds the reference's differences; NaN where none was needed."""

    def __init__(self, beta: float, reference: np.ndarray) -> None:
        self._beta, self._reference = beta, reference
        self.last: Preferred | None = None
        """What the last step found."""
        self.validated: Preferred | None = None
        """What the last validation found."""

    def gradient(self, model: CausalModel, batches: Sequence[Batch]) -> float:
        """Mean loss of a step's pairs; its gradient is added to the buffers."""
        pairs = [_of_pairs(batch) for batch in batches]
        scale = 1 / sum(len(batch.pairs) for batch in pairs)
        margins = []
        for batch in pairs:
            hidden = model.hidden(batch.ids, batch.spans)[batch.rows]
            loss, margin = pair_loss(hidden, model.head_weight, batch, self._of(batch), beta=self._beta, scale=scale)
            loss.backward()
            margins.append(margin)
        self.last = _preferred(margins)
        return self.last.loss

    @torch.no_grad()
    def validate(self, model: CausalModel, batches: Sequence[Batch]) -> float:
        """Mean loss over these pairs."""
        found = [self._beta * (differences(model, _of_pairs(batch)) - self._of(_of_pairs(batch))) for batch in batches]
        self.validated = _preferred(found)
        return self.validated.loss

    def _of(self, batch: PairBatch) -> Tensor:
        return torch.from_numpy(self._reference[list(batch.pairs)])


def reference_of(
    model: CausalModel, blocks: PairBlocks, used: Sequence[int], validation: Sequence[Batch], *, num_pairs: int, events: EventLog
) -> np.ndarray:
    """The differences of the model as it is, for the pairs of these blocks and of the validation. One block at a time, so that a resumed
    run, which needs fewer of them, finds the very same."""
    reference = np.full(num_pairs, np.nan)
    told = time.monotonic()
    for done, batch in enumerate([*validation, *used]):
        if time.monotonic() - told >= _TELL_EVERY_S or not done:
            events.stage("evaluate", "Reading the pairs with the model as it is before the training", done / (len(validation) + len(used)))
            told = time.monotonic()
        pairs = _of_pairs(batch) if isinstance(batch, Batch) else blocks.batch([batch])
        reference[list(pairs.pairs)] = differences(model, pairs).numpy()
    return reference


def used_blocks(blocks: PairBlocks, *, seed: int, first: int, last: int) -> list[int]:
    """The blocks that the steps of a run read: from the `first` to before the `last` of its endless order."""
    return sorted(set(islice(blocks.endless(seed), first, min(last, first + 2 * len(blocks)))))


@torch.no_grad()
def differences(model: CausalModel, batch: PairBatch) -> Tensor:
    """log p(preferred) - log p(rejected) of each pair (P,), float64 on the processor."""
    hidden = model.hidden(batch.ids, batch.spans)[batch.rows]
    parts = [_probable(*part, model.head_weight)[0] for part in zip(hidden.split(CHUNK), batch.targets.split(CHUNK), strict=True)]
    return _differences(torch.cat(parts) if parts else hidden.new_zeros(0), batch.sizes)


def pair_loss(
    hidden_RD: Tensor, weight: nn.Parameter, batch: PairBatch, reference_P: Tensor, *, beta: float, scale: float
) -> tuple[Tensor, Tensor]:
    """`scale` times the summed loss of these pairs, to call `backward` on unscaled; and their reward margins (P,)."""
    return _PairLoss.apply(hidden_RD, weight, batch, reference_P, beta, scale)


class _PairLoss(Function):
    """Like `loss.head_loss`, a chunk of rows at a time. How much a row counts is only known when its pair's log-probabilities are: a frozen
    head's gradients wait for that, a trained head's are formed in a second pass."""

    @staticmethod
    def forward(
        ctx: Any, hidden_RD: Tensor, weight: nn.Parameter, batch: PairBatch, reference_P: Tensor, beta: float, scale: float
    ) -> tuple[Tensor, Tensor]:
        frozen = not weight.requires_grad
        dhidden_RD = torch.empty_like(hidden_RD)
        found = hidden_RD.new_empty(len(hidden_RD))
        for rows in _chunks(len(hidden_RD)):
            found[rows], chunk = _probable(hidden_RD[rows], batch.targets[rows], weight)
            if frozen:
                dhidden_RD[rows] = back(_away(chunk, batch.targets[rows]), weight)
        margins_P = beta * (_differences(found, batch.sizes) - reference_P)
        counts_P = beta * scale * torch.sigmoid(-margins_P)
        counts_R = _for_rows(counts_P, batch.sizes).to(hidden_RD)
        if frozen:
            dhidden_RD *= counts_R
        else:
            for rows in _chunks(len(hidden_RD)):
                away = _away(_probable(hidden_RD[rows], batch.targets[rows], weight)[1], batch.targets[rows]).mul_(counts_R[rows])
                dhidden_RD[rows] = back(away, weight)
                weight.grad.addmm_(away.T, hidden_RD[rows])  # type: ignore[union-attr]
        ctx.save_for_backward(dhidden_RD)
        ctx.mark_non_differentiable(margins_P)
        return (F.softplus(-margins_P).sum() * scale).to(hidden_RD.device, torch.float32), margins_P

    @staticmethod
    def backward(ctx: Any, one: Tensor, _margins: Tensor) -> tuple[Tensor | None, ...]:
        return ctx.saved_tensors[0], None, None, None, None, None


def _chunks(length: int) -> list[slice]:
    return [slice(start, start + CHUNK) for start in range(0, length, CHUNK)]


def _probable(hidden: Tensor, targets: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The targets' log-probabilities (rows,), and the probabilities (rows, V) of everything."""
    logits = linear(hidden, weight)
    logits.sub_(logits.amax(1, keepdim=True))
    picked = logits.gather(1, targets[:, None])
    sums = logits.exp_().sum(1, keepdim=True)
    return (picked - sums.log())[:, 0], logits.div_(sums)


def _away(probabilities: Tensor, targets: Tensor) -> Tensor:
    """In place: the gradient of the targets' negative log-probabilities by the logits."""
    return probabilities.scatter_add_(1, targets[:, None], probabilities.new_full((len(targets), 1), -1.0))


def _differences(found_R: Tensor, sizes: tuple[int, ...]) -> Tensor:
    sums = torch.stack([side.sum() for side in found_R.cpu().double().split(list(sizes))])
    return sums[0::2] - sums[1::2]


def _for_rows(counts_P: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """(R, 1): the pair's count for the rows of a preferred answer, less than nothing for those of a rejected one."""
    signed = torch.stack([counts_P, -counts_P], 1).flatten()
    return signed.repeat_interleave(torch.tensor(sizes))[:, None]


def _preferred(margins: Sequence[Tensor]) -> Preferred:
    all_P = torch.cat(list(margins))
    right = (all_P > _TIE).double() + 0.5 * (all_P.abs() <= _TIE).double()
    return Preferred(float(F.softplus(-all_P).mean()), float(all_P.mean()), float(right.mean()))


def _of_pairs(batch: Batch) -> PairBatch:
    assert isinstance(batch, PairBatch)
    return batch
