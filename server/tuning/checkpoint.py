"""Checkpoints as folders on the disk: which there are, whether one is whole, and how one is written and removed.

`checkpoints/step-<8 digits>/` appears by a rename, after every byte in it was brought to the disk, and its manifest names the size and the
SHA-256 of each file. What the files hold is `snapshot.py`'s business; when one is saved, `keeper.py`'s.
"""

import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from server.tuning.disk import Disk
from server.tuning.files import sha256_of
from shared.checkpoints import (
    FOLDER_PREFIX,
    MANIFEST_FILE,
    MAX_MANIFEST_BYTES,
    STAGING_SUFFIX,
    CheckedFile,
    CheckpointManifest,
    folder_name,
)
from shared.job_spec import CHECKPOINTS_FOLDER, JobSpec

NUM_KEPT = 2


class BadCheckpoint(ValueError):
    """The folder is no whole checkpoint. The text says what is wrong with it, without a path."""


def checkpoints_of(run_folder: Path) -> list[Path]:
    """The run's checkpoints, newest first, whole or not; none of those that were being written or removed."""
    return sorted((run_folder / CHECKPOINTS_FOLDER).glob(f"{FOLDER_PREFIX}*"), reverse=True)


def verified(folder: Path) -> CheckpointManifest:
    """The manifest, after every byte that it speaks for was read. Raises `BadCheckpoint`."""
    manifest = manifest_of(folder)
    for name, expected in manifest.files.items():
        _check(folder / name, expected)
    return manifest


def manifest_of(folder: Path) -> CheckpointManifest:
    """The manifest alone, which costs nothing. Raises `BadCheckpoint`."""
    if folder.is_symlink():
        raise BadCheckpoint("it is a link to another folder")
    try:
        if _plain_size(folder / MANIFEST_FILE) > MAX_MANIFEST_BYTES:
            raise BadCheckpoint(f"{MANIFEST_FILE} is too large")
        manifest = CheckpointManifest.model_validate_json((folder / MANIFEST_FILE).read_bytes())
    except (OSError, ValidationError) as error:
        raise BadCheckpoint(f"{MANIFEST_FILE} is missing or damaged") from error
    if not manifest.is_true or folder.name != folder_name(manifest.step):
        raise BadCheckpoint(f"{MANIFEST_FILE} is damaged")
    return manifest


def _plain_size(file: Path) -> int:
    """Raises `BadCheckpoint` for what is no file of this folder, `OSError` for what is not there."""
    found = file.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise BadCheckpoint(f"{file.name} is no plain file")
    return found.st_size


def _check(file: Path, expected: CheckedFile) -> None:
    try:
        same = _plain_size(file) == expected.size_bytes and sha256_of(file) == expected.sha256
    except OSError as error:
        raise BadCheckpoint(f"{file.name} is missing or cannot be read") from error
    if not same:
        raise BadCheckpoint(f"{file.name} is not what was written")


class CheckpointWriter:
    """Writes the checkpoints of one attempt. `fingerprint` and `threads` are what the manifests say of it."""

    def __init__(self, spec: JobSpec, run_folder: Path, *, fingerprint: str, threads: int, disk: Disk | None = None) -> None:
        self._spec, self._run_folder = spec, run_folder
        self._fingerprint, self._threads = fingerprint, threads
        self._disk = disk or Disk()

    def write(
        self,
        step: int,
        fill: Callable[[Path, Disk], None],
        *,
        validation_loss: float | None,
        before_it_counts: Callable[[], None],
    ) -> tuple[Path, CheckpointManifest]:
        """Let `fill` write its files into a staging folder, seal them, ask `before_it_counts`, and rename the folder to its place.

        Whatever goes wrong on the way leaves no trace, and the checkpoints before as they are.
        """
        disk, place = self._disk, self._run_folder / CHECKPOINTS_FOLDER
        if not place.exists():
            disk.make_folder(place)
            disk.sync(self._run_folder)
        staging = place / f".{folder_name(step)}{STAGING_SUFFIX}"
        disk.remove(staging)
        try:
            disk.make_folder(staging)
            fill(staging, disk)
            files = {}
            for file in sorted(staging.iterdir()):
                disk.sync(file)
                files[file.name] = CheckedFile(size_bytes=file.stat().st_size, sha256=sha256_of(file))
            manifest = self._sealed(step, validation_loss, files)
            disk.write_text(staging / MANIFEST_FILE, manifest.model_dump_json(indent=1) + "\n")
            disk.sync(staging / MANIFEST_FILE)
            disk.sync(staging)
            before_it_counts()
            disk.rename(staging, place / folder_name(step))
            disk.sync(place)
        except BaseException:
            disk.remove(staging)
            raise
        return place / folder_name(step), manifest

    def _sealed(self, step: int, validation_loss: float | None, files: dict[str, CheckedFile]) -> CheckpointManifest:
        return CheckpointManifest(
            job_id=self._spec.job_id,
            run_id=self._spec.run_id,
            fence=self._spec.fence,
            step=step,
            created_at=datetime.now(UTC),
            validation_loss=validation_loss,
            threads=self._threads,
            fingerprint=self._fingerprint,
            files=files,
        ).sealed()

    def prune(self) -> None:
        """Keep the newest ones."""
        for folder in checkpoints_of(self._run_folder)[NUM_KEPT:]:
            remove(folder, self._disk)


def remove(folder: Path, disk: Disk | None = None) -> None:
    """First its name, then its files, so that a half-removed one is never taken for a checkpoint."""
    disk = disk or Disk()
    leaving = folder.with_name(f".{folder.name}{STAGING_SUFFIX}")
    disk.remove(leaving)
    disk.rename(folder, leaving)
    disk.remove(leaving)


def remove_leftovers(run_folder: Path) -> None:
    """What an attempt that was killed in the middle of a save left behind."""
    for staging in (run_folder / CHECKPOINTS_FOLDER).glob(f".*{STAGING_SUFFIX}"):
        Disk().remove(staging)
