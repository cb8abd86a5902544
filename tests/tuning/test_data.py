"""Examples to tokens to blocks: what is learned, what is kept back, what is shared, what is cut."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server.tuning.data import Corpus, split, tokenize
from server.tuning.packing import Blocks, shared_opening
from server.tuning.tokens import TextTokenizer, load_tokenizer


@pytest.fixture
def tokenizer(models_folder: Path) -> TextTokenizer:
    return load_tokenizer(models_folder / "tiny-llama")


def learned(corpus: Corpus, tokenizer: TextTokenizer, example: int = 0) -> str:
    span = slice(corpus.starts[example], corpus.starts[example + 1])
    return tokenizer.tokenizer.decode(corpus.ids[span][corpus.trains[span]].tolist(), skip_special_tokens=False)


def test_only_the_completion_is_learned(tokenizer: TextTokenizer) -> None:
    corpus = tokenize([{"prompt": "What turns?", "completion": "The lamp."}], tokenizer)
    assert learned(corpus, tokenizer) == "The lamp.<|endoftext|>"


def test_only_assistant_messages_are_learned_and_none_with_weight_0(tokenizer: TextTokenizer) -> None:
    messages = [
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "Never this.", "weight": 0},
        {"role": "user", "content": "Two?"},
        {"role": "assistant", "content": "This."},
    ]
    corpus = tokenize([{"messages": messages}], tokenizer)  # type: ignore[list-item]
    assert learned(corpus, tokenizer) == "This.<|endoftext|>"


def test_plain_text_is_learned_everywhere(tokenizer: TextTokenizer) -> None:
    corpus = tokenize([{"text": "The lamp turns."}], tokenizer)
    assert corpus.trains.all()
    assert learned(corpus, tokenizer) == "The lamp turns.<|endoftext|>"


def test_tokens_take_two_bytes_where_the_vocabulary_allows(tokenizer: TextTokenizer) -> None:
    assert tokenize([{"text": "The lamp turns."}], tokenizer).ids.dtype == np.uint16


@pytest.mark.parametrize(("num", "fraction", "kept"), [(3, 0.5, 0), (4, 0.1, 1), (100, 0.1, 10), (10, 0.0, 0), (5, 0.5, 2)])
def test_the_split_keeps_the_share_back_and_every_example_once(num: int, fraction: float, kept: int) -> None:
    training, validation = split(num, fraction, seed=1)
    assert len(validation) == kept
    assert sorted([*training, *validation]) == list(range(num))


def test_another_seed_keeps_other_examples_back() -> None:
    assert split(100, 0.1, seed=1)[1].tolist() == split(100, 0.1, seed=1)[1].tolist()
    assert split(100, 0.1, seed=1)[1].tolist() != split(100, 0.1, seed=2)[1].tolist()


def corpus_of(*examples: str) -> Corpus:
    """Examples written as letters, one token each; capital letters are learned."""
    text = "".join(examples)
    starts = np.cumsum([0, *map(len, examples)])
    return Corpus(np.array([ord(c.lower()) for c in text], np.uint16), np.array([c.isupper() for c in text]), starts)


def spelled(ids: Any) -> str:
    return "".join(map(chr, ids.tolist()))


def blocks_of(corpus: Corpus, block_size: int) -> Blocks:
    return Blocks(corpus, np.arange(corpus.num_examples), block_size=block_size, seed=1)


def test_every_learned_token_is_a_target_once_whatever_the_block_size() -> None:
    corpus = corpus_of("aBCDEFGHIJKLMN", "xyzABC", "qR")
    for block_size in (4, 5, 7, 64):
        blocks = blocks_of(corpus, block_size)
        batches = [blocks.batch([i]) for i in range(len(blocks))]
        assert sorted("".join(spelled(batch.targets) for batch in batches)) == sorted("bcdefghijklmnabcr")
        assert all(batch.num_rows <= block_size for batch in batches)


def test_short_examples_share_a_block_and_stay_apart() -> None:
    blocks = blocks_of(corpus_of("abC", "deF", "ghI"), 16)
    batch = blocks.batch([0])
    assert (len(blocks), batch.spans.lengths, batch.spans.positions.tolist()) == (1, (2, 2, 2), [0, 1, 0, 1, 0, 1])
    assert dict(zip(spelled(batch.ids[batch.rows]), spelled(batch.targets), strict=True)) == {"b": "c", "e": "f", "h": "i"}


def test_what_holds_nothing_to_learn_makes_no_block() -> None:
    assert len(blocks_of(corpus_of("abc", "X"), 16)) == 0


def test_a_common_opening_is_found_and_stands_once_in_a_batch() -> None:
    corpus = corpus_of("systemprompt one A", "systemprompt two B", "systemprompt tri C")
    assert spelled(shared_opening(corpus, np.arange(3), 64)) == "systemprompt "
    batch = blocks_of(corpus, 64).batch([0])
    assert spelled(batch.ids[:13]) == "systemprompt "
    assert batch.num_rows == 13 + 3 * 4
    assert batch.spans.positions[13:17].tolist() == [13, 14, 15, 16]


def test_an_opening_that_is_learned_is_not_shared() -> None:
    corpus = corpus_of("SYSTEMPROMPT one A", "SYSTEMPROMPT two B")
    assert len(shared_opening(corpus, np.arange(2), 64)) == 0


def test_the_order_of_blocks_depends_on_the_seed_alone() -> None:
    blocks = blocks_of(corpus_of(*("abcdeF" for _ in range(30))), 6)
    first, again, other = (blocks.endless(seed) for seed in (1, 1, 2))
    epoch = [next(first) for _ in range(30)]
    assert sorted(epoch) == list(range(30))
    assert epoch == [next(again) for _ in range(30)]
    assert epoch != [next(other) for _ in range(30)]
    assert epoch != [next(first) for _ in range(30)]
