"""Errata and corrections: what each section finds, and its cases for the figure of all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from llmecon import catalog, chinchilla
from llmecon_book import ledger
from llmecon_book.chapters import Section

Frame: TypeAlias = Any  # the types that pandas states for a cell are too many to be of use


def _table(cases: Iterable[tuple[str, str, Any, Any]]) -> Frame:
    """Cases that are numbers: what is printed, and what follows."""
    return pd.DataFrame(cases, columns=["source", "place", "printed", "computed"])


def article(findings: Iterable[ledger.Claim]) -> Section:
    """Four statements of the article and of the essay behind it."""
    models = catalog.models().set_index("model")
    found = {one.id: one for one in findings}
    mentioned, counts = ("C02", "C07", "E05", "E12"), ledger.counts(found.values())
    previous, trend = found["E05"].numbers["from_direct"], found["E12"]
    gpt4 = models.total_params["GPT-4"]
    here = {
        f"here_{verdict}": " and ".join(n for n in mentioned if found[n].verdict == verdict)
        for verdict in ("wrong", "imprecise")
    }
    return Section(
        cases=_table(
            [
                ("article", "GPT-3 over its predecessor", found["E05"].stated, previous),
                ("essay", "Size had the trend held", trend.stated, trend.value),
            ]
        ),
        chatgpt=found["C02"].value,
        kaplan=found["C07"].value,
        chinchilla_day=models.release_date["Chinchilla 70B"],
        gpt3_gpt1=found["E05"].value,
        gpt3_gpt2=previous,
        trend_size=trend.value,
        trend_times=trend.value / gpt4,
        ten_times=trend.stated / gpt4,
        n_claims=len(found),
        n_wrong=counts["wrong"],
        n_imprecise=counts["imprecise"],
        **here,
    )


def hoffmann(by_tex: Any, by_print: Any, gopher_flop: float) -> Section:
    """The tables of Hoffmann et al. recomputed; optima at Gopher's budget by both constants."""
    table = _tables_of_optima()
    worst = table.loc[np.abs(np.log(table.ratio)).idxmax()]
    third = table[table.approach.str.endswith("3")]
    kept, misprint = third[~third.misprint], third[third.misprint].iloc[0]
    tex, rounded = chinchilla.HOFFMANN_2022_TEX, chinchilla.HOFFMANN_2022_ROUNDED
    tex_tokens = tex.optimal(n_params=kept.n_params.to_numpy()).tokens
    others, last = table.ratio.drop(worst.name), kept.n_tokens.iloc[-1]
    printed: Any = chinchilla.HOFFMANN_2022_TABLE_2["approach 1"]
    b, b_low, b_high = printed["b"]
    return Section(
        cases=_table(
            ("Hoffmann 2022", place, printed, float(computed))
            for place, printed, computed in (
                ("Table A3, FLOP of the 175B row", misprint.flop, worst.computed_flop),
                ("Eq. 10, size at Gopher's budget", float(by_print.params), by_tex.params),
                ("1e26 FLOP over Gopher's budget", 250.0, 1e26 / gopher_flop),
                ("Table A3, tokens at 10T parameters", last, tex_tokens[-1]),
            )
        ),
        table=table,
        a3_printed=misprint.flop,
        a3_computed=worst.computed_flop,
        a3_others_low=others.min(),
        a3_others_high=others.max(),
        a3_n=len(table),
        round_size=by_print.params,
        round_ratio=by_print.tokens_per_param,
        round_beta=rounded.beta,
        round_data=rounded.B * 1e11**-rounded.beta / (tex.B * 1e11**-tex.beta) - 1,
        tex_size=by_tex.params,
        tex_ratio=by_tex.tokens_per_param,
        tex_beta=tex.beta,
        gopher_times=1e26 / gopher_flop,
        table2_b=b,
        table2_low=b_low,
        table2_high=b_high,
        a3_off_low=1 - (kept.n_tokens / tex_tokens).min(),
        a3_off_first=kept.n_tokens.iloc[0],
        a3_tex_first=tex_tokens[0],
    )


def _tables_of_optima() -> Frame:
    """Rows of the three tables, with the compute that follows from size and tokens."""
    names = {1: "Table 3, approach 1", 2: "Table A3, approach 2", 3: "Table A3, approach 3"}
    table = pd.concat(
        [chinchilla.hoffmann_2022_table(n).assign(approach=name) for n, name in names.items()],
        ignore_index=True,
    )
    table["computed_flop"] = chinchilla.training_flop(table.n_params, table.n_tokens)
    return table.assign(ratio=table.flop / table.computed_flop)


def refit(at_gopher: Frame, sweep: Frame) -> Section:
    """The refit of Besiroglu et al. by `chinchilla.compare`, at Gopher's budget and over many."""
    printed, best = chinchilla.BESIROGLU_2024, chinchilla.REFIT_240
    size = at_gopher.set_index("law").params
    far = sweep[sweep.flop == sweep.flop.max()].set_index("law").params
    return Section(
        cases=_table([("Besiroglu 2024", "Coefficient A of the refit", printed.A, best.A)]),
        curves=sweep.assign(law=sweep.law.map(chinchilla.law_title)),
        refit_far=far,
        refit_a_printed=printed.A,
        refit_b_printed=printed.B,
        refit_a=best.A,
        refit_b=best.B,
        refit_size_printed=size[printed.name],
        refit_size=size[best.name],
        refit_sweep=sweep.flop.max(),
        refit_far_ratio=far[printed.name] / far["HOFFMANN_2022_TEX"],
        refit_far_printed=far[printed.name] / far["HOFFMANN_2022_ROUNDED"],
    )


def scaling(by_text: float, by_legend: float, span: Any, llama_flop: float) -> Section:
    """Llama 3 by its text and its legend [tokens]; Sardana's code and example; a span of Epoch."""
    text, legend = chinchilla.LLAMA_3_2024_TEXT, chinchilla.LLAMA_3_2024
    printed_tokens, printed_params = 16.55e12, 402e9  # section 3.2.1 of the paper
    law, tokens = chinchilla.DE_VRIES_2023, 1e12  # any tokens: the ratio does not depend on them
    right_flop = float(law.optimal(n_tokens=tokens).flop)
    code_flop = float((6 * tokens * law.G) ** (1 / law.b))  # as the published code has it
    rents = {"stated": 1.10 / 1.50 / 2, "implied": 0.33}  # serving over training, USD per FLOP
    stated, implied = (
        chinchilla.inference_optimal(
            law,
            reference_params=30e9,
            tokens_served=rent * 0.5 * 1.5e9 * (70 / 0.5 + 215 / 0.01),  # Eq. 3 and example
        )
        for rent in rents.values()
    )
    spans = {row.technique: row for row in chinchilla.EPOCH_2023_SPANS}
    printed, decades = spans["scaling policy"], float(span.serve_decades)
    in_dollars = "Tokens of the example in dollars"
    saved = 10**printed.serve_decades, 10**decades
    return Section(
        cases=_table(
            [
                ("Llama 3", "Optimal tokens by the text", float(by_text), printed_tokens),
                ("Sardana 2024, code", "Compute from tokens", code_flop, right_flop),
                ("Sardana 2024", in_dollars, 3.35e12, float(stated.tokens)),
                ("Villalobos 2023", "Inference saved, as a factor", *saved),
            ]
        ),
        text_factor=text.factor,
        text_exponent=text.exponent,
        legend_factor=legend.factor,
        legend_exponent=legend.exponent,
        llama_text=by_text,
        llama_legend=by_legend,
        llama_printed=printed_tokens,
        llama_over=chinchilla.training_flop(printed_params, printed_tokens) / llama_flop - 1,
        sardana_code=code_flop / right_flop,
        sardana_stated=rents["stated"],
        sardana_implied=rents["implied"],
        sardana_size_stated=stated.params,
        sardana_size_implied=implied.params,
        sardana_tokens_stated=stated.tokens,
        sardana_tokens_implied=implied.tokens,
        span_printed=printed.serve_decades,
        span_train=printed.train_decades,
        span_computed=decades,
    )


def serving(kv_bytes: float, llama_params: float, deepseek_bytes: float) -> Section:
    """Arithmetic of serving: cache of a token [bytes] and parameters as the library counts them."""
    shards = 32 * 4 * (3 / 4) ** 2  # How to Scale Your Model, ch. 7: 2-D sharding pays beyond this
    free_bytes = 4 * 40e9 - 104e9  # four A100 of 40 GB less the weights of the 52B model
    erdil_405b = 410.08e9  # parameters of Llama 3.1 405B as the public notebook counts them
    erdil_deepseek = 58 * 512 * 2  # layers, rank and bytes in that notebook
    fits = free_bytes / float(kv_bytes)
    return Section(
        cases=_table(
            [
                ("Scaling book", "Chips for 2-D sharding", 81.0, shards),
                ("kipply 2022", "Tokens that fit beside the weights", 23_000.0, fits),
                ("Erdil, code", "Size of Llama 3.1 405B", erdil_405b, llama_params),
                ("Erdil, code", "Cache of a DeepSeek-V3 token", erdil_deepseek, deepseek_bytes),
            ]
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
    three = per_usd[_OPENAI]
    return Section(
        eco_first=three.iloc[0],
        eco_spread=np.ceil(1e3 * (three.max() / three.min() - 1)) / 1e3,
        eco_later_n=len(per_usd[_LATER]),
        eco_later=per_usd[_LATER].iloc[0],
        gpt1_date=catalog.models().set_index("model").release_date["GPT-1"],
    )


def together(*sections: Section) -> Section:
    """All cases that are numbers, the worst first."""
    cases = pd.concat([each.cases for each in sections], ignore_index=True)
    cases["ratio"] = (cases.printed / cases.computed).astype(float)
    times = np.exp(np.abs(np.log(cases.ratio)))
    order = np.argsort(-times, kind="stable")
    return Section(
        all_cases=cases.iloc[order].reset_index(drop=True),
        n_errata=len(cases),
        n_small=int((times < 1.5).sum()),
        worst_place=cases.place[order[0]],
        worst_ratio=times.max(),
    )
