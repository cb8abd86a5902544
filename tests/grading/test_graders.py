"""Every grader with the answers that are easily graded wrongly."""

import time
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.grading import expected_text, graded, grader_problem, item_problem, metric_of, possible_texts, score_text
from shared.grading.grading import chosen, scored
from shared.grading.numbers import last_number
from shared.grading.scores import mean_and_mode, scores_of
from shared.grading.similarity import chrf, rouge_l
from shared.wire import Grader, ScoreGrader, TestItem

GRADER: TypeAdapter[Any] = TypeAdapter(Grader)


def grader(kind: str, **values: Any) -> Any:
    return GRADER.validate_python({"kind": kind, **values})


def item(expected: str | None = None, score: float | None = None) -> TestItem:
    return TestItem(id="item-1", prompt="?", expected=expected, expected_score=score)


def value(kind: str, expected: str, answer: str, **values: Any) -> float | None:
    return graded(grader(kind, **values), item(expected), answer).value


@pytest.mark.parametrize(
    ("expected", "answer", "right"),
    [
        ("Paris", " paris\n", 1),
        ("Paris", "Paris.", 0),
        ("cafe\u0301", "caf\u00e9", 1),
        ("ﬁre", "fire", 1),
        ("１２", "12", 1),
        ("STRASSE", "straße", 1),
        ("two  words", "two\u00a0words", 1),
        ("Paris", "", 0),
        ("Paris", "It is Paris", 0),
    ],
)
def test_exact_is_the_whole_text_in_any_unicode_form(expected: str, answer: str, right: float) -> None:
    assert value("exact", expected, answer) == right


def test_exact_can_mind_case() -> None:
    assert value("exact", "NaCl", "nacl", ignore_case=False) == 0


@pytest.mark.parametrize(
    ("expected", "answer", "right"),
    [
        ("art", "The art of it", 1),
        ("art", "the party", 0),
        ("art", "party art", 1),
        ("C++", "It is C++.", 1),
        ("1", "10 ships", 0),
        ("京", "東京です", 1),
        ("New York", "in new\nyork, yes", 1),
        ("no", "", 0),
    ],
)
def test_contains_finds_whole_words(expected: str, answer: str, right: float) -> None:
    assert value("contains", expected, answer) == right


def test_a_pattern_is_the_graders_or_the_items() -> None:
    assert value("regex", "", "call 555-1234", pattern=r"\b\d{3}-\d{4}\b") == 1
    assert value("regex", r"^(yes|no)$", "yes") == 1
    assert value("regex", r"^YES", "yes, sir", ignore_case=True) == 1
    assert value("regex", r"(?<=score: )7\b", "score: 7") == 1
    assert value("regex", r"^b", "a\nb") == 0


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        (r"(a+)+$", "a" * 5000 + "b"),
        (r"(a|aa)+$", "a" * 5000 + "b"),
        (r"(?=x)x(a|aa)+\1$", "x" + "a" * 20_000 + "b"),
        (r"(.*a){12}b", "a" * 5000),
    ],
)
def test_a_catastrophic_pattern_ends(pattern: str, answer: str) -> None:
    began = time.monotonic()
    grade = graded(grader("regex", pattern=pattern), item(), answer)
    assert grade.value == 0 or (grade.value is None and grade.problem == "The regular expression takes too long on this answer.")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("pattern", ["(", "[a", "((a{1000}){1000}){1000}", "x{2"])
def test_a_pattern_that_cannot_be_used_is_refused_beforehand(pattern: str) -> None:
    assert grader_problem(grader("regex", pattern=pattern)) is not None
    assert item_problem(grader("regex"), item(pattern)) is not None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("42", 42),
        ("The answer is 42.", 42),
        ("12 + 30 = 42", 42),
        ("1,234,567", 1_234_567),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1.234.567", 1_234_567),
        ("1\u202f234\u00a0567,5", 1_234_567.5),
        ("1'234", 1234),
        ("3,5", 3.5),
        ("0.25", 0.25),
        (".5", 0.5),
        ("-7", -7),
        ("\u22127", -7),
        ("between 3-5", 5),
        ("6.02e23", 6.02e23),
        ("50 %", 50),
        ("50%", 50),
        ("$1,200.50", 1200.5),
        ("20°C", 20),
        ("20 km", 20),
        ("٤٢", 42),
        ("４２", 42),
        ("7/10", 7),
        ("7 out of 10", 7),
        ("7/10, or 8/10", 8),
        ("Answer: 7/10 points", 7),
        ("version 1.2.3", None),
        ("B12 and x7", None),
        ("none at all", None),
        ("", None),
    ],
)
def test_the_last_number_is_found_however_it_is_written(text: str, number: float | None) -> None:
    assert last_number(text) == number


def test_numbers_are_compared_within_the_tolerance() -> None:
    assert value("numeric", "3.0", "it is 3") == 1
    assert value("numeric", "0.3", str(0.1 + 0.2)) == 1
    assert value("numeric", "100", "105", tolerance=5) == 1
    assert value("numeric", "100", "105.1", tolerance=5) == 0
    assert value("numeric", "-200", "-190", tolerance=0.05, relative=True) == 1
    assert value("numeric", "0", "0.01", tolerance=0.05, relative=True) == 0
    assert value("numeric", "1e300", "1e999") == 0
    assert value("numeric", "5", "no idea") == 0
    assert graded(grader("numeric"), item(score=5), "5").value == 1


SCHEMA = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ('{"name": "Ada"}', 1),
        ('Here you are:\n```json\n{"name": "Ada", "age": 3}\n```\nAnything else?', 1),
        ('```\n{"name": "Ada"}\n```', 1),
        ('The object is {"name": "Ada"} as asked.', 1),
        ('{"name": 3}', 0),
        ('{"name": "Ada", "age": 3.5}', 0),
        ("{name: Ada}", 0),
        ('{"name": "Ada", "age": NaN}', 0),
        ('{"name": "Ada"', 0),
        ("[" * 100_000, 0),
        ("", 0),
    ],
)
def test_json_is_found_in_an_answer_and_held_against_the_schema(answer: str, right: float) -> None:
    assert graded(grader("json_schema", json_schema=SCHEMA), item(), answer).value == right


def test_a_schema_that_cannot_be_used_is_refused_and_nothing_is_fetched() -> None:
    assert grader_problem(grader("json_schema", json_schema={"type": "strin"})) is not None
    for address in ("http://127.0.0.1:9/schema", "file:///etc/hostname"):
        assert "disabled" in str(grader_problem(grader("json_schema", json_schema={"$ref": address})))
    assert grader_problem(grader("json_schema", json_schema=SCHEMA)) is None


def test_chrf_is_that_of_its_definition() -> None:
    # "abc" against "abd": runs of one 2/3, of two 1/2, of three 0; their mean is 7/18 on both sides, and so is F.
    assert chrf("abc", "abd") == pytest.approx(7 / 18)
    # "ab" against "abab": precision 1 and 1; recall 2/4 and 1/3; F2 = 5 P R / (4 P + R) with P = 1, R = 5/12.
    assert chrf("ab", "abab") == pytest.approx(5 * (5 / 12) / (4 + 5 / 12))
    assert chrf("The lamp turns.", "The lamp turns.") == 1
    assert chrf("The  lamp\nturns.", "The lamp turns.") == 1
    assert chrf("xyz", "abc") == 0
    assert chrf("", "abc") == 0
    assert chrf("", "") == 1


def test_rouge_l_is_that_of_its_definition() -> None:
    # Lin's example: "police killed the gunman" against "police kill the gunman" share police, the, gunman in order: 3/4 on both sides.
    assert rouge_l("police kill the gunman", "Police killed the gunman!") == pytest.approx(3 / 4)
    assert rouge_l("the gunman kill police", "police killed the gunman") == pytest.approx(2 / 4)
    # Four of eight words against four of five: P = 4/8, R = 4/5, F1 = 8/13.
    assert rouge_l("a b x c y z d w", "a b c d e") == pytest.approx(8 / 13)
    assert rouge_l("東京です", "東京だ") == pytest.approx(2 * (2 / 4) * (2 / 3) / (2 / 4 + 2 / 3))
    assert rouge_l("", "word") == 0


def test_the_longest_common_sequence_is_that_of_the_plain_way() -> None:
    def plainly(first: str, second: str) -> int:
        row = [0] * (len(second) + 1)
        for a in first:
            before = row[:]
            for place, b in enumerate(second):
                row[place + 1] = before[place] + 1 if a == b else max(before[place + 1], row[place])
        return row[-1]

    from shared.grading.similarity import _longest_common

    for first, second in [("abcbdab", "bdcaba"), ("x" * 70 + "y", "yx" * 60), ("a", "b"), ("abc" * 40, "cba" * 40)]:
        assert _longest_common(list(first), list(second)) == plainly(first, second)


def test_a_choice_is_right_in_any_case() -> None:
    choices = grader("choice", choices=["Yes", "No"])
    assert chosen(item("yes"), "Yes").value == 1
    assert chosen(item("yes"), "No").value == 0
    assert possible_texts(choices) == ["Yes", "No"]
    assert item_problem(choices, item("perhaps")) == "Its expected text is none of the choices."
    with pytest.raises(ValidationError, match="the same"):
        grader("choice", choices=["yes", "Yes "])


def test_scores_are_counted_in_decimal_and_written_as_people_do() -> None:
    tenths = ScoreGrader(lowest=0, highest=1, step=0.1)
    assert scores_of(tenths) == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert possible_texts(tenths)[3] == "0.3" and possible_texts(tenths)[-1] == "1"
    assert possible_texts(ScoreGrader(lowest=-1, highest=1)) == ["-1", "0", "1"]
    assert [score_text(score) for score in (7.0, -0.0, 12.50, 100.0, 1e6)] == ["7", "0", "12.5", "100", "1000000"]
    assert possible_texts(ScoreGrader(highest=2, written_as="Score: {score}/2"))[1] == "Score: 1/2"


def test_a_score_is_as_good_as_it_is_near() -> None:
    assert scored(item(score=7), 5.5).value == 1.5
    assert scored(item("7/10"), 7).value == 0
    assert mean_and_mode([0, 1, 2], [0.25, 0.25, 0.5]) == (1.25, 2)
    assert mean_and_mode([0, 1, 2], [0.4, 0.2, 0.4]) == (1.0, 0)
    assert expected_text(ScoreGrader(written_as="{score} points"), item(score=7.0)) == "7 points"
    assert expected_text(ScoreGrader(), item("seven", 7)) == "seven"


@pytest.mark.parametrize(
    "scale", [{"lowest": 5, "highest": 5}, {"highest": 10, "step": 3}, {"highest": 1000}, {"written_as": "{score} of {score}"}, {"step": 0}]
)
def test_a_scale_that_cannot_be_is_refused(scale: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        grader("score", **scale)


def test_what_an_item_lacks_is_said() -> None:
    assert item_problem(grader("score"), item()) == "It needs an expected score."
    assert item_problem(grader("score"), item(score=11)) == "Its expected score 11 is not on the scale from 0 to 10."
    assert item_problem(grader("score"), item("7 out of 10")) is None
    assert item_problem(grader("exact"), item(" ")) == "It needs an expected text."
    assert item_problem(grader("numeric"), item("many")) == "It needs an expected number."
    assert item_problem(grader("json_schema", json_schema={}), item()) is None
    assert item_problem(grader("regex", pattern="a"), item()) is None


def test_the_metric_says_which_way_is_better() -> None:
    assert not metric_of(grader("score")).higher_is_better
    assert metric_of(grader("chrf")).name == "similarity"
    assert metric_of(grader("exact")).higher_is_better
    assert metric_of(grader("exact"), "expected_loss").name == "expected_loss"


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        ({"lowest": 5, "highest": 5}, "must be above the lowest"),
        ({"highest": 1, "step": 0.3}, "whole number of steps"),
        ({"highest": 1000}, "at most 201"),
        ({"highest": 1e308, "step": 1e-300}, "more than 201 different scores"),
    ],
)
def test_a_scale_that_cannot_be_counted_is_refused(scale: dict[str, float], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ScoreGrader.model_validate(scale)
