"""A few seconds of what `scripts/bench fuzz` does for minutes: files that are nearly good are answered, and read again as they were."""

import pytest

from tests.corpus.fuzzing import FORMATS, fuzz


@pytest.mark.parametrize("format", FORMATS)
def test_no_file_however_damaged_stops_a_reader(format: str) -> None:
    assert fuzz(format, seconds=0.4) > 0
