"""Scaling laws: what is published, what each prescribes, why two disagree."""

from __future__ import annotations

from dataclasses import asdict, replace
from inspect import signature
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmecon.cli import inputs
from llmecon.cli.app import app
from llmecon.cli.output import Answer, Column, Table, command

if TYPE_CHECKING:
    from llmecon.chinchilla import Allocation, Law

_LawName = Annotated[str, typer.Argument(help="A law (llmecon law show).")]
_Budgets = Annotated[str, typer.Option(help="Training budgets, FLOP, with commas.")]

law = typer.Typer(
    no_args_is_help=True, help="Scaling laws: what is published, fits of your own runs."
)
app.add_typer(law, name="law")

OUTSIDE = Column("decades_outside", "decades outside", ".1f")
_ALLOCATION = [
    Column("law", "law"),
    Column("flop", "training [FLOP]", ".3g"),
    Column("params", "parameters [10⁹]", ",.4g", 1e-9),
    Column("tokens", "tokens [10⁹]", ",.5g", 1e-9),
    Column("tokens_per_param", "tokens per parameter", ",.3g"),
    Column("loss", "loss", lambda loss: format(loss, ".4f" if loss < 1e6 else ".4g")),
    OUTSIDE,
]
_OUTSIDE_NOTE = "Decades outside: how far the run lies beyond those the law was fitted on."


@command(law, "llmecon law show", "llmecon law show BESIROGLU_2024")
def _show(
    name: Annotated[str, typer.Argument(help="A law; all of them if left out.")] = "",
) -> Answer:
    """List the published laws, or show one: constants, source, conventions, domain."""
    import pandas as pd

    from llmecon import chinchilla

    if name:
        return _one(chinchilla.law(name))
    frame = pd.DataFrame(
        {
            "law": key,
            "form": type(law).__name__,
            "status": law.provenance.status,
            "source": law.provenance.source,
            "place": law.provenance.place,
        }
        for key, law in chinchilla.LAWS.items()
    )
    shown = [Column(name, name) for name in ("law", "form", "status", "source")]
    return Answer([Table(frame, shown)])


def _one(law: Law) -> Answer:
    known: dict[str, Any] = asdict(law)
    del known["name"]
    parts = {part: known.pop(part) for part in ("provenance", "domain")}
    content = {"constants": known, **parts}
    rows = [
        (part, name.replace("_", " "), _said(value))
        for part, values in content.items()
        for name, value in values.items()
        if value not in (None, "")
    ]
    columns = [Column(name, "") for name in ("what", "name", "value")]
    title = f"{law.name} ({type(law).__name__})"
    return Answer([Table.of(rows, columns, title)], {"name": law.name, **content})


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return " to ".join(f"{item:.4g}" for item in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


@command(
    law,
    "llmecon law optimal BESIROGLU_2024 --flop 5.76e23,1e25",
    "llmecon law optimal BESIROGLU_2024 --loss 2.0 --tokens-served 1e12,1e13",
)
def _optimal(
    law: _LawName,
    flop: Annotated[str | None, typer.Option(help="Training budgets, FLOP, with commas.")] = None,
    loss: Annotated[str | None, typer.Option(help="Losses to reach, with commas.")] = None,
    params: Annotated[str | None, typer.Option(help="Sizes, with commas.")] = None,
    tokens: Annotated[str | None, typer.Option(help="Training tokens, with commas.")] = None,
    tokens_served: Annotated[
        str | None, typer.Option(help="Tokens served over the model's life, with commas.")
    ] = None,
) -> Answer:
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
        return _serving_optimum(chosen, best, tokens_served)
    return Answer([Table(best.table(), _ALLOCATION, notes=[_OUTSIDE_NOTE])])


def _serving_optimum(law: Any, reference: Allocation, tokens_served: str) -> Answer:
    import numpy as np

    from llmecon import chinchilla

    if not isinstance(law, chinchilla.SeparableLaw) or reference.loss is None:
        raise ValueError(f"{law.name} has no loss that a smaller model could reach")
    demand = inputs.numbers("--tokens-served", tokens_served)
    losses, served = np.meshgrid(np.atleast_1d(reference.loss), demand, indexing="ij")
    best = chinchilla.inference_optimal(law, loss=losses.ravel(), tokens_served=served.ravel())
    frame = best.table("size_ratio", "token_ratio", "saved_fraction", "total")
    frame = frame.rename(columns={"total": "total_flop"})
    frame.insert(1, "tokens_served", best.tokens_served)
    columns = [
        _ALLOCATION[0],
        Column("tokens_served", "served [10⁹]", ",.4g", 1e-9),
        *_ALLOCATION[1:-1],
        Column("size_ratio", "size, of optimum", ".0%"),
        Column("token_ratio", "tokens, times", ".2f"),
        Column("saved_fraction", "lifetime saved", ".1%"),
        OUTSIDE,
    ]
    notes = ["Compared with the compute-optimal run of the same loss.", _OUTSIDE_NOTE]
    return Answer([Table(frame, columns, notes=notes)])


@command(law, "llmecon law compare --flop 2.1e25", "llmecon law compare --csv")
def _compare(
    laws: Annotated[str, typer.Option(help="Laws, with commas; all if not given.")] = "",
    flop: _Budgets = "5.76e23",
) -> Answer:
    """What the published laws prescribe for one budget, side by side."""
    from llmecon import chinchilla

    chosen = inputs.words(laws) or list(chinchilla.LAWS)
    silent = [n for n in chosen if not isinstance(chinchilla.law(n), chinchilla.Allocates)]
    frame = chinchilla.compare(chosen, flop=inputs.numbers("--flop", flop))
    if frame.empty:
        raise ValueError(f"no optimum for a budget: {', '.join(silent)}")
    frame = frame.sort_values(["flop", "params"], kind="stable", ignore_index=True)
    notes = [
        _OUTSIDE_NOTE,
        "Losses of two corpora are not comparable.",
        *([f"Without an optimum for a budget: {', '.join(silent)}."] if silent else []),
    ]
    title = "Compute-optimal runs, smallest model first"
    return Answer([Table(frame, _ALLOCATION, title, notes)])


@command(law, "llmecon law explain HOFFMANN_2022_TEX BESIROGLU_2024")
def _explain(
    first: _LawName,
    second: Annotated[str, typer.Argument(help="Another one.")],
    flop: _Budgets = "5.76e23",
) -> Answer:
    """Why two sources disagree: conventions, rounding, constants, domains."""
    from llmecon import chinchilla

    page = chinchilla.explain(first, second, flop=inputs.numbers("--flop", flop))
    frames = {name: getattr(page, name) for name in ("constants", "allocations", "swaps")}
    tables = [
        Table(frame, [Column(str(name), str(name)) for name in frame], title)
        for title, frame in frames.items()
    ]
    tables[0] = replace(tables[0], title=" and ".join(page.names), notes=page.reasons)
    return Answer(tables, {"laws": page.names, "reasons": page.reasons, **frames})
