"""Which base models there are, and an honest word about each that cannot be had."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from server.domain.models.catalogue import BaseModels
from server.errors import Conflict, InvalidInput
from shared.base_models import CATALOGUE, PREPARED_FILE
from shared.wire import BaseModelInfo


def models(folder: Path, *, hub_off: bool = False, reachable: Callable[[], bool] = lambda: False) -> BaseModels:
    return BaseModels(base_models_folder=folder / "bases", own_models_folder=folder / "own", hub_off=hub_off, hub_reachable=reachable)


def info(base_models: BaseModels, model_id: str) -> BaseModelInfo:
    return next(entry for entry in base_models.all().data if entry.id == model_id)


def own_model(folder: Path, name: str = "mine", *, config: object = None, weights: bytes | None = None) -> Path:
    """A folder as `save_pretrained` leaves it, with one 3 x 5 tensor."""
    target = folder / "own" / name
    target.mkdir(parents=True)
    (target / "config.json").write_text(json.dumps({"model_type": "gpt2", "n_positions": 512} if config is None else config))
    header = json.dumps({"__metadata__": {}, "wte.weight": {"dtype": "F32", "shape": [3, 5], "data_offsets": [0, 60]}}).encode()
    (target / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(60) if weights is None else weights)
    return target


def test_the_catalogue_offers_what_the_product_promises(tmp_path: Path) -> None:
    listed = {entry.id: entry for entry in models(tmp_path).all().data}
    promised = {
        "smollm2-135m-instruct",
        "distilgpt2",
        "gpt2",
        "gpt2-medium",
        "gpt2-large",
        "gpt2-xl",
        "smollm2-360m-instruct",
        "smollm2-1.7b-instruct",
    }
    assert promised | {"gpt2-scratch-1m", "gpt2-scratch-10m", "gpt2-scratch-30m"} == set(listed)
    for entry in listed.values():
        assert entry.num_parameters > 0
        assert entry.memory_bytes > entry.size_bytes
        assert entry.license
    assert listed["smollm2-135m-instruct"].availability == "ready"
    assert listed["gpt2-scratch-1m"].availability == "ready"


def test_a_model_of_the_hub_says_whether_it_can_be_fetched(tmp_path: Path) -> None:
    asked: list[str] = []

    def reachable() -> bool:
        asked.append("asked")
        return True

    assert info(models(tmp_path, reachable=reachable), "gpt2").availability == "downloadable"
    assert info(models(tmp_path), "gpt2").availability == "unavailable"
    asked.clear()
    assert "LLM_TUNER_HUB" in str(info(models(tmp_path, hub_off=True, reachable=reachable), "gpt2").availability_reason)
    assert asked == [], "an installation that does not fetch does not even ask"
    prepared = tmp_path / "bases" / "gpt2" / PREPARED_FILE
    prepared.parent.mkdir(parents=True)
    prepared.write_text("{}")
    assert info(models(tmp_path, hub_off=True), "gpt2").availability == "ready"


def test_unknown_and_unavailable_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no base model of this name"):
        models(tmp_path).usable("../../etc")
    with pytest.raises(Conflict, match="cannot be reached"):
        models(tmp_path).usable("gpt2-xl")


def test_an_operators_own_folder_is_offered_with_its_facts(tmp_path: Path) -> None:
    own_model(tmp_path)
    entry = info(models(tmp_path), "local/mine")
    assert (entry.availability, entry.num_parameters, entry.context_length) == ("ready", 15, 512)
    usable = models(tmp_path).usable("local/mine")
    assert models(tmp_path).source_of(usable) == {"kind": "folder", "path": str(tmp_path / "own" / "mine")}


@pytest.mark.parametrize(
    ("config", "weights", "words"),
    [
        ({"model_type": "bert", "architectures": ["BertForMaskedLM"]}, None, "'bert' are saved as BertForMaskedLM, and only causal"),
        ({"model_type": "t5", "is_encoder_decoder": True}, None, "'t5' do more than continue a text"),
        ({"model_type": "llama", "quantization_config": {}}, None, "its weights are quantised"),
        ({}, None, "config.json lacks model_type"),
        ([], None, "config.json is not a JSON object"),
        (None, b"", "header that is too large"),
        (None, struct.pack("<Q", 2**60) + b"{}", "header that is too large"),
        (None, struct.pack("<Q", 4) + b"nope", "not JSON"),
    ],
)
def test_a_damaged_folder_says_what_is_wrong(tmp_path: Path, config: object, weights: bytes | None, words: str) -> None:
    own_model(tmp_path, config=config, weights=weights)
    entry = info(models(tmp_path), "local/mine")
    assert entry.availability == "unavailable"
    assert entry.availability_reason is not None
    assert words in entry.availability_reason


def test_a_folder_with_program_code_is_refused(tmp_path: Path) -> None:
    (own_model(tmp_path) / "modeling.py").write_text("print('run me')")
    assert "program code" in str(info(models(tmp_path), "local/mine").availability_reason)


def test_catalogue_ids_are_plain_words() -> None:
    assert all(model_id == entry.id and "/" not in model_id for model_id, entry in CATALOGUE.items())
