"""The port for text over the real programs that serve models with llama.cpp, which the real launcher starts."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from server.adapters.clock_system import SystemClock
from server.adapters.launch_local import LocalLauncher
from server.background.generation import Generator
from server.background.serving import Serving, ServingOptions
from server.background.whole_answers import WholeAnswers
from server.errors import Conflict, InvalidInput, Unavailable
from server.ports.textgen import Piece, TextModel, TextRequest
from server.tuning.generate import Sampling, generate
from server.tuning.model_folder import load_model
from server.tuning.tokens import load_tokenizer

ROOT = Path(__file__).resolve().parents[2]
LLAMA = TextModel("Tiny Llama", "base", "local/tiny-llama")
ASKED = TextRequest(LLAMA, prompt="The lamp", max_tokens=24, temperature=0)


@pytest.fixture(scope="module")
def serving(models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    home = tmp_path_factory.mktemp("home")
    launcher, clock = LocalLauncher(ROOT), SystemClock()
    others = Generator(launcher, clock, base_models_folder=home, threads=1)
    options = ServingOptions(home / "served", home / "base-models", models_folder, "f32", num_models=1, threads=1)
    serving = Serving(launcher, clock, WholeAnswers(others), options)
    yield serving
    serving.stop()
    others.stop()
    assert not programs()


def programs() -> list[psutil.Process]:
    """Those that live: what was killed stays a corpse until its launcher looks again."""
    living = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in living if "server.tuning.llama_worker" in child.cmdline()]


def whole(serving: Serving, request: TextRequest) -> tuple[str, Piece]:
    pieces = list(serving.generate(request))
    assert all(piece.finish_reason is None and piece.usage is None for piece in pieces[:-1])
    return "".join(piece.text for piece in pieces), pieces[-1]


def test_greedy_is_what_the_trainer_says_in_pieces(serving: Serving, models_folder: Path) -> None:
    model, tokenizer = load_model(models_folder / "tiny-llama"), load_tokenizer(models_folder / "tiny-llama")
    ids = tokenizer.encode_prompt("The lamp")
    made = generate(model, tokenizer, ids, sampling=Sampling(max_tokens=24), end_ids=[tokenizer.eos_id])
    pieces = list(serving.generate(ASKED))
    assert "".join(piece.text for piece in pieces).rstrip("\ufffd") == made.text.rstrip("\ufffd")
    assert len(pieces) > 3
    assert pieces[-1].finish_reason == made.finish_reason
    assert pieces[-1].usage is not None
    assert (pieces[-1].usage.num_prompt_tokens, pieces[-1].usage.num_completion_tokens) == (len(ids), len(made.token_ids))


def test_a_seed_fixes_a_sample_and_another_one_does_not(serving: Serving) -> None:
    asked = replace(ASKED, temperature=1.0, seed=5)
    assert whole(serving, asked)[0] == whole(serving, asked)[0]
    assert whole(serving, asked)[0] != whole(serving, replace(asked, seed=6))[0]


def test_of_a_stop_string_nothing_is_said(serving: Serving) -> None:
    text, _ = whole(serving, ASKED)
    stop = next(letter for letter in text[2:] if letter.isascii() and letter.isprintable() and letter not in text[:2])
    before, last = whole(serving, replace(ASKED, stop=[stop]))
    assert before == text[: text.index(stop)]
    assert last.finish_reason == "stop"


def test_chances_are_natural_logarithms_the_likeliest_first(serving: Serving) -> None:
    _, last = whole(serving, replace(ASKED, num_logprobs=3, max_tokens=4))
    for step in last.logprobs:
        assert len(step.top) == 3
        assert [chance.logprob for chance in step.top] == sorted((chance.logprob for chance in step.top), reverse=True)
        assert step.chosen == step.top[0]
    _, last = whole(serving, replace(ASKED, num_logprobs=0, max_tokens=4))
    assert not any(step.top for step in last.logprobs)


def test_many_at_once_get_what_they_get_alone(serving: Serving) -> None:
    asked = [replace(ASKED, prompt=f"The {word}") for word in ("ship", "keeper", "evening", "lamp") * 5]
    alone = {request.prompt: whole(serving, request)[0] for request in asked[:4]}
    with ThreadPoolExecutor(20) as several:
        answers = list(several.map(lambda request: whole(serving, request)[0], asked))
    assert answers == [alone[request.prompt] for request in asked]


def test_closing_ends_the_work_and_the_next_is_served(serving: Serving) -> None:
    answer = serving.generate(replace(ASKED, max_tokens=None))
    next(answer)
    answer.close()
    assert whole(serving, ASKED)[1].usage is not None


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (replace(ASKED, prompt="lamp " * 400), "generate.prompt_too_long"),
        (replace(ASKED, prompt=None, prompt_ids=[10**9]), "generate.bad_request"),
        (replace(ASKED, prompt=None, messages=[("user", "Hello")], prompt_ids=[1]), "generate.prompt_or_messages"),
    ],
)
def test_what_cannot_be_asked_is_said_before_the_first_piece(serving: Serving, request_: TextRequest, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        next(serving.generate(request_))
    assert refused.value.code == code


def test_a_base_that_is_not_here_is_a_conflict(serving: Serving) -> None:
    with pytest.raises(Conflict):
        next(serving.generate(replace(ASKED, model=TextModel("GPT-2", "base", "gpt2"))))


def test_one_model_makes_room_for_another_and_comes_back(serving: Serving, models_folder: Path) -> None:
    """One is kept loaded here, so that the second ends the first's program."""
    first, _ = whole(serving, ASKED)
    other = TextModel("Tiny GPT-2", "folder", str(models_folder / "tiny-gpt2"))
    assert whole(serving, replace(ASKED, model=other))[1].finish_reason is not None
    assert whole(serving, ASKED)[0] == first


def test_a_program_that_was_killed_is_started_anew(serving: Serving) -> None:
    text, _ = whole(serving, ASKED)
    killed = programs()
    for child in killed:
        child.kill()
        child.wait(10)
    assert len(killed) == 1
    assert whole(serving, ASKED)[0] == text


def test_a_stopped_service_says_so(models_folder: Path, tmp_path: Path) -> None:
    launcher, clock = LocalLauncher(ROOT), SystemClock()
    others = WholeAnswers(Generator(launcher, clock, base_models_folder=tmp_path, threads=1))
    stopped = Serving(launcher, clock, others, ServingOptions(tmp_path, tmp_path, models_folder, "f16", num_models=1, threads=1))
    stopped.stop()
    with pytest.raises(Unavailable):
        next(stopped.generate(ASKED))
