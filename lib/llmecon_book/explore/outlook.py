"""What was expected, and what came? The reader picks an ability and sees what it takes."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from llmecon import catalog, trends
from llmecon_book import facts
from llmecon_book.charts import theme
from llmecon_book.charts.common import date_x, finish, kinds, log_y
from llmecon_book.explore import Control, Explorable, State
from llmecon_book.ledger.propositions import CLEARLY_LESS
from llmecon_book.words import as_day, as_month, short

_LEVELS = ("GPT-3.5 Turbo", facts.GPT4, facts.TURBO, facts.GPT4O, facts.SONNET, "o1", facts.GPT5)
_COUNTED = {"all parameters": "total_params", "active parameters": "active_params"}
_READ = ("Open models as able", "The first had", "The smallest has")
_STEP, _OTHER, _END = "smallest so far", "as able, not smaller", "on the day of the list"
_TIPS = ["model", "date:T", "params", "part"]
_MONTHS = 12


def ability_ladder() -> Explorable:
    """The smallest open model that is as able in chat as a closed one, as time went on."""
    dates = catalog.scores().query("benchmark == @facts.ARENA").date
    days = {as_day(day): day for day in sorted(dates.unique())}
    return Explorable(
        key="ladder",
        question="Did the needed size fall?",
        controls=(
            Control(
                name="level",
                label="As able in chat as",
                options=dict(zip(_LEVELS, _LEVELS, strict=True)),
                default=facts.GPT4,
            ),
            Control(name="day", label="By the Arena list of", options=days, default=[*days][-1]),
            Control(
                name="counted",
                label="Size counts",
                options={name: name for name in _COUNTED},
                default="all parameters",
            ),
        ),
        state=_ladder,
        chart=_ladder_chart,
        source="Arena lists in arena_lists.csv and scores.csv; sizes from models.csv.",
        tries=(
            f"Choose {facts.GPT4O} and count active parameters: they fell where all parameters "
            "hardly did.",
            f"Choose {facts.GPT4O} and the list of {next(iter(days))}: no open model is as able.",
            f"Choose {facts.GPT5}: its level shrank within a few months of 2026.",
        ),
    )


def _ladder(level: str, day: pd.Timestamp, counted: str) -> State:
    scored = facts.scored_models(facts.ARENA, day)
    scored = scored.assign(total_params=scored[_COUNTED[counted]])  # what the staircase goes by
    score: float | None = scored.set_index("model").score.get(level)
    listed = as_day(day)
    able = scored[scored.open_weights & scored.total_params.notna() & (scored.score >= score)]
    if score is None or able.empty:
        best = scored[scored.open_weights].iloc[0]
        missing = f"The Arena list of {listed} does not hold {level}"
        none = f"No open model on the Arena list of {listed} is as able as {level}"
        points = "" if score is None else f"; {level} has {score:,.0f}"
        return State(
            title=missing if score is None else none,
            sentence=f"The best open model, {best.model}, has {best.score:,.0f} points{points}. "
            "Points of two lists do not compare.",
            readout=dict.fromkeys(_READ, "none"),
            rows=_rows(able, able, day),
        )
    steps = facts.smallest_at_score(scored, level=score)
    first, last = steps.iloc[0], steps.iloc[-1]
    times = first.total_params / last.total_params
    months = _MONTHS * trends.elapsed_years(first.open_date, last.open_date)
    shrank = f"shrank {times:.1f} times in {months:.0f} months"
    read = str(len(able)), short(first.total_params), short(last.total_params)
    later = f"the last that was smaller is {_said(last)}"
    if len(steps) == 1:
        later = "none that came later is smaller"
    return State(
        title=f"The smallest open model at {level}’s level "
        f"{shrank if times * CLEARLY_LESS > 1 else 'did not clearly shrink'}, counting {counted}",
        sentence=f"The first was {_said(first)}; {later}. On the list of {listed} the level is "
        f"{score:,.0f} points.",
        readout=dict(zip(_READ, read, strict=True)),
        rows=_rows(steps, able[~able.model.isin(steps.model)], day),
    )


def _said(row: pd.Series) -> str:
    return f"{row.model} with {short(row.total_params)} ({as_month(row.open_date)})"


def _rows(steps: pd.DataFrame, others: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Steps of the staircase, its end on the day of the list, and the models that are no step."""
    parts = {_STEP: steps, _OTHER: others, _END: steps.tail(1).assign(open_date=day)}
    rows = pd.concat([frame.assign(part=part) for part, frame in parts.items()])
    rows = rows.sort_values("open_date", kind="stable", ignore_index=True)
    # The day as local time, or it would be the day before in the west.
    days = pd.to_datetime(rows.open_date).dt.strftime("%Y-%m-%dT00:00:00")
    return pd.DataFrame(
        {"model": rows.model, "part": rows.part, "date": days, "params": rows.total_params}
    )


def _ladder_chart(rows: pd.DataFrame, every: pd.DataFrame) -> alt.LayerChart:
    x = date_x("date", "Weights open since").scale(domain=[every.date.min(), every.date.max()])
    y = log_y("params", every.params, title="Parameters, log scale [parameters]")
    base = alt.Chart(rows)
    line = base.transform_filter(f"datum.part != '{_OTHER}'")
    marks = base.transform_filter(f"datum.part != '{_END}'")
    steps = base.transform_filter(f"datum.part == '{_STEP}'").transform_window(
        nth="row_number()", sort=[alt.SortField("date")]
    )
    # A line comes down into every step but the first, and models stand to the right of that.
    sides: dict[str, Any] = {"datum.nth == 1": {}, "datum.nth > 1": {"align": "left", "dx": 6}}
    return finish(
        line.mark_line(interpolate="step-after", color=theme.BLUE).encode(x, y),
        marks.mark_point(filled=True, size=60, opacity=1).encode(
            x, y, *kinds("part", "Open model", [_STEP, _OTHER]), tooltip=_TIPS
        ),
        *(
            steps.transform_filter(which).mark_text(dy=-11, **side).encode(x, y, text="model:N")
            for which, side in sides.items()
        ),
        takeaway="",  # of the setting, as is the description
        description="",
        height=320,
    )
