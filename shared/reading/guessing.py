"""Which of the accepted formats a text file has: by its content first, by its suffix second."""

import re
from pathlib import PurePath

from shared.constants import DocumentFormat
from shared.reading.examples import ReadProblem, quoted

_BY_SUFFIX: dict[str, DocumentFormat] = {
    ".txt": "txt",
    ".text": "txt",
    ".md": "md",
    ".markdown": "md",
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_ROWS_LOOKED_AT = 5
_JSON_LIST = re.compile(r'\s*\[\s*\{\s*"')
_JSON_WRAPPED = re.compile(r'\s*\{\s*"(data|examples|train)"\s*:\s*\[')


def guess_format(sample: str, whole: bool, filename: str) -> tuple[DocumentFormat, ReadProblem | None]:
    """The format, and a warning where the name's suffix says nothing. `whole` says that the sample is the entire file."""
    suffix = PurePath(filename).suffix.lower()
    named = _BY_SUFFIX.get(suffix)
    if found := _by_content(sample, whole, named):
        return found, None
    if named:
        return named, None
    return "txt", ReadProblem(None, f"The suffix {quoted(suffix)} is not known, so the file was read as plain text.", fatal=False)


def _by_content(sample: str, whole: bool, named: DocumentFormat | None) -> DocumentFormat | None:
    if _JSON_LIST.match(sample):
        return "json"
    if sample.lstrip()[:1] != "{":
        return None
    lines = [line for line in sample.split("\n") if line.strip()]
    if not whole:
        lines.pop()  # probably cut in the middle
    rows = lines[:_ROWS_LOOKED_AT]
    if len(rows) > 1 and all(map(_is_object, rows)):
        return "jsonl"
    if _JSON_WRAPPED.match(sample):
        return "json"
    if named in ("json", "jsonl"):
        return None
    return "jsonl" if rows and all(map(_is_object, rows)) else None


def _is_object(line: str) -> bool:
    import orjson  # 15 ms that prose need not pay

    try:
        return isinstance(orjson.loads(line), dict)
    except ValueError:
        return False
