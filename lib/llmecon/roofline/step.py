"""Time of one decode step and of one prefill, term by term."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from llmecon._checks import Numbers, require
from llmecon.accelerator import Accelerator
from llmecon.roofline.layout import Instance, Precision, instance
from llmecon.roofline.memory import RESERVE_BYTES, Memory, memory
from llmecon.roofline.profiles import Profile
from llmecon.roofline.terms import (
    Work,
    activations_s,
    busiest,
    decode_work,
    network_s,
    overhead_s,
    prefill_work,
)
from llmecon.transformer import FloatArray, Transformer

TERMS = ("compute", "weights", "kv_cache", "activations", "network", "overhead")


@dataclass(frozen=True)
class Terms:
    """Where the time goes, each term as if it stood alone. [s]

    Attributes
    ----------
    compute : array
        Arithmetic: matrices and attention.
    weights : array
        Reading weights.
    kv_cache : array
        Reading keys and values.
    activations : array
        Kernels between the matrices.
    network : array
        Collectives: latency and bandwidth.
    overhead : array
        Fixed time: kernel launches and the host.
    """

    compute: FloatArray
    weights: FloatArray
    kv_cache: FloatArray
    activations: FloatArray
    network: FloatArray
    overhead: FloatArray


@dataclass(frozen=True, kw_only=True)
class Step:
    """One pass of the model over a batch.

    Attributes
    ----------
    seconds : array
        Time of the pass. [s]
    terms : Terms
        Its parts; reading and arithmetic overlap, so they do not simply add up.
    batch, chips : array
        Sequences decoded together; accelerators of the instance.
    tokens : array
        Tokens that one pass yields for each sequence: 1 without speculation, the prompt's
        length for a prefill.
    memory : Memory
        What the instance holds.
    profile : Profile
        Constants that were used; its name says whether they are calibrated.
    """

    seconds: FloatArray
    terms: Terms
    batch: FloatArray
    chips: FloatArray
    tokens: FloatArray
    memory: Memory
    profile: Profile

    @property
    def binds(self) -> npt.NDArray[np.str_]:
        """Name of the longest term."""
        return self.binds_at(np.arange(self.seconds.size)).reshape(self.seconds.shape)

    def binds_at(self, chosen: npt.NDArray[np.intp]) -> npt.NDArray[np.str_]:
        """The same for some of the configurations, given by their flat indices."""
        parts = [getattr(self.terms, name).ravel()[chosen] for name in TERMS]
        longest: npt.NDArray[np.intp] = np.argmax(np.stack(parts), axis=0)
        return np.asarray(np.asarray(TERMS)[longest], dtype=np.str_)

    @property
    def tokens_per_s(self) -> FloatArray:
        """Tokens one user receives. [tokens/s]"""
        return np.asarray(self.tokens / self.seconds)

    @property
    def tokens_per_s_per_chip(self) -> FloatArray:
        """Tokens one accelerator makes for all users. [tokens/s]"""
        return np.asarray(self.batch * self.tokens / self.seconds / self.chips)

    @property
    def fits(self) -> npt.NDArray[np.bool_]:
        """Whether weights, cache and reserve fit in memory."""
        return self.memory.fits

    def require_fit(self) -> None:
        """Raise a ValueError that says how many sequences fit, if these do not."""
        self.memory.require_fit()


def decode(
    model: Transformer,
    chip: Accelerator,
    *,
    batch: Numbers,
    context: Numbers,
    tensor_parallel: Numbers = 1,
    pipeline_parallel: Numbers = 1,
    expert_parallel: Numbers = 1,
    attention_data_parallel: Numbers = 1,
    weights: Precision = "bf16",
    kv: Precision | None = None,
    activations: Precision | None = None,
    positions: Numbers = 1,
    chips_per_node: Numbers = 8,
    two_d: bool = False,
    reserve_bytes: Numbers = RESERVE_BYTES,
    profile: Profile | None = None,
) -> Step:
    r"""Time to make one token for every sequence of a batch.

    .. math:: t = \max(t_{weights}, t_{matrices}) + \max(t_{cache}, t_{attention})
              + t_{network} + t_{fixed}

    Parameters
    ----------
    model, chip : Transformer, Accelerator
        What runs where.
    batch, context : float or array
        Sequences decoded together; tokens already in the cache. [sequences, tokens]
    tensor_parallel, pipeline_parallel : int or array
        Accelerators that share a layer; stages the layers are spread over.
    expert_parallel, attention_data_parallel : int or array
        Groups among the tensor-parallel accelerators that hold whole experts; groups that
        attend for different sequences.
    weights, kv, activations : str or array of str
        Formats of weights, cache (16 bit if not said) and arithmetic.
    positions : int or array
        Positions checked per sequence in one pass (speculation).
    chips_per_node : int or array
        Accelerators that the fast links join.
    two_d : bool
        Split matrices in both dimensions; needs a square ``tensor_parallel``.
    reserve_bytes : float
        Memory held back on each accelerator. [B]
    profile : Profile, optional
        Constants of the engine; the newest calibrated ones if not given, ``IDEAL`` for
        peak rates.

    Returns
    -------
    Step
        ``seconds`` and ``terms`` in the broadcast shape of the arguments; the others in a
        shape that broadcasts to it.

    Raises
    ------
    ValueError
        If a value is out of its domain, a degree does not divide what it splits, or the
        chip lacks a format.

    Notes
    -----
    Attention is not overlapped with the arithmetic of the matrices: they are different
    kernels. Collectives are not overlapped either. A router that is independent and uniform
    decides how many experts a batch reads. Pipelining keeps one micro-batch of
    ``batch / pipeline_parallel`` sequences in every stage.

    Examples
    --------
    >>> from llmecon.roofline import IDEAL
    >>> model = Transformer(name="Llama 3.1 70B", n_layers=80, d_model=8192, n_heads=64,
    ...                     n_kv_heads=8, d_head=128, d_ff=28672, vocab_size=128256)
    >>> chip = Accelerator(name="H100", bf16_dense_flop_per_s=9.89e14, hbm_bytes=8e10,
    ...                    hbm_bytes_per_s=3.35e12, scaleup_bytes_per_s_per_direction=4.5e11)
    >>> step = decode(model, chip, batch=[1, 64], context=8192, tensor_parallel=8, profile=IDEAL)
    >>> (step.seconds * 1e3).round(2)
    array([ 5.3 , 12.25])
    >>> step.binds
    array(['weights', 'kv_cache'], dtype='<U11')
    """
    sequences = require("batch", batch, minimum=1, unit="sequences")
    tokens = require("context", context, minimum=1, unit="tokens")
    checked = require("positions", positions, minimum=1, unit="tokens")
    run = instance(
        model,
        chip,
        weights=weights,
        kv=kv,
        activations=activations,
        profile=profile,
        two_d=two_d,
        tensor_parallel=tensor_parallel,
        pipeline_parallel=pipeline_parallel,
        expert_parallel=expert_parallel,
        attention_data_parallel=attention_data_parallel,
        chips_per_node=chips_per_node,
    )
    in_flight = np.maximum(sequences / run.where.pipeline, 1.0)  # fewer leave stages idle
    return _step(
        run,
        decode_work(run, in_flight, tokens, checked),
        sequences=sequences,
        in_flight=in_flight,
        moving=busiest(in_flight, run.where) * checked,
        tokens=np.ones(()),
        held=tokens,
        reserve_bytes=reserve_bytes,
    )


def prefill(
    model: Transformer,
    chip: Accelerator,
    *,
    input_tokens: Numbers,
    batch: Numbers = 1,
    cached_tokens: Numbers = 0,
    tensor_parallel: Numbers = 1,
    pipeline_parallel: Numbers = 1,
    expert_parallel: Numbers = 1,
    attention_data_parallel: Numbers = 1,
    weights: Precision = "bf16",
    kv: Precision | None = None,
    activations: Precision | None = None,
    chips_per_node: Numbers = 8,
    two_d: bool = False,
    reserve_bytes: Numbers = RESERVE_BYTES,
    profile: Profile | None = None,
) -> Step:
    r"""Time to read prompts: the time to first token of an idle server.

    .. math:: t = \max(t_{weights}, t_{matrices}) + t_{attention} + t_{network} + t_{fixed}

    Parameters
    ----------
    input_tokens, cached_tokens : float or array
        Tokens of a prompt, and those of them whose keys and values are cached. [tokens]
    batch : float or array
        Prompts under way; a pipeline reads ``batch / pipeline_parallel`` of them in every
        stage, and fewer than one a stage leave stages idle. [sequences]

    The others are those of :func:`decode`.

    Returns
    -------
    Step
        ``tokens`` are the prompt's, so rates count input tokens.

    Examples
    --------
    >>> from llmecon.roofline import IDEAL
    >>> model = Transformer(name="Llama 3.1 70B", n_layers=80, d_model=8192, n_heads=64,
    ...                     n_kv_heads=8, d_head=128, d_ff=28672, vocab_size=128256)
    >>> chip = Accelerator(name="H100", bf16_dense_flop_per_s=9.89e14, hbm_bytes=8e10,
    ...                    hbm_bytes_per_s=3.35e12, scaleup_bytes_per_s_per_direction=4.5e11)
    >>> step = prefill(model, chip, input_tokens=8192, tensor_parallel=8, profile=IDEAL)
    >>> float(step.seconds)
    0.2364
    """
    prompt, cached = prompt_and_cached(input_tokens, cached_tokens)
    sequences = require("batch", batch, minimum=1, unit="sequences")
    run = instance(
        model,
        chip,
        weights=weights,
        kv=kv,
        activations=activations,
        profile=profile,
        two_d=two_d,
        tensor_parallel=tensor_parallel,
        pipeline_parallel=pipeline_parallel,
        expert_parallel=expert_parallel,
        attention_data_parallel=attention_data_parallel,
        chips_per_node=chips_per_node,
    )
    new = prompt - cached
    in_flight = np.maximum(sequences / run.where.pipeline, 1.0)  # fewer leave stages idle
    dealt = busiest(in_flight, run.where)
    return _step(
        run,
        prefill_work(run, in_flight, dealt, new, cached),
        sequences=sequences,
        in_flight=in_flight,
        moving=dealt * new,
        tokens=prompt,
        held=prompt,
        reserve_bytes=reserve_bytes,
    )


def prompt_and_cached(
    input_tokens: Numbers, cached_tokens: Numbers
) -> tuple[FloatArray, FloatArray]:
    """Lengths of a prompt and of its cached part; something must be left to read. [tokens]"""
    prompt = require("input_tokens", input_tokens, minimum=1, unit="tokens")
    cached = require("cached_tokens", cached_tokens, minimum=0, unit="tokens")
    nothing_left = cached >= prompt
    if np.any(nothing_left):
        most, got = (
            np.broadcast_to(values, nothing_left.shape)[nothing_left].flat[0]
            for values in (prompt, cached)
        )
        raise ValueError(f"cached_tokens must be < input_tokens = {most:g}, got {got:g} [tokens]")
    return prompt, cached


def _step(
    run: Instance,
    work: Work,
    *,
    sequences: FloatArray,
    in_flight: FloatArray,
    moving: FloatArray,
    tokens: FloatArray,
    held: FloatArray,
    reserve_bytes: Numbers,
) -> Step:
    between, network = activations_s(run, moving), network_s(run, moving)
    overhead = overhead_s(run, in_flight)
    if run.constants.kernelwise:
        busy = np.maximum(work.matrices_s, work.weights_s) + np.maximum(
            work.attention_s, work.kv_cache_s
        )
    else:
        busy = np.maximum(work.matrices_s + work.attention_s, work.weights_s + work.kv_cache_s)
    holds = memory(run, batch=sequences, context=held, reserve_bytes=reserve_bytes)
    total = busy + between + network + overhead
    # An argument that changes no time here may still change what fits, or be one of a grid.
    shape = np.broadcast_shapes(total.shape, holds.fits.shape, run.where.chips_per_node.shape)
    seconds = np.broadcast_to(total, shape)
    compute = work.matrices_s + work.attention_s
    parts = (compute, work.weights_s, work.kv_cache_s, between, network, overhead)
    return Step(
        seconds=seconds,
        terms=Terms(*(np.broadcast_to(part, seconds.shape) for part in parts)),
        batch=sequences,
        chips=run.where.chips,
        tokens=tokens,
        memory=holds,
        profile=run.constants,
    )
