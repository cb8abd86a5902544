"""Weights from and to a Hugging Face folder: only `config.json` and safetensors files with known names are ever opened."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from server.tuning.files import write_json
from server.tuning.model import CausalModel, Slot
from server.tuning.model_files import CONFIG_FILE, GENERATION_FILE, DamagedModel, end_ids, read_config, weight_files
from server.tuning.model_gpt2 import GPT2
from server.tuning.model_llama import Llama
from server.tuning.model_shape import ModelShape, one_or_all, shape_of
from shared.model_folder import check_folder, num_weights

__all__ = ["DamagedModel", "build", "end_ids", "load_model", "read_config", "save_model", "weight_files"]


def build(shape: ModelShape) -> CausalModel:
    """A model of ours with weights that nobody has filled yet."""
    return GPT2(shape) if shape.family == "gpt2" else Llama(shape)


def _through_transformers(folder: Path, config: dict[str, Any], shape: ModelShape, num_stored: int) -> CausalModel:
    from server.tuning.model_other import Other, num_parameters  # Seconds of imports, which our own families do not need.

    if num_parameters(config) > num_stored:
        raise _larger()
    return Other(config, shape, dict(_tensors(folder)))


def _larger() -> DamagedModel:
    return DamagedModel(f"{CONFIG_FILE} describes a larger model than the weights are of")


def load_model(folder: Path) -> CausalModel:
    """The folder's model in fp32, whatever precision it is stored in. Raises `DamagedModel`."""
    check_folder(folder)
    config = read_config(folder)
    shape, num_stored = shape_of(config), num_weights(folder)
    if shape.least_parameters > num_stored:  # Or a few words in a config could ask for all the memory of this machine.
        raise _larger()
    if shape.family == "other":
        return _through_transformers(folder, config, shape, num_stored)
    model = build(shape)
    wanted = {_short(slot.name): slot for slot in model.slots()}
    for name, tensor in _tensors(folder):
        slot = wanted.pop(_short(name), None)
        if slot is not None:
            _fill(slot, tensor)
    if wanted:
        raise DamagedModel(f"the tensor {next(iter(wanted))} is missing")
    return model


def save_model(model: CausalModel, folder: Path, *, bos_id: int | None, end_ids: list[int], pad_id: int | None) -> None:
    """`config.json`, `generation_config.json` and one `model.safetensors` that transformers loads as they are."""
    model.save_weights(folder)
    write_json(folder / CONFIG_FILE, model.config(bos_id=bos_id, end_ids=end_ids, pad_id=pad_id))
    tokens = {"bos_token_id": bos_id, "eos_token_id": one_or_all(end_ids), "pad_token_id": pad_id}
    write_json(folder / GENERATION_FILE, {name: value for name, value in tokens.items() if value is not None})


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
