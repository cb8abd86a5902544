"""Reads a whole file once: into examples for the trainer, or into counts, problems and a preview for the person who uploaded it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, TextIO

from shared.constants import DocumentFormat, Shape
from shared.reading.examples import Example, ReadProblem, characters_of, shape_of
from shared.reading.reading import PROSE_WITH_TEXT_SAMPLE, Reading

MAX_PROBLEMS = 20
MAX_PROBLEMS_READ = 100_000
"""After so many fatal ones the reading ends: nobody mends them one by one."""
MAX_PREVIEW_CHARACTERS = 2_000_000
"""The preview ends early when its examples are very long, so that an inspection stays small."""
MAX_TEXT_SAMPLE = 20_000


@dataclass
class Inspection:
    """What a file holds. It is to be refused when `problems` is not empty; the counts then cover what could be read."""

    format: DocumentFormat | None = None
    format_basis: str = ""
    charset: str | None = None
    charset_basis: str = ""
    columns: list[dict[str, str]] = field(default_factory=list)
    """Of tables and JSON objects: {"name", "example"}, at most a hundred."""
    mapping: dict[str, Any] | None = None
    """`shared.wire.Mapping` as JSON: the one that was given or found. None for prose."""
    needs_mapping: bool = False
    """The columns are not understood, so a person has to choose. No problem, but no examples either."""
    shapes: dict[Shape, int] = field(default_factory=dict)
    num_examples: int = 0
    num_characters: int = 0
    warnings: list[ReadProblem] = field(default_factory=list)
    """The first ones; `num_warnings` counts all."""
    num_warnings: int = 0
    problems: list[ReadProblem] = field(default_factory=list)
    """Why the file is refused, the first twenty; `num_problems` counts all."""
    num_problems: int = 0
    preview: list[Example] = field(default_factory=list)
    text_sample: str | None = None
    """The beginning of the text that was taken out of a PDF, DOCX or HTML."""

    @property
    def accepted(self) -> bool:
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read_examples(
    file: BinaryIO,
    *,
    format: DocumentFormat,
    charset: str | None = None,
    mapping: dict[str, Any] | None = None,
    leave_out_bad: bool = False,
) -> Iterator[Example | ReadProblem]:
    """Examples and problems in the order of the file (seekable), which stays open. Ends after twenty fatal problems."""
    num_fatal = 0
    for item in Reading(file, format=format, charset=charset, mapping=mapping, leave_out_bad=leave_out_bad).items():
        yield item
        if isinstance(item, ReadProblem) and item.fatal:
            num_fatal += 1
            if num_fatal >= MAX_PROBLEMS:
                return


def inspect(
    file: BinaryIO,
    *,
    filename: str,
    format: DocumentFormat | None = None,
    charset: str | None = None,
    mapping: dict[str, Any] | None = None,
    leave_out_bad: bool = False,
    num_preview: int = 20,
    problems_out: TextIO | None = None,
) -> Inspection:
    """`filename` only hints at the format; it is never opened. Every problem goes to `problems_out` as CSV. Raises nothing but OSError."""
    reading = Reading(file, filename=filename, format=format, charset=charset, mapping=mapping, leave_out_bad=leave_out_bad)
    found = Inspection()
    _count(found, reading.items(), num_preview, _Report(problems_out))
    found.format, found.format_basis = reading.format, reading.format_basis
    found.charset, found.charset_basis = reading.charset, reading.charset_basis
    found.columns = [{"name": name, "example": example} for name, example in reading.columns.items()]
    found.mapping = reading.mapping
    if reading.needs_mapping and not (leave_out_bad and found.num_examples):
        _ask_for_mapping(found)
    elif found.format in PROSE_WITH_TEXT_SAMPLE:
        found.text_sample = _text_sample(found)
    return found


def _count(found: Inspection, items: Iterator[Example | ReadProblem], num_preview: int, report: "_Report") -> None:
    num_characters = num_examples = num_pairs = 0
    for item in items:
        if isinstance(item, ReadProblem):
            report.write(item)
            if _keep(found, item) >= MAX_PROBLEMS_READ:
                break
            continue
        num_examples += 1
        if "prompt" in item:  # files have millions of these, hence no calls
            num_pairs += 1
            num_characters += len(item["prompt"]) + len(item["completion"])
        else:
            shape = shape_of(item)
            found.shapes[shape] = found.shapes.get(shape, 0) + 1
            num_characters += characters_of(item)
        if num_examples <= num_preview and (num_characters <= MAX_PREVIEW_CHARACTERS or not found.preview):
            found.preview.append(item)
    if num_pairs:
        found.shapes["prompt_completion"] = num_pairs
    found.num_examples, found.num_characters = num_examples, num_characters


def _keep(found: Inspection, problem: ReadProblem) -> int:
    """How many fatal ones there are by now."""
    if problem.fatal:
        found.num_problems += 1
        if len(found.problems) < MAX_PROBLEMS:
            found.problems.append(problem)
    else:
        found.num_warnings += 1
        if len(found.warnings) < MAX_PROBLEMS:
            found.warnings.append(problem)
    return found.num_problems


def _ask_for_mapping(found: Inspection) -> None:
    """What went wrong for want of a mapping is no news; the reading with one will tell the rest."""
    found.needs_mapping = True
    found.problems, found.num_problems = [], 0
    found.preview, found.shapes, found.num_examples, found.num_characters = [], {}, 0, 0
    found.mapping = None


def _text_sample(found: Inspection) -> str | None:
    texts = "\n\n".join(example["text"] for example in found.preview if "text" in example)
    return texts[:MAX_TEXT_SAMPLE] or None


class _Report:
    """Writes problems as CSV with three columns. A cell that a spreadsheet would take for a formula gets a quote before it."""

    def __init__(self, out: TextIO | None) -> None:
        self._writer: Any = None
        self._out = out

    def write(self, problem: ReadProblem) -> None:
        if self._out is None:
            return
        if self._writer is None:
            import csv

            self._writer = csv.writer(self._out)
            self._writer.writerow(("line_or_page", "message", "fix"))
        place = str(problem.line) if problem.line is not None else f"page {problem.page}" if problem.page is not None else ""
        if problem.member is not None:
            place = f"{problem.member}: {place}" if place else problem.member
        self._writer.writerow([f"'{cell}" if cell[:1] in "=+-@\t" and cell else cell for cell in (place, problem.message, problem.fix)])
