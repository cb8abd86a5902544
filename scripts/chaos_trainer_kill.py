"""`scripts/chaos trainer-kill`: kill -9 of trainers at random moments and in the middle of saves; each time the next one goes on.

A run from nothing, and adapters and all weights of what it left, each first in peace and then, again and again, under fire. What ends must
be the calm run to the bit, in its losses and in the SHA-256 of every file.
"""

import json
import math
import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.chaos_training import Attempts, differences, small_spec, verdict
from shared.job_spec import CHECKPOINTS_FOLDER, EXIT_DONE, MODEL_FOLDER

_TIMES = 50
_EVERY_S = 0.5
_SAVE_SHARE = 24
"""A save is followed by so many times its own length of training: the interval is stretched to that."""
_FIRST_SAVE_S = 0.06
"""What the trainer expects of the first one, from its size."""
_SLACK_S = 1.0
"""A step and a save take their time."""
_BEGINNING_S = 0.5
"""From a start to its first event."""
_STEPS = 60


@dataclass
class Tally:
    """`kills` counts those that hit what was aimed at; of a run that ended well, all of them `went_on`."""

    kills: int = 0
    in_saves: int = 0
    went_on: int = 0
    runs: int = 0
    corrupt: int = 0
    too_much_lost: int = 0
    most_lost_s: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __add__(self, other: "Tally") -> "Tally":
        both = {name: value + getattr(other, name) for name, value in vars(self).items()}
        return Tally(**{**both, "most_lost_s": max(self.most_lost_s, other.most_lost_s)})

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.in_saves} of them left a half-made checkpoint; {self.went_on} went on; {self.runs} runs ended, "
            f"wrong: {'; '.join(self.wrong[:3]) or 'nothing'}; at most {self.most_lost_s:.2f} s of training lost"
        )


def run(
    folder: Path,
    *,
    times: int | None,
    seed: int,
    seconds: float | None = None,
    methods: Sequence[str] = ("scratch", "lora", "full"),
    steps: int = _STEPS,
) -> int:
    """`times` kills at random moments, and as many inside a save. A run from scratch must be the first.

    In a folder that is kept it goes on where it was; after `seconds` no other run is begun.
    """
    wanted, began = times or _TIMES, time.monotonic()
    end = began + (seconds if seconds is not None else math.inf)
    calm = _calm_runs(folder, methods, steps)
    tallies = [_fire(calm, folder, wanted, seed, end, inside=inside) for inside in (False, True)]
    total = tallies[0] + tallies[1]
    good = total.went_on == total.kills and not total.wrong and not total.corrupt and not total.too_much_lost
    print(
        f"{verdict(good) if total.kills >= 2 * wanted else 'so far'}: {total.went_on}/{total.kills} killed trainers were followed by one "
        f"that went on; {total.corrupt} corrupt loads; more than one save interval lost {total.too_much_lost} times; {total.runs} runs "
        f"ended, {len(total.wrong)} differences from the calm runs' losses and SHA-256 (in {time.monotonic() - began:.0f} s)"
    )
    return 0 if good else 1


def _fire(calm: list[Attempts], folder: Path, wanted: int, seed: int, end: float, *, inside: bool) -> Tally:
    """Runs of all methods by turns, until there were enough kills. Each run that has ended is counted in a file."""
    name = "in-save" if inside else "any-time"
    counted = folder / f"{name}.json"
    tally = Tally(**json.loads(counted.read_text())) if counted.exists() else Tally()
    while tally.kills < wanted and time.monotonic() < end:
        one = calm[tally.runs % len(calm)]
        spec = one.spec.model_copy(update={"checkpoint_every_s": 0.0 if inside else _EVERY_S})
        place = folder / f"{name}-{tally.runs}"
        shutil.rmtree(place, ignore_errors=True)  # Of a run that was not seen to its end.
        chance = random.Random(f"{seed} {place.name}")
        tally += _under_fire(Attempts(place, spec), one, wanted - tally.kills, chance, inside=inside)
        counted.write_text(json.dumps(vars(tally)))
    print(f"{'inside a save' if inside else 'at random moments'}: {tally}", flush=True)
    return tally


def _calm_runs(folder: Path, methods: Sequence[str], steps: int) -> list[Attempts]:
    """One of each method: those that are not from scratch go on from the model that the first one left."""
    base = folder / "calm-scratch" / MODEL_FOLDER
    runs = []
    for method in methods:
        spec = small_spec(folder, method=method, base_folder=None if method == "scratch" else base, max_steps=steps)
        attempts = Attempts(folder / f"calm-{method}", spec)
        runs.append(attempts)
        if attempts.of("done"):
            continue
        began = time.monotonic()
        if attempts.run_alone() != EXIT_DONE:
            raise SystemExit(f"The calm run did not end well: {attempts.folder / 'output.log'}")
        print(f"{attempts.folder.name}: {attempts.of('done')[0].step} steps in {time.monotonic() - began:.1f} s", flush=True)
    return runs


def _under_fire(attempts: Attempts, calm: Attempts, wanted: int, chance: random.Random, *, inside: bool) -> Tally:
    """One run: killed and started again until it is done, or until there were enough kills and it is left in peace."""
    usual_s = calm.of("done")[0].seconds + _BEGINNING_S
    tally, newest = Tally(runs=1), 0
    while True:
        attempts.start()
        shoot = tally.kills < wanted
        if shoot and inside:
            _wait_for_save(attempts, chance)
        elif shoot:
            _pause(attempts, chance.uniform(0.0, usual_s))
        shot = shoot and attempts.is_alive
        if shot:
            attempts.kill()
        status = attempts.wait()
        _check_resume(attempts, newest, tally)
        if not shot:
            break
        half_made = any((attempts.folder / CHECKPOINTS_FOLDER).glob(".step-*.part"))
        tally.in_saves += half_made
        tally.kills += half_made or not inside  # A save that was over by a hair is not counted as hit; the run must go on all the same.
        newest = max(attempts.checkpoint_steps, default=0)
        _check_loss(attempts, newest, tally)
    if status == attempts.exit_status == EXIT_DONE:
        tally.went_on = tally.kills
    else:
        tally.wrong.append(f"{attempts.folder.name} ended with {status}")
    tally.wrong += [f"{attempts.folder.name}: {what}" for what in differences(attempts, calm)]
    return tally


def _pause(attempts: Attempts, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while attempts.is_alive and time.monotonic() < deadline:
        time.sleep(0.002)


def _wait_for_save(attempts: Attempts, chance: random.Random) -> None:
    """Until some later save has begun, and then a moment that may fall anywhere in it."""
    place, to_skip, seen = attempts.folder / CHECKPOINTS_FOLDER, chance.randrange(8), ""
    while attempts.is_alive:
        staging = next((path.name for path in place.glob(".step-*.part")), "")
        if staging and staging != seen:
            seen = staging
            if to_skip == 0:
                time.sleep(chance.uniform(0.0, 0.03))
                return
            to_skip -= 1
        time.sleep(0.001)


def _check_resume(attempts: Attempts, newest: int, tally: Tally) -> None:
    """The attempt that has just ended went on from the newest checkpoint that there was, if it came so far."""
    for event in attempts.events(f"run-{attempts.fence}"):
        tally.corrupt += event.type == "warning" and "cannot be used" in event.message
        if event.type == "resumed" and event.step != newest:
            tally.wrong.append(f"{attempts.folder.name} went on at step {event.step} and not at {newest}")


def _check_loss(attempts: Attempts, newest: int, tally: Tally) -> None:
    """What the killed attempt had trained since its last checkpoint, by its own words: one interval, or two steps where each is saved:
    one that was being made, and the one before, which was being saved."""
    mine = attempts.events(f"run-{attempts.fence}")
    told = [event for event in mine if event.type in ("progress", "checkpoint")]
    if not told:
        return
    if not attempts.spec.checkpoint_every_s:
        tally.too_much_lost += told[-1].step > newest + 2
        return
    saves = [event for event in mine if event.type == "checkpoint"]
    since = saves[-1] if saves else next(event for event in mine if event.type == "stage" and event.stage == "train")
    lost_s = (told[-1].at - since.at).total_seconds()
    tally.most_lost_s = max(tally.most_lost_s, lost_s)
    stretched_s = _SAVE_SHARE * max((event.seconds for event in saves), default=_FIRST_SAVE_S)
    tally.too_much_lost += lost_s > max(attempts.spec.checkpoint_every_s, stretched_s) + _SLACK_S
