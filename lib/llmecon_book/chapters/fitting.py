"""Fitting a scaling law: what each section finds. The runs are simulated under a known truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from llmecon import chinchilla
from llmecon_book.chapters import Section, columns, ends, named, stacked
from llmecon_book.words import scientific

Frame: TypeAlias = Any  # the types that pandas states for a cell are too many to be of use
Simulate: TypeAlias = Callable[..., Frame]
_PRINTED: Any = chinchilla.HOFFMANN_2022_TABLE_2


def _valley(law: Any, flop: float, middle: float, width: float, n_sizes: int) -> Frame:
    """The loss of sizes on either side of one, all trained with one budget."""
    sizes = np.geomspace(1 / width, width, n_sizes) * middle
    return pd.DataFrame({"n_params": sizes, "loss": law.loss(sizes, flop / 6 / sizes)})


def profiles(
    runs: Frame, fit: chinchilla.Fit, planned: Any, half_width: float, noise: float
) -> Section:
    """The fitted law through runs around planned optima, and its own optimum at each budget."""
    names = [f"{scientific(budget, 2)} FLOP" for budget in planned.flop]
    curves = {
        name: _valley(fit.law, flop, middle, half_width, 25)
        for name, flop, middle in zip(names, planned.flop, planned.params, strict=True)
    }
    return Section(
        runs=runs,
        curves=stacked("budget", curves),
        minima=columns(fit.law.optimal(flop=planned.flop), "flop params loss", budget=names),
        n_runs=len(runs),
        n_budgets=len(names),
        noise=noise,
        misses=fit.residual_scale,
    )


_CONSTANTS = {"A": "A", "B": "B", "E": "E", "alpha": "α", "beta": "β"}
_EXPONENT = {"a": "exponent a of the optimal size"}
_ANSWERS = {
    "params": "optimal parameters",
    "tokens": "optimal tokens",
    "tokens_per_param": "tokens per parameter",
    "loss": "loss at the optimum",
}


def recovered(
    refits: chinchilla.Bootstrap,
    answers: Any,
    held: list[bool],
    by_parabolas: Any,
    *,
    truth: Any,
    level: float,
) -> Section:
    """Constants and answers with intervals over their true values."""
    law, best, rows = refits.fit.law, truth.optimal(flop=answers.flop), []
    for name, label in (_CONSTANTS | _EXPONENT).items():
        sizes = np.array([getattr(law, name), *refits.interval(name, level=level)], float)
        kind = "constant" if name in _CONSTANTS else "answer"
        rows.append((label, kind, *(sizes / getattr(truth, name))))
    for name, label in _ANSWERS.items():
        sizes = answers[[name, f"{name}_low", f"{name}_high"]].to_numpy(float)
        rows.append((label, "answer", *(sizes / float(getattr(best, name)))))
    table = pd.DataFrame(rows, columns=["quantity", "kind", "ratio", "low", "high"])
    return Section(
        quantities=table,
        case=pd.Series({"n_runs": refits.fit.n_points}),
        level=level,
        **answers.filter(regex="^flop|^params|per_param|outside"),
        **named("true", best, "params tokens_per_param"),
        n_resamples=refits.n_resamples,
        n_inside=((table.low <= 1) & (table.high >= 1)).sum(),
        n_quantities=len(table),
        tied=np.corrcoef(refits.values("log_A"), refits.values("alpha"))[0, 1],
        n_tables=len(held),
        n_held=sum(held),
        two_size=by_parabolas.params,
        factor_a=table.high[0] / table.low[0],
    )


def held(simulate: Simulate, best: Any, *, level: float, n_tables: int, seed: int) -> list[bool]:
    """For each of some tables simulated anew: does its interval of the size hold the truth?"""
    found = []
    for number in range(n_tables):
        fit = chinchilla.fit(simulate(seed=seed + 1000 + number), warn=False)
        few = chinchilla.bootstrap(fit, n_resamples=200, seed=seed + number)
        interval = few.optimal_interval(flop=best.flop, level=level).iloc[0]
        found.append(bool(interval.params_low <= best.params <= interval.params_high))
    return found


STARTS = (
    chinchilla.HOFFMANN_2022_TEX,
    chinchilla.DE_VRIES_2023,
    chinchilla.MUENNIGHOFF_2023,
    chinchilla.GADRE_2024_C4,
    chinchilla.SARDANA_2024_RUNS_10000,
)
_SCALES = {"mean": "mean of the terms", "sum": "their sum", "scaled": "sum over delta"}


def stops(runs: Frame, fit: chinchilla.Fit, own: chinchilla.Fit, flop: float) -> Section:
    """Where a general optimiser stops from published laws, by what it minimises."""
    found = []
    for start in STARTS:
        label = chinchilla.law_title(start.name)
        found.append((label, "start", start, np.nan, False))
        for scale, words in _SCALES.items():
            stop = chinchilla.general_stop(runs, start=start, scale=scale)  # type: ignore[arg-type]
            excess = stop.objective / fit.objective - 1
            found.append((label, words, stop.law, excess, stop.success))
    table = pd.DataFrame(found, columns=["start", "stage", "law", "excess", "success"])
    table["params"] = [float(law.optimal(flop=flop).params) for law in table.law]
    began, first = table.iloc[0], table.iloc[1]
    good = (table.excess < 1e-4).groupby(table.stage).sum()
    return Section(
        ends=table,
        best=pd.Series({"flop": flop, "params": float(fit.law.optimal(flop=flop).params)}),
        mean_term=fit.objective / fit.n_points,
        n_starts=len(STARTS),
        n_stops=table.excess.count(),
        n_success=table.success.sum(),
        **{f"{scale}_good": good[words] for scale, words in _SCALES.items()},
        **ends("mean", table.params[table.stage == _SCALES["mean"]]),
        first_name=began.start,
        first_a=began.law.a,
        first_stop_a=first.law.a,
        first_excess=first.excess,
        best_a=fit.law.a,
        **named("own", own, "starts_agreeing iterations"),
    )


_BAD = {"tails": "heavy tails", "short": "short runs off the law"}
_EXCESS = 0.05
_WAYS = {
    "huber": "Huber, all runs",
    "huber_less": "Huber, flagged dropped",
    "squares": "least squares, all runs",
    "squares_less": "least squares, flagged dropped",
}


def dropping(
    simulate: Simulate,
    clean: chinchilla.Fit,
    truth: Any,
    best: Any,
    *,
    n_tables: int,
    n_short: int,
    seed: int,
) -> Section:
    """Estimates of the optimal size from bad tables, with all runs and without those flagged."""
    rows = []
    for case in _BAD:
        for number in range(n_tables):
            freedom = 2.0 if case == "tails" else None
            table = simulate(seed=seed + 2000 + number, degrees_of_freedom=freedom)
            if case == "short":
                shortest = np.argsort(table.n_tokens / table.n_params)[:n_short]
                table.loc[shortest, "loss"] *= 1 + _EXCESS
            huber = chinchilla.fit(table, warn=False)
            whole = (huber, chinchilla.fit(table, objective="squared", warn=False))
            fits = [each for fit in whole for each in (fit, fit.without(fit.outliers))]
            for way, fit in zip(_WAYS, fits, strict=True):
                size = float(fit.law.optimal(flop=best.flop).params / best.params)
                rows.append((case, way, size, float(fit.law.B / truth.B), len(huber.outliers)))
    estimates = pd.DataFrame(rows, columns=["case", "way", "ratio", "b", "flagged"])
    off = estimates.assign(ratio=(estimates.ratio - 1).abs(), b=(estimates.b - 1).abs())
    middle: Frame = off.groupby(["case", "way"]).median()
    return Section(
        estimates=estimates.replace({"case": _BAD, "way": _WAYS}),
        case=pd.Series({"flop": best.flop, "n_tables": n_tables}),
        **{f"{case}_{way}": miss for (case, way), miss in middle.ratio.items()},
        tails_flagged=middle.flagged["tails", "huber"],
        short_flagged=middle.flagged["short", "huber"],
        excess=_EXCESS,
        short_b=middle.b["short", "squares"],
        clean_flagged=len(clean.outliers),
    )


SHOWN = (
    "HOFFMANN_2022_ROUNDED",
    "HOFFMANN_2022_TEX",
    "HOFFMANN_2022_APPROACH_1",
    "HOFFMANN_2022_APPROACH_2",
    "BESIROGLU_2024",
    "MUENNIGHOFF_2023",
)


def twenty(curves: Frame, asked: Frame, swaps: Frame, built: Any) -> Section:
    """Tokens per parameter by law: over budgets, at one, and by one constant at a time."""
    rounded: Any = chinchilla.HOFFMANN_2022_ROUNDED
    at = asked.set_index("law")
    swap = swaps.set_index("constant").params
    return Section(
        curves=curves.assign(law=curves.law.map(chinchilla.law_title)),
        asked=asked,
        own_ratio=built.training_tokens / built.total_params,
        **at.tokens_per_param.drop("MUENNIGHOFF_2023").rename(str.lower),
        rounded_size=at.params["HOFFMANN_2022_ROUNDED"],
        exact_size=at.params["HOFFMANN_2022_TEX"],
        **swap[["alpha", "beta"]].add_suffix("_size"),
        rounded_a=rounded.a,
        rounded_drift=10 ** (1 - 2 * rounded.a),
        fitted_to=rounded.domain.flop[1],
    )


def allocations(laws: Frame, answers: Any, width: float) -> Section:
    """Optimal size by every law, with intervals of its exponent turned about the middle run."""
    counts = np.where(laws.params_convention.str.startswith("total"), "all", "another count")
    every = laws.assign(counts=counts, low=np.nan, high=np.nan).set_index("law")
    approaches: dict[str, float] = {}
    for number in (1, 2, 3):
        law: Any = chinchilla.law(f"HOFFMANN_2022_APPROACH_{number}")
        middle = np.sqrt(law.domain.flop[0] * law.domain.flop[1])
        _, *exponents = _PRINTED[f"approach {number}"]["a"]
        at_middle = float(law.optimal(flop=middle).params)
        every.loc[law.name, ["low", "high"]] = [
            at_middle * (answers.flop / middle) ** a for a in exponents
        ]
        approaches |= named(f"app{number}", every.loc[law.name], "low high")
    of_page = {"law": "These simulated runs", "counts": "simulated", "params": answers.params}
    of_page |= {"low": answers.params_low, "high": answers.params_high}
    titled = every.rename(index=chinchilla.law_title).reset_index()
    same = every[every.counts == "all"].params
    a, a_low, a_high = _PRINTED["approach 3"]["a"]
    return Section(
        sizes=pd.concat([titled, pd.DataFrame([of_page])]).sort_values("params"),
        n_laws=len(every),
        n_same=len(same),
        **ends("all", same),
        all_factor=same.max() / same.min(),
        **approaches,
        app3_a=a,
        app3_a_low=a_low,
        app3_a_high=a_high,
        app3_width=a_high - a_low,
        simulated_width=width,
        # Porian et al. 2024, Table 1, last step: every correction made
        tuned_a=0.497,
        tuned_a_low=0.49,
        tuned_a_high=0.50,
    )


def refit(best: Any) -> Section:
    """What the measured runs give, at one budget."""
    law = chinchilla.REFIT_240
    return Section(
        refit_name=chinchilla.law_title(law.name),
        refit_source=law.provenance.source,
        refit_a=law.a,
        **named("refit", best, "params tokens_per_param"),
    )


def twins(truth: Any, on_line: Any) -> Section:
    """Laws that share the loss of every compute-optimal run, and not the optimum."""
    flop, middle, curves, gaps = float(on_line.flop[-1]), on_line.params[-1], {}, [1e-12]
    lowest = []
    for share in dict.fromkeys([0.25, 0.4, round(float(truth.a), 3), 0.6, 0.75]):
        size_term, data_term = share / truth.a, (1 - share) / truth.b
        twin = replace(truth, A=float(truth.A * size_term), B=float(truth.B * data_term))
        gaps.append(
            float(np.abs(twin.loss(on_line.params, on_line.tokens) / on_line.loss - 1).max())
        )
        name = f"size term {share:.0%}"
        curves[name] = _valley(twin, flop, middle, 30, 41)
        best = twin.optimal(flop=flop)
        lowest.append((name, float(best.params), float(best.loss)))
    minima = pd.DataFrame(lowest, columns=["law", "n_params", "loss"])
    return Section(
        curves=stacked("law", curves),
        run=pd.DataFrame({"n_params": on_line.params[-1:], "loss": on_line.loss[-1:]}),
        minima=minima,
        n_twins=len(minima),
        gap=max(gaps),
        **ends("twin", minima.n_params),
        twin_factor=minima.n_params.max() / minima.n_params.min(),
        twin_budget=flop,
    )


def narrow_plans(runs: Frame, truth: Any) -> dict[str, tuple[Any, Any]]:
    """The plan of the runs, and four of as many that vary too little: sizes and tokens."""
    size, tokens, n = runs.n_params, runs.n_tokens, len(runs)
    line = np.geomspace(size.min(), size.max(), n)
    return {
        "profiles": (size.to_numpy(), tokens.to_numpy()),
        "one D": (line, np.full(n, 1e11)),
        "one N": (np.full(n, 1e9), np.geomspace(tokens.min(), tokens.max(), n)),
        "one ratio": (line, 20 * line),
        "frontier": (line, truth.optimal(n_params=line).tokens),
    }


def conditions(plans: dict[str, Any], truth: Any, on_line: chinchilla.Fit) -> Section:
    """How well plans fix the constants, and what a fit of compute-optimal runs says."""
    condition = {name: chinchilla.design_condition(truth, *plan) for name, plan in plans.items()}
    try:
        on_line.require_identified()
        refusal = "given"
    except ValueError as error:
        refusal = str(error).split(",")[0]
    return Section(
        good_condition=condition["profiles"],
        ratio_condition=condition["one ratio"],
        n_useless=sum(each > 1e5 for each in condition.values()),
        warned=next(text for text in on_line.warnings if "straight line" in text),
        refusal=refusal,
    )


_PER_BUDGET, _WIDE = (4, 8, 16, 32), (2.0, 4.0, 8.0)


def widths(
    truth: Any, budgets: Any, *, noise: float, n_simulations: int, seed: int, target: float
) -> Section:
    """Width of the exponent's interval by plan, and the runs that a wanted width takes."""
    rows = []
    simulated = partial(
        chinchilla.simulated_width, truth, noise=noise, n_simulations=n_simulations, seed=seed
    )
    for factor in _WIDE:
        for count in _PER_BUDGET:
            plan = chinchilla.isoflop_design(truth, flop=budgets, n_sizes=count, half_width=factor)
            name = f"up to {factor:g} times the optimum"
            rows.append((name, len(budgets) * count, simulated(*plan)))
    plans = pd.DataFrame(rows, columns=["profile", "n_runs", "width"])
    largest = plans.groupby("profile").transform("last")
    slopes = plans.assign(width=largest.width * np.sqrt(largest.n_runs / plans.n_runs))
    n_runs, narrow, broad = largest.n_runs[0], largest.width.iloc[0], largest.width.iloc[-1]
    _, low, high = _PRINTED["approach 3"]["a"]
    printed = float(chinchilla.runs_needed(n_runs, width=broad, target_width=high - low))
    return Section(
        plans=plans,
        slopes=slopes,
        wide_narrow=_WIDE[0],
        wide_broad=_WIDE[-1],
        fewer=(narrow / broad) ** 2,
        target=target,
        needed_narrow=chinchilla.runs_needed(n_runs, width=narrow, target_width=target),
        needed_broad=chinchilla.runs_needed(n_runs, width=broad, target_width=target),
        printed_needed=float(f"{printed:.2g}"),
        n_planned=n_simulations,
    )


def exercise(lowest_flop: float, highest_flop: float, flop: float, step: float) -> Section:
    """By which factor a size at a budget changes with its exponent."""
    middle = np.sqrt(lowest_flop * highest_flop)
    return Section(ex_middle=middle, ex_factor=(flop / middle) ** step)
