"""What did the article expect, and what came? What each section of the chapter finds."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from llmecon import catalog, chinchilla, cost, trends
from llmecon.chinchilla import SeparableLaw
from llmecon_book import facts, ledger
from llmecon_book.chapters import Section, columns, ends, named, picked, stacked
from llmecon_book.facts import DEEPSEEK_V3, GPT4, GPT4O, GPT5, LLAMA33, MISTRAL, TURBO
from llmecon_book.ledger import Days, Scored
from llmecon_book.ledger.propositions import CLEARLY_LESS, LEVELS
from llmecon_book.ledger.registry import by_parts

_CHIPS = {"h200": "H200", "b200": "B200", "gb200": "GB200 rack", "rubin": "Vera Rubin rack"}
_SLOW = (20.0, 1.0)  # tokens/s and USD/Mtok where speed hardly matters
_SMALL, _LARGE, _WINDOWED = "Llama 3.1 8B", "Llama 3.1 405B", "gpt-oss-120b"
_STEADY = [_SMALL, "Qwen3-32B", LLAMA33, _WINDOWED, MISTRAL, "MiMo-V2-Flash", _LARGE, DEEPSEEK_V3]


def by_id(scored: Iterable[Scored]) -> dict[str, Scored]:
    """Propositions with their scores, by their names."""
    return {one.id: one for one in scored}


def scoring(scored: Mapping[str, Scored], days: Days) -> Section:
    """How is a forecast scored? How many propositions each rule decides."""
    every = scored.values()
    rules = Counter(one.scored_by for one in every)
    right, told = ledger.directions(every)
    unknown = ledger.counts(every)["cannot be scored"]
    unsaid = sum(one.said == "nothing" for one in every)
    counts = {
        "proper": rules["probability"] + rules["interval"],
        "number": rules["number"],
        "direction": rules["direction"],
        "right": right,
        "wrong": told - right,
        "unknown": unknown,
        "unsaid": unsaid,
        "aimless": rules["none"] - unknown - unsaid,
    }
    return Section(
        n_propositions=len(scored),
        **{f"n_{name}": count or "none" for name, count in counts.items()},
        made=days.made,
        scored_until=days.until,
    )


def _grown(prefix: str, trend: trends.Growth) -> dict[str, Any]:
    """Growth and its interval, under a prefix."""
    return named(prefix, trend, "factor_per_year") | ends(prefix, trend.interval)


def open_frontier(
    frontier: pd.DataFrame,
    total: trends.Growth,
    active: trends.Growth,
    sparsity: trends.Growth,
    days: Days,
    confidence: float,
) -> Section:
    """Did the largest open models shrink? Models, and the growth of three of their sizes."""
    fall = facts.the_fall()
    bodies = frontier.drop_duplicates(["total_params", "active_params"])
    drawn = {
        "fit, all parameters": (total, days.since),
        "fit, active parameters": (active, days.since),
        "GPT-4 to GPT-4o, drawn on": (fall, facts.released(GPT4O)),
    }
    lines = {}
    for name, (trend, start) in drawn.items():
        dates = pd.date_range(start, days.until, periods=20, unit="us")
        lines[name] = pd.DataFrame({"date": dates, "params": trend.at(dates)})
    return Section(
        frontier=frontier,
        lines=stacked("line", lines),
        total_n=total.n,
        **_grown("total", total),
        **_grown("active", active),
        **named("sparsity", sparsity, "factor_per_year"),
        **named("fall", fall, "factor_per_year"),
        fall_today=fall.at(days.until)[0],
        bodies_n=len(bodies),
        **_grown("bodies", facts.growth(bodies, bodies.total_params, confidence=confidence)),
        before_from=facts.size(facts.LLAMA2),
        before_to=facts.size(_LARGE),
        **named("largest", facts.largest(frontier), "model total_params release_date"),
        confidence=confidence,
    )


def closed_sizes(closed: pd.DataFrame, known: pd.DataFrame) -> Section:
    """And the largest closed ones? Closed frontier models, and the sizes known of them."""
    gpt4 = facts.size(GPT4)
    told = closed[(closed.size_status == "reported") & closed.total_params.notna()]
    ranged = known[known.high > known.low]
    return Section(
        known=known,
        closed_n=len(closed),
        closed_disclosed=int((closed.size_status == "disclosed").sum()),
        closed_told=len(told),
        closed_maker=" and ".join(sorted(told.developer.unique())),
        closed_known=len(known),
        closed_width=(ranged.high / ranged.low).median(),
        closed_holds=int(((known.low <= gpt4) & (known.high >= gpt4)).sum()),
        closed_below=int((known.high < gpt4).sum()),
    )


def rivals(table: pd.DataFrame) -> Section:
    """Could a reader have forecast it? Forecasts of `ledger.rivals`."""
    times = 10 ** table.set_index("forecast").error_decades
    fit = table.iloc[-1]
    return Section(
        table=table,
        rival_best=times.idxmin(),
        rival_best_error=times.min(),
        **picked(
            times,
            rival_fall_error="the fall goes on",
            rival_rest_error="no change",
            rival_old_error="GPT-3 to GPT-4 goes on",
        ),
        **named("rival", fit, "low high interval_score"),
        rival_came=table.attrs["observed"],
        rival_fitted=table.attrs["n_fitted"],
    )


def ability(arena: pd.DataFrame, **said: Any) -> Section:
    """Did the size needed for a given ability fall? Scores of one Arena list."""
    score = arena.set_index("model").score
    steps = pd.concat(
        facts.smallest_at_score(arena, level=score[name]).assign(level=name) for name in LEVELS
    )
    steps["release_date"] = steps.open_date
    by_level = steps.groupby("level", sort=False)
    first, last = by_level.first(), by_level.last()
    times = first.total_params / last.total_params
    clear = times * CLEARLY_LESS > 1
    years = trends.elapsed_years(first.release_date[GPT5], last.release_date[GPT5])
    return Section(
        steps=steps,
        **named("gpt4_small", last.loc[GPT4], "model total_params release_date"),
        gpt4_small_times=facts.size(GPT4) / last.total_params[GPT4],
        ability_levels=len(times),
        ability_fell=int(clear.sum()),
        ability_strict=by_parts(*clear),
        ability_least=times[clear].min() if clear.any() else 1.0,
        **picked(first.total_params, gpt4o_first_size=GPT4O, gpt5_first_size=GPT5),
        gpt4o_small_size=last.total_params[GPT4O],
        **named("gpt5_small", last.loc[GPT5], "model total_params"),
        gpt5_months=12 * years,
        **said,
    )


def floor(laws: Mapping[str, SeparableLaw], reference: pd.Series, **said: Any) -> Section:
    """Is there a floor? Sizes and tokens for the loss of one model, by the first law and others."""
    floors, curves = {}, {}
    for name, law in laws.items():
        loss = float(law.loss(reference.total_params, reference.training_tokens))
        floors[name] = float(law.params_floor(loss))
        sizes = np.geomspace(floors[name] * 1.02, 10 * reference.total_params, 60)
        run = law.predict(sizes, law.tokens_for(sizes, loss))
        curves[name] = columns(run, "params tokens decades_outside")
    return Section(
        curves=stacked("law", curves).query("tokens < 2e15"),
        floors=pd.DataFrame(floors.items(), columns=["law", "params"]),
        floor_name=reference.model,
        floor_law=next(iter(laws)),
        floor_size=next(iter(floors.values())),
        **ends("floor", floors.values()),
        **said,
    )


def facts_and_size(known: pd.DataFrame, verdict: str) -> Section:
    """Is there a floor for knowledge? Facts of `ledger.facts_by_size`, verdict of P4."""
    answers = facts.simple_qa().drop_duplicates("model").set_index("model").score
    matched = known[known.score >= answers[TURBO]].iloc[0]
    return Section(
        known=known,
        closed=answers[[TURBO, GPT4O, GPT5]].reset_index(),
        facts_small_name=facts.GEMMA_4B,
        **picked(answers, facts_small=facts.GEMMA_4B, facts_turbo=TURBO, facts_gpt4o=GPT4O),
        facts_per_decade=known.attrs["points_per_decade"],
        **named("facts_first", matched, "model total_params"),
        facts_turbo_size=known.attrs["size_of"][TURBO],
        facts_n=len(known),
        floor_scored=verdict,
    )


def ratios(models: pd.DataFrame, days: Days) -> Section:
    """Was the change of law a one-off? Tokens per parameter since 2020."""
    known = models.dropna(subset=["training_tokens", "total_params"])
    known = known[known.release_date >= "2020-01-01"].assign(
        per_param=known.training_tokens / known.total_params,
        per_active=known.training_tokens / known.active_params,
    )
    of = known.set_index("model").per_param
    since = known[known.open_weights & (known.release_date > days.made)]
    sparse = since.per_active[since.per_active > since.per_param]
    largest, rest = facts.largest_trained(after=days.made, until=days.until)
    following = rest.iloc[0]
    return Section(
        models=known,
        ratio_top=", ".join(largest.model),
        **ends("ratio_top", of[largest.model]),
        ratio_next=following.model,
        ratio_next_size=following.total_params,
        ratio_next_ratio=of[following.model],
        **picked(of, ratio_target=facts.CHINCHILLA, ratio_dense=facts.LLAMA3),
        **ends("ratio_active", sparse),
    )


def prices_and_speeds(
    arena: pd.DataFrame, days: Days, speed: Scored, *, on_list: str, since: str
) -> Section:
    """Did prices and speeds go on?

    Parameters
    ----------
    arena : pandas.DataFrame
        Scores of one list.
    days : Days
        Of the scoring.
    speed : Scored
        Proposition P8c, on speeds.
    on_list : str
        Day of the Arena list, ISO.
    since : str
        First day of the makers' paths, ISO.
    """
    paths = {}
    for maker in facts.MAKERS:
        path = facts.flagship_path(maker, made=since, until=days.until).rename_axis("date")
        paths[f"{maker} flagship"] = path.reset_index().assign(model=f"{maker} flagship")
    for name in (GPT4, GPT4O):
        paths[f"cheapest at {name}'s level"] = facts.cheapest_at_level(name, until=days.until)
    every = stacked("path", paths)
    keys = dict(zip(("openai", "anthropic", "gpt4", "gpt4o"), paths, strict=True))
    price: dict[str, float] = {}
    for when, day in (("then", days.made), ("now", days.until)):
        last = every[every.date <= day].groupby("path").output_usd_per_mtok.last()
        price |= {f"price_{key}_{when}": last[path] for key, path in keys.items()}
    of_level4 = paths[keys["gpt4"]]
    least = of_level4.nsmallest(1, "output_usd_per_mtok").iloc[0]
    readings = facts.flagship_speeds(until=days.until).rename(columns={"provider": "maker"})
    readings["year"] = readings.date.dt.year
    at_one_price = readings.groupby(["maker", "model", "year", "output_usd_per_mtok"])
    flagships = at_one_price.agg({"date": "max", "output_tokens_per_s": "median"}).reset_index()
    speeds, prices = flagships.output_tokens_per_s, flagships.output_usd_per_mtok
    return Section(
        paths=every,
        flagships=flagships,
        **price,
        price_gpt4_first=of_level4.output_usd_per_mtok.iloc[0],
        price_gpt4o_times=price["price_gpt4o_then"] / price["price_gpt4o_now"],
        price_gpt4_least=least.output_usd_per_mtok,
        price_gpt4_least_date=least.date,
        **named("speed", speed, "low high"),
        speed_n=len(flagships),
        speed_rank=speeds.corr(prices, method="spearman"),
    )


def thinking(pulls: Sequence[Any], traded: chinchilla.IsoLoss, **said: Any) -> Section:
    """Did thinking longer change the balance? Sizes by law, and training traded for inference."""
    printed = {row.technique: row for row in chinchilla.EPOCH_2023_SPANS}
    longer, resampling = printed["scaling policy"], printed["resampling, cheap verification"]
    first, flagship = (facts.list_price(name, "2024-09-12") for name in (facts.O1_PREVIEW, GPT4O))
    return Section(
        **ends("think", pulls),
        think_price=first / flagship,
        **named("think", traded, "train_decades serve_decades"),
        **named("think_printed", longer, "train_decades serve_decades"),
        **named("think_more", resampling, "train_decades serve_decades"),
        **said,
    )


def hardware(
    rents: Mapping[str, float], tokens_per_s: float, usd_per_mtok: float, **said: Any
) -> Section:
    """Did hardware change what can be served?

    Parameters
    ----------
    rents : mapping
        Accelerators and their rents: H200, B200, GB200 and Vera Rubin. [USD/h]
    tokens_per_s, usd_per_mtok : float
        Speed and cost at which they are compared. [tokens/s] [USD/Mtok]
    """
    names = dict(zip(_CHIPS, rents, strict=True))
    speeds = [float(v) for v in np.geomspace(15, 250, 16)]
    sizes = pd.concat(
        ledger.servable(name, rents[name], tokens_per_s=speeds, usd_per_mtok=usd).assign(
            chip=f"{_CHIPS[key]}, ${rents[name]:g}/h", usd_per_mtok=usd
        )
        for key, name in names.items()
        for usd in sorted({1.0, 3.0, 10.0, 30.0, usd_per_mtok})
    )

    def served(key: str, speed: float, usd: float, rent: float = 1.0) -> float:
        chip = names[key]
        found = ledger.servable(chip, rent * rents[chip], tokens_per_s=[speed], usd_per_mtok=usd)
        return float(found.total_params.iloc[0])

    case = tokens_per_s, usd_per_mtok
    chips = {key: catalog.accelerator(name) for key, name in names.items()}
    bandwidth = {key: chips[key].hbm_bytes_per_s for key in ("h200", "b200", "rubin")}
    grown = bandwidth["rubin"] / bandwidth["h200"]
    return Section(
        sizes=sizes[~sizes.at_end],
        chip_speed=tokens_per_s,
        chip_usd=usd_per_mtok,
        **{f"chip_{key}": served(key, *case) for key in names},
        chip_rubin_rent=rents[names["rubin"]],
        rubin_twice_fast=served("rubin", *case, rent=2) / served("gb200", *case),
        rubin_twice_slow=served("rubin", *_SLOW, rent=2) / served("gb200", *_SLOW),
        chip_joined=chips["gb200"].scaleup_domain_size,
        chip_slow_b200=served("b200", *_SLOW) / served("h200", *_SLOW),
        chip_rent_ratio=rents[names["b200"]] / rents[names["h200"]],
        **{f"{key}_bandwidth": value for key, value in bandwidth.items()},
        bandwidth_ratio=grown,
        speed_gain=grown ** (1 / 3),
        **said,
    )


def kv_cache(shapes: pd.DataFrame, rank: float, rank_per_active: float) -> Section:
    """Does a long context favour large models? The cache over shapes, and rank correlations."""
    llama, deepseek = (catalog.transformer(name) for name in (LLAMA33, DEEPSEEK_V3))
    return Section(
        shapes=shapes,
        kv_llama=float(llama.kv_cache_bytes_per_token()),
        kv_deepseek=float(deepseek.kv_cache_bytes_per_token()),
        kv_rank=rank,
        kv_n=len(shapes),
        kv_relative=rank_per_active,
        kv_size_ratio=deepseek.n_params / llama.n_params,
    )


def context_cost(context_tokens: float, **machine: float) -> Section:
    """What does reading the cache cost, by context?

    Parameters
    ----------
    context_tokens : float
        Conversation in the cache. [tokens]
    **machine
        ``hbm_bytes_per_s`` [B/s] and ``usd_per_gpu_hour`` [USD/h], as of `cost.kv_read`.
    """
    names = (facts.GPT3, MISTRAL, LLAMA33, DEEPSEEK_V3)
    shapes = {name: catalog.transformer(name) for name in names}
    contexts = np.append(np.geomspace(1e3, 1e6, 31), context_tokens)
    usd = {
        name: cost.kv_read(kv_bytes=contexts * float(one.kv_cache_bytes_per_token()), **machine)
        for name, one in shapes.items()
    }
    curves = {
        name: pd.DataFrame({"context_tokens": contexts, "usd_per_mtok": each})[:-1]
        for name, each in usd.items()
    }
    return Section(
        curves=stacked("name", curves),
        context=context_tokens,
        read_large2=float(usd[MISTRAL][-1]),
        read_deepseek=float(usd[DEEPSEEK_V3][-1]),
        context_size_ratio=shapes[DEEPSEEK_V3].n_params / shapes[MISTRAL].n_params,
        read_rent=machine["usd_per_gpu_hour"],
        read_bandwidth=machine["hbm_bytes_per_s"],
    )


def steady_speed(context_tokens: float, costs: Mapping[str, Any]) -> Section:
    """Does a steady speed follow from size?

    Parameters
    ----------
    context_tokens : float
        Long conversation. [tokens]
    costs : mapping
        Of P7a: cost of the whole over an eighth, ``long`` and ``empty``. [times]
    """
    kept = ledger.speed_kept(
        _STEADY, batch=[1.0, 8.0, 32.0], context=float(max(context_tokens, 2_000))
    )
    too_large = kept[~kept.fits].groupby("name", sort=False).batch.min()
    alone, _, crowd = (rows.set_index("name").kept for _, rows in kept.groupby("batch"))
    return Section(
        kept=kept,
        kept_too_large=", ".join(f"{name} with {n:g}" for name, n in too_large.items()) or "none",
        **picked(alone, kept_small=_SMALL, kept_large=MISTRAL),
        **picked(crowd, kept_crowd_small=_SMALL, kept_crowd_large=MISTRAL),
        **picked(crowd, kept_crowd_window=_WINDOWED, kept_crowd_405=_LARGE),
        long_gap=costs["long"],
        short_gap=costs["empty"],
    )


def llama(law: SeparableLaw, two: pd.Series, three: pd.Series, arena_gap: float) -> Section:
    """Could training grow without the model? Llama 2 and 3 of 70B, and their Arena points apart."""
    flop = [chinchilla.training_flop(m.total_params, m.training_tokens) for m in (two, three)]
    loss = [float(law.loss(m.total_params, m.training_tokens)) for m in (two, three)]
    same_loss = law.optimal(loss=loss[1])
    return Section(
        llama_flop=flop[1] / flop[0],
        llama_own=three.total_params,
        llama_tokens=three.training_tokens / two.training_tokens,
        llama_arena=arena_gap,
        llama_loss=loss[0] - loss[1],
        llama_optimal=same_loss.params,
        llama_optimal_flop=flop[1] / same_loss.flop,
    )


def tally(scored: Mapping[str, Scored], earlier: Sequence[Scored]) -> Section:
    """How did the article fare, and how on an earlier day?"""
    counts = ledger.counts(scored.values())
    fares = pd.Series([one.article for one in scored.values()]).value_counts()
    grades = ("right", "partly right", "not supported", "wrong")
    verdicts = {found.id: found.verdict for found in ledger.claims(ids=["O03", "O06"])}
    before = {one.id: one.verdict for one in earlier}
    changed = [name for name, one in scored.items() if one.verdict != before[name]]
    return Section(
        tally=", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count),
        article_fares=", ".join(f"{grade} in {fares.get(grade, 'none')}" for grade in grades),
        floor_fares=scored["P4"].article,
        floor_verdict=verdicts["O03"],
        steady_fares=scored["P7b"].article,
        steady_verdict=verdicts["O06"],
        fall_decades=abs(scored["P1a"].decades or 0.0),
        until=scored["P1a"].days.until,
        earlier_until=earlier[0].days.until,
        earlier_changed=len(changed) or "none",
        earlier_ids=", ".join(f"{n}: {before[n]}" for n in changed) or "nothing else",
    )


def exercises(law: SeparableLaw, read_usd_per_token: float, fall: Scored) -> Section:
    """Answers: the floor halved, two pundits scored, and the context that costs GPT-4o's price.

    Parameters
    ----------
    law : SeparableLaw
        Law of the floor.
    read_usd_per_token : float
        Cost of reading the cache for each token of context. [USD/Mtok/token]
    fall : Scored
        Proposition P1a.
    """
    went_on = fall.verdict == "held"
    return Section(
        ex_factor=2**law.alpha,
        ex_brier_sure=ledger.brier(0.9, went_on),
        ex_brier_shy=ledger.brier(0.4, went_on),
        ex_brier_coin=ledger.brier(0.5, went_on),
        ex_cache_tokens=facts.list_price(GPT4O) / read_usd_per_token,
    )
