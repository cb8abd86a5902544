"""`scripts/bench fuzz`: every reader fuzzed for a while, each in its own process, two at a time. A crash prints what caused it."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.corpus.fuzzing import FORMATS

ROOT = Path(__file__).resolve().parent.parent


def bench_fuzz(seconds: float, seed: int) -> int:
    with ThreadPoolExecutor(2) as pool:
        bad = [
            format for format, good in zip(FORMATS, pool.map(lambda format: _fuzz(format, seconds, seed), FORMATS), strict=True) if not good
        ]
    print(f"{'MISSED' if bad else 'reached'}: {len(FORMATS)} readers fuzzed for {seconds:.0f} s each, {len(bad)} crashed (target 0)")
    return 1 if bad else 0


def _fuzz(format: str, seconds: float, seed: int) -> bool:
    command = [sys.executable, "-m", "tests.corpus.fuzzing", format, str(seconds), str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{format}: ended with {done.returncode}; what it read last is in {done.stdout.strip()}\n{done.stderr[-3000:]}", flush=True)
        return False
    print(f"{format}: {done.stdout.splitlines()[-1]}", flush=True)
    return True
