"""A model's folder as one GGUF file, the form in which llama.cpp and what is built on it (Ollama, LM Studio) run models.

Nothing here has seen the file run: `gguf_check.py` does that.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np

from server.tuning.gguf_tensors import BLOCK, Precision, Source, sources
from server.tuning.gguf_vocabulary import NotInGguf, vocabulary_of
from server.tuning.model_files import end_ids, read_config
from server.tuning.model_shape import ModelShape, shape_of
from server.tuning.tokens import TextTokenizer, check_fits, load_tokenizer

_FILE_TYPES: Final = {"f32": 0, "f16": 1, "q8_0": 7}
_Q8_0_BYTES: Final = BLOCK + 2


def write_gguf(folder: Path, target: Path, *, precision: Precision, name: str) -> None:
    """`folder` is a Hugging Face folder. Raises `DamagedModel`, and `NotInGguf`."""
    from gguf import GGUFWriter  # Only here: half a second.

    shape = shape_of(read_config(folder))
    _check_known(shape)
    tokenizer = load_tokenizer(folder)
    check_fits(tokenizer, shape.vocabulary_size)
    tensors = sources(folder, shape)
    writer = GGUFWriter(target, arch=shape.family)
    try:
        _describe(writer, shape, name, precision)
        _add_tokenizer(writer, tokenizer, shape, end_ids(folder))
        for tensor in tensors:
            _announce(writer, tensor, precision)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for tensor in tensors:
            writer.write_tensor_data(_numbers(tensor, shape, precision))
    finally:
        writer.close()


def _check_known(shape: ModelShape) -> None:
    """Our Llama computes more than llama.cpp's architecture of that name, and transformers more than both."""
    if shape.family == "other" or shape.qkv_bias or shape.head_norms:
        raise NotInGguf(f"models of the type {shape.model_type[:40]!r} are not exported, only GPT-2 and Llama")
    if shape.rope_scaling is not None:
        raise NotInGguf("its rotary positions are stretched, which is not exported")


def _describe(writer: Any, shape: ModelShape, name: str, precision: Precision) -> None:
    writer.add_name(name)
    writer.add_file_type(_FILE_TYPES[precision])
    if precision == "q8_0":
        writer.add_quantization_version(2)
    writer.add_context_length(shape.context_length)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.inner_width)
    writer.add_block_count(shape.num_layers)
    writer.add_head_count(shape.num_heads)
    if shape.family == "gpt2":
        writer.add_layer_norm_eps(shape.norm_eps)
        return
    writer.add_head_count_kv(shape.num_kv_heads)
    writer.add_layer_norm_rms_eps(shape.norm_eps)
    writer.add_rope_freq_base(shape.rope_theta)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_key_length(shape.head_width)
    writer.add_value_length(shape.head_width)
    writer.add_vocab_size(shape.vocabulary_size)


def _add_tokenizer(writer: Any, tokenizer: TextTokenizer, shape: ModelShape, ends: list[int]) -> None:
    vocabulary = vocabulary_of(tokenizer, shape.vocabulary_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(vocabulary.pre)
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.types)
    writer.add_token_merges(vocabulary.merges)
    bos = tokenizer.id_of(tokenizer.bos)
    ends = ends or [tokenizer.eos_id]
    writer.add_eos_token_id(ends[0])
    if len(ends) > 1:
        writer.add_eot_token_id(ends[1])
    writer.add_bos_token_id(tokenizer.eos_id if bos is None else bos)
    writer.add_pad_token_id(tokenizer.id_of(tokenizer.pad or tokenizer.eos))
    writer.add_add_bos_token(bos is not None and tokenizer.encode_prompt("a")[:1] == [bos])
    writer.add_add_space_prefix(False)
    if tokenizer.template_source is not None:
        writer.add_chat_template(tokenizer.template_source)


def _announce(writer: Any, tensor: Source, precision: Precision) -> None:
    from gguf import GGMLQuantizationType

    kind = tensor.kind(precision)
    count = int(np.prod(tensor.shape))
    if kind == "q8_0":
        row = tensor.shape[-1] // BLOCK * _Q8_0_BYTES
        size = (*tensor.shape[:-1], row)
        writer.add_tensor_info(tensor.name, size, np.dtype(np.uint8), int(np.prod(size)), raw_dtype=GGMLQuantizationType.Q8_0)
    elif kind == "f16":
        writer.add_tensor_info(tensor.name, tensor.shape, np.dtype(np.float16), 2 * count)
    else:
        writer.add_tensor_info(tensor.name, tensor.shape, np.dtype(np.float32), 4 * count)


def _numbers(tensor: Source, shape: ModelShape, precision: Precision) -> np.ndarray:
    weights = tensor.values(shape)
    match tensor.kind(precision):
        case "q8_0":
            return _in_blocks(weights)
        case "f16":
            return weights.astype(np.float16)
    return np.ascontiguousarray(weights)


def _in_blocks(weights: np.ndarray) -> np.ndarray:
    """Q8_0: each 32 numbers as one f16 scale and 32 signed bytes, rounded as llama.cpp's reference does it (half away from zero)."""
    blocks = weights.reshape(-1, BLOCK)
    scale = np.abs(blocks).max(axis=1, keepdims=True) / np.float32(127)
    with np.errstate(divide="ignore"):
        inverse = np.where(scale == 0, np.float32(0), 1 / scale)
    scaled = blocks * inverse
    whole = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)).astype(np.int8)
    packed = np.concatenate([scale.astype(np.float16).view(np.uint8), whole.view(np.uint8)], axis=1)
    return packed.reshape(*weights.shape[:-1], -1)
