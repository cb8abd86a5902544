"""What a signed-in user does with datasets. Creating a job from documents makes their dataset without asking."""

import hashlib
import json
from dataclasses import dataclass

from server.domain import keys
from server.domain.collection import Collection, Stored
from server.domain.documents.service import Documents
from server.errors import Conflict, InvalidInput, StaleWrite
from server.ports.clock import Clock
from server.ports.records import ABSENT, Delete, Key, Put, Records
from shared.constants import MAX_NAME_CHARACTERS
from shared.wire import Dataset, DatasetRequest, Document, ListOf, Split, SplitByDocument


@dataclass(frozen=True)
class Material:
    """What a run would train on: the documents of a dataset as they are now."""

    documents: list[Document]
    split: Split
    validation: Document | None
    content_sha256: str

    @property
    def all(self) -> list[Document]:
        return [*self.documents, *([self.validation] if self.validation else [])]


class Datasets:
    def __init__(self, records: Records, clock: Clock, documents: Documents) -> None:
        self._records = records
        self._clock = clock
        self._documents = documents
        self._datasets = Collection(records, Dataset, kind="dataset", noun="dataset")

    def create(self, owner: str, request: DatasetRequest) -> Dataset:
        """A dataset of this content; the one that is there already when the same was asked before and its documents are unchanged."""
        material = self.material(owner, request)
        documents, digest = material.documents, material.content_sha256
        pointer = keys.owned(owner, "dataset-content", digest)
        if (known := self._known(owner, pointer)) is not None and request.name in {None, known.name}:
            return known
        more = f" and {len(documents) - 1} more" if len(documents) > 1 else ""
        dataset = Dataset(
            id=self._clock.new_id("dst"),
            name=request.name or f"{documents[0].name}{more}"[:MAX_NAME_CHARACTERS],
            document_ids=[document.id for document in documents],
            split=request.split,
            num_examples=sum(document.num_examples for document in documents),
            num_characters=sum(document.num_characters for document in documents),
            content_sha256=digest,
            created_at=self._clock.now(),
        )
        try:
            self._records.write(
                self._datasets.adding(owner, dataset.id, dataset),
                Put(pointer, {"dataset_id": dataset.id}, ABSENT if known is None and self._records.get(pointer) is None else None),
            )
        except StaleWrite:
            # Somebody made the same one at the same moment; theirs is as good as ours.
            return self.create(owner, request)
        return dataset

    def get(self, owner: str, dataset_id: str) -> Dataset:
        return self.stored(owner, dataset_id).value

    def stored(self, owner: str, dataset_id: str) -> Stored[Dataset]:
        return self._datasets.get(owner, dataset_id)

    def page(self, owner: str, *, limit: int, after: str | None) -> ListOf[Dataset]:
        page = self._datasets.page(owner, limit=limit, after=after)
        return ListOf(data=page.items, has_more=page.has_more)

    def delete(self, owner: str, dataset_id: str) -> None:
        """Removes the list, not its documents. Jobs made from it keep what they need."""
        stored = self.stored(owner, dataset_id)
        changes: list[Put | Delete] = [self._datasets.removing(owner, dataset_id, version=stored.version)]
        pointer = keys.owned(owner, "dataset-content", stored.value.content_sha256)
        found = self._records.get(pointer)
        if found is not None and found.data["dataset_id"] == dataset_id:
            changes.append(Delete(pointer, found.version))
        self._records.write(*changes)

    def material(self, owner: str, request: DatasetRequest) -> Material:
        """The documents behind a request, each once. Raises `InvalidInput` for what could not be trained on together."""
        documents = [self._usable(owner, document_id, "document_ids") for document_id in dict.fromkeys(request.document_ids)]
        validation = None
        if isinstance(request.split, SplitByDocument):
            if request.split.document_id in request.document_ids:
                raise InvalidInput(
                    "The document to validate on is among those to train on. Take it out of one of the two.",
                    code="datasets.validation_in_training",
                    param="split.document_id",
                )
            validation = self._usable(owner, request.split.document_id, "split.document_id")
        return Material(documents, request.split, validation, _content_sha256(documents, request.split, validation))

    def material_of(self, owner: str, dataset: Dataset) -> Material:
        """Raises `Conflict` when a document was read in another way since: this dataset is of what it was before."""
        material = self.material(owner, DatasetRequest(document_ids=dataset.document_ids, split=dataset.split))
        if material.content_sha256 != dataset.content_sha256:
            raise Conflict(
                f"A document of the dataset {dataset.name!r} is read in another way since the dataset was made. Make the dataset again.",
                code="datasets.changed",
                param="dataset_id",
            )
        return material

    def _usable(self, owner: str, document_id: str, param: str) -> Document:
        document = self._documents.get(owner, document_id)
        if document.status == "needs_mapping":
            raise InvalidInput(
                f"The columns of {document.name!r} are not understood yet. Open the document and say which column plays which part.",
                code="datasets.needs_mapping",
                param=param,
            )
        return document

    def _known(self, owner: str, pointer: Key) -> Dataset | None:
        found = self._records.get(pointer)
        stored = None if found is None else self._records.get(keys.owned(owner, "dataset", found.data["dataset_id"]))
        return None if stored is None else Dataset.model_validate(stored.data)


def _content_sha256(documents: list[Document], split: Split, validation: Document | None) -> str:
    """Over the bytes of the documents in their order, the way each is read, and the split."""
    content = {
        "documents": [_as_read(document) for document in documents],
        "split": split.model_dump(mode="json", exclude={"document_id"}),
        "validation": None if validation is None else _as_read(validation),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _as_read(document: Document) -> dict[str, object]:
    return document.model_dump(mode="json", include={"sha256", "format", "charset", "mapping", "leave_out_bad"})
