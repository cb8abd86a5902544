"""A whole run, from a spec to verified artifacts."""

import hashlib
import random
from collections.abc import Callable
from typing import Any

import pytest

from shared.job_spec import EXIT_DONE
from tests.tuning.conftest import Run

Train = Callable[..., Run]
WriteSpec = Callable[..., Any]


@pytest.mark.parametrize(
    ("base_model", "method"), [("local/tiny-llama", "lora"), ("local/tiny-gpt2", "full"), ("gpt2-scratch-1m", "scratch")]
)
def test_the_loss_falls_whatever_the_method(
    base_model: str, method: str, write_spec: WriteSpec, train: Train, pairs: list[Any], texts: list[Any]
) -> None:
    rows = texts if method == "scratch" else pairs
    run = train(write_spec(rows, base_model=base_model, method=method, epochs=6))
    assert run.status == EXIT_DONE
    (done,) = run.of("done")
    steps = run.of("progress")
    assert steps[-1].loss < 0.8 * steps[0].loss
    assert done.validation_loss < 0.9 * done.validation_loss_before
    assert run.exit.status == EXIT_DONE


def test_events_tell_the_story_in_order(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    run = train(write_spec(pairs, base_model="local/tiny-llama", method="lora", max_steps=6))
    events = run.events
    assert [event.seq for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    assert kinds[0] == "spec"
    assert kinds[-1] == "done"
    samples = run.of("sample")
    assert [sample.index for sample in samples] == [0, 1, 2, 3, 4]
    assert "What about the lamp?" in samples[0].text
    assert all(len(sample.text) <= 150 for sample in samples)
    (plan,) = run.of("hyperparameters")
    assert (plan.num_steps, plan.num_examples, plan.num_validation_examples) == (6, 24, 6)
    steps = [event.step for event in run.of("progress")]
    assert (steps[0], steps[-1]) == (1, 6)
    assert [event.step for event in run.of("evaluation")][0] == 0
    assert {event.step for event in run.of("generation")} >= {0}


def test_the_output_shows_hyperparameters_and_samples(
    write_spec: WriteSpec, train: Train, pairs: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    train(write_spec(pairs, base_model="local/tiny-llama", method="lora", max_steps=1))
    output = capsys.readouterr().out
    assert "Hyper-parameters: " in output
    assert "learning_rate=0.005" in output
    assert output.count("Sample ") == 5


@pytest.mark.parametrize(
    ("base_model", "method"), [("local/tiny-llama", "lora"), ("local/tiny-gpt2", "full"), ("gpt2-scratch-1m", "scratch")]
)
def test_the_same_seed_gives_the_same_losses_and_weights_to_the_bit(
    base_model: str, method: str, write_spec: WriteSpec, train: Train, pairs: list[Any]
) -> None:
    def outcome(name: str, seed: int) -> tuple[list[float], str]:
        run = train(write_spec(pairs, base_model=base_model, method=method, max_steps=4, seed=seed), name)
        weights = (run.folder / "model" / "model.safetensors").read_bytes()
        losses = [event.loss for event in run.of("evaluation")] + [event.train_loss for event in run.of("done")]
        return losses, hashlib.sha256(weights).hexdigest()

    first = outcome("first", 7)
    assert first == outcome("again", 7)
    assert first != outcome("other", 8)


def test_artifacts_are_named_with_their_true_size_and_sum(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    run = train(write_spec(pairs, base_model="local/tiny-llama", method="lora", max_steps=3))
    (done,) = run.of("done")
    for artifact in done.artifacts:
        content = (run.folder / artifact.path).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (artifact.size_bytes, artifact.sha256)
    assert {"model/model.safetensors", "model/tokenizer.json", "adapter/adapter_model.safetensors"} <= {a.path for a in done.artifacts}
    assert not [path for path in run.folder.iterdir() if path.name.endswith(".part")]


def test_the_best_weights_become_the_model_and_the_last_are_kept_beside_it(write_spec: WriteSpec, train: Train) -> None:
    """Random digits: there is nothing to learn but which digits there are; after that the model learns its examples by heart."""
    rows = [{"text": "".join(random.Random(i).choices("0123456789", k=40))} for i in range(10)]
    run = train(write_spec(rows, base_model="local/tiny-gpt2", method="full", epochs=60, learning_rate=0.02, validation_fraction=0.4))
    assert run.status == EXIT_DONE
    losses = {event.step: event.loss for event in run.of("evaluation") if event.step}
    best = min(losses, key=losses.__getitem__)
    assert best != max(losses), "the test wants a run that gets worse in the end"
    (done,) = run.of("done")
    assert done.validation_loss == losses[best]
    assert (run.folder / "last" / "model.safetensors").exists()
    assert (run.folder / "last" / "model.safetensors").read_bytes() != (run.folder / "model" / "model.safetensors").read_bytes()


def test_gradient_accumulation_equals_one_larger_batch(write_spec: WriteSpec, train: Train, texts: list[Any]) -> None:
    spec = {"base_model": "local/tiny-gpt2", "method": "full", "max_steps": 3}
    whole = train(write_spec(texts, **spec, batch_size=4), "whole")
    parts = train(write_spec(texts, **spec, batch_size=1, gradient_accumulation=4), "parts")
    for one, other in zip(whole.of("evaluation"), parts.of("evaluation"), strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-4)


def test_without_enough_examples_to_split_nothing_is_validated(write_spec: WriteSpec, train: Train, texts: list[Any]) -> None:
    run = train(write_spec(texts[:3], base_model="local/tiny-gpt2", method="full", max_steps=2))
    (done,) = run.of("done")
    assert (run.of("evaluation"), done.validation_loss, done.validation_loss_before) == ([], None, None)
    assert run.of("warning")


def test_a_scratch_vocabulary_comes_from_the_users_own_text(write_spec: WriteSpec, train: Train) -> None:
    from server.tuning.tokens import load_tokenizer

    rows = [{"text": "Квокка улыбается. " * 3}] * 12
    run = train(write_spec(rows, base_model="gpt2-scratch-1m", method="scratch", max_steps=2))
    tokenizer = load_tokenizer(run.folder / "model")
    assert tokenizer.vocabulary_size < 2048
    assert len(tokenizer.encode_prompt("Квокка улыбается.")) <= 4
    assert tokenizer.decode(tokenizer.encode_prompt("日本 🦘")) == "日本 🦘"
