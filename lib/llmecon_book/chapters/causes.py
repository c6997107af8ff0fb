"""Why did they shrink? What each section of the chapter finds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from llmecon import catalog, chinchilla, sizing
from llmecon.chinchilla import RepeatableLaw, SeparableLaw
from llmecon_book import counterfactual, facts, ledger
from llmecon_book.chapters import Section, ends, named, picked
from llmecon_book.counterfactual import DATA, DEMAND, LAW, TOGETHER, Gains
from llmecon_book.facts import ARENA, ESSAY_DAY, GPT3, GPT4, GPT4O, LLAMA2, LLAMA3, PHI4, model

Laws = Mapping[str, SeparableLaw]  # by their titles

# The article's names; what is computed for the second is more than it names.
_NAMES = {
    LAW: "Chinchilla law",
    DATA: "Synthetic data (all progress)",
    DEMAND: "Serving cost",
    TOGETHER: "All three together",
}
_RECENT = [LLAMA3, "Llama 3.1 405B", "Gemma 3 27B", PHI4, "Qwen3-32B"]  # dense, training known
_SIDES = {"gpqa": 1, "arena": -1}  # of claim C14: points ahead, points behind
_ALIKE = 0.05  # sizes this near to each other are about the same
_FEW, _MOST = 0.4, 0.6  # of the cases: less than about half of them, and more


def change(factor: float) -> str:
    """What a factor makes of a model, in words.

    Examples
    --------
    >>> change(4.3), change(0.5), change(1.01)
    ('4.3 times smaller', '2.0 times larger', 'no smaller')
    """
    times = f"{max(factor, 1 / factor):.1f}"
    if times == "1.0":
        return "no smaller"
    return f"{times} times {'smaller' if factor > 1 else 'larger'}"


def _often(share: float) -> str:
    """A share of the cases in words."""
    if share in (0, 1):
        return "in every case" if share else "in no case"
    some = "in about half of the cases" if share >= _FEW else "in a minority of cases"
    return "in most cases" if share > _MOST else some


def _pull(ratio: float) -> str:
    """What a size in dollars over one in FLOP says of the pull of dollars, in words."""
    if abs(ratio - 1) < _ALIKE:
        return "about as hard as"
    return "harder than" if ratio < 1 else "less than"


def _stands(value: float, among: Iterable[float]) -> str:
    """Where a value stands to a range, in words."""
    low, high = min(among), max(among)
    return "inside" if low <= value <= high else "below" if value < low else "above"


def answer(
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
    gpt4 = model(GPT4)
    tails = [0.5 + share / 2, 0.5, 0.5 - share / 2]  # a small model is a large factor
    active = inferred.active_params.quantile(tails)
    need = gpt4.active_params / active
    need_total = gpt4.total_params / inferred.total_params.quantile(tails)
    rows = [("GPT-4 to GPT-4o, active parameters", "to explain", *need)]
    said: dict[str, Any] = {}
    for counting, cases in {"FLOP": in_flop, "dollars": in_usd}.items():
        name, ranges = counting.lower(), counterfactual.ranges(cases)
        for cause, label in _NAMES.items():
            factors = ranges.loc[cause]
            rows.append((f"{label}, in {counting}", counting, *factors))
            said |= named(f"{name}_{cause}", factors, "low middle high")
        by_case = cases.pivot(index="case", columns="cause", values="factor")
        whole, served = by_case[TOGETHER], cases.groupby("case").tokens_served.first()
        reached = whole >= need[1]
        by_demand = reached.groupby(served).mean()
        said |= {
            f"{name}_demand_leads": (by_case[DEMAND] > by_case[DATA]).mean(),
            f"{name}_reached": reached.mean(),
            f"{name}_often": _often(reached.mean()),
            f"{name}_few_reached": by_demand.iloc[0],
            f"{name}_many_reached": by_demand.iloc[-1],
        }
    case = counterfactual.middle_case(in_usd)
    path = [gpt4.active_params, *(gpt4.active_params / case.factor[[*_NAMES][:3]].cumprod())]
    starts, stops = [*path[:1], *path[:3], path[3]], [*path[:1], *path[1:], path[3]]
    whole = gpt4.active_params / in_usd.factor[in_usd.cause == TOGETHER]
    changes = [change(case.factor[cause]) for cause in _NAMES]
    steps = [f"{name}: {change}" for name, change in zip(_NAMES.values(), changes, strict=True)]
    return Section(
        steps=pd.DataFrame(
            {
                "step": ["GPT-4, reported", *steps, "GPT-4o, inferred from price and speed"],
                "kind": ["built", "cause", "cause", "cause", "result", "inferred"],
                "change": ["", *changes, ""],
                "start": [*starts, active[1]],
                "params": [*stops, active[1]],
                "low": [*stops[:4], whole.min(), active[2]],
                "high": [*stops[:4], whole.max(), active[0]],
            }
        ),
        rows=pd.DataFrame(rows, columns=["row", "kind", "low", "middle", "high"]),
        **said,
        gpt4_active=gpt4.active_params,
        result=path[3],
        **ends("result", whole),
        law_said=change(said["flop_law_middle"]),
        law_most=change(said["flop_law_low"]),
        law_least=change(said["flop_law_high"]),
        case_demand=float(case.tokens_served.iloc[0]),
        case_law=chinchilla.law_title(case.law.iloc[0]),
        **ends("need", need),
        need_mid=need[1],
        need_total_mid=need_total[1],
        **ends("need_total", need_total),
        gpt4o_active=active[1],
        **ends("gpt4o", active),
        need_share=share,
        n_cases=int((in_usd.cause == TOGETHER).sum()),
        n_laws=in_usd.law.nunique(),
        laws="; ".join(map(chinchilla.law_title, in_usd.law.unique())),
        **ends("served", in_usd.tokens_served),
        far=10 ** pd.concat([in_flop, in_usd]).decades_outside.max(),
        better_points=catalog.score_gap(GPT4O, GPT4, ARENA, ESSAY_DAY),
    )


def rules(laws: Laws) -> Section:
    """Did the rule change, and how large would each rule have made GPT-3 and GPT-4?"""
    names = [GPT3, facts.GOPHER, facts.CHINCHILLA, GPT4, LLAMA2, LLAMA3, PHI4, "Qwen3-32B"]
    trained = facts.models()
    trained = trained[trained.model.isin(names)].reset_index(drop=True)
    ratio = trained.training_tokens / trained.total_params
    year = trained.release_date.dt.year.astype(str)
    trained = trained.assign(row=trained.model + ", " + year, tokens_per_param=ratio)
    of, kaplan = trained.set_index("model").tokens_per_param, chinchilla.KAPLAN_2020
    gpt3, gpt4 = model(GPT3), model(GPT4)
    first = float(chinchilla.training_flop(gpt3.total_params, gpt3.training_tokens))
    budgets = np.array([first, gpt4.training_flop])
    old = kaplan.optimal(flop=budgets)
    advice = [law.optimal(flop=budgets) for law in laws.values()]
    sizes = np.array([one.params for one in advice])
    moved, even = ledger.claim("C07").result.numbers, ledger.claim("C09").result.numbers
    return Section(
        trained=trained,
        kaplan_ratio=float(old.tokens_per_param[0]),
        **picked(of, gpt3_ratio=GPT3, chinchilla_ratio=facts.CHINCHILLA),
        **picked(of, llama2_ratio=LLAMA2, llama3_ratio=LLAMA3),
        gpt3_to_chinchilla=of[facts.CHINCHILLA] / of[GPT3],
        **picked(pd.Series(moved), kaplan_n="params", kaplan_d="tokens"),
        equal=even["tokens"],
        **picked(pd.Series(old.params), gpt3_kaplan=0, gpt4_kaplan=1),
        **ends("gpt3_new", sizes[:, 0]),
        **ends("gpt4_new", sizes[:, 1]),
        gpt4_stands=_stands(gpt4.active_params, sizes[:, 1]),
        gpt4_ratio=gpt4.training_tokens / gpt4.active_params,
        **ends("gpt4_asked", (one.tokens_per_param[1] for one in advice)),
    )


def serving(
    laws: Laws, prices: Mapping[str, Any], demands: Sequence[float], rents: pd.DataFrame
) -> Section:
    """How do demand and the cost of serving move the cheapest size of GPT-4's quality?

    Parameters
    ----------
    laws : mapping
        Laws asked.
    prices : mapping
        Of `counterfactual.life_prices`.
    demands : sequence of float
        Demands assumed. [tokens]
    rents : pandas.DataFrame
        Of ``gpu_prices.csv``: what the accelerator that serves could be had for.
    """
    gpt4, served, price = model(GPT4), np.sort(demands), prices["usd_per_served_token"]

    def cheapest(optimum: Callable[..., Any], **case: Any) -> list[Any]:
        losses = [_loss(law, gpt4) for law in laws.values()]
        asked = zip(laws.values(), losses, strict=True)
        return [optimum(law, loss=loss, tokens_served=served, **case) for law, loss in asked]

    in_flop = cheapest(chinchilla.inference_optimal)
    in_usd = cheapest(chinchilla.inference_optimal_usd, **prices)
    middle = len(served) // 2
    said: dict[str, Any] = {"life_demand": float(served[middle])}
    for at, place in {"few": 0, "mid": middle, "many": -1}.items():
        said |= ends(f"{at}_flop", (one.params[place] for one in in_flop))
        said |= ends(f"{at}_usd", (one.params[place] for one in in_usd))
    pairs = zip(in_usd, in_flop, strict=True)
    over = np.median([usd.params[middle] / flop.params[middle] for usd, flop in pairs])
    built = facts.models().query("model in @_RECENT")
    bets = pd.DataFrame(
        counterfactual.servings_that_justify(law, built).set_index("model").tokens_served
        for law in laws.values()
    ).clip(lower=0)
    dear, gap = (ledger.claim(name).result for name in ("C10", "C12"))
    owner = ledger.claim("C05").result
    return Section(
        dollars_pull=_pull(float(over)),
        **said,
        **ends("baseline", (one.baseline.params for one in in_usd)),
        **ends("saved", (one.saved_fraction[middle] for one in in_usd)),
        **ends("tokens", (one.tokens[-1] for one in in_usd)),
        **ends("floor", (law.params_floor(_loss(law, gpt4)) for law in laws.values())),
        life_exponent=float(price.exponent(gpt4.active_params)),
        train_chip=counterfactual.TRAIN_CHIP,
        train_rent=counterfactual.TRAIN_USD_PER_GPU_HOUR,
        train_mfu=counterfactual.TRAIN_MFU,
        life_train_usd=prices["usd_per_train_flop"] * gpt4.training_flop,
        **ends("bet", bets.to_numpy().ravel()),
        **ends("bet_llama3", bets[LLAMA3]),
        n_bets=len(built),
        cost_whole=dear.value,
        cost_speed=dear.numbers["speed"],
        cost_gap=gap.value,
        **picked(pd.Series(gap.numbers), cost_parts="parts", cost_slow_gap="cheapest"),
        fastest=owner.value,
        **picked(pd.Series(owner.numbers), fastest_price="price", turbo_margin="margin"),
        essay_rent=facts.h200_rent(),
        essay_rent_day=facts.H200_RENT_DAY,
        **ends("market", rents.usd_per_gpu_hour),
        market_day=rents.date.max(),
    )


def _loss(law: SeparableLaw, built: pd.Series) -> float:
    """Loss of a model, by its parameters at work on a token. [nats/token]"""
    return float(law.loss(built.active_params, built.training_tokens))


def better_data(laws: Laws, demand: float) -> Section:
    """Was it synthetic data? Phi-4 beside the laws, and what a token worth two changes.

    Parameters
    ----------
    laws : mapping
        Laws asked.
    demand : float
        Tokens served. [tokens]
    """
    phi, llama, gemma = map(model, (PHI4, facts.LLAMA33, facts.GEMMA_4B))
    compared, gpt4 = ledger.claim("C14").result, model(GPT4)
    ten, alone, shorter, with_demand = [], [], [], []
    for law in laws.values():
        loss, better = _loss(law, gpt4), Gains(tokens=2.0).applied(law)
        more = law.loss(phi.total_params, 10 * phi.training_tokens)
        ten.append(1 - float(more) / _loss(law, phi))
        one, two = (each.optimal(loss=loss) for each in (law, better))
        alone.append(float(two.params / one.params))
        shorter.append(float(two.tokens / one.tokens))
        before, after = (
            chinchilla.inference_optimal(each, loss=loss, tokens_served=demand).params
            for each in (law, better)
        )
        with_demand.append(float(after / before))
    needed = [law.tokens_for(phi.total_params, _loss(law, llama)) for law in laws.values()]
    worth = [law.optimal(loss=_loss(law, gemma)).params for law in laws.values()]
    gaps = {name: side * compared.numbers[name] for name, side in _SIDES.items()}
    return Section(
        phi_ratio=phi.training_tokens / phi.total_params,
        phi_flop=compared.value,
        phi_size=llama.total_params / phi.total_params,
        **{
            f"phi_{name}": f"{abs(gap):.{0 if name == 'arena' else 1}f} points "
            f"{'below' if gap < 0 else 'above'}"
            for name, gap in gaps.items()
        },
        phi_facts=compared.numbers["simpleqa"],
        phi_floors=int(np.isinf(needed).sum()),
        **ends("ten", ten),
        gemma_tokens=gemma.training_tokens,
        **ends("gemma", worth),
        twice_size=max(alone),
        twice_tokens=max(shorter),
        **ends("twice_served", with_demand),
    )


def text_supply(laws: Laws, repeat: RepeatableLaw, stock: float = 1.5e13) -> Section:
    """How far can training be stretched, and does text run out?

    Parameters
    ----------
    laws : mapping
        Laws asked.
    repeat : RepeatableLaw
        Law that knows repeated text.
    stock : float, optional
        Text that can be had without repeating any. [tokens]
    """
    flop = facts.known("GPT-4.5", "training_flop")
    bound = chinchilla.data_constrained(repeat, flop=flop, unique_tokens=stock)
    free = repeat.optimal(flop=flop)
    half = [chinchilla.iso_loss(law, size_factor=0.5) for law in laws.values()]
    placed = pd.concat(
        counterfactual.servings_that_justify(law, facts.models().query("model in @_RECENT"))
        for law in laws.values()
    ).set_index("model")
    most = catalog.models().nlargest(1, "training_tokens").iloc[0]
    return Section(
        **ends("half", (trade.token_factor for trade in half)),
        **ends("half_flop", (trade.flop_overhead for trade in half)),
        **ends("critical", (chinchilla.critical_size(law) for law in laws.values())),
        **ends("llama3_size", placed.loc[[LLAMA3], "size_ratio"]),
        **ends("llama3_flop", placed.loc[[LLAMA3], "flop_ratio"]),
        repeat_four=float(chinchilla.effective_epochs(4, repeat.r_d_star)),
        repeat_sixteen=float(chinchilla.effective_epochs(16, repeat.r_d_star)),
        repeat_limit=1 + repeat.r_d_star,
        stock=stock,
        stock_flop=flop,
        **named("bound", bound, "epochs params"),
        **named("free", free, "tokens params"),
        **named("most", most, "model training_tokens"),
    )
