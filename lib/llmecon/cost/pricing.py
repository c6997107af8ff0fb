"""Dollars from seconds: tokens, margins, blends, energy, training."""

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.roofline import Step
from llmecon.transformer import FloatArray

SECONDS_PER_HOUR = 3600.0


def usd_per_mtok_from(
    *,
    seconds: Numbers,
    chips: Numbers,
    batch: Numbers,
    usd_per_gpu_hour: Numbers,
    tokens: Numbers = 1.0,
    utilisation: Numbers = 1.0,
) -> FloatArray:
    r"""Cost of a million tokens made by an instance.

    .. math:: c = 10^6 \frac{G P t}{3600 \, b \, n \, u}

    Parameters
    ----------
    seconds : float or array
        Time :math:`t` of one pass. [s]
    chips : float or array
        Accelerators :math:`G` of the instance.
    batch : float or array
        Sequences :math:`b` in the pass.
    usd_per_gpu_hour : float or array
        Rent :math:`P` of one accelerator. [USD/h]
    tokens : float or array, optional
        Tokens :math:`n` a pass yields per sequence.
    utilisation : float or array, optional
        Share :math:`u` of the paid time with that load. [1]

    Returns
    -------
    array
        [USD/Mtok]

    Raises
    ------
    ValueError
        If a value is not positive, or the utilisation above 1.

    Examples
    --------
    Eight accelerators at 2 USD/h, 64 users, 20 ms a token.

    >>> float(usd_per_mtok_from(seconds=0.02, chips=8, batch=64, usd_per_gpu_hour=2))
    1.3889
    """
    paid = require("chips", chips, above=0) * require("seconds", seconds, above=0, unit="s")
    made = require("batch", batch, above=0, unit="sequences") * require(
        "tokens", tokens, above=0, unit="tokens"
    )
    used = require("utilisation", utilisation, above=0, maximum=1)
    rent = require("usd_per_gpu_hour", usd_per_gpu_hour, minimum=0, unit="USD/h")
    return np.asarray(1e6 * paid * rent / (SECONDS_PER_HOUR * made * used))


def usd_per_mtok(
    step: Step, *, usd_per_gpu_hour: Numbers, utilisation: Numbers = 1.0
) -> FloatArray:
    """Cost of a million tokens of a decode step or prefill; infinite where it does not fit.

    Input tokens for a prefill, output tokens for a decode step. [USD/Mtok]

    Examples
    --------
    >>> from llmecon import catalog, roofline
    >>> step = roofline.decode(catalog.transformer("Llama 3.1 70B"),
    ...                        catalog.accelerator("H200 SXM 141GB"), batch=64, context=2048,
    ...                        tensor_parallel=8, weights="fp8", profile=roofline.IDEAL)
    >>> float(usd_per_mtok(step, usd_per_gpu_hour=3.0))
    0.376
    """
    cost = usd_per_mtok_from(
        seconds=step.seconds,
        chips=step.chips,
        batch=step.batch,
        tokens=step.tokens,
        usd_per_gpu_hour=usd_per_gpu_hour,
        utilisation=utilisation,
    )
    return np.asarray(np.where(step.fits, cost, np.inf))


def kv_read(
    *,
    kv_bytes: Numbers,
    hbm_bytes_per_s: Numbers,
    usd_per_gpu_hour: Numbers,
) -> FloatArray:
    """Cost of reading the cache alone, for a million output tokens. [USD/Mtok]

    A floor that no batch size lowers: every token of every sequence reads its own cache.

    Parameters
    ----------
    kv_bytes : float or array
        Cache that one output token reads. [B]
    hbm_bytes_per_s : float or array
        Memory bandwidth of one accelerator. [B/s]
    usd_per_gpu_hour : float or array
        Rent of one accelerator. [USD/h]

    Examples
    --------
    Mistral Large 2 at 100,000 tokens on an H100 (Erdil, arXiv:2506.04645: 6.06 USD).

    >>> float(kv_read(kv_bytes=36e9, hbm_bytes_per_s=3.3e12, usd_per_gpu_hour=2))
    6.06
    """
    read = require("kv_bytes", kv_bytes, minimum=0, unit="B")
    seconds = read / require("hbm_bytes_per_s", hbm_bytes_per_s, above=0, unit="B/s")
    rent = require("usd_per_gpu_hour", usd_per_gpu_hour, minimum=0, unit="USD/h")
    return np.asarray(1e6 * seconds * rent / SECONDS_PER_HOUR)


def arithmetic_floor(
    *, flop_per_token: Numbers, flop_per_s: Numbers, usd_per_gpu_hour: Numbers
) -> FloatArray:
    """Cost of a million tokens if only arithmetic took time. [USD/Mtok]

    Examples
    --------
    >>> float(arithmetic_floor(flop_per_token=141.1e9, flop_per_s=0.7e15, usd_per_gpu_hour=2))
    0.112
    """
    seconds = require("flop_per_token", flop_per_token, above=0, unit="FLOP") / require(
        "flop_per_s", flop_per_s, above=0, unit="FLOP/s"
    )
    rent = require("usd_per_gpu_hour", usd_per_gpu_hour, minimum=0, unit="USD/h")
    return np.asarray(1e6 * seconds * rent / SECONDS_PER_HOUR)


def gpu_hour(
    *,
    usd_per_chip: Numbers,
    years: Numbers,
    watts: Numbers,
    usd_per_kwh: Numbers,
    pue: Numbers = 1.2,
    utilisation: Numbers = 1.0,
    capital_rate: Numbers = 0.0,
) -> FloatArray:
    r"""Cost of one accelerator's hour to its owner. [USD/h]

    .. math:: c = \frac{1}{u} \left(\frac{P}{8766} \frac{r}{1 - (1 + r)^{-L}}
              + w \, p \, \mathit{PUE}\right)

    Price :math:`P` as an annuity over the life :math:`L` at the rate :math:`r`, and electricity
    for :math:`w` kilowatts at the price :math:`p`.

    Parameters
    ----------
    usd_per_chip : float or array
        Price of the accelerator with its share of server and network. [USD]
    years : float or array
        Life. [years]
    watts, usd_per_kwh, pue : float or array
        Power drawn; price of electricity; power of the building over power of the computers.
        [W, USD/kWh, 1]
    utilisation : float or array
        Share of the hours that are sold. [1]
    capital_rate : float or array
        Interest a year. [1/year]

    Examples
    --------
    >>> float(gpu_hour(usd_per_chip=40_000, years=4, watts=1000, usd_per_kwh=0.08))
    1.2368
    """
    life = require("years", years, above=0, unit="years")
    rate = require("capital_rate", capital_rate, minimum=0)
    price = require("usd_per_chip", usd_per_chip, minimum=0, unit="USD")
    with np.errstate(divide="ignore", invalid="ignore"):
        # 1 - (1 + rate)^-life would cancel at small rates.
        annuity = np.where(rate > 0, rate / -np.expm1(-life * np.log1p(rate)), 1 / life)
    power = energy_usd(watts=watts, seconds=SECONDS_PER_HOUR, usd_per_kwh=usd_per_kwh, pue=pue)
    sold = require("utilisation", utilisation, above=0, maximum=1)
    return np.asarray((price * annuity / 8766.0 + power) / sold)  # hours in a mean year


def energy_usd(
    *, watts: Numbers, seconds: Numbers, usd_per_kwh: Numbers, pue: Numbers = 1.2
) -> FloatArray:
    """Electricity of a machine over a time. [USD]"""
    joules = (
        require("watts", watts, minimum=0, unit="W")
        * require("seconds", seconds, minimum=0, unit="s")
        * require("pue", pue, minimum=1)
    )
    return np.asarray(joules / 3.6e6 * require("usd_per_kwh", usd_per_kwh, minimum=0))


def joules_per_token(step: Step, *, watts: Numbers, pue: Numbers = 1.2) -> FloatArray:
    """Energy of one token at a steady power of each accelerator. [J]

    The rated power is an upper bound: decoding draws less, being bound by memory.
    """
    drawn = require("watts", watts, above=0, unit="W") * require("pue", pue, minimum=1)
    return np.asarray(drawn / step.tokens_per_s_per_chip)


def rent_usd(*, chips: Numbers, hours: Numbers, usd_per_gpu_hour: Numbers) -> FloatArray:
    """Rent of accelerators over a time, used or idle. [USD]

    Parameters
    ----------
    chips, hours, usd_per_gpu_hour : float or array
        Accelerators; time; rent of one. [1, h, USD/h]

    Raises
    ------
    ValueError
        If an argument is negative.

    References
    ----------
    .. [1] DeepSeek, open-infra-index, day 6, 2025: 87,072 USD for the day below.

    Examples
    --------
    226.75 nodes of 8 at 2 USD/h for a day.

    >>> float(rent_usd(chips=226.75 * 8, hours=24, usd_per_gpu_hour=2))
    87072.0
    """
    count = require("chips", chips, minimum=0)
    time = require("hours", hours, minimum=0, unit="h")
    rent = require("usd_per_gpu_hour", usd_per_gpu_hour, minimum=0, unit="USD/h")
    return np.asarray(count * time * rent)


def income_usd(tokens: Numbers, usd_per_mtok: Numbers) -> FloatArray:
    """Income from several kinds of tokens at their prices, summed over the kinds. [USD]

    Parameters
    ----------
    tokens, usd_per_mtok : float or array
        Tokens sold and the price, the kinds along the last axis. [tokens, USD/Mtok]

    Raises
    ------
    ValueError
        If an argument is negative.

    References
    ----------
    .. [1] DeepSeek, open-infra-index, day 6, 2025, prints 562,027 USD for the day below, from
       counts that it rounds.

    Examples
    --------
    Input that was cached, other input, and output, at the list prices of R1.

    >>> float(income_usd([342e9, 266e9, 168e9], [0.14, 0.55, 2.19]))
    562100.0
    """
    sold = require("tokens", tokens, minimum=0, unit="tokens")
    price = require("usd_per_mtok", usd_per_mtok, minimum=0, unit="USD/Mtok")
    return np.asarray(np.sum(np.atleast_1d(sold / 1e6 * price), axis=-1))


def price_over_cost(price: Numbers, cost: Numbers) -> FloatArray:
    """Price divided by cost. [1]"""
    return np.asarray(
        require("price", price, minimum=0, unit="USD") / require("cost", cost, above=0, unit="USD")
    )


def margin_on_cost(price: Numbers, cost: Numbers) -> FloatArray:
    """(price - cost) / cost, as DeepSeek quotes it. [1]

    Examples
    --------
    >>> float(margin_on_cost(562_027, 87_072))
    5.45
    """
    return price_over_cost(price, cost) - 1.0


def margin_on_price(price: Numbers, cost: Numbers) -> FloatArray:
    """(price - cost) / price, the gross margin of an income statement. [1]"""
    earned = require("price", price, above=0, unit="USD")
    return np.asarray(1.0 - 1.0 / price_over_cost(earned, cost))


def blended_usd_per_mtok(
    input_usd_per_mtok: Numbers,
    output_usd_per_mtok: Numbers,
    *,
    input_parts: Numbers = 3.0,
    output_parts: Numbers = 1.0,
) -> FloatArray:
    """One price for a mix of input and output tokens, 3 to 1 by custom. [USD/Mtok]

    Examples
    --------
    >>> float(blended_usd_per_mtok(2.5, 10))
    4.375
    """
    read = require("input_parts", input_parts, minimum=0)
    written = require("output_parts", output_parts, minimum=0)
    total = read * require("input_usd_per_mtok", input_usd_per_mtok, minimum=0, unit="USD/Mtok")
    total = total + written * require(
        "output_usd_per_mtok", output_usd_per_mtok, minimum=0, unit="USD/Mtok"
    )
    require("input_parts + output_parts", read + written, above=0)
    return np.asarray(total / (read + written))


def training_cost(
    *,
    flop: Numbers,
    peak_flop_per_s: Numbers,
    usd_per_gpu_hour: Numbers,
    mfu: Numbers = 0.4,
) -> tuple[FloatArray, FloatArray]:
    """Chip-hours and dollars of a training run. [h, USD]

    Parameters
    ----------
    flop : float or array
        Arithmetic of the run, 6 N D for a dense model. [FLOP]
    peak_flop_per_s : float or array
        Dense peak of one accelerator in the format trained in. [FLOP/s]
    usd_per_gpu_hour : float or array
        Rent of one accelerator. [USD/h]
    mfu : float or array
        Achieved share of the peak. [1]

    Examples
    --------
    Llama 3.1 405B: 3.8e25 FLOP on H100.

    >>> hours, usd = training_cost(flop=3.8e25, peak_flop_per_s=989e12, usd_per_gpu_hour=2)
    >>> round(float(hours) / 1e6, 1)
    26.7
    """
    work = require("flop", flop, above=0, unit="FLOP")
    rate = require("peak_flop_per_s", peak_flop_per_s, above=0, unit="FLOP/s") * require(
        "mfu", mfu, above=0, maximum=1
    )
    hours = np.asarray(work / rate / SECONDS_PER_HOUR)
    return hours, rent_usd(chips=1, hours=hours, usd_per_gpu_hour=usd_per_gpu_hour)
