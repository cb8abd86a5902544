"""The shape of a model, read from and written to Hugging Face's `config.json` by an allow-list of keys.

Whatever else a config says (code to run, files to open) is never looked at; what would change the arithmetic, and sizes that no model has,
are refused.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from shared.model_folder import CONFIG_FILE, DamagedModel

# Beyond every published model of these families. What is within may still be more than the weights hold: `least_parameters` tells.
_MOST: Final = {"vocabulary": 2**22, "width": 2**16, "inner": 2**18, "layers": 2**10, "heads": 2**10, "head": 2**12, "context": 2**24}
Dimension = Literal["vocabulary", "width", "inner", "layers", "heads", "head", "context"]


class UnsupportedModel(DamagedModel):
    """The config describes a model that this trainer does not compute. The text says what."""


@dataclass(frozen=True)
class ModelShape:
    family: Literal["gpt2", "llama"]
    vocabulary_size: int
    width: int
    inner_width: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_width: int
    context_length: int
    norm_eps: float
    rope_theta: float
    tied: bool

    @property
    def least_parameters(self) -> int:
        """How many weights a model of this shape has at the least: its tables and matrices."""
        heads = self.num_heads * self.head_width
        if self.family == "gpt2":
            tables = self.vocabulary_size + self.context_length
            return self.width * (tables + self.num_layers * (3 * self.width + heads + 2 * self.inner_width))
        tables = self.vocabulary_size * (1 if self.tied else 2)
        keys = self.num_kv_heads * self.head_width
        return self.width * (tables + self.num_layers * (2 * heads + 2 * keys + 3 * self.inner_width))


def gpt2_shape(*, vocabulary_size: int, width: int, num_layers: int, num_heads: int, context_length: int) -> ModelShape:
    return ModelShape(
        "gpt2", vocabulary_size, width, 4 * width, num_layers, num_heads, num_heads, width // num_heads, context_length, 1e-5, 0.0, True
    )


def shape_of(config: Mapping[str, Any]) -> ModelShape:
    """Raises `UnsupportedModel` for another family, options that change the arithmetic, and sizes that are missing or make no sense."""
    match config.get("model_type"):
        case "gpt2":
            return _gpt2_shape(config)
        case "llama":
            return _llama_shape(config)
        case other:
            raise UnsupportedModel(f"models of type {str(other)[:40]!r} are not supported, only gpt2 and llama")


def _gpt2_shape(config: Mapping[str, Any]) -> ModelShape:
    _expect(config, "activation_function", "gelu_new")
    _expect(config, "scale_attn_weights", True)
    _expect(config, "scale_attn_by_inverse_layer_idx", False)
    width, heads = _whole(config, "n_embd", "width"), _whole(config, "n_head", "heads")
    return ModelShape(
        "gpt2",
        vocabulary_size=_whole(config, "vocab_size", "vocabulary"),
        width=width,
        inner_width=_whole(config, "n_inner", "inner", default=4 * width),
        num_layers=_whole(config, "n_layer", "layers"),
        num_heads=heads,
        num_kv_heads=heads,
        head_width=_share(width, heads),
        context_length=_whole(config, "n_positions", "context", default=1024),
        norm_eps=_real(config, "layer_norm_epsilon", default=1e-5),
        rope_theta=0.0,
        tied=bool(config.get("tie_word_embeddings", True)),
    )


def _llama_shape(config: Mapping[str, Any]) -> ModelShape:
    _expect(config, "hidden_act", "silu")
    _expect(config, "attention_bias", False)
    _expect(config, "mlp_bias", False)
    rope = config.get("rope_parameters") or {}
    scaling = config.get("rope_scaling") or rope
    if not isinstance(rope, dict) or not isinstance(scaling, dict):
        raise UnsupportedModel("the rotary positions are not described as an object")
    if scaling.get("rope_type", scaling.get("type", "default")) != "default":
        raise UnsupportedModel("scaled rotary positions are not supported")
    heads, width = _whole(config, "num_attention_heads", "heads"), _whole(config, "hidden_size", "width")
    kv_heads = _whole(config, "num_key_value_heads", "heads", default=heads)
    _share(heads, kv_heads)
    head_width = _whole(config, "head_dim", "head") if config.get("head_dim") else _share(width, heads)
    _share(head_width, 2)
    return ModelShape(
        "llama",
        vocabulary_size=_whole(config, "vocab_size", "vocabulary"),
        width=width,
        inner_width=_whole(config, "intermediate_size", "inner"),
        num_layers=_whole(config, "num_hidden_layers", "layers"),
        num_heads=heads,
        num_kv_heads=kv_heads,
        head_width=head_width,
        context_length=_whole(config, "max_position_embeddings", "context", default=2048),
        norm_eps=_real(config, "rms_norm_eps", default=1e-6),
        rope_theta=_real(rope if rope.get("rope_theta") else config, "rope_theta", default=10_000.0),
        tied=bool(config.get("tie_word_embeddings", False)),
    )


def _expect(config: Mapping[str, Any], key: str, only: str | bool) -> None:
    if config.get(key, only) != only:
        raise UnsupportedModel(f"{key} = {str(config[key])[:40]!r} is not supported")


def _whole(config: Mapping[str, Any], key: str, dimension: Dimension, *, default: int | None = None) -> int:
    """0 and null mean the default, as they do for transformers."""
    found = config.get(key) or default
    if found is None:
        raise UnsupportedModel(f"{CONFIG_FILE} lacks {key}")
    if type(found) is not int or not 1 <= found <= _MOST[dimension]:
        raise UnsupportedModel(f"{CONFIG_FILE} says {key} = {str(found)[:40]}, which no model has")
    return found


def _real(config: Mapping[str, Any], key: str, *, default: float) -> float:
    found = config.get(key) or default
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found < 1e12 or not math.isfinite(found):
        raise UnsupportedModel(f"{CONFIG_FILE} says {key} = {str(found)[:40]}, which no model has")
    return float(found)


def _share(whole: int, parts: int) -> int:
    """How much each of `parts` gets; what does not come out even makes no model."""
    if whole % parts:
        raise UnsupportedModel(f"{CONFIG_FILE} divides {whole} into {parts} parts, which does not come out even")
    return whole // parts


def config_of(shape: ModelShape, *, bos_id: int | None, eos_ids: list[int], pad_id: int | None) -> dict[str, Any]:
    """The `config.json` that transformers reads for this shape."""
    tokens = {"bos_token_id": bos_id, "eos_token_id": one_or_all(eos_ids), "pad_token_id": pad_id}
    common = {"vocab_size": shape.vocabulary_size, "tie_word_embeddings": shape.tied, "torch_dtype": "float32", "use_cache": True}
    if shape.family == "gpt2":
        return {
            "architectures": ["GPT2LMHeadModel"],
            "model_type": "gpt2",
            "n_embd": shape.width,
            "n_inner": None if shape.inner_width == 4 * shape.width else shape.inner_width,
            "n_layer": shape.num_layers,
            "n_head": shape.num_heads,
            "n_positions": shape.context_length,
            "layer_norm_epsilon": shape.norm_eps,
            "activation_function": "gelu_new",
            "embd_pdrop": 0.0,
            "attn_pdrop": 0.0,
            "resid_pdrop": 0.0,
            **common,
            **tokens,
        }
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": shape.width,
        "intermediate_size": shape.inner_width,
        "num_hidden_layers": shape.num_layers,
        "num_attention_heads": shape.num_heads,
        "num_key_value_heads": shape.num_kv_heads,
        "head_dim": shape.head_width,
        "max_position_embeddings": shape.context_length,
        "rms_norm_eps": shape.norm_eps,
        "rope_theta": shape.rope_theta,
        "hidden_act": "silu",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "mlp_bias": False,
        **common,
        **tokens,
    }


def one_or_all(ids: list[int]) -> int | list[int] | None:
    """Hugging Face writes one id as a number and several as a list."""
    return ids[0] if len(ids) == 1 else (ids or None)
