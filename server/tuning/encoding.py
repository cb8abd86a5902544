"""Texts to token ids, faster than asking the tokenizer for every word again, and with the very same ids.

GPT-2's way of cutting text into words never lets a word go on behind white space: where something visible is followed by a blank, one
word ends, and what follows does not depend on what came before. So a text may be cut there, and each piece, which is a word with the
white space before it, needs to be encoded only once. Measured: three to six times the speed of encoding whole texts on two cores.
"""

import json
import re
from collections.abc import Callable
from itertools import chain
from typing import Any

from tokenizers import Tokenizer
from tokenizers.models import BPE

Encode = Callable[[list[str]], list[list[int]]]

_PIECE = re.compile(r"[ \t\n\r\f\v]*[^ \t\n\r\f\v]+|[ \t\n\r\f\v]+")
_OTHER_SPACE = re.compile(r"[^\S \t\n\r\f\v]")
"""White space that only some call so; a text with any is encoded as a whole."""
_LONGEST_REMEMBERED = 32
_MOST_REMEMBERED = 1 << 17


def encoder_of(tokenizer: Tokenizer) -> Encode:
    """Turns texts into their ids, without adding special tokens. Those that stand in the texts become what they are."""
    if not _cuts_at_blanks(tokenizer):
        return lambda texts: _encoded(tokenizer, texts)
    return _Remembering(tokenizer)


class _Remembering:
    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, list[int] | None] = {}

    def __call__(self, texts: list[str]) -> list[list[int]]:
        pieces = [_PIECE.findall(text) for text in texts]
        long = self._learn(set(chain.from_iterable(pieces)))
        found = [self._joined(text, piece) for text, piece in zip(texts, pieces, strict=True)]
        if len(self._known) > _MOST_REMEMBERED:
            self._known.clear()
        for piece in long:
            self._known.pop(piece, None)
        return found

    def _learn(self, pieces: set[str]) -> list[str]:
        """Know all of these; returns those that are too long to be met again."""
        new = sorted(pieces.difference(self._known))
        plain = [piece for piece in new if not _OTHER_SPACE.search(piece)]
        self._known.update(dict.fromkeys(new))
        self._known.update(zip(plain, _encoded(self._tokenizer, plain), strict=True))
        return [piece for piece in new if len(piece) > _LONGEST_REMEMBERED]

    def _joined(self, text: str, pieces: list[str]) -> list[int]:
        try:
            return list(chain.from_iterable(map(self._known.__getitem__, pieces)))  # type: ignore[arg-type]
        except TypeError:  # None: a piece that cannot be encoded on its own.
            return _encoded(self._tokenizer, [text])[0]


def _encoded(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    return [encoding.ids for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


def _cuts_at_blanks(tokenizer: Tokenizer) -> bool:
    """GPT-2's own words (perhaps with digits apart), nothing changed before, and no special token that reaches over white space."""
    if tokenizer.normalizer is not None or not isinstance(tokenizer.model, BPE) or tokenizer.model.dropout:
        return False
    added = tokenizer.get_added_tokens_decoder().values()
    if any(token.lstrip or token.rstrip or token.single_word or not token.content or re.search(r"\s", token.content) for token in added):
        return False
    return tokenizer.pre_tokenizer is not None and _is_gpt2s(json.loads(tokenizer.pre_tokenizer.__getstate__()))


def _is_gpt2s(pre_tokenizer: dict[str, Any]) -> bool:
    match pre_tokenizer:
        case {"type": "Sequence", "pretokenizers": [*first, last]}:
            return all(step.get("type") == "Digits" for step in first) and _is_gpt2s(last)
        case {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}:
            return True
    return False
