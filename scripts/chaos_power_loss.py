"""`scripts/chaos power-loss`: the power fails after each operation of one save; its files are cut short at each 4 KiB; bits of them flip.

A real trainer leaves two checkpoints; one more save, by the trainer's own code, is recorded. After every accident the trainer's own search
for a checkpoint must find one that is true to the byte, or none at all and begin again: never a wrong one.
"""

import hashlib
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load_file

from scripts.chaos_disk_model import AFTERMATHS, ModelledDisk, Operation, RecordingDisk
from scripts.chaos_training import Attempts, small_spec, verdict
from server.tuning.checkpoint import CheckpointWriter, checkpoints_of, verified
from server.tuning.events import EventLog
from server.tuning.process import StopRequest
from server.tuning.resume import newest_good
from server.tuning.snapshot import BEST_FILE, TRAINING_FILE, Snapshot, SnapshotFiles, read_numbers
from server.tuning.tokens import load_tokenizer
from shared.job_spec import EVENTS_FILE, MODEL_FOLDER

_FLIPS = 500
_CUT = 4096


@dataclass
class Tally:
    accidents: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Recorded:
    """The run before the save, the run after it, and what happened between the two. `true` has the sums of all the steps' files."""

    before: Path
    after: Path
    operations: list[Operation]
    fingerprint: str
    true: dict[int, dict[str, str]]


def run(folder: Path, *, times: int | None, seed: int, rank: int = 4) -> int:
    """`times` bit flips; every prefix and every cut always, of which a smaller `rank` has fewer."""
    torch.set_num_threads(1)
    trained = _trained(folder, rank)
    tally, chance = Tally(), random.Random(seed)
    for linked in (False, True):
        recorded = _recorded(folder / ("linked" if linked else "written"), trained, linked=linked)
        print(f"{'linked' if linked else 'written'}: one save of {len(recorded.operations)} operations", flush=True)
        place = folder / "accident"
        for what in (_prefixes(recorded, place), _cuts(recorded, place), _flips(recorded, place, chance, times or _FLIPS)):
            for kind, oldest in what:
                _check(recorded, place, kind, oldest, tally)
                shutil.rmtree(place)
    good = not tally.wrong
    for line in tally.wrong[:5]:
        print(line)
    made = ", ".join(f"{count} {kind}" for kind, count in tally.accidents.items())
    found = ", ".join(f"{what} {count} times" for what, count in tally.found.items())
    print(f"{verdict(good)}: {made}: {len(tally.wrong)} wrong loads or unusable jobs; the run went on from {found}")
    return 0 if good else 1


def _trained(folder: Path, rank: int) -> Attempts:
    """Adapters on a model from nothing, stopped when there were at least two checkpoints."""
    base = Attempts(folder / "base", small_spec(folder, max_steps=4))
    base.start()
    if base.wait():
        raise SystemExit("The model to start from could not be trained.")
    settings = {"lora_r": rank, "max_steps": 40, "checkpoint_every_s": 0.0}
    adapters = small_spec(folder, method="lora", base_folder=folder / "base" / MODEL_FOLDER, **settings)
    attempts = Attempts(folder / "run", adapters)
    process = attempts.start()
    attempts.wait_for(lambda event: event.type == "checkpoint" and event.step >= 12)
    process.terminate()
    attempts.wait()
    if len(attempts.checkpoint_steps) != 2:
        raise SystemExit("The run left no two checkpoints.")
    return attempts


def _recorded(place: Path, trained: Attempts, *, linked: bool) -> Recorded:
    """One more save, of weights that moved on; the best ones are written again, or `linked`."""
    before, after = place / "before", place / "after"
    shutil.copytree(trained.folder, before)
    shutil.copytree(before, after)
    newest = checkpoints_of(after)[0]
    manifest, disk = verified(newest), RecordingDisk(after)
    tensors, best = load_file(newest / TRAINING_FILE), load_file(newest / BEST_FILE)["weights"]
    tensors.pop("random")
    numbers = read_numbers(newest)
    snapshot = Snapshot(manifest.step + 1, numbers, {name: tensor + 1 for name, tensor in tensors.items()}, best, 1, 2.5)
    tokenizer = load_tokenizer(trained.spec.base_folder or newest)
    files = SnapshotFiles(lambda folder: tokenizer.save(folder, context_length=256, template_source=None), worth_linking=0)
    if linked:
        files.written(snapshot, newest)
    writer = CheckpointWriter(trained.spec, after, fingerprint=manifest.fingerprint, threads=1, disk=disk)
    writer.write(snapshot.step, lambda staging, disk: files.fill(snapshot, staging, disk), validation_loss=2.5, before_it_counts=_nothing)
    writer.prune()
    true = {verified(folder).step: _sums(folder) for run in (before, after) for folder in checkpoints_of(run)}
    return Recorded(before, after, disk.operations, manifest.fingerprint, true)


def _nothing() -> None:
    """No other trainer is about."""


def _prefixes(recorded: Recorded, place: Path) -> Iterator[tuple[str, int]]:
    """The power fails before the first operation, and after each. Nothing of before may be lost; once all is synced, nothing of after."""
    *_, before, new = sorted(recorded.true)
    synced = max(number for number, operation in enumerate(recorded.operations, start=1) if operation.kind == "sync")
    for count in range(len(recorded.operations) + 1):
        for aftermath in AFTERMATHS:
            disk = ModelledDisk(recorded.before)
            for operation in recorded.operations[:count]:
                disk.apply(operation)
            disk.power_fails(aftermath, place)
            yield "power cuts", new if count >= synced else before


def _cuts(recorded: Recorded, place: Path) -> Iterator[tuple[str, int]]:
    newest = checkpoints_of(recorded.after)[0]
    for file in sorted(newest.iterdir()):
        for size in range(0, file.stat().st_size, _CUT):
            shutil.copytree(recorded.after, place)
            content = file.read_bytes()
            (place / file.relative_to(recorded.after)).write_bytes(content[:size])
            yield "cut files", sorted(recorded.true)[-2]


def _flips(recorded: Recorded, place: Path, chance: random.Random, times: int) -> Iterator[tuple[str, int]]:
    """In the newest checkpoint: half of them anywhere in its bytes, half in a file of chance, or the small ones were never hit.

    In bytes that both checkpoints share they spoil both: then the run begins again.
    """
    files = sorted(checkpoints_of(recorded.after)[0].iterdir())
    sizes = [file.stat().st_size for file in files]
    for number in range(times):
        (file,) = chance.choices(files, sizes) if number % 2 else [chance.choice(files)]
        shutil.copytree(recorded.after, place)
        content, bit = bytearray(file.read_bytes()), chance.randrange(8 * file.stat().st_size)
        content[bit // 8] ^= 1 << bit % 8
        (place / file.relative_to(recorded.after)).write_bytes(content)
        shared = file.stat().st_nlink > 1
        if shared:
            for other in checkpoints_of(place):
                (other / file.name).write_bytes(content)
        yield "flipped bits", 0 if shared else sorted(recorded.true)[-2]


def _check(recorded: Recorded, place: Path, kind: str, oldest: int, tally: Tally) -> None:
    """The trainer's own search, and then every byte of what it found. `oldest`: the step it must at least have, 0 for none."""
    tally.accidents[kind] += 1
    events = EventLog(place / EVENTS_FILE, "run-check", StopRequest(), quiet=True)
    resumed = newest_good(place, recorded.fingerprint, events)
    events.close()
    step = 0 if resumed is None else resumed.step
    labels = dict(
        zip([0, *sorted(recorded.true)], ["the beginning", "one before them", "the checkpoint before", "the new checkpoint"], strict=True)
    )
    tally.found[labels[step]] += 1
    if step < oldest:
        tally.wrong.append(f"{kind}: step {oldest} was whole, and the run would go on from {step}")
    if resumed is not None and _sums(resumed.folder) != recorded.true[step]:
        tally.wrong.append(f"{kind}: step {step} would be loaded, and is not what was saved")


def _sums(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}
