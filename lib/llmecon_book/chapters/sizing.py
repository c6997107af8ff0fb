"""How well do price and speed tell a size? What each section finds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from llmecon import catalog, sizing
from llmecon.sizing.line import blend
from llmecon_book import essay, facts
from llmecon_book.chapters import Section, ends, named, reversal

_MARGINS = (*range(1, 11), 15, 20, 25, 30)  # price over cost tried in the figure [times]
_EDGES = (0, 2e10, 1e11, np.inf)  # [parameters]
_GROUPS = ("below 20 billion", "from 20 to 100 billion", "from 100 billion up")
_KEYS = {"total_params": "total", "active_params": "active"}
_WHICH = {"total_params": "total", "active_params": "active"}
_LINE = sizing.METHODS[0]


def line(reading: sizing.Reading, day: str) -> Section:
    """How is a size read off price and speed, by what was known on a day (ISO)?"""
    table, used = catalog.table("served_offers"), sizing.offers()
    turbo = catalog.price_on(facts.TURBO, day)
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
        first_list=used.date.min(),
        last_list=used.date.max(),
        sold_on=day,
        dearest=float(np.exp(dearest)),
        turbo_blended=float(blend(turbo.input_usd_per_mtok, turbo.output_usd_per_mtok)),
        **named("known", reading, "n_offers n_models"),
        **slopes,
    )


def tested(by_family: DataFrame, by_date: DataFrame, firsts: DataFrame) -> Section:
    """How good is the line where the truth is known, beside simpler rules?

    Parameters
    ----------
    by_family, by_date : pandas.DataFrame
        From `llmecon.sizing.evaluate`: each family left out, and each list.
    firsts : pandas.DataFrame
        From `llmecon.sizing.firsts`.
    """
    found: dict[str, Any] = {}
    for out, rows in (("", by_family), ("_dated", by_date)):
        held = _held(rows)
        for kind, row in sizing.summary(rows).xs(_LINE, level="method").iterrows():
            key = _KEYS[str(kind)] + out
            found |= named(key, row, "median_factor low high p90_factor coverage")
            found |= {f"{key}_{i}": share for i, share in enumerate(held[_KEYS[str(kind)]])}
    errors = sizing.summary(by_family).reset_index()
    pairs = zip(errors.method, errors.of, strict=True)
    leads = [sizing.lead(by_family, rule, of=kind)[1:] for rule, kind in pairs]
    errors["lead_low"], errors["lead_high"] = zip(*leads, strict=True)
    for kind, key in _KEYS.items():
        of = errors[(errors.of == kind) & (errors.method != _LINE)].set_index("method")
        found |= {
            f"{key}_ahead": "; ".join(of.index[of.lead_high < 1]) or "none",
            f"{key}_level": "; ".join(of.index[of.lead_high >= 1]) or "none",
            f"{key}_first": _first(firsts[kind]),
        }
    totals = by_family[(by_family.method == _LINE) & (by_family.of == "total_params")]
    small, large = totals[totals.true < _EDGES[1]], totals[totals.true >= _EDGES[2]]
    for name, rows in (("small", small), ("large", large)):
        found[f"n_{name}"], found[f"{name}_under"] = len(rows), (rows.predicted < rows.true).sum()
        found[f"{name}_times"] = (rows.predicted / rows.true).median()
    left_out = {"its family": _held(by_family), "its list": _held(by_date)}
    held = pd.concat(left_out).sort_values()
    out, kind, group = held.index[0]
    return Section(
        n_read=len(totals),
        n_families=totals.family.nunique(),
        n_rules=len(sizing.METHODS) - 1,
        total_n_level=int(
            errors[errors.method != _LINE].query("of == 'total_params'").lead_high.ge(1).sum()
        ),
        **found,
        worst=f"{kind} sizes {group} ({out} left out)",
        worst_held=held.iloc[0],
        **named("largest", facts.largest(totals, "true"), "model predicted true below_true"),
        offers=totals,
        errors=errors.replace({"of": _WHICH}),
    )


def _first(times: Series) -> str:
    """The rule that comes first most often, and how often it and the line do."""
    line = "" if times.idxmax() == _LINE else f", the line {times[_LINE]}"
    return f"{times.idxmax()} ({times.max()} times{line})"


def _held(rows: DataFrame) -> Series:
    """Share of true sizes that the intervals of the line hold, by kind and by true size."""
    ours = rows[rows.method == _LINE]
    group = pd.cut(ours.true, _EDGES, labels=_GROUPS, right=False)
    held = ours.true.between(ours.low, ours.high)
    return held.groupby([ours.of.map(_KEYS), group], observed=False).mean()


def closed(known: Mapping[str, sizing.Reading], later: Mapping[str, sizing.Reading]) -> Section:
    """What do later offers change about closed models? Readings by the day's offers and by all."""
    rows = [
        reversal.drawn(of, name, name)
        for name, of in {"known that day": known, "with later ones": later}.items()
    ]
    found: dict[str, Any] = {}
    for key, model in (("gpt4o", facts.GPT4O), ("sonnet", facts.SONNET), ("turbo", facts.TURBO)):
        of = later[model].total_params
        found |= {f"later_{key}": of.median, **ends(f"later_{key}", of.interval())}
    return Section(
        **found,
        inferred_gpt4o=known[facts.GPT4O].total_params.median,
        later_n_offers=later[facts.GPT4O].n_offers,
        readings=pd.concat(rows).sort_values("model", kind="stable"),
        stated=Series(
            reversal.stated_sizes() | {facts.TURBO: facts.size(facts.GPT4)}, name="total_params"
        ),
    )


def read_off(rent: float) -> Section:
    """What does the essay's own model read, for an H200 at a rent? [USD/h]"""
    price, speed = facts.list_price(facts.GPT4O), sum(facts.stated_range("R09")) / 2
    read = essay.readings(price, speed, margins=_MARGINS, usd_per_gpu_hour=rent).dropna()
    need = read[read.total_params <= facts.stated("R01")].groupby("context").margin.min()
    return Section(
        essay_speed=speed,
        essay_price=price,
        **ends("essay", read[read.margin == 1].total_params),
        need_empty=f"{need.get(0.0, np.inf):g}".replace("inf", "no number of"),
        need_long=f"{need.get(1e5, np.inf):g}".replace("inf", "no number of"),
    )
