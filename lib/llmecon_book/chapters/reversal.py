"""Did the models shrink? What each section finds."""

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from llmecon import catalog, cost, sizing
from llmecon.sizing.line import blend
from llmecon_book import essay, facts
from llmecon_book.chapters import Section, ends, named
from llmecon_book.words import listed, short

MARGINS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)  # price over cost tried in a figure [times]
_CONTEXTS = {0.0: "empty", 1e5: "100K"}  # [tokens]
_AIMS = {"total_params": 1.45, "active_params": 1.5}  # median errors aimed at [times]
_AIM_OF_TAIL = 4.0  # error that one reading in ten may exceed [times]
_LEAST_HELD = 0.7  # share that an 80 % interval should hold in each of these groups
_EDGES = (0, 2e10, 1e11, np.inf)  # [parameters]
_GROUPS = ("below 20 billion", "from 20 to 100 billion", "from 100 billion up")
_KEYS = {"total_params": "total", "active_params": "active"}
_WHICH = {"total_params": "all", "active_params": "at work on one token"}
_ESTIMATE = ["model", "by", "basis", "total_params", "low", "high"]
_USES = {
    ("true", "true"): "price and speed",
    ("true", "false"): "price",
    ("false", "false"): "neither",
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
    of_sonnet = ("Claude 3.5 Sonnet", sonnet.min(), sonnet.max())
    products = [stated[0], of_sonnet, (facts.TURBO, turbo.min(), most)]
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
    return {"machine": essay.machine(chip, usd_per_gpu_hour, published=published), **how}


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
    sold, asked = np.isfinite(usd), [price.gpt4o_price, price.sonnet_price, price.turbo_price]
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
        sold=speed.products.assign(usd_per_mtok=asked),
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
    stated = _stated()
    found: dict[str, Any] = {
        "margin": f"at {margin:g} times the cost" if margin != 1 else "at cost"
    }
    for key, size, offer in zip(("gpt4o", "sonnet"), stated.values(), seen.values(), strict=True):
        read = essay.readings(*offer, margins=[margin], contexts=[*_CONTEXTS], **rent)
        for params, (context, word) in zip(read.total_params, _CONTEXTS.items(), strict=True):
            need = essay.margin_needed(size, *offer, context=context, **rent)
            found |= {f"read_{key}_{word}": short(params), f"need_{key}_{word}": need}
    tried = pd.concat(curves, keys=seen, names=["product", ""]).reset_index("product")
    return Section(
        **found,
        curves=tried.assign(case=tried["product"] + ", " + tried.context.map(_CONTEXTS)),
        stated=Series(stated, name="total_params")[::-1].rename({facts.SONNET: "Sonnet"}),
    )


def _stated() -> dict[str, float]:
    """Sizes that the article gives. [parameters]"""
    return {facts.GPT4O: facts.stated("R01"), facts.SONNET: facts.stated("R03")}


def readings(
    speeds: Mapping[str, float], day: str, later: bool = False
) -> dict[str, sizing.Reading]:
    """Sizes of closed models by their speeds and the prices in force on a day.

    Parameters
    ----------
    speeds : mapping of str to float
        Output speed by model. [tokens/s]
    day : str
        Day of prices and speeds, ISO.
    later : bool, optional
        Use offers of later days too.
    """
    found = {}
    for model, speed in speeds.items():
        # The price of Claude 3.5 Sonnet never changed; it is listed under the first version.
        price = catalog.price_on(facts.FIRST_SONNET if model == facts.SONNET else model, day)
        paid, given = price.output_usd_per_mtok, price.input_usd_per_mtok
        found[model] = sizing.infer(paid, speed, day, input_usd_per_mtok=given, later=later)
    return found


def line(reading: sizing.Reading, day: str) -> Section:
    """How is a size read off price and speed, by what was known on a day (ISO)?"""
    table, used = catalog.table("served_offers"), sizing.offers()
    first, turbo = used.date.min(), catalog.price_on(facts.TURBO, day)
    dearest = sizing.readings(sizing.offers(day)).log_price.max()
    slopes = {
        f"{_KEYS[kind]}_by_{name}": 2 ** getattr(line, name)
        for kind, line in reading.lines.items()
        for name in ("price", "speed")
    }
    return Section(
        n_table=len(table),
        n_own_chips=table.own_chips.sum(),
        n_used=len(used),
        n_used_models=used.model.nunique(),
        first_list=first,
        last_list=used.date.max(),
        weeks_late=(first - pd.Timestamp(facts.ESSAY_DAY)).days / 7,
        sold_on=day,
        dearest=float(np.exp(dearest)),
        turbo_blended=float(blend(turbo.input_usd_per_mtok, turbo.output_usd_per_mtok)),
        **named("known", reading, "n_offers n_models"),
        **slopes,
    )


_CURVE = "curve through price and speed"


def tested(by_family: DataFrame, by_date: DataFrame) -> Section:
    """How good is the line where the truth is known?

    Parameters
    ----------
    by_family, by_date : pandas.DataFrame
        From `llmecon.sizing.evaluate`: each family left out, and each list.
    """
    ours, *rules = sizing.METHODS
    errors = sizing.summary(by_family)
    found: dict[str, Any] = {}
    for out, rows in (("", by_family), ("_dated", by_date)):
        held = _held(rows)
        for kind, row in sizing.summary(rows).xs(ours, level="method").iterrows():
            key = f"{_KEYS[str(kind)]}{out}"
            found |= named(key, row, "median_factor low high p90_factor coverage")
            found |= {f"{key}_{i}": share for i, share in enumerate(held[_KEYS[str(kind)]])}
    for kind, key in _KEYS.items():
        leads = {rule: sizing.lead(by_family, rule, of=kind) for rule in rules}
        sure = [rule for rule, (_, _, high) in leads.items() if high < 1]
        lead, *between = leads["price alone"]
        found |= {f"{key}_lead": lead, **ends(f"{key}_lead", between)}
        found[f"{key}_curve"] = errors.median_factor[kind, _CURVE]
        found[f"{key}_ahead"] = _all(sure)
        found[f"{key}_level"] = _all([rule for rule in rules if rule not in sure])
        found[f"{key}_aimed_at"] = _AIMS[kind]
        found[f"{key}_aim"] = _aim(found[f"{key}_median_factor"] <= _AIMS[kind])
    found |= ends("curve_lead", sizing.lead(by_family, _CURVE, of="total_params")[1:])
    totals = by_family[(by_family.method == ours) & (by_family.of == "total_params")]
    times = (totals.predicted / totals.true).groupby(_group(totals), observed=False).median()
    held, each = _held(by_family), product(_KEYS.values(), _GROUPS)
    narrow = [f"{key} sizes {group}" for key, group in each if held[key, group] < _LEAST_HELD]
    tails = found["total_p90_factor"], found["active_p90_factor"]
    return Section(
        n_read=len(totals),
        **found,
        tail_aim=_aim(max(tails) <= _AIM_OF_TAIL),
        tail_aimed_at=_AIM_OF_TAIL,
        least_held=_LEAST_HELD,
        narrow=_all(narrow),
        small_times=times.iloc[0],
        large_times=times.iloc[-1],
        **named("largest", facts.largest(totals, "true"), "model predicted true below_true"),
        offers=totals,
        errors=errors.reset_index().replace({"of": _WHICH}),
    )


def _aim(reached: bool) -> str:
    return "met" if reached else "missed"


def _all(names: list[str]) -> str:
    return listed(names) if names else "none"


def _group(rows: DataFrame) -> Series:
    return pd.cut(rows.true, _EDGES, labels=_GROUPS, right=False)


def _held(rows: DataFrame) -> Series:
    """Share of true sizes that the intervals of the line hold, by kind and by true size."""
    ours = rows[rows.method == sizing.METHODS[0]]
    held = ours.true.between(ours.low, ours.high)
    return held.groupby([ours.of.map(_KEYS), _group(ours)], observed=False).mean()


def inferred(
    known: Mapping[str, sizing.Reading], later: Mapping[str, sizing.Reading], prior: sizing.Sizes
) -> Section:
    """What does the line say about GPT-4o, Claude 3.5 Sonnet and GPT-4 Turbo?

    Parameters
    ----------
    known, later : mapping of str to llmecon.sizing.Reading
        From `readings`: by the offers known on the day, and by all.
    prior : llmecon.sizing.Sizes
        Sizes of the open models of the day, before any price is seen.
    """
    gpt4 = facts.size(facts.GPT4)
    stated = _stated() | {facts.TURBO: gpt4}
    found: dict[str, Any] = {}
    for key, (model, size) in zip(("gpt4o", "sonnet", "turbo"), stated.items(), strict=True):
        for when, by in (("inferred", known), ("later", later)):
            sizes = by[model].total_params
            found |= {f"{when}_{key}": sizes.median, **ends(f"{when}_{key}", sizes.interval())}
        found[f"inside_{key}"] = inside(known[model].total_params, size)
    gpt4o = known[facts.GPT4O]
    most = gpt4o.n_models / (gpt4o.n_models + 1)
    rows = {"known that day": known, "with later ones": later}
    return Section(
        **found,
        active_gpt4o=gpt4o.active_params.median,
        active_sonnet=known[facts.SONNET].active_params.median,
        later_n_offers=later[facts.GPT4O].n_offers,
        **ends("prior", prior.interval()),
        prior_smaller=prior.chance_below(gpt4),
        smaller=min(gpt4o.total_params.chance_below(gpt4), most),
        most_sure=most,
        half_width=(found["inferred_gpt4o_high"] / found["inferred_gpt4o_low"]) ** 0.5,
        readings=pd.concat(_rows(each, name, name) for name, each in rows.items()).sort_values(
            "model", ascending=False, kind="stable"
        ),
        stated=Series(stated, name="total_params"),
    )


def _rows(found: Mapping[str, sizing.Reading], by: str, basis: str) -> DataFrame:
    """What a figure of sizes draws of some readings."""
    sizes = {model: each.total_params.quantile([0.5, 0.1, 0.9]) for model, each in found.items()}
    return DataFrame([(m, by, basis, *size) for m, size in sizes.items()], columns=_ESTIMATE)


def inside(sizes: sizing.Sizes, params: float) -> str:
    """Whether a size lies in the 80 % interval, in a word."""
    low, high = sizes.interval()
    return "inside" if low < params < high else "outside"


def estimates(upheld: DataFrame, ours: Mapping[str, sizing.Reading]) -> Section:
    """What do other estimators say?

    Parameters
    ----------
    upheld : pandas.DataFrame
        Rows of ``size_estimates.csv`` with a central value that nobody has withdrawn.
    ours : mapping of str to llmecon.sizing.Reading
        What this chapter reads, by model.
    """
    uses = zip(upheld.circular_with_price, upheld.circular_with_speed, strict=True)
    published = upheld.assign(basis=[_USES.get(pair, "not stated") for pair in uses]).rename(
        columns={"estimator": "by", "total_low": "low", "total_high": "high"}
    )
    shown = [*_stated()]
    own = _rows({model: ours[model] for model in shown}, "this chapter", "price and speed")
    every = pd.concat([published.loc[published.model.isin(shown), _ESTIMATE], own])
    every = every.sort_values(["model", "basis"], ascending=[False, True])
    of_gpt4o = every[every.model == facts.GPT4O]
    probe = of_gpt4o[of_gpt4o.basis == "neither"].iloc[0]
    of_gpt4 = published[(published.model == facts.GPT4) & (published.by == probe.by)].iloc[0]
    return Section(
        all_low=of_gpt4o[["total_params", "low"]].min().min(),
        all_high=of_gpt4o[["total_params", "high"]].max().max(),
        **named("probe", probe, "by total_params low high"),
        **named("probe_gpt4", of_gpt4, "total_params low high"),
        gpt4_reported=facts.size(facts.GPT4),
        readings=every,
        stated=Series(_stated(), name="total_params"),
    )


def exercise(ratio: float) -> Section:
    """What does the square-root rule give for GPT-4o, at so many times GPT-4 Turbo's speed?"""
    size = facts.size(facts.GPT4) / ratio**2
    return Section(ex_speed_ratio=ratio, ex_size_ratio=ratio**2, ex_size=size)
