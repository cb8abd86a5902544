"""At least 150 files made to hurt a reader: bombs, loops, lies, cuts and noise. Whatever becomes of them, they must be answered."""

import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.corpus import documents
from tests.corpus.cases import Hostile, made
from tests.corpus.legal import PROSE, json_lines

SEED = 20261122
MB = 1 << 20
GOOD_PDF = "good.pdf"


def hostile_files() -> list[Hostile]:
    makers = (_json, _json_lines, _tables, _text, _html, _pdf, _docx, _parquet, _zip, _disguised, _names, _options, _cut, _damaged, _noise)
    files = [case for maker in makers for case in maker()]
    assert len({case.name for case in files}) == len(files), "names are what a failing test is known by"
    return files


def huge_files() -> list[Hostile]:
    """Too large for every test run: `scripts/bench ingest` reads them."""
    return [
        Hostile("a line of 300 MB.jsonl", lambda path: _filled(path, b'{"text":"', b"a", 300 * MB, b'"}\n'), accepted=False),
        Hostile("a line of 300 MB.csv", lambda path: _filled(path, b'text\n"', b"a", 300 * MB, b'"\n'), accepted=False),
        Hostile("a line of 300 MB.txt", lambda path: _filled(path, b"", b"a", 300 * MB, b"\n"), accepted=True),
        Hostile("a hole of 300 MB.jsonl", lambda path: _sparse(path, b'{"text":"a"}\n', 300 * MB), accepted=False),
        Hostile("a hole of 300 MB.pdf", lambda path: _sparse(path, b"%PDF-1.7\n", 300 * MB), accepted=False),
        Hostile("a hole of 300 MB.zip", lambda path: _sparse(path, b"PK\x03\x04", 300 * MB), accepted=False),
        Hostile("a list of 200 MB.json", lambda path: _filled(path, b"[", b"[", 200 * MB, b""), accepted=False),
        Hostile("200 MB of braces.html", lambda path: _filled(path, b"<html>", b"<b>", 60 * MB, b""), accepted=False),
        Hostile("ten million bad lines.jsonl", lambda path: _filled(path, b"", b"{bad\n", 50 * MB, b""), accepted=False),
        Hostile("ten million short lines.csv", lambda path: _filled(path, b"prompt,completion\n", b"a,b\n", 40 * MB, b"")),
        Hostile("ten million empty rows.csv", lambda path: _filled(path, b"prompt,completion\n", b"a,\n", 30 * MB, b""), accepted=False),
    ]


def _filled(path: Path, head: bytes, piece: bytes, size: int, tail: bytes) -> None:
    block = piece * (MB // len(piece))
    with path.open("wb") as file:
        file.write(head)
        for _ in range(size // len(block)):
            file.write(block)
        file.write(tail)


def _sparse(path: Path, head: bytes, size: int) -> None:
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)


def _json() -> Iterator[Hostile]:
    yield Hostile("nested lists.json", b"[" * 100_000, False)
    yield Hostile("nested and closed.json", b"[" * 100_000 + b"]" * 100_000, False)
    yield Hostile("nested objects.json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, False)
    yield Hostile("nested beside.json", b'[{"text":"a","x":' + b"[" * 50_000 + b"]" * 50_000 + b"}]", False)
    yield Hostile("nested in messages.json", b'[{"messages":' + b"[" * 900 + b"]" * 900 + b"}]", False)
    yield Hostile("a long number.json", b'[{"text":"a","n":' + b"9" * 10_000 + b"}]", False)
    yield Hostile("a long exponent.json", b'[{"text":"a","n":1e999999999}]')
    yield Hostile("NaN.json", b'[{"text":"a","n":NaN}]', False)
    yield Hostile("Infinity.json", b'[{"text":-Infinity}]', False)
    yield Hostile("half a pair.json", b'[{"text":"\\ud83d"}]', False)
    yield Hostile("half a pair as key.json", b'[{"\\ud83d":"a","\\udfff":"b"}]')
    yield Hostile("half a pair escaped twice.json", b'[{"text":"\\ud83d\\ud83d"}]', False)
    yield Hostile("zeros in strings.json", b'[{"text":"a\\u0000b"}]', True)
    yield Hostile("many keys.json", b"[{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}]")
    yield Hostile("many keys at the top.json", b"{" + b",".join(b'"k%d":"v"' % n for n in range(100_000)) + b"}")
    yield Hostile("a key of a megabyte.json", b'[{"' + b"k" * MB + b'":"a","b":"c"}]')
    yield Hostile("comments.json", b'[ // a\n {"text":"a"} /* b */ ]', False)
    yield Hostile("single quotes.json", b"[{'text':'a'}]", False)
    yield Hostile("a comma too many.json", b'[{"text":"a"},]', False)
    yield Hostile("only null.json", b"null", False)
    yield Hostile("only a number.json", b"42", False)
    yield Hostile("empty list.json", b"[]", False)
    yield Hostile("empty object.json", b"{}", False)
    yield Hostile("list of nulls.json", b"[null,null,[],{}]", False)
    yield Hostile("lists of different lengths.json", b'{"prompt":["a","b"],"completion":["c"]}', False)
    yield Hostile("columns of objects.json", b'{"prompt":{"0":{"a":1}},"completion":{"0":{"b":2}}}')
    yield Hostile("prototype.json", b'[{"__proto__":{"text":"x"},"constructor":"y","text":"a"}]')
    yield Hostile("a million empty objects.json", b"[" + b"{}," * 200_000 + b"{}]", False)
    yield Hostile("data within data.json", b'{"data":' * 500 + b"[]" + b"}" * 500)


def _json_lines() -> Iterator[Hostile]:
    good = b'{"text":"a"}\n'
    yield Hostile("nested.jsonl", good + b"[" * 100_000 + b"\n", False)
    yield Hostile("nested object.jsonl", good + b'{"a":' * 2_000 + b"1" + b"}" * 2_000 + b"\n", False)
    yield Hostile("nested but legal.jsonl", b'{"text":"a","b":' + b"[" * 500 + b"]" * 500 + b"}\n" * 1)
    yield Hostile("long number.jsonl", good + b'{"text":' + b"1" * 10_000 + b"}\n", False)
    yield Hostile("NaN.jsonl", good + b'{"text":NaN}\n', False)
    yield Hostile("half a pair.jsonl", good + b'{"text":"\\udc00"}\n', False)
    yield Hostile("not utf-8.jsonl", good * 10 + '{"text":"Füße, Bäume, Häuser, Gärten"}\n'.encode() * 3 + b'{"text":"caf\xe9"}\n', False)
    yield Hostile(
        "not utf-8, left out.jsonl",
        good + '{"text":"Füße, Bäume, Häuser, Gärten"}\n'.encode() * 3 + b'{"text":"caf\xe9"}\n',
        True,
        {"leave_out_bad": True},
    )
    yield Hostile("overlong utf-8.jsonl", good + b'{"text":"\xc0\xaf"}\n')
    yield Hostile("surrogates in utf-8.jsonl", good + b'{"text":"\xed\xa0\x80"}\n')
    yield Hostile("zeros between.jsonl", good + b"\x00" * 1_000 + good, False)
    yield Hostile("a zero in a line.jsonl", b'{"text":"a\x00b"}\n' + good, False)
    yield Hostile("a line of 9 MB.jsonl", made(lambda: good + b'{"text":"' + b"a" * (9 * MB) + b'"}\n'), False)
    yield Hostile("no line end in 20 MB.jsonl", b"{" * (20 * MB), False)
    yield Hostile("all bad.jsonl", b"{bad\n" * 50_000, False)
    yield Hostile("all bad, left out.jsonl", b"{bad\n" * 50_000, False, {"leave_out_bad": True})
    yield Hostile("different keys in every line.jsonl", b"".join(b'{"k%d":1}\n' % n for n in range(50_000)))
    yield Hostile("commas after lines.jsonl", b'{"text":"a"},\n{"text":"b"},\n', False)
    yield Hostile(
        "a thousand and one messages.jsonl",
        json_lines({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}] * 501}),
        False,
    )
    yield Hostile("unknown role.jsonl", json_lines({"messages": [{"role": "root", "content": "a"}]}), False)
    yield Hostile("messages are a number.jsonl", json_lines({"messages": 7}), False)
    yield Hostile("messages are a text.jsonl", json_lines({"messages": "[" * 5_000}), False)
    yield Hostile(
        "a picture.jsonl",
        json_lines(
            {
                "messages": [
                    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://127.0.0.1/"}}]},
                    {"role": "assistant", "content": "b"},
                ]
            }
        ),
        False,
    )
    yield Hostile(
        "only tool calls.jsonl",
        json_lines({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": None, "tool_calls": [{}]}]}),
    )
    yield Hostile(
        "answers that differ too early.jsonl",
        json_lines(
            {
                "chosen": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
                "rejected": [{"role": "user", "content": "z"}, {"role": "assistant", "content": "c"}],
            }
        ),
        False,
    )
    yield Hostile("the same answers.jsonl", json_lines({"prompt": "a", "chosen": "b", "rejected": "b"}), False)
    yield Hostile(
        "weights of all kinds.jsonl",
        json_lines(*({"messages": [{"role": "assistant", "content": "a", "weight": w}]} for w in (2, -1, "1", True, [], {}, 0.5))),
        False,
    )
    yield Hostile("formula.jsonl", json_lines({"=cmd()": "=1+1", "@x": "+1"}))
    yield Hostile("markup in keys.jsonl", json_lines({"<script>alert(1)</script>": "a", "\u202eb": "c"}))
    yield Hostile("an example too long.jsonl", json_lines({"text": "a" * 1_000_001}), False)


def _tables() -> Iterator[Hostile]:
    yield Hostile("100,000 columns.csv", ",".join(f"c{n}" for n in range(100_000)).encode() + b"\n1,2\n", False)
    yield Hostile("100,000 cells.csv", b"text\na" + b",b" * 100_000 + b"\n", False)
    yield Hostile("only delimiters.csv", b"," * MB, None)
    yield Hostile("only quotes.csv", b'"' * MB, None)
    yield Hostile("only line ends.csv", b"\n" * MB, False)
    yield Hostile("never closed.csv", b'text\n"' + b"never closed\n" * 200_000, False)
    yield Hostile("never closed anywhere.csv", b"prompt,completion\n" + b'"a,b\n' * 50_000, False)
    yield Hostile("never closed.tsv", b"prompt\tcompletion\n" + b'"a\tb\n' * 50_000)
    yield Hostile("a row over many lines.csv", b"prompt,completion\n" + b'"a\n",' * 100_000, False)
    yield Hostile("a field of two megabytes.csv", b"text\n" + b"a" * (2 * MB), False)
    yield Hostile("formulas.csv", b"prompt,completion\n=cmd|' /C calc'!A0,@SUM(1+1)\n+1,-1\n", True)
    yield Hostile("unknown columns.csv", b"foo,bar,baz\n1,2,3\n")
    yield Hostile("the same column again.csv", b"text,text\na,b\n", False)
    yield Hostile("no header.csv", b"1,2\n3,4\n")
    yield Hostile("zeros.csv", b"prompt,completion\na\x00,b\n", False)
    yield Hostile("half a pair.csv", b"text\n\xed\xa0\x80\n" * 5)
    yield Hostile("ragged.csv", b"prompt,completion\n" + b"".join(b"a" + b",b" * (n % 7) + b"\n" for n in range(1_000)), False)
    yield Hostile("many empty columns.csv", b"," * 999 + b"\n" + b"," * 999 + b"\n", False)
    yield Hostile("header only.csv", b"prompt,completion\n", False)
    yield Hostile("sep of a letter.csv", b"sep=a\nprompt,completion\nx,y\n")
    yield Hostile("sep of a quote.csv", b'sep="\nprompt,completion\nx,y\n')
    yield Hostile("sep of a line end.csv", b"sep=\r\nprompt,completion\nx,y\n")
    yield Hostile("headings of all kinds.csv", '"",\u202e,=1,"a\nb",text\n1,2,3,4,5\n'.encode())


def _text() -> Iterator[Hostile]:
    yield Hostile("empty.txt", b"", False)
    yield Hostile("white space.txt", b" \n\t\r\n" * 1_000, False)
    yield Hostile("only a mark.txt", b"\xef\xbb\xbf", False)
    yield Hostile("zeros.txt", b"\x00" * 100_000, False)
    yield Hostile("a zero.txt", b"some text\x00and more text\n" * 10, False)
    yield Hostile("half of utf-16.txt", "\ufeffabc".encode("utf-16-le") + b"\x41", False)
    yield Hostile("lone surrogate in utf-16.txt", b"\xff\xfe\x00\xd8\x41\x00" * 20, False)
    yield Hostile("utf-32 beyond unicode.txt", b"\xff\xfe\x00\x00\xff\xff\xff\x7f", False)
    yield Hostile("damaged utf-8.txt", "Straße, Füße, Bäume, Häuser\n".encode() * 10 + b"caf\xe9\n", False)
    yield Hostile(
        "damaged utf-8, left out.txt", "Straße, Füße, Bäume, Häuser\n\n".encode() * 90 + b"caf\xe9\n", True, {"leave_out_bad": True}
    )
    yield Hostile("a line of 20 MB.txt", b"a" * (20 * MB), True)
    yield Hostile("only line ends.txt", b"\n" * (5 * MB), False)
    yield Hostile("only blanks between.txt", b"a" + b" " * (5 * MB) + b"b")
    yield Hostile("right to left.txt", "\u202e\u2066evil\u2069 text".encode())
    yield Hostile("marks upon marks.txt", ("Z" + "\u0301" * 50_000).encode())
    yield Hostile("terminal codes.txt", b"\x1b]0;title\x07\x1b[2J\x1b[31mred\n" * 10)
    yield Hostile("shift out.txt", b"\x1b$B\x1b(B" * 1_000)
    yield Hostile("hashes.md", b"#" * MB)
    yield Hostile("fences.md", b"```\n" * 100_000)
    yield Hostile("headings only.md", b"# a\n" * 100_000)
    yield Hostile("underlines.md", b"a\n---\n" * 100_000)
    yield Hostile("brackets.md", b"[" * 200_000)


def _html() -> Iterator[Hostile]:
    yield Hostile("deep.html", b"<html>" + b"<div>" * 200_000 + b"x", None)
    yield Hostile("deep tables.html", b"<html>" + b"<table><tr><td>" * 20_000 + b"x", None)
    yield Hostile("deep lists.html", b"<html>" + b"<ul><li>x" * 5_000, None)
    yield Hostile("deep formatting.html", b"<html>" + b"<b><i>" * 20_000 + b"x" + b"</b>" * 20_000, None)
    yield Hostile("many attributes.html", b"<html><p " + b" ".join(b"a%d=1" % n for n in range(50_000)) + b">x</p>")
    yield Hostile("an attribute of megabytes.html", b'<html><p title="' + b"a" * (5 * MB) + b'">x</p>')
    yield Hostile("billion laughs.html", _laughs("html") + b"<html>&lol9;</html>")
    yield Hostile("entities.html", b"<html>" + b"&#x110000;&#0;&nosuch;&#xD800;" * 10_000)
    yield Hostile("comment never closed.html", b"<html><!-- " + b"x" * MB, False)
    yield Hostile("script never closed.html", b"<html><script>" + b"x" * MB, False)
    yield Hostile("only scripts.html", b"<html><script>x</script><style>y</style></html>", False)
    yield Hostile("plaintext.html", b"<html><plaintext>" + b"</plaintext>" * 10_000)
    yield Hostile("selects.html", b"<html>" + b"<select><option>" * 20_000)
    yield Hostile("templates.html", b"<html>" + b"<template>" * 20_000 + b"x")
    yield Hostile("svg.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>x</script></svg>')
    yield Hostile("meta refresh to a file.html", b'<html><meta http-equiv=refresh content="0;url=file:///etc/passwd"><p>x</p></html>', True)
    yield Hostile("charset that is none.html", b'<html><meta charset="base64"><p>x caf\xe9</p></html>')
    yield Hostile("charset utf-7.html", b'<html><meta charset="utf-7"><p>+ADw-script+AD4-</p></html>')
    yield Hostile("zeros.html", b"<html><p>a\x00b</p></html>" * 100, False)
    yield Hostile("lt only.html", b"<" * MB)
    yield Hostile("xxe.xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>')
    yield Hostile("billion laughs.xml", _laughs("lolz") + b"<lolz>&lol9;</lolz>")


def _laughs(root: str) -> bytes:
    entities = '<!ENTITY lol "lol">' + "".join(
        f'<!ENTITY lol{n} "{("&lol" + (str(n - 1) if n > 1 else "") + ";") * 10}">' for n in range(1, 10)
    )
    return f'<?xml version="1.0"?><!DOCTYPE {root} [{entities}]>'.encode()


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
    yield Hostile("a bomb of blanks.pdf", made(lambda: simple(b" " * (300 * MB), flate=True)), False)
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
    yield Hostile("billion laughs.docx", docx(p("&lol9;"), head=_laughs("w:document").decode().partition("?>")[2]), False)
    yield Hostile("xxe.docx", docx(p("&x;"), head='<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), False)
    yield Hostile("outside dtd.docx", docx(p("a"), head='<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">'), False)
    yield Hostile("laughs in the styles.docx", docx(p("a"), {"word/styles.xml": _laughs("w:styles") + b"<w:styles/>"}), False)
    yield Hostile("a bomb.docx", made(lambda: docx(p("a" * (100 * MB)))), False)
    yield Hostile("many small paragraphs.docx", made(lambda: docx(p("a") * 200_000)))
    yield Hostile("deep.docx", docx("<w:p>" * 50_000 + "</w:p>" * 50_000))
    yield Hostile("deep tables.docx", docx("<w:tbl><w:tr><w:tc>" * 20_000 + p("x") + "</w:tc></w:tr></w:tbl>" * 20_000))
    yield Hostile("broken xml.docx", docx("<w:p><w:r>"), False)
    yield Hostile("no text.docx", docx("<w:p/>"), False)
    yield Hostile("an attribute of megabytes.docx", docx(f'<w:p w:x="{"a" * (5 * MB)}"/>' + p("x")))
    yield Hostile("a million attributes.docx", docx("<w:p " + " ".join(f'a{n}="1"' for n in range(30_000)) + "/>" + p("x")))
    yield Hostile("zeros in the xml.docx", docx(p("a\x00b")), False)
    yield Hostile(
        "xml in utf-16.docx",
        documents.zipped(
            {
                "[Content_Types].xml": documents.CONTENT_TYPES,
                "word/document.xml": f'<?xml version="1.0" encoding="UTF-16"?><w:document {documents.W}><w:body>{p("x")}</w:body></w:document>'.encode(
                    "utf-16"
                ),
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
    yield Hostile("a bomb.parquet", made(lambda: documents.parquet({"text": ["a" * (300 * MB)]}, compression="zstd")))
    yield Hostile("a bomb of many rows.parquet", made(lambda: documents.parquet({"text": ["a" * MB] * 400}, compression="zstd")))
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
    yield Hostile("a bomb.zip", made(lambda: zipped({"a.txt": b"\x20a" * (100 * MB)})), False)
    yield Hostile("many bombs.zip", made(lambda: zipped({f"{n}.txt": b"a" * (20 * MB) for n in range(20)})))
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


def _disguised() -> Iterator[Hostile]:
    """What something is not, whatever its name or its first bytes say."""
    pictures = {"png": b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "jpg": b"\xff\xd8\xff\xe0" + b"\x00" * 50, "gif": b"GIF89a" + b"\x00\x01" * 20}
    for kind, content in pictures.items():
        for suffix in ("pdf", "csv", "docx"):
            yield Hostile(f"a {kind} called {suffix}.{suffix}", content, False)
    programs = {
        "elf": b"\x7fELF\x02\x01\x01" + b"\x00" * 60,
        "exe": b"MZ\x90\x00" + b"\x00" * 60,
        "gzip": b"\x1f\x8b\x08" + b"\x00" * 60,
        "sqlite": b"SQLite format 3\x00" + b"\x00" * 60,
        "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 60,
        "7z": b"7z\xbc\xaf\x27\x1c" + b"\x00" * 60,
        "pickle": b"\x80\x04\x95" + b"\x00" * 60,
    }
    for kind, content in programs.items():
        yield Hostile(f"{kind} called jsonl.jsonl", content, False)
    yield Hostile("a pdf with a zip behind.pdf", documents.lines_pdf(["the pump runs"]) + documents.zipped({"a.txt": "zip"}))
    yield Hostile("a zip with a pdf before.zip", b"%PDF-1.4\n" + documents.zipped({"a.txt": "zip"}), False)
    yield Hostile("a picture with a zip behind.zip", pictures["png"] + documents.zipped({"a.txt": "zip"}), False)
    yield Hostile("html and json.html", b'<html>{"text":"a"}</html>')
    yield Hostile("rtf.docx", b"{\\rtf1 hello}", False)
    yield Hostile("a message.eml", b"From: a@b\nTo: c@d\nSubject: x\n\ntext")
    yield Hostile("yaml.yaml", b"a: &a [x, x]\nb: &b [*a, *a]\n")
    yield Hostile("a program.py", b"import os\nos.system('reboot')\n")


def _names() -> Iterator[Hostile]:
    """Only the names are bad."""
    for name in (
        "\u202egnp.txt",
        "a\nb.txt",
        "a" * 180 + ".txt",
        "$(reboot).txt",
        "`reboot`.txt",
        "-rf.txt",
        "=cmd().csv",
        "<img src=x>.txt",
        "con.txt",
        " .txt",
        "%00.txt",
        "😀.txt",
        ".hidden",
        "..txt",
    ):
        yield Hostile(name, b"The pump runs.", True if not name.endswith(".csv") else None)


def _options() -> Iterator[Hostile]:
    """The file is good, what is said of it is not."""
    table = b"foo,bar\n1,2\n"
    mappings: dict[str, Any] = {
        "a column that is not there": {"shape": "prompt_completion", "columns": {"prompt": "foo", "completion": "nope"}},
        "a part too few": {"shape": "prompt_completion", "columns": {"prompt": "foo"}},
        "a part that is none": {"shape": "text", "columns": {"text": "foo", "soul": "bar"}},
        "the same column twice": {"shape": "prompt_completion", "columns": {"prompt": "foo", "completion": "foo"}},
        "numbers as messages": {"shape": "messages", "columns": {"messages": "foo"}},
        "numbers as preference": {"shape": "preference", "columns": {"preferred": "foo", "rejected": "bar"}},
    }
    for name, mapping in mappings.items():
        yield Hostile(f"{name}.csv", table, options={"mapping": mapping})
    for charset in ("klingon", "base64", "utf-16", "idna", "a\x00b", "../../etc", "utf-8-sig"):
        yield Hostile(f"charset {charset.encode().hex()}.txt", "Grüße".encode(), options={"charset": charset})
    for format in ("pdf", "docx", "parquet", "zip", "html", "json", "jsonl", "tsv", "md"):
        yield Hostile(f"told to be {format}.csv", table, options={"format": format})
    for format in ("txt", "csv", "json"):
        yield Hostile(f"a pdf told to be {format}.pdf", documents.lines_pdf(["a"]), False, {"format": format})
        yield Hostile(f"a zip told to be {format}.zip", documents.zipped({"a.txt": "a"}), False, {"format": format})


def _valid() -> dict[str, bytes]:
    page = PROSE["german"].replace("ä", "ae")
    return {
        "pdf": documents.printed_pdf([page, page]),
        "docx": documents.docx(documents.paragraph(PROSE["german"]) * 20),
        "parquet": documents.parquet({"prompt": ["Why?"] * 50, "completion": ["So."] * 50}),
        "zip": documents.zipped({"a.csv": "question,answer\n" + "Why?,So.\n" * 50, "b.jsonl": json.dumps({"text": "a"}) + "\n"}),
        "json": json.dumps([{"text": PROSE["russian"]}] * 5, ensure_ascii=False).encode(),
        "html": f"<html><body><table><tr><td>{PROSE['german']}</td></tr></table></body></html>".encode(),
    }


def _cut() -> Iterator[Hostile]:
    for suffix, content in _valid().items():
        for share in (0.1, 0.5, 0.9, 0.99):
            yield Hostile(f"cut at {share:.0%}.{suffix}", content[: int(len(content) * share)])


def _damaged() -> Iterator[Hostile]:
    chance = random.Random(SEED)
    for suffix, content in _valid().items():
        for number in range(6):
            data = bytearray(content)
            for _ in range(chance.choice((1, 5, 50))):
                data[chance.randrange(len(data))] = chance.randrange(256)
            yield Hostile(f"damaged {number}.{suffix}", bytes(data))


def _noise() -> Iterator[Hostile]:
    chance = random.Random(SEED)
    heads = {
        "pdf": b"%PDF-1.7\n",
        "docx": b"PK\x03\x04",
        "parquet": b"PAR1",
        "zip": b"PK\x03\x04",
        "txt": b"",
        "md": b"",
        "html": b"<html>",
        "csv": b"",
        "tsv": b"",
        "json": b"[",
        "jsonl": b"{",
    }
    for suffix, head in heads.items():
        yield Hostile(f"noise.{suffix}", head + chance.randbytes(5_000) + (b"PAR1" if suffix == "parquet" else b""))
        yield Hostile(f"noise of letters.{suffix}", head + bytes(chance.choices(b'abc {}[]",:\n\r\t;|<>/&#\\', k=5_000)))
