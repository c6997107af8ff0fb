"""Why did they shrink? What each section of the chapter finds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from llmecon import catalog, chinchilla, cost, sizing
from llmecon.chinchilla import Allocation, LifetimeOptimum, RepeatableLaw, SeparableLaw
from llmecon_book import counterfactual, essay, facts
from llmecon_book.chapters import Section, columns, ends, named, picked, stacked
from llmecon_book.counterfactual import DATA, DEMAND, LAW, TOGETHER, Gains
from llmecon_book.facts import ARENA, ESSAY_DAY, GPT3, GPT4, GPT4O, LLAMA2, LLAMA3, PHI4, model
from llmecon_book.words import short

PerLaw = Mapping[str, Any]  # title of a law to what it says


def at_quality(
    optimum: Callable[..., Any], laws: Mapping[str, SeparableLaw], built: pd.Series, **case: Any
) -> dict[str, Any]:
    """Cheapest model as good as one that was built, by each law; `case` goes to `optimum`."""
    return {name: optimum(law, loss=quality(law, built), **case) for name, law in laws.items()}


def quality(law: SeparableLaw, built: pd.Series) -> float:
    """Loss of a model, by its parameters at work on a token. [nats/token]"""
    return float(law.loss(built.active_params, built.training_tokens))


def rules(by_kaplan: Allocation, by_hoffmann: Allocation, gpt3: Allocation) -> Section:
    """Did the rule change? Runs of ten times the compute by two laws, and Kaplan's for GPT-3."""
    trained = catalog.models().dropna(subset=["training_tokens", "total_params"])
    trained["tokens_per_param"] = trained.training_tokens / trained.total_params
    of = trained.set_index("model").tokens_per_param
    asked = {
        "Kaplan 2020 at GPT-3's budget": float(gpt3.tokens_per_param),
        "Chinchilla itself": of[facts.CHINCHILLA],
    }
    return Section(
        trained=trained,
        rules=pd.DataFrame(asked.items(), columns=["rule", "tokens_per_param"]),
        kaplan_n=float(by_kaplan.params[1] / by_kaplan.params[0]),
        kaplan_d=float(by_kaplan.tokens[1] / by_kaplan.tokens[0]),
        equal_n=float(by_hoffmann.params[1] / by_hoffmann.params[0]),
        kaplan_ratio=float(gpt3.tokens_per_param),
        **picked(of, gpt3_ratio=GPT3, llama2_ratio=LLAMA2, llama3_ratio=LLAMA3),
        chinchilla_ratio=of[facts.CHINCHILLA],
        gpt3_to_chinchilla=of[facts.CHINCHILLA] / of[GPT3],
        n_trained=len(trained),
    )


def prescriptions(compared: pd.DataFrame, gpt4_swaps: pd.DataFrame) -> Section:
    """How much smaller would the new law have made GPT-3 and GPT-4?

    Parameters
    ----------
    compared : pandas.DataFrame
        Of `chinchilla.compare` for the budgets of GPT-3 and of GPT-4, in this order.
    gpt4_swaps : pandas.DataFrame
        Of `chinchilla.explain`: what rounding one constant does.
    """
    sizes = compared.assign(
        budget=[GPT3, GPT4] * (len(compared) // 2), law=compared.law.map(chinchilla.law_title)
    )
    built = {GPT3: model(GPT3).total_params, GPT4: model(GPT4).active_params}
    advice = sizes.set_index(["budget", "law"]).params
    of_gpt3, of_gpt4 = (advice[budget].drop("Kaplan 2020") for budget in built)
    return Section(
        sizes=sizes.sort_values("budget", kind="stable"),
        built=pd.DataFrame(built.items(), columns=["budget", "params"]),
        **ends("gpt3", of_gpt3),
        **ends("gpt4", of_gpt4),
        **picked(advice.xs("Kaplan 2020", level="law"), gpt3_kaplan=GPT3, gpt4_kaplan=GPT4),
        gpt4_active=built[GPT4],
        gpt4_law_spread=of_gpt4.max() / of_gpt4.min(),
        **named("round", gpt4_swaps.iloc[0], "constant factor"),
    )


def demand(worked: LifetimeOptimum, laws: Mapping[str, SeparableLaw]) -> Section:
    """Does demand make models smaller? A worked optimum, and all demands by several laws."""
    reference, served = float(worked.baseline.params), np.geomspace(1e10, 1e15, 41)
    curves, shares = {}, []
    for name, law in laws.items():
        best, at_worked = (
            chinchilla.inference_optimal(law, reference_params=reference, tokens_served=tokens)
            for tokens in (served, worked.tokens_served)
        )
        shares.append(float(at_worked.size_ratio))
        curves[name] = columns(
            best,
            "tokens_served size_ratio decades_outside",
            ratio_known=np.asarray(best.decades.get("tokens_per_param", 0 * served)) == 0,
        )
    return Section(
        curves=stacked("law", curves),
        shares=pd.Series(shares),
        **named("life", worked, "params tokens_served token_ratio saved_fraction"),
        life_reference=reference,
        life_law=chinchilla.law_title(worked.law),
        **ends("floor", (law.size_floor_ratio for law in laws.values())),
    )


def bets(law: SeparableLaw, made: pd.DataFrame) -> Section:
    """For which demand was a model built, by a law? Of `counterfactual.servings_that_justify`."""
    bet = made.set_index("model").tokens_served
    return Section(
        **picked(bet, bet_llama2=LLAMA2, bet_llama3=LLAMA3, bet_gpt4=GPT4),
        **ends("bet", bet[[LLAMA3, "Llama 3.1 405B", "Gemma 3 27B", PHI4, "Qwen3-32B"]]),
        bet_law=chinchilla.law_title(law.name),
    )


def serving_cost(served: pd.DataFrame, speeds: Sequence[float], machine: essay.Machine) -> Section:
    """Are large models too expensive to serve?

    Parameters
    ----------
    served : pandas.DataFrame
        Of `essay.halvings_frontier`.
    speeds : sequence of float
        Slow, middle and fast. [tokens/s]
    machine : Machine
        What serves.
    """
    curves = {float(part): served[served.fraction == part] for part in served.fraction.unique()}
    costs = pd.DataFrame(
        [
            (f"1/{round(1 / part)}", f"{speed:g} tokens/s", curve.n_params.iloc[0], usd)
            for part, curve in curves.items()
            for speed, usd in zip(speeds, cost.cheapest_at(curve, speeds), strict=True)
        ],
        columns=["model", "at", "total_params", "usd_per_mtok"],
    )
    costs = costs[np.isfinite(costs.usd_per_mtok)]
    whole, eighth = (float(cost.cheapest_at(curves[f], speeds[1])) for f in (1, 1 / 8))
    least = [curves[f].usd_per_mtok.min() for f in (1, 1 / 8)]
    possible = bool(np.isfinite(whole))
    return Section(
        costs=costs,
        serving_chip=machine.name,
        cost_speed=speeds[1],
        cost_whole=f"{whole:.2f}" if possible else "no finite sum of",
        cost_eighth=eighth,
        cost_gap=f"{whole / eighth:.0f}" if possible else "infinitely many",
        cost_slow_gap=least[0] / least[1],
        fast_speed=speeds[2],
        fast_largest=costs.total_params[costs["at"] == f"{speeds[2]:g} tokens/s"].max(),
    )


def lifetime(
    laws: Mapping[str, SeparableLaw],
    best: Mapping[str, LifetimeOptimum],
    prices: Mapping[str, Any],
    **said: Any,
) -> Section:
    """What does a model of GPT-4's quality cost over its life?

    Parameters
    ----------
    laws, best : mapping
        Laws, and the cheapest model by each, for one demand.
    prices : mapping
        ``usd_per_train_flop`` [USD/FLOP] and ``usd_per_served_token``, a `ServingPrice`.
    **said
        What the text says of the case.
    """
    per_flop, price = prices["usd_per_train_flop"], prices["usd_per_served_token"]
    gpt4, optima = model(GPT4), best.values()
    served = float(next(iter(optima)).tokens_served)
    floors, double, lives = [], [], []
    for name, law in laws.items():
        loss, size = quality(law, gpt4), float(best[name].params)
        train = per_flop * chinchilla.training_flop(2 * size, law.tokens_for(2 * size, loss))
        double.append((train + served * price(2 * size)) / best[name].total)
        floors.append(size / 2 / law.params_floor(loss))
        life = counterfactual.lifetime_curve(law, loss=loss, through=[size], **prices)
        lives.append(life.assign(law=name))
    return Section(
        lives=pd.concat(lives),
        **said,
        life_demand=served,
        life_exponent=float(price.exponent(gpt4.active_params)),
        **ends("life_cheapest", (one.params for one in optima), 2),  # a valley is flat
        **ends("life_baseline", (one.baseline.params for one in optima)),
        **ends("life_double", double),
        **ends("life_half", floors),
        **ends("life_usd", (one.total for one in optima), 2),
        **ends("life_saved", (one.saved_fraction for one in optima)),
    )


def sizes_by_demand(
    laws: Mapping[str, SeparableLaw], in_flop: PerLaw, in_usd: PerLaw, demands: Sequence[float]
) -> Section:
    """How much smaller would GPT-4 have been, had its maker known the demand?

    Parameters
    ----------
    laws : mapping
        Laws asked.
    in_flop, in_usd : mapping
        Cheapest models over a range of demands, counted in FLOP and in dollars.
    demands : sequence of float
        Demands assumed. [tokens]
    """
    gpt4 = model(GPT4)
    few, many = min(demands), max(demands)
    both = {"FLOP": in_flop, "dollars": in_usd}

    def at(found: PerLaw, what: str, served: float) -> list[float]:
        logs = (np.log([one.tokens_served, getattr(one, what)]) for one in found.values())
        return [float(np.exp(np.interp(np.log(served), *log))) for log in logs]

    spans: list[list[float]] = []
    said: dict[str, float] = {}
    for counting, found in both.items():
        for name, served in (("few", few), ("many", many)):
            spans.append(at(found, "params", served))
            said |= ends(f"gpt4_{name}_{counting.lower()}", spans[-1])
        said |= ends(f"many_tokens_{counting.lower()}", at(found, "tokens", many))
    paths = [
        columns(one, "tokens_served params decades_outside", law=name, counting=counting)
        for counting, found in both.items()
        for name, one in found.items()
    ]
    return Section(
        paths=pd.concat(paths),
        built=pd.DataFrame({"label": ["GPT-4, active, reported"], "params": [gpt4.active_params]}),
        gpt4_few=few,
        gpt4_many=many,
        **said,
        n_inside=sum(min(s) <= gpt4.active_params <= max(s) for s in spans),
        n_above=sum(gpt4.active_params > max(sizes) for sizes in spans),
        n_spans=len(spans),
        **ends("gpt4_floor", (law.params_floor(quality(law, gpt4)) for law in laws.values())),
    )


def overtraining(laws: Mapping[str, SeparableLaw], default: str, made: pd.DataFrame) -> Section:
    """What do more tokens buy, by each law, and which trades did makers take?

    Parameters
    ----------
    laws : mapping
        Laws asked.
    default : str
        Title of the law that real models are placed on, drawn first.
    made : pandas.DataFrame
        Of `counterfactual.servings_that_justify`, by that law.
    """
    factors = np.geomspace(0.105, 3.0, 60)
    first = sorted(laws, key=lambda name: name != default)
    trades = {name: chinchilla.iso_loss(laws[name], size_factor=factors) for name in first}
    lines = pd.concat(
        pd.DataFrame({"law": name, "size_ratio": factors, "flop_ratio": 1 + trade.flop_overhead})
        for name, trade in trades.items()
    )
    half, quarter = (
        [chinchilla.iso_loss(law, size_factor=part) for law in laws.values()]
        for part in (0.5, 0.25)
    )
    floors = {name: float(law.size_floor_ratio) for name, law in laws.items()}
    of = made.set_index("model")
    return Section(
        lines=lines[np.isfinite(lines.flop_ratio) & (lines.flop_ratio < 30)],
        made=made[~made.model.isin([GPT4, LLAMA2])],
        floors=pd.DataFrame(floors.items(), columns=["law", "size_ratio"]),
        quarter=pd.Series([float(trade.flop_overhead) for trade in quarter]),
        **ends("half", (trade.token_factor for trade in half)),
        **ends("half_flop", (trade.flop_overhead for trade in half)),
        **ends("critical", (chinchilla.critical_size(law) for law in laws.values())),
        **named("qwen", of.loc["Qwen3-32B"], "size_ratio flop_ratio"),
        **named("llama3", of.loc[LLAMA3], "size_ratio flop_ratio"),
    )


def repeats(
    law: RepeatableLaw, bound: chinchilla.RepeatedAllocation, free: Allocation, params: float
) -> Section:
    """What if the data run out?

    Parameters
    ----------
    law : RepeatableLaw
        Law that knows repeated text.
    bound, free : Allocation
        Optimal run of one budget with a stock of unique tokens, and without limit.
    params : float
        Size of the model in the figure. [parameters]
    """
    stock, processed = float(bound.unique_tokens), np.geomspace(3e11, 3e14, 46)
    run = law.predict(params, processed)
    stocks = {short(1e12): 1e12, short(stock): stock, "without limit": None}
    curves = [
        columns(run, "tokens decades_outside", data=name).assign(
            loss=law.loss(params, processed, unique_tokens=unique)
        )
        for name, unique in stocks.items()
    ]
    most = catalog.models().nlargest(1, "training_tokens").iloc[0]
    assert bound.loss is not None and free.loss is not None
    return Section(
        curves=pd.concat(curves),
        repeat_four=float(chinchilla.effective_epochs(4, law.r_d_star)),
        repeat_sixteen=float(chinchilla.effective_epochs(16, law.r_d_star)),
        repeat_limit=1 + law.r_d_star,
        stock=stock,
        stock_flop=f"{float(bound.flop):.1e}".replace("+", ""),
        **named("bound", bound, "epochs params"),
        **named("free", free, "tokens params"),
        stock_loss=float(bound.loss - free.loss),
        **named("most", most, "model training_tokens"),
    )


def synthetic(
    law: SeparableLaw, laws: Mapping[str, SeparableLaw], gaps: Mapping[str, float], answers: float
) -> Section:
    """Was it synthetic data, or distillation? Phi-4 and Gemma 3 4B beside the laws.

    Parameters
    ----------
    law, laws : SeparableLaw, mapping
        Law for one number, and laws for ranges.
    gaps : mapping
        Points that Phi-4 stands above Llama 3.3 70B, by benchmark.
    answers : float
        Its answers to SimpleQA. [%]
    """
    phi, llama, gemma = map(model, (PHI4, facts.LLAMA33, facts.GEMMA_4B))
    needed = [each.tokens_for(phi.total_params, quality(each, llama)) for each in laws.values()]
    worth = [each.optimal(loss=quality(each, gemma)).params for each in laws.values()]
    once, ten = (float(law.loss(phi.total_params, n * phi.training_tokens)) for n in (1, 10))
    stands = {
        f"phi_{name}": f"{abs(gap):.{digits}f} points {'below' if gap < 0 else 'above'}"
        for (name, gap), digits in zip(gaps.items(), (1, 1, 0), strict=True)
    }
    return Section(
        phi_ratio=phi.training_tokens / phi.total_params,
        phi_flop=llama.training_flop / phi.training_flop,
        phi_size=llama.total_params / phi.total_params,
        **stands,
        phi_facts=answers,
        phi_floors=int(np.isinf(needed).sum()),
        phi_laws=len(laws),
        ten_times_data=once - ten,
        gemma_tokens=gemma.training_tokens,
        **ends("gemma", worth),
    )


def better_data(
    alone: tuple[Allocation, Allocation], served: tuple[LifetimeOptimum, LifetimeOptimum]
) -> Section:
    """What does a token worth two change, for training alone and with demand? Before and after."""
    return Section(
        twice_size=float(alone[1].params / alone[0].params),
        twice_tokens=float(alone[1].tokens / alone[0].tokens),
        twice_served=float(served[1].params / served[0].params),
    )


def gains(progress: chinchilla.ProgressLaw, years: float) -> list[Gains]:
    """Progress of data and methods in some years: as fitted, and split evenly at its ends."""
    doubling = [(progress.tokens_doubling_years, progress.params_doubling_years)]
    # Of two factors that double compute in so many months, each takes twice as long.
    doubling += [(2 * months / 12,) * 2 for months in progress.doubling_months_interval or ()]
    return [Gains(tokens=2 ** (years / n), params=2 ** (years / m)) for n, m in doubling]


def decomposition(
    in_flop: pd.DataFrame, in_usd: pd.DataFrame, inferred: sizing.Reading, share: float
) -> Section:
    """How much of the fall from GPT-4 to GPT-4o can each cause explain?

    Parameters
    ----------
    in_flop, in_usd : pandas.DataFrame
        Of `counterfactual.decompose`, counted in FLOP and in dollars.
    inferred : sizing.Reading
        GPT-4o's size.
    share : float
        Share of the sizes that its interval holds. [1]
    """
    gpt4, gpt4o = model(GPT4), model(GPT4O)
    tails = [0.5 + share / 2, 0.5, 0.5 - share / 2]  # a small model is a large factor
    active = inferred.active_params.quantile(tails)
    need = gpt4.active_params / active
    need_total = gpt4.total_params / inferred.total_params.quantile(tails)
    level = catalog.score(GPT4, ARENA, ESSAY_DAY)
    steps = facts.smallest_at_score(facts.scored_models(ARENA, ESSAY_DAY), level=level)
    seen = steps[steps.open_date <= gpt4o.release_date].iloc[-1]
    seen_factor = gpt4.active_params / seen.active_params

    both = {"FLOP": in_flop, "dollars": in_usd}
    found = {counting: counterfactual.ranges(cases) for counting, cases in both.items()}
    by_law = found["FLOP"].loc[LAW]  # the same in dollars, for it serves nobody
    rows = [
        ("GPT-4 to GPT-4o, active parameters", "to explain", *need),
        ("GPT-4 to GPT-4o, all parameters", "to explain", *need_total),
        ("New law", "one cause", *by_law),
    ]
    said = named("by_law", by_law, "low high")
    for cause, label, kind in (
        (DEMAND, "Demand", "one cause"),
        (DATA, "Better data and methods", "one cause"),
        (TOGETHER, "All three", "together"),
    ):
        for counting, frame in found.items():
            rows.append((f"{label}, in {counting}", kind, *frame.loc[cause]))
            name = f"{counting.lower()}_{cause}"
            said |= named(f"by_{name}", frame.loc[cause], "low high")
            said[f"share_{name}"] = np.log(frame.middle[cause]) / np.log(need[1])
    for counting, cases in both.items():
        whole, name = cases.factor[cases.cause == TOGETHER], counting.lower()
        said[f"by_{name}_all_mid"] = whole.median()
        said[f"left_{name}"] = need[1] / whole.median()
        said[f"enough_{name}"] = (whole >= need[1]).mean()
    rows.append((f"{seen.model}, level with GPT-4 in votes", "seen", *[seen_factor] * 3))
    return Section(
        rows=pd.DataFrame(rows, columns=["row", "kind", "low", "middle", "high"]),
        cases=in_flop,
        **ends("need", need),
        need_mid=need[1],
        **ends("need_total", need_total),
        need_total_mid=need_total[1],
        **ends("need_size", active),
        need_share=share,
        share_law=np.log(by_law.middle) / np.log(need[1]),
        **said,
        n_cases=int((in_usd.cause == TOGETHER).sum()),
        **named("seen", seen, "model open_date"),
        seen_factor=seen_factor,
        **ends("far", pd.concat([in_flop, in_usd]).decades_outside),
        better_points=catalog.score_gap(GPT4O, GPT4, ARENA, ESSAY_DAY),
    )


def exercises(law: SeparableLaw, gpt4_flop: float, llama3: pd.Series) -> Section:
    """Answers: tokens per parameter for a budget [FLOP], and the demand Llama 3 70B bets on."""
    names = ["HOFFMANN_2022_ROUNDED", "HOFFMANN_2022_TEX", "BESIROGLU_2024"]
    printed, tex, refit = chinchilla.compare(names, flop=gpt4_flop).tokens_per_param
    tokens = llama3.training_tokens
    wedge = law.wedge(llama3.total_params, tokens)
    served = 3 * tokens * (wedge - 1)
    return Section(
        ex_printed=printed, ex_tex=tex, ex_refit=refit, ex_wedge_value=wedge, ex_wedge_served=served
    )
