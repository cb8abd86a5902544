"""One sum over everything that decides a run's numbers: a checkpoint goes on only under the very same one.

The number of threads and the kind of device are not in it: with others the training goes on as well, only its last digits may differ.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from server.tuning.files import sha256_of
from server.tuning.model_files import CONFIG_FILE, weight_files
from shared.job_spec import DataFile, JobSpec

_PLACES = 16
_BYTES_A_PLACE = 4096


def fingerprint(spec: JobSpec, base: Path | None) -> str:
    """`base`: the base model's folder, or None for one that starts from noise."""
    facts = {
        "base_model": spec.base_model,
        "base": None if base is None else [sha256_of(base / CONFIG_FILE), *map(_glance, weight_files(base))],
        "method": spec.method,
        "settings": spec.settings.model_dump(exclude={"accelerator", "beta"}),
        "data": [_data(file) for file in spec.data],
        "validation_data": [_data(file) for file in spec.validation_data],
    }
    if spec.objective == "preference":  # Otherwise the sum is what it was before there was a choice.
        facts |= {"objective": spec.objective, "beta": spec.settings.beta}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _data(file: DataFile) -> dict[str, Any]:
    """What is read, and how; not where it lies nor what it is called."""
    facts = file.model_dump(mode="json", exclude={"path", "name"})
    return {**facts, "sha256": file.sha256 or sha256_of(file.path)}


def _glance(weights: Path) -> str:
    """Pieces from all over a file of gigabytes: another training of the same model differs in all of them."""
    size = weights.stat().st_size
    found = hashlib.sha256(f"{weights.name} {size}".encode())
    with weights.open("rb") as file:
        for place in range(_PLACES):
            file.seek(place * size // _PLACES)
            found.update(file.read(_BYTES_A_PLACE))
    return found.hexdigest()
