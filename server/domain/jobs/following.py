"""What begins when a job has succeeded, in the very write that ends it: exactly once, also when a server dies at that moment."""

from collections.abc import Callable

from server.domain.jobs.states import StoredJob
from server.domain.models.tuned import StoredModel
from server.ports.records import Delete, Put

Following = Callable[[StoredJob, StoredModel], tuple[StoredJob, list[Put | Delete]]]
"""Given the job as it ends and its model: the job as it is to be stored, and the changes that go with it."""


def nothing(job: StoredJob, model: StoredModel) -> tuple[StoredJob, list[Put | Delete]]:
    return job, []
