"""Our steps are AdamW's, without what loading torch's class of that name costs."""

import subprocess
import sys

import torch
from torch import Tensor, nn

from server.tuning.flat import FlatParameters
from server.tuning.optimizer import BETAS, Optimizer

RATE, DECAY = 1e-2, 0.1


def test_steps_are_adamws_and_only_matrices_decay() -> None:
    torch.manual_seed(1)
    layers, inputs = nn.Sequential(nn.Linear(7, 5), nn.LayerNorm(5)), torch.randn(4, 7)
    expected = [AsPublished(parameter.detach().clone(), DECAY if parameter.dim() == 2 else 0.0) for parameter in layers.parameters()]
    optimizer = Optimizer(FlatParameters(layers.parameters()), weight_decay=DECAY, max_grad_norm=1e9)
    for _ in range(5):
        layers(inputs).square().sum().backward()
        for one, parameter in zip(expected, layers.parameters(), strict=True):
            assert parameter.grad is not None
            one.step(parameter.grad)
        optimizer.step(RATE)
    for one, parameter in zip(expected, layers.parameters(), strict=True):
        torch.testing.assert_close(parameter.detach(), one.weights)


class AsPublished:
    """Algorithm 2 of arXiv:1711.05101, word by word, for one parameter."""

    def __init__(self, weights: Tensor, decay: float) -> None:
        self.weights, self._decay = weights, decay
        self._first, self._second, self._count = torch.zeros_like(weights), torch.zeros_like(weights), 0

    def step(self, gradient: Tensor) -> None:
        self._count += 1
        self._first = BETAS[0] * self._first + (1 - BETAS[0]) * gradient
        self._second = BETAS[1] * self._second + (1 - BETAS[1]) * gradient**2
        first, second = self._first / (1 - BETAS[0] ** self._count), self._second / (1 - BETAS[1] ** self._count)
        self.weights = self.weights - RATE * self._decay * self.weights - RATE * first / (second.sqrt() + 1e-8)


def test_a_trainer_does_not_load_torchs_compiler() -> None:
    """It takes two seconds and 100 MB, and one decorated function of torch that is called is enough to load it."""
    program = (
        "import sys, torch; from torch import nn; from server.tuning import flat, optimizer;"
        "optimizer.Optimizer(flat.FlatParameters(nn.Linear(3, 2).parameters()), weight_decay=0.1, max_grad_norm=1.0).step(0.1);"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
