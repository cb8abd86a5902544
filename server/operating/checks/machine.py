"""The machine under the installation: versions, memory, disk, clock, port."""

import errno
import fcntl
import importlib.metadata
import os
import shutil
import socket
import statistics
import tempfile
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from server.operating.checks.findings import Finding, Place, check, green, red, skipped, yellow
from server.settings import REPOSITORY

_GB: Final = 1e9
_SLOW_SYNC_S: Final = 0.05
_TESTED_IN_WHEEL: Final = "server/constraints.txt"
_NEWEST_SOURCE: Final = datetime(2026, 11, 1, tzinfo=UTC)


@check("python")
def python(_: Place) -> Finding:
    import sys

    wanted = _oldest_python()
    found = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if sys.version_info[:2] < tuple(int(part) for part in wanted.split(".")):
        return red(f"Python {found} is too old.", f"Install Python {wanted} or newer and start with it.")
    return green(f"Python {found}")


def _oldest_python() -> str:
    if _is_wheel():
        return str(importlib.metadata.metadata("llm-tuner")["Requires-Python"]).removeprefix(">=")
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    return str(project["requires-python"]).removeprefix(">=")


def _is_wheel() -> bool:
    return (REPOSITORY / _TESTED_IN_WHEEL).exists()


@check("packages")
def packages(_: Place) -> Finding:
    """Each package of constraints.txt that is installed has the version that the tests ran with."""
    different = []
    pins = REPOSITORY / (_TESTED_IN_WHEEL if _is_wheel() else "constraints.txt")
    for line in pins.read_text().splitlines():
        name, _sign, version = line.partition("==")
        try:
            found = importlib.metadata.version(name) if version else version
        except importlib.metadata.PackageNotFoundError:
            continue
        if found.partition("+")[0] != version:  # "+cpu" is how torch's builds without a GPU call themselves
            different.append(f"{name} {found} instead of {version}")
    if different:
        some = ", ".join(different[:3])
        return yellow(
            f"{len(different)} packages are not of the tested version: {some}.",
            "Run start-production.py; it installs the tested ones. Beside a wheel: pip install -c constraints.txt.",
        )
    return green("Every package has the tested version.")


@check("page")
def page(place: Place) -> Finding:
    index = place.settings.client_folder / "index.html"
    if not index.exists():
        return red("The page is not built.", "Run build.sh (needs Node), or install the wheel, which has it inside.")
    missing = [name for name in _assets(index) if not (place.settings.client_folder / name).exists()]
    if missing:
        return red(f"The built page lacks {missing[0]}.", "Run build.sh again.")
    return green("The page is built.")


def _assets(index: Path) -> list[str]:
    import re

    return [name.lstrip("/") for name in re.findall(r'(?:src|href)="(/assets/[^"]+)"', index.read_text())]


@check("memory")
def memory(_: Place) -> Finding:
    available = psutil.virtual_memory().available
    if available < 1 * _GB:
        return red(
            f"{available / _GB:.1f} GB of memory are free.", "A training of the smallest model takes 1 GB; 135M with LoRA takes 2 GB."
        )
    if available < 3 * _GB:
        return yellow(f"{available / _GB:.1f} GB of memory are free.", "Enough for small models only; 4 GB or more are better.")
    return green(f"{available / _GB:.1f} GB of memory are free.")


@check("free disk")
def free_disk(place: Place) -> Finding:
    free = shutil.disk_usage(_standing(place.settings.home)).free
    wanted = place.settings.min_free_bytes + 2 * _GB
    if free < place.settings.min_free_bytes:
        return red(
            f"{free / _GB:.1f} GB are free; uploads and jobs are refused below {place.settings.min_free_bytes / _GB:.1f}.", "Make room."
        )
    if free < wanted:
        return yellow(f"{free / _GB:.1f} GB are free.", f"Make room for at least {wanted / _GB:.0f} GB: a model of 135M leaves 1 GB a run.")
    return green(f"{free / _GB:.1f} GB are free.")


@check("free inodes")
def free_inodes(place: Place) -> Finding:
    stats = os.statvfs(_standing(place.settings.home))
    if stats.f_files and stats.f_favail < 10_000:
        return red(f"Only {stats.f_favail:,} more files fit on the disk.", "Delete small files, or use a file system with more inodes.")
    return green("There is room for many more files.")


@check("data folder")
def data_folder(place: Place) -> Finding:
    home = place.settings.home
    if not home.exists():
        return yellow(f"{home} is not there yet.", "It is made at the first start. For an existing installation, correct LLM_TUNER_HOME.")
    if not home.is_dir() or not os.access(home, os.W_OK | os.X_OK):
        return red(f"{home} cannot be written.", "Give it to the user that the server runs as.")
    mode = home.stat().st_mode & 0o777
    if mode & 0o077:
        return red(f"{home} is open to other users of this machine (mode {mode:o}).", f"chmod 700 {home}")
    if home.stat().st_uid != os.geteuid():
        return yellow(f"{home} belongs to another user than the one who runs this check.", "Run the check as the server's user.")
    return green("The data folder is the server's alone.")


@check("disk sync")
def disk_sync(place: Place) -> Finding:
    times = []
    with tempfile.NamedTemporaryFile(dir=_standing(place.settings.home)) as file:
        for _ in range(8):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    middle = statistics.median(times)
    if middle > _SLOW_SYNC_S:
        return yellow(
            f"Bringing 4 KiB to the disk takes {middle * 1000:.0f} ms.",
            "Every change waits for that. Put the data folder on a faster disk.",
        )
    return green(f"Bringing 4 KiB to the disk takes {middle * 1000:.1f} ms.")


@check("atomic rename")
def atomic_rename(place: Place) -> Finding:
    with tempfile.TemporaryDirectory(dir=_standing(place.settings.home), prefix=".check-") as folder:
        old, new = Path(folder) / "old", Path(folder) / "new"
        old.write_bytes(b"old")
        new.write_bytes(b"new")
        with old.open("rb") as reader:
            new.replace(old)
            if reader.read() != b"old" or old.read_bytes() != b"new":
                return red("Renaming over a file disturbs who reads it.", "Use a local file system for the data folder.")
    return green("A file can be replaced at one stroke.")


@check("file locks")
def file_locks(place: Place) -> Finding:
    with tempfile.NamedTemporaryFile(dir=_standing(place.settings.home)) as file, Path(file.name).open("rb") as second:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return red(f"Files cannot be locked ({error.strerror}).", "Use a local file system: SQLite and the trainers rely on locks.")
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return green("Files can be locked.")
    return red("A locked file can be locked again.", "Use a local file system: SQLite and the trainers rely on locks.")


@check("clock")
def clock(place: Place) -> Finding:
    now = datetime.now(UTC)
    if now < _NEWEST_SOURCE:
        return red(f"The clock says {now:%Y-%m-%d}, which is before this version was made.", "Set the clock; use NTP.")
    with tempfile.NamedTemporaryFile(dir=_standing(place.settings.home)) as file:
        apart = abs(Path(file.name).stat().st_mtime - time.time())
    if apart > 5:
        return yellow(f"The disk's clock is {apart:.0f} s apart from the machine's.", "Use NTP on both.")
    return green(f"The clock says {now:%Y-%m-%d %H:%M} UTC.")


@check("port")
def port(place: Place) -> Finding:
    settings = place.settings
    if settings.port == 0:
        return skipped("Any free port will do.")
    if 0 < settings.port < 1024 and os.geteuid() != 0:
        return red(f"Port {settings.port} needs an administrator.", "Choose one above 1023 and let a proxy listen on 80 and 443.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        return red(f"{settings.host} is no address of this machine.", "Correct LLM_TUNER_HOST.")
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return _who_listens(settings.host, settings.port)
        return red(f"{settings.host}:{settings.port} cannot be used ({error.strerror}).", "Correct LLM_TUNER_HOST and LLM_TUNER_PORT.")
    return green(f"Port {settings.port} is free.")


def _who_listens(host: str, port: int) -> Finding:
    import httpx

    try:
        if httpx.get(f"http://{host}:{port}/livez", timeout=2).json() == {"status": "ok"}:
            return green(f"LLM Tuner answers on port {port}.")
    except (httpx.HTTPError, ValueError):
        pass
    return red(f"Another program listens on port {port}.", "Choose another port (LLM_TUNER_PORT), or stop that program.")


def _standing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there already."""
    return next(each for each in (folder, *folder.parents) if each.is_dir())
