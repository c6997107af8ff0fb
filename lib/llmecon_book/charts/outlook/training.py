"""How small a model can be, and what its training data say of it."""

from __future__ import annotations

import altair as alt
import pandas as pd

from llmecon_book.charts import theme
from llmecon_book.charts.common import (
    KINDS,
    by_kind_of_params,
    date_x,
    finish,
    kinds_of_params,
    log_x,
    log_y,
    outside,
    series,
    significant,
    spoken,
    tidy,
)
from llmecon_book.charts.layers import names, ranges, rule_at


def iso_loss(curves: pd.DataFrame, floors: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Training tokens that a smaller model needs for the same loss, and where none suffice.

    Parameters
    ----------
    curves : pandas.DataFrame
        ``law``, ``params``, ``tokens``, ``decades_outside`` the law's runs.
    floors : pandas.DataFrame
        ``law``, ``params``: the smallest size that any amount of data brings there.
    takeaway : str
        Title: the finding.
    """
    data = tidy(curves, ["law", "params", "tokens", "decades_outside"], digits=4)
    ends = tidy(floors, ["law", "params"], digits=4)
    of_law = series("law", "Law", data.law)
    x = log_x("params", data.params, ends.params, title="Parameters, log scale [parameters]")
    y = log_y("tokens", data.tokens, title="Training tokens needed, log scale [tokens]")
    lines = alt.Chart(data).mark_line(clip=True).encode(x, y, *of_law)
    rules = alt.Chart(ends).mark_rule(strokeDash=[2, 3]).encode(x, of_law[0])
    return finish(
        rules,
        lines,
        takeaway=takeaway,
        subtitle=outside(data),
        height=340,
        description=(
            "Lines of equal loss: training tokens needed against parameters, both on log scales, "
            "one line a law. Each rises without bound at its floor: "
            f"{spoken(ends, 'law', 'params')}. {outside(data)}."
        ),
    )


def ratios(
    models: pd.DataFrame, *, level: float, named: list[str], takeaway: str
) -> alt.LayerChart:
    """Training tokens for each parameter, and for each one at work, over time.

    Parameters
    ----------
    models : pandas.DataFrame
        ``model``, ``release_date``, ``per_param``, ``per_active``.
    level : float
        Chinchilla's ratio, as a line. [tokens/parameter]
    named : list of str
        Models to label.
    takeaway : str
        Title: the finding.
    """
    data = tidy(models, ["model", "release_date", "per_param", "per_active"], digits=4)
    long = by_kind_of_params(
        data, "per_param", "per_active", kept=["model", "release_date"], value="tokens_per_param"
    )
    title = "Training tokens per parameter, log scale [tokens/parameter]"
    x = date_x("release_date")
    y = log_y("tokens_per_param", long.tokens_per_param, [level], title=title, counts=False)
    is_sparse = data.per_param < data.per_active
    pairs = ranges(data[is_sparse], y, x, low="per_param", high="per_active", opacity=0.5)
    points = (
        alt.Chart(long.dropna())
        .mark_point(filled=True, size=55)
        .encode(
            x,
            y,
            *kinds_of_params(),
            tooltip=["model", "release_date:T", "which", "tokens_per_param"],
        )
    )
    chosen = long[long.model.isin(named) & (long.which == KINDS[0])]
    sparse = chosen.model.isin(data.model[is_sparse])
    first = chosen.release_date == data.release_date.min()  # to its left is the axis
    on_line = chosen.tokens_per_param == significant(level, 4)
    picked = data[data.model.isin(named)]
    return finish(
        rule_at(y, level, color=theme.GREY, strokeDash=[5, 3]),
        pairs,
        points,
        names(chosen[~sparse & first], x, y, "model", align="left", dx=-4, dy=-11),
        names(chosen[~sparse & on_line], x, y, "model", align="center", dy=-11),
        names(chosen[~sparse & ~first & ~on_line], x, y, "model", align="right", dx=-8),
        names(chosen[sparse], x, y, "model", align="center", dy=15),
        takeaway=takeaway,
        height=380,
        description=(
            f"Scatter chart of {len(data)} models on a log scale: training tokens for each "
            "parameter and for each active one, by release date. "
            f"{spoken(picked, 'model', 'per_param', 'per_active')}. Dashed: {level:g}, Chinchilla."
        ),
    )
