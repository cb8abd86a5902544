"""One file being read: its format, its charset, and then its examples and problems in order. Used by `inspection`, and by itself for a ZIP.

Readers are imported when needed, because a child process reads only one format.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, BinaryIO

from shared.constants import DocumentFormat
from shared.reading.decoding import Source, Unreadable, open_source
from shared.reading.examples import Example, ReadProblem
from shared.reading.shaping import Shaper

PROSE_WITH_TEXT_SAMPLE = frozenset({"html", "pdf", "docx"})
_TABULAR = frozenset({"csv", "tsv", "json", "jsonl", "parquet"})


class Reading:
    """`filename` only hints at the format. Everything that stands in the attributes is known when the last item has been read.

    `mapping`, `columns` and `needs_mapping` are those of the file, or of the first table in a ZIP.
    """

    def __init__(
        self,
        file: BinaryIO,
        *,
        filename: str = "",
        format: DocumentFormat | None = None,
        charset: str | None = None,
        mapping: dict[str, Any] | None = None,
        leave_out_bad: bool = False,
        size: int | None = None,
        in_zip: bool = False,
    ) -> None:
        self.format = format
        self.format_basis = "As told." if format else ""
        self.charset: str | None = None
        self.charset_basis = ""
        self.mapping = mapping
        self._given_mapping = mapping
        self.columns: dict[str, str] = {}
        self.needs_mapping = False
        self._file = file
        self._filename = filename
        self._told_charset = charset
        self._leave_out_bad = leave_out_bad
        self._size = size
        self._in_zip = in_zip

    def items(self) -> Iterator[Example | ReadProblem]:
        """Every item of the file, and a fatal problem when there is no example. Raises nothing but OSError."""
        num_examples = num_fatal = num_left_out = 0
        for item in self._safely():
            if type(item) is ReadProblem:
                if item.fatal and self._leave_out_bad and (item.skippable or self._in_zip):
                    item = replace(item, message=f"{item.message} It was left out.", fatal=False)
                    num_left_out += 1
                num_fatal += item.fatal
            else:
                num_examples += 1
            yield item
        if not num_examples and not num_fatal and not (self._in_zip and num_left_out):
            yield ReadProblem(None, "The file holds no examples.", True, "Choose one with text in it.")

    def _safely(self) -> Iterator[Example | ReadProblem]:
        try:
            yield from self._read()
        except Unreadable as error:
            yield error.problem
        except MemoryError:
            yield ReadProblem(None, "Reading this file takes too much memory.", True, "Save it as JSONL, or split it into several.")
        except UnicodeError:  # every byte had been checked before
            yield ReadProblem(None, "The file was changed while it was read.", True, "Upload it again.")
        except RecursionError:
            yield ReadProblem(None, "The file is nested too deeply.", True, "Save it in a simpler form, such as JSONL or plain text.")

    def _read(self) -> Iterator[Example | ReadProblem]:
        if self.format is None:
            from shared.reading.sniffing import sniff_binary

            sniffed = sniff_binary(self._file, self._filename, wide=self._is_wide())
            if sniffed:
                self.format, self.format_basis, _ = sniffed
        elif self.format not in ("pdf", "docx", "parquet", "zip"):
            from shared.reading.sniffing import refuse_told_text

            refuse_told_text(self._file, wide=self._is_wide())
        match self.format:
            case "pdf":
                from shared.reading.pdf import read_pdf

                yield from self._prose(read_pdf(self._file))
            case "docx":
                from shared.reading.docx import read_docx

                yield from self._prose(read_docx(self._file))
            case "parquet":
                from shared.reading.parquet import read_parquet

                yield from self._shaped(read_parquet(self._file), place="Row", table=True)
            case "zip" if self._in_zip:
                raise Unreadable(
                    "It is an archive inside the archive.", "Unpack it and put its files into one ZIP archive.", skippable=True
                )
            case "zip":
                self.charset, self.charset_basis = self._told_charset, "found for each file in the archive by itself"
                from shared.reading.archive import read_archive

                yield from read_archive(self._file, self._member)
            case _:
                yield from self._text()

    def _text(self) -> Iterator[Example | ReadProblem]:
        declared = None
        if self._told_charset is None and self.format in (None, "html"):
            from shared.reading.html import declared_charset

            self._file.seek(0)
            declared = declared_charset(self._file.read(4096))
        source = open_source(
            self._file,
            None if self._in_zip else self._told_charset,
            declared=declared,
            instead_of_guess=self._told_charset,
            lenient=self._leave_out_bad,
        )
        self.charset, self.charset_basis = source.charset, source.charset_basis
        yield from source.warnings
        sample, whole = source.sample()
        if source.charset.startswith(("utf-16", "utf-32")):
            from shared.reading.sniffing import refuse_controls

            refuse_controls(sample)
        if self.format is None:
            from shared.reading.sniffing import sniff_text

            self.format, self.format_basis, doubts = sniff_text(sample, whole, self._filename)
            yield from doubts
        if whole and not sample.strip():
            raise Unreadable("The file holds only white space.", "Choose one with text in it.")
        yield from self._by_format(source, sample)

    def _by_format(self, source: Source, sample: str) -> Iterator[Example | ReadProblem]:
        if self.format == "jsonl":
            from shared.reading.jsonl import read_jsonl

            yield from self._shaped(read_jsonl(source))
        elif self.format == "json":
            from shared.reading.json_file import read_json

            yield from self._shaped(read_json(source, self._num_bytes()))
        else:
            with ExitStack() as stack:
                stream = stack.enter_context(source.text())
                if self.format in ("csv", "tsv"):
                    from shared.reading.table import read_table

                    shaper = self._shaper(table=True)
                    yield from self._watch(shaper, shaper.examples(read_table(stream, sample, shaper)))
                elif self.format == "html":
                    from shared.reading.html import MAX_HTML_CHARACTERS, read_html

                    yield from self._prose(read_html(stream.read(MAX_HTML_CHARACTERS + 1)))
                else:
                    from shared.reading.prose import blocks_of

                    yield from self._prose(blocks_of(stream, markdown=self.format == "md"))

    def _is_wide(self) -> bool:
        """Whether the charset was said to be one whose texts are full of zero bytes."""
        return (self._told_charset or "").lower().replace("_", "-").startswith(("utf-16", "utf16", "utf-32", "utf32", "ucs"))

    def _num_bytes(self) -> int:
        return self._file.seek(0, 2) if self._size is None else self._size

    def _prose(self, blocks: Iterator[Any]) -> Iterator[Example | ReadProblem]:
        from shared.reading.prose import passages_of
        from shared.reading.shaping import encodable

        for item in passages_of(blocks):
            if isinstance(item, ReadProblem):
                yield item
            elif item.isascii() or encodable(item):
                yield {"text": item}
            else:
                yield ReadProblem(None, "A passage holds bytes that are no characters.", True, "Save the file as UTF-8.", skippable=True)

    def _shaper(self, *, place: str = "Line", table: bool = False) -> Shaper:
        return Shaper(self.mapping, place=place, table=table, optional=self._in_zip)

    def _shaped(self, rows: Iterator[Any], *, place: str = "Line", table: bool = False) -> Iterator[Example | ReadProblem]:
        shaper = self._shaper(place=place, table=table)
        yield from self._watch(shaper, shaper.examples(rows))

    def _watch(self, shaper: Shaper, items: Iterator[Example | ReadProblem]) -> Iterator[Example | ReadProblem]:
        """Keeps what the shaper has learned, also when the reading ends early."""
        try:
            yield from items
        finally:
            self.mapping, self.columns, self.needs_mapping = shaper.mapping, shaper.columns, shaper.needs_mapping

    def _member(self, file: BinaryIO, name: str, size: int) -> Iterator[Example | ReadProblem]:
        """A file inside this ZIP."""
        inner = Reading(
            file,
            filename=name,
            charset=self._told_charset,
            mapping=self._given_mapping,
            leave_out_bad=self._leave_out_bad,
            size=size,
            in_zip=True,
        )
        yield from inner.items()
        self._learn(inner)

    def _learn(self, inner: "Reading") -> None:
        if inner.needs_mapping and not self.needs_mapping:
            self.needs_mapping, self.columns, self.mapping = True, inner.columns, None
        elif inner.format in _TABULAR and not self.needs_mapping:
            self.mapping = inner.mapping if not self.columns or self.mapping == inner.mapping else self._given_mapping
            self.columns = self.columns or inner.columns
