"""What a server and its standby trainer say to each other: files in a folder that only their user can enter.

The server makes `wait` and holds its lock; the trainer says `ready` and sleeps until the lock is free. To give it a run, the server writes
`go`, then the run's own note in the run's folder, and frees the lock; the trainer answers with `taken`. The note decides whose the run is:
a server that dies anywhere on the way leaves a run that the next one finds with this trainer, or that this trainer does not touch.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

WAIT_FILE = "wait"
READY_FILE = "ready"
GO_FILE = "go.json"
TAKEN_FILE = "taken"


class Go(BaseModel):
    """`note` is what the run's note says when the run is this trainer's; `environment` is what a trainer started for the run would have
    beside its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run_id: str
    folder: Path
    spec: Path
    note: str
    environment: dict[str, str]
