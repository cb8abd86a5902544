"""Writes everything of an installation into one file, also while the server runs.

In it: the records as they were at one moment, every upload and model, the runs with their logs and checkpoints, the signing secret, and a
manifest with the SHA-256 of each. What can be made again (prepared base models, copies) is left out. An installation on AWS is backed up by
AWS itself (point-in-time recovery, bucket versions); this is for the data folder.
"""

import argparse
import hashlib
import io
import json
import os
import sqlite3
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from server.operating.installation import settings_of
from server.settings import VERSION

MANIFEST: Final = "manifest.json"
RECORDS: Final = "records.sqlite3"
_LEFT_OUT: Final = frozenset({"base-models", "exports", "fetched-models", "served", "tmp"})
_RECORDS_FILES: Final = frozenset({RECORDS, f"{RECORDS}-wal", f"{RECORDS}-shm"})
_CHUNK: Final = 1024**2


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="the backup to write; refused when it is there already")
    parser.add_argument("--data", metavar="FOLDER", help="the data folder (LLM_TUNER_HOME)")
    asked = parser.parse_args(words)
    home = settings_of(asked.data).home
    if not (home / RECORDS).exists():
        print(f"{home} holds no installation: there is no {RECORDS} in it.", file=sys.stderr)
        return 1
    if asked.file.exists():
        print(f"{asked.file} is there already. Name another file, or move that one away.", file=sys.stderr)
        return 1
    partial = asked.file.with_name(f".{asked.file.name}.partial")
    try:
        with tempfile.TemporaryDirectory(dir=home, prefix=".backup-") as staging:
            num_files, num_bytes = _write(home, Path(staging), partial)
        partial.rename(asked.file)
    finally:
        partial.unlink(missing_ok=True)
    print(f"{num_files:,} files, {num_bytes / 1e6:,.1f} MB in {asked.file}. `scripts/restore` puts it back.")
    return 0


def _write(home: Path, staging: Path, target: Path) -> tuple[int, int]:
    # Bytes are written before the records that name them, and deleted after. So the bytes are held fast first, then the records are taken,
    # then what came in between: whatever those records name is in the backup.
    held = _hold(home, staging)
    _snapshot(home / RECORDS, staging / RECORDS)
    held |= _hold(home, staging, known=held)
    manifest: dict[str, dict[str, object]] = {}
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # For its owner alone: it holds the signing secret.
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w|") as archive:
        for name, path in [(RECORDS, staging / RECORDS), *sorted(held.items())]:
            manifest[name] = _add(archive, name, path)
        about = {"version": VERSION, "made_at": datetime.now(UTC).isoformat(), "files": manifest}
        text = json.dumps(about, indent=1).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return len(manifest), sum(int(str(facts["size_bytes"])) for facts in manifest.values())


def _hold(home: Path, staging: Path, known: dict[str, Path] | None = None) -> dict[str, Path]:
    """A second name for each file, which keeps its bytes although the installation deletes or replaces it. Names in the backup -> paths."""
    held: dict[str, Path] = {}
    for path in _files(home):
        name = path.relative_to(home).as_posix()
        if known is not None and name in known:
            continue
        kept = staging / f"{len(known or {}) + len(held)}"
        try:
            os.link(path, kept)
        except FileNotFoundError:
            continue  # Deleted at this moment: then no record names it any more.
        held[name] = kept
    return held


def _files(home: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(home):
        top = Path(folder) == home
        folders[:] = [name for name in folders if not (top and name in _LEFT_OUT) and not name.startswith(".")]
        for name in names:
            if not (top and name in _RECORDS_FILES | _LEFT_OUT) and (Path(folder) / name).is_file():
                yield Path(folder) / name


def _snapshot(source: Path, target: Path) -> None:
    reading, writing = sqlite3.connect(source), sqlite3.connect(target)
    with reading, writing:
        reading.backup(writing)
    reading.close()
    writing.close()


def _add(archive: tarfile.TarFile, name: str, path: Path) -> dict[str, object]:
    """A log may grow while it is read: what it had at first is what the backup has."""
    with path.open("rb") as file:
        entry = tarfile.TarInfo(name)
        entry.size = os.fstat(file.fileno()).st_size
        entry.mtime = int(path.stat().st_mtime)
        summing = _Summing(file)
        archive.addfile(entry, summing)
    return {"size_bytes": entry.size, "sha256": summing.digest.hexdigest()}


class _Summing:
    """Sums up what is read through it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


if __name__ == "__main__":
    sys.exit(main())
