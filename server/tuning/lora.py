"""Adapters (LoRA) on linear layers: attaching, merging into the weights, and the files in the format that peft reads."""

import math
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from server.tuning.files import write_json
from server.tuning.layers import Adapter, Part
from server.tuning.model import CausalModel
from shared.constants import LoraScaling, LoraTargets

WEIGHTS_FILE = "adapter_model.safetensors"
CONFIG_FILE = "adapter_config.json"
_QUERIES_AND_VALUES = ("q_proj", "v_proj", "query", "value", "q_lin", "v_lin")
_STACKED = ("c_attn", "qkv", "query_key_value")
"""Projections that hold queries and values in one weight: these get an adapter as a whole, as peft gives it to them."""


def attach(
    model: CausalModel,
    *,
    rank: int,
    alpha: float,
    seed: int,
    targets: LoraTargets = "all",
    scaling: LoraScaling = "rank",
    dropout: float = 0.0,
) -> list[nn.Parameter]:
    """Freeze the model, give its targets adapters that change nothing yet, and return what trains: nothing where there is no target."""
    model.requires_grad_(False)
    noise = torch.Generator().manual_seed(seed)
    trained: list[nn.Parameter] = []
    for projection in model.projections():
        parts = [part for part in projection.parts if _is_target(part, targets)]
        if not parts:
            continue
        adapter = Adapter(projection, parts, rank, alpha / (rank if scaling == "rank" else math.sqrt(rank)), dropout)
        bound = 1 / math.sqrt(projection.weight.size(1))
        nn.init.uniform_(adapter.down, -bound, bound, generator=noise)
        projection.adapter = adapter.to(projection.weight.device)  # The noise is the processor's: the same on every machine.
        trained += projection.adapter.parameters()
    return trained


def _is_target(part: Part, targets: LoraTargets) -> bool:
    """By the names that Hugging Face gives to modules; a layer of attention lies in one whose name says so."""
    if targets == "all":
        return True
    *_, around, own = ["", *part.name.split(".")]
    if "att" not in around:
        return False
    return targets == "attention" or own in _QUERIES_AND_VALUES or any(word in own for word in _STACKED)


@torch.no_grad()
def merge(model: CausalModel) -> None:
    """Add the adapters to the weights and take them off."""
    for projection in model.projections():
        if projection.adapter is not None:
            projection.weight.add_(projection.adapter.change(len(projection.weight)))
            projection.adapter = None


def save_adapter(
    model: CausalModel,
    folder: Path,
    *,
    base_model: str,
    rank: int,
    alpha: float,
    scaling: LoraScaling = "rank",
    dropout: float = 0.0,
) -> None:
    """peft's two files: names are those of its `PeftModelForCausalLM` around the Hugging Face model."""
    folder.mkdir(exist_ok=True)
    save_file(adapter_tensors(model), folder / WEIGHTS_FILE, metadata={"format": "pt"})
    config = _config(model, base_model, rank, alpha)
    write_json(folder / CONFIG_FILE, {**config, "lora_dropout": dropout, "use_rslora": scaling == "root"})


def adapter_tensors(model: CausalModel) -> dict[str, Tensor]:
    """lora_A is (R, in) and lora_B is (out, R), also where the layer's own weight is stored transposed."""
    tensors = {}
    for projection in model.projections():
        if (adapter := projection.adapter) is None:
            continue
        for part, up, down in adapter.pairs():
            name = f"base_model.model.{part.name}"
            tensors[f"{name}.lora_A.weight"] = adapter.down.data[down].clone().cpu()
            tensors[f"{name}.lora_B.weight"] = adapter.up.data[up].clone().cpu()
    return tensors


def _config(model: CausalModel, base_model: str, rank: int, alpha: float) -> dict[str, Any]:
    adapted = [part for projection in model.projections() if projection.adapter is not None for part in projection.adapter.parts]
    others = {part.module for projection in model.projections() for part in projection.parts if part not in adapted}
    # peft's targets are the ends of names. One word will do, unless a layer without an adapter goes by the same one.
    targets = {part.module if part.module not in others else ".".join(part.name.split(".")[-2:]) for part in adapted}
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base_model,
        "r": rank,
        "lora_alpha": alpha,
        "target_modules": sorted(targets),
        "fan_in_fan_out": any(part.transposed for part in adapted),
        "bias": "none",
        "use_dora": False,
        "modules_to_save": None,
        "layers_to_transform": None,
        "init_lora_weights": True,
        "inference_mode": True,
    }
