"""Time to run a language model: decode, prefill and serving, term by term."""

from llmecon.roofline import published
from llmecon.roofline.network import (
    all_gather_s,
    nccl_collective_s,
    nccl_latency_s,
    ring_all_reduce_s,
)
from llmecon.roofline.profiles import CURRENT, IDEAL, Profile
from llmecon.roofline.step import Step, Terms, decode, prefill

__all__ = [
    "CURRENT",
    "IDEAL",
    "Profile",
    "Step",
    "Terms",
    "all_gather_s",
    "decode",
    "nccl_collective_s",
    "nccl_latency_s",
    "prefill",
    "published",
    "ring_all_reduce_s",
]
