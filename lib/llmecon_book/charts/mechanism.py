"""Figures of the page on why a large model is slow and expensive."""

from __future__ import annotations

import altair as alt

from llmecon_book.chapters import Section
from llmecon_book.charts import common, layers, texts, theme


def step_by_users(found: Section) -> alt.LayerChart:
    """Time of one step and of its parts against the users that share it, on log scales."""
    data = common.tidy(found.terms, ["part", "users", "ms"])
    x = common.log_x("users", data.users, title="Users at once, log scale [users]", counts=False)
    y = common.log_y("ms", data.ms, title="Time, log scale [ms]", counts=False)
    ends = common.last_of_each(data, "part", "users")
    of_part = common.series("part", "Part of a step", data.part)
    return common.finish(
        alt.Chart(data).mark_line().encode(x, y, *of_part, tooltip=["part", "users", "ms"]),
        layers.rule_at(x, float(found.crowd), **layers.DOTTED),
        **texts.told("mechanism.step_by_users", found, data, ends=ends),
        height=340,
    )


def price_curves(found: Section) -> alt.LayerChart:
    """Least cost at each speed of one user, a curve a model, on log scales."""
    columns = ["model", "tokens_per_s", "usd_per_mtok", "batch", "chips"]
    data = common.tidy(found.curves, columns)
    title = "Speed for one user, log scale [tokens/s]"
    x = common.log_x("tokens_per_s", data.tokens_per_s, [found.fast], title=title, counts=False)
    title = "Cost, log scale [USD per million output tokens]"
    y = common.log_y("usd_per_mtok", data.usd_per_mtok, title=title, counts=False)
    first = data.groupby("model", sort=False).head(1)
    last = data.groupby("model", sort=False).tail(1)
    named = alt.Chart(last.assign(name=last.model.str.split().str[-1]))
    of_model = common.series("model", "Model", data.model)
    return common.finish(
        alt.Chart(data).mark_line().encode(x, y, *of_model, tooltip=columns),
        layers.rule_at(x, found.fast, **layers.DOTTED),
        named.mark_text(align="right", dx=-8, dy=6, color=theme.INK).encode(x, y, text="name:N"),
        **texts.told("mechanism.price_curves", found, data, least=first),
        height=360,
    )
