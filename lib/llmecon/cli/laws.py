"""Scaling laws: what is published, what each prescribes, and fits of one's own runs."""

from __future__ import annotations

import sys
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmecon.cli import inputs
from llmecon.cli.output import (
    AsCsv,
    AsJson,
    Column,
    console,
    emit,
    plain,
    print_json,
    progress,
    records,
    write,
)

if TYPE_CHECKING:
    import pandas as pd

    from llmecon.chinchilla import Allocation, Bootstrap, Fit, Law

Flop = Annotated[str | None, typer.Option(help="Training budgets, FLOP, with commas.")]
Served = Annotated[
    str | None, typer.Option(help="Tokens served over the model's life, with commas.")
]

_ALLOCATION = [
    Column(name="law", header="law"),
    Column(name="flop", header="training [FLOP]", form=".3g"),
    Column(name="params", header="parameters [10⁹]", scale=1e-9, form=",.4g"),
    Column(name="tokens", header="tokens [10⁹]", scale=1e-9, form=",.5g"),
    Column(name="tokens_per_param", header="tokens/parameter", form=",.3g"),
    Column(name="loss", header="loss", form=".4f"),
]
_OUTSIDE = Column(name="decades_outside", header="decades outside", form=".1f")
_OUTSIDE_NOTE = "Decades outside: how far the run lies beyond those the law was fitted on."


def register(app: typer.Typer) -> None:
    """Add ``law`` and its commands to the command line."""
    law = typer.Typer(
        no_args_is_help=True, help="Scaling laws: what is published, fits of your own runs."
    )
    law.command(epilog="llmecon law show\n\nllmecon law show BESIROGLU_2024")(show)
    law.command(
        epilog="llmecon law optimal BESIROGLU_2024 --flop 5.76e23,1e25\n\n"
        "llmecon law optimal BESIROGLU_2024 --loss 2.0 --tokens-served 1e12,1e13"
    )(optimal)
    law.command(epilog="llmecon law compare --flop 2.1e25\n\nllmecon law compare --csv")(compare)
    law.command(epilog="llmecon law explain HOFFMANN_2022_TEX BESIROGLU_2024")(explain)
    law.command(
        epilog="llmecon law fit runs.csv\n\n"
        "llmecon law fit runs.csv --flop 1e22,1e24 --bootstrap 4000 --figure fit.svg\n\n"
        "llmecon law fit runs.csv --columns n_params=N,n_tokens=D,loss=L --json > fit.json"
    )(fit)
    app.add_typer(law, name="law")


def show(
    name: Annotated[str, typer.Argument(help="A law; all of them if left out.")] = "",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List the published laws, or show one: constants, source, conventions, domain."""
    from llmecon import chinchilla

    if name:
        return _show_one(chinchilla.law(name), as_json)
    import pandas as pd

    frame = pd.DataFrame(
        [
            {
                "law": key,
                "form": type(law).__name__,
                "status": law.provenance.status,
                "source": law.provenance.source,
                "place": law.provenance.place,
            }
            for key, law in chinchilla.LAWS.items()
        ]
    )
    columns = [Column(name=c, header=c) for c in ("law", "form", "status", "source")]
    return emit(frame, columns, as_json=as_json, as_csv=as_csv)


def _show_one(law: Law, as_json: bool) -> None:
    from dataclasses import fields

    provenance = {f.name: getattr(law.provenance, f.name) for f in fields(law.provenance)}
    domain = {f.name: getattr(law.domain, f.name) for f in fields(law.domain)}
    constants = {
        f.name: getattr(law, f.name)
        for f in fields(law)  # type: ignore[arg-type]
        if f.name not in ("name", "provenance", "domain")
    }
    if as_json:
        print_json(
            {"name": law.name, "constants": constants, "provenance": provenance, "domain": domain}
        )
        return
    from rich.markup import escape

    out = console()
    out.print(f"[bold]{law.name}[/bold] ({type(law).__name__})")
    for title, content in (
        ("constants", constants),
        ("source", provenance),
        ("fitted on", domain),
    ):
        out.print(f"\n[bold]{title}[/bold]")
        for key, value in content.items():
            if value not in (None, ""):
                out.print(f"  {key.replace('_', ' ')}: {escape(_said(value))}")


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return " to ".join(f"{item:.4g}" for item in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def optimal(
    law: Annotated[str, typer.Argument(help="A law (llmecon law show).")],
    flop: Flop = None,
    loss: Annotated[str | None, typer.Option(help="Losses to reach, with commas.")] = None,
    params: Annotated[str | None, typer.Option(help="Sizes, with commas.")] = None,
    tokens: Annotated[str | None, typer.Option(help="Training tokens, with commas.")] = None,
    tokens_served: Served = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """The compute-optimal run for a budget, loss, size or number of tokens.

    With --tokens-served: the run that costs least over training and serving, as good as the
    compute-optimal one.
    """
    from llmecon import chinchilla

    given = {"flop": flop, "loss": loss, "n_params": params, "n_tokens": tokens}
    present = {key: text for key, text in given.items() if text is not None}
    if len(present) != 1:
        raise ValueError("give exactly one of --flop, --loss, --params, --tokens")
    (key, text), *_ = present.items()
    chosen: Any = chinchilla.law(law)
    if not hasattr(chosen, "optimal"):
        raise ValueError(f"{chosen.name} gives a loss, not an optimum")
    if key not in signature(chosen.optimal).parameters:
        raise ValueError(f"{chosen.name} does not answer to {key}: use --flop")
    best = chosen.optimal(**{key: inputs.numbers(f"--{key.removeprefix('n_')}", text)})
    if tokens_served is not None:
        _serving_optimum(chosen, best, tokens_served, as_json, as_csv)
        return
    emit(
        _allocations(best),
        [*_ALLOCATION, _OUTSIDE],
        notes=[_OUTSIDE_NOTE],
        as_json=as_json,
        as_csv=as_csv,
    )


def _allocations(best: Allocation) -> Any:
    import numpy as np
    import pandas as pd

    return pd.DataFrame(
        {
            "law": best.law,
            "flop": np.atleast_1d(best.flop),
            "params": np.atleast_1d(best.params),
            "tokens": np.atleast_1d(best.tokens),
            "tokens_per_param": np.atleast_1d(best.tokens_per_param),
            "loss": np.nan if best.loss is None else np.atleast_1d(best.loss),
            "decades_outside": np.atleast_1d(best.decades_outside),
        }
    )


def _serving_optimum(
    law: Any, reference: Allocation, tokens_served: str, as_json: bool, as_csv: bool
) -> None:
    import numpy as np
    import pandas as pd

    from llmecon import chinchilla

    if not isinstance(law, chinchilla.SeparableLaw) or reference.loss is None:
        raise ValueError(f"{law.name} has no loss that a smaller model could reach")
    demand = inputs.numbers("--tokens-served", tokens_served)
    losses, served = np.meshgrid(np.atleast_1d(reference.loss), demand, indexing="ij")
    best = chinchilla.inference_optimal(law, loss=losses.ravel(), tokens_served=served.ravel())
    frame = _allocations(best)
    frame.insert(1, "tokens_served", best.tokens_served)
    more = {
        "size_ratio": best.size_ratio,
        "token_ratio": best.token_ratio,
        "saved_fraction": best.saved_fraction,
        "total_flop": best.total_flop,
    }
    emit(
        pd.concat([frame, pd.DataFrame(more)], axis=1),
        [
            _ALLOCATION[0],
            Column(name="tokens_served", header="served [10⁹]", scale=1e-9, form=",.4g"),
            *_ALLOCATION[1:],
            Column(name="size_ratio", header="size, of optimum", form=".0%"),
            Column(name="token_ratio", header="tokens, times", form=".2f"),
            Column(name="saved_fraction", header="lifetime saved", form=".1%"),
            _OUTSIDE,
        ],
        notes=["Compared with the compute-optimal run of the same loss.", _OUTSIDE_NOTE],
        as_json=as_json,
        as_csv=as_csv,
    )


def compare(
    laws: Annotated[str, typer.Option(help="Laws, with commas; all if not given.")] = "",
    flop: Annotated[str, typer.Option(help="Training budgets, FLOP, with commas.")] = "5.76e23",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """What the published laws prescribe for one budget, side by side."""
    from llmecon import chinchilla

    chosen = inputs.words(laws) or list(chinchilla.LAWS)
    silent = [n for n in chosen if not isinstance(chinchilla.law(n), chinchilla.Allocates)]
    frame = chinchilla.compare(chosen, flop=inputs.numbers("--flop", flop))
    if frame.empty:
        raise ValueError(f"no optimum for a budget: {', '.join(silent)}")
    emit(
        frame.sort_values(["flop", "params"], kind="stable").reset_index(drop=True),
        [*_ALLOCATION, _OUTSIDE],
        title="Compute-optimal runs, smallest model first",
        notes=[
            _OUTSIDE_NOTE,
            "Losses of two corpora are not comparable.",
            *([f"Without an optimum for a budget: {', '.join(silent)}."] if silent else []),
        ],
        as_json=as_json,
        as_csv=as_csv,
    )


def explain(
    first: Annotated[str, typer.Argument(help="A law (llmecon law show).")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    flop: Annotated[str, typer.Option(help="Training budgets, FLOP, with commas.")] = "5.76e23",
    as_json: AsJson = False,
) -> None:
    """Why two sources disagree: conventions, rounding, constants, domains."""
    from llmecon import chinchilla

    page = chinchilla.explain(first, second, flop=inputs.numbers("--flop", flop))
    if as_json:
        frames = {name: getattr(page, name) for name in ("constants", "allocations", "swaps")}
        tables = {name: records(frame) for name, frame in frames.items()}
        print_json({"laws": page.names, "reasons": page.reasons, **tables})
    else:
        typer.echo(str(page))


def fit(
    runs: Annotated[Path, typer.Argument(help="CSV with n_params, n_tokens, loss; a row a run.")],
    columns: Annotated[
        str, typer.Option(help="Your names of the columns: n_params=N,n_tokens=D,loss=L.")
    ] = "",
    objective: Annotated[str, typer.Option(help="huber, squared or absolute.")] = "huber",
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
    from llmecon import chinchilla

    if figure and figure.suffix not in (".svg", ".png", ".json"):
        raise ValueError(f"--figure must end in .svg, .png or .json, got {figure.name!r}")
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
    budgets = inputs.numbers("--flop", flop) if flop else [found.points.domain.flop[1]]  # type: ignore[index]
    optima = _optima(found, refits, budgets, level)
    content = _fit_content(found, warnings, constants, optima, level)
    if output:
        import json

        write(output, json.dumps(plain(content), indent=1, ensure_ascii=False) + "\n")
    if figure:
        _draw(found, figure)
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
    found: Fit, refits: Bootstrap | None, budgets: list[float], level: float
) -> pd.DataFrame:
    if refits is not None:
        return refits.optimal_interval(flop=budgets, level=level)
    best: pd.DataFrame = _allocations(found.law.optimal(flop=budgets)).drop(columns="law")
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
        ("tokens_per_param", "tokens/parameter", 1.0, ".4g"),
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
    return [*columns, _OUTSIDE]


def _draw(found: Fit, path: Path) -> None:
    """The figure in a file, whole or not at all."""
    import numpy as np
    import pandas as pd

    from llmecon.charts import fitting

    points = found.points
    flop = 6.0 * points.n_params * points.n_tokens
    frame = pd.DataFrame({"n_params": points.n_params, "flop": flop, "loss": points.loss})
    frame["predicted"] = found.law.loss(points.n_params, points.n_tokens)
    budgets = np.geomspace(flop.min(), flop.max() * 10, 60)
    frontier = pd.DataFrame({"flop": budgets, "loss": found.law.optimal(flop=budgets).loss})
    chart = fitting.fitted(
        frame,
        frontier,
        takeaway=f"{found.n_points} runs give a floor of {float(found.law.E):.3f} nats/token "
        f"and an optimal size that grows as compute to the {float(found.law.a):.2f}",
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"part-{path.name}")
    try:
        chart.save(beside, scale_factor=2)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
