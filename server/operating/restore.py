"""Puts a backup back, into a folder that is empty or not there.

Every file is checked against the backup's manifest. The folder gets its name when all of them are right, and not before.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any, Final

from server.operating.installation import settings_of

MANIFEST: Final = "manifest.json"
_CHUNK: Final = 1024**2


class Damaged(Exception):
    """The backup is not whole. The text says where."""


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="a backup that scripts/backup wrote")
    parser.add_argument("--data", metavar="FOLDER", help="the data folder to make (LLM_TUNER_HOME)")
    asked = parser.parse_args(words)
    home = settings_of(asked.data).home
    if home.exists() and any(home.iterdir()):
        print(f"{home} is not empty. Stop the server, move the folder away, and start again.", file=sys.stderr)
        return 1
    staging = home.with_name(f".{home.name}.restoring")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True, mode=0o700)
    try:
        num_files = _restore(asked.file, staging)
        if home.exists():
            home.rmdir()
        staging.rename(home)
    except (Damaged, OSError, tarfile.TarError) as error:
        print(f"Nothing was restored: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    print(f"{num_files:,} files restored to {home}; each is what was backed up. Start the server with --data {home}.")
    return 0


def _restore(backup: Path, folder: Path) -> int:
    found: dict[str, dict[str, Any]] = {}
    manifest: dict[str, Any] | None = None
    with tarfile.open(backup, mode="r|*") as archive:
        for entry in archive:
            source = archive.extractfile(entry)
            if source is None or not entry.isfile():
                raise Damaged(f"it holds {entry.name!r}, which is no plain file.")
            if entry.name == MANIFEST:
                manifest = json.load(source)
            else:
                found[entry.name] = _extract(source, folder / _inside(entry.name))
    if manifest is None:
        raise Damaged("the backup ends early; its manifest, the last thing in it, is missing.")
    for name, facts in manifest["files"].items():
        if found.get(name) != facts:
            raise Damaged(f"{name} is {'not what was backed up' if name in found else 'missing'}.")
    if extra := set(found) - set(manifest["files"]):
        raise Damaged(f"{min(extra)} is not in the manifest.")
    return len(found)


def _inside(name: str) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise Damaged(f"it holds {name!r}, which would lie outside the folder.")
    return Path(*path.parts)


def _extract(source: Any, target: Path) -> dict[str, Any]:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += file.write(chunk)
    return {"size_bytes": size, "sha256": digest.hexdigest()}


if __name__ == "__main__":
    sys.exit(main())
