"""Figure of a fitted scaling law: the runs, and what the law says lies beyond them."""

from __future__ import annotations

import altair as alt
import pandas as pd

from llmecon.charts.common import COUNT_LABEL, finish, log_x, short, theme, tidy

FLOP, LOSS = "Training compute [FLOP], log scale", "Loss [nats/token]"


def fitted(runs: pd.DataFrame, frontier: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Runs by compute and loss, and the law's compute-optimal loss as a line.

    Parameters
    ----------
    runs : pandas.DataFrame
        ``n_params``, ``flop``, ``loss``, and ``predicted`` by the law.
    frontier : pandas.DataFrame
        ``flop`` and ``loss`` of compute-optimal runs.
    takeaway : str
        Title.
    """
    theme.enable()
    points = tidy(runs, ["n_params", "flop", "loss", "predicted"])
    line = tidy(frontier, ["flop", "loss"])
    x = log_x("flop", points.flop, line.flop, title=FLOP, counts=False)
    y = alt.Y("loss:Q", title=LOSS, scale=alt.Scale(zero=False))
    marks = (
        alt.Chart(points)
        .mark_point(filled=True, size=36)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "n_params:Q",
                title="Parameters",
                scale=alt.Scale(type="log", scheme="viridis"),
                legend=alt.Legend(labelExpr=COUNT_LABEL),
            ),
            tooltip=["n_params", "flop", "loss", "predicted"],
        )
    )
    curve = alt.Chart(line).mark_line(strokeDash=[6, 4]).encode(x=x, y=y)
    worst = (points.predicted / points.loss - 1).abs().max()
    description = (
        f"Scatter of {len(points)} training runs of {short(points.n_params.min())} to "
        f"{short(points.n_params.max())} parameters, loss {points.loss.min():.3f} to "
        f"{points.loss.max():.3f} nats/token, against compute on a log scale. The dashed line is "
        f"the fitted law's compute-optimal loss, {line.loss.iloc[0]:.3f} at "
        f"{line.flop.iloc[0]:.1e} FLOP and {line.loss.iloc[-1]:.3f} at "
        f"{line.flop.iloc[-1]:.1e} FLOP. The law misses no run by more than {worst:.1%}."
    )
    chart = finish(curve, marks, takeaway=takeaway, description=description, height=320)
    return chart.properties(width=560)
