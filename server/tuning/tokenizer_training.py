"""A byte-level BPE tokenizer learned from the user's own text, for models that start from nothing."""

import math
from collections.abc import Iterable
from itertools import islice

from tokenizers import AddedToken, Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.processors import ByteLevel as ByteLevelProcessor
from tokenizers.trainers import BpeTrainer

from server.tuning.data import rendered
from server.tuning.tokens import TextTokenizer
from shared.reading import Example

END = "<|endoftext|>"
_MOST_CHARACTERS = 10_000_000
"""More text than this teaches a vocabulary of some thousand tokens nothing new, and takes memory that grows with it."""


def learned_from(examples: Iterable[Example], *, num_characters: int, vocabulary_size: int) -> TextTokenizer:
    """The tokenizer of a run that starts from nothing: from these examples as the model will see them, or of much text from every k-th.

    `num_characters` is the size of all the data, what is kept back for validation included.
    """
    template = train_tokenizer([], 257).template
    some = islice(examples, 0, None, every(num_characters))
    texts = ("".join(segment.text for segment in segments) for segments in rendered(some, template))
    return train_tokenizer(texts, vocabulary_size)


def every(num_characters: int) -> int:
    """Which share of the examples a vocabulary is learned from: every one, every second, every third..."""
    return max(1, math.ceil(num_characters / _MOST_CHARACTERS))


def train_tokenizer(texts: Iterable[str], vocabulary_size: int) -> TextTokenizer:
    """At most `vocabulary_size` tokens: all 256 bytes, the end token, and merges that occur twice or more. Same text, same tokens."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.decoder = ByteLevelDecoder()
    tokenizer.post_processor = ByteLevelProcessor(trim_offsets=False)
    trainer = BpeTrainer(
        vocab_size=vocabulary_size,
        min_frequency=2,
        special_tokens=[AddedToken(END, special=True)],
        initial_alphabet=ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return TextTokenizer(tokenizer, eos=END, bos=END, pad=END)
