"""What an engine achieves of the ideal: a handful of dated constants."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Literal

from llmecon._checks import require

_EMPTY: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Constants of one generation of engines; the defaults are the ideal machine.

    Attributes
    ----------
    name, engine, date, source : str
        What was calibrated, when, on which measurements.
    bandwidth_share : float
        Achieved share of peak memory bandwidth. [1]
    kv_rereads : float
        How often each further query head of a group reads the cache that it shares: 0 for
        kernels made for groups, 1 for kernels that know none. [1]
    flop_share, prefill_flop_share : float
        Achieved share of the matrix rate in decode and in prefill. [1]
    of_measured_rate : bool
        True: the matrix rate is the best that was measured on the chip, a share of its
        peak; False: it is the peak.
    moves_activations : bool
        True: norms, activations and conversions between the matrices are kernels of their
        own that move activations through memory; False: they cost nothing.
    kv : str
        Format in which the engine keeps the cache if nobody says: ``"bf16"``, or
        ``"weights"`` for 8 bit beside 8- and 4-bit weights.
    link_share : float
        Achieved share of the link rate in collectives. [1]
    kernel_s : float
        Fixed time of one kernel: launch, ramp, synchronisation. [s]
    collective_s, hop_s : float
        Latency of one collective, and what each doubling of its ranks adds. [s]
    node_hop_s : float
        What each doubling of the nodes it spans adds. [s]
    step_s, sequence_s : float
        Time of a step on the host, and for each sequence in it (scheduling, sampling,
        sending the text). [s]
    request_s : float
        Time of a request outside the steps: connection, text to tokens, first answer. [s]
    expert_imbalance : float
        Load of the busiest expert-parallel rank over the mean. [1]
    kernelwise : bool
        True: attention and matrices are separate rooflines, one after the other; False: one
        roofline over the whole step.
    attention_at_weight_rate : bool
        True: attention multiplies in the format of the weights; False: in bf16.
    log_sd : float
        Standard deviation of log(measured / predicted) on the calibration rows. [1]
    standard_errors : mapping
        Standard error of each fitted constant; fixed constants are absent.
    """

    name: str
    engine: str = ""
    date: str = ""
    source: str = ""
    bandwidth_share: float = 1.0
    kv_rereads: float = 0.0
    flop_share: float = 1.0
    prefill_flop_share: float = 1.0
    link_share: float = 1.0
    kernel_s: float = 0.0
    collective_s: float = 0.0
    hop_s: float = 0.0
    node_hop_s: float = 0.0
    step_s: float = 0.0
    sequence_s: float = 0.0
    request_s: float = 0.0
    expert_imbalance: float = 1.0
    of_measured_rate: bool = False
    moves_activations: bool = False
    kv: Literal["bf16", "weights"] = "bf16"
    kernelwise: bool = True
    attention_at_weight_rate: bool = False
    log_sd: float = 0.0
    standard_errors: Mapping[str, float] = field(default_factory=lambda: _EMPTY)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name.endswith("_share"):
                require(item.name, value, above=0, maximum=1)
            elif item.name.endswith("_s") or item.name == "log_sd":
                require(item.name, value, minimum=0, unit="s" if item.name != "log_sd" else "")
        require("kv_rereads", self.kv_rereads, minimum=0, maximum=1)
        require("expert_imbalance", self.expert_imbalance, minimum=1)


IDEAL = Profile(name="ideal", engine="none", source="peak rates of the data sheet")
"""The uncalibrated machine: every rate at its peak, nothing fixed. Always optimistic."""

KNOWN = Profile(
    name="known constants",
    source="NCCL, src/graph/tuning.cc, protocol LL; best measured matrix rates of the chips",
    of_measured_rate=True,
    moves_activations=True,
    # One all-reduce: base 6.8 us; 1.2 us for each further rank of a node, 8.4 us at 8 ranks,
    # here shared out over the doublings; 10 us for each doubling of the nodes.
    collective_s=6.8e-6,
    hop_s=2.8e-6,
    node_hop_s=10e-6,
    # All-reduce rate over link rate, about 360e9 of 450e9 on H100 (from memory). The
    # measurements cannot tell it from other costs that grow with the batch.
    link_share=0.8,
)
"""What is known without fitting; a calibration starts from it."""

CONTINUOUS_2025 = replace(
    KNOWN,
    name="continuous batching 2025",
    engine="vLLM 2025, TensorRT-LLM 2025",
    date="2025-11-01",
    source="68 rows of data/measurements.csv marked calibrate",
    bandwidth_share=0.869,
    flop_share=0.749,
    prefill_flop_share=0.749,
    kernel_s=4.85e-6,
    sequence_s=1.59e-5,
    request_s=0.0201,
    log_sd=0.132,
    standard_errors=MappingProxyType(
        {
            "bandwidth_share": 0.074,
            "flop_share": 0.092,
            "kernel_s": 0.91e-6,
            "sequence_s": 0.37e-5,
            "request_s": 0.0034,
        }
    ),
)
"""Time per token of vLLM (H100, FP8) and maximum load of TensorRT-LLM (A100 to B200)."""

VLLM_2025 = replace(
    KNOWN,
    name="vLLM 2025",
    engine="vLLM 2025",
    date="2025-10-29",
    source="45 rows of data/measurements.csv marked calibrate",
    bandwidth_share=0.880,
    flop_share=0.830,
    prefill_flop_share=0.830,
    kernel_s=4.55e-6,
    sequence_s=3.91e-5,
    request_s=0.0241,
    log_sd=0.049,
    standard_errors=MappingProxyType(
        {
            "bandwidth_share": 0.030,
            "flop_share": 0.080,
            "kernel_s": 0.35e-6,
            "sequence_s": 0.81e-5,
            "request_s": 0.0029,
        }
    ),
)
"""vLLM alone: one chip, one model; narrower on its own ground, unproven off it."""

TENSORRT_LLM_2024 = replace(
    KNOWN,
    name="TensorRT-LLM 2024",
    engine="TensorRT-LLM 2024",
    date="2024-05-01",
    source="32 rows of data/measurements.csv marked calibrate",
    bandwidth_share=1.0,
    flop_share=0.846,
    prefill_flop_share=0.846,
    kernel_s=16.3e-6,
    sequence_s=0.693e-5,
    kv_rereads=0.169,
    log_sd=0.111,
    standard_errors=MappingProxyType(
        {
            "bandwidth_share": 0.12,
            "flop_share": 0.055,
            "kernel_s": 3.4e-6,
            "sequence_s": 0.56e-5,
            "kv_rereads": 0.10,
        }
    ),
)
"""Static batches and first tokens of version 0.9."""

TENSORRT_LLM_2023 = replace(
    KNOWN,
    name="TensorRT-LLM 2023",
    engine="TensorRT-LLM 2023",
    date="2023-12-01",
    source="24 rows of data/measurements.csv marked calibrate",
    bandwidth_share=1.0,
    flop_share=0.772,
    prefill_flop_share=0.772,
    kernel_s=16.4e-6,
    kv_rereads=0.717,
    log_sd=0.100,
    standard_errors=MappingProxyType(
        {
            "bandwidth_share": 0.10,
            "flop_share": 0.048,
            "kernel_s": 2.4e-6,
            "kv_rereads": 0.16,
        }
    ),
)
"""Static batches and first tokens of versions 0.5 and 0.6, before kernels for groups."""

GPT_FAST_2023 = replace(
    KNOWN,
    name="gpt-fast 2023",
    engine="gpt-fast 2023",
    date="2023-11-01",
    source="13 rows of data/measurements.csv marked calibrate",
    bandwidth_share=0.745,
    kernel_s=4.93e-6,
    log_sd=0.112,
    standard_errors=MappingProxyType({"bandwidth_share": 0.084, "kernel_s": 1.8e-6}),
)
"""One user, compiled graphs, A100 at 330 W: arithmetic does not bind, its share is unknown."""

CURRENT = CONTINUOUS_2025
"""The newest generation, used where nobody names a profile."""

PROFILES = (
    CONTINUOUS_2025,
    VLLM_2025,
    TENSORRT_LLM_2024,
    TENSORRT_LLM_2023,
    GPT_FAST_2023,
)
"""Every calibrated profile, newest first."""

BY_ENGINE: Mapping[str, Profile] = MappingProxyType(
    {
        "vLLM 2025": CONTINUOUS_2025,
        "TensorRT-LLM 2025": CONTINUOUS_2025,
        "TensorRT-LLM 2024": TENSORRT_LLM_2024,
        "TensorRT-LLM 2023": TENSORRT_LLM_2023,
        "gpt-fast 2023": GPT_FAST_2023,
    }
)
"""The profile that a measured row is judged with, by its engine."""

UNIDENTIFIED: Mapping[str, str] = MappingProxyType(
    {
        "link_share": "grows with the batch as the host's time for a sequence does",
        "collective_s": "comes with every layer, as kernels do; taken from NCCL's table",
        "hop_s": "as collective_s",
        "node_hop_s": "no row spans nodes at a known batch; taken from NCCL's table",
        "prefill_flop_share": "decode hardly binds on arithmetic; taken equal to flop_share",
        "step_s": "a constant of the step, as the kernels of its layers are together",
        "expert_imbalance": "no row tells the load of single ranks; 1 is the best case",
    }
)
"""Constants that the rows cannot tell apart, and why."""
