"""Variants of Llama that our own code computes, and families that transformers computes inside of our trainer: the same losses and the
same gradients as transformers' own, packed or not, and artifacts that transformers loads."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from server.tuning import lora
from server.tuning.flat import FlatParameters
from server.tuning.generate import Sampling, generate
from server.tuning.loss import head_loss
from server.tuning.model_folder import DamagedModel, load_model, read_config, save_model
from server.tuning.model_other import Other
from server.tuning.spans import Spans
from server.tuning.testing.reading import Question, read
from server.tuning.tokens import load_tokenizer
from shared.job_spec import JobSpec
from tests.tuning.conftest import Run, noisy

SIZES = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}
STRETCHED = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
OURS: dict[str, dict[str, Any]] = {
    "llama": {"rope_parameters": {"rope_theta": 10_000.0, **STRETCHED}},
    "mistral": {"sliding_window": 64, "head_dim": 16},
    "qwen2": {"tie_word_embeddings": True},
    "qwen3": {"head_dim": 16},
}
OTHERS: dict[str, dict[str, Any]] = {
    "olmo2": {},
    "phi3": {"tie_word_embeddings": True},
    "gpt_neox": {"num_key_value_heads": 4},
    "granite": {"attention_multiplier": 0.3, "logits_scaling": 2.0},
    "gemma": {"head_dim": 16},
    "mixtral": {"num_local_experts": 4},
}


@pytest.fixture(scope="module")
def folder_of(models_folder: Path) -> Callable[[str], Path]:
    """A folder as transformers saves it, with the tokenizer of the tiny Llama."""

    def made(model_type: str) -> Path:
        folder = models_folder / f"tiny-{model_type}-by-transformers"
        if not folder.exists():
            from transformers import AutoConfig, AutoModelForCausalLM

            tokenizer = load_tokenizer(models_folder / "tiny-llama")
            sizes = {**SIZES, **OURS.get(model_type, {}), **OTHERS.get(model_type, {})}
            tokens = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), tokenizer.eos_id)
            config = AutoConfig.for_model(model_type, vocab_size=tokenizer.vocabulary_size, **sizes, **tokens)
            noisy(AutoModelForCausalLM.from_config(config)).save_pretrained(folder)
            tokenizer.save(folder, context_length=128, template_source=None)
        return folder

    return made


def reference(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()


def loss_of(model: Any, documents: list[torch.Tensor]) -> torch.Tensor:
    """The mean loss of documents that are packed into one batch."""
    rows, targets = torch.cat([ids[:-1] for ids in documents]), torch.cat([ids[1:] for ids in documents])
    spans = Spans.of(tuple(len(ids) - 1 for ids in documents))
    return head_loss(model.hidden(rows, spans), model.head_weight, targets, 1 / len(targets))


@pytest.mark.parametrize("model_type", [*OURS, *OTHERS])
def test_loss_and_gradients_of_packed_documents_are_those_of_transformers(model_type: str, folder_of: Callable[[str], Path]) -> None:
    folder, noise = folder_of(model_type), torch.Generator().manual_seed(1)
    documents = [torch.randint(1, 250, (length,), generator=noise) for length in (21, 40)]
    theirs = reference(folder)
    expected = sum(theirs(input_ids=ids[None], labels=ids[None]).loss * (len(ids) - 1) for ids in documents) / 59
    expected.backward()

    model = load_model(folder)
    assert isinstance(model, Other) == (model_type in OTHERS)
    flat = FlatParameters(model.parameters())
    loss = loss_of(model, documents)
    loss.backward()

    assert loss.item() == pytest.approx(expected.item(), abs=2e-4)
    size = float(flat.grad.norm())
    assert size == pytest.approx(float(torch.stack([p.grad.norm() for p in theirs.parameters() if p.grad is not None]).norm()), rel=1e-3)
    gradients = {name: parameter.grad for name, parameter in theirs.named_parameters()}
    for parameter in model.parameters():
        parameter.data = parameter.grad
    for slot in model.slots():
        found = slot.view.T if slot.transposed else slot.view
        distance = float((found - gradients[slot.name]).norm())
        assert distance <= 1e-3 * float(gradients[slot.name].norm()) + 1e-6 * size, slot.name


@pytest.mark.parametrize("model_type", ["qwen3", "phi3", "mixtral"])
def test_an_adapter_trains_merges_and_is_saved(model_type: str, folder_of: Callable[[str], Path], tmp_path: Path) -> None:
    model, ids = load_model(folder_of(model_type)), torch.arange(3, 30)
    flat = FlatParameters(lora.attach(model, rank=4, alpha=8.0, seed=3))
    before = loss_of(model, [ids])
    for _ in range(5):
        flat.grad.zero_()
        loss_of(model, [ids]).backward()
        flat.data.sub_(flat.grad, alpha=0.5 / float(flat.grad.norm()))
    after = loss_of(model, [ids]).item()
    assert after < before.item()

    lora.merge(model)
    save_model(model, tmp_path, bos_id=0, end_ids=[0], pad_id=0)
    theirs = reference(tmp_path)
    with torch.no_grad():
        assert theirs(input_ids=ids[None], labels=ids[None]).loss.item() == pytest.approx(after, abs=1e-3)
        assert loss_of(load_model(tmp_path).requires_grad_(False), [ids]).item() == pytest.approx(after, abs=1e-4)


@pytest.mark.parametrize("model_type", ["qwen2", "olmo2"])
@torch.no_grad()
def test_text_is_continued_as_transformers_continues_it(model_type: str, folder_of: Callable[[str], Path]) -> None:
    folder = folder_of(model_type)
    model, tokenizer, prompt = load_model(folder), load_tokenizer(folder), list(range(20, 32))
    found = generate(model, tokenizer, prompt, sampling=Sampling(max_tokens=12), end_ids=[])
    theirs = reference(folder).generate(torch.tensor([prompt]), max_new_tokens=12, do_sample=False, eos_token_id=None)
    assert found.token_ids == theirs[0, len(prompt) :].tolist()
    beside = read(model, [Question(prompt, []), Question(prompt[:5], [])], max_tokens=12, end_ids=[])
    assert beside[0].answer == found.token_ids


def test_a_family_of_transformers_is_tuned_from_end_to_end(
    folder_of: Callable[[str], Path], train: Callable[..., Run], write_spec: Callable[..., JobSpec], pairs: list[dict[str, str]]
) -> None:
    folder = folder_of("olmo2")
    run = train(write_spec(pairs, base_model=f"local/{folder.name}", method="lora", max_steps=12))
    assert run.status == 0
    losses = [event.loss for event in run.of("evaluation")]
    assert losses[-1] < losses[0]
    assert read_config(run.folder / "model")["model_type"] == "olmo2"
    reference(run.folder / "model")


def test_a_family_whose_arithmetic_does_not_fit_is_refused(folder_of: Callable[[str], Path]) -> None:
    """Gemma 2 bends its logits, which a loss of ours would not know."""
    with pytest.raises(DamagedModel, match="'gemma2' compute something that is not supported"):
        load_model(folder_of("gemma2"))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model_type": "no-such-family"}, "cannot be computed here"),
        ({"model_type": "olmo2", "num_hidden_layers": 900}, "larger model than the weights"),
        ({"model_type": "olmo2", "num_hidden_layers": 3}, "larger model than the weights|missing"),
        ({"model_type": "t5", "is_encoder_decoder": True}, "do more than continue a text"),
    ],
)
def test_what_cannot_be_computed_exactly_is_refused(
    changed: dict[str, Any], message: str, folder_of: Callable[[str], Path], tmp_path: Path
) -> None:
    for file in folder_of("olmo2").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = {**json.loads((tmp_path / "config.json").read_text()), "architectures": None, **changed}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(DamagedModel, match=message):
        load_model(tmp_path)
