"""Prompts for the sample generations: those that the job names, or the beginnings of kept-back examples."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.tuning.tokens import TextTokenizer
from shared.reading import Example
from shared.rendering import TemplateProblem, render_prompt

MOST = 3
_WORDS = 12


@dataclass(frozen=True)
class Prompt:
    """What a person reads, and what the model reads."""

    text: str
    ids: list[int]


def named(texts: Sequence[str], tokenizer: TextTokenizer, *, chat: bool) -> list[Prompt]:
    """As messages of a user where the data are questions with answers, as texts to continue where they are texts."""
    prompts = [_asked(text, tokenizer) if chat else Prompt(text, tokenizer.encode_prompt(text)) for text in texts[:MOST] if text.strip()]
    return [prompt for prompt in prompts if prompt.ids]


def taken_from(examples: Sequence[Example], tokenizer: TextTokenizer) -> list[Prompt]:
    prompts = [_of(example, tokenizer) for example in examples[:MOST]]
    return [prompt for prompt in prompts if prompt.ids]


def _of(example: Example, tokenizer: TextTokenizer) -> Prompt:
    if "text" in example:
        text = " ".join(example["text"].split()[:_WORDS])
        return Prompt(text, tokenizer.encode_prompt(text))
    if "prompt" in example:
        return _asked(example["prompt"], tokenizer)
    messages = example["messages"]
    first = next((i for i, message in enumerate(messages) if message["role"] == "assistant"), len(messages))
    asked = next((message["content"] for message in reversed(messages[:first]) if message["role"] == "user"), "")
    plain = [{"role": message["role"], "content": message["content"]} for message in messages[:first]]
    if not plain:
        return Prompt("", [])  # Two answers to nothing: there is no prompt to show.
    return Prompt(asked, _rendered(plain, tokenizer))


def _asked(text: str, tokenizer: TextTokenizer) -> Prompt:
    return Prompt(text, _rendered([{"role": "user", "content": text}], tokenizer))


def _rendered(messages: list[dict[str, str]], tokenizer: TextTokenizer) -> list[int]:
    """Empty where the template refuses to ask: a sample is not worth a run."""
    try:
        return tokenizer.encode_pieces([render_prompt(messages, tokenizer.template)])[0]  # type: ignore[arg-type]
    except TemplateProblem:
        return []
