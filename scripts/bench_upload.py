"""`scripts/bench upload`: a JSON Lines file of a gigabyte, sent in parts and read whole, and what that adds to the server's memory."""

import json
import time
from pathlib import Path

from tests.system.harness import Client, Server, running_server

FILE_BYTES = 1_000_000_000
TARGET_MB = 64


def bench_upload(data: Path) -> int:
    with running_server(data) as server:
        client = server.client()
        client.register()
        client.http.get("/api/documents")
        before = resident_peak_mb(server)
        started = time.monotonic()
        upload, sent_s = send(client, FILE_BYTES)
        document = client.http.post(f"/api/uploads/{upload}/complete", json={}, timeout=600).raise_for_status().json()
        seconds = time.monotonic() - started
        added = resident_peak_mb(server) - before
    good = added < TARGET_MB
    print(
        f"{'reached' if good else 'MISSED'}: {document['size_bytes'] / 1e9:.2f} GB, {document['num_examples']:,} examples, "
        f"sent in {sent_s:.0f} s, read and kept after {seconds:.0f} s; the server grew by {added:.0f} MB (target {TARGET_MB} MB)"
    )
    return 0 if good else 1


def send(client: Client, size_bytes: int) -> tuple[str, float]:
    """The upload's id, and the seconds that sending took. The file is made on the way and never lies in memory."""
    row = (
        json.dumps({"prompt": "What is row {}?", "completion": "A row of the large file, which says little and says it often. " * 4}) + "\n"
    )
    block = row.encode() * (1_000_000 // len(row))
    num_blocks = size_bytes // len(block)
    asked = {"filename": "large.jsonl", "size_bytes": num_blocks * len(block)}
    upload = client.http.post("/api/uploads", json=asked).raise_for_status().json()
    part_bytes, waiting, number = upload["part_size_bytes"], bytearray(), 0
    started = time.monotonic()
    for block_number in range(num_blocks):
        waiting += block
        last = block_number == num_blocks - 1
        while len(waiting) >= part_bytes or (last and waiting):
            number += 1
            part = bytes(waiting[:part_bytes])
            del waiting[:part_bytes]
            address = f"/api/uploads/{upload['id']}/parts/{number}"
            client.http.put(address, content=part, headers={"content-type": "application/octet-stream"}).raise_for_status()
    return str(upload["id"]), time.monotonic() - started


def resident_peak_mb(server: Server) -> float:
    """The most memory that the server itself has ever had; children are not counted, they have limits of their own."""
    for line in Path(f"/proc/{server.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1e3
    raise SystemExit("this system does not tell a process's peak memory")
