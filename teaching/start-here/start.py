"""The five tasks of "Start here": right answers, computed by the library, and what to say."""

import altair as alt
import pandas as pd
from checks import Number, Wrong

import __main__
from llmecon import catalog, cost, roofline, sizing
from llmecon_book import facts

alt.renderers.enable("svg")  # drawn here, without a network

_SHAPE, _CHIP, _RENT, _DAY = "Llama 3.1 70B", "H200 SXM 141GB", 3.0, "2025-02-07"


def _step(users: int, context: int = 4096) -> roofline.Step:
    model, chip = catalog.transformer(_SHAPE), catalog.accelerator(_CHIP)
    server = roofline.Deployment(model, chip, tensor_parallel=8, weights="bf16")
    return server.decode(batch=users, context=context)


def _usd(users: int) -> float:
    return float(cost.usd_per_mtok(_step(users), usd_per_gpu_hour=_RENT))


def _frontier(rent: float) -> pd.DataFrame:
    model, chip = catalog.transformer(_SHAPE), catalog.accelerator(_CHIP)
    return cost.frontier(model, chip, usd_per_gpu_hour=rent, max_chips=8, weights="bf16")


def _speed(rent: float, usd: float = 1.0) -> float:
    return float(cost.fastest_at(_frontier(rent), usd))


def _size() -> sizing.Reading:
    usd = catalog.price_on("GPT-4o", _DAY).output_usd_per_mtok
    return sizing.infer(usd, facts.gpt4o_readings().output_tokens_per_s.median(), _DAY)


TASKS = {
    "speed": Number(
        right=lambda: float(_step(1, 32_768).tokens_per_s),
        unit="tokens/s of one user with 32,768 tokens of conversation",
        hint="Change only the context of the call above.",
        mistaken={
            "the speed with 4,096 tokens, as in the cell above": lambda: float(
                _step(1).tokens_per_s
            ),
            "the time of a step in seconds: a step knows its tokens_per_s": lambda: float(
                _step(1, 32_768).seconds
            ),
        },
    ),
    "dollars": Number(
        right=lambda: _usd(64),
        unit="US dollars per million tokens with 64 users",
        hint="Make a step with batch=64 and give it to cost.usd_per_mtok.",
        mistaken={
            "what one user alone pays": lambda: _usd(1),
            "what 1/64 of the cost for one user would be: a step for 64 takes longer": lambda: (
                _usd(1) / 64
            ),
            "the cost of one token: a million are asked": lambda: _usd(64) / 1e6,
        },
    ),
    "fastest": Number(
        right=lambda: _speed(_RENT),
        unit="tokens/s that one dollar per million tokens buys",
        hint="Give the frontier and the price to cost.fastest_at.",
        mistaken={
            "the cost at a speed, not the speed at a cost": lambda: float(
                cost.cheapest_at(_frontier(_RENT), 1.0)
            ),
            "the highest speed at any price": lambda: float(_frontier(_RENT).tokens_per_s.max()),
        },
    ),
    "width": Number(
        right=lambda: _size().total_params.interval(0.8)[1] / _size().total_params.interval(0.8)[0],
        unit="how many times the lower end the upper end is",
        hint="Divide the upper end of the interval by the lower.",
        mistaken={
            "the ratio upside down": lambda: (
                _size().total_params.interval(0.8)[0] / _size().total_params.interval(0.8)[1]
            ),
            "the ratio for the active parameters: all parameters are asked": lambda: (
                _size().active_params.interval(0.8)[1] / _size().active_params.interval(0.8)[0]
            ),
        },
    ),
    "cheap": Number(
        right=lambda: _speed(_RENT / 2),
        unit="tokens/s that one dollar buys at half the rent",
        hint="Compute the frontier again, with usd_per_gpu_hour=1.5.",
        mistaken={
            "the speed at the full rent": lambda: _speed(_RENT),
            "twice the speed at the full rent: the curve is no straight line": lambda: (
                2 * _speed(_RENT)
            ),
        },
    ),
}


def check(task: str) -> None:
    """Say in one line whether the answer of that name is right."""
    if task not in TASKS:
        print(f"There is no task {task!r}; there are {', '.join(TASKS)}.")
        return
    try:
        TASKS[task].exact(vars(__main__).get(task))
    except Wrong as wrong:
        print(f"Not yet. {wrong}")
    else:
        print("Right.")
