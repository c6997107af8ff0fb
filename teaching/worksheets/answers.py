"""Right answers of the worksheets, computed by the library when a check asks for them."""

import numpy as np
from checks import Figure, Number, Table

from llmecon import catalog, chinchilla, cost, roofline, sizing, trends


def _model(name: str, column: str) -> float:
    return float(catalog.models().set_index("model").loc[name, column])


# ---- how large did the models get -----------------------------------------------------------


def _growth(first: str, last: str) -> trends.Growth:
    two = catalog.models().set_index("model").loc[[first, last]]
    return trends.growth_rate(two.release_date, two.total_params)


def _early() -> trends.Growth:
    rows = catalog.models().query("frontier and '2018-01-01' <= release_date <= '2023-03-31'")
    rows = rows.dropna(subset="total_params")
    return trends.growth_rate(rows.release_date, rows.total_params)


def _times(column: str) -> float:
    return _model("GPT-4", column) / _model("GPT-3 175B", column)


EVOLUTION = {
    "rate": Number(
        right=lambda: _growth("GPT-1", "GPT-3 175B").factor_per_year,
        unit="the factor by which size grows in a year",
        hint="Give dates and sizes of both models to trends.growth_rate.",
        mistaken={
            "the growth over the whole time, not in a year": lambda: (
                _model("GPT-3 175B", "total_params") / _model("GPT-1", "total_params")
            ),
            "the rate from GPT-3 to GPT-4": lambda: _growth("GPT-3 175B", "GPT-4").factor_per_year,
        },
    ),
    "doubling_months": Number(
        right=lambda: 12 * _growth("GPT-3 175B", "GPT-4").doubling_years,
        unit="months in which size doubles",
        hint="A fitted growth knows its doubling_years.",
        mistaken={
            "the time in years": lambda: _growth("GPT-3 175B", "GPT-4").doubling_years,
            "the doubling time from GPT-1 to GPT-3": lambda: (
                12 * _growth("GPT-1", "GPT-3 175B").doubling_years
            ),
        },
    ),
    "active_times": Number(
        right=lambda: _times("active_params"),
        unit="active parameters of GPT-4 over those of GPT-3",
        hint="Use the column active_params of catalog.models().",
        mistaken={
            "the ratio of total parameters, not of active ones": lambda: _times("total_params"),
            "the ratio upside down": lambda: 1 / _times("active_params"),
        },
    ),
    "fitted_rate": Number(
        right=lambda: _early().factor_per_year,
        unit="the factor by which frontier size grows in a year",
        hint="Keep the rows with frontier, a size, and a date from 2018-01-01 to 2023-03-31.",
        mistaken={
            "the lower end of the interval": lambda: _early().interval[0],
            "the upper end of the interval": lambda: _early().interval[1],
        },
    ),
    "figure": Figure(logarithmic=("y",)),
}

# ---- why is a large model slow and expensive ------------------------------------------------

_SHAPE, _CHIP, _RENT, _USERS, _CONTEXT = "Llama 3.1 70B", "H200 SXM 141GB", 3.0, 32, 8192


def _step(users: int = _USERS, faster: float = 1.0) -> roofline.Step:
    chip = catalog.accelerator(_CHIP)
    chip = chip.model_copy(update={"hbm_bytes_per_s": faster * chip.hbm_bytes_per_s})
    how = {"tensor_parallel": 8, "weights": "bf16", "batch": users, "context": _CONTEXT}
    return roofline.decode(catalog.transformer(_SHAPE), chip, **how)


def _usd() -> float:
    return float(cost.usd_per_mtok(_step(), usd_per_gpu_hour=_RENT))


def _weights() -> float:
    return 2 * catalog.transformer(_SHAPE).n_params


MECHANISM = {
    "weight_gb": Number(
        right=lambda: _weights() / 1e9,
        unit="gigabytes (1e9 bytes) of weights at two bytes each",
        hint="A transformer of the catalogue knows its n_params.",
        mistaken={
            "the number of parameters in billions: each takes two bytes": lambda: _weights() / 2e9,
            "the weights in units of 1,024 times 1,024 times 1,024 bytes": lambda: (
                _weights() / 2**30
            ),
        },
    ),
    "read_ms": Number(
        right=lambda: 1e3 * _weights() / 8 / catalog.accelerator(_CHIP).hbm_bytes_per_s,
        unit="milliseconds in which eight H200 read all weights",
        hint="Bytes of the weights over the memory bandwidth of eight accelerators.",
        mistaken={
            "the time of one accelerator, not of eight": lambda: (
                1e3 * _weights() / catalog.accelerator(_CHIP).hbm_bytes_per_s
            ),
        },
    ),
    "speed": Number(
        right=lambda: float(_step().tokens_per_s),
        unit="tokens/s of one of 32 users",
        hint="Use Deployment(...).decode with the batch and the context of the task.",
        mistaken={
            "the speed of all users together": lambda: _USERS * float(_step().tokens_per_s),
            "the speed of one user who is alone": lambda: float(_step(1).tokens_per_s),
            "the time of a step in seconds": lambda: float(_step().seconds),
        },
    ),
    "usd": Number(
        right=_usd,
        unit="US dollars per million output tokens",
        hint="Give the step of the task before and the rent to cost.usd_per_mtok.",
        mistaken={
            "the cost with one accelerator's rent in place of eight": lambda: _usd() / 8,
            "what one user alone would pay": lambda: float(
                cost.usd_per_mtok(_step(1), usd_per_gpu_hour=_RENT)
            ),
            "the cost of one token: a million are asked": lambda: _usd() / 1e6,
            "the cost with a rent per hour counted as per second": lambda: 3600 * _usd(),
        },
    ),
    "own_speed": Number(
        right=lambda: float(_step(faster=1.5).tokens_per_s),
        unit="tokens/s of one of 32 users on the own accelerator",
        hint="Copy the chip with model_copy(update=...), and change its hbm_bytes_per_s only.",
        mistaken={
            "the speed on the plain H200": lambda: float(_step().tokens_per_s),
            "one and a half times the speed: not every part of a step gets faster": lambda: (
                1.5 * float(_step().tokens_per_s)
            ),
        },
    ),
}

# ---- are they smaller -----------------------------------------------------------------------

_DAY = "2025-02-07"


def _read(usd: float = 15.0) -> sizing.Reading:
    return sizing.infer(usd, 60.0, _DAY)


def _fastest(rent: float = 3.0, weights: str = "bf16") -> float:
    line = cost.frontier(
        catalog.transformer(_SHAPE),
        catalog.accelerator(_CHIP),
        usd_per_gpu_hour=rent,
        context=_CONTEXT,
        max_chips=8,
        weights=weights,
    )
    return float(cost.fastest_at(line, 1.0))


def _fall() -> float:
    old, new = (catalog.price_on(name, "2024-12-13") for name in ("GPT-4", "GPT-4o"))
    return float(old.output_usd_per_mtok / new.output_usd_per_mtok)


REVERSAL = {
    "fall": Number(
        right=_fall,
        unit="the output price of GPT-4 over that of GPT-4o",
        hint="catalog.price_on gives the row of prices in force on a day.",
        mistaken={
            "the ratio upside down": lambda: 1 / _fall(),
            "the ratio of input prices": lambda: float(
                catalog.price_on("GPT-4", "2024-12-13").input_usd_per_mtok
                / catalog.price_on("GPT-4o", "2024-12-13").input_usd_per_mtok
            ),
        },
    ),
    "size": Number(
        right=lambda: _read().total_params.median,
        unit="parameters in all, as a plain count",
        hint="sizing.infer(price, speed, day) holds a distribution total_params with a median.",
        mistaken={
            "the active size, not the total": lambda: _read().active_params.median,
            "the reading at half the price": lambda: _read(7.5).total_params.median,
        },
    ),
    "width": Number(
        right=lambda: _read().total_params.interval(0.8)[1] / _read().total_params.interval(0.8)[0],
        unit="the upper end of the 80% interval over the lower one",
        hint="total_params.interval(0.8) gives both ends.",
        mistaken={
            "the ratio upside down": lambda: (
                _read().total_params.interval(0.8)[0] / _read().total_params.interval(0.8)[1]
            ),
            "the difference of the ends, not their ratio": lambda: float(
                np.diff(_read().total_params.interval(0.8))[0]
            ),
        },
    ),
    "cheap_speed": Number(
        right=lambda: _fastest(rent=1.5),
        unit="tokens/s for a dollar a million tokens at half the rent",
        hint="Draw the frontier at 1.5 dollars an hour, then ask cost.fastest_at for one dollar.",
        mistaken={
            "the speed at the full rent": _fastest,
            "twice the speed at the full rent: cost does not fall with speed in proportion": (
                lambda: 2 * _fastest()
            ),
        },
    ),
    "figure": Figure(logarithmic=("y",)),
}

# ---- why did they shrink --------------------------------------------------------------------

_LAW = "BESIROGLU_2024"
_BUDGET = 1e24


def _run(name: str) -> tuple[float, float]:
    return _model(name, "total_params"), _model(name, "training_tokens")


def runs():
    """Losses of made-up training runs, for the fit of the worksheet."""
    sizes, tokens = chinchilla.isoflop_design(chinchilla.law(_LAW))
    return chinchilla.simulate(chinchilla.law(_LAW), sizes, tokens, noise=0.001, seed=7)


def _fit() -> chinchilla.SeparableLaw:
    return chinchilla.fit(runs()).law


def _best() -> chinchilla.Allocation:
    return chinchilla.law(_LAW).optimal(flop=_BUDGET)


def _served(tokens: float) -> chinchilla.LifetimeOptimum:
    return chinchilla.inference_optimal(
        chinchilla.law(_LAW), loss=_best().loss, tokens_served=tokens
    )


CAUSES = {
    "gpt3_flop": Number(
        right=lambda: float(chinchilla.training_flop(*_run("GPT-3 175B"))),
        unit="FLOP of GPT-3's training by the rule 6ND",
        hint="Parameters and training tokens stand in catalog.models().",
        mistaken={
            "2ND, which is the work of reading the tokens once": lambda: (
                float(chinchilla.training_flop(*_run("GPT-3 175B"))) / 3
            ),
            "6N: the tokens are missing": lambda: 6 * _run("GPT-3 175B")[0],
        },
    ),
    "best_size": Number(
        right=lambda: float(_best().params),
        unit="parameters, as a plain count",
        hint="A law has a method optimal(flop=...), whose result holds params.",
        mistaken={"the training tokens, not the parameters": lambda: float(_best().tokens)},
    ),
    "ratio": Number(
        right=lambda: float(_best().tokens_per_param),
        unit="training tokens for each parameter at 1e24 FLOP",
        hint="The optimum of the task before holds it.",
        mistaken={
            "the rule of thumb; the law's ratio depends on the budget": lambda: 20.0,
            "the ratio upside down": lambda: 1 / float(_best().tokens_per_param),
        },
        share=0.005,
    ),
    "alpha": Number(
        right=lambda: float(_fit().alpha),
        unit="the exponent alpha of the own fit",
        hint="chinchilla.fit(runs) holds a law with E, A, B, alpha and beta.",
        mistaken={
            "the exponent of the data, beta": lambda: float(_fit().beta),
            "alpha of the published law; the fit of these runs is asked": lambda: float(
                chinchilla.law(_LAW).alpha
            ),
        },
        share=1e-3,
    ),
    "smaller": Number(
        right=lambda: float(_served(1e13).size_ratio),
        unit="size of the cheapest model over that of the one cheapest to train",
        hint="chinchilla.inference_optimal(law, loss=..., tokens_served=...) holds size_ratio.",
        mistaken={
            "the ratio upside down": lambda: 1 / float(_served(1e13).size_ratio),
            "the ratio for ten times the demand": lambda: float(_served(1e14).size_ratio),
        },
        share=0.005,
    ),
}

# ---- what came ------------------------------------------------------------------------------


def _open():
    return catalog.models().query("frontier and open_weights and release_date >= '2024-07-01'")


def _open_growth(column: str) -> float:
    rows = _open().dropna(subset=column)
    return trends.growth_rate(rows.release_date, rows[column]).factor_per_year


def _cache_gb(name: str, tokens: float = 100_000) -> float:
    return float(catalog.transformer(name).kv_cache_bytes(tokens)) / 1e9


OUTLOOK = {
    "open_models": Table(
        right=_open,
        key="model",
        hint="Keep frontier models with open_weights, released on 2024-07-01 or later.",
    ),
    "total_growth": Number(
        right=lambda: _open_growth("total_params"),
        unit="the factor by which total size grows in a year",
        hint="Use the table of the task before and its column total_params.",
        mistaken={"the growth of active parameters": lambda: _open_growth("active_params")},
    ),
    "active_growth": Number(
        right=lambda: _open_growth("active_params"),
        unit="the factor by which active size changes in a year",
        hint="Use the table of the task before and its column active_params.",
        mistaken={"the growth of total parameters": lambda: _open_growth("total_params")},
    ),
    "cache_gb": Number(
        right=lambda: _cache_gb("Mistral Large 2"),
        unit="gigabytes (1e9 bytes) for one conversation of 100,000 tokens",
        hint="A transformer of the catalogue has a method kv_cache_bytes(context).",
        mistaken={
            "the cache of one token in megabytes, not of the conversation in gigabytes": lambda: (
                1e3 * _cache_gb("Mistral Large 2", 1)
            ),
            "the size of the weights": lambda: (
                2e-9 * catalog.transformer("Mistral Large 2").n_params
            ),
        },
    ),
    "figure": Figure(logarithmic=("y",)),
}

BY_WORKSHEET = {
    "evolution": EVOLUTION,
    "mechanism": MECHANISM,
    "reversal": REVERSAL,
    "causes": CAUSES,
    "outlook": OUTLOOK,
}
