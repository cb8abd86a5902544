"""Legal Parquet, PDF, DOCX and ZIP files."""

import io
import json
from collections.abc import Iterator
from typing import Any

from tests.corpus import documents
from tests.corpus.cases import Legal
from tests.corpus.pieces import HUM, PAIR, PROSE, SAID, USER, rows


def _parquet() -> Iterator[Legal]:
    import pyarrow

    def case(name: str, columns: Any, shape: str = "prompt_completion", number: int = 2, has: str = HUM, **options: Any) -> Legal:
        return Legal(name, documents.parquet(columns, **options), "parquet", shape, number, has)

    pairs = {"prompt": ["Why?", "Loud?"], "completion": [HUM, "No."]}
    for compression in ("none", "snappy", "gzip", "zstd", "brotli", "lz4"):
        yield case(f"{compression}.parquet", pairs, compression=compression)
    yield case("no suffix of its own.bin", pairs)
    yield case("called csv.csv", pairs)
    yield case("chat.parquet", {"messages": [[USER, SAID]] * 2}, "messages")
    yield case(
        "sharegpt.parquet",
        {"conversations": [[{"from": "human", "value": "Why?"}, {"from": "gpt", "value": HUM}]] * 2, "id": [1, 2]},
        "messages",
    )
    yield case("fields of messages.parquet", {"messages": [{"role": ["user", "assistant"], "content": ["Why?", HUM]}] * 2}, "messages")
    yield case(
        "preference.parquet",
        {"chosen": [[USER, SAID]] * 2, "rejected": [[USER, {"role": "assistant", "content": "No."}]] * 2},
        "preference",
    )
    yield case("dictionary.parquet", pyarrow.table({key: pyarrow.array(values).dictionary_encode() for key, values in pairs.items()}))
    yield case(
        "large strings.parquet", pyarrow.table({key: pyarrow.array(values, pyarrow.large_string()) for key, values in pairs.items()})
    )
    yield case("many row groups.parquet", {key: values * 500 for key, values in pairs.items()}, number=1_000, row_group_size=7)
    yield case("pictures beside.parquet", {**pairs, "image": [b"\xff\xd8", None], "score": [1.5, None]})
    yield case(
        "squad.parquet",
        {"context": ["The pump runs."] * 2, "question": ["Runs?"] * 2, "answers": [{"text": [HUM], "answer_start": [0]}] * 2},
    )
    yield case("bytes that are texts.parquet", {key: [value.encode() for value in values] for key, values in pairs.items()})
    views = {key: pyarrow.array(values).cast(pyarrow.string_view()) for key, values in pairs.items()}
    yield case("views of strings.parquet", pyarrow.table(views))
    times = {
        "time": pyarrow.array([0, 1], pyarrow.timestamp("ns", "UTC")),
        "took": pyarrow.array([1, 2], pyarrow.duration("ns")),
        "at": pyarrow.array([1, 2], pyarrow.time64("ns")),
        "nothing": pyarrow.nulls(2),
        "price": pyarrow.array([1, 2], pyarrow.decimal128(10, 2)),
    }
    yield case("nanoseconds.parquet", {**pairs, **times})
    turns = [[{"role": "user", "content": "Why?", "tool_calls": None}, {"role": "assistant", "content": HUM, "tool_calls": []}]] * 2
    yield case("calls beside.parquet", {"messages": turns}, "messages")
    yield case(
        "texts.parquet", {"text": [HUM, "b"], "url": ["a", "b"], "timestamp": pyarrow.array([0, 1], pyarrow.timestamp("ms"))}, "text"
    )


def _pdf() -> Iterator[Legal]:
    def case(name: str, content: bytes, number: int = 1, has: str = HUM) -> Legal:
        return Legal(name, content, "pdf", "text", number, has)

    page = "# Pumps\n\nEvery morning the pump runs for an hour.\n\nThen it rests in the shed behind the house."
    yield case("printed.pdf", documents.printed_pdf([page]))
    yield case("three pages.pdf", documents.printed_pdf([page, page, page]), 3)
    yield case("not packed.pdf", documents.printed_pdf([page], compress=False))
    yield case("encrypted with an empty password.pdf", documents.printed_pdf([page], password=""))
    yield case("umlauts.pdf", documents.printed_pdf([PROSE["german"]]), has="große Becken")
    yield case(
        "hyphens.pdf",
        documents.lines_pdf(["Every morning the pump runs and the ex-", "ample shows how words are joined."]),
        has="the example shows",
    )
    yield case("by hand.pdf", documents.lines_pdf(["Every morning", "the pump runs."]), has="Every morning the pump runs.")
    yield case("junk before.pdf", b"junk\r\n\r\n" + documents.lines_pdf(["Every morning the pump runs."]))
    yield case("called text.txt", documents.lines_pdf(["Every morning the pump runs."]))
    yield case(
        "a wrong table of places.pdf", documents.lines_pdf(["Every morning the pump runs."]).replace(b"startxref\n", b"startxref\n99")
    )
    yield case(
        "a sentence over two pages.pdf",
        documents.printed_pdf(["Every morning the pump runs and", "then it rests in the shed. All is well."]),
        has="runs and then it rests",
    )
    yield case("text after the end.pdf", documents.lines_pdf(["Every morning the pump runs."]) + b"\n<html>trailing</html>\n")


def _docx() -> Iterator[Legal]:
    import docx

    def case(name: str, content: bytes, has: str = HUM, number: int = 1) -> Legal:
        return Legal(name, content, "docx", "text", number, has)

    document = docx.Document()
    document.add_heading("Pumps", 1)
    document.add_paragraph("Every morning the pump runs.")
    document.add_paragraph("one", style="List Bullet")
    document.add_paragraph("two", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, text in zip((cell for row in table.rows for cell in row.cells), ("Part", "Use", "Pump", "runs"), strict=True):
        cell.text = text
    document.add_heading("Taps", 1)
    document.add_paragraph("They drip.")
    out = io.BytesIO()
    document.save(out)
    p = documents.paragraph
    yield case("word.docx", out.getvalue(), "- one\n- two\n\nPart | Use\nPump | runs", 2)
    yield case("called zip.zip", out.getvalue(), number=2)
    yield case("called text.txt", out.getvalue(), number=2)
    strict = 'xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"'
    yield case("strict.docx", documents.docx(p("the pump runs"), words=strict))
    yield case("with macros.docm", documents.docx(p("the pump runs")))
    run = "<w:r><w:t>the pump runs</w:t></w:r>"
    field_of = "<w:sdt><w:sdtPr/><w:sdtContent>{}</w:sdtContent></w:sdt>".format
    yield case("form fields.docx", documents.docx(field_of(p("Each day")) + f"<w:p>{field_of(run)}</w:p>"), "Each day\n\nthe pump runs")
    yield case("a link.docx", documents.docx(f'<w:p><w:hyperlink w:anchor="x">{run}</w:hyperlink></w:p>'))
    yield case("by hand.docx", documents.docx(p("Every morning the pump runs.")))
    yield case(
        "cut into runs.docx",
        documents.docx(
            "<w:p>" + "".join(f"<w:r><w:t xml:space='preserve'>{w} </w:t></w:r>" for w in ["the", "pump", "runs", "now"]) + "</w:p>"
        ),
    )
    deleted = (
        "<w:p><w:r><w:t>the pump runs</w:t></w:r><w:del><w:r><w:delText> not</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t> now.</w:t></w:r></w:ins></w:p>"
    )
    yield case("tracked changes.docx", documents.docx(deleted), "the pump runs now.")
    nested = (
        "<w:tbl><w:tr><w:tc><w:tbl><w:tr><w:tc>"
        + p("the pump runs")
        + "</w:tc></w:tr></w:tbl></w:tc><w:tc>"
        + p("outer")
        + "</w:tc></w:tr></w:tbl>"
    )
    yield case("table in table.docx", documents.docx(nested))
    box = "<w:p><w:r><w:t>Before.</w:t></w:r><w:r><w:pict><w:txbxContent>" + p("the pump runs") + "</w:txbxContent></w:pict></w:r></w:p>"
    yield case("text box.docx", documents.docx(box))
    field = (
        "<w:p><w:r><w:instrText>HYPERLINK</w:instrText></w:r>"
        "<w:r><w:t>the pump runs</w:t><w:tab/><w:t>on</w:t><w:br/><w:t>and on</w:t></w:r></w:p>"
    )
    yield case("fields and breaks.docx", documents.docx(field), "the pump runs\ton\nand on")
    rels = _relationship("x/image", 'file:///etc/passwd" TargetMode="External')
    yield case("external pictures.docx", documents.docx(p("the pump runs"), {"word/_rels/document.xml.rels": rels}))
    notes = f"<w:footnotes {documents.W}><w:footnote>{p('A note says the pump runs.')}</w:footnote></w:footnotes>"
    yield case("footnotes.docx", documents.docx(p("Above."), {"word/footnotes.xml": notes}), "A note says the pump runs.")
    first = _relationship("http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument", "/word/document2.xml")
    other = f"<w:document {documents.W}><w:body>{p('the pump runs')}</w:body></w:document>"
    yield case(
        "another main part.docx",
        documents.zipped({"[Content_Types].xml": documents.CONTENT_TYPES, "_rels/.rels": first, "word/document2.xml": other}),
    )


def _relationship(kind: str, target: str) -> str:
    schema = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{schema}"><Relationship Id="a" Type="{kind}" Target="{target}"/></Relationships>'


def _zip() -> Iterator[Legal]:
    def case(
        name: str, members: dict[str, str | bytes], shape: str = "prompt_completion", number: int = 2, has: str = HUM, **options: Any
    ) -> Legal:
        return Legal(name, documents.zipped(members, **options), "zip", shape, number, has)

    table = "question,answer\nWhy?,Because the pump runs.\n"
    line = json.dumps(PAIR) + "\n"
    yield case("two tables.zip", {"a.csv": table, "b.jsonl": line})
    left = {"Thumbs.db": b"\xd0\xcf\x11\xe0", ".DS_Store": b"\x00\x00\x00\x01Bud1"}
    yield case("what systems leave.zip", {"a.csv": table, "b.jsonl": line, **left})
    yield case("lzma.zip", {"a.csv": table, "b.jsonl": line}, compression=14)
    yield case("folders.zip", {"data/": "", "data/train/a.csv": table, "data/b.jsonl": line})
    yield case(
        "from a mac.zip", {"a.csv": table, "__MACOSX/._a.csv": b"\x00\x05\x16\x07", ".DS_Store": b"\x00\x00\x00\x01Bud1", "b.jsonl": line}
    )
    yield case("readme beside.zip", {"README.md": "# Data\n\nPairs.", "LICENSE": "MIT", "a.csv": table, "b.jsonl": line})
    yield case("stored.zip", {"a.csv": table, "b.jsonl": line}, compression=0)
    yield case("comment.zip", {"a.csv": table, "b.jsonl": line}, comment=b"made by hand" * 1_000)
    yield case("pictures beside.zip", {"a.csv": table, "pump.png": b"\x89PNG\r\n\x1a\n", "b.jsonl": line})
    yield case(
        "many charsets.zip",
        {
            "a.csv": rows(("question", "answer"), ["Où ?", "Voilà, the pump runs, où le garçon était déjà."]).encode("cp1252"),
            "b.csv": table.encode("utf-16"),
        },
    )
    page = f'<html><meta charset="windows-1251"><p>{PROSE["russian"]}</p></html>'.encode("cp1251")
    yield case("a page that says its charset.zip", {"a.html": page, "b.txt": PROSE["french"].encode("cp1252")}, "text", 2, "Это небольшой")
    yield case(
        "documents.zip",
        {
            "a.pdf": documents.lines_pdf(["the pump runs."]),
            "b.docx": documents.docx(documents.paragraph("Taps drip.")),
            "c.html": "<html><p>Hm.</p>",
            "d.txt": "Text.",
        },
        "text",
        4,
    )
    yield case("names in japanese.zip", {"質問.csv": table, "質問2.csv": table})
    yield case("parquet inside.zip", {"a.parquet": documents.parquet({"prompt": ["a", "b"], "completion": [HUM, "c"]})})
    yield case("bzip2.zip", {"a.csv": table, "b.jsonl": line}, compression=12)
    yield case("called data.data", {"a.csv": table, "b.jsonl": line})


MAKERS = (_parquet, _pdf, _docx, _zip)
