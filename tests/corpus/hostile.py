"""At least 150 files made to hurt a reader: bombs, loops, lies, cuts and noise. Whatever becomes of them, they must be answered."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.corpus import documents, hostile_documents, hostile_text
from tests.corpus.cases import Hostile
from tests.corpus.hostile_text import MB
from tests.corpus.pieces import PROSE

SEED = 20261122


def hostile_files() -> list[Hostile]:
    makers = (*hostile_text.MAKERS, *hostile_documents.MAKERS, _disguised, _names, _options, _cut, _damaged, _noise)
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


_NAMED = {
    "a TAR archive": b"a.csv" + b"\x00" * 252 + b"ustar\x0000" + b"\x00" * 250,
    "an MP4 film": b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 60,
    "an HDF5 file": b"\x89HDF\r\n\x1a\n" + b"\x00" * 60,
    "a Kindle book": b"Book\x00" * 12 + b"BOOKMOBI" + b"\x00" * 60,
    "a DjVu document": b"AT&TFORM\x00\x00\x00\x10DJVM" + b"\x00" * 60,
    "a BMP image": b"BM\x36" + b"\x00" * 60,
    "an old Feather table": b"FEA1" + b"\x00" * 60,
    "a PostScript document": b"%!PS-Adobe-3.0\n/Times findfont\n(the pump runs) show\n",
    "a web page saved as MHT": b"From: <Saved by Blink>\r\nMIME-Version: 1.0\r\n\r\n<html></html>",
}
"""What a refusal calls by its name."""


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
    for kind, content in _NAMED.items():
        yield Hostile(f"{kind} called txt.txt", content, False, says=kind)
    yield Hostile(
        "an Apple Pages document.docx", documents.zipped({"Index/Document.iwa": "x", "preview.jpg": "x"}), False, says="Apple Pages"
    )
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
