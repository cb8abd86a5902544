"""The files of the guided walk: a guide printed as PDF, and submissions as word processors write them, on a task whose answers are known."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

from scripts.score_task import HIGHEST, Entry, entries, rubric
from tests.corpus.documents import printed_pdf

NUM_SUBMISSIONS = 8
_ENTRIES_A_PAGE = 8
_EXPECTED_FILE = "expected.json"


def write_guided_files(folder: Path) -> None:
    """`marking guide.pdf`, eight submissions that are not in it, and `expected.json` with their scores by file name; more of the same as
    `more entries.csv`."""
    all_entries = entries()
    held_out, learned = all_entries[:40], all_entries[40:]
    (folder / "marking guide.pdf").write_bytes(guide_pdf(learned))
    expected = {}
    for number, entry in enumerate(held_out[:NUM_SUBMISSIONS], 1):
        name = f"watch {number}.docx"
        (folder / name).write_bytes(submission_docx(entry))
        expected[name] = entry.score
    (folder / _EXPECTED_FILE).write_text(json.dumps(expected), encoding="utf-8")
    rows = "".join(f'Watch {number},"{entry.text}",{entry.score}\n' for number, entry in enumerate(held_out[NUM_SUBMISSIONS:], 9))
    (folder / "more entries.csv").write_text(f"name,prompt,expected_score\n{rows}", encoding="utf-8")


def guide_pdf(learned: Sequence[Entry]) -> bytes:
    marked = [f"{entry.text}\n\nScore: {entry.score}/{HIGHEST}" for entry in learned]
    pages = ["\n\n".join(marked[start : start + _ENTRIES_A_PAGE]) for start in range(0, len(marked), _ENTRIES_A_PAGE)]
    title, _, rule = rubric().partition("\n\n")
    return printed_pdf([f"# {title}\n\n{rule}", *pages])


def submission_docx(entry: Entry) -> bytes:
    from docx import Document

    document = Document()
    document.add_paragraph(entry.text)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()
