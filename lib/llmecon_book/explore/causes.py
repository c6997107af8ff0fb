"""Why did they shrink? The reader splits a budget, sums a bill, multiplies the causes."""

from __future__ import annotations

from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from llmecon import catalog, chinchilla, trends
from llmecon.chinchilla import KAPLAN_2020, LifetimeOptimum, SeparableLaw
from llmecon_book import counterfactual, facts
from llmecon_book.chapters import several
from llmecon_book.chapters.causes import change
from llmecon_book.charts import theme
from llmecon_book.charts.common import finish, kinds, like, log_x, log_y, row_y, series, tidy
from llmecon_book.charts.layers import dots, ranges
from llmecon_book.counterfactual import DATA, DEMAND, LAW, TOGETHER, Gains
from llmecon_book.explore import Control, Explorable, State
from llmecon_book.facts import CHINCHILLA, GOPHER, GPT3, GPT4, GPT4O, LLAMA3, PHI4
from llmecon_book.words import listed, scientific, short

_LAWS = ("BESIROGLU_2024", "MUENNIGHOFF_2023", "HOFFMANN_2022_TEX")  # as in the chapter
_MORE_LAWS = (*_LAWS, "HOFFMANN_2022_ROUNDED", "DE_VRIES_2023")
_UNTOLD = {"takeaway": "", "description": ""}  # they are of the setting
_SIZE = "Active parameters, log scale [parameters]"


def _numbers(name: str, label: str, values: list[float], default: float) -> Control:
    """A slider of counts."""
    options = {short(value): value for value in sorted(values)}
    return Control(name=name, label=label, options=options, default=short(default))


def _law(names: tuple[str, ...], default: str) -> Control:
    options = several(*names)
    return Control(name="law", label="Law", options=options, default=chinchilla.law_title(default))


# ---- what changed in 2022 --------------------------------------------------------------------

_LLAMA_405B = "Llama 3.1 405B"
_TRAINED = (GPT3, GOPHER, CHINCHILLA, "PaLM 540B", PHI4, LLAMA3, GPT4, _LLAMA_405B)
_ALIKE = 2.0  # budgets so near to each other are about the same
_ROUND = tuple(10.0**power for power in range(20, 26))
_BEST, _ADVISED = "best by the law", "advised in 2020"
# Shape, colour and filling; as everywhere, only a disclosed size of a model is filled.
_LOOKS = {
    _BEST: ("square", theme.VERMILLION, theme.VERMILLION),
    _ADVISED: ("square", theme.VERMILLION, "transparent"),
    "disclosed": ("circle", theme.BLUE, theme.BLUE),
    "reported": ("diamond", theme.BLUE, "transparent"),
}
_BELOW = 0.8  # room under the curve
_WIDTH, _POINTS = 30.0, 25  # of the curve: sizes over the best one and under it


def compute_splitter() -> Explorable:
    """A training budget, split between size and data by a law of 2022 or later and by Kaplan's."""
    gpt3 = facts.model(GPT3)
    budgets = {name: facts.known(name, "training_flop") for name in (CHINCHILLA, GPT4, _LLAMA_405B)}
    budgets[GPT3] = float(chinchilla.training_flop(gpt3.total_params, gpt3.training_tokens))
    named = {flop: f"{scientific(flop, 2)} ({name})" for name, flop in budgets.items()}
    named |= {flop: scientific(flop) for flop in _ROUND}
    return Explorable(
        key="splitter",
        question="What changed in 2022?",
        controls=(
            Control(
                name="flop",
                label="Training compute [FLOP]",
                options={words: flop for flop, words in sorted(named.items())},
                default=named[budgets[GPT3]],
            ),
            _law(_MORE_LAWS, "BESIROGLU_2024"),
        ),
        state=_split,
        chart=_split_chart,
        source=(
            "Laws from scaling_laws.csv, with the constants that their papers print; models from "
            "models.csv."
        ),
        tries=(
            f"Move the budget to {scientific(1e20)}: both rules build about the same model.",
            "Move it to the other end: Kaplan’s rule builds more than ten trillion parameters.",
            "Compare Hoffmann 2022 as printed and unrounded: rounding takes a fifth off the size.",
        ),
    )


def _times(law: SeparableLaw, params: Any, tokens: Any) -> Any:
    """Compute of a run over the least that reaches its loss. [1]"""
    run = law.predict(params, tokens)
    return run.flop / law.optimal(loss=run.loss).flop


def _beyond(decades: float) -> str:
    """How far a law's choice lies beyond its runs, as a sentence; empty where it does not."""
    far = f"{decades:.1f}"
    return f" The law’s choice lies {far} powers of ten beyond its runs." if far > "0.0" else ""


def _split(flop: float, law: SeparableLaw) -> State:
    best = law.optimal(flop=flop)
    size, title = float(best.params), chinchilla.law_title(law.name)
    kaplan = float(KAPLAN_2020.optimal(flop=flop).params)
    around = np.geomspace(size / _WIDTH, max(size * _WIDTH, 2 * kaplan), _POINTS)
    trained = facts.models().query("model in @_TRAINED")
    near = np.abs(np.log(trained.training_flop / flop)) <= np.log(_ALIKE)
    built = trained[near].rename(columns={"size_status": "size", "active_params": "params"})
    splits = {
        "size": ["any"] * _POINTS + [_BEST, _ADVISED],
        "name": [""] * _POINTS + [title, chinchilla.law_title(KAPLAN_2020.name)],
        "params": [*around, size, kaplan],
    }
    rows = pd.DataFrame(splits)
    rows["training_tokens"] = flop / chinchilla.training_flop(rows.params, 1.0)
    built = built.assign(name=built.model)[[*rows.columns]]
    rows = pd.concat([rows, built], ignore_index=True)
    rows["times"] = _times(law, rows.params, rows.training_tokens)
    times = float(rows.times[_POINTS + 1])
    return State(
        title=f"Kaplan’s rule of 2020 builds {kaplan / size:.1f} times the size that the law "
        f"asks for ({title})",
        sentence=f"The law asks for {short(size)} parameters and {short(best.tokens)} tokens. "
        f"Kaplan’s {short(kaplan)} parameters take {times:.1f} times the compute that the law "
        f"needs for the same loss.{_beyond(float(best.decades_outside))}",
        readout={
            "Best size": f"{short(size)} parameters",
            "Training tokens": short(best.tokens),
            "Tokens per parameter": f"{best.tokens_per_param:.1f}",
            "Kaplan’s size": f"{short(kaplan)} parameters",
        },
        rows=rows,
    )


def _split_chart(rows: pd.DataFrame, every: pd.DataFrame) -> alt.LayerChart:
    x = log_x("params", every.params, title=_SIZE)
    title = "Compute over the least for the same loss, log scale [times]"
    y = log_y("times", every.times, [_BELOW], title=title, counts=False)
    base = alt.Chart(rows)
    marked = base.transform_filter("datum.size != 'any'")
    tooltip = ["name", "params", "training_tokens", "times"]
    shape, *colors = (
        channel("size:N", title="Size is", scale=alt.Scale(domain=[*_LOOKS], range=looks))
        for channel, looks in zip(
            (alt.Shape, alt.Stroke, alt.Fill), zip(*_LOOKS.values(), strict=True), strict=True
        )
    )
    # The names of marks that may stand together in the valley stand apart.
    sides: dict[str, Any] = {size: {"align": "left", "dx": 11} for size in _LOOKS}
    sides |= {_BEST: {"dy": 17}, "reported": {"dy": -15}}
    return finish(
        base.transform_filter("datum.size == 'any'").mark_line(color=theme.GREY).encode(x, y),
        marked.mark_point(size=80, opacity=1).encode(x, y, shape, *colors, tooltip=tooltip),
        *(
            base.transform_filter(f"datum.size == '{size}'")
            .mark_text(**side)
            .encode(x, y, text="name:N")
            for size, side in sides.items()
        ),
        **_UNTOLD,
        height=320,
    )


# ---- why over-train --------------------------------------------------------------------------

_SERVED = [1e12, 1e13, 3e13, 1e14, 4e14, 1e15]  # tokens
_RENTS = (1.0, 2.94, 4.5)  # USD/h
_SPEEDS = (5.0, 55.0)  # tokens/s
_SPEED = _SPEEDS[1]  # of the chapter
_BILLS: list[Any] = ["training", "serving", "together"]
_MARKS = ("cheapest", "cheapest to train")


def lifetime_bill() -> Explorable:
    """What a model of GPT-4's quality costs over its life, by its size."""
    return Explorable(
        key="lifetime",
        question="Why over-train?",
        controls=(
            _numbers("served", "Tokens served over its life [tokens]", _SERVED, 1e14),
            Control(
                name="rent",
                label="Rent of an H200 [USD/h]",
                options={f"{rent:g}": rent for rent in _RENTS},
                default=f"{facts.h200_rent():g}",
            ),
            Control(
                name="speed",
                label="Speed of each user [tokens/s]",
                options={f"{speed:g}": speed for speed in _SPEEDS},
                default=f"{_SPEED:g}",
            ),
            _law(_LAWS, "BESIROGLU_2024"),
        ),
        state=_life,
        chart=_life_chart,
        source=(
            "Bill for training and serving a model of GPT-4's quality, by its size. Training by a "
            "law of loss, serving by the essay's model (Erdil 2025). Computed here."
        ),
        tries=(
            "Move the demand to 1T: even so little serving halves the cheapest size.",
            "Move it to 1,000T: a thousand times the demand makes the size less than three times "
            "smaller.",
            f"Lower the speed to {_SPEEDS[0]:g} tokens/s: serving gets cheap, a larger model pays.",
        ),
    )


@cache
def _prices(speed: float, rent: float) -> dict[str, Any]:
    """Prices of a life; those at a rent of 1 USD/h are kept, for serving is in proportion to it."""
    if rent == 1:
        return counterfactual.life_prices(speed, 1.0)
    hour = _prices(speed, 1.0)
    served = hour["usd_per_served_token"]
    return hour | {"usd_per_served_token": lambda size: rent * served(size)}


def _built() -> tuple[float, float]:
    """GPT-4 as the laws see it: active parameters and training tokens."""
    return facts.known(GPT4, "active_params"), facts.known(GPT4, "training_tokens")


@cache
def _cheapest(name: str, speed: float, rent: float) -> LifetimeOptimum:
    """Cheapest size of GPT-4's quality for each demand."""
    (law,) = several(name).values()
    case: dict[str, Any] = {"loss": law.loss(*_built()), "tokens_served": _SERVED}
    return chinchilla.inference_optimal_usd(law, **case, **_prices(speed, rent))


def _life(served: float, rent: float, speed: float, law: SeparableLaw) -> State:
    found, at = _cheapest(law.name, speed, rent), _SERVED.index(served)
    size, tokens, total = (float(v[at]) for v in (found.params, found.tokens, found.total))
    trained, saved = float(found.baseline.params), float(found.saved_fraction[at])
    curve = counterfactual.lifetime_curve(
        law,
        loss=float(law.loss(*_built())),
        points=20,
        through=[size, trained],
        **_prices(speed, rent),
    )
    serving = served / 1e6 * curve.usd_per_mtok
    rows = pd.DataFrame(
        {
            "mark": curve.params.map({size: _MARKS[0], trained: _MARKS[1]}).fillna(""),
            "params": curve.params,
            "training": curve.train_usd,
            "serving": serving,
            "together": curve.train_usd + serving,
        }
    ).sort_values("mark", kind="stable")
    training = float(rows.training[rows.mark == _MARKS[0]].iloc[0])
    most = catalog.models().training_tokens.max()
    text = f" No model in our tables has seen more than {short(most)}." if tokens > most else ""
    return State(
        title=f"At {short(served)} tokens served {short(size)} parameters are the cheapest, "
        f"{size / trained:.2f} times the size that is cheapest to train",
        sentence=f"Training {short(size)} active parameters on {short(tokens)} tokens costs "
        f"{short(training)} dollars, serving them {short(total - training)}. The size that is "
        f"cheapest to train, {short(trained)}, costs {1 / (1 - saved):.1f} times as much in all."
        f"{text}{_beyond(float(found.decades_outside[at]))}",
        readout={
            "Cheapest size": f"{short(size)} active parameters",
            "Whole bill": f"{short(total)} dollars",
            "Share of serving": f"{1 - training / total:.0%}",
            "Saved by over-training": f"{saved:.0%}",
        },
        rows=rows,
    )


def _life_chart(rows: pd.DataFrame, every: pd.DataFrame) -> alt.LayerChart:
    x = log_x("params", every.params, title=_SIZE)
    title = "Bill over the life, log scale [USD]"
    y = log_y("usd", every.together, [every.training.min() / 2], title=title)
    base = alt.Chart(rows)
    marked = base.transform_filter("datum.mark != ''")
    shapes = alt.Scale(domain=_MARKS, range=["circle", "square"])
    tooltip = [
        "params",
        *(alt.Tooltip(f"{bill}:Q", title=f"{bill.capitalize()} [USD]") for bill in _BILLS),
    ]
    return finish(
        base.transform_fold(_BILLS, as_=["bill", "usd"])
        .mark_line(clip=True)
        .encode(x, y, *series("bill", "Bill for", _BILLS)),
        marked.mark_point(filled=True, size=80, color=theme.GREEN).encode(
            x,
            like(y, "together"),
            alt.Shape("mark:N", title="Size that is", scale=shapes),
            tooltip=tooltip,
        ),
        **_UNTOLD,
        height=320,
    )


# ---- what explains the fall ------------------------------------------------------------------

_CAUSES = {LAW: "Law", DATA: "Data and methods", DEMAND: "Serving"}
_WHOLE = {TOGETHER: "All three"}
_ROWS = ("GPT-4, as reported", *(_CAUSES | _WHOLE).values(), "GPT-4o, as inferred")
_KINDS = {"reported": "diamond", "cause": "square", "computed": "circle", "inferred": "triangle-up"}
_PROGRESS = ("as fitted, on data", "even, slow", "even, middle", "even, fast")
_SHARE = 0.8  # of the sizes of GPT-4o that the interval holds


def factors() -> Explorable:
    """What law, progress and demand make of GPT-4's size, one after the other."""
    years = trends.elapsed_years(facts.released(GPT4), facts.released(GPT4O))
    fitted, fast, middle, slow = counterfactual.gains(years)
    gains = dict(zip(_PROGRESS, (fitted, slow, middle, fast), strict=True))
    return Explorable(
        key="factors",
        question="What explains the fall?",
        controls=(
            _law(_LAWS, "MUENNIGHOFF_2023"),
            _numbers("served", "Tokens served over its life [tokens]", [0.0, *_SERVED[1:]], 1e14),
            Control(
                name="gain",
                label="Progress of data and methods",
                options={"none": Gains()} | gains,
                default=_PROGRESS[2],
            ),
            Control(
                name="dollars",
                label="Cost counted in",
                options={"FLOP": False, "dollars": True},
                default="dollars",
            ),
        ),
        state=_factors,
        chart=_factors_chart,
        source=(
            "Computed here: what a maker who minimises cost would have built, one cause after "
            "another. Not a fact about any closed model."
        ),
        tries=(
            "Choose no demand and no progress: two of the three laws make GPT-4 larger.",
            "Count in FLOP: the three no longer explain the whole fall.",
            "Choose progress as fitted: a token is worth almost three, yet the size hardly falls.",
        ),
    )


@cache
def _inferred() -> list[float]:
    """GPT-4o's active parameters by price and speed: low, middle, high."""
    tails = [0.5 - _SHARE / 2, 0.5, 0.5 + _SHARE / 2]
    return [float(n) for n in facts.read_size(GPT4O).active_params.quantile(tails)]


def _factors(law: SeparableLaw, served: float, gain: Gains, dollars: bool) -> State:
    size, tokens = _built()
    cases = counterfactual.decompose(
        [law],
        n_params=size,
        n_tokens=tokens,
        tokens_served=[served],
        gains=[gain],
        **(_prices(_SPEED, facts.h200_rent()) if dollars else {}),
    )
    factor = cases.set_index("cause").factor
    low, middle, high = _inferred()
    steps = [size, *(size / factor[[*_CAUSES]].cumprod())]
    whole, need = float(factor[TOGETHER]), size / middle
    causes = listed(f"{factor[cause]:.2f}" for cause in _CAUSES)
    ends = [size, *steps[1:], steps[-1]]
    rows = pd.DataFrame(
        {
            "step": _ROWS,
            "kind": ["reported", *["cause"] * 3, "computed", "inferred"],
            "start": [*steps[:1], *steps[:3], steps[3], middle],
            "params": [*ends, middle],
            "low": [*ends, low],
            "high": [*ends, high],
        }
    )
    return State(
        title=f"Together the three make GPT-4 {change(whole)} ({short(steps[-1])}); GPT-4o is "
        f"inferred to be {change(need)}",
        sentence=f"The factors {causes} multiply to {whole:.2f}: {short(size)} active parameters "
        f"become {short(steps[-1])}. GPT-4o is inferred at {short(low)} to {short(high)}.",
        readout={label: change(factor[cause]) for cause, label in (_CAUSES | _WHOLE).items()},
        rows=rows,
    )


def _factors_chart(rows: pd.DataFrame, every: pd.DataFrame) -> alt.LayerChart:
    data = tidy(rows, [*rows.columns])
    data.attrs["shown"] = ["step", "start", "params", "low", "high"]
    x, y = log_x("params", every.params, every.low, every.high, title=_SIZE), row_y("step", _ROWS)
    color, shape = (of.legend(None) for of in kinds("kind", "Size", _KINDS))  # rows say it
    shape = shape.scale(domain=[*_KINDS], range=[*_KINDS.values()])
    return finish(
        ranges(data, x, y, color, low="start", high="params", strokeWidth=10, opacity=0.55),
        ranges(data, x, y, color, strokeWidth=3, strokeDash=[2, 2]),
        dots(data, x, y, color, shape, size=110, filled=False),
        **_UNTOLD,
        height=260,
    )
