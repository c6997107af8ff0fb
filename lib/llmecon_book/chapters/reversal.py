"""Did the models shrink? What each section finds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from llmecon import catalog, cost, sizing
from llmecon.accelerator import storage_bytes
from llmecon.transformer import Transformer
from llmecon_book import essay, facts, ledger
from llmecon_book.chapters import Section, ends, named
from llmecon_book.words import as_part

_ESTIMATE = ["model", "by", "basis", "total_params", "low", "high"]
_USES = {
    ("true", "true"): "price and speed",
    ("true", "false"): "price",
    ("false", "false"): "neither",
}
_EITHER = {
    (True, True): "reaches that speed by both calculations",
    (True, False): "reaches that speed by the roofline alone",
    (False, True): "reaches that speed by the essay's model alone",
    (False, False): "reaches that speed by neither calculation",
}


def stated_sizes() -> dict[str, float]:
    """Sizes that the article gives. [parameters]"""
    return {facts.GPT4O: facts.stated("R01"), facts.SONNET: facts.stated("R03")}


def prices(on: str) -> Section:
    """What did a token cost on a day (ISO)?"""
    sold = facts.flagships(facts.MAKERS).sort_values(["provider", "effective_date"])
    sold = sold[sold.effective_date >= facts.released(facts.GPT4)]
    last = sold.drop_duplicates("provider", keep="last")
    read_on = catalog.prices().effective_date.max()
    paid = [facts.list_price(name, on) for name in (facts.GPT4, facts.TURBO, facts.GPT4O)]
    return Section(
        n_prices=len(sold),
        n_first_seen=(sold.date_basis == "first seen").sum(),
        **dict(zip(("gpt4_price", "turbo_price", "gpt4o_price"), paid, strict=True)),
        sonnet_price=facts.list_price(facts.FIRST_SONNET, on),
        price_fall=paid[0] / paid[-1],
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
    wanted, most = facts.stated_range("R09"), facts.stated("R11")
    shown = facts.GPT4, facts.TURBO, facts.GPT4O, facts.SONNET
    stated = [(facts.GPT4O, *wanted), (facts.TURBO, 0.0, most)]
    of_sonnet = ("Sonnet", sonnet.min(), sonnet.max())
    products = [stated[0], of_sonnet, ("Turbo", turbo.min(), most)]
    return Section(
        **ends("wanted", wanted),
        turbo_stated=most,
        gpt4o_n=len(ten_dollar),
        gpt4o_median=ten_dollar.median(),
        **ends("gpt4o", (ten_dollar.min(), ten_dollar.max())),
        gpt4o_inside=ten_dollar.between(*wanted).sum(),
        max_turbo=turbo.max(),
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


def cases(
    shape: Transformer, ours: DataFrame, usd_per_mtok: float, how: dict[str, Any]
) -> dict[str, list[float]]:
    """Speed of a shape at a price, with its band, when the roofline's provider does otherwise.

    Parameters
    ----------
    ours : pandas.DataFrame
        From `llmecon_book.essay.roofline_halvings`.
    how : dict
        Its arguments. Changed are the accelerators, the rents, the formats and the draft.
    """

    def line(**change: Any) -> DataFrame:
        return essay.roofline_halvings(shape, fractions=(1.0,), **how | change)

    whole, int4, kept = ours[ours.fraction == 1.0], {"weights": ["int4"]}, {"acceptance": 0.9}
    drafted, packed, both = line(**kept), line(**int4), line(**int4, **kept)
    half = 2 * usd_per_mtok  # at half the rents a price buys what twice the price did
    lines: dict[str, tuple[list[DataFrame], float]] = {  # the fastest of some, at a price
        "only_h200": ([line(rents={facts.H200: how["rents"][facts.H200]})], usd_per_mtok),
        "only_16": ([line(weights=["bf16"])], usd_per_mtok),
        "half_rent": ([whole], half),
        "acceptance": ([drafted], usd_per_mtok),
        "weights": ([whole, packed], usd_per_mtok),
        "two": ([drafted, both], usd_per_mtok),
        "three": ([drafted, both], half),
    }
    return {
        name: np.max([speed_at(each, shape, usd) for each in every], axis=0).tolist()
        for name, (every, usd) in lines.items()
    }


def speed_at(line: DataFrame, shape: Transformer, usd: float) -> list[float]:
    """Speed at a price, and the ends of its band. [tokens/s]"""
    return [float(cost.fastest_at(each, usd)) for each in (line, *cost.band(line, shape))]


def served(
    shape: Transformer,
    ours: DataFrame,
    theirs: DataFrame,
    otherwise: Mapping[str, list[float]],
    price: Section,
    speed: Section,
    how: Mapping[str, Any],
) -> Section:
    """What would GPT-4 cost to serve, by the roofline and by the essay's model?

    Parameters
    ----------
    shape : llmecon.transformer.Transformer
        GPT-4's, as reported.
    ours, theirs : pandas.DataFrame
        From `llmecon_book.essay.roofline_halvings` and `llmecon_book.essay.halvings_frontier`.
    otherwise : mapping
        From `cases`.
    price, speed : Section
        From `prices` and `speeds`.
    how : mapping
        Formats and drafts of the roofline.
    """
    ten, wanted, turbo = price.gpt4o_price, speed.wanted_low, speed.turbo_stated
    whole, essays = (curves[curves.fraction == 1.0] for curves in (ours, theirs))
    gpt4, sonnet = (speed_at(whole, shape, usd) for usd in (ten, price.sonnet_price))
    in_essay = float(cost.fastest_at(essays, ten))
    eighth = ours[ours.fraction == facts.EIGHTH]
    usd = {"gpt4": whole, "essay": essays, "eighth": eighth}
    at_55 = {key: float(cost.cheapest_at(line, turbo)) for key, line in usd.items()}
    by_ours, by_theirs = (_largest(curves, ten, wanted) for curves in (ours, theirs))
    fits = f"By the roofline {by_ours}; by the essay's model {by_theirs}"
    if by_ours == by_theirs:
        fits = f"By both calculations {by_ours}"
    open_to = "rules out", "does not rule out", "does not rule out"
    drafting = "a small model drafts tokens and the large one checks them"
    return Section(
        bits=" or ".join(f"{8 * storage_bytes(name):.0f}" for name in how["weights"]),
        drafting=drafting
        if how["acceptance"]
        else "no small model drafts tokens for the large one",
        gpt4_at_ten=gpt4[0],
        **ends("gpt4_at_ten", gpt4[1:]),
        gpt4_in_essay=in_essay,
        gpt4_max=whole.tokens_per_s.max(),
        sure=by_band(gpt4, wanted, ("probably", "perhaps", "not necessarily")),
        reach=_EITHER[bool(gpt4[0] >= wanted), bool(in_essay >= wanted)],
        slowest=by_band(gpt4, speed.gpt4o_low, ("beyond", "within", "within")),
        fits=fits,
        best_chip=["no accelerator", *whole.chip[whole.usd_per_mtok <= ten]][-1],
        sonnet_at=sonnet[0],
        **ends("sonnet_at", sonnet[1:]),
        sonnet_open=by_band(sonnet, speed.sonnet_median, open_to),
        **{f"{key}_at_55": _sum(each) for key, each in at_55.items()},
        turbo_markup=_sum(price.turbo_price / at_55["gpt4"]),
        room="could" if price.turbo_price > at_55["gpt4"] else "could not",
        eighth_times=_sum(at_55["gpt4"] / at_55["eighth"]),
        **{f"if_{name}": speeds[0] for name, speeds in otherwise.items()},
        **ends("if_two", otherwise["two"][1:]),
        two_reach=by_band(otherwise["two"], wanted, ("remains below", "may reach", "reaches")),
        curves=ours,
        theirs=essays,
        **dict(zip(("slow", "fast"), cost.band(whole, shape), strict=True)),
        sold=speed.products.assign(usd_per_mtok=[ten, price.sonnet_price, price.turbo_price]),
    )


def by_band(speeds: list[float], wanted: float, words: tuple[str, str, str]) -> str:
    """A word for a speed that is out of reach, that the band may hold, or that is reached."""
    middle, _, high = speeds
    return words[int(high >= wanted) + int(middle >= wanted)]


def _largest(curves: DataFrame, usd: float, wanted: float) -> str:
    """Which copies reach a speed for a price, in words."""
    reached = curves[(curves.usd_per_mtok <= usd) & (curves.tokens_per_s >= wanted)].fraction
    if reached.empty:
        return "no copy does"
    if reached.max() == 1:
        return "even a copy of the full size does"
    return f"the largest copy that does has one {as_part(1 / reached.max())} of the size"


def _sum(usd: float) -> str:
    """A number of dollars, or of times, where a model may be too slow at any price."""
    if np.isinf(usd):
        return "infinitely many"
    return "no known number of" if np.isnan(usd) else f"{usd:.2g}"


def closed(day: str, *, later: bool = False) -> dict[str, sizing.Reading]:
    """What price and speed say about three closed models on a day (ISO), or by later offers too."""
    names = (facts.TURBO, facts.SONNET, facts.GPT4O)
    return {name: facts.read_size(name, day, later=later) for name in names}


def sizes(
    day: str, known: Mapping[str, sizing.Reading], prior: sizing.Sizes, tested: DataFrame
) -> Section:
    """What do price and speed say about GPT-4o, Claude 3.5 Sonnet and GPT-4 Turbo?

    Parameters
    ----------
    day : str
        What was known by then, ISO.
    known : mapping of str to llmecon.sizing.Reading
        From `closed`.
    prior : llmecon.sizing.Sizes
        Sizes of the open models of the day, before any price is seen.
    tested : pandas.DataFrame
        From `llmecon.sizing.summary`.
    """
    gpt4, gpt4o = facts.size(facts.GPT4), known[facts.GPT4O]
    stated = stated_sizes() | {facts.TURBO: gpt4}
    most = gpt4o.n_models / (gpt4o.n_models + 1)
    found: dict[str, Any] = {}
    for key, (model, size) in zip(("gpt4o", "sonnet", "turbo"), stated.items(), strict=True):
        of = known[model].total_params
        low, high = of.interval()
        found |= {f"inferred_{key}": of.median, **ends(f"inferred_{key}", (low, high))}
        found[f"inside_{key}"] = "inside" if low < size < high else "outside"
    return Section(
        **found,
        sold_on=day,
        active_gpt4o=gpt4o.active_params.median,
        **named("known", gpt4o, "n_models n_offers"),
        **named("total", tested.loc["total_params", sizing.METHODS[0]], "median_factor coverage"),
        prior_smaller=prior.chance_below(gpt4),
        smaller=min(gpt4o.total_params.chance_below(gpt4), most),
        range_width=found["inferred_gpt4o_high"] / found["inferred_gpt4o_low"],
        readings=drawn(known, "price and speed"),
        stated=Series(stated, name="total_params"),
    )


def drawn(found: Mapping[str, sizing.Reading], basis: str, by: str = "") -> DataFrame:
    """What a figure of sizes draws of some readings."""
    sizes = {model: each.total_params.quantile([0.5, 0.1, 0.9]) for model, each in found.items()}
    return DataFrame([(m, by, basis, *of) for m, of in sizes.items()], columns=_ESTIMATE)


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
    shown, gpt4 = stated_sizes(), facts.size(facts.GPT4)
    own = drawn({model: ours[model] for model in shown}, "price and speed", "this chapter")
    every = pd.concat([published.loc[published.model.isin(shown), _ESTIMATE], own])
    every = every.sort_values(["model", "basis"], ascending=[False, True])
    of_gpt4o = every[every.model == facts.GPT4O]
    probe = of_gpt4o[of_gpt4o.basis == "neither"].iloc[0]
    of_gpt4 = published[(published.model == facts.GPT4) & (published.by == probe.by)].iloc[0]
    return Section(
        n_estimates=len(of_gpt4o),
        n_below=(of_gpt4o.total_params < gpt4).sum(),
        **ends("all", [*of_gpt4o.total_params, *of_gpt4o.low.dropna(), *of_gpt4o.high.dropna()]),
        **named("probe", probe, "by total_params low high"),
        **named("probe_gpt4", of_gpt4, "total_params low high"),
        probe_overlap="overlap" if probe.high >= of_gpt4.low else "do not overlap",
        gpt4_reported=gpt4,
        sonnet_behind=ledger.claim("R16").value,
        readings=every,
        stated=Series(shown, name="total_params"),
    )
