"""What the trainer asks of a model, whatever its family; `model_gpt2.py`, `model_llama.py` and `model_other.py` fill it in.

Legend: N rows, D width, V vocabulary.
"""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from server.tuning.attention import Cache
from server.tuning.layers import Projection
from server.tuning.model_shape import ModelShape, config_of
from server.tuning.spans import Spans
from shared.model_folder import WEIGHTS_FILE


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

    def config(self, *, bos_id: int | None, end_ids: list[int], pad_id: int | None) -> dict[str, Any]:
        """The `config.json` with which transformers loads what `slots` hold."""
        return config_of(self.shape, bos_id=bos_id, eos_ids=end_ids, pad_id=pad_id)

    def save_weights(self, folder: Path) -> None:
        """`model.safetensors`, with the names and shapes of the slots."""
        tensors = {slot.name: (slot.view.T if slot.transposed else slot.view).contiguous().cpu() for slot in self.slots()}
        save_file(tensors, folder / WEIGHTS_FILE, metadata={"format": "pt"})

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
