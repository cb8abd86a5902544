"""What one request to the llama worker means, and its answer in lines. No torch here.

Request:  {"prompt": ... | "prompt_ids": [...] | "messages": [...], "max_tokens": 128 | null, "temperature": 0, "top_p": 1, "seed": 0,
           "stop": [...], "num_logprobs": null, "frequency_penalty": 0, "presence_penalty": 0}
Answer:   lines {"text", "logprobs": [...]}, the last one also with "finish_reason" and "usage", which holds "num_prompt_tokens" and
          "num_completion_tokens"; or one line {"error": {"code", "message"}}
"""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from server.tuning.admission import Admission
from server.tuning.llama_engine import Answer, Engine, EngineRefused
from server.tuning.tokens import TextTokenizer
from shared.rendering import TemplateProblem, render_prompt

_SAMPLERS: Final = ["penalties", "temperature", "top_p"]
"""The trainer's order. llama.cpp's other samplers, some of them on by default, change what a seed and a temperature mean."""
_MOST_LOGPROBS: Final = 20


class Refused(Exception):
    """The request cannot be served; `code` is for the server, the text for the user."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Served:
    engine: Engine
    tokenizer: TextTokenizer
    context: int
    admission: Admission

    def answer(self, request: dict[str, Any], gone: Callable[[], bool]) -> Iterator[dict[str, Any]]:
        """Raises `Refused` before the first line, and `Gone`."""
        ids = _prompt_ids(request, self.tokenizer)
        if len(ids) >= self.context:
            most = self.context - 1
            raise Refused("prompt_too_long", f"The prompt has {len(ids):,} tokens; this model reads at most {most:,}. Shorten it.")
        asked = _asked(request, ids, room=self.context - len(ids))
        with self.admission.turn(len(ids) + asked["n_predict"], gone):
            if request.get("num_logprobs") is not None:
                # As a whole: of text that is held back, a stream's logarithms would be lost.
                yield from _whole(self.engine.complete(asked), int(request["num_logprobs"]))
            else:
                yield from _lines(self.engine, asked, gone)


def _prompt_ids(request: dict[str, Any], tokenizer: TextTokenizer) -> list[int]:
    match request:
        case {"prompt": str(prompt)}:
            ids = tokenizer.encode_prompt(prompt)
        case {"prompt_ids": [*prompt_ids]}:
            ids = _known(prompt_ids, tokenizer)
        case {"messages": [*messages]}:
            try:
                ids = tokenizer.encode_pieces([render_prompt(messages, tokenizer.template)])[0]
            except TemplateProblem as error:
                raise Refused("bad_messages", str(error)) from error
        case _:
            raise Refused("bad_request", "Give a prompt or messages.")
    if not ids:
        raise Refused("bad_request", "The prompt is empty.")
    return ids


def _known(ids: list[Any], tokenizer: TextTokenizer) -> list[int]:
    size = tokenizer.vocabulary_size
    if not all(type(token) is int and 0 <= token < size for token in ids):
        raise Refused("bad_request", f"The prompt holds tokens that this model does not know: it has {size:,}, from 0 on.")
    return list(ids)


def _asked(request: dict[str, Any], ids: list[int], *, room: int) -> dict[str, Any]:
    """In llama.cpp's words. Nothing is kept from prompt to prompt: a prompt computed in two parts differs in the last digits, and the
    same seed would not give the same text."""
    try:
        most = request.get("max_tokens")
        logprobs = request.get("num_logprobs")
        asked: dict[str, Any] = {
            "prompt": ids,
            "n_predict": room if most is None else max(1, min(int(most), room)),
            "temperature": float(request.get("temperature", 0.0)),
            "top_p": float(request.get("top_p", 1.0)),
            "seed": int(request.get("seed", 0)),
            "stop": [str(word) for word in request.get("stop") or () if word],
            "frequency_penalty": float(request.get("frequency_penalty", 0.0)),
            "presence_penalty": float(request.get("presence_penalty", 0.0)),
            "n_probs": 0 if logprobs is None else max(1, min(int(logprobs), _MOST_LOGPROBS)),
        }
    except (TypeError, ValueError) as error:
        raise Refused("bad_request", "max_tokens, temperature, top_p and seed must be numbers.") from error
    return {**asked, "samplers": _SAMPLERS, "repeat_last_n": len(ids) + asked["n_predict"], "cache_prompt": False}


def _lines(engine: Engine, asked: dict[str, Any], gone: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """llama.cpp hands over its pieces in a thread of its own, so that a slow reader keeps no slot. Closing ends the work."""
    chunks: queue.SimpleQueue[Answer | EngineRefused | None] = queue.SimpleQueue()
    closed = threading.Event()

    def on_chunk(chunk: Answer) -> bool:
        chunks.put(chunk)
        return closed.is_set() or gone()

    def work() -> None:
        try:
            engine.stream(asked, on_chunk)
            chunks.put(None)
        except EngineRefused as refusal:
            chunks.put(refusal)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while (chunk := chunks.get()) is not None:
            if isinstance(chunk, EngineRefused):
                raise Refused("failed", f"{chunk}.") from chunk
            choice = chunk["choices"][0]
            line = {"text": choice["text"], "logprobs": []}
            if choice["finish_reason"] is None:
                if line["text"]:
                    yield line
                continue
            yield line | _end(chunk)
    finally:
        closed.set()
        thread.join()


def _whole(answer: Answer, num_logprobs: int) -> Iterator[dict[str, Any]]:
    choice = answer["choices"][0]
    content = (choice.get("logprobs") or {}).get("content") or []
    yield {"text": choice["text"], "logprobs": [_chances(step, num_logprobs) for step in content]} | _end(answer)


def _end(answer: Answer) -> dict[str, Any]:
    usage = answer["usage"]
    counted = {"num_prompt_tokens": usage["prompt_tokens"], "num_completion_tokens": usage["completion_tokens"]}
    return {"finish_reason": answer["choices"][0]["finish_reason"], "usage": counted}


def _chances(step: dict[str, Any], num_logprobs: int) -> dict[str, Any]:
    """The chosen token as it is, also where a stop string cut its text."""
    top = [_chance(entry) for entry in step["top_logprobs"]]
    whole = next((entry for entry in step["top_logprobs"] if entry["id"] == step["id"]), step)
    return {"chosen": _chance(whole), "top": top[:num_logprobs]}


def _chance(entry: dict[str, Any]) -> dict[str, Any]:
    return {"text": bytes(entry["bytes"]).decode(errors="replace"), "bytes": entry["bytes"], "logprob": entry["logprob"]}
