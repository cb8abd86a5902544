"""Answers of text in the shapes that OpenAI's clients read, as a whole and as chunks. Made of the port's pieces; no HTTP here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from server.domain.openai.texts import TextsAsked
from server.ports.textgen import FinishReason, Piece, TokenChance, TokenLogprobs, Usage
from shared.wire.openai.texts import (
    ChatChoice,
    ChatChunk,
    ChatCompletion,
    ChatDelta,
    ChatLogprobs,
    ChatMessage,
    ChunkChoice,
    Completion,
    CompletionChoice,
    CompletionLogprobs,
    LikelyToken,
    TokenLogprob,
    UsageTold,
)


@dataclass
class Answer:
    """One choice as far as it has come."""

    texts: list[str] = field(default_factory=list)
    logprobs: list[TokenLogprobs] = field(default_factory=list)
    finish_reason: FinishReason | None = None
    usage: Usage | None = None

    def take(self, piece: Piece) -> None:
        self.texts.append(piece.text)
        self.logprobs += piece.logprobs
        self.finish_reason = piece.finish_reason or self.finish_reason
        self.usage = piece.usage or self.usage

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def reason(self) -> FinishReason:
        return self.finish_reason or "length"


@dataclass
class Telling:
    """What all chunks of one answer share. `chat` tells which of the two shapes it has."""

    id: str
    created: int
    asked: TextsAsked
    chat: bool
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.answers = [Answer() for _ in self.asked.requests]

    @property
    def wants_logprobs(self) -> bool:
        return self.asked.requests[0].num_logprobs is not None

    def whole(self) -> ChatCompletion | Completion:
        if self.chat:
            choices = [
                ChatChoice(
                    index=index,
                    message=ChatMessage(content=answer.text),
                    logprobs=_chat_logprobs(answer.logprobs) if self.wants_logprobs else None,
                    finish_reason=answer.reason,
                )
                for index, answer in enumerate(self.answers)
            ]
            return ChatCompletion(id=self.id, created=self.created, model=self.asked.model, choices=choices, usage=self.usage())
        return self._completion(
            [
                CompletionChoice(
                    index=index,
                    text=opening + answer.text,
                    logprobs=_legacy_logprobs(answer.logprobs, 0) if self.wants_logprobs else None,
                    finish_reason=answer.reason,
                )
                for index, (opening, answer) in enumerate(zip(self.asked.openings, self.answers, strict=True))
            ],
            self.usage(),
        )

    def opening(self) -> Iterable[ChatChunk | Completion]:
        """What comes before any piece: whose turn it is, or the repeated prompt."""
        for index, opening in enumerate(self.asked.openings):
            if self.chat:
                yield self._chunk(
                    [ChunkChoice(index=index, delta=ChatDelta(role="assistant", content=""), logprobs=None, finish_reason=None)]
                )
            elif opening:
                yield self._completion([CompletionChoice(index=index, text=opening, logprobs=None, finish_reason=None)])

    def chunks(self, index: int, piece: Piece) -> Iterable[ChatChunk | Completion]:
        """Chunks for a piece: the text, and the reason of the end in one of its own, as chats are told."""
        answer = self.answers[index]
        offset = len(answer.text)
        answer.take(piece)
        if not self.chat:
            logprobs = _legacy_logprobs(piece.logprobs, offset) if self.wants_logprobs else None
            if piece.text or piece.logprobs or piece.finish_reason:
                yield self._completion(
                    [CompletionChoice(index=index, text=piece.text, logprobs=logprobs, finish_reason=piece.finish_reason)]
                )
            return
        if piece.text or piece.logprobs:
            told = _chat_logprobs(piece.logprobs) if self.wants_logprobs else None
            yield self._chunk([ChunkChoice(index=index, delta=ChatDelta(content=piece.text), logprobs=told, finish_reason=None)])
        if piece.finish_reason:
            yield self._chunk([ChunkChoice(index=index, delta=ChatDelta(), logprobs=None, finish_reason=piece.finish_reason)])

    def closing(self) -> ChatChunk | Completion:
        """The chunk of the usage, without choices."""
        return self._chunk([], self.usage()) if self.chat else self._completion([], self.usage())

    def usage(self) -> UsageTold:
        """Each prompt counts once, however many answers it has."""
        used = [answer.usage or Usage(0, 0) for answer in self.answers]
        prompts = sum(one.num_prompt_tokens for one in used[:: self.asked.num_choices])
        made = sum(one.num_completion_tokens for one in used)
        return UsageTold(prompt_tokens=prompts, completion_tokens=made, total_tokens=prompts + made)

    def _chunk(self, choices: list[ChunkChoice], usage: UsageTold | None = None) -> ChatChunk:
        return ChatChunk(
            id=self.id, object="chat.completion.chunk", created=self.created, model=self.asked.model, choices=choices, usage=usage
        )

    def _completion(self, choices: list[CompletionChoice], usage: UsageTold | None = None) -> Completion:
        return Completion(id=self.id, object="text_completion", created=self.created, model=self.asked.model, choices=choices, usage=usage)


def _chat_logprobs(tokens: Sequence[TokenLogprobs]) -> ChatLogprobs:
    return ChatLogprobs(
        content=[
            TokenLogprob(**_likely(token.chosen).model_dump(), top_logprobs=[_likely(chance) for chance in token.top]) for token in tokens
        ]
    )


def _likely(chance: TokenChance) -> LikelyToken:
    return LikelyToken(token=chance.text, logprob=chance.logprob, bytes=list(chance.data))


def _legacy_logprobs(tokens: Sequence[TokenLogprobs], offset: int) -> CompletionLogprobs:
    """`offset`: characters of the answer before these tokens."""
    offsets = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token.chosen.text)
    return CompletionLogprobs(
        tokens=[token.chosen.text for token in tokens],
        token_logprobs=[token.chosen.logprob for token in tokens],
        top_logprobs=[{chance.text: chance.logprob for chance in token.top} for token in tokens],
        text_offset=offsets,
    )
