"""Constants of an engine, fitted to measurements and judged on others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, fields
from math import expm1
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmecon.cli import inputs
from llmecon.cli.app import app
from llmecon.cli.output import Answer, Column, Table, command, refuse_unwritable, whole_file, write

if TYPE_CHECKING:
    import pandas as pd

    from llmecon.roofline import Profile


@command(
    app,
    "llmecon calibrate",
    'llmecon calibrate --engines "vLLM 2025" --kinds serving --output vllm.json',
    "llmecon calibrate --measurements my-measurements.csv --output mine.json",
)
def _calibrate(
    engines: Annotated[
        str, typer.Option(help="Generations of engines whose rows are fitted, with commas.")
    ] = "vLLM 2025,TensorRT-LLM 2025",
    kinds: Annotated[
        str, typer.Option(help="Kinds of rows that are fitted, with commas.")
    ] = "serving,maximum load,static batch,decode",
    free: Annotated[
        str, typer.Option(help="Constants to fit, with commas; the usual ones if not given.")
    ] = "",
    measurements: Annotated[
        Path | None, typer.Option(help="CSV with the columns of data/measurements.csv.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Write the profile for --profile elsewhere: JSON, or a row of CSV."),
    ] = None,
) -> Answer:
    """Fit the engine's constants to rows marked calibrate, and judge them on rows marked validate.

    The two kinds of rows never mix.
    """
    from llmecon import catalog, roofline
    from llmecon.roofline.calibration import FITTED, OURS
    from llmecon.roofline.measured import KINDS, read_measurements
    from llmecon.roofline.profiles import profile_csv

    refuse_unwritable(output)
    rows = catalog.measurements() if measurements is None else read_measurements(measurements)
    _known("kind of measurement", kinds, KINDS)
    known = set(roofline.predict(rows, roofline.IDEAL).engine) - {""}
    _known("engine with measurements", engines, known)
    chosen = inputs.words(engines)
    profile = roofline.calibrate(
        rows,
        engines=chosen,
        kinds=inputs.words(kinds),
        free=inputs.words(free) or FITTED,
        table=measurements.name if measurements else OURS,
    )
    predicted = roofline.predict(rows, profile)
    errors = roofline.judge(predicted[predicted.engine.isin(chosen)], ["split", "engine", "kind"])
    tables = [_constants(profile), _errors(errors.reset_index())]
    content = {
        "profile": asdict(profile),
        "errors": tables[1].frame,
        "unidentified": roofline.UNIDENTIFIED,
    }
    if output and output.suffix == ".csv":
        with whole_file(output) as beside:
            row = profile_csv(profile, source_url=rows.source_url.iloc[0])
            beside.write_text(row, encoding="utf-8")
    elif output:
        write(output, content["profile"])
    return Answer(tables, content)


def _known(kind: str, names: str, known: Collection[str]) -> None:
    """Refuse names that no row has, and none at all."""
    from llmecon import catalog

    if not inputs.words(names):
        raise ValueError(f"name at least one {kind}: {', '.join(sorted(known))}")
    for name in inputs.words(names):
        if name not in known:
            raise catalog.UnknownName(kind, name, known)


def _constants(profile: Profile) -> Table:
    """Fitted and fixed constants; for the fixed ones, why the rows cannot tell them."""
    from llmecon import roofline
    from llmecon.roofline.calibration import BANDS

    reasons, rows = roofline.UNIDENTIFIED, []
    for name in (item.name for item in fields(profile)):
        value = getattr(profile, name)
        if isinstance(value, float) and name not in BANDS:
            error = profile.standard_errors.get(name)
            origin = "fitted" if error is not None else f"fixed: {reasons.get(name, 'known')}"
            rows.append((name, value, error, origin))
    columns = [
        Column("constant", "constant"),
        Column("value", "value", ".3g"),
        Column("standard_error", "standard error", ".2g"),
        Column("origin", "origin"),
    ]
    dense, experts = (expm1(getattr(profile, name)) for name in BANDS)
    notes = [f"80 % band of the time: {dense:.0%} for dense models, {experts:.0%} with experts."]
    return Table.of(rows, columns, f"{profile.name}: {profile.source}", notes)


def _errors(errors: pd.DataFrame) -> Table:
    columns = [
        Column("split", "rows marked"),
        Column("engine", "engine"),
        Column("kind", "kind"),
        Column("rows", "rows"),
        Column("mape", "mean error [%]", ".1f"),
        Column("bias", "bias [%]", "+.1f"),
        Column("p90", "P90 [%]", ".1f"),
        Column("max", "largest [%]", ".1f"),
    ]
    notes = ["Bias: median, in the row's own unit; + means more than was measured."]
    return Table(errors, columns, "Predicted over measured", notes)
