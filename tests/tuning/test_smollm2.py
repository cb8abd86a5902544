"""The real SmolLM2-135M, prepared from its package: it answers, its chat template is transformers' own, and it learns."""

import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.tuning.base import is_whole, ready_folder
from server.tuning.data import tokenize
from server.tuning.serving import Serving
from server.tuning.tokens import load_tokenizer
from shared.job_spec import EXIT_DONE
from shared.rendering import render_prompt
from tests.tuning.conftest import Run

ID = "smollm2-135m-instruct"


def _prepare(folder: Path) -> None:
    ready_folder(ID, base_models_folder=folder, models_folder=None, report=lambda _message, _fraction: None)


@pytest.fixture(scope="module")
def base_models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared by two processes at once, which must do no harm."""
    folder = tmp_path_factory.mktemp("base-models")
    processes = [multiprocessing.get_context("spawn").Process(target=_prepare, args=(folder,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]
    return folder


def test_it_is_whole_and_nothing_is_left_over(base_models_folder: Path) -> None:
    assert is_whole(base_models_folder / ID)
    assert {path.name for path in base_models_folder.iterdir()} == {ID, f".{ID}.lock"}


def test_it_knows_the_capital_of_france(base_models_folder: Path) -> None:
    serving = Serving(base_models_folder=base_models_folder, models_folder=None)
    request = {
        "model": {"kind": "base", "id": ID},
        "messages": [{"role": "user", "content": "What is the capital of France?"}],
        "max_tokens": 16,
    }
    answer = serving.answer(json.dumps(request).encode())
    assert "Paris" in answer["text"]
    assert answer["finish_reason"] == "stop"


def test_conversations_are_rendered_to_transformers_own_tokens(base_models_folder: Path) -> None:
    from transformers import AutoTokenizer

    ours, theirs = load_tokenizer(base_models_folder / ID), AutoTokenizer.from_pretrained(base_models_folder / ID)
    messages = [
        {"role": "user", "content": "How much is 12 + 345?\n\n  Is it  even?"},
        {"role": "assistant", "content": "It is 357. Ça n'est pas pair, 🙂."},
        {"role": "user", "content": "Thanks!"},
    ]
    for conversation in (messages, [{"role": "system", "content": "Be brief."}, *messages]):
        expected = theirs.apply_chat_template(conversation, add_generation_prompt=True, return_dict=True)["input_ids"]
        assert ours.encode_pieces([render_prompt(conversation, ours.template)])[0] == expected  # type: ignore[arg-type]
        assert theirs.decode(expected) == ours.tokenizer.decode(expected, skip_special_tokens=False)
    trained = tokenize([{"messages": messages[:2]}], ours).ids.tolist()  # type: ignore[list-item]
    whole = theirs.apply_chat_template(messages[:2], return_dict=True)["input_ids"]
    assert whole[: len(trained)] == trained
    assert theirs.decode(whole[len(trained) :]) == "\n"  # All that is left out is the line break after the end token.


def test_a_few_steps_teach_it_something(
    base_models_folder: Path, write_spec: Callable[..., Any], train: Callable[..., Run], pairs: list[Any]
) -> None:
    settings = {"max_steps": 3, "block_size": 128, "batch_size": 1, "learning_rate": 2e-3, "scheduler": "constant", "lora_r": 8}
    run = train(write_spec(pairs, base_model=ID, method="lora", base_models_folder=base_models_folder, **settings))
    assert run.status == EXIT_DONE
    (done,) = run.of("done")
    assert done.validation_loss < 0.8 * done.validation_loss_before
    assert done.num_parameters == 134_515_008
    assert done.chat
