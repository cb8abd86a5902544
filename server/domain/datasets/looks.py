"""What a base model would see of some data, and whether a run on it would be pointless. Remembered, because looking takes seconds."""

import hashlib
import json
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from server.domain.datasets.service import Material
from server.domain.documents.files import data_file
from server.errors import Detail, InvalidInput
from server.ports.blobs import Blobs
from shared.base_models import BaseModel
from shared.constants import Objective
from shared.job_spec import DataFile, RunSettings
from shared.look_spec import LookRefused, LookSpec
from shared.wire import Blocker, Document, Look, LookBlocks

_BLOCKED: Final = {"all_masked": "jobs.all_masked", "few_steps": "jobs.few_steps"}
LookWith = Callable[[LookSpec], Look | LookRefused]
_MAX_REMEMBERED: Final = 64
_HEAD_CHARACTERS: Final = 5_000_000
_LARGE_BYTES: Final = 20_000_000
"""A look at more than this takes longer than whoever presses Train wants to wait. The beginning nearly always shows that it is enough."""


@dataclass(frozen=True)
class Subject:
    """What is looked at: data as a base model sees them under a run's settings. `base_folder` is where a tuned model's files lie."""

    owner: str
    base: BaseModel
    material: Material
    settings: RunSettings
    base_folder: Path | None = None
    objective: Objective = "supervised"

    @cached_property
    def digest(self) -> str:
        content = [self.base.id, self.material.content_sha256, self.settings.model_dump(mode="json"), self.objective]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @cached_property
    def counted_as(self) -> str:
        """The same for all settings under which the same blocks are read."""
        settings = self.settings
        decisive = [settings.block_size, settings.validation_fraction, settings.seed]
        content = [self.base.id, self.material.content_sha256, decisive]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


class Looks:
    """`look_with` runs the program that holds the tokenizers. One at a time: it is busy work, and a training may be under way."""

    def __init__(self, blobs: Blobs, look_with: LookWith, *, base_models_folder: Path, own_models_folder: Path) -> None:
        self._blobs = blobs
        self._look_with = look_with
        self._base_models_folder = base_models_folder
        self._own_models_folder = own_models_folder
        self._remembered: OrderedDict[str, Look] = OrderedDict()
        self._counted: OrderedDict[str, LookBlocks] = OrderedDict()
        self._turn = threading.Lock()

    def look(self, subject: Subject) -> Look:
        """Raises `InvalidInput` with the trainer's own words when the data cannot be trained on with this base model."""
        with self._turn:
            if (known := self._remembered.get(subject.digest)) is not None:
                return known
            found = self._looked(subject)
            self._remembered[subject.digest] = found
            while len(self._remembered) > _MAX_REMEMBERED:
                self._remembered.popitem(last=False)
            if found.blocks is not None:
                self._counted[subject.counted_as] = found.blocks
            while len(self._counted) > _MAX_REMEMBERED:
                self._counted.popitem(last=False)
            return found

    def counted(self, subject: Subject) -> LookBlocks | None:
        """What an earlier look has counted, without looking now."""
        return self._counted.get(subject.counted_as)

    def check(self, subject: Subject, *, few_steps_are_wanted: bool) -> None:
        """Raises `InvalidInput` for a run that would learn nothing worth its time."""
        found = self._blockers(subject)
        blockers = [blocker for blocker in found if not (few_steps_are_wanted and blocker.code == "few_steps")]
        if blockers:
            raise InvalidInput(
                blockers[0].message,
                code=_BLOCKED[blockers[0].code],
                param="allow_short_run",
                # Apart from the message: a page has a control of its own for this.
                details=[Detail(blockers[0].message, param="allow_short_run", fix="To start it all the same, send allow_short_run.")],
            )

    def _blockers(self, subject: Subject) -> list[Blocker]:
        """Large data that were not looked at before are so by their beginning, and as a whole only when that is not enough for a run."""
        large = sum(document.size_bytes for document in subject.material.all) > _LARGE_BYTES
        if large and subject.digest not in self._remembered:
            with self._turn:
                head = self._looked(subject, head_characters=_HEAD_CHARACTERS)
            if not head.blockers:
                return []
        return self.look(subject).blockers

    def _looked(self, subject: Subject, *, head_characters: int = 0) -> Look:
        material = subject.material
        validation = [material.validation] if material.validation and not head_characters else []
        with tempfile.TemporaryDirectory() as copies:

            def files(documents: list[Document]) -> list[DataFile]:
                return [data_file(self._blobs, subject.owner, document, Path(copies)) for document in documents]

            spec = LookSpec(
                base_model=subject.base.id,
                data=files(material.documents),
                validation_data=files(validation),
                settings=subject.settings,
                objective=subject.objective,
                num_examples=0 if head_characters else sum(document.num_examples for document in material.all),
                num_characters=0 if head_characters else sum(document.num_characters for document in material.all),
                head_characters=head_characters,
                base_models_folder=self._base_models_folder,
                models_folder=self._own_models_folder,
                base_folder=subject.base_folder,
            )
            found = self._look_with(spec)
        if isinstance(found, LookRefused):
            raise InvalidInput(f"{found.error.message} {found.error.fix}", code="looks.cannot_train", param="document_ids")
        return found
