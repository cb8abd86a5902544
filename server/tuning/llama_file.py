"""The GGUF file that a served model is loaded from: written once beside others of its kind, and found again. No torch here.

A cache: what is missing is written anew. Each entry is a folder with the file and a note of what it was made from; an entry whose source
is gone, or is not what it was, goes as well.
"""

import contextlib
import fcntl
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from server.tuning.files import staged_folder, write_json
from server.tuning.gguf_file import write_gguf
from server.tuning.gguf_tensors import Precision
from shared.gguf_export import served_name
from shared.model_folder import weight_files

_FORMAT: Final = 1
"""Raised when what is written changes, so that older files are not used."""
_NOTE: Final = "made-from.json"
_FILE: Final = "model.gguf"


def gguf_of(folder: Path, cache: Path, *, precision: Precision) -> Path:
    """Raises what `write_gguf` raises. Two programs that want the same file at the same time do no harm."""
    cache.mkdir(parents=True, exist_ok=True)
    made_from = _made_from(folder)
    entry = cache / f"{served_name(folder)}-{precision}"
    if _noted(entry) != made_from:
        with _alone(cache, entry.name):
            _sweep(cache)
            if _noted(entry) != made_from:
                with staged_folder(entry) as staging:
                    write_gguf(folder, staging / _FILE, precision=precision, name=folder.name)
                    write_json(staging / _NOTE, made_from)
    return entry / _FILE


def _made_from(folder: Path) -> dict[str, Any]:
    files = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in [folder / "config.json", *weight_files(folder)]]
    return {"format": _FORMAT, "folder": str(folder), "files": [list(file) for file in files]}


def _noted(entry: Path) -> Any:
    try:
        return json.loads((entry / _NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _sweep(cache: Path) -> None:
    """Removes entries of models that are gone. A file that a program has loaded stays readable to it."""
    for entry in cache.glob(f"*/{_NOTE}"):
        noted = _noted(entry.parent)
        if noted is None or not Path(noted.get("folder", "")).exists():
            shutil.rmtree(entry.parent, ignore_errors=True)


@contextlib.contextmanager
def _alone(cache: Path, name: str) -> Iterator[None]:
    """The system frees the lock when the process dies."""
    with (cache / f".{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
