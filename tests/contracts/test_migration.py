"""An installation moved to AWS and back is the installation that it was."""

import io
import os
from pathlib import Path

import pytest

from server.adapters.aws_setup import create_bucket, create_table
from server.adapters.blobs_disk import DiskBlobs
from server.adapters.records_sqlite import SqliteRecords
from server.operating import migrate
from server.ports.records import ABSENT, Key, Put
from tests import aws_server


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"moved-{os.urandom(4).hex()}"
    create_table(name, aws_server.client("dynamodb"))
    create_bucket(name, aws_server.ACCESS["AWS_REGION"], aws_server.client("s3"))
    monkeypatch.setenv("LLM_TUNER_AWS_TABLE", name)
    monkeypatch.setenv("LLM_TUNER_AWS_BUCKET", name)
    monkeypatch.setenv("LLM_TUNER_AWS_PREFIX", "there/")


def fill(folder: Path) -> None:
    records, blobs = SqliteRecords(folder / "records.sqlite3"), DiskBlobs(folder / "blobs")
    for number in range(230):
        key = Key(f"user#{number % 3}", f"document#{number}")
        records.write(Put(key, {"n": number, "text": "naïve ☃", "large": 2**70, "share": 0.1}, ABSENT))
        if number % 5 == 0:
            records.write(Put(key, {"n": number, "again": True}, 1))
    for number in range(12):
        blobs.put(f"documents/user/{number}", io.BytesIO(os.urandom(1000 * number)))
    blobs.put("models/large", io.BytesIO(os.urandom(9_000_000)))
    records.close()


def test_there_and_back_again_is_the_same(store: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "first").mkdir()
    fill(tmp_path / "first")
    assert migrate.main(["aws", "--data", str(tmp_path / "first")]) == 0
    assert migrate.main(["local", "--data", str(tmp_path / "second")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "230 records (230 copied), 13 blobs (13 copied)."
    assert said[1] == said[4]  # the fingerprint of everything
    stores = [(SqliteRecords(tmp_path / name / "records.sqlite3"), DiskBlobs(tmp_path / name / "blobs")) for name in ("first", "second")]
    assert list(stores[0][0].everything()) == list(stores[1][0].everything())
    assert migrate.fingerprint(*stores[0]) == migrate.fingerprint(*stores[1])


def test_a_migration_that_was_cut_goes_on(store: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path)
    with aws_server.storm(seed=5, errors=0.0, cuts=0.0):
        left = iter([None] * 150)
        aws_server.weather = lambda: next(left, "error")  # type: ignore[arg-type, return-value]
        assert migrate.main(["aws", "--data", str(tmp_path)]) == 1
    assert "start the same command again" in capsys.readouterr().err
    assert migrate.main(["aws", "--data", str(tmp_path)]) == 0
    copied = capsys.readouterr().out.splitlines()[0]
    assert "230 records" in copied
    assert "230 copied" not in copied or "13 copied" not in copied


def test_what_changed_since_is_copied_again(store: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path)
    assert migrate.main(["aws", "--data", str(tmp_path)]) == 0
    records = SqliteRecords(tmp_path / "records.sqlite3")
    records.write(Put(Key("user#0", "document#0"), {"n": "changed"}, 2))
    records.close()
    capsys.readouterr()
    assert migrate.main(["aws", "--data", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("230 records (1 copied), 13 blobs (0 copied).")
