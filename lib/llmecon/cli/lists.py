"""What the catalogue has: shapes of models and accelerators."""

from __future__ import annotations

from typing import Annotated

import typer

from llmecon.cli.output import AsCsv, AsJson, Column, emit

Find = Annotated[str, typer.Argument(help="Part of a name, in any case; all if left out.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(epilog="llmecon models llama\n\nllmecon models --csv > models.csv")(models)
    app.command(epilog="llmecon chips H200\n\nllmecon chips --json")(chips)


def models(find: Find = "", as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """List the models whose shapes are known: sizes, attention, cache."""
    import pandas as pd

    from llmecon import catalog

    names = _matching(find, catalog.architectures().name, "model")
    rows = []
    for name in names:
        shape = catalog.transformer(name)
        rows.append(
            {
                "name": name,
                "total_params": shape.n_params,
                "active_params": shape.n_active_params,
                "n_layers": shape.n_layers,
                "kv_bytes_per_token": float(shape.kv_cache_bytes(1.0)),
                "attention": shape.attention_kind,
            }
        )
    frame = pd.DataFrame(rows)
    columns = [
        Column(name="name", header="model"),
        Column(name="total_params", header="parameters [10⁹]", scale=1e-9, form=",.1f"),
        Column(name="active_params", header="active [10⁹]", scale=1e-9, form=",.1f"),
        Column(name="n_layers", header="layers"),
        Column(name="kv_bytes_per_token", header="KV cache, 1 token [kB]", scale=1e-3, form=",.1f"),
        Column(name="attention", header="attention"),
    ]
    emit(
        frame,
        columns,
        notes=["KV cache in 16 bit. Shapes and their sources: data/architectures.csv."],
        as_json=as_json,
        as_csv=as_csv,
    )


def chips(find: Find = "", as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """List the accelerators: dense rates, memory, links."""
    from llmecon import catalog

    table = catalog.accelerators()
    frame = table[table.name.isin(_matching(find, table.name, "accelerator"))]
    columns = [
        Column(name="name", header="accelerator"),
        Column(name="release_date", header="released", form=lambda day: f"{day:%Y-%m}"),
        Column(name="bf16_dense_flop_per_s", header="bf16 [TFLOP/s]", scale=1e-12, form=",.0f"),
        Column(name="fp8_dense_flop_per_s", header="fp8 [TFLOP/s]", scale=1e-12, form=",.0f"),
        Column(name="fp4_dense_flop_per_s", header="fp4 [TFLOP/s]", scale=1e-12, form=",.0f"),
        Column(name="hbm_bytes", header="memory [GB]", scale=1e-9, form=",.0f"),
        Column(name="hbm_bytes_per_s", header="bandwidth [TB/s]", scale=1e-12, form=".2f"),
        Column(
            name="scaleup_bytes_per_s_per_direction",
            header="link, one way [GB/s]",
            scale=1e-9,
            form=",.0f",
        ),
        Column(name="tdp_w", header="power [W]", form=",.0f"),
    ]
    emit(
        frame,
        columns,
        notes=["Dense rates. Sources: data/accelerators.csv."],
        as_json=as_json,
        as_csv=as_csv,
    )


def _matching(find: str, names: object, kind: str) -> list[str]:
    from llmecon.catalog import UnknownName

    known = [str(name) for name in names]  # type: ignore[attr-defined]
    found = [name for name in known if find.lower() in name.lower()]
    if not found:
        raise UnknownName(kind, find, known)
    return found
