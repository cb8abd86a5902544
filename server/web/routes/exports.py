"""Tuned models in the forms in which others run them: made, checked, taken away."""

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from server.domain.models.archive import gguf_archive, part_of
from server.domain.models.exports import GGUF, blob_of, precision_of
from server.errors import Conflict
from server.web.attachments import disposition
from server.web.deps import AppServices, CurrentCaller, CurrentUser
from shared.job_spec import ADAPTER_FOLDER, MODEL_FOLDER
from shared.wire import DownloadLink, ExportFormat, ExportRequest, ListOf, ModelExport

router = APIRouter(tags=["tuned models"])
RESOURCE = "export"


@router.get("/api/tuned-models/{model_id}/exports")
def list_model_exports(model_id: str, services: AppServices, user: CurrentUser) -> ListOf[ModelExport]:
    """Every form there is, made or not; a GGUF file with how llama.cpp, which ran it, compares with the trainer."""
    return services.exports.all_of(user, model_id)


@router.post("/api/tuned-models/{model_id}/exports", status_code=202)
def create_model_export(model_id: str, request: ExportRequest, services: AppServices, user: CurrentUser) -> ModelExport:
    """Has a GGUF file made and checked, which takes a minute or some. One that is there, or on its way, is not made again."""
    export = services.exports.ask(user, model_id, precision_of(request.format))
    services.exporter.wake()
    return export


@router.get("/api/tuned-models/{model_id}/exports/{format}/download", response_class=StreamingResponse)
def download_model_export(model_id: str, format: ExportFormat, services: AppServices, user: CurrentUser) -> StreamingResponse:  # noqa: A002
    """A ZIP. Of a GGUF file: with a Modelfile for Ollama and the report of its check."""
    return export_answer(services, user, f"{RESOURCE}/{format}/{model_id}")


@router.post("/api/tuned-models/{model_id}/exports/{format}/download-link")
def create_model_export_link(model_id: str, format: ExportFormat, services: AppServices, caller: CurrentCaller) -> DownloadLink:  # noqa: A002
    """An address for a plain browser download, which cannot send a header. It names this one file and holds for a minute."""
    if services.exports.get(caller.user_id, model_id, format).state != "ready":
        raise _not_ready()
    token, expires_in = services.accounts.download_token(caller, f"{RESOURCE}/{format}/{model_id}")
    return DownloadLink(url=f"/api/downloads/{token}", expires_in=expires_in)


def export_answer(services: AppServices, user: str, resource: str) -> StreamingResponse:
    """`resource` is `export/<format>/<model>`."""
    _, format_, model_id = resource.split("/", 2)
    if format_.startswith(GGUF):
        model, export = services.exports.ready(user, model_id, precision_of(format_))
        archive = gguf_archive(export, services.blobs.open(blob_of(user, export.id)))
    else:
        model = services.tuned_models.stored(user, model_id).value
        archive = part_of(model, services.tuned_models, ADAPTER_FOLDER if format_ == "adapter" else MODEL_FOLDER)
        if not len(archive.info_dict()["files"]):
            raise _not_ready()
    name = f"{model.id.replace(':', '-')}-{format_}.zip"
    headers = {"content-disposition": disposition(name), "content-length": str(len(archive))}
    return StreamingResponse(iter(archive), media_type="application/zip", headers=headers)


def _not_ready() -> Conflict:
    return Conflict("This file is not there. Ask for it first, or look why it was not made.", code="exports.not_ready")
