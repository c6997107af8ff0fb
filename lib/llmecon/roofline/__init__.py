"""Time to run a language model: decode, prefill and serving, term by term."""

from llmecon.roofline import published
from llmecon.roofline.closed import (
    Fastest,
    critical_batch,
    crossover_batch,
    fastest_instance,
    least_chips,
    speed_ratio,
    two_d_crossover,
)
from llmecon.roofline.network import (
    all_gather_s,
    nccl_collective_s,
    nccl_latency_s,
    ring_all_reduce_s,
)
from llmecon.roofline.profiles import CURRENT, IDEAL, Profile
from llmecon.roofline.serving import Serving, serve
from llmecon.roofline.step import Step, Terms, decode, prefill

__all__ = [
    "CURRENT",
    "IDEAL",
    "Fastest",
    "Profile",
    "Serving",
    "Step",
    "Terms",
    "all_gather_s",
    "critical_batch",
    "crossover_batch",
    "decode",
    "fastest_instance",
    "least_chips",
    "nccl_collective_s",
    "nccl_latency_s",
    "prefill",
    "published",
    "ring_all_reduce_s",
    "serve",
    "speed_ratio",
    "two_d_crossover",
]
