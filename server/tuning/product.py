"""Matrix products. On the CPU oneDNN's kernel is used where it is faster than the one behind `torch.mm`.

Measured on two AVX-512 cores, rows 500, SmolLM2's shapes, GFLOP/s: x @ weight.T 154 to 185 by MKL and 187 to 205 by oneDNN, the same
for dy @ weight (160 to 190 and 189 to 216), and 110 against 192 for the vocabulary's head. MKL stays faster for gradients of weights.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

_FEWEST_ROWS = 16
_FEWEST_WEIGHTS = 2**14
_onednn = getattr(torch.ops.mkldnn, "_linear_pointwise", None) if torch.backends.mkldnn.is_available() else None
"""The only private name of torch that is used; torch is pinned, and without it everything works as before, slower."""


def linear(x_NI: Tensor, weight_OI: Tensor, bias: Tensor | None = None) -> Tensor:
    """x @ weight.T + bias (N, O). Not for autograd: call it where gradients are written by hand or not wanted."""
    if _onednn is None or weight_OI.device.type != "cpu" or len(x_NI) < _FEWEST_ROWS or weight_OI.numel() < _FEWEST_WEIGHTS:
        return F.linear(x_NI, weight_OI, bias)
    return _onednn(x_NI, weight_OI, bias, "none", [], "")


def back(dy_NO: Tensor, weight_OI: Tensor) -> Tensor:
    """dy @ weight (N, I): what `linear` gives back to its input."""
    return linear(dy_NO, weight_OI.T)
