"""The shape of the code: every module has its place, its opening line and a bearable size."""

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MODULES = sorted(path for folder in ("server", "shared") for path in (ROOT / folder).rglob("*.py"))
MAX_LINES = 400
LIGHT_CONTRACT = "The server never imports the trainer, nor what makes it heavy"


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]


def contract(name: str) -> dict[str, Any]:
    return next(contract for contract in pyproject()["importlinter"]["contracts"] if contract["name"] == name)


def parts_of_the_server() -> set[str]:
    children = (ROOT / "server").iterdir()
    return {f"server.{child.stem}" for child in children if child.suffix == ".py" or (child / "__init__.py").exists()} - {"server.__init__"}


def test_every_part_of_the_server_stands_in_a_layer() -> None:
    layers = " | ".join(contract("Imports point downwards")["layers"]).split(" | ")
    assert parts_of_the_server() - {"server.tuning"} == {layer for layer in layers if layer.startswith("server.")}


def test_every_part_of_the_server_but_the_trainer_must_stay_light() -> None:
    assert set(contract(LIGHT_CONTRACT)["source_modules"]) == parts_of_the_server() - {"server.tuning"} | {"shared"}


def test_every_folder_of_code_is_a_package_so_that_the_import_rules_see_it() -> None:
    folders = {path.parent for path in MODULES}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


def test_every_python_script_without_a_suffix_is_known_to_the_style_check() -> None:
    scripts = (path for path in (ROOT / "scripts").iterdir() if path.is_file() and not path.suffix)
    python = {f"scripts/{path.name}" for path in scripts if "python" in path.read_text().partition("\n")[0]}
    assert python == set(pyproject()["ruff"]["extend-include"])


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_and_stays_small(path: Path) -> None:
    text = path.read_text()
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "open the module with a line or more that say what lives here"
    assert len(text.splitlines()) <= MAX_LINES
    assert path.stem.split("_")[-1] not in {"utils", "helpers", "manager", "common", "misc"}, "name the subject instead"
