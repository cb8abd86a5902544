"""For whoever watches the server: does it live, and can it work. Not in the API's description."""

import shutil
import tempfile
from typing import Final

import structlog
from fastapi import APIRouter

from server.errors import LlmTunerError, Unavailable
from server.ports.records import Key
from server.web.deps import AppServices

# What the records need to go on. Uploads and jobs have a limit of their own, `min_free_bytes`, and refuse by themselves.
_MIN_ROOM_BYTES: Final = 16 * 1024**2
_PROBE: Final = Key("health", "probe")
_log = structlog.get_logger()

router = APIRouter(include_in_schema=False)


@router.get("/livez")
def livez() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz")
def readyz(services: AppServices) -> dict[str, str]:
    """Reads a record and writes a file. Raises `Unavailable` with what does not work."""
    try:
        services.records.get(_PROBE)
        with tempfile.TemporaryFile(dir=services.settings.temporary_folder) as file:
            file.write(b"ready?")
            file.flush()
        free_bytes = shutil.disk_usage(services.settings.home).free
    except (LlmTunerError, OSError) as error:
        _log.warning("not_ready", reason=str(error))
        raise _not_ready("The data folder cannot be read and written.") from error
    if free_bytes < _MIN_ROOM_BYTES:
        raise _not_ready("The disk under the data folder is full.")
    return {"status": "ready"}


def _not_ready(reason: str) -> Unavailable:
    return Unavailable(f"Not ready. {reason}", code="server.not_ready", retry_after_s=10)
