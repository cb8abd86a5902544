"""What stands in a checkpoint's `manifest.json`: the trainer writes it last, so a folder with a true one is a whole checkpoint.

The server reads it to list what there is; only the trainer and the generation worker open the other files, after checking them.
"""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MANIFEST_FILE = "manifest.json"
FOLDER_PREFIX = "step-"
STAGING_SUFFIX = ".part"
MAX_MANIFEST_BYTES = 1_000_000

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$")]
"""Of a file in the checkpoint's own folder: nothing in it leads elsewhere."""


class CheckedFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    size_bytes: int
    sha256: str


class CheckpointManifest(BaseModel):
    """`fingerprint` is that of everything that decides the run's numbers; `seal` is the SHA-256 of all the other fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    format: Literal[1] = 1
    job_id: str
    run_id: str
    fence: int
    step: int
    created_at: datetime
    validation_loss: float | None
    """The last one that was measured, which may be of an earlier step."""
    threads: int
    fingerprint: str
    files: dict[FileName, CheckedFile]
    seal: str = ""

    def sealed(self) -> "CheckpointManifest":
        return self.model_copy(update={"seal": self._sum()})

    @property
    def is_true(self) -> bool:
        """False when any field is not what was sealed."""
        return self.seal == self._sum()

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files.values())

    def _sum(self) -> str:
        fields = self.model_dump(mode="json", exclude={"seal"})
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def folder_name(step: int) -> str:
    return f"{FOLDER_PREFIX}{step:08d}"
