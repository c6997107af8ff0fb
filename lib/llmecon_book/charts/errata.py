"""Figures of the page on what was found wrong in sources; each draws what a section found."""

from __future__ import annotations

import altair as alt

from llmecon_book.chapters import Section
from llmecon_book.charts import theme
from llmecon_book.charts.common import (
    finish,
    kinds,
    last_of_each,
    log_x,
    log_y,
    row_y,
    series,
    tidy,
)
from llmecon_book.charts.layers import dots, rule_at
from llmecon_book.charts.texts import told


def printed_over_computed(found: Section) -> alt.LayerChart:
    """How far each printed number is from the computed one."""
    data = tidy(found.all_cases, ["source", "place", "ratio"], digits=4)
    data["row"] = data.source + ": " + data.place
    title = "Printed over computed, log scale; 1 is right [times]"
    x = log_x("ratio", data.ratio, [1.0], title=title, counts=False)
    return finish(
        rule_at(x, 1.0, color=theme.GREY, strokeWidth=2),
        dots(data, x, row_y("row", data.row, 320), size=90),
        **told("errata.printed_over_computed", found, data),
        height=30 * len(data),
    )


def printed_table(found: Section) -> alt.LayerChart:
    """Printed compute of a table over what its own size and tokens give."""
    data = tidy(found.table, ["approach", "n_params", "ratio"], digits=4)
    x = log_x("n_params", data.n_params, title="Size of the row, log scale [parameters]")
    title = "Printed FLOP over 6ND, log scale [times]"
    y = log_y("ratio", data.ratio, [1.0], title=title, counts=False)
    of_table = kinds("approach", "Table", data.approach)
    off = data[(data.ratio < 0.5) | (data.ratio > 2)]
    return finish(
        rule_at(y, 1.0, color=theme.GREY),
        dots(data, x, y, *of_table, filled=False, size=70),
        **told("errata.printed_table", found, data, off=off),
        height=300,
    )


def prescribed(found: Section) -> alt.LayerChart:
    """Size that sets of constants of one formula prescribe, by budget."""
    data = tidy(found.curves, ["law", "flop", "params"], digits=4)
    x = log_x("flop", data.flop, title="Training budget, log scale [FLOP]", counts=False)
    y = log_y("params", data.params, title="Best size by the law, log scale [parameters]")
    at_ends = last_of_each(data, "law", "flop")
    reach = f"{data.flop.max():.3g}".replace("+", "")
    between = abs(found.refit_far["REFIT_240"] / found.refit_far["BESIROGLU_2024"] - 1)
    return finish(
        alt.Chart(data).mark_line().encode(x, y, *series("law", "Constants", data.law)),
        **told("errata.prescribed", found, data, ends=at_ends, reach=reach, between=between),
        height=320,
    )
