"""The installation itself: its settings and secrets, and whether what it keeps is whole."""

import json
import os
import sqlite3
from dataclasses import astuple
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from server.domain import keys, schema
from server.errors import LlmTunerError
from server.operating.checks.findings import Finding, Place, check, green, red, skipped, yellow
from server.settings import MIN_SECRET_BYTES

_MOST_BLOBS: Final = 500
_TABLE_LAYOUT: Final = 1


@check("environment")
def environment(place: Place) -> Finding:
    if place.settings.environment == "development" and not place.settings.is_for_this_machine:
        return red("This server is open to other machines and runs as development.", "Set LLM_TUNER_ENVIRONMENT=production.")
    if place.settings.environment == "development":
        return yellow("The environment is development.", "For others than yourself, set LLM_TUNER_ENVIRONMENT=production.")
    return green("The environment is production.")


@check("signing secret")
def signing_secret(place: Place) -> Finding:
    given = place.settings.signing_secret
    file = place.settings.home / "signing-secret"
    if given is None and not file.exists():
        return yellow("No signing secret is there yet.", "One is made at the first start; several servers need LLM_TUNER_SIGNING_SECRET.")
    text = given.get_secret_value() if given is not None else file.read_text().strip()
    if len(text.encode()) < MIN_SECRET_BYTES or len(set(text)) < 12:
        return red("The signing secret can be guessed.", 'Make a new one: python3 -c "import secrets; print(secrets.token_urlsafe(48))"')
    return green("The signing secret is long enough.")


@check("file modes")
def file_modes(place: Place) -> Finding:
    open_files = [
        path.name
        for path in (place.settings.home / "signing-secret", place.settings.records_file)
        if path.exists() and path.stat().st_mode & 0o077
    ]
    if open_files:
        return red(f"{' and '.join(open_files)} can be read by other users of this machine.", f"chmod 600 {' '.join(open_files)}")
    return green("Secrets and records are the server's alone.")


@check("cookies")
def cookies(place: Place) -> Finding:
    https = place.url is not None and urlsplit(place.url).scheme == "https"
    if https and not place.settings.https:
        return red("Cookies are also sent without TLS.", "Set LLM_TUNER_COOKIE_SECURE=true; the address is https.")
    if place.settings.cookie_secure and place.url is not None and not https:
        return red("Cookies are sent over TLS only, and the address is http: nobody can stay signed in.", "Use https, or turn it off.")
    if not place.settings.https and not place.settings.is_for_this_machine:
        return yellow("Cookies are also sent without TLS.", "Put TLS before the server and set LLM_TUNER_COOKIE_SECURE=true.")
    return green("Cookies fit the address.")


@check("records are whole")
def records_whole(place: Place) -> Finding:
    if place.settings.records != "sqlite":
        return skipped("The records are in DynamoDB.")
    with _reading(place) as found:
        if found is None:
            return skipped("There are no records yet.")
        said = found.execute("PRAGMA quick_check(1)").fetchone()[0]
    if said != "ok":
        return red("The records file is damaged.", "Stop the server, keep the file, and restore the last backup (scripts/restore).")
    return green("The records file is whole.")


@check("schema version")
def schema_version(place: Place) -> Finding:
    if place.settings.records != "sqlite":
        return _schema_version_there(place)
    with _reading(place) as found:
        if found is None:
            return skipped("There are no records yet.")
        layout = found.execute("PRAGMA user_version").fetchone()[0]
        asked = "SELECT data FROM documents WHERE partition = ? AND sort = ?"
        rows = found.execute(asked, astuple(keys.schema())).fetchall() if layout else []
    version = json.loads(rows[0][0])["version"] if rows else 1
    return _judged(schema.VERSION + 1 if layout > _TABLE_LAYOUT else version)


def _schema_version_there(place: Place) -> Finding:
    from server.adapters.records_dynamodb import DynamoRecords

    try:
        found = DynamoRecords(place.settings.aws_table).get(keys.schema())
    except LlmTunerError as error:
        return red(error.message, "The message says it.")
    return _judged(found.data["version"]) if found is not None else skipped("There are no records yet.")


def _judged(version: int) -> Finding:
    if version > schema.VERSION:
        return red("The records were written by a newer version.", "Start that version, or restore a backup from before the upgrade.")
    if version < schema.VERSION:
        return green(f"Format {version} of the records; the next start brings it to {schema.VERSION}. Take a backup before.")
    return green(f"Format {version} of the records")


@check("uploads are there")
def uploads_there(place: Place) -> Finding:
    """Of the documents that the records name, up to 500: are their bytes there, all of them?"""
    if place.settings.records != "sqlite" or place.settings.blobs != "disk":
        return skipped("Records and uploads are not both on this disk.")
    with _reading(place) as found:
        if found is None:
            return skipped("There are no records yet.")
        rows = found.execute(
            "SELECT partition, data FROM documents WHERE partition LIKE 'user#%' AND sort LIKE 'document#%' ORDER BY random() LIMIT ?",
            (_MOST_BLOBS,),
        ).fetchall()
    missing = []
    for partition, text in rows:
        document = json.loads(text)
        file = place.settings.blobs_folder / keys.document_blob(partition.removeprefix("user#"), document["id"])
        if not file.exists() or file.stat().st_size != document["size_bytes"]:
            missing.append(document["name"])
    if missing:
        return red(f"{len(missing)} of {len(rows)} documents lack their bytes, {missing[0]!r} among them.", "Restore a backup.")
    return green(f"The bytes of {len(rows)} documents are there.")


@check("runs folder")
def runs_folder(place: Place) -> Finding:
    folder = place.settings.runs_folder
    if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
        return red("The runs' folder cannot be written.", f"Give {folder} to the user that the server runs as.")
    return green("Runs can be written.")


@check("base models")
def base_models(place: Place) -> Finding:
    from shared.base_models import CATALOGUE, PREPARED_FILE, Package

    prepared = list(place.settings.base_models_folder.glob(f"*/{PREPARED_FILE}"))
    if place.settings.hub == "off" and not prepared:
        # Found and not imported: only the file of weights in such a package is used, and the rest of it may not run here.
        packaged = [base.name for base in CATALOGUE.values() if isinstance(base.source, Package) and find_spec(base.source.module)]
        if not packaged:
            return red(
                "No base model is on this machine, and the hub is off.",
                "Run start-production.py once, or put a model into the models folder.",
            )
        return green(f"{packaged[0]} comes with the installation.")
    return green(f"{len(prepared)} base models are prepared.")


class _reading:  # noqa: N801 - used like a function, in `with`
    """The records file, opened so that nothing can be written; None when there is none."""

    def __init__(self, place: Place) -> None:
        self._file: Path = place.settings.records_file
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> sqlite3.Connection | None:
        if self._file.exists():
            self._connection = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=5)
        return self._connection

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()
