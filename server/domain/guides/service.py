"""What a signed-in user does with training guides: upload, read, correct the scored items, make a dataset of both."""

import io
import json
from collections.abc import Callable
from typing import BinaryIO, Final

from pydantic import TypeAdapter

from server.domain import keys
from server.domain.collection import Collection, Stored, retrying
from server.domain.datasets.service import Datasets
from server.domain.documents.belonging import Belonging
from server.domain.documents.contents import DocumentContents
from server.domain.documents.service import Documents
from server.domain.guides.states import StoredGuide, StoredItem, counted
from server.errors import Conflict, InvalidInput, NotFound
from server.ports.blobs import Blobs
from server.ports.clock import Clock
from server.ports.records import Records
from shared.constants import MAX_NAME_CHARACTERS, MAX_NOTE_CHARACTERS, MIN_EXAMPLES_TO_SPLIT
from shared.wire import (
    Dataset,
    DatasetRequest,
    Document,
    Guide,
    GuideDatasetRequest,
    GuidePassage,
    GuidePatch,
    ListOf,
    ScoredItem,
    ScoredItemPatch,
    ScoredItemRequest,
    SplitByFraction,
)

_PASSAGES: Final = "passages"
_MAX_ITEMS: Final = 5_000
_ITEMS: Final = TypeAdapter(list[StoredItem])


class Guides:
    """`need_unused` raises `Conflict` for a document that a live job trains on."""

    def __init__(
        self,
        records: Records,
        blobs: Blobs,
        clock: Clock,
        documents: Documents,
        contents: DocumentContents,
        datasets: Datasets,
        *,
        need_unused: Callable[[str, str], None],
    ) -> None:
        self._records = records
        self._blobs = blobs
        self._clock = clock
        self._documents = documents
        self._contents = contents
        self._datasets = datasets
        self._need_unused = need_unused
        self._belonging = Belonging(documents, "training guide", need_unused=need_unused)
        self._guides = Collection(records, StoredGuide, kind="guide", noun="training guide")

    def add(self, owner: str, source: BinaryIO, *, filename: str, name: str | None, description: str) -> Guide:
        """Takes the document in, and its passages and scored items out of it. Raises `RefusedFile` for what cannot be read."""
        return self._belonging.taken_in(
            owner,
            source,
            lambda document: self._keep(owner, document).shown(),
            filename=filename,
            document_type="training_guide",
            name=name,
            description=description,
        )

    def get(self, owner: str, guide_id: str) -> Guide:
        return self._guides.get(owner, guide_id).value.shown()

    def page(self, owner: str, *, limit: int, after: str | None) -> ListOf[Guide]:
        page = self._guides.page(owner, limit=limit, after=after)
        return ListOf(data=[guide.shown() for guide in page.items], has_more=page.has_more)

    def patch(self, owner: str, guide_id: str, patch: GuidePatch) -> Guide:
        changes = patch.model_dump(exclude_none=True)

        def attempt() -> Guide:
            stored = self._guides.get(owner, guide_id)
            changed = stored.value.model_copy(update=changes)
            self._records.write(self._guides.replacing(owner, guide_id, changed, version=stored.version))
            return changed.shown()

        return retrying(attempt)

    def passages(self, owner: str, guide_id: str, *, limit: int, after: str | None) -> ListOf[GuidePassage]:
        self._guides.get(owner, guide_id)
        texts: list[str] = json.loads(b"".join(self._blobs.open(keys.guide_blob(owner, guide_id, _PASSAGES))))
        begin = int(after) + 1 if after is not None and after.isascii() and after.isdigit() else 0
        shown = [GuidePassage(id=str(place), position=place, text=text) for place, text in enumerate(texts[begin : begin + limit], begin)]
        return ListOf(data=shown, has_more=begin + limit < len(texts))

    def scored_items(self, owner: str, guide_id: str, *, limit: int, after: str | None) -> ListOf[ScoredItem]:
        items = self._items(owner, self._guides.get(owner, guide_id).value)
        begin = 0 if after is None else next((place + 1 for place, item in enumerate(items) if item.id == after), len(items))
        return ListOf(data=[item.shown() for item in items[begin : begin + limit]], has_more=begin + limit < len(items))

    def add_item(self, owner: str, guide_id: str, request: ScoredItemRequest) -> ScoredItem:
        item = StoredItem(id=self._clock.new_id("itm"), text=request.text, score=request.score, out_of=request.out_of)

        def change(items: list[StoredItem]) -> list[StoredItem]:
            if len(items) >= _MAX_ITEMS:
                raise InvalidInput(
                    f"A guide has at most {_MAX_ITEMS:,} scored items. Upload more of them as a dataset.", code="guides.too_many_items"
                )
            return [*items, item]

        self._change_items(owner, guide_id, change)
        return item.shown()

    def patch_item(self, owner: str, guide_id: str, item_id: str, patch: ScoredItemPatch) -> ScoredItem:
        """Raises `NotFound`."""
        changes = patch.model_dump(include=patch.model_fields_set)
        changes = {name: value for name, value in changes.items() if value is not None or name == "out_of"}
        changed: dict[str, StoredItem] = {}

        def change(items: list[StoredItem]) -> list[StoredItem]:
            if all(item.id != item_id for item in items):
                raise NotFound("There is no such item in this guide.", code="guides.no_such_item")
            after = [item.model_copy(update=changes) if item.id == item_id else item for item in items]
            changed[item_id] = next(item for item in after if item.id == item_id)
            return after

        self._change_items(owner, guide_id, change)
        return changed[item_id].shown()

    def dataset(self, owner: str, request: GuideDatasetRequest) -> Dataset:
        """Of the guides' prose and scored items, and of the other documents; the one that is there when nothing changed since."""
        documents: list[str] = []
        names = []
        for guide_id in dict.fromkeys(request.guide_ids):
            guide = self._guides.get(owner, guide_id).value
            names.append(guide.name)
            if not guide.num_passages and not guide.num_scored_items:
                raise InvalidInput(
                    f"{guide.name!r} holds neither prose nor scored items to learn from.", code="guides.nothing_to_learn", param="guide_ids"
                )
            documents.append(self._made_document(owner, guide_id) if guide.holds_items else guide.document_id)
        for document_id in dict.fromkeys(request.document_ids):
            names.append(self._documents.get(owner, document_id).name)
            documents.append(document_id)
        name = request.name or ", ".join(names)[:MAX_NAME_CHARACTERS]
        split = request.split if self._can_be_split(owner, documents) else SplitByFraction(fraction=0)
        return self._datasets.create(owner, DatasetRequest(name=name, document_ids=documents, split=split))

    def _can_be_split(self, owner: str, document_ids: list[str]) -> bool:
        """A guide may be so short that nothing can be spared for validation."""
        return sum(self._documents.get(owner, document_id).num_examples for document_id in document_ids) >= MIN_EXAMPLES_TO_SPLIT

    def delete(self, owner: str, guide_id: str) -> None:
        """With its documents. Raises `Conflict` when a live job trains on one."""

        def attempt() -> StoredGuide:
            stored = self._guides.get(owner, guide_id)
            guide = stored.value
            if guide.made_document_id is not None:
                self._need_unused(owner, guide.made_document_id)
            self._records.write(
                self._guides.removing(owner, guide_id, version=stored.version), self._belonging.releasing(owner, guide.document_id)
            )
            return guide

        guide = retrying(attempt)
        for edition in (_PASSAGES, guide.edition):
            self._blobs.delete(keys.guide_blob(owner, guide_id, edition))
        for document_id in _documents_of(guide):
            self._delete_document(owner, document_id)

    def _keep(self, owner: str, document: Document) -> StoredGuide:
        passages, found = self._contents.guide(owner, document)
        items = [
            StoredItem(
                id=f"found-{number}",
                text=one["text"],
                score=one["score"],
                out_of=one.get("out_of"),
                place=one.get("place") or "",
                found_text=one["text"],
                found_score=one["score"],
            )
            for number, one in enumerate(found[:_MAX_ITEMS], 1)
        ]
        if not passages and not items:
            raise InvalidInput(
                "No prose and no scored items were found in this guide. A table needs a column with texts and one with scores.",
                code="guides.nothing_to_learn",
                param="file",
            )
        guide_id, edition = self._clock.new_id("gde"), self._clock.new_id("edn")
        size = len(json.dumps(passages).encode())
        self._documents.room.check_total(owner, size)
        stat = self._blobs.put(keys.guide_blob(owner, guide_id, _PASSAGES), io.BytesIO(json.dumps(passages).encode()))
        items_bytes = self._put_items(owner, guide_id, edition, items)
        guide = StoredGuide(
            id=guide_id,
            name=document.name,
            description=document.description,
            document_id=document.id,
            filename=document.filename,
            format=document.format,
            num_characters=document.num_characters,
            num_passages=len(passages),
            edition=edition,
            passages_bytes=stat.size_bytes,
            items_bytes=items_bytes,
            size_bytes=stat.size_bytes + items_bytes,
            created_at=self._clock.now(),
        ).model_copy(update=counted(items))
        self._records.write(
            self._guides.adding(owner, guide_id, guide),
            self._belonging.marking(owner, document, guide.name),
        )
        return guide

    def _items(self, owner: str, guide: StoredGuide) -> list[StoredItem]:
        return _ITEMS.validate_json(b"".join(self._blobs.open(keys.guide_blob(owner, guide.id, guide.edition))))

    def _put_items(self, owner: str, guide_id: str, edition: str, items: list[StoredItem]) -> int:
        return self._blobs.put(keys.guide_blob(owner, guide_id, edition), io.BytesIO(_ITEMS.dump_json(items))).size_bytes

    def _change_items(self, owner: str, guide_id: str, change: Callable[[list[StoredItem]], list[StoredItem]]) -> None:
        """Writes the items anew under another name, then the record that names them: of two corrections at once none is lost."""

        def attempt() -> str:
            stored = self._guides.get(owner, guide_id)
            guide = stored.value
            items = change(self._items(owner, guide))
            edition = self._clock.new_id("edn")
            items_bytes = self._put_items(owner, guide_id, edition, items)
            sizes = {"items_bytes": items_bytes, "size_bytes": guide.passages_bytes + items_bytes}
            changed = guide.model_copy(update={"edition": edition, **sizes, **counted(items)})
            try:
                self._records.write(self._guides.replacing(owner, guide_id, changed, version=stored.version))
            except BaseException:
                self._blobs.delete(keys.guide_blob(owner, guide_id, edition))
                raise
            return guide.edition

        self._blobs.delete(keys.guide_blob(owner, guide_id, retrying(attempt)))

    def _made_document(self, owner: str, guide_id: str) -> str:
        """The prose and the items as they are now, as one document of texts, prompts and completions; made when they were changed since
        the last time. What was found as an item is not also learned as prose."""

        def attempt() -> tuple[str, str | None]:
            stored = self._guides.get(owner, guide_id)
            guide = stored.value
            if guide.made_edition == guide.edition and self._is_there(owner, guide.made_document_id):
                return str(guide.made_document_id), None
            document = self._made_of(owner, guide)
            changed = guide.model_copy(update={"made_document_id": document.id, "made_edition": guide.edition})
            try:
                self._records.write(self._guides.replacing(owner, guide_id, changed, version=stored.version))
            except BaseException:
                self._delete_document(owner, document.id)
                raise
            return document.id, guide.made_document_id

        document_id, earlier = retrying(attempt)
        if earlier is not None:
            try:
                self._need_unused(owner, earlier)
            except Conflict:
                return document_id  # A live job trains on what the items were; it stays among the documents.
            self._delete_document(owner, earlier)
        return document_id

    def _made_of(self, owner: str, guide: StoredGuide) -> Document:
        shown = [item.shown() for item in self._items(owner, guide) if not item.dropped]
        texts: list[str] = json.loads(b"".join(self._blobs.open(keys.guide_blob(owner, guide.id, _PASSAGES))))
        rows = [{"text": text} for text in texts] + [{"prompt": one.prompt, "completion": one.completion} for one in shown]
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        name = f"{guide.name[: MAX_NAME_CHARACTERS - 20]}: to train on"
        about = f"Made from the training guide {guide.name!r}: {len(texts)} passages and {len(shown)} scored items."[:MAX_NOTE_CHARACTERS]
        return self._documents.add_made(owner, lines.encode(), filename="to-train-on.jsonl", name=name, description=about)

    def _is_there(self, owner: str, document_id: str | None) -> bool:
        try:
            return document_id is not None and bool(self._documents.get(owner, document_id))
        except NotFound:
            return False

    def _delete_document(self, owner: str, document_id: str) -> None:
        try:
            stored: Stored[Document] = self._documents.stored(owner, document_id)
        except NotFound:
            return
        self._documents.delete(owner, stored)


def _documents_of(guide: StoredGuide) -> list[str]:
    return [guide.document_id, *([guide.made_document_id] if guide.made_document_id else [])]
