"""Completions and chat completions: what is asked, and what is answered as a whole or piece by piece."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from shared.wire.openai.base import Asked, Id, Sparse, Told

MAX_CHOICES = 16
Text = Annotated[str, StringConstraints(max_length=100_000)]
Tokens = Annotated[list[Annotated[int, Field(ge=0, lt=2**31)]], Field(min_length=1, max_length=200_000)]
Penalty = Annotated[float, Field(ge=-2, le=2)]
StopWord = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]


class StreamOptions(Asked):
    include_usage: bool | None = None


class SamplingAsked(Asked):
    """What both kinds of request have. Fields that stand for things that are not done here are kept, so that they can be refused."""

    model: Id
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    n: Annotated[int, Field(ge=1, le=128)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: StopWord | Annotated[list[StopWord], Field(max_length=16)] | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    logit_bias: dict[str, float] | None = None


class CompletionCreate(SamplingAsked):
    prompt: Text | Tokens | Annotated[list[Text], Field(min_length=1, max_length=64)] | Annotated[list[Tokens], Field(max_length=64)]
    max_tokens: Annotated[int, Field(ge=1, le=2**20)] | None = None
    logprobs: Annotated[int, Field(ge=0, le=5)] | None = None
    echo: bool | None = None
    best_of: Annotated[int, Field(ge=1, le=20)] | None = None
    suffix: str | None = None


class ContentPart(Asked):
    type: str
    text: Text | None = None


class AskedMessage(Asked):
    role: str
    content: Text | Annotated[list[ContentPart], Field(max_length=1_000)] | None = None
    tool_calls: list[Any] | None = None
    function_call: Any = None


class ResponseFormat(Asked):
    type: str


class ChatCreate(SamplingAsked):
    messages: Annotated[list[AskedMessage], Field(min_length=1, max_length=1_000)]
    max_tokens: Annotated[int, Field(ge=1, le=2**20)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1, le=2**20)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    response_format: ResponseFormat | None = None
    tools: list[Any] | None = None
    functions: list[Any] | None = None
    modalities: list[str] | None = None
    audio: Any = None
    web_search_options: Any = None


Reason = Literal["stop", "length"]


class UsageTold(Told):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class CompletionLogprobs(Told):
    tokens: list[str]
    token_logprobs: list[float]
    top_logprobs: list[dict[str, float]]
    text_offset: list[int]


class CompletionChoice(Told):
    """`finish_reason` is null in all pieces of a stream but the last."""

    index: int
    text: str
    logprobs: CompletionLogprobs | None
    finish_reason: Reason | None


class Completion(Sparse):
    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: UsageTold | None = None


class LikelyToken(Told):
    token: str
    logprob: float
    bytes: list[int]


class TokenLogprob(LikelyToken):
    top_logprobs: list[LikelyToken]


class ChatLogprobs(Told):
    content: list[TokenLogprob]
    refusal: None = None


class ChatMessage(Told):
    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class ChatChoice(Told):
    index: int
    message: ChatMessage
    logprobs: ChatLogprobs | None
    finish_reason: Reason


class ChatCompletion(Told):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChatChoice]
    usage: UsageTold


class ChatDelta(Sparse):
    role: Literal["assistant"] | None = None
    content: str | None = None


class ChunkChoice(Told):
    index: int
    delta: ChatDelta
    logprobs: ChatLogprobs | None
    finish_reason: Reason | None


class ChatChunk(Sparse):
    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: UsageTold | None = None
