"""What README, CONTRIBUTING and the decision records say of the repository is so."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_configuration_table_is_that_of_the_settings() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts/gen_readme", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_script_and_file_that_is_named_exists(document: Path) -> None:
    text = document.read_text()
    named = set(re.findall(r"(?:scripts|docs|server|client|shared|tests)/[\w./-]*\w", text)) | set(
        re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    )
    built = {"client/dist"}
    missing = [name for name in named - built if not (ROOT / name).exists() and not (document.parent / name).exists()]
    assert not missing


@pytest.mark.parametrize(
    "script",
    [
        "start-production.py",
        "build.sh",
        ".ci/run",
        "scripts/test",
        "scripts/check",
        "scripts/bench",
        "scripts/build_wheel",
        "scripts/e2e",
        "scripts/backup",
        "scripts/create_tables.py",
        "scripts/deploy_check.py",
        "scripts/migrate",
        "scripts/reproduce",
        "scripts/reset_password",
        "scripts/restore",
    ],
)
def test_what_is_run_by_name_can_be_run(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)


def test_decision_records_are_numbered_without_gaps_and_short() -> None:
    records = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [record.name[:4] for record in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    assert not [record.name for record in records if len(record.read_text().splitlines()) > 40]


def test_every_direct_dependency_has_its_line_in_the_record() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text()
    direct = re.findall(r'^\s+"([A-Za-z0-9-]+)(?:\[[a-z]+\])?[><=]', pyproject, flags=re.MULTILINE)
    record = (ROOT / "docs/decisions/0002-dependencies.md").read_text()
    assert len(direct) > 20
    assert not [name for name in direct if name not in record]


def test_every_direct_dependency_is_pinned() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text()
    direct = re.findall(r'"([A-Za-z0-9-]+)(?:\[[a-z]+\])?[><=]+[\d.]+"', pyproject)
    pinned = {line.partition("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    unpinned = {name for name in direct if name not in pinned and name.replace("-", "_") not in pinned}
    assert not unpinned
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text().splitlines()
