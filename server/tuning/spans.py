"""How the rows of a packed batch belong to documents. Shapes: N rows of a batch, P rows of its shared opening."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Spans:
    """The rows of a batch: first `opening` rows that every document begins with, then the rest of each document in turn.

    A document attends to the opening and to its own earlier rows, never to another document. Chat templates give every example
    the same system prompt, so it is computed once for a batch: the result is the same, and a fifth of the work is saved.
    `positions` (N,) int64 count from 0 in every document, the opening included. `lengths` are those after the opening.
    """

    positions: Tensor
    lengths: tuple[int, ...]
    opening: int = 0
    groups: tuple["Spans", ...] = ()
    """Where there are several openings: each group's rows in turn, which see none of another group's. `lengths` and `opening` are empty."""

    @classmethod
    def of(cls, lengths: tuple[int, ...], opening: int = 0) -> "Spans":
        parts = [torch.arange(opening)] + [torch.arange(opening, opening + length) for length in lengths]
        return cls(torch.cat(parts), lengths, opening)

    @classmethod
    def apart(cls, groups: Sequence["Spans"]) -> "Spans":
        return cls(torch.cat([group.positions for group in groups]), (), 0, tuple(groups))

    def on(self, device: torch.device) -> "Spans":
        return replace(self, positions=self.positions.to(device))

    @property
    def runs(self) -> list[tuple[int, int, int]]:
        """Neighbours of equal length as (first row, how many documents, length): one call of attention serves each run."""
        runs: list[tuple[int, int, int]] = []
        row = self.opening
        for length in self.lengths:
            if runs and runs[-1][2] == length:
                first, count, _ = runs[-1]
                runs[-1] = (first, count + 1, length)
            else:
                runs.append((row, 1, length))
            row += length
        return runs
