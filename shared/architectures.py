"""The shapes of the published models, in the words of their own `config.json`: a forecast knows them before they are fetched."""

from typing import Any, Final


def _gpt2(width: int, layers: int, heads: int) -> dict[str, Any]:
    return {"model_type": "gpt2", "vocab_size": 50257, "n_embd": width, "n_layer": layers, "n_head": heads, "n_positions": 1024}


def _smollm2(width: int, inner: int, layers: int, heads: int, kv_heads: int) -> dict[str, Any]:
    return {
        "model_type": "llama",
        "vocab_size": 49152,
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "max_position_embeddings": 8192,
        "tie_word_embeddings": True,
    }


ARCHITECTURES: Final[dict[str, dict[str, Any]]] = {
    "smollm2-135m-instruct": _smollm2(576, 1536, 30, 9, 3),
    "smollm2-360m-instruct": _smollm2(960, 2560, 32, 15, 5),
    "smollm2-1.7b-instruct": _smollm2(2048, 8192, 24, 32, 32),
    "distilgpt2": _gpt2(768, 6, 12),
    "gpt2": _gpt2(768, 12, 12),
    "gpt2-medium": _gpt2(1024, 24, 16),
    "gpt2-large": _gpt2(1280, 36, 20),
    "gpt2-xl": _gpt2(1600, 48, 25),
}
