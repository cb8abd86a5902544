"""`/v1/models`. Their names hold colons and slashes."""

from fastapi import APIRouter

from server.web.deps import AppServices, CurrentUser
from shared.wire.openai.models import Model, ModelDeleted, ModelList

router = APIRouter(prefix="/v1/models", include_in_schema=False)


@router.get("")
def list_models(services: AppServices, user: CurrentUser) -> ModelList:
    return ModelList(data=services.openai.models.all(user))


@router.get("/{model:path}")
def retrieve_model(model: str, services: AppServices, user: CurrentUser) -> Model:
    return services.openai.models.get(user, model)


@router.delete("/{model:path}")
def delete_model(model: str, services: AppServices, user: CurrentUser) -> ModelDeleted:
    services.openai.models.delete(user, model)
    return ModelDeleted(id=model)
