"""Which tensor of a Hugging Face folder becomes which of a GGUF file, and in what form. NumPy alone: whoever serves needs no torch.

Names and layouts are those that llama.cpp reads (gguf's tables of `MODEL_ARCH.GPT2` and `MODEL_ARCH.LLAMA`).
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np

from server.tuning.model_shape import ModelShape
from shared.model_folder import DamagedModel, num_weights_in, weight_files

Precision = Literal["f32", "f16", "q8_0"]
PRECISIONS: Final[tuple[Precision, ...]] = get_args(Precision)
BLOCK: Final = 32
"""Q8_0 keeps 32 neighbours of a row together."""

_DTYPES: Final = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "F64": "<f8"}
_LAYER: Final = re.compile(r"(?:h|layers)\.(\d+)\.(.+)")
_GPT2: Final = {
    "wte": "token_embd",
    "wpe": "position_embd",
    "ln_f": "output_norm",
    "ln_1": "attn_norm",
    "attn.c_attn": "attn_qkv",
    "attn.c_proj": "attn_output",
    "ln_2": "ffn_norm",
    "mlp.c_fc": "ffn_up",
    "mlp.c_proj": "ffn_down",
}
_GPT2_TRANSPOSED: Final = ("attn_qkv.weight", "attn_output.weight", "ffn_up.weight", "ffn_down.weight")
"""Stored as (in, out) by Hugging Face."""
_LLAMA: Final = {
    "embed_tokens": "token_embd",
    "norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


@dataclass(frozen=True)
class Source:
    """One tensor: its GGUF name and shape, and where its numbers lie. `transposed`: they lie there the other way round."""

    name: str
    shape: tuple[int, ...]
    file: Path
    offset: int
    dtype: str
    transposed: bool

    def kind(self, precision: Precision) -> Precision:
        """As llama.cpp's own quantizer decides: vectors and positions stay f32, and a row of no whole number of blocks is not quantised."""
        if len(self.shape) == 1 or self.name == "position_embd.weight":
            return "f32"
        return "f16" if precision == "q8_0" and self.shape[-1] % BLOCK else precision

    def values(self, shape: ModelShape) -> np.ndarray:
        """In f32, laid out as llama.cpp wants it."""
        stored = np.memmap(self.file, self.dtype, "r", self.offset, self.shape[::-1] if self.transposed else self.shape)
        weights = (stored.astype(np.uint32) << 16).view(np.float32) if self.dtype == "<u2" else np.asarray(stored, np.float32)
        if self.transposed:
            return np.ascontiguousarray(weights.T)
        if ".attn_q." in self.name:
            return _in_pairs(weights, shape.num_heads)
        if ".attn_k." in self.name:
            return _in_pairs(weights, shape.num_kv_heads)
        return weights


def sources(folder: Path, shape: ModelShape) -> list[Source]:
    """Every tensor of the GGUF file. Raises `DamagedModel` when one is missing or has another shape than the config says."""
    found = {source.name: source for path in weight_files(folder) for source in _in(path, shape)}
    for name, size in _wanted(shape).items():
        if name not in found:
            raise DamagedModel(f"the tensor {name} is missing")
        if found[name].shape != size:
            raise DamagedModel(f"the tensor {name} has the shape {found[name].shape} and not {size}")
    return [found[name] for name in _wanted(shape)]


def _in(path: Path, shape: ModelShape) -> list[Source]:
    """A file begins with the length of its header in 8 bytes (https://huggingface.co/docs/safetensors)."""
    num_weights_in(path)  # Raises for a header that is no safetensors file's.
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(length))
    found = []
    for stored_as, tensor in header.items():
        name = None if stored_as == "__metadata__" else _gguf_name(stored_as, shape)
        if name is None:
            continue
        try:
            dtype, size, begin = _DTYPES[tensor["dtype"]], tuple(tensor["shape"]), int(tensor["data_offsets"][0])
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedModel(f"the tensor {stored_as[:100]} is not of a floating-point type") from error
        transposed = shape.family == "gpt2" and name.endswith(_GPT2_TRANSPOSED)
        found.append(Source(name, size[::-1] if transposed else size, path, 8 + length + begin, dtype, transposed))
    return found


def _gguf_name(stored_as: str, shape: ModelShape) -> str | None:
    """None for what the file need not have: masks that old GPT-2 files carry, and the second copy of a tied table."""
    short = stored_as.removeprefix("transformer.").removeprefix("model.")
    stem, _, kind = short.rpartition(".")
    if kind not in {"weight", "bias"} or (stem == "lm_head" and shape.tied):
        return None
    names = _GPT2 if shape.family == "gpt2" else _LLAMA
    if layer := _LAYER.fullmatch(stem):
        return f"blk.{layer[1]}.{names[layer[2]]}.{kind}" if layer[2] in names else None
    return f"{names[stem]}.{kind}" if stem in names else None


def _wanted(shape: ModelShape) -> dict[str, tuple[int, ...]]:
    """Every tensor that llama.cpp asks for, with its shape as (rows, columns)."""
    width, inner = shape.width, shape.inner_width
    wanted: dict[str, tuple[int, ...]] = {"token_embd.weight": (shape.vocabulary_size, width)}
    if shape.family == "gpt2":
        wanted |= {"position_embd.weight": (shape.context_length, width), "output_norm.weight": (width,), "output_norm.bias": (width,)}
        layer = {"attn_qkv": (3 * width, width), "attn_output": (width, width), "ffn_up": (inner, width), "ffn_down": (width, inner)}
        norms = ("attn_norm", "ffn_norm")
        for index in range(shape.num_layers):
            for name in norms:
                wanted |= {f"blk.{index}.{name}.weight": (width,), f"blk.{index}.{name}.bias": (width,)}
            for name, size in layer.items():
                wanted |= {f"blk.{index}.{name}.weight": size, f"blk.{index}.{name}.bias": size[:1]}
        return wanted
    queries, keys = shape.num_heads * shape.head_width, shape.num_kv_heads * shape.head_width
    wanted |= {"output_norm.weight": (width,)} | ({} if shape.tied else {"output.weight": (shape.vocabulary_size, width)})
    for index in range(shape.num_layers):
        layer = {"attn_q": (queries, width), "attn_k": (keys, width), "attn_v": (keys, width), "attn_output": (width, queries)}
        layer |= {"ffn_gate": (inner, width), "ffn_up": (inner, width), "ffn_down": (width, inner)}
        wanted |= {f"blk.{index}.{name}.weight": (width,) for name in ("attn_norm", "ffn_norm")}
        wanted |= {f"blk.{index}.{name}.weight": size for name, size in layer.items()}
    return wanted


def _in_pairs(weights: np.ndarray, num_heads: int) -> np.ndarray:
    """llama.cpp turns neighbouring rows of a head for its rotary positions, Hugging Face a row of the first half with one of the second."""
    halves = weights.reshape(num_heads, 2, -1, weights.shape[1])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(weights.shape))
