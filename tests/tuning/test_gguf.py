"""GGUF files of small models, run by the real llama.cpp: what passes the check, and what does not."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader, quantize
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from server.tuning.files import sha256_of
from server.tuning.gguf_export import export
from server.tuning.gguf_file import _in_blocks, write_gguf
from server.tuning.gguf_tensors import Precision
from server.tuning.llama_file import gguf_of
from server.tuning.model_folder import build, save_model
from server.tuning.model_shape import ModelShape
from server.tuning.tokens import TextTokenizer, load_tokenizer
from shared.gguf_export import GGUF_FILE, REPORT_FILE, GgufReport
from tests.tuning.conftest import SHAPES, TEMPLATE, noisy

ROOT = Path(__file__).resolve().parents[2]


def exported(model: Path, out: Path, precision: str, *, prompts: int = 6) -> GgufReport:
    """In a process of its own, as the server does it: llama.cpp stays in a process for good."""
    flags = ["--model", model, "--precision", precision, "--name", "Tiny", "--out", out, "--threads", "1", "--prompts", prompts]
    done = subprocess.run(
        [sys.executable, "-m", "server.tuning.gguf_export", *map(str, flags)], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return GgufReport.model_validate_json((out / REPORT_FILE).read_bytes())


def untied(models_folder: Path, folder: Path) -> Path:
    tokenizer = load_tokenizer(models_folder / "tiny-llama")
    shape = ModelShape(**{**SHAPES["llama"].__dict__, "vocabulary_size": tokenizer.vocabulary_size, "tied": False})
    folder.mkdir()
    save_model(noisy(build(shape), seed=9), folder, bos_id=tokenizer.eos_id, end_ids=[tokenizer.eos_id], pad_id=tokenizer.eos_id)
    tokenizer.save(folder, context_length=shape.context_length, template_source=TEMPLATE)
    return folder


def test_a_llama_is_the_same_model_in_llama_cpp(models_folder: Path, tmp_path: Path) -> None:
    report = exported(untied(models_folder, tmp_path / "untied"), tmp_path / "out", "f32")
    assert report.passed, report.reason
    assert (report.num_prompts, report.agreement) == (6, 1.0)
    assert report.num_texts_same_tokens == report.num_texts
    assert report.largest_difference < 1e-3
    assert report.sha256 == sha256_of(tmp_path / "out" / GGUF_FILE)


def test_a_gpt2_with_its_own_vocabulary_is_the_same_model_in_llama_cpp(models_folder: Path, tmp_path: Path) -> None:
    report = exported(models_folder / "tiny-gpt2", tmp_path / "out", "f16", prompts=20)
    assert report.passed, report.reason
    assert report.agreement >= 0.99
    assert report.perplexity == pytest.approx(report.perplexity_trainer, rel=1e-2)


def test_a_file_with_other_weights_is_not_offered(models_folder: Path, tmp_path: Path) -> None:
    """The keys of heads in another order: the commonest way to get a Llama almost right."""
    code = (
        "import sys; from pathlib import Path\n"
        "from server.tuning import gguf_tensors; from server.tuning.gguf_export import main\n"
        "gguf_tensors._in_pairs = lambda weights, num_heads: weights\n"
        "main(sys.argv[1:])\n"
    )
    flags = ["--model", models_folder / "tiny-llama", "--precision", "f32", "--name", "Tiny", "--out", tmp_path, "--threads", "1"]
    subprocess.run([sys.executable, "-c", code, *map(str, flags), "--prompts", "4"], cwd=ROOT, capture_output=True, timeout=300)
    report = GgufReport.model_validate_json((tmp_path / REPORT_FILE).read_bytes())
    assert not report.passed
    assert "greedy answers differ" in str(report.reason)
    assert not (tmp_path / GGUF_FILE).exists()


def test_a_tokenizer_that_llama_cpp_does_not_have_is_refused(models_folder: Path, tmp_path: Path) -> None:
    model = untied(models_folder, tmp_path / "words")
    words = TextTokenizer(Tokenizer(WordLevel({"<|endoftext|>": 0, "a": 1}, unk_token="<|endoftext|>")), eos="<|endoftext|>")
    words.save(model, context_length=64, template_source=None)
    report = export(model, tmp_path, precision="f16", name="Words", threads=1, num_prompts=2)
    assert not report.passed
    assert "cannot be exported: the tokenizer" in str(report.reason)
    assert not (tmp_path / GGUF_FILE).exists()


def test_q8_0_is_llama_cpp_own_to_the_bit() -> None:
    weights = np.random.default_rng(3).normal(size=(7, 96)).astype(np.float32)
    weights[2, 32:64] = 0
    assert (_in_blocks(weights) == quantize(weights, GGMLQuantizationType.Q8_0)).all()


@pytest.mark.parametrize(
    ("precision", "matrices"), [("f32", GGMLQuantizationType.F32), ("f16", GGMLQuantizationType.F16), ("q8_0", GGMLQuantizationType.Q8_0)]
)
def test_vectors_and_positions_stay_f32(models_folder: Path, tmp_path: Path, precision: Precision, matrices: GGMLQuantizationType) -> None:
    write_gguf(models_folder / "tiny-gpt2", tmp_path / "tiny.gguf", precision=precision, name="Tiny")
    kinds = {tensor.name: tensor.tensor_type for tensor in GGUFReader(tmp_path / "tiny.gguf").tensors}
    f32 = GGMLQuantizationType.F32
    assert {kinds[name] for name in kinds if "norm" in name or name.endswith("bias") or name == "position_embd.weight"} == {f32}
    assert {kind for name, kind in kinds.items() if name.startswith("blk.0.ffn_up.w") or name == "token_embd.weight"} == {matrices}


def test_what_is_kept_for_serving_goes_with_its_model(models_folder: Path, tmp_path: Path) -> None:
    model = untied(models_folder, tmp_path / "model")
    kept = gguf_of(model, tmp_path / "served", precision="f16")
    written = kept.stat().st_mtime_ns
    assert gguf_of(model, tmp_path / "served", precision="f16").stat().st_mtime_ns == written
    model.rename(tmp_path / "elsewhere")
    gguf_of(tmp_path / "elsewhere", tmp_path / "served", precision="f16")
    assert not kept.exists()
