"""Figures of the page on why a large model is slow and expensive."""

from __future__ import annotations

import altair as alt

from llmecon_book.chapters import Section
from llmecon_book.charts import common, layers, texts, theme

_RENTS = (0.5, 6.0)  # [USD/h] between which a reader may move it
_RENT = "Rent of one accelerator [USD per hour] "


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
    """Least cost at each speed of one user, a curve a model; the rent can be moved."""
    columns = ["model", "tokens_per_s", "usd_per_mtok", "batch", "chips"]
    data = common.tidy(found.curves, columns)
    title = "Speed for one user, log scale [tokens/s]"
    x = common.log_x("tokens_per_s", data.tokens_per_s, [found.fast], title=title, counts=False)
    title = "Cost, log scale [USD per million output tokens]"
    low, high = min(_RENTS[0], found.rent), max(_RENTS[1], found.rent)
    slider = alt.binding_range(min=low, max=high, step=0.05, name=_RENT)
    rent = alt.param("rent", value=found.rent, bind=slider)
    ends = data.usd_per_mtok.min() * low / 1.5, data.usd_per_mtok.max() * high
    y = common.log_y("usd", [end / found.rent for end in ends], title=title, counts=False)
    # Cost is proportional to the rent: nothing else moves.
    moved = alt.Chart(data).transform_calculate(usd=f"datum.usd_per_mtok * rent / {found.rent}")
    first = data.groupby("model", sort=False).head(1)
    named = moved.properties(data=first.assign(name=first.model.str.split().str[-1]))
    of_model = common.series("model", "Model", data.model)
    return common.finish(
        moved.mark_line().encode(x, y, *of_model, tooltip=columns).add_params(rent),
        layers.rule_at(x, found.fast, **layers.DOTTED),
        named.mark_text(align="left", dy=14, color=theme.INK).encode(x, y, text="name:N"),
        **texts.told("mechanism.price_curves", found, data, least=first),
        height=360,
    )
