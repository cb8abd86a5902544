"""Adapters: nothing before training, the right gradients, and the same model when they are merged into the weights."""

from pathlib import Path

import pytest
import torch

from server.tuning import lora
from server.tuning.flat import FlatParameters
from server.tuning.loss import head_loss
from server.tuning.model_folder import load_model
from server.tuning.spans import Spans

IDS, SPANS = torch.arange(40), Spans.of((40,))
TARGETS = torch.arange(1, 41)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_a_fresh_adapter_changes_nothing_and_a_trained_one_merges_exactly(family: str, models_folder: Path) -> None:
    model = load_model(models_folder / f"tiny-{family}")
    with torch.no_grad():
        before = model.hidden(IDS, SPANS)
        trained = lora.attach(model, rank=4, alpha=8.0, seed=1)
        torch.testing.assert_close(model.hidden(IDS, SPANS), before)
        for parameter in trained:
            torch.nn.init.normal_(parameter, std=0.1, generator=torch.Generator().manual_seed(2))
        adapted = model.hidden(IDS, SPANS)
        lora.merge(model)
        merged = model.hidden(IDS, SPANS)
    assert not torch.allclose(adapted, before, atol=1e-2)
    torch.testing.assert_close(merged, adapted, atol=1e-4, rtol=1e-4)
    assert not any("adapter" in name for name, _ in model.named_parameters())


def test_gradients_of_adapters_agree_with_differences(models_folder: Path) -> None:
    model = load_model(models_folder / "tiny-llama")
    flat = FlatParameters(lora.attach(model, rank=4, alpha=8.0, seed=1))
    torch.nn.init.normal_(flat.data, std=0.1, generator=torch.Generator().manual_seed(2))

    def loss() -> torch.Tensor:
        return head_loss(model.hidden(IDS, SPANS), model.head_weight, TARGETS, 1.0)

    loss().backward()
    direction = torch.randn(len(flat), generator=torch.Generator().manual_seed(3))
    expected = float(direction @ flat.grad)
    step, start = 1e-3, flat.copy()
    flat.restore(start + step * direction)
    above = loss().item()
    flat.restore(start - step * direction)
    below = loss().item()
    assert (above - below) / (2 * step) == pytest.approx(expected, rel=2e-2)


@pytest.mark.parametrize(("family", "modules"), [("llama", 7), ("gpt2", 4)])
def test_the_adapter_has_the_names_and_shapes_that_peft_reads(family: str, modules: int, models_folder: Path) -> None:
    from transformers import AutoModelForCausalLM

    layers = dict(AutoModelForCausalLM.from_pretrained(models_folder / f"tiny-{family}").named_modules())
    model = load_model(models_folder / f"tiny-{family}")
    lora.attach(model, rank=4, alpha=8.0, seed=1)
    tensors = lora.adapter_tensors(model)
    assert len(tensors) == 2 * 2 * modules  # two layers, two matrices a module
    for name, tensor in tensors.items():
        module, kind = name.removeprefix("base_model.model.").removesuffix(".weight").rsplit(".", 1)
        into, out = _widths(layers[module])
        assert tuple(tensor.shape) == {"lora_A": (4, into), "lora_B": (out, 4)}[kind], name


def _widths(layer: torch.nn.Module) -> tuple[int, int]:
    """(in, out) of a linear layer, and of GPT-2's `Conv1D`, which stores its weight the other way round."""
    rows, columns = layer.weight.shape
    return (columns, rows) if isinstance(layer, torch.nn.Linear) else (rows, columns)
