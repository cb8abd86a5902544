"""Runs of test sets over a base and its tuned models: asked for, watched, read, cancelled."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from server.web.deps import AppServices, CurrentUser
from server.web.paging import After, Limit
from server.web.routes.jobs import IdempotencyKey
from shared.wire import Deleted, EvaluatedItem, Evaluation, EvaluationRequest, ItemOrder, ListOf

router = APIRouter(tags=["testing"])
OfWhat = Annotated[str | None, Query(min_length=1, max_length=200)]


@router.post("/api/evaluations", status_code=status.HTTP_201_CREATED)
def create_evaluation(
    request: EvaluationRequest, services: AppServices, user: CurrentUser, idempotency_key: IdempotencyKey = None
) -> Evaluation:
    """Queues a test of tuned models and, by itself, of their base. Sent again with the same `Idempotency-Key` it answers the same."""
    return services.evaluations.create(user, request, idempotency_key=idempotency_key)


@router.get("/api/evaluations")
def list_evaluations(
    services: AppServices,
    user: CurrentUser,
    limit: Limit = 20,
    after: After = None,
    test_set_id: OfWhat = None,
    tuned_model_id: OfWhat = None,
) -> ListOf[Evaluation]:
    """All of them, or those of a test set, or those of a tuned model."""
    return services.evaluations.page(user, limit=limit, after=after, test_set_id=test_set_id, tuned_model_id=tuned_model_id)


@router.get("/api/evaluations/{evaluation_id}")
def get_evaluation(evaluation_id: str, services: AppServices, user: CurrentUser) -> Evaluation:
    return services.evaluations.get(user, evaluation_id)


@router.get("/api/evaluations/{evaluation_id}/items")
def list_evaluated_items(
    evaluation_id: str,
    services: AppServices,
    user: CurrentUser,
    limit: Limit = 20,
    after: After = None,
    order: ItemOrder = "given",
    tuned_model_id: OfWhat = None,
) -> ListOf[EvaluatedItem]:
    """Item by item, base and tuned answer side by side: as given, or by what changed most for a tuned model (without one: the first)."""
    return services.evaluations.items(user, evaluation_id, limit=limit, after=after, order=order, tuned_model_id=tuned_model_id)


@router.post("/api/evaluations/{evaluation_id}/cancel")
def cancel_evaluation(evaluation_id: str, services: AppServices, user: CurrentUser) -> Evaluation:
    """One that waits is cancelled at once; a running one is asked to stop and shows `stopping` until it has."""
    return services.evaluations.cancel(user, evaluation_id)


@router.delete("/api/evaluations/{evaluation_id}")
def delete_evaluation(evaluation_id: str, services: AppServices, user: CurrentUser) -> Deleted:
    services.evaluations.delete(user, evaluation_id)
    return Deleted(id=evaluation_id)
