"""Propositions on laws: a floor, a one-off change, compute spent while answering."""

import numpy as np
import pandas as pd

from llmecon import catalog, chinchilla
from llmecon_book import parity
from llmecon_book.scorecard import facts
from llmecon_book.scorecard.record import Days, Outcome, by_parts, proposition
from llmecon_book.scorecard.scoring import Forecast
from llmecon_book.words import spelled

LARGEST_TRAINED = 3  # how many of the largest open models stand for "the largest"
SAME = 2.0  # within a factor of two of Chinchilla's ratio
_THINKING = 10.0  # tokens of an answer with reasoning over those without, in the worked case
_FLOOR_LAW = chinchilla.BESIROGLU_2024


@proposition(
    "P4",
    "There is a floor on size at a given ability",
    said="yes",
    claims=("O03",),
    measure="SimpleQA of the smallest open model at GPT-4's Arena level, over GPT-4 Turbo's",
    unit="share",
)
def floor(days: Days) -> Outcome:
    """Two parts: in votes, the smallest open model at GPT-4's level was reached once and has not
    become smaller; in facts, that model answers less than half of what GPT-4 Turbo does. Held if
    both, failed if neither.
    """
    scored = facts.arena(days.until)
    level = float(scored.set_index("model").score[facts.GPT4])
    steps = parity.smallest_at_score(scored, level=level)
    smallest = steps.iloc[-1]
    known = facts.simple_qa(days)
    by_model = known.drop_duplicates("model").set_index("model").score
    if smallest.model not in by_model.index or facts.TURBO not in by_model.index:
        return Outcome(
            verdict="cannot be scored",
            observed=None,
            came=f"no SimpleQA score of {smallest.model}, the smallest at GPT-4's level",
        )
    share = float(by_model[smallest.model] / by_model[facts.TURBO])
    reached = known[known.open_weights & (known.score >= by_model[facts.TURBO])]
    first = f"{spelled(reached.total_params.min())}" if len(reached) else "no known size"
    return Outcome(
        verdict=by_parts(len(steps) == 1, share < 0.5),
        observed=share,
        forecast=Forecast(direction=-1, reference=0.5),
        came=(
            f"none in votes: {spelled(smallest.total_params)} parameters ({smallest.model}) "
            f"stand level with GPT-4; in facts there is one: that model answers "
            f"{by_model[smallest.model]:.0f} % of SimpleQA, GPT-4 Turbo "
            f"{by_model[facts.TURBO]:.0f} %, and the smallest open model to match it has {first}"
        ),
        numbers=facts.numbers(share=share, smallest=smallest.total_params, steps=len(steps)),
    )


def facts_by_size(days: Days) -> pd.DataFrame:
    """SimpleQA of open models of known size, with the line of score on log size.

    Returns
    -------
    pandas.DataFrame
        ``model``, ``total_params``, ``score``; attributes ``points_per_decade`` [percentage
        points] and ``size_of``, a mapping from closed model to the size at which the line reaches
        its score. [parameters]
    """
    known = facts.simple_qa(days)
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


@proposition(
    "P5",
    "The change of scaling laws was a one-off effect, already used up",
    said="yes",
    claims=("O02",),
    measure="training tokens per parameter of the largest open models over Chinchilla's",
    unit="ratio",
)
def one_off(days: Days) -> Outcome:
    """Two parts: the three largest open models with known tokens are within a factor of two of
    Chinchilla's ratio by all parameters; and by active parameters. Held if both, failed if neither.
    """
    largest, following = largest_trained(days)
    if len(largest) < LARGEST_TRAINED:
        return Outcome(
            verdict="cannot be scored", observed=None, came="too few open models say their tokens"
        )
    reference = facts.model(facts.CHINCHILLA)
    target = reference.training_tokens / reference.total_params
    total = facts.tokens_per_param(largest, "total_params")
    at_work = facts.tokens_per_param(largest, "active_params")
    near = [bool((np.abs(np.log(v / target)) <= np.log(SAME)).all()) for v in (total, at_work)]
    beyond = zip(following.model, facts.tokens_per_param(following, "total_params"), strict=True)
    after = "".join(f"; the next in size, {name}, {ratio:.0f}" for name, ratio in beyond)
    told = ", ".join(
        f"{name} {a:.0f} and {b:.0f}"
        for name, a, b in zip(largest.model, total, at_work, strict=True)
    )
    return Outcome(
        verdict=by_parts(*near),
        observed=float(np.exp(np.log(total / target).mean())),
        low=float((total / target).min()),
        high=float((total / target).max()),
        came=(
            f"tokens for each parameter, and for each one at work: {told}; Chinchilla had "
            f"{target:.0f}{after}{_ONE_OFF.get((near[0], near[1]), '')}"
        ),
        numbers=facts.numbers(target=target, active_low=at_work.min(), active_high=at_work.max()),
    )


def largest_trained(days: Days) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The largest open models since the forecast with known training tokens, and the next one.

    Returns
    -------
    tuple of pandas.DataFrame
        Rows of ``models.csv``, the largest first; and one row more, empty where there is none: how
        much a verdict hangs on where the largest end.

    Examples
    --------
    >>> from llmecon_book import scorecard
    >>> [frame.model.tolist() for frame in largest_trained(scorecard.days())]
    [['DeepSeek-V4-Pro', 'Kimi K2', 'Kimi K2.5'], ['Inkling']]
    """
    frame = facts.models(days)
    trained = frame[frame.open_weights & frame.training_tokens.notna()]
    trained = trained[trained.release_date > days.made]
    ranked = trained.nlargest(LARGEST_TRAINED + 1, "total_params")
    return ranked.head(LARGEST_TRAINED), ranked.iloc[LARGEST_TRAINED:]


_ONE_OFF = {
    (True, True): ". Over for size and for the length of training",
    (True, False): ". Over for size, not for the length of training",
}


@proposition(
    "P6a",
    "Compute spent while answering changes the balance against shrinking",
    said="yes",
    claims=("O04",),
    measure="cheapest size when each answer takes ten times the tokens, over that without",
    unit="ratio",
)
def thinking(days: Days) -> Outcome:
    """Cannot be scored while the law and the events disagree: longer answers alone make a smaller
    model the cheapest, and sizes grew. Held if both point up, failed if both point down.
    """
    pull = float(thinking_shift(_THINKING))
    frame = facts.open_frontier(days)
    grown = facts.growth(frame, frame.total_params).factor_per_year
    first = catalog.price_on("o1-preview", "2024-09-12").output_usd_per_mtok
    flagship = catalog.price_on(facts.GPT4O, "2024-09-12").output_usd_per_mtok
    agree = (pull > 1) == (grown > 1)
    return Outcome(
        verdict=("held" if grown > 1 else "failed") if agree else "cannot be scored",
        observed=None if not agree else pull,
        came=(
            f"a token of the first reasoning model sold at {first / flagship:.0f} times the price "
            f"of one of GPT-4o, and sizes grew {grown:.1f} times a year after it; but by the law "
            f"alone, ten times the tokens for each answer make {pull:.0%} of the size the "
            "cheapest. The order of events fits, the cause is not shown"
        ),
        numbers=facts.numbers(pull=pull, growth=grown, price_ratio=first / flagship),
    )


def thinking_shift(
    times: float, *, law: str = _FLOOR_LAW.name, demand_per_training_token: float = 1.0
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
