"""One file being read: its format, its charset, and then its examples and problems in order. Used by `inspection`, and by itself for a ZIP.

Readers are imported when needed, because a child process reads only one format. They are chained rather than nested, because every level
of generators costs a file of millions of rows tenths of a second.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, BinaryIO

from shared.constants import DocumentFormat
from shared.reading.decoding import Source, Unreadable, open_source
from shared.reading.examples import Example, ReadProblem
from shared.reading.shaping import Row, Shaper

PROSE_WITH_TEXT_SAMPLE = frozenset({"html", "pdf", "docx"})

Items = Iterable[Example | ReadProblem]


class Reading:
    """`filename` only hints at the format. Everything that stands in the attributes is known when the last item has been read.

    `mapping`, `columns` and `needs_mapping` are those of the file, or of the tables in a ZIP. A `shaper` of another kind makes other items
    of the rows.
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
        shaper: type[Shaper] = Shaper,
    ) -> None:
        self.format = format
        self.format_basis = "As told." if format else ""
        self.charset: str | None = None
        self.charset_basis = ""
        self._file = file
        self._filename = filename
        self._told_charset = charset
        self._told_mapping = mapping
        self._leave_out_bad = leave_out_bad
        self._size = size
        self._in_zip = in_zip
        self._new_shaper = shaper
        self._shaper: Shaper | None = None
        self._tables: list[Reading] = []
        """Inside a ZIP."""

    @property
    def needs_mapping(self) -> bool:
        return any(table.needs_mapping for table in self._tables) or self._shaper is not None and self._shaper.needs_mapping

    @property
    def mapping(self) -> dict[str, Any] | None:
        """The one that all rows were read with, told or found; None when there is none, or more than one."""
        if self._shaper is not None:
            return self._shaper.mapping
        found = [table.mapping for table in self._tables]
        return found[0] if found and all(mapping == found[0] for mapping in found) else self._told_mapping

    @property
    def columns(self) -> dict[str, str]:
        """With an example each; in a ZIP those of the first table that is not understood, or of the first."""
        if self._shaper is not None:
            return self._shaper.columns
        asked = [table for table in self._tables if table.needs_mapping] or self._tables
        return asked[0].columns if asked else {}

    def items(self) -> Iterator[Example | ReadProblem]:
        """Every item of the file, and a fatal problem when there is no example. Raises nothing but OSError."""
        num_examples = num_fatal = num_left_out = 0
        try:
            for item in self._read():
                if not isinstance(item, ReadProblem):
                    num_examples += 1
                else:
                    item = self._judged(item)
                    num_fatal += item.fatal
                    num_left_out += item.skippable
                yield item
        except Unreadable as error:
            problem = self._judged(error.problem)
        except MemoryError:
            problem = _fatal("Reading this file takes too much memory.", "Save it as JSONL, or split it into several.")
        except UnicodeError:  # every byte had been checked before
            problem = _fatal("The file was changed while it was read.", "Upload it again.")
        except RecursionError:
            problem = _fatal("The file is nested too deeply.", "Save it in a simpler form, such as JSONL or plain text.")
        else:
            if num_examples or num_fatal or self._in_zip and num_left_out:
                return
            problem = _fatal("The file holds no examples.", "Choose one with text in it.")
        yield problem

    def _judged(self, problem: ReadProblem) -> ReadProblem:
        """The problem, no longer fatal when what is bad may be left out. In a ZIP that is a whole file, if need be."""
        if problem.fatal and self._leave_out_bad and (problem.skippable or self._in_zip):
            return replace(problem, message=f"{problem.message} It was left out.", fatal=False, skippable=True)
        return problem

    def _read(self) -> Items:
        """Raises Unreadable, also later."""
        from shared.reading import sniffing

        if self.format is None:
            sniffed = sniffing.sniff_binary(self._file, self._filename, wide=self._is_wide())
            if sniffed:
                self.format, self.format_basis, _ = sniffed
        elif self.format not in sniffing.BINARY_FORMATS:
            sniffing.refuse_told_text(self._file, wide=self._is_wide())
        match self.format:
            case "pdf":
                from shared.reading.pdf import read_pdf

                return _prose(read_pdf(self._file))
            case "docx":
                from shared.reading.docx import read_docx

                return _prose(read_docx(self._file))
            case "parquet":
                from shared.reading.parquet import read_parquet

                return self._shaped(read_parquet(self._file), place="Row", table=True)
            case "zip" if self._in_zip:
                raise Unreadable("The file is an archive inside the archive.", "Unpack it and put its files into one ZIP archive.")
            case "zip":
                from shared.reading.archive import read_archive

                self.charset, self.charset_basis = self._told_charset, "found for each file in the archive by itself"
                return read_archive(self._file, self._member)
            case _:
                return self._text()

    def _text(self) -> Items:
        source = self._open()
        self.charset, self.charset_basis = source.charset, source.charset_basis
        sample, whole = source.sample()
        warnings = list(source.warnings)
        if source.charset.startswith(("utf-16", "utf-32")):
            from shared.reading.sniffing import refuse_controls

            refuse_controls(sample)
        if self.format is None:
            from shared.reading.sniffing import sniff_text

            self.format, self.format_basis, doubts = sniff_text(sample, whole, self._filename)
            warnings += doubts
        if whole and not sample.strip():
            raise Unreadable("The file holds only white space.", "Choose one with text in it.")
        return chain(warnings, self._by_format(source, sample))

    def _open(self) -> Source:
        declared = None
        if (self._told_charset is None or self._in_zip) and self.format in (None, "html"):
            from shared.reading.html import declared_charset

            self._file.seek(0)
            declared = declared_charset(self._file.read(4096))
        return open_source(
            self._file,
            None if self._in_zip else self._told_charset,
            declared=declared,
            instead_of_guess=self._told_charset,
            lenient=self._leave_out_bad,
        )

    def _by_format(self, source: Source, sample: str) -> Items:
        match self.format:
            case "jsonl":
                from shared.reading.jsonl import read_jsonl

                return self._shaped(read_jsonl(source))
            case "json":
                from shared.reading.json_file import read_json

                return self._shaped(read_json(source, self._num_bytes()))
            case "csv" | "tsv":
                from shared.reading.table import read_table

                self._shaper = self._new_shaper(self._told_mapping, table=True, optional=self._in_zip)
                return self._shaper.examples(read_table(source, sample, self._shaper))
            case "html":
                from shared.reading.html import read_html

                return _prose(read_html(source))
            case _:
                from shared.reading.prose import read_plain

                return _prose(read_plain(source, markdown=self.format == "md"))

    def _shaped(self, rows: Iterator[Row | ReadProblem], *, place: str = "Line", table: bool = False) -> Items:
        self._shaper = self._new_shaper(self._told_mapping, place=place, table=table, optional=self._in_zip)
        return self._shaper.examples(rows)

    def _num_bytes(self) -> int:
        return self._file.seek(0, 2) if self._size is None else self._size

    def _is_wide(self) -> bool:
        """Whether the charset was said to be one whose texts are full of zero bytes."""
        return (self._told_charset or "").lower().replace("_", "-").startswith(("utf-16", "utf16", "utf-32", "utf32", "ucs"))

    def _member(self, file: BinaryIO, name: str, size: int) -> Iterator[Example | ReadProblem]:
        """A file inside this ZIP."""
        inner = Reading(
            file,
            filename=name,
            charset=self._told_charset,
            mapping=self._told_mapping,
            leave_out_bad=self._leave_out_bad,
            size=size,
            in_zip=True,
            shaper=self._new_shaper,
        )
        yield from inner.items()
        if inner._shaper is not None:
            self._tables.append(inner)


def _prose(blocks: Iterable[Any]) -> Iterator[Example | ReadProblem]:
    from shared.reading.prose import passages_of
    from shared.reading.shaping import encodable

    for item in passages_of(blocks):
        if isinstance(item, ReadProblem):
            yield item
        elif item.isascii() or encodable(item):
            yield {"text": item}
        else:
            yield ReadProblem(
                None, "A passage of the file holds bytes that are no characters.", True, "Save the file as UTF-8.", skippable=True
            )


def _fatal(message: str, fix: str) -> ReadProblem:
    return ReadProblem(None, message, fatal=True, fix=fix)
