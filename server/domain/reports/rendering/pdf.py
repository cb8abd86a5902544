"""What the typesetter is given: the outline as plain data, which the template `report.typ` lays out. No text of a report is ever code."""

from dataclasses import asdict
from typing import Any, Final

from server.domain.reports.blocks import Outline
from shared.wire import ReportContent

_INK: Final = {
    "train": "#2159b8",
    "validation": "#b4540a",
    "other": "#00725c",
    "improved": "#1a6b3c",
    "no_change": "#4b5563",
    "regressed": "#b3261e",
    "run-1": "#0068a8",
    "run-2": "#c04a00",
    "run-3": "#007a5c",
    "run-4": "#a8327d",
    "run-5": "#7a6200",
    "run-6": "#3d4657",
    "run-7": "#2f86b8",
    "run-8": "#8a5a44",
}
"""The page's colours on white."""
_STYLE: Final = (
    "text{font-family:'Libertinus Serif';font-size:13px;fill:#4b5563}.strong{fill:#171b21;font-weight:bold}"
    ".grid{stroke:#e4e7ec}.axis{stroke:#858e9b}.zero{stroke:#858e9b;stroke-dasharray:3 3}.line{fill:none;stroke-width:1.8}"
    ".train{stroke-width:1.3}.span{fill-opacity:.3}"
    + "".join(f".line.{name}{{stroke:{ink}}}.dot.{name},.span.{name}{{fill:{ink}}}" for name, ink in _INK.items())
)


def pages(content: ReportContent, outline: Outline) -> dict[str, Any]:
    """JSON for the template, with the time that the document says it was made at."""
    found = asdict(outline)
    for section in found["sections"]:
        for block in section["blocks"]:
            for chart in block.get("charts", ()):
                head, _, rest = chart["svg"].partition(">")
                chart["svg"] = f"{head}><style>{_STYLE}</style>{rest}"
    return {**found, "made_at": int(content.created_at.timestamp())}
