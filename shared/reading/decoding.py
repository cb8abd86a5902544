"""From bytes to text: is it text at all, in which charset, and is every byte of it valid. One pass, in constant memory.

UTF-8 first, then a byte order mark, then a guess that is always said to be one.
"""

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from shared.reading.examples import ReadProblem, quoted

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

SAMPLE_BYTES = 65_536
_CHUNK_BYTES = 1 << 20
_GUESS_BYTES = 16_384

ACCEPTED = "Accepted are TXT, MD, CSV, JSON and JSONL."

_BYTE_ORDER_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive (Word, Excel and EPUB files are such archives)"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x7fELF", "a Linux program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a", "a RAR archive"),
    (b"\xd0\xcf\x11\xe0", "an old Microsoft Office document"),
    (b"{\\rtf", "an RTF document"),
    (b"SQLite format 3\x00", "an SQLite database"),
)
_WEAK_MAGIC = (  # letters that a text may begin with as well, so they only name what is known to be binary
    (b"GIF8", "a GIF image"),
    (b"BZh", "a bzip2 archive"),
    (b"MZ", "a Windows program"),
    (b"GGUF", "a GGUF model"),
    (b"PAR1", "a Parquet table"),
    (b"RIFF", "a sound, video or WebP file"),
    (b"ID3", "an MP3 file"),
    (b"OggS", "an Ogg file"),
)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x08\x1a\x1b")) + b"\x7f"
_CONTROLS_TOLERATED = 0.01
_NO_CHARSETS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "utf_7"}
"""Codecs of Python that no file is saved in."""


@dataclass(frozen=True)
class Source:
    """A file that was found to be text: `charset` is what Python calls it, `charset_basis` says in words how it was found."""

    file: BinaryIO
    charset: str
    charset_basis: str
    warnings: list[ReadProblem] = field(default_factory=list)

    @contextmanager
    def text(self) -> Iterator[io.TextIOWrapper]:
        """The text from its beginning, without a byte order mark, every line end as one line feed. The file stays open."""
        self.file.seek(0)
        encoding = "utf-8-sig" if self.charset == "utf-8" else self.charset
        stream = io.TextIOWrapper(self.file, encoding=encoding)
        try:
            yield stream
        finally:
            if not self.file.closed:
                stream.detach()  # or the file would be closed with the wrapper

    def sample(self) -> tuple[str, bool]:
        """The first characters, and whether they are all there are."""
        with self.text() as stream:
            return stream.read(SAMPLE_BYTES), not stream.read(1)


class NotText(Exception):
    """The file cannot be read as text. `problem` says why."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.problem = ReadProblem(line, message, fatal=True)


def open_source(file: BinaryIO, charset: str | None = None) -> Source:
    """Finds the charset unless it is given, and checks the whole file against it. Raises NotText."""
    file.seek(0)
    head = file.read(SAMPLE_BYTES)
    if not head:
        raise NotText("The file is empty. Choose one with text in it.")
    _refuse_known_binary(head)
    if charset is not None:
        return _open_as_told(file, head, charset)
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return _open_as_marked(file, name)
    _refuse_controls(head)
    broken = _first_broken(file, "utf-8")
    if broken is None:
        marked = head.startswith(codecs.BOM_UTF8)
        return Source(file, "utf-8", "valid UTF-8 with a byte order mark" if marked else "valid UTF-8")
    return _open_as_guessed(file, broken)


def _open_as_told(file: BinaryIO, head: bytes, charset: str) -> Source:
    name = _canonical(charset)
    if name is None:
        raise NotText(f"The charset {quoted(charset)} is not known. Leave it out to have it found, or save the file as UTF-8.")
    if not name.startswith(("utf-16", "utf-32")):
        _refuse_controls(head)
    if broken := _first_broken(file, name):
        raise NotText(f"Line {broken.line}: not valid {name} ({broken.what}). Save the file as UTF-8.", line=broken.line)
    return Source(file, name, "as told")


def _open_as_marked(file: BinaryIO, name: str) -> Source:
    if broken := _first_broken(file, name):
        promised = f"{name.upper()}, which its byte order mark promises"
        raise NotText(f"Line {broken.line}: not valid {promised} ({broken.what}). Save the file as UTF-8.", line=broken.line)
    source = Source(file, name, f"{name.upper()} by its byte order mark")
    _refuse_controls(source.sample()[0].encode("utf-8", "replace"))
    return source


def _open_as_guessed(file: BinaryIO, broken: "_Broken") -> Source:
    """Not UTF-8. A file with real UTF-8 before the bad byte is a damaged one, and guessing would garble all the rest of it."""
    found = f"Line {broken.line}: not valid UTF-8 ({broken.what})"
    if broken.num_joined >= 8:
        raise NotText(f"{found}, though the text before it is. Mend that line and save as UTF-8.", line=broken.line)
    name = _guess(file, broken.offset)
    if name is None or _first_broken(file, name):
        raise NotText(f"{found}, and no other charset fits. Save the file as UTF-8.", line=broken.line)
    doubt = f"The file is not UTF-8; it was read as {name}, a guess. If letters look wrong, save it as UTF-8."
    return Source(file, name, f"guessed as {name} from a sample", [ReadProblem(None, doubt, fatal=False)])


def _guess(file: BinaryIO, offset: int) -> str | None:
    from charset_normalizer import from_bytes  # 40 ms that UTF-8 files need not pay

    file.seek(0)
    sample = file.read(_GUESS_BYTES)
    if offset > _GUESS_BYTES // 2:  # a beginning of plain ASCII says nothing: add what surrounds the first other byte
        file.seek(offset - _GUESS_BYTES // 2)
        file.readline(_GUESS_BYTES)
        sample += file.read(_GUESS_BYTES)
    matches = list(from_bytes(sample))
    for match in matches:
        if "cp1252" in match.could_be_from_charset and _nearly_as_good(match, matches[0]):
            return "cp1252"
    return _canonical(matches[0].encoding) if matches else None


def _nearly_as_good(match: "CharsetMatch", best: "CharsetMatch") -> bool:
    """Western European files are by far the most, but the library likes rarer charsets as well: English with curly quotes came out as
    cp852, Swedish as hp-roman8. With this slack twelve languages of fifteen are right, each at three lengths; Polish and Czech stay so."""
    return match.chaos <= best.chaos + 0.02 and match.coherence >= best.coherence - 0.15


@dataclass(frozen=True)
class _Broken:
    offset: int
    line: int
    what: str
    num_joined: int
    """Bytes before it that make a character only together with others: in UTF-8 a sign that it is UTF-8 indeed."""


def _first_broken(file: BinaryIO, charset: str) -> _Broken | None:
    decoder = codecs.getincrementaldecoder(charset)()
    file.seek(0)
    offset, line, num_joined = 0, 1, 0
    while True:
        chunk = file.read(_CHUNK_BYTES)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            good = error.object[: error.start].decode(charset, "ignore")
            what = f"byte 0x{error.object[error.start]:02x}"
            return _Broken(offset + error.start, line + good.count("\n"), what, num_joined + error.start - len(good))
        except UnicodeError:  # UTF-16 without its mark raises the bare class
            return _Broken(offset, line, "no byte order mark", 0)
        if not chunk:
            return None
        offset += len(chunk)
        line += text.count("\n")
        num_joined += len(chunk) - len(text)


def _canonical(charset: str) -> str | None:
    try:
        info = codecs.lookup(charset)
    except (LookupError, ValueError):
        return None
    usable = getattr(info, "_is_text_encoding", True) and info.incrementaldecoder and info.name.replace("-", "_") not in _NO_CHARSETS
    if not usable:
        return None
    return "utf-8" if info.name in ("utf-8-sig", "ascii") else info.name


def _refuse_known_binary(head: bytes) -> None:
    for magic, words in _MAGIC:
        if head.startswith(magic):
            raise NotText(f"This seems to be {words}, not a text file. {ACCEPTED}")


def _refuse_controls(head: bytes) -> None:
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if b"\x00" not in head and controls <= _CONTROLS_TOLERATED * len(head):
        return
    words = next((words for magic, words in _WEAK_MAGIC if head.startswith(magic)), "a binary file")
    raise NotText(f"This seems to be {words}, not a text file. {ACCEPTED}")
