"""What models are tested with: submissions, and test sets made of them or of a table."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, UploadFile, status

from server.settings import Settings
from server.web.deps import AppServices, CurrentUser
from server.web.forms import only_fields
from server.web.paging import After, Limit
from shared.constants import MAX_NAME_CHARACTERS
from shared.wire import (
    Deleted,
    ListOf,
    TestItem,
    TestSet,
    TestSetPatch,
    TestSetPreview,
    TestSetRequest,
    TestSubmission,
    TestSubmissionPatch,
)

ExpectedScore = Annotated[float | None, Form(ge=-1e9, le=1e9, allow_inf_nan=False)]
# An expected answer may be as long as a short document.
EXPECTED_BYTES: Final = 512 * 1024


def router(settings: Settings) -> APIRouter:
    routes = APIRouter(tags=["testing"])
    upload = routes.post(
        "/api/test-submissions",
        status_code=status.HTTP_201_CREATED,
        max_body_size=settings.max_upload_bytes + EXPECTED_BYTES,
        form_limits={"max_files": 4, "max_fields": 12, "max_part_size": EXPECTED_BYTES},
        dependencies=[Depends(only_fields("file", "name", "expected", "expected_score"))],
    )
    upload(create_test_submission)
    routes.get("/api/test-submissions")(list_test_submissions)
    routes.get("/api/test-submissions/{submission_id}")(get_test_submission)
    routes.patch("/api/test-submissions/{submission_id}")(patch_test_submission)
    routes.delete("/api/test-submissions/{submission_id}")(delete_test_submission)
    routes.post("/api/test-sets", status_code=status.HTTP_201_CREATED)(create_test_set)
    routes.post("/api/test-sets/preview")(preview_test_set)
    routes.get("/api/test-sets")(list_test_sets)
    routes.get("/api/test-sets/{test_set_id}")(get_test_set)
    routes.patch("/api/test-sets/{test_set_id}")(patch_test_set)
    routes.get("/api/test-sets/{test_set_id}/items")(list_test_items)
    routes.delete("/api/test-sets/{test_set_id}")(delete_test_set)
    return routes


def create_test_submission(
    services: AppServices,
    user: CurrentUser,
    file: UploadFile,
    name: Annotated[str | None, Form(max_length=MAX_NAME_CHARACTERS)] = None,
    expected: Annotated[str | None, Form(max_length=100_000)] = None,
    expected_score: ExpectedScore = None,
) -> TestSubmission:
    """Takes a document in any format that holds one text, with the score or the answer that is expected for it."""
    filename = file.filename or "unnamed"
    return services.submissions.add(user, file.file, filename=filename, name=name, expected=expected, expected_score=expected_score)


def list_test_submissions(services: AppServices, user: CurrentUser, limit: Limit = 20, after: After = None) -> ListOf[TestSubmission]:
    return services.submissions.page(user, limit=limit, after=after)


def get_test_submission(submission_id: str, services: AppServices, user: CurrentUser) -> TestSubmission:
    return services.submissions.get(user, submission_id)


def patch_test_submission(submission_id: str, patch: TestSubmissionPatch, services: AppServices, user: CurrentUser) -> TestSubmission:
    """Test sets that were made of it before stay as they are."""
    return services.submissions.patch(user, submission_id, patch)


def delete_test_submission(submission_id: str, services: AppServices, user: CurrentUser) -> Deleted:
    """With its document. Test sets that were made of it stay as they are."""
    services.submissions.delete(user, submission_id)
    return Deleted(id=submission_id)


def create_test_set(request: TestSetRequest, services: AppServices, user: CurrentUser) -> TestSet:
    """Items of submissions, of the rows of a document, or kept back from training data, with the grader that fits them."""
    return services.test_sets.create(user, request)


def preview_test_set(request: TestSetRequest, services: AppServices, user: CurrentUser) -> TestSetPreview:
    """What this request would make: the columns and the grader that were found, and the first items. Makes nothing."""
    return services.test_sets.preview(user, request)


def list_test_sets(services: AppServices, user: CurrentUser, limit: Limit = 20, after: After = None) -> ListOf[TestSet]:
    return services.test_sets.page(user, limit=limit, after=after)


def get_test_set(test_set_id: str, services: AppServices, user: CurrentUser) -> TestSet:
    return services.test_sets.get(user, test_set_id)


def patch_test_set(test_set_id: str, patch: TestSetPatch, services: AppServices, user: CurrentUser) -> TestSet:
    return services.test_sets.rename(user, test_set_id, patch.name)


def list_test_items(test_set_id: str, services: AppServices, user: CurrentUser, limit: Limit = 20, after: After = None) -> ListOf[TestItem]:
    """In their order; `after` is the id of the last item of the page before."""
    return services.test_sets.items(user, test_set_id, limit=limit, after=after)


def delete_test_set(test_set_id: str, services: AppServices, user: CurrentUser) -> Deleted:
    """With its evaluations. Refused while one of them waits or runs."""
    services.evaluations.delete_test_set(user, test_set_id)
    return Deleted(id=test_set_id)
