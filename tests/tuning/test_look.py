"""What the look shows is what the trainer trains on: the same tokens, the same marks, the same number of steps, the same refusals."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server.tuning.data import examples_of, tokenize
from server.tuning.failures import TuningFailure
from server.tuning.look_sampling import MOST_CHARACTERS, MOST_EXAMPLES, MOST_FINGERPRINTS, Sampling
from server.tuning.look_text import has_card, has_email, has_phone
from server.tuning.look_through import look_at
from server.tuning.packing import Blocks
from server.tuning.tokens import TextTokenizer, load_tokenizer
from shared.job_spec import DataFile, JobSpec
from shared.look_spec import LookRefused, LookSpec
from shared.wire import Look, TokenizedExample
from tests.tuning.conftest import TEMPLATE, Run

WriteSpec = Callable[..., JobSpec]
Train = Callable[..., Run]
BASES = [("local/tiny-llama", "lora"), ("local/tiny-gpt2", "full"), ("gpt2-scratch-1m", "scratch")]
ROOT = Path(__file__).resolve().parents[2]
SMOLLM2 = "smollm2-135m-instruct"
ROWS: dict[str, dict[str, Any]] = {
    "text": {"text": "The lighthouse keeper counts 12 ships.\n\nÇa va, 🙂?"},
    "pair": {"prompt": "What turns every evening?", "completion": "The lamp, at 19:45."},
    "chat": {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "One?"},
            {"role": "assistant", "content": "Never this.", "weight": 0},
            {"role": "user", "content": "Two?"},
            {"role": "assistant", "content": "Only this."},
        ]
    },
}


def seen_of(spec: JobSpec, **changed: Any) -> LookSpec:
    fields = {name: getattr(spec, name) for name in LookSpec.model_fields if name in JobSpec.model_fields}
    return LookSpec(**{**fields, **changed})


@pytest.fixture(scope="module")
def base_models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Empty: the look prepares what it needs of a packaged base by itself, once."""
    return tmp_path_factory.mktemp("base-models")


@pytest.fixture
def look_spec(write_spec: WriteSpec) -> Callable[..., LookSpec]:
    def of(rows: list[dict[str, Any]], *, base_model: str = "local/tiny-llama", **changed: Any) -> LookSpec:
        own = {name: changed.pop(name) for name in ("num_examples", "num_characters", "head_characters") if name in changed}
        return seen_of(write_spec(rows, base_model=base_model, method="lora", **changed), **own)

    return of


@pytest.fixture
def look(look_spec: Callable[..., LookSpec]) -> Callable[..., Look]:
    return lambda rows, **changed: look_at(look_spec(rows, **changed))


# --- the same as the trainer ------------------------------------------------------------------------------------------


def assert_packed(shown: TokenizedExample, spec: JobSpec, tokenizer: TextTokenizer) -> None:
    """The one example of these data, as a batch that the model would compute: rows read, rows with loss, and what they should guess."""
    corpus = tokenize(examples_of(spec.data), tokenizer)
    batch = Blocks(corpus, np.arange(1), block_size=10_000, seed=1).batch([0])
    ids = [token.id for token in shown.tokens]
    carrying = [place for place, token in enumerate(shown.tokens) if token.trains]
    assert ids[:-1] == batch.ids.tolist()
    assert [place - 1 for place in carrying] == batch.rows.tolist()
    assert [ids[place] for place in carrying] == batch.targets.tolist()


@pytest.mark.parametrize("shape", ROWS)
def test_smollm2_is_shown_the_tokens_that_the_trainer_packs(shape: str, write_spec: WriteSpec, base_models_folder: Path) -> None:
    spec = write_spec([ROWS[shape]], base_model=SMOLLM2, method="lora", base_models_folder=base_models_folder)
    seen = look_at(seen_of(spec))
    assert not (base_models_folder / SMOLLM2).exists(), "the weights are not needed to look"
    assert_packed(seen.examples[0], spec, load_tokenizer(base_models_folder / f".{SMOLLM2}.tokenizer"))


@pytest.mark.parametrize("shape", ROWS)
def test_a_base_from_nothing_is_shown_the_vocabulary_that_its_run_learns(shape: str, write_spec: WriteSpec, train: Train) -> None:
    spec = write_spec([ROWS[shape]], base_model="gpt2-scratch-1m", method="scratch", max_steps=1)
    seen = look_at(seen_of(spec))
    run = train(spec)
    assert_packed(seen.examples[0], spec, load_tokenizer(run.folder / "model"))


def test_a_preference_trains_as_its_preferred_answer(models_folder: Path) -> None:
    asked = [{"role": "user", "content": "One?"}, {"role": "assistant", "content": "Earlier."}, {"role": "user", "content": "Two?"}]
    tokenizer = load_tokenizer(models_folder / "tiny-llama")
    corpus = tokenize([{"messages": asked, "preferred": "Yes.", "rejected": "No."}], tokenizer)  # type: ignore[list-item,typeddict-unknown-key]
    assert tokenizer.tokenizer.decode(corpus.ids[corpus.trains].tolist(), skip_special_tokens=False) == "Yes.<|endoftext|>"
    assert "No." not in tokenizer.tokenizer.decode(corpus.ids.tolist())


@pytest.mark.parametrize(
    ("base_model", "method"), [("local/tiny-llama", "lora"), ("local/tiny-gpt2", "full"), ("gpt2-scratch-1m", "scratch")]
)
def test_the_steps_are_those_of_the_run(base_model: str, method: str, write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    spec = write_spec(pairs, base_model=base_model, method=method, gradient_accumulation=2)
    seen = look_at(seen_of(spec))
    (plan,) = train(spec).of("hyperparameters")
    assert (seen.num_steps, seen.num_validation_examples) == (plan.num_steps, plan.num_validation_examples)
    assert seen.num_examples == plan.num_examples + plan.num_validation_examples


def test_a_document_to_validate_on_is_kept_out_of_training(write_spec: WriteSpec, train: Train, pairs: list[Any], tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text('{"prompt": "What about the sea?", "completion": "It is wide."}\n' * 3, encoding="utf-8")
    kept_back = [DataFile(path=other, name="other.jsonl", format="jsonl")]
    spec = write_spec(pairs, base_model="local/tiny-llama", method="lora", max_steps=2, validation_data=kept_back)
    seen = look_at(seen_of(spec))
    assert (seen.num_examples, seen.num_validation_examples) == (33, 3)
    (plan,) = train(spec).of("hyperparameters")
    assert (plan.num_examples, plan.num_validation_examples) == (30, 3)


# --- counts -----------------------------------------------------------------------------------------------------------


def test_counts_are_right_where_they_can_be_counted_by_hand(look: Callable[..., Look]) -> None:
    """The tiny vocabulary has seen no digits, so each is a token; the end token follows. The first token of an example is never guessed."""
    seen = look([{"text": "0123"}, {"text": "0"}, {"text": "7" * 99}], base_model="local/tiny-gpt2", block_size=64, validation_fraction=0.0)
    assert (seen.num_examples, seen.num_tokens, seen.longest) == (3, 5 + 2 + 100, 100)
    assert (seen.num_trained_tokens, seen.num_longer_than_block, seen.num_all_masked, seen.num_empty) == (4 + 1 + 99, 1, 0, 0)
    digit, end = seen.examples[1].tokens
    assert (digit.text, digit.trains, digit.special) == ("0", False, False)
    assert (end.text, end.trains, end.special) == ("<|endoftext|>", True, True)


def test_read_only_conversations_are_counted_as_masked(look: Callable[..., Look], pairs: list[Any]) -> None:
    silent = {"messages": [{"role": "user", "content": "One?"}, {"role": "assistant", "content": "Two.", "weight": 0}]}
    seen = look([*pairs, silent], epochs=20)
    assert (seen.num_all_masked, [blocker.code for blocker in seen.blockers]) == (1, [])
    assert not any(token.trains for token in look([silent]).examples[0].tokens)


def test_ten_examples_are_shown_of_at_most_400_tokens(look: Callable[..., Look]) -> None:
    seen = look([{"text": "7" * 1000}] * 12, base_model="local/tiny-gpt2")
    assert [example.index for example in seen.examples] == list(range(10))
    assert {(len(example.tokens), example.num_tokens) for example in seen.examples} == {(400, 1001)}


@pytest.mark.parametrize("longest", [1, 3, 40, 5000])
def test_every_example_stands_in_one_bin(longest: int, look: Callable[..., Look]) -> None:
    seen = look([{"text": "7" * (1 + i % 50)} for i in range(300)] + [{"text": "7" * longest}], base_model="local/tiny-gpt2")
    bins = seen.histogram
    assert len(bins) <= 20
    assert sum(one.count for one in bins) == 301
    assert all(one.high + 1 == other.low for one, other in zip(bins, bins[1:], strict=False))
    assert bins[0].low <= 2
    assert bins[-1].high >= max(51, longest + 1)


def test_what_has_no_face_is_given_one(look: Callable[..., Look]) -> None:
    tokens = look([{"text": "🙂\x07\u202eA\n"}], base_model="local/tiny-gpt2").examples[0].tokens
    assert [token.text for token in tokens[:4]] == ["\\xf0", "\\x9f", "\\x99", "\\x82"]
    assert "".join(token.text for token in tokens[4:]) == "␇\\xe2\\x80\\xaeA\n<|endoftext|>"


def test_personal_data_are_counted_by_example(look: Callable[..., Look]) -> None:
    rows = [
        {"text": "Write to jane.doe+news@mail.example.org or to j@example.com."},
        {"prompt": "How do I pay?", "completion": "With 4111 1111 1111 1111, and write to a@b.io."},
        {"text": "Call 020 7946 0958."},
        {"text": "Nothing of that kind."},
    ]
    assert look(rows).personal_data.model_dump() == {"emails": 2, "phones": 1, "cards": 1}


PHONES = ["+49 (0)30 1234567", "020 7946 0958", "(555) 123-4567", "555-123-4567", "+1 555 123 4567", "06 12 34 56 78", "0171/1234567"]
NO_PHONES = [
    "2024-01-15",
    "01.02.2024",
    "192.168.100.200",
    "3.14159265358979",
    "1,234,567,890",
    "978-3-16-148410-0",
    "1914-1918",
    "12345678",
]


@pytest.mark.parametrize(("number", "found"), [(number, True) for number in PHONES] + [(number, False) for number in NO_PHONES])
def test_a_phone_number_is_told_from_other_numbers(number: str, found: bool) -> None:
    assert [has_phone(number), has_phone(f"Ask ({number}).")] == [found, found]


@pytest.mark.parametrize(
    ("number", "found"),
    [("5500-0000-0000-0004", True), ("378282246310005", True), ("4111 1111 1111 1112", False), ("0000 0000 0000 0000", False)],
)
def test_a_card_number_has_the_right_check_digit(number: str, found: bool) -> None:
    assert has_card(f"My card is {number}.") == found


@pytest.mark.parametrize(("text", "found"), [("ä.b@münchen.de", True), ("a @ b", False), ("@home", False), ("user@localhost", False)])
def test_an_address_has_a_domain(text: str, found: bool) -> None:
    assert has_email(f"Write to {text}, please.") == found


# --- duplicates and leakage -------------------------------------------------------------------------------------------


def story(number: int, length: int = 60) -> str:
    words = np.random.default_rng(number).integers(0, 10_000, length)
    return " ".join(f"w{word}" for word in words)


def test_planted_duplicates_are_found_and_nothing_else(look: Callable[..., Look]) -> None:
    texts = [story(i) for i in range(200)]
    texts[150] = f"  {texts[20].upper()}\n"
    texts[160] = texts[30].replace(texts[30].split()[40], "other")
    texts[170] = " ".join(texts[40].split()[5:])
    seen = look([{"text": text} for text in texts], base_model="local/tiny-gpt2", validation_fraction=0.0)
    assert (seen.num_exact_duplicates, seen.num_near_duplicates) == (1, 2)
    assert [(pair.first, pair.second) for pair in seen.duplicates if pair.similarity == 1] == [(20, 150)]
    assert {(pair.first, pair.second) for pair in seen.duplicates if 0.6 <= pair.similarity < 1} == {(30, 160), (40, 170)}
    assert (seen.num_leaked, seen.leaked) == (0, [])


def test_at_most_20_pairs_are_listed_and_all_are_counted(look: Callable[..., Look]) -> None:
    seen = look([{"text": story(i % 3)} for i in range(90)], base_model="local/tiny-gpt2", validation_fraction=0.0)
    assert (seen.num_exact_duplicates, len(seen.duplicates)) == (87, 20)


def test_signs_count_where_words_are_equal(look: Callable[..., Look]) -> None:
    rows = [{"text": "1 + 1"}, {"text": "1 - 1"}, {"text": "!!!"}, {"text": "???"}]
    assert look(rows, base_model="local/tiny-gpt2").num_exact_duplicates == 0


def test_leakage_is_found_in_the_part_that_the_trainer_keeps_back(look: Callable[..., Look]) -> None:
    from server.tuning.data import split

    training, validation = split(50, 0.2, 7)
    texts = [story(i) for i in range(50)]
    texts[validation[0]] = texts[training[3]]
    texts[validation[1]] = f"{texts[training[5]]} and one more"
    texts[validation[2]] = texts[validation[3]]  # The same, but training sees neither.
    seen = look([{"text": text} for text in texts], base_model="local/tiny-gpt2", validation_fraction=0.2, seed=7)
    assert seen.num_leaked == 2
    assert [(pair.first, pair.second) for pair in seen.leaked] == [(training[3], validation[0]), (training[5], validation[1])]


# --- large data: what is sampled, and what is counted all the same -----------------------------------------------------


def test_large_data_are_sampled_and_what_is_counted_on_them_is_said(look_spec: Callable[..., LookSpec]) -> None:
    rows = [{"text": story(i, 20 + i % 30)} for i in range(900)]
    rows[700], rows[800] = rows[5], {"text": "Write to a@b.io."}
    spec = look_spec(rows, base_model="local/tiny-gpt2", validation_fraction=0.1)
    whole, seen = look_at(spec), look_at(spec.model_copy(update={"num_examples": 3 * MOST_EXAMPLES}))
    assert whole.sample is None
    assert seen.sample is not None
    assert (seen.sample.num_examples, seen.sample.every, seen.sample.duplicates_estimated) == (300, 3, False)
    counted = ("num_examples", "num_validation_examples", "num_empty", "num_exact_duplicates", "personal_data", "examples")
    assert [getattr(seen, name) for name in counted] == [getattr(whole, name) for name in counted]
    assert (seen.num_exact_duplicates, seen.personal_data.emails) == (1, 1)
    assert sum(one.count for one in seen.histogram) == 300
    for estimated in ("num_tokens", "num_trained_tokens", "num_steps"):
        assert getattr(seen, estimated) == pytest.approx(getattr(whole, estimated), rel=0.05)


def test_a_leak_word_for_word_is_found_outside_of_the_sample(look_spec: Callable[..., LookSpec]) -> None:
    from server.tuning.data import split

    training, validation = split(300, 0.2, 7)
    texts = [story(i) for i in range(300)]
    for place in range(10):
        texts[validation[place]] = texts[training[place]]
    spec = look_spec([{"text": text} for text in texts], base_model="local/tiny-gpt2", validation_fraction=0.2, seed=7)
    seen = look_at(spec.model_copy(update={"num_characters": 10 * MOST_CHARACTERS}))
    assert seen.sample is not None
    assert (seen.sample.every, seen.num_leaked) == (10, 10)
    assert [(pair.first, pair.second) for pair in seen.leaked] == [(training[place], validation[place]) for place in range(10)]


def test_of_very_many_examples_repetitions_are_estimated(look_spec: Callable[..., LookSpec]) -> None:
    spec = look_spec([{"text": story(i % 400)} for i in range(800)], base_model="local/tiny-gpt2", validation_fraction=0.0)
    seen = look_at(spec.model_copy(update={"num_examples": 2 * MOST_FINGERPRINTS}))
    assert seen.sample is not None
    assert seen.sample.duplicates_estimated
    assert seen.num_exact_duplicates == pytest.approx(400, rel=0.15)


def test_what_a_template_refuses_is_found_outside_of_the_sample(
    look_spec: Callable[..., LookSpec], models_folder: Path, tmp_path: Path
) -> None:
    strict = tmp_path / "models" / "strict"
    shutil.copytree(models_folder / "tiny-llama", strict)
    template = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system, please') }}{% endif %}" + TEMPLATE
    (strict / "chat_template.jinja").write_text(template, encoding="utf-8")
    chat = [{"role": "user", "content": "One?"}, {"role": "assistant", "content": "Two."}]
    outside = next(iter({0, 1} - {next(Sampling(every=2).chosen())}))
    rows = [{"messages": chat}] * 50
    rows[outside] = {"messages": [{"role": "system", "content": "Be brief."}, *chat]}
    spec = look_spec(rows, base_model="local/strict", models_folder=tmp_path / "models", num_examples=2 * MOST_EXAMPLES)
    with pytest.raises(TuningFailure, match=f"Example {outside + 1} does not fit"):
        look_at(spec)


@pytest.mark.parametrize("base_model", ["local/tiny-gpt2", "gpt2-scratch-1m"])
def test_the_beginning_alone_can_be_looked_at(base_model: str, look_spec: Callable[..., LookSpec]) -> None:
    spec = look_spec([{"text": story(i)} for i in range(300)], base_model=base_model, head_characters=10_000)
    assert 10 < look_at(spec).num_examples < 100


# --- what keeps a run from starting -----------------------------------------------------------------------------------


def test_few_steps_block_the_look_and_the_run_alike(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    spec = write_spec(pairs, base_model="local/tiny-llama", method="lora", max_steps=9)
    (blocker,) = look_at(seen_of(spec)).blockers
    assert (blocker.code, "9 optimizer steps" in blocker.message) == ("few_steps", True)
    (failed,) = train(spec.model_copy(update={"allow_short_run": False})).of("failed")
    assert (failed.code, failed.message) == ("few_steps", blocker.message)
    assert train(spec, "on-purpose").of("done")


def test_ten_steps_are_enough(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    spec = write_spec(pairs, base_model="local/tiny-llama", method="lora", max_steps=10, allow_short_run=False)
    assert look_at(seen_of(spec)).blockers == []
    assert train(spec).of("done")


def test_data_without_anything_to_learn_block_the_look_and_the_run_alike(write_spec: WriteSpec, train: Train) -> None:
    silent = {"messages": [{"role": "user", "content": "One?"}, {"role": "assistant", "content": "Two.", "weight": 0}]}
    spec = write_spec([silent] * 20, base_model="local/tiny-llama", method="lora")
    seen = look_at(seen_of(spec))
    assert (seen.num_steps, [blocker.code for blocker in seen.blockers]) == (0, ["all_masked"])
    (failed,) = train(spec).of("failed")
    assert failed.message == seen.blockers[0].message


def test_a_damaged_base_is_said_to_be_damaged(write_spec: WriteSpec, pairs: list[Any], tmp_path: Path, models_folder: Path) -> None:
    broken = tmp_path / "models" / "broken"
    broken.mkdir(parents=True)
    for file in (models_folder / "tiny-llama").iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    (broken / "tokenizer.json").write_bytes(b"{")
    spec = seen_of(write_spec(pairs, base_model="local/broken", method="lora", models_folder=tmp_path / "models"))
    with pytest.raises(TuningFailure) as refused:
        look_at(spec)
    assert refused.value.code == "base_damaged"


# --- the program ------------------------------------------------------------------------------------------------------


def run_program(spec: LookSpec, folder: Path) -> str:
    """Its standard output. It must not have loaded torch."""
    file = folder / "look.json"
    file.write_text(spec.model_dump_json(), encoding="utf-8")
    code = (
        "import sys; from server.tuning.look import main; status = main(sys.argv[1:]); assert 'torch' not in sys.modules; sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code, "--spec", file], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_program_prints_one_look_without_torch_and_leaves_no_file(write_spec: WriteSpec, pairs: list[Any], tmp_path: Path) -> None:
    spec = seen_of(write_spec(pairs, base_model="local/tiny-llama", method="lora"))
    seen = Look.model_validate_json(run_program(spec, tmp_path))
    assert seen == look_at(spec)
    assert list(spec.base_models_folder.iterdir()) == []


def test_the_program_prints_why_it_cannot_look(write_spec: WriteSpec, pairs: list[Any], tmp_path: Path) -> None:
    spec = seen_of(write_spec(pairs, base_model="local/nobody", method="lora"))
    refused = LookRefused.model_validate_json(run_program(spec, tmp_path))
    assert refused.error.code == "base_unavailable"
    assert str(tmp_path) not in json.dumps(refused.model_dump())
