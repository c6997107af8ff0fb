"""Did the models shrink? What each section finds."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from llmecon import catalog, cost, sizing
from llmecon_book import essay, facts
from llmecon_book.chapters import Section, ends, named
from llmecon_book.words import short

MARGINS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)  # price over cost tried in a figure [times]
_CONTEXTS = {0.0: "empty", 1e5: "100K"}  # [tokens]
_NAMES = {sizing.METHOD: "this book's inference"}
_WHICH = {"total_params": "all", "active_params": "at work on one token"}
_USES = {
    ("true", "true"): "price and speed",
    ("true", "false"): "price",
    ("false", "false"): "neither",
}
_ASSUMPTIONS = {  # what the drivers of an inference are called in a figure and in a sentence
    "margin": "price over cost (margin)",
    "speed share": "how near its top speed it is served",
    "sparsity": "all over active parameters (sparsity)",
    "context": "the length of the prompt",
    "weights": "the number format",
    "chip": "the chip",
}


def prices(on: str, fall: float) -> Section:
    """What did a token cost?

    Parameters
    ----------
    on : str
        Day whose prices hold, ISO.
    fall : float
        Price of GPT-4 over that of GPT-4o. [times]
    """
    sold = facts.flagships(facts.MAKERS).sort_values(["provider", "effective_date"])
    sold = sold[sold.effective_date >= facts.released(facts.GPT4)]
    last = sold.drop_duplicates("provider", keep="last")
    read_on = catalog.prices().effective_date.max()
    return Section(
        n_prices=len(sold),
        n_first_seen=(sold.date_basis == "first seen").sum(),
        gpt4_price=facts.list_price(facts.GPT4, on),
        turbo_price=facts.list_price(facts.TURBO, on),
        gpt4o_price=facts.list_price(facts.GPT4O, on),
        sonnet_price=facts.list_price(facts.FIRST_SONNET, on),
        price_fall=fall,
        **named("newest", last.iloc[-1], "model output_usd_per_mtok effective_date"),
        changes=sold,
        held=pd.concat([sold, last[::-1].assign(effective_date=read_on)]),
    )


def speeds(ten_dollar: Series, turbo: Series, sonnet: Series, until: str) -> Section:
    """How fast did the tokens come, beside what the article states?

    Parameters
    ----------
    ten_dollar, turbo, sonnet : pandas.Series
        Readings of GPT-4o at ten dollars, GPT-4 Turbo and Claude 3.5 Sonnet. [tokens/s]
    until : str
        Day of the last reading in the figure, ISO.
    """
    low, high = facts.stated_range("R09")
    shown = facts.GPT4, facts.TURBO, facts.GPT4O, facts.SONNET
    most = facts.stated("R11")
    stated = [(facts.GPT4O, low, high), (facts.TURBO, 0.0, most)]
    products = [
        (facts.GPT4O, low, high),
        ("Claude 3.5 Sonnet", sonnet.min(), sonnet.max()),
        (facts.TURBO, turbo.min(), most),
    ]
    return Section(
        gpt4o_n=len(ten_dollar),
        gpt4o_median=ten_dollar.median(),
        **ends("gpt4o", (ten_dollar.min(), ten_dollar.max())),
        gpt4o_inside=ten_dollar.between(low, high).sum(),
        max_turbo=turbo.max(),
        gpt4o_middle=(low + high) / 2,
        sonnet_median=sonnet.median(),
        readings=pd.concat([catalog.speed_readings(name, until=until) for name in shown]),
        stated=DataFrame(stated, columns=["model", "low", "high"]),
        products=DataFrame(products, columns=["product", "low", "high"]),
    )


def parity(scored: DataFrame, smallest: Series, gap: float, on: str) -> Section:
    """What do open models of known size do?

    Parameters
    ----------
    scored : pandas.DataFrame
        Models on an Arena list.
    smallest : pandas.Series
        The smallest open one that reaches GPT-4.
    gap : float
        Llama 3.3 70B above GPT-4, on a later list. [points]
    on : str
        Day of the list, ISO.
    """
    score = scored.set_index("model").score
    open_models = scored[scored.open_weights & scored.total_params.notna()]
    gpt4, large2 = facts.model(facts.GPT4), facts.model(facts.MISTRAL)
    return Section(
        arena_day=on,
        n_open=len(open_models),
        n_open_above=(open_models.score >= score[facts.GPT4]).sum(),
        **named("smallest", smallest, "model total_params"),
        gap_large2_opus=score[facts.MISTRAL] - score[facts.OPUS],
        gap_large2_gpt4=score[facts.MISTRAL] - score[facts.GPT4],
        gap_llama33_gpt4=gap,
        times_large2=gpt4.total_params / large2.total_params,
        times_large2_active=gpt4.active_params / large2.total_params,
        open_models=open_models,
        closed=scored[scored.model.isin([facts.GPT4, facts.OPUS, facts.GPT4O])],
    )


def options(
    chip: str, published: bool, usd_per_gpu_hour: float, context: float, acceptance: float
) -> dict[str, Any]:
    """How the essay's model serves: on the chip of its figure, or on one by its data sheet.

    Parameters
    ----------
    chip : str
        Name in ``accelerators.csv``.
    published : bool
        Take the rates of the published figure instead.
    usd_per_gpu_hour, context, acceptance : float
        As of `llmecon_book.essay.halvings_frontier`. [USD/h, tokens, 1]
    """
    how = {"usd_per_gpu_hour": usd_per_gpu_hour, "context": context, "acceptance": acceptance}
    if published:
        return {"machine": essay.H200, **how}
    return {"machine": essay.machine_of(catalog.accelerator(chip), usd_per_gpu_hour), **how}


def served(
    curves: DataFrame,
    changed: DataFrame,
    bought: tuple[float, float],
    how: dict[str, Any],
    draft: str,
    price: Section,
    speed: Section,
) -> Section:
    """What would GPT-4 cost to serve, and how much hangs on the assumptions?

    Parameters
    ----------
    curves, changed : pandas.DataFrame
        From `llmecon_book.essay.halvings_frontier` and `llmecon_book.essay.reach`.
    bought : tuple of float
        GPT-4's speed at GPT-4o's price, and its cost at GPT-4 Turbo's speed.
        [tokens/s, USD per million tokens]
    how : dict
        From `options`.
    draft : str
        The model that drafts.
    price, speed : Section
        From `prices` and `speeds`.
    """
    at_ten, usd = map(float, bought)
    wanted, turbo = facts.stated_range("R09")[0], facts.stated("R11")
    usd_eighth = float(cost.cheapest_at(curves[curves.fraction == facts.EIGHTH], turbo))
    sold = np.isfinite(usd)
    alone, pairs = (changed[changed.n_changes == n].set_index("setting") for n in (1, 2))
    return Section(
        rent=how["usd_per_gpu_hour"],
        frontier_chip=how["machine"].name,
        gpt4_at_ten=at_ten,
        gpt4_max=curves.tokens_per_s[curves.fraction == 1.0].max(),
        reaches="reaches" if at_ten >= wanted else "does not reach",
        gpt4_at_55=_sum(usd, ".1f"),
        eighth_at_55=_sum(usd_eighth, ".2f"),
        eighth_cheaper=f"{usd / usd_eighth:.0f}" if sold else "infinitely many",
        turbo_markup=f"{price.turbo_price / usd:.1f}" if sold else "0",
        at_half_dollar=alone.tokens_per_s["half a dollar an hour"],
        at_8_bits=alone.tokens_per_s["8 bits"],
        at_8_bits_most=alone.fastest["8 bits"],
        at_nine_kept=alone.tokens_per_s["nine of ten drafted tokens kept"],
        at_pipeline=alone.tokens_per_s["layers in a pipeline"],
        n_alone=len(alone),
        n_alone_reach=(alone.tokens_per_s >= wanted).sum(),
        n_alone_slowest=(alone.tokens_per_s >= speed.gpt4o_low).sum(),
        n_pairs=len(pairs),
        n_pairs_reach=(pairs.tokens_per_s >= wanted).sum(),
        pairs_best=pairs.tokens_per_s.max(),
        curves=curves,
        sold=speed.products.assign(
            usd_per_mtok=[price.gpt4o_price, price.sonnet_price, price.turbo_price]
        ),
        case=Series({"draft": draft, "context": how["context"]}),
    )


def _sum(usd: float, form: str) -> str:
    return format(usd, form) if np.isfinite(usd) else "no finite sum of"


def read_off(
    seen: Mapping[str, tuple[float, float]],
    curves: Iterable[DataFrame],
    margin: float,
    rent: dict[str, float],
) -> Section:
    """What size does the article's own reading give?

    Parameters
    ----------
    seen : mapping of str to tuple of float
        Price and speed of GPT-4o and of Claude 3.5 Sonnet. [USD per million tokens, tokens/s]
    curves : iterable of pandas.DataFrame
        What `llmecon_book.essay.readings` gives for each of them, for the figure.
    margin : float
        Price over cost assumed in the text. [times]
    rent : dict
        ``usd_per_gpu_hour`` of an H200. [USD/h]
    """
    stated = {"gpt4o": facts.stated("R01"), "sonnet": facts.stated("R03")}
    found: dict[str, Any] = {}
    for (key, size), product in zip(stated.items(), seen.values(), strict=True):
        read = essay.readings(*product, margins=[margin], contexts=[*_CONTEXTS], **rent)
        for params, (context, word) in zip(read.total_params, _CONTEXTS.items(), strict=True):
            need = essay.margin_needed(size, *product, context=context, **rent)
            found |= {f"read_{key}_{word}": short(params), f"need_{key}_{word}": need}
    tried = pd.concat(curves, keys=seen, names=["product", ""]).reset_index("product")
    return Section(
        margin="at cost" if margin == 1.0 else f"at {margin:g} times the cost",
        **found,
        curves=tried.assign(case=tried["product"] + ", " + tried.context.map(_CONTEXTS)),
        stated=Series({"Sonnet": stated["sonnet"], "GPT-4o": stated["gpt4o"]}, name="total_params"),
    )


def tested(served: DataFrame, tried: DataFrame, narrow: DataFrame) -> Section:
    """How good is such an inference where the truth is known?

    Parameters
    ----------
    served : pandas.DataFrame
        Offers of open models.
    tried, narrow : pandas.DataFrame
        From `llmecon.sizing.evaluate`: as it is, and with the spread of the training rows alone.
    """
    scores = sizing.summary(tried).set_index(["of", "method"])
    learned = sizing.summary(narrow).set_index(["of", "method"])
    total, active = scores.loc["total_params"], scores.loc["active_params"]
    line_total, line_active = (of.loc["price and speed, log-linear"] for of in (total, active))
    ours = total.loc[sizing.METHOD]
    by_size = sizing.by_true_size(tried, [0, 5e10, 3e11, 1e13])
    best, best_active = (str(of.median_factor.idxmin()) for of in (total, active))
    same = best == best_active
    offers = tried[(tried.method == sizing.METHOD) & (tried.of == "total_params")]
    deepseek = offers[offers.model == facts.DEEPSEEK_V3].iloc[0]
    errors = scores.reset_index().rename(columns={"of": "which"})
    errors = errors.replace({"which": _WHICH, "method": _NAMES})
    return Section(
        test_days=", ".join(sorted(served.date.dt.strftime("%Y-%m-%d").unique())),
        test_models=served.model.nunique(),
        **named("total", ours, "n median_factor factor_90 coverage_80"),
        **named("active", active.loc[sizing.METHOD], "median_factor coverage_80"),
        **named("line", line_total, "median_factor factor_90"),
        line_active=line_active.median_factor,
        typical_active=active.median_factor["typical size"],
        **named("learned", learned.loc["total_params", sizing.METHOD], "median_factor coverage_80"),
        learned_active=learned.coverage_80["active_params", sizing.METHOD],
        **named("small", by_size.iloc[0], "n n_under"),
        **named("large", by_size.iloc[-1], "n n_under"),
        per_tenfold=sizing.read_per_tenfold(tried),
        width=sizing.Assumptions().widened,
        aim="met" if ours.median_factor <= 2.0 else "missed",
        tail="worse" if ours.factor_90 > line_total.factor_90 else "better",
        best_total=_NAMES.get(best, best),
        best_active="the same one" if same else _NAMES.get(best_active, best_active),
        **named("v3", deepseek, "predicted true below_true"),
        offers=offers,
        errors=errors,
    )


def inferred(sizes: Mapping[str, sizing.Inference], prior: sizing.Sizes, speed: float) -> Section:
    """What does it say about GPT-4o and Claude 3.5 Sonnet?

    Parameters
    ----------
    sizes : mapping of str to llmecon.sizing.Inference
        ``gpt4o``, ``sonnet`` and ``turbo``: sizes that agree with price and speed.
    prior : llmecon.sizing.Sizes
        Sizes of open models of the day, before any price is seen.
    speed : float
        Of GPT-4o. [tokens/s]
    """
    gpt4o, gpt4 = sizes["gpt4o"], facts.size(facts.GPT4)
    low, high = gpt4o.interval(0.8)
    shares = gpt4o.drivers.total_params
    shares = shares[shares > 0.005].rename(_ASSUMPTIONS)
    smaller = gpt4o.chance_below(gpt4)
    found: dict[str, Any] = {}
    for key, each in sizes.items():
        found |= {
            f"inferred_{key}": float(each.quantile(0.5)),
            **ends(f"inferred_{key}", each.interval()),
        }
    return Section(
        **found,
        inferred_gpt4o_active=float(gpt4o.quantile(0.5, of="active_params")),
        inferred_sonnet_active=float(sizes["sonnet"].quantile(0.5, of="active_params")),
        inside_gpt4o=inside(gpt4o, facts.stated("R01")),
        inside_sonnet=inside(sizes["sonnet"], facts.stated("R03")),
        turbo_verdict=inside(sizes["turbo"], gpt4),
        **ends("prior", prior.interval()),
        prior_smaller=prior.chance_below(gpt4),
        smaller_than_gpt4="more than 99 %" if smaller > 0.99 else f"{smaller:.0%}",
        half_width=(high / low) ** 0.5,
        driver_first=shares.index[0],
        driver_second=shares.index[1],
        chips_tried=", ".join(gpt4o.set_up.chip.unique()),
        speed_4o=speed,
        shares=shares.rename_axis("assumption").reset_index(name="share"),
    )


def inside(sizes: sizing.Sizes, params: float) -> str:
    """Whether a size lies in the 80 % interval, in a word."""
    low, high = sizes.interval(0.8)
    return "inside" if low < params < high else "outside"


def estimates(upheld: DataFrame, ours: Mapping[str, sizing.Inference]) -> Section:
    """What do other estimators say?

    Parameters
    ----------
    upheld : pandas.DataFrame
        Rows of ``size_estimates.csv`` with a central value that nobody has withdrawn.
    ours : mapping of str to llmecon.sizing.Inference
        What this chapter infers, by model.
    """
    uses = zip(upheld.circular_with_price, upheld.circular_with_speed, strict=True)
    basis = [_USES.get(pair, "not stated") for pair in uses]
    published = upheld.assign(by=upheld.estimator, basis=basis)
    published = published.rename(columns={"total_low": "low", "total_high": "high"})
    columns = ["model", "by", "basis", "total_params", "low", "high"]
    inferred = [
        (name, "this chapter", "price and speed", *sizes.quantile([0.5, 0.1, 0.9]))
        for name, sizes in ours.items()
    ]
    every = pd.concat(
        [
            published.loc[published.model.isin([*ours]), columns],
            DataFrame(inferred, columns=columns),
        ]
    ).sort_values(["model", "basis"], ascending=[False, True])
    of_gpt4o = every[every.model == facts.GPT4O]
    probe = of_gpt4o[of_gpt4o.basis == "neither"].iloc[0]
    of_gpt4 = published[(published.model == facts.GPT4) & (published.by == probe.by)].iloc[0]
    stated = [(facts.GPT4O, facts.stated("R01")), (facts.SONNET, facts.stated("R03"))]
    return Section(
        all_low=of_gpt4o[["total_params", "low"]].min().min(),
        all_high=of_gpt4o[["total_params", "high"]].max().max(),
        **named("probe", probe, "by total_params low high"),
        **named("probe_gpt4", of_gpt4, "total_params low high"),
        gpt4_reported=facts.size(facts.GPT4),
        readings=every,
        stated=DataFrame(stated, columns=["model", "total_params"]),
    )


def exercise(ratio: float) -> Section:
    """What does the square-root rule give for GPT-4o, at so many times GPT-4 Turbo's speed?"""
    size = facts.size(facts.GPT4) / ratio**2
    return Section(ex_speed_ratio=ratio, ex_size_ratio=ratio**2, ex_size=size)
