"""`scripts/bench generate`: how fast tuned models answer. SmolLM2-135M served by llama.cpp, in turn with transformers' `generate`, on the
same prompts; and what 200 waiting prompts cost whoever polls."""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Final, cast

import httpx

from scripts.bench_poll import Viewers, say, usual_p99
from scripts.load import Load
from server.adapters.clock_system import SystemClock
from server.adapters.launch_local import LocalLauncher
from server.adapters.programs import Programs
from server.background.generation import Generator
from server.background.serving import Serving, ServingOptions
from server.background.whole_answers import WholeAnswers
from server.ports.textgen import TextModel, TextRequest
from tests.system.harness import ROOT, running_server
from tests.system.planted import plant_jobs

BASE: Final = "smollm2-135m-instruct"
MODEL: Final = TextModel("SmolLM2", "base", BASE)
NUM_TOKENS: Final = 64
THREADS: Final = 2
NUM_AT_ONCE: Final = 8
NUM_WAITING: Final = 200
WINDOW_S, NUM_WINDOWS = 4.0, 4
PROMPTS: Final = (
    "The lighthouse keeper walked down to the harbour, and",
    "Explain in a few sentences how a sailing boat can go against the wind.",
    "A recipe for a simple soup of potatoes and leeks begins with",
    "Once there was a small town between two rivers where",
)
LONG_PROMPT: Final = "Every evening the lamp turns, and every morning the keeper writes down what passed. " * 6
TARGETS: Final = {"q8_0": 2.5, "f32": 1.3}


@dataclass(frozen=True)
class Answer:
    num_tokens: int
    seconds: float
    first_s: float


PARTS_OF_GENERATE: Final = ("speed", "loading", "waiting")


def bench_generate(data: Path, *, rounds: int, only: str | None = None) -> int:
    data.mkdir(parents=True)
    parts = {"speed": lambda: speed(data, rounds), "loading": lambda: loading(data), "waiting": lambda: waiting(data / "server")}
    results = [part() for name, part in parts.items() if only in {None, name}]
    return 0 if all(results) else 1


def speed(data: Path, rounds: int) -> bool:
    with served(data, "q8_0") as fast, served(data, "f32") as exact, Peer(data / "base-models" / BASE, THREADS) as peer:
        ours = {"q8_0": fast, "f32": exact}
        return all([*ratios(ours, peer, rounds), *together(ours), *beginnings(ours)])


def ratios(ours: dict[str, Serving], peer: "Peer", rounds: int) -> Iterator[bool]:
    """Tokens a second of whole answers, prompt included, at one prompt at a time. Each round asks everybody in turn."""
    rates: dict[str, list[float]] = {name: [] for name in (*ours, "transformers")}
    for _ in range(rounds):
        for name, serving in ours.items():
            rates[name].append(rate([answer(serving, prompt) for prompt in PROMPTS]))
        rates["transformers"].append(rate([peer.answer(prompt) for prompt in PROMPTS]))
    for name, target in TARGETS.items():
        each = [mine / theirs for mine, theirs in zip(rates[name], rates["transformers"], strict=True)]
        yield say(
            statistics.median(each) >= target,
            f"{name}: {statistics.median(rates[name]):.0f} tokens a second at one prompt, transformers "
            f"{statistics.median(rates['transformers']):.0f}: {statistics.median(each):.2f} times (target {target}; rounds: "
            + ", ".join(f"{one:.2f}" for one in each)
            + ")",
        )


def together(ours: dict[str, Serving]) -> Iterator[bool]:
    """Eight prompts at once against one after the other, in turn."""
    for name, serving in ours.items():
        each, last = [], 0.0
        for _ in range(3):
            alone = rate([answer(serving, prompt) for prompt in PROMPTS[:2]])
            began = time.perf_counter()
            with ThreadPoolExecutor(NUM_AT_ONCE) as several:
                answers = list(
                    several.map(lambda prompt, serving=serving: answer(serving, prompt), PROMPTS * (NUM_AT_ONCE // len(PROMPTS)))
                )
            last = sum(one.num_tokens for one in answers) / (time.perf_counter() - began)
            each.append(last / alone)
        ratio = statistics.median(each)
        yield say(ratio >= 2, f"{name}: {NUM_AT_ONCE} prompts at once, {last:.0f} tokens a second: {ratio:.2f} times one alone (target 2)")


def beginnings(ours: dict[str, Serving]) -> Iterator[bool]:
    for name, serving in ours.items():
        first = statistics.median(answer(serving, LONG_PROMPT, num_tokens=2).first_s for _ in range(7))
        yield say(first < 0.3, f"{name}: first piece of a 100-token prompt after {1000 * first:.0f} ms (target 300 ms)")


def loading(data: Path) -> bool:
    """From the start of the program to the first piece, its file being there from an earlier time."""
    seconds = []
    for _ in range(3):
        with served(data, "f16", warm=False) as serving:
            seconds.append(answer(serving, PROMPTS[0], num_tokens=1).seconds)
    return say(
        statistics.median(seconds[1:]) < 3,
        f"loaded after {statistics.median(seconds[1:]):.1f} s (target 3 s; its file written: {seconds[0]:.1f} s)",
    )


def waiting(data: Path) -> bool:
    with running_server(data, hub="off", trainer_threads=str(THREADS)) as server:
        viewers = Viewers(server)
        [job] = plant_jobs(data, viewers.owner, 1, state="paused", num_lines=200)
        asked = {"model": BASE, "prompt": PROMPTS[0], "max_tokens": 256, "temperature": 0, "stream": True}
        ended = threading.Event()
        viewers.client.post("/v1/completions", **{**asked, "max_tokens": 1, "stream": False})  # loads the model
        headers = dict(viewers.client.http.headers)
        waiters = [
            threading.Thread(target=wait, args=(server.url, headers, asked, ended), daemon=True) for _ in range(NUM_WAITING + NUM_AT_ONCE)
        ]
        for waiter in waiters:
            waiter.start()
        time.sleep(2)
        windows = [Load(server.port, viewers.pollers(job, 50), rate=25, seconds=WINDOW_S).measured() for _ in range(NUM_WINDOWS)]
        still = sum(waiter.is_alive() for waiter in waiters)
        ended.set()
    p99 = usual_p99(windows)
    return say(
        p99 < 0.100 and still >= NUM_WAITING and all(window.good for window in windows),
        f"25 polls a second while {still} prompts wait or are answered: usual p99 {1000 * p99:.0f} ms (target 100 ms)",
    )


def wait(url: str, headers: dict[str, Any], asked: dict[str, Any], ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            with httpx.stream("POST", f"{url}/v1/completions", json=asked, headers=headers, timeout=600) as answer:
                for _ in answer.iter_lines():
                    if ended.is_set():
                        return
        except httpx.HTTPError:
            return


@contextmanager
def served(data: Path, precision: str, *, warm: bool = True) -> Iterator[Serving]:
    launcher, clock = LocalLauncher(Programs(ROOT)), SystemClock()
    others = Generator(launcher, clock, base_models_folder=data, threads=THREADS)
    options = ServingOptions(data / "served", data / "base-models", data / "models", precision, num_models=1, threads=THREADS)
    serving = Serving(launcher, clock, WholeAnswers(others), options)
    try:
        if warm:
            answer(serving, PROMPTS[0], num_tokens=4)
        yield serving
    finally:
        serving.stop()


def answer(serving: Serving, prompt: str, *, num_tokens: int = NUM_TOKENS) -> Answer:
    began, first, usage = time.perf_counter(), 0.0, None
    request = TextRequest(MODEL, prompt=prompt, max_tokens=num_tokens, temperature=0)
    for piece in serving.generate(replace(request)):
        first = first or time.perf_counter() - began
        usage = piece.usage
    return Answer(usage.num_completion_tokens if usage else 0, time.perf_counter() - began, first)


def rate(answers: list[Answer]) -> float:
    return sum(one.num_tokens for one in answers) / sum(one.seconds for one in answers)


class Peer:
    def __init__(self, folder: Path, threads: int) -> None:
        from server.tuning.tokens import load_tokenizer

        self._tokenizer = load_tokenizer(folder)
        program = [sys.executable, str(ROOT / "scripts" / "bench_generate_peer.py"), str(folder), str(threads)]
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)
        self._into, self._from = cast("IO[str]", self._process.stdin), cast("IO[str]", self._process.stdout)
        self._line()

    def answer(self, prompt: str) -> Answer:
        self._into.write(json.dumps({"ids": self._tokenizer.encode_prompt(prompt), "tokens": NUM_TOKENS}) + "\n")
        self._into.flush()
        said = self._line()
        return Answer(len(said["ids"]), said["seconds"], said["seconds"])

    def _line(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self._from.readline())
        return said

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
