"""Fits of one's own runs: ``llmecon law fit``."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmecon.cli import inputs
from llmecon.cli.laws import OUTSIDE, allocations
from llmecon.cli.output import (
    AsCsv,
    AsJson,
    Column,
    emit,
    one_form,
    plain,
    print_json,
    progress,
    records,
    refuse_unwritable,
    whole_file,
    write,
)

if TYPE_CHECKING:
    import pandas as pd

    from llmecon.chinchilla import Bootstrap, Fit
    from llmecon.transformer import FloatArray


def register(law: typer.Typer) -> None:
    """Add the command to those of ``law``."""
    law.command(
        epilog="llmecon law fit runs.csv\n\n"
        "llmecon law fit runs.csv --flop 1e22,1e24 --bootstrap 4000 --figure fit.svg\n\n"
        "llmecon law fit runs.csv --columns n_params=N,n_tokens=D,loss=L --json > fit.json"
    )(fit)


def fit(
    runs: Annotated[Path, typer.Argument(help="CSV with n_params, n_tokens, loss; a row a run.")],
    columns: Annotated[
        str, typer.Option(help="Your names of the columns: n_params=N,n_tokens=D,loss=L.")
    ] = "",
    objective: Annotated[str, typer.Option(help="huber or squared.")] = "huber",
    residual: Annotated[str, typer.Option(help="Of the log of the loss, or of the loss.")] = "log",
    delta: Annotated[float, typer.Option(help="Threshold of huber.")] = 1e-3,
    keep_duplicates: Annotated[
        bool, typer.Option("--keep-duplicates", help="Accept equal rows.")
    ] = False,
    bootstrap: Annotated[int, typer.Option(help="Resamples; 0 for no intervals.")] = 1000,
    kind: Annotated[str, typer.Option(help="What is resampled: runs, clusters, wild.")] = "runs",
    clusters: Annotated[
        str | None, typer.Option(help="Column with the label of a run's cluster.")
    ] = None,
    level: Annotated[float, typer.Option(help="Share that intervals are meant to hold.")] = 0.95,
    seed: Annotated[int, typer.Option(help="Of the resamples.")] = 0,
    flop: Annotated[
        str | None, typer.Option(help="Budgets for the optimum; the largest run's if not given.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Draw the fit: .svg, .png or .json (Vega-Lite).")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Also write the JSON to this file.")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Fit L = E + A N^-alpha + B D^-beta to your runs: table, intervals, warnings, figure.

    Exit status 1 if the result is not at a minimum or the runs cannot tell the constants apart.
    """
    import numpy as np

    from llmecon import chinchilla
    from llmecon._checks import require

    one_form(as_json, as_csv)
    if figure and figure.suffix not in (".svg", ".png", ".json"):
        raise ValueError(f"--figure must end in .svg, .png or .json, got {figure.name!r}")
    refuse_unwritable(output, figure)
    require("--level", level, above=0)
    require("--seed", seed, minimum=0)
    budgets = require("--flop", inputs.numbers("--flop", flop), above=0) if flop else None
    if level >= 1:
        raise ValueError(f"--level must be < 1, got {level:g}")
    table = _read_runs(runs, columns)
    found = chinchilla.fit(
        table,
        objective=objective,  # type: ignore[arg-type]  # the library refuses other words
        residual=residual,  # type: ignore[arg-type]
        delta=delta,
        duplicates="keep" if keep_duplicates else "refuse",
        warn=False,
        name=runs.stem,
    )
    labels = _labels(table, clusters)
    refits, trouble = _intervals(found, bootstrap, kind, labels, seed)
    warnings = [*found.warnings, *trouble]
    constants = _constants(found, refits, level)
    if budgets is None:
        budgets = np.array([found.points.domain.flop[1]])  # type: ignore[index]
    optima = _optima(found, refits, budgets, level)
    content = _fit_content(found, warnings, constants, optima, level)
    if figure:  # first, because it may fail
        _draw(found, figure)
    if output:
        import json

        write(output, json.dumps(plain(content), indent=1, ensure_ascii=False) + "\n")
    if as_json:
        print_json(content)
    elif as_csv:
        emit(constants, [], as_csv=True)
    else:
        _show_fit(found, constants, optima, level, refits)
    for warning in warnings:
        print(f"llmecon: WARNING: {warning}", file=sys.stderr)
    if warnings:
        raise typer.Exit(1)


def _read_runs(path: Path, columns: str) -> pd.DataFrame:
    import pandas as pd

    try:
        table = pd.read_csv(path)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
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


def _labels(table: pd.DataFrame, clusters: str | None) -> pd.Series[Any] | None:
    return None if clusters is None else _column(table, clusters)


def _intervals(
    found: Fit, resamples: int, kind: str, labels: pd.Series[Any] | None, seed: int
) -> tuple[Bootstrap | None, list[str]]:
    """Refits, or none and the reason: a fit without intervals is still shown."""
    import warnings

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
            kind=kind,  # type: ignore[arg-type]  # the library refuses other words
            clusters=None if labels is None else labels.to_numpy(),
            seed=seed,
            progress=lambda done, _: bar(done),
        )
    return refits, [str(w.message) for w in caught if issubclass(w.category, UserWarning)]


def _constants(found: Fit, refits: Bootstrap | None, level: float) -> pd.DataFrame:
    """Constants; intervals for exponents and E only: A and B are too skewed to quote."""
    import numpy as np

    frame = found.table()
    frame["low"] = frame["high"] = np.nan
    if refits is not None:
        for row, name in enumerate(frame.constant):
            if name not in ("A", "B"):
                low, high = refits.interval(name, level=level)
                frame.loc[row, ["low", "high"]] = float(low), float(high)
    return frame


def _optima(
    found: Fit, refits: Bootstrap | None, budgets: FloatArray, level: float
) -> pd.DataFrame:
    if refits is not None:
        return refits.optimal_interval(flop=budgets, level=level)
    best: pd.DataFrame = allocations(found.law.optimal(flop=budgets)).drop(columns="law")
    return best


def _fit_content(
    found: Fit, warnings: list[str], constants: pd.DataFrame, optima: pd.DataFrame, level: float
) -> dict[str, Any]:
    return {
        "law": found.law.name,
        "n_runs": found.n_points,
        "objective": found.objective,
        "objective_name": found.objective_name,
        "at_minimum": found.at_minimum,
        "starts_tried": found.starts_tried,
        "starts_agreeing": found.starts_agreeing,
        "gradient_norm": found.gradient_norm,
        "condition": found.identifiability.jacobian_condition,
        "residual_scale": found.residual_scale,
        "outlying_rows": found.outliers,
        "level": level,
        "constants": records(constants),
        "optimal": records(optima),
        "warnings": warnings,
    }


def _show_fit(
    found: Fit,
    constants: pd.DataFrame,
    optima: pd.DataFrame,
    level: float,
    refits: Bootstrap | None,
) -> None:
    share = f"{level:.0%}".replace("%", " %")
    edges = [
        Column(name="low", header=f"{share} from", form=".5g"),
        Column(name="high", header="to", form=".5g"),
    ]
    outliers = ", ".join(map(str, found.outliers.tolist())) or "none"
    emit(
        constants,
        [
            Column(name="constant", header="constant"),
            Column(name="value", header="value", form=".6g"),
            Column(name="standard_error", header="standard error", form=".2g"),
            *(edges if refits else []),
        ],
        title=f"Fit of {found.n_points} runs: {found.objective_name} = {found.objective:.6g}",
        notes=[
            "a and b: exponents of the optimal size and tokens in compute.",
            f"Starts that agree: {found.starts_agreeing:.0%} of {found.starts_tried}. "
            f"Residual scale {found.residual_scale:.2g}. "
            f"Condition {found.identifiability.jacobian_condition:.3g}. "
            f"Outlying rows (counted from 0): {outliers}.",
        ],
    )
    emit(optima, _optimum_columns(refits is not None), title="Compute-optimal runs")


def _optimum_columns(with_intervals: bool) -> list[Column]:
    shown = [
        ("params", "parameters [10⁹]", 1e-9, ",.4g"),
        ("tokens_per_param", "tokens per parameter", 1.0, ".4g"),
        ("loss", "loss", 1.0, ".4f"),
    ]
    columns = [Column(name="flop", header="training [FLOP]", form=".3g")]
    for name, header, scale, form in shown:
        columns.append(Column(name=name, header=header, scale=scale, form=form))
        if with_intervals:
            columns += [
                Column(name=f"{name}_{edge}", header=word, scale=scale, form=form)
                for edge, word in (("low", "from"), ("high", "to"))
            ]
    return [*columns, OUTSIDE]


def _draw(found: Fit, path: Path) -> None:
    """The figure in a file, whole or not at all."""
    pictures = entry_points(group="llmecon.pictures", name="fit")
    if not pictures:
        raise ValueError("--chart needs the book's charts: pip install 'llmecon[book]'")
    (picture,) = pictures
    chart = picture.load()(found)
    with whole_file(path) as beside:
        chart.save(beside, scale_factor=2)
