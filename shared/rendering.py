"""What a model sees of an example: chat templates, and which part of the text is learned and which is only read.

Used by the trainer on every example and by the server for the preview, so that the preview cannot lie. Templates come from base models,
so they run in a sandbox that cannot change or reach anything.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from os.path import commonprefix
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

from shared.reading.examples import Example, Message, MessagesExample, PreferenceExample

if TYPE_CHECKING:
    from jinja2 import Template


class TemplateProblem(ValueError):
    """The chat template refused these messages, or is itself broken. The text is for a person."""


class Segment(NamedTuple):
    """A piece of what the model sees. `trains` says whether it learns to produce it or only reads it."""

    text: str
    trains: bool


@dataclass(frozen=True)
class ChatTemplate:
    """Jinja source as in a tokenizer's `chat_template`, with the texts of the tokens that open and close a conversation."""

    source: str
    bos: str = ""
    eos: str = ""


PLAIN_SOURCE: Final = (
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ message['content'] + '\\n\\n' }}"
    "{% elif message['role'] == 'user' %}{{ 'User: ' + message['content'] + '\\n' }}"
    "{% else %}{{ 'Assistant: ' + message['content'] + eos_token + '\\n' }}"
    "{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
PLAIN_TEMPLATE: Final = ChatTemplate(PLAIN_SOURCE)
"""For base models that bring no template. The prompt ends in "Assistant:", so a reply begins with the space that it was learned with."""


def render(messages: Sequence[Message], template: ChatTemplate, add_generation_prompt: bool = False) -> str:
    """The conversation as one text. Raises TemplateProblem."""
    from jinja2 import TemplateError

    try:
        return _compiled(template.source).render(
            messages=messages,
            add_generation_prompt=add_generation_prompt,
            bos_token=template.bos,
            eos_token=template.eos,
        )
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
        raise TemplateProblem(f"The base model's chat template cannot render this conversation: {error}") from error


def render_prompt(messages: Sequence[Message], template: ChatTemplate) -> str:
    """What the model is given when it is its turn to speak."""
    return render(messages, template, add_generation_prompt=True)


def segments_of(example: Example, template: ChatTemplate) -> list[Segment]:
    """The example as the model sees it, cut into what is learned and what is read. No segment is empty, no two neighbours are of one kind.

    Joined, the segments are the whole rendering. Raises TemplateProblem.
    """
    if "text" in example:
        text = example["text"] + template.eos
        return [Segment(text, True)] if text else []
    if "preferred" in example:
        return _conversation(_answered(example["messages"], example["preferred"]), template)  # type: ignore[unreachable]  # mypy: a conversation
    if "messages" in example:
        return _conversation(example["messages"], template)
    pair: list[Message] = [{"role": "user", "content": example["prompt"]}, {"role": "assistant", "content": example["completion"]}]
    return _conversation(pair, template)


def sides_of(pair: PreferenceExample) -> tuple[MessagesExample, MessagesExample]:
    """The two conversations of a preference pair, the preferred one first; of each the last answer alone is learned."""
    preferred, rejected = _answered(pair["messages"], pair["preferred"]), _answered(pair["messages"], pair["rejected"])
    return {"messages": preferred}, {"messages": rejected}


def _answered(messages: Iterable[Message], answer: str) -> list[Message]:
    """A conversation in which only this last answer is learned."""
    before: list[Message] = [{"role": message["role"], "content": message["content"], "weight": 0} for message in messages]
    return [*before, {"role": "assistant", "content": answer}]


def _conversation(messages: Sequence[Message], template: ChatTemplate) -> list[Segment]:
    """What an assistant message adds after the prompt that asks for it is learned, to the end of the turn."""
    plain: list[Message] = [{"role": message["role"], "content": message["content"]} for message in messages]  # no template knows weights
    whole = render(plain, template)
    segments: list[Segment] = []
    done = 0
    for index, message in enumerate(messages):
        if message["role"] != "assistant" or message.get("weight", 1) == 0:
            continue
        start = max(done, _length_before(whole, plain[:index], template, ask=True))
        last = index == len(messages) - 1
        end = len(whole) if last else max(start, _length_before(whole, plain[: index + 1], template, ask=False))
        segments += [Segment(whole[done:start], False), Segment(whole[start:end], True)]
        done = end
    segments.append(Segment(whole[done:], False))
    return _merged(segments)


def _length_before(whole: str, beginning: Sequence[Message], template: ChatTemplate, *, ask: bool) -> int:
    """How much of the whole rendering the beginning of a conversation takes.

    Some templates render a beginning otherwise when more follows; then only what both have in common counts. A conversation that the
    assistant opens has nothing before it (many templates cannot render that).
    """
    if not beginning:
        return 0
    prefix = render(beginning, template, add_generation_prompt=ask)
    return len(prefix) if whole.startswith(prefix) else len(commonprefix([whole, prefix]))


def _merged(segments: Iterable[Segment]) -> list[Segment]:
    filled = (segment for segment in segments if segment.text)
    return [Segment("".join(piece.text for piece in run), trains) for trains, run in groupby(filled, key=lambda segment: segment.trains)]


@lru_cache(maxsize=64)
def _compiled(source: str) -> "Template":
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # 40 ms that prose need not pay

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = _strftime_now
    return environment.from_string(source)


def _tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None, separators: Any = None, sort_keys: bool = False) -> str:
    """Without the HTML escapes of jinja2's own filter: the reader is a model."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _raise_exception(message: str) -> NoReturn:
    from jinja2 import TemplateError

    raise TemplateError(message)


def _strftime_now(pattern: str) -> str:
    return datetime.now().astimezone().strftime(pattern)
