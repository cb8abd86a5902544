"""Any causal language model of another family: transformers computes its layers, and everything around them stays ours.

Three seams make the rest of the trainer work unchanged: transformers calls our attention (so packed documents, caches and trees of
continuations work), its linear layers become our projections (so adapters go on them), and the loss takes the rows before the head.
Slower than our own families, and held against transformers' own logits each time such a model is loaded.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from server.tuning.attention import Cache, attend
from server.tuning.layers import Projection
from server.tuning.model import CausalModel, Slot
from server.tuning.model_shape import ModelShape, UnsupportedModel, one_or_all
from server.tuning.spans import Spans
from shared.model_folder import DamagedModel

_OURS: Final = "llm_tuner"
_USUAL: Final = "eager"
_WITHIN: Final = 1e-3
"""Of logits that are compared, beside one part in a thousand: sums in another order differ less, another arithmetic differs more."""
_Attention = Callable[[int, Tensor, Tensor, Tensor], Tensor]
_attention: ContextVar[_Attention] = ContextVar("_attention")


class Other(CausalModel):
    """`config` is the folder's `config.json`, `tensors` are those of its weight files by their names there; both were read by us.

    Raises `DamagedModel`, as `UnsupportedModel` where the model computes something that does not fit between the seams.
    """

    def __init__(self, config: Mapping[str, Any], shape: ModelShape, tensors: dict[str, Tensor]) -> None:
        super().__init__()
        self.shape = shape
        self.inner = _filled(config, tensors)
        self.inner.eval()  # Without dropout; gradients flow all the same.
        self._scale = 1.0
        self._adopt_linear_layers()
        self._check()

    def hidden(self, ids_N: Tensor, spans: Spans, cache: Cache | None = None) -> Tensor:
        def attention(layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            return attend(q, k, v, spans) if cache is None else cache.attend(layer, q, k, v)

        with _attending(attention):
            out = self.inner.base_model(input_ids=ids_N[None], position_ids=spans.positions[None], use_cache=False)
        if cache is not None:
            cache.advance(len(ids_N))
        rows: Tensor = out.last_hidden_state[0]
        return rows if self._scale == 1.0 else rows * self._scale

    @property
    def head_weight(self) -> nn.Parameter:
        return self.inner.get_output_embeddings().weight  # type: ignore[no-any-return]

    def slots(self) -> list[Slot]:
        return [Slot(name, parameter.data) for name, parameter in self.inner.named_parameters()]

    def save_weights(self, folder: Path) -> None:
        """Transformers knows the names that its files use for some families."""
        self.inner.save_pretrained(folder, max_shard_size="1000GB")

    def config(self, *, bos_id: int | None, end_ids: list[int], pad_id: int | None) -> dict[str, Any]:
        config = self.inner.config.to_dict()
        for private in ("_name_or_path", "_attn_implementation", "attn_implementation"):
            config.pop(private, None)
        tokens = {"bos_token_id": bos_id, "eos_token_id": one_or_all(end_ids), "pad_token_id": pad_id}
        return {**config, "dtype": "float32", "torch_dtype": "float32", **tokens}

    @torch.no_grad()
    def _check(self) -> None:
        """Two documents packed into one batch must have the logits that transformers gives each alone, or so many times as much in all
        places, which some families do after the head. Raises `UnsupportedModel`."""
        noise = torch.Generator().manual_seed(0)
        lengths = tuple(min(length, self.shape.context_length) for length in (7, 9))
        documents = [torch.randint(self.shape.vocabulary_size, (length,), generator=noise).to(self.device) for length in lengths]
        refused = UnsupportedModel(f"models of type {self.shape.model_type[:40]!r} compute something that is not supported here")
        try:
            found = self.hidden(torch.cat(documents), Spans.of(lengths).on(self.device)) @ self.head_weight.T
            self.inner.set_attn_implementation(_USUAL)
            expected = torch.cat([self.inner(input_ids=ids[None], use_cache=False).logits[0] for ids in documents])
            self.inner.set_attn_implementation(_OURS)
        except (RuntimeError, ValueError, TypeError, AttributeError, LookupError, NotImplementedError) as error:
            raise refused from error
        times = float((found * expected).sum() / (found * found).sum())
        self._scale = 1.0 if math.isclose(times, 1.0, rel_tol=_WITHIN) else times
        if not torch.allclose(found * self._scale, expected, rtol=_WITHIN, atol=_WITHIN * float(expected.abs().max())):
            raise refused

    def _adopt_linear_layers(self) -> None:
        """All but the head's, whose product the loss makes itself."""
        head = self.inner.get_output_embeddings()
        for name, layer in list(self.inner.named_modules()):
            if isinstance(layer, nn.Linear) and layer is not head:
                parent, _, own = name.rpartition(".")
                setattr(self.inner.get_submodule(parent), own, _Adopted(name, layer))


class _Adopted(Projection):
    """A linear layer of transformers as one of ours, for inputs of any number of dimensions. Its parameters stay the same objects."""

    def __init__(self, name: str, layer: nn.Linear) -> None:
        super().__init__(layer.in_features, [(name, layer.out_features)], bias=layer.bias is not None, transposed=False)
        self.weight, self.bias = layer.weight, layer.bias

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.reshape(-1, x.size(-1))).view(*x.shape[:-1], -1)


@contextmanager
def _attending(attention: _Attention) -> Iterator[None]:
    token = _attention.set(attention)
    try:
        yield
    finally:
        _attention.reset(token)


def _attended(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, _mask: Tensor | None, *, scaling: float | None = None, **_rest: Any
) -> tuple[Tensor, None]:
    """What transformers calls in each layer, with (1, heads, N, W) each; it wants (1, N, heads, W) back."""
    width = query.size(-1)
    if scaling is not None:  # Ours divides by the root of the width.
        query = query * (scaling * width**0.5)
    q, k, v = (x[0].transpose(0, 1) for x in (query, key, value))
    return _attention.get()(module.layer_idx, q, k, v)[None], None  # type: ignore[arg-type]


def _parsed(config: Mapping[str, Any]) -> tuple[Any, Any]:
    """Transformers' config and class for this one. No name in it that leads to code or files of others is looked at."""
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, AttentionInterface, AutoConfig
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    AttentionInterface.register(_OURS, _attended)
    told = {key: value for key, value in config.items() if key not in ("model_type", "auto_map", "architectures", "_name_or_path")}
    parsed = AutoConfig.for_model(str(config["model_type"]), **told)
    return parsed, MODEL_FOR_CAUSAL_LM_MAPPING[type(parsed)]


@contextmanager
def _refusing(config: Mapping[str, Any]) -> Iterator[None]:
    """Whatever the configs and tensors of others make that library raise, the model cannot be had."""
    try:
        yield
    except DamagedModel:
        raise
    except Exception as error:
        name = str(config.get("model_type"))[:40]
        raise UnsupportedModel(f"models of type {name!r} cannot be computed here, or its config is damaged") from error


def _filled(config: Mapping[str, Any], tensors: dict[str, Tensor]) -> Any:
    with _refusing(config):
        parsed, of_its_family = _parsed(config)
        options = {"dtype": torch.float32, "attn_implementation": _OURS, "output_loading_info": True}
        inner, told = of_its_family.from_pretrained(None, config=parsed, state_dict=tensors, **options)
        wrong = [*told["missing_keys"], *(name for name, *_ in told["mismatched_keys"])]
        if wrong:
            raise DamagedModel(f"the tensor {sorted(map(str, wrong))[0]} is missing or of another shape")
        return inner


def num_parameters(config: Mapping[str, Any]) -> int:
    """How many a model of this config has, counted without making room for them. Raises `UnsupportedModel`."""
    with _refusing(config), torch.device("meta"):
        parsed, of_its_family = _parsed(config)
        inner = of_its_family(parsed)
        inner.tie_weights()
        return sum(parameter.numel() for parameter in inner.parameters())
