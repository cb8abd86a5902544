"""Reads a whole file once: into examples for the trainer, or into counts, problems and a preview for the person who uploaded it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO

from shared.constants import DocumentFormat, Shape
from shared.reading.decoding import NotText, Source, open_source
from shared.reading.examples import Example, ReadProblem, characters_of, shape_of

MAX_PROBLEMS = 20
MAX_PREVIEW_CHARACTERS = 2_000_000
"""The preview ends early when its examples are very long, so that an inspection stays small."""


@dataclass
class Inspection:
    """What a file holds. It is to be refused when `problems` is not empty; the counts then cover what could be read."""

    format: DocumentFormat | None = None
    charset: str | None = None
    charset_basis: str = ""
    shapes: dict[Shape, int] = field(default_factory=dict)
    num_examples: int = 0
    num_characters: int = 0
    warnings: list[ReadProblem] = field(default_factory=list)
    """The first ones; `num_warnings` counts all."""
    num_warnings: int = 0
    problems: list[ReadProblem] = field(default_factory=list)
    """Why the file is refused, at most twenty."""
    preview: list[Example] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read_examples(file: BinaryIO, *, format: DocumentFormat, charset: str | None = None) -> Iterator[Example | ReadProblem]:
    """Examples and problems in the order of the file (seekable), which stays open. Ends after twenty fatal problems."""
    try:
        source = open_source(file, charset)
    except NotText as error:
        yield error.problem
        return
    yield from source.warnings
    yield from _read(source, format)


def inspect(
    file: BinaryIO,
    *,
    filename: str,
    format: DocumentFormat | None = None,
    charset: str | None = None,
    num_preview: int = 20,
) -> Inspection:
    """`filename` only hints at the format; it is never opened. Raises nothing but OSError."""
    from shared.reading.guessing import guess_format

    found = Inspection(format=format)
    try:
        source = open_source(file, charset)
        found.charset, found.charset_basis = source.charset, source.charset_basis
        for warning in source.warnings:
            _warn(found, warning)
        if found.format is None:
            found.format, doubt = guess_format(*source.sample(), filename)
            if doubt:
                _warn(found, doubt)
        _count(found, _read(source, found.format), num_preview)
    except NotText as error:
        found.problems.append(error.problem)
    return found


def _count(found: Inspection, items: Iterator[Example | ReadProblem], num_preview: int) -> None:
    for item in items:
        if isinstance(item, ReadProblem):
            found.problems.append(item) if item.fatal else _warn(found, item)
            continue
        shape = shape_of(item)
        found.shapes[shape] = found.shapes.get(shape, 0) + 1
        found.num_examples += 1
        found.num_characters += characters_of(item)
        if len(found.preview) < num_preview and (found.num_characters <= MAX_PREVIEW_CHARACTERS or not found.preview):
            found.preview.append(item)


def _warn(found: Inspection, warning: ReadProblem) -> None:
    found.num_warnings += 1
    if len(found.warnings) < MAX_PROBLEMS:
        found.warnings.append(warning)


def _read(source: Source, format: DocumentFormat) -> Iterator[Example | ReadProblem]:
    """Every item of the file, a fatal problem when there is none, and no more than twenty fatal ones."""
    text, whole = source.sample()
    if whole and not text.strip():
        yield ReadProblem(None, "The file holds only white space. Choose one with text in it.", fatal=True)
        return
    num_examples = num_fatal = 0
    try:
        for item in _items(source, format, text):
            yield item
            if not isinstance(item, ReadProblem):
                num_examples += 1
            elif item.fatal:
                num_fatal += 1
                if num_fatal >= MAX_PROBLEMS:
                    return
    except MemoryError:
        yield ReadProblem(None, "Reading this file takes too much memory. Save it as JSONL, or split it into several.", fatal=True)
        return
    except UnicodeError:  # every byte had been checked before
        yield ReadProblem(None, "The file was changed while it was read. Upload it again.", fatal=True)
        return
    if not num_examples and not num_fatal:
        yield ReadProblem(None, "The file holds no examples. Choose one with text in it.", fatal=True)


def _items(source: Source, format: DocumentFormat, sample: str) -> Iterator[Example | ReadProblem]:
    """The reader of each format; imported when needed, because a child process reads only one."""
    if format == "json":
        from shared.reading.json_file import read_json

        yield from read_json(source)
        return
    with source.text() as stream:
        if format == "jsonl":
            from shared.reading.jsonl import read_jsonl

            yield from read_jsonl(stream)
        elif format == "csv":
            from shared.reading.table import read_csv

            yield from read_csv(stream, sample)
        else:
            from shared.reading.prose import read_prose

            yield from read_prose(stream, markdown=format == "md")  # type: ignore[misc]
