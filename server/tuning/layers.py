"""The layers that both model families are made of. Each computes its value, and its gradient by hand: `value(x)`, and `back(dy, x)`, which
returns the gradient of x and adds those of trained weights to buffers allocated once (`flat.py`). `block.py` puts them together.

By hand, because autograd keeps every intermediate and allocates every gradient anew: here a layer keeps what is dear to compute, and the
rest is computed again where it is needed.

Legend: N rows, I and O widths in and out, D width of the model, F inner width, R rank of an adapter.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function

from server.tuning.model_shape import RopeScaling
from server.tuning.product import add_outer, back, linear


@dataclass(frozen=True)
class Part:
    """A named piece of a stacked weight: Hugging Face's module name and its rows. `transposed`: stored there as (in, out)."""

    name: str
    rows: slice
    transposed: bool = False

    @property
    def module(self) -> str:
        """What it is called in every layer, as peft names its targets."""
        return self.name.rsplit(".", 1)[-1]

    @property
    def num_rows(self) -> int:
        return self.rows.stop - self.rows.start


class Adapter(nn.Module):
    """Low-rank matrices beside a projection (LoRA, arXiv:2106.09685), one pair for each of some of its `parts`: `down` (parts * R, I) and
    `up`, the rows of these parts (O', R). `dropout` is the share of its inputs that a training step does not see."""

    def __init__(self, projection: "Projection", parts: Sequence[Part], rank: int, scale: float, dropout: float = 0.0) -> None:
        super().__init__()
        self.rank, self.scale, self.dropout = rank, scale, dropout
        self.parts = list(parts)
        self.down = nn.Parameter(torch.empty(len(self.parts) * rank, projection.weight.size(1)))
        self.up = nn.Parameter(torch.zeros(sum(part.num_rows for part in self.parts), rank))

    def pairs(self) -> list[tuple[Part, slice, slice]]:
        """Each part, its rows of `up`, and its rows of `down`."""
        found, start = [], 0
        for i, part in enumerate(self.parts):
            end = start + part.num_rows
            found.append((part, slice(start, end), slice(i * self.rank, (i + 1) * self.rank)))
            start = end
        return found

    def mask(self, x_NI: Tensor) -> Tensor | None:
        """Which inputs a training step sees, (N, I) bool; None where it sees all. By the processor's random numbers: a resumed run
        goes on with the same ones, whatever it computes on."""
        if not self.dropout:
            return None
        return (torch.rand(x_NI.shape) >= self.dropout).to(x_NI.device)

    def seen(self, x_NI: Tensor, mask: Tensor | None) -> Tensor:
        return x_NI if mask is None else x_NI * mask * (1 / (1 - self.dropout))

    def add_to(self, y_NO: Tensor, x_NI: Tensor, mask: Tensor | None) -> None:
        low = linear(self.seen(x_NI, mask), self.down)
        for part, up, down in self.pairs():
            y_NO[:, part.rows].addmm_(low[:, down], self.up[up].T, alpha=self.scale)

    def back(self, dy_NO: Tensor, x_NI: Tensor, mask: Tensor | None, dx_NI: Tensor | None) -> None:
        """Gathers the gradients of the pairs, and adds that of x to `dx_NI` where it is wanted."""
        seen = self.seen(x_NI, mask)
        low = linear(seen, self.down)
        dlow = torch.empty_like(low)
        assert self.up.grad is not None and self.down.grad is not None
        for part, up, down in self.pairs():
            dy = dy_NO[:, part.rows]
            dlow[:, down] = dy @ self.up[up]
            add_outer(self.up.grad[up], dy, low[:, down], self.scale)
        add_outer(self.down.grad, dlow, seen, self.scale)
        if dx_NI is None:
            return
        if mask is None:
            dx_NI.addmm_(dlow, self.down, alpha=self.scale)
        else:
            dx_NI.add_(self.seen(dlow @ self.down, mask), alpha=self.scale)

    def change(self, num_rows: int) -> Tensor:
        """What it adds to the projection's weight, (O, I)."""
        change = self.down.new_zeros(num_rows, self.down.size(1))
        for part, up, down in self.pairs():
            change[part.rows] = self.up[up] @ self.down[down] * self.scale
        return change


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
        """By itself, for models that autograd puts together."""
        return _Projected.apply(
            x_NI, self, torch.is_grad_enabled(), *(parameter for parameter in self.parameters() if parameter.requires_grad)
        )

    def mask(self, x_NI: Tensor) -> Tensor | None:
        """For a training step: to be given to `value` and then to `back`."""
        return None if self.adapter is None else self.adapter.mask(x_NI)

    def value(self, x_NI: Tensor, mask: Tensor | None = None) -> Tensor:
        y_NO = linear(x_NI, self.weight, self.bias)
        if self.adapter is not None:
            self.adapter.add_to(y_NO, x_NI, mask)
        return y_NO

    def back(self, dy_NO: Tensor, x_NI: Tensor, mask: Tensor | None, *, wanted: bool = True) -> Tensor | None:
        """The gradient of x, where it is `wanted`."""
        if self.weight.grad is not None:
            add_outer(self.weight.grad, dy_NO, x_NI)
        if self.bias is not None and self.bias.grad is not None:
            self.bias.grad.add_(dy_NO.sum(0))
        dx_NI = back(dy_NO, self.weight) if wanted else None
        if self.adapter is not None:
            self.adapter.back(dy_NO, x_NI, mask, dx_NI)
        return dx_NI


class _Projected(Function):
    @staticmethod
    def forward(ctx: Any, x_NI: Tensor, projection: Projection, learns: bool, *trained: Tensor) -> Tensor:
        mask = projection.mask(x_NI) if learns else None
        ctx.save_for_backward(x_NI, mask)
        ctx.projection, ctx.num_trained = projection, len(trained)
        return projection.value(x_NI, mask)

    @staticmethod
    def backward(ctx: Any, dy_NO: Tensor) -> tuple[Tensor | None, ...]:
        x_NI, mask = ctx.saved_tensors
        dx_NI = ctx.projection.back(dy_NO.contiguous(), x_NI, mask, wanted=ctx.needs_input_grad[0])
        return dx_NI, None, None, *(None for _ in range(ctx.num_trained))


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


class Norm(nn.Module):
    """`statistics` are what `back` needs beside the input."""

    def forward(self, x_ND: Tensor) -> Tensor:
        return _Normed.apply(x_ND, self, *self.parameters())

    def value(self, x_ND: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        raise NotImplementedError

    def back(self, dy_ND: Tensor, x_ND: Tensor, statistics: tuple[Tensor, Tensor]) -> Tensor:
        raise NotImplementedError


class _Normed(Function):
    @staticmethod
    def forward(ctx: Any, x_ND: Tensor, norm: Norm, *_weights: Tensor) -> Tensor:
        y_ND, statistics = norm.value(x_ND)
        ctx.save_for_backward(x_ND, *statistics)
        ctx.norm, ctx.num_weights = norm, len(_weights)
        return y_ND

    @staticmethod
    def backward(ctx: Any, dy_ND: Tensor) -> tuple[Tensor | None, ...]:
        x_ND, *statistics = ctx.saved_tensors
        return ctx.norm.back(dy_ND.contiguous(), x_ND, tuple(statistics)), None, *(None for _ in range(ctx.num_weights))


_layer_norm_back = torch.ops.aten.native_layer_norm_backward


class RMSNorm(Norm):
    """x / sqrt(mean(x²) + eps) * weight."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))
        self.eps = eps

    def value(self, x_ND: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        squares = torch.linalg.vector_norm(x_ND, dim=-1, keepdim=True).square_()
        scale = squares.div_(x_ND.size(-1)).add_(self.eps).rsqrt_()
        return (x_ND * scale).mul_(self.weight), (torch.zeros_like(scale), scale)

    def back(self, dy_ND: Tensor, x_ND: Tensor, statistics: tuple[Tensor, Tensor]) -> Tensor:
        """Torch has this in one pass for layer norm alone. With a mean of zero that is the same but for one term, which is put back."""
        trains = self.weight.grad is not None
        dx_ND, dweight, _ = _layer_norm_back(dy_ND, x_ND, self.weight.shape, *statistics, self.weight, None, [True, trains, False])
        if self.weight.grad is not None:
            self.weight.grad.add_(dweight)
        return dx_ND.addcmul_(statistics[1], (dy_ND @ self.weight).div_(x_ND.size(-1))[..., None])


class LayerNorm(Norm):
    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))
        self.bias = nn.Parameter(torch.empty(width))
        self.eps = eps

    def value(self, x_ND: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        y_ND, mean, scale = torch.native_layer_norm(x_ND, self.weight.shape, self.weight, self.bias, self.eps)
        return y_ND, (mean, scale)

    def back(self, dy_ND: Tensor, x_ND: Tensor, statistics: tuple[Tensor, Tensor]) -> Tensor:
        trains = self.weight.grad is not None
        mask = [True, trains, trains]
        dx_ND, dweight, dbias = _layer_norm_back(dy_ND, x_ND, self.weight.shape, *statistics, self.weight, self.bias, mask)
        if self.weight.grad is not None and self.bias.grad is not None:
            self.weight.grad.add_(dweight)
            self.bias.grad.add_(dbias)
        return dx_ND


class SwiGLU:
    """gate and up (N, 2F) to silu(gate) * up (N, F)."""

    @staticmethod
    def value(gate_up: Tensor) -> Tensor:
        gate, up = gate_up.chunk(2, dim=-1)
        return F.silu(gate).mul_(up)

    @staticmethod
    def back_in_place(dy_NF: Tensor, gate_up: Tensor) -> None:
        """Puts the gradients of both where both are. `dy_NF` is used up."""
        gate, up = gate_up.chunk(2, dim=-1)
        dgate = dy_NF * up
        torch.mul(dy_NF, F.silu(gate), out=up)
        torch.ops.aten.silu_backward.grad_input(dgate, gate, grad_input=gate)


class Gelu:
    """The form with tanh, which is GPT-2's."""

    @staticmethod
    def value(x_NF: Tensor) -> Tensor:
        return F.gelu(x_NF, approximate="tanh")

    @staticmethod
    def back_in_place(dy_NF: Tensor, x_NF: Tensor) -> None:
        torch.ops.aten.gelu_backward.grad_input(dy_NF, x_NF, approximate="tanh", grad_input=x_NF)


Activation = type[SwiGLU] | type[Gelu]


@dataclass(frozen=True)
class Turns:
    """Tables of rotary positions (arXiv:2104.09864) in the half-split form of Llama, (N, 1, W / 2) each."""

    cos: Tensor
    sin: Tensor

    @classmethod
    def at(cls, positions_N: Tensor, *, head_width: int, theta: float, scaling: RopeScaling | None = None) -> "Turns":
        frequencies = theta ** (-torch.arange(0, head_width, 2, dtype=torch.float32, device=positions_N.device) / head_width)
        if scaling is not None:
            frequencies = _stretched(frequencies, scaling)
        angles = positions_N.float()[:, None, None] * frequencies
        return cls(angles.cos(), angles.sin())

    def turn(self, x_NHW: Tensor, sign: int = 1) -> None:
        """In place; a sign of -1 turns back, which is the gradient."""
        first, second = x_NHW.chunk(2, dim=-1)
        crossed = first * self.sin
        first.mul_(self.cos).addcmul_(second, self.sin, value=-sign)
        second.mul_(self.cos).add_(crossed, alpha=sign)


def _stretched(frequencies: Tensor, scaling: RopeScaling) -> Tensor:
    """Linear interpolation (arXiv:2306.15595); for `llama3` (arXiv:2407.21783) only of waves longer than the original context, blended."""
    if scaling.kind == "linear":
        return frequencies / scaling.factor
    turns = scaling.original_context * frequencies / (2 * math.pi)
    kept = (turns - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor)
    return torch.lerp(frequencies / scaling.factor, frequencies, kept.clamp(0, 1))
