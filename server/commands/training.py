"""`upload`, `train` and `logs`."""

import argparse
import sys
import time
from pathlib import Path
from typing import Any, Final

from server.commands.connection import Connection, Trouble, connected

_LOOK_EVERY_S: Final = 0.5
_LINES: Final = 1_000
_LIVE: Final = frozenset({"queued", "running", "paused"})


def upload(arguments: argparse.Namespace) -> int:
    with connected() as connection:
        for file in arguments.files:
            print(_document(connection, str(file)))
    return 0


def train(arguments: argparse.Namespace) -> int:
    with connected() as connection:
        settings = dict(map(_setting, arguments.settings))
        documents = [_document(connection, data) for data in arguments.data]
        asked = {"base_model": arguments.base, "method": arguments.method, "name": arguments.name, "allow_short_run": arguments.short}
        job = connection.post("/api/jobs", document_ids=documents, hyperparameters=settings, **asked)
        print(job["id"], flush=True)
        return _watched(connection, job["id"]) if arguments.wait else 0


def logs(arguments: argparse.Namespace) -> int:
    job_id = _job_id(arguments.job)
    with connected() as connection:
        _tell_log(connection, job_id, follow=arguments.follow)
    return 0


def _tell_log(connection: Connection, job_id: str, *, follow: bool) -> None:
    after = 0
    while True:
        page = connection.get(f"/api/jobs/{job_id}/logs", after=after, limit=_LINES)
        for line in page["lines"]:
            print(f"{line['at'][11:19]} {line['level']:<7} {line['text']}", flush=True)
        if page["next"] > after:
            after = page["next"]
        elif not (follow and page["live"]):
            return
        else:
            time.sleep(_LOOK_EVERY_S)


def _watched(connection: Connection, job_id: str) -> int:
    """Shows where the job is, until it has ended; whoever stops watching does not stop the job."""
    told = ""
    try:
        while (job := connection.get(f"/api/jobs/{job_id}"))["state"] in _LIVE:
            told = _tell(_progress(job), told)
            time.sleep(_LOOK_EVERY_S)
    except KeyboardInterrupt:
        print(f"\n{job_id} goes on. llm-tuner logs -f {job_id} watches it.", file=sys.stderr)
        return 130
    _tell("", told)
    if job["state"] == "succeeded":
        print(job["tuned_model"])
        return 0
    reason = "" if job["error"] is None else f": {job['error']['message']} {job['error']['fix']}"
    print(f"The job has {job['state'].replace('cancelled', 'been cancelled')}{reason}", file=sys.stderr)
    return 1


def _progress(job: dict[str, Any]) -> str:
    progress = job["progress"]
    if job["state"] != "running" or progress is None:
        place = job["queue_position"]
        return job["state"] if place is None else f"{job['state']}, number {place}"
    parts = [progress["stage"]]
    if progress["num_steps"] and progress["step"]:
        parts.append(f"step {progress['step']}/{progress['num_steps']}")
    if progress["loss"] is not None:
        parts.append(f"loss {progress['loss']:.3f}")
    if progress["eta_s"]:
        parts.append(f"{progress['eta_s']:.0f} s left")
    return ", ".join(parts)


def _tell(line: str, told: str) -> str:
    """On a terminal one line that changes; in a file each new one."""
    if line != told:
        end, begin = ("", "\r\x1b[K") if sys.stderr.isatty() else ("\n" if line else "", "")
        print(f"{begin}{line}", end=end, file=sys.stderr, flush=True)
    return line


def _document(connection: Connection, data: str) -> str:
    """The id of a document: as it is, or of a file that is stored now."""
    file = Path(data)
    if file.is_file():
        return str(connection.send_file("/api/documents", file)["id"])
    if data.startswith(("doc-", "file-")):
        return data.replace("file-", "doc-", 1)
    raise Trouble(f"There is no file {data!r}, and it is no document's id either.")


def _job_id(job: str) -> str:
    return job.replace("ftjob-", "job-", 1) if job.startswith("ftjob-") else job


def _setting(text: str) -> tuple[str, Any]:
    """ "epochs=2" as a name and a number where it is one."""
    name, equals, value = text.partition("=")
    if not equals:
        raise Trouble(f"{text!r} sets nothing: write --set NAME=VALUE, as --set epochs=2.")
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value
