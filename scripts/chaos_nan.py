"""`scripts/chaos nan`: a loss that stops being a number, and one that runs away; then the button beside the failure is pressed."""

import time
from pathlib import Path

from scripts.chaos_training import Attempts, small_spec, verdict
from shared.job_spec import EXIT_DONE, EXIT_FAILED

_RATES = {"nan_loss": 1e6, "diverged": 1.0}
"""Each known to end so, from scratch, at a constant rate."""
_WITHIN_S = 10.0


def run(folder: Path, *, times: int | None, seed: int) -> int:
    """Each failure `times` times (two, without it), each time with another seed."""
    wrong: list[str] = []
    seconds: list[float] = []
    for number in range(times or 2):
        for code, rate in _RATES.items():
            failed = _attempts(folder / f"{code}-{number}", rate, seed + number)
            wrong += [f"{failed.folder.name}: {what}" for what in _fails(failed, code, seconds)]
            wrong += [f"{failed.folder.name}: {what}" for what in _mends(failed)]
    for line in wrong:
        print(line)
    print(
        f"{verdict(not wrong)}: {(times or 2) * len(_RATES)} runs at a rate that is far too high: {len(wrong)} without the right failure "
        f"within {_WITHIN_S:.0f} s (the slowest took {max(seconds, default=99.0):.1f} s), its checkpoints, or a copy by the proposed rate "
        f"that ends well; 0 false successes wanted"
    )
    return 1 if wrong else 0


def _attempts(folder: Path, rate: float, seed: int) -> Attempts:
    settings = {"learning_rate": rate, "scheduler": "constant", "max_grad_norm": 1e9, "seed": seed, "checkpoint_every_s": 0.0}
    folder.mkdir()
    return Attempts(folder / "run", small_spec(folder, **settings))


def _fails(attempts: Attempts, code: str, seconds: list[float]) -> list[str]:
    """`seconds` is told how long it took from the last step that it told of to its end."""
    attempts.start()
    status = attempts.wait()
    seconds.append(time.time() - attempts.of("progress")[-1].at.timestamp())
    wrong = [] if status == attempts.exit_status == EXIT_FAILED else [f"it ended with {status}"]
    if attempts.of("done"):
        wrong.append("it said that it was done")
    codes = [event.code for event in attempts.of("failed")]
    if codes != [code]:
        wrong.append(f"it failed with {codes}")
    elif seconds[-1] > _WITHIN_S:
        wrong.append("it took too long to say so")
    if not attempts.checkpoint_steps:
        wrong.append("the checkpoints from before are gone")
    return wrong


def _mends(failed: Attempts) -> list[str]:
    """What the button does: a new job with the proposed settings."""
    actions = [event.action for event in failed.of("failed") if event.action is not None]
    if [action.kind for action in actions] != ["clone"]:
        return ["no copy with other settings was proposed"]
    spec = failed.spec.model_copy(update={"settings": failed.spec.settings.model_copy(update=actions[0].hyperparameters)})
    copy = Attempts(failed.folder.with_name("copy"), spec)
    copy.start()
    return [] if copy.wait() == EXIT_DONE else ["the copy at the proposed rate did not end well either"]
