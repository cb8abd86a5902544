"""Writing files so that a crash leaves the old one or the new one, never half of either. Shared by the adapters that use the disk."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from server.errors import StorageFull


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable (a rename is not, until then)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turns "no space left" into the product's own error; everything else passes."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFull(
                "The disk of this installation is full. Delete documents or models you no longer need, or make room, and try again.",
                code="storage.full",
            ) from error
        raise


@contextmanager
def replacing(target: Path, staging: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of `target` when the block ends well, and vanishes when it does not.

    `staging` is a folder on the same file system.
    """
    staged = staging / f"{os.getpid()}-{os.urandom(8).hex()}"
    try:
        with disk_errors():
            with staged.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.replace(target)
            sync_folder(target.parent)
    finally:
        staged.unlink(missing_ok=True)
