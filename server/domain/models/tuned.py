"""Tuned models: what a run left, taken into the store under a public name `ft:<base>:<owner>:<suffix>:<8 characters>`."""

import hashlib
import re
import shutil
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final, get_args

import pydantic

from server.domain import keys
from server.domain.collection import Collection, Stored
from server.domain.models.catalogue import model_in
from server.errors import Conflict, InvalidInput, NotFound, Unavailable
from server.ports.blobs import Blobs
from server.ports.records import ABSENT, Delete, Put, Records
from shared.base_models import BaseModel, LocalFolder
from shared.constants import Method
from shared.gguf_export import Precision
from shared.job_spec import MODEL_FOLDER
from shared.trainer_events import Artifact, DoneEvent
from shared.wire import ListOf, TunedModel

_NOT_SLUG: Final = re.compile(r"[^a-z0-9]+")
_MAX_SUFFIX: Final = 40
_PRECISIONS: Final = get_args(Precision)
TUNED_PREFIX: Final = "ft:"


class StoredModel(pydantic.BaseModel):
    """`key` is time-ordered and private; `id` is the public name. `files` are paths as the run left them, `model/...` and `adapter/...`."""

    key: str
    id: str
    owner: str
    name: str
    base_model: str
    method: Method
    job_id: str
    chat: bool
    num_parameters: int
    validation_loss_before: float | None
    validation_loss: float | None
    num_training_tokens: int
    created_at: datetime
    files: list[Artifact]

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    def shown(self) -> TunedModel:
        return TunedModel(size_bytes=self.size_bytes, **self.model_dump(exclude={"key", "owner", "files"}))


class TunedModels:
    """`fetched` is a folder for copies of models whose bytes are kept elsewhere."""

    def __init__(self, records: Records, blobs: Blobs, fetched: Path) -> None:
        self._records = records
        self._blobs = blobs
        self._fetched = fetched
        self._fetching = threading.Lock()
        self._models = Collection(records, StoredModel, kind="model", noun="tuned model")

    def page(self, owner: str, *, limit: int, after: str | None) -> ListOf[TunedModel]:
        page = self._models.page(owner, limit=limit, after=None if after is None else self._key(owner, after))
        return ListOf(data=[model.shown() for model in page.items], has_more=page.has_more)

    def get(self, owner: str, model_id: str) -> TunedModel:
        return self.stored(owner, model_id).value.shown()

    def stored(self, owner: str, model_id: str) -> Stored[StoredModel]:
        """Raises `NotFound`."""
        return self._models.get(owner, self._key(owner, model_id))

    def take_in(self, model: StoredModel, run_folder: Path) -> bool:
        """Copies a run's files into the store; True when all are there. Doing it twice does no harm: the names are the same."""
        for file in model.files:
            if not (run_folder / file.path).resolve().is_relative_to(run_folder.resolve()):
                raise ValueError(f"{file.path} is a link to what the run did not write")
            with (run_folder / file.path).open("rb") as source:
                stat = self._blobs.put(keys.model_blob(model.owner, model.key, file.path), source)
            if (stat.size_bytes, stat.sha256) != (file.size_bytes, file.sha256):
                raise ValueError(f"{file.path} is not what the run said it wrote")
        return True

    def adding(self, model: StoredModel) -> list[Put | Delete]:
        """The changes that make a taken-in model known; part of the write that ends its job."""
        return [
            self._models.adding(model.owner, model.key, model),
            Put(keys.owned(model.owner, "model-name", model.id), {"key": model.key}, ABSENT),
        ]

    def delete(self, owner: str, stored: Stored[StoredModel]) -> None:
        """The record first: a record without bytes would lie. Use `Jobs` from routes: jobs may start from it."""
        model = stored.value
        self._records.write(
            self._models.removing(owner, model.key, version=stored.version),
            Delete(keys.owned(owner, "model-name", model.id), expect=None),
        )
        for file in model.files:
            self._blobs.delete(keys.model_blob(owner, model.key, file.path))
        for precision in _PRECISIONS:
            self._records.write(Delete(keys.owned(owner, "export", f"{model.key}-{precision}"), expect=None))
            self._blobs.delete(keys.model_blob(owner, model.key, f"gguf/{precision}.gguf"))
        shutil.rmtree(self._fetched / model.key, ignore_errors=True)

    def chunks(self, model: StoredModel, file: Artifact) -> Iterator[bytes]:
        return self._blobs.open(keys.model_blob(model.owner, model.key, file.path))

    def local_folder(self, model: StoredModel) -> Path:
        """Where the merged model lies on this machine as a folder that can be loaded; fetched first when its bytes lie elsewhere.

        Raises `Unavailable` when what was fetched is not what the run left.
        """
        path = self._blobs.local_path(keys.model_blob(model.owner, model.key, f"{MODEL_FOLDER}/config.json"))
        if path is not None:
            return path.parent
        with self._fetching:
            folder = self._fetched / model.key
            if not folder.exists():
                self._fetch(model, folder)
        return folder

    def _fetch(self, model: StoredModel, folder: Path) -> None:
        staging = folder.with_name(f"{folder.name}.partial")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        for file in model.files:
            path = PurePosixPath(file.path)
            if path.parts[0] != MODEL_FOLDER:
                continue
            digest = hashlib.sha256()
            with (staging / path.name).open("wb") as target:
                for chunk in self.chunks(model, file):
                    digest.update(chunk)
                    target.write(chunk)
            if digest.hexdigest() != file.sha256:
                raise Unavailable("The stored files of this model are damaged.", code="model.damaged")
        staging.rename(folder)

    def touching(self, owner: str, model: Stored[StoredModel]) -> Put:
        """A change that only raises the version, so that whoever deletes this model at the same time has to look again."""
        return self._models.replacing(owner, model.value.key, model.value, version=model.version)

    def as_base(self, owner: str, model_id: str) -> BaseModel:
        """A tuned model as something to go on training from. Raises `InvalidInput` for the field of a request, or `Conflict`."""
        try:
            model = self.stored(owner, model_id).value
        except NotFound as error:
            raise InvalidInput(error.message, code="base_models.unknown", param="base_model") from None
        folder = self.local_folder(model)
        found = model_in(folder, model_id=model.id, name=model.name, description=f"Tuned from {model.base_model}.")
        if isinstance(found.source, LocalFolder) and found.source.problem is not None:
            raise Conflict(
                f"The files of {model.name} cannot be read on this machine, so nothing can be trained from it.",
                code="base_models.unavailable",
                param="base_model",
            )
        return found

    def folder_to_start_from(self, owner: str, base_model: str) -> Path | None:
        """Where the weights of a tuned model lie that a job starts from; None for an entry of the catalogue. Raises `NotFound`."""
        return self.local_folder(self.stored(owner, base_model).value) if base_model.startswith(TUNED_PREFIX) else None

    def _key(self, owner: str, model_id: str) -> str:
        pointer = self._records.get(keys.owned(owner, "model-name", model_id)) if 0 < len(model_id) <= 200 else None
        if pointer is None:
            raise NotFound("There is no such tuned model here. It may have been deleted.", code="model.not_found")
        return str(pointer.data["key"])


def model_from(
    done: DoneEvent, *, key: str, owner: str, name: str, base_model: str, method: Method, job_id: str, at: datetime
) -> StoredModel:
    """The model that a finished run left."""
    return StoredModel(
        key=key,
        id=public_name(key=key, owner=owner, name=name, base_model=base_model),
        owner=owner,
        name=name,
        base_model=base_model,
        method=method,
        job_id=job_id,
        chat=done.chat,
        num_parameters=done.num_parameters,
        validation_loss_before=done.validation_loss_before,
        validation_loss=done.validation_loss,
        num_training_tokens=done.num_training_tokens,
        created_at=at,
        files=done.artifacts,
    )


def public_name(*, key: str, owner: str, name: str, base_model: str) -> str:
    """Follows from the key, so that finishing a run twice names its model once."""
    return f"{TUNED_PREFIX}{_slug(_root(base_model))}:{owner[-8:]}:{_suffix(name)}:{key[-8:]}"


def _root(base_model: str) -> str:
    """The catalogue's model behind a tuned one: a line of models keeps the name of its first."""
    return base_model.split(":")[1] if base_model.startswith(TUNED_PREFIX) else base_model


def _suffix(name: str) -> str:
    """At most 40 characters of the name, whole words where it has any that short."""
    slug = _slug(name) or "model"
    if len(slug) <= _MAX_SUFFIX:
        return slug
    return slug[: _MAX_SUFFIX + 1].rpartition("-")[0] or slug[:_MAX_SUFFIX]


def _slug(text: str) -> str:
    return _NOT_SLUG.sub("-", text.lower()).strip("-")
