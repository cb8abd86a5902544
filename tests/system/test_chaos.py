"""The scenarios of `scripts/chaos` that need servers, a few times each. What they reach at full length is in their own words."""

import importlib
from pathlib import Path

import pytest

FEW = {
    "server_kill": 3,
    "dark": 1,
    "two_servers": 2,
    "double_submit": 2,
    "cancel_race": 3,
    "stall": 1,
    "oom": 1,
    "server_disk": 1,
    "clock": 4,
    "store": 40,
}


@pytest.mark.parametrize("scenario", FEW)
def test_the_product_survives(scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = importlib.import_module(f"scripts.chaos_{scenario}")
    status = module.run(tmp_path, times=FEW[scenario], seed=1)
    assert status == 0, capsys.readouterr().out
