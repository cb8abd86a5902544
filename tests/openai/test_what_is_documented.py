"""`docs/openai-compatibility.md` against the official client's parameters, the routes of `/v1`, and what is really refused."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from openai.types import completion_create_params, file_create_params, file_list_params, upload_complete_params, upload_create_params
from openai.types.chat import completion_create_params as chat_create_params
from openai.types.fine_tuning import job_create_params, job_list_events_params, job_list_params
from openai.types.fine_tuning.jobs import checkpoint_list_params
from openai.types.uploads import part_create_params

from server.domain.openai.texts import chat_asked, completion_asked
from server.errors import InvalidInput
from server.ports.textgen import TextModel
from server.web.routes.openai.files import create_file, list_files
from server.web.routes.openai.fine_tuning import list_fine_tuning_checkpoints, list_fine_tuning_events
from server.web.routes.openai.uploads import add_upload_part
from shared.wire.openai.files import UploadComplete, UploadCreate
from shared.wire.openai.jobs import AskedHyperparameters, JobCreate
from shared.wire.openai.texts import ChatCreate, CompletionCreate
from tests.openai.specification import ANSWERS

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs/openai-compatibility.md").read_text()
MODEL = TextModel("a-model", "base", "a-model")


def fields_of(request: Any) -> set[str]:
    return set(request.__required_keys__ | request.__optional_keys__)


def words_of(function: Any) -> set[str]:
    return set(function.__annotations__)


# Operation -> what the official client sends, and what is read here.
FIELDS: dict[str, tuple[set[str], set[str]]] = {
    "POST /files": (fields_of(file_create_params.FileCreateParams), {"file", "purpose", "expires_after"}),
    "GET /files": (fields_of(file_list_params.FileListParams), words_of(list_files)),
    "POST /uploads": (fields_of(upload_create_params.UploadCreateParams), set(UploadCreate.model_fields) - {"mime_type"}),
    "POST /uploads/{id}/parts": (fields_of(part_create_params.PartCreateParams), words_of(add_upload_part)),
    "POST /uploads/{id}/complete": (fields_of(upload_complete_params.UploadCompleteParams), set(UploadComplete.model_fields)),
    "POST /fine_tuning/jobs": (fields_of(job_create_params.JobCreateParams), set(JobCreate.model_fields)),
    "GET /fine_tuning/jobs": (fields_of(job_list_params.JobListParams), {"after", "limit", "metadata"}),
    "GET /fine_tuning/jobs/{id}/events": (fields_of(job_list_events_params.JobListEventsParams), words_of(list_fine_tuning_events)),
    "GET /fine_tuning/jobs/{id}/checkpoints": (
        fields_of(checkpoint_list_params.CheckpointListParams),
        words_of(list_fine_tuning_checkpoints),
    ),
    "POST /completions": (
        fields_of(completion_create_params.CompletionCreateParamsNonStreaming),
        set(CompletionCreate.model_fields),
    ),
    "POST /chat/completions": (
        fields_of(chat_create_params.CompletionCreateParamsNonStreaming),
        set(ChatCreate.model_fields),
    ),
}
# Operation -> a value of each field that is refused. That of `integrations` is tried in test_python_client.py.
REFUSED: dict[str, dict[str, Any]] = {
    "POST /fine_tuning/jobs": {"integrations": [{"type": "wandb"}]},
    "POST /completions": {"suffix": "after", "logit_bias": {"1": 5}},
    "POST /chat/completions": {
        "response_format": {"type": "json_object"},
        "tools": [{"type": "function"}],
        "functions": [{"name": "f"}],
        "logit_bias": {"1": 5},
        "modalities": ["text", "audio"],
        "audio": {"voice": "alloy"},
        "web_search_options": {"search_context_size": "low"},
    },
}


def table(title: str) -> dict[str, str]:
    """First and second column of the table below a heading."""
    section = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert section, f"there is no section {title!r}"
    return dict(re.findall(r"^\| `([^`]+)` \| (\w+) \|", section[1], flags=re.MULTILINE))


def test_every_operation_that_is_answered_is_told_and_no_other() -> None:
    assert table("Operations") == dict.fromkeys({*ANSWERS, "GET /files/{id}/content"}, "yes")


@pytest.mark.parametrize("operation", FIELDS)
def test_every_field_of_the_official_client_is_told_as_it_is(operation: str) -> None:
    theirs, read = FIELDS[operation]
    refused = REFUSED.get(operation, {})
    assert table(operation) == {name: "refused" if name in refused else "yes" if name in read else "ignored" for name in theirs}


def test_every_operation_with_fields_has_its_table() -> None:
    assert set(FIELDS) == set(re.findall(r"^### (.+)$", PAGE, flags=re.MULTILINE))


def test_forms_take_what_is_told() -> None:
    assert {"file", "purpose"} <= words_of(create_file)


@pytest.mark.parametrize("name", REFUSED["POST /chat/completions"])
def test_what_is_told_to_be_refused_in_chats_is(name: str) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], name: REFUSED["POST /chat/completions"][name]}
    with pytest.raises(InvalidInput) as caught:
        chat_asked(ChatCreate.model_validate(body), MODEL)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", name)


@pytest.mark.parametrize("name", REFUSED["POST /completions"])
def test_what_is_told_to_be_refused_in_completions_is(name: str) -> None:
    body = {"model": "m", "prompt": "x", name: REFUSED["POST /completions"][name]}
    with pytest.raises(InvalidInput) as caught:
        completion_asked(CompletionCreate.model_validate(body), MODEL)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", name)


def test_hyperparameters_are_those_of_the_official_client() -> None:
    older = fields_of(job_create_params.Hyperparameters)
    assert set(AskedHyperparameters.model_fields) == older | {"beta"}
    assert all(f"`{name}`" in PAGE for name in AskedHyperparameters.model_fields)


def test_every_setting_of_ours_that_is_named_exists() -> None:
    [ours] = re.findall(r"Our own settings go under `llm_tuner`.*?`test_set_id`", PAGE, flags=re.DOTALL)
    knobs = next(part for part in get_args(JobCreate.model_fields["llm_tuner"].annotation) if part is not type(None))
    words = set(re.findall(r"`([a-z_]+)`", ours)) - {"llm_tuner", "lora", "full"}
    assert words <= set(knobs.model_fields)
