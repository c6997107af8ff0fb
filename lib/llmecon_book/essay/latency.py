"""Time per token of the published model, in each of its variants."""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise, product
from typing import Any

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.roofline.speculation import tokens_per_round
from llmecon.transformer import FloatArray
from llmecon_book.essay.shapes import Machine, Shape

_VARIANTS = ("toy", "paper_2d", "final_1d2d", "ep_v2")
_PIPELINED = _VARIANTS[2:]
_KERNEL_S = 4e-6

_Width = FloatArray | float
_Split = tuple[FloatArray, FloatArray]

_PROTOCOLS = {  # alpha, beta, base [s], achieved share of the rate: NCCL, src/graph/tuning.cc
    "LL": (0.6e-6, 5e-6, 6.8e-6, 0.5),
    "LL128": (1.25e-6, 8.5e-6, 14e-6, 0.95),
    "Simple": (28e-6, 28e-6, 0.0, 1.0),
}
"""Constants of NCCL's protocols, as quoted by Erdil, arXiv:2506.04645."""


@dataclass(frozen=True, kw_only=True)
class Speculation:
    """A draft model that proposes tokens, each accepted independently.

    Attributes
    ----------
    draft : Shape
        The draft model, on the same accelerators.
    acceptance : float
        Probability that a drafted token is kept.
    gamma_max : int
        Most tokens drafted per round.
    """

    draft: Shape
    acceptance: float = 0.8
    gamma_max: int = 5

    def __post_init__(self) -> None:
        require("acceptance", self.acceptance, minimum=0, maximum=1)
        require("gamma_max", self.gamma_max, minimum=1)


def latency_s(
    shape: Shape,
    machine: Machine,
    *,
    n_gpu: Numbers,
    batch: Numbers,
    context: Numbers = 0.0,
    positions: Numbers = 1.0,
    variant: str = "final_1d2d",
    pipeline: bool = False,
) -> FloatArray:
    """Time of one pass; infinite where the memory does not hold it. [s]

    Parameters
    ----------
    shape, machine : Shape, Machine
        Model and accelerator.
    n_gpu, batch, context, positions : float or array
        Accelerators, sequences, tokens in the cache, positions checked per sequence.
    variant : str
        ``toy`` (section 2), ``paper_2d`` (2-D tensor parallel), ``final_1d2d`` (the better of
        1-D and 2-D, pipelining), ``ep_v2`` (with expert parallelism).
    pipeline : bool
        Whether pipeline degrees are searched.

    Examples
    --------
    >>> from llmecon_book.essay import H100, Shape
    >>> llama = Shape(name="Llama 3 8B", n_layers=32, d_model=4096, d_ff=14336,
    ...               mlp_matrices=3, n_heads=32, group=4, d_head=128,
    ...               vocab_size=128256)
    >>> float(latency_s(llama, H100, n_gpu=8, batch=256, variant="paper_2d"))
    0.00364
    """
    gpus = require("n_gpu", n_gpu, above=0, unit="accelerators")
    sequences = require("batch", batch, above=0, unit="sequences")
    tokens = require("context", context, minimum=0, unit="tokens")
    checked = require("positions", positions, minimum=1, unit="tokens")
    if variant not in _VARIANTS:
        raise ValueError(f"variant must be {', '.join(_VARIANTS)}, got {variant!r}")
    best = np.full((), np.inf)
    for stages in _stages(shape, sequences, variant) if pipeline else [np.ones(())]:
        run = _Run(shape, machine, sequences, tokens, checked, stages)
        held = shape.kv_bytes_per_token * tokens * (run.micro if variant == "ep_v2" else sequences)
        possible = gpus * machine.hbm_bytes >= shape.weight_bytes * shape.n_params + held
        if variant in _PIPELINED:
            possible &= stages <= np.minimum(gpus, sequences)
        best = np.minimum(best, np.where(possible, run.seconds(gpus / stages, variant), np.inf))
    return np.asarray(best)


def speculative_latency_s(
    shape: Shape,
    machine: Machine,
    speculation: Speculation | None,
    *,
    pipeline: bool = False,
    **load: Any,
) -> FloatArray:
    """Time per token with the best number of drafted tokens, none included. [s]

    The draft has its own best layout and its own memory check. Without drafted tokens the code
    does not search pipeline degrees where there is a draft. ``load`` is that of `latency_s`.
    """
    time = partial(latency_s, machine=machine, **load)
    if speculation is None:
        return time(shape=shape, pipeline=pipeline)
    best = time(shape=shape)
    draft = time(shape=speculation.draft, pipeline=pipeline)
    for gamma in range(1, speculation.gamma_max + 1):
        target = time(shape=shape, positions=gamma + 1, pipeline=pipeline)
        gained = tokens_per_round(speculation.acceptance, gamma)
        best = np.minimum(best, (target + gamma * draft) / gained)
    return np.asarray(best)


def collective_s(
    machine: Machine,
    payload_bytes: FloatArray,
    ranks: FloatArray,
    nodes: FloatArray,
    *,
    all_reduce: bool = True,
) -> FloatArray:
    """One collective by the fastest of NCCL's protocols; 0 for one rank. [s]"""
    half = 1.0 if all_reduce else 0.5  # all-to-all, all-gather, point to point
    inside = half * nodes * np.maximum(ranks / nodes - 1, 0.0) / (ranks * machine.intra_bytes_per_s)
    between = half * (nodes - 1) / (ranks * machine.inter_bytes_per_s)
    moving = payload_bytes * np.maximum(inside, between)
    best = np.full((), np.inf)
    for alpha, beta, base, share in _PROTOCOLS.values():
        latency = 2.0 * half * (alpha * (ranks / nodes - 1) + beta * np.log2(nodes)) + base
        best = np.minimum(best, latency + moving / share)
    return np.asarray(np.where(ranks > 1, best, 0.0))


def _stages(shape: Shape, batch: FloatArray, variant: str) -> list[FloatArray]:
    """Pipeline degrees that the code tries."""
    if variant not in _PIPELINED:
        return [np.ones(())]
    if variant == "ep_v2":
        deepest = np.minimum(batch, shape.n_layers)
        return [np.asarray(deepest ** (i / 9)) for i in range(10)]
    return [*map(np.asarray, 2.0 ** np.linspace(0, np.log2(shape.n_layers), 10))]


@dataclass(frozen=True)
class _Run:
    """One pass in ``stages`` pipeline stages; ``tensor`` accelerators hold a stage."""

    shape: Shape
    machine: Machine
    batch: FloatArray
    context: FloatArray
    positions: FloatArray
    stages: FloatArray

    @property
    def micro(self) -> FloatArray:
        """Sequences of one micro-batch."""
        return np.asarray(self.batch / self.stages)

    @property
    def tokens(self) -> FloatArray:
        """Positions of one micro-batch."""
        return np.asarray(self.micro * self.positions)

    @property
    def rate(self) -> float:
        """Arithmetic rate of one accelerator. [FLOP/s]"""
        return self.machine.peak_flop_per_s(self.shape.weight_bytes)

    def _reading_s(self, each: FloatArray, chips: FloatArray) -> FloatArray:
        """Reading so many bytes for every stage's micro-batch. [s]"""
        return self.stages * each / (chips * self.machine.hbm_bytes_per_s)

    def seconds(self, tensor: FloatArray, variant: str) -> FloatArray:
        """Time of a pass by one of the variants. [s]"""
        if variant == "toy":
            return self._toy(tensor)
        if variant == "ep_v2":
            return self._experts(tensor)
        both = self._dense(tensor, two_d=True)
        return both if variant == "paper_2d" else np.minimum(both, self._dense(tensor, two_d=False))

    def _toy(self, tensor: FloatArray) -> FloatArray:
        """Section 2.2 of the paper, with the latencies of the code; all of N is read. [s]"""
        shape = self.shape
        reduces = 2 if shape.parallel_attention else 4
        hops = 2e-6 * np.maximum(np.sqrt(tensor) - 1, 0.0) + 6e-6
        reading = shape.weight_bytes * shape.n_params / (tensor * self.machine.hbm_bytes_per_s)
        arithmetic = 2 * shape.n_params * self.tokens / (tensor * self.rate)
        return np.asarray(shape.n_layers * reduces * hops + np.maximum(reading, arithmetic))

    def _dense(self, tensor: FloatArray, *, two_d: bool) -> FloatArray:
        """Time without expert parallelism (section 11.2 and 11.3 of the reference). [s]"""
        shape, chips = self.shape, tensor * self.stages
        network = self._attention_reduces(tensor, two_d)
        network = network + self._feed_forward_reduces(tensor, tensor, two_d)
        reading = (
            self.stages * self._bytes(tensor, two_d=two_d) / (chips * self.machine.hbm_bytes_per_s)
        )
        arithmetic = shape.flop(self.context, self.batch * self.positions) / (chips * self.rate)
        fixed = shape.n_layers * (4 * _KERNEL_S + network) + self._handover(tensor)
        return np.asarray(fixed + np.maximum(reading, arithmetic))

    def _experts(self, tensor: FloatArray) -> FloatArray:
        """Time with separate splits of attention and experts (section 11.4). [s]"""
        shape = self.shape
        chips = tensor * self.stages
        spread = np.minimum(tensor, shape.n_experts)
        spread = np.where(self.micro < 2 * shape.sparsity, 1.0, spread)
        slices = np.maximum(1.0, tensor / spread)
        active = 2 * shape.feed_forward_params / shape.sparsity
        all_tokens = self.batch * self.positions
        wide = shape.mla_kv_rank or shape.d_head
        attending = 4 * wide * self.context * shape.n_heads * shape.n_layers
        projecting = shape.flop(self.context, np.ones(())) - active - attending
        rest = self._cache_and_output_bytes
        rest = rest + shape.n_layers * self._feed_forward_bytes(slices, None)
        best = np.full((), np.inf)
        for i, two_d in product(range(6), (True, False)):
            copies = tensor ** (i / 5)
            attention = tensor / copies
            reading = rest + shape.n_layers * copies * self._attention_bytes(attention, None)
            arithmetic = (active + attending + copies * projecting) * all_tokens
            busy = np.maximum(self._reading_s(reading, chips), arithmetic / (chips * self.rate))
            network = self._attention_reduces(attention, two_d)
            network = network + self._feed_forward_reduces(slices, tensor, two_d)
            best = np.minimum(best, busy + shape.n_layers * network)
        fixed = 4 * _KERNEL_S * shape.n_layers + self._handover(tensor)
        if shape.n_experts > 1:
            fixed = fixed + shape.n_layers * self._all_to_all(tensor, spread)
        return np.asarray(best + fixed)

    def _attention_reduces(self, ranks: FloatArray, two_d: bool) -> FloatArray:
        """All-reduces of one layer's attention. [s]"""
        return self._reduces(self.shape.d_model, self.shape.d_attention, ranks, two_d)

    def _feed_forward_reduces(
        self, ranks: FloatArray, tensor: FloatArray, two_d: bool
    ) -> FloatArray:
        """All-reduces of one layer's experts, each expert on ``ranks`` accelerators. [s]"""
        shape, share = self.shape, self.shape.n_experts_active * ranks / tensor
        inner = share * (shape.mlp_matrices - 1) * shape.d_ff
        return self._reduces(share * shape.d_model, inner, ranks, two_d)

    def _reduces(self, outer: _Width, inner: _Width, ranks: FloatArray, two_d: bool) -> FloatArray:
        """All-reduce of the outer width; in two dimensions of both, over the square root. [s]"""
        nodes = np.ceil(ranks / self.machine.node_size)
        if not two_d:
            return self._collective(outer, ranks, nodes)
        side, across = np.sqrt(ranks), np.sqrt(nodes)
        first = self._collective(outer / side, side, across)
        return first + self._collective(inner / side, side, across)

    def _all_to_all(self, tensor: FloatArray, spread: FloatArray) -> FloatArray:
        """Tokens to their experts and back, one layer. [s]"""
        ranks = np.minimum(self.shape.n_experts_active, spread)
        nodes = np.ceil(ranks / self.machine.node_size)
        width = self.shape.d_model * ranks / tensor
        return 2 * self._collective(width, ranks, nodes, all_reduce=False)

    def _collective(
        self, width: _Width, ranks: FloatArray, nodes: FloatArray, *, all_reduce: bool = True
    ) -> FloatArray:
        payload = self.shape.activation_bytes * width * self.tokens
        return collective_s(self.machine, payload, ranks, nodes, all_reduce=all_reduce)

    def _handover(self, tensor: FloatArray) -> FloatArray:
        """Transfers from stage to stage. [s]"""
        two = np.asarray(2.0)
        each = self._collective(self.shape.d_model / tensor, two, two, all_reduce=False)
        return np.asarray((self.stages - 1) * each)

    def _bytes(self, tensor: FloatArray, *, two_d: bool) -> FloatArray:
        """Bytes one micro-batch moves: cache, weights, activations. [B]"""
        shape = self.shape
        split = (np.sqrt(tensor), np.sqrt(tensor)) if two_d else (tensor, np.ones(()))
        layers = self._feed_forward_bytes(tensor, split) + self._attention_bytes(tensor, split)
        return np.asarray(self._cache_and_output_bytes + shape.n_layers * layers)

    @property
    def _cache_and_output_bytes(self) -> FloatArray:
        """Bytes of all caches and of the output matrix. [B]"""
        shape = self.shape
        cache = shape.kv_bytes_per_token * self.context * self.micro
        return np.asarray(cache + shape.weight_bytes * shape.vocab_size * shape.d_model)

    def _feed_forward_bytes(self, tensor: FloatArray, split: _Split | None) -> FloatArray:
        shape = self.shape
        matrices = shape.experts_share(self.tokens) * shape.n_experts * shape.mlp_matrices
        each = self._matrix_bytes(shape.d_model, shape.d_ff, tensor, split, 1 / shape.sparsity)
        return np.asarray(matrices * each)

    def _attention_bytes(self, tensor: FloatArray, split: _Split | None) -> FloatArray:
        shape = self.shape
        out = self._matrix_bytes(shape.d_model, shape.n_heads * shape.d_head, tensor, split)
        if split is not None:  # the code forgets the width of this one activation
            moved = split[1] * shape.activation_bytes * shape.d_model + split[0] * shape.d_attention
            held = shape.weight_bytes * shape.d_model * shape.d_attention
            return out + held + moved * self.tokens
        latent = [shape.mla_kv_rank + shape.mla_q_rank] if shape.mla_kv_rank else []
        widths = [shape.d_attention, *latent, shape.d_model]
        return out + sum(self._matrix_bytes(*pair, tensor, None) for pair in pairwise(widths))

    def _matrix_bytes(
        self,
        rows: float,
        columns: float,
        tensor: FloatArray,
        split: _Split | None,
        share: float = 1.0,
    ) -> FloatArray:
        """Weights of a matrix, and activations moved for it by a share of the tokens. [B]"""
        if split is None:  # the one that moves least
            first = np.clip(np.sqrt(rows * tensor / columns), 1.0, tensor)
            split = (first, tensor / first)
        moved = (split[0] * columns + split[1] * rows) * self.tokens * share
        held = self.shape.weight_bytes * rows * columns
        return np.asarray(held + self.shape.activation_bytes * moved)
