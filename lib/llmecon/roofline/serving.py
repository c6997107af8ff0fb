"""Serving with continuous batching: what users wait for and what accelerators yield."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from llmecon.roofline.memory import Memory, memory
from llmecon.roofline.profiles import Profile
from llmecon.roofline.step import Terms, spread
from llmecon.roofline.terms import Instance, Work
from llmecon.transformer import FloatArray

TEN_PERCENT = 1.2815515655446004  # standard normal quantile: 80 % lie between minus and plus it

CHUNK_TOKENS = 8192
"""Prompt tokens that one step may carry, vLLM's default on large accelerators. [tokens]"""


WAVES = 10
"""Requests that each user of a benchmark sends, the first of all at once."""


@dataclass(frozen=True, kw_only=True)
class Serving:
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
    terms: Terms
    batch: FloatArray
    chips: FloatArray
    memory: Memory
    profile: Profile

    @property
    def tokens_per_s_per_user(self) -> FloatArray:
        """Speed of one answer. [tokens/s]"""
        return np.asarray(1.0 / self.tpot_s)

    @property
    def fits(self) -> npt.NDArray[np.bool_]:
        """Whether all requests fit in memory; if not, the rest of them wait."""
        return self.memory.fits

    def require_fit(self) -> None:
        """Raise a ValueError that says how many requests fit, if these do not."""
        self.memory.require_fit()


def served(
    run: Instance,
    requests: FloatArray,
    prompt: FloatArray,
    answer: FloatArray,
    cached_share: FloatArray,
    chunk: FloatArray,
    waves: FloatArray,
) -> Serving:
    """Steady state of a server; see :meth:`llmecon.roofline.Deployment.serve`."""
    mean_context = prompt + answer / 2.0
    held = memory(run, batch=requests, context=mean_context)
    runs = np.minimum(held.max_batch, requests)
    batch = np.maximum(runs, 1.0)  # terms of one request, where none fits
    new = np.maximum(prompt * (1.0 - cached_share), 1.0)
    load = _Load(run, batch, new, prompt - new, answer, chunk)
    terms, tpot = load.mixed(run.decode_work(batch, mean_context, np.ones(())))
    first = load.ttft(tpot, waves)
    ttft = first + _wait(requests, batch, answer * tpot)
    rate = batch / (first + (answer - 1.0) * tpot)
    # Where not one request fits, nothing is ever served.
    ttft, tpot = (np.where(runs < 1, np.inf, seconds) for seconds in (ttft, tpot))
    rate = np.where(runs < 1, 0.0, rate)
    band = np.exp(TEN_PERCENT * run.constants.log_sd)
    return Serving(
        ttft_s=ttft,
        tpot_s=tpot,
        tpot_low_s=tpot / band,
        tpot_high_s=tpot * band,
        output_tokens_per_s_per_chip=np.asarray(rate * answer / run.where.chips),
        input_tokens_per_s_per_chip=np.asarray(rate * prompt / run.where.chips),
        terms=terms,
        batch=runs,
        chips=run.where.chips,
        memory=held,
        profile=run.constants,
    )


def _wait(requests: FloatArray, running: FloatArray, seconds: FloatArray) -> FloatArray:
    """Wait for a place, when more requests are open than memory holds. [s]"""
    return np.asarray((requests / running - 1.0) * seconds)


@dataclass(frozen=True)
class _Load:
    """Prompts that come as others end, and the decoding they share steps with."""

    run: Instance
    batch: FloatArray
    new_tokens: FloatArray
    cached_tokens: FloatArray
    answer: FloatArray
    chunk: FloatArray

    @property
    def prompts_per_step(self) -> FloatArray:
        """Prompts of others that a step carries on average; the own one came before."""
        return np.asarray((self.batch - 1.0) / self.answer)

    def prompt_work(self, dealt: FloatArray) -> Work:
        """Work of one prompt."""
        return self.run.prefill_work(np.ones(()), dealt, self.new_tokens, self.cached_tokens)

    def mixed(self, decoding: Work) -> tuple[Terms, FloatArray]:
        """Mean step: decoding, and the prompts it carries."""
        run, prompt, per_step = self.run, self.prompt_work(np.ones(())), self.prompts_per_step
        # A step carries a whole prompt or a chunk; with many prompts every step carries some.
        chunks = np.ceil(self.new_tokens / self.chunk)
        carrying = np.minimum(per_step * chunks, 1.0)
        in_each = prompt.matrices_s * np.maximum(per_step, 1.0 / chunks)
        loaded = replace(decoding, matrices_s=decoding.matrices_s + in_each)
        # The attention of a prompt is a kernel of its own, and reads nothing that could hide it.
        attention = per_step * prompt.attention_s
        busy = (1 - carrying) * run.busy_s(decoding) + carrying * run.busy_s(loaded) + attention
        latency, per_token = run.network
        moving = run.busiest(self.batch) + per_step * self.new_tokens
        network, between = latency + per_token * moving, run.activation_s * moving
        overhead = run.overhead_s(self.batch)
        seconds = np.asarray(busy + between + network + overhead)
        compute = decoding.matrices_s + decoding.attention_s
        compute = compute + per_step * prompt.matrices_s + attention
        parts = (compute, decoding.weights_s, decoding.kv_cache_s, between, network, overhead)
        return Terms(*(spread(part, seconds.shape) for part in parts)), seconds

    def ttft(self, tpot: FloatArray, waves: FloatArray) -> FloatArray:
        """Prefill, the rest of the step before it, and prompts ahead of it. [s]"""
        run, replicas = self.run, self.run.replicas
        one = run.busiest(np.ones(()))
        latency, per_token = run.network
        alone = run.busy_s(self.prompt_work(one))
        alone = alone + (run.activation_s + per_token) * one * self.new_tokens
        each = self.prompts_per_step / replicas  # the groups share the prompts
        busy = np.minimum(each * alone / tpot, 0.95)
        waiting = busy * alone / (2.0 * (1.0 - busy))  # Pollaczek-Khinchine, constant service
        ahead = (self.batch / replicas - 1.0) / 2.0  # all start together, once
        rush = alone * np.maximum(ahead, 0.0) / waves
        fixed = latency + run.overhead_s(self.batch) + run.constants.request_s
        return np.asarray(alone + fixed + tpot / 2.0 + waiting + rush)
