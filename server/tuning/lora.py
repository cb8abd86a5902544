"""Adapters (LoRA) on every linear layer: attaching, merging into the weights, and the files in the format that peft reads."""

import math
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from server.tuning.files import write_json
from server.tuning.layers import Adapter
from server.tuning.model import CausalModel

WEIGHTS_FILE = "adapter_model.safetensors"
CONFIG_FILE = "adapter_config.json"


def attach(model: CausalModel, *, rank: int, alpha: float, seed: int) -> list[nn.Parameter]:
    """Freeze the model, give every projection an adapter that changes nothing yet, and return what trains."""
    model.requires_grad_(False)
    noise = torch.Generator().manual_seed(seed)
    for projection in model.projections():
        adapter = Adapter(projection, projection.parts, rank, alpha / rank)
        bound = 1 / math.sqrt(projection.weight.size(1))
        nn.init.uniform_(adapter.down, -bound, bound, generator=noise)
        projection.adapter = adapter.to(projection.weight.device)  # The noise is the processor's: the same on every machine.
    return [parameter for projection in model.projections() for parameter in projection.adapter.parameters()]  # type: ignore[union-attr]


@torch.no_grad()
def merge(model: CausalModel) -> None:
    """Add the adapters to the weights and take them off."""
    for projection in model.projections():
        if projection.adapter is not None:
            projection.weight.add_(projection.adapter.change(len(projection.weight)))
            projection.adapter = None


def save_adapter(model: CausalModel, folder: Path, *, base_model: str, rank: int, alpha: float) -> None:
    """peft's two files: names are those of its `PeftModelForCausalLM` around the Hugging Face model."""
    folder.mkdir(exist_ok=True)
    save_file(adapter_tensors(model), folder / WEIGHTS_FILE, metadata={"format": "pt"})
    write_json(folder / CONFIG_FILE, _config(model, base_model, rank, alpha))


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
    parts = [part for projection in model.projections() for part in projection.parts]
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base_model,
        "r": rank,
        "lora_alpha": alpha,
        "lora_dropout": 0.0,
        "target_modules": sorted({part.name.rsplit(".", 1)[-1] for part in parts}),
        "fan_in_fan_out": any(part.transposed for part in parts),
        "bias": "none",
        "use_rslora": False,
        "use_dora": False,
        "modules_to_save": None,
        "layers_to_transform": None,
        "init_lora_weights": True,
        "inference_mode": True,
    }
