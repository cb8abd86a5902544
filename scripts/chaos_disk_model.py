"""A disk that may lose its power: what a program did to it, and what may stand on it afterwards when not everything had been synced.

POSIX promises no more than this: the bytes of a file are safe once the file was synced, and a name once its folder was.
"""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from torch import Tensor

from server.tuning.disk import Disk

Aftermath = Literal["all of it", "synced alone", "names without bytes", "names with zeros"]
AFTERMATHS: tuple[Aftermath, ...] = ("all of it", "synced alone", "names without bytes", "names with zeros")


@dataclass
class _File:
    content: bytes
    safe: bytes | None = None


@dataclass
class _Folder:
    entries: dict[str, "_File | _Folder"] = field(default_factory=dict)
    safe: dict[str, "_File | _Folder"] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """`content` of a write; `other` is a rename's new name, or what a link is a second name of."""

    kind: Literal["make", "write", "link", "sync", "rename", "remove"]
    path: tuple[str, ...]
    other: tuple[str, ...] = ()
    content: bytes = b""


class ModelledDisk:
    """Begins with what lies in `folder`, all of it safe."""

    def __init__(self, folder: Path) -> None:
        self._root = _read(folder)

    def apply(self, operation: Operation) -> None:
        *above, name = operation.path
        folder = self._at(tuple(above))
        match operation.kind:
            case "make":
                folder.entries[name] = _Folder()
            case "write":
                folder.entries[name] = _File(operation.content)
            case "link":
                *old_above, old = operation.other
                folder.entries[name] = self._at(tuple(old_above)).entries[old]
            case "rename":
                *new_above, new = operation.other
                self._at(tuple(new_above)).entries[new] = folder.entries.pop(name)
            case "remove":
                folder.entries.pop(name, None)
            case "sync":
                self._sync(folder.entries[name])

    def _sync(self, found: "_File | _Folder") -> None:
        if isinstance(found, _File):
            found.safe = found.content
        else:
            found.safe = dict(found.entries)

    def _at(self, path: tuple[str, ...]) -> _Folder:
        found: _File | _Folder = self._root
        for name in path:
            found = found.entries[name]  # type: ignore[union-attr]
        return found  # type: ignore[return-value]

    def power_fails(self, aftermath: Aftermath, folder: Path) -> None:
        """Write what may be found afterwards into `folder`, which must not be there."""
        _write(self._root, aftermath, folder)


def _read(folder: Path) -> _Folder:
    entries: dict[str, _File | _Folder] = {}
    for path in folder.iterdir():
        entries[path.name] = _read(path) if path.is_dir() else _File(content := path.read_bytes(), content)
    return _Folder(entries, dict(entries))


def _write(found: _Folder, aftermath: Aftermath, folder: Path) -> None:
    folder.mkdir()
    for name, entry in (found.safe if aftermath == "synced alone" else found.entries).items():
        if isinstance(entry, _Folder):
            _write(entry, aftermath, folder / name)
        elif aftermath == "all of it":
            (folder / name).write_bytes(entry.content)
        elif aftermath == "names with zeros":
            (folder / name).write_bytes(entry.safe if entry.safe is not None else bytes(len(entry.content)))
        else:
            (folder / name).write_bytes(entry.safe or b"")


class RecordingDisk(Disk):
    """Does what it is told, and writes it down. What was written without it is noticed when it is synced."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: set[Path] = set()
        self.operations: list[Operation] = []

    def make_folder(self, path: Path) -> None:
        super().make_folder(path)
        self._note("make", path)

    def write_text(self, path: Path, text: str) -> None:
        super().write_text(path, text)
        self._written(path)

    def write_tensors(self, path: Path, tensors: dict[str, Tensor]) -> None:
        super().write_tensors(path, tensors)
        self._written(path)

    def link(self, path: Path, old: Path) -> None:
        super().link(path, old)
        self._known.add(path)
        self._note("link", path, old)

    def sync(self, path: Path) -> None:
        if path.is_file() and path not in self._known:
            self._written(path)
        super().sync(path)
        self._note("sync", path)

    def rename(self, path: Path, new: Path) -> None:
        super().rename(path, new)
        self._note("rename", path, new)

    def remove(self, folder: Path) -> None:
        if folder.exists():
            shutil.rmtree(folder)
            self._note("remove", folder)

    def _written(self, path: Path) -> None:
        self._known.add(path)
        self.operations.append(Operation("write", path.relative_to(self._root).parts, content=path.read_bytes()))

    def _note(self, kind: Literal["make", "link", "sync", "rename", "remove"], path: Path, other: Path | None = None) -> None:
        parts = other.relative_to(self._root).parts if other is not None else ()
        self.operations.append(Operation(kind, path.relative_to(self._root).parts, parts))
