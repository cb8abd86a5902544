"""A tuned model brought here: downloaded, every file compared with its SHA-256, and put in place whole or not at all."""

import hashlib
import shutil
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from server.command_line.connection import Connection
from server.command_line.outcome import Trouble

SUMS_FILE = "SHA256SUMS"


def pull(connection: Connection, model_id: str, folder: Path) -> list[str]:
    """The files that now lie in `folder`, which was not there before or was empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Trouble(f"{folder} is there already. Name another folder with -o.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.", suffix=".part") as staging:
        archive, unpacked = Path(staging) / "archive", Path(staging) / "model"
        connection.download(f"/api/tuned-models/{model_id}/download", archive)
        names = _unpack(archive, unpacked)
        _verify(unpacked, names)
        if folder.exists():
            folder.rmdir()
        shutil.move(unpacked, folder)
    return names


def _unpack(archive: Path, into: Path) -> list[str]:
    try:
        with zipfile.ZipFile(archive) as file:
            names = file.namelist()
            for name in names:
                path = PurePosixPath(name)
                if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
                    raise Trouble("The download holds a file that would lie outside of the folder; it was discarded.")
            file.extractall(into)  # noqa: S202  # Every name was looked at.
    except zipfile.BadZipFile:
        raise Trouble("The download is damaged and was discarded. Try again.") from None
    return names


def _verify(folder: Path, names: list[str]) -> None:
    """Against the sums that the server keeps since the model was written. Raises `Trouble`."""
    if SUMS_FILE not in names:
        raise Trouble("The download names no checksums, so it was discarded. Is the server older than this program?")
    for line in (folder / SUMS_FILE).read_text(encoding="utf-8").splitlines():
        wanted, _, name = line.partition("  ")
        if name not in names:
            raise Trouble(f"The download lacks {name} and was discarded. Try again.")
        with (folder / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != wanted:
                raise Trouble(f"{name} is not what the server wrote, so the download was discarded. Try again.")
