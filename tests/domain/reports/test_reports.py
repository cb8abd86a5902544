"""Reports: the answer first and no better than it is, frozen when made, counted, and gone with their links."""

from datetime import timedelta

import pytest

from server.domain import keys
from server.domain.collection import Collection
from server.domain.jobs.states import StoredJob
from server.domain.reports.conclusions import conclusion_on
from server.errors import Conflict, InvalidInput, NotFound, StorageFull
from shared.wire import DocumentPatch, JobPatch, JobRequest, ReportContent, ReportRequest, ShareRequest
from tests.domain.reports.conftest import OWNER, Desk, finished_test

_DAY = timedelta(days=1)


def content_of(desk: Desk, *job_ids: str, **over: object) -> ReportContent:
    report = desk.reports.create(OWNER, ReportRequest.model_validate({"job_ids": list(job_ids), **over}))
    return desk.reports.content(OWNER, report.id)


def test_a_model_that_was_never_tested_is_said_to_be_untested_with_what_its_loss_does_and_does_not_say(desk: Desk) -> None:
    conclusion = content_of(desk, desk.trained()).jobs[0].conclusion
    assert (conclusion.outcome, conclusion.headline) == ("not_tested", "Not tested")
    assert "never asked" in conclusion.words


def test_a_tested_model_has_its_verdict_with_interval_trust_and_leaks(desk: Desk) -> None:
    job_id = desk.trained()
    desk.test_of(job_id)
    job = content_of(desk, job_id).jobs[0]
    assert job.conclusion.outcome == "improved"
    for words in (
        "fell from 3.000 to 1.000",
        "−2.000",
        "between −2.500 and −1.500",
        "Twenty items tell",
        "1 test item stands",
    ):
        assert words in job.conclusion.words
    (test,) = job.tests
    assert [item.id for item in test.best] == ["item-18", "item-16", "item-14", "item-12", "item-10"]
    assert {item.id for item in test.worst} == {"item-1", "item-5", "item-9", "item-13", "item-17"}
    assert (len(test.values), [item.id for item in test.leaks]) == (20, ["item-3"])
    assert test.best[0].change == pytest.approx(-1.8)


def test_of_items_that_were_trained_on_the_verdict_without_them_counts(desk: Desk) -> None:
    job_id = desk.trained()
    desk.test_of(job_id)
    training = content_of(desk, job_id).jobs[0]
    (test,) = training.tests
    assert test.comparison is not None
    clean = test.comparison.verdict.model_copy(update={"verdict": "no_change", "num_items": 19, "difference": -0.1})
    leaky = test.model_copy(update={"comparison": test.comparison.model_copy(update={"without_leaks": clean})})
    stored = Collection(desk.house.records, StoredJob, kind="job", noun="job").get(OWNER, job_id).value
    conclusion = conclusion_on(stored, training.training, [leaky])
    assert conclusion.outcome == "no_change"
    assert "on 19 test items" in conclusion.words
    assert "does not count here. With all 20 items the verdict would be “improved” (−2.000" in conclusion.words


@pytest.mark.parametrize("do", ["fail", "wait"])
def test_a_job_without_a_model_is_no_success(desk: Desk, do: str) -> None:
    desk.house.trainer_will(do)
    job = desk.house.jobs.create(OWNER, _request(desk))
    if do == "fail":
        desk.house.watch_until(lambda: desk.house.jobs.get(OWNER, job.id).state == "failed")
    conclusion = content_of(desk, job.id).jobs[0].conclusion
    assert conclusion.outcome == "not_trained"
    assert ("The loss is not a number." if do == "fail" else "has not ended") in conclusion.words


def test_what_the_run_said_was_asked_and_was_read_is_in_it(desk: Desk) -> None:
    job_id = desk.trained()
    job = content_of(desk, job_id, include_logs=True).jobs[0]
    assert job.training.num_steps == 2
    assert [point.loss for point in job.training.points or []] == [3.0]
    assert job.log and any("Step 1/2" in line.text for line in job.log)
    assert {setting.name for setting in job.settings} >= {"epochs", "learning_rate", "seed"}
    assert all(setting.reason for setting in job.settings)
    (file,) = job.data.files
    assert (file.name, file.num_examples, len(file.sha256 or "")) == ("pairs", 20, 64)
    steps = job.forecast[0]
    assert (steps.name, steps.actual) == ("steps", 2.0)
    assert job.reproduction.seed == 42 and job.reproduction.settings["seed"] == 42


def test_metrics_and_logs_are_left_out_when_they_are_not_wanted(desk: Desk) -> None:
    job = content_of(desk, desk.trained(), include_metrics=False).jobs[0]
    assert (job.training.points, job.log) == (None, None)


def test_a_report_tells_what_was_true_when_it_was_made(desk: Desk) -> None:
    job_id = desk.trained()
    report = desk.reports.create(OWNER, ReportRequest(job_ids=[job_id]))
    before = desk.reports.rendering(OWNER, report.id, "html").data
    document_id = desk.house.jobs.get(OWNER, job_id).document_ids[0]
    desk.house.jobs.patch(OWNER, job_id, JobPatch(name="Another name"))
    desk.house.jobs.patch_document(OWNER, document_id, DocumentPatch(name="Other pairs"))
    desk.test_of(job_id)
    desk.house.jobs.delete(OWNER, job_id)
    assert desk.reports.rendering(OWNER, report.id, "html").data == before


def test_a_document_that_was_deleted_is_still_told_by_its_hash(desk: Desk) -> None:
    job_id = desk.trained()
    document = desk.house.documents.get(OWNER, desk.house.jobs.get(OWNER, job_id).document_ids[0])
    desk.house.jobs.delete_document(OWNER, document.id)
    (file,) = content_of(desk, job_id).jobs[0].data.files
    assert (file.missing, file.sha256, file.name) == (True, document.sha256, document.name)


def test_named_evaluations_are_told_of_and_those_of_other_models_refused(desk: Desk) -> None:
    job_id = desk.trained()
    desk.test_of(job_id, evaluation_id="evl-1")
    desk.test_of(job_id, "no_change", evaluation_id="evl-2")
    assert [test.evaluation_id for test in content_of(desk, job_id, evaluation_ids=["evl-1", "evl-2"]).jobs[0].tests] == ["evl-2", "evl-1"]
    assert content_of(desk, job_id, evaluation_ids=[]).jobs[0].conclusion.outcome == "not_tested"
    desk.tests.finished["evl-3"] = finished_test("ft:other", "improved", evaluation_id="evl-3")
    with pytest.raises(InvalidInput):
        content_of(desk, job_id, evaluation_ids=["evl-3"])


def test_another_persons_job_is_not_there(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.reports.create("usr-2", ReportRequest(job_ids=[desk.trained()]))


def test_reports_count_against_the_quota_and_are_refused_beyond_it(desk: Desk) -> None:
    job_id = desk.trained()
    before = desk.house.room.usage(OWNER).storage_bytes
    report = desk.reports.create(OWNER, ReportRequest(job_ids=[job_id]))
    assert desk.house.room.usage(OWNER).storage_bytes == before + report.size_bytes
    desk.house.free_bytes = 0
    with pytest.raises(StorageFull):
        desk.reports.create(OWNER, ReportRequest(job_ids=[job_id]))


def test_a_link_opens_its_report_until_it_expires_is_revoked_or_its_owner_is_gone(desk: Desk) -> None:
    report = desk.reports.create(OWNER, ReportRequest(job_ids=[desk.trained()]))
    link = desk.shares.create(OWNER, report.id, ShareRequest(expires_in_days=2))
    token = link.url.rpartition("/")[2]
    assert link.url == f"https://tuner.example/shared-reports/{token}" and len(token) == 43
    assert desk.shares.opened(token) == (OWNER, report.id)
    assert token not in str([record.data for record in desk.house.records.page(keys.collection_partition(OWNER), limit=100).records])
    desk.active.clear()
    closed(desk, token)
    desk.active.add(OWNER)
    desk.house.clock.jumped += 2 * _DAY
    closed(desk, token)
    assert desk.shares.all(OWNER, report.id).data[0].expired
    second = desk.shares.create(OWNER, report.id, ShareRequest())
    assert [one.id for one in desk.shares.all(OWNER, report.id).data] == [second.id]
    desk.shares.revoke(OWNER, report.id, second.id)
    closed(desk, second.url.rpartition("/")[2])


def test_deleting_a_report_ends_its_links_and_takes_its_bytes(desk: Desk) -> None:
    report = desk.reports.create(OWNER, ReportRequest(job_ids=[desk.trained()]))
    token = desk.shares.create(OWNER, report.id, ShareRequest()).url.rpartition("/")[2]
    desk.reports.delete(OWNER, report.id)
    closed(desk, token)
    assert desk.house.blobs.size(keys.report_blob(OWNER, report.id)) is None
    assert desk.reports.page(OWNER, limit=10, after=None).data == []


def test_nobody_else_shares_or_revokes(desk: Desk) -> None:
    report = desk.reports.create(OWNER, ReportRequest(job_ids=[desk.trained()]))
    link = desk.shares.create(OWNER, report.id, ShareRequest())
    with pytest.raises(NotFound):
        desk.shares.create("usr-2", report.id, ShareRequest())
    with pytest.raises(NotFound):
        desk.shares.revoke("usr-2", report.id, link.id)
    assert desk.shares.opened(link.url.rpartition("/")[2]) == (OWNER, report.id)


def test_a_report_has_twenty_open_links_at_most(desk: Desk) -> None:
    report = desk.reports.create(OWNER, ReportRequest(job_ids=[desk.trained()]))
    for _ in range(20):
        desk.shares.create(OWNER, report.id, ShareRequest())
    with pytest.raises(Conflict):
        desk.shares.create(OWNER, report.id, ShareRequest())


def closed(desk: Desk, token: str) -> None:
    with pytest.raises(NotFound) as refused:
        desk.shares.opened(token)
    assert refused.value.code == "reports.bad_link"


def _request(desk: Desk) -> JobRequest:
    return JobRequest(base_model="gpt2-scratch-1m", document_ids=[desk.house.document().id], allow_short_run=True)
