"""What the catalogue has: shapes of models and accelerators."""

from __future__ import annotations

from typing import Annotated

import typer

from llmecon.cli.app import app
from llmecon.cli.output import Answer, Column, Table, command

_Find = Annotated[str, typer.Argument(help="Part of a name, in any case; all if left out.")]


@command(app, "llmecon models llama", "llmecon models --csv > models.csv")
def _models(find: _Find = "") -> Answer:
    """List the models whose shapes are known: sizes, attention, cache."""
    import pandas as pd

    from llmecon import catalog

    names = _matching(find, list(catalog.architectures().name), "model")
    frame = pd.DataFrame(
        {
            "name": shape.name,
            "total_params": shape.n_params,
            "active_params": shape.n_active_params,
            "n_layers": shape.n_layers,
            "kv_bytes_per_token": float(shape.kv_cache_bytes(1.0)),
            "attention": shape.attention_kind,
        }
        for shape in map(catalog.transformer, names)
    )
    columns = [
        Column("name", "model"),
        Column("total_params", "parameters [10⁹]", ",.1f", 1e-9),
        Column("active_params", "active [10⁹]", ",.1f", 1e-9),
        Column("n_layers", "layers"),
        Column("kv_bytes_per_token", "KV cache, 1 token [kB]", ",.1f", 1e-3),
        Column("attention", "attention"),
    ]
    notes = ["KV cache in 16 bit. Shapes and their sources: data/architectures.csv."]
    return Answer([Table(frame, columns, notes=notes)])


@command(app, "llmecon chips H200", "llmecon chips --json")
def _chips(find: _Find = "") -> Answer:
    """List the accelerators: dense rates, memory, links."""
    from llmecon import catalog

    table = catalog.accelerators()
    frame = table[table.name.isin(_matching(find, list(table.name), "accelerator"))]
    columns = [
        Column("name", "accelerator"),
        Column("release_date", "released", lambda day: f"{day:%Y-%m}"),
        Column("bf16_dense_flop_per_s", "bf16 [TFLOP/s]", ",.0f", 1e-12),
        Column("fp8_dense_flop_per_s", "fp8 [TFLOP/s]", ",.0f", 1e-12),
        Column("fp4_dense_flop_per_s", "fp4 [TFLOP/s]", ",.0f", 1e-12),
        Column("hbm_bytes", "memory [GB]", ",.0f", 1e-9),
        Column("hbm_bytes_per_s", "bandwidth [TB/s]", ".2f", 1e-12),
        Column("scaleup_bytes_per_s_per_direction", "link, one way [GB/s]", ",.0f", 1e-9),
        Column("tdp_w", "power [W]", ",.0f"),
    ]
    notes = ["Dense rates. Sources: data/accelerators.csv."]
    return Answer([Table(frame, columns, notes=notes)])


def _matching(find: str, known: list[str], kind: str) -> list[str]:
    from llmecon.catalog import UnknownName

    found = [name for name in known if find.lower() in name.lower()]
    if not found:
        raise UnknownName(kind, find, known)
    return found
