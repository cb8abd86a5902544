"""Fuzzing of each reader: files of the corpus, cut, stirred and spiced by Hypothesis, until the time is up.

`python -m tests.corpus.fuzzing FORMAT SECONDS [SEED]` is one process for one reader, because a reader in C that crashes takes its process
along. The file that was being read is then found in the folder that is printed first.
"""

import io
import json
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from shared.constants import DocumentFormat
from shared.reading import ReadProblem, inspect, read_examples
from shared.reading.watching import MAX_MEMORY_BYTES, limit
from tests.corpus.legal import legal_files

FORMATS: tuple[str, ...] = get_args(DocumentFormat)
_LARGEST_SEED = 20_000
_ROUND = 100
_SLOW_S = 15

_SPICES: dict[str, list[bytes]] = {
    "txt": [b"\n\n", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b"\r", b"\x1b", "。".encode()],
    "md": [b"\n# ", b"\n```\n", b"\n~~~\n", b"\n===\n", b"\n---\n", b"\n\n", b"|"],
    "html": [
        b"<div>",
        b"</table>",
        b"<tr><td>",
        b"<li>",
        b"<pre>",
        b"</pre>",
        b"<!--",
        b"<script>",
        b"&#0;",
        b"<ul>",
        b"</ul>",
        b"<br>",
        b"<p hidden>",
    ],
    "pdf": [
        b"0 R",
        b"<<",
        b">>",
        b"/Kids [2 0 R]",
        b"/Count -1",
        b"endobj",
        b"stream\n",
        b"endstream",
        b"xref",
        b"/FlateDecode",
        b"99999999999",
    ],
    "docx": [
        b"<w:p>",
        b"</w:p>",
        b"<w:tbl>",
        b"</w:tc>",
        b"<w:t>",
        b"<w:del>",
        b"&x;",
        b"<!DOCTYPE a>",
        b'<w:pStyle w:val="Heading1"/>',
        b"<w:tab/>",
    ],
    "csv": [b'"', b'""', b",", b";", b"\n", b"\r", b"\t", b"|", b"\x00", b"text", b"prompt,completion\n", b"sep=;\n", b'\\"'],
    "tsv": [b"\t", b'"', b"\n", b"question\tanswer\n", b'\t"', b"\r\n"],
    "json": [
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b'"',
        b'"data":[',
        b"null",
        b"1e999",
        b"NaN",
        b'"\\ud800"',
        b'"columns":',
        b'{"0":',
        b'"messages":',
        b"true",
    ],
    "jsonl": [
        b"{",
        b"}",
        b"\n",
        b'{"text":"a"}\n',
        b'"prompt":',
        b'"chosen":',
        b'"role":',
        b'"weight":',
        b"[]",
        b"null",
        b"\xff",
        b'"tool_calls":[{}]',
        b"7",
    ],
    "parquet": [b"\x00", b"\xff\xff\xff\x7f", b"\x15", b"PAR1", b"\x80\x80\x80\x80\x10"],
    "zip": [b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"../", b"\xff\xff", b"\x01\x00", b"\x00\x00"],
}
_NAMES = ("a.txt", "a.md", "a.html", "a.pdf", "a.docx", "a.csv", "a.tsv", "a.json", "a.jsonl", "a.parquet", "a.zip", "a", "a.xyz")


def mutated(format: str) -> st.SearchStrategy[bytes]:
    """Files that are nearly of this format."""
    seeds = [
        case.content
        for case in legal_files()
        if case.format == format and isinstance(case.content, bytes) and len(case.content) < _LARGEST_SEED
    ]
    spice = st.sampled_from(_SPICES[format]) | st.binary(min_size=1, max_size=8)
    change = st.tuples(st.sampled_from(("cut", "insert", "replace", "repeat", "end")), st.floats(0, 1), st.integers(1, 200), spice)

    def stirred(draw: tuple[bytes, list[tuple[str, float, int, bytes]], bool]) -> bytes:
        content, changes, inside = draw
        if inside and zipfile.is_zipfile(io.BytesIO(content)):
            return _changed_inside(content, changes)
        return _changed(content, changes)

    return st.tuples(st.sampled_from(seeds), st.lists(change, max_size=8), st.booleans()).map(stirred)


def _changed(content: bytes, changes: list[tuple[str, float, int, bytes]]) -> bytes:
    data = bytearray(content)
    for kind, share, length, spice in changes:
        at = int(share * len(data))
        match kind:
            case "cut":
                del data[at : at + length]
            case "insert":
                data[at:at] = spice
            case "replace":
                data[at : at + len(spice)] = spice
            case "repeat":
                data[at:at] = data[at : at + length] * 3
            case _:
                del data[at + length :]
    return bytes(data)


def _changed_inside(content: bytes, changes: list[tuple[str, float, int, bytes]]) -> bytes:
    """The files within a ZIP are changed, the ZIP around them is sound."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            new.writestr(info, _changed(old.read(info), changes))
    return out.getvalue()


def check(content: bytes, name: str, options: dict[str, Any]) -> None:
    """What holds for every file whatsoever."""
    started = time.monotonic()
    found = inspect(io.BytesIO(content), filename=name, problems_out=io.StringIO(), **options)
    json.dumps(found.to_json(), ensure_ascii=False).encode()
    assert found.num_examples or found.problems or found.needs_mapping, "an answer"
    assert all(problem.fix and problem.message for problem in found.problems), "a way out"
    if found.problems or found.needs_mapping or found.format is None:
        return
    again = {"charset": found.charset or "utf-8", "mapping": found.mapping, "leave_out_bad": options.get("leave_out_bad", False)}
    items = list(read_examples(io.BytesIO(content), format=found.format, **again))
    assert not [item for item in items if isinstance(item, ReadProblem) and item.fatal], "what was accepted can be trained on"
    examples = [item for item in items if not isinstance(item, ReadProblem)]
    assert len(examples) == found.num_examples
    assert examples[: len(found.preview)] == found.preview
    assert time.monotonic() - started < _SLOW_S


def fuzz(format: str, seconds: float, first_seed: int = 0, keep: Callable[[bytes], object] = len) -> int:
    """How many files were tried. Raises what Hypothesis found."""
    deadline = time.monotonic() + seconds
    tried = 0
    options = st.fixed_dictionaries({}, optional={"leave_out_bad": st.booleans(), "format": st.just(format)})
    while time.monotonic() < deadline:

        @seed(first_seed + tried)
        @settings(
            max_examples=_ROUND,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        )
        @given(mutated(format), st.sampled_from((f"a.{format}", *_NAMES)), options)
        def every_file_is_answered(content: bytes, name: str, asked: dict[str, Any]) -> None:
            nonlocal tried
            tried += 1
            keep(content)
            check(content, name, asked)

        every_file_is_answered()
    return tried


def main() -> None:
    format, seconds = sys.argv[1], float(sys.argv[2])
    limit(resource.RLIMIT_AS, MAX_MEMORY_BYTES)
    last = Path(tempfile.mkdtemp(prefix=f"fuzz-{format}-")) / "last"
    print(last.parent, flush=True)
    tried = fuzz(format, seconds, int(sys.argv[3]) if len(sys.argv) > 3 else 0, last.write_bytes)
    last.unlink(missing_ok=True)
    last.parent.rmdir()
    print(f"{tried} files")


if __name__ == "__main__":
    main()
