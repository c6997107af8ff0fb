"""How fast did they grow? Which models count, from when to when, decides."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import altair as alt
import numpy as np
import pandas as pd

from llmecon import trends
from llmecon_book import facts, words
from llmecon_book.chapters import evolution as chapter
from llmecon_book.charts import common, layers, theme
from llmecon_book.explore import Control, Explorable, State

_UNTIL = "2023-03-31"  # last day of the chapter's single line
_LEAST = 5  # models: with fewer the interval holds anything
_LEVEL, _DRAWS = 0.8, 2000  # of intervals and of the Monte Carlo, as in the chapter
_COLUMNS = ["part", "model", "date", "params", "low", "high", "size_status"]
_SIZES, _PARTS = ("params", "low", "high"), ["fit", "drawn on"]
_READOUT = ("Growth a year (80% interval)", "Models", "A new model on the essay's day (80% band)")
_FRONTIER, _WORK = "frontier models", "parameters at work"
_SUBJECTS = {
    _FRONTIER: "Frontier models",
    "disclosed sizes": "Frontier models of disclosed size",
    "record setters": "Record sizes",
    _WORK: "Parameters at work on a token",
}


def trend_picker() -> Explorable:
    """Growth a year through the models that the reader counts, and where it would have led."""
    gpt3, gpt4 = (f"{facts.released(name):%Y-%m-%d}" for name in (facts.GPT3, facts.GPT4))
    starts = {"": "2018-01-01", "GPT-3, ": gpt3, "GPT-4, ": gpt4, " ": facts.TREND_FROM}
    ends = {"": _UNTIL, "the essay, ": facts.ESSAY_DAY, "today, ": facts.SCORED_ON}
    first, last = (
        {(before + words.as_month(day)).strip(): day for before, day in days.items()}
        for days in (starts, ends)
    )
    fits = {"as given": False, "drawn within their ranges": True}
    return Explorable(
        key="trend",
        question="How fast did they grow?",
        controls=(
            Control(
                name="counted",
                label="What counts",
                options={words: words for words in _SUBJECTS},
                default=_FRONTIER,
            ),
            Control(name="since", label="From", options=first, default=next(iter(first))),
            Control(name="until", label="Until", options=last, default=next(iter(last))),
            Control(name="drawn", label="Unsure sizes", options=fits, default="as given"),
        ),
        state=_state,
        chart=_chart,
        source=(
            "Sizes and their grades from models.csv. A straight line through their logarithms by "
            "least squares; the interval is Student's t or, where sizes are drawn within their "
            "ranges, that of the draws. Computed here."
        ),
        tries=(
            "Start at GPT-3 instead of 2018: no growth can be seen any more.",
            "Keep 2018 and move the end to the essay: less than two more years, and the rate "
            "nearly halves.",
            "Start at GPT-4 and end today, first with frontier models, then with parameters at "
            "work: the former grew, the latter shrank.",
        ),
    )


@cache
def _window(counted: str, since: str, until: str) -> pd.DataFrame:
    """Models that count, with the size that counts and its published range."""
    models = chapter.usable(facts.frontier(since=since, until=until))
    if counted == "record setters" and len(models):
        models = trends.records(models, "total_params")
    if counted == "disclosed sizes":
        models = models[models.size_status == "disclosed"]
    if counted == _WORK:
        models = models.dropna(subset="active_params")
    return models


def _column(counted: str) -> str:
    return "active_params" if counted == _WORK else "total_params"


def _state(counted: str, since: str, until: str, drawn: bool) -> State:
    models, column = _window(counted, since, until), _column(counted)
    points = _points(models, column)
    between = f"from {words.as_month(since)} to {words.as_month(until)}"
    if len(models) < _LEAST:
        why = "the window ends before it begins" if since >= until else "too few for a growth rate"
        return State(
            title=f"{_SUBJECTS[counted]} {between}: {words.in_words(len(models))}, {why}",
            sentence=f"A line with an interval needs {words.in_words(_LEAST)} models here.",
            readout=dict(zip(_READOUT, ("no line", str(len(models)), "no line"), strict=True)),
            rows=pd.concat([points, _claim()], ignore_index=True),
        )
    rate, (low, high), line, claimed = _fit(models, column, drawn)
    what = "grew" if low > 1 else "shrank" if high < 1 else "show no clear trend"
    interval = f"{_fold(rate)}-fold ({_fold(low)} to {_fold(high)})"
    there = line(pd.DatetimeIndex([facts.ESSAY_DAY])).iloc[0]
    size = words.short(there["median"])
    band = f"{words.short(there.low)} to {words.short(there.high)}"
    return State(
        title=f"{_SUBJECTS[counted]} {between} {what} ({_fold(rate)}-fold a year)",
        sentence=f"The line through {len(models)} models multiplies size by {_fold(rate)} a year "
        f"(80% interval: {_fold(low)} to {_fold(high)}). On {words.as_day(facts.ESSAY_DAY)} it "
        f"stands at {size}. {claimed}",
        readout=dict(
            zip(
                _READOUT,
                (interval, str(len(models)), f"{size} ({band})"),
                strict=True,
            )
        ),
        rows=pd.concat([points, *_lines(models, until, line), _claim()], ignore_index=True),
    )


def _fold(times: float) -> str:
    digits = 2 if times < 2 else 1 if times < 10 else 0
    return f"{times:,.{digits}f}"


Line = Callable[[pd.DatetimeIndex], pd.DataFrame]


def _fit(
    models: pd.DataFrame, column: str, drawn: bool
) -> tuple[float, tuple[float, float], Line, str]:
    """Growth a year, its interval, the line with the band of a new model, and the claim's fate."""
    claim = words.spelled(facts.stated("E12"))
    if drawn:
        samples = trends.growth_samples(models, column=column, draws=_DRAWS)
        reached = samples.dates_of(facts.stated("E12")) <= np.datetime64(facts.ESSAY_DAY)
        return (
            float(np.median(samples.factor_per_year)),
            samples.interval(_LEVEL),
            lambda days: trends.fan(samples, days, levels=(_LEVEL,)),
            f"In {reached.mean():.0%} of the draws it has reached the article's {claim} by then.",
        )
    growth = facts.growth(models, models[column], confidence=_LEVEL)

    def line(days: pd.DatetimeIndex) -> pd.DataFrame:
        low, high = growth.band(days)
        return pd.DataFrame({"date": days, "low": low, "median": growth.at(days), "high": high})

    told = f"It never reaches the article's {claim}."
    if growth.factor_per_year > 1:
        day = growth.date_of(facts.stated("E12"))
        told = f"It reaches the article's {claim} in {words.as_month(day)}."
    return growth.factor_per_year, growth.interval, line, told


def _points(models: pd.DataFrame, column: str) -> pd.DataFrame:
    """The models that count, with the ranges of sizes that are not disclosed."""
    size, sure = models[column], models.size_status == "disclosed"
    low, high = (
        (size * models[end] / models.total_params).where(~sure).fillna(size)
        for end in ("size_low", "size_high")
    )
    kept = models.assign(part="model", date=models.release_date, params=size, low=low, high=high)
    return _rounded(kept[_COLUMNS])


def _lines(models: pd.DataFrame, until: str, line: Line) -> list[pd.DataFrame]:
    """The line through the window, and where it leads up to the essay's day."""
    first, last, essay = (
        pd.Timestamp(day) for day in (models.release_date.min(), until, facts.ESSAY_DAY)
    )
    spans = dict(zip(_PARTS, ((first, last), (last, essay)), strict=True))
    return [
        _rounded(
            line(pd.date_range(*span, periods=5).normalize())
            .rename(columns={"median": "params"})
            .assign(part=part, model="", size_status="computed")[_COLUMNS]
        )
        for part, span in spans.items()
        if span[0] < span[1]
    ]


def _rounded(rows: pd.DataFrame) -> pd.DataFrame:
    cut = {name: [common.significant(float(size), 3) for size in rows[name]] for name in _SIZES}
    return rows.assign(date=rows.date.dt.strftime("%Y-%m-%dT00:00:00"), **cut)


def _claim() -> pd.DataFrame:
    """The size that the article expected, on the day of the essay."""
    size, day = facts.stated("E12"), pd.Timestamp(facts.ESSAY_DAY)
    said = {"part": "claim", "model": f"the article: {words.short(size)}", "size_status": "claimed"}
    rows = pd.DataFrame([{"date": day, **dict.fromkeys(_SIZES, size), **said}])
    return _rounded(rows[_COLUMNS])


def _chart(rows: pd.DataFrame, every: pd.DataFrame) -> alt.LayerChart:
    years = pd.to_datetime(every.date).dt.year
    domain = [alt.DateTime(year=int(year)) for year in (years.min(), years.max() + 1)]
    x = common.date_x("date")
    x["scale"] = alt.Scale(domain=domain)
    y = common.log_y("params", every.params, title="Parameters, log scale [parameters]")
    part = alt.datum.part
    line = alt.Chart(rows).transform_filter((part == _PARTS[0]) | (part == _PARTS[1]))
    claim = alt.Chart(rows).transform_filter(part == "claim")
    dashes = alt.Scale(domain=_PARTS, range=[[1, 0], [4, 3]])
    dash = alt.StrokeDash("part:N", title="Line", scale=dashes)
    bars = layers.ranges(rows, y, x, color=theme.GREY, opacity=0.5)
    told = ["model:N", "date:T", "params:Q", "size_status:N"]
    models = layers.status_points(rows, x, y, color=theme.BLUE, tooltip=told)
    ends = [
        alt.Tooltip(f"{end}:Q", title=f"{side} end of range or band [parameters]")
        for end, side in (("low", "Lower"), ("high", "Upper"))
    ]
    on_line = ["part:N", "date:T", "params:Q", *ends]
    drawn = [
        line.mark_line(clip=True, color=theme.VERMILLION).encode(x, y, dash, tooltip=on_line),
        line.mark_area(clip=True, opacity=0.15).encode(x, common.like(y, "low"), alt.Y2("high:Q")),
        bars.transform_filter(part == "model"),
        models.transform_filter(part == "model"),
        claim.mark_point(shape="cross", size=90, filled=True, color=theme.INK, opacity=1).encode(
            x, y
        ),
        claim.mark_text(align="right", dx=20, dy=-26).encode(x, y, text="model:N"),
    ]
    return alt.LayerChart(layer=drawn, width="container", height=320)
