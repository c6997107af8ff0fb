"""Errata and corrections: what each section finds, and its cases for the figure of all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from llmecon import catalog, chinchilla
from llmecon_book import ledger
from llmecon_book.chapters import Section, ends, named
from llmecon_book.words import listed

Frame: TypeAlias = Any  # the types that pandas states for a cell are too many to be of use


def _table(*cases: tuple[str, str, Any, Any]) -> Frame:
    """Cases that are numbers: what is printed, and what follows."""
    return pd.DataFrame(cases, columns=["source", "place", "printed", "computed"])


def article(findings: Iterable[ledger.Claim]) -> Section:
    """Four statements of the article and of the essay behind it."""
    models = catalog.models().set_index("model")
    found = {one.id: one for one in findings}
    day, rule, larger, trend = mentioned = [found[n] for n in ("C02", "C07", "E05", "E12")]
    previous, gpt4 = larger.numbers["from_direct"], models.total_params["GPT-4"]
    counts = ledger.counts(found.values())
    verdicts: dict[str, Any] = {}
    for verdict in ("wrong", "imprecise"):
        verdicts[f"n_{verdict}"] = counts[verdict]
        here = (each.id for each in mentioned if each.verdict == verdict)
        verdicts[f"here_{verdict}"] = listed(here, "none")
    return Section(
        cases=_table(
            ("article", "GPT-3 over its predecessor", larger.stated, previous),
            ("essay", "Size had the trend held", trend.stated, trend.value),
        ),
        chatgpt=day.value,
        kaplan=rule.value,
        chinchilla_day=models.release_date["Chinchilla 70B"],
        gpt3_gpt1=larger.value,
        gpt3_gpt2=previous,
        trend_size=trend.value,
        trend_times=trend.value / gpt4,
        ten_times=trend.stated / gpt4,
        n_claims=len(found),
        **verdicts,
    )


def hoffmann(by_tex: Any, by_print: Any, gopher_flop: float) -> Section:
    """The tables of Hoffmann et al. recomputed; optima at Gopher's budget by both constants."""
    table = _tables_of_optima()
    third = table[table.approach.str.endswith("3")]
    kept, misprint = third[~third.misprint], third[third.misprint].iloc[0]
    tex, rounded = chinchilla.HOFFMANN_2022_TEX, chinchilla.HOFFMANN_2022_ROUNDED
    off = kept.assign(tex_tokens=tex.optimal(n_params=kept.n_params.to_numpy()).tokens)
    first, last = off.iloc[0], off.iloc[-1]
    times, sizes = 1e26 / gopher_flop, (float(by_print.params), float(by_tex.params))
    exponent: Any = chinchilla.HOFFMANN_2022_TABLE_2["approach 1"]["b"]
    paper = "Hoffmann 2022"
    return Section(
        cases=_table(
            (paper, "Table A3, FLOP of the 175B row", misprint.flop, misprint.computed_flop),
            (paper, "Eq. 10, size at Gopher's budget", *sizes),
            (paper, "1e26 FLOP over Gopher's budget", 250.0, times),
            (paper, "Table A3, tokens at 10T parameters", last.n_tokens, last.tex_tokens),
        ),
        table=table,
        **named("a3", misprint, "flop computed_flop"),
        **named("a3_first", first, "n_tokens tex_tokens"),
        **ends("a3_others", table.ratio.drop(misprint.name)),
        a3_off_low=1 - (off.n_tokens / off.tex_tokens).min(),
        a3_n=len(table),
        **named("round", by_print, "params tokens_per_param"),
        **named("tex", by_tex, "params tokens_per_param"),
        round_beta=rounded.beta,
        tex_beta=tex.beta,
        round_data=rounded.B * 1e11**-rounded.beta / (tex.B * 1e11**-tex.beta) - 1,
        gopher_times=times,
        **dict(zip(("table2_b", "table2_low", "table2_high"), exponent, strict=True)),
    )


def _tables_of_optima() -> Frame:
    """Rows of the three tables, with the compute that follows from size and tokens."""
    table = catalog.table("printed_optima")
    table["approach"] = table.place + ", approach " + table.law.str[-1]
    table["computed_flop"] = chinchilla.training_flop(table.n_params, table.n_tokens)
    return table.assign(ratio=table.flop / table.computed_flop)


def refit(at_gopher: Frame, sweep: Frame) -> Section:
    """The refit of Besiroglu et al. by `chinchilla.compare`, at Gopher's budget and over many."""
    printed, best = chinchilla.BESIROGLU_2024, chinchilla.REFIT_240
    size = at_gopher.set_index("law").params
    far = sweep[sweep.flop == sweep.flop.max()].set_index("law").params
    return Section(
        cases=_table(("Besiroglu 2024", "Coefficient A of the refit", printed.A, best.A)),
        curves=sweep.assign(law=sweep.law.map(chinchilla.law_title)),
        refit_far=far,
        **named("printed", printed, "A B"),
        **named("refit", best, "A B"),
        printed_size=size[printed.name],
        refit_size=size[best.name],
        refit_sweep=sweep.flop.max(),
        refit_far_ratio=far[printed.name] / far["HOFFMANN_2022_TEX"],
        refit_far_printed=far[printed.name] / far["HOFFMANN_2022_ROUNDED"],
    )


def scaling(by_text: float, by_legend: float, span: Any, llama_flop: float) -> Section:
    """Llama 3 by its text and its legend [tokens]; Sardana's code and example; a span of Epoch."""
    printed_tokens, printed_params = 16.55e12, 402e9  # section 3.2.1 of the paper
    law, tokens = chinchilla.DE_VRIES_2023, 1e12  # any tokens: the ratio does not depend on them
    right_flop = float(law.optimal(n_tokens=tokens).flop)
    code_flop = float((6 * tokens * law.G) ** (1 / law.b))  # as the published code has it
    rents = {"stated_rent": 1.10 / 1.50 / 2, "implied_rent": 0.33}  # serving over training per FLOP
    served = 1.5e9 * (70 / 0.5 + 215 / 0.01) * 0.5  # Eq. 3 and example
    stated, implied = (
        chinchilla.inference_optimal(law, reference_params=30e9, tokens_served=rent * served)
        for rent in rents.values()
    )
    train_decades, serve_decades = 1.2, 0.7  # Villalobos and Atkinson 2023, summary table
    decades = float(span.serve_decades)
    return Section(
        cases=_table(
            ("Llama 3", "Optimal tokens by the text", float(by_text), printed_tokens),
            ("Sardana 2024, code", "Compute from tokens", code_flop, right_flop),
            ("Sardana 2024", "Tokens of the example in dollars", 3.35e12, float(stated.tokens)),
            ("Villalobos 2023", "Inference saved, as a factor", 10**serve_decades, 10**decades),
        ),
        **named("text", chinchilla.LLAMA_3_2024_TEXT, "factor exponent"),
        **named("legend", chinchilla.LLAMA_3_2024, "factor exponent"),
        llama_text=by_text,
        llama_legend=by_legend,
        llama_printed=printed_tokens,
        llama_over=chinchilla.training_flop(printed_params, printed_tokens) / llama_flop - 1,
        sardana_code=code_flop / right_flop,
        **rents,
        **named("stated", stated, "params tokens"),
        **named("implied", implied, "params tokens"),
        span_train_decades=train_decades,
        span_serve_decades=serve_decades,
        span_computed=decades,
    )


def serving(llama_params: float, deepseek_bytes: float) -> Section:
    """Arithmetic of serving: parameters and cache of a token [bytes] as the library counts them."""
    shards = 32 * 4 * (3 / 4) ** 2  # How to Scale Your Model, ch. 7: 2-D sharding pays beyond this
    free_bytes = 4 * 40e9 - 104e9  # four A100 of 40 GB less the weights of the 52B model
    erdil_405b = 410.08e9  # parameters of Llama 3.1 405B as the public notebook counts them
    erdil_deepseek = 58 * 512 * 2  # layers, rank and bytes in that notebook
    kv_bytes = 2.0 * 64 * 64 * 128 * 2  # keys and values, layers, heads, elements, bytes of each
    fits = free_bytes / kv_bytes
    return Section(
        cases=_table(
            ("Scaling book", "Chips for 2-D sharding", 81.0, shards),
            ("kipply 2022", "Tokens that fit beside the weights", 23_000.0, fits),
            ("Erdil, code", "Size of Llama 3.1 405B", erdil_405b, llama_params),
            ("Erdil, code", "Cache of a DeepSeek-V3 token", erdil_deepseek, deepseek_bytes),
        ),
        shards=shards,
        kipply_free=free_bytes,
        kipply_bytes=kv_bytes,
        kipply_fits=fits,
        erdil_405b=erdil_405b,
        real_405b=llama_params,
        erdil_deepseek=erdil_deepseek,
        deepseek=deepseek_bytes,
    )


_OPENAI = ["GPT-4", "GPT-4 Turbo", "GPT-4o"]
_LATER = ["GPT-5", "GPT-5.2", "GPT-5.4", "GPT-5.5", "GPT-6 Astra"]


def data_sets(estimates: Frame, prices: Frame) -> Section:
    """Sizes that are prices, and a date."""
    by_ecologits = estimates[estimates.estimator.str.startswith("EcoLogits")]
    size = by_ecologits.dropna(subset="total_params").set_index("model").total_params
    first = prices.sort_values("effective_date").groupby("model").output_usd_per_mtok.first()
    per_usd = size / size.index.map(first)
    three, later = per_usd[_OPENAI], per_usd[_LATER]
    return Section(
        eco_first=three.iloc[0],
        eco_spread=np.ceil(1e3 * (three.max() / three.min() - 1)) / 1e3,
        eco_later_n=len(later),
        eco_later=later.iloc[0],
        gpt1_date=catalog.models().set_index("model").release_date["GPT-1"],
    )


def together(*sections: Section) -> Section:
    """All cases that are numbers, the worst first."""
    cases = pd.concat([each.cases for each in sections], ignore_index=True)
    cases["ratio"] = (cases.printed / cases.computed).astype(float)
    cases["times"] = np.exp(np.abs(np.log(cases.ratio)))
    cases = cases.sort_values("times", ascending=False, kind="stable", ignore_index=True)
    return Section(
        all_cases=cases,
        n_errata=len(cases),
        n_small=(cases.times < 1.5).sum(),
        **named("worst", cases.iloc[0], "place times"),
    )
