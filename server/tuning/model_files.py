"""Which files of a Hugging Face folder make a model, and what its configs say. No torch here: the look needs no weights."""

import json
from pathlib import Path
from typing import Any

CONFIG_FILE = "config.json"
GENERATION_FILE = "generation_config.json"
WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"


class DamagedModel(ValueError):
    """The folder holds no whole model. The text says what is wrong, without a path."""


def read_config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DamagedModel(f"{CONFIG_FILE} is missing") from error
    except ValueError as error:
        raise DamagedModel(f"{CONFIG_FILE} is not JSON") from error
    if not isinstance(config, dict):
        raise DamagedModel(f"{CONFIG_FILE} is not a JSON object")
    return config


def end_ids(folder: Path) -> list[int]:
    """The tokens that end a generation, from where transformers takes them: the generation config, else the config."""
    config = read_config(folder)
    generation = folder / GENERATION_FILE
    if generation.exists():
        config = {**config, **json.loads(generation.read_text(encoding="utf-8"))}
    ids = config.get("eos_token_id")
    return [ids] if isinstance(ids, int) else [int(id_) for id_ in ids or []]


def weight_files(folder: Path) -> list[Path]:
    """The one file, or those that the index names. A name with a folder in it is refused."""
    if (folder / WEIGHTS_FILE).exists():
        return [folder / WEIGHTS_FILE]
    try:
        names = sorted(set(json.loads((folder / INDEX_FILE).read_text(encoding="utf-8"))["weight_map"].values()))
    except FileNotFoundError as error:
        raise DamagedModel(f"{WEIGHTS_FILE} is missing") from error
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise DamagedModel(f"{INDEX_FILE} cannot be read") from error
    for name in names:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise DamagedModel(f"{INDEX_FILE} names a file that is not a safetensors file beside it")
        if not (folder / name).exists():
            raise DamagedModel(f"{name} is missing")
    return [folder / name for name in names]
