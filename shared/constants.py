"""Words and limits that every program of the product agrees on. Nothing here depends on anything."""

from typing import Final, Literal

JobState = Literal["queued", "running", "paused", "succeeded", "failed", "cancelled"]
LIVE_STATES: Final[frozenset[str]] = frozenset({"queued", "running", "paused"})

Method = Literal["lora", "full", "scratch"]
Objective = Literal["supervised", "preference"]
"""What is learned: to say what the examples say, or to prefer one answer of each pair to the other (DPO)."""
DocumentType = Literal["dataset", "training_guide", "test_submission"]
DocumentFormat = Literal["txt", "md", "html", "pdf", "docx", "csv", "tsv", "json", "jsonl", "parquet", "zip"]
Shape = Literal["text", "prompt_completion", "messages", "preference"]
DocumentStatus = Literal["ready", "needs_mapping"]
Scheduler = Literal["cosine", "linear", "constant"]
LoraTargets = Literal["all", "attention", "query_value"]
LoraScaling = Literal["rank", "root"]
Accelerator = Literal["cpu", "cuda", "mps"]
Availability = Literal["ready", "downloadable", "unavailable"]

Role = Literal["member", "admin"]
Scope = Literal["read", "write"]
RegistrationMode = Literal["open", "invite", "closed"]
SecurityEventKind = Literal[
    "registered",
    "signed_in",
    "sign_in_failed",
    "signed_out",
    "refresh_token_reused",
    "session_ended",
    "other_sessions_ended",
    "profile_changed",
    "password_changed",
    "password_reset_asked",
    "password_reset",
    "email_verified",
    "email_change_asked",
    "email_changed",
    "google_linked",
    "google_took_over",
    "google_unlinked",
    "key_created",
    "key_used",
    "key_revoked",
    "data_exported",
    "invitation_created",
    "invitation_withdrawn",
    "made_administrator",
    "made_member",
    "disabled",
    "enabled",
    "registration_mode_changed",
    "job_cancelled",
]

MIN_PASSWORD_CHARACTERS: Final = 12
MAX_PASSWORD_CHARACTERS: Final = 128
MAX_NAME_CHARACTERS: Final = 200
MAX_NOTE_CHARACTERS: Final = 4_000
MAX_DOCUMENTS_PER_JOB: Final = 50
MIN_EXAMPLES_TO_SPLIT: Final = 4
MIN_OPTIMIZER_STEPS: Final = 10
MAX_EXAMPLE_CHARACTERS: Final = 1_000_000
NUM_SAMPLES_IN_LOG: Final = 5
SAMPLE_CHARACTERS: Final = 150
MAX_CHART_POINTS: Final = 1_500
MAX_AUTOMATIC_RESUMES: Final = 3
"""How often a run that crashed is continued without anybody asking; then the job fails with the reason."""
MAX_COMPARED_RUNS: Final = 8
API_KEY_PREFIX: Final = "ltk_"
MAX_API_KEY_DAYS: Final = 366
SECURITY_LOG_DAYS: Final = 90
