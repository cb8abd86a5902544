"""The GGUF file that an installed package carries, and the tokenizer in it. No torch here: the look needs the tokenizer alone."""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokenizers import AddedToken, Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
from tokenizers.processors import ByteLevel as ByteLevelProcessor

from server.tuning import failures
from server.tuning.tokens import TextTokenizer
from shared.base_models import BaseModel, Package

if TYPE_CHECKING:
    from gguf import GGUFReader

_CONTROL = 3
"""GGUF's token type for special tokens."""


def unpack_tokenizer(model: BaseModel, package: Package, folder: Path) -> None:
    """Write the package's tokenizer into `folder`, and nothing else."""
    from gguf import GGUFReader  # Only here: half a second, and needed once in an installation's life.

    tokenizer = packaged_tokenizer(GGUFReader(gguf_file(model, package)))
    tokenizer.save(folder, context_length=model.context_length, template_source=tokenizer.template_source)


def gguf_file(model: BaseModel, package: Package) -> Path:
    """Found without importing the package, which would load a runtime that is not needed."""
    spec = importlib.util.find_spec(package.module)
    folders = spec.submodule_search_locations if spec else None
    files = [file for folder in folders or [] for file in sorted(Path(folder).glob("*.gguf"))]
    if not files:
        raise failures.base_unavailable(
            model.id,
            f"The Python package that carries its weights ({package.module}) is not installed.",
            "Ask whoever runs this installation to run its set-up again, or choose another base model.",
        )
    return files[0]


def field(reader: "GGUFReader", name: str) -> Any:
    """The value under this key of the file, or None."""
    found = reader.get_field(name)
    return None if found is None else found.contents()


def packaged_tokenizer(reader: "GGUFReader") -> TextTokenizer:
    """GPT-2's byte-level BPE, with every digit a token of its own (GGUF calls this "smollm")."""
    tokens: list[str] = field(reader, "tokenizer.ggml.tokens")
    merges = [tuple(merge.split(" ")) for merge in field(reader, "tokenizer.ggml.merges")]
    kinds = field(reader, "tokenizer.ggml.token_type")
    tokenizer = Tokenizer(BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = Sequence([Digits(individual_digits=True), ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = ByteLevelDecoder()
    tokenizer.post_processor = ByteLevelProcessor(trim_offsets=False)
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL])
    return TextTokenizer(
        tokenizer,
        eos=tokens[field(reader, "tokenizer.ggml.eos_token_id")],
        bos=tokens[field(reader, "tokenizer.ggml.bos_token_id")],
        pad=tokens[field(reader, "tokenizer.ggml.padding_token_id")],
        template_source=field(reader, "tokenizer.chat_template"),
    )
