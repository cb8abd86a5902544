"""Every error has a status and a page: the table in `server/web/errors.py` and `docs/errors.md` against the source."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import errors
from server.web.errors import STATUS, response_to
from shared.wire import ErrorBody

ROOT = Path(__file__).resolve().parent.parent.parent


def descendants(parent: type[errors.LlmTunerError]) -> set[type[errors.LlmTunerError]]:
    children = set(parent.__subclasses__())
    return children.union(*map(descendants, children))


def test_every_error_is_drawn_in_the_tree() -> None:
    drawn = set(re.findall(r"── (\w+)", errors.__doc__ or ""))
    assert {error.__name__ for error in descendants(errors.LlmTunerError)} == drawn


def test_every_error_has_a_status_of_its_own() -> None:
    assert set(STATUS) == descendants(errors.LlmTunerError)
    assert all(400 <= status < 600 and status != 500 for status, _ in STATUS.values())


@pytest.mark.parametrize("error", descendants(errors.LlmTunerError) - {errors.StaleWrite}, ids=lambda error: error.__name__)
def test_every_error_becomes_the_one_shape(error: type[errors.LlmTunerError]) -> None:
    details = [errors.Detail("Line 3 is broken.", param="file", line=3)]
    answer = response_to(error("What to do next.", code="a.code", param="file", details=details, retry_after_s=7))
    told = ErrorBody.model_validate(json.loads(bytes(answer.body))).error
    assert answer.status_code == STATUS[error][0]
    assert (told.message, told.code, told.param, told.details[0].line) == ("What to do next.", "a.code", "file", 3)
    assert answer.headers["retry-after"] == "7"


def documented(title: str) -> set[str]:
    section = (ROOT / "docs/errors.md").read_text().partition(f"## {title}")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([a-z_.]+)` \|", section, flags=re.MULTILINE))


def strings(node: ast.AST) -> Iterator[str]:
    return (part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str))


def codes_of(path: Path) -> Iterator[str]:
    """What is given as `code`, the codes that collections make of their kind, and the first word of a trainer's failure."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        words = {keyword.arg: list(strings(keyword.value)) for keyword in node.keywords}
        yield from words.get("code", [])
        called = ast.unparse(node.func)
        if called == "Collection":
            yield from (f"{kind}.not_found" for kind in words["kind"])
        elif called.endswith("TuningFailure"):
            yield from strings(node.args[0])


def codes_of_the_source() -> set[str]:
    """Those given directly, and words of the server that look like them: some codes are chosen in a line before they are given."""
    paths = list((ROOT / "server").rglob("*.py"))
    given = {code for path in paths for code in codes_of(path) if re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", code)}
    kinds = "|".join({code.partition(".")[0] for code in given if "." in code})
    words = {word for path in paths if "tuning" not in path.parts for word in strings(ast.parse(path.read_text()))}
    return given | {word for word in words if re.fullmatch(rf"({kinds})\.[a-z_]+", word)}


def test_every_code_is_documented_and_every_documented_code_can_come() -> None:
    told = documented("Answers of the API") | documented("Reasons why a job failed")
    assert len(told) > 60
    assert codes_of_the_source() == told
