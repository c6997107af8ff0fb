"""How one model is spread over accelerators, checked once and broadcast."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from llmecon._checks import Numbers, require, require_memory
from llmecon.accelerator import Accelerator, storage_bytes
from llmecon.roofline.profiles import Profile
from llmecon.transformer import FloatArray, Transformer

Precision = str | npt.NDArray[np.str_] | list[str]

ACTIVATION_BYTES = 2.0
"""Activations travel in 16 bit. [B]"""

_BYTES_A_CONFIGURATION = 160.0  # of one step: terms, and what they are made of

# Weight-only formats multiply in bf16.
_ARITHMETIC = {"fp32": "bf16", "int4": "bf16", "int4_g32": "bf16"}

DEGREES = (
    *("tensor_parallel", "attention_data_parallel", "expert_parallel"),
    *("pipeline_parallel", "chips_per_node"),
)
"""Options of a deployment that are whole numbers of accelerators or stages."""


@dataclass(frozen=True)
class Layout:
    """Degrees of parallelism of one instance, as arrays of floats.

    Attributes
    ----------
    two_d : bool
        Matrices split in both dimensions, over sqrt(tensor) x sqrt(tensor).
    tensor : array
        Accelerators that one layer is spread over.
    attention : array
        Accelerators that share one sequence's attention; ``tensor`` over the
        attention-data-parallel degree.
    expert, pipeline : array
        Groups that the experts, and stages that the layers are spread over.
    chips_per_node : array
        Accelerators that the fast links join.
    """

    two_d: bool
    tensor: FloatArray
    attention: FloatArray
    expert: FloatArray
    pipeline: FloatArray
    chips_per_node: FloatArray

    @property
    def chips(self) -> FloatArray:
        """Accelerators of the instance."""
        return np.asarray(self.tensor * self.pipeline)


def layout(model: Transformer, *, two_d: bool, **given: Numbers) -> Layout:
    """Degrees, named as in ``DEGREES``, that the model's shape allows.

    More expert-parallel groups than tensor-parallel accelerators mean that the experts are
    spread over several groups, each of which attends for its own sequences.

    Raises
    ------
    ValueError
        If a degree is not a whole number of at least 1, does not divide what it splits, or
        splits experts that the model lacks.
    """
    degrees = {name: _degree(name, given[name]) for name in DEGREES}
    common_shape(**degrees)
    tensor, replicas, expert, pipeline, per_node = degrees.values()
    _divides("attention_data_parallel", replicas, "tensor_parallel", tensor)
    attention = tensor / replicas
    if np.any(expert > 1):
        chips = np.maximum(tensor, expert)
        _divides("tensor_parallel", tensor, "expert_parallel", chips)
        _divides("expert_parallel", expert, "tensor_parallel", chips)
        tensor = chips
    broken = np.sqrt(tensor) % 1 > 0
    if two_d and np.any(broken):
        got = tensor[broken].flat[0]
        raise ValueError(f"tensor_parallel must be a square number with two_d, got {got:g}")
    heads = f"the {model.n_heads} heads of {model.name}"
    _divides("tensor_parallel", np.sqrt(tensor) if two_d else attention, heads, model.n_heads)
    if model.n_experts:
        whole = f"the {model.n_experts} experts of {model.name}"
        _divides("expert_parallel", expert, whole, model.n_experts)
    elif np.any(expert > 1):
        raise ValueError(
            f"expert_parallel must be 1, got {np.max(expert):g}: {model.name} has no experts"
        )
    require("pipeline_parallel", pipeline, maximum=model.n_layers, unit="stages")
    spread = np.broadcast_arrays(tensor, attention, expert, pipeline, per_node)
    return Layout(two_d, *spread)


def _degree(name: str, value: Numbers) -> FloatArray:
    degree = require(name, value, minimum=1, unit="accelerators")
    broken = np.trunc(degree) != degree
    if np.any(broken):
        raise ValueError(f"{name} must be a whole number, got {degree[broken].flat[0]:g}")
    return degree


def _divides(name: str, part: FloatArray, whole_name: str, whole: Numbers) -> None:
    if part.ndim == 0 and part == 1:
        return
    ratio = np.asarray(whole) / part
    rest = np.trunc(ratio) != ratio
    if np.any(rest):
        bad = np.broadcast_to(part, rest.shape)[rest].flat[0]
        allowed = ""
        if isinstance(whole, int):
            fit = [str(d) for d in range(1, whole + 1) if whole % d == 0]
            allowed = f"; allowed: {', '.join(fit)}"
        raise ValueError(f"{name} must divide {whole_name}, got {bad:g} [accelerators]{allowed}")


def common_shape(**arrays: FloatArray) -> tuple[int, ...]:
    """Shape that arguments broadcast to; the first that does not go with the others is named."""
    shape: tuple[int, ...] = ()
    for name, array in arrays.items():
        if array.shape in ((), shape):
            continue
        try:
            shape = np.broadcast_shapes(shape, array.shape)
        except ValueError:
            raise ValueError(
                f"{name} must have a shape that broadcasts with {shape}, got {array.shape}"
            ) from None
    require_memory("configurations", prod(shape), _BYTES_A_CONFIGURATION)
    return shape


@dataclass(frozen=True, kw_only=True)
class Formats:
    """Bytes and rates that the number formats of one call stand for, as arrays.

    The rates are those that an engine's shares apply to: peaks, or best measured ones.
    """

    weight_bytes: FloatArray
    activation_bytes: FloatArray
    kv_bytes: FloatArray
    flop_per_s: FloatArray
    attention_flop_per_s: FloatArray


def formats(
    chip: Accelerator,
    *,
    weights: Precision,
    kv: Precision | None,
    activations: Precision | None,
    constants: Profile,
) -> Formats:
    """Look up what number formats cost on a chip.

    ``activations`` is the format of the arithmetic: that of the weights unless it is
    weight-only. Attention multiplies in bf16, as engines do: its inputs are activations.

    Raises
    ------
    ValueError
        If a format is unknown or the chip does not multiply in it.
    """
    stored = np.asarray(weights)
    option, given = ("weights", stored) if activations is None else ("activations", activations)

    def arithmetic(precision: str) -> str:
        return _ARITHMETIC.get(precision, precision) if activations is None else precision

    def rate(precision: str) -> float:
        share = chip.best_share(precision) if constants.of_measured_rate else 1.0
        return chip.peak_flop_per_s(precision) * share

    return Formats(
        weight_bytes=_look_up("weights", stored, storage_bytes),
        activation_bytes=_look_up(
            option, np.asarray(given), lambda name: storage_bytes(arithmetic(name))
        ),
        kv_bytes=_look_up("kv", np.asarray("bf16" if kv is None else kv), storage_bytes),
        flop_per_s=_look_up(option, np.asarray(given), lambda name: rate(arithmetic(name))),
        attention_flop_per_s=np.asarray(rate("bf16")),
    )


def _look_up(
    option: str, names: npt.NDArray[np.str_], value_of: Callable[[str], float]
) -> FloatArray:
    try:
        if not names.ndim:
            return np.asarray(value_of(str(names)))
        unique, where = np.unique(names, return_inverse=True)
        values = np.asarray([value_of(str(name)) for name in unique])
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from error
    return np.asarray(values[where].reshape(names.shape))
