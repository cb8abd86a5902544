"""The program that sets a PDF: reads a report as JSON from its input, writes the PDF to its output. Run by `typeset_process`.

The report reaches the template as a string of data, so nothing in it is ever typst code; and the folder that the template could read from
is an empty one. Fonts: those within the typesetter (Latin, Greek, Cyrillic), then the machine's for whatever these lack.
"""

import resource
import sys
import tempfile
from pathlib import Path
from typing import Final

_TEMPLATE: Final = Path(__file__).resolve().parent.parent / "domain/reports/rendering/templates/report.typ"
_MAX_MEMORY_BYTES: Final = 4 * 1024**3
_MAX_SECONDS: Final = 60


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_MAX_SECONDS, _MAX_SECONDS))
    import typst

    report = sys.stdin.read()
    with tempfile.TemporaryDirectory() as empty:
        compiler = typst.Compiler(
            _TEMPLATE.read_bytes(), root=empty, package_path=empty, package_cache_path=empty, sys_inputs={"report": report}
        )
        pdf = compiler.compile(format="pdf")
    if not isinstance(pdf, bytes):
        raise TypeError("the typesetter gave no document")
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
