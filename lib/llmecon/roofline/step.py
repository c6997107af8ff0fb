"""What is found: the terms of a pass, its memory, one step, a server under load."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from llmecon.roofline.profiles import Profile
from llmecon.transformer import FloatArray


@dataclass(frozen=True)
class Terms:
    """Where the time goes, each term as if it stood alone. [s]

    Attributes
    ----------
    compute : array
        Arithmetic: matrices and attention.
    weights : array
        Reading weights.
    kv_cache : array
        Reading keys and values.
    activations : array
        Kernels between the matrices.
    network : array
        Collectives: latency and bandwidth.
    overhead : array
        Fixed time: kernel launches and the host.
    """

    compute: FloatArray
    weights: FloatArray
    kv_cache: FloatArray
    activations: FloatArray
    network: FloatArray
    overhead: FloatArray


TERMS = tuple(item.name for item in fields(Terms))


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


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What a pass and a server under load have in common."""

    terms: Terms
    batch: FloatArray
    chips: FloatArray
    memory: Memory
    profile: Profile

    @property
    def fits(self) -> npt.NDArray[np.bool_]:
        """Whether weights, reserve and the caches of all sequences fit in memory."""
        return self.memory.fits

    def require_fit(self) -> None:
        """Raise a ValueError that says how many sequences fit, if these do not."""
        self.memory.require_fit()


@dataclass(frozen=True, kw_only=True)
class Step(_Run):
    """One pass of the model over a batch.

    Attributes
    ----------
    seconds : array
        Time of the pass. [s]
    terms : Terms
        Its parts; reading and arithmetic overlap, so they do not simply add up.
    batch, chips : array
        Sequences decoded together; accelerators of the instance.
    tokens : array
        Tokens that one pass yields for each sequence: 1 without speculation, the prompt's
        length for a prefill.
    memory : Memory
        What the instance holds.
    profile : Profile
        Constants that were used; its name says whether they are calibrated.
    """

    seconds: FloatArray
    tokens: FloatArray

    @property
    def binds(self) -> npt.NDArray[np.str_]:
        """Name of the longest term."""
        return self.binds_at(np.arange(self.seconds.size)).reshape(self.seconds.shape)

    def binds_at(self, chosen: npt.NDArray[np.intp]) -> npt.NDArray[np.str_]:
        """The same for some of the configurations, given by their flat indices."""
        parts = [getattr(self.terms, name).ravel()[chosen] for name in TERMS]
        longest: npt.NDArray[np.intp] = np.argmax(np.stack(parts), axis=0)
        return np.asarray(np.asarray(TERMS)[longest], dtype=np.str_)

    @property
    def tokens_per_s(self) -> FloatArray:
        """Tokens one user receives. [tokens/s]"""
        return np.asarray(self.tokens / self.seconds)

    @property
    def tokens_per_s_per_chip(self) -> FloatArray:
        """Tokens one accelerator makes for all users. [tokens/s]"""
        return np.asarray(self.batch * self.tokens / self.seconds / self.chips)


@dataclass(frozen=True, kw_only=True)
class Serving(_Run):
    """Steady state of a server that keeps a number of requests going.

    Attributes
    ----------
    ttft_s, tpot_s : array
        Time to first token; time per output token after it, as a user sees it. [s]
    tpot_low_s, tpot_high_s : array
        80 % band of the latter from the residuals of the calibration. [s]
    output_tokens_per_s_per_chip, input_tokens_per_s_per_chip : array
        Tokens of all users on one accelerator. [tokens/s]
    terms : Terms
        Parts of ``tpot_s``, each as if it stood alone; prefill work of other requests is
        in ``compute`` and ``network``. [s]
    batch : array
        Requests decoding together: the concurrency, or what the memory holds; 0 where
        weights and one request do not fit. [sequences]
    chips : array
        Accelerators of the instance.
    memory : Memory
        What the instance holds at this concurrency.
    profile : Profile
        Constants that were used.
    """

    ttft_s: FloatArray
    tpot_s: FloatArray
    tpot_low_s: FloatArray
    tpot_high_s: FloatArray
    output_tokens_per_s_per_chip: FloatArray
    input_tokens_per_s_per_chip: FloatArray

    @property
    def tokens_per_s_per_user(self) -> FloatArray:
        """Speed of one answer. [tokens/s]"""
        return np.asarray(1.0 / self.tpot_s)
