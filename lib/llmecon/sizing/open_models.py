"""What open models of known size teach: how large models are, and how offers differ from limits."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from llmecon import catalog
from llmecon._checks import DAYS_PER_YEAR, FloatArray
from llmecon.sizing.set_ups import LOG10_ACTIVE, LOG10_RATIO, between, set_ups

# Kernel of the population in decades of size and of sparsity, and how fast it is forgotten:
# round numbers; the results of `evaluate` hardly depend on them.
_KERNEL_SIZE, _KERNEL_RATIO, _MEMORY_YEARS = 0.3, 0.15, 2.0


def family(model: str) -> str:
    """Name shared by releases of one shape: they leave together when one is left out.

    Examples
    --------
    >>> family("Mistral Large 2 (Nov 2024)"), family("Llama 3.3 70B")
    ('Mistral Large 2', 'Llama 70B')
    """
    return _families(catalog.data_folder()).get(model) or model.split(" (")[0]


@cache
def _families(folder: Path) -> dict[str, str]:
    models = catalog.models()
    return dict(zip(models.model, models.family, strict=True))


@cache
def _known_sizes(folder: Path) -> pd.DataFrame:
    """Family, first day, log10 of active parameters and of all over those; each model once."""
    models = catalog.models()
    listed = models[models.open_weights & models.active_params.notna()]
    listed = listed.assign(since=listed.release_date)
    served = catalog.served_open_models().sort_values("date").drop_duplicates("model")
    served = served[~served.model.map(family).isin(listed.model.map(family))]
    both = pd.concat([listed, served.assign(since=served.date)], ignore_index=True)
    return pd.DataFrame(
        {
            "model": both.model,
            "family": both.model.map(family),
            "since": both.since,
            "active": np.log10(both.active_params.astype(float)),
            "ratio": np.log10((both.total_params / both.active_params).astype(float)),
        }
    )


def left_out(models: tuple[str, ...]) -> frozenset[str]:
    """Families of models that may not inform an answer.

    Raises
    ------
    UnknownName
        If a name is that of no open model of known size: nothing would be left out.
    """
    known = _known_sizes(catalog.data_folder())
    for model in models:
        if family(model) not in set(known.family):
            raise catalog.UnknownName("open model of known size", model, known.model)
    return frozenset(map(family, models))


def population(day: pd.Timestamp, leave_out: frozenset[str], *, wide: float) -> FloatArray:
    """Prior on the grid: open models known by a day, recent ones more, and a flat part.

    Parameters
    ----------
    day : pandas.Timestamp
        Nothing released later counts.
    leave_out : frozenset of str
        Families that do not count.
    wide : float
        Weight of the flat part, every size alike.

    Returns
    -------
    numpy.ndarray
        Probability of each cell of the grid.
    """
    known = _known_sizes(catalog.data_folder())
    age = (day - known.since).dt.days.to_numpy(dtype=float) / DAYS_PER_YEAR
    keep = (age >= 0) & ~known.family.isin(leave_out).to_numpy()
    weight = np.exp(-age[keep] / _MEMORY_YEARS)
    active, ratio = (known[of][keep].to_numpy(dtype=float) for of in ("active", "ratio"))
    by_size = np.exp(-0.5 * ((LOG10_ACTIVE[:, None] - active) / _KERNEL_SIZE) ** 2)
    by_ratio = np.exp(-0.5 * ((LOG10_RATIO[:, None] - ratio) / _KERNEL_RATIO) ** 2)
    near = (by_size * weight) @ by_ratio.T
    near /= near.sum()
    flat = np.broadcast_to(near.sum(axis=0) / len(LOG10_ACTIVE), near.shape)
    return np.asarray((1 - wide) * near + wide * flat)


def income_usd_per_mtok(output: FloatArray | float, prompt: FloatArray | float) -> FloatArray:
    """What 10^6 output tokens bring, with three of the prompt for each of them."""
    return np.asarray(np.asarray(output) + 3.0 * np.asarray(prompt))


@cache
def residual_rows(blended: bool, folder: Path) -> pd.DataFrame:
    """Each served row against the limits of its day, over the set-ups of that day.

    Parameters
    ----------
    blended : bool
        Whether income counts the prompt, three tokens for one of the answer.
    folder : pathlib.Path
        That of the tables.

    Returns
    -------
    pandas.DataFrame
        ``family``, and residuals of ``price`` and ``speed``. [decades]
    """
    parts = []
    for day, rows in catalog.served_open_models().groupby("date", sort=True):
        active = rows.active_params.to_numpy(dtype=float)
        ratio = (rows.total_params / rows.active_params).to_numpy(dtype=float)
        at = np.column_stack([np.log10(active), np.log10(ratio)])
        prompt = rows.input_usd_per_mtok.to_numpy(dtype=float) if blended else 0.0
        income = income_usd_per_mtok(rows.output_usd_per_mtok.to_numpy(dtype=float), prompt)
        cases, *limits = set_ups(pd.Timestamp(str(day)))
        axes = (LOG10_ACTIVE, LOG10_RATIO)
        usd, fastest = (
            sum(p * between(axes, on, at) for p, on in zip(cases.probability, grids, strict=True))
            for grids in limits
        )
        speed = np.log10(rows.output_tokens_per_s.to_numpy(dtype=float))
        found = {"price": np.log10(income) - usd, "speed": speed - fastest}
        parts.append(pd.DataFrame({"family": rows.model.map(family).to_numpy(), **found}))
    return pd.concat(parts, ignore_index=True)


def mean_and_covariance(rows: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    """Of residuals of price and speed, each family counted once. [decades, decades^2]

    The covariance is the unbiased one of so many independent families.

    Raises
    ------
    ValueError
        With fewer than four families.
    """
    sizes = rows.groupby("family")["family"].transform("size").to_numpy(dtype=float)
    n_families = rows.family.nunique()
    if n_families < 4:
        raise ValueError(f"served models must be of >= 4 families, got {n_families}")
    weights = 1.0 / sizes / n_families
    values = rows[["price", "speed"]].to_numpy(dtype=float)
    mean = weights @ values
    away = values - mean
    return mean, (weights[:, None] * away).T @ away * n_families / (n_families - 1)
