"""One report in every format: the same things said, nothing that a user wrote alive, nothing asked of any network."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from selectolax.lexbor import LexborHTMLParser

from server.adapters.typeset_process import TypesetProcess
from server.domain.reports.charts import Series, line_chart, thin
from server.domain.reports.rendering import nothing_here, rendered
from server.domain.reports.rendering.table import safe
from server.settings import REPOSITORY
from shared.wire import ReportContent, ReportRequest
from shared.wire.reports import ReportFormat
from tests.domain.conftest import House
from tests.domain.reports.conftest import HOSTILE, OWNER, Desk

TYPESET = TypesetProcess(REPOSITORY)
SAFE_ELEMENTS = frozenset(
    re.findall(
        r"\w+",
        "html head meta title style body header main footer nav section article figure figcaption p h1 h2 h3 h4 ul ol li a strong span div "
        "dl dt dd table caption thead tbody tr th td code svg desc line path circle rect text",
    )
)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReportContent]:
    """Two jobs, both tested; whatever a user can name has a hostile name."""
    house = House(tmp_path_factory.mktemp("house"))
    desk = Desk(house)
    jobs = [desk.trained(HOSTILE), desk.trained("Кириллица")]
    desk.test_of(jobs[0], hostile=True)
    desk.test_of(jobs[1], "no_change", evaluation_id="evl-2")
    report = desk.reports.create(OWNER, ReportRequest(job_ids=jobs, include_logs=True, name=HOSTILE))
    yield desk.reports.content(OWNER, report.id)
    house.close()


def text_of(content: ReportContent, format: ReportFormat) -> str:
    return rendered(content, format, TYPESET).data.decode()


def test_the_page_has_only_the_elements_it_is_made_of_and_asks_for_nothing(content: ReportContent) -> None:
    page = LexborHTMLParser(text_of(content, "html"))
    assert {node.tag for node in page.css("*")} - {"-text"} <= SAFE_ELEMENTS
    attributes = [(name, value or "") for node in page.css("*") for name, value in node.attributes.items()]
    assert not [name for name, _ in attributes if name.startswith("on") or name in {"src", "style", "srcset", "action"}]
    assert all(value.startswith("#") for name, value in attributes if name == "href")
    assert "url(" not in text_of(content, "html") and "@import" not in text_of(content, "html")


def test_the_page_shows_hostile_names_as_they_were_written(content: ReportContent) -> None:
    heading = LexborHTMLParser(text_of(content, "html")).css_first("h1")
    assert heading is not None and heading.text() == HOSTILE


def test_the_policy_lets_in_the_one_style_sheet(content: ReportContent) -> None:
    found = rendered(content, "html", TYPESET)
    policy = LexborHTMLParser(found.data.decode()).css_first("meta[http-equiv]")
    assert policy is not None
    assert f"default-src 'none'; style-src '{found.style_hash}'" in (policy.attributes["content"] or "")


def test_headings_go_down_one_by_one_and_links_lead_somewhere(content: ReportContent) -> None:
    page = LexborHTMLParser(text_of(content, "html"))
    levels = [int(node.tag[1]) for node in page.css("h1, h2, h3, h4")]
    assert levels[0] == 1 and all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))
    ids = [node.attributes["id"] for node in page.css("[id]")]
    assert len(ids) == len(set(ids))
    assert {(node.attributes["href"] or "")[1:] for node in page.css("a")} <= set(ids)


def test_the_verdict_comes_before_everything_else(content: ReportContent) -> None:
    for format in ("html", "markdown"):
        text = text_of(content, format)  # type: ignore[arg-type]
        assert 0 < text.lower().index("improved", text.index("Did it work")) < text.index("What was asked")


def test_the_pdf_shows_greek_and_cyrillic_and_runs_nothing(content: ReportContent) -> None:
    document = pypdfium2.PdfDocument(rendered(content, "pdf", TYPESET).data)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    told = re.sub(r"[\s\u200b\ufffe\u0002-]", "", text)
    for words in ('#read("/etc/passwd")', "Ελένη", "Кириллица", "IMPROVED"):
        assert re.sub(r"[\s-]", "", words).casefold() in told.casefold()
    assert "root:" not in text and len(document) >= 3


def test_the_pdf_says_where_it_has_no_font_instead_of_drawing_boxes(content: ReportContent) -> None:
    """The private characters are in no font. Those of East Asia are drawn where the machine has a font for them."""
    named = content.model_copy(update={"name": "Before \U000f1234\U000f1235 after. 日本語, 한국어"})
    pages = pypdfium2.PdfDocument(rendered(named, "pdf", TYPESET).data)
    text = re.sub(r"\s+", " ", "".join(page.get_textpage().get_text_range() for page in pages))
    assert "Before [2 characters] after." in text
    assert "Take the HTML to read them." in text
    assert "日本語" in text or "[3 characters]" in text
    plain = pypdfium2.PdfDocument(rendered(content, "pdf", TYPESET).data)
    assert "has no font" not in plain[0].get_textpage().get_text_range()


def test_no_cell_of_the_table_is_a_formula(content: ReportContent) -> None:
    rows = list(csv.DictReader(io.StringIO(rendered(content, "csv", TYPESET).data.decode("utf-8-sig"))))
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell[:1] in set("=@+\t\r") or (cell[:1] == "-" and not re.fullmatch(r"-[\d.e-]+", cell))]
    assert len([row for row in rows if row["part"] == "item"]) == 40
    assert {row["name"] for row in rows if row["part"] == "verdict"} == {"improved", "no_change"}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "|cmd", "＝1"])
def test_text_that_a_spreadsheet_would_run_is_quoted(cell: str) -> None:
    assert safe(cell) == f"'{cell}"
    assert safe(-1.5) == "-1.5"


def test_json_is_the_whole_content(content: ReportContent) -> None:
    assert ReportContent.model_validate(json.loads(text_of(content, "json"))) == content


def test_markdown_has_no_html_link_or_image_of_a_users(content: ReportContent) -> None:
    outside = re.sub(r"(?ms)^(`{3,})$.*?^\1$", "", text_of(content, "markdown"))
    assert not re.search(r"(?<!\\)[<>\[\]]|https?:", outside.replace("\n> ", "\n"))


def test_sizes_and_names_of_files(content: ReportContent) -> None:
    for format, suffix in {"html": "html", "pdf": "pdf", "json": "json", "csv": "csv", "markdown": "md"}.items():
        found = rendered(content, format, TYPESET)  # type: ignore[arg-type]
        assert found.filename.endswith(f".{suffix}") and not set('/\\"<>') & set(found.filename)
        assert 1_000 < len(found.data) < 5_000_000


def test_a_link_that_opens_nothing_shows_a_page_that_says_so() -> None:
    page = nothing_here()
    assert b"opens nothing" in page.data and page.style_hash


def test_a_chart_has_words_for_those_who_do_not_see_it_and_round_numbers() -> None:
    series = Series("<b>", "train", [(float(step), 3.0 - step / 100) for step in range(200)])
    svg = line_chart("x", [series], title="Loss & more", description="It falls.", x_title="step", y_title="loss")
    assert 'role="img"' in svg and "<title id=" in svg and "Loss &amp; more" in svg and "<b>" not in svg
    assert {"0", "50", "100", "150"} <= set(re.findall(r">([\d.,]+)</text>", svg))


@pytest.mark.parametrize("values", [[], [2.0], [2.0, 2.0], [0.0, 0.0], [-1.0, 1e9], [1e-7, 2e-7]])
def test_a_chart_of_anything_is_drawn(values: list[float]) -> None:
    points = [(float(step), value) for step, value in enumerate(values)]
    svg = line_chart("x", [Series("a", "train", points)], title="t", description="d", x_title="x", y_title="y")
    assert "nan" not in svg and "inf" not in svg


def test_thinning_keeps_the_ends_and_the_extremes() -> None:
    points = [(float(step), 9.0 if step == 4321 else 1.0) for step in range(10_000)]
    kept = thin(points, 100)
    assert len(kept) <= 110 and (kept[0], kept[-1]) == (points[0], points[-1]) and (4321.0, 9.0) in kept


def test_templates_name_no_address() -> None:
    for template in (REPOSITORY / "server/domain/reports/rendering/templates").iterdir():
        assert "http" not in Path(template).read_text().replace("http-equiv", "")
