"""A base model from the model hub: only safetensors and tokenizer files of known names, of one revision. Honours `HF_ENDPOINT`."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

from server.tuning import failures
from server.tuning.failures import is_disk_full
from shared.base_models import BaseModel, Hub

WEIGHT_FILES = [
    "generation_config.json",
    "model.safetensors",
    "model.safetensors.index.json",
    "model-*-of-*.safetensors",
]
TOKENIZER_FILES = [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "vocab.json",
    "merges.txt",
]


def fetch(model: BaseModel, hub: Hub, folder: Path, report: Callable[[str, float | None], None], *, tokenizer_only: bool = False) -> None:
    """Put the repository's files into `folder`: from the local cache where they are, else from the hub."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import snapshot_download

    files = TOKENIZER_FILES if tokenizer_only else [*TOKENIZER_FILES, *WEIGHT_FILES]
    wanted = {"repo_id": hub.repository, "revision": hub.revision, "allow_patterns": files}
    try:
        cached = Path(snapshot_download(**wanted, local_files_only=True))  # type: ignore[arg-type]
        if any(cached.glob("tokenizer.json" if tokenizer_only else "*.safetensors")):
            report(f"Copying {model.name} from the local cache", None)
            for file in cached.iterdir():
                if any(fnmatch(file.name, pattern) for pattern in files):  # Other programs may have fetched more of it than we ask for.
                    shutil.copyfile(file.resolve(), folder / file.name)
            return
    except Exception:  # noqa: BLE001, S110  # Whatever keeps the cache from serving, the hub is asked next.
        pass
    report(f"Downloading {model.name} (once)", 0.0)
    try:
        with _told_while_growing(folder, model, report):
            snapshot_download(**wanted, local_dir=folder, etag_timeout=10)  # type: ignore[arg-type]
    except Exception as error:  # The library's errors come from several packages; all of them mean that the files are not here.
        if is_disk_full(error):
            raise
        raise failures.base_unavailable(
            model.id,
            f"Its files are not on this machine, and the model hub could not be reached ({type(error).__name__}).",
            "Check the machine's connection to the hub, or choose a base model that is marked as ready.",
            may_pass=True,
        ) from error
    shutil.rmtree(folder / ".cache", ignore_errors=True)


@contextmanager
def _told_while_growing(folder: Path, model: BaseModel, report: Callable[[str, float | None], None]) -> Iterator[None]:
    """Says every two seconds how many bytes have arrived. The main thread writes no events meanwhile."""
    done = threading.Event()
    thread = threading.Thread(target=_watch, args=(folder, model, report, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _watch(folder: Path, model: BaseModel, report: Callable[[str, float | None], None], done: threading.Event) -> None:
    while not done.wait(2):
        arrived = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        report(f"Downloading {model.name} (once): {arrived / 1e6:,.0f} MB", None)
