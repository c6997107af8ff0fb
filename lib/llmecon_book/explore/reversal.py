"""Could GPT-4 be GPT-4o, and how good is a size that is read off price and speed?"""

from __future__ import annotations

from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from llmecon import catalog, cost, sizing
from llmecon.sizing.line import OUTPUT_OVER_INPUT, blend
from llmecon_book import essay, facts, words
from llmecon_book.chapters import reversal as chapter
from llmecon_book.charts import common, theme
from llmecon_book.explore import Control, Explorable, State

# ---- GPT-4's server --------------------------------------------------------------------------

_FORMATS = {"16": ("bf16",), "8": ("bf16", "fp8"), "4": ("bf16", "fp8", "int4")}
_COSTS = np.geomspace(0.5, 50, 13)  # [USD/Mtok] where the curve is drawn
_DIGITS = 3  # of a drawn speed: a step takes a third more or less than computed


def gpt4_server() -> Explorable:
    """Whether GPT-4's reported shape reaches GPT-4o's speed at its price, by the roofline."""
    controls = (
        Control(
            name="chip",
            label="Accelerator",
            options={"H20": "H20 96GB", "H200": facts.H200, "B200 (2025)": facts.B200},
            default="H200",
        ),
        Control(
            name="formats",
            label="Fewest bits a weight may have [bits]",
            options=_FORMATS,
            default="8",
        ),
        Control(
            name="acceptance",
            label="Drafted tokens that are kept [share]",
            options={"no drafting": 0.0, "80%": 0.8, "90%": 0.9},
            default="80%",
        ),
        Control(
            name="context",
            label="Conversation in the cache [tokens]",
            options={"empty": 0, "32,768": 32_768},
            default="empty",
        ),
        Control(
            name="rent",
            label="Rent of one accelerator [USD per hour]",
            options={f"{usd:g}": usd for usd in (1.0, 2.0, essay.H200_USD_PER_HOUR, 5.0)},
            default=f"{essay.H200_USD_PER_HOUR:g}",
        ),
        Control(
            name="margin",
            label="Price over cost [times]",
            options={"1, sold at cost": 1, "2": 2},
            default="1, sold at cost",
        ),
    )
    return Explorable(
        key="server",
        question="Could GPT-4 be GPT-4o?",
        controls=controls,
        state=_served,
        chart=_frontier,
        source=(
            "Computed here by the roofline for GPT-4's reported shape, with the 80% band of its "
            "error. The text takes the cheapest of many accelerators; here you choose. Prices and "
            "speeds of GPT-4o from prices.csv and the article."
        ),
        tries=(
            "Halve the bits to 4 and keep 90% of the drafts: the band touches GPT-4o's speed.",
            "Move the rent from 2.94 to 1 dollar: a third of the rent buys less than a third more "
            "speed.",
            "Take a B200, an accelerator that came later, with 4 bits and 90%: now GPT-4 is fast.",
        ),
    )


@cache
def _at_a_dollar(chip: str, form: str, acceptance: float, context: int) -> pd.DataFrame:
    """Frontier of GPT-4's shape at one dollar an hour: its cost is proportional to the rent."""
    shape, draft = map(catalog.transformer, (facts.GPT4_SHAPE, facts.DRAFT_SHAPE))
    how: dict[str, Any] = {"acceptance": acceptance, "context": context, "fractions": (1.0,)}
    return essay.roofline_halvings(shape, draft, rents={chip: 1.0}, weights=[form], **how)


@cache
def _of_formats(
    chip: str, formats: tuple[str, ...], acceptance: float, context: int
) -> pd.DataFrame:
    """The same where the best of several formats may be taken."""
    points = pd.concat([_at_a_dollar(chip, form, acceptance, context) for form in formats])
    chosen = cost.on_frontier(1 / points.tokens_per_s.to_numpy(), points.usd_per_mtok.to_numpy())
    return points.iloc[chosen]


def _served(
    chip: str, formats: tuple[str, ...], acceptance: float, context: int, rent: float, margin: int
) -> State:
    shape = catalog.transformer(facts.GPT4_SHAPE)
    line = _of_formats(chip, formats, acceptance, context)
    line = line.assign(usd_per_mtok=line.usd_per_mtok * rent)
    price, (wanted, most) = facts.list_price(facts.GPT4O), facts.stated_range("R09")
    paid = price / margin
    middle, low, high = chapter.speed_at(line, shape, paid)
    verdicts = ("remains below", "may reach", "reaches")
    reach = chapter.by_band([middle, low, high], wanted, verdicts)
    where = f"On {chip.split()[0]} chips at {_dollars(rent)} an hour GPT-4's shape"
    title = f"{where} {reach} GPT-4o's speed: {middle:.0f} tokens/s for {_dollars(paid)} a million"
    made = f"makes {middle:.0f} tokens a second for one user"
    if not middle:
        title = f"{where} cannot be served for {_dollars(paid)} a million tokens"
        made = "makes none"
    least = float(cost.cheapest_at(line, wanted))
    return State(
        title=title,
        sentence=f"GPT-4o's {price:.0f} dollars a million tokens leave {paid:.0f} for the cost. "
        f"For that GPT-4's shape {made} (80% band: {low:.0f} to {high:.0f} tokens/s). The article "
        f"gives GPT-4o {wanted:.0f} to {most:.0f}.",
        readout={
            "Speed of GPT-4's shape": f"{middle:.0f} tokens/s",
            "80% band": f"{low:.0f} to {high:.0f} tokens/s",
            f"A million tokens at {wanted:.0f} tokens/s": f"{least:.3g} dollars"
            if np.isfinite(least)
            else "not at any cost",
        },
        rows=_drawn(line, paid, wanted, most),
    )


def _drawn(line: pd.DataFrame, paid: float, wanted: float, most: float) -> pd.DataFrame:
    """The fastest at each cost with its band, where there is one, and the product beside it."""
    slow, fast = cost.band(line, catalog.transformer(facts.GPT4_SHAPE))
    speeds = {
        name: [common.significant(speed, _DIGITS) for speed in cost.fastest_at(each, _COSTS)]
        for name, each in (("tokens_per_s", line), ("low", slow), ("high", fast))
    }
    usd = [common.significant(each, _DIGITS) for each in _COSTS]
    curve = pd.DataFrame({"part": "GPT-4's shape", "usd_per_mtok": usd, **speeds})
    product = {"tokens_per_s": (wanted + most) / 2, "low": wanted, "high": most}
    sold = pd.DataFrame([{"part": facts.GPT4O, "usd_per_mtok": paid, **product}])
    return pd.concat([curve[curve.low > 0], sold], ignore_index=True)


def _frontier(rows: pd.DataFrame, every: pd.DataFrame) -> alt.LayerChart:
    scale = alt.Scale(domain=[0, float(every.high.max())])
    x = alt.X("tokens_per_s:Q", scale=scale, title="Output speed of one user [tokens/s]")
    title = "Cost, log scale [USD per million output tokens]"
    y = common.log_y("usd_per_mtok", every.usd_per_mtok, title=title, counts=False)
    curve = alt.Chart(rows).transform_filter(alt.datum.part != facts.GPT4O)
    sold = alt.Chart(rows).transform_filter(alt.datum.part == facts.GPT4O)
    band = common.like(x, "low"), alt.X2("high:Q"), y
    ends = [
        alt.Tooltip(f"{end}:Q", title=f"{side} end of the 80% band [tokens/s]")
        for end, side in (("low", "Slow"), ("high", "Fast"))
    ]
    told = ["part:N", "tokens_per_s:Q", "usd_per_mtok:Q", *ends]
    drawn = [
        curve.mark_line(point={"size": 25}).encode(x, y, order="usd_per_mtok:Q", tooltip=told),
        curve.mark_area(orient="horizontal", opacity=0.2).encode(*band),
        sold.mark_rule(color=theme.GREY, strokeWidth=6, opacity=0.7).encode(*band),
        sold.mark_text(dx=6, align="left").encode(common.like(x, "high"), y, text="part:N"),
    ]
    return alt.LayerChart(layer=drawn, width="container", height=320)


# ---- a size read off price and speed ---------------------------------------------------------

_ROWS = (
    "All parameters",
    "At work on a token",
    "Nearest known model, by the line",
    "The same model, in truth",
)
_ASKED_USD = (0.1, 0.3, 1, 3, 10, 30, 60)  # [USD per million output tokens]


def size_reader() -> Explorable:
    """What size a price and a speed suggest, and how far the nearest known model is misread."""
    seen = facts.gpt4o_readings().output_tokens_per_s
    middle = f"{seen.median():.0f}"
    speeds = sorted({20, 40, *(round(float(each)) for each in seen.quantile([0, 0.5, 1])), 220})
    days = {words.as_day(day): day for day in (facts.WINTER[1], _last_list())}
    return Explorable(
        key="reader",
        question="How good is a guess?",
        controls=(
            Control(
                name="usd",
                label="Output price [USD per million tokens]",
                options={f"{usd:g}": usd for usd in _ASKED_USD},
                default=f"{facts.list_price(facts.GPT4O):g}",
            ),
            Control(
                name="speed",
                label="Output speed [tokens/s]",
                options={str(speed): speed for speed in speeds},
                default=middle,
            ),
            Control(
                name="day",
                label="By the offers known on",
                options=days,
                default=next(iter(days)),
            ),
        ),
        state=_read,
        chart=_sizes,
        source=(
            "Computed here from the offers in served_offers.csv, by a straight line through price "
            "and speed, which leaves out the known model's family. The sizes in the text rest on "
            "all readings of a winter, not on one price and one speed."
        ),
        tries=(
            f"Move the speed from {min(seen):.0f} to {max(seen):.0f} tokens/s, GPT-4o's slowest "
            "and fastest readings: the size more than halves.",
            f"Take GPT-4's own price, {facts.list_price(facts.GPT4):g} dollars, and 40 tokens/s: "
            f"the band goes past the {words.spelled(facts.size(facts.GPT4))} reported for it.",
            "Take 3 dollars and 40 tokens/s, and move the day to August 2025: the nearest model "
            "is now Kimi K2, six times as large as the line makes it.",
        ),
    )


def _dollars(usd: float) -> str:
    return "1 dollar" if usd == 1 else f"{usd:g} dollars"


def _last_list() -> str:
    return f"{sizing.offers().date.max():%Y-%m-%d}"


@cache
def _known(day: str) -> pd.DataFrame:
    """Models sold by a day, each as a line reads it that has not seen its family."""
    offers = sizing.offers(day)
    at = sizing.readings(offers)[["date", "model", "log_price", "log_speed"]]
    read = sizing.evaluate(offers).query("method == @sizing.METHODS[0] and of == 'total_params'")
    return read.merge(at, on=["date", "model"])


def _nearest(usd: float, speed: float, day: str) -> pd.Series:
    """The known model whose price and speed differ by the smallest factors."""
    known, price = _known(day), blend(usd / OUTPUT_OVER_INPUT, usd)
    away = np.hypot(known.log_price - np.log(price), known.log_speed - np.log(speed))
    nearest: pd.Series = known.loc[away.idxmin()]
    return nearest


def _read(usd: float, speed: float, day: str) -> State:
    found, other = sizing.infer(usd, speed, day), _nearest(usd, speed, day)
    rows = [(_ROWS[0], "", found.total_params.median, *found.total_params.interval())]
    rows += [(_ROWS[1], "", found.active_params.median, *found.active_params.interval())]
    rows += [(_ROWS[2], other.model, other.predicted, other.low, other.high)]
    rows += [(_ROWS[3], other.model, *[other.true] * 3)]
    frame = pd.DataFrame(rows, columns=["reading", "model", "params", "low", "high"])
    middle, low, high = map(words.short, rows[0][2:])
    way = "little" if other.predicted < other.true else "much"
    held = "holds" if other.low <= other.true <= other.high else "does not hold"
    times = f"{other.factor:.2g}"
    miss = "the right size" if times == "1" else f"{times} times too {way}"
    return State(
        title=f"At {_dollars(usd)} and {speed} tokens/s the line gives {middle}; to {other.model}, "
        f"the nearest known model, it gives {miss}",
        sentence=f"The 80% band of all parameters runs from {low} to {high}. Nearest in price and "
        f"speed is {other.model} with {words.short(other.true)}. A line drawn without its "
        f"family gives {words.short(other.predicted)}, and its band {held} the truth.",
        readout={
            "All parameters (80% band)": f"{middle} ({low} to {high})",
            _ROWS[1]: words.short(rows[1][2]),
            _ROWS[2]: words.short(other.predicted),
            _ROWS[3]: words.short(other.true),
        },
        rows=frame,
    )


def _sizes(rows: pd.DataFrame, every: pd.DataFrame) -> alt.LayerChart:
    title = "Parameters, log scale [parameters]"
    x = common.log_x("params", every.low, every.high, title=title)
    y = common.row_y("reading", _ROWS, 200)
    ends = [
        alt.Tooltip(f"{end}:Q", title=f"{side} end of the 80% band [parameters]")
        for end, side in (("low", "Lower"), ("high", "Upper"))
    ]
    told = ["reading:N", "model:N", "params:Q", *ends]
    solid: Any = {"size": 110, "filled": True, "opacity": 1}
    read = alt.Chart(rows).transform_filter(alt.datum.reading != _ROWS[3])
    known = alt.Chart(rows).transform_filter(alt.datum.reading == _ROWS[3])
    named = alt.Chart(rows).transform_filter(alt.datum.model != "")
    drawn = [
        read.mark_point(size=90, filled=False, opacity=1).encode(x, y, tooltip=told),
        read.mark_rule(color=theme.GREY, strokeWidth=4, opacity=0.6).encode(
            common.like(x, "low"), alt.X2("high:Q"), y
        ),
        known.mark_point(shape="diamond", color=theme.VERMILLION, **solid).encode(
            x, y, tooltip=told
        ),
        named.mark_text(dy=-14).encode(x, y, text="model:N"),
    ]
    return alt.LayerChart(layer=drawn, width="container", height=260)
