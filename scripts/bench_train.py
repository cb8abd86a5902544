"""`scripts/bench train` and `memory`: our trainer against HF Trainer and TRL, on the same data, taking turns of a few steps.

All of them are started once and frozen; then each is let go for a few steps, one after the other, round after round. So whatever else
happens on the machine meets all alike, and nobody pays for a start. Ours is the program that the server starts, with a `spec.json`.

full, lora, gpt2   blocks that are full, the very same for both sides: throughput, and the losses of every step. LoRA has rank 8 on queries
                   and values, which is what peft gives to Llama by itself; peft loads the adapter that ours begins with
short              texts of 45 tokens in the mean (lognormal, like messages): padding against packing
prompt             pairs with 70 % of the tokens in the prompt: the loss of completions alone

The opponents live in an environment of their own, which is made here once.
"""

import json
import math
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from scripts import prepare
from scripts.bench_poll import say
from scripts.chaos_training import small_spec
from shared.job_spec import EVENTS_FILE, SPEC_FILE, DataFile, JobSpec

PARTS = ("full", "lora", "gpt2", "short", "prompt")
_BASE = "smollm2-135m-instruct"
_BLOCK, _BATCH = 512, 2
_PATIENCE_S = 900.0
_LOSS_WITHIN = 1e-3
_MATRIX_SHARE = 0.65
_SPEED_TARGETS = {"full": 1.35, "lora": 1.35, "gpt2": 1.25}
_TUNED_TARGET = 1.2
"""Against an opponent that was given our allocator settings."""
MEMORY_PARTS = ("full", "lora")
_MEMORY_TARGETS = {"full": 0.70, "lora": 0.55}
_RATES = {"full": 2e-5, "gpt2": 1e-4, "lora": 2e-4, "short": 2e-5, "prompt": 2e-5}
_ALLOCATOR = {"MALLOC_TOP_PAD_": str(2**26), "MALLOC_TRIM_THRESHOLD_": str(2**40), "MALLOC_MMAP_MAX_": "0"}
"""What `server.tuning.process` asks of the allocator, as glibc reads it from the environment."""


@dataclass
class Racer:
    """A program that trains, frozen but for its turns. `told` reads its steps so far: (step, loss) or (step, loss, learned tokens)."""

    name: str
    process: psutil.Popen
    told: Callable[[], list[dict[str, Any]]]
    learned: Callable[[int, int], int]
    speeds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak_bytes: int = 0

    def wait_for(self, step: int) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not (told := self.told()) or told[-1]["step"] < step:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{self.name} did not get to step {step}.")
            time.sleep(0.005)

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                self.peak_bytes = 1024 * int(line.split()[1])

    def turn(self, steps: int) -> None:
        """Learned tokens a second of the clock, and processor seconds for each thousand of them."""
        last = self.told()[-1]["step"]
        before, began = sum(self.process.cpu_times()[:2]), time.monotonic()
        self.process.send_signal(signal.SIGCONT)
        self.wait_for(last + steps)
        seconds, spent = time.monotonic() - began, sum(self.process.cpu_times()[:2]) - before
        self.freeze()
        tokens = self.learned(last, self.told()[-1]["step"])
        self.speeds.append(tokens / seconds)
        self.cpu.append(1000 * spent / tokens)


def bench_train(folder: Path, *, parts: list[str], rounds: int, steps: int, memory_only: bool = False) -> int:
    """`steps` in each turn. With `memory_only` every program makes a few steps, and only their peaks are compared."""
    peers = _peer_python()
    base = _prepared_base(folder)
    good = True
    for part in parts:
        place = folder / part
        place.mkdir()
        good &= _memory(part, place, base, peers) if memory_only else _race(part, place, base, peers, rounds, steps)
    return 0 if good else 1


# --- one part -------------------------------------------------------------------------------------------------------


def _race(part: str, place: Path, base: Path, peers: Path, rounds: int, steps: int) -> bool:
    total = 2 + rounds * steps + 8
    probe, shares = _Probe(), []
    with ExitStack() as running:
        racers = [running.enter_context(_ended(racer)) for racer in _racers(part, place, base, peers, total, memory_only=False)]
        ours = racers[0]
        for round_ in range(rounds):
            for racer in racers:
                racer.turn(steps)
                if racer is ours:
                    shares.append(_flops_per_token(part) * ours.speeds[-1] / probe.rate())
            seen = ", ".join(f"{racer.name} {racer.speeds[-1]:.1f} ({racer.cpu[-1]:.1f} cpu s/1000)" for racer in racers)
            print(f"{part}, round {round_ + 1}, learned tokens/s: {seen}; {shares[-1]:.0%} of the matrix rate", flush=True)
        good = _judged(part, ours, racers[1:])
        if part in _SPEED_TARGETS:
            good &= _same_losses(part, ours, racers[1])
            share = statistics.median(shares)
            good &= say(share >= _MATRIX_SHARE, f"{part}: {share:.0%} of the matrix rate probed between (target {_MATRIX_SHARE:.0%})")
    return good


def _judged(part: str, ours: Racer, others: list[Racer]) -> bool:
    good = True
    for other in others:
        ratio = statistics.median(mine / theirs for mine, theirs in zip(ours.speeds, other.speeds, strict=True))
        spent = statistics.median(theirs / mine for mine, theirs in zip(ours.cpu, other.cpu, strict=True))
        target = _target(part, other.name)
        memory = f"{ours.peak_bytes / 1e6:.0f} MB against {other.peak_bytes / 1e6:.0f} MB, {ours.peak_bytes / other.peak_bytes:.2f}"
        text = f"{part}: {ratio:.2f} x {other.name} by the clock, {spent:.2f} x by processor time (target {target}); peak memory {memory}"
        good &= say(ratio >= target, text)
    return good


def _target(part: str, name: str) -> float:
    if part in _SPEED_TARGETS:
        return _TUNED_TARGET if "allocator" in name else _SPEED_TARGETS[part]
    return 4.0 if name.startswith("HF") else 2.0


def _same_losses(part: str, ours: Racer, other: Racer) -> bool:
    mine, theirs = ({told["step"]: told["loss"] for told in racer.told()} for racer in (ours, other))
    both = sorted(mine.keys() & theirs.keys())
    apart = max(abs(mine[step] - theirs[step]) for step in both)
    enough = len(both) >= 3
    return say(
        enough and apart <= _LOSS_WITHIN, f"{part}: losses of {len(both)} steps differ by at most {apart:.1e} (target {_LOSS_WITHIN})"
    )


def _memory(part: str, place: Path, base: Path, peers: Path) -> bool:
    racers = list(_racers(part, place, base, peers, 5, memory_only=True))
    ours, other = racers
    ratio = ours.peak_bytes / other.peak_bytes
    sizes = f"{ours.peak_bytes / 1e6:.0f} MB against {other.peak_bytes / 1e6:.0f} MB"
    return say(
        ratio <= _MEMORY_TARGETS[part], f"{part}: {ratio:.2f} of the peak memory of {other.name}, {sizes} (target {_MEMORY_TARGETS[part]})"
    )


# --- the programs ---------------------------------------------------------------------------------------------------


def _racers(part: str, place: Path, base: Path, peers: Path, steps: int, *, memory_only: bool) -> Iterator[Racer]:
    """Ours first. Each is started, makes two steps to warm up, and is frozen."""
    model, data, rows = _material(part, place, base, steps)
    spec = _spec(part, place, model, data, steps)
    ours, batches = _ours(spec, place / "ours"), _batches(spec, model)
    yield _warm(Racer("ours", ours, lambda: _events(place / "ours"), lambda first, last: sum(b.num_trained for b in batches[first:last])))
    if memory_only:
        _end(ours)
    adapter = _adapter(spec, model, place) if part == "lora" else None
    if rows is None:  # The same blocks in the same order.
        rows = place / "blocks.jsonl"
        rows.write_text("".join(json.dumps({"input_ids": ids}) + "\n" for batch in batches for ids in _blocks_of(batch)))
    for name, changes, environment in _opponents(part)[: 1 if memory_only else None]:
        out = place / f"{name.replace(' ', '-')}.jsonl"
        plan = {
            "model": str(model),
            "rows": str(rows),
            "adapter": adapter,
            "rate": _RATES[part],
            "steps": 10 * steps,
            "threads": _threads(),
        }
        plan |= {"batch": _BATCH, "block": _BLOCK, "packing": None, "out": str(out), "scratch": str(place / "scratch"), **changes}
        process = _peer(peers, plan, out.with_suffix(".plan"), environment)
        racer = _warm(Racer(name, process, lambda out=out: _lines(out), lambda first, last, out=out: _learned(out, first, last)))  # type: ignore[misc]
        yield racer
        if memory_only:
            _end(process)


def _opponents(part: str) -> list[tuple[str, dict[str, Any], dict[str, str]]]:
    if part in _SPEED_TARGETS:
        packed = {"kind": "hf"}
        return [("HF packed", packed, {}), ("HF packed with our allocator settings", packed, _ALLOCATOR)]
    if part == "short":
        packed = {"kind": "trl", "packing": "wrapped"}
        return [
            ("HF tutorial", {"kind": "hf", "batch": 8}, {}),
            ("TRL packing", {**packed, "packing": "bfd"}, {}),
            ("TRL wrapped", packed, {}),
        ]
    return [
        ("TRL completion-only", {"kind": "trl", "batch": 8}, {}),
        ("TRL completion-only, packed", {"kind": "trl", "packing": "bfd"}, {}),
    ]


@contextmanager
def _ended(racer: Racer) -> Iterator[Racer]:
    """Ends it on the way out, frozen or not."""
    try:
        yield racer
    finally:
        _end(racer.process)


def _end(process: psutil.Popen) -> None:
    process.kill()
    process.wait()


def _warm(racer: Racer) -> Racer:
    try:
        racer.wait_for(2)
    except BaseException:
        if racer.process.poll() is None:
            _end(racer.process)
        raise
    racer.freeze()
    return racer


def _ours(spec: JobSpec, folder: Path) -> psutil.Popen:
    folder.mkdir()
    (folder / SPEC_FILE).write_text(spec.model_dump_json())
    command = [sys.executable, "-m", "server.tuning.gpt2_tuning", "--spec", str(folder / SPEC_FILE)]
    return psutil.Popen(command, cwd=prepare.ROOT, stdout=subprocess.DEVNULL)


def _peer(python: Path, plan: dict[str, Any], file: Path, environment: dict[str, str]) -> psutil.Popen:
    file.write_text(json.dumps(plan))
    program = Path(__file__).with_name("bench_train_peer.py")
    with file.with_suffix(".log").open("w") as log:
        return psutil.Popen([str(python), str(program), str(file)], env=os.environ | environment, stdout=log, stderr=log)


def _events(folder: Path) -> list[dict[str, Any]]:
    return [event for event in _lines(folder / EVENTS_FILE) if event["type"] == "progress"]


def _lines(file: Path) -> list[dict[str, Any]]:
    """Whole ones: the last may be half written."""
    return [json.loads(line) for line in file.read_bytes().split(b"\n")[:-1]] if file.exists() else []


def _learned(out: Path, first: int, last: int) -> int:
    return sum(told["learned"] for told in _lines(out) if first < told["step"] <= last)


def _threads() -> int:
    from server.tuning.process import physical_cores

    return physical_cores()


# --- models and data ------------------------------------------------------------------------------------------------


def _prepared_base(folder: Path) -> Path:
    """The base without its chat template, so that pairs are the same tokens on both sides. Kept between runs of the bench."""
    from server.tuning.base import ready_folder

    cache = _cache() / "bench-base-models"
    cache.mkdir(parents=True, exist_ok=True)
    ready = ready_folder(_BASE, base_models_folder=cache, models_folder=None, report=lambda _message, _fraction: None)
    plain = folder / "models" / "smollm2"
    shutil.copytree(ready, plain)
    (plain / "chat_template.jinja").unlink(missing_ok=True)
    config = json.loads((plain / "tokenizer_config.json").read_text())
    config.pop("chat_template", None)
    (plain / "tokenizer_config.json").write_text(json.dumps(config))
    return plain


def _gpt2(base: Path) -> Path:
    """GPT-2 of 124 million weights that begin as noise, with the other base's vocabulary, which fits into its own."""
    from server.tuning.model_folder import save_model
    from server.tuning.model_gpt2 import GPT2
    from server.tuning.model_shape import gpt2_shape
    from server.tuning.tokens import load_tokenizer

    folder = base.with_name("gpt2")
    folder.mkdir()
    model = GPT2(gpt2_shape(vocabulary_size=50257, width=768, num_layers=12, num_heads=12, context_length=1024))
    model.start_from_noise(0)
    tokenizer = load_tokenizer(base)
    save_model(model, folder, bos_id=tokenizer.eos_id, end_ids=[tokenizer.eos_id], pad_id=tokenizer.eos_id)
    tokenizer.save(folder, context_length=1024, template_source=None)
    return folder


def _material(part: str, place: Path, base: Path, steps: int) -> tuple[Path, Path, Path | None]:
    """The model, our data, and the opponents' rows where they are not our blocks."""
    model = _gpt2(base) if part == "gpt2" else base
    data = place / "data.jsonl"
    chance = random.Random(1)
    words = (prepare.ROOT / "shared/samples/lighthouse-year.txt").read_text(encoding="utf-8").split()
    if part in _SPEED_TARGETS:
        _write(data, ({"text": text} for text in _exact_texts(model, words, chance, min(60, 2 * steps))))
        return model, data, None

    def text(mean_tokens: float) -> str:
        """Lognormal with a sigma of 0.8, between 3 words and 300."""
        count = chance.lognormvariate(math.log(mean_tokens / _TOKENS_PER_WORD) - 0.32, 0.8)
        start = chance.randrange(len(words))
        return " ".join((words + words)[start : start + min(300, max(3, round(count)))])

    count = 400 if part == "short" else 250
    if part == "short":
        rows = [{"text": text(45)} for _ in range(count)]
        _write(data, rows)
        return model, data, data
    pairs = [{"prompt": text(100), "completion": text(44)} for _ in range(count)]
    _write(data, pairs)
    peers = place / "pairs.jsonl"  # Spelled out as our plain template does.
    _write(peers, ({"prompt": f"User: {pair['prompt']}\nAssistant:", "completion": f" {pair['completion']}"} for pair in pairs))
    return model, data, peers


_TOKENS_PER_WORD = 1.3


def _exact_texts(model: Path, words: list[str], chance: random.Random, count: int) -> Iterator[str]:
    """Texts that are, with the token that ends them, exactly a block of the opponents."""
    from server.tuning.tokens import load_tokenizer

    tokenizer = load_tokenizer(model).tokenizer
    ids = tokenizer.encode(" ".join(words + words), add_special_tokens=False).ids
    while count:
        start = chance.randrange(len(ids) - _BLOCK)
        text = tokenizer.decode(ids[start : start + _BLOCK - 1])
        if len(tokenizer.encode(text, add_special_tokens=False).ids) == _BLOCK - 1:
            count -= 1
            yield text


def _write(file: Path, rows: Any) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _spec(part: str, place: Path, model: Path, data: Path, steps: int) -> JobSpec:
    """A block of n tokens has n - 1 that are guessed, which is how ours counts."""
    settings: dict[str, Any] = {
        "max_steps": 10 * steps,
        "batch_size": _BATCH,
        "block_size": _BLOCK - 1,
        "learning_rate": _RATES[part],
        "scheduler": "constant",
        "warmup_ratio": 0.0,
        "weight_decay": 0.0,
        "validation_fraction": 0.0,
        "lora_r": 8,
        "lora_alpha": 16.0,
        "lora_targets": "query_value",
    }
    spec = small_spec(place, base_model=f"local/{model.name}", method="lora" if part == "lora" else "full", threads=None, **settings)
    files = [DataFile(path=data, name=data.name, format="jsonl")]
    return spec.model_copy(update={"data": files, "models_folder": model.parent, "checkpoint_every_s": 1e6, "sample_prompts": ["The"]})


def _batches(spec: JobSpec, model: Path) -> list[Any]:
    """What our trainer will compute in each step."""
    from itertools import islice

    import numpy as np

    from server.tuning.data import examples_of, tokenize
    from server.tuning.packing import Blocks
    from server.tuning.tokens import load_tokenizer

    corpus = tokenize(examples_of(spec.data), load_tokenizer(model))
    settings = spec.settings
    blocks = Blocks(corpus, np.arange(corpus.num_examples), block_size=settings.block_size, seed=settings.seed)
    order = blocks.endless(settings.seed)
    return [blocks.batch(list(islice(order, settings.batch_size))) for _ in range(settings.max_steps // 10 + 4)]


def _blocks_of(batch: Any) -> Iterator[list[int]]:
    """A batch of whole blocks as the opponents' rows."""
    ids, last = batch.ids.view(-1, _BLOCK - 1), batch.targets.view(-1, _BLOCK - 1)[:, -1:]
    for row, end in zip(ids.tolist(), last.tolist(), strict=True):
        yield row + end


def _adapter(spec: JobSpec, model: Path, place: Path) -> str:
    """The adapter that ours begins with, in peft's format: it must load it."""
    from server.tuning import lora
    from server.tuning.model_folder import load_model

    settings, loaded = spec.settings, load_model(model)
    lora.attach(loaded, rank=settings.lora_r, alpha=settings.lora_alpha, seed=settings.seed, targets=settings.lora_targets)
    lora.save_adapter(loaded, place / "adapter", base_model=str(model), rank=settings.lora_r, alpha=settings.lora_alpha)
    return str(place / "adapter")


def _flops_per_token(part: str) -> float:
    """In GFLOP: two for each weight forward, two more for the gradient of the input, and of the weight where it trains; and attention."""
    shape = {"width": 768, "layers": 12, "weights": 123.6e6} if part == "gpt2" else {"width": 576, "layers": 30, "weights": 134.5e6}
    products = 4 if part == "lora" else 6
    return (products * shape["weights"] + 6 * shape["layers"] * shape["width"] * _BLOCK) / 1e9


class _Probe:
    """The machine's best rate of matrix products now, in GFLOP/s, by either of the libraries that torch brings."""

    def __init__(self) -> None:
        import torch

        from server.tuning.process import set_up_torch
        from server.tuning.product import linear

        set_up_torch(None)
        self._x, self._w, self._y = torch.randn(1024, 1536), torch.randn(1536, 1536), torch.empty(1024, 1536)
        self._ways = (lambda: torch.mm(self._x, self._w.T, out=self._y), lambda: linear(self._x, self._w))

    def rate(self, seconds: float = 1.5) -> float:
        best, until = math.inf, time.monotonic() + seconds
        while time.monotonic() < until:
            for way in self._ways:
                began = time.perf_counter()
                way()
                best = min(best, time.perf_counter() - began)
        return 2 * 1024 * 1536 * 1536 / 1e9 / best


# --- the opponents' environment -------------------------------------------------------------------------------------


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "llm-tuner"


def _peer_python() -> Path:
    """The interpreter of an environment with TRL and peft, and the product's own versions of what both use."""
    environment = _cache() / "bench-train"
    python = environment / "bin" / "python"
    environment.parent.mkdir(parents=True, exist_ok=True)
    prepare.make_environment(environment)
    if subprocess.run([python, "-c", "import trl, peft, accelerate, datasets"], capture_output=True, check=False).returncode:
        print("Installing the opponents: transformers, TRL, peft (some minutes, once) ...", flush=True)
        [torch] = [line for line in prepare.CONSTRAINTS.read_text().splitlines() if line.startswith("torch==")]
        for packages in ([torch], ["trl", "peft", "accelerate", "datasets", "transformers", "tokenizers"]):
            command = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages, "-c", str(prepare.CONSTRAINTS)]
            subprocess.run(command, check=True)
    return python
