"""The run's documents as examples, and examples as tokens: read as a stream, written to the disk, never all in memory.

What an example looks like to the model is `shared.rendering`'s business; what a file holds, `shared.reading`'s.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from server.tuning import failures
from server.tuning.corpus import Corpus, CorpusWriter
from server.tuning.encoding import encoder_of
from server.tuning.files import sha256_of
from server.tuning.tokens import TextTokenizer
from shared.constants import MIN_EXAMPLES_TO_SPLIT
from shared.job_spec import DataFile, RunSettings
from shared.reading import Example, ReadProblem, read_examples
from shared.rendering import ChatTemplate, Segment, TemplateProblem, segments_of

_BATCH_CHARACTERS = 1 << 19
"""Enough to keep the tokenizer's threads busy, and a few megabytes of tokens."""


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
            options = {"charset": file.charset, "mapping": file.mapping, "leave_out_bad": file.leave_out_bad}
            for item in read_examples(stream, format=file.format, **options):
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


def parts(num_examples: int, num_for_validation: int, settings: RunSettings) -> tuple[np.ndarray, np.ndarray]:
    """Indices to train on and to validate on, where `num_for_validation` examples of documents of their own follow the others."""
    if num_for_validation:
        return np.arange(num_examples), np.arange(num_examples, num_examples + num_for_validation)
    return split(num_examples, settings.validation_fraction, settings.seed)


def rendered(examples: Iterable[Example], template: ChatTemplate) -> Iterator[list[Segment]]:
    for index, example in enumerate(examples):
        yield rendered_one(index, example, template)


def rendered_one(index: int, example: Example, template: ChatTemplate) -> list[Segment]:
    """Raises the failure `bad_data`, which names the example by its place among all."""
    try:
        return segments_of(example, template)
    except TemplateProblem as error:
        raise failures.TuningFailure(
            "bad_data",
            f"Example {index + 1} does not fit the base model's chat template.",
            cause=str(error),
            fix="Change that example, or choose another base model.",
        ) from error


def tokenize(
    examples: Iterable[Example],
    tokenizer: TextTokenizer,
    *,
    folder: Path | None = None,
    render: Callable[[Iterable[Example], ChatTemplate], Iterator[list[Segment]]] = rendered,
) -> Corpus:
    """Every example's segments as tokens. Segments are encoded on their own, as they will be when the model is asked.

    The tokens are kept in nameless files in `folder`, or where the system keeps temporary ones.
    """
    encode = encoder_of(tokenizer.tokenizer)
    with CorpusWriter(tokenizer.vocabulary_size, folder) as writer:
        for batch in _batches(render(examples, tokenizer.template)):
            encoded = encode([segment.text for segments in batch for segment in segments])
            _write(batch, iter(encoded), tokenizer.eos_id, writer)
        return writer.corpus()


_Batch = list[list[Segment]]
"""The segments of some examples."""


def _batches(stream: Iterable[list[Segment]]) -> Iterator[_Batch]:
    batch: _Batch = []
    characters = 0
    for segments in stream:
        batch.append(segments)
        characters += sum(len(segment.text) for segment in segments)
        if characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _write(batch: _Batch, pieces: Iterator[list[int]], eos: int, writer: CorpusWriter) -> None:
    ids: list[int] = []
    trains = bytearray()
    lengths: list[int] = []
    for segments in batch:
        before = len(ids)
        for segment in segments:
            piece = next(pieces)
            ids += piece
            trains += (b"\1" if segment.trains else b"\0") * len(piece)
        del ids[before + end_of_turn(ids[before:], eos) :]
        del trains[len(ids) :]
        lengths.append(len(ids) - before)
    writer.append(ids, trains, lengths)


def end_of_turn(ids: list[int], eos: int) -> int:
    """Where a generation stops for good: what a template puts behind the last end token (a line break) is not worth learning."""
    for position in range(len(ids) - 1, max(-1, len(ids) - 4), -1):
        if ids[position] == eos:
            return position + 1
    return len(ids)


def _unreadable(name: str, problem: ReadProblem) -> failures.TuningFailure:
    """The reader's own words: they name the place, where there is one, and say what to do."""
    if problem.line is None and problem.page is None and problem.member is None:
        fix = problem.fix or "Upload a document with examples in it."
        return failures.no_examples(f"The document {name!r} holds no examples: {problem.message}", fix)
    return failures.TuningFailure(
        "bad_data",
        f"The document {name!r}: {problem.message[:1].lower()}{problem.message[1:]}",
        cause="The file is not in the form that it was uploaded as.",
        fix=problem.fix or "Mend the file, upload it again and start a new job with it.",
    )
