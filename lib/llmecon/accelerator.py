"""Accelerators as their makers describe them: dense rates, memory, links."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from llmecon._checks import column

_STORAGE_BYTES = {
    "fp32": 4.0,
    "bf16": 2.0,
    "fp8": 1.0,
    "int8": 1.0,
    "fp4": 0.5625,  # as nvfp4: nobody serves 4-bit floats without shared scales
    "int4": 0.51953125,  # 128 values share a 16-bit scale and a 4-bit zero (GPTQ, AWQ)
    "int4_g32": 0.625,  # 32 values share a 16-bit scale and a 16-bit zero (gpt-fast)
    "mxfp4": 0.53125,  # 32 values share one 8-bit scale (OCP Microscaling 1.0, section 5)
    "nvfp4": 0.5625,  # 16 values share one 8-bit scale (NVIDIA, NVFP4 format)
}
"""Bytes of one stored number, scales included, by format. [B]"""

FORMATS = tuple(_STORAGE_BYTES)

_UNMEASURED_SHARE = 0.75
"""Best matrix rate over the peak where none was measured: about the median of those that
were (0.51 on MI300X to 0.87 on A100; stas00/ml-engineering@744d01e). [1]"""

# Below: a rate in TFLOP/s, a link in GB/s.
_RATE: dict[str, Any] = {"unit": "FLOP/s", "gt": 1e11}
_INTEGER_RATE = _RATE | {"unit": "op/s"}
_LINK: dict[str, Any] = {"unit": "B/s", "gt": 1e8}

_RATE_COLUMN = {
    "bf16": "bf16_dense_flop_per_s",
    "fp8": "fp8_dense_flop_per_s",
    "int8": "int8_dense_op_per_s",
    **dict.fromkeys(("fp4", "mxfp4", "nvfp4"), "fp4_dense_flop_per_s"),
}


class Accelerator(BaseModel):
    """One accelerator's data sheet, in base units and dense arithmetic.

    Makers also print rates for 2:4 sparse matrices, twice as high, which language
    models seldom reach: only dense rates are stored here.

    Attributes
    ----------
    name : str
        Maker's name with form factor and memory size.
    vendor : str
        Maker.
    bf16_dense_flop_per_s, fp8_dense_flop_per_s, fp4_dense_flop_per_s : float
        Peak matrix rate by number format; ``None`` where the chip has none. [FLOP/s]
    int8_dense_op_per_s : float
        Peak integer matrix rate. [op/s]
    hbm_bytes, hbm_bytes_per_s : float
        Memory capacity, a printed GB read as 1e9 [B]; peak bandwidth [B/s].
    scaleup_bytes_per_s_per_direction : float
        Links to the other accelerators of one node, one way. [B/s]
    scaleup_domain_size : int
        Accelerators those links join. [accelerators]
    scaleup_topology : str
        ``switch``; ``mesh``, where two accelerators share only one link of many; ``torus``.
    scaleout_bytes_per_s_per_direction : float
        Network between nodes, per accelerator, one way: 400 Gbit/s adapters, as in a
        DGX H100, unless stated. [B/s]
    tdp_w : float
        Rated power. [W]
    measured_bf16_flop_per_s, measured_fp8_flop_per_s : float
        Best matrix rate that somebody measured. [FLOP/s]
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = column("Name, the key", min_length=1)
    vendor: str = column("Maker", default="")
    bf16_dense_flop_per_s: float = column("Peak dense matrix rate in BF16", **_RATE)
    fp8_dense_flop_per_s: float | None = column("The same in FP8, if any", default=None, **_RATE)
    int8_dense_op_per_s: float | None = column("The same in INT8", default=None, **_INTEGER_RATE)
    fp4_dense_flop_per_s: float | None = column("The same in FP4, if any", default=None, **_RATE)
    hbm_bytes: float = column("Memory capacity, a printed GB read as 1e9 bytes", unit="B", gt=1e8)
    hbm_bytes_per_s: float = column("Peak memory bandwidth", unit="B/s", gt=1e9)
    scaleup_bytes_per_s_per_direction: float | None = column(
        "Links inside one node, one way", default=None, **_LINK
    )
    scaleup_domain_size: int | None = column(
        "Accelerators that those links join", unit="accelerators", default=None, ge=1
    )
    scaleup_topology: Literal["switch", "mesh", "torus"] = column(
        "How they are joined: switch, mesh (full, a link a pair) or torus", default="switch"
    )
    scaleout_bytes_per_s_per_direction: float = column(
        "Network between nodes, one way", default=5e10, **_LINK
    )
    tdp_w: float | None = column("Rated power", unit="W", default=None, gt=1)
    measured_bf16_flop_per_s: float | None = column("Best measured, BF16", default=None, **_RATE)
    measured_fp8_flop_per_s: float | None = column("Best measured, FP8", default=None, **_RATE)

    @model_validator(mode="after")
    def _below_the_peak(self) -> Self:
        for measured, peak in (
            (self.measured_bf16_flop_per_s, self.bf16_dense_flop_per_s),
            (self.measured_fp8_flop_per_s, self.fp8_dense_flop_per_s),
        ):
            if measured and measured > (peak or 0.0):
                raise ValueError(f"measured {measured:g} FLOP/s is above the peak, {peak}")
        return self

    @property
    def precisions(self) -> tuple[str, ...]:
        """Number formats this chip multiplies in."""
        return tuple(p for p, column in _RATE_COLUMN.items() if getattr(self, column) is not None)

    def peak_flop_per_s(self, precision: str = "bf16") -> float:
        """Peak dense matrix rate in a number format. [FLOP/s]

        Raises
        ------
        ValueError
            If the chip has no such rate; the message names the formats it has.

        Examples
        --------
        >>> chip = Accelerator(name="A100", bf16_dense_flop_per_s=3.12e14,
        ...                    hbm_bytes=8e10, hbm_bytes_per_s=2.039e12)
        >>> chip.peak_flop_per_s("bf16")
        312000000000000.0
        >>> chip.peak_flop_per_s("fp8")
        Traceback (most recent call last):
        ValueError: no fp8 rate of A100 is known, only those of bf16
        """
        rate = getattr(self, _RATE_COLUMN[precision]) if precision in _RATE_COLUMN else None
        if rate is None:
            known = ", ".join(self.precisions)
            raise ValueError(f"no {precision} rate of {self.name} is known, only those of {known}")
        return float(rate)

    def best_share(self, precision: str = "bf16") -> float:
        """Best measured matrix rate over the peak; 0.75 where nobody measured. [1]

        A format that was not measured is taken to reach the share of the next wider one:
        what holds a chip back (power, the feeding of its matrix units) is shared.

        Examples
        --------
        >>> chip = Accelerator(name="H100", bf16_dense_flop_per_s=9.89e14,
        ...                    measured_bf16_flop_per_s=7.945e14,
        ...                    hbm_bytes=8e10, hbm_bytes_per_s=3.35e12)
        >>> chip.best_share("bf16"), chip.best_share("fp8")
        (0.803, 0.803)
        """
        if precision != "bf16" and self.measured_fp8_flop_per_s and self.fp8_dense_flop_per_s:
            return self.measured_fp8_flop_per_s / self.fp8_dense_flop_per_s
        if self.measured_bf16_flop_per_s:
            return self.measured_bf16_flop_per_s / self.bf16_dense_flop_per_s
        return _UNMEASURED_SHARE


def storage_bytes(precision: str) -> float:
    """Bytes that one stored number takes, scales included. [B]

    Raises
    ------
    ValueError
        If the format is unknown; the message names the known ones.

    Examples
    --------
    >>> storage_bytes("nvfp4")
    0.5625
    """
    if precision not in _STORAGE_BYTES:
        raise ValueError(f"precision must be one of {', '.join(_STORAGE_BYTES)}, got {precision!r}")
    return _STORAGE_BYTES[precision]
