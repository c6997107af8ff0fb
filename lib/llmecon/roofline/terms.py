"""Work of one pass and the time that each part of it takes."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from llmecon.accelerator import Accelerator
from llmecon.roofline._layout import ACTIVATION_BYTES, Formats, Layout
from llmecon.roofline.profiles import Profile
from llmecon.roofline.step import Memory, Step, Terms
from llmecon.transformer import FloatArray, Transformer


@dataclass(frozen=True, kw_only=True)
class Work:
    """Times of what one accelerator does, each alone. [s]"""

    matrices_s: FloatArray
    attention_s: FloatArray
    weights_s: FloatArray
    kv_cache_s: FloatArray


class Instance:
    """One model on its accelerators: what every term of a pass depends on.

    What does not depend on the load is worked out once, at its first use.

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
    held_back_bytes : array
        Memory held back on each accelerator. [B]
    shape : tuple of int
        What its options broadcast to.
    """

    model: Transformer
    chip: Accelerator
    where: Layout
    widths: Formats
    constants: Profile
    held_back_bytes: FloatArray
    shape: tuple[int, ...]

    @cached_property
    def bandwidth_bytes_per_s(self) -> float:
        """Achieved memory bandwidth of one accelerator. [B/s]"""
        return self.chip.hbm_bytes_per_s * self.constants.bandwidth_share

    @cached_property
    def scaleout_bytes_per_s(self) -> float:
        """Achieved rate of one accelerator to other nodes. [B/s]"""
        return self.chip.scaleout_bytes_per_s_per_direction * self.constants.link_share

    @cached_property
    def replicas(self) -> FloatArray:
        """Groups that hold different sequences in their attention."""
        return np.asarray(self.where.tensor / self.where.attention)

    @cached_property
    def _one_group(self) -> bool:
        return bool(np.all(self.replicas == 1))

    def busiest(self, sequences: FloatArray) -> FloatArray:
        """Sequences that would give every attention group the load of the busiest one.

        A single sequence occupies one group; the others wait for it.
        """
        return sequences if self._one_group else np.maximum(sequences, self.replicas)

    @cached_property
    def kv_ranks(self) -> FloatArray:
        """Accelerators that all caches are spread over.

        Key-value heads are split, then copied; a latent cache has no heads to split. A 2-D
        split deals the sequences out over all accelerators (Pope et al., arXiv:2211.05102).
        """
        if self.where.two_d:
            return np.asarray(self.replicas * self.where.tensor)
        heads = 1.0 if self.model.is_mla else float(self.model.n_kv_heads)
        return np.asarray(self.replicas * np.minimum(self.where.attention, heads))

    @cached_property
    def weight_bytes(self) -> FloatArray:
        """Weights that the busiest accelerator holds. [B]"""
        width, where = self.widths.weight_bytes, self.where
        shared = width * (float(self.model.n_block_params) - self.routed_params)
        shared = shared + 2.0 * self.model.embedding_params  # 16 bit
        held = shared / where.attention + width * self.routed_params / where.tensor
        return np.asarray(held / where.pipeline)

    # ---- arithmetic and reading ----------------------------------------------------------

    def decode_work(
        self, sequences: FloatArray, context: FloatArray, positions: FloatArray
    ) -> Work:
        """Work of one decode pass over ``sequences``, each with ``positions`` new tokens."""
        dealt = self.busiest(sequences)
        moving, dealt_positions = sequences * positions, dealt * positions
        # Each position sees the whole context; the cache is read once for all of them.
        attention = self.model.decode_attention_flop(context) * dealt_positions
        cache = self.model.kv_read(context, self.widths.kv_bytes) * dealt
        return Work(
            matrices_s=self._matrix_flop(moving, dealt_positions) / self._flop_per_s,
            attention_s=attention / self._attention_flop_per_s,
            weights_s=self._weights_s(moving),
            kv_cache_s=cache * self._s_per_cache_byte,
        )

    def prefill_work(
        self, prompts: FloatArray, dealt: FloatArray, new_tokens: FloatArray, cached: FloatArray
    ) -> Work:
        """Work of one pass over whole prompts; only their last position meets the output.

        ``dealt`` are the prompts themselves where many follow each other and load all
        attention groups, and :meth:`busiest` of them where one pass is timed.
        """
        model = self.model
        moving = prompts * new_tokens
        idle = 2.0 * model.vocab_size * model.d_model * dealt * (new_tokens - 1.0)
        matrices = self._matrix_flop(moving, dealt * new_tokens) - idle
        attention = model.prefill_attention_flop(new_tokens, cached) * dealt
        cache = model.kv_read(cached + new_tokens, self.widths.kv_bytes) * dealt
        return Work(
            matrices_s=matrices / self._flop_per_s,
            attention_s=attention / self._attention_flop_per_s,
            weights_s=self._weights_s(moving),
            kv_cache_s=cache / (self.kv_ranks * self.bandwidth_bytes_per_s),
        )

    def busy_s(self, work: Work) -> FloatArray:
        """Arithmetic and reading, which overlap in each kernel, not over the pass. [s]

        The one rule of time: decode, prefill and serving all use it.
        """
        matrices = np.maximum(work.matrices_s, work.weights_s)
        return np.asarray(matrices + np.maximum(work.attention_s, work.kv_cache_s))

    @cached_property
    def _flop_per_s(self) -> FloatArray:
        return self.where.tensor * self.constants.flop_share * self.widths.flop_per_s

    @cached_property
    def _attention_flop_per_s(self) -> FloatArray:
        return self.where.tensor * self.constants.flop_share * self.widths.attention_flop_per_s

    @cached_property
    def _s_per_cache_byte(self) -> FloatArray:
        """Reading a byte of all caches in decode, rereads of old kernels included. [s/B]"""
        rereads = 0.0
        if not self.model.is_mla:
            rereads = self.constants.kv_rereads * (self.model.n_heads / self.model.n_kv_heads - 1)
        return np.asarray((1.0 + rereads) / (self.kv_ranks * self.bandwidth_bytes_per_s))

    def _matrix_flop(self, moving: FloatArray, dealt: FloatArray) -> FloatArray:
        """FLOP of all matrices: routed experts see every token, the others their group's.

        Every group of experts has the same load, the best case: no row tells that of single ranks.
        """
        model = self.model
        if not model.n_experts:
            return model.matrix_flop_per_token * dealt
        routed = 2.0 * model.n_moe_layers * model.n_experts_active * model.expert_params
        others = (model.matrix_flop_per_token - routed) * dealt
        return np.asarray(others + routed * moving)

    def _weights_s(self, moving: FloatArray) -> FloatArray:
        """Reading the weights that one accelerator needs. [s]"""
        model = self.model
        if not model.n_experts:
            return self._fixed_weights_s
        # The share of experts that no token chooses, if the router is even: real ones read fewer.
        idle = (1.0 - model.n_experts_active / model.n_experts) ** moving
        return np.asarray(self._fixed_weights_s + self._expert_weights_s * (1.0 - idle))

    @cached_property
    def routed_params(self) -> float:
        """Parameters of all routed experts."""
        return float(self.model.n_moe_layers * self.model.n_experts * self.model.expert_params)

    @cached_property
    def _fixed_weights_s(self) -> FloatArray:
        model = self.model
        params = float(model.n_block_params) - self.routed_params
        output = 2.0 * model.vocab_size * model.d_model  # this matrix stays in 16 bit
        fixed = (self.widths.weight_bytes * params + output) / self.where.attention
        return np.asarray(fixed / self.bandwidth_bytes_per_s)

    @cached_property
    def _expert_weights_s(self) -> FloatArray:
        experts = self.widths.weight_bytes * self.routed_params / self.where.tensor
        return np.asarray(experts / self.bandwidth_bytes_per_s)

    # ---- a whole pass, and what it holds ---------------------------------------------------

    def memory(self, batch: FloatArray, context: FloatArray) -> Memory:
        """Memory of the busiest accelerator."""
        held = self.model.kv_held(context, self.widths.kv_bytes)
        return Memory(
            weight_bytes=self.weight_bytes,
            sequence_bytes=np.asarray(held / (self.where.pipeline * self.kv_ranks)),
            reserve_bytes=self.held_back_bytes,
            hbm_bytes=self.chip.hbm_bytes,
            batch=batch,
            name=f"{self.model.name} on {self.chip.name}",
        )

    def in_flight(self, batch: FloatArray) -> FloatArray:
        """Sequences in one stage of a pipeline; fewer than one a stage leave stages idle."""
        return np.maximum(batch / self.where.pipeline, 1.0)

    def step(
        self, work: Work, moving: FloatArray, batch: FloatArray, made: FloatArray, held: FloatArray
    ) -> Step:
        """A pass with ``moving`` positions that makes tokens, with caches of ``held`` tokens."""
        latency, per_token = self.network
        between, network = self.activation_s * moving, latency + per_token * moving
        overhead = self.overhead_s(self.in_flight(batch))
        total = self.busy_s(work) + between + network + overhead
        # An option that changes no time here may still change what fits, or be one of a grid.
        shape = total.shape
        if self.shape not in ((), shape):
            shape = np.broadcast_shapes(shape, self.shape)
        compute = work.matrices_s + work.attention_s
        parts = (compute, work.weights_s, work.kv_cache_s, between, network, overhead)
        return Step(
            seconds=spread(total, shape),
            terms=Terms(*(spread(part, shape) for part in parts)),
            batch=batch,
            chips=self.where.chips,
            tokens=made,
            memory=self.memory(batch, held),
            profile=self.constants,
        )

    # ---- what comes on top ---------------------------------------------------------------

    def overhead_s(self, sequences: FloatArray) -> FloatArray:
        """Fixed time of a pass: kernels on the accelerator, scheduling on the host. [s]"""
        return self._kernels_s + self.constants.sequence_s * sequences

    @cached_property
    def _kernels_s(self) -> float:
        """Fixed time of one pass: its kernels one after the other, counted from the shape. [s]

        Attention with keys and values: norm, query-key-value product, rotation with cache
        write, attention, output product; latent attention compresses and unfolds around it: 4
        more; an indexer 3 more. Feed-forward: norm, inner product, activation, outer product;
        experts: router, choice, permutation, two grouped products, activation, combination, and
        3 for a shared expert. A pass ends with norm, output product and sampling.
        """
        model = self.model
        attention = 5 + (4 if model.is_mla else 0) + (3 if model.indexer_heads else 0)
        dense = 4 * (model.n_layers - model.n_moe_layers)
        experts = (8 + (3 if model.n_shared_experts else 0)) * model.n_moe_layers
        linear = 2 * model.n_linear_layers  # convolution and gates around the recurrence
        kernels = model.n_layers * attention + linear + experts + dense + 3
        return self.constants.kernel_s * kernels

    @cached_property
    def activation_s(self) -> FloatArray:
        """Kernels between the matrices: norms, rotation, activation, conversions. [s/token]

        Each reads and writes its activations through memory. The stream of width d passes
        whole through every accelerator of a tensor-parallel group (two norms that read stream
        and residual and write both), heads and feed-forward are split.
        """
        if not self.constants.moves_activations:
            return np.zeros(())
        model, where = self.model, self.where
        wide, narrow = ACTIVATION_BYTES, self.widths.activation_bytes
        norm = 3 * wide + narrow  # read stream and residual, write residual and the next input
        heads = model.n_heads * model.d_head
        rotated = 2 * wide * (heads + model.n_kv_heads * model.d_head)
        attended = (wide + narrow) * heads
        experts = model.n_experts_active + model.n_shared_experts if model.n_experts else 1
        gates = (model.mlp_matrices - 1) * wide + narrow
        whole = (1 if model.parallel_attention else 2) * norm * model.d_model / self.replicas
        split = (rotated + attended + gates * model.d_ff * experts) / where.tensor
        if model.n_experts:  # tokens are copied to their experts and their results are added up
            split = split + experts * 2 * (wide + narrow) * model.d_model / where.tensor
        return np.asarray(model.n_layers * (whole + split) / self.bandwidth_bytes_per_s)

    @cached_property
    def network(self) -> FloatArray:
        """Collectives of one pass: latency [s] and time of one token [s/token], stacked.

        Nothing overlaps with them.
        """
        model, where = self.model, self.where
        if np.all(where.chips == 1):
            return np.zeros((2, *where.tensor.shape))
        if where.two_d:
            layers = model.n_layers * self._two_d()
        else:
            payload = model.d_model * ACTIVATION_BYTES / self.replicas
            reduce = self._all_reduce(where.attention, payload, where.chips_per_node)
            layers = model.n_layers * reduce
            if not model.parallel_attention:
                layers = layers + self._feed_forward(reduce)
        handed = model.d_model * ACTIVATION_BYTES / where.tensor / self.scaleout_bytes_per_s
        return layers + (where.pipeline - 1) * _line(self.constants.collective_s, handed)

    def _feed_forward(self, reduce: FloatArray) -> FloatArray:
        """After attention data parallelism tokens go to their experts; else all-reduce."""
        model = self.model
        if not model.n_experts or self._one_group:
            return model.n_layers * reduce
        # Without attention data parallelism every rank has every token already.
        experts = np.where(self.replicas > 1, self._all_to_all(), reduce)
        dense = model.n_layers - model.n_moe_layers
        return np.asarray(dense * reduce + model.n_moe_layers * experts)

    def _all_reduce(
        self, ranks: FloatArray, payload: FloatArray, per_node: FloatArray
    ) -> FloatArray:
        """Ring inside a node, then between the nodes on what each rank holds."""
        inside, nodes = np.minimum(ranks, per_node), np.ceil(ranks / per_node)
        near = (2.0 / self._link(inside)) * (1.0 - 1.0 / inside) * payload
        far = 2.0 * (1.0 - 1.0 / nodes) * payload / (inside * self.scaleout_bytes_per_s)
        return np.where(ranks > 1, _line(self._latency_s(inside, nodes), near + far), 0.0)

    def _latency_s(self, inside: FloatArray, nodes: FloatArray) -> FloatArray:
        of = self.constants
        return of.collective_s + of.hop_s * np.log2(inside) + of.node_hop_s * np.log2(nodes)

    def _link(self, inside: FloatArray) -> FloatArray:
        """Rate at which one accelerator sends to those of its group. [B/s]"""
        chip = self.chip
        peak = chip.scaleup_bytes_per_s_per_direction or chip.scaleout_bytes_per_s_per_direction
        rate = peak * self.constants.link_share
        joined = chip.scaleup_domain_size or 1
        if chip.scaleup_topology != "mesh" or joined == 1:
            return np.asarray(rate)
        # A full mesh has a link to every other accelerator: a smaller group uses only its own.
        share = np.maximum(inside - 1, 1) / (joined - 1)
        return np.asarray(rate * np.minimum(share, 1.0))

    def _all_to_all(self) -> FloatArray:
        """Tokens sent to the ranks of their experts, and the results back."""
        model, where = self.model, self.where
        ranks = where.expert
        reached = ranks * (1.0 - (1.0 - 1.0 / ranks) ** model.n_experts_active)
        sent = reached / where.tensor * model.d_model * 2.0 * ACTIVATION_BYTES
        inside = np.minimum(ranks, where.chips_per_node)
        nodes = np.ceil(ranks / where.chips_per_node)
        near = sent * (inside - 1) / ranks / self._link(inside)
        far = sent * (ranks - inside) / ranks / self.scaleout_bytes_per_s
        both = _line(2.0 * self._latency_s(inside, nodes), np.maximum(near, far))
        return np.where(ranks > 1, both, 0.0)

    def _two_d(self) -> FloatArray:
        """Four all-reduces a layer over sqrt(T) ranks on tensors 1/sqrt(T) as wide."""
        model, where = self.model, self.where
        side, per_node = np.sqrt(where.tensor), np.sqrt(where.chips_per_node)
        heads = (1.0 + 2.0 * model.n_kv_heads / model.n_heads) * model.n_heads * model.d_head
        inner = (model.mlp_matrices - 1) * model.d_ff * max(model.n_experts_active, 1)
        widths = (heads, float(model.d_model), float(inner), float(model.d_model))
        reduces = (
            self._all_reduce(side, ACTIVATION_BYTES * width / side, per_node) for width in widths
        )
        return np.asarray(sum(reduces))


def spread(values: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Values in a shape that they broadcast to."""
    return np.asarray(values) if values.shape == shape else np.broadcast_to(values, shape)


def _line(fixed: FloatArray | float, per_token: FloatArray) -> FloatArray:
    """Time of a collective: latency, and what each token adds, stacked."""
    return np.stack(np.broadcast_arrays(fixed, per_token))
