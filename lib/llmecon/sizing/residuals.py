"""How providers differ from the limits: learned from open models whose size is known."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.interpolate import RegularGridInterpolator

from llmecon import catalog
from llmecon.sizing.limits import LOG10_ACTIVE, LOG10_RATIO
from llmecon.sizing.scenarios import Scenario, scenarios

FloatArray = npt.NDArray[np.float64]

# Models that are one shape under several names: they leave together when one is left out.
_SAME_SHAPE = {
    "Llama 3 70B": "Llama 70B",
    "Llama 3.1 70B": "Llama 70B",
    "Llama 3.3 70B": "Llama 70B",
    "DeepSeek-R1": "DeepSeek-V3",
    "DeepSeek-V3.2": "DeepSeek-V3",
    "Kimi K2": "Kimi",
    "Kimi K2.5": "Kimi",
    "Kimi K2.6": "Kimi",
}


def family(model: str) -> str:
    """Name shared by releases of one shape.

    Examples
    --------
    >>> family("Mistral Large 2 (Nov 2024)"), family("Llama 3.3 70B")
    ('Mistral Large 2', 'Llama 70B')
    """
    name = model.split(" (")[0]
    return _SAME_SHAPE.get(name, name)


def left_out(models: tuple[str, ...]) -> frozenset[str]:
    """Families of models that may not inform an answer.

    Raises
    ------
    UnknownName
        If a name is that of no open model of known size: nothing would be left out.
    """
    known = _known_sizes(catalog.data_folder())
    families = set(known.family)
    for model in models:
        if family(model) not in families:
            raise catalog.UnknownName("open model of known size", model, known.model)
    return frozenset(map(family, models))


@dataclass(frozen=True, kw_only=True)
class Residuals:
    """Logarithms of price over lowest cost and of speed over highest speed.

    Attributes
    ----------
    mean : numpy.ndarray
        Of price and speed. [decades]
    covariance : numpy.ndarray
        2 x 2. [decades^2]
    n_rows, n_families : int
        Served rows behind them.
    """

    mean: FloatArray
    covariance: FloatArray
    n_rows: int
    n_families: int


def residual_rows(served: pd.DataFrame, *, blended: bool) -> pd.DataFrame:
    """Each served row against the limits of its day, over the scenarios of that day.

    Parameters
    ----------
    served : pandas.DataFrame
        Rows such as `llmecon.catalog.served_open_models`.
    blended : bool
        Whether income counts the prompt, three tokens for one of the answer.

    Returns
    -------
    pandas.DataFrame
        ``family``, ``price`` and ``speed`` residuals. [decades]
    """
    parts = []
    for day, rows in served.groupby("date", sort=True):
        at = np.column_stack(
            [
                np.log10(rows.active_params.to_numpy(dtype=float)),
                np.log10((rows.total_params / rows.active_params).to_numpy(dtype=float)),
            ]
        )
        income = income_usd_per_mtok(
            rows.output_usd_per_mtok.to_numpy(dtype=float),
            rows.input_usd_per_mtok.to_numpy(dtype=float) if blended else None,
        )
        cost, speed = _mean_limits(scenarios(pd.Timestamp(str(day))), at)
        parts.append(
            pd.DataFrame(
                {
                    "family": rows.model.map(family).to_numpy(),
                    "price": np.log10(income) - cost,
                    "speed": np.log10(rows.output_tokens_per_s.to_numpy(dtype=float)) - speed,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def income_usd_per_mtok(
    output: FloatArray | float, prompt: FloatArray | float | None
) -> FloatArray:
    """What 10^6 output tokens bring, with the prompts before them if their price is known."""
    extra = 0.0 if prompt is None else 3.0 * np.asarray(prompt)
    return np.asarray(np.asarray(output) + extra)


def _mean_limits(cases: list[Scenario], at: FloatArray) -> tuple[FloatArray, FloatArray]:
    cost = sum(case.probability * _look_up(case.log10_usd, at) for case in cases)
    speed = sum(case.probability * _look_up(case.log10_speed, at) for case in cases)
    return np.asarray(cost), np.asarray(speed)


def _look_up(values: FloatArray, at: FloatArray) -> FloatArray:
    grid = RegularGridInterpolator(
        (LOG10_ACTIVE, LOG10_RATIO), values, bounds_error=False, fill_value=None
    )
    return np.asarray(grid(at))


def residuals(rows: pd.DataFrame) -> Residuals:
    """Mean and covariance over families, each family counted once.

    Raises
    ------
    ValueError
        With fewer than four families.
    """
    families = rows.groupby("family")["family"].transform("size").to_numpy(dtype=float)
    n_families = rows.family.nunique()
    if n_families < 4:
        raise ValueError(f"served models must be of >= 4 families, got {n_families}")
    weights = 1.0 / families / n_families
    values = rows[["price", "speed"]].to_numpy(dtype=float)
    mean = weights @ values
    away = values - mean
    # Unbiased as for n independent families.
    covariance = (weights[:, None] * away).T @ away * n_families / (n_families - 1)
    return Residuals(mean=mean, covariance=covariance, n_rows=len(rows), n_families=n_families)


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
    age = (day - known.since).dt.days.to_numpy(dtype=float) / 365.25
    keep = (age >= 0) & ~known.family.isin(leave_out).to_numpy()
    weight = np.exp(-age[keep] / _MEMORY_YEARS)
    active = known.active[keep].to_numpy(dtype=float)
    ratio = known.ratio[keep].to_numpy(dtype=float)
    by_size = np.exp(-0.5 * ((LOG10_ACTIVE[:, None] - active) / _KERNEL_SIZE) ** 2)
    by_ratio = np.exp(-0.5 * ((LOG10_RATIO[:, None] - ratio) / _KERNEL_RATIO) ** 2)
    near = (by_size * weight) @ by_ratio.T
    near /= near.sum()
    flat = np.broadcast_to(near.sum(axis=0) / len(LOG10_ACTIVE), near.shape)
    return np.asarray((1 - wide) * near + wide * flat)


# Kernel of the population in decades of size and of sparsity, and how fast it is forgotten:
# round numbers; the results of `evaluate` hardly depend on them.
_KERNEL_SIZE, _KERNEL_RATIO, _MEMORY_YEARS = 0.3, 0.15, 2.0


@cache
def _known_sizes(folder: Path) -> pd.DataFrame:
    models = catalog.models()
    models = models[models.open_weights & models.active_params.notna()]
    listed = pd.DataFrame(
        {
            "model": models.model,
            "since": models.release_date,
            "active": np.log10(models.active_params.astype(float)),
            "ratio": np.log10((models.total_params / models.active_params).astype(float)),
        }
    )
    served = catalog.served_open_models().sort_values("date").drop_duplicates("model")
    others = pd.DataFrame(
        {
            "model": served.model,
            "since": served.date,
            "active": np.log10(served.active_params.astype(float)),
            "ratio": np.log10((served.total_params / served.active_params).astype(float)),
        }
    )
    both = pd.concat([listed, others[~others.model.map(family).isin(listed.model.map(family))]])
    return both.assign(family=both.model.map(family)).reset_index(drop=True)
