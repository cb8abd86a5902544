"""How strange a model finds everyday language: its perplexity on a small text that ships with the product."""

import math

import torch

from server.tuning.loss import summed_loss
from server.tuning.model import CausalModel
from server.tuning.spans import Spans
from server.tuning.testing.general_text import GENERAL_TEXT
from server.tuning.tokens import TextTokenizer

_LONGEST = 512


@torch.no_grad()
def general_perplexity(model: CausalModel, tokenizer: TextTokenizer) -> float | None:
    """Per token of the text, read in stretches that fit the model. None where it is no number that can be kept."""
    ids = tokenizer.encode_pieces([GENERAL_TEXT])[0]
    length = min(_LONGEST, model.shape.context_length)
    total, count = 0.0, 0
    for start in range(0, len(ids) - 1, length):
        stretch = torch.tensor(ids[start : start + length + 1])
        hidden = model.hidden(stretch[:-1], Spans.of((len(stretch) - 1,)))
        total += summed_loss(hidden, model.head_weight, stretch[1:])
        count += len(stretch) - 1
    return perplexity(total, count)


def perplexity(total_loss: float, num_tokens: int) -> float | None:
    """Nats over tokens; None for no tokens, and beyond what a number holds."""
    if not num_tokens or not math.isfinite(total_loss) or total_loss / num_tokens > 700:
        return None
    return round(math.exp(total_loss / num_tokens), 4)
