"""The program that sets a PDF: reads a report as JSON from its input, writes the PDF to its output. Run by `typeset_process`.

The report reaches the template as a string of data, so nothing in it is ever typst code; and the folder that the template could read from
is an empty one. Fonts: those within the typesetter (Latin, Greek, Cyrillic, Hebrew, Devanagari), then the machine's for whatever these
lack. What no font draws is told of in words and not drawn as boxes: fonts for all of Chinese, Japanese and Korean are as large as the
rest of the product.
"""

import json
import re
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

_TEMPLATE: Final = Path(__file__).resolve().parent.parent / "domain/reports/rendering/templates/report.typ"
_MAX_MEMORY_BYTES: Final = 4 * 1024**3
_MAX_SECONDS: Final = 60
_ALWAYS_DRAWN: Final = ((0, 0x590), (0x1E00, 0x2C00), (0xFB00, 0xFB07), (0xFE00, 0xFE10))
"""From Latin to Armenian; then marks, arrows and mathematics: what the product itself writes."""
_MOST_LOOKED_AT: Final = 5_000
_WIDTHS: Final = b"""
#set text(font: ("Libertinus Serif", "DejaVu Sans", "Noto Sans", "Noto Sans CJK SC", "Noto Sans CJK JP"))
#context {
  let none-has-it = measure(text("\\u{10fffd}")).width
  [#metadata(json(bytes(sys.inputs.characters)).filter(one => measure(text(one)).width == none-has-it)) <undrawn>]
}
"""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_MAX_SECONDS, _MAX_SECONDS))
    import typst

    report = sys.stdin.read()
    if (unusual := _unusual(report)) and (missing := _undrawn(unusual)):
        report = _without(report, missing)
    with tempfile.TemporaryDirectory() as empty:
        compiler = typst.Compiler(
            _TEMPLATE.read_bytes(), root=empty, package_path=empty, package_cache_path=empty, sys_inputs={"report": report}
        )
        pdf = compiler.compile(format="pdf")
    if not isinstance(pdf, bytes):
        raise TypeError("the typesetter gave no document")
    sys.stdout.buffer.write(pdf)


def _unusual(report: str) -> list[str]:
    """Characters that fonts may lack, each once."""
    found = {character for text in _texts(json.loads(report)) for character in set(text)}
    return sorted(one for one in found if not any(first <= ord(one) < end for first, end in _ALWAYS_DRAWN))[:_MOST_LOOKED_AT]


def _undrawn(characters: list[str]) -> list[str]:
    """Those that no font here has: they come out as wide as one that no font can have."""
    import typst

    with tempfile.TemporaryDirectory() as empty:
        compiler = typst.Compiler(
            _WIDTHS, root=empty, package_path=empty, package_cache_path=empty, sys_inputs={"characters": json.dumps(characters)}
        )
        found: list[str] = json.loads(compiler.query("<undrawn>", field="value", one=True))
    return found


def _without(report: str, missing: list[str]) -> str:
    """The report with words where such characters stand, and a note of that."""
    run = re.compile(f"[{re.escape(''.join(missing))}]+")

    def told(text: str) -> str:
        return run.sub(lambda found: f"[{len(found[0])} character{'s' if len(found[0]) > 1 else ''}]", text)

    note = (
        f"This PDF has no font for {len(missing)} of the characters that stand in this report, and says how many they are where they "
        "stand. Take the HTML to read them."
    )
    return json.dumps({**_changed(json.loads(report), told), "note": note})


def _texts(value: Any) -> list[str]:
    """All strings in JSON but the names of fields."""
    match value:
        case str():
            return [value]
        case list():
            return [text for one in value for text in _texts(one)]
        case dict():
            return _texts(list(value.values()))
        case _:
            return []


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case str():
            return change(value)
        case list():
            return [_changed(one, change) for one in value]
        case dict():
            return {name: _changed(one, change) for name, one in value.items()}
        case _:
            return value


if __name__ == "__main__":
    main()
