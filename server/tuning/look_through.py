"""The look itself: one pass over the data (three for a base that starts from nothing) through the trainer's own reading, rendering,
tokenising and packing, so that what is shown and counted is what would be trained on. Examples stream; memory holds a few at a time.
Of large data a sample is tokenised (`look_sampling`); every example is read all the same.
"""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from server.tuning import failures
from server.tuning.base import tokenizer_folder
from server.tuning.corpus import Corpus
from server.tuning.data import check_unchanged, examples_of, parts, rendered_one, tokenize
from server.tuning.layout import Layout, laid_out
from server.tuning.look_histogram import histogram
from server.tuning.look_sampling import MOST_EXAMPLES, Sampling
from server.tuning.look_text import has_card, has_email, has_phone, is_blank
from server.tuning.look_tokens import shown, shown_pairs
from server.tuning.look_twins import TwinFinder
from server.tuning.model_files import DamagedModel, read_config
from server.tuning.model_shape import shape_of
from server.tuning.pair_layout import laid_out_pairs, tokenize_pairs
from server.tuning.schedule import num_steps
from server.tuning.tokenizer_training import learned_from
from server.tuning.tokens import TextTokenizer, check_fits, load_tokenizer
from shared.base_models import CATALOGUE, Scratch
from shared.constants import MIN_OPTIMIZER_STEPS
from shared.look_spec import LookSpec
from shared.reading import Example
from shared.reading.examples import strings_of
from shared.rendering import ChatTemplate
from shared.wire import Blocker, Look, LookBlocks, LookSample, PersonalData

_NUM_SHOWN = 10
_MOST_FORMS = 10_000


def look_at(spec: LookSpec) -> Look:
    """Raises `TuningFailure`, with the code that a run on the same data and base would end with."""
    spec.base_models_folder.mkdir(parents=True, exist_ok=True)
    check_unchanged([*spec.data, *spec.validation_data])
    try:
        base = _base(spec)
    except DamagedModel as error:
        raise failures.base_damaged(spec.base_model, str(error)) from error
    observed = _Observed(spec)
    with contextlib.closing(observed.twins):
        tokenizer, corpus = _tokenised(spec, base, observed)
        return _told(spec, observed, tokenizer, corpus, min(spec.settings.block_size, base.context_length))


def _tokenised(spec: LookSpec, base: "_Published | _FromNothing", observed: "_Observed") -> tuple[TextTokenizer, Corpus]:
    """The sample as tokens. All of the data are read on the way."""
    folder = spec.base_models_folder
    turned = tokenize_pairs if spec.objective == "preference" else tokenize
    if isinstance(base, _Published):
        corpus = turned(observed.sample(base.tokenizer.template), base.tokenizer, folder=folder)
        observed.need_examples()
        return base.tokenizer, corpus
    for _ in observed.sample(None):
        pass
    observed.need_examples()
    tokenizer = _learned(base, observed)
    return tokenizer, turned(observed.sample_again(), tokenizer, folder=folder)


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
    tokenizer, shape = load_tokenizer(folder), shape_of(read_config(folder))
    check_fits(tokenizer, shape.vocabulary_size)
    return _Published(tokenizer, shape.context_length)


class _Observed:
    """Notes what can be known of each example before it is tokenised, while the examples stream by, and picks the sample."""

    def __init__(self, spec: LookSpec) -> None:
        self._spec = spec
        self.sampling = Sampling.of(spec.num_examples, spec.num_characters)
        self.num_examples = self.num_for_validation = self.num_characters = self.num_empty = 0
        self.emails = self.phones = self.cards = 0
        self.first: list[Example] = []
        self.twins = TwinFinder(spec.base_models_folder, fingerprint_every=self.sampling.fingerprint_every)
        self._forms: set[tuple[str, ...]] = set()

    def sample(self, template: ChatTemplate | None) -> Iterator[Example]:
        """Reads every example of the documents to train on, then of those to validate on, and hands on the sample. To be read once.

        With a template, the first example of each form is tried on it, so that one that it refuses is found outside of the sample, too.
        """
        chosen = self.sampling.chosen()
        next_chosen = next(chosen)
        for index, example in enumerate(self._all()):
            if template is not None:
                self._try(index, example, template)
            in_sample = index == next_chosen
            self._note(index, example, in_sample=in_sample)
            if in_sample:
                next_chosen = next(chosen)
                yield example

    def sample_again(self) -> Iterator[Example]:
        """The same sample, when all was read."""
        wanted = np.zeros(self.num_examples, bool)
        wanted[self.sampled()] = True
        return itertools.compress(self.again(), wanted)

    def again(self) -> Iterator[Example]:
        """Every example once more."""
        yield from _limited(examples_of(self._spec.data), self._spec.head_characters)
        yield from examples_of(self._spec.validation_data)

    def sampled(self) -> np.ndarray:
        """The indices of the sample."""
        return np.fromiter(itertools.takewhile(lambda index: index < self.num_examples, self.sampling.chosen()), np.int64)

    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        return parts(self.num_examples - self.num_for_validation, self.num_for_validation, self._spec.settings)

    def need_examples(self) -> None:
        if not self.num_examples:
            raise failures.no_examples("The documents hold no examples.", "Upload a document with at least one example.")

    def _all(self) -> Iterator[Example]:
        yield from _limited(examples_of(self._spec.data), self._spec.head_characters)
        before = self.num_examples
        yield from examples_of(self._spec.validation_data)
        self.num_for_validation = self.num_examples - before

    def _note(self, index: int, example: Example, *, in_sample: bool) -> None:
        texts = strings_of(example)
        if index < _NUM_SHOWN:
            self.first.append(example)
        self.num_examples += 1
        self.num_characters += sum(map(len, texts))
        self.num_empty += is_blank(texts)
        self.emails += any(map(has_email, texts))
        self.phones += any(map(has_phone, texts))
        self.cards += any(map(has_card, texts))
        self.twins.add(index, texts, in_sample=in_sample)

    def _try(self, index: int, example: Example, template: ChatTemplate) -> None:
        """What a template refuses, it refuses for who speaks after whom."""
        form = tuple(message["role"] for message in example["messages"]) if "messages" in example else ()
        if form not in self._forms and len(self._forms) < _MOST_FORMS:
            self._forms.add(form)
            rendered_one(index, example, template)


def _limited(examples: Iterator[Example], most_characters: int) -> Iterator[Example]:
    """To the example with which there are as many characters, or very many examples; with 0 all of them."""
    characters = 0
    for number, example in enumerate(examples, 1):
        yield example
        characters += sum(map(len, strings_of(example)))
        if most_characters and (characters >= most_characters or number == MOST_EXAMPLES):
            return


def _learned(base: _FromNothing, observed: _Observed) -> TextTokenizer:
    """The vocabulary that the run would learn: of what it trains on, not of what is kept back."""
    kept_back = np.zeros(observed.num_examples, bool)
    kept_back[observed.parts()[1]] = True
    examples = itertools.compress(observed.again(), ~kept_back)
    return learned_from(examples, num_characters=observed.num_characters, vocabulary_size=base.plan.vocabulary_size)


def _told(spec: LookSpec, observed: _Observed, tokenizer: TextTokenizer, corpus: Corpus, block_size: int) -> Look:
    training, validation = observed.parts()
    sampled = observed.sampled()
    trained_on = np.flatnonzero(~np.isin(sampled, validation))
    pairs = spec.objective == "preference"
    lay_out = laid_out_pairs if pairs else laid_out
    layout = lay_out(corpus, trained_on, block_size=block_size, seed=spec.settings.seed)  # type: ignore[operator]
    times = len(training) / max(1, len(trained_on))
    steps = num_steps(spec.settings, round(len(layout.blocks) * times)) if layout.blocks else 0
    share = len(sampled) / observed.num_examples
    lengths, trained = np.diff(corpus.starts), _trained(corpus)
    blocks = None if pairs else _blocks(layout, int(trained[trained_on].sum()), times)
    if pairs:  # The longer side is the one that must have room.
        lengths, trained = lengths.reshape(-1, 2).max(1), trained.reshape(-1, 2).sum(1)
    twins = observed.twins.find(validation)
    first = (tokenize_pairs if pairs else tokenize)(observed.first, tokenizer, folder=spec.base_models_folder)
    return Look(
        base_model=spec.base_model,
        sample=_sample(observed.sampling, len(sampled)) if share < 1 else None,
        num_examples=observed.num_examples,
        num_validation_examples=len(validation),
        num_tokens=round(corpus.num_tokens / share),
        num_trained_tokens=round(int(trained.sum()) / share),
        longest=int(lengths.max()),
        num_longer_than_block=int((lengths > block_size).sum()),
        num_empty=observed.num_empty,
        num_all_masked=int((trained == 0).sum()),
        histogram=histogram(lengths),
        examples=shown_pairs(first, tokenizer) if pairs else shown(first, tokenizer, range(first.num_examples)),
        num_exact_duplicates=twins.num_exact,
        num_near_duplicates=twins.num_near,
        duplicates=twins.pairs,
        num_leaked=twins.num_leaked,
        leaked=twins.leaked,
        personal_data=PersonalData(emails=observed.emails, phones=observed.phones, cards=observed.cards),
        num_steps=steps,
        blocks=blocks,
        blockers=_blockers(steps),
    )


def _blocks(layout: Layout, num_trained: int, times: float) -> LookBlocks:
    """`times` as many as there are in the sample."""
    lengths = np.array([len(document) for block in layout.blocks for document in block], np.int64)
    return LookBlocks(
        num_blocks=round(len(layout.blocks) * times),
        num_documents=round(len(lengths) * times),
        num_rows=round(int(lengths.sum()) * times),
        num_trained_rows=round(num_trained * times),
        num_pairs=round(int((lengths * lengths).sum()) / 2 * times),
        num_opening=len(layout.opening),
    )


def _sample(sampling: Sampling, size: int) -> LookSample:
    return LookSample(num_examples=size, every=sampling.every, duplicates_estimated=sampling.fingerprint_every > 1)


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
