"""How sizes grew, where the trend turned, and where it would have led."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmecon.cli.output import AsCsv, AsJson, Column, emit, short

if TYPE_CHECKING:
    import pandas as pd

    from llmecon.trends import Growth

_SIZES = ("total_params", "active_params")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="llmecon trend\n\nllmecon trend --until 2024-12-13 --size 1e13 --to 2026-11-01\n\n"
        "llmecon trend --of active_params --csv\n\nllmecon trend --turn"
    )(trend)


_BEFORE_THE_TURN = "2023-03-31"  # GPT-4 is the last model of the trend that the book discusses


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
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
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
    span = f"models of {start.date()} to {end.date()}"
    if turn:
        frame = _turns(sized, of, confidence)
        columns, notes = _turn_columns(confidence), _TURN_NOTES
        title = f"Where growth of {of.replace('_', ' ')} turned, {span}"
    else:
        frame = _lines(sized, of, day, size, confidence)
        columns, notes = _line_columns(day, size, confidence), _LINE_NOTES
        title = f"Growth of {of.replace('_', ' ')}, {span}"
    emit(frame, columns, title=title, notes=notes, as_json=as_json, as_csv=as_csv)


def _day(name: str, text: str) -> pd.Timestamp:
    import pandas as pd

    from llmecon._checks import iso_date

    return pd.Timestamp(iso_date(name, text))


_LINE_NOTES = [
    "Least squares on the logarithm. The range on the day is for one more model.",
    "Sizes are disclosed, reported or estimated: see size_status in data/models.csv. The last",
    "line draws those that are not disclosed from their ranges.",
]


def _lines(
    sized: pd.DataFrame, of: str, day: pd.Timestamp, size: float | None, confidence: float
) -> pd.DataFrame:
    """One fitted line a row."""
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
    return pd.DataFrame(rows)


def _line(name: str, growth: Growth, day: pd.Timestamp, size: float | None) -> dict[str, Any]:
    row: dict[str, Any] = {"fit": name, "n": growth.n, "factor_per_year": growth.factor_per_year}
    row["factor_low"], row["factor_high"] = growth.interval
    row["doubling_years"] = growth.doubling_years
    row["size"] = float(growth.at(day)[0])
    row["size_low"] = row["size_high"] = float("nan")
    if growth.n > 2:
        low, high = growth.band(day)
        row["size_low"], row["size_high"] = float(low[0]), float(high[0])
    if size:
        row["reached"] = _reached(growth, size)
    return row


def _reached(growth: Growth, size: float) -> str:
    try:
        return str(growth.date_of(size).date())
    except ValueError:  # flat, or beyond the calendar
        return "never"


def _unsure(
    models: pd.DataFrame, of: str, day: pd.Timestamp, size: float | None, confidence: float
) -> dict[str, Any]:
    """The frontier again, with sizes only as sure as they are."""
    import numpy as np

    from llmecon import trends

    samples = trends.growth_samples(models, column=of)
    factor = float(np.median(samples.factor_per_year))
    at_day = trends.fan(samples, [day], levels=(confidence,)).iloc[0]
    row: dict[str, Any] = {"fit": "frontier, unsure sizes", "n": len(models)}
    row["factor_per_year"] = factor
    row["factor_low"], row["factor_high"] = samples.interval(confidence)
    row["doubling_years"] = trends.doubling_time(factor)
    row["size"], row["size_low"], row["size_high"] = at_day["median"], at_day.low, at_day.high
    if size:
        days = samples.dates_of(size)
        reached = np.sort(days[~np.isnat(days)])
        row["reached"] = str(reached[len(reached) // 2]) if len(reached) else "never"
    return row


def _line_columns(day: pd.Timestamp, size: float | None, confidence: float) -> list[Column]:
    return [
        Column(name="fit", header="fit to"),
        Column(name="n", header="models"),
        Column(name="factor_per_year", header="times a year", form=".3g"),
        Column(name="factor_low", header=f"{confidence * 100:g} % from", form=".3g"),
        Column(name="factor_high", header="to", form=".3g"),
        Column(name="doubling_years", header="doubles in [years]", form=".2f"),
        Column(name="size", header=f"on {day.date()}", form=short),
        Column(name="size_low", header="from", form=short),
        Column(name="size_high", header="to", form=short),
        *([Column(name="reached", header=f"reaches {short(size)}")] if size else []),
    ]


_TURN_NOTES = [
    "Two lines that meet, by least squares over every possible day. Chance: how often models",
    "on one line would seem to turn as much. Unsure sizes are drawn from their ranges, and the",
    "models drawn anew.",
]


def _turns(sized: pd.DataFrame, of: str, confidence: float) -> pd.DataFrame:
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
    given = {
        "fit": "frontier models",
        "n": found.n,
        "date": found.date,
        "earliest": found.earliest,
        "latest": found.latest,
        "before": found.before,
        "after": found.after,
        "chance": found.p_value,
    }
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
    return pd.DataFrame([given, unsure])


def _turn_columns(confidence: float) -> list[Column]:
    def as_date(day: Any) -> str:
        return str(day.date())

    return [
        Column(name="fit", header="models"),
        Column(name="n", header="number"),
        Column(name="date", header="turned on", form=as_date),
        Column(name="earliest", header=f"{confidence * 100:g} % from", form=as_date),
        Column(name="latest", header="to", form=as_date),
        Column(name="before", header="times a year before", form=".3g"),
        Column(name="after", header="after", form=".3g"),
        Column(name="chance", header="by chance", form=".1%"),
        Column(name="chance_of_shrinking", header="sizes fell after", form=".0%"),
    ]
