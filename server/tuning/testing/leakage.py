"""Items that stand in the training data: such an item tests memory. Word for word, or three of four of its runs of five words.

The training data stream by once; of the items only hashes of their runs are kept. Runs that many items share (the same instruction before
each submission) say nothing and do not count.
"""

from collections.abc import Sequence

import numpy as np

from server.tuning.data import examples_of
from server.tuning.look_text import fingerprint, runs_of, words_of
from shared.job_spec import DataFile
from shared.reading.examples import Example, strings_of
from shared.wire import Leak, TestItem

NEAR = 0.75
"""Of an item's own runs, in one example."""
_FEWEST_RUNS = 3
"""Fewer can be in any text by chance; such items are compared as a whole alone."""
_FEWEST_COMMON = 3
_COMMON_SHARE = 0.1


def leaks(items: Sequence[TestItem], files: Sequence[DataFile]) -> list[Leak | None]:
    """For each item where it stands in the data, or None. Raises the failures `data_missing` and `bad_data`."""
    finder = _Finder(items)
    for file in files:
        for index, example in enumerate(examples_of([file])):
            finder.compare(example, file.name, index)
    return finder.found


def question_of(item: TestItem) -> str:
    """What is asked in the item: its prompt, or what its user says."""
    if item.messages is None:
        return item.prompt or ""
    return "\n".join(message.content for message in item.messages if message.role == "user")


class _Finder:
    def __init__(self, items: Sequence[TestItem]) -> None:
        questions = [question_of(item) for item in items]
        self.found: list[Leak | None] = [None] * len(items)
        self._squeezed = [_squeezed(question) for question in questions]
        self._by_print: dict[int, list[int]] = {}
        for index, question in enumerate(questions):
            if self._squeezed[index]:
                self._by_print.setdefault(fingerprint([question]), []).append(index)
        self._runs, self._owners = _own_runs([runs_of(words_of([question])) for question in questions])
        self._num_runs = np.bincount(self._owners, minlength=len(items))

    def compare(self, example: Example, file: str, index: int) -> None:
        texts = strings_of(example)
        for text in (*texts, "\n".join(texts)):
            for item in self._by_print.get(fingerprint([text]), ()):
                self._note(item, Leak(kind="exact", similarity=1.0, file=file, example=index))
        whole = "\n".join(texts)
        runs = runs_of(words_of([whole]))
        first, last = np.searchsorted(self._runs, runs), np.searchsorted(self._runs, runs, side="right")
        hit = np.flatnonzero(first < last)
        if not len(hit):
            return
        owners = np.concatenate([self._owners[first[i] : last[i]] for i in hit])
        counts = np.bincount(owners, minlength=len(self.found))
        for item in np.flatnonzero((counts >= NEAR * self._num_runs) & (self._num_runs >= _FEWEST_RUNS)).tolist():
            similarity = round(int(counts[item]) / int(self._num_runs[item]), 3)
            exact = similarity == 1 and self._squeezed[item] in _squeezed(whole)
            self._note(item, Leak(kind="exact" if exact else "near", similarity=similarity, file=file, example=index))

    def _note(self, item: int, leak: Leak) -> None:
        """The first of the best is kept."""
        known = self.found[item]
        if known is None or (leak.kind == "exact", leak.similarity) > (known.kind == "exact", known.similarity):
            self.found[item] = leak


def _own_runs(runs_of_items: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """All runs of all items, sorted, and whose each is; without those that many items have."""
    runs = np.concatenate([np.empty(0, np.uint64), *runs_of_items])
    owners = np.repeat(np.arange(len(runs_of_items)), [len(some) for some in runs_of_items])
    order = np.argsort(runs, kind="stable")
    runs, owners = runs[order], owners[order]
    shared = np.searchsorted(runs, runs, side="right") - np.searchsorted(runs, runs)
    own = shared < max(_FEWEST_COMMON, _COMMON_SHARE * len(runs_of_items))
    return runs[own], owners[own]


def _squeezed(text: str) -> str:
    return "".join(text.casefold().split())
