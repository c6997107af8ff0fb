"""Fits, bootstrap and optima of scaling laws, beside the ``chinchilla`` package of PyPI.

Both fit the same runs with the same objective: the sum of Huber terms (delta 1e-3) of the log
residual. The peer averages it and starts BFGS from a grid with five values for each constant, as
its documentation does; it has no bootstrap, so its refits start at the optimum, the cheapest it
can do.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Column, Result, Say, Timing, absent, shared, timed, version
from llmecon import chinchilla

TITLE = "Scaling laws: fit, bootstrap, optima"
PEERS = ("chinchilla",)
DELTA = 1e-3
BUDGET = 5.76e23  # FLOP of Gopher, at which Hoffmann et al. compare
# Grid of the peer: logarithms for the coefficients, ranges that hold every published law.
GRID = {"E": (1, 2), "a": (1, 10), "b": (1, 10), "alpha": (0.1, 0.7), "beta": (0.1, 0.7)}
OWN, PEER, GENERAL = "llmecon", "chinchilla", "SciPy L-BFGS-B"

FIT_COLUMNS = [
    Column("runs", "runs"),
    Column("tool", "tool"),
    Column("starts", "starts", ",d"),
    Column("cpu_s", "CPU [s]", ".3g"),
    Column("wall_s", "clock [s]", ".3g"),
    Column("objective", "objective [10⁻³]", ".5f"),
    Column("gap", "above optimum [1]", ".1e"),
    Column("a", "a [1]", ".4f"),
]
REFIT_COLUMNS = [
    Column("runs", "runs"),
    Column("tool", "tool"),
    Column("refits", "refits", ",d"),
    Column("cpu_s", "CPU [s]", ".3g"),
    Column("each_ms", "CPU a refit [ms]", ".3g"),
    Column("worst_gap", "worst refit above its optimum [1]", ".1e"),
    Column("converged", "refits within 1e-9 of it [1]", ".1%"),
]
ANSWER_COLUMNS = [
    Column("runs", "runs"),
    Column("quantity", "quantity"),
    Column("value", "value", ".4g"),
    Column("low", "2.5 %", ".4g"),
    Column("high", "97.5 %", ".4g"),
]
GOAL_COLUMNS = [
    Column("goal", "goal"),
    Column("runs", "runs"),
    Column("bound", "bound", "g"),
    Column("measured", "measured", ".2g"),
    Column("met", "met"),
]
# What the library was asked for, on the 240 digitised points where they are there.
GOALS = {"fit_s": 5e-3, "gap": 1e-12, "starts": 0.99, "refits_s": 1.5, "optima_s": 2.0}
OPTIMA_COLUMNS = [
    Column("what", "what"),
    Column("n", "optima", ",d"),
    Column("cpu_s", "CPU [s]", ".3g"),
    Column("wall_s", "clock [s]", ".3g"),
    Column("worst", "worst residual of the condition [1]", ".1e"),
]


def run(say: Say, *, quick: bool = False) -> list[Result]:
    """Measure everything.

    Parameters
    ----------
    say : callable
        Receives a line when a long part begins.
    quick : bool, optional
        Small sizes, to see that it runs.
    """
    tables = _tables()
    missing = absent(PEERS)
    fits, refits, answers = [], [], []
    for name, runs in tables.items():
        say(f"fit: {name}")
        found = chinchilla.fit(runs, starts=64)
        fits += _fits(name, runs, found, quick, say, with_peer=not missing)
        say(f"bootstrap: {name}")
        boot, rows = _refits(name, runs, found, quick, say, with_peer=not missing)
        refits += rows
        answers += _answers(name, boot)
    say("inference-aware optima")
    optima = _optima(10_000 if quick else 1_000_000)
    notes = [] if len(tables) > 1 else ["The digitised points are not beside this project."]
    return [
        Result(
            name="chinchilla_fit",
            title="One fit, sum of Huber terms (delta 1e-3) of the log residual",
            columns=FIT_COLUMNS,
            rows=fits,
            notes=notes,
            missing=missing,
        ),
        Result(
            name="chinchilla_bootstrap",
            title="Refits of resampled runs",
            columns=REFIT_COLUMNS,
            rows=refits,
            notes=notes,
            missing=missing,
        ),
        Result(
            name="chinchilla_answers",
            title=f"What the bootstrap says, budget {BUDGET:.3g} FLOP",
            columns=ANSWER_COLUMNS,
            rows=answers,
            notes=notes,
        ),
        Result(
            name="chinchilla_optima",
            title="Inference-aware optima, random losses and demands",
            columns=OPTIMA_COLUMNS,
            rows=optima,
        ),
        Result(
            name="chinchilla_goals",
            title="What was asked for",
            columns=GOAL_COLUMNS,
            rows=_goals(name, fits, refits, optima, _agreeing(runs)),
            notes=["A quick run does less work than the goals speak of."] if quick else [],
        ),
    ]


def _tables() -> dict[str, pd.DataFrame]:
    """Runs by name: simulated always, digitised ones where they lie beside the project."""
    law = chinchilla.REFIT_240
    design = chinchilla.isoflop_design(
        law, flop=np.geomspace(6e18, 3e21, 8), n_sizes=30, half_width=6
    )
    found = {"240 simulated": chinchilla.simulate(law, *design, noise=0.005, seed=1)}
    path = shared("chinchilla_points_240.csv")
    if path is not None:
        points = pd.read_csv(path).rename(
            columns={
                "parameters": "n_params",
                "training_tokens": "n_tokens",
                "loss_nats_per_token": "loss",
            }
        )
        found["240 digitised"] = points[["n_params", "n_tokens", "loss"]]
    return found


def _fits(
    name: str, runs: pd.DataFrame, best: chinchilla.Fit, quick: bool, say: Say, *, with_peer: bool
) -> list[dict[str, Any]]:
    repeats = 3 if quick else 51
    rows: list[dict[str, Any]] = []

    def add(tool: str, starts: int, law: chinchilla.SeparableLaw, timing: Timing) -> None:
        value = chinchilla.objective_at(law, runs, delta=DELTA)
        rows.append(
            {
                "runs": name,
                "tool": tool,
                "starts": starts,
                "cpu_s": timing.cpu_s,
                "wall_s": timing.wall_s,
                "objective": 1e3 * value,
                "gap": abs(value - best.objective),
                "a": float(law.a),
            }
        )

    for starts in (1, 8, 64):
        found, timing = timed(partial(chinchilla.fit, runs, starts=starts), repeats=repeats, warm=2)
        add(OWN, starts, found.law, timing)
    start = chinchilla.HOFFMANN_2022_TEX
    for scale, words in (("mean", "mean"), ("scaled", "sum over delta")):
        work = partial(chinchilla.general_stop, runs, start=start, scale=scale)
        stop, timing = timed(work, repeats=3)
        add(f"{GENERAL}, {words}", 1, stop.law, timing)
    if with_peer:
        scaled = len(runs) / DELTA
        for per_axis, scale, words in (
            (2 if quick else 5, 1.0, "as it is"),
            (2 if quick else 3, scaled, "terms scaled by us"),  # four times slower a start
        ):
            count = per_axis ** len(GRID)
            say(f"  {PEER}, {words}: {count:,} starts")
            grid = {key: np.linspace(*ends, per_axis) for key, ends in GRID.items()}
            with peer(runs, grid, scale) as fit:
                law, timing = timed(fit)
            add(f"{PEER} {version(PEER)}, {words}", count, law, timing)
    return rows


def _refits(
    name: str, runs: pd.DataFrame, found: chinchilla.Fit, quick: bool, say: Say, *, with_peer: bool
) -> tuple[chinchilla.Bootstrap, list[dict[str, Any]]]:
    count = 200 if quick else 4000
    boot, timing = timed(
        partial(chinchilla.bootstrap, found, n_resamples=count, seed=0), repeats=1 if quick else 3
    )
    few = 3 if quick else 20
    draws = [_drawn(runs, seed) for seed in range(few)]
    optima = [chinchilla.fit(table, duplicates="keep", warn=False) for table in draws]
    own = _gaps(draws, optima, [_own_refit(found, table) for table in draws])
    rows = [_refit_row(name, OWN, count, timing.cpu_s, own)]
    if with_peer:
        say(f"  {PEER}: {few} refits from the optimum")
        laws, cpu_s = [], 0.0
        for table in draws:
            with peer(table, _at(found.law), 1.0) as fit:
                law, timing = timed(fit)
            laws.append(law)
            cpu_s += timing.cpu_s
        gaps = _gaps(draws, optima, laws)
        rows.append(_refit_row(name, f"{PEER} {version(PEER)}", few, cpu_s, gaps))
    return boot, rows


def _drawn(runs: pd.DataFrame, seed: int) -> pd.DataFrame:
    return runs.sample(len(runs), replace=True, random_state=seed).reset_index(drop=True)


def _own_refit(found: chinchilla.Fit, table: pd.DataFrame) -> chinchilla.SeparableLaw:
    """One refit as the bootstrap makes it: one start, at the exponents of the full fit."""
    return chinchilla.fit(table, starts=[found.law], duplicates="keep", warn=False).law


def _gaps(
    tables: list[pd.DataFrame], optima: list[chinchilla.Fit], laws: list[chinchilla.SeparableLaw]
) -> list[float]:
    return [
        abs(chinchilla.objective_at(law, table, delta=DELTA) - best.objective)
        for table, best, law in zip(tables, optima, laws, strict=True)
    ]


def _refit_row(name: str, tool: str, n: int, cpu_s: float, gaps: list[float]) -> dict[str, Any]:
    return {
        "runs": name,
        "tool": tool,
        "refits": n,
        "cpu_s": cpu_s,
        "each_ms": 1e3 * cpu_s / n,
        "worst_gap": max(gaps),
        "converged": float(np.mean(np.array(gaps) < 1e-9)),
    }


def _answers(name: str, boot: chinchilla.Bootstrap) -> list[dict[str, Any]]:
    low, high = boot.interval("a")
    rows = [("exponent a of the optimal size [1]", float(boot.fit.law.a), low, high)]
    best = boot.optimal_interval(flop=BUDGET).iloc[0]
    for key, words, unit in (
        ("params", "optimal size [10⁹ parameters]", 1e9),
        ("tokens", "optimal tokens [10⁹ tokens]", 1e9),
        ("tokens_per_param", "tokens per parameter [tokens/parameter]", 1),
        ("loss", "loss at the optimum [nats/token]", 1),
    ):
        rows.append((words, *(best[f"{key}{end}"] / unit for end in ("", "_low", "_high"))))
    names = ("quantity", "value", "low", "high")
    return [{"runs": name, **dict(zip(names, row, strict=True))} for row in rows]


def _optima(n: int) -> list[dict[str, Any]]:
    law = chinchilla.BESIROGLU_2024
    draw = np.random.default_rng(0)
    loss = law.optimal(flop=10 ** draw.uniform(18, 27, n)).loss
    served = 10 ** draw.uniform(8, 18, n)
    work = partial(chinchilla.inference_optimal, law, loss=loss, tokens_served=served)
    best, timing = timed(work, repeats=3)
    # first-order condition: the wedge is 1 + D_inf/(3 D)
    off = law.wedge(best.params, best.tokens) / (1 + served / (3 * best.tokens)) - 1
    return [
        {
            "what": "least training and serving FLOP at a loss",
            "n": n,
            "cpu_s": timing.cpu_s,
            "wall_s": timing.wall_s,
            "worst": float(np.abs(off).max()),
        }
    ]


def _agreeing(runs: pd.DataFrame) -> float:
    """Share of 200 random starts, exponents from 0 to 2, that end at the optimum."""
    exponents = np.random.default_rng(20240516).uniform(0, 2, (200, 2))
    return chinchilla.fit(runs, starts=exponents).starts_agreeing


def _goals(
    name: str,
    fits: list[dict[str, Any]],
    refits: list[dict[str, Any]],
    optima: list[dict[str, Any]],
    agreeing: float,
) -> list[dict[str, Any]]:
    """Each goal beside what was measured, on the runs named last."""
    own = next(r for r in fits if r["runs"] == name and r["tool"] == OWN and r["starts"] == 8)
    boot = next(r for r in refits if r["runs"] == name and r["tool"] == OWN)
    measured = [
        ("one fit, CPU at most [s]", name, GOALS["fit_s"], own["cpu_s"]),
        ("its objective above the optimum, at most [1]", name, GOALS["gap"], own["gap"]),
        ("random starts that reach the optimum, at least [1]", name, GOALS["starts"], agreeing),
        (f"{boot['refits']:,} refits, CPU at most [s]", name, GOALS["refits_s"], boot["cpu_s"]),
        (f"{optima[0]['n']:,} optima, CPU at most [s]", "", GOALS["optima_s"], optima[0]["cpu_s"]),
    ]
    return [
        {
            "goal": goal,
            "runs": runs,
            "bound": bound,
            "measured": value,
            "met": "yes" if (value >= bound if "least" in goal else value <= bound) else "no",
        }
        for goal, runs, bound, value in measured
    ]


# --- the peer --------------------------------------------------------------------------------


def _at(law: chinchilla.SeparableLaw) -> dict[str, np.ndarray]:
    """A grid of the one start."""
    values = {
        "E": law.E,
        "a": np.log(law.A),
        "b": np.log(law.B),
        "alpha": law.alpha,
        "beta": law.beta,
    }
    return {key: np.array([float(value)]) for key, value in values.items()}


@contextlib.contextmanager
def peer(
    runs: pd.DataFrame, grid: dict[str, np.ndarray], scale: float
) -> Iterator[Callable[[], chinchilla.SeparableLaw]]:
    """A fit of the ``chinchilla`` package, ready to be timed: without picture or log.

    Its processes are not used, so that the processor time counts. Its tolerances have a scale; a
    user who knows that can multiply the terms.
    """
    os.environ.setdefault("MPLBACKEND", "Agg")
    from chinchilla import Chinchilla
    from chinchilla._metrics import log_huber

    def terms(seen: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        return scale * log_huber(seen, predicted, delta=DELTA)

    with tempfile.TemporaryDirectory() as folder, _quiet():
        frame = runs.rename(columns={"n_params": "N", "n_tokens": "D"})
        frame.insert(0, "C", 6 * frame.N * frame.D)
        frame.to_csv(Path(folder) / "df.csv", index=False)
        made = Chinchilla(folder, param_grid=grid, loss_fn=terms, log_level=logging.CRITICAL)
        made.visualizer.optim = lambda *_, **__: None

        def fit() -> chinchilla.SeparableLaw:
            made.fit(parallel=False)
            return chinchilla.SeparableLaw(
                name=PEER,
                provenance=chinchilla.REFIT_240.provenance,
                **{key: float(value) for key, value in made.params.items()},
            )

        yield fit


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield
