"""Figures of the page on what was found wrong in sources; each draws what a section found."""

from __future__ import annotations

import altair as alt

from llmecon_book.chapters import Section
from llmecon_book.charts import theme
from llmecon_book.charts.common import (
    finish,
    kinds,
    last_of_each,
    listed,
    log_x,
    log_y,
    row_y,
    series,
    tidy,
)
from llmecon_book.charts.layers import dots, rule_at
from llmecon_book.words import scientific


def printed_over_computed(found: Section) -> alt.LayerChart:
    """How far each printed number is from the computed one."""
    data = tidy(found.all_cases, ["source", "place", "ratio"], digits=4)
    data["row"] = data.source + ": " + data.place
    title = "Printed over computed, log scale; 1 is right [times]"
    x = log_x("ratio", data.ratio, [1.0], title=title, counts=False)
    said = listed(data, "{row}: {ratio:.3g}")
    return finish(
        rule_at(x, 1.0, color=theme.GREY, strokeWidth=2),
        dots(data, x, row_y("row", data.row, 320), size=90),
        takeaway=(
            f"{found.n_small} of {found.n_errata} printed numbers are within a factor of 1.5; "
            f"the largest slip is a factor of {found.worst_times:.0f}"
        ),
        height=30 * len(data),
        description=f"Dots on a log scale: printed over computed number, 1 is right. {said}.",
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
        takeaway=(
            f"One row of {len(data)} is a misprint: 175B with approach 3 should read "
            f"{scientific(found.a3_computed_flop)} FLOP"
        ),
        height=300,
        description=(
            f"Scatter chart of {len(data)} rows: printed FLOP over 6ND against size, both on log "
            "scales. All lie near 1 except "
            f"{listed(off, '{n_params:short}: {ratio:.3g}') or 'none'}."
        ),
    )


def prescribed(found: Section) -> alt.LayerChart:
    """Size that sets of constants of one formula prescribe, by budget."""
    data = tidy(found.curves, ["law", "flop", "params"], digits=4)
    x = log_x("flop", data.flop, title="Training budget, log scale [FLOP]", counts=False)
    y = log_y("params", data.params, title="Best size by the law, log scale [parameters]")
    said = listed(last_of_each(data, "law", "flop"), "{law}: {params:short}")
    between = abs(found.refit_far["REFIT_240"] / found.refit_far["BESIROGLU_2024"] - 1)
    return finish(
        alt.Chart(data).mark_line().encode(x, y, *series("law", "Constants", data.law)),
        takeaway=(
            f"Between the refits lie {between:.0%} in size, between refit and paper a factor of "
            f"{found.refit_far_ratio:.1f} ({found.refit_far_printed:.1f} as printed)"
        ),
        height=320,
        description=(
            "Rising lines on log scales: compute-optimal size against training budget, one line a "
            f"set of constants. At {f'{data.flop.max():.3g}'.replace('+', '')} FLOP: {said}."
        ),
    )
