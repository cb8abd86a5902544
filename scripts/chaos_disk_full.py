"""`scripts/chaos disk-full`: the disk takes no more, first inside a save and then at the export; then there is room again.

Twice: by a limit on the size of files, which every machine allows, and on a small disk that is really full, where this machine lets a
program have one of its own (a memory disk in a namespace).
"""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from scripts import prepare
from scripts.chaos_training import Attempts, differences, small_spec, verdict
from shared.job_spec import EXIT_DONE, EXIT_FAILED, SPEC_FILE, JobSpec

_STEPS = 60
_LARGEST_FILE = 2_000_000
"""Neither a checkpoint's files nor the model's."""
_SMALL_DISK = 80_000_000
_INSIDE = "inside"
_WITHIN_S = 10.0
_SAID = "Full: "


def run(folder: Path, *, times: int | None, seed: int, steps: int = _STEPS) -> int:
    """Each of the two `times` times (once, without it)."""
    wrong: list[str] = []
    done: list[str] = []
    calm = _calm(folder, seed, steps)
    for number in range(times or 1):
        place = folder / f"limit-{number}"
        place.mkdir()
        wrong += _fills_up(Attempts(place / "run", calm.spec), calm, full=_limit, room=lambda attempts: None)
        done.append("a limit on files")
        small = _on_a_small_disk(calm, folder / f"small-{number}")
        if small is None:
            print("No small disk was tried: this machine lets nobody mount one.")
            continue
        wrong += small
        done.append("a disk that was really full")
    for line in wrong:
        print(line)
    print(
        f"{verdict(not wrong)}: {', '.join(done)}: {len(wrong)} things wrong; training outlived saves that did not fit, the export failed "
        "as disk_full with its checkpoints kept, and with room again it ended as the calm run, to the bit"
    )
    return 1 if wrong else 0


def _calm(folder: Path, seed: int, steps: int) -> Attempts:
    calm = Attempts(folder / "calm", small_spec(folder, max_steps=steps, seed=seed))
    if calm.run_alone() != EXIT_DONE:
        raise SystemExit("The calm run did not end well.")
    return calm


def _fills_up(attempts: Attempts, calm: Attempts, *, full: Callable[[Attempts], None], room: Callable[[Attempts], None]) -> list[str]:
    """`full` takes the disk away from a trainer that has saved once; `room` gives it back afterwards."""
    attempts.spec = attempts.spec.model_copy(update={"checkpoint_every_s": 0.0})
    attempts.start()
    if attempts.wait_for(lambda event: event.type == "checkpoint") is None:
        return ["the trainer ended before its first checkpoint"]
    os.kill(attempts.started.pid, signal.SIGSTOP)  # Taking a whole disk lasts longer than some steps.
    full(attempts)
    os.kill(attempts.started.pid, signal.SIGCONT)
    full_at = time.monotonic()
    kept = attempts.checkpoint_steps
    while attempts.is_alive:  # A save that was on its way gives its room back when it fails: others take that, too.
        with contextlib.suppress(ProcessLookupError):
            full(attempts)
        time.sleep(0.05)
    status = attempts.wait()
    slow_s = time.monotonic() - full_at
    failures = attempts.of("failed")
    print(
        f"{_SAID}told of and over {slow_s:.1f} s after the disk was full, the rest of the training included (target {_WITHIN_S:.0f} s)",
        flush=True,
    )
    wrong = [] if slow_s <= _WITHIN_S else [f"it took {slow_s:.1f} s to say so"]
    wrong += [] if status == attempts.exit_status == EXIT_FAILED else [f"it ended with {status}, exit.json says {attempts.exit_status}"]
    said = [(event.code, event.action and event.action.kind) for event in failures]
    if said != [("disk_full", "retry")]:
        wrong.append(f"it failed with {said}")
    if attempts.of("done") or attempts.sums():
        wrong.append("it left a model, or said that it was done")
    if not kept or attempts.checkpoint_steps[: len(kept)] != kept:
        wrong.append(f"of the checkpoints {kept} only {attempts.checkpoint_steps} are left")
    last = attempts.checkpoint_steps[-1:]
    room(attempts)
    attempts.start()
    if attempts.wait() != EXIT_DONE:
        wrong.append("with room again it did not end well")
    if [event.step for event in attempts.of("resumed")] != last:
        wrong.append("with room again it did not go on from its last checkpoint")
    return wrong + differences(attempts, calm)


def _limit(attempts: Attempts) -> None:
    """From now on this trainer may write no large file. The limit ends with the process."""
    resource.prlimit(attempts.started.pid, resource.RLIMIT_FSIZE, (_LARGEST_FILE, resource.RLIM_INFINITY))


def _on_a_small_disk(calm: Attempts, disk: Path) -> list[str] | None:
    """In a process with a view of the file system of its own; None where that is not allowed."""
    disk.mkdir()
    words = [sys.executable, "-m", "scripts.chaos_disk_full", str(calm.folder), str(disk)]
    mounted = f'mount -t tmpfs -o size={_SMALL_DISK} none "$0" && exec "$@"'
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    command = [unshare, "--user", "--map-root-user", "--mount", "sh", "-c", mounted, str(disk), *words]
    made = subprocess.run(command, cwd=prepare.ROOT, capture_output=True, text=True, check=False)
    if _INSIDE not in made.stdout:
        return None
    said = made.stdout.splitlines()
    print("\n".join(line for line in said if line.startswith(_SAID)))
    return [line for line in said if line != _INSIDE and not line.startswith(_SAID)] + ([made.stderr[-1000:]] if made.returncode else [])


def _inside(calm_folder: Path, disk: Path) -> None:
    """What runs where `disk` is the small one: other files take all of it but some kilobytes, and later go away."""
    print(_INSIDE)
    calm = Attempts(calm_folder, JobSpec.model_validate_json((calm_folder / SPEC_FILE).read_bytes()))
    others = disk / "of-others"

    def fill(_attempts: Attempts) -> None:
        with others.open("ab", buffering=0) as file:
            for size in (2**20, 2**12):
                while True:
                    try:
                        file.write(os.urandom(size))
                    except OSError:
                        break

    for line in _fills_up(Attempts(disk / "run", calm.spec), calm, full=fill, room=lambda _attempts: others.unlink()):
        print(line)


if __name__ == "__main__":
    _inside(Path(sys.argv[1]), Path(sys.argv[2]))
