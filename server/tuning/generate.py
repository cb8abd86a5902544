"""Text from a model: greedy or sampled, with a cache of keys and values. The same seed gives the same text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from server.tuning.model import CausalModel
from server.tuning.spans import Spans
from server.tuning.tokens import TextTokenizer


@dataclass(frozen=True)
class Sampling:
    """Temperature 0 is greedy: the likeliest token each time, whatever `top_p` and `seed` say."""

    max_tokens: int = 128
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class Generated:
    """`token_ids` without the prompt's; the last one is the end token when `finish_reason` is "stop", as transformers gives them."""

    text: str
    token_ids: list[int]
    num_prompt_tokens: int
    finish_reason: Literal["stop", "length"]


def generate(
    model: CausalModel, tokenizer: TextTokenizer, prompt_ids: Sequence[int], *, sampling: Sampling, end_ids: Sequence[int]
) -> Generated:
    """Continue `prompt_ids`, which must not be empty and must leave room in the context; the room is the limit of `max_tokens`."""
    ids: list[int] = []
    reason: Literal["stop", "length"] = "length"
    for token in _tokens(model, prompt_ids, sampling):
        ids.append(token)
        if token in end_ids:
            reason = "stop"
            break
    return Generated(tokenizer.decode(ids), ids, len(prompt_ids), reason)


@torch.no_grad()
def _tokens(model: CausalModel, prompt_ids: Sequence[int], sampling: Sampling) -> Iterator[int]:
    length = len(prompt_ids)
    count = min(sampling.max_tokens, model.shape.context_length - length)
    cache = model.new_cache(length + max(count, 0))
    noise = torch.Generator().manual_seed(sampling.seed)
    device = model.device
    ids, positions = torch.tensor(prompt_ids, device=device), torch.arange(length, device=device)
    for _ in range(count):
        hidden = model.hidden(ids, Spans(positions, (len(ids),)), cache)
        token = _choose((model.head_weight @ hidden[-1]).cpu(), sampling, noise)
        yield token
        ids, positions = torch.tensor([token], device=device), torch.tensor([cache.length], device=device)


def _choose(logits: Tensor, sampling: Sampling, noise: torch.Generator) -> int:
    if sampling.temperature == 0:
        return int(logits.argmax())
    chances = torch.softmax(logits / sampling.temperature, dim=0)
    if sampling.top_p < 1:
        ordered, order = chances.sort(descending=True)
        ordered[ordered.cumsum(0) - ordered >= sampling.top_p] = 0  # The likeliest always stays.
        return int(order[torch.multinomial(ordered, 1, generator=noise)])
    return int(torch.multinomial(chances, 1, generator=noise))
