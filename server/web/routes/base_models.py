"""The models that training can start from."""

from fastapi import APIRouter

from server.errors import InvalidInput
from server.web.deps import AppServices, CurrentUser
from shared.wire import BaseModelInfo, GenerateRequest, Generation, ListOf

router = APIRouter(prefix="/api/base-models", tags=["base models"])


@router.get("")
def list_base_models(services: AppServices, user: CurrentUser) -> ListOf[BaseModelInfo]:
    return services.base_models.all()


@router.post("/{model_id:path}/generate")
def generate_with_base_model(model_id: str, request: GenerateRequest, services: AppServices, user: CurrentUser) -> Generation:
    """Continues a prompt with an untuned model, to hold a tuned one against."""
    base = services.base_models.get(model_id)
    if base.from_scratch:
        raise InvalidInput("A from-scratch base has no weights yet, so it has nothing to say.", code="generate.from_scratch", param="model")
    services.base_models.usable(model_id)
    return services.generator.generate(base.id, services.base_models.source_of(base), request)
