"""GPT-2, computed on packed rows. Names are those of Hugging Face's `GPT2LMHeadModel`, whose linear weights are stored transposed.

Legend: N rows, D width.
"""

import torch
from torch import Tensor, nn

from server.tuning.attention import Cache
from server.tuning.block import Block
from server.tuning.layers import Embedding, Gelu, LayerNorm, Projection
from server.tuning.model import CausalModel, Slot, projection_slots
from server.tuning.model_shape import ModelShape
from server.tuning.spans import Spans


class GPT2(CausalModel):
    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = Embedding(shape.vocabulary_size, shape.width)
        self.positions = Embedding(shape.context_length, shape.width)
        self.layers = nn.ModuleList(_Layer(shape, index) for index in range(shape.num_layers))
        self.norm = LayerNorm(shape.width, shape.norm_eps)

    @property
    def head_weight(self) -> nn.Parameter:
        return self.embedding.weight

    def hidden(self, ids_N: Tensor, spans: Spans, cache: Cache | None = None) -> Tensor:
        x_ND = self.embedding(ids_N) + self.positions(spans.positions)
        for layer in self.layers:
            x_ND = layer(x_ND, spans, cache)
        if cache is not None:
            cache.advance(len(ids_N))
        return self.norm(x_ND)

    def slots(self) -> list[Slot]:
        slots = [Slot("transformer.wte.weight", self.embedding.weight.data), Slot("transformer.wpe.weight", self.positions.weight.data)]
        for layer in self.layers:
            slots += layer.slots()
        return [*slots, *_norm_slots("transformer.ln_f", self.norm)]

    def start_from_noise(self, seed: int) -> None:
        """GPT-2's own start: weights from a normal of 0.02, those that end a residual branch smaller by the depth, biases zero."""
        noise = torch.Generator().manual_seed(seed)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 1:
                nn.init.constant_(parameter, 1.0 if name.endswith("weight") else 0.0)
                continue
            ends_branch = name.endswith(("out.weight", "down.weight"))
            nn.init.normal_(parameter, std=0.02 / (2 * self.shape.num_layers) ** 0.5 if ends_branch else 0.02, generator=noise)


class _Layer(Block):
    activation = Gelu

    def __init__(self, shape: ModelShape, index: int) -> None:
        super().__init__(index, (shape.num_heads, shape.num_heads, shape.num_heads))
        self.name = name = f"transformer.h.{index}"
        width, inner = shape.width, shape.inner_width
        self.norm_1 = LayerNorm(width, shape.norm_eps)
        self.qkv = Projection(width, [(f"{name}.attn.c_attn", 3 * width)], bias=True, transposed=True)
        self.out = Projection(width, [(f"{name}.attn.c_proj", width)], bias=True, transposed=True)
        self.norm_2 = LayerNorm(width, shape.norm_eps)
        self.up = Projection(width, [(f"{name}.mlp.c_fc", inner)], bias=True, transposed=True)
        self.down = Projection(inner, [(f"{name}.mlp.c_proj", width)], bias=True, transposed=True)

    def slots(self) -> list[Slot]:
        return [
            *_norm_slots(f"{self.name}.ln_1", self.norm_1),
            *projection_slots(self.qkv),
            *projection_slots(self.out),
            *_norm_slots(f"{self.name}.ln_2", self.norm_2),
            *projection_slots(self.up),
            *projection_slots(self.down),
        ]


def _norm_slots(name: str, norm: LayerNorm) -> list[Slot]:
    return [Slot(f"{name}.weight", norm.weight.data), Slot(f"{name}.bias", norm.bias.data)]
