"""Time of collectives: latency and bandwidth."""

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.transformer import FloatArray

PROTOCOLS = {  # alpha, beta, base [s], achieved share of the rate: NCCL, src/graph/tuning.cc
    "LL": (0.6e-6, 5e-6, 6.8e-6, 0.5),
    "LL128": (1.25e-6, 8.5e-6, 14e-6, 0.95),
    "Simple": (28e-6, 28e-6, 0.0, 1.0),
}
"""Constants of NCCL's protocols, as quoted by Erdil, arXiv:2506.04645."""


def ring_all_reduce_s(
    payload_bytes: Numbers, ranks: Numbers, link_bytes_per_s: Numbers, hop_s: Numbers = 0.0
) -> FloatArray:
    r"""Ring all-reduce of a tensor that each rank holds. [s]

    .. math:: t = 2 (R - 1) t_{hop} + 2 \frac{R - 1}{R} \frac{Y}{W}

    Parameters
    ----------
    payload_bytes : float or array
        Size :math:`Y` of the tensor. [B]
    ranks : int or array
        Accelerators :math:`R`; one needs no time.
    link_bytes_per_s : float or array
        Link rate :math:`W`, one direction. [B/s]
    hop_s : float or array, optional
        Latency of one hop. [s]

    Examples
    --------
    >>> float(ring_all_reduce_s(1e6, 8, 450e9)) * 1e6
    3.8889
    """
    size, rank_count, rate = _checked(payload_bytes, ranks, link_bytes_per_s)
    hop = require("hop_s", hop_s, minimum=0, unit="s")
    return np.asarray(2 * (rank_count - 1) * (hop + size / (rank_count * rate)))


def all_gather_s(
    payload_bytes: Numbers, ranks: Numbers, link_bytes_per_s: Numbers, hop_s: Numbers = 0.0
) -> FloatArray:
    """All-gather, reduce-scatter or all-to-all of a tensor: half an all-reduce. [s]

    Examples
    --------
    >>> float(all_gather_s(2 * 4096 * 65536, 8, 450e9)) * 1e6
    1043.9157
    """
    return ring_all_reduce_s(payload_bytes, ranks, link_bytes_per_s, hop_s) / 2.0


def nccl_latency_s(
    ranks: Numbers, nodes: Numbers, protocol: str = "LL", *, all_reduce: bool = True
) -> FloatArray:
    r"""Latency of one NCCL tree collective without payload. [s]

    .. math:: t = m \left[\alpha (R/\nu - 1) + \beta \log_2 \nu\right] + base

    with :math:`m = 2` for an all-reduce and 1 otherwise, :math:`R` ranks on
    :math:`\nu` nodes.

    Examples
    --------
    >>> float(nccl_latency_s(8, 1, "LL")) * 1e6
    15.2
    """
    alpha, beta, base, _ = _protocol(protocol)
    rank_count = require("ranks", ranks, above=0)
    node_count = require("nodes", nodes, above=0)
    passes = 2.0 if all_reduce else 1.0
    return np.asarray(
        passes * (alpha * (rank_count / node_count - 1) + beta * np.log2(node_count)) + base
    )


def nccl_collective_s(
    payload_bytes: Numbers,
    ranks: Numbers,
    nodes: Numbers,
    intra_bytes_per_s: float,
    inter_bytes_per_s: float,
    *,
    all_reduce: bool = True,
    sum_parts: bool = False,
) -> FloatArray:
    """One collective by the fastest of NCCL's protocols; 0 for one rank. [s]

    Parameters
    ----------
    payload_bytes : float or array
        Tensor that each rank holds. [B]
    ranks, nodes : float or array
        Accelerators, and nodes they span.
    intra_bytes_per_s, inter_bytes_per_s : float
        All-reduce rate inside and between nodes: half of the link rate. [B/s]
    all_reduce : bool
        False for all-to-all, all-gather and point to point.
    sum_parts : bool
        Add the parts inside and between nodes in place of taking the longer.

    Examples
    --------
    >>> float(nccl_collective_s(1e6, 8, 1, 225e9, 25e9)) * 1e6
    22.9778
    """
    return fastest_protocol_s(
        require("payload_bytes", payload_bytes, minimum=0, unit="B"),
        require("ranks", ranks, above=0),
        require("nodes", nodes, above=0),
        float(require("intra_bytes_per_s", intra_bytes_per_s, above=0, unit="B/s")),
        float(require("inter_bytes_per_s", inter_bytes_per_s, above=0, unit="B/s")),
        all_reduce=all_reduce,
        sum_parts=sum_parts,
    )


def fastest_protocol_s(
    size: FloatArray,
    ranks: FloatArray,
    nodes: FloatArray,
    intra_bytes_per_s: float,
    inter_bytes_per_s: float,
    *,
    all_reduce: bool = True,
    sum_parts: bool = False,
) -> FloatArray:
    """:func:`nccl_collective_s` without checks, for large grids. [s]"""
    half = 1.0 if all_reduce else 0.5
    inside = half * nodes * np.maximum(ranks / nodes - 1, 0.0) / (ranks * intra_bytes_per_s)
    between = half * (nodes - 1) / (ranks * inter_bytes_per_s)
    moving = size * (inside + between if sum_parts else np.maximum(inside, between))
    best = np.full((), np.inf)
    for alpha, beta, base, share in PROTOCOLS.values():
        latency = 2.0 * half * (alpha * (ranks / nodes - 1) + beta * np.log2(nodes)) + base
        best = np.minimum(best, latency + moving / share)
    return np.asarray(np.where(ranks > 1, best, 0.0))


def _protocol(name: str) -> tuple[float, float, float, float]:
    if name not in PROTOCOLS:
        raise ValueError(f"protocol must be one of {', '.join(PROTOCOLS)}, got {name!r}")
    return PROTOCOLS[name]


def _checked(
    payload_bytes: Numbers, ranks: Numbers, link_bytes_per_s: Numbers
) -> tuple[FloatArray, FloatArray, FloatArray]:
    return (
        require("payload_bytes", payload_bytes, minimum=0, unit="B"),
        require("ranks", ranks, minimum=1),
        require("link_bytes_per_s", link_bytes_per_s, above=0, unit="B/s"),
    )
