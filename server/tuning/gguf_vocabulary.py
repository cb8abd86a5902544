"""A tokenizer as the fields of a GGUF file. llama.cpp has its own code for cutting a text before byte pairs are merged, one for each way
that models do it, and is told by name which one is right (`tokenizer.ggml.pre`). A tokenizer that cuts in no known way is refused."""

import json
from dataclasses import dataclass
from typing import Any, Final

from server.tuning.tokens import TextTokenizer

_NORMAL, _CONTROL, _USER_DEFINED, _UNUSED = 1, 3, 4, 5
"""GGUF's token types."""

_LLAMA_3: Final = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_CUTS: Final[dict[str, Any]] = {
    "gpt-2": [("ByteLevel", True)],
    "smollm": [("Digits", True), ("ByteLevel", True)],
    "llama-bpe": [("Split", _LLAMA_3), ("ByteLevel", False)],
    "qwen2": [("Split", _LLAMA_3.replace(r"\p{N}{1,3}", r"\p{N}")), ("ByteLevel", False)],
}


class NotInGguf(ValueError):
    """llama.cpp would compute this model, or cut its texts, otherwise than it does. The text says what is not known."""


@dataclass(frozen=True)
class Vocabulary:
    pre: str
    tokens: list[str]
    types: list[int]
    merges: list[str]


def vocabulary_of(tokenizer: TextTokenizer, size: int) -> Vocabulary:
    """`size` is the model's: ids that the tokenizer does not have are filled up. Raises `NotInGguf`."""
    described = json.loads(tokenizer.tokenizer.to_str())
    model = described["model"]
    if model["type"] != "BPE" or model.get("byte_fallback") or model.get("unk_token") not in (None, tokenizer.eos):
        raise NotInGguf("the tokenizer's words are not byte-level pairs (BPE), the only kind that is exported")
    if (described.get("normalizer") or {"type": None})["type"] is not None:
        raise NotInGguf("the tokenizer changes texts before it cuts them")
    tokens, types = [f"[PAD{index}]" for index in range(size)], [_UNUSED] * size
    for token, index in model["vocab"].items():
        tokens[index], types[index] = token, _NORMAL
    for added in described["added_tokens"]:
        tokens[added["id"]], types[added["id"]] = added["content"], _CONTROL if added["special"] else _USER_DEFINED
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    return Vocabulary(_cut(described["pre_tokenizer"]), tokens, types, merges)


def _cut(described: dict[str, Any] | None) -> str:
    steps = [] if described is None else described["pretokenizers"] if described["type"] == "Sequence" else [described]
    known = [_step(step) for step in steps]
    for name, cut in _CUTS.items():
        if known == cut:
            return name
    raise NotInGguf("the tokenizer cuts texts in a way that llama.cpp is not known to have")


def _step(step: dict[str, Any]) -> tuple[str, Any]:
    match step:
        case {"type": "ByteLevel", "add_prefix_space": False, "use_regex": bool(regex)}:
            return "ByteLevel", regex
        case {"type": "Digits", "individual_digits": bool(single)}:
            return "Digits", single
        case {"type": "Split", "pattern": {"Regex": str(regex)}, "behavior": "Isolated"}:
            return "Split", regex
    return str(step["type"]), step
