"""Work of one pass and the time that each part of it takes."""

from dataclasses import dataclass, replace

import numpy as np

from llmecon.roofline.layout import ACTIVATION_BYTES, Instance, Layout
from llmecon.roofline.memory import kv_ranks
from llmecon.transformer import FloatArray, Transformer, experts_read


@dataclass(frozen=True, kw_only=True)
class Work:
    """Times of what one accelerator does, each alone. [s]"""

    matrices_s: FloatArray
    attention_s: FloatArray
    weights_s: FloatArray
    kv_cache_s: FloatArray


def decode_work(
    instance: Instance, sequences: FloatArray, context: FloatArray, positions: FloatArray
) -> Work:
    """Work of one decode pass over ``sequences``, each with ``positions`` new tokens."""
    model, widths, constants = instance.model, instance.widths, instance.constants
    moving, dealt = sequences * positions, busiest(sequences, instance.where)
    rate = instance.where.tensor * constants.flop_share
    # Each position sees the whole context; the cache is read once for all of them.
    attention = model.decode_attention_flop(context) * (dealt * positions)
    cache = model.kv_read(context, widths.kv_bytes) * dealt
    if not model.is_mla:
        cache = cache * (1.0 + constants.kv_rereads * (model.n_heads / model.n_kv_heads - 1.0))
    return Work(
        matrices_s=_matrix_flop(instance, moving, dealt * positions) / (rate * widths.flop_per_s),
        attention_s=attention / (rate * widths.attention_flop_per_s),
        weights_s=_weight_bytes(instance, moving) / instance.bandwidth_bytes_per_s,
        kv_cache_s=_cache_s(instance, cache),
    )


def busiest(sequences: FloatArray, where: Layout) -> FloatArray:
    """Sequences that would give every attention group the load of the busiest one.

    A single sequence occupies one group; the others wait for it.
    """
    if np.all(where.replicas == 1):
        return sequences
    return np.maximum(sequences, where.replicas)


def prefill_work(
    instance: Instance,
    prompts: FloatArray,
    dealt: FloatArray,
    new_tokens: FloatArray,
    cached_tokens: FloatArray,
) -> Work:
    """Work of one pass over whole prompts; only their last position meets the output.

    ``dealt`` are the prompts themselves where many follow each other and load all
    attention groups, and :func:`busiest` of them where one pass is timed.
    """
    model, widths = instance.model, instance.widths
    moving = prompts * new_tokens
    rate = instance.where.tensor * instance.constants.prefill_flop_share
    idle = 2.0 * model.vocab_size * model.d_model * dealt * (new_tokens - 1.0)
    matrices = _matrix_flop(instance, moving, dealt * new_tokens) - idle
    attention = model.prefill_attention_flop(new_tokens, cached_tokens) * dealt
    cache = model.kv_read(cached_tokens + new_tokens, widths.kv_bytes) * dealt
    return Work(
        matrices_s=matrices / (rate * widths.flop_per_s),
        attention_s=attention / (rate * widths.attention_flop_per_s),
        weights_s=_weight_bytes(instance, moving) / instance.bandwidth_bytes_per_s,
        kv_cache_s=_cache_s(instance, cache),
    )


def _cache_s(instance: Instance, cache_bytes: FloatArray) -> FloatArray:
    """Reading what all sequences have cached, on the accelerators it is spread over. [s]"""
    ranks = instance.where.replicas * kv_ranks(instance.model, instance.where)
    return np.asarray(cache_bytes / (ranks * instance.bandwidth_bytes_per_s))


def _matrix_flop(instance: Instance, moving: FloatArray, dealt: FloatArray) -> FloatArray:
    """FLOP of all matrices: routed experts see every token, the others their group's."""
    model = instance.model
    if not model.n_experts:
        return np.asarray(model.matrix_flop_per_token * dealt)
    routed = 2.0 * model.n_moe_layers * model.n_experts_active * model.expert_params
    others = (model.matrix_flop_per_token - routed) * dealt
    return np.asarray(others + routed * _imbalance(instance) * moving)


def _imbalance(instance: Instance) -> FloatArray:
    """Load of the busiest group of experts over the mean."""
    return np.where(instance.where.expert > 1, instance.constants.expert_imbalance, 1.0)


def _weight_bytes(instance: Instance, moving: FloatArray) -> FloatArray:
    """Weights that one accelerator reads. [B]"""
    model, where, width = instance.model, instance.where, instance.widths.weight_bytes
    routed = model.n_moe_layers * model.n_experts * model.expert_params
    fixed = (
        width * float(model.n_block_params - routed)
        + 2.0 * model.vocab_size * model.d_model  # the output matrix stays in 16 bit
    ) / where.attention
    if not routed:
        return np.asarray(fixed)
    read = experts_read(model.n_experts, model.n_experts_active, moving) / model.n_experts
    experts = width * float(routed) * np.minimum(read * _imbalance(instance), 1.0)
    return np.asarray(fixed + experts / where.tensor)


def activations_s(instance: Instance, moving: FloatArray) -> FloatArray:
    """Kernels between the matrices: norms, rotation, activation, conversions. [s]

    Each reads and writes its activations through memory. The stream of width d passes
    whole through every accelerator of a tensor-parallel group (two norms that read stream
    and residual and write both), heads and feed-forward are split.
    """
    if not instance.constants.moves_activations:
        return np.zeros(())
    model, where = instance.model, instance.where
    wide, narrow = ACTIVATION_BYTES, instance.widths.activation_bytes
    norm = 3 * wide + narrow  # read stream and residual, write residual and the next input
    heads = model.n_heads * model.d_head
    rotated = 2 * wide * (heads + model.n_kv_heads * model.d_head)
    attended = (wide + narrow) * heads
    experts = model.n_experts_active + model.n_shared_experts if model.n_experts else 1
    gates = (model.mlp_matrices - 1) * wide + narrow
    whole = (1 if model.parallel_attention else 2) * norm * model.d_model / where.replicas
    split = (rotated + attended + gates * model.d_ff * experts) / where.tensor
    if model.n_experts:  # tokens are copied to their experts and their results are added up
        split = split + experts * 2 * (wide + narrow) * model.d_model / where.tensor
    moved = model.n_layers * (whole + split) * moving
    return np.asarray(moved / instance.bandwidth_bytes_per_s)


def network_s(instance: Instance, moving: FloatArray) -> FloatArray:
    """Collectives of one pass, not overlapped with anything. [s]"""
    model, where = instance.model, instance.where
    if np.all(where.chips == 1):
        return np.zeros(())
    each = moving / where.replicas * model.d_model * ACTIVATION_BYTES
    if where.two_d:
        layers = model.n_layers * _two_d_s(instance, moving)
    else:
        reduce = _all_reduce_s(instance, where.attention, each)
        layers = model.n_layers * reduce
        if not model.parallel_attention:
            layers = layers + _feed_forward_s(instance, moving, reduce)
    stages = where.pipeline - 1
    handed = moving * model.d_model * ACTIVATION_BYTES / where.tensor
    each_stage = instance.constants.collective_s + handed / instance.scaleout_bytes_per_s
    return np.asarray(layers + stages * each_stage)


def _feed_forward_s(instance: Instance, moving: FloatArray, reduce: FloatArray) -> FloatArray:
    """After attention data parallelism tokens go to their experts; else all-reduce. [s]"""
    model, where = instance.model, instance.where
    if not model.n_experts or np.all(where.replicas == 1):
        return np.asarray(model.n_layers * reduce)
    # Without attention data parallelism every rank has every token already.
    experts = np.where(where.replicas > 1, _all_to_all_s(instance, moving), reduce)
    dense = model.n_layers - model.n_moe_layers
    return np.asarray(dense * reduce + model.n_moe_layers * experts)


def _all_reduce_s(instance: Instance, ranks: FloatArray, payload: FloatArray) -> FloatArray:
    """Ring inside a node, then between the nodes on what each rank holds. [s]"""
    per_node = instance.where.chips_per_node
    inside, nodes = np.minimum(ranks, per_node), np.ceil(ranks / per_node)
    near = (2.0 / _link(instance, inside)) * (1.0 - 1.0 / inside) * payload
    seconds = near + _latency(instance, inside)
    if np.any(nodes > 1):
        far = 2.0 * (1.0 - 1.0 / nodes) * payload / (inside * instance.scaleout_bytes_per_s)
        seconds = seconds + far + instance.constants.node_hop_s * np.log2(nodes)
    return np.asarray(np.where(ranks > 1, seconds, 0.0))


def _latency(instance: Instance, inside: FloatArray) -> FloatArray:
    constants = instance.constants
    return np.asarray(constants.collective_s + constants.hop_s * np.log2(inside))


def _link(instance: Instance, inside: FloatArray) -> FloatArray:
    """Rate at which one accelerator sends to those of its group. [B/s]"""
    chip = instance.chip
    peak = chip.scaleup_bytes_per_s_per_direction or chip.scaleout_bytes_per_s_per_direction
    rate = peak * instance.constants.link_share
    joined = chip.scaleup_domain_size or 1
    if chip.scaleup_topology != "mesh" or joined == 1:
        return np.asarray(rate)
    # A full mesh has a link to every other accelerator: a smaller group uses only its own.
    share = np.maximum(inside - 1, 1) / (joined - 1)
    return np.asarray(rate * np.minimum(share, 1.0))


def _all_to_all_s(instance: Instance, moving: FloatArray) -> FloatArray:
    """Tokens sent to the ranks of their experts, and the results back. [s]"""
    model, where = instance.model, instance.where
    ranks = where.expert
    reached = ranks * (1.0 - (1.0 - 1.0 / ranks) ** model.n_experts_active)
    sent = moving / where.tensor * reached * model.d_model * 2.0 * ACTIVATION_BYTES
    inside = np.minimum(ranks, where.chips_per_node)
    nodes = np.ceil(ranks / where.chips_per_node)
    near = sent * (inside - 1) / ranks / _link(instance, inside)
    far = sent * (ranks - inside) / ranks / instance.scaleout_bytes_per_s
    hops = instance.constants.node_hop_s * np.log2(nodes)
    both = 2.0 * (_latency(instance, inside) + hops)
    return np.asarray(np.where(ranks > 1, np.maximum(near, far) + both, 0.0))


def _two_d_s(instance: Instance, moving: FloatArray) -> FloatArray:
    """Four all-reduces a layer over sqrt(T) ranks on tensors 1/sqrt(T) as wide. [s]"""
    model, where = instance.model, instance.where
    side = np.sqrt(where.tensor)
    heads = (1.0 + 2.0 * model.n_kv_heads / model.n_heads) * model.n_heads * model.d_head
    experts = max(model.n_experts_active, 1)
    inner = (model.mlp_matrices - 1) * model.d_ff * experts
    widths = (heads, float(model.d_model), float(inner), float(model.d_model))
    payload = ACTIVATION_BYTES * moving / side
    near = replace(instance, where=replace(where, chips_per_node=np.sqrt(where.chips_per_node)))
    return np.asarray(sum(_all_reduce_s(near, side, payload * width) for width in widths))


def kernels_per_pass(model: Transformer) -> int:
    """Kernels launched one after the other in one pass, counted from the architecture.

    Attention with keys and values: norm, query-key-value product, rotation with cache
    write, attention, output product; latent attention compresses and unfolds around it: 4
    more; an indexer 3 more. Feed-forward: norm, inner product, activation, outer product;
    experts: router, choice, permutation, two grouped products, activation, combination, and
    3 for a shared expert. A pass ends with norm, output product and sampling.
    """
    attention = 5 + (4 if model.is_mla else 0) + (3 if model.indexer_heads else 0)
    dense = 4
    moe = 8 + (3 if model.n_shared_experts else 0)
    n_moe = model.n_moe_layers
    linear = 2 * model.n_linear_layers  # convolution and gates around the recurrence
    return model.n_layers * attention + linear + n_moe * moe + (model.n_layers - n_moe) * dense + 3


def overhead_s(instance: Instance, sequences: FloatArray) -> FloatArray:
    """Fixed time of a pass: kernels on the accelerator, scheduling on the host. [s]"""
    constants = instance.constants
    return np.asarray(
        constants.kernel_s * kernels_per_pass(instance.model)
        + constants.step_s
        + constants.sequence_s * sequences
    )
