"""Which format a file has: by its first bytes, then by what its text looks like, and only then by its name's suffix.

Also says of everything that is not accepted what it seems to be.
"""

import csv
import io
import re
import zipfile
from pathlib import PurePath
from typing import BinaryIO, NamedTuple

from shared.constants import DocumentFormat
from shared.reading.decoding import SAMPLE_BYTES, Unreadable, betrayed_by_zeros
from shared.reading.examples import ReadProblem, quoted
from shared.reading.unpacking import DAMAGED

ACCEPTED = "Accepted are TXT, MD, HTML, PDF, DOCX, CSV, TSV, JSON, JSONL, Parquet, and a ZIP of these."

_BY_SUFFIX: dict[str, DocumentFormat] = {
    **dict.fromkeys((".txt", ".text", ".log", ".srt", ".rst", ".tex"), "txt"),
    **dict.fromkeys((".md", ".markdown", ".mdown", ".mkd"), "md"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    **dict.fromkeys((".tsv", ".tab"), "tsv"),
    **dict.fromkeys((".jsonl", ".ndjson", ".jsonlines"), "jsonl"),
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    ".csv": "csv",
    ".json": "json",
    ".pdf": "pdf",
    ".docx": "docx",
    ".zip": "zip",
}
BINARY_FORMATS: frozenset[DocumentFormat] = frozenset({"pdf", "docx", "parquet", "zip"})

_MAGIC = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x7fELF", "a Linux program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a", "a RAR archive"),
    (b"\xd0\xcf\x11\xe0", "an old or password-protected Microsoft Office document"),
    (b"{\\rtf", "an RTF document"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"ARROW1\x00", "an Arrow table"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF", "an HDF5 file"),
    (b"%!PS", "a PostScript document"),
    (b"AT&TFORM", "a DjVu document"),
    (b"From: <Saved by ", "a web page saved as MHT"),
)
_WEAK_MAGIC = (  # letters that a text may begin with as well, so they only name what is known to be binary
    (b"GIF8", "a GIF image"),
    (b"BZh", "a bzip2 archive"),
    (b"MZ", "a Windows program"),
    (b"GGUF", "a GGUF model"),
    (b"RIFF", "a sound, video or WebP file"),
    (b"ID3", "an MP3 file"),
    (b"OggS", "an Ogg file"),
    (b"PAR1", "a damaged Parquet table"),
    (b"PARE", "an encrypted Parquet table"),
    (b"ORC", "an ORC table"),
    (b"Obj\x01", "an Avro file"),
    (b"FEA1", "an old Feather table"),
    (b"BM", "a BMP image"),
    (b"ITSF", "a help file (CHM)"),
    (b"\x80\x04\x95", "a Python pickle"),
)
_MAGIC_INSIDE = (
    (4, b"ftyp", "an MP4 film or the like"),
    (60, b"BOOKMOBI", "a Kindle book"),
    (257, b"ustar", "a TAR archive"),
)
"""The same, with where in the file the letters stand."""
_REMEDIES = {
    "archive": "Unpack it and upload what is inside.",
    "image": "Run text recognition (OCR) on it and upload the text.",
    "Office": "Save it as DOCX, PDF or CSV without a password.",
    "RTF": "Save it as DOCX or TXT.",
    "Arrow": "Save it as Parquet.",
    "Feather": "Save it as Parquet.",
    "PostScript": "Convert it to PDF.",
    "DjVu": "Convert it to PDF with its text.",
    "MHT": "Save it as HTML.",
    "Kindle": "Convert it to HTML or TXT.",
    "Parquet": "Write the table again without encryption, and upload it whole.",
}
_IN_A_ZIP: tuple[tuple[str, str, str], ...] = (
    ("xl/workbook.xml", "an Excel workbook", "Save the sheet as CSV and upload that."),
    ("xl/workbook.bin", "an Excel workbook", "Save the sheet as CSV and upload that."),
    ("ppt/presentation.xml", "a PowerPoint presentation", "Save it as PDF and upload that."),
    ("META-INF/container.xml", "an EPUB book", "Convert it to HTML or TXT and upload that."),
    ("Index/Document.iwa", "an Apple Pages document", "Export it as DOCX or PDF and upload that."),
    ("content.xml", "an OpenDocument file", "Save it as DOCX, or a sheet as CSV, and upload that."),
    ("AndroidManifest.xml", "an Android app", ACCEPTED),
    ("META-INF/MANIFEST.MF", "a Java archive", ACCEPTED),
    ("archive/data.pkl", "a PyTorch model", ACCEPTED),
)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x08\x1a\x1b")) + b"\x7f"
_CONTROLS_TOLERATED = 0.01

_ROWS_LOOKED_AT = 5
_HTML = re.compile(r"\s*(<\?xml[^>]{0,200}\?>\s*)?(<!--.{0,2000}?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_JSON_LIST = re.compile(r'\s*\[\s*(\{\s*["}]|\[\s*\{\s*")')
_JSON_WRAPPED = re.compile(r'\s*\{\s*"(data|examples|train|rows|items|records)"\s*:\s*\[\s*\{')
_JSON_OBJECT = re.compile(r'\s*\{\s*"[^"\n]{0,200}"\s*:')
_DELIMITERS = ",;\t|"


class Sniffed(NamedTuple):
    """A format, and one sentence on how it was found. `doubts` are warnings."""

    format: DocumentFormat
    basis: str
    doubts: tuple[ReadProblem, ...] = ()


def sniff_binary(file: BinaryIO, filename: str, *, wide: bool = False) -> Sniffed | None:
    """PDF, DOCX, Parquet and ZIP by their first bytes; None for what may be text. Raises Unreadable for everything else."""
    file.seek(0)
    head = file.read(SAMPLE_BYTES)
    if not head:
        raise Unreadable("The file is empty.", "Choose one with text in it.")
    suffix = PurePath(filename).suffix.lower()
    if head.startswith(b"%PDF-") or suffix == ".pdf" and b"%PDF-" in head[:1024]:
        return Sniffed("pdf", "It begins as every PDF does.")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(file)
    if head.startswith(b"PAR1") and _ends_with(file, b"PAR1"):
        return Sniffed("parquet", "It begins and ends as every Parquet table does.")
    refuse_binary(head, wide=wide)
    return None


def refuse_told_text(file: BinaryIO, *, wide: bool) -> None:
    """For a file that was said to be text. Raises Unreadable."""
    file.seek(0)
    head = file.read(SAMPLE_BYTES)
    if not head:
        raise Unreadable("The file is empty.", "Choose one with text in it.")
    for magic, words in ((b"%PDF-", "a PDF document"), (b"PK\x03\x04", "a ZIP archive or a Word document")):
        if head.startswith(magic):
            raise Unreadable(f"The file seems to be {words}, not text.", "Leave the format to be found out.")
    refuse_binary(head, wide=wide)


def refuse_binary(head: bytes, *, wide: bool) -> None:
    """Raises Unreadable for bytes that are no text in any charset. In a `wide` charset zeros say nothing."""
    for magic, words in _MAGIC:
        if head.startswith(magic):
            raise _not_text(words)
    if wide or head.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")) or betrayed_by_zeros(head):
        return
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if b"\x00" in head or controls > _CONTROLS_TOLERATED * len(head):
        inside = (words for place, magic, words in _MAGIC_INSIDE if head[place : place + len(magic)] == magic)
        raise _not_text(next((words for magic, words in _WEAK_MAGIC if head.startswith(magic)), next(inside, "a binary file")))


def refuse_controls(text: str) -> None:
    """The same for a text that came out of UTF-16, where zeros say nothing."""
    head = text.encode("utf-8", "replace")
    if b"\x00" in head or len(head) - len(head.translate(None, _CONTROLS)) > _CONTROLS_TOLERATED * len(head):
        raise _not_text("a binary file")


def _not_text(words: str) -> Unreadable:
    remedy = next((remedy for word, remedy in _REMEDIES.items() if word in words), ACCEPTED)
    return Unreadable(f"The file seems to be {words}, which is not accepted.", remedy if remedy == ACCEPTED else f"{remedy} {ACCEPTED}")


def _ends_with(file: BinaryIO, magic: bytes) -> bool:
    size = file.seek(0, 2)
    file.seek(max(0, size - len(magic)))
    return size >= 12 and file.read(len(magic)) == magic


def _sniff_zip(file: BinaryIO) -> Sniffed:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except DAMAGED:
        raise Unreadable(
            "The file is a ZIP archive, but a damaged one: its table of contents cannot be read.", "Make it anew and upload it again."
        ) from None
    if "word/document.xml" in names or ("[Content_Types].xml" in names and any(name.startswith("word/") for name in names)):
        return Sniffed("docx", "It is a ZIP archive with a Word document in it.")
    for member, words, remedy in _IN_A_ZIP:
        if member in names:
            raise Unreadable(f"The file seems to be {words}, which is not accepted.", f"{remedy}")
    return Sniffed("zip", "It begins as every ZIP archive does.")


def sniff_text(sample: str, whole: bool, filename: str) -> Sniffed:
    """The format of a text. `whole` says that the sample is the entire file."""
    suffix = PurePath(filename).suffix.lower()
    named = _BY_SUFFIX.get(suffix)
    if found := _by_content(sample, whole, named):
        return found
    if named == "csv" or named == "tsv":
        tabs = delimiter_of(sample) == "\t"
        kind: DocumentFormat = "tsv" if tabs else "csv"
        return Sniffed(kind, f"The name ends in {suffix}, and its first line is cut by {'tabs' if tabs else 'commas or the like'}.")
    if named in BINARY_FORMATS:
        doubt = ReadProblem(
            None, f"The name ends in {suffix}, but the file is plain text and was read as that.", False, "Check that it is the right file."
        )
        return Sniffed("txt", "It is text, whatever its name says.", (doubt,))
    if named:
        return Sniffed(named, f"The name ends in {suffix}, and nothing in the text speaks against it.")
    if not suffix:
        return Sniffed("txt", "It is text of no special form.")
    doubt = ReadProblem(
        None, f"The suffix {quoted(suffix)} is not known, so the file was read as plain text.", False, "Choose the format if it is another."
    )
    return Sniffed("txt", "It is text of no special form.", (doubt,))


def _by_content(sample: str, whole: bool, named: DocumentFormat | None) -> Sniffed | None:
    if _HTML.match(sample):
        return Sniffed("html", "The text begins as an HTML page does.")
    if sample.lstrip()[:1] in ("{", "["):
        return _json_kind(sample, whole, named)
    if named not in ("csv", "tsv", "md", "html", "json", "jsonl") and (delimiter := known_table(sample, whole)):
        kind: DocumentFormat = "tsv" if delimiter == "\t" else "csv"
        return Sniffed(kind, "Its first line names columns that are known, and the lines after it have as many.")
    return None


def _json_kind(sample: str, whole: bool, named: DocumentFormat | None) -> Sniffed | None:
    lines = [line for line in sample.split("\n") if line.strip()]
    if not whole:
        lines.pop()  # probably cut in the middle
    rows = lines[:_ROWS_LOOKED_AT]
    kinds = list(map(_kind_of_row, rows))
    good = sum(kind is not None for kind in kinds)
    if (
        len(rows) > 1
        and good
        and (good * 2 >= len(rows) or kinds[0] and all(line.lstrip()[0] in "{[" for line in rows))
        and (dict in kinds or good > 1)
    ):
        return Sniffed("jsonl", "Its first lines are JSON, each for itself.")
    if not rows and sample.lstrip()[0] == "{" and "\n" not in sample and named != "json":
        return Sniffed("jsonl", "It begins with a JSON object in one long line.")
    if _JSON_LIST.match(sample):
        return Sniffed("json", "The text begins with a JSON list.")
    if _JSON_WRAPPED.match(sample):
        return Sniffed("json", "The text begins with a JSON object that holds a list.")
    if rows and good and sample.lstrip()[0] == "{" and (len(rows) == 1 and (named != "json" or not whole)):
        return Sniffed("jsonl", "Its first line is a JSON object.")
    if named == "jsonl" and all(line.lstrip().startswith("{") for line in rows[:2]) and len("".join(rows[:1]).strip()) > 1:
        return Sniffed("jsonl", "The name says so, and its first lines begin as JSON objects do.")
    if _JSON_OBJECT.match(sample):
        return Sniffed("json", "The text begins with a JSON object.")
    return None


def _kind_of_row(line: str) -> type | None:
    """Whether the line is a JSON object, or a list of them, and nothing else."""
    import orjson  # 15 ms that prose need not pay

    try:
        value = orjson.loads(line)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, list):
        return list if value and all(isinstance(item, dict) for item in value) else None
    return dict if isinstance(value, dict) else None


def delimiter_of(sample: str) -> str:
    """Of a table: the delimiter that it names itself, or under which the first line has known columns, else the one that gives the most."""
    first = sample.lstrip("\ufeff\r\n ")[:6]
    if first[:4].lower() == "sep=" and len(first) > 4:
        return first[4]
    return max(_DELIMITERS, key=lambda delimiter: _merit(sample, delimiter))


def _merit(sample: str, delimiter: str) -> tuple[bool, int, int]:
    """(known columns, columns, of the next lines those that have as many)."""
    header, *rows = first_records(sample, delimiter) or [[]]
    understood = len(header) > 1 and _understood(header, rows[0] if rows else [])
    alike = sum(len(row) == len(header) for row in rows)
    return understood, alike if len(header) > 1 else 0, len(header)


def known_table(sample: str, whole: bool) -> str | None:
    """The delimiter of a text that can be nothing but a table with known columns."""
    delimiter = delimiter_of(sample)
    header, *rows = first_records(sample, delimiter) or [[]]
    if not whole and rows:
        rows = rows[:-1] or rows
    if len(header) > 1 and rows and all(len(row) == len(header) for row in rows[:3]) and _understood(header, rows[0]):
        return delimiter
    return None


def first_records(sample: str, delimiter: str, most: int = 6) -> list[list[str]]:
    lines = (line for line in io.StringIO(sample) if line.strip() and line[:4].lower() != "sep=" and not _is_remark(line, delimiter))
    records: list[list[str]] = []
    try:
        for record in csv.reader(lines, delimiter=delimiter):
            records.append(record)
            if len(records) >= most:
                break
    except csv.Error:
        pass
    return records


def _is_remark(line: str, delimiter: str) -> bool:
    return line.lstrip("\ufeff ").startswith("#") and delimiter not in line


def _understood(header: list[str], row: list[str]) -> bool:
    from shared.reading.columns import find_mapping

    names = [cell.strip() for cell in header]
    found = find_mapping(names, dict(zip(names, row, strict=False)))
    return found is not None and max(map(len, names)) <= 100
