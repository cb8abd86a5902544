"""Blobs as files below one folder. A blob's key is its path; half-written ones wait in `.incoming` and never carry a key's name."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from server.adapters.files import disk_errors, replacing
from server.errors import NotFound
from server.ports.blobs import BlobStat, check_key

_CHUNK_BYTES: Final = 1 << 20
_INCOMING: Final = ".incoming"


class DiskBlobs:
    """Files left in `.incoming` by a crash are removed when the store is opened: nothing names them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / _INCOMING
        self._incoming.mkdir(parents=True, exist_ok=True)
        for leftover in self._incoming.iterdir():
            leftover.unlink()

    def put(self, key: str, source: BinaryIO) -> BlobStat:
        target = self._path(key)
        digest = hashlib.sha256()
        size = 0
        with replacing(target, self._incoming) as file:
            while chunk := source.read(_CHUNK_BYTES):
                digest.update(chunk)
                size += file.write(chunk)
        return BlobStat(size, digest.hexdigest())

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        try:
            file = self._path(key).open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise NotFound("The stored bytes of this object are gone.", code="blobs.not_found") from None
        return _chunks(file, start, end)

    def size(self, key: str) -> int | None:
        path = self._path(key)
        return path.stat().st_size if path.is_file() else None

    def delete(self, key: str) -> None:
        path = self._path(key)
        with disk_errors():
            path.unlink(missing_ok=True)
        for folder in path.parents:
            # Empty folders go too, up to the root; a folder that just received a blob refuses, and stays.
            if folder == self._folder:
                break
            try:
                folder.rmdir()
            except OSError:
                break

    def link(self, key: str, *, filename: str, expires_s: int) -> str | None:
        check_key(key)
        return None

    def local_path(self, key: str) -> Path | None:
        return self._path(key)

    def everything(self) -> Iterator[str]:
        """The keys of all blobs. Beyond the port: for moving and backing up a store."""
        for path in sorted(self._folder.rglob("*")):
            if path.is_file() and self._incoming not in path.parents:
                yield path.relative_to(self._folder).as_posix()

    def _path(self, key: str) -> Path:
        check_key(key)
        return self._folder / key


def _chunks(file: BinaryIO, start: int, end: int | None) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = None if end is None else max(0, end - start)
        while left != 0:
            chunk = file.read(_CHUNK_BYTES if left is None else min(_CHUNK_BYTES, left))
            if not chunk:
                return
            if left is not None:
                left -= len(chunk)
            yield chunk
