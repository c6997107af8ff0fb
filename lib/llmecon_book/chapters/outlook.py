"""What did the article expect, and what came? What each section of the chapter finds."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from llmecon import catalog, chinchilla, cost, roofline, trends
from llmecon.chinchilla import SeparableLaw
from llmecon.transformer import Transformer
from llmecon_book import counterfactual, facts, ledger
from llmecon_book.chapters import Section, ends, named, picked, stacked
from llmecon_book.facts import GPT4, GPT4O, TURBO
from llmecon_book.ledger import Days, Scored
from llmecon_book.ledger.measures import NO_TREND, went
from llmecon_book.ledger.propositions import CLEARLY_LESS, LEVELS
from llmecon_book.words import in_words, listed, short

_DOUBT = 0.05  # largest p-value of a clear bend
_PRICES_FROM = "2023-12-31"  # first day of the makers' paths
_CONTEXT = 1_000.0  # tokens of the conversation that is served
_STAGES = (1, 2, 4)  # of a pipeline
_FARES, _CAME = "P1a P1b P5 P6a P6b P7a P7b", "P5 P6a P7a P7b P8c P11"  # that the text repeats
_CHEAPER = {
    "held": "became cheaper",
    "mixed": "became cheaper in part",
    "failed": "did not become cheaper",
}


def by_id(scored: Iterable[Scored]) -> dict[str, Scored]:
    """Propositions with their scores, by their names."""
    return {one.id: one for one in scored}


def expectations(scored: Mapping[str, Scored], earlier: Sequence[Scored]) -> Section:
    """Which of its expectations came true, and which had by an earlier day?"""
    claims = [one for one in scored.values() if one.row.as_said]
    fares = Counter(one.article for one in claims)
    before = {one.id: one.article for one in earlier}
    changed = [one for one in claims if one.article != before[one.id]]
    fall, closed = scored["P1a"], scored["P1b"].article
    return Section(
        n_claims=len(claims),
        n_right=fares["right"],
        n_partly=fares["partly right"],
        n_wrong=fares["wrong"] + fares["not supported"],
        n_unscored=fares["cannot be scored"],
        n_checked=ledger.directions(claims)[1],
        cautious=", and too cautious" if fall.low and fall.low > 1 else "",
        went_on="went on" if fall.verdict == "held" else "did not go on",
        of_closed="is not known outside their makers"
        if closed == "cannot be scored"
        else f"makes the article {closed}",
        made=fall.days.made,
        until=fall.days.until,
        earlier_until=earlier[0].days.until,
        earlier_changed="; ".join(f"{c.row.as_said} ({before[c.id]})" for c in changed) or "none",
        **{f"{name}_fares": scored[name].article for name in _FARES.split()},
        **{f"{name}_came": scored[name].came for name in _CAME.split()},
    )


def open_frontier(frontier: pd.DataFrame, days: Days, confidence: float) -> Section:
    """Did the largest open models shrink? The growth of three of their sizes."""
    bodies = frontier.drop_duplicates(["total_params", "active_params"])
    dense = frontier[frontier.active_params == frontier.total_params]
    sparse, sparsity = frontier.drop(dense.index), frontier.total_params / frontier.active_params
    fits = {
        "total": facts.growth(frontier, frontier.total_params, confidence=confidence),
        "active": facts.growth(frontier, frontier.active_params, confidence=confidence),
        "sparse": facts.growth(sparse, sparse.active_params, confidence=confidence),
        "bodies": facts.growth(bodies, bodies.total_params, confidence=confidence),
        "sparsity": facts.growth(frontier, sparsity, confidence=confidence),
    }
    total, active, fall = fits["total"], fits["active"], facts.the_fall()
    drawn = {
        "fit, all parameters": (total, days.since),
        "fit, active parameters": (active, days.since),
        "GPT-4 to GPT-4o, drawn on": (fall, facts.released(GPT4O)),
    }
    lines = {}
    for name, (trend, start) in drawn.items():
        dates = pd.date_range(start, days.until, periods=20, unit="us")
        lines[name] = pd.DataFrame({"date": dates, "params": trend.at(dates)})
    found: dict[str, Any] = {}
    for name, trend in fits.items():
        found |= {f"{name}_rate": trend.factor_per_year} | ends(name, trend.interval)
    agreed = went(active) == went(fits["sparse"])
    return Section(
        frontier=frontier,
        lines=stacked("line", lines),
        **found,
        since=days.since,
        total_n=total.n,
        total_went=went(total),
        active_went=went(active) if agreed else NO_TREND,
        dense=listed(dense.model, "none"),
        fall_rate=fall.factor_per_year,
        fall_today=fall.at(days.until)[0],
        bodies_n=len(bodies),
        before_from=facts.size(facts.LLAMA2),
        before_to=facts.size("Llama 3.1 405B"),
        **named("largest", facts.largest(frontier), "model total_params release_date"),
        confidence=confidence,
    )


def closed_sizes(closed: pd.DataFrame, known: pd.DataFrame) -> Section:
    """And the largest closed ones? Closed frontier models, and the sizes known of them."""
    gpt4 = facts.size(GPT4)
    disclosed = int((closed.size_status == "disclosed").sum())
    told = closed[(closed.size_status == "reported") & closed.total_params.notna()]
    ranged = known[known.high > known.low]
    return Section(
        known=known,
        closed_n=len(closed),
        closed_disclosed=in_words(disclosed) if disclosed else "none",
        closed_told=len(told),
        closed_maker=listed(sorted(told.developer.unique())),
        closed_known=len(known),
        closed_width=(ranged.high / ranged.low).median(),
        closed_holds=int(((known.low <= gpt4) & (known.high >= gpt4)).sum()),
        closed_below=int((known.high < gpt4).sum()),
    )


def rivals(table: pd.DataFrame) -> Section:
    """Could a reader have forecast it? Forecasts of `ledger.rivals`."""
    times = 10 ** table.set_index("forecast").error_decades
    lines = ["straight line", "line with a bend"]
    rejected, believed = lines if table.attrs["p_value"] <= _DOUBT else lines[::-1]
    return Section(
        table=table.assign(times=times.to_numpy()),
        rival_believed=believed,
        rival_rejected=rejected,
        **picked(times, rival_believed_error=believed, rival_rejected_error=rejected),
        rival_nearest=times[~times.index.str.contains(f"{rejected}|now")].min(),
        rival_came=table.attrs["observed"],
        rival_model=table.attrs["model"],
        rival_p=max(table.attrs["p_value"], 0.001),
    )


def rivals_table(found: Section) -> str:
    """The forecasts as a table in HTML, the nearest first."""
    rows = []
    for row in found.table.sort_values("times").itertuples():
        band = "" if np.isnan(row.low) else f" ({short(row.low)} to {short(row.high)})"
        rows.append((row.forecast, f"{short(row.value)}{band}", f"{row.times:,.1f}"))
    frame = pd.DataFrame(rows, columns=["Forecast", "It said", "Times off"])
    table = frame.to_html(index=False, border=0, classes="table", justify="left")
    return f'<div class="table-scroll">\n{table}\n</div>'


def ability(days: Days) -> Section:
    """Did the size needed for a given ability fall? By the last Arena list up to a day."""
    arena, before = (facts.arena(until=day) for day in (days.until, days.made))
    score, least = _scores(arena), arena.score[arena.open_weights].max()
    reached = [name for name in LEVELS if name in score.index and least >= score[name]]
    paths = {name: facts.smallest_at_score(arena, level=score[name]) for name in reached}
    steps = stacked("level", paths)
    steps["release_date"] = steps.open_date
    by_level = steps.groupby("level", sort=False)
    first, last = by_level.first(), by_level.last()
    times = first.total_params / last.total_params
    fell, top = int((times * CLEARLY_LESS > 1).sum()), reached[-1]
    years = trends.elapsed_years(first.release_date[top], last.release_date[top])
    both = before[before.model.isin(arena.model)]
    best, opened = both.model.iloc[0], both.model[both.open_weights].iloc[0]
    gaps = {when: of[best] - of[opened] for when, of in (("then", _scores(before)), ("now", score))}
    return Section(
        steps=steps,
        **named("gpt4_small", last.loc[GPT4], "model total_params release_date"),
        gpt4_small_times=facts.size(GPT4) / last.total_params[GPT4],
        ability_levels=len(times),
        ability_fell=fell,
        ability_went="went on falling" if 2 * fell > len(times) else "did not clearly fall",
        top=top,
        top_months=12 * years,
        **picked(first.total_params, top_first=top),
        **named("top_last", last.loc[top], "model total_params"),
        pair=f"{best} and {opened}",
        **{f"pair_{when}": gap for when, gap in gaps.items()},
    )


def _scores(on_list: pd.DataFrame) -> pd.Series:
    return on_list.set_index("model").score


def floor(laws: Mapping[str, SeparableLaw], reference: pd.Series) -> Section:
    """Is there a floor? Sizes for the loss of one model, by the first law and others."""
    floors, size = [], reference.total_params
    for law in laws.values():
        loss = float(law.loss(size, reference.training_tokens))
        floors.append(float(law.params_floor(loss)))
    first = next(iter(laws.values()))
    tokens = first.tokens_for(size / 2, first.loss(size, reference.training_tokens))
    return Section(
        floor_name=reference.model,
        floor_law=next(iter(laws)),
        floor_size=floors[0],
        **ends("floor", floors),
        floor_half=tokens / reference.training_tokens,
    )


def facts_and_size(known: pd.DataFrame, scored: Scored) -> Section:
    """Is there a floor for knowledge? Facts of `ledger.facts_by_size`, and proposition P4."""
    answers = facts.simple_qa(until=scored.days.until).drop_duplicates("model")
    score = _scores(answers)
    matched = known[known.score >= score[TURBO]].head(1).to_dict("records")
    knows = scored.observed is not None and scored.observed < 0.5
    chats = scored.verdict == "held" or (scored.verdict == "mixed" and not knows)
    small = facts.GEMMA_4B
    return Section(
        known=known,
        closed=answers[answers.model.isin([TURBO, GPT4O, facts.GPT5])],
        facts_small_name=small,
        **picked(score, facts_small=small, facts_turbo=TURBO),
        facts_per_decade=known.attrs["points_per_decade"],
        facts_first=listed(
            (f"{row['model']} with {short(row['total_params'])}" for row in matched),
            "not known yet",
        ),
        facts_n=len(known),
        floor_of_facts="a floor" if knows else "no floor",
        floor_of_chat="one" if chats else "none yet",
    )


def prices(scored: Mapping[str, Scored], days: Days) -> Section:
    """Did prices go on falling? Of two makers' flagships, and of two levels."""
    paths = {}
    for maker in facts.MAKERS:
        path = facts.flagship_path(maker, made=_PRICES_FROM, until=days.until).rename_axis("date")
        paths[f"{maker} flagship"] = path.reset_index().assign(model=f"{maker} flagship")
    for name in (GPT4, GPT4O):
        paths[f"cheapest at {name}'s level"] = facts.cheapest_at_level(name, until=days.until)
    every = stacked("path", paths)
    keys = dict(zip(("openai", "anthropic", "gpt4", "gpt4o"), paths, strict=True))
    price: dict[str, float] = {"price_gpt4_first": paths[keys["gpt4"]].output_usd_per_mtok.iloc[0]}
    for when, day in (("then", days.made), ("now", days.until)):
        last = every[every.date <= day].groupby("path").output_usd_per_mtok.last()
        price |= {f"price_{key}_{when}": last[path] for key, path in keys.items()}
    return Section(
        paths=every,
        **price,
        flagships_went=_CHEAPER.get(scored["P8a"].verdict, "cannot be compared"),
        quality_went=_CHEAPER.get(scored["P8b"].verdict, "cannot be compared"),
    )


# ---- hardware --------------------------------------------------------------------------------


def _scaled(model: Transformer, factor: float) -> Transformer:
    """Width, depth and head width times the cube root; as many heads, which divide a model."""
    third = factor ** (1 / 3)
    grown = {name: round(getattr(model, name) * third) for name in ("d_model", "d_ff", "d_head")}
    return model.model_copy(update=grown | {"n_layers": int(model.n_layers * third)})


@cache
def _served(chip: str) -> pd.DataFrame:
    """Frontiers of copies of GPT-4's reported shape at a rent of 1 USD/h, for cost is in
    proportion to it, and how far each side the 80% band goes.
    """
    where, whole = catalog.accelerator(chip), catalog.transformer(facts.GPT4_SHAPE)
    joined, lines = int(where.scaleup_domain_size or 8), []
    for copy in (_scaled(whole, factor) for factor in counterfactual.SCALES):
        try:
            line = cost.frontier(
                copy,
                where,
                usd_per_gpu_hour=1.0,
                context=_CONTEXT,
                chips_per_node=joined,
                pipeline_parallel=_STAGES,
            )
        except ValueError:  # this copy, and each larger one, does not fit
            break
        lines.append(line.assign(n_params=copy.n_params, n_active_params=copy.n_active_params))
    small = roofline.Deployment(_scaled(whole, counterfactual.SCALES[0]), where, tensor_parallel=8)
    run = small.serve(concurrency=1, input_tokens=_CONTEXT, output_tokens=2)
    found = pd.concat(lines, ignore_index=True)
    found.attrs["band"] = float(run.tpot_high_s / run.tpot_s)
    return found


def largest_served(
    chip: str, rent: float, *, tokens_per_s: float, usd_per_mtok: float
) -> dict[str, float]:
    """Largest copy of GPT-4's reported shape that accelerators serve, with its band.

    Parameters
    ----------
    chip : str
        Name in ``accelerators.csv``.
    rent : float
        Of one of them. [USD/h]
    tokens_per_s, usd_per_mtok : float
        Speed of one user, and cost that is accepted. [tokens/s] [USD/Mtok]

    Returns
    -------
    dict
        ``low``, ``params``, ``high`` by the calibrated serving model and ``essay`` by the
        published one [parameters]; not a number where only the smallest copies are served.
    """
    copies, sizes = _served(chip), {}
    case: dict[str, Any] = {"tokens_per_s": [tokens_per_s], "usd_per_mtok": usd_per_mtok / rent}
    for name, power in (("low", 1), ("params", 0), ("high", -1)):
        slower = copies.attrs["band"] ** power
        line = copies.assign(
            tokens_per_s=copies.tokens_per_s / slower, usd_per_mtok=copies.usd_per_mtok * slower
        )
        enough = line[
            (line.tokens_per_s >= tokens_per_s) & (line.usd_per_mtok <= usd_per_mtok / rent)
        ]
        served = enough.n_params.nunique() > 1
        found = counterfactual.servable_sizes(line, **case).total_params[0] if served else np.nan
        sizes[name] = float(found)
    essay = ledger.servable(chip, 1.0, **case)
    return sizes | {"essay": float(essay.total_params[0])}


def hardware(
    day: str, tokens_per_s: float, usd_per_mtok: float, *, rubin_usd_per_gpu_hour: float
) -> Section:
    """Did hardware change what can be served? Over every accelerator with a rent of one day.

    Parameters
    ----------
    day : str
        Of the rents, ISO.
    tokens_per_s, usd_per_mtok : float
        Speed and cost at which they are compared. [tokens/s] [USD/Mtok]
    rubin_usd_per_gpu_hour : float
        Assumed rent of the Vera Rubin. [USD/h]
    """
    case = {"tokens_per_s": tokens_per_s, "usd_per_mtok": usd_per_mtok}
    quotes = catalog.gpu_prices()
    signed = (quotes.price_kind == "three_year_rental") & (quotes.date == pd.Timestamp(day))
    rents = dict(quotes[signed].set_index("accelerator").usd_per_gpu_hour)
    rents[facts.RUBIN] = rubin_usd_per_gpu_hour
    rows = {chip: largest_served(chip, rent, **case) for chip, rent in rents.items()}
    sizes = pd.DataFrame.from_dict(rows, "index").rename_axis("chip").reset_index()
    labels = {chip: f"{chip}, ${rent:g}/h" for chip, rent in rents.items()}
    by_chip = sizes.set_index("chip")
    keys = {"h200": facts.H200, "b200": facts.B200, "gb200": facts.GB200, "rubin": facts.RUBIN}
    told = {f"chip_{key}": _told(by_chip.params[name]) for key, name in keys.items()}
    told |= {f"essay_{key}": _told(by_chip.essay[keys[key]]) for key in ("h200", "gb200")}
    gains = by_chip.loc[facts.GB200] / by_chip.loc[facts.H200]
    hourly = quotes.price_kind.str.contains("on_demand") & (quotes.accelerator == facts.H200)
    asked = ends("asked", quotes.usd_per_gpu_hour[hourly])
    market = {
        f"{end}_size": _told(largest_served(facts.H200, rent, **case)["params"])
        for end, rent in asked.items()
    }
    return Section(
        sizes=sizes.assign(chip=sizes.chip.map(labels)).sort_values("params", kind="stable"),
        chip_day=day,
        chip_speed=tokens_per_s,
        chip_usd=usd_per_mtok,
        **told,
        **asked,
        **market,
        chip_rubin_rent=rubin_usd_per_gpu_hour,
        gain_calibrated=_gain(gains.params),
        gain_essay=_gain(gains.essay),
        gain_in_both="holds" if min(gains.params, gains.essay) > 1 else "does not hold",
        chip_joined=catalog.accelerator(facts.GB200).scaleup_domain_size,
        bandwidth_ratio=ledger.claim("O10").value,
        least_served=short(_served(facts.H200).n_params.min()),
    )


def _gain(times: Any) -> str:
    return "an unknown factor" if np.isnan(times) else f"{times:.1f} times"


def _told(params: float) -> str:
    return "too little to tell" if np.isnan(params) else short(params)


def training(law: SeparableLaw, pulls: Iterable[Any], **said: Any) -> Section:
    """Did thinking longer, or training longer, change the balance?

    Parameters
    ----------
    law : SeparableLaw
        Law of the loss.
    pulls : iterable of array
        Cheapest size with longer answers over that without, by several laws. [1]
    """
    longer, step, three = ledger.claim("O07"), ledger.claim("O12"), facts.model(facts.LLAMA3)
    best = law.optimal(loss=law.loss(three.total_params, three.training_tokens))
    return Section(
        **ends("think", pulls),
        **said,
        llama_flop=longer.numbers["own_growth"],
        llama_tokens=longer.numbers["tokens"],
        llama_arena=step.numbers["gap"],
        llama_share=step.value,
        llama_optimal=best.params,
        llama_saved=chinchilla.training_flop(three.total_params, three.training_tokens) / best.flop,
    )
