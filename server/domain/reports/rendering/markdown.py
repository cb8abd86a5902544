"""A report as Markdown (GitHub's tables), for wikis, issues and mails. What users wrote makes no link, no image, no HTML."""

import re
from collections.abc import Iterator
from typing import Final

from server.domain.reports.blocks import Block, Facts, Figure, Item, Lines, Outline, Table, Verdict

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-!|~&$])")
_ADDRESS: Final = re.compile(r"(?i)(https?|ftp|mailto)(:)|(www)(\.)")


def text(outline: Outline) -> str:
    parts = [f"# {escaped(outline.title)}", escaped(outline.about)]
    for section in outline.sections:
        parts.append(f"{'#' * section.level} {escaped(section.title)}")
        for block in section.blocks:
            parts += _block(block)
    return "\n\n".join([*parts, "---", escaped(outline.colophon)]) + "\n"


def escaped(value: str) -> str:
    """One line of plain text. Addresses lose what makes them links: a link in a report is whoever wrote the name's, not ours."""
    line = " ".join(value.split())
    return _ADDRESS.sub(lambda found: f"{found[1] or found[3]}&#{ord(found[2] or found[4])};", _SPECIAL.sub(r"\\\1", line))


def _block(block: Block) -> Iterator[str]:
    match block.kind:
        case "paragraph":
            yield escaped(block.text)
        case "notice":
            yield f"> {escaped(block.text)}"
        case "verdict":
            yield from _verdict(block)
        case "facts":
            yield _facts(block)
        case "table":
            yield _table(block)
        case "charts":
            for chart in block.charts:
                yield f"*{escaped(chart.title)}.* {escaped(chart.description)}"
        case "items":
            yield f"*{escaped(block.caption)}*"
            for item in block.items:
                yield _item(item)
        case "lines":
            yield _lines(block)


def _verdict(block: Verdict) -> Iterator[str]:
    yield f"**{block.mark} {escaped(block.headline.upper())}** – {escaped(block.job_name)}"
    yield escaped(block.words)
    if block.figures:
        yield "\n".join(f"- {_figure(figure)}" for figure in block.figures)


def _figure(figure: Figure) -> str:
    note = f" ({escaped(figure.note)})" if figure.note else ""
    return f"{escaped(figure.title)}: **{escaped(figure.value)}**{note}"


def _facts(block: Facts) -> str:
    return "\n".join(f"- **{escaped(name)}:** {escaped(value)}" for name, value in block.rows)


def _table(block: Table) -> str:
    head = "| " + " | ".join(escaped(column.title) or " " for column in block.columns) + " |"
    rule = "|" + "|".join(" ---: " if column.is_number else " --- " for column in block.columns) + "|"
    rows = ["| " + " | ".join(escaped(cell) or " " for cell in row) + " |" for row in block.rows]
    return "\n".join([f"*{escaped(block.caption)}*", "", head, rule, *rows])


def _item(item: Item) -> str:
    parts = [f"- **{escaped(item.title)}**{f' ({escaped(item.change)})' if item.change else ''}"]
    parts.append(f"  - Question: {escaped(item.question)}")
    parts.append(f"  - Expected: {escaped(item.expected)}")
    parts += [f"  - {escaped(saying.who)}: {escaped(saying.answer)} ({escaped(saying.result)})" for saying in item.sayings]
    parts += [f"  - {escaped(note)}" for note in item.notes]
    return "\n".join(parts)


def _lines(block: Lines) -> str:
    """A fence longer than any that stands in the text, so that the text cannot end it."""
    longest = max((len(found) for line in block.lines for found in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    lines = [" ".join(line.splitlines()) for line in block.lines]
    return "\n".join([f"*{escaped(block.caption)}*", "", fence, *lines, fence])
