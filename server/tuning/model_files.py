"""What the configs of a model's folder say to the trainer, by way of `shared.model_folder`. No torch here: the look needs no weights."""

from pathlib import Path

from shared.model_folder import (
    CONFIG_FILE,
    GENERATION_FILE,
    INDEX_FILE,
    WEIGHTS_FILE,
    DamagedModel,
    config_in,
    has,
    json_in,
    weight_files,
)

__all__ = ["CONFIG_FILE", "GENERATION_FILE", "INDEX_FILE", "WEIGHTS_FILE", "DamagedModel", "end_ids", "read_config", "weight_files"]

read_config = config_in
_MOST_ENDS = 100


def end_ids(folder: Path) -> list[int]:
    """The tokens that end a generation, from where transformers takes them: the generation config, else the config."""
    config = read_config(folder)
    if has(folder, GENERATION_FILE):
        config = {**config, **json_in(folder, GENERATION_FILE)}
    told = config.get("eos_token_id")
    ids = told if isinstance(told, list) else [] if told is None else [told]
    if len(ids) > _MOST_ENDS or not all(type(id_) is int for id_ in ids):
        raise DamagedModel("eos_token_id is no number of a token")
    return ids
