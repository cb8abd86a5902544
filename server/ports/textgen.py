"""Text from models, piece by piece. Asked by the routes that speak to other people's clients; answered by a program that holds the models.

Laws, for whoever answers:
* `generate` gives exactly one sequence. Several of a request (`n`, several prompts) are several calls, at the same time from several
  threads; that is what batching is for.
* What can be known before the first piece is raised before it, at the call or by the first `next`: `InvalidInput` with `param` (a prompt
  too long: code `generate.prompt_too_long`; messages that the template refuses, a model that cannot do what is asked:
  `generate.bad_request`), `RateLimited` with `retry_after_s` when too many wait, `Conflict` for a base model that is not on this
  machine, `Unavailable` for everything that may pass. After the first piece only `Unavailable` comes.
* Pieces come as soon as they are known. Each text is whole characters; all of them joined are the answer. The last piece, and no other,
  has a `finish_reason` and a `usage`; its text may be empty.
* Of `stop` strings nothing is in the answer, not even the part of one that came with an earlier token: a text that may be the beginning
  of one is held back until that is known. End tokens of the model are never in the text.
* Closing the generator ends the work, soon and without an error. Whoever reads slowly slows down nobody else.
* Temperature 0 is greedy. The same request with the same seed on an idle machine gives the same text.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True)
class TextModel:
    """A model as a program on this machine finds it. `kind` "folder" and "checkpoint": `place` is a path (a Hugging Face folder, a
    checkpoint of a run); "base": an id of the catalogue, whose weights may have to be prepared first. `name` is for messages alone."""

    name: str
    kind: Literal["folder", "base", "checkpoint"]
    place: str


@dataclass(frozen=True)
class TextRequest:
    """Exactly one of `prompt` (continued as it is), `prompt_ids` (the same as the model's own tokens) and `messages` (role and content of
    each, through the model's chat template).

    `max_tokens` None: as many as the context has room for; a larger number than that ends there as well. `num_logprobs` None: none are
    asked for; 0: of the chosen tokens alone; else of so many likeliest as well (at most 20). Penalties are those of OpenAI, -2 to 2.
    """

    model: TextModel
    prompt: str | None = None
    prompt_ids: Sequence[int] | None = None
    messages: Sequence[tuple[str, str]] | None = None
    max_tokens: int | None = None
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0
    stop: Sequence[str] = ()
    num_logprobs: int | None = None
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0


@dataclass(frozen=True)
class TokenChance:
    """A token with its natural logarithm of probability. `data` are its bytes, which alone need not be whole characters; `text` is the
    same with what is no character replaced."""

    text: str
    data: bytes
    logprob: float


@dataclass(frozen=True)
class TokenLogprobs:
    """The token that was chosen, and the likeliest at its place, the likeliest first."""

    chosen: TokenChance
    top: Sequence[TokenChance] = ()


@dataclass(frozen=True)
class Usage:
    """`num_completion_tokens` counts the end token where there was one."""

    num_prompt_tokens: int
    num_completion_tokens: int


@dataclass(frozen=True)
class Piece:
    """Some more text; of what `num_logprobs` asked for, that of the tokens that this text ends."""

    text: str
    logprobs: Sequence[TokenLogprobs] = ()
    finish_reason: FinishReason | None = None
    usage: Usage | None = None


class TextGeneration(Protocol):
    def generate(self, request: TextRequest) -> Generator[Piece, None, None]:
        """The answer to one request, as the laws above say."""
        ...
