"""How sizes grew, where the trend turned, and where it would have led."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

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


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    command(
        app,
        "llmecon trend",
        "llmecon trend --until 2024-12-13 --size 1e13 --to 2026-11-01",
        "llmecon trend --of active_params --csv",
        "llmecon trend --turn",
    )(trend)


def trend(
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
    import pandas as pd

    from llmecon import trends

    frontier = sized[sized.frontier]
    groups = {
        "all models": sized,
        "frontier models": frontier,
        "record setters": trends.records(frontier, of) if len(frontier) else frontier,
    }
    rows = [
        _line(name, trends.growth_rate(g.release_date, g[of], confidence=confidence), day, size)
        for name, g in groups.items()
        if g.release_date.nunique() > 1
    ]
    if not rows:
        raise ValueError(f"no two models with {of} between --from and --until")
    if len(frontier) > 2 and frontier.release_date.nunique() > 1:
        rows.append(_unsure(frontier, of, day, size, confidence))
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
    return Table(frame=pd.DataFrame(rows), columns=columns, title=title, notes=_LINE_NOTES)


def _line(name: str, growth: Growth, day: pd.Timestamp, size: float | None) -> dict[str, Any]:
    low, high = growth.band(day) if growth.n > 2 else ([float("nan")], [float("nan")])
    row: dict[str, Any] = {
        "fit": name,
        "n": growth.n,
        "factor_per_year": growth.factor_per_year,
        "factor_low": growth.interval[0],
        "factor_high": growth.interval[1],
        "doubling_years": growth.doubling_years,
        "size": float(growth.at(day)[0]),
        "size_low": float(low[0]),
        "size_high": float(high[0]),
    }
    if size:
        try:
            row["reached"] = str(growth.date_of(size).date())
        except ValueError:  # flat, or beyond the calendar
            row["reached"] = "never"
    return row


def _unsure(
    models: pd.DataFrame, of: str, day: pd.Timestamp, size: float | None, confidence: float
) -> dict[str, Any]:
    import numpy as np

    from llmecon import trends

    samples = trends.growth_samples(models, column=of)
    factor = float(np.median(samples.factor_per_year))
    at_day = trends.fan(samples, [day], levels=(confidence,)).iloc[0]
    low, high = samples.interval(confidence)
    row: dict[str, Any] = {
        "fit": "frontier, unsure sizes",
        "n": len(models),
        "factor_per_year": factor,
        "factor_low": low,
        "factor_high": high,
        "doubling_years": trends.doubling_time(factor),
        "size": at_day["median"],
        "size_low": at_day.low,
        "size_high": at_day.high,
    }
    if size:
        days = samples.dates_of(size)
        reached = np.sort(days[~np.isnat(days)])
        row["reached"] = str(reached[len(reached) // 2]) if len(reached) else "never"
    return row


def _turns(sized: pd.DataFrame, of: str, confidence: float, title: str) -> Table:
    """The day of the turn: sizes as given, and as sure as they are."""
    import numpy as np
    import pandas as pd

    from llmecon import trends

    frontier = sized[sized.frontier]
    found = trends.break_point(frontier.release_date, frontier[of], confidence=confidence)
    samples = trends.break_samples(frontier, column=of)
    half = confidence / 2
    days = np.sort(samples.dates)
    low, middle, high = (days[int(q * (len(days) - 1))] for q in (0.5 - half, 0.5, 0.5 + half))
    given = {"fit": "frontier models", "n": found.n, "date": found.date}
    given |= {"earliest": found.earliest, "latest": found.latest}
    given |= {"before": found.before, "after": found.after, "chance": found.p_value}
    unsure = {
        "fit": "frontier, unsure sizes",
        "n": len(frontier),
        "date": pd.Timestamp(middle),
        "earliest": pd.Timestamp(low),
        "latest": pd.Timestamp(high),
        "before": float(np.median(samples.before)),
        "after": float(np.median(samples.after)),
        "chance_of_shrinking": samples.chance_of_shrinking,
    }
    columns = [
        Column("fit", "models"),
        Column("n", "number"),
        Column("date", "turned on", lambda day: str(day.date())),
        Column("earliest", f"{confidence * 100:g} % from", lambda day: str(day.date())),
        Column("latest", "to", lambda day: str(day.date())),
        Column("before", "times a year before", ".3g"),
        Column("after", "after", ".3g"),
        Column("chance", "by chance", ".1%"),
        Column("chance_of_shrinking", "sizes fell after", ".0%"),
    ]
    frame = pd.DataFrame([given, unsure])
    return Table(frame=frame, columns=columns, title=title, notes=_TURN_NOTES)
