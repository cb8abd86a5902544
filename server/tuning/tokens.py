"""Text to token ids and back, from a Hugging Face folder and into one, giving the ids that transformers' `AutoTokenizer` gives."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from server.tuning.files import write_json
from shared.model_folder import MAP_FILE, TEMPLATE_FILE, TOKENIZER_FILE, DamagedModel, file_in, has, json_in, text_in
from shared.model_folder import TOKENIZER_CONFIG_FILE as CONFIG_FILE
from shared.rendering import PLAIN_SOURCE, ChatTemplate

_MOST_TEMPLATE_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class TextTokenizer:
    """A tokenizer with the texts of its special tokens and its chat template's source, if it has one."""

    tokenizer: Tokenizer
    eos: str
    bos: str | None = None
    pad: str | None = None
    template_source: str | None = None

    @property
    def template(self) -> ChatTemplate:
        """Its own chat template, or the plain one."""
        return ChatTemplate(self.template_source or PLAIN_SOURCE, self.bos or "", self.eos)

    @property
    def vocabulary_size(self) -> int:
        return self.tokenizer.get_vocab_size(with_added_tokens=True)

    def id_of(self, token: str | None) -> int | None:
        return None if token is None else self.tokenizer.token_to_id(token)

    @property
    def eos_id(self) -> int:
        return self.tokenizer.token_to_id(self.eos)

    def encode_pieces(self, texts: list[str]) -> list[list[int]]:
        """Pieces of a rendered example: the special tokens stand in the text, none are added."""
        return [encoding.ids for encoding in self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    def encode_prompt(self, text: str) -> list[int]:
        """A text to continue, with whatever the tokenizer adds of its own (some put a token at the start)."""
        return self.tokenizer.encode(text).ids

    def decode(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=True)

    def save(self, folder: Path, *, context_length: int, template_source: str | None) -> None:
        """Files that transformers reads without knowing the model's family, so that it takes `tokenizer.json` as it is."""
        self.tokenizer.save(str(folder / TOKENIZER_FILE))
        config: dict[str, Any] = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": context_length,
            "clean_up_tokenization_spaces": False,
            "eos_token": self.eos,
            "pad_token": self.pad or self.eos,
        }
        if self.bos is not None:
            config["bos_token"] = self.bos
        if template_source is not None:
            config["chat_template"] = template_source
            (folder / TEMPLATE_FILE).write_text(template_source, encoding="utf-8")
        write_json(folder / CONFIG_FILE, config)
        special = {name: config[name] for name in ("bos_token", "eos_token", "pad_token") if name in config}
        write_json(folder / MAP_FILE, special)


def load_tokenizer(folder: Path) -> TextTokenizer:
    """Raises `DamagedModel`. Of the configs only the special tokens' texts and the chat template are read; no file that they name is."""
    tokenizer = _tokenizer(folder)
    config = {**_json(folder, MAP_FILE), **_json(folder, CONFIG_FILE)}
    eos = _text(config.get("eos_token")) or "<|endoftext|>"
    if tokenizer.token_to_id(eos) is None:
        raise DamagedModel(f"the tokenizer does not know its own end token {eos[:40]!r}")
    return TextTokenizer(
        tokenizer, eos, bos=_text(config.get("bos_token")), pad=_text(config.get("pad_token")), template_source=_template(folder, config)
    )


def check_fits(tokenizer: TextTokenizer, vocabulary_size: int) -> None:
    """Raises `DamagedModel` for a tokenizer that gives ids which the model has no row for, out of its words or what it adds to a text."""
    inner = tokenizer.tokenizer
    ids = {*inner.get_vocab(with_added_tokens=True).values(), *tokenizer.encode_prompt("a")}
    if max(ids) >= vocabulary_size:
        raise DamagedModel(f"the tokenizer has tokens beyond the {vocabulary_size:,} that the model knows")


def _tokenizer(folder: Path) -> Tokenizer:
    names = (TOKENIZER_FILE,) if has(folder, TOKENIZER_FILE) else ("vocab.json", "merges.txt")
    paths = [str(file_in(folder, name)) for name in names]
    try:
        tokenizer = Tokenizer.from_file(paths[0]) if len(paths) == 1 else _from_vocabulary_and_merges(*paths)
    except Exception as error:  # The library raises plain `Exception` for a broken file.
        raise DamagedModel(f"{TOKENIZER_FILE} is missing or damaged") from error
    except BaseException as error:  # And something that is no `Exception` where its own code fails on one.
        if type(error).__name__ != "PanicException":
            raise
        raise DamagedModel(f"{TOKENIZER_FILE} is damaged") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _from_vocabulary_and_merges(vocabulary: str, merges: str) -> Tokenizer:
    """GPT-2's first form: `vocab.json` and `merges.txt`."""
    from tokenizers import AddedToken
    from tokenizers.implementations import ByteLevelBPETokenizer

    tokenizer = ByteLevelBPETokenizer.from_file(vocabulary, merges)._tokenizer  # noqa: SLF001
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", special=True)])
    return tokenizer


def _json(folder: Path, name: str) -> dict[str, Any]:
    return json_in(folder, name) if has(folder, name) else {}


def _text(token: Any) -> str | None:
    """A special token is written as a text or as an object with `content`."""
    token = token.get("content") if isinstance(token, dict) else token
    return token if isinstance(token, str) else None


def _template(folder: Path, config: dict[str, Any]) -> str | None:
    """The template's own file goes before the config's key; of several named ones, the default. Names are compared, never opened."""
    if has(folder, TEMPLATE_FILE):
        return text_in(folder, TEMPLATE_FILE)
    template = config.get("chat_template")
    if isinstance(template, list):
        named = [item for item in template if isinstance(item, dict)]
        template = next((item.get("template") for item in named if item.get("name") == "default"), None)
    if isinstance(template, str) and len(template) > _MOST_TEMPLATE_CHARACTERS:
        raise DamagedModel("the chat template is larger than any should be")
    return template if isinstance(template, str) else None
