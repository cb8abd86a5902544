"""Has GGUF files made, one at a time, by a program that outlives the server, and takes in what it leaves. Another server goes on with what
one left."""

import contextlib
import shutil
from pathlib import Path
from typing import Final

import structlog

from server.background.rounds import Rounds
from server.domain import keys
from server.domain.jobs.leases import Leases
from server.domain.jobs.queue import pointers
from server.domain.models.exports import Exports, StoredExport, blob_of
from server.errors import LlmTunerError, NotFound, StaleWrite
from server.ports.blobs import Blobs
from server.ports.clock import Clock
from server.ports.launcher import Launch, Launcher, last_words
from server.ports.records import Delete, Put, Record, Records
from shared.gguf_export import GGUF_FILE, MODELFILE, REPORT_FILE, GgufReport

LEASE: Final = "exports"
_BUSY_S: Final = 0.5
_IDLE_S: Final = 5.0
_log = structlog.get_logger()


class Exporter:
    """`folder` is where programs work; `threads` None: as many as there are cores."""

    def __init__(
        self,
        records: Records,
        blobs: Blobs,
        clock: Clock,
        launcher: Launcher,
        leases: Leases,
        exports: Exports,
        *,
        folder: Path,
        threads: int | None,
    ) -> None:
        self._records = records
        self._blobs = blobs
        self._clock = clock
        self._launcher = launcher
        self._leases = leases
        self._exports = exports
        self._folder = folder
        self._threads = threads
        self._rounds = Rounds("exporter", self._watch, rest_after_failure_s=_IDLE_S)
        self.start = self._rounds.start
        self.wake = self._rounds.wake

    def stop(self) -> None:
        """Stops watching. What is being made goes on; the next server adopts it."""
        self._rounds.stop()
        self._leases.rest(LEASE)

    def _watch(self) -> float:
        found = pointers(self._records, keys.EXPORTING_PARTITION)
        mine = [record for record in found if record.data["holder"] == self._leases.me]
        with contextlib.suppress(StaleWrite, NotFound):  # Somebody else has it now, or its model is gone: the next round sees it as it is.
            if mine:
                self._look_at(mine[0])
            else:
                self._take(found)
        if not found:
            self._leases.rest(LEASE)
        return _BUSY_S if found else _IDLE_S

    def _take(self, found: list[Record]) -> None:
        """The oldest that nobody holds, or whose server is lost."""
        for record in sorted(found, key=lambda record: record.key.sort):
            holder = record.data["holder"]
            if holder is None or self._leases.is_lost(holder):
                data = {**record.data, "holder": self._leases.me}
                self._records.write(Put(record.key, data, record.version), self._leases.claiming(LEASE))
                return

    def _look_at(self, record: Record) -> None:
        handle = record.data["handle"]
        try:
            stored = self._exports.collection.get(record.data["owner"], record.key.sort)
        except NotFound:  # Deleted with its model.
            if handle is None or self._launcher.stop(handle, force=True):
                self._blobs.delete(blob_of(record.data["owner"], record.key.sort))
                self._records.write(Delete(record.key, record.version))
                shutil.rmtree(self._place(record.key.sort), ignore_errors=True)
            return
        if handle is None:
            self._begin(record, stored.value, stored.version)
        elif not self._launcher.poll(handle).alive and self._launcher.stop(handle, force=True):
            self._end(record, stored.value, handle)

    def _begin(self, record: Record, export: StoredExport, version: int) -> None:
        folder = self._place(export.id)
        try:
            model = self._exports.folder_of(export)
            folder.mkdir(parents=True, exist_ok=True)
            arguments = ["--model", str(model), "--precision", export.precision, "--name", export.model_id, "--out", str(folder)]
            if self._threads is not None:
                arguments += ["--threads", str(self._threads)]
            # A run of its own for each attempt: a launcher starts a run once.
            handle = self._launcher.start(Launch(f"{export.id}-{version}", "export", arguments, folder))
        except (LlmTunerError, OSError) as error:
            _log.warning("export_not_started", export=export.id, reason=str(error))
            self._finish(record, export, {"state": "failed", "reason": "The program that exports models could not be started."})
            return
        running = export.model_copy(update={"state": "running"})
        self._records.write(
            Put(record.key, {**record.data, "handle": handle}, record.version),
            self._exports.collection.replacing(export.owner, export.id, running, version=version),
        )

    def _end(self, record: Record, export: StoredExport, handle: str) -> None:
        folder = self._place(export.id)
        try:
            report = GgufReport.model_validate_json((folder / REPORT_FILE).read_bytes())
            outcome: dict[str, object] = {"report": report, "state": "failed", "reason": report.reason}
            if report.passed:
                with (folder / GGUF_FILE).open("rb") as file:
                    stat = self._blobs.put(blob_of(export.owner, export.id), file)
                if stat.sha256 != report.sha256:
                    raise ValueError("the file is not what was checked")
                modelfile = (folder / MODELFILE).read_text(encoding="utf-8")
                outcome |= {"state": "ready", "size_bytes": stat.size_bytes, "modelfile": modelfile}
        except (LlmTunerError, OSError, ValueError) as error:
            said = last_words(self._launcher, handle)
            _log.warning("export_failed", export=export.id, reason=str(error), said=said)
            outcome = {"state": "failed", "reason": f"The program that exports models ended early. {said}".strip()}
        self._finish(record, export, outcome)

    def _finish(self, record: Record, export: StoredExport, outcome: dict[str, object]) -> None:
        ended = export.model_copy(update={**outcome, "finished_at": self._clock.now()})
        version = self._exports.collection.get(export.owner, export.id).version
        self._records.write(
            Delete(record.key, record.version), self._exports.collection.replacing(export.owner, export.id, ended, version=version)
        )
        shutil.rmtree(self._place(export.id), ignore_errors=True)
        _log.info("export_ended", export=export.id, state=ended.state, reason=ended.reason)

    def _place(self, export_id: str) -> Path:
        return self._folder / f"exp-{export_id}"
