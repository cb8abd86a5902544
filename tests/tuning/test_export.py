"""The exported folder is a plain Hugging Face model: transformers loads it and decodes the same tokens as we do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.tuning.serving import Serving
from tests.tuning.conftest import Run

Train = Callable[..., Run]
WriteSpec = Callable[..., Any]


def theirs(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    return AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


def asked(folder: Path, **request: Any) -> dict[str, Any]:
    serving = Serving(base_models_folder=folder, models_folder=None)
    return serving.answer(json.dumps({"model": {"kind": "folder", "path": str(folder)}, **request}).encode())


@pytest.mark.parametrize(
    ("base_model", "method"), [("local/tiny-llama", "lora"), ("local/tiny-gpt2", "full"), ("gpt2-scratch-1m", "scratch")]
)
def test_transformers_decodes_the_same_tokens(base_model: str, method: str, write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    run = train(write_spec(pairs, base_model=base_model, method=method, epochs=8))
    model, tokenizer = theirs(run.folder / "model")
    messages = [{"role": "user", "content": "What about the storm?"}]

    inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    expected = model.generate(**inputs, do_sample=False, max_new_tokens=20)[0][inputs["input_ids"].shape[1] :].tolist()
    answer = asked(run.folder / "model", messages=messages, max_tokens=20)
    assert answer["token_ids"] == expected
    assert answer["num_prompt_tokens"] == inputs["input_ids"].shape[1]
    assert answer["text"] == tokenizer.decode(expected, skip_special_tokens=True)

    inputs = tokenizer("The keeper  is\nnumber 7", return_tensors="pt")
    expected = model.generate(**inputs, do_sample=False, max_new_tokens=20)[0][inputs["input_ids"].shape[1] :].tolist()
    assert asked(run.folder / "model", prompt="The keeper  is\nnumber 7", max_tokens=20)["token_ids"] == expected


def test_a_learned_answer_ends_with_the_end_token(write_spec: WriteSpec, train: Train) -> None:
    rows = [{"prompt": "What turns?", "completion": "The lamp."}] * 12
    run = train(write_spec(rows, base_model="local/tiny-gpt2", method="full", epochs=40, validation_fraction=0.0))
    answer = asked(run.folder / "model", messages=[{"role": "user", "content": "What turns?"}], max_tokens=20)
    assert (answer["text"].strip(), answer["finish_reason"]) == ("The lamp.", "stop")
    model, tokenizer = theirs(run.folder / "model")
    inputs = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What turns?"}], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    made = model.generate(**inputs, do_sample=False, max_new_tokens=20)[0][inputs["input_ids"].shape[1] :].tolist()
    assert made == answer["token_ids"]


def test_a_base_without_a_template_gets_the_plain_one_when_it_learns_conversations(
    write_spec: WriteSpec, train: Train, pairs: list[Any]
) -> None:
    from shared.rendering import PLAIN_SOURCE

    run = train(write_spec(pairs, base_model="local/tiny-gpt2", method="full", max_steps=1))
    _, tokenizer = theirs(run.folder / "model")
    assert tokenizer.chat_template == PLAIN_SOURCE
    assert run.of("done")[0].chat


def test_a_base_without_a_template_stays_without_when_it_learns_texts(write_spec: WriteSpec, train: Train, texts: list[Any]) -> None:
    run = train(write_spec(texts, base_model="local/tiny-gpt2", method="lora", max_steps=1))
    _, tokenizer = theirs(run.folder / "model")
    assert tokenizer.chat_template is None
    assert not run.of("done")[0].chat


def test_the_adapter_config_names_what_peft_needs(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    run = train(write_spec(pairs, base_model="local/tiny-llama", method="lora", max_steps=1))
    config = json.loads((run.folder / "adapter" / "adapter_config.json").read_text())
    assert (config["peft_type"], config["task_type"], config["r"], config["lora_alpha"]) == ("LORA", "CAUSAL_LM", 4, 8.0)
    assert set(config["target_modules"]) == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
