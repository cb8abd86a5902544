"""Many questions read at once come to what each comes to alone: probabilities of continuations and greedy answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from server.tuning.generate import Sampling, generate
from server.tuning.model import CausalModel
from server.tuning.model_folder import load_model
from server.tuning.spans import Spans
from server.tuning.testing.branches import PROMPT, Branches
from server.tuning.testing.reading import Question, batches_of, read
from server.tuning.tokens import TextTokenizer, load_tokenizer


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Models this small only lose by sharing work between cores, and on a busy machine a lot."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=["tiny-llama", "tiny-gpt2"])
def model(request: pytest.FixtureRequest, models_folder: Path) -> CausalModel:
    return load_model(models_folder / request.param)


@pytest.fixture
def tokenizer(models_folder: Path) -> TextTokenizer:
    return load_tokenizer(models_folder / "tiny-llama")


def questions(tokenizer: TextTokenizer, *, opening: str) -> list[Question]:
    prompts = ["The lamp", "Every evening the keeper counts", "a", "The ships and the morning and the lamp and the log", "Night"]
    said = [" 1", " 10", " 1 ship", "0", " the keeper writes down what passed"]
    continuations = [[*ids, tokenizer.eos_id] for ids in tokenizer.encode_pieces(said)]
    return [Question(tokenizer.encode_pieces([opening + prompt])[0], continuations) for prompt in prompts]


def log_probability(model: CausalModel, ids: list[int], continuation: list[int]) -> float:
    """Of one continuation alone, by the plain way."""
    whole = torch.tensor(ids + continuation)
    with torch.no_grad():
        logits = model.hidden(whole[:-1], Spans.of((len(whole) - 1,))) @ model.head_weight.T
    chances = torch.log_softmax(logits.double(), 1)[len(ids) - 1 :]
    return float(chances.gather(1, whole[len(ids) :, None]).sum())


def test_a_tree_has_a_row_for_each_beginning_that_goes_on() -> None:
    tree = Branches.of([[1, 9], [1, 0, 9], [2, 9], []])
    assert tree.ids == [1, 0, 2]
    assert tree.parents == [PROMPT, 0, PROMPT]
    assert tree.depths == [0, 1, 0]
    assert tree.paths == [[(PROMPT, 1), (0, 9)], [(PROMPT, 1), (0, 0), (1, 9)], [(PROMPT, 2), (2, 9)], []]


@pytest.mark.parametrize("opening", ["", "The lighthouse keeper counts the ships. "])
def test_continuations_are_as_likely_as_each_one_alone(opening: str, model: CausalModel, tokenizer: TextTokenizer) -> None:
    asked = questions(tokenizer, opening=opening)
    for question, reading in zip(asked, read(model, asked, max_tokens=0, end_ids=[]), strict=True):
        alone = [log_probability(model, question.ids, continuation) for continuation in question.continuations]
        assert reading.log_probabilities == pytest.approx(alone, abs=1e-3)
        assert reading.answer == []


@pytest.mark.parametrize("opening", ["", "The lighthouse keeper counts the ships. "])
def test_answers_are_those_of_one_question_at_a_time(opening: str, model: CausalModel, tokenizer: TextTokenizer) -> None:
    asked = questions(tokenizer, opening=opening)
    alone = [
        generate(model, tokenizer, question.ids, sampling=Sampling(max_tokens=24), end_ids=[tokenizer.eos_id]).token_ids
        for question in asked
    ]
    ends = [alone[0][2], alone[3][10]]  # So that some end early and are forgotten while others go on.
    asked_again = [generate(model, tokenizer, question.ids, sampling=Sampling(max_tokens=24), end_ids=ends).token_ids for question in asked]
    assert [reading.answer for reading in read(model, asked, max_tokens=24, end_ids=[tokenizer.eos_id])] == alone
    assert [reading.answer for reading in read(model, asked, max_tokens=24, end_ids=ends)] == asked_again
    assert min(map(len, asked_again)) < 24


def test_what_is_answered_together_is_the_same_read_in_parts(model: CausalModel, tokenizer: TextTokenizer) -> None:
    """More rows than are read at once, fewer sequences than are answered at once: one batch."""
    asked = [Question([7 + place % 5, *range(3, 40 + place % 3)], [[1, 2]]) for place in range(60)]
    assert len(batches_of(asked, model, max_tokens=6)) == 1
    assert sum(len(question.ids) for question in asked) > 2048
    together = read(model, asked, max_tokens=6, end_ids=[])
    for question, reading in list(zip(asked, together, strict=True))[::7]:
        alone = generate(model, tokenizer, question.ids, sampling=Sampling(max_tokens=6), end_ids=[])
        assert reading.answer == alone.token_ids
        assert reading.log_probabilities == pytest.approx([log_probability(model, question.ids, [1, 2])], abs=1e-3)


def test_an_answer_ends_where_the_context_does(model: CausalModel, tokenizer: TextTokenizer) -> None:
    room = model.shape.context_length
    asked = [Question([5] * (room - 3), []), Question([5, 6], [])]
    long, short = read(model, asked, max_tokens=12, end_ids=[])
    assert len(long.answer) == 3 == len(generate(model, tokenizer, asked[0].ids, sampling=Sampling(max_tokens=12), end_ids=[]).token_ids)
    assert len(short.answer) == 12


def test_batches_hold_every_question_once_and_shun_padding(model: CausalModel) -> None:
    asked = [Question([1] * length, [[1, 2]]) for length in [40, 3, 1500, 7, 41, 900, 1200, 2]]
    batches = batches_of(asked, model, max_tokens=0)
    assert sorted(index for batch in batches for index in batch) == list(range(len(asked)))
    assert batches[0] == [7, 1, 3, 0, 4, 5]
    assert batches == batches_of(asked, model, max_tokens=0)
