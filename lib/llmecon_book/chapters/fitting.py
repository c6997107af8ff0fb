"""Fitting a scaling law: what each section finds. The runs are simulated under a known truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from llmecon import chinchilla
from llmecon_book.chapters import Section
from llmecon_book.words import scientific

Frame: TypeAlias = Any  # the types that pandas states for a cell are too many to be of use
Simulate: TypeAlias = Callable[..., Frame]
Array: TypeAlias = Any
_PRINTED: Any = chinchilla.HOFFMANN_2022_TABLE_2


def profiles(
    runs: Frame, fit: chinchilla.Fit, planned: Any, half_width: float, noise: float
) -> Section:
    """The fitted law through runs around planned optima, and its own optimum at each budget."""
    names = [f"{scientific(budget, 2)} FLOP" for budget in planned.flop]
    best, curves = fit.law.optimal(flop=planned.flop), []
    for name, budget, middle in zip(names, planned.flop, planned.params, strict=True):
        sizes = np.geomspace(1 / half_width, half_width, 25) * middle
        losses = fit.law.loss(sizes, budget / 6 / sizes)
        curves.append(pd.DataFrame({"budget": name, "n_params": sizes, "loss": losses}))
    minima = {"budget": names, "flop": best.flop, "params": best.params, "loss": best.loss}
    return Section(
        runs=runs,
        curves=pd.concat(curves),
        minima=pd.DataFrame(minima),
        n_runs=len(runs),
        n_budgets=len(names),
        noise=noise,
        misses=fit.residual_scale,
    )


_LABELS = {
    "alpha": "α",
    "beta": "β",
    "a": "exponent a of the optimal size",
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
    for name in ("A", "B", "E", "alpha", "beta", "a"):
        ends = np.array([getattr(law, name), *refits.interval(name, level=level)], float)
        kind = "answer" if name == "a" else "constant"
        rows.append((_LABELS.get(name, name), kind, *(ends / getattr(truth, name))))
    for name in ("params", "tokens", "tokens_per_param", "loss"):
        ends = answers[[name, f"{name}_low", f"{name}_high"]].to_numpy(float)
        rows.append((_LABELS[name], "answer", *(ends / float(getattr(best, name)))))
    table = pd.DataFrame(rows, columns=["quantity", "kind", "ratio", "low", "high"])
    return Section(
        quantities=table,
        case=pd.Series({"n_runs": refits.fit.n_points}),
        level=level,
        **answers.filter(regex="^flop|^params|per_param|outside"),
        n_resamples=refits.n_resamples,
        true_size=best.params,
        true_ratio=best.tokens_per_param,
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
    ends, stopped = [], []
    for start in STARTS:
        label = chinchilla.law_title(start.name)
        ends.append((label, "start", float(start.optimal(flop=flop).params)))
        for scale, words in _SCALES.items():
            stop = chinchilla.general_stop(runs, start=start, scale=scale)  # type: ignore[arg-type]
            ends.append((label, words, float(stop.law.optimal(flop=flop).params)))
            stopped.append((scale, stop.objective / fit.objective - 1, stop.success, stop.law.a))
    table = pd.DataFrame(ends, columns=["start", "stage", "params"])
    at = pd.DataFrame(stopped, columns=["scale", "excess", "success", "a"])
    averaged = table[table.stage == _SCALES["mean"]].params
    good = (at.excess < 1e-4).groupby(at.scale).sum()
    return Section(
        ends=table,
        best=pd.Series({"flop": flop, "params": float(fit.law.optimal(flop=flop).params)}),
        mean_term=fit.objective / fit.n_points,
        n_starts=len(STARTS),
        n_stops=len(at),
        n_success=at.success.sum(),
        **good.add_suffix("_good"),
        mean_low=averaged.min(),
        mean_high=averaged.max(),
        first_name=chinchilla.law_title(STARTS[0].name),
        first_a=STARTS[0].a,
        first_stop_a=at.a[0],
        first_excess=at.excess[0],
        best_a=fit.law.a,
        own_agree=own.starts_agreeing,
        own_steps=own.iterations,
    )


_TAILS, _SHORT, _EXCESS = "heavy tails", "short runs off the law", 0.05
_FITS = {"huber": "Huber", "squares": "least squares"}
_ENDS = {"": "all runs", "_less": "flagged dropped"}


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
    rows, flagged = [], []
    for case, freedom in ((_TAILS, 2.0), (_SHORT, None)):
        for number in range(n_tables):
            table = simulate(seed=seed + 2000 + number, degrees_of_freedom=freedom)
            if case == _SHORT:
                shortest = np.argsort(table.n_tokens / table.n_params)[:n_short]
                table.loc[shortest, "loss"] *= 1 + _EXCESS
            robust = chinchilla.fit(table, warn=False)
            flagged.append((case, len(robust.outliers)))
            for name, whole in (
                ("huber", robust),
                ("squares", chinchilla.fit(table, objective="squared", warn=False)),
            ):
                for end, fit in (("", whole), ("_less", whole.without(whole.outliers))):
                    size = float(fit.law.optimal(flop=best.flop).params / best.params)
                    b = float(fit.law.B / truth.B)
                    rows.append((case, name + end, f"{_FITS[name]}, {_ENDS[end]}", size, b))
    estimates = pd.DataFrame(rows, columns=["case", "key", "way", "ratio", "b"])
    off = (estimates[["ratio", "b"]] - 1).abs().groupby([estimates.case, estimates.key]).median()
    n_flagged = pd.DataFrame(flagged, columns=["case", "n"]).groupby("case").n.median()
    return Section(
        estimates=estimates,
        case=pd.Series({"flop": best.flop, "n_tables": n_tables}),
        **{f"tails_{key}": off.ratio[_TAILS, key] for key in off.ratio[_TAILS].index},
        **{f"short_{key}": off.ratio[_SHORT, key] for key in off.ratio[_SHORT].index},
        tails_flagged=n_flagged[_TAILS],
        short_flagged=n_flagged[_SHORT],
        excess=_EXCESS,
        short_b=off.b[_SHORT, "squares"],
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
        beta_size=swap["beta"],
        alpha_size=swap["alpha"],
        rounded_a=rounded.a,
        rounded_drift=10 ** (1 - 2 * rounded.a),
        fitted_to=rounded.domain.flop[1],
    )


def allocations(laws: Frame, answers: Any, width: float) -> Section:
    """Optimal size by every law, with intervals of its exponent turned about the middle run."""
    counts = np.where(laws.params_convention.str.startswith("total"), "all", "another count")
    every = laws.assign(counts=counts, low=np.nan, high=np.nan).set_index("law")
    for number in (1, 2, 3):
        law: Any = chinchilla.law(f"HOFFMANN_2022_APPROACH_{number}")
        middle = np.sqrt(law.domain.flop[0] * law.domain.flop[1])
        turned = answers.flop / middle
        _, *ends = _PRINTED[f"approach {number}"]["a"]
        at_middle = float(law.optimal(flop=middle).params)
        every.loc[law.name, ["low", "high"]] = [at_middle * turned**a for a in ends]
    of_page = {"law": "These simulated runs", "counts": "simulated", "params": answers.params}
    of_page |= {"low": answers.params_low, "high": answers.params_high}
    named = every.rename(index=chinchilla.law_title).reset_index()
    same = every[every.counts == "all"].params
    a, a_low, a_high = _PRINTED["approach 3"]["a"]
    tuned = chinchilla.PORIAN_2024_TABLE_1[-1]
    return Section(
        sizes=pd.concat([named, pd.DataFrame([of_page])]).sort_values("params"),
        n_laws=len(every),
        n_same=len(same),
        all_low=same.min(),
        all_high=same.max(),
        all_factor=same.max() / same.min(),
        **{
            f"app{number}_{end}": every[end][f"HOFFMANN_2022_APPROACH_{number}"]
            for number in (1, 2, 3)
            for end in ("low", "high")
        },
        app3_a=a,
        app3_a_low=a_low,
        app3_a_high=a_high,
        app3_width=a_high - a_low,
        simulated_width=width,
        tuned_a=tuned.a,
        tuned_low=tuned.a_low,
        tuned_high=tuned.a_high,
    )


def refit(best: Any) -> Section:
    """What the measured runs give, at one budget."""
    law = chinchilla.REFIT_240
    return Section(
        refit_name=chinchilla.law_title(law.name),
        refit_source=law.provenance.source,
        refit_a=law.a,
        refit_size=best.params,
        refit_ratio=best.tokens_per_param,
    )


def twins(truth: Any, on_line: Any) -> Section:
    """Laws that share the loss of every compute-optimal run, and not the optimum."""
    flop, middle = float(on_line.flop[-1]), on_line.params[-1]
    curves, lowest, gap = [], [], 1e-12
    shares = dict.fromkeys([0.25, 0.4, round(float(truth.a), 3), 0.6, 0.75])
    for share in shares:
        name, size_term, data_term = (
            f"size term {share:.0%}",
            share / truth.a,
            (1 - share) / truth.b,
        )
        twin = replace(truth, name=name, A=float(truth.A * size_term), B=float(truth.B * data_term))
        off = twin.loss(on_line.params, on_line.tokens) / on_line.loss - 1
        gap = max(gap, float(np.abs(off).max()))
        sizes = np.geomspace(1 / 30, 30, 41) * middle
        losses = twin.loss(sizes, flop / 6 / sizes)
        curves.append(pd.DataFrame({"law": name, "n_params": sizes, "loss": losses}))
        best = twin.optimal(flop=flop)
        lowest.append((name, float(best.params), float(best.loss)))
    minima = pd.DataFrame(lowest, columns=["law", "n_params", "loss"])
    size = minima.n_params
    return Section(
        curves=pd.concat(curves),
        run=pd.DataFrame({"n_params": on_line.params[-1:], "loss": on_line.loss[-1:]}),
        minima=minima,
        n_twins=len(shares),
        gap=gap,
        twin_low=size.min(),
        twin_high=size.max(),
        twin_factor=size.max() / size.min(),
        twin_budget=flop,
    )


def narrow_plans(runs: Frame, truth: Any) -> Mapping[str, tuple[Array, Array]]:
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


def conditions(plans: Mapping[str, Any], truth: Any, on_line: chinchilla.Fit) -> Section:
    """How well plans fix the constants, and what a fit of compute-optimal runs says."""
    condition = pd.Series(
        {name: chinchilla.design_condition(truth, *plan) for name, plan in plans.items()}
    )
    try:
        on_line.require_identified()
        refusal = "given"
    except ValueError as error:
        refusal = str(error).split(",")[0]
    return Section(
        good_condition=condition["profiles"],
        ratio_condition=condition["one ratio"],
        n_useless=(condition > 1e5).sum(),
        warned=next(text for text in on_line.warnings if "straight line" in text),
        refusal=refusal,
    )


_PER_BUDGET, _WIDE = np.array([4, 8, 16, 32]), (2.0, 4.0, 8.0)


def widths(
    truth: Any, budgets: Array, *, noise: float, n_simulations: int, seed: int, target: float
) -> Section:
    """Width of the exponent's interval by plan, and the runs that a wanted width takes."""
    rows = []
    for factor in _WIDE:
        for count in _PER_BUDGET:
            plan = chinchilla.isoflop_design(truth, flop=budgets, n_sizes=count, half_width=factor)
            width = chinchilla.simulated_width(
                truth, *plan, noise=noise, n_simulations=n_simulations, seed=seed
            )
            rows.append((f"up to {factor:g} times the optimum", len(budgets) * count, width))
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
        printed_width=high - low,
        printed_needed=float(f"{printed:.2g}"),
        n_planned=n_simulations,
    )


def exercise(lowest_flop: float, highest_flop: float, flop: float, step: float) -> Section:
    """By which factor a size at a budget changes with its exponent."""
    middle = np.sqrt(lowest_flop * highest_flop)
    return Section(ex_middle=middle, ex_step=step, ex_factor=(flop / middle) ** step)
