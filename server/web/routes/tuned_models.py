"""The results: tried out, downloaded, deleted."""

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from server.domain.models.archive import archive_of
from server.errors import Unavailable
from server.web.attachments import disposition
from server.web.deps import AppServices, CurrentCaller, CurrentUser
from server.web.paging import After, Limit
from shared.wire import Deleted, DownloadLink, GenerateRequest, Generation, ListOf, TunedModel

router = APIRouter(tags=["tuned models"])


@router.get("/api/tuned-models")
def list_tuned_models(services: AppServices, user: CurrentUser, limit: Limit = 20, after: After = None) -> ListOf[TunedModel]:
    return services.tuned_models.page(user, limit=limit, after=after)


@router.get("/api/tuned-models/{model_id}")
def get_tuned_model(model_id: str, services: AppServices, user: CurrentUser) -> TunedModel:
    return services.tuned_models.get(user, model_id)


@router.delete("/api/tuned-models/{model_id}")
def delete_tuned_model(model_id: str, services: AppServices, user: CurrentUser) -> Deleted:
    services.jobs.delete_model(user, model_id)
    return Deleted(id=model_id)


@router.post("/api/tuned-models/{model_id}/generate")
def generate_with_tuned_model(model_id: str, request: GenerateRequest, services: AppServices, user: CurrentUser) -> Generation:
    folder = services.tuned_models.local_folder(services.tuned_models.stored(user, model_id).value)
    if folder is None:
        raise Unavailable("This model's files are not on this machine.", code="generate.model_elsewhere")
    return services.generator.generate(model_id, {"kind": "folder", "path": str(folder)}, request)


@router.get("/api/tuned-models/{model_id}/download", response_class=StreamingResponse)
def download_tuned_model(model_id: str, services: AppServices, user: CurrentUser) -> StreamingResponse:
    """A ZIP whose top level `from_pretrained` loads; a LoRA adapter lies in its folder `adapter`."""
    return model_answer(services, user, model_id)


@router.post("/api/tuned-models/{model_id}/download-link")
def create_download_link(model_id: str, services: AppServices, caller: CurrentCaller) -> DownloadLink:
    """An address for a plain browser download, which cannot send a header. It names this model alone and holds for a minute."""
    services.tuned_models.get(caller.user_id, model_id)
    token, expires_in = services.accounts.download_token(caller, model_id)
    return DownloadLink(url=f"/api/downloads/{token}", expires_in=expires_in)


def model_answer(services: AppServices, user: str, model_id: str) -> StreamingResponse:
    model = services.tuned_models.stored(user, model_id).value
    archive = archive_of(model, services.tuned_models)
    headers = {"content-disposition": disposition(f"{model.id.replace(':', '-')}.zip"), "content-length": str(len(archive))}
    return StreamingResponse(iter(archive), media_type="application/zip", headers=headers)
