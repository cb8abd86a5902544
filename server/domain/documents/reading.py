"""A file read through: accepted with what it holds, or refused with every reason. The reader itself runs in a process of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from server.errors import Detail, InvalidInput, RefusedFile
from shared.wire import Column, Mapping, Problem, ReadingOptions

Inspect = Callable[[BinaryIO, str, dict[str, Any], BinaryIO], dict[str, Any]]


@dataclass(frozen=True)
class ReadFile:
    """What one reading found."""

    facts: dict[str, Any]
    """Fields of `shared.wire.Document`."""
    preview: list[dict[str, Any]]
    text_sample: str | None


def read_file(file: BinaryIO, filename: str, options: ReadingOptions, inspect: Inspect, problems_csv: BinaryIO) -> ReadFile:
    """Every problem goes to `problems_csv`, also those of a file that is refused.

    Raises `RefusedFile` for a file with problems, `InvalidInput` for one that takes too long or too much memory.
    """
    found = inspect(file, filename, options.model_dump(mode="json", exclude_defaults=True), problems_csv)
    if found["problems"]:
        raise _refusal(found)
    if options.mapping is not None and found.get("needs_mapping"):
        columns = ", ".join(repr(column["name"]) for column in found.get("columns", [])[:20])
        wanted = ", ".join(repr(column) for column in options.mapping.columns.values())
        raise InvalidInput(
            f"The columns {wanted} do not fit this file for the shape {options.mapping.shape}. It has {columns or 'no columns'}.",
            code="documents.no_such_column",
            param="reading.mapping",
        )
    mapping = found.get("mapping")
    facts = {
        "format": found["format"],
        "format_basis": found.get("format_basis") or "",
        "charset": found["charset"] or "utf-8",
        "charset_basis": found.get("charset_basis") or "",
        "format_overridden": options.format is not None,
        "charset_overridden": options.charset is not None,
        "status": "needs_mapping" if found.get("needs_mapping") else "ready",
        "columns": [Column.model_validate(column) for column in found.get("columns") or []],
        "mapping": None if mapping is None else Mapping.model_validate(mapping),
        "leave_out_bad": options.leave_out_bad,
        "shapes": found["shapes"],
        "num_examples": found["num_examples"],
        "num_characters": found["num_characters"],
        "warnings": _warnings(found),
        "num_problems": found.get("num_warnings", len(found["warnings"])),
    }
    return ReadFile(facts, found["preview"], found.get("text_sample"))


def _refusal(found: dict[str, Any]) -> RefusedFile:
    problems = found["problems"]
    line = problems[0].get("line")
    more = f" ({len(problems) - 1} more problems below.)" if len(problems) > 1 else ""
    return RefusedFile(
        _sentence(problems[0]) + more,
        code="documents.bad_line" if line else "documents.bad_file",
        param="file",
        details=[Detail(**_noticed(problem), param="file") for problem in problems],
    )


def _warnings(found: dict[str, Any]) -> list[Problem]:
    return [Problem(**_noticed(problem)) for problem in found["warnings"]]


def _noticed(problem: dict[str, Any]) -> dict[str, Any]:
    places = {name: problem.get(name) for name in ("line", "page", "member")}
    return {**places, "message": problem["message"], "fix": problem.get("fix") or ""}


def _sentence(problem: dict[str, Any]) -> str:
    fix = problem.get("fix") or ""
    return problem["message"] if not fix or fix in problem["message"] else f"{problem['message']} {fix}"
