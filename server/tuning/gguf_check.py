"""Whether a GGUF file, run by llama.cpp, is the model that the trainer knows. Both are asked the same; nothing is taken on trust.

* Texts: llama.cpp cuts each of them into the tokens that the trainer's tokenizer gives, and renders a conversation as it does.
* Forced: the trainer continues 20 prompts of 32 tokens by 32, greedily, and llama.cpp is led along its answer by a bias that leaves one
  token possible at each place; the logarithms of probability that it reports are those before the bias. The share of places where both
  find the same token likeliest must be high enough.
* Greedy: where the two part for the first time, llama.cpp's own greedy answer would leave the trainer's. In f32 that may happen only where
  the trainer's two best logits are closer than 0.01.
* Perplexity: the same, along the prompts' own text.
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from server.tuning.generate import Sampling, generate
from server.tuning.llama_engine import Engine, EngineRefused
from server.tuning.model import CausalModel
from server.tuning.spans import Spans
from server.tuning.tokens import TextTokenizer
from shared.gguf_export import GgufReport, Parting, Precision
from shared.rendering import render_prompt

NUM_PROMPTS: Final = 20
LENGTH: Final = 32
NEAR: Final = 0.01
LEAST_AGREEMENT: Final[dict[Precision, float]] = {"f32": 0.99, "f16": 0.99, "q8_0": 0.95}
SLOTS: Final = 4
_FORCE: Final = 1e6
"""Added to a logit, more than any other can be."""
_LEAD: Final = 2
"""Tokens of a prompt that are given before its perplexity is measured."""

TEXTS: Final = (
    "Hello, world!",
    "  two spaces,   three   and a tab\tin between  ",
    "Line one\nline two\r\n\r\n\n  indented\n",
    "It's 1234567890 o'clock; we'll be there at 9:05, won't we? I'D SAY SO.",
    "def f(x_1):\n    return {'a': [x_1 ** 2, 0.5e-3]}  # why?\n",
    "Grüße aus Zürich, où l'été dure; naïve façade, Ångström.",
    "日本語の文章です。中文也可以。한국어도 됩니다.",
    "Привет, мир! Γειά σου Κόσμε. مرحبا بالعالم. שלום",
    "👩‍👩‍👧‍👦 emoji 🙂🙃, e\u0301 as two characters, and a \u00a0 no-break space",
    "¼ ½ ² ³ Ⅷ ٣٤٥ १२३ and x²+y²=z²",
    "https://example.org/a?b=c&d=%20e#f -- 100% [sic] (c) 2026",
    "ALL CAPS AND miXed CaSe aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "...!!!???,,,;;;:::---___***",
    "The end.<|endoftext|>A new beginning",
)
"""What tokenizers differ about: white space, digits, apostrophes, letters of many scripts, marks that join, special tokens."""
MESSAGES: Final = [
    {"role": "system", "content": "Answer in one sentence."},
    {"role": "user", "content": "Who keeps the light?"},
    {"role": "assistant", "content": "The keeper does."},
    {"role": "user", "content": "And at noon?\nNobody?"},
]


@dataclass(frozen=True)
class Known:
    """What the trainer says to one prompt: its greedy answer, its best two logits at each place of it, and what it gives the prompt's
    own tokens."""

    prompt: list[int]
    answer: list[int]
    best: list[int]
    margins: list[float]
    prompt_logprobs: list[float]


def prompts_from(text: str, tokenizer: TextTokenizer, *, count: int, length: int) -> list[list[int]]:
    """`count` pieces of `length` tokens, spread evenly over the text."""
    ids = tokenizer.encode_pieces([text])[0]
    step = max(1, (len(ids) - length) // max(1, count))
    return [ids[start : start + length] for start in range(0, count * step, step)]


@torch.no_grad()
def known(model: CausalModel, tokenizer: TextTokenizer, prompt: list[int], *, end_ids: Sequence[int], length: int) -> Known:
    made = generate(model, tokenizer, prompt, sampling=Sampling(max_tokens=length), end_ids=end_ids).token_ids
    ids = torch.tensor([*prompt, *made])
    logits_NV = model.hidden(ids, Spans.of((len(ids),))) @ model.head_weight.T
    best = logits_NV[len(prompt) - 1 : -1].topk(2)
    logprobs = _of_tokens(logits_NV[_LEAD - 1 : len(prompt) - 1], ids[_LEAD : len(prompt)])
    margins = (best.values[:, 0] - best.values[:, 1]).tolist()
    return Known(prompt, made, best.indices[:, 0].tolist(), margins, logprobs)


def _of_tokens(logits_NV: Tensor, ids_N: Tensor) -> list[float]:
    chances = torch.log_softmax(logits_NV, dim=-1)
    return [float(value) for value in chances.gather(1, ids_N[:, None])[:, 0]]


def check(engine: Engine, precision: Precision, knowns: Sequence[Known], tokenizer: TextTokenizer) -> GgufReport:
    """`reason` of the report is the first thing that is wrong."""
    plain = tokenizer.encode_pieces(["a"])[0][0]
    along_prompt = _several(lambda one, slot: _led(engine, one.prompt[:_LEAD], one.prompt[_LEAD:], slot, plain=plain), knowns)
    along_answer = _several(lambda one, slot: _led(engine, one.prompt, one.answer, slot, plain=plain), knowns)
    same = [
        [step.best == best for step, best in zip(steps, one.best, strict=True)] for one, steps in zip(knowns, along_answer, strict=True)
    ]
    pairs = [
        (logprob, step.logprob)
        for one, steps in zip(knowns, along_prompt, strict=True)
        for logprob, step in zip(one.prompt_logprobs, steps, strict=True)
        if step.logprob is not None
    ]
    texts = sum(engine.tokens_of(text) == tokenizer.encode_prompt(text) for text in TEXTS)
    partings = [(index, places.index(False)) for index, places in enumerate(same) if not all(places)]
    ties = [Parting(prompt=i, position=at, margin=round(knowns[i].margins[at], 6)) for i, at in partings]
    places = [place for one in same for place in one]
    report = GgufReport(
        precision=precision,
        passed=False,
        num_prompts=len(knowns),
        num_identical=len(knowns) - len(partings),
        partings=ties,
        num_positions=len(places),
        agreement=sum(places) / max(1, len(places)),
        least_agreement=LEAST_AGREEMENT[precision],
        largest_difference=max((abs(a - b) for a, b in pairs), default=0.0),
        perplexity_trainer=_perplexity([a for a, _ in pairs]),
        perplexity=_perplexity([b for _, b in pairs]),
        num_texts=len(TEXTS),
        num_texts_same_tokens=texts,
    )
    reason = _wrong(report) or _template_wrong(engine, tokenizer)
    return report.model_copy(update={"passed": reason is None, "reason": reason})


def _wrong(report: GgufReport) -> str | None:
    if report.num_texts_same_tokens < report.num_texts:
        wrong = report.num_texts - report.num_texts_same_tokens
        return f"llama.cpp cuts {wrong} of {report.num_texts} texts into other tokens than the trainer does."
    wide = [parting for parting in report.partings if parting.margin >= NEAR]
    if wide and report.precision == "f32":
        return f"{len(wide)} of {report.num_prompts} greedy answers differ from the trainer's where its two best logits are not close."
    if not report.num_positions or report.agreement < report.least_agreement:
        return f"The likeliest token is the trainer's in {report.agreement:.2%} of cases, and must be in {report.least_agreement:.0%}."
    return None


def _template_wrong(engine: Engine, tokenizer: TextTokenizer) -> str | None:
    if tokenizer.template_source is None:
        return None
    if engine.rendered(MESSAGES) != render_prompt(MESSAGES, tokenizer.template):  # type: ignore[arg-type]  # plain dictionaries
        return "llama.cpp renders the chat template otherwise than the trainer does."
    return None


@dataclass(frozen=True)
class _Step:
    """`logprob`: of the token that it was led to; None where llama.cpp does not tell it."""

    best: int
    logprob: float | None


def _led(engine: Engine, prompt: Sequence[int], along: Sequence[int], slot: int, *, plain: int) -> list[_Step]:
    """What llama.cpp thinks at each place when it is led along these tokens. The places before stay computed in its slot.

    Of an end token and of a part of a character it tells nothing: there it is led to the `plain` token, and asked for the likeliest alone.
    """
    steps = []
    for at, token in enumerate(along):
        for forced in (token, plain):
            asked = {"prompt": [*prompt, *along[:at]], "n_predict": 1, "temperature": 0, "n_probs": 2, "logit_bias": [[forced, _FORCE]]}
            answer = engine.complete({**asked, "id_slot": slot, "cache_prompt": True})
            told = (answer["choices"][0]["logprobs"] or {}).get("content")
            if told:
                steps.append(_Step(told[0]["top_logprobs"][0]["id"], told[0]["logprob"] if forced == token else None))
                break
        else:
            raise EngineRefused("llama.cpp tells no probabilities")
    return steps


def _several(work: Callable[[Known, int], list[_Step]], knowns: Sequence[Known]) -> list[list[_Step]]:
    """In all slots at the same time, each with every so many-th of them."""
    with ThreadPoolExecutor(SLOTS) as several:
        shares = list(several.map(lambda slot: [work(one, slot) for one in knowns[slot::SLOTS]], range(SLOTS)))
    return [shares[index % SLOTS][index // SLOTS] for index in range(len(knowns))]


def _perplexity(logprobs: Sequence[float]) -> float:
    return math.exp(-sum(logprobs) / max(1, len(logprobs))) if logprobs else 0.0


def room_for(num_slots: int) -> int:
    """Tokens that the engine must be able to hold for this check."""
    return num_slots * 4 * LENGTH


def text_of(folder: Path) -> str:
    """The text that prompts are taken from."""
    return (folder / "lighthouse-year.txt").read_text(encoding="utf-8")
