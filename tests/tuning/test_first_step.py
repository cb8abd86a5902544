"""Nothing stands before the first step that could come later: the base is looked at when the gradient is there, and is the base still."""

from collections.abc import Callable
from typing import Any

import pytest

from server.tuning.generate import Sampling, generate
from server.tuning.model_folder import load_model
from server.tuning.tokens import load_tokenizer
from shared.job_spec import EXIT_DONE, JobSpec
from tests.tuning.conftest import Run

Train = Callable[..., Run]
WriteSpec = Callable[..., JobSpec]
_BASES = [("local/tiny-gpt2", "full"), ("local/tiny-llama", "lora")]


@pytest.mark.parametrize(("base_model", "method"), _BASES)
def test_the_base_is_looked_at_inside_the_first_step(
    base_model: str, method: str, write_spec: WriteSpec, train: Train, pairs: list[Any]
) -> None:
    spec = write_spec(pairs, base_model=base_model, method=method, max_steps=2, sample_prompts=["The lamp"])
    run = train(spec)
    assert run.status == EXIT_DONE
    begins = next(place for place, event in enumerate(run.events) if event.type == "stage" and event.stage == "train")
    looks = ("generation", "evaluation", "progress")
    assert not [event for event in run.events[:begins] if event.type in looks]
    told = [(event.type, event.step) for event in run.events[begins:] if event.type in looks]
    assert {told[0], told[1]} == {("evaluation", 0), ("generation", 0)}
    assert told[2] == ("progress", 1)


def test_what_the_base_says_is_what_it_says_alone(write_spec: WriteSpec, train: Train, texts: list[Any]) -> None:
    spec = write_spec(texts, base_model="local/tiny-gpt2", method="lora", max_steps=2, learning_rate=0.5, sample_prompts=["The lamp"])
    assert spec.models_folder is not None
    folder = spec.models_folder / "tiny-gpt2"
    model, tokenizer = load_model(folder), load_tokenizer(folder)
    alone = generate(model, tokenizer, tokenizer.encode_prompt("The lamp"), sampling=Sampling(max_tokens=32), end_ids=[tokenizer.eos_id])
    run = train(spec)
    [before] = [event for event in run.of("generation") if event.step == 0]
    assert before.text == alone.text
