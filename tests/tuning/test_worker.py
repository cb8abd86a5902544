"""The generation worker over its socket."""

import json
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from server.tuning.serving import Serving

ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """A worker process and clients of it."""

    def __init__(self, models_folder: Path, idle_s: float) -> None:
        self.socket = Path(tempfile.mkdtemp(prefix="worker-")) / "s"
        flags = ["--socket", self.socket, "--base-models-folder", models_folder, "--models-folder", models_folder, "--idle-s", idle_s]
        self.process = subprocess.Popen([sys.executable, "-m", "server.tuning.worker", *map(str, flags)], cwd=ROOT)
        deadline = time.monotonic() + 20
        while not self.socket.exists() and time.monotonic() < deadline:
            time.sleep(0.02)

    def ask(self, request: Any) -> dict[str, Any]:
        line = request if isinstance(request, bytes) else json.dumps(request).encode()
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(str(self.socket))
            client.sendall(line + b"\n")
            answer: dict[str, Any] = json.loads(client.makefile().readline())
            return answer


@pytest.fixture(scope="module")
def worker(models_folder: Path) -> Iterator[Worker]:
    worker = Worker(models_folder, idle_s=60)
    yield worker
    worker.process.terminate()
    worker.process.wait(10)


LLAMA = {"kind": "base", "id": "local/tiny-llama"}
GPT2 = {"kind": "base", "id": "local/tiny-gpt2"}


def test_only_its_own_user_may_open_the_socket(worker: Worker) -> None:
    assert stat.S_IMODE(worker.socket.stat().st_mode) == 0o600


def test_greedy_is_the_same_each_time_and_a_seed_fixes_a_sample(worker: Worker) -> None:
    asked = {"model": LLAMA, "prompt": "The lamp", "max_tokens": 12}
    assert worker.ask(asked)["token_ids"] == worker.ask(asked)["token_ids"]
    warm = {**asked, "temperature": 1.5, "top_p": 0.95}
    samples = [worker.ask({**warm, "seed": seed})["token_ids"] for seed in (1, 1, 2)]
    assert samples[0] == samples[1] != samples[2]


def test_the_answer_counts_tokens(worker: Worker) -> None:
    answer = worker.ask({"model": GPT2, "prompt": "The lamp turns", "max_tokens": 5})
    assert answer["num_tokens"] == len(answer["token_ids"]) <= 5
    assert answer["num_prompt_tokens"] > 0
    assert answer["finish_reason"] in ("stop", "length")
    assert answer["seconds"] >= 0


def test_many_clients_are_all_served(worker: Worker) -> None:
    with ThreadPoolExecutor(8) as clients:
        asked = [{"model": LLAMA, "prompt": f"Ship {i}", "max_tokens": 4} for i in range(16)]
        assert all("text" in answer for answer in clients.map(worker.ask, asked))


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (b"not json", "bad_request"),
        ([1], "bad_request"),
        ({"prompt": "x"}, "bad_request"),
        ({"model": LLAMA}, "bad_request"),
        ({"model": LLAMA, "prompt": "x", "temperature": "warm"}, "bad_request"),
        ({"model": LLAMA, "prompt": "x " * 400}, "prompt_too_long"),
        ({"model": {"kind": "base", "id": "local/none"}, "prompt": "x"}, "base_unavailable"),
        ({"model": {"kind": "base", "id": "gpt2-scratch-1m"}, "prompt": "x"}, "base_unavailable"),
        ({"model": {"kind": "base", "id": "distilgpt2"}, "prompt": "x"}, "base_unavailable"),
        ({"model": {"kind": "folder", "path": "/nowhere"}, "prompt": "x"}, "model_damaged"),
        ({"model": LLAMA, "messages": [{"role": "user"}, 3]}, "bad_messages"),
    ],
)
def test_what_cannot_be_served_is_refused_in_words_and_the_worker_lives_on(request_: Any, code: str, worker: Worker) -> None:
    answer = worker.ask(request_)
    assert answer["error"]["code"] == code
    assert answer["error"]["message"]
    assert "text" in worker.ask({"model": LLAMA, "prompt": "The", "max_tokens": 1})


def test_it_retires_when_nobody_asks(models_folder: Path) -> None:
    worker = Worker(models_folder, idle_s=0.5)
    assert worker.process.wait(30) == 0
    assert not worker.socket.exists()


def test_at_most_two_models_stay_loaded(models_folder: Path, tmp_path: Path) -> None:
    import shutil

    folders = [shutil.copytree(models_folder / "tiny-llama", tmp_path / name) for name in ("a", "b", "c")]
    serving = Serving(base_models_folder=tmp_path, models_folder=None)
    for folder in [*folders, folders[1]]:
        request = {"model": {"kind": "folder", "path": str(folder)}, "prompt": "The", "max_tokens": 1}
        assert "text" in serving.answer(json.dumps(request).encode())
    assert list(serving._loaded) == [str(folders[2]), str(folders[1])]
