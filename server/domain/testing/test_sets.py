"""Test sets: made of submissions, of the rows of a document, or of examples kept back from training; looked at, listed, read."""

import hashlib
import io
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from server.domain import keys
from server.domain.collection import Collection, Stored, retrying
from server.domain.documents.contents import DocumentContents
from server.domain.documents.service import Documents
from server.domain.testing.choosing import fitting_grader
from server.domain.testing.columns import found_columns, holds_texts
from server.domain.testing.items import Drafts, check, for_score, of_examples, of_rows
from server.domain.testing.submissions import TestSubmissions
from server.errors import Detail, InvalidInput
from server.ports.blobs import Blobs
from server.ports.clock import Clock
from server.ports.records import Delete, Put, Records
from shared.constants import MAX_NAME_CHARACTERS
from shared.evaluation_spec import MAX_ITEMS
from shared.wire import HoldBack, ListOf, ScoreGrader, TestItem, TestSet, TestSetPlan, TestSetPreview, TestSetRequest

_PREVIEWED: Final = 10
_MAX_KEPT_BACK_FROM: Final = 200_000
_MAX_PREVIEW_CHARACTERS: Final = 2_000


@dataclass
class Drafted:
    """What a request comes to. `left` are the examples that are not tests, where some are kept back."""

    plan: TestSetPlan
    items: list[TestItem]
    name: str
    available_columns: list[str] = field(default_factory=list)
    left: list[object] | None = None


class TestSets:
    __test__ = False  # pytest collects classes by this name

    def __init__(
        self,
        records: Records,
        blobs: Blobs,
        clock: Clock,
        documents: Documents,
        contents: DocumentContents,
        submissions: TestSubmissions,
    ) -> None:
        self._records = records
        self._blobs = blobs
        self._clock = clock
        self._documents = documents
        self._contents = contents
        self._submissions = submissions
        self._test_sets = Collection(records, TestSet, kind="test_set", noun="test set")

    def preview(self, owner: str, request: TestSetRequest) -> TestSetPreview:
        """Raises what `create` would."""
        drafted = self._drafted(owner, request)
        items = [_cut(item) for item in drafted.items[:_PREVIEWED]]
        return TestSetPreview(**drafted.plan.model_dump(), available_columns=drafted.available_columns, items=items)

    def create(self, owner: str, request: TestSetRequest) -> TestSet:
        """Raises `InvalidInput` with the row of everything that cannot be tested with."""
        drafted = self._drafted(owner, request)
        lines = b"".join(item.model_dump_json(exclude_none=True).encode() + b"\n" for item in drafted.items)
        self._documents.room.check_total(owner, len(lines))
        test_set_id = self._clock.new_id("tst")
        left = None if drafted.left is None else self._keep_the_rest(owner, drafted)
        key = keys.test_items_blob(owner, test_set_id)
        try:
            stat = self._blobs.put(key, io.BytesIO(lines))
            test_set = TestSet(
                **drafted.plan.model_dump(),
                id=test_set_id,
                name=request.name or drafted.name,
                source="submissions" if request.submission_ids else "document" if request.document_id else "hold_back",
                submission_ids=request.submission_ids or [],
                document_id=request.document_id or (request.hold_back.document_id if request.hold_back else None),
                training_document_id=left,
                size_bytes=stat.size_bytes,
                content_sha256=_content_sha256(stat.sha256, drafted.plan),
                created_at=self._clock.now(),
            )
            self._records.write(self._test_sets.adding(owner, test_set_id, test_set))
        except BaseException:
            self._blobs.delete(key)
            if left is not None:
                self._documents.delete(owner, self._documents.stored(owner, left))
            raise
        return test_set

    def get(self, owner: str, test_set_id: str) -> TestSet:
        return self.stored(owner, test_set_id).value

    def stored(self, owner: str, test_set_id: str) -> Stored[TestSet]:
        return self._test_sets.get(owner, test_set_id)

    def page(self, owner: str, *, limit: int, after: str | None) -> ListOf[TestSet]:
        page = self._test_sets.page(owner, limit=limit, after=after)
        return ListOf(data=page.items, has_more=page.has_more)

    def rename(self, owner: str, test_set_id: str, name: str) -> TestSet:
        def attempt() -> TestSet:
            stored = self._test_sets.get(owner, test_set_id)
            changed = stored.value.model_copy(update={"name": name})
            self._records.write(self._test_sets.replacing(owner, test_set_id, changed, version=stored.version))
            return changed

        return retrying(attempt)

    def items(self, owner: str, test_set_id: str, *, limit: int, after: str | None) -> ListOf[TestItem]:
        """In their order. Raises `NotFound`."""
        self.get(owner, test_set_id)
        found: list[TestItem] = []
        waiting = after is not None
        for line in self.lines(owner, test_set_id):
            item = TestItem.model_validate_json(line)
            if waiting:
                waiting = item.id != after
                continue
            found.append(item)
            if len(found) > limit:
                break
        return ListOf(data=found[:limit], has_more=len(found) > limit)

    def lines(self, owner: str, test_set_id: str) -> Iterator[bytes]:
        """Every item as a line of JSON, in their order."""
        rest = b""
        for chunk in self._blobs.open(keys.test_items_blob(owner, test_set_id)):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole
        if rest:
            yield rest

    def touching(self, owner: str, test_set: Stored[TestSet]) -> Put:
        """A change that only raises the version, so that whoever deletes this test set at the same time has to look again."""
        return self._test_sets.replacing(owner, test_set.value.id, test_set.value, version=test_set.version)

    def removing(self, owner: str, test_set: Stored[TestSet]) -> Delete:
        """Use `Evaluations` from routes: evaluations go with it."""
        return self._test_sets.removing(owner, test_set.value.id, version=test_set.version)

    def delete_items(self, owner: str, test_set_id: str) -> None:
        self._blobs.delete(keys.test_items_blob(owner, test_set_id))

    def _drafted(self, owner: str, request: TestSetRequest) -> Drafted:
        given = [name for name in ("submission_ids", "document_id", "hold_back") if getattr(request, name) is not None]
        if len(given) != 1:
            raise InvalidInput(
                "Give one of submission_ids, document_id and hold_back.",
                code="test_sets.one_source",
                param=given[1] if given else "document_id",
            )
        if request.columns is not None and request.document_id is None:
            raise InvalidInput("Only a document's rows have columns.", code="test_sets.one_source", param="columns")
        if request.submission_ids is not None:
            return self._of_submissions(owner, request, request.submission_ids)
        if request.hold_back is not None:
            return self._kept_back(owner, request, request.hold_back)
        return self._of_document(owner, request, str(request.document_id))

    def _of_submissions(self, owner: str, request: TestSetRequest, ids: list[str]) -> Drafted:
        drafts = Drafts()
        for submission_id in dict.fromkeys(ids):
            submission = self._submissions.get(owner, submission_id)
            if submission.expected is None and submission.expected_score is None:
                drafts.problems.append(Detail(f"{submission.name!r} has neither an expected score nor an expected answer."))
                continue
            drafts.take(
                None,
                id=submission.id,
                prompt=self._submissions.text(owner, submission_id),
                expected=submission.expected,
                expected_score=submission.expected_score,
                label=submission.name,
            )
        return self._finished(request, drafts, param="submission_ids", scored_texts=True, name="Submissions")

    def _of_document(self, owner: str, request: TestSetRequest, document_id: str) -> Drafted:
        document = self._documents.get(owner, document_id)
        taken = self._contents.rows(owner, document, at_most=MAX_ITEMS)
        if taken.more:
            raise InvalidInput(
                f"{document.name!r} has more than {MAX_ITEMS:,} rows. Split it: a test set has at most so many.",
                code="test_sets.too_many",
                param="document_id",
            )
        available = list(taken.columns)
        columns = request.columns or found_columns(available)
        if columns is None:
            raise InvalidInput(
                f"Say which column is asked and which is expected. The columns of {document.name!r} are "
                f"{', '.join(map(repr, available[:20])) or 'none'}.",
                code="test_sets.needs_columns",
                param="columns",
            )
        if request.columns is not None:
            named = columns.model_dump(exclude_none=True)
            if (unknown := next((role for role, name in named.items() if name not in available), None)) is not None:
                raise InvalidInput(
                    f"There is no column {named[unknown]!r} in {document.name!r}. It has {', '.join(map(repr, available[:20])) or 'none'}.",
                    code="test_sets.no_such_column",
                    param=f"columns.{unknown}",
                )
        drafts = of_rows(taken.items, columns)
        texts = holds_texts(columns.prompt) or columns.input is not None and holds_texts(columns.input)
        drafted = self._finished(request, drafts, param="document_id", scored_texts=texts, name=document.name)
        drafted.available_columns = available
        drafted.plan = drafted.plan.model_copy(update={"columns": columns})
        return drafted

    def _kept_back(self, owner: str, request: TestSetRequest, asked: HoldBack) -> Drafted:
        document = self._documents.get(owner, asked.document_id)
        taken = self._contents.examples(owner, document, at_most=_MAX_KEPT_BACK_FROM)
        if taken.more:
            raise InvalidInput(
                f"{document.name!r} is too large to keep some of it back here. Split it, and upload the tests as a document of their own.",
                code="test_sets.too_many",
                param="hold_back.document_id",
            )
        if asked.num_items >= len(taken.items):
            raise InvalidInput(
                f"{document.name!r} has {len(taken.items):,} examples. Keep back fewer, so that some are left to train on.",
                code="test_sets.too_many",
                param="hold_back.num_items",
            )
        chosen = sorted(random.Random(asked.seed).sample(range(len(taken.items)), asked.num_items))  # noqa: S311 - the same again
        drafts = of_examples((place, taken.items[place]) for place in chosen)
        drafted = self._finished(request, drafts, param="hold_back.document_id", scored_texts=False, name=document.name)
        kept = set(chosen)
        drafted.left = [example for place, example in enumerate(taken.items) if place not in kept]
        return drafted

    def _finished(self, request: TestSetRequest, drafts: Drafts, *, param: str, scored_texts: bool, name: str) -> Drafted:
        grader, reason = (request.grader, None) if request.grader is not None else fitting_grader(drafts.items)
        check(drafts, grader, needs_expected=request.verdict_on == "expected_loss", param=param)
        form = request.prompt_form or ("for_score" if isinstance(grader, ScoreGrader) and scored_texts else "as_given")
        items = for_score(drafts.items) if form == "for_score" else drafts.items
        plan = TestSetPlan(
            grader=grader,
            grader_reason=reason,
            verdict_on=request.verdict_on,
            asked_as=request.asked_as,
            prompt_form=form,
            max_tokens=request.max_tokens,
            columns=None,
            num_items=len(items),
            num_characters=sum(_length(item) for item in items),
            warnings=_warnings(items),
        )
        return Drafted(plan, items, f"Tests: {name}"[:MAX_NAME_CHARACTERS])

    def _keep_the_rest(self, owner: str, drafted: Drafted) -> str:
        """The examples that are left, as a document to train on."""
        lines = "".join(json.dumps(example, ensure_ascii=False) + "\n" for example in drafted.left or [])
        name = f"{drafted.name.removeprefix('Tests: ')} without its tests"[:MAX_NAME_CHARACTERS]
        about = f"What is left after {drafted.plan.num_items} examples were kept back as tests."
        return self._documents.add_made(owner, lines.encode(), filename="training.jsonl", name=name, description=about).id


def _cut(item: TestItem) -> TestItem:
    return item if item.prompt is None else item.model_copy(update={"prompt": item.prompt[:_MAX_PREVIEW_CHARACTERS]})


def _length(item: TestItem) -> int:
    return len(item.prompt or "") + sum(len(message.content) for message in item.messages or []) + len(item.expected or "")


def _warnings(items: list[TestItem]) -> list[str]:
    told = []
    questions = [item.prompt or repr(item.messages) for item in items]
    if twice := len(questions) - len(set(questions)):
        told.append(f"{twice:,} items ask the same as another one.")
    if len(items) < 20:
        told.append(f"With {len(items)} items only a large difference can be told from chance; 50 or more are better.")
    return told


def _content_sha256(items_sha256: str, plan: TestSetPlan) -> str:
    content = {"items": items_sha256, **plan.model_dump(mode="json", include={"grader", "verdict_on", "asked_as", "max_tokens"})}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
