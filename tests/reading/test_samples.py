"""The data sets that come with the product are clean."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.reading import Inspection

SAMPLES = Path(__file__).resolve().parent.parent.parent / "shared" / "samples"
NAMES = [entry["filename"] for entry in json.loads((SAMPLES / "index.json").read_text())]


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_read_without_a_word_of_complaint(inspected: Callable[..., Inspection], name: str) -> None:
    found = inspected((SAMPLES / name).read_bytes(), name)
    assert (found.problems, found.warnings, found.charset) == ([], [], "utf-8")
    assert found.num_examples >= 20
