"""All trained numbers of a model in one buffer and all their gradients in another: one call clips them, one steps them, one copies them."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class FlatParameters:
    """Moves parameters into one buffer and makes them views of it. Matrices come first: weight decay pulls on them alone."""

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        ordered = sorted(parameters, key=lambda parameter: parameter.dim() < 2)
        size = sum(parameter.numel() for parameter in ordered)
        device = ordered[0].device
        self.data = torch.empty(size, device=device)
        self.grad = torch.zeros(size, device=device)
        self.num_decayed = sum(parameter.numel() for parameter in ordered if parameter.dim() >= 2)
        start = 0
        for parameter in ordered:
            end = start + parameter.numel()
            view = self.data[start:end].view_as(parameter)
            view.copy_(parameter.data)
            parameter.data, parameter.grad = view, self.grad[start:end].view_as(parameter)
            start = end

    def __len__(self) -> int:
        return self.data.numel()

    def copy(self) -> Tensor:
        return self.data.clone()

    def restore(self, copy: Tensor) -> None:
        self.data.copy_(copy)
