"""The official Python client through every operation of `/v1`, strict where OpenAI itself is; each answer fits the specification."""

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

import openai
import pytest

from tests.openai.conftest import CHATS, Recorder, ended
from tests.openai.specification import ANSWERS, WEBHOOK, check
from tests.receivers import Receiver
from tests.system.harness import Client, Server

PAIRS = "".join(
    json.dumps(
        {
            "input": {"messages": [{"role": "user", "content": f"What of day {day}?"}]},
            "preferred_output": [{"role": "assistant", "content": f"Calm, and {day} herons."}],
            "non_preferred_output": [{"role": "assistant", "content": "No idea."}],
        }
    )
    + "\n"
    for day in range(12)
).encode()
ASK: list[Any] = [{"role": "user", "content": "What of day 3?"}]


def refused(call: Callable[[], Any], kind: type[openai.APIStatusError], code: str, param: str | None = None) -> openai.APIStatusError:
    with pytest.raises(kind) as caught:
        call()
    assert (caught.value.code, caught.value.param) == (code, param), caught.value
    return caught.value


def test_a_file_is_made_found_read_and_deleted(client: openai.OpenAI, ada: Client) -> None:
    made = client.files.create(file=("more.jsonl", CHATS), purpose="fine-tune", expires_after={"anchor": "created_at", "seconds": 3600})
    assert (made.filename, made.bytes, made.purpose) == ("more.jsonl", len(CHATS), "fine-tune")
    assert made.expires_at == made.created_at + 3600
    assert client.files.wait_for_processing(made.id).status == "processed"
    assert client.files.content(made.id).read() == CHATS
    own = made.id.replace("file-", "doc-")
    assert ada.get(f"/api/documents/{own}")["filename"] == "more.jsonl"
    assert made.id in [file.id for file in client.files.list(purpose="fine-tune")]
    assert client.files.delete(made.id).deleted
    refused(lambda: client.files.retrieve(made.id), openai.NotFoundError, "document.not_found")
    assert own not in [document["id"] for document in ada.get("/api/documents")["data"]]


def test_files_are_listed_in_pages_either_way(client: openai.OpenAI) -> None:
    made = [client.files.create(file=(f"{name}.jsonl", CHATS), purpose="fine-tune").id for name in "abc"]
    newest_first = [file.id for file in client.files.list(limit=1)]
    assert newest_first[:3] == made[::-1]
    assert [file.id for file in client.files.list(limit=2, order="asc")] == newest_first[::-1]
    for file in client.files.list(limit=1):  # Deleting while paging skips none.
        if file.id in made:
            client.files.delete(file.id)
    assert not {file.id for file in client.files.list()} & set(made)


def test_a_file_that_cannot_be_trained_on_is_refused_with_its_line(client: openai.OpenAI) -> None:
    broken = CHATS + b'{"messages": "none"}\n'
    error = refused(
        lambda: client.files.create(file=("b.jsonl", broken), purpose="fine-tune"), openai.BadRequestError, "documents.bad_line", "file"
    )
    assert "Line 11" in error.message
    refused(lambda: client.files.create(file=("b.jsonl", CHATS), purpose="batch"), openai.BadRequestError, "unsupported_purpose", "purpose")


def test_an_upload_in_parts_becomes_a_file(client: openai.OpenAI) -> None:
    upload = client.uploads.create(bytes=len(CHATS), filename="parts.jsonl", mime_type="text/jsonl", purpose="fine-tune")
    assert upload.status == "pending"
    cuts = [CHATS[1000:], CHATS[:300], CHATS[300:1000]]
    last, first, second = (client.uploads.parts.create(upload.id, data=cut).id for cut in cuts)
    refused(lambda: client.uploads.complete(upload.id, part_ids=[first]), openai.BadRequestError, "uploads.wrong_size", "part_ids")
    wrong = hashlib.md5(b"x", usedforsecurity=False).hexdigest()
    refused(
        lambda: client.uploads.complete(upload.id, part_ids=[first, second, last], md5=wrong),
        openai.BadRequestError,
        "uploads.wrong_sum",
        "md5",
    )
    right = hashlib.md5(CHATS, usedforsecurity=False).hexdigest()
    done = client.uploads.complete(upload.id, part_ids=[first, second, last], md5=right)
    assert done.status == "completed" and done.file is not None
    assert client.files.content(done.file.id).read() == CHATS
    assert client.uploads.complete(upload.id, part_ids=[first, second, last]).file == done.file, "who did not hear it gets it again"


def test_an_upload_is_cut_up_by_the_client_or_cancelled(client: openai.OpenAI) -> None:
    done = client.uploads.upload_file_chunked(
        file=CHATS, filename="cut.jsonl", bytes=len(CHATS), mime_type="text/jsonl", purpose="fine-tune", part_size=700
    )
    assert done.file is not None and done.file.bytes == len(CHATS)
    other = client.uploads.create(bytes=10, filename="never.jsonl", mime_type="text/jsonl", purpose="fine-tune")
    assert client.uploads.cancel(other.id).status == "cancelled"
    refused(lambda: client.uploads.parts.create(other.id, data=b"x"), openai.BadRequestError, "uploads.not_pending")


def test_a_job_trains_for_real_and_shows_on_both_faces(client: openai.OpenAI, tuned: Any, ada: Client) -> None:
    assert (tuned.model, tuned.seed, tuned.metadata) == ("gpt2-scratch-1m", 7, {"team": "coast"})
    assert tuned.fine_tuned_model.startswith("ft:gpt2-scratch-1m:") and ":lighthouse:" in tuned.fine_tuned_model
    assert tuned.trained_tokens > 0 and tuned.finished_at >= tuned.created_at
    own = ada.job(tuned.id.replace("ftjob-", "job-"))
    assert (own["state"], own["tuned_model"], own["name"]) == ("succeeded", tuned.fine_tuned_model, "lighthouse")


def test_events_tell_first_what_was_understood_and_can_be_paged(client: openai.OpenAI, tuned: Any) -> None:
    events = client.fine_tuning.jobs.list_events(tuned.id, limit=1000).data
    assert [event.id for event in client.fine_tuning.jobs.list_events(tuned.id, limit=4)] == [event.id for event in events]
    assert len({event.id for event in events}) == len(events)
    assert events[-1].level == "warn" and "gpt-4o-mini-2024-07-18" in events[-1].message and "gpt2-scratch-1m" in events[-1].message
    assert events[0].message == "The job has successfully completed"
    metrics: list[Any] = [event.data for event in events if event.type == "metrics" and "train_loss" in (event.data or {})]  # type: ignore[operator]
    assert metrics and metrics[0]["step"] == metrics[0]["total_steps"]
    assert [event.created_at for event in events] == sorted((event.created_at for event in events), reverse=True)


def test_the_results_are_a_file(client: openai.OpenAI, tuned: Any) -> None:
    [results] = tuned.result_files
    found = client.files.retrieve(results)
    table = client.files.content(results).text
    assert (found.purpose, found.bytes) == ("fine-tune-results", len(table.encode()))
    heading, *rows = table.splitlines()
    assert heading == "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy"
    assert [int(row.split(",")[0]) for row in rows] == list(range(1, len(rows) + 1)) and len(rows) >= 20, "a line for every step"
    assert float(rows[0].split(",")[1]) > float(rows[-1].split(",")[1]) > 0
    assert results in [file.id for file in client.files.list(purpose="fine-tune-results")]


def test_jobs_are_listed_by_metadata(client: openai.OpenAI, tuned: Any) -> None:
    assert tuned.id in [job.id for job in client.fine_tuning.jobs.list(metadata={"team": "coast"}, limit=1)]
    assert not client.fine_tuning.jobs.list(metadata={"team": "inland"}).data
    assert tuned.id in [job.id for job in client.fine_tuning.jobs.list(limit=2)]


def test_the_checkpoint_that_became_the_model_answers(client: openai.OpenAI, tuned: Any) -> None:
    [checkpoint] = client.fine_tuning.jobs.checkpoints.list(tuned.id).data
    assert checkpoint.fine_tuned_model_checkpoint.startswith(f"{tuned.fine_tuned_model}:ckpt-step-")
    assert client.models.retrieve(checkpoint.fine_tuned_model_checkpoint).id == checkpoint.fine_tuned_model_checkpoint
    said = [
        client.chat.completions.create(model=model, messages=ASK, temperature=0, max_tokens=20).choices[0].message.content
        for model in (checkpoint.fine_tuned_model_checkpoint, tuned.fine_tuned_model)
    ]
    assert said[0] == said[1]


@pytest.fixture(scope="module")
def preferred(client: openai.OpenAI, tuned: Any) -> Any:
    """A job on pairs, from a model that was tuned here."""
    pairs = client.files.create(file=("pairs.jsonl", PAIRS), purpose="fine-tune")
    job = client.fine_tuning.jobs.create(
        model=tuned.fine_tuned_model,
        training_file=pairs.id,
        method={"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.2}}},
        extra_body={"llm_tuner": {"max_steps": 2}},
    )
    return ended(client, job.id)


def test_pairs_are_learned_by_preference(preferred: Any) -> None:
    assert preferred.status == "succeeded", preferred
    assert (preferred.method.type, preferred.method.dpo.hyperparameters.beta) == ("dpo", 0.2)


def test_models_are_listed_found_and_deleted(client: openai.OpenAI, tuned: Any, preferred: Any) -> None:
    assert {tuned.fine_tuned_model, "gpt2-scratch-1m"} <= {model.id for model in client.models.list()}
    assert client.models.retrieve("gpt-4o-mini").id == "gpt2-scratch-1m"
    once_more = preferred.fine_tuned_model
    assert client.models.retrieve(once_more).id == once_more
    assert client.models.delete(once_more).deleted
    refused(lambda: client.models.retrieve(once_more), openai.NotFoundError, "model.not_found")
    refused(lambda: client.models.delete("gpt2-scratch-1m"), openai.BadRequestError, "unsupported_operation", "model")
    refused(lambda: client.models.retrieve("nothing/of:the kind"), openai.NotFoundError, "model_not_found", "model")


@pytest.fixture(scope="module")
def busy(client: openai.OpenAI, chats: str, tuned: Any) -> str:
    """A job that runs until a test ends it, so that others wait."""
    return client.fine_tuning.jobs.create(model="gpt2-scratch-1m", training_file=chats, extra_body={"llm_tuner": {"max_steps": 100_000}}).id


def test_settings_of_both_kinds_reach_the_run(client: openai.OpenAI, chats: str, busy: str, ada: Client) -> None:
    validation = client.files.create(file=("val.jsonl", b"\n".join(CHATS.splitlines()[:4])), purpose="fine-tune")
    job = client.fine_tuning.jobs.create(
        model="gpt2-scratch-1m",
        training_file=chats,
        validation_file=validation.id,
        method={
            "type": "supervised",
            "supervised": {"hyperparameters": {"n_epochs": 2, "batch_size": 1, "learning_rate_multiplier": 0.5}},
        },
        extra_body={"llm_tuner": {"max_steps": 2, "block_size": 64, "scheduler": "constant"}},
    )
    own = ada.job(job.id.replace("ftjob-", "job-"))["resolved"]
    assert {name: own[name]["value"] for name in ("epochs", "batch_size", "max_steps", "block_size", "scheduler")} == {
        "epochs": 2,
        "batch_size": 1,
        "max_steps": 2,
        "block_size": 64,
        "scheduler": "constant",
    }
    assert own["learning_rate"]["value"] == pytest.approx(1e-3), "half of what would have been chosen"
    assert job.hyperparameters.to_dict() == {"n_epochs": 2, "batch_size": 1, "learning_rate_multiplier": 0.5}
    assert job.validation_file == validation.id
    assert client.fine_tuning.jobs.cancel(job.id).status == "cancelled"


def test_a_job_of_the_page_is_a_fine_tuning_job(client: openai.OpenAI, chats: str, busy: str, ada: Client) -> None:
    half = {"epochs": 0.5, "learning_rate": 0.001, "max_steps": 3}
    made = ada.create_job(base_model="gpt2-scratch-1m", document_ids=[chats.replace("file-", "doc-")], hyperparameters=half)
    job = client.fine_tuning.jobs.retrieve(made["id"].replace("job-", "ftjob-"))
    assert (job.training_file, job.status, job.model) == (chats, "queued", "gpt2-scratch-1m")
    assert job.hyperparameters.n_epochs is None and job.hyperparameters.learning_rate_multiplier is None
    client.fine_tuning.jobs.cancel(job.id)
    assert ada.job(made["id"])["state"] == "cancelled"


def test_the_same_key_makes_one_job(client: openai.OpenAI, chats: str, busy: str) -> None:
    def create(suffix: str) -> Any:
        return client.fine_tuning.jobs.create(
            model="babbage-002",
            training_file=chats,
            suffix=suffix,
            hyperparameters={"n_epochs": 1},
            extra_headers={"Idempotency-Key": "one"},
        )

    first = create("one")
    assert create("one").id == first.id
    error = refused(lambda: create("two"), openai.BadRequestError, "jobs.idempotency_mismatch")
    assert error.status_code == 400
    client.fine_tuning.jobs.cancel(first.id)


def test_a_job_is_paused_goes_on_and_is_cancelled(lenient: openai.OpenAI, client: openai.OpenAI, busy: str) -> None:
    deadline = time.monotonic() + 60
    while not any("train_loss" in (event.data or {}) for event in client.fine_tuning.jobs.list_events(busy)):  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert lenient.fine_tuning.jobs.pause(busy).status == "paused"
    kept = client.fine_tuning.jobs.checkpoints.list(busy).data
    assert kept and kept[0].fine_tuning_job_id == busy
    said = client.completions.create(model=kept[0].fine_tuned_model_checkpoint, prompt="User:", max_tokens=3)
    assert said.usage is not None and said.usage.completion_tokens <= 3
    assert lenient.fine_tuning.jobs.resume(busy).status in {"queued", "running"}
    assert client.fine_tuning.jobs.cancel(busy).status == "cancelled"
    refused(lambda: client.fine_tuning.jobs.cancel(busy), openai.BadRequestError, "jobs.wrong_state")


def test_a_webhook_unwraps(client: openai.OpenAI, tuned: Any, receiver: Receiver, webhook_secret: str) -> None:
    deadline = time.monotonic() + 30
    while not (calls := [call for call in receiver.calls if tuned.id.encode() in call.body]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    call = calls[0]
    check(WEBHOOK, json.loads(call.body))
    event = client.webhooks.unwrap(call.body, call.headers, secret=webhook_secret)
    assert (event.type, event.data.id) == ("fine_tuning.job.succeeded", tuned.id)  # type: ignore[union-attr]
    with pytest.raises(openai.InvalidWebhookSignatureError):
        client.webhooks.unwrap(call.body + b" ", call.headers, secret=webhook_secret)


@pytest.mark.parametrize(
    ("words", "code", "param"),
    [
        ({"method": {"type": "reinforcement"}}, "unsupported_method", "method.type"),
        ({"integrations": [{"type": "wandb", "wandb": {"project": "x"}}]}, "unsupported_integration", "integrations"),
        ({"hyperparameters": {"n_epochs": 0}}, "request.invalid", "hyperparameters.n_epochs"),
        ({"extra_body": {"llm_tuner": {"epoch": 3}}}, "request.invalid", "llm_tuner.epoch"),
        ({"suffix": "x" * 65}, "request.invalid", "suffix"),
        ({"metadata": {"k" * 65: "v"}}, "request.invalid", None),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(client: openai.OpenAI, chats: str, words: Any, code: str, param: str | None) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.fine_tuning.jobs.create(model="gpt2-scratch-1m", training_file=chats, **words)
    assert caught.value.code == code
    assert param is None or caught.value.param == param


def test_what_is_not_there_is_not_found(client: openai.OpenAI, chats: str) -> None:
    missing = "file-00000000000000000000000000"
    refused(
        lambda: client.fine_tuning.jobs.create(model="gpt2-scratch-1m", training_file=missing),
        openai.NotFoundError,
        "document.not_found",
        "training_file",
    )
    refused(lambda: client.fine_tuning.jobs.retrieve("ftjob-none"), openai.NotFoundError, "job.not_found", "fine_tuning_job_id")
    refused(
        lambda: client.fine_tuning.jobs.create(model="llama-of-elsewhere", training_file=chats),
        openai.NotFoundError,
        "model_not_found",
        "model",
    )


def test_chat_answers_as_a_whole(client: openai.OpenAI, tuned: Any) -> None:
    said = client.chat.completions.create(model=tuned.fine_tuned_model, messages=ASK, n=2, seed=4, max_completion_tokens=12)
    assert [choice.index for choice in said.choices] == [0, 1]
    assert said.model == tuned.fine_tuned_model and said.usage is not None
    assert said.usage.total_tokens == said.usage.prompt_tokens + said.usage.completion_tokens
    assert 0 < said.usage.completion_tokens <= 24
    again = client.chat.completions.create(model=tuned.fine_tuned_model, messages=ASK, n=2, seed=4, max_completion_tokens=12)
    assert [choice.message.content for choice in again.choices] == [choice.message.content for choice in said.choices]


def test_a_stop_word_ends_the_answer_and_is_not_in_it(client: openai.OpenAI, tuned: Any) -> None:
    whole = client.chat.completions.create(model=tuned.fine_tuned_model, messages=ASK, temperature=0, max_tokens=30).choices[0]
    assert whole.message.content
    word = whole.message.content[4:7]
    cut = client.chat.completions.create(model=tuned.fine_tuned_model, messages=ASK, temperature=0, max_tokens=30, stop=[word]).choices[0]
    assert (cut.message.content, cut.finish_reason) == (whole.message.content[: whole.message.content.index(word)], "stop")


def test_chat_streams(lenient: openai.OpenAI, client: openai.OpenAI, tuned: Any) -> None:
    words: Any = {"model": tuned.fine_tuned_model, "messages": ASK, "temperature": 0, "max_tokens": 20}
    chunks = list(lenient.chat.completions.create(**words, stream=True, stream_options={"include_usage": True}))
    assert sum(bool(chunk.choices and chunk.choices[0].delta.content) for chunk in chunks) > 2, "it comes piece by piece"
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    whole = client.chat.completions.create(**words)
    assert text == whole.choices[0].message.content
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == whole.choices[0].finish_reason
    assert chunks[-1].usage == whole.usage and not chunks[-1].choices
    with lenient.chat.completions.stream(**words) as stream:
        assert stream.get_final_completion().choices[0].message.content == text


def test_log_probabilities_are_those_of_the_tokens(client: openai.OpenAI, lenient: openai.OpenAI, tuned: Any) -> None:
    words: Any = {"model": tuned.fine_tuned_model, "messages": ASK, "temperature": 0, "max_tokens": 6, "logprobs": True, "top_logprobs": 3}
    choice = client.chat.completions.create(**words).choices[0]
    assert choice.logprobs is not None and choice.logprobs.content
    for token in choice.logprobs.content:
        assert len(token.top_logprobs) == 3 and token.logprob <= 0
        assert token.top_logprobs[0].logprob == max(one.logprob for one in token.top_logprobs)
        assert token.token == token.top_logprobs[0].token, "greedy takes the likeliest"
    said = "".join(token.token for token in choice.logprobs.content)
    assert choice.message.content is not None and said.startswith(choice.message.content)
    streamed = [chunk.choices[0] for chunk in lenient.chat.completions.create(**words, stream=True)]
    told = [token.token for one in streamed if one.logprobs for token in one.logprobs.content or []]
    assert told == [token.token for token in choice.logprobs.content]
    older = client.completions.create(model=tuned.fine_tuned_model, prompt="User: What", temperature=0, max_tokens=4, logprobs=2).choices[0]
    assert older.logprobs is not None and older.logprobs.tokens and older.logprobs.text_offset
    assert older.logprobs.text_offset[0] == 0 and len(older.logprobs.tokens) == len(older.logprobs.token_logprobs or [])


def test_prompts_may_be_tokens_and_repetition_be_weighed(client: openai.OpenAI, tuned: Any) -> None:
    said = client.completions.create(
        model=tuned.fine_tuned_model, prompt=[5, 6, 7], max_tokens=4, frequency_penalty=1.5, presence_penalty=-0.5, seed=1
    )
    assert said.usage is not None and (said.usage.prompt_tokens, said.choices[0].finish_reason) == (3, said.choices[0].finish_reason)
    several = client.completions.create(model=tuned.fine_tuned_model, prompt=[[5, 6], [7]], max_tokens=2)
    assert [choice.index for choice in several.choices] == [0, 1]


def test_completions_take_texts_and_stream(client: openai.OpenAI, lenient: openai.OpenAI, tuned: Any) -> None:
    said = client.completions.create(
        model=tuned.fine_tuned_model, prompt=["User: What", "User: Who"], max_tokens=4, echo=True, temperature=0, n=2
    )
    assert [choice.text.startswith(prompt) for choice, prompt in zip(said.choices, ["User: What"] * 2 + ["User: Who"] * 2, strict=True)]
    pieces = list(lenient.completions.create(model=tuned.fine_tuned_model, prompt="User: What", max_tokens=4, temperature=0, stream=True))
    assert "User: What" + "".join(piece.choices[0].text for piece in pieces) == said.choices[0].text
    assert pieces[-1].choices[0].finish_reason in {"stop", "length"}


@pytest.mark.parametrize(
    ("words", "code", "param"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "unsupported_parameter", "tools"),
        ({"response_format": {"type": "json_object"}}, "unsupported_parameter", "response_format"),
        ({"logit_bias": {"5": 1}}, "unsupported_parameter", "logit_bias"),
        ({"n": 100}, "unsupported_value", "n"),
        ({"temperature": 9}, "request.invalid", "temperature"),
        ({"messages": []}, "request.invalid", "messages"),
        ({"messages": [{"role": "tool", "content": "x", "tool_call_id": "1"}]}, "unsupported_value", "messages.0.role"),
        ({"model": "gpt2-scratch-1m"}, "generate.from_scratch", "model"),
    ],
)
def test_what_a_chat_cannot_do_is_refused_by_name(client: openai.OpenAI, tuned: Any, words: Any, code: str, param: str) -> None:
    asked: Any = {"model": tuned.fine_tuned_model, "messages": ASK} | words
    refused(lambda: client.chat.completions.create(**asked), openai.BadRequestError, code, param)


def test_harmless_fields_are_left_alone(client: openai.OpenAI, tuned: Any) -> None:
    said = client.chat.completions.create(
        model=tuned.fine_tuned_model,
        messages=[
            {"role": "developer", "content": [{"type": "text", "text": "Be "}, {"type": "text", "text": "brief."}], "name": "me"},
            *ASK,
        ],
        max_tokens=2,
        user="u-1",
        store=True,
        metadata={"a": "b"},
        service_tier="auto",
        response_format={"type": "text"},
        parallel_tool_calls=False,
        reasoning_effort="low",
    )
    assert said.choices[0].message.role == "assistant"


def test_everything_else_is_unsupported_and_says_so(client: openai.OpenAI) -> None:
    for call in (
        lambda: client.embeddings.create(model="text-embedding-3-small", input="x"),
        lambda: client.responses.create(model="gpt-4o", input="x"),
        lambda: client.batches.list(),
        lambda: client.images.generate(prompt="x"),
        lambda: client.moderations.create(input="x"),
        lambda: client.get("/assistants", cast_to=object),
        lambda: client.chat.completions.list(),
        lambda: client.fine_tuning.checkpoints.permissions.list("ft:x"),
    ):
        refused(call, openai.BadRequestError, "unsupported_operation")


def test_only_ones_own_things_are_there(client_with: Callable[..., openai.OpenAI], server: Server, tuned: Any) -> None:
    other = server.client()
    other.register("bob@example.org")
    bob = client_with(other.post("/api/keys", name="k", scopes=["write"])["key"])
    assert not bob.files.list().data and not bob.fine_tuning.jobs.list().data
    for call in (
        lambda: bob.files.content(tuned.training_file),
        lambda: bob.files.content(tuned.result_files[0]),
        lambda: bob.fine_tuning.jobs.retrieve(tuned.id),
        lambda: bob.models.retrieve(tuned.fine_tuned_model),
        lambda: bob.chat.completions.create(model=tuned.fine_tuned_model, messages=ASK),
    ):
        with pytest.raises(openai.NotFoundError):
            call()
    with pytest.raises(openai.AuthenticationError):
        client_with("sk-nothing").models.list()


def test_a_session_token_is_as_good_as_a_key(client_with: Callable[..., openai.OpenAI], ada: Client) -> None:
    token = ada.login()["access_token"]
    assert client_with(token).models.list().data


def test_no_operation_was_left_out(recorder: Recorder) -> None:
    """Last: what the tests above have asked is everything that there is."""
    assert recorder.operations == {*ANSWERS, "GET /files/{id}/content"}
