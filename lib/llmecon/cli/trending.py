"""How sizes grew, where the trend turned, and where it would have led."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmecon.cli.app import app
from llmecon.cli.output import Answer, Column, Table, command, short

if TYPE_CHECKING:
    import pandas as pd

    from llmecon.trends import Growth

_SIZES = ("total_params", "active_params")
_BEFORE_THE_TURN = "2023-03-31"  # GPT-4 is the last model of the long trend
_LINE_NOTES = [
    "Least squares on the logarithm. The range on the day is for one more model.",
    "Sizes are disclosed, reported or estimated: see size_status in data/models.csv. The last",
    "line draws those that are not disclosed from their ranges.",
]
_TURN_NOTES = [
    "Two lines that meet, by least squares over every possible day. Chance: how often models",
    "on one line would seem to turn as much. Unsure sizes are drawn from their ranges, and the",
    "models drawn anew.",
]


@command(
    app,
    "llmecon trend",
    "llmecon trend --until 2024-12-13 --size 1e13 --to 2026-11-01",
    "llmecon trend --of active_params --csv",
    "llmecon trend --turn",
)
def _trend(
    since: Annotated[str, typer.Option("--from", help="First day of the fit.")] = "2018-01-01",
    until: Annotated[
        str | None,
        typer.Option(help="Last day; 2023-03-31, or today's newest model with --turn."),
    ] = None,
    of: Annotated[str, typer.Option(help="total_params or active_params.")] = "total_params",
    to: Annotated[str, typer.Option(help="Day that the lines are drawn to.")] = "2024-12-13",
    size: Annotated[float | None, typer.Option(help="Size whose day is asked, parameters.")] = None,
    turn: Annotated[
        bool, typer.Option("--turn", help="Ask when growth changed, in place of how fast it was.")
    ] = False,
    confidence: Annotated[
        float, typer.Option(help="Share of cases that intervals are meant to hold.")
    ] = 0.8,
) -> Answer:
    """Growth of the largest models: factor a year, doubling time, where it would have led.

    With --turn: the day on which growth changed, with its interval, and growth on both sides.
    """
    from llmecon import catalog
    from llmecon._checks import require

    if of not in _SIZES:
        raise catalog.UnknownName("size", of, _SIZES)
    if size is not None:
        if turn:
            raise ValueError("--size goes without --turn")
        require("--size", size, above=0)
    start, day = _day("--from", since), _day("--to", to)
    models = catalog.models()
    last = models.release_date.max() if turn else _day("--until", _BEFORE_THE_TURN)
    end = last if until is None else _day("--until", until)
    sized = models[models[of].notna() & models.release_date.between(start, end)]
    what = f"{of.replace('_', ' ')}, models of {start.date()} to {end.date()}"
    if turn:
        return Answer([_turns(sized, of, confidence, f"Where growth turned: {what}")])
    return Answer([_lines(sized, of, day, size, confidence, f"Growth of {what}")])


def _day(name: str, text: str) -> pd.Timestamp:
    import pandas as pd

    from llmecon._checks import iso_date

    return pd.Timestamp(iso_date(name, text))


def _lines(
    sized: pd.DataFrame,
    of: str,
    day: pd.Timestamp,
    size: float | None,
    confidence: float,
    title: str,
) -> Table:
    """One fitted line a row, the last with sizes only as sure as they are."""
    from llmecon import trends

    frontier = sized[sized.frontier]
    groups = {
        "all models": sized,
        "frontier models": frontier,
        "record setters": trends.records(frontier, of) if len(frontier) else frontier,
    }
    rows = [
        (name, *_line(trends.growth_rate(g.release_date, g[of], confidence=confidence), day, size))
        for name, g in groups.items()
        if g.release_date.nunique() > 1
    ]
    if not rows:
        raise ValueError(f"no two models with {of} between --from and --until")
    if len(frontier) > 2 and frontier.release_date.nunique() > 1:
        rows.append(("frontier, unsure sizes", *_unsure(frontier, of, day, size, confidence)))
    columns = [
        Column("fit", "fit to"),
        Column("n", "models"),
        Column("factor_per_year", "times a year", ".3g"),
        Column("factor_low", f"{confidence * 100:g} % from", ".3g"),
        Column("factor_high", "to", ".3g"),
        Column("doubling_years", "doubles in [years]", ".2f"),
        Column("size", f"on {day.date()}", short),
        Column("size_low", "from", short),
        Column("size_high", "to", short),
        *([Column("reached", f"reaches {short(size)}")] if size else []),
    ]
    return Table.of(rows, columns, title, _LINE_NOTES)


def _line(growth: Growth, day: pd.Timestamp, size: float | None) -> tuple[Any, ...]:
    """Cells of a fitted line after its name."""
    ends = growth.band(day) if growth.n > 2 else ([float("nan")], [float("nan")])
    at_day = [float(value[0]) for value in (growth.at(day), *ends)]
    cells = (growth.n, growth.factor_per_year, *growth.interval, growth.doubling_years, *at_day)
    if not size:
        return cells
    try:
        return (*cells, str(growth.date_of(size).date()))
    except ValueError:  # flat, or beyond the calendar
        return (*cells, "never")


def _unsure(
    models: pd.DataFrame, of: str, day: pd.Timestamp, size: float | None, confidence: float
) -> tuple[Any, ...]:
    import numpy as np

    from llmecon import trends

    samples = trends.growth_samples(models, column=of)
    factor = float(np.median(samples.factor_per_year))
    at_day = trends.fan(samples, [day], levels=(confidence,))[["median", "low", "high"]]
    growth = (factor, *samples.interval(confidence), trends.doubling_time(factor))
    cells = (len(models), *growth, *at_day.iloc[0])
    if not size:
        return cells
    days = samples.dates_of(size)
    reached = np.sort(days[~np.isnat(days)])
    return (*cells, str(reached[len(reached) // 2]) if len(reached) else "never")


def _turns(sized: pd.DataFrame, of: str, confidence: float, title: str) -> Table:
    """The day of the turn: sizes as given, and as sure as they are."""
    import numpy as np
    import pandas as pd

    from llmecon import trends

    models = sized[sized.frontier]
    found = trends.break_point(models.release_date, models[of], confidence=confidence)
    samples = trends.break_samples(models, column=of)
    days = np.sort(samples.dates)
    shares = (0.5, 0.5 - confidence / 2, 0.5 + confidence / 2)
    unsure = [pd.Timestamp(days[int(share * (len(days) - 1))]) for share in shares]
    growth = [float(np.median(factors)) for factors in (samples.before, samples.after)]
    given = (found.date, found.earliest, found.latest, found.before, found.after, found.p_value)
    drawn = (*unsure, *growth, None, samples.chance_of_shrinking)
    rows = [
        ("frontier models", found.n, *given, None),
        ("frontier, unsure sizes", len(models), *drawn),
    ]
    columns = [
        Column("fit", "models"),
        Column("n", "number"),
        Column("date", "turned on", _iso),
        Column("earliest", f"{confidence * 100:g} % from", _iso),
        Column("latest", "to", _iso),
        Column("before", "times a year before", ".3g"),
        Column("after", "after", ".3g"),
        Column("chance", "by chance", ".1%"),
        Column("chance_of_shrinking", "sizes fell after", ".0%"),
    ]
    return Table.of(rows, columns, title, _TURN_NOTES)


def _iso(day: pd.Timestamp) -> str:
    return str(day.date())
