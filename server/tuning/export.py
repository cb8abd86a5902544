"""The run's artifacts: a merged Hugging Face folder, the adapter, and the last weights where they are not the best. Whole or not there."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from server.tuning import lora
from server.tuning.files import sha256_of, staged_folder
from server.tuning.model import CausalModel
from server.tuning.model_folder import save_model
from server.tuning.tokens import TextTokenizer
from shared.job_spec import ADAPTER_FOLDER, LAST_FOLDER, MODEL_FOLDER, JobSpec
from shared.trainer_events import Artifact


@dataclass(frozen=True)
class Exporter:
    """`template_source`: the chat template that the exported tokenizer carries; `end_ids`: the tokens that end a generation."""

    spec: JobSpec
    folder: Path
    tokenizer: TextTokenizer
    template_source: str | None
    end_ids: list[int]

    def last(self, model: CausalModel) -> None:
        """The last weights, under `last/`: an adapter, or a whole model where all weights were trained."""
        with staged_folder(self.folder / LAST_FOLDER) as staging:
            if self.spec.method == "lora":
                self._adapter(model, staging)
            else:
                self._model(model, staging)

    def best(self, model: CausalModel) -> None:
        """The adapter, then the model with the adapter merged in: the model that is given is changed."""
        if self.spec.method == "lora":
            with staged_folder(self.folder / ADAPTER_FOLDER) as staging:
                self._adapter(model, staging)
            lora.merge(model)
        with staged_folder(self.folder / MODEL_FOLDER) as staging:
            self._model(model, staging)

    def _adapter(self, model: CausalModel, folder: Path) -> None:
        settings = self.spec.settings
        shape = {"rank": settings.lora_r, "alpha": settings.lora_alpha, "scaling": settings.lora_scaling, "dropout": settings.lora_dropout}
        lora.save_adapter(model, folder, base_model=self.spec.base_model, **shape)  # type: ignore[arg-type]

    def _model(self, model: CausalModel, folder: Path) -> None:
        tokenizer = self.tokenizer
        pad_id = tokenizer.id_of(tokenizer.pad or tokenizer.eos)
        save_model(model, folder, bos_id=tokenizer.id_of(tokenizer.bos), end_ids=self.end_ids, pad_id=pad_id)
        tokenizer.save(folder, context_length=model.shape.context_length, template_source=self.template_source)


def artifacts(folder: Path) -> list[Artifact]:
    """Every file of the exported folders, with its size and SHA-256."""
    found = []
    for name in (MODEL_FOLDER, ADAPTER_FOLDER, LAST_FOLDER):
        for file in sorted((folder / name).glob("*")):
            found.append(Artifact(path=f"{name}/{file.name}", size_bytes=file.stat().st_size, sha256=sha256_of(file)))
    return found


def discard(folder: Path) -> None:
    """Remove what a run that did not end well may have exported."""
    for name in (MODEL_FOLDER, ADAPTER_FOLDER, LAST_FOLDER):
        shutil.rmtree(folder / name, ignore_errors=True)
        for staging in folder.glob(f".{name}.*.part"):
            shutil.rmtree(staging, ignore_errors=True)
