"""The port for text over the program of `generation.py`, which answers as a whole and one after the other: an answer is one piece."""

from collections.abc import Generator, Sequence

from server.background import generation
from server.errors import InvalidInput
from server.ports.textgen import FinishReason, Piece, TextRequest, Usage
from shared.wire import GenerateRequest, Message

_MOST_TOKENS = 2048


class WholeAnswers:
    def __init__(self, generator: generation.Generator) -> None:
        self._generator = generator

    def generate(self, request: TextRequest) -> Generator[Piece, None, None]:
        """Raises `InvalidInput` for what that program cannot do: log probabilities, penalties, prompts of tokens."""
        if request.num_logprobs is not None or request.frequency_penalty or request.presence_penalty or request.prompt_ids is not None:
            raise InvalidInput(
                "This model cannot tell log probabilities, weigh repetitions or read tokens here.", code="generate.bad_request"
            )
        model = request.model
        where = {"kind": "base", "id": model.place} if model.kind == "base" else {"kind": model.kind, "path": model.place}
        messages = [Message.model_validate({"role": role, "content": content}) for role, content in request.messages or ()]
        made = self._generator.generate(
            model.name,
            where,
            GenerateRequest(
                prompt=request.prompt,
                messages=messages or None,
                max_tokens=min(request.max_tokens or _MOST_TOKENS, _MOST_TOKENS),
                temperature=request.temperature,
                top_p=request.top_p,
                seed=request.seed,
            ),
        )
        text, stopped = _until(made.text, request.stop)
        reason: FinishReason = "stop" if stopped else made.finish_reason
        yield Piece(text, finish_reason=reason, usage=Usage(made.num_prompt_tokens, made.num_tokens))


def _until(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    places = [at for word in stop if (at := text.find(word)) >= 0]
    return (text[: min(places)], True) if places else (text, False)
