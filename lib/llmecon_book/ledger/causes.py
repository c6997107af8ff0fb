"""Claims of the chapter on causes: demand, data, the change of the law, the price of serving."""

import math
from typing import Any

from llmecon import catalog, chinchilla, cost
from llmecon_book import facts
from llmecon_book.facts import ClaimRow
from llmecon_book.ledger import measures
from llmecon_book.ledger.registry import Result, decides, found, rounded, verdict

# Worked case of claim C04: as good as a 30B model, 1e13 tokens over its life. The law is that
# of the examples of Sardana et al. 2023, the row's source.
_DEMAND = {"reference_params": 30e9, "tokens_served": 1e13}

_BUDGET_FACTOR = 10.0  # more compute, in the statement of both allocation rules
_INSTEAD, _AS_WELL = 0.9, 1 / 3  # exponents of the data: "instead of" and "as well as" parameters
_OVERTURNED = 5.0  # a rule whose ratio changes this much was not adjusted but replaced


@decides("C01")
def three_factors(row: ClaimRow) -> Result:
    """Decided by reading: the section on causes could not be compared, no number decides."""
    return found(None, None)


@decides("C04")
def demand_moves_the_optimum(row: ClaimRow) -> Result:
    """Decided by reading: no series of demand is public, and a law shows only what demand does."""
    best = chinchilla.inference_optimal(chinchilla.DE_VRIES_2023, **_DEMAND)
    return found(best.params, None, best=best, demand=_DEMAND)


@decides("C05")
def too_expensive_to_serve(
    row: ClaimRow,
    *,
    tokens_per_s: float | None = None,
    usd_per_gpu_hour: float | None = None,
    context_tokens: float = 0.0,
) -> Result:
    """Right if the full model costs more at GPT-4 Turbo's speed than that was sold for; imprecise
    if it only misses GPT-4o's speed at GPT-4o's price; else wrong.
    """
    frontier = measures.h200_frontier(rent=usd_per_gpu_hour, context=context_tokens)
    speed = facts.stated("R11") if tokens_per_s is None else tokens_per_s
    price, turbo_price = facts.list_price(facts.GPT4O), facts.list_price(facts.TURBO)
    fastest = float(cost.fastest_at(frontier, price))
    at_turbo = measures.usd_at(frontier, speed)
    return found(
        fastest,
        verdict(right=at_turbo > turbo_price, imprecise=fastest < facts.stated("R09")),
        price=price,
        params=facts.size(facts.GPT4),
        turbo_speed=speed,
        turbo_price=turbo_price,
        margin=turbo_price / at_turbo,
    )


@decides("C06")
def synthetic_data_instead_of_size(row: ClaimRow) -> Result:
    """No maker of a closed model states its share of synthetic data: unverifiable while an open
    model shows the route, with more tokens per parameter than Chinchilla; else unsupported.
    """
    ratio = facts.tokens_per_param(facts.PHI4)
    shown = ratio > facts.tokens_per_param(facts.CHINCHILLA)
    return found(ratio, verdict(unverifiable=shown, otherwise="unsupported"))


@decides("C07")
def before_2020(row: ClaimRow) -> Result:
    """Right if the rule of many parameters on little data was published before the stated year;
    imprecise if in it but superseded by its end; else wrong.
    """
    published, superseded = row.source_day, facts.released(facts.CHINCHILLA)
    law = chinchilla.KAPLAN_2020
    return found(
        f"{published:%Y-%m}",
        verdict(right=published.year < row.stated, imprecise=superseded.year <= row.stated),
        published=published,
        superseded=superseded,
        budget=_BUDGET_FACTOR,
        params=_BUDGET_FACTOR ** law.efficient_size[1],
        tokens=_BUDGET_FACTOR ** law.efficient_tokens[1],
        gpt3=facts.tokens_per_param(facts.GPT3),
    )


@decides("C09")
def data_instead_of_parameters(row: ClaimRow) -> Result:
    """Right if the law puts at least nine tenths of the growth into data; imprecise if data get a
    third or more; else wrong.
    """
    # Approach 1 of Hoffmann et al., Table 2, prints 0.50 and 0.50.
    printed: Any = chinchilla.HOFFMANN_2022_TABLE_2["approach 1"]
    a, b = printed["a"][0], printed["b"][0]
    decided = verdict(right=b >= _INSTEAD, imprecise=b >= _AS_WELL)
    return found(_BUDGET_FACTOR**a, decided, budget=_BUDGET_FACTOR, tokens=_BUDGET_FACTOR**b)


@decides("C10")
def cost_is_predicted(
    row: ClaimRow,
    *,
    tokens_per_s: float | None = None,
    usd_per_gpu_hour: float | None = None,
    context_tokens: float = 0.0,
) -> Result:
    """Right if the model gives a cost at GPT-4 Turbo's speed that its price covers; imprecise if
    it gives one that it does not; else wrong.
    """
    frontier = measures.h200_frontier(rent=usd_per_gpu_hour, context=context_tokens)
    speed = facts.stated("R11") if tokens_per_s is None else tokens_per_s
    usd = measures.usd_at(frontier, speed)
    decided = verdict(right=usd <= facts.list_price(facts.TURBO), imprecise=math.isfinite(usd))
    ends = {"cheapest": frontier.usd_per_mtok.min(), "fastest": frontier.tokens_per_s.max()}
    return found(usd, decided, speed=speed, **ends)


@decides("C11")
def h200_hour(row: ClaimRow, *, usd_per_gpu_hour: float | None = None) -> Result:
    """Right if a published cost of ownership is the stated price within 5 %; imprecise if only the
    rent assumed in the essay's code is; else wrong.
    """
    h200 = catalog.gpu_prices().query("accelerator == @facts.H200").sort_values("date")
    owned = h200[h200.price_kind.str.contains("ownership")].usd_per_gpu_hour
    right = any(rounded(row.stated, usd) for usd in owned)
    rent = facts.h200_rent() if usd_per_gpu_hour is None else usd_per_gpu_hour
    decided = verdict(right=right, imprecise=rounded(row.stated, rent))
    return found(rent, decided, owned=owned.describe(), seen=h200.date[owned.index].max())


@decides("C12")
def best_size(
    row: ClaimRow, *, tokens_per_s: float | None = None, context_tokens: float = 0.0
) -> Result:
    """Right if a model of an eighth of the size is more than eight times cheaper at the same
    speed; imprecise if it is cheaper; unverifiable if neither reaches the speed; else wrong.
    """
    full, eighth = (
        measures.h200_frontier(scale=scale, context=context_tokens) for scale in (1.0, facts.EIGHTH)
    )
    cheapest = full.usd_per_mtok.min() / eighth.usd_per_mtok.min()
    speed = facts.stated("R11") if tokens_per_s is None else tokens_per_s
    parts, at_speed = 1 / facts.EIGHTH, measures.over_an_eighth(context_tokens, speed)
    out_of_reach = math.isnan(at_speed)
    decided = verdict(right=at_speed > parts, imprecise=at_speed > 1, unverifiable=out_of_reach)
    return found(at_speed, decided, parts=parts, speed=speed, cheapest=cheapest)


@decides("C13")
def tokens_per_parameter_rose(row: ClaimRow) -> Result:
    """Right if Chinchilla has at least five times the tokens per parameter of GPT-3; imprecise if
    more; else wrong.
    """
    models = facts.GPT3, facts.CHINCHILLA, facts.LLAMA2, facts.LLAMA3
    gpt3, of_chinchilla, *later = map(facts.tokens_per_param, models)
    rise = of_chinchilla / gpt3
    decided = verdict(right=rise >= _OVERTURNED, imprecise=rise > 1)
    return found(rise, decided, gpt3=gpt3, chinchilla=of_chinchilla, later=later)


@decides("C14")
def better_for_less(row: ClaimRow) -> Result:
    """Right if the model on synthetic data is ahead both on GPQA, by one tester, and on one Arena
    list at less compute; imprecise if on one of them; else wrong.
    """
    pair = facts.PHI4, facts.LLAMA33
    small, large = (facts.known(name, "training_flop") for name in pair)
    gpqa = catalog.score_gap(*pair, *measures.ONE_GPQA)
    arena = catalog.score_gap(*pair, facts.ARENA, facts.ARENA_LAST)
    less, ahead = large > small, [gpqa >= 0, arena >= 0]
    decided = verdict(right=less and all(ahead), imprecise=less and any(ahead))
    answered = facts.score_on_release(facts.PHI4, facts.SIMPLE_QA)
    return found(large / small, decided, gpqa=gpqa, arena=-arena, simpleqa=answered)
