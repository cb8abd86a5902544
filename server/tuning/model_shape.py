"""The shape of a model, read from and written to Hugging Face's `config.json` by an allow-list of keys.

Whatever else a config says (code to run, files to open) is never looked at; what would change the arithmetic is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


class UnsupportedModel(ValueError):
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


def gpt2_shape(*, vocabulary_size: int, width: int, num_layers: int, num_heads: int, context_length: int) -> ModelShape:
    return ModelShape(
        "gpt2", vocabulary_size, width, 4 * width, num_layers, num_heads, num_heads, width // num_heads, context_length, 1e-5, 0.0, True
    )


def shape_of(config: Mapping[str, Any]) -> ModelShape:
    """Raises `UnsupportedModel` for another family or for options that change the arithmetic, `KeyError` for a missing size."""
    match config.get("model_type"):
        case "gpt2":
            return _gpt2_shape(config)
        case "llama":
            return _llama_shape(config)
        case other:
            raise UnsupportedModel(f"models of type {str(other)[:40]!r} are not supported, only gpt2 and llama")


def _gpt2_shape(config: Mapping[str, Any]) -> ModelShape:
    _expect(config, "activation_function", {"gelu_new"}, default="gelu_new")
    _expect(config, "scale_attn_weights", {True}, default=True)
    _expect(config, "scale_attn_by_inverse_layer_idx", {False}, default=False)
    width, heads = int(config["n_embd"]), int(config["n_head"])
    return ModelShape(
        "gpt2",
        vocabulary_size=int(config["vocab_size"]),
        width=width,
        inner_width=int(config.get("n_inner") or 4 * width),
        num_layers=int(config["n_layer"]),
        num_heads=heads,
        num_kv_heads=heads,
        head_width=width // heads,
        context_length=int(config.get("n_positions", 1024)),
        norm_eps=float(config.get("layer_norm_epsilon", 1e-5)),
        rope_theta=0.0,
        tied=bool(config.get("tie_word_embeddings", True)),
    )


def _llama_shape(config: Mapping[str, Any]) -> ModelShape:
    _expect(config, "hidden_act", {"silu"}, default="silu")
    _expect(config, "attention_bias", {False}, default=False)
    _expect(config, "mlp_bias", {False}, default=False)
    rope = config.get("rope_parameters") or {}
    scaling = config.get("rope_scaling") or rope
    if scaling.get("rope_type", scaling.get("type", "default")) != "default":
        raise UnsupportedModel("scaled rotary positions are not supported")
    heads, width = int(config["num_attention_heads"]), int(config["hidden_size"])
    return ModelShape(
        "llama",
        vocabulary_size=int(config["vocab_size"]),
        width=width,
        inner_width=int(config["intermediate_size"]),
        num_layers=int(config["num_hidden_layers"]),
        num_heads=heads,
        num_kv_heads=int(config.get("num_key_value_heads") or heads),
        head_width=int(config.get("head_dim") or width // heads),
        context_length=int(config.get("max_position_embeddings", 2048)),
        norm_eps=float(config.get("rms_norm_eps", 1e-6)),
        rope_theta=float(rope.get("rope_theta") or config.get("rope_theta") or 10_000.0),
        tied=bool(config.get("tie_word_embeddings", False)),
    )


def _expect(config: Mapping[str, Any], key: str, allowed: set[Any], *, default: Any) -> None:
    if config.get(key, default) not in allowed:
        raise UnsupportedModel(f"{key} = {str(config[key])[:40]!r} is not supported")


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
