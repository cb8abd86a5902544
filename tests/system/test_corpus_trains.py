"""Nothing fails after launch that validation could have caught: every file that is accepted starts a run and takes a step."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from server.tuning.claim import Claim
from server.tuning.events import EventLog
from server.tuning.process import StopRequest
from server.tuning.run import tune
from shared.job_spec import EVENTS_FILE, MODEL_FOLDER, DataFile, JobSpec
from shared.reading import inspect
from tests.corpus.cases import Legal, write
from tests.corpus.legal import legal_files
from tests.tuning.conftest import SETTINGS

_ONE_STEP = SETTINGS.model_copy(update={"max_steps": 1, "batch_size": 1, "validation_fraction": 0})


@pytest.fixture(autouse=True, scope="module")
def torch_as_it_was() -> Iterator[None]:
    """A trainer makes this thread take the smallest numbers for 0, and other tests need them."""
    yield
    torch.set_flush_denormal(False)


@pytest.mark.parametrize("case", legal_files(), ids=lambda case: case.name)
def test_every_accepted_file_takes_a_step(case: Legal, tmp_path: Path) -> None:
    file = tmp_path / "file"
    write(case.content, file)
    with file.open("rb") as stream:
        found = inspect(stream, filename=case.name)
    assert found.accepted
    assert found.format is not None
    mapping = None if found.mapping is None else found.mapping
    spec = JobSpec(
        job_id="job-1",
        run_id="run-1",
        base_model="gpt2-scratch-1m",
        method="scratch",
        data=[DataFile(path=file, name=case.name, format=found.format, charset=found.charset or "utf-8", mapping=mapping)],
        settings=_ONE_STEP,
        # Prompts taken from the data where those have a form of their own; one short prompt elsewhere, because there are many files.
        sample_prompts=[] if case.shape in {"messages", "preference"} else ["a"],
        base_models_folder=tmp_path,
        threads=1,
    )
    stop = StopRequest()
    claim = Claim(tmp_path, spec.fence)
    try:
        tune(spec, tmp_path, claim, EventLog(tmp_path / EVENTS_FILE, "run-1", stop), stop)
    finally:
        claim.release()
    assert (tmp_path / MODEL_FOLDER / "model.safetensors").exists()
