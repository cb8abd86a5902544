"""Which names stand for which base models."""

import pytest

from server.domain.models.catalogue import BaseModels
from server.domain.openai.names import ModelNames, stand_ins_of
from server.errors import NotFound
from tests.domain.conftest import House

SETTING = "babbage-002=gpt2, smollm2-135m-instruct"


@pytest.fixture
def base_models(house: House) -> BaseModels:
    return BaseModels(base_models_folder=house.folder, own_models_folder=house.folder / "own", hub_off=True, hub_reachable=lambda: False)


@pytest.mark.parametrize(
    ("asked", "base", "stands_in"),
    [
        ("gpt-4o-mini-2024-07-18", "smollm2-135m-instruct", True),
        ("gpt-3.5-turbo", "smollm2-135m-instruct", True),
        ("gpt-4.1-nano", "smollm2-135m-instruct", True),
        ("o4-mini", "smollm2-135m-instruct", True),
        ("chatgpt-4o-latest", "smollm2-135m-instruct", True),
        ("davinci-002", "smollm2-135m-instruct", True),
        ("babbage-002", "gpt2", True),
        ("gpt2", "gpt2", False),
        ("gpt2-scratch-1m", "gpt2-scratch-1m", False),
    ],
)
def test_names_of_openai_stand_for_what_the_operator_chose(base_models: BaseModels, asked: str, base: str, stands_in: bool) -> None:
    found, is_stand_in = ModelNames(base_models, stand_ins_of(SETTING)).base(asked)
    assert (found.id, is_stand_in) == (base, stands_in)


@pytest.mark.parametrize("asked", ["llama-3", "gpt2-huge", "", "ft:gpt-4o-mini:acme::abc", "x" * 500])
def test_other_names_stand_for_nothing(base_models: BaseModels, asked: str) -> None:
    with pytest.raises(NotFound) as refused:
        ModelNames(base_models, stand_ins_of(SETTING)).base(asked)
    assert refused.value.code == "model_not_found"


def test_it_can_be_turned_off(base_models: BaseModels) -> None:
    with pytest.raises(NotFound):
        ModelNames(base_models, stand_ins_of("off")).base("gpt-4o-mini")
    assert ModelNames(base_models, stand_ins_of("off")).base("gpt2")[0].id == "gpt2"
