"""The guided workflow's own API: the same services under the addresses and fields of its four steps. Its reports are in a file of their
own.

Forms may be sent by a signed-in browser without a bearer token; see `server.web.guided`.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request, UploadFile, status
from starlette.concurrency import run_in_threadpool

from server.errors import InvalidInput
from server.settings import Settings
from server.web.deps import AppServices
from server.web.forms import only_fields
from server.web.guided import GuidedUser, described, sent_as
from server.web.paging import After, Limit
from server.web.routes.documents import FORM_OVERHEAD_BYTES
from server.web.routes.jobs import IdempotencyKey
from server.web.routes.test_sets import EXPECTED_BYTES, ExpectedScore
from shared.constants import MAX_NAME_CHARACTERS, MAX_NOTE_CHARACTERS
from shared.wire import (
    Dataset,
    DatasetRequest,
    Guide,
    GuideDatasetRequest,
    Hyperparameters,
    Job,
    JobRequest,
    ListOf,
    TestSubmission,
    TrainingDatasetRequest,
    TrainingJobRequest,
)

_LISTS: Final = frozenset({"guides", "document_ids"})
MOST_BESIDE_GUIDES: Final = 30
"""Together with 20 guides they are the 50 documents that a dataset has at most."""
CsrfField = Annotated[str | None, Form(description="Of a form without a bearer token: the value of the cookie `llm_tuner_csrf`.")]


def router(settings: Settings) -> APIRouter:
    routes = APIRouter(prefix="/llm-training/api", tags=["guided workflow"])
    routes.post(
        "/training-guides/upload",
        status_code=status.HTTP_201_CREATED,
        max_body_size=settings.max_upload_bytes + FORM_OVERHEAD_BYTES,
        form_limits={"max_files": 4, "max_fields": 12, "max_part_size": 64 * 1024},
        dependencies=[Depends(only_fields("file", "name", "description", "csrf_token"))],
    )(upload_training_guide)
    routes.get("/training-guides")(list_training_guides)
    routes.post("/training-jobs", status_code=status.HTTP_201_CREATED, openapi_extra=described(TrainingJobRequest))(create_training_job)
    routes.get("/training-jobs")(list_training_jobs)
    routes.post("/datasets", status_code=status.HTTP_201_CREATED, openapi_extra=described(TrainingDatasetRequest))(create_training_dataset)
    routes.get("/datasets")(list_training_datasets)
    routes.post(
        "/test-submissions/upload",
        status_code=status.HTTP_201_CREATED,
        max_body_size=settings.max_upload_bytes + EXPECTED_BYTES,
        form_limits={"max_files": 4, "max_fields": 12, "max_part_size": EXPECTED_BYTES},
        dependencies=[Depends(only_fields("file", "name", "expected", "expected_score", "csrf_token"))],
    )(upload_test_submission)
    routes.get("/test-submissions")(list_submissions)
    return routes


def upload_training_guide(
    services: AppServices,
    user: GuidedUser,
    file: UploadFile,
    name: Annotated[str, Form(min_length=1, max_length=MAX_NAME_CHARACTERS)],
    description: Annotated[str, Form(max_length=MAX_NOTE_CHARACTERS)] = "",
    csrf_token: CsrfField = None,
) -> Guide:
    return services.guides.add(user, file.file, filename=file.filename or "unnamed", name=name, description=description)


def list_training_guides(services: AppServices, user: GuidedUser, limit: Limit = 20, after: After = None) -> ListOf[Guide]:
    return services.guides.page(user, limit=limit, after=after)


async def create_training_job(request: Request, services: AppServices, user: GuidedUser, idempotency_key: IdempotencyKey = None) -> Job:
    """Queues a job on a dataset, or on guides, of which a dataset is made by itself."""
    asked = await sent_as(request, TrainingJobRequest, lists=_LISTS)
    return await run_in_threadpool(_created, services, user, asked, idempotency_key)


def list_training_jobs(services: AppServices, user: GuidedUser, limit: Limit = 20, after: After = None) -> ListOf[Job]:
    return services.jobs.page(user, limit=limit, after=after, state=None)


async def create_training_dataset(request: Request, services: AppServices, user: GuidedUser) -> Dataset:
    """A dataset of documents, or of the prose and the scored items of guides."""
    asked = await sent_as(request, TrainingDatasetRequest, lists=_LISTS)
    return await run_in_threadpool(_dataset, services, user, asked)


def list_training_datasets(services: AppServices, user: GuidedUser, limit: Limit = 20, after: After = None) -> ListOf[Dataset]:
    return services.datasets.page(user, limit=limit, after=after)


def upload_test_submission(
    services: AppServices,
    user: GuidedUser,
    file: UploadFile,
    name: Annotated[str, Form(min_length=1, max_length=MAX_NAME_CHARACTERS)],
    expected_score: ExpectedScore = None,
    expected: Annotated[str | None, Form(max_length=100_000)] = None,
    csrf_token: CsrfField = None,
) -> TestSubmission:
    filename = file.filename or "unnamed"
    return services.submissions.add(user, file.file, filename=filename, name=name, expected=expected, expected_score=expected_score)


def list_submissions(services: AppServices, user: GuidedUser, limit: Limit = 20, after: After = None) -> ListOf[TestSubmission]:
    return services.submissions.page(user, limit=limit, after=after)


def _created(services: AppServices, user: str, asked: TrainingJobRequest, idempotency_key: str | None) -> Job:
    if (asked.dataset_id is None) == (asked.guides is None and asked.document_ids is None):
        raise InvalidInput("Give either a dataset_id, or guides or document_ids.", code="jobs.dataset_or_guides", param="guides")
    dataset_id = asked.dataset_id or _made_of(services, user, asked.guides, asked.document_ids).id
    settings = asked.model_dump(include={"epochs", "batch_size", "learning_rate"}, exclude_none=True)
    job = JobRequest(
        name=asked.name,
        base_model=asked.model,
        dataset_id=dataset_id,
        hyperparameters=Hyperparameters.model_validate(settings),
        test_set_id=asked.test_set_id,
    )
    try:
        return services.jobs.create(user, job, idempotency_key=idempotency_key)
    except InvalidInput as error:
        raise InvalidInput(error.message, code=error.code, param=_here(error.param), details=error.details) from None


def _here(param: str | None) -> str | None:
    """The field of this request that another's field is called here."""
    names = {"base_model": "model", "document_ids": "guides"}
    return None if param is None else names.get(param, param.removeprefix("hyperparameters."))


def _dataset(services: AppServices, user: str, asked: TrainingDatasetRequest) -> Dataset:
    if asked.document_ids is None and asked.guides is None:
        raise InvalidInput("Give document_ids, guides or both.", code="datasets.documents_or_guides", param="document_ids")
    return _made_of(services, user, asked.guides, asked.document_ids, name=asked.name)


def _made_of(
    services: AppServices, user: str, guides: list[str] | None, documents: list[str] | None, *, name: str | None = None
) -> Dataset:
    if guides is None:
        return services.datasets.create(user, DatasetRequest(name=name, document_ids=documents or []))
    if len(documents or []) > MOST_BESIDE_GUIDES:
        message = f"Beside guides at most {MOST_BESIDE_GUIDES} documents are possible."
        raise InvalidInput(message, code="datasets.documents_or_guides", param="document_ids")
    return services.guides.dataset(user, GuideDatasetRequest(guide_ids=guides, document_ids=documents or [], name=name))
