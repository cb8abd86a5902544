"""Scored examples in a training guide: texts with the score that somebody gave them, found in prose, lists and tables. Pure, conservative.

Layouts that are understood: a paragraph and then its score; an example that a label or a heading opens ("Example 3", "Answer: ...") with
the score before, behind or in the label; a text with its score in brackets at its end; a table with a column of texts and one of scores.
What nobody can be sure of is left in the prose, which is trained on, too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import StringIO

from shared.reading.prose import passages
from shared.reading.score_lines import (
    Found,
    bare_score,
    is_bullet,
    is_heading,
    is_remark,
    label,
    score_alone,
    score_behind,
    without_bullet,
)
from shared.reading.score_tables import rows_of_tables

_FEWEST_WORDS = 4
"""Of a text in prose. Cells of a table may be shorter: the table itself says what they are."""
_FEWEST_BARE = 3
_MOST_LINES = 400


@dataclass(frozen=True)
class ScoredItem:
    """`out_of` is None where the guide does not say what the most is. `line` is that of the score, counted from 1."""

    text: str
    score: float
    out_of: float | None
    line: int


@dataclass(frozen=True)
class Guide:
    """A guide's text, taken apart: its scored examples in order, and passages of everything else."""

    items: list[ScoredItem]
    passages: list[str]


def guide_of(text: str) -> Guide:
    """All of the text is either in an item, is such an item's score, label or remark, or is in a passage."""
    lines = text.splitlines()
    found, used = _found_in(lines)
    rest = "\n".join("" if number in used else line for number, line in enumerate(lines))
    return Guide(found, list(passages(StringIO(rest), markdown=True)))


def scored_items(text: str) -> list[ScoredItem]:
    return _found_in(text.splitlines())[0]


def _found_in(lines: Sequence[str]) -> tuple[list[ScoredItem], set[int]]:
    """The items in the order of their scores, and the lines (from 0) that they are made of."""
    items: list[ScoredItem] = []
    used: set[int] = set()
    for row in rows_of_tables(lines):
        items.append(ScoredItem(row.text, row.found.score, row.found.out_of, row.line + 1))
        used.update(row.lines)
    bare = _trusted_bare_scores(lines)
    for section in _sections(lines, used):
        for item, own in section.items(bare):
            items.append(item)
            used |= own
    return sorted(items, key=lambda item: item.line), used


def _trusted_bare_scores(lines: Sequence[str]) -> dict[int, Found]:
    """Scores without a most are believed where there are several and they differ: one alone may be a heading's or a rubric's."""
    found = {number: score for number, line in enumerate(lines) if (score := bare_score(line)) is not None}
    if len(found) < _FEWEST_BARE or len(set(found.values())) < 2:
        return {}
    return {number: Found(score, None) for number, score in found.items()}


@dataclass
class _Section:
    """Lines from a label or a heading to the next. `labelled`: it is one example, in whose label its score and first words may be."""

    labelled: bool
    start: int
    found: Found | None = None
    opening: str = ""
    lines: list[tuple[int, str]] = field(default_factory=list)

    def items(self, bare: dict[int, Found]) -> Iterable[tuple[ScoredItem, set[int]]]:
        scores = {number: found for number, line in self.lines if (found := score_alone(line) or bare.get(number))}
        if not self.labelled:
            yield from _in_paragraphs(self.lines, scores)
            return
        if self.found is not None:
            scores = {self.start: self.found}
        if len(scores) > 1:
            scores = {number: found for number, found in scores.items() if found.total}
        if len(scores) == 1:
            [(number, found)] = scores.items()
            yield from self._as_one(number, found)
        elif not scores:
            yield from _in_paragraphs([(self.start, self.opening), *self.lines], {})

    def _as_one(self, number: int, found: Found) -> Iterable[tuple[ScoredItem, set[int]]]:
        """The text before the score; what follows it where nothing is before. Remarks are nobody's text, on either side."""
        before, remarks_before = _without_remarks([(n, line) for n, line in self.lines if n < number and not score_alone(line)])
        after, remarks_after = _without_remarks([(n, line) for n, line in self.lines if n > number])
        own = before if self.opening or any(line.strip() for _, line in before) else after
        text = _joined([self.opening, *(line for _, line in own)])
        if len(text.split()) >= _FEWEST_WORDS and len(own) <= _MOST_LINES:
            parts = {n for n, line in self.lines if score_alone(line)}  # Of a total: nobody's text either.
            used = {self.start, number, *(n for n, _ in own)} | parts | remarks_before | remarks_after
            yield ScoredItem(text, found.score, found.out_of, number + 1), used


def _in_paragraphs(lines: Sequence[tuple[int, str]], scores: dict[int, Found]) -> Iterable[tuple[ScoredItem, set[int]]]:
    """A paragraph and the score under it; or one with its score at the end."""
    before: list[tuple[int, str]] = []
    for paragraph in _paragraphs(lines, scores):
        number = paragraph[0][0]
        if number in scores:
            text = _joined([without_bullet(line) for _, line in before])
            if len(text.split()) >= _FEWEST_WORDS:
                used = {number, *(n for n, _ in before)}
                yield ScoredItem(text, scores[number].score, scores[number].out_of, number + 1), used
            before = []
        elif not is_remark(paragraph[0][1]):
            yield from _with_score_behind(before)
            before = paragraph
    yield from _with_score_behind(before)


def _paragraphs(lines: Sequence[tuple[int, str]], scores: dict[int, Found]) -> Iterable[list[tuple[int, str]]]:
    """Lines that stand together; a score is one by itself, and so is each item of a list."""
    paragraph: list[tuple[int, str]] = []
    for number, line in lines:
        alone = number in scores
        if paragraph and (alone or not line.strip() or is_bullet(line) or is_remark(line)):
            yield paragraph
            paragraph = []
        if alone:
            yield [(number, line)]
        elif line.strip():
            paragraph.append((number, line))
    if paragraph:
        yield paragraph


def _with_score_behind(paragraph: Sequence[tuple[int, str]]) -> Iterable[tuple[ScoredItem, set[int]]]:
    found = score_behind(_joined([line for _, line in paragraph])) if paragraph else None
    if found is not None and len((text := without_bullet(found[0])).split()) >= _FEWEST_WORDS:
        number = paragraph[-1][0]
        yield ScoredItem(text, found[1].score, found[1].out_of, number + 1), {n for n, _ in paragraph}


def _sections(lines: Sequence[str], used: set[int]) -> list[_Section]:
    sections = [_Section(labelled=False, start=-1)]
    for number, line in enumerate(lines):
        if number in used:
            sections.append(_Section(labelled=False, start=number))
        elif (opened := label(line)) is not None:
            _open(sections, number, *opened)
        elif is_heading(line):
            sections.append(_Section(labelled=False, start=number))
        else:
            sections[-1].lines.append((number, line))
    return sections


def _open(sections: list[_Section], number: int, opening: str, found: Found | None) -> None:
    """A label right under another ("Example 2", "Answer: ...") belongs to the same example."""
    last = sections[-1]
    if last.labelled and not last.opening and not any(line.strip() for _, line in last.lines):
        last.opening, last.found = opening, found or last.found
        last.lines.append((number, ""))
    else:
        sections.append(_Section(labelled=True, start=number, found=found, opening=opening))


def _without_remarks(lines: Sequence[tuple[int, str]]) -> tuple[list[tuple[int, str]], set[int]]:
    """Lines but for remarks on the text ("Feedback: ..."), each of which reaches to the end of its paragraph; and the remarks' numbers."""
    kept: list[tuple[int, str]] = []
    remarks: set[int] = set()
    in_remark = False
    for number, line in lines:
        in_remark = bool(line.strip()) and (in_remark or is_remark(line))
        if in_remark:
            remarks.add(number)
        else:
            kept.append((number, line))
    return kept, remarks


def _joined(lines: Iterable[str]) -> str:
    """Paragraphs stay apart; at the ends nothing."""
    return "\n".join(line.strip() for line in lines).strip()
