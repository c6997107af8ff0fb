"""How large a model is, judged by its price and its speed."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmecon.cli import inputs
from llmecon.cli.output import AsCsv, AsJson, Column, emit, one_form, plain, print_json, records

if TYPE_CHECKING:
    import pandas as pd

    from llmecon.sizing import Inference

_QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
_BAR = 40  # characters of the longest bar
_SIZES = ("total_params", "active_params")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="llmecon size --price 10 --speed 120 --date 2024-08\n\n"
        "llmecon size --price 10 --speed 120 --date 2024-08 --input-price 2.5 --margin 2,5"
    )(size)


def size(
    price: Annotated[float, typer.Option(help="Output price, USD per million tokens.")],
    speed: Annotated[float, typer.Option(help="Output speed of one answer, tokens/s.")],
    on: Annotated[str, typer.Option("--date", help="Day of both, ISO; a month is its first day.")],
    input_price: Annotated[
        float | None, typer.Option(help="Input price, USD per million tokens.")
    ] = None,
    margin: Annotated[
        str | None, typer.Option(help="Price over cost: a number, or LOW,HIGH (80 %).")
    ] = None,
    sparsity: Annotated[
        str | None, typer.Option(help="All parameters over active ones: a number, or LOW,HIGH.")
    ] = None,
    utilisation: Annotated[
        float, typer.Option(help="Share of the paid time at full load, with --margin.")
    ] = 1.0,
    chip: Annotated[str | None, typer.Option(help="Accelerator (llmecon chips).")] = None,
    weights: Annotated[str | None, typer.Option(help="Format of the weights.")] = None,
    context: Annotated[float | None, typer.Option(help="Length of a prompt, tokens.")] = None,
    usd_per_gpu_hour: Annotated[
        float | None, typer.Option(help="Rent of one accelerator, USD an hour.")
    ] = None,
    leave_out: Annotated[
        str, typer.Option(help="Open models that may not inform the answer, with commas.")
    ] = "",
    draws: Annotated[int, typer.Option(help="Samples.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Of the samples.")] = 0,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Sizes that agree with a price, a speed and a day: distribution, drivers, caveats.

    With --csv the samples themselves are printed.
    """
    from llmecon import sizing
    from llmecon._checks import require

    one_form(as_json, as_csv)
    require("--seed", seed, minimum=0)
    given: dict[str, Any] = {
        "input_usd_per_mtok": input_price,
        "margin": _range("--margin", margin),
        "sparsity": _range("--sparsity", sparsity),
        "chip": inputs.chip_name(chip),
        "weights": weights,
        "context": context,
        "usd_per_gpu_hour": usd_per_gpu_hour,
    }
    known = {name: value for name, value in given.items() if value is not None}
    found = sizing.infer(
        price,
        speed,
        on,
        draws=draws,
        seed=seed,
        utilisation=utilisation,
        leave_out=tuple(inputs.words(leave_out)),
        **known,
    )
    if as_json:
        print_json(_content(found))
    elif as_csv:
        emit(_samples(found), [], as_csv=True)
    else:
        _show(found, f"{price:g} USD/Mtok, {speed:g} tokens/s, {on}")


def _range(name: str, text: str | None) -> float | tuple[float, float] | None:
    if text is None:
        return None
    values = inputs.numbers(name, text)
    if len(values) > 2:
        raise ValueError(f"{name} must be a number or LOW,HIGH, got {text!r}")
    return values[0] if len(values) == 1 else (values[0], values[1])


def _quantiles(found: Inference) -> pd.DataFrame:
    import pandas as pd

    columns = {f"{q:.0%}": found.quantile(q, of="total_params") for q in _QUANTILES}
    active = {f"{q:.0%}": found.quantile(q, of="active_params") for q in _QUANTILES}
    frame = pd.DataFrame([columns, active]).astype(float)
    frame.insert(0, "parameters", ["all", "at work on a token"])
    return frame


def _samples(found: Inference) -> pd.DataFrame:
    import pandas as pd

    names = (*_SIZES, "margin", "speed_share")
    samples = pd.DataFrame({name: getattr(found, name) for name in names})
    return pd.concat([samples, found.set_up.reset_index(drop=True)], axis=1)


def _content(found: Inference) -> dict[str, Any]:
    from dataclasses import asdict

    content: dict[str, Any] = {
        name: {
            "quantiles": {str(q): float(found.quantile(q, of=name)) for q in _QUANTILES},
            "interval_50": found.interval(0.5, of=name),
            "interval_80": found.interval(0.8, of=name),
        }
        for name in _SIZES
    }
    drivers = found.drivers.reset_index(names="assumption")
    content |= {"drivers": records(drivers), "assumptions": plain(asdict(found.assumptions))}
    return content


def _show(found: Inference, asked: str) -> None:
    quantiles = _quantiles(found)
    emit(
        quantiles,
        [
            Column(name="parameters", header="parameters [10⁹]"),
            *(
                Column(name=name, header=f"{name[:-1]} %", scale=1e-9, form=",.3g")
                for name in quantiles.columns[1:]
            ),
        ],
        title=f"Sizes at {asked}: quantiles",
        notes=["25 % to 75 % is the 50 % interval, 10 % to 90 % the 80 % interval."],
    )
    emit(
        _histogram(found),
        [
            Column(name="range", header="all parameters"),
            Column(name="share", header="share", form=".0%"),
            Column(name="bar", header=""),
        ],
    )
    emit(
        found.drivers.reset_index(names="assumption"),
        [
            Column(name="assumption", header="what drives it"),
            Column(name="total_params", header="all", form=".0%"),
            Column(name="active_params", header="at work", form=".0%"),
        ],
        title="Share of the variance of log size that each would explain alone",
        notes=_caveats(found),
    )


def _histogram(found: Inference) -> pd.DataFrame:
    """Share of the samples in each doubling of size."""
    import numpy as np
    import pandas as pd

    low, high = found.quantile([0.005, 0.995])
    edges = 2.0 ** np.arange(np.floor(np.log2(low / 1e9)), np.ceil(np.log2(high / 1e9)) + 1)
    counts, _ = np.histogram(found.total_params / 1e9, bins=edges)
    shares = counts / len(found.total_params)
    return pd.DataFrame(
        {
            "range": [f"{a:,g} to {b:,g} · 10⁹" for a, b in pairwise(edges)],
            "share": shares,
            "bar": ["█" * round(_BAR * share / shares.max()) for share in shares],
        }
    )


def _caveats(found: Inference) -> list[str]:
    chips = found.set_up.chip.value_counts(normalize=True)
    most = ", ".join(f"{name} {share:.0%}" for name, share in chips.head(3).items())
    return [
        "Shares overlap: a dear model is large or sold at a high margin.",
        f"Price over the lowest cost: median {float(_median(found.margin)):.2g} times. "
        f"Accelerators: {most}.",
        "An inference, not a measurement: learned from hosts of open models. A maker who is alone",
        "with a model may ask more, and its size is then read too large. Nothing later than the",
        "day is used. How often it is right where the truth is known: chapter reversal.",
    ]


def _median(values: Any) -> float:
    import numpy as np

    return float(np.median(values))
