"""AdamW (arXiv:1711.05101) with clipping, over flat buffers."""

import torch
from torch import Tensor, nn

from server.tuning.flat import FlatParameters

BETAS = (0.9, 0.99)
"""Short runs want a second moment that forgets faster than the usual 0.999."""


class Optimizer:
    def __init__(self, parameters: FlatParameters, *, weight_decay: float, max_grad_norm: float) -> None:
        self._flat = parameters
        self._max_norm = max_grad_norm
        edge = parameters.num_decayed
        self._first, self._second = torch.zeros(len(parameters)), torch.zeros(len(parameters))
        self._updates = torch.zeros(2)
        groups, states = [], []
        for part, (rows, decay) in enumerate(((slice(0, edge), weight_decay), (slice(edge, None), 0.0))):
            view = nn.Parameter(parameters.data[rows])
            view.grad = parameters.grad[rows]
            if view.numel():
                groups.append({"params": [view], "weight_decay": decay})
                states.append((view, {"step": self._updates[part], "exp_avg": self._first[rows], "exp_avg_sq": self._second[rows]}))
        self._adamw = torch.optim.AdamW(groups, lr=0.0, betas=BETAS, fused=True)
        for view, state in states:
            self._adamw.state[view] = state

    def tensors(self) -> dict[str, Tensor]:
        """Everything that steps change, as the buffers that they change: whoever fills them puts the optimizer where it was."""
        return {"first_moment": self._first, "second_moment": self._second, "updates": self._updates}

    def step(self, learning_rate: float) -> float:
        """Clip, step, and zero the gradients. Returns the norm before clipping; on one that is not finite nothing moves."""
        norm = float(torch.linalg.vector_norm(self._flat.grad))
        if norm != norm or norm == float("inf"):
            return norm
        if norm > self._max_norm:
            self._flat.grad.mul_(self._max_norm / norm)
        for group in self._adamw.param_groups:
            group["lr"] = learning_rate
        self._adamw.step()
        self._flat.grad.zero_()
        return norm
