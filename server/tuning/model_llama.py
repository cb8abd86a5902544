"""Llama (SmolLM2 is one) and what differs from it in details: Mistral, Qwen2 (biases), Qwen3 (norms of heads). Computed on packed rows.

Names are those of Hugging Face's `LlamaForCausalLM`, which the others share.

Legend: N rows, D width.
"""

from torch import Tensor, nn

from server.tuning.attention import Cache
from server.tuning.block import Block
from server.tuning.layers import Embedding, Projection, RMSNorm, SwiGLU, Turns
from server.tuning.model import CausalModel, Slot, projection_slots
from server.tuning.model_shape import ModelShape
from server.tuning.spans import Spans


class Llama(CausalModel):
    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = Embedding(shape.vocabulary_size, shape.width)
        self.layers = nn.ModuleList(_Layer(shape, index) for index in range(shape.num_layers))
        self.norm = RMSNorm(shape.width, shape.norm_eps)
        self.head = None if shape.tied else Embedding(shape.vocabulary_size, shape.width)

    @property
    def head_weight(self) -> nn.Parameter:
        return self.embedding.weight if self.head is None else self.head.weight

    def hidden(self, ids_N: Tensor, spans: Spans, cache: Cache | None = None) -> Tensor:
        shape = self.shape
        turns = Turns.at(spans.positions, head_width=shape.head_width, theta=shape.rope_theta, scaling=shape.rope_scaling)
        x_ND = self.embedding(ids_N)
        for layer in self.layers:
            x_ND = layer(x_ND, spans, cache, turns)
        if cache is not None:
            cache.advance(len(ids_N))
        return self.norm(x_ND)

    def slots(self) -> list[Slot]:
        slots = [Slot("model.embed_tokens.weight", self.embedding.weight.data)]
        for layer in self.layers:
            slots += layer.slots()
        slots.append(Slot("model.norm.weight", self.norm.weight.data))
        if self.head is not None:
            slots.append(Slot("lm_head.weight", self.head.weight.data))
        return slots


class _Layer(Block):
    activation = SwiGLU

    def __init__(self, shape: ModelShape, index: int) -> None:
        super().__init__(index, (shape.num_heads, shape.num_kv_heads, shape.num_kv_heads))
        self.name = name = f"model.layers.{index}"
        query, key = shape.num_heads * shape.head_width, shape.num_kv_heads * shape.head_width
        parts = [(f"{name}.self_attn.q_proj", query), (f"{name}.self_attn.k_proj", key), (f"{name}.self_attn.v_proj", key)]
        self.norm_1 = RMSNorm(shape.width, shape.norm_eps)
        self.qkv = Projection(shape.width, parts, bias=shape.qkv_bias, transposed=False)
        if shape.head_norms:
            self.head_norms = nn.ModuleList(RMSNorm(shape.head_width, shape.norm_eps) for _ in "qk")
        self.out = Projection(query, [(f"{name}.self_attn.o_proj", shape.width)], bias=False, transposed=False)
        self.norm_2 = RMSNorm(shape.width, shape.norm_eps)
        parts = [(f"{name}.mlp.gate_proj", shape.inner_width), (f"{name}.mlp.up_proj", shape.inner_width)]
        self.up = Projection(shape.width, parts, bias=False, transposed=False)
        self.down = Projection(shape.inner_width, [(f"{name}.mlp.down_proj", shape.width)], bias=False, transposed=False)

    def slots(self) -> list[Slot]:
        return [
            Slot(f"{self.name}.input_layernorm.weight", self.norm_1.weight.data),
            *projection_slots(self.qkv),
            *(
                Slot(f"{self.name}.self_attn.{letter}_norm.weight", norm.weight.data)
                for letter, norm in zip("qk", self.head_norms or (), strict=False)
            ),
            *projection_slots(self.out),
            Slot(f"{self.name}.post_attention_layernorm.weight", self.norm_2.weight.data),
            *projection_slots(self.up),
            *projection_slots(self.down),
        ]
