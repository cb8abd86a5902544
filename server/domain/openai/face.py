"""All of the OpenAI-compatible face, over the services that everybody else uses."""

from dataclasses import dataclass

from server.domain.datasets.service import Datasets
from server.domain.documents.pieces import Pieces
from server.domain.documents.service import Documents
from server.domain.jobs.live import LiveJobs
from server.domain.jobs.service import Jobs
from server.domain.models.catalogue import BaseModels
from server.domain.models.tuned import TunedModels
from server.domain.openai.asking import Asking
from server.domain.openai.checkpoints import Checkpoints
from server.domain.openai.files import Files
from server.domain.openai.fine_tuning import FineTuning
from server.domain.openai.models import Models
from server.domain.openai.names import ModelNames, stand_ins_of
from server.domain.openai.uploads import PartUploads
from server.ports.clock import Clock


@dataclass(frozen=True)
class OpenAiFace:
    files: Files
    uploads: PartUploads
    fine_tuning: FineTuning
    models: Models


def face_over(
    clock: Clock,
    documents: Documents,
    pieces: Pieces,
    datasets: Datasets,
    jobs: Jobs,
    live: LiveJobs,
    base_models: BaseModels,
    tuned_models: TunedModels,
    *,
    stand_ins: str,
) -> OpenAiFace:
    """`stand_ins` is the operator's setting, see `names.stand_ins_of`."""
    names = ModelNames(base_models, stand_ins_of(stand_ins))
    files = Files(clock, documents, jobs, live)
    checkpoints = Checkpoints(jobs, live)
    asking = Asking(files, datasets, jobs, names)
    return OpenAiFace(
        files,
        PartUploads(clock, pieces, files),
        FineTuning(clock, jobs, live, tuned_models, asking, checkpoints),
        Models(base_models, tuned_models, jobs, checkpoints, names),
    )
