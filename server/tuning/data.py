"""The run's documents as examples, and examples as tokens: read as a stream, kept as flat arrays of two or four bytes a token.

What an example looks like to the model is `shared.rendering`'s business; what a file holds, `shared.reading`'s.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from server.tuning import failures
from server.tuning.files import sha256_of
from server.tuning.tokens import TextTokenizer
from shared.constants import MIN_EXAMPLES_TO_SPLIT
from shared.job_spec import DataFile
from shared.reading import Example, ReadProblem, read_examples
from shared.rendering import ChatTemplate, Segment, TemplateProblem, segments_of

_BATCH = 256


@dataclass(frozen=True)
class Corpus:
    """Examples one behind the other: `ids` and `trains` (is this token learned?) for each token, `starts` for each example and the end."""

    ids: np.ndarray
    trains: np.ndarray
    starts: np.ndarray

    @property
    def num_examples(self) -> int:
        return len(self.starts) - 1

    @property
    def num_tokens(self) -> int:
        return len(self.ids)


def check_unchanged(files: list[DataFile]) -> None:
    """Raises the failure `data_changed` or `data_missing`."""
    for file in files:
        try:
            changed = file.sha256 is not None and sha256_of(file.path) != file.sha256
        except OSError as error:
            raise failures.data_missing(file.name) from error
        if changed:
            raise failures.data_changed(file.name)


def examples_of(files: list[DataFile], problems: list[ReadProblem] | None = None) -> Iterator[Example]:
    """All examples in order. What readers noticed goes to `problems`; a fatal one ends the run."""
    for file in files:
        try:
            stream = file.path.open("rb")
        except OSError as error:
            raise failures.data_missing(file.name) from error
        with stream:
            for item in read_examples(stream, format=file.format, charset=file.charset):
                if not isinstance(item, ReadProblem):
                    yield item
                elif item.fatal:
                    raise _unreadable(file.name, item)
                elif problems is not None:
                    problems.append(item)


def split(num_examples: int, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices to train on and to validate on, each in file order. With any fraction above 0, at least one of each where there are 4."""
    order = np.random.default_rng(seed).permutation(num_examples)
    kept = 0
    if fraction > 0 and num_examples >= MIN_EXAMPLES_TO_SPLIT:
        kept = min(num_examples - 1, max(1, round(fraction * num_examples)))
    return np.sort(order[kept:]), np.sort(order[:kept])


def rendered(examples: Iterable[Example], template: ChatTemplate) -> Iterator[list[Segment]]:
    for index, example in enumerate(examples):
        try:
            yield segments_of(example, template)
        except TemplateProblem as error:
            raise failures.TuningFailure(
                "bad_data",
                f"Example {index + 1} does not fit the base model's chat template.",
                cause=str(error),
                fix="Change that example, or choose another base model.",
            ) from error


def tokenize(examples: Iterable[Example], tokenizer: TextTokenizer) -> Corpus:
    """Every example's segments as tokens. Pieces are encoded on their own, as they will be when the model is asked."""
    ids, trains, starts = array("I"), bytearray(), array("Q", [0])
    eos = tokenizer.eos_id
    stream = rendered(examples, tokenizer.template)
    while batch := list(islice(stream, _BATCH)):
        pieces = iter(tokenizer.encode_pieces([segment.text for segments in batch for segment in segments]))
        for segments in batch:
            example_ids: list[int] = []
            example_trains = bytearray()
            for segment in segments:
                piece = next(pieces)
                example_ids += piece
                example_trains += (b"\1" if segment.trains else b"\0") * len(piece)
            end = _end(example_ids, eos)
            ids.extend(example_ids[:end])
            trains += example_trains[:end]
            starts.append(len(ids))
    narrow = np.uint16 if tokenizer.vocabulary_size <= 2**16 else np.uint32
    return Corpus(
        np.frombuffer(ids, np.uint32).astype(narrow), np.frombuffer(trains, np.bool_), np.frombuffer(starts, np.uint64).astype(np.int64)
    )


def _end(ids: list[int], eos: int) -> int:
    """Where a generation stops for good: what a template puts behind the last end token (a line break) is not worth learning."""
    for position in range(len(ids) - 1, max(-1, len(ids) - 4), -1):
        if ids[position] == eos:
            return position + 1
    return len(ids)


def _unreadable(name: str, problem: ReadProblem) -> failures.TuningFailure:
    if problem.line is None:
        return failures.no_examples(f"The document {name!r} holds no examples: {problem.message}", "Upload a document with examples in it.")
    where = f", line {problem.line}"
    return failures.TuningFailure(
        "bad_data",
        f"The document {name!r}{where}: {problem.message}",
        cause="The file is not in the form that it was uploaded as.",
        fix="Mend the file, upload it again and start a new job with it.",
    )
