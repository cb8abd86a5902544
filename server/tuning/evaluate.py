"""Mean loss per learned token on kept-back examples: always the same ones, so that two values can be compared."""

from collections.abc import Sequence

import torch

from server.tuning.loss import summed_loss
from server.tuning.model import CausalModel
from server.tuning.packing import Batch, Blocks

_BLOCKS_A_BATCH = 4


def evaluation_batches(blocks: Blocks, max_tokens: int) -> list[Batch]:
    """The first blocks, at most about `max_tokens` tokens of them; none where there are none."""
    batches: list[Batch] = []
    for start in range(0, len(blocks), _BLOCKS_A_BATCH):
        if sum(batch.num_rows for batch in batches) >= max_tokens:
            break
        batches.append(blocks.batch(list(range(start, min(start + _BLOCKS_A_BATCH, len(blocks))))))
    return batches


@torch.no_grad()
def mean_loss(model: CausalModel, batches: Sequence[Batch]) -> float:
    total = sum(summed_loss(model.hidden(b.ids, b.spans)[b.rows], model.head_weight, b.targets) for b in batches)
    return total / sum(batch.num_trained for batch in batches)
