"""Our GPT-2 and Llama are the published ones: same loss and same gradients as transformers' on the same weights."""

from pathlib import Path
from typing import Any

import pytest
import torch

from server.tuning.flat import FlatParameters
from server.tuning.loss import head_loss, summed_loss
from server.tuning.model_folder import load_model
from server.tuning.spans import Spans

FAMILIES = ["llama", "gpt2"]


def reference(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").train()


@pytest.mark.parametrize("family", FAMILIES)
def test_loss_and_gradients_agree_with_transformers(family: str, models_folder: Path) -> None:
    ids = torch.randint(1, 250, (40,), generator=torch.Generator().manual_seed(1))
    theirs = reference(models_folder / f"tiny-{family}")
    expected = theirs(input_ids=ids[None], labels=ids[None]).loss
    expected.backward()

    model = load_model(models_folder / f"tiny-{family}")
    flat = FlatParameters(model.parameters())
    loss = head_loss(model.hidden(ids[:-1], Spans.of((39,))), model.head_weight, ids[1:], 1 / 39)
    loss.backward()

    assert loss.item() == pytest.approx(expected.item(), abs=1e-4)
    assert flat.grad.norm() > 0
    gradients = {name: parameter.grad for name, parameter in theirs.named_parameters()}
    for parameter in model.parameters():
        parameter.data = parameter.grad  # So that the slots, which name views of the weights, now name views of the gradients.
    for slot in model.slots():
        found = slot.view.T if slot.transposed else slot.view
        torch.testing.assert_close(found, gradients[slot.name], atol=1e-4, rtol=1e-3, msg=lambda text, name=slot.name: f"{name}: {text}")


@pytest.mark.parametrize("family", FAMILIES)
def test_loss_without_gradients_is_the_same(family: str, models_folder: Path) -> None:
    ids = torch.arange(30)
    model = load_model(models_folder / f"tiny-{family}")
    FlatParameters(model.parameters())
    hidden = model.hidden(ids[:-1], Spans.of((29,)))
    assert summed_loss(hidden, model.head_weight, ids[1:]) == pytest.approx(
        head_loss(hidden, model.head_weight, ids[1:], 1.0).item(), rel=1e-5
    )


@pytest.mark.parametrize("family", FAMILIES)
@torch.no_grad()
def test_a_document_does_not_see_its_neighbours_in_a_block(family: str, models_folder: Path) -> None:
    model = load_model(models_folder / f"tiny-{family}")
    first, second, other = torch.arange(12), torch.arange(20, 37), torch.arange(100, 112)
    spans = Spans.of((12, 17))
    beside_first = model.hidden(torch.cat([first, second]), spans)[12:]
    beside_other = model.hidden(torch.cat([other, second]), spans)[12:]
    alone = model.hidden(second, Spans.of((17,)))
    assert torch.equal(beside_first, beside_other)
    torch.testing.assert_close(beside_first, alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_shared_opening_changes_neither_loss_nor_gradients(family: str, models_folder: Path) -> None:
    opening, endings = torch.arange(200, 210), [torch.arange(5), torch.arange(30, 38), torch.arange(60, 68)]

    def outcome(ids: torch.Tensor, spans: Spans, rows: torch.Tensor) -> tuple[float, torch.Tensor]:
        model = load_model(models_folder / f"tiny-{family}")
        flat = FlatParameters(model.parameters())
        loss = head_loss(model.hidden(ids, spans)[rows], model.head_weight, torch.ones(len(rows), dtype=torch.long), 1.0)
        loss.backward()
        return loss.item(), flat.grad

    lengths = tuple(len(ending) for ending in endings)
    shared = outcome(torch.cat([opening, *endings]), Spans.of(lengths, opening=10), torch.arange(10, 31))
    spelled_out = torch.cat([torch.cat([opening, ending]) for ending in endings])
    starts = [0, 15, 33]
    rows = torch.cat([torch.arange(start + 10, start + 10 + length) for start, length in zip(starts, lengths, strict=True)])
    apart = outcome(spelled_out, Spans.of(tuple(10 + length for length in lengths)), rows)
    assert shared[0] == pytest.approx(apart[0], rel=1e-5)
    torch.testing.assert_close(shared[1], apart[1], atol=1e-4, rtol=1e-3)
