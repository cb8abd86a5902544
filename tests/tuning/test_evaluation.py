"""The program that tests models, with tiny ones: what it leaves, that it goes on where it was killed, and what it says when it cannot."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.tuning import evaluation
from server.tuning.generate import Sampling, generate
from server.tuning.model_folder import end_ids, load_model
from server.tuning.tokens import load_tokenizer
from shared.evaluation_spec import ANSWERS_FILE, RESULTS_FILE, AnswerLine, EvaluationResults, EvaluationSpec
from shared.job_spec import EVENTS_FILE, EXIT_FILE, DataFile, ExitStatus
from shared.rendering import render_prompt
from shared.trainer_events import EVENT

ROOT = Path(__file__).resolve().parents[2]
SCORE = {"kind": "score", "lowest": 0, "highest": 12}
THINGS = ["lamp", "keeper", "ship", "morning", "evening", "tower", "stair", "storm", "gull", "rope"]


def scored_items(count: int = 10) -> list[dict[str, Any]]:
    return [
        {"id": f"item-{i}", "label": f"Log {i}", "prompt": f"Grade the log of the {THINGS[i % 10]}, night {i}.", "expected_score": i % 13}
        for i in range(count)
    ]


def worded_items(count: int = 10) -> list[dict[str, Any]]:
    return [{"id": f"item-{i}", "prompt": f"What about the {THINGS[i % 10]}?", "expected": f"The {THINGS[i % 10]}."} for i in range(count)]


@pytest.fixture
def write_test(tmp_path: Path, models_folder: Path) -> Callable[..., EvaluationSpec]:
    """A spec for these items, in a folder of its own; both models are the same tiny one unless told otherwise."""

    def make(items: list[dict[str, Any]], grader: dict[str, Any], /, *, tuned: str = "tiny-llama", **changed: Any) -> EvaluationSpec:
        folder = tmp_path / "test"
        folder.mkdir(exist_ok=True)
        (folder / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
        asked = {
            "evaluation_id": "eval-1",
            "run_id": "run-1",
            "models": [
                {"id": "base", "source": {"kind": "base", "id": "local/tiny-llama"}},
                {"id": "ft:1", "source": {"kind": "folder", "path": str(models_folder / tuned)}},
            ],
            "items": str(folder / "items.jsonl"),
            "grader": grader,
            "max_tokens": 12,
            "base_models_folder": str(tmp_path / "bases"),
            "models_folder": str(models_folder),
            "threads": 1,
            "num_resamples": 1000,
            **changed,
        }
        (folder / "spec.json").write_text(json.dumps(asked), encoding="utf-8")
        return EvaluationSpec.model_validate(asked)

    return make


@pytest.fixture
def evaluate(tmp_path: Path) -> Iterator[Callable[[], int]]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield lambda: evaluation.main(["--spec", str(tmp_path / "test" / "spec.json")])
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def results(tmp_path: Path) -> Callable[[], EvaluationResults]:
    return lambda: EvaluationResults.model_validate_json((tmp_path / "test" / RESULTS_FILE).read_bytes())


@pytest.fixture
def events(tmp_path: Path) -> Callable[[str], list[Any]]:
    def of(kind: str) -> list[Any]:
        lines = (tmp_path / "test" / EVENTS_FILE).read_bytes().splitlines()
        return [event for event in map(EVENT.validate_json, lines) if event.type == kind]

    return of


def test_a_score_is_read_from_probabilities(write_test: Any, evaluate: Any, results: Any, events: Any, tmp_path: Path) -> None:
    write_test(scored_items(), SCORE, tuned="tiny-gpt2")
    assert evaluate() == 0
    found = results()
    assert [item.id for item in found.items] == [f"item-{i}" for i in range(10)]
    for i, item in enumerate(found.items):
        for result in item.results:
            assert [option.text for option in result.probabilities] == [str(score) for score in range(13)]
            assert sum(option.probability for option in result.probabilities) == pytest.approx(1, abs=1e-4)
            mean = sum(float(option.text) * option.probability for option in result.probabilities)
            assert result.score_mean == pytest.approx(mean, abs=1e-3)
            assert result.value == pytest.approx(abs(mean - i), abs=1e-3)
            assert result.answer == max(result.probabilities, key=lambda option: option.probability).text == f"{result.score_mode:g}"
            assert result.expected_nll is not None and result.expected_nll > 0
    assert found.items[0].results[0].value != found.items[0].results[1].value
    assert [model.num_graded for model in found.models] == [10, 10]
    assert found.comparisons[0].verdict.num_items == 10
    assert events("testing")[-1].done == events("testing")[-1].total == 20
    assert events("tested")[0].num_items == 10
    assert ExitStatus.model_validate_json((tmp_path / "test" / EXIT_FILE).read_bytes()).status == 0


def test_a_model_against_itself_is_no_change(write_test: Any, evaluate: Any, results: Any) -> None:
    write_test(scored_items(24), SCORE)
    evaluate()
    verdict = results().comparisons[0].verdict
    assert (verdict.verdict, verdict.difference, verdict.num_equal) == ("no_change", 0, 24)
    assert results().models[0].general_perplexity == results().models[1].general_perplexity > 1


def test_answers_in_words_are_those_of_the_generation_worker(write_test: Any, evaluate: Any, results: Any, models_folder: Path) -> None:
    write_test(worded_items(), {"kind": "chrf"})
    assert evaluate() == 0
    folder = models_folder / "tiny-llama"
    model, tokenizer = load_model(folder), load_tokenizer(folder)
    for item, asked in zip(results().items, worded_items(), strict=True):
        ids = tokenizer.encode_pieces([render_prompt([{"role": "user", "content": asked["prompt"]}], tokenizer.template)])[0]
        made = generate(model, tokenizer, ids, sampling=Sampling(max_tokens=12), end_ids=end_ids(folder))
        assert item.results[0].answer == made.text
        assert 0 <= item.results[0].value <= 1
    assert results().models[0].expected_perplexity > 1


def test_a_choice_is_the_likeliest_one(write_test: Any, evaluate: Any, results: Any) -> None:
    items = [{**item, "expected": "yes"} for item in worded_items()]
    write_test(items, {"kind": "choice", "choices": ["yes", "no", "no idea"]})
    assert evaluate() == 0
    for item in results().items:
        result = item.results[0]
        assert result.answer == max(result.probabilities, key=lambda option: option.probability).text
        assert result.value == (result.answer == "yes")


def test_an_item_that_cannot_be_graded_is_told_of_and_left_out(write_test: Any, evaluate: Any, results: Any) -> None:
    items = scored_items()
    items[3]["expected_score"] = 40
    items[4] = {"id": "item-4", "prompt": "Night. " * 400, "expected_score": 4}
    write_test(items, SCORE)
    assert evaluate() == 0
    assert results().items[3].results[0].problem == "Its expected score 40 is not on the scale from 0 to 12."
    assert results().items[4].results[0].shortened
    assert results().models[0].num_problems == 1
    assert results().comparisons[0].verdict.num_items == 9
    assert "1 item could not be graded" in results().comparisons[0].verdict.trust


def test_leaked_items_are_flagged_and_counted_apart(write_test: Any, evaluate: Any, results: Any, tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text("".join(json.dumps({"prompt": item["prompt"], "completion": "5"}) + "\n" for item in scored_items()[:2]))
    write_test(scored_items(), SCORE, training_data=[DataFile(path=data, name="data.jsonl", format="jsonl").model_dump(mode="json")])
    assert evaluate() == 0
    assert [item.leak is not None for item in results().items] == [True, True] + [False] * 8
    assert results().num_leaked == 2
    assert results().comparisons[0].without_leaks.num_items == 8
    assert "2 of the items are in the training data" in results().comparisons[0].verdict.trust


def test_what_was_done_before_is_not_done_again(write_test: Any, evaluate: Any, results: Any, tmp_path: Path) -> None:
    write_test(scored_items(), SCORE)
    evaluate()
    whole = results()
    file = tmp_path / "test" / ANSWERS_FILE
    lines = file.read_bytes().splitlines(keepends=True)
    assert len(lines) == 20
    marked = AnswerLine.model_validate_json(lines[0])
    marked = marked.model_copy(update={"result": marked.result.model_copy(update={"answer": "kept"})})
    file.write_bytes(marked.model_dump_json().encode() + b"\n" + b"".join(lines[1:13]) + lines[13][:40])  # Killed in the middle of a line.
    assert evaluate() == 0
    assert any(item.results[0].answer == "kept" for item in results().items)
    assert [item.results[1] for item in results().items] == [item.results[1] for item in whole.items]
    assert results().comparisons == whole.comparisons


def test_other_items_or_another_grader_are_not_taken_for_what_was_done(write_test: Any, evaluate: Any, results: Any) -> None:
    write_test(scored_items(), SCORE)
    evaluate()
    write_test(scored_items(), {**SCORE, "highest": 20})
    assert evaluate() == 0
    assert len(results().items[0].results[0].probabilities) == 21


def test_the_untrained_model_is_the_noise_that_a_training_began_with(
    write_test: Any, evaluate: Any, results: Any, models_folder: Path
) -> None:
    place = str(models_folder / "tiny-gpt2")
    models = [
        {"id": "before", "source": {"kind": "untrained", "path": place, "seed": 7}},
        {"id": "after", "source": {"kind": "folder", "path": place}},
    ]
    write_test(scored_items(), SCORE, models=models)
    assert evaluate() == 0
    chances = [option.probability for option in results().items[0].results[0].probabilities]
    assert max(chances) < 0.3  # Noise knows nothing: the short scores share what there is.
    assert results().items[0].results[0] != results().items[0].results[1]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"models": [{"id": "base", "source": {"kind": "base", "id": "gpt2-scratch-1m"}}]}, "base_unavailable"),
        ({"models": [{"id": "gone", "source": {"kind": "folder", "path": "/nowhere"}}]}, "base_unavailable"),
        ({"grader": {"kind": "regex", "pattern": "("}}, "bad_setting"),
        ({"items": "/nowhere"}, "data_missing"),
    ],
)
def test_a_test_that_cannot_be_done_says_why(changed: dict[str, Any], code: str, write_test: Any, evaluate: Any, events: Any) -> None:
    write_test(scored_items(), SCORE, **changed)
    assert evaluate() == 1
    failed = events("failed")[-1]
    assert failed.code == code
    assert failed.message and failed.cause and failed.fix
    assert "nowhere" not in failed.message + failed.cause + failed.fix


def test_it_stops_when_it_is_asked_to_and_goes_on_later(write_test: Any, evaluate: Any, results: Any, tmp_path: Path) -> None:
    spec = write_test([{**item, "prompt": f"Log {i}. " + "Calm. " * i} for i, item in enumerate(scored_items(200))], SCORE)
    folder = tmp_path / "test"
    command = [sys.executable, "-m", "server.tuning.evaluation", "--spec", str(folder / "spec.json")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as child:
        deadline = time.monotonic() + 60
        while not (folder / ANSWERS_FILE).exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        child.terminate()
        status = child.wait(30)
    done_before = len((folder / ANSWERS_FILE).read_bytes().splitlines())
    assert status in (143, 0)
    assert evaluate() == 0
    assert results().num_items == len(spec.items.read_bytes().splitlines()) == 200
    assert len((folder / ANSWERS_FILE).read_bytes().splitlines()) == 400 >= done_before > 0
