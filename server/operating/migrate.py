"""Moves an installation between its data folder and AWS, both ways.

Stop the server first. Everything is copied, the logs and checkpoints of runs as well, then read again on both sides and compared by hash;
nothing is deleted where it came from. A migration that was interrupted goes on where it was: what is there already and equal is not copied
again. Table, bucket and data folder are those of the LLM_TUNER_ settings (`LLM_TUNER_RECORDS` and `LLM_TUNER_BLOBS` themselves do not
matter here).
"""

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from server.adapters.blobs_disk import DiskBlobs
from server.adapters.clock_system import SystemClock
from server.adapters.records_dynamodb import DynamoRecords
from server.adapters.records_sqlite import SqliteRecords
from server.domain import keys
from server.domain.jobs.copied import fence_of
from server.domain.jobs.copies import NUM_KEPT, RunCopies
from server.domain.jobs.fetching import RunFetches
from server.domain.jobs.progress import RunReaders
from server.domain.jobs.specs import Folders
from server.errors import LlmTunerError
from server.operating.installation import settings_of
from server.ports.records import Record
from server.wiring.chosen import s3_of

_AT_ONCE: Final = 100
_IN_MEMORY: Final = 16 * 1024**2


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("to", choices=["aws", "local"], help="where everything is to go")
    parser.add_argument("--data", metavar="FOLDER", help="the data folder (LLM_TUNER_HOME)")
    asked = parser.parse_args(words)
    settings = settings_of(asked.data)
    if settings.aws_bucket is None:
        print("Set LLM_TUNER_AWS_BUCKET (and LLM_TUNER_AWS_TABLE), and make both with scripts/create_tables.py first.", file=sys.stderr)
        return 1
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        local = SqliteRecords(settings.records_file), DiskBlobs(settings.blobs_folder)
        remote = DynamoRecords(settings.aws_table), s3_of(settings)
        source, target = (local, remote) if asked.to == "aws" else (remote, local)
        status = _move(source, target)
        folders = Folders(settings.runs_folder, settings.base_models_folder, settings.own_models_folder)
        return status or (_runs_to_aws if asked.to == "aws" else _runs_to_disk)(*remote, folders)
    except LlmTunerError as error:
        print(f"{error.message} What was copied stays; start the same command again to go on.", file=sys.stderr)
        return 1


def _move(source: tuple[Any, Any], target: tuple[Any, Any]) -> int:
    # Bytes first and the records that name them second, as everywhere: a target that somebody opens half-way names nothing that is missing.
    copied_blobs = _copy_blobs(source[1], target[1])
    copied_records = _copy_records(source[0], target[0])
    before, after = fingerprint(*source), fingerprint(*target)
    print(f"{before['num_records']:,} records ({copied_records:,} copied), {before['num_blobs']:,} blobs ({copied_blobs:,} copied).")
    if before != after:
        print(
            f"The two sides differ: {before} and {after}. Was something written meanwhile? Stop the server and start again.",
            file=sys.stderr,
        )
        return 1
    print(f"Both sides hold the same: {before['sha256']}")
    return 0


def _runs_to_aws(records: Any, blobs: Any, folders: Folders) -> int:
    """On the disk a run's log and checkpoints lie in its folder, which no record names; on AWS in the bucket, where a record does."""
    copies, copied = RunCopies(records, blobs, folders, on=True), 0
    owners = {
        record.key.sort.partition("#")[2]: record.data["owner"] for record in records.everything() if record.key.sort.startswith("job#")
    }
    for folder in folders.all():
        if folder.name in owners and fence_of(folder):
            copies.settle(owners[folder.name], folder.name)
            copied += 1
    print(f"{copied:,} runs are in the bucket.")
    return 0


def _runs_to_disk(records: Any, blobs: Any, folders: Folders) -> int:
    fetches = RunFetches(records, blobs, SystemClock(), RunReaders(), folders, end_all=lambda _: None)
    jobs = [record.key.sort for record in records.everything() if record.key.partition == keys.RUN_COPY_PARTITION]
    for job_id in jobs:
        fetches.bring_home(job_id, at_most=NUM_KEPT)
    print(f"{len(jobs):,} runs are in the data folder.")
    return 0


def _documents(records: Any) -> Iterator[Record]:
    """All but those that speak of runs, which the data folder keeps in another way."""
    return (record for record in records.everything() if record.key.partition != keys.RUN_COPY_PARTITION)


def _names(blobs: Any) -> Iterator[str]:
    return (key for key in blobs.everything() if not key.startswith(keys.RUN_BLOBS))


def _copy_records(source: Any, target: Any) -> int:
    there = {record.key: _digest(record) for record in _documents(target)}
    wanted = (record for record in _documents(source) if there.get(record.key) != _digest(record))
    copied = 0
    while some := list(islice(wanted, _AT_ONCE)):
        target.take(some)
        copied += len(some)
    return copied


def _copy_blobs(source: Any, target: Any) -> int:
    copied = 0
    for key in _names(source):
        if target.size(key) == source.size(key) and _sha256(target, key) == _sha256(source, key):
            continue
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as bytes_of_it:
            for chunk in source.open(key):
                bytes_of_it.write(chunk)
            bytes_of_it.seek(0)
            target.put(key, bytes_of_it)
        copied += 1
    return copied


def fingerprint(records: Any, blobs: Any) -> dict[str, Any]:
    """What a store holds, in one line: the same for stores with the same documents, versions and bytes, whatever their kind."""
    lines = sorted([f"record {_digest(record)}" for record in _documents(records)] + [f"blob {line}" for line in _blob_lines(blobs)])
    return {
        "num_records": sum(line.startswith("record") for line in lines),
        "num_blobs": sum(line.startswith("blob") for line in lines),
        "sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    }


def _blob_lines(blobs: Any) -> Iterator[str]:
    for key in _names(blobs):
        yield f"{key} {_sha256(blobs, key)}"


def _digest(record: Record) -> str:
    text = json.dumps([record.key.partition, record.key.sort, record.version, record.data], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _sha256(blobs: Any, key: str) -> str:
    digest = hashlib.sha256()
    for chunk in blobs.open(key):
        digest.update(chunk)
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
