"""What tests of testing are made of: a tuned model that a stand-in trained, and test sets of a few rows."""

import json
import tempfile

from server.domain.jobs.states import StoredJob
from shared.wire import Evaluation, EvaluationRequest, JobRequest, TestSet, TestSetRequest, TestSubmission
from tests.domain.conftest import House

OWNER = "usr-1"
QUESTIONS = [{"prompt": f"What is {n} and 1?", "expected": str(n + 1)} for n in range(5)]


def train(house: House, *, test_set_id: str | None = None, base_model: str = "gpt2-scratch-1m") -> StoredJob:
    """A job that has succeeded."""
    document = house.document(OWNER)
    job = house.jobs.create(OWNER, JobRequest(base_model=base_model, document_ids=[document.id], test_set_id=test_set_id))
    house.watch_until(lambda: house.jobs.get(OWNER, job.id).state == "succeeded")
    return house.jobs._jobs.get(OWNER, job.id).value


def tuned_model(house: House) -> str:
    return str(train(house).tuned_model)


def table(house: House, rows: list[dict[str, object]], filename: str = "tests.jsonl") -> str:
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    with tempfile.TemporaryFile() as file:
        file.write(lines.encode())
        return house.documents.add(OWNER, file, filename=filename, document_type="test_submission").id


def question_set(house: House) -> TestSet:
    return house.test_sets.create(OWNER, TestSetRequest(document_id=table(house, list(QUESTIONS))))


def submission(house: House, text: str, **expected: float | str) -> TestSubmission:
    with tempfile.TemporaryFile() as file:
        file.write(text.encode())
        wanted: dict[str, object] = {"expected": None, "expected_score": None, **expected}
        return house.submissions.add(OWNER, file, filename="essay.txt", name=None, **wanted)  # type: ignore[arg-type]


def evaluation(house: House, model: str, test_set: TestSet) -> Evaluation:
    return house.evaluations.create(OWNER, EvaluationRequest(test_set_id=test_set.id, tuned_model_ids=[model]))


def now(house: House, evaluation_id: str) -> Evaluation:
    return house.evaluations.get(OWNER, evaluation_id)


def ended(house: House, made: Evaluation) -> Evaluation:
    house.test_until(lambda: now(house, made.id).state in {"succeeded", "failed", "cancelled"})
    return now(house, made.id)


def job_request(house: House, *, test_set_id: str | None = None) -> JobRequest:
    return JobRequest(base_model="gpt2-scratch-1m", document_ids=[house.document(OWNER).id], test_set_id=test_set_id)
