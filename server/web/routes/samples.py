"""The data sets that come with the product."""

from fastapi import APIRouter, status

from server.web.deps import A_RUN_MAY_COME, AppServices, CurrentUser
from shared.wire import Document, ListOf, Sample

router = APIRouter(prefix="/api/samples", tags=["samples"])


@router.get("")
def list_samples(services: AppServices, user: CurrentUser) -> ListOf[Sample]:
    return services.documents.samples()


@router.post("/{sample_id}", status_code=status.HTTP_201_CREATED, dependencies=A_RUN_MAY_COME)
def add_sample(sample_id: str, services: AppServices, user: CurrentUser) -> Document:
    """Puts a copy of the sample among the user's documents."""
    return services.documents.add_sample(user, sample_id)
