"""What each command does. Every one gets its words, a connection and the terminal, and returns the exit status."""

import argparse
import time
import uuid
from pathlib import Path
from typing import Any

from server.command_line.connection import Connection
from server.command_line.outcome import DONE, NOT_IMPROVED, Trouble
from server.command_line.pulling import pull
from server.command_line.terminal import Terminal, table
from server.command_line.verdicts import told, worst
from server.command_line.watching import LogReader, evaluation_to_its_end, job_to_its_end

_EVERY_S = 0.7


def hyperparameters() -> list[str]:
    """Imported here alone: it takes half a second."""
    from shared.wire import Hyperparameters

    return list(Hyperparameters.model_fields)


def upload(words: argparse.Namespace, connection: Connection, terminal: Terminal) -> int:
    documents = [_uploaded(connection, terminal, Path(name)) for name in words.files]
    terminal.result(documents, "\n".join(document["id"] for document in documents))
    return DONE


def train(words: argparse.Namespace, connection: Connection, terminal: Terminal) -> int:
    job = connection.post("/api/jobs", _request(words, connection, terminal), idempotency_key=uuid.uuid4().hex)
    if not words.wait:
        terminal.result(job, job["id"])
        terminal.say(f"Queued as {job['name']!r}. See it with `llm-tuner logs -f {job['id']}`.")
        return DONE
    terminal.say(f"{job['id']}: {job['name']}")
    try:
        job, status = job_to_its_end(connection, terminal, job["id"])
    except KeyboardInterrupt:
        terminal.clear()
        terminal.say(f"The job goes on. See it with `llm-tuner logs -f {job['id']}`, end it with `llm-tuner cancel {job['id']}`.")
        raise
    terminal.result(job, job["tuned_model"] or job["state"])
    if job["error"]:
        terminal.say(" ".join(filter(None, (job["error"]["message"], job["error"]["cause"], job["error"]["fix"]))))
    return status


def jobs(words: argparse.Namespace, connection: Connection, terminal: Terminal) -> int:
    found = connection.get("/api/jobs", limit=words.limit, state=words.state)["data"]
    rows = [(job["id"], job["state"], _how_far(job), job["base_model"], job["name"]) for job in found]
    terminal.result(found, table([("JOB", "STATE", "DONE", "BASE MODEL", "NAME"), *rows]) if rows else "No jobs.")
    return DONE


def models(_words: argparse.Namespace, connection: Connection, terminal: Terminal) -> int:
    bases, tuned = connection.get("/api/base-models")["data"], connection.all("/api/tuned-models")
    rows = [(model["id"], "base", model["availability"], model["name"]) for model in bases]
    rows += [(model["id"], "tuned", model["method"], model["name"]) for model in tuned]
    terminal.result([*bases, *tuned], table([("MODEL", "KIND", "", "NAME"), *rows]))
    return DONE


def logs(words: argparse.Namespace, connection: Connection, terminal: Terminal) -> int:
    log = LogReader(connection, words.job)
    while True:
        for line in log.fresh():
            terminal.result(line, line["text"])
        if not words.follow or not log.live:
            return DONE
        time.sleep(_EVERY_S)


def cancel(words: argparse.Namespace, connection: Connection, terminal: Terminal) -> int:
    job = connection.post(f"/api/jobs/{words.job}/cancel")
    terminal.result(job, "It is stopping." if job["stopping"] else job["state"])
    return DONE


def test(words: argparse.Namespace, connection: Connection, terminal: Terminal) -> int:
    model = _tuned(connection, words.model)
    test_set = words.test_file
    if not test_set.startswith("tst-"):
        document = _document(connection, terminal, test_set)
        made = connection.post("/api/test-sets", {"document_id": document})
        for warning in made["warnings"]:
            terminal.say(warning)
        terminal.say(f"{made['num_items']} items, graded by {made['grader']['kind']}. {made['grader_reason'] or ''}".rstrip())
        test_set = made["id"]
    asked = {"test_set_id": test_set, "tuned_model_ids": [model]}
    evaluation = connection.post("/api/evaluations", asked, idempotency_key=uuid.uuid4().hex)
    evaluation, status = evaluation_to_its_end(connection, terminal, evaluation["id"])
    terminal.result(evaluation, told(evaluation))
    if status == DONE and words.need_improvement and worst(evaluation) != "improved":
        return NOT_IMPROVED
    return status


def pull_model(words: argparse.Namespace, connection: Connection, terminal: Terminal) -> int:
    model = _tuned(connection, words.model)
    folder = Path(words.output or model.replace(":", "-").replace("/", "-")).absolute()
    names = pull(connection, model, folder)
    terminal.result({"model": model, "folder": str(folder), "files": names}, str(folder))
    return DONE


def _request(words: argparse.Namespace, connection: Connection, terminal: Terminal) -> dict[str, Any]:
    given = {name: getattr(words, name) for name in ("name", "note", "method", "objective") if getattr(words, name) is not None}
    settings = {name: getattr(words, name) for name in hyperparameters() if getattr(words, name) is not None}
    request: dict[str, Any] = {"base_model": words.model, **given, "hyperparameters": settings}
    if words.test_set:
        request["test_set_id"] = words.test_set
    if words.allow_short_run:
        request["allow_short_run"] = True
    if len(words.data) == 1 and words.data[0].startswith("dst-"):
        return {**request, "dataset_id": words.data[0]}
    documents = [_document(connection, terminal, one) for one in words.data]
    if words.validation is None:
        return {**request, "document_ids": documents}
    split = {"kind": "document", "document_id": _document(connection, terminal, words.validation)}
    return {**request, "dataset_id": connection.post("/api/datasets", {"document_ids": documents, "split": split})["id"]}


def _document(connection: Connection, terminal: Terminal, file_or_id: str) -> str:
    """The id of a document that is there, or of a file that is uploaded now."""
    if Path(file_or_id).is_file():
        return str(_uploaded(connection, terminal, Path(file_or_id))["id"])
    if file_or_id.startswith("doc-"):
        return file_or_id
    raise Trouble(f"{file_or_id} is neither a file here nor the id of a document (doc-...).")


def _uploaded(connection: Connection, terminal: Terminal, file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise Trouble(f"There is no file {file}.")
    document = connection.upload(file)
    held = f"{document['num_examples']:,} example{'s' if document['num_examples'] != 1 else ''}"
    terminal.say(f"{file} is {document['id']}: {document['format']}, {held}.")
    for warning in document["warnings"]:
        terminal.say(f"  {warning['message']}")
    if document["status"] == "needs_mapping":
        terminal.say(f"  Its columns are not understood. Say in the page, at /documents/{document['id']}, which plays which part.")
    return document


def _tuned(connection: Connection, model_or_job: str) -> str:
    """A tuned model by its id, or as what a job made."""
    if not model_or_job.startswith("job-"):
        return model_or_job
    job = connection.get(f"/api/jobs/{model_or_job}")
    if job["tuned_model"] is None:
        raise Trouble(f"The job {model_or_job} has no model: it is {job['state']}.")
    return str(job["tuned_model"])


def _how_far(job: dict[str, Any]) -> str:
    progress = job["progress"]
    if progress is None or not progress["num_steps"]:
        return "-"
    return f"{progress['step'] / progress['num_steps']:.0%}"
