"""Scaling laws: what is published, what each prescribes, why two disagree."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmecon.cli import inputs
from llmecon.cli.output import AsCsv, AsJson, Column, console, emit, print_json, records

if TYPE_CHECKING:
    import pandas as pd

    from llmecon.chinchilla import Allocation, Law

LawName = Annotated[str, typer.Argument(help="A law (llmecon law show).")]
Flop = Annotated[str | None, typer.Option(help="Training budgets, FLOP, with commas.")]
Budgets = Annotated[str, typer.Option(help="Training budgets, FLOP, with commas.")]
Served = Annotated[
    str | None, typer.Option(help="Tokens served over the model's life, with commas.")
]

_ALLOCATION = [
    Column(name="law", header="law"),
    Column(name="flop", header="training [FLOP]", form=".3g"),
    Column(name="params", header="parameters [10⁹]", scale=1e-9, form=",.4g"),
    Column(name="tokens", header="tokens [10⁹]", scale=1e-9, form=",.5g"),
    Column(name="tokens_per_param", header="tokens per parameter", form=",.3g"),
    Column(
        name="loss", header="loss", form=lambda loss: format(loss, ".4f" if loss < 1e6 else ".4g")
    ),
]
OUTSIDE = Column(name="decades_outside", header="decades outside", form=".1f")
_OUTSIDE_NOTE = "Decades outside: how far the run lies beyond those the law was fitted on."


def register(app: typer.Typer) -> None:
    """Add ``law`` and its commands to the command line."""
    from llmecon.cli import fitting  # it shows allocations as this module does

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
    fitting.register(law)
    app.add_typer(law, name="law")


def show(
    name: Annotated[str, typer.Argument(help="A law; all of them if left out.")] = "",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List the published laws, or show one: constants, source, conventions, domain."""
    from llmecon import chinchilla

    if name:
        if as_csv:
            raise ValueError(f"{name} has no CSV form: --json, or the whole list with --csv")
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
    law: LawName,
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
        allocations(best),
        [*_ALLOCATION, OUTSIDE],
        notes=[_OUTSIDE_NOTE],
        as_json=as_json,
        as_csv=as_csv,
    )


def allocations(best: Allocation) -> pd.DataFrame:
    """Runs as a frame, a row a run."""
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
    frame = allocations(best)
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
            OUTSIDE,
        ],
        notes=["Compared with the compute-optimal run of the same loss.", _OUTSIDE_NOTE],
        as_json=as_json,
        as_csv=as_csv,
    )


def compare(
    laws: Annotated[str, typer.Option(help="Laws, with commas; all if not given.")] = "",
    flop: Budgets = "5.76e23",
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
        [*_ALLOCATION, OUTSIDE],
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
    first: LawName,
    second: Annotated[str, typer.Argument(help="Another one.")],
    flop: Budgets = "5.76e23",
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
