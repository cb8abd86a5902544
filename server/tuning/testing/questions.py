"""A test's items as a model reads them: asked in the way in which it was taught, so that base and tuned model are both asked fairly.

What is put between a prompt and its answer is what `shared.rendering` puts there in training; the continuations that are judged are to the
token what a training example would have had, with the end token, so that "1" and "10" are told apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from server.tuning.data import end_of_turn
from server.tuning.testing.reading import Question
from server.tuning.tokens import TextTokenizer
from shared.grading import expected_text, possible_texts
from shared.reading import Message
from shared.rendering import TemplateProblem, render, render_prompt
from shared.wire import Grader, TestItem


@dataclass(frozen=True)
class Asked:
    """`question` has the grader's possible texts as its first continuations, and the expected text as the one at `expected`, if there is
    one. `shortened`: the prompt was too long, so its end is asked. None and a `problem` in words, where the item cannot be asked."""

    question: Question | None
    expected: int | None = None
    shortened: bool = False
    problem: str | None = None


@dataclass(frozen=True)
class Asker:
    """`max_tokens` is the room that is left for an answer; 0 where nothing is generated."""

    tokenizer: TextTokenizer
    context_length: int
    grader: Grader
    asked_as: Literal["chat", "text"]
    max_tokens: int

    def asked(self, item: TestItem) -> Asked:
        texts = possible_texts(self.grader)
        wanted = expected_text(self.grader, item)
        if wanted and wanted not in texts:
            texts.append(wanted)
        try:
            ids, continuations = self._tokens(item, texts)
        except TemplateProblem as error:
            return Asked(None, problem=str(error))
        if not ids:
            return Asked(None, problem="The question is empty.")
        expected = texts.index(wanted) if wanted else None
        if expected is not None and len(continuations[expected]) > self.context_length // 2:
            if expected == len(possible_texts(self.grader)):
                continuations.pop()  # It would leave no room for the question.
            expected = None
        room = self.context_length - max([min(self.max_tokens, self.context_length // 2), *map(len, continuations)])
        if room < 1:
            return Asked(None, problem=f"The possible answers are too long for this model, which reads {self.context_length:,} tokens.")
        return Asked(Question(ids[-room:], continuations), expected, shortened=len(ids) > room)

    def _tokens(self, item: TestItem, texts: Sequence[str]) -> tuple[list[int], list[list[int]]]:
        """The prompt's tokens, and those of each text as its continuation. Raises `TemplateProblem`."""
        if self.asked_as == "text" and item.prompt is not None:
            glue = "" if not item.prompt or item.prompt[-1:].isspace() else " "
            prompt = self.tokenizer.encode_prompt(item.prompt)
            written = [f"{'' if text[:1].isspace() else glue}{text}{self.tokenizer.eos}" for text in texts]
        else:
            messages = _messages(item)
            rendered = render_prompt(messages, self.tokenizer.template)
            prompt = self.tokenizer.encode_pieces([rendered])[0]
            written = [self._continuation(messages, rendered, text) for text in texts]
        return prompt, [self._ended(ids) for ids in self.tokenizer.encode_pieces(written)]

    def _continuation(self, messages: Sequence[Message], rendered: str, text: str) -> str:
        whole = render([*messages, {"role": "assistant", "content": text}], self.tokenizer.template)
        if not whole.startswith(rendered):
            raise TemplateProblem("The base model's chat template puts an answer elsewhere than where it asks for one.")
        return whole[len(rendered) :]

    def _ended(self, ids: list[int]) -> list[int]:
        """With the end token as its last one, and nothing that a template may put behind it."""
        eos = self.tokenizer.eos_id
        ids = ids[: end_of_turn(ids, eos)]
        return ids if ids[-1:] == [eos] else [*ids, eos]


def _messages(item: TestItem) -> list[Message]:
    if item.messages is not None:
        return [{"role": message.role, "content": message.content} for message in item.messages]
    return [{"role": "user", "content": item.prompt or ""}]
