"""The look itself: one pass over the data (three for a base that starts from nothing) through the trainer's own reading, rendering,
tokenising and packing, so that what is shown and counted is what would be trained on. Examples stream; memory holds a few at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from server.tuning import failures
from server.tuning.base import tokenizer_folder
from server.tuning.corpus import Corpus
from server.tuning.data import check_unchanged, examples_of, parts, tokenize
from server.tuning.layout import laid_out
from server.tuning.look_histogram import histogram
from server.tuning.look_text import has_card, has_email, has_phone, is_blank, words_of
from server.tuning.look_tokens import shown
from server.tuning.look_twins import TwinFinder
from server.tuning.model_files import DamagedModel, read_config
from server.tuning.model_shape import shape_of
from server.tuning.schedule import num_steps
from server.tuning.tokenizer_training import learned_from
from server.tuning.tokens import TextTokenizer, load_tokenizer
from shared.base_models import CATALOGUE, Scratch
from shared.constants import MIN_OPTIMIZER_STEPS
from shared.look_spec import LookSpec
from shared.reading import Example
from shared.reading.examples import strings_of
from shared.wire import Blocker, Look, PersonalData

_NUM_SHOWN = 10


def look_at(spec: LookSpec) -> Look:
    """Raises `TuningFailure`, with the code that a run on the same data and base would end with."""
    spec.base_models_folder.mkdir(parents=True, exist_ok=True)
    check_unchanged([*spec.data, *spec.validation_data])
    try:
        base = _base(spec)
    except DamagedModel as error:
        raise failures.base_damaged(spec.base_model, str(error)) from error
    observed = _Observed(spec)
    if isinstance(base, _FromNothing):
        for _ in observed.examples():
            pass
        observed.need_examples()
        tokenizer = _learned(spec, base, observed)
        corpus = tokenize(examples_of([*spec.data, *spec.validation_data]), tokenizer, folder=spec.base_models_folder)
    else:
        tokenizer = base.tokenizer
        corpus = tokenize(observed.examples(), tokenizer, folder=spec.base_models_folder)
        observed.need_examples()
    return _told(spec, observed, tokenizer, corpus, min(spec.settings.block_size, base.context_length))


@dataclass(frozen=True)
class _Published:
    tokenizer: TextTokenizer
    context_length: int


@dataclass(frozen=True)
class _FromNothing:
    plan: Scratch
    context_length: int


def _base(spec: LookSpec) -> _Published | _FromNothing:
    entry = CATALOGUE.get(spec.base_model)
    if entry is not None and isinstance(entry.source, Scratch):
        return _FromNothing(entry.source, entry.context_length)
    folder = spec.base_folder or tokenizer_folder(
        spec.base_model, base_models_folder=spec.base_models_folder, models_folder=spec.models_folder
    )
    if entry is not None:
        return _Published(load_tokenizer(folder), entry.context_length)
    try:
        return _Published(load_tokenizer(folder), shape_of(read_config(folder)).context_length)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedModel(str(error)) from error


class _Observed:
    """Notes what can be known of each example before it is tokenised, while the examples stream by."""

    def __init__(self, spec: LookSpec) -> None:
        self._spec = spec
        self.num_examples = self.num_for_validation = self.num_characters = self.num_empty = 0
        self.emails = self.phones = self.cards = 0
        self.twins = TwinFinder(spec.base_models_folder)

    def examples(self) -> Iterator[Example]:
        """Every example of the documents to train on, then of those to validate on. To be read once."""
        for example in examples_of(self._spec.data):
            self._note(example)
            yield example
        before = self.num_examples
        for example in examples_of(self._spec.validation_data):
            self._note(example)
            yield example
        self.num_for_validation = self.num_examples - before

    def _note(self, example: Example) -> None:
        texts = strings_of(example)
        self.num_examples += 1
        self.num_characters += sum(map(len, texts))
        self.num_empty += is_blank(texts)
        self.emails += any(map(has_email, texts))
        self.phones += any(map(has_phone, texts))
        self.cards += any(map(has_card, texts))
        self.twins.add(words_of(texts))

    def need_examples(self) -> None:
        if not self.num_examples:
            raise failures.no_examples("The documents hold no examples.", "Upload a document with at least one example.")

    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        return parts(self.num_examples - self.num_for_validation, self.num_for_validation, self._spec.settings)


def _learned(spec: LookSpec, base: _FromNothing, observed: _Observed) -> TextTokenizer:
    """The vocabulary that the run would learn: of what it trains on, not of what is kept back."""
    kept_back = set(observed.parts()[1].tolist())
    examples = (example for i, example in enumerate(examples_of([*spec.data, *spec.validation_data])) if i not in kept_back)
    return learned_from(examples, num_characters=observed.num_characters, vocabulary_size=base.plan.vocabulary_size)


def _told(spec: LookSpec, observed: _Observed, tokenizer: TextTokenizer, corpus: Corpus, block_size: int) -> Look:
    training, validation = observed.parts()
    num_blocks = len(laid_out(corpus, training, block_size=block_size, seed=spec.settings.seed).blocks)
    steps = num_steps(spec.settings, num_blocks) if num_blocks else 0
    lengths, trained = np.diff(corpus.starts), _trained(corpus)
    twins = observed.twins.find(validation)
    return Look(
        base_model=spec.base_model,
        num_examples=corpus.num_examples,
        num_validation_examples=len(validation),
        num_tokens=corpus.num_tokens,
        num_trained_tokens=int(trained.sum()),
        longest=int(lengths.max()),
        num_longer_than_block=int((lengths > block_size).sum()),
        num_empty=observed.num_empty,
        num_all_masked=int((trained == 0).sum()),
        histogram=histogram(lengths),
        examples=shown(corpus, tokenizer, range(min(_NUM_SHOWN, corpus.num_examples))),
        num_exact_duplicates=twins.num_exact,
        num_near_duplicates=twins.num_near,
        duplicates=twins.pairs,
        num_leaked=twins.num_leaked,
        leaked=twins.leaked,
        personal_data=PersonalData(emails=observed.emails, phones=observed.phones, cards=observed.cards),
        num_steps=steps,
        blockers=_blockers(steps),
    )


def _trained(corpus: Corpus) -> np.ndarray:
    """How many tokens of each example carry loss. The first of an example never does."""
    filled = np.flatnonzero(np.diff(corpus.starts))
    trained = np.zeros(corpus.num_examples, np.int64)
    if len(filled):
        firsts = corpus.starts[filled]
        trained[filled] = np.add.reduceat(corpus.trains, firsts, dtype=np.int64) - corpus.trains[firsts]
    return trained


def _blockers(steps: int) -> list[Blocker]:
    if steps == 0:
        return [Blocker(code="all_masked", message=failures.all_masked().message)]
    if steps < MIN_OPTIMIZER_STEPS:
        return [Blocker(code="few_steps", message=failures.few_steps(steps).message)]
    return []
