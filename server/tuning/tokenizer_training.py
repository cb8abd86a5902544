"""A byte-level BPE tokenizer learned from the user's own text, for models that start from nothing."""

from collections.abc import Iterable

from tokenizers import AddedToken, Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.processors import ByteLevel as ByteLevelProcessor
from tokenizers.trainers import BpeTrainer

from server.tuning.tokens import TextTokenizer

END = "<|endoftext|>"


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
