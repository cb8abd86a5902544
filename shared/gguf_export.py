"""What the export program is asked and what it leaves.

    python -m server.tuning.gguf_export --model FOLDER --precision f16 --name NAME --out FOLDER

It writes `model.gguf`, `Modelfile` (for Ollama) and `report.json` (`GgufReport`) there. With `passed` False the file is gone again, and
`reason` says why. Exit status 0 with a report, whatever it says; anything else is a crash.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

GGUF_FILE = "model.gguf"
REPORT_FILE = "report.json"
MODELFILE = "Modelfile"
Precision = Literal["f32", "f16", "q8_0"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Parting(_Part):
    """A place where llama.cpp's greedy answer would leave the trainer's, whose two best logits are `margin` apart there."""

    prompt: int
    position: int
    margin: float


class GgufReport(_Part):
    """How an exported file, loaded by llama.cpp, compares with the trainer's own computation.

    `num_identical` of `num_prompts` greedy answers are the same to the last token, every other one has a parting. `agreement` is the
    share of `num_positions` at which both find the same token likeliest after the same tokens; below `least_agreement` a file is not
    offered. Perplexities are over the prompts' own tokens, and so is the `largest_difference` of logarithms of probability.
    """

    precision: Precision
    passed: bool
    reason: str | None = None
    size_bytes: int = 0
    sha256: str = ""
    num_prompts: int = 0
    num_identical: int = 0
    partings: list[Parting] = []
    num_positions: int = 0
    agreement: float = 0.0
    least_agreement: float = 0.0
    largest_difference: float = 0.0
    perplexity_trainer: float = 0.0
    perplexity: float = 0.0
    num_texts: int = 0
    num_texts_same_tokens: int = 0
    seconds: float = 0.0
    engine: str = ""
