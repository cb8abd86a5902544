#!/usr/bin/env python3
"""The generation worker: a long-lived program that the server starts when somebody wants text from a model, and that ends when idle.

    python -m server.tuning.worker --socket PATH --base-models-folder DIR [--models-folder DIR] [--idle-s 300] [--threads N]

It listens on a unix socket that only its own user can open. One JSON request a line, one JSON answer a line; requests are served one
at a time in the order in which they came (`serving.py` says what they hold).
"""

import argparse
import contextlib
import json
import os
import queue
import socket
import sys
import threading
from pathlib import Path
from typing import Any

_MOST_BYTES = 16 * 2**20
_LAST_CALL_S = 0.3


class _Request:
    """A line from a client, and the way back to it."""

    def __init__(self, line: bytes, connection: socket.socket) -> None:
        self.line = line
        self._connection = connection

    def answer(self, value: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # The client may have gone.
            self._connection.sendall(json.dumps(value, ensure_ascii=False).encode() + b"\n")


def listen(path: Path) -> socket.socket:
    """The worker's socket with mode 0600. A file that a dead worker left is replaced; a living worker's raises OSError."""
    if path.exists():
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except OSError:
                path.unlink()
            else:
                raise OSError(f"another worker is listening on {path.name}")
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(64)
    return listener


def _accept(listener: socket.socket, requests: "queue.Queue[_Request]") -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # Closed: the worker is retiring.
            return
        threading.Thread(target=_receive, args=(connection, requests), daemon=True).start()


def _receive(connection: socket.socket, requests: "queue.Queue[_Request]") -> None:
    with contextlib.suppress(OSError), connection.makefile("rb") as lines:
        while line := lines.readline(_MOST_BYTES):
            requests.put(_Request(line, connection))


def main(arguments: list[str]) -> int:
    flags = _parser().parse_args(arguments)
    requests: queue.Queue[_Request] = queue.Queue()
    try:
        listener = listen(flags.socket)
    except OSError as error:
        print(f"The worker cannot listen: {error}", file=sys.stderr)
        return 1
    threading.Thread(target=_accept, args=(listener, requests), daemon=True).start()
    try:
        _serve(flags, requests)
    finally:
        flags.socket.unlink(missing_ok=True)
        listener.close()
    return 0


def _serve(flags: argparse.Namespace, requests: "queue.Queue[_Request]") -> None:
    from server.tuning.process import set_up_torch  # After listening: importing torch takes two seconds that clients can queue in.
    from server.tuning.serving import Serving

    set_up_torch(flags.threads)
    serving = Serving(base_models_folder=flags.base_models_folder, models_folder=flags.models_folder)
    wait = flags.idle_s
    while True:
        try:
            request = requests.get(timeout=wait)
        except queue.Empty:
            if wait == _LAST_CALL_S:
                return
            flags.socket.unlink(missing_ok=True)  # From here on the server finds no worker; who came just before is still served.
            wait = _LAST_CALL_S
            continue
        request.answer(serving.answer(request.line))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("worker.py", description="Generates text from base models and tuned models, on request.")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--base-models-folder", type=Path, required=True)
    parser.add_argument("--models-folder", type=Path)
    parser.add_argument("--idle-s", type=float, default=300.0)
    parser.add_argument("--threads", type=int)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
