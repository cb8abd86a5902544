"""What "auto" takes: the same each time, with a reason for everything, more epochs for less data, and an early end where data repeat."""

import pytest

from shared.auto_settings import BaseFacts, DataFacts, resolve, settings_of
from shared.constants import Method
from shared.wire import Hyperparameters

SMOLLM = BaseFacts(134_515_008, 8192, from_scratch=False, chat=True)
SCRATCH = BaseFacts(1_088_256, 256, from_scratch=True, chat=False)


def plan(characters: int, *, method: Method = "lora", examples: int = 400, **asked: object) -> dict[str, float | int | str]:
    base = SCRATCH if method == "scratch" else SMOLLM
    found = resolve(Hyperparameters.model_validate(asked), method=method, base=base, data=DataFacts(examples, characters))
    return {name: resolved.value for name, resolved in found.items()}


@pytest.mark.parametrize("method", ["lora", "full", "scratch"])
def test_every_setting_has_a_value_and_a_reason(method: Method) -> None:
    base = SCRATCH if method == "scratch" else SMOLLM
    found = resolve(Hyperparameters(), method=method, base=base, data=DataFacts(400, 60_000))
    assert all(resolved.reason.endswith(".") for resolved in found.values())
    assert settings_of(found) == settings_of(resolve(Hyperparameters(), method=method, base=base, data=DataFacts(400, 60_000)))


@pytest.mark.parametrize("method", ["lora", "full", "scratch"])
def test_less_data_is_read_more_often(method: Method) -> None:
    epochs = [float(plan(characters, method=method)["epochs"]) for characters in (4_000, 100_000, 4_000_000)]
    assert epochs == sorted(epochs, reverse=True)
    assert epochs[0] > epochs[-1] >= 1


def test_what_repeats_may_end_early_and_what_does_not_never() -> None:
    assert plan(8_000)["early_stopping"]
    assert not plan(4_000_000)["early_stopping"]
    assert not plan(8_000, max_steps=50)["early_stopping"]
    assert not plan(2_000, examples=12)["early_stopping"], "one example says too little"
    assert plan(8_000, early_stopping=2)["early_stopping"] == 2


def test_the_rate_goes_by_method_and_size() -> None:
    lora, full, scratch = (float(plan(8_000, method=method)["learning_rate"]) for method in ("lora", "full", "scratch"))
    assert full < lora
    assert scratch > full
    large = BaseFacts(1_700_000_000, 8192, from_scratch=False, chat=True)
    found = resolve(Hyperparameters(), method="lora", base=large, data=DataFacts(400, 8_000))
    assert float(found["learning_rate"].value) < lora
