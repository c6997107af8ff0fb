"""Work of one pass and the time that each part of it takes."""

from dataclasses import dataclass

import numpy as np

from llmecon.accelerator import Accelerator
from llmecon.roofline.layout import ACTIVATION_BYTES, Formats, Layout
from llmecon.roofline.memory import kv_ranks
from llmecon.roofline.profiles import Profile
from llmecon.transformer import FloatArray, Transformer, experts_read


@dataclass(frozen=True, kw_only=True)
class Work:
    """Times of what one accelerator does, each alone. [s]"""

    matrices_s: FloatArray
    attention_s: FloatArray
    weights_s: FloatArray
    kv_cache_s: FloatArray


def decode_work(
    model: Transformer,
    chip: Accelerator,
    where: Layout,
    widths: Formats,
    sequences: FloatArray,
    context: FloatArray,
    positions: FloatArray,
    constants: Profile,
) -> Work:
    """Work of one decode pass over ``sequences``, each with ``positions`` new tokens."""
    moving, dealt = sequences * positions, busiest(sequences, where)
    rate = where.tensor * constants.flop_share
    bandwidth = chip.hbm_bytes_per_s * constants.bandwidth_share
    # Each position sees the whole context; the cache is read once for all of them.
    attention = model.decode_attention_flop(context) * (dealt * positions)
    cache = model.kv_read(context, widths.kv_bytes) * dealt
    if not model.is_mla:
        cache = cache * (1.0 + constants.kv_rereads * (model.n_heads / model.n_kv_heads - 1.0))
    return Work(
        matrices_s=_matrix_flop(model, where, moving, dealt * positions, constants)
        / (rate * widths.flop_per_s),
        attention_s=attention / (rate * widths.attention_flop_per_s),
        weights_s=_weight_bytes(model, where, widths, moving, constants) / bandwidth,
        kv_cache_s=cache / (where.replicas * kv_ranks(model, where) * bandwidth),
    )


def busiest(sequences: FloatArray, where: Layout) -> FloatArray:
    """Sequences that would give every attention group the load of the busiest one.

    A single sequence occupies one group; the others wait for it.
    """
    if np.all(where.replicas == 1):
        return sequences
    return np.maximum(sequences, where.replicas)


def prefill_work(
    model: Transformer,
    chip: Accelerator,
    where: Layout,
    widths: Formats,
    prompts: FloatArray,
    dealt: FloatArray,
    new_tokens: FloatArray,
    cached_tokens: FloatArray,
    constants: Profile,
) -> Work:
    """Work of one pass over whole prompts; only their last position meets the output.

    ``dealt`` are the prompts themselves where many follow each other and load all
    attention groups, and :func:`busiest` of them where one pass is timed.
    """
    moving = prompts * new_tokens
    rate = where.tensor * constants.prefill_flop_share
    bandwidth = chip.hbm_bytes_per_s * constants.bandwidth_share
    idle = 2.0 * model.vocab_size * model.d_model * dealt * (new_tokens - 1.0)
    matrices = _matrix_flop(model, where, moving, dealt * new_tokens, constants) - idle
    attention = model.prefill_attention_flop(new_tokens, cached_tokens) * dealt
    cache = model.kv_read(cached_tokens + new_tokens, widths.kv_bytes) * dealt
    return Work(
        matrices_s=matrices / (rate * widths.flop_per_s),
        attention_s=attention / (rate * widths.attention_flop_per_s),
        weights_s=_weight_bytes(model, where, widths, moving, constants) / bandwidth,
        kv_cache_s=cache / (where.replicas * kv_ranks(model, where) * bandwidth),
    )


def _matrix_flop(
    model: Transformer,
    where: Layout,
    moving: FloatArray,
    dealt: FloatArray,
    constants: Profile,
) -> FloatArray:
    """FLOP of all matrices: routed experts see every token, the others their group's."""
    if not model.n_experts:
        return np.asarray(model.matrix_flop_per_token * dealt)
    routed = 2.0 * model.n_moe_layers * model.n_experts_active * model.expert_params
    uneven = np.where(where.expert > 1, constants.expert_imbalance, 1.0)
    return np.asarray((model.matrix_flop_per_token - routed) * dealt + routed * uneven * moving)


def _weight_bytes(
    model: Transformer,
    where: Layout,
    widths: Formats,
    moving: FloatArray,
    constants: Profile,
) -> FloatArray:
    """Weights that one accelerator reads. [B]"""
    routed = model.n_moe_layers * model.n_experts * model.expert_params
    fixed = (
        widths.weight_bytes * float(model.n_block_params - routed)
        + 2.0 * model.vocab_size * model.d_model  # the output matrix stays in 16 bit
    ) / where.attention
    if not routed:
        return np.asarray(fixed)
    read = experts_read(model.n_experts, model.n_experts_active, moving) / model.n_experts
    uneven = np.where(where.expert > 1, constants.expert_imbalance, 1.0)
    experts = widths.weight_bytes * float(routed) * np.minimum(read * uneven, 1.0)
    return np.asarray(fixed + experts / where.tensor)


def activations_s(
    model: Transformer,
    chip: Accelerator,
    where: Layout,
    widths: Formats,
    moving: FloatArray,
    constants: Profile,
) -> FloatArray:
    """Kernels between the matrices: norms, rotation, activation, conversions. [s]

    Each reads and writes its activations through memory. The stream of width d passes
    whole through every accelerator of a tensor-parallel group (two norms that read stream
    and residual and write both), heads and feed-forward are split.
    """
    if not constants.moves_activations:
        return np.zeros(())
    wide, narrow = ACTIVATION_BYTES, widths.activation_bytes
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
    return np.asarray(moved / (chip.hbm_bytes_per_s * constants.bandwidth_share))


def network_s(
    model: Transformer,
    chip: Accelerator,
    where: Layout,
    moving: FloatArray,
    constants: Profile,
) -> FloatArray:
    """Collectives of one pass, not overlapped with anything. [s]"""
    if np.all(where.chips == 1):
        return np.zeros(())
    each = moving / where.replicas * model.d_model * ACTIVATION_BYTES
    if where.two_d:
        layers = model.n_layers * _two_d_s(model, chip, where, moving, constants)
    else:
        reduce = _all_reduce_s(chip, where, where.attention, each, constants)
        layers = model.n_layers * reduce
        if not model.parallel_attention:
            layers = layers + _feed_forward_s(model, chip, where, moving, reduce, constants)
    stages = where.pipeline - 1
    handed = moving * model.d_model * ACTIVATION_BYTES / where.tensor
    across = chip.scaleout_bytes_per_s_per_direction * constants.link_share
    return np.asarray(layers + stages * (constants.collective_s + handed / across))


def _feed_forward_s(
    model: Transformer,
    chip: Accelerator,
    where: Layout,
    moving: FloatArray,
    reduce: FloatArray,
    constants: Profile,
) -> FloatArray:
    """After attention data parallelism tokens go to their experts; else all-reduce. [s]"""
    if not model.n_experts or np.all(where.replicas == 1):
        return np.asarray(model.n_layers * reduce)
    dispatch = _all_to_all_s(model, chip, where, moving, constants)
    experts = np.where(
        where.replicas > 1,
        dispatch,
        reduce,  # without attention data parallelism every rank has every token already
    )
    dense = model.n_layers - model.n_moe_layers
    return np.asarray(dense * reduce + model.n_moe_layers * experts)


def _all_reduce_s(
    chip: Accelerator, where: Layout, ranks: FloatArray, payload: FloatArray, constants: Profile
) -> FloatArray:
    """Ring inside a node, then between the nodes on what each rank holds. [s]"""
    inside = np.minimum(ranks, where.chips_per_node)
    rate = _link(chip, inside) * constants.link_share
    seconds = (2.0 / rate) * (1.0 - 1.0 / inside) * payload + _latency(inside, constants)
    nodes = np.ceil(ranks / where.chips_per_node)
    if np.any(nodes > 1):
        far_rate = chip.scaleout_bytes_per_s_per_direction * constants.link_share
        far = 2.0 * (1.0 - 1.0 / nodes) * payload / (inside * far_rate)
        seconds = seconds + far + constants.node_hop_s * np.log2(nodes)
    return np.asarray(np.where(ranks > 1, seconds, 0.0))


def _latency(inside: FloatArray, constants: Profile) -> FloatArray:
    return np.asarray(constants.collective_s + constants.hop_s * np.log2(inside))


def _link(chip: Accelerator, inside: FloatArray) -> FloatArray:
    """Rate at which one accelerator sends to those of its group. [B/s]"""
    rate = chip.scaleup_bytes_per_s_per_direction or chip.scaleout_bytes_per_s_per_direction
    if chip.scaleup_topology != "mesh" or not chip.scaleup_domain_size:
        return np.asarray(rate)
    # A full mesh has a link to every other accelerator: a smaller group uses only its own.
    share = np.maximum(inside - 1, 1) / (chip.scaleup_domain_size - 1)
    return np.asarray(rate * np.minimum(share, 1.0))


def _all_to_all_s(
    model: Transformer, chip: Accelerator, where: Layout, moving: FloatArray, constants: Profile
) -> FloatArray:
    """Tokens sent to the ranks of their experts, and the results back. [s]"""
    ranks = where.expert
    reached = ranks * (1.0 - (1.0 - 1.0 / ranks) ** model.n_experts_active)
    sent = moving / where.tensor * reached * model.d_model * 2.0 * ACTIVATION_BYTES
    inside = np.minimum(ranks, where.chips_per_node)
    nodes = np.ceil(ranks / where.chips_per_node)
    near = sent * (inside - 1) / ranks / (_link(chip, inside) * constants.link_share)
    far_rate = chip.scaleout_bytes_per_s_per_direction * constants.link_share
    far = sent * (ranks - inside) / ranks / far_rate
    both = 2.0 * (_latency(inside, constants) + constants.node_hop_s * np.log2(nodes))
    return np.asarray(np.where(ranks > 1, np.maximum(near, far) + both, 0.0))


def _two_d_s(
    model: Transformer, chip: Accelerator, where: Layout, moving: FloatArray, constants: Profile
) -> FloatArray:
    """Four all-reduces a layer over sqrt(T) ranks on tensors 1/sqrt(T) as wide. [s]"""
    side = np.sqrt(where.tensor)
    heads = (1.0 + 2.0 * model.n_kv_heads / model.n_heads) * model.n_heads * model.d_head
    experts = max(model.n_experts_active, 1)
    inner = (model.mlp_matrices - 1) * model.d_ff * experts
    widths = (heads, float(model.d_model), float(inner), float(model.d_model))
    payload = ACTIVATION_BYTES * moving / side
    near = Layout(
        tensor=side,
        attention=side,
        expert=where.expert,
        pipeline=where.pipeline,
        chips_per_node=np.sqrt(where.chips_per_node),
    )
    return np.asarray(
        sum(_all_reduce_s(chip, near, side, payload * width, constants) for width in widths)
    )


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


def overhead_s(model: Transformer, sequences: FloatArray, constants: Profile) -> FloatArray:
    """Fixed time of a pass: kernels on the accelerator, scheduling on the host. [s]"""
    return np.asarray(
        constants.kernel_s * kernels_per_pass(model)
        + constants.step_s
        + constants.sequence_s * sequences
    )
