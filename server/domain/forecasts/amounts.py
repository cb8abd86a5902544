"""How much a run will read and learn from: counted where a look has counted it, estimated from characters otherwise. Pure."""

import math
from dataclasses import dataclass, replace
from typing import Final

from shared.job_spec import RunSettings
from shared.wire import LookBlocks

_FILLED: Final = 0.95
"""Of a block, where texts are much shorter than it: packing leaves a little."""
_SPREAD: Final = 1.35
"""The mean square of lengths over the square of their mean, as texts are. Only where no look has counted."""
_TRAINED: Final = {True: 1.0, False: 0.55}
"""The share of rows that carry loss: of plain texts, and of questions with answers, of which the answers are learned alone."""
_VALIDATION_ROWS: Final = 4096
_VALIDATION_BLOCKS: Final = 4
"""The trainer evaluates about so many rows, so many blocks at a time."""


@dataclass(frozen=True)
class Batch:
    """What a layer's time depends on, of one batch on average."""

    rows: float
    trained_rows: float
    pairs: float
    runs: float


@dataclass(frozen=True)
class Amounts:
    """`counted`: by a look, so exact but for samples. `validation` is one batch of several, and there are `num_validation_batches`."""

    counted: bool
    num_steps: int
    micro_batches: int
    batch: Batch
    validation: Batch
    num_validation_batches: int
    num_characters: int
    num_examples: int

    @property
    def num_rows(self) -> int:
        """Tokens that all steps read together."""
        return round(self.num_steps * self.micro_batches * self.batch.rows)

    def of_steps(self, num_steps: int) -> "Amounts":
        return replace(self, num_steps=num_steps)


@dataclass(frozen=True)
class _Blocks:
    number: float
    rows: float
    trained_rows: float
    pairs: float
    documents: float
    opening: int


def amounts(
    settings: RunSettings, *, num_tokens: int, num_examples: int, num_characters: int, plain: bool, found: LookBlocks | None = None
) -> Amounts:
    """`num_tokens` is the estimate for all examples; `plain`: they are texts, all of which is learned; `found`: what a look has counted."""
    blocks = _estimated(settings, num_tokens, num_examples, plain=plain)
    counted = found is not None and found.num_blocks > 0
    if found is not None and found.num_blocks:
        blocks = _Blocks(
            found.num_blocks, found.num_rows, found.num_trained_rows, found.num_pairs, max(1, found.num_documents), found.num_opening
        )
    number = max(1, math.ceil(blocks.number))
    size = min(settings.batch_size, number)
    micro = max(1, min(settings.gradient_accumulation, number // size))
    steps = settings.max_steps or max(1, round(number * settings.epochs / (size * micro)))
    kept = settings.validation_fraction / max(1e-6, 1 - settings.validation_fraction) * blocks.number
    validation_size = min(_VALIDATION_BLOCKS, max(0.0, kept))
    per_block = blocks.rows / number
    batches = min(math.ceil(kept / _VALIDATION_BLOCKS), math.ceil(_VALIDATION_ROWS / max(1.0, _VALIDATION_BLOCKS * per_block)))
    return Amounts(
        counted=counted,
        num_steps=steps,
        micro_batches=micro,
        batch=_batch(blocks, size),
        validation=_batch(blocks, validation_size),
        num_validation_batches=batches if validation_size else 0,
        num_characters=num_characters,
        num_examples=num_examples,
    )


def _estimated(settings: RunSettings, num_tokens: int, num_examples: int, *, plain: bool) -> _Blocks:
    rows = max(1.0, num_tokens * (1 - settings.validation_fraction) - num_examples)
    examples = max(1.0, num_examples * (1 - settings.validation_fraction))
    mean = min(rows / examples, settings.block_size)
    spread = 1.0 if rows / examples > settings.block_size else min(_SPREAD, settings.block_size / mean)
    documents = rows / mean
    return _Blocks(rows / settings.block_size / _FILLED, rows, rows * _TRAINED[plain], rows * mean * spread / 2, documents, 0)


def _batch(blocks: _Blocks, size: float) -> Batch:
    """`size` blocks together; the opening is read once, and every document attends to it."""
    share = size / max(1.0, blocks.number)
    rows, documents = blocks.rows * share, blocks.documents * share
    # So many lengths that differ, when so many documents have lengths of chance around their mean.
    mean = max(1.0, rows / max(1.0, documents))
    runs = mean * (1 - math.exp(-documents / mean))
    return Batch(
        rows=rows + blocks.opening,
        trained_rows=blocks.trained_rows * share,
        pairs=blocks.pairs * share + rows * blocks.opening + blocks.opening**2 / 2,
        runs=max(1.0, runs),
    )
