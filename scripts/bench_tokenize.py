"""`scripts/bench tokenize`: the trainer's tokenising against `datasets.map` with the same tokenizer, interleaved, in medians.

Both start from a file of JSON Lines. Of the peer only `map` is timed, the better of its two ways (threads, processes); of ours everything
from opening the file to the mapped tokens. The peer lives in an environment of its own, which is made here once.
"""

import json
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path

from scripts import prepare

TARGET = 2.0
_ROUNDS = 5
_BASE = "smollm2-135m-instruct"
_KINDS = {"short texts": (40_000, 24), "long texts": (1_000, 1_000)}
"""How many examples, and about how many words each."""

_PEER = """
import sys, tempfile, time
import datasets
from transformers import PreTrainedTokenizerFast
datasets.disable_progress_bars()
tokenizer = PreTrainedTokenizerFast.from_pretrained(sys.argv[2])
def encode(batch):
    return {"input_ids": tokenizer(batch["text"])["input_ids"]}
with tempfile.TemporaryDirectory() as folder:
    rows = datasets.Dataset.from_json(sys.argv[1], cache_dir=folder)
    began = time.perf_counter()
    found = rows.map(encode, batched=True, remove_columns=["text"], num_proc=int(sys.argv[3]) or None)
    seconds = time.perf_counter() - began
    print(seconds, sum(map(len, found["input_ids"])))
"""

_OURS = """
import sys, time
from pathlib import Path
from server.tuning.data import examples_of, tokenize
from server.tuning.tokens import load_tokenizer
from shared.job_spec import DataFile
tokenizer = load_tokenizer(Path(sys.argv[2]))
began = time.perf_counter()
corpus = tokenize(examples_of([DataFile(path=Path(sys.argv[1]), name="data", format="jsonl")]), tokenizer)
print(time.perf_counter() - began, corpus.num_tokens - corpus.num_examples)
"""


def bench_tokenize(data: Path) -> int:
    """Prints the ratio of the worse kind of data last. 0 when it reaches the target and both sides counted the same tokens."""
    data.mkdir()
    peer, tokenizer = _peer_python(), _tokenizer_folder(data)
    ratios = []
    for kind, (num_examples, num_words) in _KINDS.items():
        file = _write(data / f"{kind}.jsonl", num_examples, num_words)
        ours, theirs = _rounds(peer, file, tokenizer)
        ratios.append(theirs / ours)
        print(f"{kind}: ours {ours:.2f} s, datasets.map {theirs:.2f} s, ratio {ratios[-1]:.2f}", flush=True)
    good = min(ratios) >= TARGET
    print(f"{'reached' if good else 'MISSED'}: tokenising is {min(ratios):.2f} times as fast as datasets.map (target {TARGET})")
    return 0 if good else 1


def _rounds(peer: Path, file: Path, tokenizer: Path) -> tuple[float, float]:
    """Median seconds of ours and of the peer's better way. One way after the other, again and again, so that noise meets all alike."""
    ours: list[float] = []
    theirs: dict[str, list[float]] = {"0": [], str(os.cpu_count()): []}
    for _ in range(_ROUNDS):
        seconds, expected = _timed([sys.executable, "-c", _OURS, str(file), str(tokenizer)])
        ours.append(seconds)
        for num_proc, found in theirs.items():
            seconds, num_tokens = _timed([str(peer), "-c", _PEER, str(file), str(tokenizer), num_proc])
            found.append(seconds)
            if num_tokens != expected:
                raise SystemExit(f"Ours are {expected:,} tokens and the peer's {num_tokens:,}: they cannot be compared.")
    return statistics.median(ours), min(map(statistics.median, theirs.values()))


def _timed(command: list[str]) -> tuple[float, int]:
    environment = os.environ | {"PYTHONPATH": str(prepare.ROOT), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    done = subprocess.run(command, cwd=prepare.ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"One side of the comparison failed:\n{done.stderr[-2000:]}")
    seconds, num_tokens = done.stdout.split()[-2:]
    return float(seconds), int(num_tokens)


def _peer_python() -> Path:
    """The interpreter of an environment with `datasets` and the product's own versions of transformers and tokenizers."""
    environment = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "llm-tuner" / "bench-datasets"
    python = environment / "bin" / "python"
    environment.parent.mkdir(parents=True, exist_ok=True)
    prepare.make_environment(environment)
    if subprocess.run([python, "-c", "import datasets, transformers"], capture_output=True, check=False).returncode:
        print("Installing the peer, datasets (a minute, once) ...", flush=True)
        packages = ["datasets", "transformers", "tokenizers", "-c", str(prepare.CONSTRAINTS)]
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages], check=True)
    return python


def _tokenizer_folder(data: Path) -> Path:
    from server.tuning.base import tokenizer_folder

    return tokenizer_folder(_BASE, base_models_folder=data / "base-models", models_folder=None)


def _write(file: Path, num_examples: int, num_words: int) -> Path:
    """English-looking texts: the words of the sample book, in an order of chance, each example about as long as asked."""
    words = (prepare.ROOT / "shared/samples/lighthouse-year.txt").read_text(encoding="utf-8").split()
    chance = random.Random(1)
    with file.open("w", encoding="utf-8") as rows:
        for _ in range(num_examples):
            count = chance.randint(num_words // 2, 3 * num_words // 2)
            rows.write(json.dumps({"text": " ".join(chance.choices(words, k=count))}) + "\n")
    return file
