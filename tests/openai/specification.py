"""Facts of OpenAI's public specification about the answers of the operations that `/v1` has, restated as JSON schemas.

Required keys, types and enums are the specification's (openai-openapi, August 2026); descriptions and what concerns other operations are
left out. Where it contradicts itself the comment says so.
"""

import re
from typing import Any, Final

import jsonschema_rs

Json = dict[str, Any]
TEXT: Final[Json] = {"type": "string"}
NUMBER: Final[Json] = {"type": "number"}
WHOLE: Final[Json] = {"type": "integer"}
TRUTH: Final[Json] = {"type": "boolean"}


def one_of(*values: str) -> Json:
    return {"type": "string", "enum": list(values)}


def maybe(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def many(schema: Json) -> Json:
    return {"type": "array", "items": schema}


def thing(required: dict[str, Json], **optional: Json) -> Json:
    return {"type": "object", "required": list(required), "properties": required | optional}


def auto_or(schema: Json) -> Json:
    return {"anyOf": [{"const": "auto"}, schema]}


def page(schema: Json, *, ids: Json | None = None) -> Json:
    required = {"object": {"const": "list"}, "data": many(schema), "has_more": TRUTH}
    return thing(required | ({} if ids is None else {"first_id": ids, "last_id": ids}))


FILE = thing(
    {
        "id": TEXT,
        "object": {"const": "file"},
        "bytes": WHOLE,
        "created_at": WHOLE,
        "filename": TEXT,
        "purpose": one_of(
            "assistants", "assistants_output", "batch", "batch_output", "fine-tune", "fine-tune-results", "vision", "user_data"
        ),
        "status": one_of("uploaded", "processed", "error"),
    },
    expires_at=WHOLE,
    status_details=TEXT,
)
FILE_DELETED = thing({"id": TEXT, "object": {"const": "file"}, "deleted": TRUTH})
UPLOAD = thing(
    {
        "id": TEXT,
        "object": {"const": "upload"},
        "bytes": WHOLE,
        "created_at": WHOLE,
        "expires_at": WHOLE,
        "filename": TEXT,
        "purpose": TEXT,
        "status": one_of("pending", "completed", "cancelled", "expired"),
    },
    file=maybe(FILE),
)
PART = thing({"id": TEXT, "object": {"const": "upload.part"}, "created_at": WHOLE, "upload_id": TEXT})
HYPERPARAMETERS = thing(
    {},
    n_epochs=auto_or({"type": "integer", "minimum": 1, "maximum": 50}),
    batch_size=auto_or({"type": "integer", "minimum": 1, "maximum": 256}),
    learning_rate_multiplier=auto_or({"type": "number", "exclusiveMinimum": 0}),
    beta=auto_or({"type": "number", "exclusiveMinimum": 0, "maximum": 2}),
)
METADATA = {"type": "object", "maxProperties": 16, "additionalProperties": {"type": "string", "maxLength": 512}}
JOB = thing(
    {
        "id": TEXT,
        "object": {"const": "fine_tuning.job"},
        "created_at": WHOLE,
        "error": maybe(thing({"code": TEXT, "message": TEXT, "param": maybe(TEXT)})),
        "fine_tuned_model": maybe(TEXT),
        "finished_at": maybe(WHOLE),
        "hyperparameters": HYPERPARAMETERS,
        "model": TEXT,
        "organization_id": TEXT,
        "result_files": many(TEXT),
        # The enum has no "paused"; the example of the operation that pauses answers it.
        "status": one_of("validating_files", "queued", "running", "succeeded", "failed", "cancelled", "paused"),
        "trained_tokens": maybe(WHOLE),
        "training_file": TEXT,
        "validation_file": maybe(TEXT),
        "seed": WHOLE,
    },
    estimated_finish=maybe(WHOLE),
    integrations=maybe({"type": "array", "maxItems": 5}),
    metadata=maybe(METADATA),
    method=thing(
        {"type": one_of("supervised", "dpo", "reinforcement")},
        supervised=thing({}, hyperparameters=HYPERPARAMETERS),
        dpo=thing({}, hyperparameters=HYPERPARAMETERS),
    ),
)
EVENT = thing(
    {
        "id": TEXT,
        "object": {"const": "fine_tuning.job.event"},
        "created_at": WHOLE,
        "level": one_of("info", "warn", "error"),
        "message": TEXT,
    },
    type=one_of("message", "metrics"),
    data={"type": "object"},
)
CHECKPOINT = thing(
    {
        "id": TEXT,
        "object": {"const": "fine_tuning.job.checkpoint"},
        "created_at": WHOLE,
        "fine_tuned_model_checkpoint": TEXT,
        "fine_tuning_job_id": TEXT,
        "step_number": WHOLE,
        "metrics": {"type": "object", "additionalProperties": NUMBER},
    }
)
MODEL = thing({"id": TEXT, "object": {"const": "model"}, "created": WHOLE, "owned_by": TEXT})
USAGE = thing({"prompt_tokens": WHOLE, "completion_tokens": WHOLE, "total_tokens": WHOLE})
ENDED = one_of("stop", "length", "tool_calls", "content_filter", "function_call")
LIKELY = {"token": TEXT, "logprob": NUMBER, "bytes": maybe(many(WHOLE))}
CHAT_LOGPROBS = maybe(thing({"content": maybe(many(thing(LIKELY | {"top_logprobs": many(thing(LIKELY))}))), "refusal": maybe(many({}))}))
OF_ANSWER = {"id": TEXT, "created": WHOLE, "model": TEXT}
CHAT = thing(
    OF_ANSWER
    | {
        "object": {"const": "chat.completion"},
        "choices": many(
            thing(
                {
                    "index": WHOLE,
                    "finish_reason": ENDED,
                    "logprobs": CHAT_LOGPROBS,
                    "message": thing({"role": {"const": "assistant"}, "content": maybe(TEXT), "refusal": maybe(TEXT)}),
                }
            )
        ),
    },
    usage=USAGE,
)
CHUNK = thing(
    OF_ANSWER
    | {
        "object": {"const": "chat.completion.chunk"},
        "choices": many(
            thing(
                {
                    "index": WHOLE,
                    "finish_reason": maybe(ENDED),
                    "delta": thing({}, role=one_of("developer", "system", "user", "assistant", "tool"), content=maybe(TEXT)),
                },
                logprobs=CHAT_LOGPROBS,
            )
        ),
    },
    usage=maybe(USAGE),
)
COMPLETION = thing(
    OF_ANSWER
    | {
        "object": {"const": "text_completion"},
        "choices": many(
            thing(
                {
                    "index": WHOLE,
                    "text": TEXT,
                    # Null in all pieces of a stream but the last, as OpenAI sends them.
                    "finish_reason": maybe(one_of("stop", "length", "content_filter")),
                    "logprobs": maybe(
                        thing(
                            {},
                            tokens=many(TEXT),
                            token_logprobs=many(NUMBER),
                            text_offset=many(WHOLE),
                            top_logprobs=many({"type": "object", "additionalProperties": NUMBER}),
                        )
                    ),
                }
            )
        ),
    },
    usage=USAGE,
)
ERROR = thing({"error": thing({"message": TEXT, "type": TEXT, "param": maybe(TEXT), "code": maybe(TEXT)})})
WEBHOOK = thing(
    {
        "id": TEXT,
        "created_at": WHOLE,
        "type": one_of("fine_tuning.job.succeeded", "fine_tuning.job.failed", "fine_tuning.job.cancelled"),
        "data": thing({"id": TEXT}),
    },
    object={"const": "event"},
)

ANSWERS: Final[dict[str, Json]] = {
    "POST /files": FILE,
    "GET /files": page(FILE, ids=TEXT),
    "GET /files/{id}": FILE,
    "DELETE /files/{id}": FILE_DELETED,
    "POST /uploads": UPLOAD,
    "POST /uploads/{id}/parts": PART,
    "POST /uploads/{id}/complete": UPLOAD,
    "POST /uploads/{id}/cancel": UPLOAD,
    "POST /fine_tuning/jobs": JOB,
    "GET /fine_tuning/jobs": page(JOB),
    "GET /fine_tuning/jobs/{id}": JOB,
    "POST /fine_tuning/jobs/{id}/cancel": JOB,
    "POST /fine_tuning/jobs/{id}/pause": JOB,
    "POST /fine_tuning/jobs/{id}/resume": JOB,
    "GET /fine_tuning/jobs/{id}/events": page(EVENT),
    "GET /fine_tuning/jobs/{id}/checkpoints": page(CHECKPOINT, ids=maybe(TEXT)),
    "GET /models": thing({"object": {"const": "list"}, "data": many(MODEL)}),
    "GET /models/{id}": MODEL,
    "DELETE /models/{id}": thing({"id": TEXT, "object": TEXT, "deleted": TRUTH}),
    "POST /completions": COMPLETION,
    "POST /chat/completions": CHAT,
}
"""By operation; `GET /files/{id}/content` is bytes and has none."""
_PLACES: Final = {operation: re.compile(operation.replace("{id}", "[^/]+").replace("models/[^/]+", "models/.+")) for operation in ANSWERS}


def operation_of(method: str, path: str) -> str:
    """ "GET /files/{id}" for a request; fails for one of an operation that has no schema here."""
    asked = f"{method} {path.partition('/v1')[2]}"
    found = [operation for operation, place in _PLACES.items() if place.fullmatch(asked)]
    assert found, f"{asked} is no operation of the specification's that is answered here"
    return found[0]


def check_answer(operation: str, answer: Any) -> None:
    jsonschema_rs.validate(ANSWERS[operation], answer)


def check(schema: Json, answer: Any) -> None:
    jsonschema_rs.validate(schema, answer)
