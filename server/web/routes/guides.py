"""Training guides: uploaded, read, corrected, and made into datasets."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, UploadFile, status

from server.settings import Settings
from server.web.deps import AppServices, CurrentUser
from server.web.forms import only_fields
from server.web.paging import After, Limit
from server.web.routes.documents import FORM_OVERHEAD_BYTES
from shared.constants import MAX_NAME_CHARACTERS, MAX_NOTE_CHARACTERS
from shared.wire import (
    Dataset,
    Deleted,
    Guide,
    GuideDatasetRequest,
    GuidePassage,
    GuidePatch,
    ListOf,
    ScoredItem,
    ScoredItemPatch,
    ScoredItemRequest,
)


def router(settings: Settings) -> APIRouter:
    routes = APIRouter(prefix="/api/guides", tags=["guides"])
    upload = routes.post(
        "",
        status_code=status.HTTP_201_CREATED,
        max_body_size=settings.max_upload_bytes + FORM_OVERHEAD_BYTES,
        form_limits={"max_files": 4, "max_fields": 12, "max_part_size": 64 * 1024},
        dependencies=[Depends(only_fields("file", "name", "description"))],
    )
    upload(create_guide)
    routes.get("")(list_guides)
    routes.post("/datasets", status_code=status.HTTP_201_CREATED)(create_guide_dataset)
    routes.get("/{guide_id}")(get_guide)
    routes.patch("/{guide_id}")(patch_guide)
    routes.delete("/{guide_id}")(delete_guide)
    routes.get("/{guide_id}/passages")(list_guide_passages)
    routes.get("/{guide_id}/scored-items")(list_scored_items)
    routes.post("/{guide_id}/scored-items", status_code=status.HTTP_201_CREATED)(create_scored_item)
    routes.patch("/{guide_id}/scored-items/{item_id}")(patch_scored_item)
    return routes


def create_guide(
    services: AppServices,
    user: CurrentUser,
    file: UploadFile,
    name: Annotated[str | None, Form(max_length=MAX_NAME_CHARACTERS)] = None,
    description: Annotated[str, Form(max_length=MAX_NOTE_CHARACTERS)] = "",
) -> Guide:
    """Takes a guide in any readable format, splits its text into passages, and finds the scored items in it."""
    return services.guides.add(user, file.file, filename=file.filename or "unnamed", name=name, description=description)


def list_guides(services: AppServices, user: CurrentUser, limit: Limit = 20, after: After = None) -> ListOf[Guide]:
    return services.guides.page(user, limit=limit, after=after)


def create_guide_dataset(request: GuideDatasetRequest, services: AppServices, user: CurrentUser) -> Dataset:
    """The prose and the scored items of these guides as one dataset, to be trained on together. The same again gives the same."""
    return services.guides.dataset(user, request)


def get_guide(guide_id: str, services: AppServices, user: CurrentUser) -> Guide:
    return services.guides.get(user, guide_id)


def patch_guide(guide_id: str, patch: GuidePatch, services: AppServices, user: CurrentUser) -> Guide:
    return services.guides.patch(user, guide_id, patch)


def delete_guide(guide_id: str, services: AppServices, user: CurrentUser) -> Deleted:
    """With its documents, which a live job that trains on them forbids."""
    services.guides.delete(user, guide_id)
    return Deleted(id=guide_id)


def list_guide_passages(
    guide_id: str, services: AppServices, user: CurrentUser, limit: Limit = 20, after: After = None
) -> ListOf[GuidePassage]:
    """In their order."""
    return services.guides.passages(user, guide_id, limit=limit, after=after)


def list_scored_items(
    guide_id: str, services: AppServices, user: CurrentUser, limit: Limit = 20, after: After = None
) -> ListOf[ScoredItem]:
    """In the order of the guide, then those that were added; dropped ones too."""
    return services.guides.scored_items(user, guide_id, limit=limit, after=after)


def create_scored_item(guide_id: str, request: ScoredItemRequest, services: AppServices, user: CurrentUser) -> ScoredItem:
    """Adds an item that was not found in the guide."""
    return services.guides.add_item(user, guide_id, request)


def patch_scored_item(guide_id: str, item_id: str, patch: ScoredItemPatch, services: AppServices, user: CurrentUser) -> ScoredItem:
    """Corrects an item, drops it, or takes it back."""
    return services.guides.patch_item(user, guide_id, item_id, patch)
