"""Constants of an engine, fitted to measurements and judged on others."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmecon.cli import inputs
from llmecon.cli.output import (
    AsCsv,
    AsJson,
    Column,
    emit,
    one_form,
    plain,
    print_json,
    records,
    refuse_unwritable,
    write,
)

if TYPE_CHECKING:
    import pandas as pd

    from llmecon.roofline import Profile


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="llmecon calibrate\n\n"
        'llmecon calibrate --engines "vLLM 2025" --kinds serving --output vllm.json\n\n'
        "llmecon calibrate --measurements my-measurements.csv --output mine.json"
    )(calibrate)


def calibrate(
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
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Fit the engine's constants to rows marked calibrate, and judge them on rows marked validate.

    The two kinds of rows never mix.
    """
    from dataclasses import asdict

    from llmecon import catalog, roofline
    from llmecon.roofline.calibration import FITTED, OURS
    from llmecon.roofline.measured import KINDS, read_measurements
    from llmecon.roofline.profiles import profile_csv

    one_form(as_json, as_csv)
    refuse_unwritable(output)
    rows = catalog.measurements() if measurements is None else read_measurements(measurements)
    _known("kind of measurement", kinds, KINDS)
    known = set(roofline.predict(rows, roofline.IDEAL).engine) - {""}
    _known("engine with measurements", engines, known)
    profile = roofline.calibrate(
        rows,
        engines=inputs.words(engines),
        kinds=inputs.words(kinds),
        free=inputs.words(free) or FITTED,
        table=measurements.name if measurements else OURS,
    )
    content = asdict(profile)
    if output and output.suffix == ".csv":
        write(output, profile_csv(profile, source_url=rows.source_url.iloc[0]))
    elif output:
        import json

        write(output, json.dumps(plain(content), indent=1) + "\n")
    constants, errors = _constants(profile), _errors(rows, profile, inputs.words(engines))
    if as_json:
        print_json(
            {"profile": content, "errors": records(errors), "unidentified": roofline.UNIDENTIFIED}
        )
        return
    emit(
        constants,
        [
            Column(name="constant", header="constant"),
            Column(name="value", header="value", form=".3g"),
            Column(name="standard_error", header="standard error", form=".2g"),
            Column(name="origin", header="origin"),
        ],
        title=f"{profile.name}: {profile.source}",
        notes=[f"Scatter of log time about the fit: {profile.log_sd:.3f}."],
        as_csv=as_csv,
    )
    if not as_csv:
        _show_errors(errors)


def _known(kind: str, names: str, known: Collection[str]) -> None:
    """Refuse names that no row has, and none at all."""
    from llmecon import catalog

    if not inputs.words(names):
        raise ValueError(f"name at least one {kind}: {', '.join(sorted(known))}")
    for name in inputs.words(names):
        if name not in known:
            raise catalog.UnknownName(kind, name, known)


def _constants(profile: Profile) -> pd.DataFrame:
    """Fitted and fixed constants; for the fixed ones, why the rows cannot tell them."""
    from dataclasses import fields

    import pandas as pd

    from llmecon import roofline

    reasons, rows = roofline.UNIDENTIFIED, []
    for name in (item.name for item in fields(profile)):
        value = getattr(profile, name)
        if isinstance(value, float) and name != "log_sd":
            error = profile.standard_errors.get(name)
            origin = "fitted" if error is not None else f"fixed: {reasons.get(name, 'known')}"
            rows.append((name, value, error, origin))
    return pd.DataFrame(rows, columns=["constant", "value", "standard_error", "origin"])


def _errors(rows: pd.DataFrame, profile: Profile, engines: list[str]) -> pd.DataFrame:
    from llmecon import roofline

    predicted = roofline.predict(rows, profile)
    predicted = predicted[predicted.engine.isin(engines)]
    judged = roofline.judge(predicted, ["split", "engine", "kind"])
    return judged.reset_index()


def _show_errors(errors: pd.DataFrame) -> None:
    emit(
        errors,
        [
            Column(name="split", header="rows marked"),
            Column(name="engine", header="engine"),
            Column(name="kind", header="kind"),
            Column(name="rows", header="rows"),
            Column(name="mape", header="mean error [%]", form=".1f"),
            Column(name="bias", header="bias [%]", form="+.1f"),
            Column(name="p90", header="P90 [%]", form=".1f"),
            Column(name="max", header="largest [%]", form=".1f"),
        ],
        title="Predicted over measured",
        notes=["Bias: median, in the row's own unit; + means more than was measured."],
    )
