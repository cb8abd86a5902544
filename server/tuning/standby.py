"""A trainer that has loaded everything and waits for a run: `gpt2_tuning.py --standby FOLDER`. The server starts it before it is needed.

It sleeps in the system's queue for the lock of a file that its server holds: no clock wakes it, and a server that dies lets it go. Then it
looks for a word of its server's (`shared/standby.py`); where there is none, or the run's note names another process, it ends.
From the moment that it has taken a run it is that run's trainer in everything: its number, its group, its folder, its output.
"""

import fcntl
import os
from pathlib import Path

from pydantic import ValidationError

from server.tuning.files import write_whole
from shared.job_spec import OUTPUT_FILE, run_note
from shared.standby import GO_FILE, READY_FILE, TAKEN_FILE, WAIT_FILE, Go


def wait_for_a_run(folder: Path) -> Path | None:
    """The spec of the run that was given to this process. None: there will be none."""
    _load()
    write_whole(folder / READY_FILE, f"{os.getpid()}\n")
    with (folder / WAIT_FILE).open("rb") as held_by_the_server:
        fcntl.flock(held_by_the_server, fcntl.LOCK_SH)
    try:
        go = Go.model_validate_json((folder / GO_FILE).read_bytes())
        if run_note(go.folder, go.run_id).read_text() != go.note:
            return None  # The server has given the run to another process since.
        output = os.open(go.folder / OUTPUT_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    except (OSError, ValidationError):
        return None
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.chdir(go.folder)
    os.environ.update(go.environment)
    write_whole(folder / TAKEN_FILE, f"{os.getpid()}\n")
    return go.spec


def _load() -> None:
    """All that a run will want, but nothing of torch's that computes: its threads and its random numbers are the run's."""
    from server.tuning import base_package, gpt2_tuning, run, tokenizer_training  # noqa: F401
