"""Datasets, and what a base model would see of one."""

from fastapi import APIRouter, status

from server.web.deps import AppServices, CurrentUser
from server.web.paging import After, Limit
from shared.wire import Dataset, DatasetRequest, Deleted, ListOf, Look, LookRequest

router = APIRouter(tags=["datasets"])


@router.post("/api/datasets", status_code=status.HTTP_201_CREATED)
def create_dataset(request: DatasetRequest, services: AppServices, user: CurrentUser) -> Dataset:
    """Documents in an order, with their split. Asking for the same again gives the same."""
    return services.datasets.create(user, request)


@router.get("/api/datasets")
def list_datasets(services: AppServices, user: CurrentUser, limit: Limit = 20, after: After = None) -> ListOf[Dataset]:
    return services.datasets.page(user, limit=limit, after=after)


@router.get("/api/datasets/{dataset_id}")
def get_dataset(dataset_id: str, services: AppServices, user: CurrentUser) -> Dataset:
    return services.datasets.get(user, dataset_id)


@router.delete("/api/datasets/{dataset_id}")
def delete_dataset(dataset_id: str, services: AppServices, user: CurrentUser) -> Deleted:
    services.datasets.delete(user, dataset_id)
    return Deleted(id=dataset_id)


@router.post("/api/looks")
def create_look(request: LookRequest, services: AppServices, user: CurrentUser) -> Look:
    """What the model will see: exact tokens, what carries loss, lengths, duplicates, leakage. Makes nothing."""
    return services.jobs.look(user, request)
