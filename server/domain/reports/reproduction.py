"""How to run a training again: everything that `scripts/reproduce` needs, and what may be expected of the second run."""

from typing import Final

from server.domain.jobs.states import StoredJob
from server.domain.reports.story import Story
from shared.wire import ReportedFile, Reproduction

_WEIGHTS: Final = "model/model.safetensors"


def reproduction_of(job: StoredJob, story: Story, files: list[ReportedFile]) -> Reproduction:
    spec, done = story.spec, story.done
    unknown = [file for file in files if file.sha256 is None]
    device = spec.device if spec is not None else None
    seed = job.resolved["seed"].value if "seed" in job.resolved else None
    return Reproduction(
        base_model=job.base_model,
        method=job.method,
        objective=job.objective,
        seed=None if seed is None else int(seed),
        content_sha256=job.content_sha256,
        settings={name: resolved.value for name, resolved in job.resolved.items()},
        threads=spec.threads if spec is not None else None,
        device=device,
        train_loss=done.train_loss if done is not None else None,
        validation_loss=done.validation_loss if done is not None else None,
        weights_sha256=next((file.sha256 for file in done.artifacts if file.path == _WEIGHTS), None) if done is not None else None,
        bit_exact=device == "cpu" and done is not None and not unknown,
        words=_expected(device, finished=done is not None, num_unknown=len(unknown)),
        commands=_commands(job, unknown=bool(unknown)),
    )


def _expected(device: str | None, *, finished: bool, num_unknown: int) -> str:
    if not finished:
        return "The run did not end with a model, so there is no loss that a second run could be compared with."
    if num_unknown:
        return "It is not known any more which documents this run read, so it cannot be run again."
    if device == "cpu":
        return (
            "With the same documents, versions, number of threads and kind of processor a second run gives the same losses to the last bit."
        )
    return "An accelerator adds in an order of its own: a second run comes to nearly the same losses, not to the last bit."


def _commands(job: StoredJob, *, unknown: bool) -> list[str]:
    """For a shell in the folder of the product; nothing in them comes from what a person typed."""
    if unknown:
        return []
    own = f"scripts/reproduce report.json --job {job.id}"
    return [own, f"{own} --data FILE [FILE ...]"]
