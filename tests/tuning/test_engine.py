"""What the trainer computes, to the last digit that can be promised: gradients, golden losses, batches that shrink, options of a run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from server.tuning import attention, lora, product
from server.tuning.flat import FlatParameters
from server.tuning.loss import head_loss
from server.tuning.model import CausalModel
from server.tuning.model_folder import build, load_model, save_model
from server.tuning.model_llama import Llama
from server.tuning.model_shape import ModelShape
from server.tuning.progress import Progress
from server.tuning.schedule import rate_at
from server.tuning.spans import Spans
from shared.job_spec import EXIT_DONE, EXIT_FAILED
from tests.tuning.conftest import SHAPES, Run, noisy

IDS = torch.randint(1, 250, (40,), generator=torch.Generator().manual_seed(1))
VOCABULARY = 320
WriteSpec = Callable[..., Any]
Train = Callable[..., Run]


def folder_of(family: str, tied: bool, place: Path) -> Path:
    """A model with noise in it, as a folder that transformers reads, too."""
    model = noisy(build(ModelShape(**{**SHAPES[family].__dict__, "vocabulary_size": VOCABULARY, "tied": tied})))
    place.mkdir()
    save_model(model, place, bos_id=0, end_ids=[0], pad_id=0)
    return place


def theirs_of(folder: Path, adapter: Path | None = None) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").train()


def relative(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).norm() / expected.norm().clamp_min(1e-12))


@pytest.mark.parametrize(("family", "tied"), [("llama", True), ("llama", False), ("gpt2", True)])
def test_the_gradient_of_every_tensor_is_that_of_transformers(family: str, tied: bool, tmp_path: Path) -> None:
    folder = folder_of(family, tied, tmp_path / "model")
    theirs = theirs_of(folder)
    theirs(input_ids=IDS[None], labels=IDS[None]).loss.backward()
    model = load_model(folder)
    FlatParameters(model.parameters())
    head_loss(model.hidden(IDS[:-1], Spans.of((39,))), model.head_weight, IDS[1:], 1 / 39).backward()
    for parameter in model.parameters():
        parameter.data = parameter.grad  # So that the slots, which name views of the weights, now name views of the gradients.
    expected = {name: parameter.grad for name, parameter in theirs.named_parameters()}
    for slot in model.slots():
        assert relative(slot.view.T if slot.transposed else slot.view, expected[slot.name]) < 1e-4, slot.name


@pytest.mark.parametrize("family", ["llama", "gpt2"])
@pytest.mark.parametrize("targets", ["all", "attention", "query_value"])
def test_the_gradient_of_every_adapter_is_autograds(family: str, targets: Any, tmp_path: Path) -> None:
    """Held against transformers with the adapter's change written into its weights: dA and dB follow from dW by the chain rule."""
    folder = folder_of(family, True, tmp_path / "model")
    model = load_model(folder)
    flat = FlatParameters(lora.attach(model, rank=4, alpha=6.0, seed=1, targets=targets, scaling="root"))
    torch.nn.init.normal_(flat.data, std=0.1, generator=torch.Generator().manual_seed(2))
    head_loss(model.hidden(IDS[:-1], Spans.of((39,))), model.head_weight, IDS[1:], 1 / 39).backward()
    theirs = theirs_of(folder)
    modules, scale = dict(theirs.named_modules()), 6.0 / 4**0.5
    adapted = [(part, up, down, p.adapter) for p in model.projections() if p.adapter is not None for part, up, down in p.adapter.pairs()]
    for part, up, down, adapter in adapted:
        change = (adapter.up[up] @ adapter.down[down] * scale).detach()
        modules[part.name].weight.data += change.T if part.transposed else change
    theirs(input_ids=IDS[None], labels=IDS[None]).loss.backward()
    for part, up, down, adapter in adapted:
        gradient = modules[part.name].weight.grad.T if part.transposed else modules[part.name].weight.grad
        assert adapter.up.grad is not None and adapter.down.grad is not None
        assert relative(adapter.up.grad[up], scale * gradient @ adapter.down[down].T.detach()) < 1e-4, part.name
        assert relative(adapter.down.grad[down], scale * adapter.up[up].T.detach() @ gradient) < 1e-4, part.name
    kinds = {part.module for part, *_ in adapted}
    assert (
        kinds
        == {
            ("llama", "all"): {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"},
            ("llama", "attention"): {"q_proj", "k_proj", "v_proj", "o_proj"},
            ("llama", "query_value"): {"q_proj", "v_proj"},
            ("gpt2", "all"): {"c_attn", "c_proj", "c_fc"},
            ("gpt2", "attention"): {"c_attn", "c_proj"},
            ("gpt2", "query_value"): {"c_attn"},
        }[family, targets]
    )


def test_an_adapters_dropout_hides_inputs_in_training_alone(tmp_path: Path) -> None:
    model = load_model(folder_of("llama", True, tmp_path / "model"))
    flat = FlatParameters(lora.attach(model, rank=4, alpha=8.0, seed=1, dropout=0.5))
    torch.nn.init.normal_(flat.data, std=0.1, generator=torch.Generator().manual_seed(2))

    def outcome(seed: int) -> tuple[float, Tensor]:
        torch.manual_seed(seed)
        flat.grad.zero_()
        loss = head_loss(model.hidden(IDS[:-1], Spans.of((39,))), model.head_weight, IDS[1:], 1.0)
        loss.backward()
        return loss.item(), flat.grad.clone()

    loss, gradient = outcome(3)
    again, same = outcome(3)
    assert (loss, gradient.tolist()) == (again, same.tolist())
    assert outcome(4)[0] != loss
    direction, step, start = torch.randn(len(flat), generator=torch.Generator().manual_seed(5)), 1e-3, flat.copy()
    flat.restore(start + step * direction)
    above = outcome(3)[0]
    flat.restore(start - step * direction)
    assert (above - outcome(3)[0]) / (2 * step) == pytest.approx(float(direction @ gradient), rel=2e-2)
    flat.restore(start)
    with torch.no_grad():
        assert torch.equal(model.hidden(IDS, Spans.of((40,))), model.hidden(IDS, Spans.of((40,))))


def test_smoothed_labels_are_torchs(tmp_path: Path) -> None:
    model = load_model(folder_of("llama", False, tmp_path / "model"))
    FlatParameters(model.parameters())
    hidden = torch.randn(150, 32, generator=torch.Generator().manual_seed(4)).requires_grad_()
    targets = torch.randint(VOCABULARY, (150,), generator=torch.Generator().manual_seed(5))
    weight = model.head_weight.detach().clone().requires_grad_()
    expected = torch.nn.functional.cross_entropy(hidden @ weight.T, targets, label_smoothing=0.1)
    expected.backward()
    assert hidden.grad is not None and weight.grad is not None and model.head_weight.grad is not None
    dhidden, hidden.grad = hidden.grad, None
    loss = head_loss(hidden, model.head_weight, targets, 1 / 150, 0.1)
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert relative(hidden.grad, dhidden) < 1e-4
    assert relative(model.head_weight.grad, weight.grad) < 1e-4


@pytest.mark.parametrize("targets", ["all", "attention"])
@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_peft_would_put_its_adapters_where_ours_are(family: str, targets: Any, models_folder: Path, tmp_path: Path) -> None:
    """peft's rule: a module is a target when its name is one, or ends in a point and one. (`scripts/bench train` loads one with peft.)"""
    from transformers import AutoModelForCausalLM

    model = load_model(models_folder / f"tiny-{family}")
    lora.attach(model, rank=4, alpha=8.0, seed=1, targets=targets, scaling="root", dropout=0.1)
    options = {"rank": 4, "alpha": 8.0, "scaling": "root", "dropout": 0.1}
    lora.save_adapter(model, tmp_path / "adapter", base_model="base", **options)  # type: ignore[arg-type]
    config = json.loads((tmp_path / "adapter" / lora.CONFIG_FILE).read_text())
    assert (config["use_rslora"], config["lora_dropout"], config["r"]) == (True, 0.1, 4)
    names = [name for name, _ in AutoModelForCausalLM.from_pretrained(models_folder / f"tiny-{family}").named_modules()]
    chosen = {name for name in names if any(name == target or name.endswith(f".{target}") for target in config["target_modules"])}
    written = {name.removeprefix("base_model.model.").rsplit(".", 2)[0] for name in lora.adapter_tensors(model)}
    assert chosen == written


GOLDEN = {
    ("tiny-llama", "full"): [6.4197831, 5.544548, 4.479687, 3.9876894, 3.8020457],
    ("tiny-llama", "lora"): [6.4197831, 6.319695, 6.1206603, 5.9793615, 5.9163609],
    ("tiny-gpt2", "full"): [6.9203939, 6.2760913, 5.7331576, 5.4473672, 5.3153312],
    ("tiny-gpt2", "lora"): [6.9203939, 6.8548999, 6.7191725, 6.6235337, 6.5819728],
}


@pytest.mark.parametrize(("base", "method"), list(GOLDEN))
def test_losses_are_what_they_have_always_been(base: str, method: str, models_folder: Path) -> None:
    """A refactoring that changes one of these changed the arithmetic. To 2e-6 of each: processors add in different orders, so the last
    digits of fp32 are theirs (another way through the same sums was 2e-7 away), while a change of what is computed shows far above."""
    assert losses(load_model(models_folder / base), method) == pytest.approx(GOLDEN[base, method], rel=2e-6)


def losses(model: CausalModel, method: str) -> list[float]:
    from server.tuning.optimizer import Optimizer

    trained = lora.attach(model, rank=4, alpha=8.0, seed=1) if method == "lora" else model.parameters()
    flat = FlatParameters(trained)
    optimizer = Optimizer(flat, weight_decay=0.01, max_grad_norm=1.0)
    found, spans = [], Spans.of((8, 8, 12), 11)
    for step in range(1, 6):
        loss = head_loss(model.hidden(IDS[:-1], spans).index_select(0, torch.arange(15, 39)), model.head_weight, IDS[16:], 1 / 24)
        loss.backward()
        found.append(loss.item())
        optimizer.step(rate_at(step, 5, peak=5e-3, warmup_ratio=0.2, scheduler="cosine"))
    return found


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_batch_that_does_not_fit_is_halved_and_the_run_goes_on(
    method: str, write_spec: WriteSpec, train: Train, pairs: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory runs out for real: an allocation that no machine can serve, whenever a batch has more rows than `most`."""

    def outcome(name: str, most: int) -> tuple[Run, list[float]]:
        whole = Llama.hidden

        def hidden(self: Llama, ids: Tensor, *rest: Any) -> Tensor:
            if torch.is_grad_enabled() and len(ids) > most:
                torch.empty(2**60)
            return whole(self, ids, *rest)

        with monkeypatch.context() as patched:
            patched.setattr(Llama, "hidden", hidden)
            settings = {"batch_size": 4, "gradient_accumulation": 2, "max_steps": 4, "lora_dropout": 0.0}
            run = train(write_spec(pairs, base_model="local/tiny-llama", method=method, **settings), name)
        return run, [event.loss for event in run.of("evaluation")]

    fits, expected = outcome("fits", 10**6)
    halved, found = outcome("halved", 60)
    again, same = outcome("again", 60)
    assert [fits.status, halved.status, again.status] == [EXIT_DONE] * 3
    assert found == pytest.approx(expected, rel=1e-3)
    assert found == same
    assert warned(halved) == ["2 blocks instead of 4", "1 block instead of 2"]
    assert not warned(fits)
    failed, _ = outcome("hopeless", 10)
    assert failed.status == EXIT_FAILED
    assert failed.of("failed")[0].code == "out_of_memory"


def warned(run: Run) -> list[str]:
    found = [event.message for event in run.events if "Memory ran out" in getattr(event, "message", "")]
    return [text.split("a batch has ")[1].split(",")[0] for text in found]


def test_a_checkpoint_knows_how_often_the_batch_was_halved() -> None:
    progress = Progress(step=3, halvings=2, stale=1)
    assert Progress.of(json.loads(json.dumps(progress.numbers())), None) == progress
    older = {name: value for name, value in progress.numbers().items() if name not in {"halvings", "stale"}}
    assert Progress.of(older, None).halvings == 0


def test_a_run_ends_early_when_validations_find_nothing_better(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    """At this rate nothing moves."""
    settings = {"max_steps": 48, "learning_rate": 1e-30, "scheduler": "constant", "early_stopping": 2, "weight_decay": 0.0}
    run = train(write_spec(pairs, base_model="local/tiny-llama", method="lora", **settings))
    (done,) = run.of("done")
    assert done.step < 48
    assert any("Ended after step" in event.message for event in run.of("log"))
    assert done.validation_loss == min(event.loss for event in run.of("evaluation") if event.step)


def test_targets_that_do_not_exist_are_said_before_the_first_step(
    write_spec: WriteSpec, train: Train, pairs: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lora, "_QUERIES_AND_VALUES", ())
    run = train(write_spec(pairs, base_model="local/tiny-llama", method="lora", lora_targets="query_value"))
    assert run.status == EXIT_FAILED
    assert run.of("failed")[0].code == "bad_setting"
    assert not run.of("progress")


def test_products_in_bf16_give_nearly_the_same_gradients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a card computes, by the processor: factors in bf16, sums and weights in fp32."""
    folder = folder_of("llama", False, tmp_path / "model")

    def outcome() -> tuple[float, Tensor]:
        model = load_model(folder)
        flat = FlatParameters(model.parameters())
        loss = head_loss(model.hidden(IDS[:-1], Spans.of((39,))), model.head_weight, IDS[1:], 1 / 39)
        loss.backward()
        return loss.item(), flat.grad

    exact_loss, exact = outcome()
    for module in (product, attention):
        monkeypatch.setattr(module, "rounds", lambda _device: True)
    loss, gradient = outcome()
    assert loss == pytest.approx(exact_loss, rel=1e-2)
    assert 1e-4 < relative(gradient, exact) < 5e-2
    assert gradient.dtype == torch.float32
