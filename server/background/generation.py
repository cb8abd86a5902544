"""Answers prompts with a base or a tuned model, through one program that keeps the last models loaded and retires when idle.

The server itself never loads a model. The program listens on a socket file in a folder that only this user can enter.
"""

import json
import os
import shutil
import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

from server.errors import Conflict, InvalidInput, Unavailable
from server.ports.clock import Clock
from server.ports.launcher import Launch, Launcher, stop_and_wait
from shared.wire import GenerateRequest, Generation

_START_S: Final = 60.0
_ANSWER_S: Final = 300.0
_IDLE_S: Final = 300
_MAX_WAITING: Final = 16
_POLL_S: Final = 0.05


class Generator:
    def __init__(self, launcher: Launcher, clock: Clock, *, base_models_folder: Path, threads: int | None) -> None:
        self._launcher = launcher
        self._clock = clock
        self._base_models_folder = base_models_folder
        self._threads = threads or os.cpu_count() or 1
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(_MAX_WAITING)
        self._folder: Path | None = None
        self._handle: str | None = None
        self._ending = False

    def generate(self, name: str, model: dict[str, str], request: GenerateRequest) -> Generation:
        """`model` is `{"kind": "base", "id"}`, or `{"kind": "folder" | "checkpoint", "path"}`; `name` is what the answer calls it.

        Raises `InvalidInput` for a prompt that the model cannot take, `Unavailable` when no answer can be had now.
        """
        if (request.prompt is None) == (request.messages is None):
            raise InvalidInput("Give either a prompt or messages.", code="generate.prompt_or_messages", param="prompt")
        if not self._places.acquire(blocking=False):
            raise Unavailable("Many prompts are waiting already. Try again in a moment.", code="generate.busy", retry_after_s=5)
        try:
            with self._turn:
                answer = self._ask({"model": model, **request.model_dump(exclude_none=True)})
        finally:
            self._places.release()
        if error := answer.get("error"):
            raise _translated(error)
        return Generation(model=name, **answer)

    def stop(self) -> None:
        """Ends the program; called when the server stops. An answer that is being made is not waited for: it may take minutes."""
        self._ending = True
        if (handle := self._handle) is not None:
            self._launcher.stop(handle, force=True)
        with self._turn:
            self._retire()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """One line to the program, one line back. A program that is gone, or goes while it is asked, is started anew once."""
        for last in (False, True):
            if self._ending:
                raise Unavailable("The server is stopping. Try again in a moment.", code="generate.failed", retry_after_s=10)
            try:
                with self._connected() as line:
                    line.sendall(json.dumps(question).encode() + b"\n")
                    with line.makefile("rb") as answers:
                        said = answers.readline()
                answer: dict[str, Any] = json.loads(said)
                return answer
            except (OSError, ValueError) as error:
                self._retire()
                if last or isinstance(error, TimeoutError):
                    raise Unavailable(
                        "The model did not answer. It may need more memory than is free now; try again when no training runs.",
                        code="generate.failed",
                        retry_after_s=10,
                    ) from error
        raise AssertionError("unreachable")

    def _connected(self) -> socket.socket:
        if self._handle is None or not self._launcher.poll(self._handle).alive:
            self._retire()
            self._start()
        deadline = self._clock.monotonic() + _START_S
        while True:
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            line.settimeout(_ANSWER_S)
            try:
                line.connect(str(self._socket_file()))
                return line
            except OSError:
                line.close()
                gone = self._handle is None or not self._launcher.poll(self._handle).alive
                if gone or self._clock.monotonic() > deadline:
                    raise
                time.sleep(_POLL_S)

    def _start(self) -> None:
        # Not below the data folder: the name of a socket file has at most 108 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix="llm-tuner-", dir="/tmp"))  # noqa: S108 - mkdtemp makes it ours alone
        arguments = ["--socket", str(self._socket_file()), "--base-models-folder", str(self._base_models_folder)]
        arguments += ["--idle-s", str(_IDLE_S), "--threads", str(self._threads)]
        self._handle = self._launcher.start(Launch(self._clock.new_id("gen"), "generate", arguments, self._folder))

    def _retire(self) -> None:
        if self._handle is not None:
            stop_and_wait(self._launcher, self._handle, grace_s=2.0)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._handle = self._folder = None

    def _socket_file(self) -> Path:
        if self._folder is None:
            raise RuntimeError("the program has not been started")
        return self._folder / "socket"


def _translated(error: dict[str, str]) -> Exception:
    """The program's error codes, see `server/tuning/worker.py`, as errors of the server."""
    match error.get("code"):
        case "bad_request" | "bad_messages":
            return InvalidInput(error["message"], code="generate.bad_request", param="messages")
        case "prompt_too_long":
            return InvalidInput(error["message"], code="generate.prompt_too_long", param="prompt")
        case "base_unavailable":
            return Conflict(error["message"], code="base_models.unavailable")
        case _:
            return Unavailable(error.get("message", "The model could not answer."), code="generate.failed", retry_after_s=10)
