"""What the server hands the program that looks at data through a base model's eyes: `python -m server.tuning.look --spec look.json`.

On standard output it prints one JSON object: a `shared.wire.Look`, or `LookRefused` when there is nothing to show. Its exit status is 0
for both; any other, or no object, is a crash.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.constants import Objective
from shared.job_spec import DataFile, RunSettings
from shared.wire import JobError


class LookSpec(BaseModel):
    """The same data and settings as in the `JobSpec` of a run, so that what is seen is what would be trained on.

    With `validation_data` all of `data` is trained on; otherwise the settings' fraction and seed say what is kept back.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    spec_version: Literal[1] = 1
    base_model: str
    data: Annotated[list[DataFile], Field(min_length=1)]
    validation_data: list[DataFile] = []
    settings: RunSettings
    objective: Objective = "supervised"
    num_examples: int = 0
    num_characters: int = 0
    """Of all the data, as counted when the documents came. Large data are sampled; without these numbers everything is looked at."""
    head_characters: int = 0
    """Look at the beginning of `data` alone, at about so many characters; 0 looks at all of it."""
    base_models_folder: Path
    """Where prepared base models are kept; of one that is not, only the tokenizer is prepared."""
    models_folder: Path | None = None
    base_folder: Path | None = None
    """As in a `JobSpec`: a tuned model to start from."""


class LookRefused(BaseModel):
    """Why the data cannot be looked at with this base model, in the words that a run would fail with."""

    model_config = ConfigDict(extra="forbid")

    error: JobError
