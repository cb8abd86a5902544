"""Weights from and to a Hugging Face folder: only `config.json` and safetensors files with known names are ever opened."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from server.tuning.files import write_json
from server.tuning.model import CausalModel, Slot
from server.tuning.model_gpt2 import GPT2
from server.tuning.model_llama import Llama
from server.tuning.model_shape import ModelShape, UnsupportedModel, config_of, one_or_all, shape_of

CONFIG_FILE = "config.json"
GENERATION_FILE = "generation_config.json"
WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"


class DamagedModel(ValueError):
    """The folder holds no whole model. The text says what is wrong, without a path."""


def build(shape: ModelShape) -> CausalModel:
    """A model with weights that nobody has filled yet."""
    return GPT2(shape) if shape.family == "gpt2" else Llama(shape)


def load_model(folder: Path) -> CausalModel:
    """The folder's model in fp32, whatever precision it is stored in. Raises `DamagedModel`."""
    try:
        model = build(shape_of(read_config(folder)))
    except UnsupportedModel as error:
        raise DamagedModel(str(error)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedModel(f"{CONFIG_FILE} lacks or garbles {error}") from error
    wanted = {_short(slot.name): slot for slot in model.slots()}
    for name, tensor in _tensors(folder):
        slot = wanted.pop(_short(name), None)
        if slot is not None:
            _fill(slot, tensor)
    if wanted:
        raise DamagedModel(f"the tensor {next(iter(wanted))} is missing")
    return model


def read_config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DamagedModel(f"{CONFIG_FILE} is missing") from error
    except ValueError as error:
        raise DamagedModel(f"{CONFIG_FILE} is not JSON") from error
    if not isinstance(config, dict):
        raise DamagedModel(f"{CONFIG_FILE} is not a JSON object")
    return config


def end_ids(folder: Path) -> list[int]:
    """The tokens that end a generation, from where transformers takes them: the generation config, else the config."""
    config = read_config(folder)
    generation = folder / GENERATION_FILE
    if generation.exists():
        config = {**config, **json.loads(generation.read_text(encoding="utf-8"))}
    ids = config.get("eos_token_id")
    return [ids] if isinstance(ids, int) else [int(id_) for id_ in ids or []]


def save_model(model: CausalModel, folder: Path, *, bos_id: int | None, end_ids: list[int], pad_id: int | None) -> None:
    """`config.json`, `generation_config.json` and one `model.safetensors` that transformers loads as they are."""
    tensors = {slot.name: (slot.view.T if slot.transposed else slot.view).contiguous() for slot in model.slots()}
    save_file(tensors, folder / WEIGHTS_FILE, metadata={"format": "pt"})
    write_json(folder / CONFIG_FILE, config_of(model.shape, bos_id=bos_id, eos_ids=end_ids, pad_id=pad_id))
    tokens = {"bos_token_id": bos_id, "eos_token_id": one_or_all(end_ids), "pad_token_id": pad_id}
    write_json(folder / GENERATION_FILE, {name: value for name, value in tokens.items() if value is not None})


def weight_files(folder: Path) -> list[Path]:
    """The one file, or those that the index names. A name with a folder in it is refused."""
    if (folder / WEIGHTS_FILE).exists():
        return [folder / WEIGHTS_FILE]
    try:
        names = sorted(set(json.loads((folder / INDEX_FILE).read_text(encoding="utf-8"))["weight_map"].values()))
    except FileNotFoundError as error:
        raise DamagedModel(f"{WEIGHTS_FILE} is missing") from error
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise DamagedModel(f"{INDEX_FILE} cannot be read") from error
    for name in names:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise DamagedModel(f"{INDEX_FILE} names a file that is not a safetensors file beside it")
        if not (folder / name).exists():
            raise DamagedModel(f"{name} is missing")
    return [folder / name for name in names]


def _tensors(folder: Path) -> Iterator[tuple[str, Tensor]]:
    for path in weight_files(folder):
        try:
            with safe_open(path, framework="pt") as file:
                for name in file.keys():  # noqa: SIM118  # Not a mapping.
                    yield name, file.get_tensor(name)
        except SafetensorError as error:
            raise DamagedModel(f"{path.name} is cut short or damaged") from error


@torch.no_grad()
def _fill(slot: Slot, tensor: Tensor) -> None:
    tensor = tensor.T if slot.transposed and tensor.dim() == 2 else tensor
    if tensor.shape != slot.view.shape:
        raise DamagedModel(f"the tensor {slot.name} has the shape {tuple(tensor.shape)} and not {tuple(slot.view.shape)}")
    if not tensor.dtype.is_floating_point:
        raise DamagedModel(f"the tensor {slot.name} is not of a floating-point type")
    slot.view.copy_(tensor)


def _short(name: str) -> str:
    """The hub's GPT-2 files leave the first word of each name away."""
    return name.removeprefix("transformer.").removeprefix("model.")
