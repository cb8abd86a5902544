"""One run from its spec to its artifacts: the stages in order. What each stage does stands in a file of its own."""

import math
import platform
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from server.tuning import failures, prompts
from server.tuning.checkpoint import NUM_KEPT, CheckpointWriter, checkpoints_of
from server.tuning.claim import Claim
from server.tuning.corpus import Corpus
from server.tuning.data import examples_of, tokenize
from server.tuning.device import device_of
from server.tuning.evaluate import evaluation_batches, mean_loss
from server.tuning.events import EventLog
from server.tuning.export import Exporter, artifacts, discard
from server.tuning.fingerprint import fingerprint
from server.tuning.generate import Sampling, generate
from server.tuning.keeper import Keeper
from server.tuning.loop import Loop
from server.tuning.model import CausalModel
from server.tuning.model_folder import DamagedModel, end_ids, load_model
from server.tuning.packing import Batch, Blocks
from server.tuning.pair_layout import pair_lengths, tokenize_pairs
from server.tuning.pairs import PairBlocks
from server.tuning.preference import Preference, reference_of, used_blocks
from server.tuning.process import StopRequest, keep_memory, peak_memory_bytes, set_up_torch
from server.tuning.progress import Progress
from server.tuning.resume import Resumed, newest_good
from server.tuning.samples import sample_texts
from server.tuning.schedule import batch_shape, num_steps
from server.tuning.snapshot import SnapshotFiles, checkpoint_bytes
from server.tuning.start import Base, model_of, ready_base, what_trains
from server.tuning.survey import Survey, files_of, survey
from server.tuning.tokenizer_training import every, learned_from
from server.tuning.tokens import TextTokenizer, load_tokenizer
from shared.constants import MIN_OPTIMIZER_STEPS
from shared.job_spec import MODEL_FOLDER, JobSpec, RunSettings
from shared.rendering import PLAIN_SOURCE
from shared.trainer_events import DoneEvent, GenerationEvent, HyperparametersEvent, ResumedEvent, SampleEvent, SpecEvent

_GENERATED_TOKENS = 32
_MOST_VALIDATION_TOKENS = 4096


@dataclass(frozen=True)
class _Material:
    """All that a training needs but the model. `validation` is empty where nothing was kept back; `probe` is a batch to compare by."""

    base: Base
    device: torch.device
    settings: RunSettings
    data: Survey
    fingerprint: str
    resumed: Resumed | None
    tokenizer: TextTokenizer
    blocks: Blocks
    validation: list[Batch]
    probe: list[Batch]


@dataclass(frozen=True)
class _Trained:
    """What is left of a training when its model is out of memory: `probe_loss` is what the written model must have, too."""

    progress: Progress
    probe_loss: float
    num_parameters: int
    ended_early: bool


def tune(spec: JobSpec, folder: Path, claim: Claim, events: EventLog, stop: StopRequest) -> None:
    """Run `spec` in `folder`, from its last checkpoint where there is one.

    Ends with a `done` event, or raises a `TuningFailure` or whatever went wrong below.
    """
    began = time.monotonic()
    discard(folder)  # What an attempt that was killed may have exported.
    threads = set_up_torch(spec.threads)
    keep_memory()
    said = {"base_model": spec.base_model, "method": spec.method, "objective": spec.objective}
    events.write(SpecEvent, **said, versions=_versions(), threads=threads)
    try:
        material = _material(spec, folder, events)
        exporter = _exporter(spec, folder, material)
        asked = _prompts(spec, material)
        trained = _train(spec, folder, material, exporter, asked, claim=claim, events=events, stop=stop, threads=threads)
    except DamagedModel as error:
        raise failures.base_damaged(spec.base_model, str(error)) from error

    progress = trained.progress
    events.stage("verify", "Loading the written model again")
    tuned = _verified(folder / MODEL_FOLDER, material.device, material.probe, trained.probe_loss)
    _generate(tuned, material.tokenizer, asked, step=progress.best_step or progress.step, end=exporter.end_ids, events=events)
    before_s = 0.0 if material.resumed is None else material.resumed.numbers["pace"]["elapsed_s"]
    claim.check()
    _done(events, folder, trained, chat=exporter.template_source is not None, seconds=before_s + time.monotonic() - began)


def _material(spec: JobSpec, folder: Path, events: EventLog) -> _Material:
    device = device_of(spec)
    base = ready_base(spec, lambda message, fraction: events.stage("prepare", message, fraction))
    settings = _fitting(spec.settings, base, events)
    data = survey(spec, events)
    identity = fingerprint(spec, base.folder)
    resumed = newest_good(folder, identity, events)
    tokenizer = _tokenizer(spec, base, data, resumed, events)
    corpus = _tokenize(spec, folder, tokenizer, data, events)
    blocks = _pack(spec, corpus, data.training, settings, device, events)
    validation = _validation(spec, corpus, data.validation, settings, device)
    _tell_plan(spec, events, settings, corpus, data, blocks)
    return _Material(base, device, settings, data, identity, resumed, tokenizer, blocks, validation, validation[:1] or [blocks.batch([0])])


def _train(
    spec: JobSpec,
    folder: Path,
    material: _Material,
    exporter: Exporter,
    asked: list[prompts.Prompt],
    *,
    claim: Claim,
    events: EventLog,
    stop: StopRequest,
    threads: int,
) -> _Trained:
    """Load, train, and write the model. Everything large is let go on the way out: the written model is then loaded in its place."""
    settings, resumed, blocks = material.settings, material.resumed, material.blocks
    loading = time.monotonic()
    if material.base.folder is not None:
        events.stage("load", "Loading the base model")
    model = model_of(material.base, material.tokenizer, settings.seed).to(material.device)
    load_s, num_parameters = time.monotonic() - loading, model.num_parameters
    preference = _preference(model, material, events)
    parameters = what_trains(model, spec.method, settings)
    _check_room(spec, folder, num_parameters=num_parameters, num_trained=len(parameters))
    _tell_where_it_begins(resumed, threads, events)
    loop = Loop(
        model,
        parameters,
        blocks,
        validation=material.validation,
        method=spec.method,
        settings=settings,
        events=events,
        stop=stop,
        keeper=_keeper(spec, folder, material, claim, events, num_trained=len(parameters), threads=threads),
        resumed=resumed,
        tail_s=4 * load_s,  # Writing, summing and loading take about as long as loading does, each.
        ask_base=lambda: _generate(model, material.tokenizer, asked, step=0, end=exporter.end_ids, events=events),
        threads=threads,
        preference=preference,
    )
    share = "" if spec.method != "lora" else f", {len(parameters):,} of them in adapters"
    events.stage("train", f"Training: {num_parameters:,} parameters{share}; {len(blocks)} blocks an epoch")
    loop.run()

    claim.check()
    progress = loop.progress
    events.stage("export", "Writing the model")
    if progress.best is not None:
        exporter.last(model)
        parameters.restore(progress.best)
        progress.best = None
    probe_loss = mean_loss(model, material.probe)
    exporter.best(model)
    return _Trained(progress, probe_loss, num_parameters, ended_early=progress.step < loop.num_steps)


def _preference(model: CausalModel, material: _Material, events: EventLog) -> Preference | None:
    """The objective on pairs, held to the model as it is now: nothing trains yet."""
    settings, blocks, resumed = material.settings, material.blocks, material.resumed
    if not isinstance(blocks, PairBlocks):
        return None
    if material.base.folder is None:
        events.warn("The model begins as noise, so there is nothing that it could be held to. Tune one on examples first, then on pairs.")
    per_step = math.prod(batch_shape(settings, len(blocks)))
    steps = num_steps(settings, len(blocks))
    used = used_blocks(blocks, seed=settings.seed, first=(resumed.step if resumed else 0) * per_step, last=steps * per_step)
    reference = reference_of(model, blocks, used, material.validation, num_pairs=material.data.num_examples, events=events)
    return Preference(settings.beta, reference)


def _keeper(spec: JobSpec, folder: Path, material: _Material, claim: Claim, events: EventLog, *, num_trained: int, threads: int) -> Keeper:
    """A vocabulary that was learned goes into the checkpoints; that of a base model lies in its folder."""
    learned = partial(_save_learned, material.tokenizer, material.base.context_length) if material.base.folder is None else None
    return Keeper(
        CheckpointWriter(spec, folder, fingerprint=material.fingerprint, threads=threads),
        SnapshotFiles(learned),
        claim,
        events,
        every_s=spec.checkpoint_every_s,
        size_bytes=checkpoint_bytes(num_trained),
        saved_step=0 if material.resumed is None else material.resumed.step,
    )


def _fitting(settings: RunSettings, base: Base, events: EventLog) -> RunSettings:
    if settings.block_size <= base.context_length:
        return settings
    events.warn(f"Blocks of {settings.block_size} tokens are longer than the base model can read; {base.context_length} are used.")
    return settings.model_copy(update={"block_size": base.context_length})


def _tokenizer(spec: JobSpec, base: Base, data: Survey, resumed: Resumed | None, events: EventLog) -> TextTokenizer:
    """The base's, or one learned from the text, which a resumed run finds in its checkpoint."""
    learned_before = resumed.folder if resumed is not None else None
    if (folder := base.folder or learned_before) is not None:
        tokenizer = load_tokenizer(folder)
    else:
        assert base.scratch is not None
        events.stage("tokenize", "Learning a vocabulary from the text")
        kept_back = set(data.validation.tolist())
        examples = (example for i, example in enumerate(examples_of(files_of(spec))) if i not in kept_back)
        tokenizer = learned_from(examples, num_characters=data.num_characters, vocabulary_size=base.scratch.vocabulary_size)
        share = f", learned from every {step}th example" if (step := every(data.num_characters)) > 1 else ""
        events.log(f"The vocabulary has {tokenizer.vocabulary_size:,} tokens{share}")
    if resumed is None:
        for index, text in enumerate(sample_texts(data.first, tokenizer)):
            events.write(SampleEvent, index=index, text=text)
    return tokenizer


def _save_learned(tokenizer: TextTokenizer, context_length: int, folder: Path) -> None:
    tokenizer.save(folder, context_length=context_length, template_source=tokenizer.template_source)


def _tell_where_it_begins(resumed: Resumed | None, threads: int, events: EventLog) -> None:
    if resumed is not None:
        events.write(ResumedEvent, step=resumed.step, path=resumed.path)
        if (before := resumed.manifest.threads) != threads:
            events.warn(f"Going on with {threads} threads instead of {before}: the last digits may differ from those of a run in one go.")
    elif events.is_continued:
        events.write(ResumedEvent, step=0, path="")


def _tokenize(spec: JobSpec, folder: Path, tokenizer: TextTokenizer, data: Survey, events: EventLog) -> Corpus:
    events.stage("tokenize", f"Turning {data.num_examples:,} examples into tokens")
    turned = tokenize_pairs if spec.objective == "preference" else tokenize
    return turned(examples_of(files_of(spec)), tokenizer, folder=folder)


def _blocks(spec: JobSpec, corpus: Corpus, examples: np.ndarray, settings: RunSettings, device: torch.device) -> Blocks:
    kind = PairBlocks if spec.objective == "preference" else Blocks
    return kind(corpus, examples, block_size=settings.block_size, seed=settings.seed, device=device)


def _pack(spec: JobSpec, corpus: Corpus, training: np.ndarray, settings: RunSettings, device: torch.device, events: EventLog) -> Blocks:
    blocks = _blocks(spec, corpus, training, settings, device)
    if isinstance(blocks, PairBlocks):
        blocks.tell(settings.block_size, events)
    if not len(blocks):
        raise failures.all_masked()
    steps = num_steps(settings, len(blocks))
    if steps < MIN_OPTIMIZER_STEPS and not spec.allow_short_run:
        raise failures.few_steps(steps)
    return blocks


def _check_room(spec: JobSpec, folder: Path, *, num_parameters: int, num_trained: int) -> None:
    """Better now than after hours of training: the model, and as many checkpoints as are kept with the one that is being written.

    Methods that train every weight may leave the last ones beside the best.
    """
    copies = 1.1 if spec.method == "lora" else 2.0
    checkpoints = (NUM_KEPT + 1 - len(checkpoints_of(folder))) * checkpoint_bytes(num_trained)
    if shutil.disk_usage(folder).free < copies * 4 * num_parameters + checkpoints:
        raise failures.disk_full()


def _validation(spec: JobSpec, corpus: Corpus, examples: np.ndarray, settings: RunSettings, device: torch.device) -> list[Batch]:
    """Empty where nothing was kept back, or what was kept back holds nothing that is learned. One pair says less than its tokens do."""
    blocks = _blocks(spec, corpus, examples, settings, device)
    return evaluation_batches(blocks, _MOST_VALIDATION_TOKENS * (4 if spec.objective == "preference" else 1))


def _exporter(spec: JobSpec, folder: Path, material: _Material) -> Exporter:
    """A base without a chat template gets the plain one when it learns conversations, so that it can be asked as it was taught."""
    base, tokenizer = material.base, material.tokenizer
    template = tokenizer.template_source or (PLAIN_SOURCE if material.data.conversations else None)
    ends = end_ids(base.folder) if base.folder is not None else []
    return Exporter(spec, folder, tokenizer, template, list(dict.fromkeys([*ends, tokenizer.eos_id])))


def _prompts(spec: JobSpec, material: _Material) -> list[prompts.Prompt]:
    named = prompts.named(spec.sample_prompts, material.tokenizer, chat=material.data.conversations)
    return named or prompts.taken_from(material.data.to_ask, material.tokenizer)


def _tell_plan(spec: JobSpec, events: EventLog, settings: RunSettings, corpus: Corpus, data: Survey, blocks: Blocks) -> None:
    pairs = spec.objective == "preference"
    lengths = pair_lengths(corpus).sum(1) if pairs else np.diff(corpus.starts)
    events.write(
        HyperparametersEvent,
        values={"method": spec.method, "objective": spec.objective, **settings.model_dump(exclude=None if pairs else {"beta"})},
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


def _verified(folder: Path, device: torch.device, probe: Sequence[Batch], expected: float) -> CausalModel:
    """The written model, loaded from the disk. On `probe` it must have the `expected` loss, to rounding."""
    try:
        model = load_model(folder).to(device)
        load_tokenizer(folder)
        found = mean_loss(model, probe)
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
        action=failures.RETRY,
    )


def _done(events: EventLog, folder: Path, trained: _Trained, *, chat: bool, seconds: float) -> None:
    progress = trained.progress
    found = artifacts(folder)
    events.write(
        DoneEvent,
        step=progress.step,
        ended_early=trained.ended_early,
        train_loss=progress.train_loss,
        validation_loss_before=progress.loss_before,
        validation_loss=progress.best_loss,
        num_training_tokens=progress.num_trained,
        num_tokens_read=progress.num_rows,
        num_parameters=trained.num_parameters,
        seconds=round(seconds, 2),
        tokens_per_s=round(progress.tokens_per_s, 1),
        peak_memory_bytes=peak_memory_bytes(),
        chat=chat,
        artifacts=found,
    )


def _versions() -> dict[str, str]:
    """What the result may depend on to the last bit: the processor's instructions are as much a part of it as the libraries."""
    import safetensors
    import tokenizers

    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "tokenizers": tokenizers.__version__,
        "safetensors": safetensors.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "processor": torch.backends.cpu.get_cpu_capability(),
    }
