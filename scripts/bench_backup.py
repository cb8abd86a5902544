"""`scripts/bench backup`: a gigabyte, backed up while its server runs, put back on an empty folder, and compared byte by byte."""

import hashlib
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from scripts.bench_upload import send
from tests.system.harness import ROOT, Client, running_server

_BYTES = 1_000_000_000
_NUM_SMALL = 200
_TARGET_S = 300


def bench_backup(data: Path) -> int:
    restored, backup = data.with_name("restored"), data.with_name("backup.tar")
    with running_server(data, hub="off") as server:
        _fill(server.client())
        made_s = _run("backup", str(backup), "--data", str(data))
        before = _held(data)
    put_back_s = _run("restore", str(backup), "--data", str(restored))
    after = _held(restored)
    different = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    good = not different and put_back_s < _TARGET_S
    print(
        f"{'reached' if good else 'MISSED'}: {len(before):,} files and records, {backup.stat().st_size / 1e9:.2f} GB, backed up beside a "
        f"running server in {made_s:.0f} s, restored in {put_back_s:.0f} s (target {_TARGET_S} s); {len(different)} of them different"
    )
    for name in different[:10]:
        print(f"  {name}")
    return 0 if good else 1


def _fill(client: Client) -> None:
    client.register()
    upload, _ = send(client, _BYTES)
    client.http.post(f"/api/uploads/{upload}/complete", json={}, timeout=600).raise_for_status()
    for number in range(_NUM_SMALL):
        client.upload(f"Day {number}. The sea was calm, and we saw {number} herons off the point.\n\n".encode() * 20, f"day-{number}.txt")


def _run(script: str, *words: str) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, str(ROOT / "scripts" / script), *words], check=True)
    return time.monotonic() - began


def _held(home: Path) -> dict[str, str]:
    """Every file by its hash, and every record. What only the running server needs, and records' own file, are left out."""
    files = (path for path in home.rglob("*") if path.is_file() and not path.name.startswith("records.sqlite3"))
    kept = [
        path
        for path in files
        if path.relative_to(home).parts[0] not in {"tmp", "servers", "base-models", "fetched-models", "served", "exports"}
    ]
    with sqlite3.connect(f"file:{home / 'records.sqlite3'}?mode=ro", uri=True) as records:
        rows = records.execute("SELECT partition, sort, version, data FROM documents").fetchall()
    return {path.relative_to(home).as_posix(): _sha256(path) for path in kept} | {
        f"{row[0]} {row[1]}": f"{row[2]} {row[3]}" for row in rows
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
