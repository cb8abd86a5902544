"""The one door to a folder with a model: server and trainer open its files through here, and no others.

What is in it was written by others. Only files of known names are opened, each a plain file of the folder itself and no larger than its
kind ever is; nothing in them names another file that is opened, and what asks for program code is refused although none would be run.
"""

import json
import os
import stat
from pathlib import Path
from typing import Any, Final

CONFIG_FILE: Final = "config.json"
GENERATION_FILE: Final = "generation_config.json"
WEIGHTS_FILE: Final = "model.safetensors"
INDEX_FILE: Final = "model.safetensors.index.json"
TOKENIZER_FILE: Final = "tokenizer.json"
TOKENIZER_CONFIG_FILE: Final = "tokenizer_config.json"
TEMPLATE_FILE: Final = "chat_template.jinja"
MAP_FILE: Final = "special_tokens_map.json"

_MAX_BYTES: Final = 10_000_000
"""Of what is read as a whole. The index of a model of hundreds of gigabytes has two."""
_MAX_BYTES_OF: Final = {TOKENIZER_FILE: 100_000_000, "vocab.json": 50_000_000, "merges.txt": 50_000_000, TEMPLATE_FILE: 1_000_000}
_MAX_HEADER_BYTES: Final = 10_000_000
_MAX_TENSORS: Final = 20_000
_MAX_DIMENSIONS: Final = 8
_MAX_WEIGHT_FILES: Final = 1_000
_MAX_ENTRIES: Final = 5_000
_WEIGHTS_SUFFIX: Final = ".safetensors"
_CODE: Final = frozenset({".py", ".pyc", ".pyd", ".so", ".dll", ".dylib"})
_LENGTH_BYTES: Final = 8
_CAUSAL: Final = ("ForCausalLM", "LMHeadModel", "Model")
"""How transformers names its classes that continue a text; plain `...Model` is what some tools write for any."""


class DamagedModel(ValueError):
    """The folder holds no whole model that may be used. The text says what is wrong, for a person and without a path."""


def check_folder(folder: Path) -> None:
    """What can be said of the folder as a whole: no program code in it, and none that its configs ask for. Raises `DamagedModel`."""
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError as error:
        raise DamagedModel("the folder is missing or cannot be read") from error
    if len(names) > _MAX_ENTRIES:
        raise DamagedModel(f"the folder holds more than {_MAX_ENTRIES:,} files")
    if any(Path(name).suffix.lower() in _CODE for name in names):
        raise DamagedModel("the folder holds program code, and only models without code are accepted")
    for name in (CONFIG_FILE, TOKENIZER_CONFIG_FILE):
        if name in names and "auto_map" in json_in(folder, name):
            raise DamagedModel(f"{name} asks for program code of its own (auto_map), and only models without code are accepted")


def has(folder: Path, name: str) -> bool:
    """Whether there is anything of this name; `file_in` says whether it may be opened."""
    return os.path.lexists(folder / name)


def file_in(folder: Path, name: str) -> Path:
    """The file of this name, to be opened. Raises `DamagedModel` for one that is missing, no plain file, elsewhere, or too large."""
    path = folder / name
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            if not path.resolve().is_relative_to(folder.resolve()):
                raise DamagedModel(f"{name} is a link to something outside of the folder; put the file itself there")
            found = path.stat()
    except FileNotFoundError as error:
        raise DamagedModel(f"{name} is missing") from error
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, DamagedModel):
            raise
        raise DamagedModel(f"{_plain(name)} cannot be read") from error
    if not stat.S_ISREG(found.st_mode):
        raise DamagedModel(f"{name} is no plain file")
    if not name.endswith(_WEIGHTS_SUFFIX) and found.st_size > _MAX_BYTES_OF.get(name, _MAX_BYTES):
        raise DamagedModel(f"{name} is larger than any of its kind should be")
    return path


def text_in(folder: Path, name: str) -> str:
    try:
        return file_in(folder, name).read_text(encoding="utf-8")
    except OSError as error:
        raise DamagedModel(f"{name} cannot be read") from error
    except UnicodeDecodeError as error:
        raise DamagedModel(f"{name} is not text") from error


def json_in(folder: Path, name: str) -> dict[str, Any]:
    return _object(text_in(folder, name), name)


def config_in(folder: Path) -> dict[str, Any]:
    return json_in(folder, CONFIG_FILE)


def why_not_tunable(config: dict[str, Any]) -> str | None:
    """What a config itself says against tuning the model; None is no promise, since the trainer alone knows what it can compute."""
    if not isinstance(config.get("model_type"), str):
        return f"{CONFIG_FILE} lacks model_type"
    what, only = f"models of type {_plain(config['model_type'])[:40]!r}", "and only causal language models are tuned"
    written_as = config.get("architectures")
    if isinstance(written_as, list) and written_as and not any(str(name).endswith(_CAUSAL) for name in written_as):
        return f"{what} are saved as {_plain(str(written_as[0]))[:60]}, {only}"
    if config.get("is_encoder_decoder") or any(part in config for part in ("text_config", "vision_config", "audio_config")):
        return f"{what} do more than continue a text, {only}"
    if "quantization_config" in config:
        return "its weights are quantised; take the model in full or half precision"
    return None


def weight_files(folder: Path) -> list[Path]:
    """The one file, or those that the index names. Raises `DamagedModel`, also for a name that is no plain file of this folder."""
    if has(folder, WEIGHTS_FILE):
        return [file_in(folder, WEIGHTS_FILE)]
    if not has(folder, INDEX_FILE):
        raise DamagedModel(f"{WEIGHTS_FILE} is missing; only safetensors are read, and save_pretrained writes them")
    weight_map = json_in(folder, INDEX_FILE).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise DamagedModel(f"{INDEX_FILE} cannot be read")
    named = set()
    for name in weight_map.values():
        if not isinstance(name, str) or Path(name).name != name or not name.endswith(_WEIGHTS_SUFFIX):
            raise DamagedModel(f"{INDEX_FILE} names a file that is not a safetensors file beside it")
        named.add(name)
    if len(named) > _MAX_WEIGHT_FILES:
        raise DamagedModel(f"{INDEX_FILE} names more than {_MAX_WEIGHT_FILES:,} files")
    return [file_in(folder, name) for name in sorted(named)]


def num_weights(folder: Path) -> int:
    """How many numbers the weight files hold, by their headers alone, which are checked against the files' sizes. Raises `DamagedModel`."""
    return sum(map(num_weights_in, weight_files(folder)))


def num_weights_in(file: Path) -> int:
    """A file begins with the length of its header in 8 bytes (https://huggingface.co/docs/safetensors)."""
    try:
        with file.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
            if length > min(_MAX_HEADER_BYTES, size - _LENGTH_BYTES):
                raise DamagedModel(f"{file.name} has a header that is too large for it")
            header = _object(stream.read(length).decode(), f"the header of {file.name}")
    except OSError as error:
        raise DamagedModel(f"{file.name} cannot be read") from error
    except UnicodeDecodeError as error:
        raise DamagedModel(f"the header of {file.name} is not text") from error
    if len(header) > _MAX_TENSORS:
        raise DamagedModel(f"{file.name} names more than {_MAX_TENSORS:,} tensors")
    counts = [_num_in(tensor, size - _LENGTH_BYTES - length, file.name) for name, tensor in header.items() if name != "__metadata__"]
    return sum(counts)


def _num_in(tensor: Any, room: int, file_name: str) -> int:
    """The numbers of one tensor: none that the file has no bytes for."""
    shape = tensor.get("shape") if isinstance(tensor, dict) else None
    if not isinstance(shape, list) or len(shape) > _MAX_DIMENSIONS or not all(type(size) is int and 0 <= size <= room for size in shape):
        raise DamagedModel(f"{file_name} describes tensors that it does not hold")
    count = 1
    for size in shape:
        count *= size
    if count > room:
        raise DamagedModel(f"{file_name} describes tensors that it does not hold")
    return count


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedModel(f"{name} is not JSON") from error
    if not isinstance(value, dict):
        raise DamagedModel(f"{name} is not a JSON object")
    return value


def _plain(name: str) -> str:
    """A name as it can stand in a message."""
    return "".join(character if character.isprintable() else "?" for character in name)[:100]
