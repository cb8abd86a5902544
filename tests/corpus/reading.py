"""Runs the program that the server runs on every upload, on one file of the corpus, and measures it."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.corpus.cases import Content, write

ROOT = Path(__file__).resolve().parent.parent.parent
GIVE_UP_S = 120


@dataclass(frozen=True)
class Answer:
    status: int
    found: dict[str, Any]
    problems_csv: str
    errors: str
    seconds: float
    peak_bytes: int
    """The largest resident memory of any one process."""
    left_behind: list[str]
    """Files that stayed in the folder for temporary ones."""

    @property
    def accepted(self) -> bool:
        return not self.found["problems"]


def read(name: str, content: Content, options: dict[str, Any] | None = None) -> Answer:
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        upload, temporary = Path(folder) / "upload", Path(folder) / "tmp"
        temporary.mkdir()
        write(content, upload)
        return _run(name, upload, temporary, options or {})


def _run(name: str, upload: Path, temporary: Path, options: dict[str, Any]) -> Answer:
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
    started = time.monotonic()
    with upload.open("rb") as file, tempfile.TemporaryFile() as problems:
        child = subprocess.Popen(
            [
                *(sys.executable, "-m", "shared.reading", f"--filename={name.replace(chr(0), '?')}"),
                *(f"--options={json.dumps(options)}", f"--problems-out={problems.fileno()}"),
            ],
            cwd=temporary,
            env=environment,
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(problems.fileno(),),
        )
        peak = _Peak(child.pid)
        try:
            out, errors = child.communicate(timeout=GIVE_UP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            out, errors = child.communicate()
        seconds = time.monotonic() - started
        peak.stop()
        problems.seek(0)
        text = problems.read().decode()
    left = [str(path) for path in temporary.rglob("*")]
    return Answer(child.returncode, json.loads(out or b"{}"), text, errors.decode(errors="replace"), seconds, peak.bytes, left)


class _Peak:
    """Looks at the memory of a process and its children fifty times a second; the kernel's own record tells the rest."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(pid,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _watch(self, pid: int) -> None:
        while not self._stopped.wait(0.02):
            for process in self._processes(pid):
                try:
                    status = Path(f"/proc/{process}/status").read_text()
                except OSError:
                    continue
                high = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
                self.bytes = max(self.bytes, int(high.split()[1]) * 1024)

    def _processes(self, pid: int) -> list[int]:
        try:
            return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
        except psutil.Error:
            return [pid]
