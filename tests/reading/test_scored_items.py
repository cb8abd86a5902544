"""Scored examples are found in guides of many layouts, and what only looks like a score is left alone."""

import io

import pytest

from shared.reading.scored_items import ScoredItem, guide_of, scored_items


def brief(text: str) -> list[tuple[str, float, float | None]]:
    return [(item.text, item.score, item.out_of) for item in scored_items(text)]


LAMP = "I trimmed the lamp and filled its oil before midnight."
GATE = "Somebody should mend the gate, and my boots are wet."


@pytest.mark.parametrize(
    ("line", "score", "out_of"),
    [
        ("Score: 7/10", 7, 10),
        ("score 7 out of 10", 7, 10),
        ("Marks: 15 of 20", 15, 20),
        ("Grade: 4 out of 5", 4, 5),
        ("**Score:** 7/10", 7, 10),
        ("**Score: 7.5 / 10**", 7.5, 10),
        ("> Mark awarded: 12/20", 12, 20),
        ("Total marks = 3 of 4 marks.", 3, 4),
        ("Points: 3/4 points", 3, 4),
        ("Rating — 4/5", 4, 5),
        ("Final score: 85%", 85, 100),
        ("- Score: 0/10", 0, 10),
        ("Score: 7,5/10", 7.5, 10),
    ],
)
def test_a_line_under_a_paragraph_is_its_score(line: str, score: float, out_of: float) -> None:
    assert brief(f"How to mark.\n\n{LAMP}\n{line}\n\n{GATE}\n\n{line}\n") == [(LAMP, score, out_of), (GATE, score, out_of)]


def test_only_the_paragraph_right_above_belongs_to_a_score() -> None:
    text = f"An entry is marked by what it records.\n\nHere are some that were marked:\n\n{LAMP}\n{GATE}\n\nScore: 4/10\n"
    assert brief(text) == [(f"{LAMP}\n{GATE}", 4, 10)]


def test_labels_open_examples_of_several_paragraphs() -> None:
    text = f"""# Marking
The rule is simple.

## Example 1
{LAMP}

{GATE}

Score: 6/10
Feedback: the wind is missing.

## Example 2: {GATE}
Score: 0/10

Conclusion of the guide, which is no example.
"""
    assert brief(text) == [(f"{LAMP}\n\n{GATE}", 6, 10), (GATE, 0, 10)]
    rest = "\n".join(guide_of(text).passages)
    assert "The rule is simple." in rest and "Conclusion of the guide" in rest
    assert LAMP not in rest and "Feedback" not in rest and "6/10" not in rest


def test_the_score_may_stand_in_the_label_or_under_it() -> None:
    text = f"Example 1 (7/10)\n{LAMP}\n\nExample 2 - Score: 3/10\n{GATE}\n\nExample 3\nMarks: 15 of 20\n{LAMP}\n{GATE}\n"
    assert brief(text) == [(LAMP, 7, 10), (GATE, 3, 10), (f"{LAMP}\n{GATE}", 15, 20)]


def test_an_answer_is_told_from_its_label_and_from_remarks() -> None:
    text = f"Submission 4\nAnswer: {LAMP}\nComment: good.\nOverall score: 8/10\n"
    assert brief(text) == [(LAMP, 8, 10)]


def test_an_answer_in_the_label_may_have_its_score_behind_it() -> None:
    assert brief(f"Answer 1: {LAMP} (Score: 3/5)\nAnswer 2: {GATE} (Score: 0/5)\n") == [(LAMP, 3, 5), (GATE, 0, 5)]


def test_of_several_scores_the_total_counts_or_none() -> None:
    parts = f"Example 1\n{LAMP}\nScore: 2/5\nMarks: 3/5\n"
    assert brief(parts) == []
    assert brief(parts + "Total: 5/10\n") == [(LAMP, 5, 10)]
    assert guide_of(parts + "Total: 5/10\n").passages == []


@pytest.mark.parametrize("behind", [" (Score: 3/5)", " [3/5 points]", " - Marks: 3 of 5", " Score: 3/5.", " (3/5)"])
def test_a_score_may_stand_behind_its_text(behind: str) -> None:
    expected = [] if "core" not in behind and "arks" not in behind else [(LAMP, 3, 5), (GATE, 3, 5)]
    assert brief(f"Examples:\n\n- {LAMP}{behind}\n- {GATE}{behind}\n") == expected


def test_bare_scores_are_believed_when_there_are_several_that_differ() -> None:
    texts = [f"Night {i} was calm and long." for i in range(3)]
    assert brief("\n\n".join(f"{text}\nScore: {i}" for i, text in enumerate(texts))) == [(text, i, None) for i, text in enumerate(texts)]
    assert brief(f"{LAMP}\nScore: 7\n\n{GATE}\nScore: 3\n") == []
    assert brief("\n\n".join(f"{text}\nScore: 5" for text in texts)) == []


def test_tables_give_a_text_and_its_score_a_row() -> None:
    bars = f"| No | Submission | Score (out of 10) |\n|---|---|---|\n| 1 | {LAMP} | 6 |\n| 2 | {GATE} | 0 |\n| 3 | Calm. | 11 |\n"
    assert brief(bars) == [(LAMP, 6, 10), (GATE, 0, 10)]
    assert brief(f"Answer | Marks\n{LAMP} | 3/4\n{GATE} | n/a\n") == [(LAMP, 3, 4)]
    assert brief(f"Text\tGrade\n{LAMP}\t70 %\n{GATE}\t2\n") == [(LAMP, 70, 100), (GATE, 2, None)]


@pytest.mark.parametrize(
    "text",
    [
        "| Criterion | Points |\n|---|---|\n| Records the wind | 2 |\n| Signed by the keeper | 2 |\n",
        "| Level | Score | Description |\n| Excellent | 9-10 | Everything is there |\n",
        "Marking scheme\n\nAnswer all of the questions.\nMarks: 20\n",
        "Score 9-10: an excellent entry that records everything.\n\nScore 5-8: a good one.\n",
        "The match ended after a long night. Score 3 of 5 goals fell in the rain.\n",
        "This is page one of the guide (1/2)\n\nThis is page two of the guide (2/2)\n",
        "Entries are given a score from 0/10 to 10/10 by the keeper on watch.\n",
        "A long enough paragraph of words.\nScore: 12/10\n",
        "Score: 7/10\n",
        "ok\nScore: 7/10\n",
        "Grade: A\nThe answer is complete and very well put.\n",
        "Answer the question in your own words.\nTime: 20 of 30 minutes\n",
        "",
    ],
)
def test_what_only_looks_like_a_score_is_left_in_the_prose(text: str) -> None:
    guide = guide_of(text)
    assert guide.items == []
    assert "".join("".join(guide.passages).split()) == "".join(text.split())


def test_nothing_of_a_guide_is_lost_or_said_twice() -> None:
    text = f"# Guide\nIntro words stand here.\n\n{LAMP}\nScore: 7/10\n\nSome more prose follows here.\n\nExample 2\n{GATE}\nScore: 0/10\n"
    guide = guide_of(text)
    assert guide.items == [ScoredItem(LAMP, 7, 10, 5), ScoredItem(GATE, 0, 10, 11)]
    assert guide.passages == ["# Guide\n\nIntro words stand here.\n\nSome more prose follows here."]


def test_the_guide_of_the_score_task_is_taken_apart_again() -> None:
    from scripts import score_task

    entries = score_task.entries(count=40)
    guide = guide_of(score_task.guide(entries))
    kept = [(entry.text, entry.score, 10) for entry in entries]
    assert [(item.text, item.score, item.out_of) for item in guide.items] == kept
    assert guide.passages == [score_task.rubric()]


def test_scores_at_the_edges_of_printed_pages_are_no_page_numbers() -> None:
    from scripts import score_task
    from shared.reading.contents import contents_of
    from tests.corpus.guided import guide_pdf

    entries = score_task.entries(count=40)
    found = contents_of(io.BytesIO(guide_pdf(entries)), filename="guide.pdf", take="guide", max_items=1_000)
    assert [item["score"] for item in found.scored] == [entry.score for entry in entries]
