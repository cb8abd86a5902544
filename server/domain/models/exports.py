"""Forms in which a tuned model can be taken away. GGUF files are made on request by a program outside the server, which also checks them;
what it left is kept beside the model, with its report. A file that failed its check is never kept."""

from datetime import datetime
from pathlib import Path
from typing import Final, get_args

import pydantic

from server.domain import keys
from server.domain.collection import Collection, Stored, retrying
from server.domain.models.tuned import StoredModel, TunedModels
from server.errors import Conflict, NotFound
from server.ports.clock import Clock
from server.ports.records import ABSENT, Put, Records
from shared.gguf_export import GgufReport, Precision
from shared.job_spec import ADAPTER_FOLDER, MODEL_FOLDER
from shared.wire import ExportFormat, ExportState, ListOf, ModelExport

PRECISIONS: Final[tuple[Precision, ...]] = get_args(Precision)
GGUF: Final = "gguf-"


class StoredExport(pydantic.BaseModel):
    """`modelfile` is Ollama's description of the file."""

    owner: str
    model_key: str
    model_id: str
    precision: Precision
    state: ExportState
    created_at: datetime
    finished_at: datetime | None = None
    reason: str | None = None
    report: GgufReport | None = None
    modelfile: str = ""
    size_bytes: int = 0

    @property
    def id(self) -> str:
        return export_id(self.model_key, self.precision)


def export_id(model_key: str, precision: Precision) -> str:
    return f"{model_key}-{precision}"


def blob_of(owner: str, id_: str) -> str:
    model_key, _, precision = id_.rpartition("-")
    return keys.model_blob(owner, model_key, f"gguf/{precision}.gguf")


class Exports:
    def __init__(self, records: Records, clock: Clock, models: TunedModels) -> None:
        self._records = records
        self._clock = clock
        self._models = models
        self.collection = Collection(records, StoredExport, kind="export", noun="export")

    def all_of(self, owner: str, model_id: str) -> ListOf[ModelExport]:
        """Every form there is, made or not."""
        model = self._models.stored(owner, model_id).value
        formats: list[ExportFormat] = ["safetensors"]
        formats += ["adapter"] if _bytes_in(model, ADAPTER_FOLDER) else []
        formats += [_format(precision) for precision in PRECISIONS]
        return ListOf(data=[self._shown(model, format_) for format_ in formats])

    def get(self, owner: str, model_id: str, format_: ExportFormat) -> ModelExport:
        return self._shown(self._models.stored(owner, model_id).value, format_)

    def ask(self, owner: str, model_id: str, precision: Precision) -> ModelExport:
        """Has it made, once: what is there, or on its way, is not made again. What failed is tried again."""

        def attempt() -> ModelExport:
            model = self._models.stored(owner, model_id)
            export = StoredExport(
                owner=owner,
                model_key=model.value.key,
                model_id=model_id,
                precision=precision,
                state="waiting",
                created_at=self._clock.now(),
            )
            found = self._found(owner, export.id)
            if found is not None and found.value.state != "failed":
                return self._shown(model.value, _format(precision))
            put = (
                self.collection.adding(owner, export.id, export)
                if found is None
                else self.collection.replacing(owner, export.id, export, version=found.version)
            )
            pointer = Put(keys.exporting(export.id), {"owner": owner, "holder": None, "handle": None}, ABSENT)
            self._records.write(put, pointer, self._models.touching(owner, model))
            return self._shown(model.value, _format(precision))

        return retrying(attempt)

    def ready(self, owner: str, model_id: str, precision: Precision) -> tuple[StoredModel, StoredExport]:
        """For a download. Raises `Conflict` for what is not there yet, or never will be."""
        model = self._models.stored(owner, model_id).value
        found = self._found(owner, export_id(model.key, precision))
        if found is None or found.value.state != "ready":
            state = "asked for" if found is None else found.value.state
            raise Conflict(
                "This file is not there" + (" yet. Ask for it first." if found is None else f": it is {state}."),
                code="exports.not_ready",
            )
        return model, found.value

    def folder_of(self, export: StoredExport) -> Path:
        """Where the model lies. Raises `NotFound` when it is gone."""
        return self._models.local_folder(self._models.stored(export.owner, export.model_id).value)

    def _found(self, owner: str, id_: str) -> Stored[StoredExport] | None:
        try:
            return self.collection.get(owner, id_)
        except NotFound:
            return None

    def _shown(self, model: StoredModel, format_: ExportFormat) -> ModelExport:
        how = _HOW[format_]
        if not format_.startswith(GGUF):
            folder = ADAPTER_FOLDER if format_ == "adapter" else MODEL_FOLDER
            size = _bytes_in(model, folder)
            state: ExportState = "ready" if size else "absent"
            return ModelExport(model=model.id, format=format_, state=state, how=how, size_bytes=size, created_at=model.created_at)
        found = self._found(model.owner, export_id(model.key, precision_of(format_)))
        if found is None:
            return ModelExport(model=model.id, format=format_, state="absent", how=how)
        export = found.value
        return ModelExport(
            model=model.id,
            format=format_,
            state=export.state,
            how=how,
            size_bytes=export.size_bytes,
            reason=export.reason,
            report=export.report,
            created_at=export.created_at,
            finished_at=export.finished_at,
        )


def precision_of(format_: str) -> Precision:
    return next(precision for precision in PRECISIONS if format_ == f"{GGUF}{precision}")


def _format(precision: Precision) -> ExportFormat:
    match precision:
        case "f32":
            return "gguf-f32"
        case "f16":
            return "gguf-f16"
        case "q8_0":
            return "gguf-q8_0"


def _bytes_in(model: StoredModel, folder: str) -> int:
    return sum(file.size_bytes for file in model.files if file.path.startswith(f"{folder}/"))


_OLLAMA: Final = "Unpack it and run: ollama create my-model -f Modelfile && ollama run my-model"
_HOW: Final[dict[ExportFormat, str]] = {
    "safetensors": 'Unpack it and load the folder: transformers.pipeline("text-generation", model="FOLDER")',
    "adapter": 'Unpack it and put it on its base: peft.PeftModel.from_pretrained(base, "FOLDER/adapter")',
    "gguf-f32": _OLLAMA,
    "gguf-f16": _OLLAMA,
    "gguf-q8_0": _OLLAMA,
}
