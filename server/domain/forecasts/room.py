"""Whether a run fits this machine, and if not, the largest setting that would. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from shared.constants import Method
from shared.job_spec import RunSettings
from shared.wire import ForecastChange, Obstacle

_SHORTEST_BLOCK: Final = 64


@dataclass(frozen=True)
class Need:
    """Bytes, at the least: a run is refused only for what it surely needs."""

    memory: int
    disk: int


@dataclass(frozen=True)
class There:
    """What this machine has for a run: all of its memory but the system's share, and its free disk."""

    memory: int
    disk: int

    def holds(self, need: Need) -> bool:
        return need.memory <= self.memory and need.disk <= self.disk


NeedOf = Callable[[Method, RunSettings], Need]


def obstacle_for(method: Method, settings: RunSettings, there: There, need_of: NeedOf) -> Obstacle | None:
    need = need_of(method, settings)
    if there.holds(need):
        return None
    change = next((change for change, to, tried in _smaller(method, settings) if there.holds(need_of(to, tried))), None)
    memory = need.memory > there.memory
    needed, has = (need.memory, there.memory) if memory else (need.disk, there.disk)
    what = "memory" if memory else "disk"
    return Obstacle(
        resource="memory" if memory else "disk",
        needed_bytes=needed,
        there_bytes=max(0, has),
        message=f"This run needs at least {_size(needed)} of {what}, and this machine has {_size(max(0, has))} for it. "
        + (f"{change.label} would fit." if change is not None else _HELPLESS[memory]),
        change=change,
    )


_HELPLESS: Final = {
    True: "No setting of this base model fits; choose a smaller base model, or a machine with more memory.",
    False: "Delete models or documents you no longer need, or make room on the disk.",
}


def _smaller(method: Method, settings: RunSettings) -> Iterator[tuple[ForecastChange, Method, RunSettings]]:
    """Gentlest first: the same batch in smaller pieces, which gives the same model; shorter blocks; adapters instead of all weights."""
    yield from _smaller_batches(method, settings, None)
    if method == "full":
        yield _changed("lora", settings, "Training adapters (LoRA) instead of all weights", method="lora")
        yield from _smaller_batches("lora", settings, "lora")


def _smaller_batches(method: Method, settings: RunSettings, named: Method | None) -> Iterator[tuple[ForecastChange, Method, RunSettings]]:
    also = "LoRA with " if named else ""
    size, pieces = settings.batch_size, settings.gradient_accumulation
    while size > 1:
        size, pieces = size // 2, pieces * 2
        settings = settings.model_copy(update={"batch_size": size, "gradient_accumulation": min(256, pieces)})
        yield _changed(method, settings, f"{also}{'a' if also else 'A'} batch of {size} in {pieces} pieces", method=named)
    block = settings.block_size
    while block > _SHORTEST_BLOCK:
        block = max(_SHORTEST_BLOCK, block // 2)
        settings = settings.model_copy(update={"block_size": block})
        yield _changed(method, settings, f"{also}{'b' if also else 'B'}locks of {block} tokens, one at a time", method=named)


def _changed(to: Method, settings: RunSettings, label: str, *, method: Method | None) -> tuple[ForecastChange, Method, RunSettings]:
    values = {name: getattr(settings, name) for name in ("batch_size", "gradient_accumulation", "block_size")}
    return ForecastChange(label=label, method=method, hyperparameters=values), to, settings


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.0f} MB"
