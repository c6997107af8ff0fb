"""One model on one kind of accelerator, checked once: decode, prefill and serve it."""

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.accelerator import Accelerator
from llmecon.roofline import profiles
from llmecon.roofline._layout import DEGREES, Precision, common_shape, formats, layout
from llmecon.roofline._serving import served
from llmecon.roofline.step import Serving, Step
from llmecon.roofline.terms import Instance
from llmecon.transformer import FloatArray, Transformer

_ONE = np.ones(())
_COUNT = {"minimum": 1, "maximum": 1e16}  # beyond, products of them are no numbers any more
_RESERVE_BYTES = 3.5 * 2**30  # as NVIDIA's aiconfigurator 0.12 does


@dataclass(frozen=True, eq=False)
class Deployment(Instance):
    """One model on its accelerators: what runs where, in which formats, on which engine.

    Everything is checked here, once; numbers and formats may be arrays that broadcast.

    Parameters
    ----------
    model, chip : Transformer, Accelerator
        What runs where.
    tensor_parallel, pipeline_parallel : int or array
        Accelerators that share a layer; stages the layers are spread over.
    expert_parallel, attention_data_parallel : int or array
        Groups among the tensor-parallel accelerators that hold whole experts; groups that
        attend for different sequences.
    weights, kv, activations : str or array of str
        Formats of weights, cache (16 bit if not said) and arithmetic.
    chips_per_node : int or array
        Accelerators that the fast links join.
    two_d : bool
        Split matrices in both dimensions; needs a square ``tensor_parallel``.
    reserve_bytes : float or array
        Memory held back on each accelerator. [B]
    profile : Profile, optional
        Constants of the engine; the newest calibrated ones if not given, ``IDEAL`` for
        peak rates.

    Raises
    ------
    ValueError
        If such a deployment cannot exist: an option out of its domain, a degree that does not
        divide what it splits, a format that the chip lacks, shapes that do not broadcast.

    Examples
    --------
    >>> from llmecon import catalog
    >>> server = Deployment(catalog.transformer("Llama 3.1 70B"),
    ...                     catalog.accelerator("H100 SXM 80GB"), tensor_parallel=8)
    >>> bool(server.decode(batch=1, context=8192).fits)
    True
    >>> Deployment(catalog.transformer("Llama 3.1 8B"),
    ...            catalog.accelerator("H100 SXM 80GB"), tensor_parallel=3)
    Traceback (most recent call last):
    ValueError: tensor_parallel must divide the 32 heads of Llama 3.1 8B, got 3 [accelerators]; \
allowed: 1, 2, 4, 8, 16, 32
    """

    model: Transformer
    chip: Accelerator
    tensor_parallel: Numbers = field(default=1, kw_only=True)
    pipeline_parallel: Numbers = field(default=1, kw_only=True)
    expert_parallel: Numbers = field(default=1, kw_only=True)
    attention_data_parallel: Numbers = field(default=1, kw_only=True)
    weights: Precision = field(default="bf16", kw_only=True)
    kv: Precision | None = field(default=None, kw_only=True)
    activations: Precision | None = field(default=None, kw_only=True)
    chips_per_node: Numbers = field(default=8, kw_only=True)
    two_d: bool = field(default=False, kw_only=True)
    reserve_bytes: Numbers = field(default=_RESERVE_BYTES, kw_only=True)
    profile: profiles.Profile | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name, kind in (("model", Transformer), ("chip", Accelerator)):
            given = getattr(self, name)
            if not isinstance(given, kind):
                found = f"catalog.{kind.__name__.lower()}(name)"
                raise ValueError(f"{name} must be a record such as {found} gives, got {given!r}")
        degrees = {name: getattr(self, name) for name in DEGREES}
        of_formats = {name: getattr(self, name) for name in ("weights", "kv", "activations")}
        constants = profiles.CURRENT if self.profile is None else self.profile
        where = layout(self.model, two_d=self.two_d, **degrees)
        widths = formats(self.chip, constants=constants, **of_formats)
        reserve = require("reserve_bytes", self.reserve_bytes, minimum=0, unit="B")
        shape = common_shape(
            tensor_parallel=where.tensor,
            weights=widths.weight_bytes,
            kv=widths.kv_bytes,
            activations=widths.flop_per_s,
            reserve_bytes=reserve,
        )
        vars(self).update(  # it is frozen for everybody else
            where=where, widths=widths, constants=constants, held_back_bytes=reserve, shape=shape
        )

    def decode(self, *, batch: Numbers, context: Numbers, positions: Numbers = 1) -> Step:
        r"""Time to make one token for every sequence of a batch.

        .. math:: t = \max(t_{weights}, t_{matrices}) + \max(t_{cache}, t_{attention})
                  + t_{network} + t_{fixed}

        Parameters
        ----------
        batch, context : float or array
            Sequences decoded together; tokens already in the cache. [sequences, tokens]
        positions : int or array
            Positions checked per sequence in one pass (speculation).

        Returns
        -------
        Step
            ``seconds`` and ``terms`` in the broadcast shape of loads and options; the others
            in a shape that broadcasts to it.

        Raises
        ------
        ValueError
            If a number is out of its domain, or shapes do not broadcast.

        Notes
        -----
        Attention is not overlapped with the arithmetic of the matrices: they are different
        kernels. Collectives are not overlapped either. A router that is independent and
        uniform decides how many experts a batch reads. Pipelining keeps one micro-batch of
        ``batch / pipeline_parallel`` sequences in every stage.

        Examples
        --------
        >>> from llmecon.roofline import IDEAL
        >>> model = Transformer(name="Llama 3.1 70B", n_layers=80, d_model=8192, n_heads=64,
        ...                     n_kv_heads=8, d_head=128, d_ff=28672, vocab_size=128256)
        >>> chip = Accelerator(name="H100", bf16_dense_flop_per_s=9.89e14, hbm_bytes=8e10,
        ...                    hbm_bytes_per_s=3.35e12, scaleup_bytes_per_s_per_direction=4.5e11)
        >>> server = Deployment(model, chip, tensor_parallel=8, profile=IDEAL)
        >>> step = server.decode(batch=[1, 64], context=8192)
        >>> (step.seconds * 1e3).round(2)
        array([ 5.3 , 12.25])
        >>> step.binds
        array(['weights', 'kv_cache'], dtype='<U11')
        """
        sequences = require("batch", batch, **_COUNT, unit="sequences")
        tokens = require("context", context, **_COUNT, unit="tokens")
        checked = require("positions", positions, **_COUNT, unit="tokens")
        self._check_shapes(batch=sequences, context=tokens, positions=checked)
        in_flight = self.in_flight(sequences)
        work = self.decode_work(in_flight, tokens, checked)
        return self.step(work, self.busiest(in_flight) * checked, sequences, _ONE, tokens)

    def prefill(
        self, *, input_tokens: Numbers, batch: Numbers = 1, cached_tokens: Numbers = 0
    ) -> Step:
        r"""Time to read prompts: the time to first token of an idle server.

        .. math:: t = \max(t_{weights}, t_{matrices}) + t_{attention} + t_{network} + t_{fixed}

        Parameters
        ----------
        input_tokens, cached_tokens : float or array
            Tokens of a prompt, and those of them whose keys and values are cached. [tokens]
        batch : float or array
            Prompts under way; a pipeline reads ``batch / pipeline_parallel`` of them in every
            stage, and fewer than one a stage leave stages idle. [sequences]

        Returns
        -------
        Step
            ``tokens`` are the prompt's, so rates count input tokens.

        Examples
        --------
        >>> from llmecon import catalog
        >>> from llmecon.roofline import IDEAL
        >>> server = Deployment(catalog.transformer("Llama 3.1 70B"),
        ...                     catalog.accelerator("H100 SXM 80GB"), tensor_parallel=8,
        ...                     profile=IDEAL)
        >>> float(server.prefill(input_tokens=8192).seconds)
        0.2364
        """
        prompt = require("input_tokens", input_tokens, **_COUNT, unit="tokens")
        cached = require("cached_tokens", cached_tokens, minimum=0, unit="tokens")
        sequences = require("batch", batch, **_COUNT, unit="sequences")
        self._check_shapes(batch=sequences, input_tokens=prompt, cached_tokens=cached)
        nothing_left = cached >= prompt  # something must be left to read
        if np.any(nothing_left):
            most, got = (
                np.broadcast_to(values, nothing_left.shape)[nothing_left].flat[0]
                for values in (prompt, cached)
            )
            raise ValueError(
                f"cached_tokens must be < input_tokens = {most:g}, got {got:g} [tokens]"
            )
        in_flight, new = self.in_flight(sequences), prompt - cached
        dealt = self.busiest(in_flight)
        work = self.prefill_work(in_flight, dealt, new, cached)
        return self.step(work, dealt * new, sequences, prompt, prompt)

    def serve(
        self,
        *,
        concurrency: Numbers,
        input_tokens: Numbers,
        output_tokens: Numbers,
        cached_share: Numbers = 0.0,
    ) -> Serving:
        r"""Steady state of continuous batching with chunked prefill, closed loop.

        Each of the :math:`b` requests needs one prefill per :math:`O` output tokens. While a
        request decodes, the prompts of the :math:`b - 1` others pass: its steps carry
        :math:`(b-1)/O` of them on average, in chunks that share the pass over the weights.

        .. math:: TPOT = t_{step}(b, I + O/2) + \frac{b - 1}{O} t_{prefill}(I)

        less what chunks save by sharing the reading of the weights.

        Parameters
        ----------
        concurrency : float or array
            Requests in progress. Those that memory does not hold wait. [requests]
        input_tokens, output_tokens : float or array
            Length :math:`I` of prompt and :math:`O` of answer. [tokens]
        cached_share : float or array
            Share of the prompt's tokens that a prefix cache holds. [1]

        Returns
        -------
        Serving

        Raises
        ------
        ValueError
            If a number is out of its domain, shapes do not broadcast, or there is a pipeline.

        Notes
        -----
        The formula is often printed with :math:`b` for :math:`b - 1`; a request would then
        wait for its own prompt twice, once before its first token and once after it. Requests
        arrive as others end; queueing of an open loop is out of scope. Where memory holds
        fewer requests than ``concurrency``, the others wait for a place: ``fits`` is False,
        ``batch`` is what runs, and the wait is part of ``ttft_s``. Where not even one fits,
        times are infinite and rates 0.

        Examples
        --------
        >>> from llmecon import catalog
        >>> server = Deployment(catalog.transformer("Llama 3.1 70B"),
        ...                     catalog.accelerator("H100 SXM 80GB"), tensor_parallel=8,
        ...                     weights="fp8")
        >>> run = server.serve(concurrency=[4, 64], input_tokens=1024, output_tokens=1024)
        >>> (run.tpot_s[0] < run.tpot_s[1]).item(), run.fits.tolist()
        (True, [True, True])
        """
        load = {
            "concurrency": require("concurrency", concurrency, **_COUNT, unit="requests"),
            "input_tokens": require("input_tokens", input_tokens, **_COUNT, unit="tokens"),
            "output_tokens": require("output_tokens", output_tokens, **_COUNT, unit="tokens"),
            "cached_share": require("cached_share", cached_share, minimum=0, maximum=1),
        }
        if np.any(self.where.pipeline > 1):
            most = np.max(self.where.pipeline)
            raise ValueError(f"pipeline_parallel must be 1 to serve, got {most:g} [stages]")
        self._check_shapes(**load)
        return served(self, *load.values())

    def _check_shapes(self, **loads: FloatArray) -> None:
        """Refuse loads whose shapes do not broadcast with each other and with the options."""
        if self.shape or any(load.ndim for load in loads.values()):
            common_shape(**loads, **{"the deployment's options": np.empty(self.shape)})


def _deployed(
    model: Transformer, chip: Accelerator, given: dict[str, Any]
) -> tuple[Deployment, dict[str, Any]]:
    """A deployment with the options among what is given, and the load, which is the rest."""
    options = {name: given.pop(name) for name in _OPTIONS & given.keys()}
    return Deployment(model, chip, **options), given


_OPTIONS = {item.name for item in fields(Deployment)} - {"model", "chip"}


def decode(model: Transformer, chip: Accelerator, **load_and_options: Any) -> Step:
    """:meth:`Deployment.decode` in one line: its load, and options of the deployment."""
    server, load = _deployed(model, chip, load_and_options)
    return server.decode(**load)


def prefill(model: Transformer, chip: Accelerator, **load_and_options: Any) -> Step:
    """:meth:`Deployment.prefill` in one line: its load, and options of the deployment."""
    server, load = _deployed(model, chip, load_and_options)
    return server.prefill(**load)


def serve(model: Transformer, chip: Accelerator, **load_and_options: Any) -> Serving:
    """:meth:`Deployment.serve` in one line: its load, and options of the deployment."""
    server, load = _deployed(model, chip, load_and_options)
    return server.serve(**load)
