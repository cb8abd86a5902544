"""The calibration program on this very machine, cut short: that it measures what is there, not how fast that is."""

from pathlib import Path

import pytest

from server.tuning import calibration
from server.tuning.calibration import calibrate
from shared.base_models import CATALOGUE
from shared.calibration import Calibration, CalibrationRefused, CalibrationSpec
from shared.constants import Method


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "_POINT_S", 0.0)
    monkeypatch.setattr(calibration, "_FORMS", ((32,), (16,) * 4, (64, 64), tuple(range(8, 24, 2)), (128,)))


def spec(folder: Path, base_model: str = "gpt2-scratch-1m", method: Method = "scratch") -> CalibrationSpec:
    return CalibrationSpec(base_model=base_model, method=method, base_models_folder=folder, scratch_folder=folder / "tried", threads=1)


def test_every_part_is_measured(tmp_path: Path) -> None:
    found = calibrate(spec(tmp_path), start_s=1.0)
    assert isinstance(found, Calibration)
    assert found.num_parameters == found.num_trained_at_16 == CATALOGUE["gpt2-scratch-1m"].num_parameters
    assert found.layer.seconds(128, 128 * 64, 1) > 0
    assert min(found.head_row_s, found.step_number_s, found.token_s, found.write_byte_s, found.read_byte_s, found.matrix_gflops) > 0
    assert found.saved_row_bytes > 4 * found.width
    assert not list((tmp_path / "tried").iterdir()), "what was written to try the disk is gone"


def test_a_model_that_is_not_here_yet_is_known_by_its_published_shape(tmp_path: Path) -> None:
    found = calibration._shape(spec(tmp_path, "gpt2", "full"))
    assert found is not None
    assert (found.num_layers, found.width, found.tied) == (12, 768, True)


def test_what_nobody_knows_is_refused(tmp_path: Path) -> None:
    assert isinstance(calibrate(spec(tmp_path, "ft:gone", "full"), start_s=1.0), CalibrationRefused)


def test_adapters_are_counted(tmp_path: Path) -> None:
    shape = calibration._shape(spec(tmp_path, "distilgpt2", "lora"))
    assert shape is not None
    small = calibration.replace(shape, vocabulary_size=512, width=64, inner_width=256, num_heads=4, num_kv_heads=4, head_width=16)
    bench = calibration._Bench(small, "lora", calibration.torch.device("cpu"))
    per_layer = 16 * ((64 + 192) + (64 + 64) + (64 + 256) + (256 + 64))
    assert bench.num_trained == 6 * per_layer


def test_coefficients_are_found_again() -> None:
    true = (1e-3, 2e-5, 0.0, 1e-4)
    points = [calibration._facts(form) for form in ((128,), (64,) * 8, (256, 256), tuple(range(16, 48, 2)), (512,))]
    seconds = [sum(a * b for a, b in zip(true, point, strict=True)) for point in points]
    assert calibration._fitted(points, seconds) == pytest.approx(true, rel=1e-3, abs=1e-9)
