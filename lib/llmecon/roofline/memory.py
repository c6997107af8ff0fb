"""What an instance holds: weights, cache, reserve."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from llmecon.roofline.terms import Instance
from llmecon.transformer import FloatArray

RESERVE_BYTES = 3.5 * 2**30
"""Held back on each accelerator, as NVIDIA's aiconfigurator 0.12 does. [B]"""


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Memory of the busiest accelerator of an instance.

    Attributes
    ----------
    weight_bytes, sequence_bytes, reserve_bytes : array
        Weights; cache of one sequence, spread over the instance; held back. [B]
    hbm_bytes : float
        Capacity. [B]
    batch : array
        Sequences held. [sequences]
    name : str
        Model and chip, for messages.
    """

    weight_bytes: FloatArray
    sequence_bytes: FloatArray
    reserve_bytes: FloatArray
    hbm_bytes: float
    batch: FloatArray
    name: str

    @property
    def used_bytes(self) -> FloatArray:
        """Everything together. [B]"""
        return np.asarray(self.weight_bytes + self.sequence_bytes * self.batch + self.reserve_bytes)

    @property
    def fits(self) -> npt.NDArray[np.bool_]:
        """Whether it is within the capacity."""
        return np.asarray(self.used_bytes <= self.hbm_bytes)

    @property
    def max_batch(self) -> FloatArray:
        """Whole sequences that fit beside the weights; 0 if the weights do not fit."""
        free = self.hbm_bytes - self.weight_bytes - self.reserve_bytes
        with np.errstate(divide="ignore"):
            return np.asarray(np.floor(np.maximum(free, 0.0) / self.sequence_bytes))

    def require_fit(self) -> None:
        """Raise an error that names what does not fit, and what would.

        Raises
        ------
        ValueError
            With the number of sequences that fit, or the memory the weights need.
        """
        if np.all(self.fits):
            return
        shape = np.broadcast_shapes(self.fits.shape, self.batch.shape)
        at = int(np.argmin(np.broadcast_to(self.fits, shape)))
        most, asked, fixed, one = (
            float(np.broadcast_to(values, shape).flat[at])
            for values in (
                self.max_batch,
                self.batch,
                self.weight_bytes + self.reserve_bytes,
                self.sequence_bytes,
            )
        )
        if most < 1:
            needs = f"weights and reserve need {fixed / 1e9:.1f} GB"
            if fixed <= self.hbm_bytes:  # the context is too long, not the model too large
                needs = f"beside {fixed / 1e9:.1f} GB one sequence needs {one / 1e9:.1f} GB"
            raise ValueError(
                f"{self.name} does not fit: {needs} on each accelerator, "
                f"it has {self.hbm_bytes / 1e9:.1f} GB"
            )
        raise ValueError(
            f"batch must be <= {most:.0f} at this context for {self.name}, "
            f"got {asked:g} [sequences]"
        )


def memory(run: Instance, *, batch: FloatArray, context: FloatArray) -> Memory:
    """Memory of an instance on its busiest accelerator."""
    held = run.model.kv_held(context, run.widths.kv_bytes)
    return Memory(
        weight_bytes=run.weight_bytes,
        sequence_bytes=np.asarray(held / (run.where.pipeline * run.kv_ranks)),
        reserve_bytes=run.reserve_bytes,
        hbm_bytes=run.chip.hbm_bytes,
        batch=batch,
        name=f"{run.model.name} on {run.chip.name}",
    )
