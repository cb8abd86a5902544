"""The shape of a model, read from and written to Hugging Face's `config.json` by an allow-list of keys.

Whatever else a config says (code to run, files to open) is never looked at; what would change the arithmetic, and sizes that no model has,
are refused.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from shared.model_folder import CONFIG_FILE, DamagedModel, why_not_tunable

# Beyond every published model of these families. What is within may still be more than the weights hold: `least_parameters` tells.
_MOST: Final = {"vocabulary": 2**22, "width": 2**16, "inner": 2**18, "layers": 2**10, "heads": 2**10, "head": 2**12, "context": 2**24}
_LLAMAS: Final = {name.lower(): f"{name}ForCausalLM" for name in ("Llama", "Mistral", "Qwen2", "Qwen3")}
"""What our Llama computes, and the name of transformers' class for it."""
Dimension = Literal["vocabulary", "width", "inner", "layers", "heads", "head", "context"]


class UnsupportedModel(DamagedModel):
    """The config describes a model that this trainer does not compute. The text says what."""


@dataclass(frozen=True)
class RopeScaling:
    """How rotary positions are stretched for long contexts. `linear` knows the factor alone; `llama3` spares fast frequencies."""

    kind: Literal["linear", "llama3"]
    factor: float
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    original_context: int = 8192


@dataclass(frozen=True)
class ModelShape:
    """`family` is who computes it: our GPT-2, our Llama (with what Mistral and Qwen add to it), or transformers (`other`), for which only
    the sizes that a cache needs are known. `model_type` is Hugging Face's name."""

    family: Literal["gpt2", "llama", "other"]
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
    model_type: str = ""
    qkv_bias: bool = False
    head_norms: bool = False
    """Queries and keys are normed head by head, as in Qwen3."""
    rope_scaling: RopeScaling | None = None

    @property
    def least_parameters(self) -> int:
        """How many weights a model of this shape has at the least: its tables and matrices."""
        heads = self.num_heads * self.head_width
        if self.family == "gpt2":
            tables = self.vocabulary_size + self.context_length
            return self.width * (tables + self.num_layers * (3 * self.width + heads + 2 * self.inner_width))
        if self.family == "other":
            return self.width * self.vocabulary_size
        tables = self.vocabulary_size * (1 if self.tied else 2)
        keys = self.num_kv_heads * self.head_width
        return self.width * (tables + self.num_layers * (2 * heads + 2 * keys + 3 * self.inner_width))


def gpt2_shape(*, vocabulary_size: int, width: int, num_layers: int, num_heads: int, context_length: int) -> ModelShape:
    return ModelShape(
        "gpt2", vocabulary_size, width, 4 * width, num_layers, num_heads, num_heads, width // num_heads, context_length, 1e-5, 0.0, True
    )


def shape_of(config: Mapping[str, Any]) -> ModelShape:
    """Raises `UnsupportedModel` for what is no causal language model, options that change the arithmetic, and sizes that are missing or
    make no sense."""
    match config.get("model_type"):
        case "gpt2":
            return _gpt2_shape(config)
        case str(name) if name in _LLAMAS and _is_ours(config):
            return _llama_shape(config, name)
        case str(name):
            return _other_shape(config, name)
        case _:
            raise UnsupportedModel(f"{CONFIG_FILE} lacks model_type")


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


def _is_ours(config: Mapping[str, Any]) -> bool:
    """Whether our Llama computes this variant exactly; transformers does the others."""
    wanted = {"hidden_act": "silu", "attention_bias": False, "mlp_bias": False, "use_sliding_window": False}
    return all(config.get(key, only) == only for key, only in wanted.items()) and _rope_kind(config) in ("default", "linear", "llama3")


def _rope(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Newer configs say everything of rotary positions in one object, older ones the scaling alone."""
    rope = config.get("rope_scaling") or config.get("rope_parameters") or {}
    if not isinstance(rope, dict):
        raise UnsupportedModel("the rotary positions are not described as an object")
    return rope


def _rope_kind(config: Mapping[str, Any]) -> Any:
    rope = _rope(config)
    return rope.get("rope_type", rope.get("type", "default"))


def _llama_shape(config: Mapping[str, Any], model_type: str) -> ModelShape:
    rope = _rope(config)
    heads, width = _whole(config, "num_attention_heads", "heads"), _whole(config, "hidden_size", "width")
    kv_heads = _whole(config, "num_key_value_heads", "heads", default=heads)
    _share(heads, kv_heads)
    head_width = _whole(config, "head_dim", "head") if config.get("head_dim") else _share(width, heads)
    _share(head_width, 2)
    context = _whole(config, "max_position_embeddings", "context", default=2048)
    if model_type == "mistral" and config.get("sliding_window") is not None:
        context = min(context, _whole(config, "sliding_window", "context"))  # Within the window nothing slides.
    return ModelShape(
        "llama",
        vocabulary_size=_whole(config, "vocab_size", "vocabulary"),
        width=width,
        inner_width=_whole(config, "intermediate_size", "inner"),
        num_layers=_whole(config, "num_hidden_layers", "layers"),
        num_heads=heads,
        num_kv_heads=kv_heads,
        head_width=head_width,
        context_length=context,
        norm_eps=_real(config, "rms_norm_eps", default=1e-6),
        rope_theta=_real(rope if rope.get("rope_theta") else config, "rope_theta", default=10_000.0),
        tied=bool(config.get("tie_word_embeddings", False)),
        model_type=model_type,
        qkv_bias=model_type == "qwen2",
        head_norms=model_type == "qwen3",
        rope_scaling=_scaling(rope, str(_rope_kind(config)), context),
    )


def _scaling(rope: Mapping[str, Any], kind: str, context: int) -> RopeScaling | None:
    if kind == "linear":
        return RopeScaling("linear", _real(rope, "factor", default=1.0))
    if kind != "llama3":
        return None
    return RopeScaling(
        "llama3",
        factor=_real(rope, "factor", default=8.0),
        low_freq_factor=_real(rope, "low_freq_factor", default=1.0),
        high_freq_factor=_real(rope, "high_freq_factor", default=4.0),
        original_context=_whole(rope, "original_max_position_embeddings", "context", default=context),
    )


def _other_shape(config: Mapping[str, Any], model_type: str) -> ModelShape:
    """What the rest of the trainer asks of a model that transformers computes, by the names that its configs use."""
    if (problem := why_not_tunable(config)) is not None:
        raise UnsupportedModel(problem)

    def named(*keys: str) -> str:
        return next((key for key in keys if config.get(key)), keys[0])

    heads, width = _whole(config, named("num_attention_heads", "n_head"), "heads"), _whole(config, named("hidden_size", "n_embd"), "width")
    context = _whole(config, named("max_position_embeddings", "n_positions"), "context", default=2048)
    if config.get("sliding_window"):
        context = min(context, _whole(config, "sliding_window", "context"))
    return ModelShape(
        "other",
        vocabulary_size=_whole(config, "vocab_size", "vocabulary"),
        width=width,
        inner_width=width,
        num_layers=_whole(config, named("num_hidden_layers", "n_layer"), "layers"),
        num_heads=heads,
        num_kv_heads=_whole(config, "num_key_value_heads", "heads", default=heads),
        head_width=_whole(config, "head_dim", "head") if config.get("head_dim") else _share(width, heads),
        context_length=context,
        norm_eps=0.0,
        rope_theta=0.0,
        tied=bool(config.get("tie_word_embeddings", False)),
        model_type=model_type,
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
    """The `config.json` that transformers reads for this shape, which is one of ours."""
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
        "architectures": [_LLAMAS[shape.model_type or "llama"]],
        "model_type": shape.model_type or "llama",
        "hidden_size": shape.width,
        "intermediate_size": shape.inner_width,
        "num_hidden_layers": shape.num_layers,
        "num_attention_heads": shape.num_heads,
        "num_key_value_heads": shape.num_kv_heads,
        "head_dim": shape.head_width,
        "max_position_embeddings": shape.context_length,
        "rms_norm_eps": shape.norm_eps,
        "rope_theta": shape.rope_theta,
        **({} if shape.rope_scaling is None else {"rope_scaling": _scaling_of(shape.rope_scaling)}),
        "hidden_act": "silu",
        "attention_dropout": 0.0,
        **({"attention_bias": False} if shape.model_type in ("", "llama", "qwen3") else {}),
        **({"mlp_bias": False} if shape.model_type in ("", "llama") else {}),
        **({"sliding_window": None} if shape.model_type == "mistral" else {}),
        **common,
        **tokens,
    }


def _scaling_of(scaling: RopeScaling) -> dict[str, Any]:
    if scaling.kind == "linear":
        return {"rope_type": "linear", "factor": scaling.factor}
    return {
        "rope_type": "llama3",
        "factor": scaling.factor,
        "low_freq_factor": scaling.low_freq_factor,
        "high_freq_factor": scaling.high_freq_factor,
        "original_max_position_embeddings": scaling.original_context,
    }


def one_or_all(ids: list[int]) -> int | list[int] | None:
    """Hugging Face writes one id as a number and several as a list."""
    return ids[0] if len(ids) == 1 else (ids or None)
