"""The few things that a checkpoint does to the disk, each one a method, so that `scripts/chaos power-loss` can record their order."""

import os
import shutil
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from server.tuning.files import sync


class Disk:
    def make_folder(self, path: Path) -> None:
        path.mkdir()

    def write_text(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")

    def write_tensors(self, path: Path, tensors: dict[str, Tensor]) -> None:
        save_file({name: tensor.cpu() for name, tensor in tensors.items()}, path)

    def link(self, path: Path, old: Path) -> None:
        """A second name for the bytes of `old`."""
        os.link(old, path)

    def sync(self, path: Path) -> None:
        """A file's bytes, or a folder's entries."""
        sync(path)

    def rename(self, path: Path, new: Path) -> None:
        path.rename(new)

    def remove(self, folder: Path) -> None:
        """Of a link the link alone, never what it leads to."""
        if folder.is_symlink():
            folder.unlink()
        shutil.rmtree(folder, ignore_errors=True)
