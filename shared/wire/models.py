"""Base models, tuned models, and what they say to a prompt."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.constants import Availability, Method
from shared.gguf_export import GgufReport
from shared.wire.base import Answer, Request


class BaseModelInfo(Answer):
    id: str
    object: Literal["base_model"] = "base_model"
    name: str
    description: str
    num_parameters: int
    context_length: int
    license: str
    size_bytes: int
    memory_bytes: int
    from_scratch: bool
    chat: bool
    methods: list[Method]
    availability: Availability
    availability_reason: str | None = None


class TunedModel(Answer):
    id: str
    object: Literal["tuned_model"] = "tuned_model"
    name: str
    base_model: str
    method: Method
    job_id: str
    chat: bool
    num_parameters: int
    size_bytes: int
    validation_loss_before: float | None
    validation_loss: float | None
    num_training_tokens: int
    created_at: datetime


ExportFormat = Literal["safetensors", "adapter", "gguf-f32", "gguf-f16", "gguf-q8_0"]
ExportState = Literal["absent", "waiting", "running", "ready", "failed"]


class ExportRequest(Request):
    """What is made on request; the others are there as soon as the model is."""

    format: Literal["gguf-f32", "gguf-f16", "gguf-q8_0"]


class ModelExport(Answer):
    """A form in which a tuned model can be taken away. `report`: how llama.cpp, which ran the file, compares with the trainer; a file
    that does not compare well is `failed`, with the reason, and is not given out. `how` is one line on how to run it."""

    object: Literal["model_export"] = "model_export"
    model: str
    format: ExportFormat
    state: ExportState
    how: str
    size_bytes: int = 0
    reason: str | None = None
    report: GgufReport | None = None
    created_at: datetime | None = None
    finished_at: datetime | None = None


class Message(Request):
    role: Literal["system", "user", "assistant"]
    content: Annotated[str, StringConstraints(max_length=100_000)]


class GenerateRequest(Request):
    """Exactly one of `prompt` (continued as it is) and `messages` (through the model's chat template). Temperature 0 is greedy."""

    prompt: Annotated[str, StringConstraints(min_length=1, max_length=100_000)] | None = None
    messages: Annotated[list[Message], Field(min_length=1, max_length=200)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=2048)] = 128
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


class Generation(Answer):
    object: Literal["generation"] = "generation"
    model: str
    text: str
    token_ids: list[int]
    num_prompt_tokens: int
    num_tokens: int
    finish_reason: Literal["stop", "length"]
    seconds: float
