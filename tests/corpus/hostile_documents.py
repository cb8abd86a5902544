"""Hostile PDF, DOCX, Parquet and ZIP files: bombs, loops and lies."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from tests.corpus import documents
from tests.corpus.cases import Hostile, made
from tests.corpus.hostile_text import MB, laughs


def _pdf() -> Iterator[Hostile]:
    raw, simple, stream = documents.raw_pdf, documents.simple_pdf, documents.stream
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>"
    catalogue = b"<< /Type /Catalog /Pages 2 0 R >>"
    yield Hostile("pages that are their own children.pdf", raw({1: catalogue, 2: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"}), False)
    yield Hostile(
        "pages in a ring.pdf",
        raw({1: catalogue, 2: b"<< /Type /Pages /Kids [3 0 R] /Count 5 >>", 3: b"<< /Type /Pages /Kids [2 0 R] /Parent 2 0 R /Count 5 >>"}),
        False,
    )
    yield Hostile(
        "a billion pages.pdf", raw({1: catalogue, 2: b"<< /Type /Pages /Kids [3 0 R] /Count 999999999 >>", 3: page, 4: stream(b"")}), False
    )
    yield Hostile("minus one page.pdf", raw({1: catalogue, 2: b"<< /Type /Pages /Kids [] /Count -1 >>"}), False)
    yield Hostile(
        "10,000 times the same page.pdf",
        raw({1: catalogue, 2: b"<< /Type /Pages /Kids [" + b"3 0 R " * 10_000 + b"] /Count 10000 >>", 3: page, 4: stream(b"")}),
        False,
    )
    yield Hostile(
        "contents that are themselves.pdf",
        raw({1: catalogue, 2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", 3: page, 4: b"4 0 R"}),
        False,
    )
    yield Hostile(
        "a form that draws itself.pdf",
        raw(
            {
                1: catalogue,
                2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                3: page[:-2] + b"/Resources << /XObject << /X 5 0 R >> >> >>",
                4: stream(b"/X Do"),
                5: stream(b"/X Do /X Do", more=b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >> "),
            }
        ),
        False,
    )
    forms = {
        n: stream(
            b"/X Do " * 10, more=b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >> " % (n + 1)
        )
        for n in range(5, 14)
    }
    yield Hostile(
        "forms that draw forms.pdf",
        raw(
            {
                1: catalogue,
                2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                3: page[:-2] + b"/Resources << /XObject << /X 5 0 R >> >> >>",
                4: stream(b"/X Do " * 10),
                **forms,
                14: stream(b"0 0 m", more=b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] "),
            }
        ),
    )
    yield Hostile("a bomb of blanks.pdf", made(lambda: simple(b" " * (150 * MB), flate=True)), False)
    yield Hostile("a bomb in a bomb.pdf", made(lambda: _double_bomb()))
    letters = b"(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa) Tj "
    yield Hostile(
        "millions of letters on a page.pdf", made(lambda: simple(b"BT /F1 9 Tf 50 700 Td " + letters * 200_000 + b"ET", flate=True)), False
    )
    yield Hostile("many operators.pdf", made(lambda: simple(b"q " * 2_000_000, flate=True)), False)
    yield Hostile("nested arrays.pdf", simple(b"[" * 100_000 + b"] TJ"), False)
    yield Hostile("nested dictionaries.pdf", raw({1: b"<< /A " * 50_000}), False)
    yield Hostile(
        "a length that lies.pdf",
        raw({1: catalogue, 2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", 3: page, 4: stream(b"BT ET", length=999_999_999)}),
        False,
    )
    yield Hostile(
        "a negative length.pdf",
        raw({1: catalogue, 2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", 3: page, 4: stream(b"BT ET", length=-5)}),
        False,
    )
    yield Hostile("a table of places in a ring.pdf", simple(b"", extra=b"/Prev 9 "), False)
    yield Hostile("an endless page.pdf", simple(b"BT /F1 1 Tf (x) Tj ET", page=b"/MediaBox [0 0 1e30 1e30] "))
    yield Hostile("letters without size.pdf", simple(b"BT /F1 0 Tf 72 720 Td (hidden words) Tj ET"))
    yield Hostile("letters of NaN.pdf", simple(b"BT /F1 1e999 Tf 1e308 1e308 Td (far away) Tj ET"))
    yield Hostile("needs a password.pdf", documents.printed_pdf(["secret"], password="sesame"), False)
    yield Hostile("no pages.pdf", raw({1: catalogue, 2: b"<< /Type /Pages /Kids [] /Count 0 >>"}), False)
    yield Hostile(
        "only a picture.pdf",
        raw(
            {
                1: catalogue,
                2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                3: page[:-2] + b"/Resources << /XObject << /I 5 0 R >> >> >>",
                4: stream(b"600 0 0 700 0 0 cm /I Do"),
                5: stream(
                    b"\x80" * 100, more=b"/Type /XObject /Subtype /Image /Width 10 /Height 10 /ColorSpace /DeviceGray /BitsPerComponent 8 "
                ),
            }
        ),
        False,
    )
    yield Hostile(
        "a picture of 65,000 by 65,000.pdf",
        raw(
            {
                1: catalogue,
                2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                3: page[:-2] + b"/Resources << /XObject << /I 5 0 R >> >> >>",
                4: stream(b"/I Do"),
                5: stream(
                    b"\x80" * 100,
                    more=b"/Type /XObject /Subtype /Image /Width 65000 /Height 65000 /ColorSpace /DeviceRGB /BitsPerComponent 16 ",
                ),
            }
        ),
        False,
    )
    yield Hostile(
        "scripts.pdf",
        raw(
            {
                1: b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (while(1){}) >> >>",
                2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                3: page,
                4: stream(b""),
            }
        ),
        False,
    )
    yield Hostile(
        "launches a program.pdf",
        raw(
            {
                1: b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /Launch /F (/bin/sh) >> >>",
                2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                3: page,
                4: stream(b""),
            }
        ),
        False,
    )
    yield Hostile("only the head.pdf", b"%PDF-1.7\n", False)
    yield Hostile("zeros after the head.pdf", b"%PDF-1.7\n" + b"\x00" * MB, False)
    yield Hostile("letters without meaning.pdf", _meaningless_font(), None)


def _double_bomb() -> bytes:
    inner = zlib.compress(b" " * (200 * MB), 9)
    body = zlib.compress(inner, 9)
    content = b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n" % len(body) + body + b"\nendstream"
    return documents.raw_pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>",
            4: content,
        }
    )


def _meaningless_font() -> bytes:
    to_unicode = documents.stream(
        b"begincmap 1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfrange <00> <FF> <E000> endbfrange endcmap"
    )
    return documents.raw_pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
            4: documents.stream(b"BT /F1 11 Tf 72 720 Td (the pump runs) Tj ET"),
            5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>",
            6: to_unicode,
        }
    )


def _docx() -> Iterator[Hostile]:
    p, docx = documents.paragraph, documents.docx
    yield Hostile("billion laughs.docx", docx(p("&lol9;"), head=laughs("w:document").decode().partition("?>")[2]), False)
    yield Hostile("xxe.docx", docx(p("&x;"), head='<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), False)
    yield Hostile("outside dtd.docx", docx(p("a"), head='<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">'), False)
    yield Hostile("laughs in the styles.docx", docx(p("a"), {"word/styles.xml": laughs("w:styles") + b"<w:styles/>"}), False)
    yield Hostile("a bomb.docx", made(lambda: docx(p("a" * (100 * MB)))), False)
    yield Hostile("many small paragraphs.docx", made(lambda: docx(p("a") * 200_000)))
    yield Hostile("deep.docx", docx("<w:p>" * 50_000 + "</w:p>" * 50_000))
    yield Hostile("deep tables.docx", docx("<w:tbl><w:tr><w:tc>" * 20_000 + p("x") + "</w:tc></w:tr></w:tbl>" * 20_000))
    yield Hostile("broken xml.docx", docx("<w:p><w:r>"), False)
    yield Hostile("no text.docx", docx("<w:p/>"), False)
    yield Hostile("an attribute of megabytes.docx", docx(f'<w:p w:x="{"a" * (5 * MB)}"/>' + p("x")))
    yield Hostile("a million attributes.docx", docx("<w:p " + " ".join(f'a{n}="1"' for n in range(30_000)) + "/>" + p("x")))
    yield Hostile("zeros in the xml.docx", docx(p("a\x00b")), False)
    wide = f'<?xml version="1.0" encoding="UTF-16"?><w:document {documents.W}><w:body>{p("x")}</w:body></w:document>'
    yield Hostile(
        "xml in utf-16.docx",
        documents.zipped(
            {
                "[Content_Types].xml": documents.CONTENT_TYPES,
                "word/document.xml": wide.encode("utf-16"),
            }
        ),
    )
    yield Hostile(
        "no document inside.docx", documents.zipped({"[Content_Types].xml": documents.CONTENT_TYPES, "word/other.xml": "<a/>"}), False
    )
    outward = '<Relationships xmlns="x"><Relationship Id="a" Type="x/officeDocument" Target="../../../../etc/passwd"/></Relationships>'
    yield Hostile(
        "a main part outside.docx",
        documents.zipped({"[Content_Types].xml": documents.CONTENT_TYPES, "_rels/.rels": outward, "word/a.xml": "x"}),
        False,
    )
    yield Hostile("unbalanced ends.docx", docx("<w:tc/><w:tr/></w:body><w:body><w:t>x</w:t>" + p("x")))


def _parquet() -> Iterator[Hostile]:
    good = documents.parquet({"prompt": ["a"] * 100, "completion": ["b"] * 100})
    yield Hostile("only the ends.parquet", b"PAR1" + b"\x00" * 100 + b"PAR1", False)
    yield Hostile("a footer of 2 GB.parquet", good[:-8] + struct.pack("<i", 2**31 - 1) + b"PAR1", False)
    yield Hostile("a footer of minus one.parquet", good[:-8] + struct.pack("<i", -1) + b"PAR1", False)
    yield Hostile("an empty footer.parquet", good[:-8] + struct.pack("<i", 0) + b"PAR1", False)
    yield Hostile("a footer of noise.parquet", good[:200] + random.Random(1).randbytes(500) + struct.pack("<i", 500) + b"PAR1", False)
    yield Hostile("no rows.parquet", documents.parquet({"prompt": [], "completion": []}), False)
    yield Hostile("5,000 columns.parquet", made(lambda: documents.parquet({f"c{n}": ["a"] for n in range(5_000)})), False)
    yield Hostile("only numbers.parquet", documents.parquet({"a": [1, 2], "b": [1.5, 2.5]}))
    yield Hostile("only pictures.parquet", documents.parquet({"image": [b"\xff\xd8" * 10]}), False)
    yield Hostile("a bomb.parquet", made(lambda: documents.parquet({"text": ["a" * (150 * MB)]}, compression="zstd")))
    yield Hostile("a bomb of many rows.parquet", made(lambda: documents.parquet({"text": ["a" * MB] * 200}, compression="zstd")))
    yield Hostile("strings that are not utf-8.parquet", _broken_strings(), False)
    yield Hostile("encrypted.parquet", b"PARE" + b"\x00" * 100 + b"PARE", False)
    yield Hostile("deep lists.parquet", _deep_parquet())
    yield Hostile("dates beyond all time.parquet", _far_dates())


def _broken_strings() -> bytes:
    import pyarrow

    values = pyarrow.array([b"good", b"caf\xe9 \xff"], pyarrow.binary())
    return documents.parquet(pyarrow.table({"text": pyarrow.StringArray.from_buffers(2, values.buffers()[1], values.buffers()[2])}))


def _deep_parquet() -> bytes:
    import pyarrow

    value: Any = "x"
    kind: Any = pyarrow.string()
    for _ in range(60):
        value, kind = [value], pyarrow.list_(kind)
    return documents.parquet(pyarrow.table({"messages": pyarrow.array([value], kind)}))


def _far_dates() -> bytes:
    import pyarrow

    return documents.parquet(pyarrow.table({"text": ["a"], "when": pyarrow.array([2**62], pyarrow.timestamp("ms"))}))


def _zip() -> Iterator[Hostile]:
    zipped = documents.zipped
    table = "question,answer\nWhy?,So.\n"
    yield Hostile("a zip in a zip.zip", zipped({"a.zip": zipped({"a.csv": table})}), False)
    nested = zipped({"a.csv": table})
    for _ in range(30):
        nested = zipped({"a.zip": nested})
    yield Hostile("thirty zips deep.zip", nested, False)
    yield Hostile("a bomb.zip", made(lambda: zipped({"a.txt": b"\x20a" * (50 * MB)})), False)
    yield Hostile("many bombs.zip", made(lambda: zipped({f"{n}.txt": b"a" * (16 * MB) for n in range(10)})))
    yield Hostile("a size that lies.zip", _lying_zip(), False)
    yield Hostile("20,000 files.zip", made(lambda: zipped({f"{n}.txt": "a" for n in range(20_000)}, compression=0)), False)
    yield Hostile("up and out.zip", zipped({"../../../etc/cron.d/x.txt": "a", "b.txt": "b"}), False)
    yield Hostile("an absolute name.zip", zipped({"/etc/passwd.txt": "a"}), False)
    yield Hostile("a windows name.zip", zipped({"C:\\windows\\x.txt": "a", "..\\..\\y.txt": "b"}), False)
    yield Hostile("a name with a zero.zip", zipped({"aXb.txt": "a"}).replace(b"aXb.txt", b"a\x00b.txt"))
    yield Hostile("names that are flags.zip", zipped({"--help.txt": "a", "$(reboot).txt": "b", "=cmd().csv": table}), True)
    yield Hostile("right to left names.zip", zipped({"\u202etxt.exe": "a"}))
    yield Hostile("a long name.zip", zipped({"a" * 60_000 + ".txt": "a"}))
    yield Hostile("encrypted.zip", _encrypted_zip(), False)
    yield Hostile("an unknown method.zip", _patched(zipped({"a.txt": "a" * 100}), b"\x08\x00", b"\x63\x00"), False)
    yield Hostile("empty.zip", zipped({}), False)
    yield Hostile("only folders.zip", zipped({"a/": "", "b/c/": ""}), False)
    yield Hostile("only pictures.zip", zipped({"a.png": b"\x89PNG", "b.jpg": b"\xff\xd8\xff"}), False)
    yield Hostile("a link.zip", _link_zip(), None)
    yield Hostile("the same name again.zip", _twice_zip(), None)
    yield Hostile("a bad file inside.zip", zipped({"a.csv": table, "b.jsonl": "{bad\n"}), False)
    yield Hostile("a bad file inside, left out.zip", zipped({"a.csv": table, "b.jsonl": "{bad\n"}), True, {"leave_out_bad": True})
    yield Hostile("a workbook.zip", zipped({"xl/workbook.xml": "<a/>", "[Content_Types].xml": "<a/>"}), False)
    yield Hostile("a book.epub", zipped({"META-INF/container.xml": "<a/>", "mimetype": "application/epub+zip"}), False)
    yield Hostile("a bomb of words.zip", made(lambda: zipped({"a.docx": documents.docx(documents.paragraph("a" * (40 * MB)))})), False)
    yield Hostile(
        "a wrong sum.zip", _patched(zipped({"a.txt": "some text here"}, compression=0), b"some text here", b"some TEXT here"), False
    )


def _patched(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new)


def _lying_zip() -> bytes:
    """The table says ten bytes, the data are ten megabytes."""
    data = bytearray(documents.zipped({"a.txt": b"a" * (10 * MB)}))
    for magic, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        struct.pack_into("<I", data, data.index(magic) + place, 10)
    return bytes(data)


def _encrypted_zip() -> bytes:
    data = bytearray(documents.zipped({"a.txt": "secret words"}))
    for magic, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.index(magic) + place] |= 1
    return bytes(data)


def _link_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("link.txt", (2026, 1, 1, 0, 0, 0))
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
        archive.writestr(zipfile.ZipInfo("a.txt", (2026, 1, 1, 0, 0, 0)), "text")
    return out.getvalue()


def _twice_zip() -> bytes:
    return documents.zipped({"a.txt": "one", "b.txt": "two"}).replace(b"b.txt", b"a.txt")


MAKERS = (_pdf, _docx, _parquet, _zip)
