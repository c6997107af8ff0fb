"""What an engine achieves of the ideal: a handful of dated constants."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
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
    flop_share: float = 1.0
    prefill_flop_share: float = 1.0
    link_share: float = 1.0
    kernel_s: float = 0.0
    collective_s: float = 0.0
    hop_s: float = 0.0
    node_hop_s: float = 0.0
    step_s: float = 0.0
    sequence_s: float = 0.0
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
        require("expert_imbalance", self.expert_imbalance, minimum=1)


IDEAL = Profile(name="ideal", engine="none", source="peak rates of the data sheet")
"""The uncalibrated machine: every rate at its peak, nothing fixed. Always optimistic."""

CURRENT = IDEAL
