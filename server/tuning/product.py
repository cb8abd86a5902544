"""Matrix products: forward, back to the input, and onto the gradient of a weight. Sums go by fp32, so all three belong together here.

On the CPU oneDNN's kernel is used where it is faster than the one behind `torch.mm`. Measured on two AVX-512 cores, rows 500, SmolLM2's
shapes, GFLOP/s: x @ weight.T 154 to 185 by MKL and 187 to 205 by oneDNN, the same for dy @ weight (160 to 190 and 189 to 216), and 110
against 192 for the vocabulary's head. MKL stays level for gradients of weights, and adds to what is there without a second pass.

On a card that knows bf16, the factors are rounded to it and the sums stay in fp32, as do the weights themselves: what is called mixed
precision, without a scale to keep, because bf16 reaches as far as fp32.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

_FEWEST_ROWS = 16
_FEWEST_WEIGHTS = 2**14
_onednn = getattr(torch.ops.mkldnn, "_linear_pointwise", None) if torch.backends.mkldnn.is_available() else None
"""The only private name of torch that is used; torch is pinned, and without it everything works as before, slower."""


def rounds(device: torch.device) -> bool:
    """Whether products on this device take their factors in bf16."""
    return device.type == "cuda" and torch.cuda.is_bf16_supported()


def linear(x_NI: Tensor, weight_OI: Tensor, bias: Tensor | None = None) -> Tensor:
    """x @ weight.T + bias (N, O). Not for autograd: call it where gradients are written by hand or not wanted."""
    if rounds(weight_OI.device):
        y_NO = F.linear(x_NI.bfloat16(), weight_OI.bfloat16()).float()
        return y_NO if bias is None else y_NO.add_(bias)
    if _onednn is None or weight_OI.device.type != "cpu" or len(x_NI) < _FEWEST_ROWS or weight_OI.numel() < _FEWEST_WEIGHTS:
        return F.linear(x_NI, weight_OI, bias)
    return _onednn(x_NI, weight_OI, bias, "none", [], "")


def back(dy_NO: Tensor, weight_OI: Tensor) -> Tensor:
    """dy @ weight (N, I): what `linear` gives back to its input."""
    return linear(dy_NO, weight_OI.T)


def add_outer(gradient_OI: Tensor, dy_NO: Tensor, x_NI: Tensor, scale: float = 1.0) -> None:
    """Adds scale * dy.T @ x to what a weight has gathered."""
    if rounds(gradient_OI.device):
        gradient_OI.add_((dy_NO.T.bfloat16() @ x_NI.bfloat16()).float(), alpha=scale)
    else:
        gradient_OI.addmm_(dy_NO.T, x_NI, alpha=scale)
