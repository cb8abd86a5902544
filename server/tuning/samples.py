"""The first examples as the model will see them, for the log: five of them, 150 characters each."""

from collections.abc import Iterable
from itertools import islice
from os.path import commonprefix

from server.tuning.data import examples_of, rendered
from server.tuning.tokens import TextTokenizer
from shared.constants import NUM_SAMPLES_IN_LOG, SAMPLE_CHARACTERS
from shared.job_spec import DataFile
from shared.reading import Example

_WORTH_CUTTING = 40


def first_examples(files: list[DataFile], indices: Iterable[int], most: int = NUM_SAMPLES_IN_LOG) -> list[Example]:
    """The examples at the first `most` of these rising indices. Reads no further than the last of them."""
    wanted = set(islice(indices, most))
    found: list[Example] = []
    if wanted:
        for index, example in enumerate(examples_of(files)):
            if index in wanted:
                found.append(example)
            if len(found) == len(wanted):
                break
    return found


def sample_texts(examples: list[Example], tokenizer: TextTokenizer) -> list[str]:
    """A long beginning that all of them share (a chat template's system prompt) would hide the rest, so it is cut off.

    Raises the failure `bad_data`.
    """
    texts = ["".join(segment.text for segment in segments) for segments in rendered(examples, tokenizer.template)]
    shared = len(commonprefix(texts)) if len(texts) > 1 else 0
    if shared < _WORTH_CUTTING:
        return [text[:SAMPLE_CHARACTERS] for text in texts]
    return ["…" + text[shared:][: SAMPLE_CHARACTERS - 1] for text in texts]
