"""The steady state of a server with continuous batching, from the terms of one deployment."""

from dataclasses import dataclass, replace

import numpy as np

from llmecon.roofline.step import Serving, Terms
from llmecon.roofline.terms import Instance, Work, spread
from llmecon.transformer import FloatArray

_CHUNK_TOKENS = 8192  # of prompts that one step may carry, vLLM's default on large accelerators
_WAVES = 10  # requests that each user of a benchmark sends in turn, the first of all at once


def served(
    run: Instance,
    requests: FloatArray,
    prompt: FloatArray,
    answer: FloatArray,
    cached_share: FloatArray,
) -> Serving:
    """Steady state of a server; see :meth:`llmecon.roofline.Deployment.serve`."""
    mean_context = prompt + answer / 2.0
    held = run.memory(requests, mean_context)
    runs = np.minimum(held.max_batch, requests)
    batch = np.maximum(runs, 1.0)  # terms of one request, where none fits
    new = np.maximum(prompt * (1.0 - cached_share), 1.0)
    load = _Load(run, batch, new, prompt - new, answer)
    terms, tpot = load.mixed(run.decode_work(batch, mean_context, np.ones(())))
    first = load.ttft(tpot)
    # When more requests are open than memory holds, the others wait for a place.
    ttft = first + (requests / batch - 1.0) * answer * tpot
    rate = batch / (first + (answer - 1.0) * tpot)
    # Where not one request fits, nothing is ever served.
    ttft, tpot = (np.where(runs < 1, np.inf, seconds) for seconds in (ttft, tpot))
    rate = np.where(runs < 1, 0.0, rate)
    of = run.constants
    band = np.exp(of.experts_log_band if run.model.n_experts else of.dense_log_band)
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


@dataclass(frozen=True)
class _Load:
    """Prompts that come as others end, and the decoding they share steps with."""

    run: Instance
    batch: FloatArray
    new_tokens: FloatArray
    cached_tokens: FloatArray
    answer: FloatArray

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
        chunks = np.ceil(self.new_tokens / _CHUNK_TOKENS)
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

    def ttft(self, tpot: FloatArray) -> FloatArray:
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
        rush = alone * np.maximum(ahead, 0.0) / _WAVES
        fixed = latency + run.overhead_s(self.batch) + run.constants.request_s
        return np.asarray(alone + fixed + tpot / 2.0 + waiting + rush)
