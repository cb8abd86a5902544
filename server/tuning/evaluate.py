"""Mean loss per learned token on kept-back examples: always the same ones, so that two values can be compared."""

import torch

from server.tuning.loss import summed_loss
from server.tuning.model import CausalModel
from server.tuning.packing import Batch, Blocks

_BLOCKS_A_BATCH = 4


class Evaluation:
    """At most about `max_tokens` of the blocks, whole blocks, at least one."""

    def __init__(self, blocks: Blocks, max_tokens: int) -> None:
        self.batches: list[Batch] = []
        rows = 0
        for start in range(0, len(blocks), _BLOCKS_A_BATCH):
            if rows and rows >= max_tokens:
                break
            batch = blocks.batch(list(range(start, min(start + _BLOCKS_A_BATCH, len(blocks)))))
            self.batches.append(batch)
            rows += batch.num_rows

    @torch.no_grad()
    def loss(self, model: CausalModel) -> float:
        total = sum(summed_loss(model.hidden(b.ids, b.spans)[b.rows], model.head_weight, b.targets) for b in self.batches)
        return total / sum(batch.num_trained for batch in self.batches)
