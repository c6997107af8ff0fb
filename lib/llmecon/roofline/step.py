"""Time of one decode step and of one prefill, term by term."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from llmecon.roofline.memory import Memory, memory
from llmecon.roofline.profiles import Profile
from llmecon.roofline.terms import Instance, Work
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
class Step:
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
    terms: Terms
    batch: FloatArray
    chips: FloatArray
    tokens: FloatArray
    memory: Memory
    profile: Profile

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

    @property
    def fits(self) -> npt.NDArray[np.bool_]:
        """Whether weights, cache and reserve fit in memory."""
        return self.memory.fits

    def require_fit(self) -> None:
        """Raise a ValueError that says how many sequences fit, if these do not."""
        self.memory.require_fit()


def decode_step(
    run: Instance, *, batch: FloatArray, context: FloatArray, positions: FloatArray
) -> Step:
    """One decode pass; see :meth:`llmecon.roofline.Deployment.decode`."""
    in_flight = _in_flight(run, batch)
    work = run.decode_work(in_flight, context, positions)
    moving = run.busiest(in_flight) * positions
    return _step(run, work, moving, batch=batch, in_flight=in_flight, tokens=_ONE, held=context)


def prefill_step(
    run: Instance, *, batch: FloatArray, prompt: FloatArray, cached: FloatArray
) -> Step:
    """One pass over prompts; see :meth:`llmecon.roofline.Deployment.prefill`."""
    in_flight, new = _in_flight(run, batch), prompt - cached
    dealt = run.busiest(in_flight)
    work = run.prefill_work(in_flight, dealt, new, cached)
    return _step(
        run, work, dealt * new, batch=batch, in_flight=in_flight, tokens=prompt, held=prompt
    )


_ONE = np.ones(())


def _in_flight(run: Instance, batch: FloatArray) -> FloatArray:
    """Sequences in one stage of a pipeline; fewer than one a stage leave stages idle."""
    return np.maximum(batch / run.where.pipeline, 1.0)


def _step(
    run: Instance,
    work: Work,
    moving: FloatArray,
    *,
    batch: FloatArray,
    in_flight: FloatArray,
    tokens: FloatArray,
    held: FloatArray,
) -> Step:
    latency, per_token = run.network
    between, network = run.activation_s * moving, latency + per_token * moving
    overhead = run.overhead_s(in_flight)
    total = run.busy_s(work) + between + network + overhead
    # An option that changes no time here may still change what fits, or be one of a grid.
    shape = total.shape
    if run.shape not in ((), shape):
        shape = np.broadcast_shapes(shape, run.shape)
    compute = work.matrices_s + work.attention_s
    parts = (compute, work.weights_s, work.kv_cache_s, between, network, overhead)
    return Step(
        seconds=spread(total, shape),
        terms=Terms(*(spread(part, shape) for part in parts)),
        batch=batch,
        chips=run.where.chips,
        tokens=tokens,
        memory=memory(run, batch=batch, context=held),
        profile=run.constants,
    )


def spread(values: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Values in a shape that they broadcast to."""
    return np.asarray(values) if values.shape == shape else np.broadcast_to(values, shape)
