"""SmolLM2 out of the installed package that carries it: a GGUF file, de-quantised once into safetensors. No network."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from server.tuning.model_folder import build, save_model
from server.tuning.model_shape import ModelShape
from server.tuning.packaged import field, gguf_file, packaged_tokenizer
from shared.base_models import BaseModel, Package

if TYPE_CHECKING:
    from gguf import GGUFReader

_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def unpack(model: BaseModel, package: Package, folder: Path, report: Callable[[str, float | None], None]) -> None:
    """Write the package's model into `folder` as a Hugging Face folder."""
    from gguf import GGUFReader  # Only here: half a second, and needed once in an installation's life.

    report(f"Preparing {model.name} (once): reading the package", 0.0)
    reader = GGUFReader(gguf_file(model, package))
    shape = _shape(reader)
    target = build(shape)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    slots = target.slots()
    for done, slot in enumerate(slots):
        if done % 40 == 0:
            report(f"Preparing {model.name} (once): unpacking the weights", round(0.1 + 0.7 * done / len(slots), 2))
        slot.view.copy_(torch.from_numpy(_weights(tensors[_gguf_name(slot.name)], slot.name, shape)))
    report(f"Preparing {model.name} (once): writing", 0.8)
    tokenizer = packaged_tokenizer(reader)
    tokenizer.save(folder, context_length=shape.context_length, template_source=tokenizer.template_source)
    ids = [tokenizer.id_of(token) for token in (tokenizer.bos, tokenizer.eos, tokenizer.pad)]
    save_model(target, folder, bos_id=ids[0], end_ids=[tokenizer.eos_id], pad_id=ids[2])
    report(f"{model.name} is prepared", 1.0)


def _shape(reader: "GGUFReader") -> ModelShape:
    width, heads = field(reader, "llama.embedding_length"), field(reader, "llama.attention.head_count")
    return ModelShape(
        "llama",
        vocabulary_size=field(reader, "llama.vocab_size"),
        width=width,
        inner_width=field(reader, "llama.feed_forward_length"),
        num_layers=field(reader, "llama.block_count"),
        num_heads=heads,
        num_kv_heads=field(reader, "llama.attention.head_count_kv"),
        head_width=width // heads,
        context_length=field(reader, "llama.context_length"),
        norm_eps=float(f"{field(reader, 'llama.attention.layer_norm_rms_epsilon'):.6g}"),
        rope_theta=field(reader, "llama.rope.freq_base"),
        tied=not any(tensor.name == "output.weight" for tensor in reader.tensors),
    )


def _gguf_name(name: str) -> str:
    stem = name.removesuffix(".weight")
    if stem in _NAMES:
        return f"{_NAMES[stem]}.weight"
    _, _, layer, rest = stem.split(".", 3)
    return f"blk.{layer}.{_NAMES[rest]}.weight"


def _weights(tensor: Any, name: str, shape: ModelShape) -> np.ndarray:
    from gguf import dequantize

    weights = np.array(dequantize(tensor.data, tensor.tensor_type), np.float32)  # A copy: what is not quantised is a view of the file.
    if name.endswith("q_proj.weight"):
        return _in_halves(weights, shape.num_heads)
    if name.endswith("k_proj.weight"):
        return _in_halves(weights, shape.num_kv_heads)
    return weights


def _in_halves(weights: np.ndarray, num_heads: int) -> np.ndarray:
    """GGUF pairs neighbouring rows of a head for its rotary positions, Hugging Face a row of the first half with one of the second."""
    pairs = weights.reshape(num_heads, -1, 2, weights.shape[1])
    return np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(weights.shape))
