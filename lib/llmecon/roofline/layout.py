"""How one model is spread over accelerators, checked once and broadcast."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from llmecon._checks import Numbers, require
from llmecon.accelerator import Accelerator, storage_bytes
from llmecon.roofline.profiles import CURRENT, Profile
from llmecon.transformer import FloatArray, Transformer

Precision = str | npt.NDArray[np.str_] | list[str]

ACTIVATION_BYTES = 2.0
"""Activations travel in 16 bit. [B]"""

# Weight-only formats multiply in bf16.
_ARITHMETIC = {"fp32": "bf16", "int4": "bf16", "int4_g32": "bf16"}
_CACHE_BESIDE = {
    "fp8": "fp8",
    "int8": "fp8",
    "fp4": "fp8",
    "nvfp4": "fp8",
    "mxfp4": "fp8",
    "int4": "bf16",
    "int4_g32": "bf16",
    "fp32": "bf16",
}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Degrees of parallelism of one instance, as arrays of floats.

    Attributes
    ----------
    tensor : array
        Accelerators that one layer is spread over.
    attention : array
        Accelerators that share one sequence's attention; ``tensor`` over the
        attention-data-parallel degree.
    expert, pipeline : array
        Groups that the experts, and stages that the layers are spread over.
    chips_per_node : array
        Accelerators that the fast links join.
    two_d : bool
        Matrices split in both dimensions, over sqrt(tensor) x sqrt(tensor).
    """

    tensor: FloatArray
    attention: FloatArray
    expert: FloatArray
    pipeline: FloatArray
    chips_per_node: FloatArray
    two_d: bool = False

    @property
    def chips(self) -> FloatArray:
        """Accelerators of the instance."""
        return np.asarray(self.tensor * self.pipeline)

    @property
    def replicas(self) -> FloatArray:
        """Groups that hold different sequences in their attention."""
        return np.asarray(self.tensor / self.attention)


def layout(
    model: Transformer,
    *,
    tensor_parallel: Numbers = 1,
    pipeline_parallel: Numbers = 1,
    expert_parallel: Numbers = 1,
    attention_data_parallel: Numbers = 1,
    chips_per_node: Numbers = 8,
    two_d: bool = False,
) -> Layout:
    """Degrees that the model's shape allows.

    More expert-parallel groups than tensor-parallel accelerators mean that the experts are
    spread over several groups, each of which attends for its own sequences.

    Raises
    ------
    ValueError
        If a degree is not a whole number of at least 1, does not divide what it splits, or
        splits experts that the model lacks.
    """
    tensor = _degree("tensor_parallel", tensor_parallel)
    replicas = _degree("attention_data_parallel", attention_data_parallel)
    expert = _degree("expert_parallel", expert_parallel)
    pipeline = _degree("pipeline_parallel", pipeline_parallel)
    _divides("attention_data_parallel", replicas, "tensor_parallel", tensor)
    attention = tensor / replicas
    if np.any(expert > 1):
        chips = np.maximum(tensor, expert)
        _divides("tensor_parallel", tensor, "expert_parallel", chips)
        _divides("expert_parallel", expert, "tensor_parallel", chips)
        tensor = chips
    if two_d and np.any(np.sqrt(tensor) % 1):
        raise ValueError("tensor_parallel must be a square number for a 2-D split")
    heads = f"the {model.n_heads} heads of {model.name}"
    _divides("tensor_parallel", np.sqrt(tensor) if two_d else attention, heads, model.n_heads)
    if model.n_experts:
        _divides(
            "expert_parallel",
            expert,
            f"the {model.n_experts} experts of {model.name}",
            model.n_experts,
        )
    elif np.any(expert > 1):
        raise ValueError(f"expert_parallel must be 1: {model.name} has no experts")
    require("pipeline_parallel", pipeline, maximum=model.n_layers, unit="stages")
    return Layout(
        tensor=tensor,
        attention=np.asarray(attention),
        expert=expert,
        pipeline=pipeline,
        chips_per_node=_degree("chips_per_node", chips_per_node),
        two_d=two_d,
    )


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
        raise ValueError(f"{name} must divide {whole_name}, got {bad:g} [accelerators]")


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
    kv: Precision | None = None,
    activations: Precision | None = None,
    constants: Profile,
) -> Formats:
    """Look up what number formats cost on a chip.

    ``activations`` is the format of the arithmetic: that of the weights unless it is
    weight-only. The cache is kept in ``kv``, or in what the profile's engine uses.

    Raises
    ------
    ValueError
        If a format is unknown or the chip does not multiply in it.
    """
    names = np.asarray(weights)
    stored = _look_up(names, storage_bytes)
    arithmetic = _each(names, _ARITHMETIC.get) if activations is None else np.asarray(activations)
    if kv is None:
        kv = _each(names, _CACHE_BESIDE.get) if constants.kv == "weights" else "bf16"

    def rate(precision: str) -> float:
        share = chip.best_share(precision) if constants.of_measured_rate else 1.0
        return chip.peak_flop_per_s(precision) * share

    rates = _look_up(arithmetic, rate)
    return Formats(
        weight_bytes=stored,
        activation_bytes=_look_up(arithmetic, storage_bytes),
        kv_bytes=_look_up(np.asarray(kv), storage_bytes),
        flop_per_s=rates,
        attention_flop_per_s=rates
        if constants.attention_at_weight_rate
        else np.asarray(rate("bf16")),
    )


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One model on its accelerators: what every term of a pass depends on.

    Attributes
    ----------
    model, chip : Transformer, Accelerator
        What runs where.
    where : Layout
        How it is spread.
    widths : Formats
        What its number formats cost.
    constants : Profile
        What the engine achieves.
    """

    model: Transformer
    chip: Accelerator
    where: Layout
    widths: Formats
    constants: Profile

    @property
    def bandwidth_bytes_per_s(self) -> float:
        """Achieved memory bandwidth of one accelerator. [B/s]"""
        return self.chip.hbm_bytes_per_s * self.constants.bandwidth_share

    @property
    def scaleout_bytes_per_s(self) -> float:
        """Achieved rate of one accelerator to other nodes. [B/s]"""
        return self.chip.scaleout_bytes_per_s_per_direction * self.constants.link_share


def instance(
    model: Transformer,
    chip: Accelerator,
    *,
    weights: Precision,
    kv: Precision | None,
    activations: Precision | None,
    profile: Profile | None,
    two_d: bool = False,
    **degrees: Numbers,
) -> Instance:
    """Check how a model is spread and stored; ``degrees`` are those of :func:`layout`.

    Raises
    ------
    ValueError
        As :func:`layout` and :func:`formats`.
    """
    constants = CURRENT if profile is None else profile
    return Instance(
        model=model,
        chip=chip,
        where=layout(model, two_d=two_d, **degrees),
        widths=formats(chip, weights=weights, kv=kv, activations=activations, constants=constants),
        constants=constants,
    )


def _each(names: npt.NDArray[np.str_], instead: Callable[[str, str], str]) -> npt.NDArray[np.str_]:
    """Names with some replaced."""
    changed = [instead(str(name), str(name)) for name in names.flat]
    return np.asarray(changed, dtype=np.str_).reshape(names.shape)


def _look_up(names: npt.NDArray[np.str_], value_of: Callable[[str], float]) -> FloatArray:
    unique, where = np.unique(names, return_inverse=True)
    values = np.asarray([value_of(str(name)) for name in unique])
    return np.asarray(values[where].reshape(names.shape))
