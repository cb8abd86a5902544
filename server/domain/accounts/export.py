"""All of one's data as one ZIP, streamed: what is stored is opened when its turn comes, and never held as a whole."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final, TypeVar

from pydantic import BaseModel
from zipstream import ZIP_DEFLATED, ZIP_STORED, ZipStream

from server.domain.accounts.service import Accounts
from server.domain.accounts.testing import Testing
from server.domain.datasets.service import Datasets
from server.domain.documents.service import Documents
from server.domain.jobs.live import LiveJobs
from server.domain.jobs.service import Jobs
from server.domain.models.tuned import TunedModels
from server.domain.reports.service import Reports
from server.errors import NotFound
from shared.wire import ListOf

RESOURCE: Final = "account-export"
_PAGE: Final = 100
_LOG_PAGE: Final = 1_000
_READ_ME: Final = """Everything that LLM Tuner keeps of you.

account.json         your account, sign-ins, API keys (without the keys themselves: only fingerprints of them are kept)
security-log.json    what was done with the account in the last 90 days
documents/           your files as you uploaded them, each beside what is known of it
datasets/            documents in an order, with their split
guides/              each training guide with its scored items, as corrected
tests/               submissions, test sets with their items, evaluations with their results
jobs/                each job with its settings, its log and its figures
reports/             each report: its content, and the links to it (without their secret part, which is not kept)
models/              each tuned model; `from_pretrained` loads the folder `model`
"""

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True)
class Export:
    accounts: Accounts
    documents: Documents
    datasets: Datasets
    jobs: Jobs
    live: LiveJobs
    tuned_models: TunedModels
    reports: Reports
    testing: Testing

    def archive(self, user_id: str) -> ZipStream:
        """The names are settled at once; bytes are read while the archive is."""
        archive = ZipStream(compress_type=ZIP_DEFLATED)
        archive.add(_READ_ME, "README.txt")
        archive.add(_json(self._account(user_id)), "account.json")
        archive.add(_json_list(_all_events(self.accounts, user_id)), "security-log.json")
        datasets = _all(lambda after: self.datasets.page(user_id, limit=_PAGE, after=after))
        archive.add(_json_list(datasets), "datasets/list.json")
        self._add_documents(archive, user_id)
        self._add_guides(archive, user_id)
        self._add_tests(archive, user_id)
        self._add_jobs(archive, user_id)
        self._add_reports(archive, user_id)
        self._add_models(archive, user_id)
        return archive

    def _account(self, user_id: str) -> dict[str, Any]:
        profile = self.accounts.users.active(user_id)
        sign_ins = self.accounts.sessions.shown(user_id, epoch=profile.epoch, current=None)
        return {
            "user": profile.shown().model_dump(mode="json"),
            "sign_ins": [one.model_dump(mode="json") for one in sign_ins],
            "linked_sign_ins": [one.model_dump(mode="json") for one in self.accounts.linked_sign_ins(user_id).data],
            "api_keys": [one.model_dump(mode="json") for one in self.accounts.keys.page(user_id).data],
        }

    def _add_documents(self, archive: ZipStream, user_id: str) -> None:
        for document in _all(lambda after: self.documents.page(user_id, limit=_PAGE, after=after)):
            folder = f"documents/{document.id}"
            archive.add(_json(document.model_dump(mode="json")), f"{folder}/document.json")
            archive.add(
                _opened(lambda document_id=document.id: self.documents.content(user_id, document_id)[1]),  # type: ignore[misc]
                f"{folder}/content/{_plain(document.filename)}",
                compress_type=ZIP_STORED,
            )

    def _add_guides(self, archive: ZipStream, user_id: str) -> None:
        guides = self.testing.guides
        for guide in _all(lambda after: guides.page(user_id, limit=_PAGE, after=after)):
            items = _all(lambda after, guide_id=guide.id: guides.scored_items(user_id, guide_id, limit=_PAGE, after=after))  # type: ignore[misc]
            archive.add(_json(guide.model_dump(mode="json")), f"guides/{guide.id}/guide.json")
            archive.add(_opened(lambda items=items: _json_list(items)), f"guides/{guide.id}/scored-items.json")  # type: ignore[misc]

    def _add_tests(self, archive: ZipStream, user_id: str) -> None:
        testing = self.testing
        submissions = _all(lambda after: testing.submissions.page(user_id, limit=_PAGE, after=after))
        archive.add(_json_list(submissions), "tests/submissions.json")
        for test_set in _all(lambda after: testing.test_sets.page(user_id, limit=_PAGE, after=after)):
            archive.add(_json(test_set.model_dump(mode="json")), f"tests/{test_set.id}/test-set.json")
            lines = _opened(lambda test_set_id=test_set.id: testing.test_sets.lines(user_id, test_set_id))  # type: ignore[misc]
            archive.add((line + b"\n" for line in lines), f"tests/{test_set.id}/items.jsonl")
        for evaluation in _all(lambda after: testing.evaluations.page(user_id, limit=_PAGE, after=after)):
            archive.add(_json(evaluation.model_dump(mode="json")), f"tests/evaluations/{evaluation.id}/evaluation.json")
            if evaluation.results is not None:
                kept = _opened(lambda evaluation_id=evaluation.id: testing.evaluations.item_bytes(user_id, evaluation_id))  # type: ignore[misc]
                archive.add(kept, f"tests/evaluations/{evaluation.id}/items.jsonl")

    def _add_jobs(self, archive: ZipStream, user_id: str) -> None:
        for job in _all(lambda after: self.jobs.page(user_id, limit=_PAGE, after=after, state=None)):
            archive.add(_json(job.model_dump(mode="json")), f"jobs/{job.id}/job.json")
            archive.add(_opened(lambda job_id=job.id: self._log(user_id, job_id)), f"jobs/{job.id}/log.txt")  # type: ignore[misc]

    def _add_reports(self, archive: ZipStream, user_id: str) -> None:
        for report in _all(lambda after: self.reports.page(user_id, limit=_PAGE, after=after)):
            folder = f"reports/{report.id}"
            shares = [share.model_dump(mode="json") for share in self.reports.shares_of(user_id, report.id)]
            archive.add(_json({**report.model_dump(mode="json"), "shares": shares}), f"{folder}/report.json")
            archive.add(_opened(lambda report_id=report.id: self.reports.stored_content(user_id, report_id)), f"{folder}/content.json")  # type: ignore[misc]

    def _add_models(self, archive: ZipStream, user_id: str) -> None:
        for shown in _all(lambda after: self.tuned_models.page(user_id, limit=_PAGE, after=after)):
            model = self.tuned_models.stored(user_id, shown.id).value
            folder = f"models/{model.id.replace(':', '-')}"
            archive.add(_json(shown.model_dump(mode="json")), f"{folder}/tuned-model.json")
            for file in model.files:
                archive.add(
                    _opened(lambda model=model, file=file: self.tuned_models.chunks(model, file)),  # type: ignore[misc]
                    f"{folder}/{PurePosixPath(file.path)}",
                    compress_type=ZIP_STORED,
                )

    def _log(self, user_id: str, job_id: str) -> Iterator[bytes]:
        after = 0
        while True:
            page = self.live.logs(user_id, job_id, after=after, limit=_LOG_PAGE)
            if not page.lines:
                return
            yield "".join(f"{line.at.isoformat()} {line.level} {line.text}\n" for line in page.lines).encode()
            after = page.next


def _all(page_after: Callable[[str | None], ListOf[T]]) -> Iterator[T]:
    after = None
    while True:
        page = page_after(after)
        yield from page.data
        if not page.has_more:
            return
        after = str(page.data[-1].id)  # type: ignore[attr-defined]


def _all_events(accounts: Accounts, user_id: str) -> Iterator[BaseModel]:
    after = None
    while True:
        events, has_more = accounts.log.page(user_id, limit=_PAGE, after=after)
        yield from events
        if not has_more:
            return
        after = events[-1].id


def _opened(source: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """Opened at the first read. What was deleted since the archive was begun is empty in it."""
    try:
        yield from source()
    except NotFound:
        return


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode()


def _json_list(items: Iterator[T] | Iterator[BaseModel]) -> Iterator[bytes]:
    yield b"["
    for number, item in enumerate(items):
        yield (b",\n" if number else b"\n") + item.model_dump_json().encode()
    yield b"\n]\n"


def _plain(filename: str) -> str:
    """A name that stays where it is unpacked, on every system."""
    name = "".join("_" if character in '<>:"/\\|?*' or not character.isprintable() else character for character in filename)
    return name.strip(". ") or "unnamed"
