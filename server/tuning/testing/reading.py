"""A batch of questions through a model: how likely it finds each possible continuation, and what it says when it may speak (greedily).

The questions are read together without padding, what all of them begin with once; the answers grow side by side from the same reading.
Legend: N rows, B questions, D width, V vocabulary.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os.path import commonprefix

import torch
from torch import Tensor

from server.tuning.model import CausalModel
from server.tuning.product import linear
from server.tuning.spans import Spans
from server.tuning.testing.branches import Branches
from server.tuning.testing.side_by_side import Continued, Stretch, Together

_ROWS_AT_ONCE = 128
"""Of the vocabulary's logits, so that those of a whole batch never exist."""
_MOST_ROWS = 2048
"""Read at once."""
_MOST_SEQUENCES = 64
"""Answered at once: every step reads all weights, however few answers it makes longer. On two cores 48 cost little more than 24."""
_MOST_CACHE_BYTES = 400 << 20


@dataclass(frozen=True)
class Question:
    """The prompt's tokens, at least one, and the continuations whose probabilities are wanted. All of it fits into the context."""

    ids: list[int]
    continuations: list[list[int]]


@dataclass(frozen=True)
class Reading:
    """For each continuation the log-probability (nats) of all of its tokens; and the tokens of the answer, which ends with an end token
    where the model ended it."""

    log_probabilities: list[float]
    answer: list[int]


def batches_of(questions: Sequence[Question], model: CausalModel, max_tokens: int) -> list[list[int]]:
    """Indices of questions that are read at once: of about the same length, and as many as memory likes. The same for the same questions,
    whatever was done before, so that results are the same to the bit after a restart."""
    batches: list[list[int]] = []
    rows = 0
    for index in sorted(range(len(questions)), key=lambda i: (len(questions[i].ids), i)):
        rows += _rows_of(questions[index])
        num_together = len(batches[-1]) + 1 if batches else 0
        room = len(questions[index].ids) + max_tokens
        if not max_tokens:
            fits = rows <= _MOST_ROWS
        else:
            fits = num_together <= _MOST_SEQUENCES and Continued.bytes_of(model.shape, num_together, room) <= _MOST_CACHE_BYTES
        if batches and fits:
            batches[-1].append(index)
        else:
            batches.append([index])
            rows = _rows_of(questions[index])
    return batches


@torch.no_grad()
def read(model: CausalModel, questions: Sequence[Question], *, max_tokens: int, end_ids: Sequence[int]) -> list[Reading]:
    """`max_tokens` 0: nothing is said, only the continuations are judged."""
    longest = max(len(question.ids) for question in questions)
    cache = Continued(model.shape, len(questions), longest + max_tokens) if max_tokens else None
    judged: list[list[float]] = []
    lasts_BD: list[Tensor] = []
    for first, end in _parts(questions):
        hidden_ND, stretches = _read_together(model, questions[first:end], cache, first)
        judged += _judged(model, hidden_ND, stretches)
        lasts_BD.append(hidden_ND[[stretch.start + stretch.length - 1 for stretch in stretches]])
    answers: list[list[int]] = [[] for _ in questions]
    if cache is not None:
        answers = _spoken(model, torch.cat(lasts_BD), cache, max_tokens=max_tokens, end_ids=end_ids)
    return [Reading(chances, answer) for chances, answer in zip(judged, answers, strict=True)]


def _rows_of(question: Question) -> int:
    return len(question.ids) + sum(map(len, question.continuations))


def _parts(questions: Sequence[Question]) -> Iterator[tuple[int, int]]:
    """Neighbours that are read at once, each from its first to behind its last one."""
    first, rows = 0, 0
    for index, question in enumerate(questions):
        rows += _rows_of(question)
        if rows > _MOST_ROWS and index > first:
            yield first, index
            first, rows = index, _rows_of(question)
    yield first, len(questions)


def _read_together(model: CausalModel, questions: Sequence[Question], cache: Continued | None, first: int) -> tuple[Tensor, list[Stretch]]:
    """The rows (N, D) of all of them, and where each question's are. They become the cache's sequences from `first` on."""
    prompts = [question.ids for question in questions]
    opening = commonprefix([ids[:-1] for ids in prompts]) if len(prompts) > 1 else []
    shared = len(opening)
    ids, positions, stretches = list(opening), list(range(shared)), []
    for prompt, question in zip(prompts, questions, strict=True):
        tree = Branches.of(question.continuations)
        stretches.append(Stretch(len(ids), len(prompt) - shared, tree))
        ids += prompt[shared:] + tree.ids
        positions += [*range(shared, len(prompt)), *(len(prompt) + depth for depth in tree.depths)]
    spans = Spans(torch.tensor(positions), (len(ids),))
    return model.hidden(torch.tensor(ids), spans, Together(shared, stretches, cache, first)), stretches  # type: ignore[arg-type]


def _judged(model: CausalModel, hidden_ND: Tensor, stretches: Sequence[Stretch]) -> list[list[float]]:
    """The summed log-probability of every path of every tree."""
    wanted: list[tuple[int, int]] = []
    for stretch in stretches:
        first = stretch.start + stretch.length
        wanted += [(first + row, token) for path in stretch.tree.paths for row, token in path]  # `PROMPT` is the row before the first.
    found = iter(_log_probabilities(model, hidden_ND, wanted))
    return [[sum((next(found) for _ in path), 0.0) for path in stretch.tree.paths] for stretch in stretches]


def _log_probabilities(model: CausalModel, hidden_ND: Tensor, wanted: Sequence[tuple[int, int]]) -> list[float]:
    """Of each (row, token): how likely the row finds the token."""
    if not wanted:
        return []
    rows, tokens = torch.tensor(wanted).unbind(1)
    found = torch.empty(len(wanted))
    for some in torch.unique(rows).split(_ROWS_AT_ONCE):
        logits = linear(hidden_ND[some], model.head_weight)
        totals = torch.logsumexp(logits, 1)
        here = torch.nonzero(torch.isin(rows, some))[:, 0]
        places = torch.searchsorted(some, rows[here])
        found[here] = logits[places, tokens[here]] - totals[places]
    return found.tolist()


def _spoken(model: CausalModel, last_BD: Tensor, cache: Continued, *, max_tokens: int, end_ids: Sequence[int]) -> list[list[int]]:
    """The likeliest token again and again, until every sequence has ended. Those that have are carried along, unheard, until they are half
    of all: to forget them costs a copy of the cache."""
    answers: list[list[int]] = [[] for _ in range(len(last_BD))]
    most = [min(max_tokens, model.shape.context_length - length) for length in cache.lengths.tolist()]
    carried = list(range(len(last_BD)))
    heard = set(carried)
    tokens = _likeliest(model, last_BD)
    while True:
        for sequence, token in zip(carried, tokens.tolist(), strict=True):
            if sequence in heard:
                answers[sequence].append(token)
                if token in end_ids or len(answers[sequence]) >= most[sequence]:
                    heard.remove(sequence)
        if not heard:
            return answers
        if 2 * len(heard) <= len(carried):
            kept = [place for place, sequence in enumerate(carried) if sequence in heard]
            carried, tokens = [carried[place] for place in kept], tokens[kept]
            cache.keep(torch.tensor(kept))
        positions = cache.lengths.clamp(max=model.shape.context_length - 1)  # Only what is unheard is beyond that.
        tokens = _likeliest(model, model.hidden(tokens, Spans(positions, (1,) * len(tokens)), cache))  # type: ignore[arg-type]


def _likeliest(model: CausalModel, hidden_BD: Tensor) -> Tensor:
    return linear(hidden_BD, model.head_weight).argmax(1)
