"""Speculative decoding: a small model drafts, the large one checks several tokens at once."""

from dataclasses import replace
from typing import Any

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.accelerator import Accelerator
from llmecon.roofline.deployment import decode
from llmecon.roofline.step import TERMS, Step, Terms
from llmecon.transformer import FloatArray, Transformer

_DEGREES = ("tensor_parallel", "attention_data_parallel", "expert_parallel")


def tokens_per_round(acceptance: Numbers, gamma: Numbers) -> FloatArray:
    r"""Tokens that one round of speculation yields, in expectation.

    .. math:: V = \frac{1 - a^{\gamma + 1}}{1 - a}

    The target's own token counts (Leviathan et al., arXiv:2211.17192). Where it does not, the
    exponent is :math:`\gamma` (Erdil, arXiv:2506.04645, eq. 46), which understates the gain.

    Parameters
    ----------
    acceptance : float or array
        Probability :math:`a` that a drafted token is kept, independently. [1]
    gamma : int or array
        Tokens :math:`\gamma` drafted per round. [tokens]

    Examples
    --------
    >>> float(tokens_per_round(0.8, 4))
    3.3616
    """
    kept = require("acceptance", acceptance, minimum=0, maximum=1)
    count = require("gamma", gamma, minimum=0, unit="tokens") + 1
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(kept < 1, (1 - kept**count) / (1 - kept), count))


def speculate(
    model: Transformer,
    chip: Accelerator,
    *,
    draft: Transformer | None,
    gamma: Numbers,
    acceptance: Numbers = 0.8,
    **options: Any,
) -> Step:
    r"""One round of speculative decoding: ``gamma`` drafts, one check.

    .. math:: t = t_{check}(\gamma + 1) + \gamma \, t_{draft}

    Parameters
    ----------
    model, chip : Transformer, Accelerator
        What runs where.
    draft : Transformer or None
        The model that drafts, on the same accelerators; None for prediction heads of the
        model itself, whose time is neglected.
    gamma : int or array
        Tokens drafted per round; 0 is plain decoding, and only a lone 0 needs no memory for the
        draft. [tokens]
    acceptance : float or array
        Probability that a drafted token is kept. 0.7 to 0.9 in the Llama family (Erdil,
        arXiv:2506.04645). [1]
    **options
        Load and options of :func:`llmecon.roofline.decode` except ``positions``.

    Returns
    -------
    Step
        Time of a round and the tokens it yields, so that its rates are those of the user.
        Memory holds the weights and caches of both models.

    Notes
    -----
    A check of several positions reads the cache once and more experts than one position
    does. Acceptance is independent from token to token.

    Examples
    --------
    >>> from llmecon import catalog
    >>> where = {"batch": 1, "context": 1000, "tensor_parallel": 8, "weights": "fp8"}
    >>> model, chip = catalog.transformer("Llama 3.1 70B"), catalog.accelerator("H100 SXM 80GB")
    >>> small = catalog.transformer("Llama 3.1 8B")
    >>> plain = speculate(model, chip, draft=small, gamma=0, **where)
    >>> faster = speculate(model, chip, draft=small, gamma=2, **where)
    >>> bool(faster.tokens_per_s > plain.tokens_per_s)
    True
    """
    drafted = require("gamma", gamma, minimum=0, unit="tokens")
    check = decode(model, chip, positions=drafted + 1, **options)
    gained = tokens_per_round(acceptance, drafted)
    if draft is None or not np.any(drafted):
        return replace(check, tokens=gained)
    if not draft.n_experts:  # the same accelerators: groups of experts become replicas
        tensor, replicas, expert = (np.asarray(options.get(name, 1)) for name in _DEGREES)
        chips = np.maximum(tensor, expert)  # as in layout()
        options |= dict(zip(_DEGREES, (chips, replicas * chips // tensor, 1), strict=True))
    drafting = decode(draft, chip, **options)
    seconds = check.seconds + drafted * drafting.seconds
    terms = [getattr(check.terms, name) + drafted * getattr(drafting.terms, name) for name in TERMS]
    both = replace(
        check.memory,
        weight_bytes=np.asarray(check.memory.weight_bytes + drafting.memory.weight_bytes),
        sequence_bytes=np.asarray(check.memory.sequence_bytes + drafting.memory.sequence_bytes),
        name=f"{model.name} with {draft.name} on {chip.name}",
    )
    spread = Terms(*(np.broadcast_to(term, seconds.shape) for term in terms))
    return replace(check, seconds=seconds, terms=spread, tokens=gained, memory=both)
