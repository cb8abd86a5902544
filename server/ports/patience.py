"""How long one request may be kept waiting by stores that fail, all of its calls together.

The web sets it anew for every request; an adapter that tries again takes from it what its failed attempts cost. Work that nobody waits
for has none, and each of its calls is as patient as the adapter is.
"""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Patience:
    """`spent_s`: what failures have cost this request so far. Long work that succeeds costs nothing."""

    spent_s: float = 0.0


PATIENCE: ContextVar[Patience | None] = ContextVar("patience", default=None)
