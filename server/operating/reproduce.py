"""Runs a reported training again and compares: the same losses, to the last bit on the CPU, or not.

  reproduce report.json                       with the documents and models of this installation (LLM_TUNER_HOME)
  reproduce report.json --data FILE ...       with files, which are told apart by their SHA-256
  reproduce report.json --job job-...         one job of a report of several
  reproduce report.json --keep FOLDER         keeps what the run leaves: its log, its model

`report.json` is a report saved as JSON. The installation is only read, and its server may run meanwhile.
Exit status: 0 the losses are the same, 1 they are not, 2 it could not be run.
"""

import argparse
import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from server import wiring
from server.domain import keys
from server.domain.models.tuned import TUNED_PREFIX
from server.domain.reports.story import Story, story_of
from server.errors import LlmTunerError, NotFound
from server.settings import REPOSITORY, Settings
from server.wiring import Services
from shared.job_spec import EVENTS_FILE, SPEC_FILE, DataFile, JobSpec, RunSettings
from shared.wire import ReportContent, ReportedFile, ReportedJob

SAME, DIFFERENT, IMPOSSIBLE = 0, 1, 2
_WEIGHTS = "model/model.safetensors"


class Impossible(Exception):
    """Why the run cannot be repeated, for a person."""


def main() -> int:
    asked = _arguments()
    try:
        job = _job(asked.report, asked.job)
        with _installation() as installation, _folder(asked.keep) as folder:
            spec = _spec(job, asked.data, installation, folder)
            print(f"Running {job.name!r} again: {job.base_model}, {job.method}, seed {spec.settings.seed}, {spec.threads} threads")
            story = _run(spec, folder)
        return _compare(job, story)
    except (Impossible, LlmTunerError) as error:
        print(f"This training cannot be run again: {error}", file=sys.stderr)
        return IMPOSSIBLE


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path, help="a report, saved as JSON")
    parser.add_argument("--job", metavar="ID", help="which job of the report; needed when it has several")
    parser.add_argument("--data", metavar="FILE", type=Path, nargs="+", default=[], help="files to find the documents among, by hash")
    parser.add_argument("--keep", metavar="FOLDER", type=Path, help="run in this folder, which must be new, and keep it")
    return parser.parse_args()


def _job(report: Path, job_id: str | None) -> ReportedJob:
    try:
        content = ReportContent.model_validate_json(report.read_bytes())
    except OSError as error:
        raise Impossible(f"{report} cannot be read ({error.strerror}).") from error
    except ValidationError as error:
        raise Impossible(f"{report} is not a report saved as JSON ({error.error_count()} fields are not as they should be).") from error
    if job_id is None and len(content.jobs) > 1:
        raise Impossible(f"the report is of several jobs; name one with --job: {', '.join(job.id for job in content.jobs)}")
    found = next((job for job in content.jobs if job_id in {None, job.id}), None)
    if found is None:
        raise Impossible(f"the report has no job {job_id}; it has {', '.join(job.id for job in content.jobs)}.")
    if found.reproduction.train_loss is None:
        raise Impossible(found.reproduction.words)
    return found


@contextlib.contextmanager
def _installation() -> Iterator[Services]:
    services = wiring.build(Settings())
    try:
        yield services
    finally:
        services.records.close()


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="reproduce-") as folder:
            yield Path(folder)
        return
    try:
        keep.mkdir(parents=True)
    except FileExistsError as error:
        raise Impossible(f"{keep} is there already; name a folder that is not.") from error
    yield keep.resolve()


def _spec(job: ReportedJob, given: list[Path], installation: Services, folder: Path) -> JobSpec:
    by_hash = {hashlib.sha256(path.read_bytes()).hexdigest(): path.resolve() for path in given}
    owners = _owners(installation)
    found = [(file.role, _data_file(file, by_hash, installation, owners, folder)) for file in job.data.files]
    settings = installation.settings
    return JobSpec(
        job_id=job.id,
        run_id="run-reproduced",
        base_model=job.base_model,
        base_folder=_base_folder(job.base_model, installation, owners),
        method=job.method,
        objective=job.reproduction.objective,
        data=[file for role, file in found if role == "training"],
        validation_data=[file for role, file in found if role == "validation"],
        settings=RunSettings.model_validate(job.reproduction.settings),
        base_models_folder=settings.base_models_folder,
        models_folder=settings.own_models_folder,
        threads=job.reproduction.threads,
    )


def _data_file(file: ReportedFile, by_hash: dict[str, Path], installation: Services, owners: list[str], folder: Path) -> DataFile:
    if file.sha256 is None or file.format is None:
        raise Impossible(f"the report does not say which document {file.name!r} was.")
    path = by_hash.get(file.sha256) or _kept(file.sha256, installation, owners, folder)
    if path is None:
        raise Impossible(f"no document with the SHA-256 {file.sha256} ({file.name}) is kept here. Name the file with --data.")
    return DataFile(
        path=path,
        name=file.name,
        format=file.format,
        charset=file.charset or "utf-8",
        sha256=file.sha256,
        mapping=None if file.mapping is None else file.mapping.model_dump(mode="json"),
        leave_out_bad=file.leave_out_bad,
    )


def _owners(installation: Services) -> list[str]:
    found, after = [], None
    while True:
        page = installation.records.page(keys.USERS_PARTITION, after=after, limit=100)
        found += [record.key.sort for record in page.records]
        if not page.has_more:
            return found
        after = page.records[-1].key.sort


def _kept(sha256: str, installation: Services, owners: list[str], folder: Path) -> Path | None:
    """The bytes of a document with this hash, whoever's it is: who runs this can read the data folder anyway."""
    for owner in owners:
        pointer = installation.records.get(keys.owned(owner, "content", sha256))
        if pointer is None:
            continue
        blob = keys.document_blob(owner, str(pointer.data["document_id"]))
        path = installation.blobs.local_path(blob)
        if path is not None:
            return path
        copy = folder / sha256
        with contextlib.suppress(NotFound):
            copy.write_bytes(b"".join(installation.blobs.open(blob)))
            return copy
    return None


def _base_folder(base_model: str, installation: Services, owners: list[str]) -> Path | None:
    if not base_model.startswith(TUNED_PREFIX):
        return None
    for owner in owners:
        with contextlib.suppress(NotFound):
            return installation.tuned_models.local_folder(installation.tuned_models.stored(owner, base_model).value)
    raise Impossible(f"it started from the tuned model {base_model}, which is not kept here any more.")


def _run(spec: JobSpec, folder: Path) -> Story:
    spec_file = folder / SPEC_FILE
    spec_file.write_text(spec.model_dump_json())
    command = [sys.executable, "-m", "server.tuning.gpt2_tuning", "--spec", str(spec_file)]
    done = subprocess.run(command, cwd=REPOSITORY, env=os.environ | {"PYTHONPATH": str(REPOSITORY)}, check=False)
    story = story_of(folder / EVENTS_FILE)
    if done.returncode or story.done is None:
        raise Impossible(f"the run ended with exit status {done.returncode} and left no model; what it said is above.")
    return story


def _compare(job: ReportedJob, story: Story) -> int:
    """Prints what was and what is, side by side. The weights are shown and do not decide: another version may write the same otherwise."""
    was, done = job.reproduction, story.done
    assert done is not None, "a run that ended well"  # noqa: S101 - `_run` saw to it
    weights = next((file.sha256 for file in done.artifacts if file.path == _WEIGHTS), None)
    losses = [("training loss", was.train_loss, done.train_loss), ("validation loss", was.validation_loss, done.validation_loss)]
    rows = [("", "report", "this run", "")]
    rows += [(name, repr(before), repr(now), _alike(before, now)) for name, before, now in losses]
    rows.append(("weights", str(was.weights_sha256)[:16], str(weights)[:16], _alike(was.weights_sha256, weights)))
    versions = story.spec.versions if story.spec is not None else {}
    reported = job.environment.versions
    rows += [
        (name, reported.get(name, "-"), versions.get(name, "-"), "other")
        for name in {**reported, **versions}
        if reported.get(name) != versions.get(name)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    same = all(before == now for _, before, now in losses)
    print(f"\n{'The same, to the last bit.' if same else 'Not the same.'}{'' if same or was.bit_exact else ' ' + was.words}")
    return SAME if same else DIFFERENT


def _alike(before: object, now: object) -> str:
    return "same" if before == now else "other"


if __name__ == "__main__":
    sys.exit(main())
