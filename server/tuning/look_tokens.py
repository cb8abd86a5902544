"""Tokens for a person to read: each with its text, whether it carries loss, and whether it is a mark rather than text."""

from collections.abc import Iterable

import numpy as np

from server.tuning.corpus import Corpus
from server.tuning.tokens import TextTokenizer
from shared.wire import Token, TokenizedExample

MOST_TOKENS = 400


def shown(corpus: Corpus, tokenizer: TextTokenizer, examples: Iterable[int]) -> list[TokenizedExample]:
    """These examples as the trainer has them, the first 400 tokens of each."""
    reader = _Reader(tokenizer)
    return [_shown(corpus, reader, example) for example in examples]


def shown_pairs(corpus: Corpus, tokenizer: TextTokenizer) -> list[TokenizedExample]:
    """The pairs of a corpus that has two examples for each: its preferred side, and beside it the rejected one."""
    sides = shown(corpus, tokenizer, range(corpus.num_examples))
    return [
        preferred.model_copy(update={"index": index, "rejected": rejected.tokens, "num_rejected_tokens": rejected.num_tokens})
        for index, (preferred, rejected) in enumerate(zip(sides[0::2], sides[1::2], strict=True))
    ]


def carries_loss(corpus: Corpus, example: int) -> np.ndarray:
    """For each token of an example whether it is guessed and counted. The first never is: nothing stands before it to guess it from."""
    marks = corpus.trains[corpus.starts[example] : corpus.starts[example + 1]].copy()
    marks[:1] = False
    return marks


def _shown(corpus: Corpus, reader: "_Reader", example: int) -> TokenizedExample:
    ids = corpus.ids[corpus.starts[example] : corpus.starts[example + 1]]
    marks = carries_loss(corpus, example)
    tokens = [
        Token(id=id_, text=reader.text(id_), trains=trains, special=reader.is_special(id_))
        for id_, trains in zip(ids[:MOST_TOKENS].tolist(), marks[:MOST_TOKENS].tolist(), strict=True)
    ]
    return TokenizedExample(index=example, tokens=tokens, num_tokens=len(ids))


class _Reader:
    """Texts of single tokens, fit for any screen."""

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self._tokenizer = tokenizer.tokenizer
        self._added = self._tokenizer.get_added_tokens_decoder()
        self._bytes = _byte_of_sign() if self._tokenizer.token_to_id("Ġ") is not None else {}

    def is_special(self, id_: int) -> bool:
        return id_ in self._added and self._added[id_].special

    def text(self, id_: int) -> str:
        """A token may end inside a character; bytes that make no character by themselves are written as `\\xe2`."""
        written = self._tokenizer.id_to_token(id_)
        if id_ not in self._added and self._bytes:
            written = b"".join(self._bytes.get(sign) or sign.encode() for sign in written).decode("utf-8", "backslashreplace")
        elif id_ not in self._added:
            written = written.replace("▁", " ")
        return written.translate(_VISIBLE)


def _byte_of_sign() -> dict[str, bytes]:
    """Byte-level vocabularies spell bytes as printable characters: those that are printable as themselves, the rest from U+0100 on."""
    themselves = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(themselves)]
    return {chr(byte): bytes([byte]) for byte in themselves} | {chr(256 + place): bytes([byte]) for place, byte in enumerate(others)}


_CONTROLS = [*range(0x80, 0xA0), 0xAD, 0x61C, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF]
_VISIBLE = (
    {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"}
    | {0x7F: "\u2421"}
    | {code: f"⟨U+{code:04X}⟩" for code in _CONTROLS}
)
"""What would be invisible, or turn the line around, is written out. Line breaks and tabs stay as they are."""
