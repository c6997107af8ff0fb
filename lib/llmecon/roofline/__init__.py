"""Time to run a language model: decode, prefill and serving, term by term."""

from llmecon.roofline.calibration import calibrate, judge
from llmecon.roofline.capacity import cache_tokens, least_chips, machines_for, requests_per_s
from llmecon.roofline.closed import (
    Fastest,
    critical_batch,
    crossover_batch,
    drafted_token_s,
    fastest_instance,
    full_memory_s,
    matmul_s,
    ridge_flop_per_byte,
    speed_ratio,
    two_d_crossover,
)
from llmecon.roofline.measured import predict
from llmecon.roofline.memory import Memory
from llmecon.roofline.network import (
    all_gather_s,
    nccl_collective_s,
    nccl_latency_s,
    ring_all_reduce_s,
)
from llmecon.roofline.profiles import (
    BY_ENGINE,
    CONTINUOUS_2025,
    CURRENT,
    GPT_FAST_2023,
    IDEAL,
    KNOWN,
    PROFILES,
    TENSORRT_LLM_2023,
    TENSORRT_LLM_2024,
    UNIDENTIFIED,
    VLLM_2025,
    Profile,
)
from llmecon.roofline.serving import Serving, serve
from llmecon.roofline.speculation import speculate, tokens_per_round
from llmecon.roofline.step import Step, Terms, decode, prefill

__all__ = [
    "BY_ENGINE",
    "CONTINUOUS_2025",
    "CURRENT",
    "GPT_FAST_2023",
    "IDEAL",
    "KNOWN",
    "PROFILES",
    "TENSORRT_LLM_2023",
    "TENSORRT_LLM_2024",
    "UNIDENTIFIED",
    "VLLM_2025",
    "Fastest",
    "Memory",
    "Profile",
    "Serving",
    "Step",
    "Terms",
    "all_gather_s",
    "cache_tokens",
    "calibrate",
    "critical_batch",
    "crossover_batch",
    "decode",
    "drafted_token_s",
    "fastest_instance",
    "full_memory_s",
    "judge",
    "least_chips",
    "machines_for",
    "matmul_s",
    "nccl_collective_s",
    "nccl_latency_s",
    "predict",
    "prefill",
    "requests_per_s",
    "ridge_flop_per_byte",
    "ring_all_reduce_s",
    "serve",
    "speculate",
    "speed_ratio",
    "tokens_per_round",
    "two_d_crossover",
]
