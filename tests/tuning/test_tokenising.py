"""Tokens are the tokenizer's own, whatever is remembered on the way, and they lie on the disk until they are read."""

import mmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, normalizers, pre_tokenizers

from server.tuning import data
from server.tuning.corpus import CorpusWriter
from server.tuning.data import tokenize
from server.tuning.encoding import encoder_of
from server.tuning.tokenizer_training import train_tokenizer
from server.tuning.tokens import TextTokenizer

TEXT = "It's the keeper's lamp; they'll turn 12 lamps.\n\n  We've counted   them. "
TOKENIZER = train_tokenizer([TEXT * 5], 400).tokenizer
SIGNS = [
    *" \n\t\r\v\f\x1c\x85\xa0\u2028\u3000abXY019'.,-\"éßЖ漢🙂\u200d\u0301²½\x00\ufeff",
    "  ",
    "'s",
    "'ll",
    "<|endoftext|>",
    "lamp",
    " lamp",
]


def plainly(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.sampled_from(SIGNS), max_size=25).map("".join), max_size=6) | st.lists(st.text(max_size=40), max_size=4))
def test_remembered_words_give_the_tokenizers_own_ids(texts: list[str]) -> None:
    assert encoder_of(TOKENIZER)(texts) == plainly(TOKENIZER, texts)


def with_digits_apart(tokenizer: Tokenizer) -> None:
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), tokenizer.pre_tokenizer])


def with_a_normalizer(tokenizer: Tokenizer) -> None:
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace("p; ", "p;"), normalizers.Lowercase()])


def with_a_space_in_front(tokenizer: Tokenizer) -> None:
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)


def with_words_that_reach_over_space(tokenizer: Tokenizer) -> None:
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)


def with_a_special_token_of_two_words(tokenizer: Tokenizer) -> None:
    tokenizer.add_special_tokens([AddedToken("the keeper", special=True)])


def with_a_special_token_that_takes_space(tokenizer: Tokenizer) -> None:
    tokenizer.add_special_tokens([AddedToken("lamps.", special=True, rstrip=True)])


@pytest.mark.parametrize(
    "change",
    [
        with_digits_apart,
        with_a_normalizer,
        with_a_space_in_front,
        with_words_that_reach_over_space,
        with_a_special_token_of_two_words,
        with_a_special_token_that_takes_space,
    ],
)
def test_tokenizers_of_other_kinds_are_understood_or_left_alone(change: Any) -> None:
    tokenizer = Tokenizer.from_str(TOKENIZER.to_str())
    change(tokenizer)
    encode = encoder_of(tokenizer)
    assert encode([TEXT, TEXT, "the keeper  12 lamps.  x"]) == plainly(tokenizer, [TEXT, TEXT, "the keeper  12 lamps.  x"])


def test_memory_for_words_is_bounded_and_forgetting_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.tuning.encoding._MOST_REMEMBERED", 3)
    encode = encoder_of(TOKENIZER)
    for _ in range(3):
        assert encode([TEXT, "x" * 500]) == plainly(TOKENIZER, [TEXT, "x" * 500])
    assert len(encode._known) <= 3  # type: ignore[attr-defined]  # noqa: SLF001


def test_the_size_of_batches_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = TextTokenizer(TOKENIZER, eos="<|endoftext|>")
    examples: list[Any] = [{"prompt": f"Lamp {i}?", "completion": TEXT} for i in range(20)]
    whole = tokenize(examples, tokenizer)
    monkeypatch.setattr(data, "_BATCH_CHARACTERS", 1)
    parts = tokenize(examples, tokenizer)
    for one, other in ((whole.ids, parts.ids), (whole.trains, parts.trains), (whole.starts, parts.starts)):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(("vocabulary_size", "size"), [(2**16, 2), (2**16 + 1, 4)])
def test_tokens_are_read_where_they_lie_and_leave_no_file(vocabulary_size: int, size: int, tmp_path: Path) -> None:
    with CorpusWriter(vocabulary_size, tmp_path) as writer:
        writer.append([1, 2, 3], b"\0\1\1", [2, 1])
        writer.append([65535], b"\1", [1])
        corpus = writer.corpus()
    assert (corpus.ids.tolist(), corpus.trains.tolist(), corpus.starts.tolist()) == (
        [1, 2, 3, 65535],
        [False, True, True, True],
        [0, 2, 3, 4],
    )
    assert corpus.ids.itemsize == size
    assert not corpus.ids.flags.owndata
    assert isinstance(memoryview(corpus.ids.base).obj, mmap.mmap)  # type: ignore[arg-type]
    assert not corpus.ids.flags.writeable
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_a_corpus_too(tmp_path: Path) -> None:
    corpus = tokenize([], TextTokenizer(TOKENIZER, eos="<|endoftext|>"), folder=tmp_path)
    assert (corpus.num_examples, corpus.num_tokens) == (0, 0)
