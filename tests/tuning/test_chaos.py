"""The scenarios of `scripts/chaos` that need no server, a few times each; and two trainers that are started for one folder at once."""

from pathlib import Path

from scripts import chaos_disk_full, chaos_power_loss, chaos_trainer_kill
from scripts.chaos_training import Attempts, small_spec
from shared.job_spec import EXIT_CANCELLED, EXIT_SUPERSEDED


def test_killed_trainers_go_on_to_the_same_bits(tmp_path: Path) -> None:
    assert chaos_trainer_kill.run(tmp_path, times=2, seed=1, methods=["scratch"], steps=30) == 0


def test_no_cut_of_a_save_makes_a_wrong_load(tmp_path: Path) -> None:
    assert chaos_power_loss.run(tmp_path, times=20, seed=1, rank=1) == 0


def test_a_full_disk_costs_no_checkpoint(tmp_path: Path) -> None:
    assert chaos_disk_full.run(tmp_path, times=1, seed=1, steps=12) == 0


def test_of_two_trainers_started_at_once_one_works(tmp_path: Path) -> None:
    spec = small_spec(tmp_path, max_steps=100_000)
    trainers = [Attempts(tmp_path / "run", spec), Attempts(tmp_path / "run", spec)]
    for trainer in trainers:
        trainer.start()
    trainers[0].wait_for(lambda _: not all(trainer.is_alive for trainer in trainers))
    (working,) = [trainer for trainer in trainers if trainer.is_alive]
    working.started.terminate()
    assert sorted(trainer.wait() for trainer in trainers) == [EXIT_SUPERSEDED, EXIT_CANCELLED]
    assert [event.seq for event in working.events()] == list(range(len(working.events())))  # Two writers would count twice.
