"""PDF, DOCX, HTML and Parquet: what becomes of their text, and how they are refused."""

from collections.abc import Callable

import pytest

from shared.reading import Inspection
from tests.corpus import documents
from tests.corpus.documents import docx, lines_pdf, paragraph, parquet, printed_pdf, raw_pdf, stream

Inspect = Callable[..., Inspection]

PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>"
PICTURE = stream(b"\x80" * 100, more=b"/Type /XObject /Subtype /Image /Width 10 /Height 10 /ColorSpace /DeviceGray /BitsPerComponent 8 ")


def texts(found: Inspection) -> list[str]:
    assert found.problems == []
    return [example["text"] for example in found.preview if "text" in example]


def scan() -> bytes:
    pages = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    return raw_pdf({1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: pages, 3: PAGE, 4: stream(b"600 0 0 700 0 0 cm /I Do"), 5: PICTURE})


def test_a_pdf_is_split_at_pages_headings_and_paragraphs(inspected: Inspect) -> None:
    found = inspected(printed_pdf(["# Pumps\n\nThey pump.\n\nAll day.\n\n# Taps\n\nThey drip.", "A new page."]), "a.pdf")
    assert texts(found) == ["Pumps\n\nThey pump.\n\nAll day.", "Taps\n\nThey drip.", "A new page."]
    assert found.text_sample == "\n\n".join(texts(found))


def test_lines_of_a_pdf_are_joined_and_cut_words_made_whole(inspected: Inspect) -> None:
    found = inspected(lines_pdf(["Every morning the pump runs and", "this ex-", "ample goes on over three lines."]), "a.pdf")
    assert texts(found) == ["Every morning the pump runs and this example goes on over three lines."]


def test_page_numbers_and_running_heads_are_no_text(inspected: Inspect) -> None:
    pages = [f"Manual of the pump, issue 7\n\nText of page {word}.\n\n{number}" for number, word in enumerate(("one", "two", "three"), 1)]
    assert " ".join(texts(inspected(printed_pdf(pages), "a.pdf"))).count("Manual of the pump") == 1
    assert not [text for text in texts(inspected(printed_pdf(pages), "a.pdf")) if text.rstrip().endswith(("1", "2", "3"))]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (scan(), "The PDF holds no text, only pictures of pages (a scan). Run text recognition (OCR) on it"),
        (printed_pdf(["secret"], password="sesame"), "The PDF is encrypted and needs a password. Save it without a password"),
        (b"%PDF-1.7\nnothing more", "The PDF is damaged or cut off, or is none: it cannot be opened."),
    ],
)
def test_a_pdf_that_cannot_be_read_is_refused_in_words(inspected: Inspect, content: bytes, message: str) -> None:
    [problem] = inspected(content, "a.pdf").problems
    assert problem.told.startswith(message)


def test_a_page_that_is_only_a_picture_is_named(inspected: Inspect) -> None:
    [warning, *_] = inspected(scan(), "a.pdf").warnings
    assert (warning.page, warning.message) == (1, "Page 1: a picture without text.")


def test_a_page_whose_letters_mean_nothing_is_named_and_may_be_left_out(inspected: Inspect) -> None:
    from tests.corpus.hostile_documents import _meaningless_font

    [problem] = inspected(_meaningless_font(), "a.pdf").problems
    assert (problem.page, problem.skippable) == (1, True)
    assert problem.message.startswith("Page 1: its letters cannot be read")


def test_headings_lists_and_tables_of_word_survive_as_text(inspected: Inspect) -> None:
    styles = f'<w:styles {documents.W}><w:style w:styleId="T1"><w:name w:val="heading 1"/></w:style></w:styles>'
    listed = '<w:numPr><w:ilvl w:val="0"/></w:numPr>'
    table = "<w:tbl><w:tr><w:tc>" + paragraph("Part") + "</w:tc><w:tc>" + paragraph("Use") + "</w:tc></w:tr></w:tbl>"
    body = paragraph("Pumps", '<w:pStyle w:val="T1"/>') + paragraph("one", listed) + paragraph("two", listed) + table
    found = inspected(docx(body + paragraph("Taps", '<w:pStyle w:val="T1"/>') + paragraph("Drip."), {"word/styles.xml": styles}), "a.docx")
    assert texts(found) == ["Pumps\n\n- one\n- two\n\nPart | Use", "Taps\n\nDrip."]


def test_a_word_document_with_entities_is_refused(inspected: Inspect) -> None:
    [problem] = inspected(docx(paragraph("&x;"), head='<!DOCTYPE a [<!ENTITY x "y">]>'), "a.docx").problems
    assert problem.message == "The Word document's XML declares entities of its own, which is not accepted."


def test_hidden_parts_of_a_page_are_left_away(inspected: Inspect) -> None:
    page = '<html><p hidden>no</p><p style="display: none">no</p><noscript>no</noscript><button>no</button><p>Yes.</p></html>'
    assert texts(inspected(page, "a.html")) == ["Yes."]


def test_a_page_may_be_told_another_charset(inspected: Inspect) -> None:
    page = "<html><meta charset=utf-8><p>Привет, мир</p></html>".encode("cp1251")
    assert texts(inspected(page, "a.html", charset="cp1251")) == ["Привет, мир"]


def test_rows_of_parquet_are_counted_from_one(inspected: Inspect) -> None:
    found = inspected(parquet({"prompt": ["a", "b", "c"], "completion": [True, False, True]}), "a.parquet")
    assert [problem.message for problem in found.problems][:1] == ['Row 1: "completion" must be a text, not true.']


def test_what_is_no_parquet_although_it_was_told_is_refused(inspected: Inspect) -> None:
    [problem] = inspected("text\nhello\n", "a.csv", format="parquet").problems
    assert problem.message.startswith("The Parquet table cannot be read")
