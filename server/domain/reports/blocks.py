"""What a report is made of before it is HTML, PDF or Markdown: sections of plain blocks, already in words. Renderers add form alone."""

from dataclasses import dataclass, field
from typing import Literal

from shared.wire.reports import Outcome

Tone = Literal["good", "bad", "warn", "plain"]


@dataclass(frozen=True)
class Paragraph:
    text: str
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True)
class Notice:
    """Something that must not be overlooked."""

    text: str
    tone: Tone
    kind: Literal["notice"] = "notice"


@dataclass(frozen=True)
class Figure:
    """A number that is looked for: large, with what it is and one line beside it."""

    title: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """`mark` is a sign that tells the outcomes apart without colour."""

    job_name: str
    outcome: Outcome
    mark: str
    headline: str
    words: str
    figures: list[Figure] = field(default_factory=list)
    kind: Literal["verdict"] = "verdict"


@dataclass(frozen=True)
class Facts:
    """Names and their values."""

    rows: list[tuple[str, str]]
    kind: Literal["facts"] = "facts"


@dataclass(frozen=True)
class Column:
    title: str
    is_number: bool = False
    share: int = 1
    """Of the table's width, against the other columns."""


@dataclass(frozen=True)
class Table:
    """The first column names its row."""

    caption: str
    columns: list[Column]
    rows: list[list[str]]
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Chart:
    """`svg` has `title` and `description` within; its classes are coloured by whoever shows it."""

    title: str
    description: str
    svg: str
    kind: Literal["chart"] = "chart"


@dataclass(frozen=True)
class Charts:
    """Charts beside each other where there is room."""

    charts: list[Chart]
    kind: Literal["charts"] = "charts"


@dataclass(frozen=True)
class Saying:
    """What one model made of an item."""

    who: str
    answer: str
    result: str


@dataclass(frozen=True)
class Item:
    title: str
    question: str
    expected: str
    sayings: list[Saying]
    change: str
    tone: Tone
    notes: list[str]


@dataclass(frozen=True)
class Items:
    caption: str
    items: list[Item]
    kind: Literal["items"] = "items"


@dataclass(frozen=True)
class Lines:
    """Text as a machine has it, line by line: a log, commands, an example."""

    caption: str
    lines: list[str]
    kind: Literal["lines"] = "lines"


Block = Paragraph | Notice | Verdict | Facts | Table | Charts | Items | Lines


@dataclass(frozen=True)
class Section:
    """`level` 2 or 3, as headings are counted; `id` is fit for an address."""

    id: str
    level: int
    title: str
    blocks: list[Block]


@dataclass(frozen=True)
class Outline:
    """The whole report. `about` is what stands under its name."""

    title: str
    about: str
    colophon: str
    sections: list[Section]
