"""The first reading of a run's documents: they are unchanged and readable, how many examples they hold, and which are kept back."""

from dataclasses import dataclass

import numpy as np

from server.tuning import failures, prompts
from server.tuning.data import check_unchanged, examples_of, parts
from server.tuning.events import EventLog
from server.tuning.pair_layout import need_pair
from server.tuning.samples import first_examples
from shared.job_spec import DataFile, JobSpec
from shared.reading import Example, ReadProblem
from shared.reading.examples import characters_of

_MOST_WARNINGS = 5


@dataclass(frozen=True)
class Survey:
    """Indices of the examples to train and to validate on; the very first examples, and some to ask the model about; whether any example
    is a conversation and not just text."""

    num_examples: int
    num_characters: int
    training: np.ndarray
    validation: np.ndarray
    first: list[Example]
    to_ask: list[Example]
    conversations: bool


def files_of(spec: JobSpec) -> list[DataFile]:
    """All documents in the order in which their examples are counted: what is validated on stands last."""
    return [*spec.data, *spec.validation_data]


def survey(spec: JobSpec, events: EventLog) -> Survey:
    """Raises the failures `data_changed`, `data_missing`, `bad_data` and `no_examples`."""
    files = files_of(spec)
    events.stage("read", f"Reading {', '.join(file.name for file in files)}")
    check_unchanged(files)
    problems: list[ReadProblem] = []
    num_examples, num_characters, conversations = 0, 0, False
    for example in examples_of(files, problems):
        if spec.objective == "preference":
            need_pair(num_examples, example)
        num_examples += 1
        num_characters += characters_of(example)
        conversations = conversations or "text" not in example
    _warn(problems, events)
    if not num_examples:
        raise failures.no_examples("The documents hold no examples.", "Upload a document with at least one example.")
    num_for_validation = sum(1 for _ in examples_of(spec.validation_data))
    training, validation = parts(num_examples - num_for_validation, num_for_validation, spec.settings)
    to_ask = first_examples(files, validation if len(validation) else training, prompts.MOST)
    return Survey(num_examples, num_characters, training, validation, first_examples(files, range(num_examples)), to_ask, conversations)


def _warn(problems: list[ReadProblem], events: EventLog) -> None:
    for problem in problems[:_MOST_WARNINGS]:
        events.warn(problem.told)
    if len(problems) > _MOST_WARNINGS:
        events.warn(f"{len(problems) - _MOST_WARNINGS} more things like these were noticed.")
