"""Programs of this machine that work for nobody: another machine took their run, of training or of a test, over while this one's server
was not there."""

from server.domain import keys
from server.domain.jobs.queue import pointers
from server.domain.jobs.specs import Folders
from server.ports.launcher import Launcher
from server.ports.records import Records


class Superseded:
    """`on`: servers have disks of their own. Where all share one folder, the folder's lock sees to it."""

    def __init__(self, records: Records, launcher: Launcher, folders: Folders, *, on: bool) -> None:
        self._records = records
        self._launcher = launcher
        self._folders = folders
        self._on = on
        self._over: set[str] = set()

    def end(self) -> None:
        if not self._on:
            return
        started = {
            run_id: handle
            for folder in self._folders.all()
            for run_id, handle in self._launcher.started_in(folder).items()
            if run_id not in self._over
        }
        # Read after the folders: what was started since is not among them.
        partitions = (keys.RUNNING_PARTITION, keys.EVALUATING_PARTITION)
        current = {record.data.get("run_id") for partition in partitions for record in pointers(self._records, partition)}
        for run_id, handle in started.items():
            if run_id not in current and (not self._launcher.poll(handle).alive or self._launcher.stop(handle, force=True)):
                self._over.add(run_id)
