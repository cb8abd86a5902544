"""TXT and Markdown: passages end where a reader would pause, and nothing is lost."""

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.reading import Inspection
from shared.reading.prose import PASSAGE_CHARACTERS, passages

Inspect = Callable[..., Inspection]


def split(text: str, *, markdown: bool = False) -> list[str]:
    return list(passages(io.StringIO(text), markdown=markdown))


def test_short_paragraphs_share_a_passage() -> None:
    assert split("One.\n\n\n  \nTwo.\nStill two.\n\nThree.") == ["One.\n\nTwo.\nStill two.\n\nThree."]


def test_a_passage_is_full_at_about_1500_characters() -> None:
    paragraphs = [letter * 400 for letter in "abcdefg"]
    assert split("\n\n".join(paragraphs)) == ["\n\n".join(paragraphs[:3]), "\n\n".join(paragraphs[3:6]), paragraphs[6]]


def test_a_heading_opens_a_passage_and_stays_with_its_text() -> None:
    text = "# Pumps\n## Small\nThey pump.\n\nAll day.\n## Large\n\n" + "They pump more. " * 93
    found = split(text, markdown=True)
    assert found[0] == "# Pumps\n\n## Small\n\nThey pump.\n\nAll day."
    assert found[1].startswith("## Large\n\nThey pump more.")
    assert len(found) == 2


def test_underlined_headings_count_too() -> None:
    assert split("Before.\n\nPumps\n=====\n\nThey pump.", markdown=True) == ["Before.", "Pumps\n=====\n\nThey pump."]


def test_a_hash_in_fenced_code_or_plain_text_is_no_heading() -> None:
    code = "Run:\n\n```sh\n# a comment\nls\n```\n\nDone."
    assert split(code, markdown=True) == [code]
    assert split("One.\n\n# two") == ["One.\n\n# two"]


def test_a_long_paragraph_is_cut_after_sentences() -> None:
    found = split("This is a sentence of some length. " * 100)
    assert len(found) == 3
    assert all(passage.endswith("length.") and len(passage) <= PASSAGE_CHARACTERS for passage in found)


def test_hard_wrapped_lines_are_cut_after_sentences_too() -> None:
    found = split("A sentence that goes on over\ntwo lines of the file. " * 80)
    assert all(passage.endswith("file.") for passage in found)


def test_lists_are_cut_between_lines_and_words_stay_whole_where_there_are_words() -> None:
    assert all(passage.endswith("item") for passage in split("- one more item\n" * 300))
    assert set(" ".join(split("word " * 1000)).split()) == {"word"}


def test_indentation_at_the_start_of_a_paragraph_stays() -> None:
    assert split("Code:\n\n    indented = 1\n") == ["Code:\n\n    indented = 1"]


@given(
    st.lists(
        st.sampled_from(
            ["word ", "A sentence. ", "\n", "\n\n", "# Head\n", "```\n", "\t", "é。", "—!) ", "=====\n", "x" * 700, "y" * 40_000]
        )
        | st.text(max_size=20),
        max_size=60,
    ),
    st.booleans(),
)
def test_nothing_but_white_space_is_lost_and_nothing_comes_twice(parts: list[str], markdown: bool) -> None:
    text = "".join(parts)
    found = split(text, markdown=markdown)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(passage.strip() for passage in found)
    assert all(len(passage) <= 3 * PASSAGE_CHARACTERS for passage in found)


def test_a_text_of_one_endless_line_is_read(inspected: Inspect) -> None:
    found = inspected(b"x" * 5_000_000, "long.txt")
    assert (found.num_characters, found.problems) == (5_000_000, [])


@pytest.mark.parametrize(("name", "format"), [("a.txt", "txt"), ("a.md", "md"), ("A.MARKDOWN", "md"), ("README", "txt")])
def test_prose_is_prose_by_its_name(inspected: Inspect, name: str, format: str) -> None:
    found = inspected("# Hello\n\nWorld, there, are, commas\n", name)
    assert (found.format, found.preview) == (format, [{"text": "# Hello\n\nWorld, there, are, commas"}])
