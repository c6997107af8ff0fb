"""What entries of the ledger and figures of the outlook measure by models, laws and lines."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from llmecon import catalog, chinchilla, cost, roofline, trends
from llmecon._checks import require
from llmecon.transformer import Transformer
from llmecon_book import counterfactual, essay, facts
from llmecon_book.words import listed

LONG, _SHORT = 100_000.0, 1_000.0  # tokens of context
THINKING = 10.0  # tokens of an answer with reasoning over those without, in the worked case
RENT_DAY = "2026-07-01"  # day on which the table has rents of both accelerators
# One tester for both models; makers count differently, one the majority of 32 answers.
ONE_GPQA = "GPQA Diamond, Artificial Analysis run", "2026-07-10"
NO_TREND = "showed no clear trend"
_LEAST_PARAMS = 5e9  # of the shapes whose caches are compared


def went(trend: trends.Growth) -> str:
    """What sizes did, as far as the interval of their growth tells."""
    low, high = trend.interval
    return "grew" if low > 1 else "shrank" if high < 1 else NO_TREND


# ---- the H200 figure of Erdil 2024 -----------------------------------------------------------


def h200_frontier(
    name: str = facts.GPT4_SHAPE,
    *,
    scale: float = 1.0,
    context: float = 0.0,
    rent: float | None = None,
    draft: str = facts.DRAFT_SHAPE,
    acceptance: float = 0.8,
) -> pd.DataFrame:
    """Frontier of the H200 figure, as the chapters take it.

    16 bit. The notebook behind the figure samples
    it at latency levels, which makes a token up to 5 % dearer. Computed once for each shape,
    rent, context and drafting: the entries share it.

    Parameters
    ----------
    name : str, optional
        Model of ``architectures.csv``.
    scale : float, optional
        Size relative to it. [1]
    context : float, optional
        Tokens in the cache. [tokens]
    rent : float, optional
        Of an H200; that of the figure if not given. [USD/h]
    draft : str, optional
        Model that drafts tokens.
    acceptance : float, optional
        Share of its tokens that are kept. [1]
    """
    shapes = catalog.transformer(name), catalog.transformer(draft)
    paid = facts.h200_rent() if rent is None else float(rent)
    return _halving(*shapes, paid, scale, float(context), float(acceptance))


@cache
def _halving(
    model: Transformer,
    draft: Transformer,
    rent: float,
    scale: float,
    context: float,
    acceptance: float,
) -> pd.DataFrame:
    case = {"context": context, "acceptance": acceptance, "fractions": (scale,)}
    return essay.halvings_frontier(model, draft, usd_per_gpu_hour=rent, **case)  # type: ignore[arg-type]


def usd_at(frontier: pd.DataFrame, tokens_per_s: float) -> float:
    """Least cost at a speed. [USD per million tokens]"""
    return float(cost.cheapest_at(frontier, tokens_per_s))


def over_an_eighth(context: float, tokens_per_s: float | None = None) -> float:
    """Cost of GPT-4's reported shape over that of an eighth of it, at one speed of a user. [times]

    By the H200 figure of Erdil 2024, whose rent the ratio does not depend on.

    Parameters
    ----------
    context : float
        Tokens in the cache. [tokens]
    tokens_per_s : float, optional
        Speed of the user; what the article gives GPT-4 Turbo if not given. [tokens/s]

    Examples
    --------
    >>> over_an_eighth(0.0) > over_an_eighth(100_000.0) > 1
    True
    """
    whole, eighth = (h200_frontier(scale=scale, context=context) for scale in (1.0, facts.EIGHTH))
    speed = facts.stated("R11") if tokens_per_s is None else tokens_per_s
    return usd_at(whole, speed) / usd_at(eighth, speed)


# ---- sizes that an accelerator serves --------------------------------------------------------


def servable(
    chip: str,
    usd_per_gpu_hour: float,
    *,
    tokens_per_s: list[float],
    usd_per_mtok: float,
    context: float = 0.0,
) -> pd.DataFrame:
    """Largest copy of GPT-4's reported shape that an accelerator serves at each speed for a price.

    Parameters
    ----------
    chip : str
        Name in ``accelerators.csv``; its fast links join as many as the table says.
    usd_per_gpu_hour : float
        Its rent. [USD/h]
    tokens_per_s : list of float
        Speeds of one user. [tokens/s]
    usd_per_mtok : float
        Cost that is accepted. [USD per million output tokens]
    context : float, optional
        Tokens in the cache. [tokens]

    Returns
    -------
    pandas.DataFrame
        As of :func:`llmecon_book.counterfactual.servable_sizes`.
    """
    return counterfactual.servable_sizes(
        _scaled(chip, float(context)),
        tokens_per_s=tokens_per_s,
        usd_per_mtok=usd_per_mtok / usd_per_gpu_hour,
    )


def served_then_and_now(
    tokens_per_s: float | None = None, usd_per_mtok: float | None = None, day: str = RENT_DAY
) -> tuple[float, float]:
    """Size that an H200, and a GB200, serve at a speed and a price. [parameters]

    Parameters
    ----------
    tokens_per_s, usd_per_mtok : float, optional
        What the article gives GPT-4o if not given. [tokens/s], [USD per million output tokens]
    day : str, optional
        Of the rents.
    """
    speed = facts.stated("R09") if tokens_per_s is None else tokens_per_s
    usd = facts.stated("R10") if usd_per_mtok is None else usd_per_mtok
    before, now = (
        servable(
            name, counterfactual.rent_on(name, day), tokens_per_s=[speed], usd_per_mtok=usd
        ).total_params[0]
        for name in (facts.H200, facts.GB200)
    )
    return float(before), float(now)


@cache
def _scaled(chip: str, context: float) -> pd.DataFrame:
    """Frontiers of the scaled shape at a rent of 1 USD/h: cost is in proportion to it."""
    record = catalog.accelerator(chip)
    machine = essay.machine_of(record, 1.0)
    joined = int(record.scaleup_domain_size or machine.node_size)
    return essay.halvings_frontier(
        catalog.transformer(facts.GPT4_SHAPE),
        catalog.transformer(facts.DRAFT_SHAPE),
        machine=replace(machine, node_size=joined),
        usd_per_gpu_hour=1.0,
        context=context,
        fractions=counterfactual.SCALES,
        points=100,
    )


# ---- long conversations ----------------------------------------------------------------------


def cache_by_shape() -> pd.DataFrame:
    """KV cache of one token at 16 bit over disclosed shapes of more than 5e9 parameters.

    Returns
    -------
    pandas.DataFrame
        ``name``, ``attention``, ``total_params``, ``active_params``, ``kv_bytes_per_token``; twins
        are counted once.
    """
    disclosed = catalog.architectures().query("status == 'disclosed'").name
    frame = pd.DataFrame(
        {
            "name": shape.name,
            "attention": shape.attention_family,
            "total_params": float(shape.n_params),
            "active_params": float(shape.n_active_params),
            "kv_bytes_per_token": float(shape.kv_cache_bytes_per_token()),
        }
        for shape in map(catalog.transformer, disclosed)
    )
    kept = frame[frame.total_params > _LEAST_PARAMS]
    return kept.drop_duplicates(["total_params", "kv_bytes_per_token"]).reset_index(drop=True)


def speed_kept(names: list[str], *, batch: list[float], context: float = LONG) -> pd.DataFrame:
    """Share of its speed that a model keeps when the conversation grows, by batch.

    In 16 bit on eight H200 that share each layer, against a conversation of 1,000 tokens.

    Parameters
    ----------
    names : list of str
        Models of ``architectures.csv``.
    batch : list of float
        Sequences decoded together. [sequences]
    context : float, optional
        Long conversation. [tokens]

    Returns
    -------
    pandas.DataFrame
        ``name``, ``attention``, ``total_params``, ``batch``, ``kept`` [1], ``fits``: whether
        weights and caches fit in memory at the long context.
    """
    chip, parts = catalog.accelerator(facts.H200), []
    for model in map(catalog.transformer, names):
        server = roofline.Deployment(model, chip, tensor_parallel=8, weights="bf16")
        short, long = (server.decode(batch=np.array(batch), context=c) for c in (_SHORT, context))
        part = pd.DataFrame(
            {"name": [model.name] * len(batch), "attention": model.attention_family}
        )
        kept, total = short.seconds / long.seconds, float(model.n_params)
        parts.append(part.assign(total_params=total, batch=batch, kept=kept, fits=long.fits))
    return pd.concat(parts, ignore_index=True)


# ---- laws and simple forecasts ---------------------------------------------------------------


def independent_ratio(larger: str, smaller: str) -> tuple[float, float, float]:
    """Ratio of two sizes with its ends, by the last estimator that uses neither price nor speed.

    The estimator's errors for the two models are taken as independent of each other. [times]
    """
    one, two = (
        facts.independent_estimates(name)
        .iloc[-1][["total_params", "total_low", "total_high"]]
        .astype(float)
        for name in (larger, smaller)
    )
    ratio = float(one.total_params / two.total_params)
    below = np.hypot(*np.log([one.total_params / one.total_low, two.total_high / two.total_params]))
    above = np.hypot(*np.log([one.total_high / one.total_params, two.total_params / two.total_low]))
    return ratio, ratio * float(np.exp(-below)), ratio * float(np.exp(above))


def level_at_top(entries: pd.DataFrame) -> str:
    """Entries of an Arena list that cannot be told from the first: their intervals meet its own."""
    return listed(entries.model[entries.high >= entries.low.iloc[0]], "none")


def facts_by_size(*, until: facts.Day = facts.SCORED_ON) -> pd.DataFrame:
    """SimpleQA of open models of known size, with the line of score on log size.

    Returns
    -------
    pandas.DataFrame
        ``model``, ``total_params``, ``score``; attributes ``points_per_decade`` [percentage
        points] and ``size_of``, a mapping from closed model to the size at which the line reaches
        its score. [parameters]
    """
    known = facts.simple_qa(until=until)
    opened = known[known.open_weights & known.total_params.notna()].copy()
    if len(opened) < 3:
        raise ValueError(f"until must leave three open models with SimpleQA, got {len(opened)}")
    slope, intercept = np.polyfit(np.log10(opened.total_params), opened.score, 1)
    closed = known[~known.open_weights].drop_duplicates("model")
    opened.attrs["points_per_decade"] = float(slope)
    opened.attrs["size_of"] = {
        row.model: float(10 ** ((row.score - intercept) / slope)) for row in closed.itertuples()
    }
    return opened.sort_values("total_params").reset_index(drop=True)


def thinking_shift(
    times: float, *, law: str = "BESIROGLU_2024", demand_per_training_token: float = 1.0
) -> np.ndarray:
    """Cheapest size when every answer takes so many times the tokens, over that at one time.

    Parameters
    ----------
    times : float or array
        Tokens of an answer over those of an answer without reasoning. [1]
    law : str, optional
        Separable law, by name.
    demand_per_training_token : float, optional
        Demand without reasoning over the training tokens of the compute-optimal model; the size
        does not matter then. [1]

    Returns
    -------
    array
        Size at equal loss of the text that is written; what reasoning adds to its quality is not
        in the law. [1]
    """
    chosen = chinchilla.law(law)
    assert isinstance(chosen, chinchilla.SeparableLaw)
    base = chosen.optimal(n_params=1e11)
    served = np.asarray(times) * demand_per_training_token * base.tokens
    one = chinchilla.inference_optimal(
        chosen, loss=base.loss, tokens_served=demand_per_training_token * base.tokens
    )
    more = chinchilla.inference_optimal(chosen, loss=base.loss, tokens_served=served)
    return np.asarray(more.params / one.params)


def rivals(
    *,
    made: facts.Day = facts.ESSAY_DAY,
    until: facts.Day = facts.SCORED_ON,
    confidence: float = 0.8,
) -> pd.DataFrame:
    """Simple forecasts of the largest open model that the data of the day allowed, with scores.

    Parameters
    ----------
    made, until : day, optional
        When they are made and scored.
    confidence : float, optional
        Share of cases that the interval is meant to hold. [1]

    Returns
    -------
    pandas.DataFrame
        ``forecast``, ``low``, ``value``, ``high`` [parameters], ``error_decades`` and
        ``interval_score`` [decades]; attributes ``observed``, ``model`` and ``p_value``, the chance
        of so clear a bend on a straight line.

    Notes
    -----
    "The fall goes on" and "GPT-3 to GPT-4 goes on" are lines through two points and have no
    interval. "No change" takes the largest open model of its day. The other lines are fitted to
    frontier models, from GPT-1 to the day of the forecast, whose size was known by then; one also
    to those with sizes that were estimated later.
    """
    largest = facts.largest(facts.open_frontier(after=made, until=until))
    came, day = float(largest.total_params), [largest.release_date]
    sized = facts.frontier(until=made).dropna(subset=["total_params"])
    before = sized[facts.known_by(sized, made)]
    fitted = facts.growth(before, before.total_params, confidence=confidence)
    bent, bent_now = (
        trends.break_point(frame.release_date, frame.total_params) for frame in (before, sized)
    )
    old = facts.growth_between(facts.GPT3, facts.GPT4)
    values = {
        "the fall goes on": facts.the_fall().at(day)[0],
        "no change": facts.open_frontier(until=made).total_params.max(),
        "GPT-3 to GPT-4 goes on": old.at(day)[0],
        "straight line": fitted.at(day)[0],
        "line with a bend": bent.at(day)[0],
        "line with a bend, sizes as known now": bent_now.at(day)[0],
    }
    table = pd.DataFrame(values.items(), columns=["forecast", "value"])
    low, high = (float(end[0]) for end in fitted.band(day))
    straight = table.forecast == "straight line"
    table["low"], table["high"] = (np.where(straight, end, np.nan) for end in (low, high))
    table["error_decades"] = np.abs(np.log10(table.value / came))
    score = interval_score(low, high, came, confidence)
    table["interval_score"] = np.where(straight, score, np.nan)
    table.attrs.update(observed=came, model=str(largest.model), p_value=bent.p_value, date=day[0])
    return table


def brier(probability: float, happened: bool) -> float:
    """Squared distance of a probability from what happened; 0.25 is that of a coin. [1]

    References
    ----------
    .. [1] G. W. Brier, "Verification of Forecasts Expressed in Terms of Probability", Monthly
       Weather Review 78, 1950 (the form for two outcomes, half of the original).

    Examples
    --------
    >>> brier(0.5, True), brier(1.0, True)
    (0.25, 0.0)
    """
    chance = float(require("probability", probability, minimum=0, maximum=1, unit="1"))
    return (chance - float(happened)) ** 2


def interval_score(low: float, high: float, observed: float, share: float) -> float:
    r"""Width of an interval in decades, and a penalty for each decade that it misses by.

    .. math:: (u - l) + \tfrac{2}{\alpha} (l - x)^+ + \tfrac{2}{\alpha} (x - u)^+,
              \quad \alpha = 1 - \text{share}

    with l, u, x the base-10 logarithms of ends and outcome. An honest forecaster has the least
    expected score.

    Parameters
    ----------
    low, high : float
        The interval, in the unit of the outcome.
    observed : float
        The outcome.
    share : float
        Share of cases the interval is meant to hold. [1]

    References
    ----------
    .. [1] T. Gneiting and A. E. Raftery, "Strictly Proper Scoring Rules, Prediction, and
       Estimation", JASA 102, 2007, Eq. 43.

    Examples
    --------
    >>> interval_score(1e10, 1e12, 1e11, 0.8), interval_score(1e10, 1e12, 1e13, 0.8)
    (2.0, 12.0)
    """
    missed = 1 - float(require("share", share, above=0, maximum=0.9999, unit="1"))
    ends = [math.log10(float(require(n, v, above=0))) for n, v in (("low", low), ("high", high))]
    if ends[0] > ends[1]:
        raise ValueError(f"low must be <= high, got {low:g} and {high:g}")
    came = math.log10(float(require("observed", observed, above=0)))
    below, above = max(ends[0] - came, 0.0), max(came - ends[1], 0.0)
    return ends[1] - ends[0] + 2 / missed * (below + above)
