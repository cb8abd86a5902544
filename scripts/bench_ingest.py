"""`scripts/bench ingest`: the reader alone, as the server runs it on every upload, on large files and on large hostile ones."""

import json
import random
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.corpus import reading
from tests.corpus.hostile import huge_files

MB = 1 << 20
SECONDS_TARGET = 8.0
MEMORY_TARGET_MB = 200
ANSWER_TARGET_S = 30
HOSTILE_MEMORY_TARGET_MB = 1024
_WORDS = ("the", "pump", "runs", "all", "day", "and", "water", "goes", "up", "the", "hill", "to", "a", "house", "in", "sun", "or", "rain")


def bench_ingest(_: Path) -> int:
    empty = reading.read("empty.jsonl", b'{"text":"a"}\n').peak_bytes
    good = [_speed("pairs", _pairs, empty), _speed("chats", _chats, empty), _constant_memory(empty), _hostile()]
    return 0 if all(good) else 1


def _speed(name: str, rows: Callable[[], Iterator[bytes]], empty: int) -> bool:
    runs = []
    for _ in range(3):
        answer = reading.read(f"{name}.jsonl", lambda path: _write(path, rows, 100 * MB))
        runs.append((answer.seconds, (answer.peak_bytes - empty) / 1e6, answer.found["num_examples"]))
    seconds, added = statistics.median(run[0] for run in runs), max(run[1] for run in runs)
    good = seconds < SECONDS_TARGET and added < MEMORY_TARGET_MB
    print(
        f"{_verdict(good)}: 100 MB of {name} as JSON Lines ({runs[0][2]:,} examples) validated and counted in {seconds:.1f} s "
        f"(target {SECONDS_TARGET:.0f} s), {added:.0f} MB of memory added (target {MEMORY_TARGET_MB} MB)",
        flush=True,
    )
    return good


def _constant_memory(empty: int) -> bool:
    answer = reading.read("large.jsonl", lambda path: _write(path, _chats, 1000 * MB))
    added = (answer.peak_bytes - empty) / 1e6
    good = answer.accepted and added < MEMORY_TARGET_MB
    print(f"{_verdict(good)}: 1 GB of JSON Lines in {answer.seconds:.0f} s with {added:.0f} MB of memory added", flush=True)
    return good


def _hostile() -> bool:
    answers = {case.name: (reading.read(case.name, case.content), case) for case in huge_files()}
    bad = [
        name
        for name, (answer, case) in answers.items()
        if not answer.found or case.accepted not in (None, answer.accepted) or answer.left_behind
    ]
    slowest = max(answer.seconds for answer, _ in answers.values())
    largest = max(answer.peak_bytes for answer, _ in answers.values()) / 1e6
    good = not bad and slowest < ANSWER_TARGET_S and largest < HOSTILE_MEMORY_TARGET_MB
    print(
        f"{_verdict(good)}: {len(answers)} hostile files of 30 to 300 MB, each answered in {slowest:.0f} s (target {ANSWER_TARGET_S} s) "
        f"and {largest:.0f} MB (target {HOSTILE_MEMORY_TARGET_MB} MB){', wrongly: ' + ', '.join(bad) if bad else ''}"
    )
    return good


def _write(path: Path, rows: Callable[[], Iterator[bytes]], size: int) -> None:
    """The same few thousand rows again and again: it is the reader that is measured."""
    block = b"".join(rows())
    with path.open("wb") as file:
        for _ in range(size // len(block)):
            file.write(block)


def _pairs() -> Iterator[bytes]:
    chance = random.Random(1)
    for _ in range(10_000):
        row = {"prompt": " ".join(chance.choices(_WORDS, k=6)) + "?", "completion": " ".join(chance.choices(_WORDS, k=8)) + "."}
        yield json.dumps(row).encode() + b"\n"


def _chats() -> Iterator[bytes]:
    chance = random.Random(2)
    for _ in range(2_000):
        asked, said = (" ".join(chance.choices(_WORDS, k=number)) + " für" for number in (20, 60))
        messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": asked}, {"role": "assistant", "content": said}]
        yield json.dumps({"messages": messages}, ensure_ascii=False).encode() + b"\n"


def _verdict(good: bool) -> str:
    return "reached" if good else "MISSED"
