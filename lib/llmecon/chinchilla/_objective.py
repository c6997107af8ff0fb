"""What is minimised: the choice of objective, its coordinates, its name."""

from dataclasses import replace
from typing import Literal

import numpy as np

from llmecon._checks import require
from llmecon.chinchilla import _newton
from llmecon.chinchilla._newton import N_CONSTANTS, Problem
from llmecon.chinchilla._records import Array
from llmecon.chinchilla.points import Points

Objective = Literal["huber", "squared", "absolute"]
Residual = Literal["log", "loss"]


def make_task(
    table: Points, objective: str, residual: str, delta: float, overestimate_weight: float
) -> Problem:
    if objective not in ("huber", "squared", "absolute"):
        raise ValueError(f"objective must be 'huber', 'squared' or 'absolute', got {objective!r}")
    if residual not in ("log", "loss"):
        raise ValueError(f"residual must be 'log' or 'loss', got {residual!r}")
    threshold = float(require("delta", delta, above=0))
    over = float(require("overestimate_weight", overestimate_weight, above=0))
    x, y = means_of(table)
    return _newton.problem(
        np.log(table.n_params) - x,
        np.log(table.n_tokens) - y,
        table.loss,
        delta=np.inf if objective == "squared" else threshold,
        in_log=residual == "log",
        over_weight=over,
    )


def means_of(table: Points) -> tuple[float, float]:
    return float(np.log(table.n_params).mean()), float(np.log(table.n_tokens).mean())


def centring_of(table: Points) -> Array:
    """Matrix from raw (ln A, ln B, ln E, alpha, beta) to the coordinates of the fit."""
    matrix = np.eye(N_CONSTANTS)
    matrix[0, 3], matrix[1, 4] = (-mean for mean in means_of(table))
    return matrix


def in_log(task: Problem) -> Problem:
    return task if task.in_log else replace(task, in_log=True)


def constants_of(theta: Array, table: Points) -> dict[str, Array]:
    """E, A, B, alpha, beta of rows of coordinates."""
    raw = theta @ np.linalg.inv(centring_of(table)).T
    with np.errstate(over="ignore"):
        a, b, e = np.exp(raw[..., 0]), np.exp(raw[..., 1]), np.exp(raw[..., 2])
    return {"E": e, "A": a, "B": b, "alpha": raw[..., 3], "beta": raw[..., 4]}


def objective_name(objective: str, residual: str, task: Problem) -> str:
    of = "log residual" if residual == "log" else "residual"
    words = {
        "huber": f"sum Huber({of}, delta {task.delta:g})",
        "squared": f"sum of squares({of})/2",
        "absolute": f"sum of absolute({of})",
    }[objective]
    if task.over_weight != 1.0:
        words += f", overestimates weighted {task.over_weight:g}"
    return words
