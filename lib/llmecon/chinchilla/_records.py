"""Small frozen records every law shares: where it comes from, where it holds, what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from llmecon._checks import FloatArray, Numbers, require

_Range = tuple[float, float] | None

# Forward and backward pass of a dense transformer: 2 FLOP forward and 4 backward for each
# parameter and token (Kaplan et al. 2020, arXiv:2001.08361, section 2.1).
TRAIN_FLOP_PER_PARAM_TOKEN = 6.0
SERVE_FLOP_PER_PARAM_TOKEN = 2.0


def plain(value: Any) -> FloatArray:
    """Value as floats; a zero-dimensional array becomes a NumPy scalar."""
    result: FloatArray = np.asarray(value, dtype=np.float64)[()]
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a law's constants were read and what its symbols count.

    Attributes
    ----------
    source, source_url : str
        Publication.
    place : str
        Table, equation or file in it.
    rounding : str
        How many digits survive, and what that does.
    status : str
        ``printed`` by the source, or ``recomputed`` from its data for this library.
    params_convention, tokens_convention, flop_convention : str
        What N, D and C count.
    loss_unit : str
        Unit of the loss.
    corpus : str
        Text the loss was measured on; losses of two corpora are not comparable.
    note : str
        A correction to the source or a warning to the user.
    standard_errors : str
        Of the constants, where published.
    """

    source: str
    source_url: str
    place: str
    rounding: str = "as printed"
    status: str = "printed"
    params_convention: str = "total, embeddings included"
    tokens_convention: str = "training tokens, less than one epoch"
    flop_convention: str = "6ND"
    loss_unit: str = "nats per token"
    corpus: str = ""
    note: str = ""
    standard_errors: str = ""


def own_runs(source: str, place: str) -> Provenance:
    """Provenance of what is fitted to runs of the caller's own."""
    return Provenance(source=source, source_url="", place=place, rounding="none", status="fitted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """Ranges of the runs a law was fitted on.

    Attributes
    ----------
    n_params, n_tokens, flop, tokens_per_param : tuple of float or None
        Lowest and highest value among the runs (0 for a lowest that the source does not give);
        None where the source gives none.
        [parameters] [tokens] [FLOP] [tokens/parameter]
    note : str
        Conditions that no range can state.
    """

    n_params: _Range = None
    n_tokens: _Range = None
    flop: _Range = None
    tokens_per_param: _Range = None
    note: str = ""

    def decades(
        self,
        *,
        n_params: Numbers | None = None,
        n_tokens: Numbers | None = None,
        flop: Numbers | None = None,
    ) -> Mapping[str, FloatArray]:
        """Decades outside each range; zero inside. [decades]

        Examples
        --------
        >>> float(Domain(flop=(1e18, 1e22)).decades(flop=1e24)["flop"])
        2.0
        """
        values = {"n_params": n_params, "n_tokens": n_tokens, "flop": flop}
        if n_params is not None and n_tokens is not None:
            values["tokens_per_param"] = np.asarray(n_tokens) / np.asarray(n_params)
        found = {}
        for name, value in values.items():
            limits: _Range = getattr(self, name)
            if value is not None and limits is not None:
                found[name] = _decades(np.asarray(value, dtype=np.float64), limits)
        return MappingProxyType(found)


def _decades(value: FloatArray, limits: tuple[float, float]) -> FloatArray:
    with np.errstate(divide="ignore"):
        position = np.log10(value)
        low, high = np.log10(limits[0]), np.log10(limits[1])
    return plain(np.maximum(np.maximum(low - position, position - high), 0.0))


_EVERYWHERE = Domain(note="no range given by the source")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """A training run as a law sees it: size, data, compute, loss.

    Attributes
    ----------
    law : str
        Name of the law that gave it: a result is quoted with its constants.
    params : array
        Parameters, counted as the law counts them. [parameters]
    tokens : array
        Training tokens. [tokens]
    flop : array
        Training compute. [FLOP]
    loss : array or None
        Predicted loss; None for laws that only allocate. [nats/token]
    decades : mapping of str to array
        For each quantity with a known range, decades outside the fitted runs. [decades]
    """

    law: str
    params: FloatArray
    tokens: FloatArray
    flop: FloatArray
    loss: FloatArray | None
    decades: Mapping[str, FloatArray] = field(default_factory=dict)

    @property
    def tokens_per_param(self) -> FloatArray:
        """Training tokens for each parameter. [tokens/parameter]"""
        return plain(self.tokens / self.params)

    @property
    def decades_outside(self) -> FloatArray:
        """Decades outside the fitted runs, the farthest of N, D, C and D/N. [decades]"""
        zero = np.zeros(np.broadcast_shapes(np.shape(self.params), np.shape(self.tokens)))
        return plain(np.maximum.reduce([zero, *np.broadcast_arrays(zero, *self.decades.values())]))

    def table(self, *more: str) -> pd.DataFrame:
        """Law, budget, size, tokens, loss (missing where there is none) and more, a row a run."""
        names = ("flop", "params", "tokens", "tokens_per_param", "loss", "decades_outside", *more)
        values = {name: getattr(self, name) for name in names}
        columns = {k: np.nan if v is None else np.atleast_1d(v) for k, v in values.items()}
        return pd.DataFrame({"law": self.law, **columns})


@dataclass(frozen=True, kw_only=True)
class Law:
    """What every record in ``LAWS`` has.

    Attributes
    ----------
    name : str
        Name to quote a result with: upper case for a preset.
    provenance : Provenance
        Where the constants come from and what the symbols count.
    domain : Domain
        Runs the law was fitted on; results beyond them are flagged.
    """

    name: str
    provenance: Provenance
    domain: Domain = _EVERYWHERE


def exactly_one(**given: object) -> str:
    """Name of the one argument that was given, or an error that lists them."""
    present = [name for name, value in given.items() if value is not None]
    if len(present) != 1:
        names = ", ".join(given)
        raise ValueError(f"give exactly one of {names}, got {', '.join(present) or 'none'}")
    return present[0]


def positive(name: str, value: Numbers, unit: str) -> FloatArray:
    """Value as an array, refused by name unless above zero."""
    return require(name, value, above=0, unit=unit)


def logistic(odds: FloatArray) -> FloatArray:
    """Share from the logarithm of its odds."""
    return plain(1 / (1 + np.exp(-odds)))
