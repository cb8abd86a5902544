"""Names of models as other people's scripts give them: ours, and those of OpenAI, which stand for a base model that the operator chose."""

import re
from collections.abc import Mapping

from server.domain.models.catalogue import BaseModels
from server.errors import NotFound
from shared.base_models import CATALOGUE, BaseModel

# The names that fine-tuning scripts hold: gpt-4o-mini-2024-07-18, gpt-3.5-turbo, babbage-002, o4-mini, chatgpt-4o-latest.
_OPENAIS = re.compile(r"(gpt-\d|chatgpt-|o\d(-|$)|(text-)?(davinci|curie|babbage|ada)(-|$)).*", re.IGNORECASE)
OTHERS = "*"


class ModelNames:
    """`stand_ins` says which base model stands for which name of OpenAI's; `*` stands for all others. Empty: none does."""

    def __init__(self, base_models: BaseModels, stand_ins: Mapping[str, str]) -> None:
        self._base_models = base_models
        self._stand_ins = stand_ins

    def base(self, name: str) -> tuple[BaseModel, bool]:
        """The base model of this name, and whether it only stands in for it. Raises `NotFound`."""
        if name not in CATALOGUE and (stand_in := self._stand_in(name)) is not None:
            return self._base_models.get(stand_in), True
        try:
            return self._base_models.get(name), False
        except NotFound:
            raise NotFound(
                f"The model {name[:100]!r} does not exist here. GET /v1/models lists those that do.", code="model_not_found", param="model"
            ) from None

    def _stand_in(self, name: str) -> str | None:
        if name in self._stand_ins:
            return self._stand_ins[name]
        return self._stand_ins.get(OTHERS) if _OPENAIS.fullmatch(name) else None


def stand_ins_of(setting: str) -> dict[str, str]:
    """From "babbage-002=gpt2, smollm2-135m-instruct": pairs, and what stands for all others. "off" is none."""
    if setting.strip().lower() == "off":
        return {}
    found = {}
    for part in filter(None, (part.strip() for part in setting.split(","))):
        name, equals, base = part.rpartition("=")
        found[name.strip() if equals else OTHERS] = base.strip()
    return found
