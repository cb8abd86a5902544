"""One run from its spec to its artifacts: the stages in order. What each stage does stands in a file of its own."""

import math
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from server.tuning import failures, lora, prompts
from server.tuning.base import ready_folder
from server.tuning.corpus import Corpus
from server.tuning.data import check_unchanged, examples_of, parts, tokenize
from server.tuning.evaluate import Evaluation
from server.tuning.events import EventLog
from server.tuning.export import Exporter, artifacts
from server.tuning.flat import FlatParameters
from server.tuning.generate import Sampling, generate
from server.tuning.loop import Loop, Progress
from server.tuning.model import CausalModel
from server.tuning.model_folder import DamagedModel, build, end_ids, load_model, read_config
from server.tuning.model_gpt2 import GPT2
from server.tuning.model_shape import gpt2_shape, shape_of
from server.tuning.packing import Blocks
from server.tuning.process import peak_memory_bytes, set_up_torch
from server.tuning.samples import first_examples, sample_texts
from server.tuning.schedule import num_steps
from server.tuning.tokenizer_training import every, learned_from
from server.tuning.tokens import TextTokenizer, load_tokenizer
from shared.base_models import CATALOGUE, Scratch
from shared.constants import MIN_OPTIMIZER_STEPS
from shared.job_spec import MODEL_FOLDER, DataFile, JobSpec, RunSettings
from shared.reading import Example, ReadProblem
from shared.reading.examples import characters_of
from shared.rendering import PLAIN_SOURCE
from shared.trainer_events import DoneEvent, GenerationEvent, HyperparametersEvent, SampleEvent, SpecEvent

_GENERATED_TOKENS = 32
_MOST_VALIDATION_TOKENS = 4096
_MOST_WARNINGS = 5


@dataclass(frozen=True)
class _Data:
    """What the documents hold: how many examples, those to train and to validate on, the first of each; whether any is a conversation."""

    num_examples: int
    num_characters: int
    training: np.ndarray
    validation: np.ndarray
    first: list[Example]
    to_ask: list[Example]
    conversations: bool


@dataclass(frozen=True)
class _Base:
    """What training starts from: a folder with weights, or the plan of a model that starts from noise."""

    folder: Path | None
    scratch: Scratch | None
    context_length: int


def tune(spec: JobSpec, folder: Path, events: EventLog) -> None:
    """Run `spec` in `folder`. Ends with a `done` event, or raises a `TuningFailure` or whatever went wrong below."""
    began = time.monotonic()
    threads = set_up_torch(spec.threads)
    events.write(SpecEvent, base_model=spec.base_model, method=spec.method, versions=_versions(), threads=threads)
    try:
        base = _prepare(spec, events)
        settings = _fitting(spec.settings, base, events)
        data = _read(spec, events)
        tokenizer = _tokenizer(spec, base, data, events)
        corpus = _tokenize(spec, folder, tokenizer, data, events)
        blocks = _pack(spec, corpus, data.training, settings)
        model = _load(base, tokenizer, settings.seed, events)
    except DamagedModel as error:
        raise failures.base_damaged(spec.base_model, str(error)) from error
    load_s = time.monotonic() - began if base.scratch is None else 1.0

    evaluation = _evaluation(corpus, data.validation, settings)
    exporter = _exporter(spec, folder, base, tokenizer, data)
    asked = _prompts(spec, data, tokenizer)
    _tell_plan(spec, events, settings, corpus, data, blocks)
    _generate(model, tokenizer, asked, step=0, end=exporter.end_ids, events=events)

    if spec.method == "lora":
        trained = lora.attach(model, rank=settings.lora_r, alpha=settings.lora_alpha, seed=settings.seed)
    else:
        trained = list(model.parameters())
    parameters = FlatParameters(trained)
    share = "" if spec.method != "lora" else f", {len(parameters):,} of them in adapters"
    events.stage("train", f"Training: {model.num_parameters:,} parameters{share}; {len(blocks)} blocks an epoch")
    loop = Loop(model, parameters, blocks, evaluation=evaluation, settings=settings, events=events, tail_s=min(load_s, 20.0))
    loop.run()

    progress = loop.progress
    events.stage("export", "Writing the model")
    if progress.best is not None:
        exporter.last(model)
        parameters.restore(progress.best)
        progress.best = None
    expected = _measure(model, evaluation, blocks)
    exporter.best(model)
    num_parameters = model.num_parameters
    del model, parameters, loop
    events.stage("verify", "Loading the written model again")
    tuned = _verified(folder / MODEL_FOLDER, expected, evaluation, blocks)
    _generate(tuned, tokenizer, asked, step=progress.best_step or progress.step, end=exporter.end_ids, events=events)
    _done(events, folder, progress, num_parameters=num_parameters, chat=exporter.template_source is not None, began=began)


def _prepare(spec: JobSpec, events: EventLog) -> _Base:
    entry = CATALOGUE.get(spec.base_model)
    if entry is not None and isinstance(entry.source, Scratch):
        if spec.method != "scratch":
            raise failures.bad_setting(f"{entry.name} has no weights to tune with {spec.method}.", "Use the method scratch with it.")
        return _Base(None, entry.source, entry.context_length)
    if spec.method == "scratch":
        raise failures.bad_setting("The method scratch needs a from-scratch base model.", "Use LoRA or full, or a from-scratch base model.")
    events.stage("prepare", "Looking for the base model")
    folder = ready_folder(
        spec.base_model,
        base_models_folder=spec.base_models_folder,
        models_folder=spec.models_folder,
        report=lambda message, fraction: events.stage("prepare", message, fraction),
    )
    try:
        return _Base(folder, None, shape_of(read_config(folder)).context_length)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedModel(str(error)) from error


def _fitting(settings: RunSettings, base: _Base, events: EventLog) -> RunSettings:
    if settings.block_size <= base.context_length:
        return settings
    events.warn(f"Blocks of {settings.block_size} tokens are longer than the base model can read; {base.context_length} are used.")
    return settings.model_copy(update={"block_size": base.context_length})


def _read(spec: JobSpec, events: EventLog) -> _Data:
    names = ", ".join(file.name for file in _files(spec))
    events.stage("read", f"Reading {names}")
    check_unchanged(_files(spec))
    problems: list[ReadProblem] = []
    files, num_examples, num_characters, conversations = _files(spec), 0, 0, False
    for example in examples_of(files, problems):
        num_examples += 1
        num_characters += characters_of(example)
        conversations = conversations or "text" not in example
    for problem in problems[:_MOST_WARNINGS]:
        events.warn(problem.message)
    if len(problems) > _MOST_WARNINGS:
        events.warn(f"{len(problems) - _MOST_WARNINGS} more lines like these were found.")
    if not num_examples:
        raise failures.no_examples("The documents hold no examples.", "Upload a document with at least one example.")
    num_for_validation = sum(1 for _ in examples_of(spec.validation_data))
    training, validation = parts(num_examples - num_for_validation, num_for_validation, spec.settings)
    asked = first_examples(files, validation if len(validation) else training, prompts.MOST)
    first = first_examples(files, np.arange(num_examples))
    return _Data(num_examples, num_characters, training, validation, first, asked, conversations)


def _files(spec: JobSpec) -> list[DataFile]:
    """All documents in the order in which their examples are counted: what is validated on stands last."""
    return [*spec.data, *spec.validation_data]


def _tokenizer(spec: JobSpec, base: _Base, data: _Data, events: EventLog) -> TextTokenizer:
    if base.folder is not None:
        tokenizer = load_tokenizer(base.folder)
    else:
        assert base.scratch is not None
        events.stage("tokenize", "Learning a vocabulary from the text")
        kept_back = set(data.validation.tolist())
        examples = (example for i, example in enumerate(examples_of(_files(spec))) if i not in kept_back)
        tokenizer = learned_from(examples, num_characters=data.num_characters, vocabulary_size=base.scratch.vocabulary_size)
        share = f", learned from every {step}th example" if (step := every(data.num_characters)) > 1 else ""
        events.log(f"The vocabulary has {tokenizer.vocabulary_size:,} tokens{share}")
    for index, text in enumerate(sample_texts(data.first, tokenizer)):
        events.write(SampleEvent, index=index, text=text)
    return tokenizer


def _tokenize(spec: JobSpec, folder: Path, tokenizer: TextTokenizer, data: _Data, events: EventLog) -> Corpus:
    events.stage("tokenize", f"Turning {data.num_examples:,} examples into tokens")
    return tokenize(examples_of(_files(spec)), tokenizer, folder=folder)


def _pack(spec: JobSpec, corpus: Corpus, training: np.ndarray, settings: RunSettings) -> Blocks:
    blocks = Blocks(corpus, training, block_size=settings.block_size, seed=settings.seed)
    if not len(blocks):
        raise failures.all_masked()
    steps = num_steps(settings, len(blocks))
    if steps < MIN_OPTIMIZER_STEPS and not spec.allow_short_run:
        raise failures.few_steps(steps)
    return blocks


def _load(base: _Base, tokenizer: TextTokenizer, seed: int, events: EventLog) -> CausalModel:
    if base.folder is not None:
        events.stage("load", "Loading the base model")
        return load_model(base.folder)
    assert base.scratch is not None
    plan = base.scratch
    shape = gpt2_shape(
        vocabulary_size=tokenizer.vocabulary_size,
        width=plan.width,
        num_layers=plan.num_layers,
        num_heads=plan.num_heads,
        context_length=base.context_length,
    )
    model = build(shape)
    assert isinstance(model, GPT2)
    model.start_from_noise(seed)
    return model


def _evaluation(corpus: Corpus, validation: np.ndarray, settings: RunSettings) -> Evaluation | None:
    """Nothing to evaluate on where nothing was kept back, or what was kept back holds nothing that is learned."""
    blocks = Blocks(corpus, validation, block_size=settings.block_size, seed=settings.seed)
    return Evaluation(blocks, _MOST_VALIDATION_TOKENS) if len(blocks) else None


def _exporter(spec: JobSpec, folder: Path, base: _Base, tokenizer: TextTokenizer, data: _Data) -> Exporter:
    """A base without a chat template gets the plain one when it learns conversations, so that it can be asked as it was taught."""
    template = tokenizer.template_source or (PLAIN_SOURCE if data.conversations else None)
    ends = end_ids(base.folder) if base.folder is not None else []
    return Exporter(spec, folder, tokenizer, template, list(dict.fromkeys([*ends, tokenizer.eos_id])))


def _prompts(spec: JobSpec, data: _Data, tokenizer: TextTokenizer) -> list[prompts.Prompt]:
    named = prompts.named(spec.sample_prompts, tokenizer, chat=data.conversations)
    return named or prompts.taken_from(data.to_ask, tokenizer)


def _tell_plan(spec: JobSpec, events: EventLog, settings: RunSettings, corpus: Corpus, data: _Data, blocks: Blocks) -> None:
    lengths = np.diff(corpus.starts)
    events.write(
        HyperparametersEvent,
        values={"method": spec.method, **settings.model_dump()},
        num_steps=num_steps(settings, len(blocks)),
        num_examples=len(data.training),
        num_validation_examples=len(data.validation),
        num_training_tokens=int(lengths[data.training].sum()),
    )
    if not len(data.validation):
        events.warn("No examples are kept back, so the loss below says how well they are memorised, not what was learned.")
    if blocks.opening_length:
        events.log(f"All examples begin with the same {blocks.opening_length} tokens, which are computed once a batch.")


def _generate(
    model: CausalModel, tokenizer: TextTokenizer, asked: list[prompts.Prompt], *, step: int, end: list[int], events: EventLog
) -> None:
    for prompt in asked:
        room = model.shape.context_length - _GENERATED_TOKENS
        if len(prompt.ids) <= room:
            answer = generate(model, tokenizer, prompt.ids, sampling=Sampling(max_tokens=_GENERATED_TOKENS), end_ids=end)
            events.write(GenerationEvent, step=step, prompt=prompt.text[:500], text=answer.text)


@torch.no_grad()
def _measure(model: CausalModel, evaluation: Evaluation | None, blocks: Blocks) -> float:
    """The loss on one batch, to recognise the model by when it is loaded again."""
    batch = evaluation.batches[0] if evaluation is not None else blocks.batch([0])
    single = Evaluation.__new__(Evaluation)
    single.batches = [batch]
    return single.loss(model)


def _verified(folder: Path, expected: float, evaluation: Evaluation | None, blocks: Blocks) -> CausalModel:
    """The written model, loaded from the disk. It must be the one that was trained, to rounding."""
    try:
        model = load_model(folder)
        load_tokenizer(folder)
        found = _measure(model, evaluation, blocks)
    except DamagedModel as error:
        raise _not_verified() from error
    if not math.isclose(found, expected, rel_tol=1e-3, abs_tol=1e-3):
        raise _not_verified()
    return model


def _not_verified() -> failures.TuningFailure:
    return failures.TuningFailure(
        "export_damaged",
        "The written model is not the one that was trained, so it was discarded.",
        cause="The disk or the memory of this machine may be faulty.",
        fix="Start the job again; if it happens again, let somebody check the machine.",
    )


def _done(events: EventLog, folder: Path, progress: Progress, *, num_parameters: int, chat: bool, began: float) -> None:
    found = artifacts(folder)
    events.write(
        DoneEvent,
        step=progress.step,
        train_loss=progress.train_loss,
        validation_loss_before=progress.loss_before,
        validation_loss=progress.best_loss,
        num_training_tokens=progress.num_trained,
        num_parameters=num_parameters,
        seconds=round(time.monotonic() - began, 2),
        tokens_per_s=round(progress.tokens_per_s, 1),
        peak_memory_bytes=peak_memory_bytes(),
        chat=chat,
        artifacts=found,
    )


def _versions() -> dict[str, str]:
    import safetensors
    import tokenizers

    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "tokenizers": tokenizers.__version__,
        "safetensors": safetensors.__version__,
    }
