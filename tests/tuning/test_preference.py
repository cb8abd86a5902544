"""Preference tuning (DPO): the published loss and its gradient, pairs that do not see each other, and runs that learn what is preferred."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from server.tuning import lora, pace
from server.tuning.flat import FlatParameters
from server.tuning.look_through import look_at
from server.tuning.model import CausalModel
from server.tuning.model_folder import load_model
from server.tuning.packing import Batch
from server.tuning.pair_layout import tokenize_pairs
from server.tuning.pairs import PairBatch, PairBlocks
from server.tuning.preference import Preference, differences, pair_loss
from server.tuning.spans import Spans
from server.tuning.tokens import TextTokenizer, load_tokenizer
from shared.job_spec import EVENTS_FILE, EXIT_CANCELLED, EXIT_DONE, EXIT_FAILED, JobSpec
from shared.look_spec import LookSpec
from shared.reading import Example
from shared.rendering import segments_of, sides_of
from tests.tuning.conftest import Run
from tests.tuning.test_resume import attempt, in_one_go, losses, stopped_at, sums

Train = Callable[..., Run]
WriteSpec = Callable[..., JobSpec]
BETA = 0.5
THINGS = ["lamp", "keeper", "ship", "morning", "evening", "tower", "stair", "storm", "gull", "rope"]


def rows(count: int = 40) -> list[dict[str, Any]]:
    """Polite answers are preferred to short ones, whatever is asked; in three spellings."""
    found: list[dict[str, Any]] = []
    for i in range(count):
        asked = f"What of the {THINGS[i % 10]} number {i // 10}?"
        good, bad = f"Gladly: the {THINGS[i * 7 % 10]} is there.", f"No. The {THINGS[i * 3 % 10]}."
        found.append({"prompt": asked, "chosen": good, "rejected": bad})
        if i % 3 == 0:
            said = [[{"role": "assistant", "content": text}] for text in (good, bad)]
            names = ("preferred_output", "non_preferred_output") if i % 2 else ("preferred_completion", "non_preferred_completion")
            found[-1] = {"input": {"messages": [{"role": "user", "content": asked}]}, **dict(zip(names, said, strict=True))}
    return found


def pairs_of(*texts: tuple[str, str, str]) -> list[Example]:
    return [{"messages": [{"role": "user", "content": asked}], "preferred": good, "rejected": bad} for asked, good, bad in texts]


PAIRS = pairs_of(
    ("What about the lamp?", "It turns all evening.", "No."),
    ("And the keeper of the lighthouse?", "He counts the ships.", "He counts the gulls, perhaps, and writes them down."),
    ("Ships?", "Many ships passed.", "None."),
)


def batches_of(pairs: list[Example], tokenizer: TextTokenizer, *, block_size: int = 64) -> tuple[PairBlocks, list[Batch]]:
    corpus = tokenize_pairs(pairs, tokenizer)
    blocks = PairBlocks(corpus, np.arange(len(pairs)), block_size=block_size, seed=1, device=torch.device("cpu"))
    return blocks, [blocks.batch([i]) for i in range(len(blocks))]


def test_loss_and_gradient_are_those_of_a_case_computed_by_hand() -> None:
    """Two words. The preferred answer is the first with probability 3/4, the rejected one the second with 1/4; the reference finds the
    preferred one twice as likely. So beta * (ln 3 - ln 2) is the margin, and -beta * sigmoid(-margin) what the loss changes by with it."""
    weight = nn.Parameter(torch.eye(2))
    weight.grad = torch.zeros(2, 2)
    hidden = torch.tensor([[math.log(3), 0.0], [math.log(3), 0.0]], requires_grad=True)
    batch = PairBatch(torch.zeros(2), Spans.of((1, 1)), torch.arange(2), torch.tensor([0, 1]), sizes=(1, 1), pairs=(0,))
    loss, margins = pair_loss(hidden, weight, batch, torch.tensor([math.log(2)]), beta=BETA, scale=1.0)
    loss.backward()
    margin = BETA * (math.log(3) - math.log(2))
    change = BETA / (1 + math.exp(margin))
    assert margins.item() == pytest.approx(margin)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-margin)))
    by_hand = change * torch.tensor([[-0.25, 0.25], [-0.75, 0.75]])
    torch.testing.assert_close(hidden.grad, by_hand)
    torch.testing.assert_close(weight.grad, by_hand.T @ hidden.detach())


def test_before_any_training_the_loss_is_ln_2_and_half_of_the_pairs_are_right(models_folder: Path) -> None:
    model, tokenizer = load_model(models_folder / "tiny-llama"), load_tokenizer(models_folder / "tiny-llama")
    _, batches = batches_of(PAIRS, tokenizer)
    preference = Preference(0.1, known(model, batches))
    assert preference.validate(model, batches) == pytest.approx(math.log(2))
    assert preference.validated is not None
    assert (preference.validated.accuracy, preference.validated.reward_margin) == (0.5, pytest.approx(0, abs=1e-5))


def known(model: CausalModel, batches: list[Batch]) -> np.ndarray:
    found = np.full(len(PAIRS), np.nan)
    for batch in batches:
        found[list(batch.pairs)] = differences(model, batch).numpy()  # type: ignore[attr-defined,arg-type]
    return found


@pytest.mark.parametrize("family", ["llama", "gpt2"])
@pytest.mark.parametrize("block_size", [64, 256])
def test_loss_and_every_gradient_are_those_of_plain_autograd_on_conversations_one_by_one(
    family: str, block_size: int, models_folder: Path
) -> None:
    from transformers import AutoModelForCausalLM

    folder = models_folder / f"tiny-{family}"
    reference = np.array([0.7, -1.1, 0.2])
    plain, tokenizer = AutoModelForCausalLM.from_pretrained(folder), load_tokenizer(folder)
    terms = [_likelihood(plain, side, tokenizer) for pair in PAIRS for side in sides_of(pair)]  # type: ignore[arg-type]
    margins = [good - bad - known for good, bad, known in zip(terms[0::2], terms[1::2], reference, strict=True)]
    expected = -sum(F.logsigmoid(BETA * margin) for margin in margins) / len(margins)
    expected.backward()

    model = load_model(folder)
    flat = FlatParameters(model.parameters())
    blocks, batches = batches_of(PAIRS, tokenizer, block_size=block_size)
    assert blocks.num_shared, "the test wants pairs that begin alike"
    assert len(batches) == (1 if block_size == 256 else 3)
    loss = Preference(BETA, reference).gradient(model, batches)
    assert loss == pytest.approx(expected.item(), rel=1e-4)
    before = {slot.name: slot.view.clone() for slot in model.slots()}
    flat.data -= flat.grad
    named = dict(plain.named_parameters())
    for slot in model.slots():
        gradient = before[slot.name] - slot.view
        wanted = named[slot.name].grad
        torch.testing.assert_close(gradient, wanted.T if slot.transposed else wanted, atol=2e-4, rtol=2e-3, msg=lambda said: said)


def _likelihood(model: Any, side: Example, tokenizer: TextTokenizer) -> Tensor:
    segments = [segment for segment in segments_of(side, tokenizer.template) if segment.text]
    pieces = tokenizer.encode_pieces([segment.text for segment in segments])
    ids = torch.tensor([id_ for piece in pieces for id_ in piece])
    trains = torch.tensor([segment.trains for segment, piece in zip(segments, pieces, strict=True) for _ in piece])
    last = int((ids == tokenizer.eos_id).nonzero()[-1]) + 1  # What a template puts behind the end of the turn is not learned.
    found = F.log_softmax(model(ids[None, : last - 1]).logits[0], -1)
    return found.gather(1, ids[1:last, None])[:, 0][trains[1:last]].sum()


def test_the_gradient_of_adapters_agrees_with_differences(models_folder: Path) -> None:
    model, tokenizer = load_model(models_folder / "tiny-llama"), load_tokenizer(models_folder / "tiny-llama")
    _, batches = batches_of(PAIRS, tokenizer)
    preference = Preference(BETA, known(model, batches))
    flat = FlatParameters(lora.attach(model, rank=4, alpha=8.0, seed=1))
    torch.nn.init.normal_(flat.data, std=0.1, generator=torch.Generator().manual_seed(2))
    preference.gradient(model, batches)
    direction = torch.randn(len(flat), generator=torch.Generator().manual_seed(3))
    step, start = 1e-3, flat.copy()
    found = []
    for sign in (1, -1):
        flat.restore(start + sign * step * direction)
        found.append(preference.validate(model, batches))
    assert (found[0] - found[1]) / (2 * step) == pytest.approx(float(direction @ flat.grad), rel=2e-2)


def test_a_pair_is_the_same_alone_and_among_others(models_folder: Path) -> None:
    """Nothing of one side, or of another pair, is seen: the other answers may be anything."""
    model, tokenizer = load_model(models_folder / "tiny-llama"), load_tokenizer(models_folder / "tiny-llama")
    _, (together,) = batches_of(PAIRS, tokenizer, block_size=256)
    _, (alone,) = batches_of(PAIRS[1:2], tokenizer, block_size=256)
    torch.testing.assert_close(differences(model, together)[1], differences(model, alone)[0], atol=1e-4, rtol=1e-5)  # type: ignore[arg-type]


def test_what_cannot_be_compared_is_left_out_and_told(models_folder: Path) -> None:
    tokenizer = load_tokenizer(models_folder / "tiny-llama")
    pairs = [*PAIRS, *pairs_of(("Long?", "Yes " * 200, "No."), ("Again?", "Yes.", "No."))]
    blocks, _ = batches_of(pairs, tokenizer)
    assert (blocks.num_too_long, blocks.num_alike) == (1, 0)
    alike, _ = batches_of(pairs_of(("Same?", "Yes.", "Yes.")), tokenizer)
    assert (len(alike), alike.num_alike) == (0, 1)


@pytest.mark.parametrize(("base_model", "method", "rate"), [("local/tiny-llama", "lora", 0.01), ("local/tiny-gpt2", "full", 0.002)])
def test_a_run_learns_what_is_preferred(base_model: str, method: str, rate: float, write_spec: WriteSpec, train: Train) -> None:
    asked = {"objective": "preference", "epochs": 6, "learning_rate": rate, "block_size": 128}
    run = train(write_spec(rows(), base_model=base_model, method=method, **asked))
    assert run.status == EXIT_DONE
    first, *_, last = run.of("evaluation")
    assert (first.preference_accuracy, first.loss, first.perplexity) == (0.5, pytest.approx(math.log(2)), None)
    assert last.preference_accuracy > 0.9
    assert last.reward_margin > 0 < run.of("progress")[-1].reward_margin
    assert run.of("progress")[-1].preference_accuracy > 0.9
    (plan,) = run.of("hyperparameters")
    assert (plan.values["objective"], plan.values["beta"]) == ("preference", 0.1)
    assert run.of("spec")[0].objective == "preference"
    assert any("computed once" in event.message for event in run.of("log"))
    assert (run.folder / "adapter").exists() == (method == "lora")


@pytest.mark.parametrize(("base_model", "method"), [("local/tiny-llama", "lora"), ("local/tiny-gpt2", "full")])
def test_a_run_stopped_in_between_ends_as_one_in_one_go_to_the_bit(
    base_model: str, method: str, write_spec: WriteSpec, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "SECONDS_BETWEEN_EVENTS", 0.0)
    asked = {"objective": "preference", "max_steps": 10, "block_size": 128, "checkpoint_every_s": 0}
    spec = write_spec(rows(), base_model=base_model, method=method, **asked)
    calm = train(in_one_go(spec), "calm")
    with stopped_at(4, calm.folder.parent / "stopped" / EVENTS_FILE):
        assert train(spec, "stopped").status == EXIT_CANCELLED
    ended = train(attempt(spec, 2), "stopped")
    assert ended.of("resumed")[0].step >= 4
    assert losses(ended) == losses(calm)
    assert sums(ended) == sums(calm)


def test_an_example_that_is_no_pair_ends_the_run_with_its_number(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    run = train(write_spec([*rows(4), pairs[0]], base_model="local/tiny-llama", method="lora", objective="preference"))
    assert run.status == EXIT_FAILED
    assert (run.events[-1].code, run.events[-1].message) == ("bad_data", "Example 5 is no preference pair.")


def test_pairs_that_are_all_too_long_end_the_run(write_spec: WriteSpec, train: Train) -> None:
    run = train(write_spec(rows(4), base_model="local/tiny-llama", method="lora", objective="preference", block_size=16))
    assert (run.status, run.events[-1].code) == (EXIT_FAILED, "no_examples")
    assert "longer than a block of 16 tokens" in run.events[-1].cause


def test_beta_and_the_objective_are_part_of_what_a_checkpoint_belongs_to(write_spec: WriteSpec, train: Train) -> None:
    asked = {"objective": "preference", "max_steps": 10, "block_size": 128, "checkpoint_every_s": 0}
    spec = write_spec(rows(), base_model="local/tiny-llama", method="lora", **asked)
    with stopped_at(2, spec.data[0].path.parent / "run" / EVENTS_FILE):
        assert train(spec).status == EXIT_CANCELLED
    other = attempt(spec, 2).model_copy(update={"settings": spec.settings.model_copy(update={"beta": 0.3, "max_steps": 10})})
    assert [event.step for event in train(other).of("resumed")] == [0]


def test_the_look_shows_both_sides_of_a_pair_and_counts_the_steps_of_the_run(write_spec: WriteSpec, train: Train) -> None:
    spec = write_spec(rows(), base_model="local/tiny-llama", method="lora", objective="preference", block_size=128, epochs=1)
    fields = {name: getattr(spec, name) for name in LookSpec.model_fields if name in JobSpec.model_fields}
    seen = look_at(LookSpec(**fields))
    first = seen.examples[0]
    assert first.rejected is not None
    sides = ["".join(token.text for token in side if token.trains) for side in (first.tokens, first.rejected)]
    assert sides == ["Gladly: the lamp is there.<|endoftext|>", "No. The lamp.<|endoftext|>"]
    assert first.num_rejected_tokens == len(first.rejected)
    (plan,) = train(spec).of("hyperparameters")
    assert (seen.num_steps, seen.num_validation_examples) == (plan.num_steps, plan.num_validation_examples)
    assert seen.num_examples == 40
