"""Why is there a price curve? One server, and how many users share its steps."""

from __future__ import annotations

from functools import cache

import altair as alt
import numpy as np
import pandas as pd

from llmecon import catalog, cost, roofline
from llmecon_book import essay, facts
from llmecon_book.chapters.mechanism import TERMS
from llmecon_book.charts import common, layers, theme
from llmecon_book.explore import Control, Explorable, State

_MODEL, _CHIPS = "Llama 3.1 70B", 8  # the worked example of the chapter
_USERS = 2 ** np.arange(10)
_READOUT = ("One step", "Speed of one user", "A million tokens", "Longest part")
_WHOLE, _CHOSEN = "whole step", "chosen"


def price_curve() -> Explorable:
    """How a step, a user's speed and a token's price go with the users who share it."""
    formats = {"16": "bf16", "8": "fp8", "4": "int4"}
    contexts = 4 ** np.arange(5, 9)
    rents = (1.0, 2.0, essay.H200_USD_PER_HOUR, 5.0)
    return Explorable(
        key="batch",
        question="Why is there a price curve?",
        controls=(
            Control(
                name="form",
                label="Weights [bits]",
                options=formats,
                default="16",
            ),
            Control(
                name="context",
                label="Conversation [tokens]",
                options={f"{tokens:,}": int(tokens) for tokens in contexts},
                default="4,096",
            ),
            Control(
                name="rent",
                label="Rent of one accelerator [USD per hour]",
                options={f"{usd:g}": usd for usd in rents},
                default=f"{essay.H200_USD_PER_HOUR:g}",
            ),
            Control(
                name="users",
                label="Users at once [users]",
                options={f"{users:,}": int(users) for users in _USERS},
                default="64",
            ),
        ),
        state=_state,
        chart=_chart,
        source=(
            "Computed here by the roofline with constants calibrated on published measurements; "
            "how far it is off is on the page about validation."
        ),
        tries=(
            "Move the users from 64 to 1: a token costs more than forty times as much, and the one "
            "user is less than one and a half times as fast.",
            "Halve the bits of the weights for one user: the speed does not double, because fixed "
            "work and messages stay.",
            "Make the conversation 65,536 tokens long: 64 users no longer fit, and 32 wait mostly "
            "for the reading of conversations.",
        ),
    )


@cache
def _steps(form: str, context: int) -> roofline.Step:
    model, chip = catalog.transformer(_MODEL), catalog.accelerator(facts.H200)
    server = roofline.Deployment(model, chip, tensor_parallel=_CHIPS, weights=form)
    return server.decode(batch=_USERS, context=context)


def _state(form: str, context: int, rent: float, users: int) -> State:
    steps, at = _steps(form, context), int(np.flatnonzero(users == _USERS)[0])
    who, each = (f"{users:,} users at once", " each") if users > 1 else ("One user alone", "")
    if not steps.fits[at]:
        most = int(steps.memory.max_batch.min())
        return State(
            title=f"{who} do not fit: the memory holds {most:,} conversations of this length",
            sentence=f"Beside the weights the {_CHIPS} accelerators hold {most:,} conversations of "
            f"{context:,} tokens; no price buys room for {users:,}.",
            readout=dict(zip(_READOUT, ("does not fit", *["none"] * 2, "memory"), strict=True)),
            rows=_parts(steps),
        )
    usd = cost.usd_per_mtok(steps, usd_per_gpu_hour=rent)
    seconds, speed = float(steps.seconds[at]), f"{steps.tokens_per_s[at]:.0f} tokens/s"
    price, longest = f"{usd[at]:.2f} dollars", TERMS[str(steps.binds[at])]
    chosen = pd.DataFrame([{"part": _CHOSEN, "users": users, "ms": 1e3 * seconds}])
    alone = f"; for one user alone they cost {usd[0]:.2f}" if users > 1 else ""
    return State(
        title=f"{who}: {speed}{each}, {price} a million tokens; longest part: {longest}",
        sentence=f"One step takes {seconds * 1e3:.1f} ms and gives each user one token. The "
        f"server costs {rent * _CHIPS:.2f} dollars an hour, whoever shares it. So a million tokens "
        f"cost {price}{alone}.",
        readout=dict(
            zip(_READOUT, (f"{seconds * 1e3:.1f} ms", speed, price, longest), strict=True)
        ),
        rows=pd.concat([_parts(steps), chosen], ignore_index=True),
    )


def _parts(steps: roofline.Step) -> pd.DataFrame:
    """Time of a step and of its parts, by the users that fit."""
    parts = {_WHOLE: steps.seconds} | {TERMS[term]: getattr(steps.terms, term) for term in TERMS}
    frames = [
        pd.DataFrame({"part": said, "users": _USERS, "ms": 1e3 * seconds})[steps.fits]
        for said, seconds in parts.items()
    ]
    rows = pd.concat(frames, ignore_index=True)
    return rows.assign(ms=[common.significant(ms, 3) for ms in rows.ms])


def _chart(rows: pd.DataFrame, every: pd.DataFrame) -> alt.LayerChart:
    x = common.log_x("users", every.users, title="Users at once, log scale [users]", counts=False)
    y = common.log_y("ms", every.ms, title="Time, log scale [ms]", counts=False)
    order = [_WHOLE, *TERMS.values()]
    parts = alt.Chart(rows).transform_filter(alt.datum.part != _CHOSEN)
    chosen = alt.Chart(rows).transform_filter(alt.datum.part == _CHOSEN)
    apart = common.series("part", "Part of a step", order)
    # The palette of dashes begins anew with the sixth line: the whole is told by its width.
    wide = alt.condition(alt.datum.part == _WHOLE, alt.value(4), alt.value(2))
    told = ["part:N", "users:Q", "ms:Q"]
    drawn = [
        parts.mark_line().encode(x, y, *apart, strokeWidth=wide, tooltip=told),
        chosen.mark_rule(**layers.DOTTED).encode(x),
        chosen.mark_point(size=90, filled=True, opacity=1, color=theme.INK).encode(x, y),
    ]
    return alt.LayerChart(layer=drawn, width="container", height=320)
