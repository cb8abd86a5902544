"""Llama (SmolLM2 is one) and what differs from it in details: Mistral, Qwen2 (biases), Qwen3 (norms of heads). Computed on packed rows.

Names are those of Hugging Face's `LlamaForCausalLM`, which the others share.

Legend: N rows, D width, H query heads, K key and value heads, W width of a head, F inner width.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from server.tuning.attention import Cache, attend
from server.tuning.layers import Embedding, Projection, RMSNorm, rotary_tables, rotate
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
        turns = rotary_tables(
            spans.positions, head_width=self.shape.head_width, theta=self.shape.rope_theta, scaling=self.shape.rope_scaling
        )
        x_ND = self.embedding(ids_N)
        for layer in self.layers:
            x_ND = layer(x_ND, turns, spans, cache)
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


class _Layer(nn.Module):
    def __init__(self, shape: ModelShape, index: int) -> None:
        super().__init__()
        self.index = index
        self.name = name = f"model.layers.{index}"
        self.heads = (shape.num_heads, shape.num_kv_heads, shape.num_kv_heads)
        self.head_width = shape.head_width
        query, key = shape.num_heads * shape.head_width, shape.num_kv_heads * shape.head_width
        parts = [(f"{name}.self_attn.q_proj", query), (f"{name}.self_attn.k_proj", key), (f"{name}.self_attn.v_proj", key)]
        self.norm_1 = RMSNorm(shape.width, shape.norm_eps)
        self.qkv = Projection(shape.width, parts, bias=shape.qkv_bias, transposed=False)
        self.head_norms = nn.ModuleList(RMSNorm(shape.head_width, shape.norm_eps) for _ in range(2 * shape.head_norms))
        self.out = Projection(query, [(f"{name}.self_attn.o_proj", shape.width)], bias=False, transposed=False)
        self.norm_2 = RMSNorm(shape.width, shape.norm_eps)
        parts = [(f"{name}.mlp.gate_proj", shape.inner_width), (f"{name}.mlp.up_proj", shape.inner_width)]
        self.gate_up = Projection(shape.width, parts, bias=False, transposed=False)
        self.down = Projection(shape.inner_width, [(f"{name}.mlp.down_proj", shape.width)], bias=False, transposed=False)

    def forward(self, x_ND: Tensor, turns: tuple[Tensor, Tensor], spans: Spans, cache: Cache | None) -> Tensor:
        q, k, _ = self.heads
        qkv = self.qkv(self.norm_1(x_ND)).view(len(x_ND), -1, self.head_width)
        asking = qkv[:, : q + k]
        if self.head_norms:
            query_norm, key_norm = self.head_norms
            asking = torch.cat([query_norm(qkv[:, :q]), key_norm(qkv[:, q : q + k])], 1)
        turned = rotate(asking, *turns)
        q_NHW, k_NKW, v_NKW = turned[:, :q], turned[:, q:], qkv[:, q + k :]
        if cache is None:
            seen = attend(q_NHW, k_NKW, v_NKW, spans)
        else:
            seen = cache.attend(self.index, q_NHW, k_NKW, v_NKW)
        x_ND = x_ND + self.out(seen.reshape(len(x_ND), -1))
        gate_NF, up_NF = self.gate_up(self.norm_2(x_ND)).chunk(2, dim=-1)
        return x_ND + self.down(F.silu(gate_NF) * up_NF)

    def slots(self) -> list[Slot]:
        return [
            Slot(f"{self.name}.input_layernorm.weight", self.norm_1.weight.data),
            *projection_slots(self.qkv),
            *(
                Slot(f"{self.name}.self_attn.{letter}_norm.weight", norm.weight.data)
                for letter, norm in zip("qk", self.head_norms, strict=False)
            ),
            *projection_slots(self.out),
            Slot(f"{self.name}.post_attention_layernorm.weight", self.norm_2.weight.data),
            *projection_slots(self.gate_up),
            *projection_slots(self.down),
        ]
