"""What a base model would see of some data, and whether a run on it would be pointless. Remembered, because looking takes seconds."""

import hashlib
import json
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from server.domain.datasets.service import Material
from server.domain.documents.files import data_file
from server.errors import InvalidInput
from server.ports.blobs import Blobs
from shared.base_models import BaseModel
from shared.job_spec import RunSettings
from shared.look_spec import LookRefused, LookSpec
from shared.wire import Look

_BLOCKED: Final = {"all_masked": "jobs.all_masked", "few_steps": "jobs.few_steps"}
LookWith = Callable[[LookSpec], Look | LookRefused]
_MAX_REMEMBERED: Final = 64
MAX_BYTES: Final = 100_000_000
_MAX_BYTES_BEFORE_A_JOB: Final = 20_000_000
"""Larger data is not looked at when a job is made: it has steps enough, and the trainer itself checks the rest before its first step."""


class Looks:
    """`look_with` runs the program that holds the tokenizers. One at a time: it is busy work, and a training may be under way."""

    def __init__(self, blobs: Blobs, look_with: LookWith, *, base_models_folder: Path, own_models_folder: Path) -> None:
        self._blobs = blobs
        self._look_with = look_with
        self._base_models_folder = base_models_folder
        self._own_models_folder = own_models_folder
        self._remembered: OrderedDict[str, Look] = OrderedDict()
        self._turn = threading.Lock()

    def look(self, owner: str, base: BaseModel, material: Material, settings: RunSettings, *, base_folder: Path | None = None) -> Look:
        """`base_folder` is where the files lie of a tuned model that is looked through.

        Raises `InvalidInput` with the trainer's own words when the data cannot be trained on with this base model.
        """
        if (size_bytes := _size_bytes(material)) > MAX_BYTES:
            raise InvalidInput(
                f"Looking at {size_bytes / 1e6:,.0f} MB would take minutes; at most {MAX_BYTES / 1e6:,.0f} MB are looked at. "
                "Choose fewer documents to look at; the job itself may have them all.",
                code="looks.too_large",
                param="document_ids",
            )
        digest = _digest(base, material, settings)
        with self._turn:
            if (known := self._remembered.get(digest)) is not None:
                return known
            with tempfile.TemporaryDirectory() as copies:
                spec = LookSpec(
                    base_model=base.id,
                    data=[data_file(self._blobs, owner, document, Path(copies)) for document in material.documents],
                    validation_data=[data_file(self._blobs, owner, material.validation, Path(copies))] if material.validation else [],
                    settings=settings,
                    base_models_folder=self._base_models_folder,
                    models_folder=self._own_models_folder,
                    base_folder=base_folder,
                )
                found = self._look_with(spec)
            if isinstance(found, LookRefused):
                raise InvalidInput(f"{found.error.message} {found.error.fix}", code="looks.cannot_train", param="document_ids")
            self._remembered[digest] = found
            while len(self._remembered) > _MAX_REMEMBERED:
                self._remembered.popitem(last=False)
            return found

    def check(
        self,
        owner: str,
        base: BaseModel,
        material: Material,
        settings: RunSettings,
        *,
        few_steps_are_wanted: bool,
        base_folder: Path | None = None,
    ) -> None:
        """Raises `InvalidInput` for a run that would learn nothing worth its time."""
        if _size_bytes(material) > _MAX_BYTES_BEFORE_A_JOB:
            return
        found = self.look(owner, base, material, settings, base_folder=base_folder).blockers
        blockers = [blocker for blocker in found if not (few_steps_are_wanted and blocker.code == "few_steps")]
        if blockers:
            raise InvalidInput(
                f"{blockers[0].message} To start it all the same, send allow_short_run.",
                code=_BLOCKED[blockers[0].code],
                param="allow_short_run",
            )


def _size_bytes(material: Material) -> int:
    return sum(document.size_bytes for document in material.all)


def _digest(base: BaseModel, material: Material, settings: RunSettings) -> str:
    content = [base.id, material.content_sha256, settings.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
