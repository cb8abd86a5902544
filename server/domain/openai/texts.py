"""From a request for text, in OpenAI's words, to requests of the port: one for each answer. What is not done here is refused by name."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from server.errors import InvalidInput
from server.ports.textgen import TextModel, TextRequest
from shared.wire.openai.texts import MAX_CHOICES, AskedMessage, ChatCreate, CompletionCreate, ContentPart, SamplingAsked

_USUAL_COMPLETION_TOKENS: Final = 16
"""OpenAI's."""
_USUAL_CHAT_TOKENS: Final = 1024
"""There it is whatever fits; a small model that finds no end would keep a processor for a quarter of an hour."""
_ROLES: Final = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


@dataclass(frozen=True)
class TextsAsked:
    """`requests` in the order of the choices; `openings` are what each begins with when the prompt is to be repeated. `num_prompts`
    of them differ in their prompt: usage counts each of those once."""

    model: str
    requests: list[TextRequest]
    openings: list[str]
    num_choices: int
    stream: bool
    include_usage: bool
    legacy_logprobs: bool = False


def completion_asked(body: CompletionCreate, model: TextModel) -> TextsAsked:
    """Raises `InvalidInput`."""
    _refuse("suffix", body.suffix, "Text between two others is not written here.")
    if body.best_of is not None and body.best_of > (body.n or 1):
        _refuse("best_of", body.best_of, "Every answer that is made is given: leave best_of out, or make n as large.")
    if body.echo and body.logprobs is not None:
        _refuse("echo", body.echo, "The prompt has no log probabilities here, so it cannot be repeated with them.")
    plain = replace(_sampling(body, model), max_tokens=body.max_tokens or _USUAL_COMPLETION_TOKENS, num_logprobs=body.logprobs)
    prompts = _prompts(body.prompt)
    if body.echo and not all(isinstance(prompt, str) for prompt in prompts):
        _refuse("echo", body.echo, "A prompt of tokens cannot be repeated as text.")
    requests = [
        replace(plain, prompt=prompt) if isinstance(prompt, str) else replace(plain, prompt_ids=tuple(prompt)) for prompt in prompts
    ]
    openings = [prompt if body.echo and isinstance(prompt, str) else "" for prompt in prompts]
    return _asked(body, model, requests, openings, legacy_logprobs=body.logprobs is not None)


def chat_asked(body: ChatCreate, model: TextModel) -> TextsAsked:
    """Raises `InvalidInput`."""
    for name in ("tools", "functions"):
        _refuse(name, getattr(body, name), "Models here call no tools.")
    _refuse("audio", body.audio, "There is no sound here.")
    _refuse("web_search_options", body.web_search_options, "Nothing is looked up here.")
    _refuse("modalities", [one for one in body.modalities or [] if one != "text"], "There is only text here.")
    if body.response_format is not None and body.response_format.type != "text":
        _refuse("response_format", body.response_format, "Answers are plain text here: no form can be forced on them.")
    if body.top_logprobs and not body.logprobs:
        raise InvalidInput("top_logprobs needs logprobs to be true.", code="request.invalid", param="top_logprobs")
    request = replace(
        _sampling(body, model),
        messages=tuple(_message(message, f"messages.{index}") for index, message in enumerate(body.messages)),
        max_tokens=body.max_completion_tokens or body.max_tokens or _USUAL_CHAT_TOKENS,
        num_logprobs=(body.top_logprobs or 0) if body.logprobs else None,
    )
    return _asked(body, model, [request], [""])


def _asked(
    body: SamplingAsked, model: TextModel, requests: list[TextRequest], openings: list[str], *, legacy_logprobs: bool = False
) -> TextsAsked:
    """Each prompt `n` times, every one with a seed of its own."""
    n = body.n or 1
    if n * len(requests) > MAX_CHOICES:
        raise InvalidInput(f"At most {MAX_CHOICES} answers are made for one request.", code="unsupported_value", param="n")
    return TextsAsked(
        model=model.name,
        requests=[replace(request, seed=(request.seed + number) % 2**31) for request in requests for number in range(n)],
        openings=[opening for opening in openings for _ in range(n)],
        num_choices=n,
        stream=bool(body.stream),
        include_usage=body.stream_options is not None and bool(body.stream_options.include_usage),
        legacy_logprobs=legacy_logprobs,
    )


def _sampling(body: SamplingAsked, model: TextModel) -> TextRequest:
    _refuse("logit_bias", body.logit_bias, "The chances of single tokens cannot be changed here.")
    stop = [] if body.stop is None else [body.stop] if isinstance(body.stop, str) else body.stop
    greedy = body.top_p == 0  # OpenAI takes it; of nothing at all only the likeliest token stays.
    return TextRequest(
        model,
        temperature=0.0 if greedy else 1.0 if body.temperature is None else body.temperature,
        top_p=1.0 if greedy or body.top_p is None else body.top_p,
        seed=secrets.randbelow(2**31) if body.seed is None else body.seed % 2**31,
        stop=tuple(stop),
        frequency_penalty=body.frequency_penalty or 0.0,
        presence_penalty=body.presence_penalty or 0.0,
    )


def _prompts(prompt: Any) -> list[str | list[int]]:
    """A text, texts, tokens, or lists of tokens."""
    several = isinstance(prompt, list) and not (prompt and isinstance(prompt[0], int))
    found: list[str | list[int]] = prompt if several else [prompt]
    if not found or any(not one for one in found):
        raise InvalidInput("The prompt is empty. Say how the text begins.", code="request.invalid", param="prompt")
    return found


def _message(message: AskedMessage, param: str) -> tuple[str, str]:
    if message.role not in _ROLES:
        raise InvalidInput(
            f"Messages of the role {message.role[:40]!r} are not read here.", code="unsupported_value", param=f"{param}.role"
        )
    _refuse(f"{param}.tool_calls", message.tool_calls or message.function_call, "Models here call no tools.")
    if isinstance(message.content, str):
        return _ROLES[message.role], message.content
    return _ROLES[message.role], "".join(_texts(message.content or [], param))


def _texts(parts: Iterable[ContentPart], param: str) -> Iterable[str]:
    for index, part in enumerate(parts):
        if part.type not in {"text", "refusal"} or part.text is None:
            raise InvalidInput("Only text is read here.", code="unsupported_value", param=f"{param}.content.{index}")
        yield part.text


def _refuse(param: str, value: Any, message: str) -> None:
    """For a parameter that would change the answer and cannot."""
    if value:
        raise InvalidInput(message, code="unsupported_parameter", param=param)
