"""The set-up before anything runs: what it skips, what it repeats, and what it says when it cannot go on."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import prepare

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of a few files, to which `prepare` is pointed."""
    for name in ("client/src", "client/node_modules", "client/dist", "shared"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "client/src/main.tsx").write_text("page")
    (tmp_path / "shared/api.gen.ts").write_text("types")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(ROOT / "constraints.txt", tmp_path)
    for name, value in {
        "ROOT": tmp_path,
        "ENVIRONMENT": tmp_path / ".venv",
        "CONSTRAINTS": tmp_path / "constraints.txt",
        "CLIENT": tmp_path / "client",
        "PAGE": tmp_path / "client/dist",
    }.items():
        monkeypatch.setattr(prepare, name, value)
    return tmp_path


def built(repository: Path) -> None:
    (repository / "client/dist/fingerprint").write_text(prepare.page_fingerprint() + "\n")


def test_a_page_is_current_until_a_source_changes(repository: Path) -> None:
    assert not prepare.page_is_current()
    built(repository)
    assert prepare.page_is_current()
    (repository / "client/src/main.tsx").write_text("pages")
    assert not prepare.page_is_current()


@pytest.mark.parametrize("change", ["shared/api.gen.ts", "client/src/new.tsx", "client/package-lock.json"])
def test_types_new_files_and_the_lock_make_a_page_stale(repository: Path, change: str) -> None:
    built(repository)
    (repository / change).write_text("other")
    assert not prepare.page_is_current()


@pytest.mark.parametrize("change", ["client/node_modules/left-pad.js", "client/dist/index.html", "shared/notes.md"])
def test_what_the_page_is_not_built_from_leaves_it_current(repository: Path, change: str) -> None:
    built(repository)
    (repository / change).write_text("other")
    assert prepare.page_is_current()


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("OSError: [Errno 28] No space left on device", "disk ran full"),
        (
            "NewConnectionError: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution",
            "could not be reached",
        ),
        ("ERROR: Could not find a version that satisfies the requirement", "could not install"),
    ],
)
def test_a_failed_install_is_explained(output: str, words: str) -> None:
    assert words in prepare._explain("PyTorch", output)


def test_too_little_disk_is_said_before_anything_is_downloaded(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / ".venv").mkdir()
    monkeypatch.setattr(prepare, "_FREE_FOR_INSTALL", 1e18)
    with pytest.raises(prepare.Trouble, match="Make room"):
        prepare.install(repository / ".venv", extras=[], constraints=prepare.CONSTRAINTS)


def test_without_node_the_build_names_what_is_missing(tmp_path: Path) -> None:
    for tool in ("bash", "dirname", "python3"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    done = build_with(tmp_path)
    assert done.returncode == 1
    assert "Node.js 20.19" in done.stderr and "none is installed" in done.stderr


def test_an_old_node_is_named_with_its_version(tmp_path: Path) -> None:
    for tool in ("bash", "dirname", "python3"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    node = tmp_path / "node"
    node.write_text('#!/bin/bash\n[ "$1" = --version ] && echo v18.19.0\nexit 1\n')
    node.chmod(0o755)
    (tmp_path / "npm").symlink_to(node)
    done = build_with(tmp_path)
    assert done.returncode == 1
    assert "v18.19.0" in done.stderr


def build_with(path: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": str(path)}
    return subprocess.run([str(path / "bash"), ROOT / "build.sh"], env=environment, capture_output=True, text=True, check=False)


def test_an_unknown_argument_is_refused_before_any_set_up() -> None:
    done = subprocess.run([sys.executable, ROOT / "start-production.py", "--prot", "80"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--prot" in done.stderr


def test_two_environments_with_different_pins_are_not_the_same(repository: Path) -> None:
    before = prepare._fingerprint_of_packages()
    pyproject = repository / "pyproject.toml"
    pyproject.write_text(pyproject.read_text() + "\n[tool.some-linter]\nlines = 99\n")
    assert prepare._fingerprint_of_packages() == before
    constraints = repository / "constraints.txt"
    constraints.write_text(constraints.read_text().replace("fastapi==0.165", "fastapi==0.166"))
    assert prepare._fingerprint_of_packages() != before
