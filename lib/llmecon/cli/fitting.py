"""Fits of one's own runs: ``llmecon law fit``."""

from __future__ import annotations

import warnings
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmecon.cli import inputs
from llmecon.cli.laws import OUTSIDE, law
from llmecon.cli.output import (
    Answer,
    Column,
    Table,
    command,
    progress,
    refuse_unwritable,
    whole_file,
    write,
)

if TYPE_CHECKING:
    import pandas as pd

    from llmecon.chinchilla import Bootstrap, Fit


@command(
    law,
    "llmecon law fit runs.csv",
    "llmecon law fit runs.csv --flop 1e22,1e24 --bootstrap 4000 --figure fit.svg",
    "llmecon law fit runs.csv --columns n_params=N,n_tokens=D,loss=L --json > fit.json",
)
def _fit(
    runs: Annotated[Path, typer.Argument(help="CSV with n_params, n_tokens, loss; a row a run.")],
    columns: Annotated[
        str, typer.Option(help="Your names of the columns: n_params=N,n_tokens=D,loss=L.")
    ] = "",
    objective: Annotated[str, typer.Option(help="huber or squared.")] = "huber",
    residual: Annotated[str, typer.Option(help="Of the log of the loss, or of the loss.")] = "log",
    delta: Annotated[float | None, typer.Option(help="Threshold of huber; .001.")] = None,
    keep_duplicates: Annotated[
        bool, typer.Option("--keep-duplicates", help="Accept equal rows.")
    ] = False,
    bootstrap: Annotated[
        int, typer.Option(help="Resamples; 0 for no intervals.", min=0, max=100_000)
    ] = 1000,
    kind: Annotated[str, typer.Option(help="What is resampled: runs, clusters, wild.")] = "runs",
    clusters: Annotated[
        str | None, typer.Option(help="Column with the label of a run's cluster.")
    ] = None,
    level: Annotated[float, typer.Option(help="Share that intervals are meant to hold.")] = 0.95,
    seed: Annotated[int, typer.Option(help="Of the resamples.", min=0)] = 0,
    flop: Annotated[
        str | None, typer.Option(help="Budgets for the optimum; the largest run's if not given.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Draw the fit: .svg, .png or .json (Vega-Lite).")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Also write the JSON to this file.")] = None,
) -> Answer:
    """Fit L = E + A N^-alpha + B D^-beta to your runs: table, intervals, warnings, figure.

    Exit status 1 if the result is not at a minimum or the runs cannot tell the constants apart.
    """
    import numpy as np

    from llmecon import chinchilla
    from llmecon._checks import require
    from llmecon.chinchilla.points import as_points

    if figure and figure.suffix not in (".svg", ".png", ".json"):
        raise ValueError(f"--figure must end in .svg, .png or .json, got {figure.name!r}")
    refuse_unwritable(output, figure)
    require("--level", level, above=0)
    if level >= 1:
        raise ValueError(f"--level must be < 1, got {level:g}")
    if delta is not None and objective == "squared":
        raise ValueError("--delta is the threshold of huber: it goes without --objective squared")
    if clusters is not None and (kind == "runs" or not bootstrap):
        raise ValueError("--clusters needs --kind clusters or wild, and a --bootstrap above 0")
    budgets = require("--flop", inputs.numbers("--flop", flop), above=0) if flop else None
    table = _read_runs(runs, columns)
    duplicates = "keep" if keep_duplicates else "refuse"
    try:
        points = as_points(table, duplicates=duplicates)
    except ValueError as error:
        raise ValueError(f"{runs.name}: {error}") from error
    found = chinchilla.fit(
        points,
        objective=objective,
        residual=residual,
        delta=1e-3 if delta is None else delta,
        warn=False,
        name=runs.stem,
    )
    labels = None if clusters is None else _column(table, clusters)
    refits, trouble = _intervals(found, bootstrap, kind, labels, seed)
    if budgets is None:
        budgets = np.array([found.points.domain.flop[1]])  # type: ignore[index]
    if refits is None:
        optima = found.law.optimal(flop=budgets).table().drop(columns="law")
    else:
        optima = refits.optimal_interval(flop=budgets, level=level)
    tables = [_constants(found, refits, level), _optima(optima, refits is not None)]
    content = _content(found, level) | {
        "constants": tables[0].frame,
        "optimal": optima,
        "warnings": (reasons := [*found.warnings, *trouble]),
    }
    if figure:  # first, because it may fail
        _draw(found, figure)
    if output:
        write(output, content)
    return Answer(tables, content, warnings=reasons)


def _read_runs(path: Path, columns: str) -> pd.DataFrame:
    import pandas as pd

    bad = (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # more cells than names
            table = pd.read_csv(path, index_col=False)
    except pd.errors.ParserWarning as error:
        raise ValueError(f"{path.name}: rows have more cells than the header has names") from error
    except bad as error:
        raise ValueError(f"{path.name}: not a CSV table: {error}") from error
    names = {}
    for pair in inputs.words(columns):
        ours, _, theirs = pair.partition("=")
        if ours not in ("n_params", "n_tokens", "loss") or not theirs:
            raise ValueError(f"--columns must be like n_params=N,n_tokens=D,loss=L, got {pair!r}")
        _column(table, theirs)
        names[theirs] = ours
    renamed: pd.DataFrame = table.rename(columns=names)
    return renamed


def _column(table: pd.DataFrame, name: str) -> pd.Series[Any]:
    from llmecon.catalog import UnknownName

    if name not in table:
        raise UnknownName("column", name, table.columns)
    found: pd.Series[Any] = table[name]
    return found


def _intervals(
    found: Fit, resamples: int, kind: str, labels: pd.Series[Any] | None, seed: int
) -> tuple[Bootstrap | None, list[str]]:
    """Refits, or none and the reason: a fit without intervals is still shown."""
    from llmecon import chinchilla

    if resamples == 0:
        return None, []
    try:
        found.require_identified()
    except ValueError as error:
        return None, [f"no intervals: {error}"]
    with progress("bootstrap", resamples) as bar, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        refits = chinchilla.bootstrap(
            found,
            n_resamples=resamples,
            kind=kind,
            clusters=None if labels is None else labels.to_numpy(),
            seed=seed,
            progress=lambda done, _: bar(done),
        )
    return refits, [str(w.message) for w in caught if issubclass(w.category, UserWarning)]


_TOLD = (
    "objective objective_name at_minimum starts_tried starts_agreeing gradient_norm residual_scale"
)


def _content(found: Fit, level: float) -> dict[str, Any]:
    return {
        "law": found.law.name,
        "n_runs": found.n_points,
        **{name: getattr(found, name) for name in _TOLD.split()},
        "condition": found.jacobian_condition,
        "outlying_rows": found.outliers,
        "level": level,
    }


def _constants(found: Fit, refits: Bootstrap | None, level: float) -> Table:
    """Constants; intervals for exponents and E only: A and B are too skewed to quote."""
    import numpy as np

    frame = found.table()
    frame["low"] = frame["high"] = np.nan
    if refits is not None:
        for row, name in enumerate(frame.constant):
            if name not in ("A", "B"):
                low, high = refits.interval(name, level=level)
                frame.loc[row, ["low", "high"]] = float(low), float(high)
    edges = [Column("low", f"{100 * level:.0f} % from", ".5g"), Column("high", "to", ".5g")]
    columns = [
        Column("constant", "constant"),
        Column("value", "value", ".6g"),
        Column("standard_error", "standard error", ".2g"),
        *(edges if refits else []),
    ]
    outliers = ", ".join(map(str, found.outliers.tolist())) or "none"
    notes = [
        "a and b: exponents of the optimal size and tokens in compute.",
        f"Starts that agree: {found.starts_agreeing:.0%} of {found.starts_tried}. "
        f"Residual scale {found.residual_scale:.2g}. "
        f"Condition {found.jacobian_condition:.3g}. "
        f"Outlying rows (counted from 0): {outliers}.",
    ]
    title = f"Fit of {found.n_points} runs: {found.objective_name} = {found.objective:.6g}"
    return Table(frame, columns, title, notes)


def _optima(frame: pd.DataFrame, with_intervals: bool) -> Table:
    columns = [Column("flop", "training [FLOP]", ".3g")]
    for name, header, form, scale in (
        ("params", "parameters [10⁹]", ",.4g", 1e-9),
        ("tokens_per_param", "tokens per parameter", ".4g", 1.0),
        ("loss", "loss", ".4f", 1.0),
    ):
        columns.append(Column(name, header, form, scale))
        if with_intervals:
            columns.append(Column(f"{name}_low", "from", form, scale))
            columns.append(Column(f"{name}_high", "to", form, scale))
    return Table(frame, [*columns, OUTSIDE], "Compute-optimal runs")


def _draw(found: Fit, path: Path) -> None:
    """The figure in a file, whole or not at all; the book's charts join by an entry point."""
    pictures = entry_points(group="llmecon.pictures", name="fit")
    if not pictures:
        raise ValueError("--figure needs the book's charts: pip install 'llmecon[book]'")
    (picture,) = pictures
    chart = picture.load()(found)
    with whole_file(path) as beside:
        chart.save(beside, scale_factor=2)
