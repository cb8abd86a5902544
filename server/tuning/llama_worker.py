#!/usr/bin/env python3
"""The program that serves one model with llama.cpp, many requests at a time; started by the server, and ends when idle. No torch here.

    python -m server.tuning.llama_worker --socket PATH --cache DIR --base-models-folder DIR (--model FOLDER | --base ID)
        [--models-folder DIR] [--precision f16] [--slots 8] [--threads N] [--idle-s 300]

It listens on a unix socket that only its own user can open: one request a connection, answered by lines (`llama_serving.py`). Closing the
connection ends the work. What keeps it from starting it says in `refused.json` beside the socket: {"code", "message"}.
"""

import argparse
import contextlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

import psutil

from server.tuning import failures
from server.tuning.admission import Admission, Gone
from server.tuning.base import is_whole, ready_folder
from server.tuning.cores import physical_cores
from server.tuning.files import write_whole
from server.tuning.gguf_tensors import PRECISIONS, Precision
from server.tuning.gguf_vocabulary import NotInGguf
from server.tuning.llama_engine import Engine, EngineRefused, Load
from server.tuning.llama_file import gguf_of
from server.tuning.llama_serving import Refused, Served
from server.tuning.model_files import read_config
from server.tuning.model_shape import ModelShape, UnsupportedModel, shape_of
from server.tuning.tokens import check_fits, load_tokenizer
from shared.base_models import CATALOGUE, Hub
from shared.model_folder import DamagedModel

REFUSED_FILE: Final = "refused.json"
_MOST_BYTES: Final = 16 * 2**20
_CELLS: Final = 16_384
"""Tokens that all requests of a model together may hold, where its own context is not longer."""
_OVERHEAD_BYTES: Final = 300 * 10**6
_BYTES_OF: Final[dict[Precision, float]] = {"f32": 4, "f16": 2, "q8_0": 34 / 32}
_NICE: Final = 5
"""A training beside it goes first, and still leaves it a share."""
_LOOK_S: Final = 0.5


class Worker:
    def __init__(self, served: Served) -> None:
        self._served = served
        self._lock = threading.Lock()
        self._open = 0
        self.idle_since = time.monotonic()

    @property
    def idle_s(self) -> float:
        with self._lock:
            return 0.0 if self._open else time.monotonic() - self.idle_since

    def serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._open += 1
        try:
            with connection, contextlib.suppress(OSError, Gone):
                self._answer(connection)
        finally:
            with self._lock:
                self._open -= 1
                self.idle_since = time.monotonic()

    def _answer(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            question = lines.readline(_MOST_BYTES)
        try:
            for line in self._served.answer(_parsed(question), lambda: _is_gone(connection)):
                _say(connection, line)
        except Refused as refusal:
            _say(connection, {"error": {"code": refusal.code, "message": str(refusal)}})
        except EngineRefused as refusal:
            _say(connection, {"error": {"code": "failed", "message": f"{refusal}."}})


def _say(connection: socket.socket, line: dict[str, Any]) -> None:
    connection.sendall(json.dumps(line, ensure_ascii=False).encode(errors="replace") + b"\n")


def _is_gone(connection: socket.socket) -> bool:
    """Nobody says more than one line: what can be read then is the end."""
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


def _parsed(question: bytes) -> dict[str, Any]:
    try:
        request = json.loads(question)
    except ValueError as error:
        raise Refused("bad_request", "The request is not one line of JSON.") from error
    if not isinstance(request, dict):
        raise Refused("bad_request", "The request is not a JSON object.")
    return request


def main(arguments: list[str]) -> int:
    flags = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    os.nice(_NICE)
    try:
        worker = Worker(_loaded(flags))
    except Refused as refusal:
        write_whole(flags.socket.with_name(REFUSED_FILE), json.dumps({"code": refusal.code, "message": str(refusal)}))
        return 1
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    listener.bind(str(flags.socket))
    os.umask(before)
    listener.listen(1024)
    listener.settimeout(_LOOK_S)
    while worker.idle_s < flags.idle_s:
        with contextlib.suppress(TimeoutError):
            connection, _ = listener.accept()
            connection.settimeout(None)
            threading.Thread(target=worker.serve, args=(connection,), daemon=True).start()
    flags.socket.unlink(missing_ok=True)
    return 0


def _loaded(flags: argparse.Namespace) -> Served:
    """Raises `Refused`: "unsupported" for what llama.cpp does not know, "no_memory", "base_unavailable", "model_damaged"."""
    try:
        folder = flags.model or _base(flags.base, flags)
        shape = shape_of(read_config(folder))
        tokenizer = load_tokenizer(folder)
        check_fits(tokenizer, shape.vocabulary_size)
        cells = max(shape.context_length, min(flags.slots * shape.context_length, _CELLS))
        _check_memory(shape, flags.precision, cells)
        file = gguf_of(folder, flags.cache, precision=flags.precision)
        load = Load(flags.slots, cells, flags.threads or physical_cores(), exact=flags.precision == "f32")
        engine = Engine(file, flags.socket.with_name("llama.sock"), load)
    except (UnsupportedModel, NotInGguf, EngineRefused) as error:
        raise Refused("unsupported", f"llama.cpp cannot serve this model: {error}.") from error
    except DamagedModel as error:
        raise Refused("model_damaged", f"The model's files cannot be used: {error}.") from error
    except Refused:
        raise
    except Exception as error:
        failure = failures.failure_of(error)
        raise Refused(failure.code, f"{failure.message} {failure.fix}") from error
    return Served(engine, tokenizer, shape.context_length, Admission(slots=flags.slots, cells=cells))


def _base(base_model: str, flags: argparse.Namespace) -> Path:
    """Weights from a package are prepared on the way; what would have to be downloaded first is refused."""
    entry = CATALOGUE.get(base_model)
    if entry is not None and entry.from_scratch:
        raise Refused("base_unavailable", f"{entry.name} knows nothing before it is trained, so it cannot be asked.")
    if entry is not None and isinstance(entry.source, Hub) and not is_whole(flags.base_models_folder / entry.id):
        raise Refused("base_unavailable", f"{entry.name} is not on this machine yet. It is fetched when it is first trained.")
    return ready_folder(
        base_model,
        base_models_folder=flags.base_models_folder,
        models_folder=flags.models_folder,
        report=lambda _message, _fraction: None,
    )


def _check_memory(shape: ModelShape, precision: Precision, cells: int) -> None:
    keys = 2 * shape.num_layers * shape.num_kv_heads * shape.head_width * (4 if precision == "f32" else 2)
    needed = int(shape.least_parameters * _BYTES_OF[precision] + keys * cells + _OVERHEAD_BYTES)
    free = int(psutil.virtual_memory().available)
    if needed > free:
        raise Refused(
            "no_memory",
            f"The model needs about {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free. Try again when no training runs.",
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("llama_worker.py", description="Serves one model with llama.cpp.")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--base-models-folder", type=Path, required=True)
    parser.add_argument("--models-folder", type=Path)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--model", type=Path)
    which.add_argument("--base")
    parser.add_argument("--precision", choices=PRECISIONS, default="f16")
    parser.add_argument("--slots", type=int, default=8)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--idle-s", type=float, default=300.0)
    return parser


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # At once: llama.cpp's own threads are not waited for.
