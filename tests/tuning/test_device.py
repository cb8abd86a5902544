"""Where a run computes. No accelerator is needed: one that is missing is refused, and on torch's device without memory ("meta") every
tensor that was forgotten on the processor is an error, as it would be on a card."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from server.tuning import lora
from server.tuning.device import busy_percent, device_of, usable
from server.tuning.failures import TuningFailure
from server.tuning.flat import FlatParameters
from server.tuning.loss import head_loss, summed_loss
from server.tuning.model_folder import build
from server.tuning.packing import Batch
from server.tuning.spans import Spans
from shared.constants import Accelerator
from shared.job_spec import EXIT_DONE, EXIT_FAILED, JobSpec
from tests.tuning.conftest import SHAPES, Run

Train = Callable[..., Run]
WriteSpec = Callable[..., JobSpec]
META = torch.device("meta")


def batch() -> Batch:
    """Two documents behind an opening that both begin with."""
    spans = Spans.of((5, 7), opening=3)
    return Batch(torch.arange(15), spans, torch.arange(3, 15), torch.arange(12))


@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("family", SHAPES)
def test_a_step_uses_no_tensor_of_another_device(family: str, method: str) -> None:
    model = build(SHAPES[family].__class__(**{**SHAPES[family].__dict__, "vocabulary_size": 64})).to(META)
    parameters = lora.attach(model, rank=4, alpha=8.0, seed=1) if method == "lora" else model.parameters()
    flat, moved = FlatParameters(parameters), batch().on(META)
    loss = head_loss(model.hidden(moved.ids, moved.spans)[moved.rows], model.head_weight, moved.targets, 1.0)
    loss.backward()
    assert {loss.device, flat.data.device, flat.grad.device, model.device} == {META}
    cache = model.new_cache(20)
    with torch.no_grad():
        assert model.hidden(moved.ids[:4], Spans.of((4,)).on(META), cache).device == META
        assert model.hidden(moved.ids[:1], Spans(torch.tensor([4], device=META), (1,)), cache).device == META


def test_without_an_opening_neither() -> None:
    model = build(SHAPES["llama"].__class__(**{**SHAPES["llama"].__dict__, "vocabulary_size": 64})).to(META)
    spans = Spans.of((6, 6, 3)).on(META)
    with torch.no_grad():
        assert model.hidden(torch.arange(15, device=META), spans).device == META


def missing() -> Accelerator:
    return next(kind for kind in ("mps", "cuda") if kind not in usable())


def test_a_run_for_a_card_that_is_gone_fails_and_offers_the_processor(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    spec = write_spec(pairs, base_model="local/tiny-llama", method="lora", max_steps=2, accelerator=missing())
    run = train(spec)
    failed = run.of("failed")[0]
    assert (run.status, failed.code) == (EXIT_FAILED, "no_accelerator")
    assert (failed.action.kind, failed.action.hyperparameters) == ("clone", {"accelerator": "cpu"})
    assert "cpu" in failed.cause and "Traceback" not in failed.message


def test_the_processor_is_always_there(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    spec = write_spec(pairs, base_model="local/tiny-llama", method="lora", max_steps=2, accelerator="cpu")
    assert (usable()[-1], device_of(spec)) == ("cpu", torch.device("cpu"))
    assert train(spec).status == EXIT_DONE


def test_which_of_several_cards_comes_from_the_spec(write_spec: WriteSpec, pairs: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    settings: dict[str, Any] = {"base_model": "local/tiny-llama", "method": "lora"}
    assert device_of(write_spec(pairs, accelerator="cuda", **settings)) == torch.device("cuda", 0)
    second = write_spec(pairs, accelerator="cuda", **settings).model_copy(update={"accelerator": 1})
    assert device_of(second) == torch.device("cuda", 1)
    with pytest.raises(TuningFailure, match="cuda:2"):
        device_of(second.model_copy(update={"accelerator": 2}))


def test_a_meter_that_fails_costs_its_figure_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_device: torch.device) -> int:
        raise ModuleNotFoundError("pynvml does not seem to be installed")

    card = torch.device("cuda", 0)
    monkeypatch.setattr(torch.cuda, "utilization", broken)
    assert busy_percent(card) is None
    monkeypatch.setattr(torch.cuda, "utilization", lambda _device: 97)
    assert (busy_percent(card), busy_percent(torch.device("cpu"))) == (97.0, None)


def test_summed_losses_are_the_same_whether_a_batch_was_moved_or_not() -> None:
    model = build(SHAPES["gpt2"].__class__(**{**SHAPES["gpt2"].__dict__, "vocabulary_size": 64}))
    torch.manual_seed(0)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    there = batch()
    with torch.no_grad():
        losses = [
            summed_loss(model.hidden(one.ids, one.spans)[one.rows], model.head_weight, one.targets)
            for one in (there, there.on(torch.device("cpu")))
        ]
    assert losses[0] == losses[1]
