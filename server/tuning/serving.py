"""What the generation worker does with one request line: find the model, generate, answer. At most two models are kept loaded.

Request:  {"model": {"kind": "folder", "path": ...} | {"kind": "base", "id": ...} | {"kind": "checkpoint", "path": ...},
           "prompt": ... | "messages": [...], "max_tokens": 128, "temperature": 0, "top_p": 1, "seed": 0}
Answer:   {"text", "token_ids", "num_prompt_tokens", "num_tokens", "finish_reason", "seconds"}  or  {"error": {"code", "message"}}
"""

import json
import sys
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from server.tuning import failures
from server.tuning.base import is_whole, ready_folder
from server.tuning.checkpoint import BadCheckpoint, manifest_of
from server.tuning.checkpoint_model import load_checkpoint
from server.tuning.generate import Sampling, generate
from server.tuning.model import CausalModel
from server.tuning.model_folder import DamagedModel, end_ids, load_model
from server.tuning.tokens import TextTokenizer, check_fits, load_tokenizer
from shared.base_models import CATALOGUE, Hub
from shared.rendering import TemplateProblem, render_prompt

_MOST_MODELS = 2


class Refused(Exception):
    """The request cannot be served; `code` is for the server, the text for the user."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Loaded:
    model: CausalModel
    tokenizer: TextTokenizer
    end_ids: list[int]


class Serving:
    def __init__(self, *, base_models_folder: Path, models_folder: Path | None) -> None:
        self._base_models_folder, self._models_folder = base_models_folder, models_folder
        self._loaded: OrderedDict[str, Loaded] = OrderedDict()

    def answer(self, line: bytes) -> dict[str, Any]:
        """Never raises: this is the border of the worker."""
        try:
            return self._generate(_parsed(line))
        except Refused as refusal:
            return _error(refusal.code, str(refusal))
        except Exception as error:
            failure = failures.failure_of(error)
            if failure.code == "internal":
                traceback.print_exc(file=sys.stderr)
            if failure.code == "out_of_memory":
                self._loaded.clear()
            return _error(failure.code, f"{failure.message} {failure.fix}")

    def _generate(self, request: dict[str, Any]) -> dict[str, Any]:
        sampling = _sampling(request)
        loaded = self._model(request.get("model"))
        ids = _prompt_ids(request, loaded.tokenizer)
        room = loaded.model.shape.context_length
        if len(ids) >= room:
            raise Refused("prompt_too_long", f"The prompt has {len(ids):,} tokens; this model reads at most {room - 1:,}. Shorten it.")
        began = time.monotonic()
        made = generate(loaded.model, loaded.tokenizer, ids, sampling=sampling, end_ids=loaded.end_ids)
        return {
            "text": made.text,
            "token_ids": made.token_ids,
            "num_prompt_tokens": made.num_prompt_tokens,
            "num_tokens": len(made.token_ids),
            "finish_reason": made.finish_reason,
            "seconds": round(time.monotonic() - began, 3),
        }

    def _model(self, asked: Any) -> Loaded:
        """The model, loaded now if need be; the least recently used one makes room before that, so that three are never in memory."""
        key, load = self._found(asked)
        if key not in self._loaded:
            while len(self._loaded) >= _MOST_MODELS:
                self._loaded.popitem(last=False)
            try:
                self._loaded[key] = load()
            except DamagedModel as error:
                raise Refused("model_damaged", f"The model's files cannot be used: {error}.") from error
        self._loaded.move_to_end(key)
        return self._loaded[key]

    def _found(self, asked: Any) -> tuple[str, Callable[[], Loaded]]:
        """What is asked for, as a name that no other model has, and how it is loaded."""
        match asked:
            case {"kind": "folder", "path": str(path)}:
                return path, partial(_from_folder, Path(path))
            case {"kind": "base", "id": str(base_model)}:
                folder = self._base(base_model)
                return str(folder), partial(_from_folder, folder)
            case {"kind": "checkpoint", "path": str(path)}:
                return _seal(Path(path)), lambda: Loaded(*load_checkpoint(Path(path)))
        raise Refused("bad_request", "The request names no model.")

    def _base(self, base_model: str) -> Path:
        """Weights from a package are prepared on the way; what would have to be downloaded first is refused."""
        entry = CATALOGUE.get(base_model)
        if entry is not None and entry.from_scratch:
            raise Refused("base_unavailable", f"{entry.name} knows nothing before it is trained, so it cannot be asked.")
        if entry is not None and isinstance(entry.source, Hub) and not is_whole(self._base_models_folder / entry.id):
            raise Refused("base_unavailable", f"{entry.name} is not on this machine yet. It is fetched when it is first trained.")
        return ready_folder(
            base_model,
            base_models_folder=self._base_models_folder,
            models_folder=self._models_folder,
            report=lambda _message, _fraction: None,
        )


def _from_folder(folder: Path) -> Loaded:
    model, tokenizer = load_model(folder), load_tokenizer(folder)
    check_fits(tokenizer, model.shape.vocabulary_size)
    return Loaded(model, tokenizer, end_ids(folder))


def _seal(checkpoint: Path) -> str:
    """A run that began again may have another checkpoint of the same step, but never with the same seal."""
    try:
        return manifest_of(checkpoint).seal
    except BadCheckpoint as error:
        raise Refused("model_damaged", "The checkpoint is no longer there, or cannot be used. Try a newer one.") from error


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except ValueError as error:
        raise Refused("bad_request", "The request is not one line of JSON.") from error
    if not isinstance(request, dict):
        raise Refused("bad_request", "The request is not a JSON object.")
    return request


def _sampling(request: dict[str, Any]) -> Sampling:
    try:
        sampling = Sampling(
            max_tokens=int(request.get("max_tokens", 128)),
            temperature=float(request.get("temperature", 0.0)),
            top_p=float(request.get("top_p", 1.0)),
            seed=int(request.get("seed", 0)),
        )
    except (TypeError, ValueError) as error:
        raise Refused("bad_request", "max_tokens, temperature, top_p and seed must be numbers.") from error
    if not (sampling.max_tokens >= 1 and 0 <= sampling.temperature <= 100 and 0 < sampling.top_p <= 1):
        raise Refused("bad_request", "max_tokens must be 1 or more, temperature 0 or more, top_p above 0 and at most 1.")
    return sampling


def _prompt_ids(request: dict[str, Any], tokenizer: TextTokenizer) -> list[int]:
    match request:
        case {"prompt": str(prompt)}:
            ids = tokenizer.encode_prompt(prompt)
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


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}
