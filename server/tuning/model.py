"""What the trainer asks of a model, whatever its family; `model_gpt2.py` and `model_llama.py` fill it in.

Legend: N rows, D width, V vocabulary.
"""

from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from server.tuning.attention import Cache
from server.tuning.layers import Projection
from server.tuning.model_shape import ModelShape
from server.tuning.spans import Spans


@dataclass(frozen=True)
class Slot:
    """One tensor of Hugging Face's file and where it lives here: a view of a parameter, stored there `transposed` or not."""

    name: str
    view: Tensor
    transposed: bool = False


class CausalModel(nn.Module):
    shape: ModelShape

    @abstractmethod
    def hidden(self, ids_N: Tensor, spans: Spans, cache: Cache | None = None) -> Tensor:
        """The rows (N, D) after the last norm: multiply by `head_weight` for logits. With a cache, rows continue its sequence."""

    @property
    @abstractmethod
    def head_weight(self) -> nn.Parameter:
        """(V, D); the embedding's own table where the two are tied."""

    @abstractmethod
    def slots(self) -> list[Slot]:
        """Every tensor of the model, under Hugging Face's names."""

    def projections(self) -> list[Projection]:
        """The linear layers that adapters are put on, lowest layer first."""
        return [module for module in self.modules() if isinstance(module, Projection)]

    @property
    def num_parameters(self) -> int:
        return sum(slot.view.numel() for slot in self.slots())

    @property
    def device(self) -> torch.device:
        return self.head_weight.device

    def new_cache(self, room: int) -> Cache:
        shape = self.shape
        return Cache(num_layers=shape.num_layers, num_heads=shape.num_kv_heads, head_width=shape.head_width, room=room, device=self.device)


def projection_slots(projection: Projection) -> list[Slot]:
    slots = []
    for part in projection.parts:
        slots.append(Slot(f"{part.name}.weight", projection.weight.data[part.rows], part.transposed))
        if projection.bias is not None:
            slots.append(Slot(f"{part.name}.bias", projection.bias.data[part.rows]))
    return slots
