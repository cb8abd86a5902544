"""Test sets: what is found in tables, what fits submissions, what is refused row by row, and what is kept back from training."""

import tempfile

import pytest

from server.domain.testing.choosing import fitting_grader, scale_of
from server.domain.testing.columns import found_columns
from server.errors import InvalidInput, NotFound
from shared.score_question import score_prompt
from shared.wire import (
    ChrfGrader,
    ContainsGrader,
    ExactGrader,
    HoldBack,
    NumericGrader,
    ScoreGrader,
    TestColumns,
    TestItem,
    TestSetRequest,
    TestSubmissionPatch,
)
from tests.domain.conftest import House
from tests.domain.testing_material import OWNER, submission, table


def upload(house: House, content: bytes, filename: str) -> str:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        return house.documents.add(OWNER, file, filename=filename, document_type="test_submission").id


def item(**parts: object) -> TestItem:
    return TestItem.model_validate({"id": "1", "prompt": "What?", **parts})


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (["prompt", "expected"], {"prompt": "prompt", "expected": "expected"}),
        (["Question", "Answer"], {"prompt": "Question", "expected": "Answer"}),
        (["essay", "Score"], {"prompt": "essay", "expected_score": "Score"}),
        (["question", "answer", "marks"], {"prompt": "question", "input": "answer", "expected_score": "marks"}),
        (["id", "text", "expected_score"], {"prompt": "text", "expected_score": "expected_score", "label": "id"}),
        (["question", "label", "reply"], {"prompt": "question", "expected": "reply"}),
        (["text", "label"], {"prompt": "text", "expected": "label"}),
    ],
)
def test_columns_are_known_by_their_names(names: list[str], columns: dict[str, str]) -> None:
    found = found_columns(names)
    assert found is not None
    assert found.model_dump(exclude_none=True) == columns


@pytest.mark.parametrize("names", [["a", "b"], ["prompt"], ["date", "amount"]])
def test_columns_that_say_nothing_are_asked_for(names: list[str]) -> None:
    assert found_columns(names) is None


@pytest.mark.parametrize(
    ("items", "grader"),
    [
        ([item(expected_score=7), item(expected_score=3)], ScoreGrader(highest=10)),
        ([item(expected_score=7.5), item(expected_score=13)], ScoreGrader(highest=20, step=0.5)),
        ([item(expected="42"), item(expected="3.5")], NumericGrader()),
        ([item(expected="Paris"), item(expected="Rome")], ExactGrader()),
        ([item(expected="A whole sentence that says what there is to say.")], ChrfGrader()),
    ],
)
def test_the_grader_fits_what_is_expected(items: list[TestItem], grader: object) -> None:
    assert fitting_grader(items)[0] == grader


@pytest.mark.parametrize("scores", [[0.3, 0.85], [1, 5], [12.25, 40], [99.9], [-3, 250], [0.333, 19.1], [1234]])
def test_every_scale_can_be_made_and_holds_its_scores(scores: list[float]) -> None:
    scale = scale_of(scores)
    assert scale.lowest <= min(scores)
    assert scale.highest >= max(scores)


def test_a_table_becomes_a_test_set(house: House) -> None:
    document_id = upload(house, b'name,essay,score\nAda,A first essay.,7/10\nBob,"Another, longer one.",4\n', "essays.csv")
    preview = house.test_sets.preview(OWNER, TestSetRequest(document_id=document_id))
    assert preview.available_columns == ["name", "essay", "score"]
    assert (preview.grader, preview.prompt_form) == (ScoreGrader(), "for_score")
    assert not house.test_sets.page(OWNER, limit=5, after=None).data
    made = house.test_sets.create(OWNER, TestSetRequest(document_id=document_id))
    assert (made.name, made.source, made.num_items) == ("Tests: essays", "document", 2)
    first, second = house.test_sets.items(OWNER, made.id, limit=5, after=None).data
    assert (first.prompt, first.expected_score, first.label) == (score_prompt("A first essay."), 7.0, "Ada")
    assert house.test_sets.items(OWNER, made.id, limit=5, after=first.id).data == [second]
    assert house.room.usage(OWNER).storage_bytes > house.documents.get(OWNER, document_id).size_bytes


def test_rows_that_cannot_be_graded_are_named(house: House) -> None:
    document_id = table(house, [{"prompt": "One?", "expected": "1"}, {"prompt": "Two?", "expected": ""}, {"prompt": "", "expected": "3"}])
    with pytest.raises(InvalidInput) as refused:
        house.test_sets.create(OWNER, TestSetRequest(document_id=document_id))
    assert refused.value.code == "test_sets.bad_items"
    assert {detail.line for detail in refused.value.details} == {2, 3}
    scores = table(house, [{"text": "One.", "score": 3}, {"text": "Two.", "score": "good"}, {"text": "Three.", "score": 30}])
    grader = ScoreGrader(highest=10)
    with pytest.raises(InvalidInput) as refused:
        house.test_sets.create(OWNER, TestSetRequest(document_id=scores, grader=grader))
    assert [detail.line for detail in refused.value.details] == [2, 3]
    assert "good" in refused.value.details[0].message


def test_columns_may_be_chosen_and_have_to_be_there(house: House) -> None:
    document_id = table(house, [{"a": "What is it?", "b": "A kettle."}])
    with pytest.raises(InvalidInput, match="'a', 'b'") as refused:
        house.test_sets.create(OWNER, TestSetRequest(document_id=document_id))
    assert refused.value.param == "columns"
    columns = TestColumns(prompt="a", expected="b")
    made = house.test_sets.create(OWNER, TestSetRequest(document_id=document_id, columns=columns, grader=ContainsGrader()))
    assert (made.columns, made.grader, made.grader_reason) == (columns, ContainsGrader(), None)
    with pytest.raises(InvalidInput) as refused:
        house.test_sets.create(OWNER, TestSetRequest(document_id=document_id, columns=TestColumns(prompt="c", expected="b")))
    assert refused.value.param == "columns.prompt"


def test_a_text_has_no_rows(house: House) -> None:
    with pytest.raises(InvalidInput) as refused:
        house.test_sets.create(OWNER, TestSetRequest(document_id=upload(house, b"Only prose.", "prose.txt")))
    assert refused.value.code == "documents.no_rows"


def test_submissions_are_read_whole_and_asked_in_the_words_of_training(house: House) -> None:
    long = "A sentence of an essay that goes on. " * 2_000
    made = [submission(house, long, expected_score=8), submission(house, "A short one.", expected_score=2)]
    test_set = house.test_sets.create(OWNER, TestSetRequest(submission_ids=[one.id for one in made]))
    first, second = house.test_sets.items(OWNER, test_set.id, limit=5, after=None).data
    assert (second.id, second.prompt) == (made[1].id, score_prompt("A short one."))
    assert " ".join((first.prompt or "").split()) == " ".join(score_prompt(long).split())


def test_a_submission_may_be_a_table_and_is_one_text_then(house: House) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"a,b\n1,2\n")
        made = house.submissions.add(OWNER, file, filename="work.csv", name="Work", expected="3", expected_score=None)
    assert house.submissions.text(OWNER, made.id).split() == ["a,b", "1,2"]


def test_submissions_are_changed_and_go_with_their_documents(house: House) -> None:
    made = submission(house, "An essay.", expected="Good.")
    with pytest.raises(InvalidInput):
        plain = submission(house, "Nothing is expected of this.")
        house.test_sets.create(OWNER, TestSetRequest(submission_ids=[plain.id]))
    changed = house.submissions.patch(OWNER, made.id, TestSubmissionPatch(expected_score=4, expected=None))
    assert (changed.expected, changed.expected_score, changed.name) == (None, 4, made.name)
    house.submissions.delete(OWNER, made.id)
    for gone in (lambda: house.submissions.get(OWNER, made.id), lambda: house.documents.get(OWNER, made.document_id)):
        with pytest.raises(NotFound):
            gone()


def test_examples_are_kept_back_and_what_is_left_is_trained_on(house: House) -> None:
    document = house.document(OWNER, rows=20)
    request = TestSetRequest(hold_back=HoldBack(document_id=document.id, num_items=5, seed=1))
    made = house.test_sets.create(OWNER, request)
    left = house.documents.get(OWNER, str(made.training_document_id))
    assert (made.num_items, left.num_examples, made.prompt_form) == (5, 15, "as_given")
    asked = {item.prompt for item in house.test_sets.items(OWNER, made.id, limit=10, after=None).data}
    assert len(asked) == 5
    kept = b"".join(house.documents.content(OWNER, left.id)[1]).decode()
    assert not [prompt for prompt in asked if f'"{prompt}"' in kept]
    assert house.test_sets.create(OWNER, request).content_sha256 == made.content_sha256
    with pytest.raises(InvalidInput) as refused:
        house.test_sets.create(OWNER, TestSetRequest(hold_back=HoldBack(document_id=document.id, num_items=20)))
    assert refused.value.param == "hold_back.num_items"
