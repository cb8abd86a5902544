"""Text from models by llama.cpp, one program for each loaded model; a bounded number of them, the one that was longest without work goes.

The server itself loads no model and computes nothing. Programs listen on socket files in folders that only this user can enter, and
retire when idle. What llama.cpp does not know, and checkpoints, which change too often to be converted, go to the older program.
"""

import contextlib
import json
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from server.errors import Conflict, InvalidInput, LlmTunerError, RateLimited, Unavailable
from server.ports.clock import Clock
from server.ports.launcher import Launch, Launcher, stop_and_wait
from server.ports.textgen import Piece, TextGeneration, TextModel, TextRequest, TokenChance, TokenLogprobs, Usage

_START_S: Final = 180.0
"""A base model may have to be prepared first, and a large file to be written."""
_ANSWER_S: Final = 600.0
_IDLE_S: Final = 300
_POLL_S: Final = 0.02
_MAX_WAITING: Final = 256
_FOR_A_PLACE_S: Final = 20.0
_SAID_FILE: Final = "refused.json"


@dataclass(frozen=True)
class ServingOptions:
    """`num_models` are loaded at most; `threads` None: as many as there are cores."""

    cache: Path
    base_models_folder: Path
    own_models_folder: Path
    precision: str
    num_models: int
    threads: int | None


@dataclass
class _Program:
    """One loaded model. `users` requests are with it; `starting` is held by whoever starts it."""

    key: str
    starting: threading.Lock = field(default_factory=threading.Lock)
    folder: Path | None = None
    handle: str | None = None
    users: int = 0
    used_at: float = 0.0

    @property
    def socket_file(self) -> Path:
        if self.folder is None:
            raise RuntimeError("the program has not been started")
        return self.folder / "socket"


class _CannotServe(Exception):
    """llama.cpp does not know this model."""


class Serving:
    """`others` answers for what this cannot serve."""

    def __init__(self, launcher: Launcher, clock: Clock, others: TextGeneration, options: ServingOptions) -> None:
        self._launcher = launcher
        self._clock = clock
        self._others = others
        self._options = options
        self._lock = threading.Lock()
        self._programs: dict[str, _Program] = {}
        self._unknown: set[str] = set()
        self._waiting = 0
        self._ending = False

    def generate(self, request: TextRequest) -> Generator[Piece, None, None]:
        """See the port."""
        key = f"{request.model.kind}:{request.model.place}"
        if request.model.kind == "checkpoint" or key in self._unknown:
            yield from self._others.generate(request)
            return
        with self._place():
            try:
                yield from self._pieces(key, request)
            except _CannotServe:
                self._unknown.add(key)
                yield from self._others.generate(request)

    def stop(self) -> None:
        """Ends every program; called when the server stops."""
        self._ending = True
        with self._lock:
            programs = list(self._programs.values())
        for program in programs:
            if program.handle is not None:
                self._launcher.stop(program.handle, force=True)
        for program in programs:
            self._retire(program)

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        with self._lock:
            if self._waiting >= _MAX_WAITING:
                raise RateLimited(
                    f"{self._waiting} prompts are waiting already. Try again in a moment.", code="generate.busy", retry_after_s=10
                )
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1

    def _pieces(self, key: str, request: TextRequest) -> Generator[Piece, None, None]:
        """A program that is gone before it said anything is started anew once."""
        question = json.dumps(_question(request)).encode() + b"\n"
        for last in (False, True):
            with self._program(key, request.model) as program, contextlib.ExitStack() as stack:
                handle = program.handle
                try:
                    line = stack.enter_context(self._connected(program))
                    line.sendall(question)
                    answers = stack.enter_context(line.makefile("rb"))
                    said = answers.readline()
                except OSError as error:
                    said = b""
                    if isinstance(error, TimeoutError):
                        raise _silent() from error
                if said:
                    yield from _read(said, answers)
                    return
                if last or self._ending:
                    raise _silent()
                with program.starting:
                    if program.handle == handle:  # Or somebody else has started it anew already.
                        self._retire(program)

    @contextlib.contextmanager
    def _program(self, key: str, model: TextModel) -> Iterator[_Program]:
        """The model's program, started now if need be; nobody ends it while it is used here."""
        program = self._taken(key)
        try:
            with program.starting:
                if program.handle is None or not self._launcher.poll(program.handle).alive:
                    self._retire(program)
                    self._start(program, model)
            yield program
        finally:
            with self._lock:
                program.users -= 1
                program.used_at = self._clock.monotonic()

    def _taken(self, key: str) -> _Program:
        """Makes room first: the program that was longest without work ends. While all of them work, this waits for a while."""
        deadline = self._clock.monotonic() + _FOR_A_PLACE_S
        while True:
            with self._lock:
                if self._ending:
                    raise Unavailable("The server is stopping. Try again in a moment.", code="generate.failed", retry_after_s=10)
                program = self._programs.get(key)
                if program is None and len(self._programs) < self._options.num_models:
                    program = self._programs[key] = _Program(key)
                if program is not None:
                    program.users += 1
                    return program
                idle = self._longest_idle()
                if idle is not None:
                    del self._programs[idle.key]
            if idle is not None:
                self._retire(idle)
            elif self._clock.monotonic() > deadline:
                raise RateLimited(
                    f"All {self._options.num_models} models that this installation keeps loaded are at work. Try again in a moment.",
                    code="generate.busy",
                    retry_after_s=10,
                )
            else:
                time.sleep(_POLL_S)

    def _longest_idle(self, *, but: _Program | None = None) -> _Program | None:
        idle = [program for program in self._programs.values() if not program.users and program is not but]
        return min(idle, key=lambda program: program.used_at, default=None)

    def _start(self, program: _Program, model: TextModel) -> None:
        """Raises what keeps the program from starting. For want of memory, idle programs end first, one after the other."""
        while True:
            said = self._started(program, model)
            if said is None:
                return
            self._retire(program)
            if said.get("code") not in {"no_memory", "out_of_memory"}:
                raise _translated(said)
            with self._lock:
                idle = self._longest_idle(but=program)
                if idle is not None:
                    del self._programs[idle.key]
            if idle is None:
                raise _translated(said)
            self._retire(idle)

    def _started(self, program: _Program, model: TextModel) -> dict[str, str] | None:
        """None once it listens, or what it said instead."""
        # Not below the data folder: the name of a socket file has at most 108 bytes.
        program.folder = Path(tempfile.mkdtemp(prefix="llm-tuner-", dir="/tmp"))  # noqa: S108 - mkdtemp makes it ours alone
        options = self._options
        which = ["--base", model.place] if model.kind == "base" else ["--model", model.place]
        arguments = ["--socket", str(program.socket_file), "--cache", str(options.cache), *which]
        arguments += ["--base-models-folder", str(options.base_models_folder), "--models-folder", str(options.own_models_folder)]
        arguments += ["--precision", options.precision, "--idle-s", str(_IDLE_S)]
        if options.threads is not None:
            arguments += ["--threads", str(options.threads)]
        handle = self._launcher.start(Launch(self._clock.new_id("srv"), "serve", arguments, program.folder))
        program.handle = handle
        deadline = self._clock.monotonic() + _START_S
        while not program.socket_file.exists():
            if self._ending or self._clock.monotonic() > deadline:
                return {"code": "failed", "message": "The model could not be loaded in time."}
            if not self._launcher.poll(handle).alive and not program.socket_file.exists():
                return _said(program.folder)
            time.sleep(_POLL_S)
        return None

    def _connected(self, program: _Program) -> socket.socket:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(_ANSWER_S)
        try:
            line.connect(str(program.socket_file))
        except BaseException:
            line.close()
            raise
        return line

    def _retire(self, program: _Program) -> None:
        with self._lock:
            handle, folder = program.handle, program.folder
            program.handle = program.folder = None
        if handle is not None:
            stop_and_wait(self._launcher, handle, grace_s=1.0)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _question(request: TextRequest) -> dict[str, Any]:
    given = [request.prompt is not None, request.prompt_ids is not None, request.messages is not None]
    if sum(given) != 1:
        raise InvalidInput("Give either a prompt or messages.", code="generate.prompt_or_messages", param="prompt")
    question: dict[str, Any] = {
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "seed": request.seed,
        "stop": list(request.stop),
        "num_logprobs": request.num_logprobs,
        "frequency_penalty": request.frequency_penalty,
        "presence_penalty": request.presence_penalty,
    }
    if request.prompt is not None:
        return {**question, "prompt": request.prompt}
    if request.prompt_ids is not None:
        return {**question, "prompt_ids": list(request.prompt_ids)}
    return {**question, "messages": [{"role": role, "content": content} for role, content in request.messages or ()]}


def _read(first: bytes, rest: Iterator[bytes]) -> Generator[Piece, None, None]:
    """The answer's lines as pieces. Raises what the program refuses, and `Unavailable` when it ends in the middle."""
    line = first
    try:
        while line:
            said = json.loads(line)
            if error := said.get("error"):
                raise _translated(error)
            yield _piece(said)
            if said.get("finish_reason") is not None:
                return
            line = next(rest, b"")
    except (OSError, ValueError) as error:
        raise _silent() from error
    raise _silent()


def _piece(said: dict[str, Any]) -> Piece:
    logprobs = [TokenLogprobs(_chance(step["chosen"]), [_chance(one) for one in step["top"]]) for step in said["logprobs"]]
    if said.get("finish_reason") is None:
        return Piece(said["text"], logprobs)
    return Piece(said["text"], logprobs, said["finish_reason"], Usage(**said["usage"]))


def _chance(said: dict[str, Any]) -> TokenChance:
    return TokenChance(said["text"], bytes(said["bytes"]), said["logprob"])


def _said(folder: Path) -> dict[str, str]:
    try:
        said: dict[str, str] = json.loads((folder / _SAID_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"code": "failed", "message": "The program that serves the model did not start."}
    return said


def _silent() -> LlmTunerError:
    return Unavailable(
        "The model did not answer. It may need more memory than is free now; try again when no training runs.",
        code="generate.failed",
        retry_after_s=10,
    )


def _translated(error: dict[str, str]) -> Exception:
    """The program's error codes, see `server/tuning/llama_worker.py`, as errors of the server."""
    message = error.get("message", "The model could not answer.")
    match error.get("code"):
        case "unsupported":
            return _CannotServe(message)
        case "bad_request" | "bad_messages":
            return InvalidInput(message, code="generate.bad_request", param="messages")
        case "prompt_too_long":
            return InvalidInput(message, code="generate.prompt_too_long", param="prompt")
        case "base_unavailable":
            return Conflict(message, code="base_models.unavailable")
    return Unavailable(message, code="generate.failed", retry_after_s=10)
