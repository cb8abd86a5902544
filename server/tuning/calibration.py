"""Times the parts of a training on this machine: `python -m server.tuning.calibration --spec spec.json` prints one JSON object.

A program of its own, of a few seconds, because it keeps every core busy. It builds two layers of the model in question, with weights of
chance, and runs them, the head and the optimizer exactly as a training does. Of every time the least of several repeats counts: noise only
ever adds. `shared.calibration` says what comes out, and `server.domain.forecasts` makes a forecast of it.
"""

import os
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from server.tuning import lora
from server.tuning.base import is_whole
from server.tuning.device import usable
from server.tuning.files import sha256_of
from server.tuning.flat import FlatParameters
from server.tuning.loss import CHUNK, head_loss, summed_loss
from server.tuning.model import CausalModel
from server.tuning.model_files import DamagedModel, read_config
from server.tuning.model_folder import build
from server.tuning.model_shape import ModelShape, gpt2_shape, shape_of
from server.tuning.optimizer import Optimizer
from server.tuning.process import memory_bytes, peak_memory_bytes, set_up_torch
from server.tuning.spans import Spans
from shared.architectures import ARCHITECTURES
from shared.base_models import CATALOGUE, LOCAL_PREFIX, Scratch
from shared.calibration import Calibration, CalibrationRefused, CalibrationSpec, RowCost
from shared.constants import Method

_LAYERS = 2
_RANK = 16
_REPEATS = 5
_POINT_S = 0.5
"""Spent on one measurement, about: then the least of what there is counts, but never of fewer than two."""
_DISK_BYTES = 32 * 2**20
_STEP_NUMBERS = 4_000_000


def main(arguments: list[str]) -> int:
    parser = ArgumentParser(prog="python -m server.tuning.calibration", description="Times the parts of a training on this machine.")
    parser.add_argument("--spec", type=Path, required=True, metavar="FILE", help="a CalibrationSpec as JSON")
    spec = CalibrationSpec.model_validate_json(parser.parse_args(arguments).spec.read_bytes())
    try:
        answer: Calibration | CalibrationRefused = calibrate(spec, start_s=_seconds_since_start())
    except DamagedModel as error:
        answer = CalibrationRefused(reason=str(error))
    print(answer.model_dump_json())
    return 0


def calibrate(spec: CalibrationSpec, *, start_s: float) -> Calibration | CalibrationRefused:
    """Raises `DamagedModel`."""
    began, busy = time.monotonic(), _busy_seconds()
    shape = _shape(spec)
    if shape is None:
        return CalibrationRefused(reason="The base model is not on this machine yet, so nothing is known of its shape.")
    if spec.accelerator not in usable():
        return CalibrationRefused(reason=f"The trainer finds no {spec.accelerator} on this machine.")
    set_up_torch(spec.threads)

    start_bytes = memory_bytes()
    device = torch.device(spec.accelerator)
    bench = _Bench(shape, spec.method, device)
    gflops = [_matrix_gflops(device)]
    layer, layer_forward = bench.layer(), bench.layer(forward_only=True)
    gflops.append(_matrix_gflops(device))
    peak = peak_memory_bytes()
    head_row_s, head_forward_row_s = bench.head()
    token_s = bench.token_s()
    step_number_s = bench.step_number_s()
    gflops.append(_matrix_gflops(device))
    saved, working = bench.memory()
    grown = max(0, peak - start_bytes - bench.known_bytes(saved))
    write_byte_s, read_byte_s = _disk(spec.scratch_folder)
    return Calibration(
        base_model=spec.base_model,
        method=spec.method,
        measured_at=datetime.now(UTC),
        seconds=round(time.monotonic() - began, 2),
        matrix_gflops=round(max(gflops), 1),
        others_share=_others_share(busy, time.monotonic() - began),
        num_layers=shape.num_layers,
        num_parameters=bench.num_parameters,
        num_trained_at_16=bench.num_trained,
        width=shape.width,
        vocabulary_size=shape.vocabulary_size,
        start_s=start_s,
        start_bytes=start_bytes,
        layer=layer,
        layer_forward=layer_forward,
        head_row_s=head_row_s,
        head_forward_row_s=head_forward_row_s,
        step_number_s=step_number_s,
        token_s=token_s,
        saved_row_bytes=saved,
        working_row_bytes=working,
        grown_bytes=grown,
        head_bytes=2 * 4 * CHUNK * shape.vocabulary_size,
        write_byte_s=write_byte_s,
        read_byte_s=read_byte_s,
        device_memory_bytes=torch.cuda.mem_get_info(device)[1] if device.type == "cuda" else None,
    )


def _shape(spec: CalibrationSpec) -> ModelShape | None:
    """From the model's own config where it lies here, else from what is known of the published ones."""
    entry = CATALOGUE.get(spec.base_model)
    if entry is not None and isinstance(entry.source, Scratch):
        plan = entry.source
        return gpt2_shape(
            vocabulary_size=plan.vocabulary_size,
            width=plan.width,
            num_layers=plan.num_layers,
            num_heads=plan.num_heads,
            context_length=entry.context_length,
        )
    folder = spec.base_folder
    if folder is None and entry is not None and is_whole(spec.base_models_folder / entry.id):
        folder = spec.base_models_folder / entry.id
    if folder is None and entry is None and spec.models_folder is not None:
        folder = spec.models_folder / spec.base_model.removeprefix(LOCAL_PREFIX)
    if folder is not None:
        return shape_of(read_config(folder))
    known = ARCHITECTURES.get(spec.base_model)
    return None if known is None else shape_of(known)


class _Bench:
    """Two layers of a model, as a training of this method has them."""

    def __init__(self, shape: ModelShape, method: Method, device: torch.device) -> None:
        self._shape, self._method, self._device = shape, method, device
        self._noise = torch.Generator().manual_seed(0)
        self._bare = self._model(0)
        self._full = self._model(_LAYERS)

    def layer(self, *, forward_only: bool = False) -> RowCost:
        """Fitted over batches of several forms."""
        points, seconds = [], []
        for lengths in self._forms():
            if seconds and max(seconds) * _LAYERS * sum(lengths) / 128 > 8 * _POINT_S * 4:
                continue  # A layer of billions: the smaller batches must do.
            both = [self._seconds(model, lengths, forward_only=forward_only) for model in (self._full, self._bare)]
            points.append(_facts(lengths))
            seconds.append(max(1e-7, (both[0] - both[1]) / _LAYERS))
        return RowCost(**dict(zip(("call_s", "row_s", "pair_s", "run_s"), _fitted(points, seconds), strict=True)))

    def head(self) -> tuple[float, float]:
        """Seconds for each row that carries loss: with the gradient, and without."""
        rows = 2 * CHUNK
        hidden = torch.randn(rows, self._shape.width, device=self._device, requires_grad=True)
        targets = torch.randint(self._shape.vocabulary_size, (rows,), device=self._device)
        weight = self._bare.head_weight

        def train() -> None:
            head_loss(hidden, weight, targets, 1 / rows).backward()

        return self._least(train) / rows, self._least(lambda: summed_loss(hidden, weight, targets)) / rows

    def step_number_s(self) -> float:
        slices = FlatParameters([torch.nn.Parameter(torch.randn(_STEP_NUMBERS // 1000, 1000, device=self._device))])
        optimizer = Optimizer(slices, weight_decay=0.01, max_grad_norm=1.0)

        def step() -> None:
            slices.grad.fill_(1e-3)
            optimizer.step(1e-6)

        return self._least(step) / _STEP_NUMBERS

    @torch.no_grad()
    def token_s(self) -> float:
        """The layers for one row with a short past, and the whole head."""
        times = []
        for model in (self._full, self._bare):
            cache = model.new_cache(256)
            model.hidden(torch.zeros(64, dtype=torch.long, device=self._device), self._spans((64,)), cache)

            def one(model: CausalModel = model, cache: object = cache) -> None:
                cache.length = 64  # type: ignore[attr-defined]
                row = torch.zeros(1, dtype=torch.long, device=self._device)
                hidden = model.hidden(row, Spans(torch.tensor([64], device=self._device), (1,)), cache)  # type: ignore[arg-type]
                (model.head_weight @ hidden[-1]).argmax().item()

            times.append(self._least(one))
        return times[1] + (times[0] - times[1]) / _LAYERS * self._shape.num_layers

    def memory(self) -> tuple[float, float]:
        """Bytes for each row: kept by one layer, and of the widest place."""
        rows = min(256, self._shape.context_length)
        kept = [self._kept_bytes(model, rows) for model in (self._full, self._bare)]
        return (kept[0] - kept[1]) / _LAYERS / rows, 4.0 * (4 * self._shape.width + 2 * self._shape.inner_width)

    def known_bytes(self, saved_row_bytes: float) -> int:
        """The weights of both models, their gradients where they train, and what the largest batch kept."""
        weights = sum(parameter.nbytes for model in (self._full, self._bare) for parameter in model.parameters())
        gradients = 0 if self._method == "lora" else weights
        return weights + gradients + round(_LAYERS * saved_row_bytes * max(map(sum, self._forms())))

    def _forms(self) -> list[tuple[int, ...]]:
        return [form for form in _FORMS if max(form) <= self._shape.context_length]

    @property
    def num_parameters(self) -> int:
        return self._of_all_layers(lambda model: model.num_parameters)

    @property
    def num_trained(self) -> int:
        """All weights, or the adapters."""
        if self._method != "lora":
            return self.num_parameters
        return self._of_all_layers(lambda model: sum(one.numel() for one in model.parameters() if one.requires_grad))

    def _of_all_layers(self, count: Callable[[CausalModel], int]) -> int:
        outside = count(self._bare)
        return outside + (count(self._full) - outside) // _LAYERS * self._shape.num_layers

    def _kept_bytes(self, model: CausalModel, rows: int) -> int:
        """Of everything that the forward pass saves, each storage once, without the weights."""
        weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
        kept: dict[int, int] = {}

        def note(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in weights:
                kept[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            hidden = model.hidden(torch.zeros(rows, dtype=torch.long, device=self._device), self._spans((rows,)))
        del hidden
        return sum(kept.values())

    def _model(self, num_layers: int) -> CausalModel:
        model = build(replace(self._shape, num_layers=num_layers)).to(self._device)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(0.02 * torch.randn(parameter.shape, generator=self._noise))
        if self._method == "lora":
            if num_layers:
                FlatParameters(lora.attach(model, rank=_RANK, alpha=2.0 * _RANK, seed=0))
            model.requires_grad_(False)
            for projection in model.projections():
                projection.adapter.requires_grad_(True)  # type: ignore[union-attr]
        else:
            FlatParameters(model.parameters())
        return model

    def _seconds(self, model: CausalModel, lengths: tuple[int, ...], *, forward_only: bool) -> float:
        spans = self._spans(lengths)
        ids = torch.randint(self._shape.vocabulary_size, (sum(lengths),), device=self._device)
        wanted = torch.randn(sum(lengths), self._shape.width, device=self._device)

        def run() -> None:
            if forward_only:
                with torch.no_grad():
                    model.hidden(ids, spans)
                return
            hidden = model.hidden(ids, spans)
            if hidden.requires_grad:  # A frozen model without layers has nothing to go back through.
                hidden.backward(wanted)

        return self._least(run)

    def _spans(self, lengths: tuple[int, ...]) -> Spans:
        return Spans.of(lengths).on(self._device)

    def _least(self, run: Callable[[], object]) -> float:
        """The least seconds of several runs, after one that does not count."""
        return least_seconds(run, self._device)


def least_seconds(run: Callable[[], object], device: torch.device) -> float:
    times: list[float] = []
    _timed(run, device)
    while len(times) < 2 or (len(times) < _REPEATS and sum(times) < _POINT_S):
        times.append(_timed(run, device))
    return min(times)


def _timed(run: Callable[[], object], device: torch.device) -> float:
    began = time.perf_counter()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began


_FORMS: tuple[tuple[int, ...], ...] = (
    (128,),
    (64,) * 8,
    (256, 256),
    tuple(range(16, 48, 2)),
    (512,),
    (512, 512),
    (256,) * 8,
)
"""Batches that differ in what a layer's time depends on: rows, pairs, runs of equally long documents. As lengths of documents."""


def _facts(lengths: tuple[int, ...]) -> tuple[float, float, float, float]:
    return 1.0, float(sum(lengths)), sum(length * length for length in lengths) / 2, float(len(Spans.of(lengths).runs))


def _fitted(points: list[tuple[float, ...]], seconds: list[float]) -> list[float]:
    """Coefficients that are not negative and explain the seconds best, each point in proportion to itself."""
    matrix = np.array(points) / np.array(seconds)[:, None]
    scale = matrix.max(axis=0)
    active = list(range(matrix.shape[1]))
    while True:
        found, *_ = np.linalg.lstsq(matrix[:, active] / scale[active], np.ones(len(seconds)), rcond=None)
        if (found >= 0).all():
            break
        active.remove(active[int(found.argmin())])
    result = [0.0] * matrix.shape[1]
    for place, value in zip(active, found / scale[active], strict=True):
        result[place] = float(value)
    return result


def _matrix_gflops(device: torch.device) -> float:
    size = 1024
    left, right = torch.randn(size, size, device=device), torch.randn(size, size, device=device)
    kept = torch.empty(size, size, device=device)
    return 2 * size**3 / least_seconds(lambda: torch.mm(left, right, out=kept), device) / 1e9


def _disk(folder: Path) -> tuple[float, float]:
    """Seconds for each byte: written and synced, and read back and summed."""
    folder.mkdir(parents=True, exist_ok=True)
    bytes_ = os.urandom(1 << 20) * (_DISK_BYTES >> 20)
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        began = time.perf_counter()
        file.write(bytes_)
        file.flush()
        os.fsync(file.fileno())
        written = time.perf_counter()
        sha256_of(Path(file.name))
        return (written - began) / _DISK_BYTES, (time.perf_counter() - written) / _DISK_BYTES


def _busy_seconds() -> tuple[float, float]:
    """Processor time since boot that all programs used, and that this one did. The first is 0 where the system does not tell."""
    try:
        user, nice, system = (int(field) for field in Path("/proc/stat").read_text().split()[1:4])
    except (OSError, ValueError, IndexError):
        return 0.0, 0.0
    return (user + nice + system) / os.sysconf("SC_CLK_TCK"), time.process_time()


def _others_share(before: tuple[float, float], seconds: float) -> float:
    everybody, own = (now - then for now, then in zip(_busy_seconds(), before, strict=True))
    return round(min(1.0, max(0.0, (everybody - own) / seconds / (os.cpu_count() or 1))), 3)


def _seconds_since_start() -> float:
    """Of this process, the interpreter's own start included."""
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        up = float(Path("/proc/uptime").read_text().split()[0])
        return max(0.0, up - ticks / os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError):
        return 3.0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
