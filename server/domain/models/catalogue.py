"""Which base models there are, and whether this machine can use them now."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

from server.errors import Conflict, InvalidInput, NotFound
from shared.base_models import CATALOGUE, LOCAL_PREFIX, PREPARED_FILE, BaseModel, Hub, LocalFolder, Package, Scratch
from shared.constants import Availability
from shared.model_folder import (
    CONFIG_FILE,
    TEMPLATE_FILE,
    TOKENIZER_CONFIG_FILE,
    DamagedModel,
    check_folder,
    config_in,
    has,
    json_in,
    num_weights,
    why_not_tunable,
)
from shared.wire import BaseModelInfo, ListOf

_FAMILIES: Final[dict[str, Literal["gpt2", "llama"]]] = {
    "gpt2": "gpt2",
    **dict.fromkeys(("llama", "mistral", "qwen2", "qwen3"), "llama"),
}
_USUAL_CONTEXT: Final = 1024
_MAX_CONTEXT: Final = 2**24


class BaseModels:
    """`hub_reachable` says whether the model hub answers; it caches and never takes long."""

    def __init__(self, *, base_models_folder: Path, own_models_folder: Path, hub_off: bool, hub_reachable: Callable[[], bool]) -> None:
        self._base_models_folder = base_models_folder
        self._own_models_folder = own_models_folder
        self._hub_off = hub_off
        self._hub_reachable = hub_reachable

    def all(self) -> ListOf[BaseModelInfo]:
        return ListOf(data=[self._info(base) for base in (*CATALOGUE.values(), *self._own())])

    def get(self, model_id: str) -> BaseModel:
        """Raises `NotFound`."""
        found = CATALOGUE.get(model_id) or next((base for base in self._own() if base.id == model_id), None)
        if found is None:
            raise NotFound("There is no base model of this name. See GET /api/base-models for the list.", code="base_models.not_found")
        return found

    def usable(self, model_id: str) -> BaseModel:
        """For a field of a request: raises `InvalidInput` for an unknown model, `Conflict` for one that cannot be had now."""
        try:
            base = self.get(model_id)
        except NotFound as error:
            raise InvalidInput(error.message, code="base_models.unknown", param="base_model") from None
        availability, reason = self._availability(base)
        if availability == "unavailable":
            raise Conflict(f"{base.name} cannot be used now: {reason}", code="base_models.unavailable", param="base_model")
        return base

    def source_of(self, base: BaseModel) -> dict[str, str]:
        """Where a program finds this base's weights."""
        if isinstance(base.source, LocalFolder):
            return {"kind": "folder", "path": str(self._own_models_folder / base.id.removeprefix(LOCAL_PREFIX))}
        return {"kind": "base", "id": base.id}

    def is_prepared(self, base: BaseModel) -> bool:
        """Whether its weights lie here as the trainer uses them; also of what has none, or is a folder of its own."""
        return isinstance(base.source, Scratch | LocalFolder) or (self._base_models_folder / base.id / PREPARED_FILE).exists()

    def _info(self, base: BaseModel) -> BaseModelInfo:
        availability, reason = self._availability(base)
        return BaseModelInfo(
            id=base.id,
            name=base.name,
            description=base.description,
            num_parameters=base.num_parameters,
            context_length=base.context_length,
            license=base.license,
            size_bytes=base.size_bytes,
            memory_bytes=base.memory_bytes("scratch" if base.from_scratch else "lora"),
            from_scratch=base.from_scratch,
            chat=base.chat,
            methods=["scratch"] if base.from_scratch else ["lora", "full"],
            availability=availability,
            availability_reason=reason,
        )

    def _availability(self, base: BaseModel) -> tuple[Availability, str | None]:
        match base.source:
            case Package(module):
                if find_spec(module) is None:
                    return "unavailable", "Its package is not installed. Run start-production.py again, which installs it."
                if not (self._base_models_folder / base.id / PREPARED_FILE).exists():
                    return "ready", "Its weights are unpacked at first use, which takes about half a minute."
            case Hub():
                if (self._base_models_folder / base.id / PREPARED_FILE).exists():
                    return "ready", None
                if self._hub_off:
                    return "unavailable", "It is not on this machine, and this installation does not fetch models (LLM_TUNER_HUB is off)."
                if not self._hub_reachable():
                    return "unavailable", (
                        "It is not on this machine, and the model hub cannot be reached from here. Connect the machine to the network, "
                        "or put the model's folder among your own models."
                    )
                return "downloadable", f"{base.size_bytes / 1e9:.1f} GB are fetched from the model hub at first use."
            case LocalFolder(problem=str(problem)):
                return "unavailable", problem
        return "ready", None

    def _own(self) -> list[BaseModel]:
        try:
            folders = sorted(self._own_models_folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [
            model_in(folder, model_id=LOCAL_PREFIX + folder.name, name=folder.name, description="One of your own models.")
            for folder in folders
            if has(folder, CONFIG_FILE)
        ]


def model_in(folder: Path, *, model_id: str, name: str, description: str) -> BaseModel:
    """A folder with a model as a catalogue entry; what is wrong with it is its availability's reason. Nothing of it is executed."""
    problem: str | None = None
    config: dict[str, Any] = {}
    num_parameters = 0
    try:
        check_folder(folder)
        config = config_in(folder)
        num_parameters = num_weights(folder)
    except DamagedModel as error:
        problem = f"It cannot be used: {error}."
    if problem is None and (against := why_not_tunable(config)) is not None:
        problem = f"It cannot be used: {against}."
    context = config.get("max_position_embeddings") or config.get("n_positions")
    if problem is None and not num_parameters:
        problem = "Its safetensors hold no weights."
    return BaseModel(
        id=model_id,
        name=name,
        description=description,
        family=_FAMILIES.get(str(config.get("model_type")), "other"),
        source=LocalFolder(problem),
        num_parameters=num_parameters,
        context_length=context if type(context) is int and 0 < context <= _MAX_CONTEXT else _USUAL_CONTEXT,
        license="see its folder",
        chat=_has_template(folder),
    )


def _has_template(folder: Path) -> bool:
    if has(folder, TEMPLATE_FILE):
        return True
    try:
        return bool(json_in(folder, TOKENIZER_CONFIG_FILE).get("chat_template"))
    except DamagedModel:
        return False
