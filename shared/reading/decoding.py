"""From bytes to text: in which charset, and is every byte of it valid. One pass, in constant memory.

A byte order mark first, then UTF-8, then the zeros that betray UTF-16, then a guess that is always said to be one.
"""

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from shared.reading.examples import ReadProblem, quoted

SAMPLE_BYTES = 65_536
_CHUNK_BYTES = 1 << 20
_GUESS_BYTES = 16_384
_SAVE_AS_UTF8 = "Save the file as UTF-8."

_JAPANESE_ESCAPES = (b"\x1b$B", b"\x1b$@")
"""Where the seven bits of ISO-2022-JP begin to mean Japanese; its files are ASCII byte for byte, and so valid UTF-8."""
_BYTE_ORDER_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PRINTABLE_ASCII = bytes(range(32, 127)) + b"\t\n\r"
_NO_CHARSETS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "utf_7"}
"""Codecs of Python that no file is saved in."""


@dataclass(frozen=True)
class Source:
    """A file that was found to be text: `charset` is what Python calls it, `charset_basis` says in words how it was found.

    With `lenient` bytes that are no characters become lone surrogates, which the rows they stand in are then refused for.
    """

    file: BinaryIO
    charset: str
    charset_basis: str
    warnings: list[ReadProblem] = field(default_factory=list)
    lenient: bool = False

    @contextmanager
    def text(self) -> Iterator[io.TextIOWrapper]:
        """The text from its beginning, without a byte order mark, every line end as one line feed. The file stays open."""
        self.file.seek(0)
        encoding = "utf-8-sig" if self.charset == "utf-8" else self.charset
        stream = io.TextIOWrapper(self.file, encoding=encoding, errors="surrogateescape" if self.lenient else "strict")
        try:
            yield stream
        finally:
            if not self.file.closed:
                stream.detach()  # or the file would be closed with the wrapper

    def sample(self) -> tuple[str, bool]:
        """The first characters, and whether they are all there are."""
        with self.text() as stream:
            return stream.read(SAMPLE_BYTES), not stream.read(1)


class Unreadable(Exception):
    """The file cannot be read at all, or not any further. `problem` says why and what to do."""

    def __init__(self, message: str, fix: str, *, line: int | None = None, page: int | None = None, skippable: bool = False) -> None:
        super().__init__(message)
        self.problem = ReadProblem(line, message, fatal=True, fix=fix, page=page, skippable=skippable)


def open_source(
    file: BinaryIO,
    charset: str | None = None,
    *,
    declared: str | None = None,
    instead_of_guess: str | None = None,
    lenient: bool = False,
) -> Source:
    """Finds the charset unless it is given, and checks the whole file against it. Raises Unreadable.

    `declared` is what the text says of itself (HTML does); it counts where the bytes do not prove something else. What was said of a
    whole ZIP comes `instead_of_guess`, for those files in it that prove nothing.
    """
    file.seek(0)
    head = file.read(SAMPLE_BYTES)
    if charset is not None:
        return _open_as_told(file, charset, lenient)
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return _open_as_marked(file, name)
    if betrayed := betrayed_by_zeros(head):
        return _open_as_marked(file, betrayed)
    if any(escape in head for escape in _JAPANESE_ESCAPES) and _holds(file, head, "iso2022_jp_2"):
        return Source(file, "iso2022_jp_2", "ISO-2022-JP, as its escape sequences say")
    said = _canonical(declared) if declared else None
    if said and said != "utf-8" and _holds(file, head, said):
        return Source(file, said, f"{said} as the document itself says")
    broken = _first_broken(file, "utf-8")
    if broken is None:
        marked = head.startswith(codecs.BOM_UTF8)
        return Source(file, "utf-8", "valid UTF-8 with a byte order mark" if marked else "valid UTF-8")
    hint = _canonical(instead_of_guess) if instead_of_guess else None
    if hint and _first_broken(file, hint) is None:
        return Source(file, hint, "as told")
    return _open_as_guessed(file, broken, lenient)


def betrayed_by_zeros(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark: text has no zeros, but its line ends, blanks and Latin letters have halves that are.

    Few zeros may also be stray ones in a text of single bytes, which then is mostly ASCII.
    """
    head = head[: len(head) // 4 * 4]
    share = head.count(0) / len(head) if head else 0
    if not share:
        return None
    if share < 0.25:
        is_ascii = len(head) - len(head.translate(None, _PRINTABLE_ASCII)) > 0.7 * len(head)
        return None if is_ascii else _betrayed_by_few(head)
    zeros = [head[offset::4].count(0) for offset in range(4)]
    quarter = len(head) // 4
    for name, found in (
        ("utf-32-le", zeros[2] == zeros[3] == quarter),
        ("utf-32-be", zeros[0] == zeros[1] == quarter),
        ("utf-16-le", zeros[1] + zeros[3] > 20 * (zeros[0] + zeros[2])),
        ("utf-16-be", zeros[0] + zeros[2] > 20 * (zeros[1] + zeros[3])),
    ):
        if found and _reads_well(head.decode(name, "replace")):
            return name
    return None


def _betrayed_by_few(head: bytes) -> str | None:
    """Scripts beyond Latin have few zeros. The right order of bytes is that in which blanks, line ends and full stops come out."""
    texts = {name: head.decode(name, "replace") for name in ("utf-16-le", "utf-16-be")}
    pauses = {name: sum(map(text.count, " \n.,，。、")) for name, text in texts.items()}
    best = max(pauses, key=lambda name: pauses[name])
    return best if pauses[best] * 200 > len(texts[best]) and _reads_well(texts[best]) else None


def _reads_well(text: str) -> bool:
    bad = sum(not (character.isprintable() or character in "\t\n\r\f\ufeff") or character == "\ufffd" for character in text)
    return bad <= 0.02 * len(text)


def _holds(file: BinaryIO, head: bytes, name: str) -> bool:
    """Whether what a document says of itself can be believed: its bytes fit, and are not UTF-8 with letters beyond ASCII."""
    if not head.isascii() and _first_broken(file, "utf-8") is None:
        return False
    return _first_broken(file, name) is None


def _open_as_told(file: BinaryIO, charset: str, lenient: bool) -> Source:
    name = _canonical(charset)
    if name is None:
        raise Unreadable(
            f"The file cannot be read in the charset {quoted(charset)}, which is not known.",
            "Leave it out to have it found, or save the file as UTF-8.",
        )
    if broken := _first_broken(file, name):
        if lenient and name == "utf-8":
            return Source(file, name, "as told", lenient=True)
        message = f"Line {broken.line}: not valid {name} ({broken.what})."
        raise Unreadable(message, "Choose another charset, or save the file as UTF-8.", line=broken.line)
    file.seek(0)
    if name.startswith(("utf-16-", "utf-32-")) and file.read(4).startswith(tuple(mark for mark, of in _BYTE_ORDER_MARKS if of == name[:6])):
        name = name[:6]  # which takes the byte order mark for what it is
    return Source(file, name, "as told")


def _open_as_marked(file: BinaryIO, name: str) -> Source:
    marked = name in ("utf-16", "utf-32")
    if broken := _first_broken(file, name):
        promised = f"{name.upper()}, which its {'byte order mark promises' if marked else 'first bytes look like'}"
        raise Unreadable(f"Line {broken.line}: not valid {promised} ({broken.what}).", _SAVE_AS_UTF8, line=broken.line)
    return Source(
        file, name, f"{name.upper()} by its byte order mark" if marked else f"{name.upper()} without a byte order mark, by its zero bytes"
    )


def _open_as_guessed(file: BinaryIO, broken: "_Broken", lenient: bool) -> Source:
    """Not UTF-8. A file with real UTF-8 before the bad byte is a damaged one, and guessing would garble all the rest of it."""
    found = f"Line {broken.line}: not valid UTF-8 ({broken.what})"
    if broken.num_joined >= 8:
        if lenient:
            return Source(file, "utf-8", "UTF-8 with damaged places", lenient=True)
        raise Unreadable(f"{found}, though the text before it is.", f"Mend that line. {_SAVE_AS_UTF8}", line=broken.line, skippable=True)
    name = _guess(file, broken.offset)
    if name is None or _first_broken(file, name):
        if lenient:
            return Source(file, "utf-8", "UTF-8 with damaged places", lenient=True)
        raise Unreadable(f"{found}, and no other charset fits.", _SAVE_AS_UTF8, line=broken.line)
    doubt = f"The file is not UTF-8; it was read as {name}, a guess."
    fix = "If letters look wrong, choose the charset or save the file as UTF-8."
    return Source(file, name, f"guessed as {name} from a sample", [ReadProblem(None, doubt, fatal=False, fix=fix)])


def _guess(file: BinaryIO, offset: int) -> str | None:
    from shared.reading.charset_guess import guess

    file.seek(0)
    sample = file.read(_GUESS_BYTES)
    if offset > _GUESS_BYTES // 2:  # a beginning of plain ASCII says nothing: add what surrounds the first other byte
        file.seek(offset - _GUESS_BYTES // 2)
        file.readline(_GUESS_BYTES)
        sample += file.read(_GUESS_BYTES)
    name = guess(sample)
    return _canonical(name) if name else None


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
