"""Serving with continuous batching: what users wait for and what accelerators yield."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from llmecon._checks import Numbers, require
from llmecon.accelerator import Accelerator
from llmecon.roofline.layout import Instance, Precision, instance
from llmecon.roofline.memory import RESERVE_BYTES, Memory, memory
from llmecon.roofline.profiles import Profile
from llmecon.roofline.step import Terms
from llmecon.roofline.terms import (
    Work,
    activations_s,
    busiest,
    decode_work,
    network_s,
    overhead_s,
    prefill_work,
)
from llmecon.transformer import FloatArray, Transformer

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


def serve(
    model: Transformer,
    chip: Accelerator,
    *,
    concurrency: Numbers,
    input_tokens: Numbers,
    output_tokens: Numbers,
    tensor_parallel: Numbers = 1,
    expert_parallel: Numbers = 1,
    weights: Precision = "bf16",
    kv: Precision | None = None,
    chips_per_node: Numbers = 8,
    profile: Profile | None = None,
    attention_data_parallel: Numbers = 1,
    activations: Precision | None = None,
    cached_share: Numbers = 0.0,
    chunk_tokens: Numbers = CHUNK_TOKENS,
    waves: Numbers = WAVES,
    reserve_bytes: Numbers = RESERVE_BYTES,
) -> Serving:
    r"""Steady state of continuous batching with chunked prefill, closed loop.

    Each of the :math:`b` requests needs one prefill per :math:`O` output tokens. While a
    request decodes, the prompts of the :math:`b - 1` others pass: its steps carry
    :math:`(b-1)/O` of them on average, in chunks that share the pass over the weights.

    .. math:: TPOT = t_{step}(b, I + O/2) + \frac{b - 1}{O} t_{prefill}(I)

    less what chunks save by sharing the reading of the weights.

    Parameters
    ----------
    model, chip : Transformer, Accelerator
        What runs where.
    concurrency : float or array
        Requests in progress. Those that memory does not hold wait. [requests]
    input_tokens, output_tokens : float or array
        Length :math:`I` of prompt and :math:`O` of answer. [tokens]
    tensor_parallel, expert_parallel, attention_data_parallel : int or array
        As in :func:`llmecon.roofline.decode`.
    weights, kv, activations : str or array of str
        Formats of weights, cache (16 bit if not said) and arithmetic.
    chips_per_node : int or array
        Accelerators that the fast links join.
    profile : Profile, optional
        Constants of the engine; the newest calibrated ones if not given.
    cached_share : float or array
        Share of the prompt's tokens that a prefix cache holds. [1]
    chunk_tokens : int or array
        Prompt tokens that one step may carry. [tokens]
    waves : float or array
        Requests that each user sends one after the other. All users start together, as in
        a benchmark, and the first prompts wait for each other; infinite for a server that
        has run for long. Concerns ``ttft_s`` only.
    reserve_bytes : float
        Memory held back on each accelerator. [B]

    Returns
    -------
    Serving

    Raises
    ------
    ValueError
        If a value is out of its domain, a degree does not divide what it splits, or the
        chip lacks a format.

    Notes
    -----
    The formula is often printed with :math:`b` for :math:`b - 1`; a request would then wait
    for its own prompt twice, once before its first token and once after it. Requests arrive
    as others end; queueing of an open loop is out of scope. Where memory
    holds fewer requests than ``concurrency``, the others wait for a place: ``fits`` is
    False, ``batch`` is what runs, and the wait is part of ``ttft_s``. Where not even one fits,
    times are infinite and rates 0.

    Examples
    --------
    >>> from llmecon import catalog
    >>> run = serve(catalog.transformer("Llama 3.1 70B"), catalog.accelerator("H100 SXM 80GB"),
    ...             concurrency=[4, 64], input_tokens=1024, output_tokens=1024,
    ...             tensor_parallel=8, weights="fp8")
    >>> (run.tpot_s[0] < run.tpot_s[1]).item(), run.fits.tolist()
    (True, [True, True])
    """
    requests = require("concurrency", concurrency, minimum=1, unit="requests")
    prompt = require("input_tokens", input_tokens, minimum=1, unit="tokens")
    answer = require("output_tokens", output_tokens, minimum=1, unit="tokens")
    share = require("cached_share", cached_share, minimum=0, maximum=1)
    chunk = require("chunk_tokens", chunk_tokens, minimum=1, unit="tokens")
    rounds = np.asarray(waves, dtype=np.float64)
    if not np.all(rounds >= 1):  # written so that NaN fails too; infinity may pass
        raise ValueError(f"waves must be >= 1, got {waves} [requests]")
    run = instance(
        model,
        chip,
        weights=weights,
        kv=kv,
        activations=activations,
        profile=profile,
        tensor_parallel=tensor_parallel,
        expert_parallel=expert_parallel,
        attention_data_parallel=attention_data_parallel,
        chips_per_node=chips_per_node,
    )
    mean_context = prompt + answer / 2.0
    held = memory(run, batch=requests, context=mean_context, reserve_bytes=reserve_bytes)
    runs = np.minimum(held.max_batch, requests)
    batch = np.maximum(runs, 1.0)  # terms of one request, where none fits
    new = np.maximum(prompt * (1.0 - share), 1.0)
    load = _Load(run, batch, new, prompt - new, answer, chunk)
    terms, tpot = load.mixed(decode_work(run, batch, mean_context, np.ones(())))
    first = load.ttft(tpot, rounds)
    ttft = first + _wait(requests, batch, answer * tpot)
    rate = batch / (first + (answer - 1.0) * tpot)
    # Where not one request fits, nothing is ever served.
    ttft, tpot = (np.where(runs < 1, np.inf, seconds) for seconds in (ttft, tpot))
    rate = np.where(runs < 1, 0.0, rate)
    spread = np.exp(TEN_PERCENT * run.constants.log_sd)
    return Serving(
        ttft_s=ttft,
        tpot_s=tpot,
        tpot_low_s=tpot / spread,
        tpot_high_s=tpot * spread,
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
        return prefill_work(self.run, np.ones(()), dealt, self.new_tokens, self.cached_tokens)

    def mixed(self, decoding: Work) -> tuple[Terms, FloatArray]:
        """Mean step: decoding, and the prompts it carries."""
        prompt, per_step = self.prompt_work(np.ones(())), self.prompts_per_step
        # A step carries a whole prompt or a chunk; with many prompts every step carries some.
        chunks = np.ceil(self.new_tokens / self.chunk)
        carrying = np.minimum(per_step * chunks, 1.0)
        in_each = prompt.matrices_s * np.maximum(per_step, 1.0 / chunks)
        plain = np.maximum(decoding.matrices_s, decoding.weights_s)
        loaded = np.maximum(decoding.matrices_s + in_each, decoding.weights_s)
        attending = np.maximum(decoding.attention_s, decoding.kv_cache_s)
        prompt_attention = per_step * prompt.attention_s
        busy = (1 - carrying) * plain + carrying * loaded + attending + prompt_attention
        running = busiest(self.batch, self.run.where)
        network = network_s(self.run, running) + per_step * self._moving(self.new_tokens)
        between = activations_s(self.run, running) + per_step * activations_s(
            self.run, self.new_tokens
        )
        overhead = overhead_s(self.run, self.batch)
        seconds = np.asarray(busy + between + network + overhead)
        compute = decoding.matrices_s + decoding.attention_s
        compute = compute + per_step * prompt.matrices_s + prompt_attention
        parts = (compute, decoding.weights_s, decoding.kv_cache_s, between, network, overhead)
        return Terms(*(np.broadcast_to(part, seconds.shape) for part in parts)), seconds

    def _moving(self, tokens: FloatArray) -> FloatArray:
        """Collectives of a prompt without their latency, which the step has already."""
        return network_s(self.run, tokens) - network_s(self.run, np.zeros(()))

    def ttft(self, tpot: FloatArray, waves: FloatArray) -> FloatArray:
        """Prefill, the rest of the step before it, and prompts ahead of it. [s]"""
        one = busiest(np.ones(()), self.run.where)
        work, tokens = self.prompt_work(one), one * self.new_tokens
        alone = np.maximum(work.matrices_s, work.weights_s) + work.attention_s
        alone = alone + activations_s(self.run, tokens) + self._moving(tokens)
        each = self.prompts_per_step / self.run.where.replicas  # the groups share the prompts
        busy = np.minimum(each * alone / tpot, 0.95)
        waiting = busy * alone / (2.0 * (1.0 - busy))  # Pollaczek-Khinchine, constant service
        ahead = (self.batch / self.run.where.replicas - 1.0) / 2.0  # all start together, once
        rush = alone * np.maximum(ahead, 0.0) / waves
        fixed = overhead_s(self.run, self.batch) + self.run.constants.request_s
        latency = network_s(self.run, np.zeros(()))
        return np.asarray(alone + fixed + latency + tpot / 2.0 + waiting + rush)
