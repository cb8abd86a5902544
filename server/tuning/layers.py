"""The layers that both model families are made of, with gradients that go straight into buffers allocated once (`flat.py`).

Legend: N rows, I and O widths in and out, R rank of an adapter. A trained weight must have its `.grad` allocated before a backward pass.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function

from server.tuning.model_shape import RopeScaling
from server.tuning.product import back, linear


@dataclass(frozen=True)
class Part:
    """A named piece of a stacked weight: Hugging Face's module name and its rows. `transposed`: stored there as (in, out)."""

    name: str
    rows: slice
    transposed: bool = False


class Adapter(nn.Module):
    """Low-rank matrices of one projection (LoRA, arXiv:2106.09685), one pair for each part: `down` (parts * R, I), `up` (O, R)."""

    def __init__(self, projection: "Projection", rank: int, alpha: float) -> None:
        super().__init__()
        out, into = projection.weight.shape
        self.rank = rank
        self.scale = alpha / rank
        self.parts = [part.rows for part in projection.parts]
        self.down = nn.Parameter(torch.empty(len(self.parts) * rank, into))
        self.up = nn.Parameter(torch.zeros(out, rank))

    def pairs(self) -> list[tuple[slice, slice]]:
        """For each part its rows of `up` and its rows of `down`."""
        return [(rows, slice(i * self.rank, (i + 1) * self.rank)) for i, rows in enumerate(self.parts)]

    def change(self) -> Tensor:
        """What the adapter adds to the projection's weight, (O, I)."""
        return torch.cat([self.up[up] @ self.down[down] for up, down in self.pairs()]) * self.scale


class Projection(nn.Module):
    """x (N, I) to x @ weight.T + bias (N, O): one product for several named parts that are stacked along O."""

    adapter: Adapter | None

    def __init__(self, into: int, parts: list[tuple[str, int]], *, bias: bool, transposed: bool) -> None:
        super().__init__()
        ends = torch.tensor([0] + [rows for _, rows in parts]).cumsum(0).tolist()
        self.parts = [Part(name, slice(ends[i], ends[i + 1]), transposed) for i, (name, _) in enumerate(parts)]
        self.weight = nn.Parameter(torch.empty(ends[-1], into))
        self.bias = nn.Parameter(torch.empty(ends[-1])) if bias else None
        self.adapter = None

    def forward(self, x_NI: Tensor) -> Tensor:
        if not torch.is_grad_enabled():
            return self._plain(x_NI)
        if self.adapter is not None:
            return _Adapted.apply(x_NI, self.adapter.down, self.adapter.up, self)
        if self.weight.requires_grad:
            return _Dense.apply(x_NI, self.weight, self)
        return F.linear(x_NI, self.weight, self.bias)

    def _plain(self, x_NI: Tensor) -> Tensor:
        y_NO = linear(x_NI, self.weight, self.bias)
        if self.adapter is not None:
            _add_adapter(y_NO, linear(x_NI, self.adapter.down), self.adapter)
        return y_NO


def _add_adapter(y_NO: Tensor, low: Tensor, adapter: Adapter) -> None:
    for up, down in adapter.pairs():
        y_NO[:, up].addmm_(low[:, down], adapter.up[up].T, alpha=adapter.scale)


class _Dense(Function):
    """A projection whose own weight trains. Its gradient is added to `weight.grad` in place."""

    @staticmethod
    def forward(ctx: Any, x_NI: Tensor, weight: Tensor, projection: Projection) -> Tensor:
        ctx.save_for_backward(x_NI)
        ctx.projection = projection
        return linear(x_NI, weight, projection.bias)

    @staticmethod
    def backward(ctx: Any, dy_NO: Tensor) -> tuple[Tensor | None, ...]:
        (x_NI,), projection = ctx.saved_tensors, ctx.projection
        projection.weight.grad.addmm_(dy_NO.T, x_NI)
        if projection.bias is not None:
            projection.bias.grad.add_(dy_NO.sum(0))
        return back(dy_NO, projection.weight) if ctx.needs_input_grad[0] else None, None, None


class _Adapted(Function):
    """A projection with a frozen weight and a trained adapter."""

    @staticmethod
    def forward(ctx: Any, x_NI: Tensor, down: Tensor, up: Tensor, projection: Projection) -> Tensor:
        low = linear(x_NI, down)
        y_NO = linear(x_NI, projection.weight, projection.bias)
        _add_adapter(y_NO, low, projection.adapter)  # type: ignore[arg-type]
        ctx.save_for_backward(x_NI, low)
        ctx.projection = projection
        return y_NO

    @staticmethod
    def backward(ctx: Any, dy_NO: Tensor) -> tuple[Tensor | None, ...]:
        (x_NI, low), projection = ctx.saved_tensors, ctx.projection
        adapter = projection.adapter
        dlow = torch.empty_like(low)
        for up, down in adapter.pairs():
            dlow[:, down] = dy_NO[:, up] @ adapter.up[up]
            adapter.up.grad[up].addmm_(dy_NO[:, up].T, low[:, down], alpha=adapter.scale)
        adapter.down.grad.addmm_(dlow.T, x_NI, alpha=adapter.scale)
        if not ctx.needs_input_grad[0]:
            return None, None, None, None
        dx_NI = back(dy_NO, projection.weight)
        return dx_NI.addmm_(dlow, adapter.down, alpha=adapter.scale), None, None, None


class Embedding(nn.Module):
    """Rows of a table by index; the gradient of a trained table is added to `weight.grad` in place."""

    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(rows, width))

    def forward(self, ids_N: Tensor) -> Tensor:
        if torch.is_grad_enabled() and self.weight.requires_grad:
            return _Lookup.apply(self.weight, ids_N)
        return self.weight[ids_N]


class _Lookup(Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor, ids_N: Tensor) -> Tensor:
        ctx.save_for_backward(ids_N)
        ctx.weight = weight
        return weight[ids_N]

    @staticmethod
    def backward(ctx: Any, dx: Tensor) -> tuple[None, None]:
        ctx.weight.grad.index_add_(0, ctx.saved_tensors[0], dx)
        return None, None


class RMSNorm(nn.Module):
    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.weight.shape, self.weight, self.eps)


class LayerNorm(nn.Module):
    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))
        self.bias = nn.Parameter(torch.empty(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)


class _Rotate(Function):
    """Rotary positions (arXiv:2104.09864) in the half-split form of Llama; turning back is the gradient."""

    @staticmethod
    def forward(ctx: Any, x_NHW: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        ctx.save_for_backward(cos, sin)
        return _turn(x_NHW, cos, sin)

    @staticmethod
    def backward(ctx: Any, dx_NHW: Tensor) -> tuple[Tensor, None, None]:
        cos, sin = ctx.saved_tensors
        return _turn(dx_NHW, cos, -sin), None, None


def _turn(x_NHW: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    half = x_NHW.size(-1) // 2
    first, second = x_NHW[..., :half], x_NHW[..., half:]
    turned = torch.empty(x_NHW.shape, device=x_NHW.device)  # Contiguous, whatever was turned.
    torch.mul(first, cos, out=turned[..., :half]).addcmul_(second, sin, value=-1)
    torch.mul(second, cos, out=turned[..., half:]).addcmul_(first, sin)
    return turned


rotate: Callable[[Tensor, Tensor, Tensor], Tensor] = _Rotate.apply
"""x (N, H, W) turned by tables cos and sin (N, 1, W / 2)."""


def rotary_tables(positions_N: Tensor, *, head_width: int, theta: float, scaling: RopeScaling | None = None) -> tuple[Tensor, Tensor]:
    frequencies = theta ** (-torch.arange(0, head_width, 2, dtype=torch.float32, device=positions_N.device) / head_width)
    if scaling is not None:
        frequencies = _stretched(frequencies, scaling)
    angles = positions_N.float()[:, None, None] * frequencies
    return angles.cos(), angles.sin()


def _stretched(frequencies: Tensor, scaling: RopeScaling) -> Tensor:
    """Linear interpolation (arXiv:2306.15595); for `llama3` (arXiv:2407.21783) only of waves longer than the original context, blended."""
    if scaling.kind == "linear":
        return frequencies / scaling.factor
    turns = scaling.original_context * frequencies / (2 * math.pi)
    kept = (turns - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor)
    return torch.lerp(frequencies / scaling.factor, frequencies, kept.clamp(0, 1))
