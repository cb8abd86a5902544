"""Folders of runs on this machine's disk that nobody needs any more: another machine finished the run, or its job was deleted there."""

import shutil
from collections.abc import Callable
from pathlib import Path

import structlog

from server.domain import keys
from server.domain.jobs.copied import fence_of, found_copy, owner_of
from server.domain.jobs.fetching import RunFetches
from server.domain.jobs.progress import RunReaders
from server.domain.jobs.specs import Folders
from server.domain.jobs.states import ENDED
from server.ports.records import Records

_log = structlog.get_logger()


class Leftovers:
    """Only where servers have disks of their own. `end_all` ends whatever still works in a folder."""

    def __init__(
        self, records: Records, readers: RunReaders, folders: Folders, fetches: RunFetches, *, end_all: Callable[[Path], None]
    ) -> None:
        self._records = records
        self._readers = readers
        self._folders = folders
        self._fetches = fetches
        self._end_all = end_all

    def remove(self) -> None:
        """Asks for one record a folder, and a second where its job has ended. Raises `Unavailable`."""
        for folder in self._folders.all():
            owner = owner_of(folder)
            if owner is not None and self._is_left_over(owner, folder):
                self._end_all(folder)
                shutil.rmtree(folder, ignore_errors=True)
                self._readers.forget(self._folders.events_of(folder.name))
                self._fetches.look_anew(folder.name)
                _log.info("run_folder_removed", job=folder.name)

    def _is_left_over(self, owner: str, folder: Path) -> bool:
        found = self._records.get(keys.owned(owner, "job", folder.name))
        if found is None:
            return True
        fence = fence_of(folder)
        if not fence or found.data["state"] not in ENDED:  # Without a run of its own it holds a log, for those who look at it.
            return False
        copy = found_copy(self._records, folder.name)
        return copy is not None and fence < copy.value.fence
