"""A test item is asked with the very tokens that a training example with the same prompt and answer has."""

from pathlib import Path
from typing import Any

import pytest

from server.tuning.data import tokenize
from server.tuning.testing.questions import Asker
from server.tuning.tokens import TextTokenizer, load_tokenizer
from shared.wire import ChoiceGrader, ExactGrader, ScoreGrader, TestItem


@pytest.fixture(params=["tiny-llama", "tiny-gpt2"])
def tokenizer(request: pytest.FixtureRequest, models_folder: Path) -> TextTokenizer:
    """With a chat template of its own, and without one."""
    return load_tokenizer(models_folder / request.param)


def asker(tokenizer: TextTokenizer, **changed: Any) -> Asker:
    return Asker(
        **{"tokenizer": tokenizer, "context_length": 256, "grader": ScoreGrader(highest=12), "asked_as": "chat", "max_tokens": 0} | changed
    )


def trained_ids(tokenizer: TextTokenizer, example: Any) -> list[int]:
    return tokenize([example], tokenizer).ids.tolist()


def test_a_prompt_and_its_score_are_the_tokens_of_the_training_example(tokenizer: TextTokenizer) -> None:
    asked = asker(tokenizer).asked(TestItem(id="a", prompt="Grade the log of the keeper.", expected_score=10))
    assert asked.question is not None and asked.expected == 10
    for score, continuation in enumerate(asked.question.continuations):
        example = {"prompt": "Grade the log of the keeper.", "completion": str(score)}
        assert asked.question.ids + continuation == trained_ids(tokenizer, example)
        assert continuation[-1] == tokenizer.eos_id
    assert len(asked.question.continuations) == 13


def test_a_conversation_is_asked_up_to_its_answer(tokenizer: TextTokenizer) -> None:
    before = [{"role": "user", "content": "The ship?"}, {"role": "assistant", "content": "Gone."}, {"role": "user", "content": "The lamp?"}]
    grader = ChoiceGrader(choices=["lit", "dark"])
    asked = asker(tokenizer, grader=grader).asked(TestItem(id="a", messages=before, expected="dark"))
    assert asked.question is not None and asked.expected == 1
    example = {"messages": [*before, {"role": "assistant", "content": "dark"}]}
    assert tokenizer.decode(asked.question.ids + asked.question.continuations[1]) == tokenizer.decode(trained_ids(tokenizer, example))


def test_an_expected_text_is_judged_beside_the_possible_ones(tokenizer: TextTokenizer) -> None:
    asked = asker(tokenizer).asked(TestItem(id="a", prompt="The log?", expected="seven", expected_score=7))
    assert asked.question is not None
    assert asked.expected == 13 == len(asked.question.continuations) - 1
    free = asker(tokenizer, grader=ExactGrader(), max_tokens=8).asked(TestItem(id="a", prompt="The log?", expected="seven"))
    assert free.question is not None and free.expected == 0 and len(free.question.continuations) == 1


def test_a_text_is_continued_as_it_is(tokenizer: TextTokenizer) -> None:
    asked = asker(tokenizer, asked_as="text").asked(TestItem(id="a", prompt="The keeper counts", expected_score=7))
    assert asked.question is not None
    assert tokenizer.decode(asked.question.ids) == "The keeper counts"
    assert tokenizer.decode(asked.question.continuations[7]) == " 7"


def test_a_long_prompt_keeps_its_end_and_leaves_room_for_an_answer(tokenizer: TextTokenizer) -> None:
    item = TestItem(id="a", prompt="The ship. " * 300 + "The lamp?", expected="yes")
    asked = asker(tokenizer, grader=ExactGrader(), max_tokens=40).asked(item)
    assert asked.question is not None and asked.shortened
    assert len(asked.question.ids) == 256 - 40
    assert "lamp" in tokenizer.decode(asked.question.ids)


def test_an_expected_text_that_fills_the_context_is_not_judged(tokenizer: TextTokenizer) -> None:
    asked = asker(tokenizer, grader=ExactGrader(), max_tokens=8).asked(TestItem(id="a", prompt="The lamp?", expected="The ship. " * 300))
    assert asked.question is not None
    assert asked.expected is None and asked.question.continuations == []


def test_an_empty_question_is_a_problem_in_words(tokenizer: TextTokenizer) -> None:
    assert asker(tokenizer, asked_as="text").asked(TestItem(id="a", prompt="", expected_score=1)).problem == "The question is empty."
