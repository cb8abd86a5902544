"""llama.cpp inside this process, by the package `xllamacpp`: continuous batching over a number of slots. No torch here.

It listens on nothing but a socket file, in a folder that the caller keeps to itself: by default it would open a port to everybody on
this machine. Requests go in as llama.cpp's own (its server's README), texts as token ids of the trainer's tokenizer.
"""

import http.client
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

Answer = dict[str, Any]
_WAIT_S: Final = 60.0


class EngineRefused(Exception):
    """llama.cpp did not take the file or the request."""


@dataclass(frozen=True)
class Load:
    """`cells`: tokens that all slots together can hold. `exact`: keys and values in f32 and the plain form of attention, for comparing;
    else f16 and the faster form."""

    slots: int
    cells: int
    threads: int
    exact: bool = False


class Engine:
    def __init__(self, file: Path, socket_file: Path, load: Load) -> None:
        """Raises `EngineRefused` for a file that llama.cpp cannot use."""
        import xllamacpp  # Only here: the look and the trainer need none of it.

        params = xllamacpp.CommonParams()
        params.model.path = str(file)
        params.n_ctx, params.n_parallel, params.kv_unified = load.cells, load.slots, True
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = load.threads
        params.cpuparams.poll = params.cpuparams_batch.poll = 0  # Waiting threads sleep: a training may want the core.
        params.n_gpu_layers, params.fit_params, params.warmup, params.verbosity = 0, False, False, 0
        params.cache_ram_mib, params.cache_idle_slots, params.ui, params.endpoint_slots = 0, False, False, False
        params.hostnames = [str(socket_file)]
        if load.exact:
            params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
            params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self._socket_file = socket_file
        try:
            self._server = xllamacpp.Server(params)
        except Exception as error:  # The package raises whatever C++ threw.
            raise EngineRefused(f"llama.cpp cannot load the file: {str(error)[:200]}") from error

    def complete(self, request: dict[str, Any]) -> Answer:
        """A whole answer, in the shape of OpenAI's completions. Raises `EngineRefused`. Several threads may ask at the same time."""
        return _taken(self._server.handle_completions({**request, "stream": False}))

    def stream(self, request: dict[str, Any], on_chunk: Callable[[Answer], bool]) -> None:
        """Calls `on_chunk` with each chunk, in this thread; True from it ends the work. Raises `EngineRefused`."""
        refusals: list[EngineRefused] = []

        def told(chunk: Answer) -> bool:
            try:
                return on_chunk(_taken(chunk))
            except EngineRefused as refusal:
                refusals.append(refusal)
                return True

        self._server.handle_completions({**request, "stream": True}, told)
        if refusals:
            raise refusals[0]

    def tokens_of(self, text: str) -> list[int]:
        """How llama.cpp itself cuts a text; special tokens in it count as such."""
        return list(self._ask("/tokenize", {"content": text, "add_special": True, "parse_special": True})["tokens"])

    def rendered(self, messages: list[dict[str, str]]) -> str:
        """How llama.cpp itself applies the chat template."""
        return str(self._ask("/apply-template", {"messages": messages})["prompt"])

    def _ask(self, path: str, body: dict[str, Any]) -> Answer:
        connection = _Local(str(self._socket_file))
        try:
            connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
            return _taken(json.loads(connection.getresponse().read()))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EngineRefused(f"llama.cpp does not answer: {error}") from error
        finally:
            connection.close()


class _Local(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_WAIT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_WAIT_S)
        self.sock.connect(self._path)


def _taken(answer: Answer) -> Answer:
    error = answer.get("error")
    if error is not None:
        raise EngineRefused(str(error.get("message", error) if isinstance(error, dict) else error)[:300])
    return answer
