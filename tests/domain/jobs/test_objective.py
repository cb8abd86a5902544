"""What a job learns from its data: what they say, or which answer of a pair is preferred."""

import io
import json

import pytest

from server.domain.datasets.service import Material
from server.domain.jobs.plan import Plan, make_plan
from server.errors import InvalidInput
from shared.base_models import CATALOGUE
from shared.reading import MIXED_WITH_PAIRS, inspect
from shared.wire import JobChanges, JobRequest, SplitByFraction
from tests.domain.conftest import House

OWNER = "usr-1"
PAIR = {"prompt": "Good?", "chosen": "Yes, gladly.", "rejected": "No."}
EXAMPLE = {"prompt": "One?", "completion": "Two."}
SMOLLM2 = CATALOGUE["smollm2-135m-instruct"]


def lines(*rows: dict[str, str]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def pairs(count: int) -> bytes:
    return lines(*(PAIR | {"prompt": f"Question {i}?"} for i in range(count)))


def planned(house: House, *contents: bytes, **asked: object) -> Plan:
    documents = [house.upload(content, f"data-{i}.jsonl") for i, content in enumerate(contents)]
    request = JobRequest.model_validate({"base_model": SMOLLM2.id, "document_ids": [one.id for one in documents], **asked})
    return make_plan(request, Material(documents, SplitByFraction(), None, ""), SMOLLM2)


def test_pairs_alone_are_learned_as_such_with_settings_of_their_own(house: House) -> None:
    plan = planned(house, pairs(20))
    assert plan.objective == "preference"
    assert plan.settings.beta == 0.1
    supervised = planned(house, pairs(20), objective="supervised")
    assert supervised.objective == "supervised"
    assert "beta" not in supervised.resolved
    assert plan.settings.learning_rate < supervised.settings.learning_rate / 2
    own = planned(house, pairs(20), hyperparameters={"beta": 0.5})
    assert (own.settings.beta, own.resolved["beta"].reason) == (0.5, "Set by you.")


def test_examples_are_learned_as_such_and_noise_learns_the_preferred_answers(house: House) -> None:
    assert planned(house, lines(EXAMPLE) * 20).objective == "supervised"
    job = house.jobs.create(OWNER, JobRequest(base_model="gpt2-scratch-1m", document_ids=[house.upload(pairs(20), "p.jsonl").id]))
    assert job.objective == "supervised"


def test_what_was_asked_for_reaches_the_run_and_its_copies(house: House) -> None:
    document = house.upload(pairs(20), "p.jsonl")
    job = house.jobs.create(OWNER, JobRequest(base_model="gpt2-scratch-1m", document_ids=[document.id], objective="preference"))
    assert (job.objective, job.resolved["beta"].value) == ("preference", 0.1)
    assert house.jobs.clone(OWNER, job.id, JobChanges()).objective == "preference"
    other = house.document()
    assert house.jobs.clone(OWNER, job.id, JobChanges(document_ids=[other.id])).objective == "supervised"


def test_kinds_that_do_not_go_together_are_named_with_their_lines(house: House) -> None:
    with pytest.raises(InvalidInput, match="1 preference pair with 2 other examples") as refused:
        planned(house, lines(EXAMPLE, PAIR, EXAMPLE))
    assert refused.value.code == "jobs.mixed_kinds"
    assert [detail.line for detail in refused.value.details] == [2]
    with pytest.raises(InvalidInput) as refused:
        planned(house, lines(PAIR), lines(EXAMPLE))
    assert [detail.message for detail in refused.value.details] == [
        "data-0 holds 1 preference pair.",
        "data-1 holds 1 question with an answer.",
    ]
    assert planned(house, lines(EXAMPLE, PAIR) * 10, objective="supervised").objective == "supervised"


def test_a_preference_cannot_be_learned_without_pairs(house: House) -> None:
    with pytest.raises(InvalidInput, match="These data hold none") as refused:
        planned(house, lines(EXAMPLE) * 20, objective="preference")
    assert (refused.value.code, refused.value.param) == ("jobs.no_pairs", "objective")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (PAIR | {"rejected": PAIR["chosen"]}, "Line 2: The preferred and the rejected answer are the same"),
        (PAIR | {"chosen": " "}, "Line 2: The preferred answer is empty"),
        ({"input": {"messages": []}, "preferred_output": [], "non_preferred_output": []}, "Line 2"),
    ],
)
def test_a_pair_that_says_nothing_is_told_with_its_line(row: dict[str, str], words: str) -> None:
    found = inspect(io.BytesIO(lines(PAIR, row, PAIR)), filename="p.jsonl")
    told = [problem for problem in [*found.problems, *found.warnings] if problem.line == 2]
    assert [problem.message.startswith(words) for problem in told] == [True]
    assert found.shapes == {"preference": 2}


def test_the_line_where_a_file_changes_its_kind_is_told_once() -> None:
    found = inspect(io.BytesIO(lines(PAIR, PAIR, EXAMPLE, PAIR, EXAMPLE)), filename="p.jsonl")
    assert [(one.line, MIXED_WITH_PAIRS in one.message) for one in found.warnings] == [(3, True)]
    assert found.accepted
