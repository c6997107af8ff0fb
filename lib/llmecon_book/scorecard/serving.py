"""Propositions on serving: new accelerators, long conversations."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from llmecon import catalog, cost, roofline
from llmecon.transformer import Transformer
from llmecon_book import counterfactual, essay
from llmecon_book.scorecard import facts
from llmecon_book.scorecard.record import Days, Outcome, Verdict, by_parts, proposition
from llmecon_book.scorecard.scoring import Forecast
from llmecon_book.words import spelled

SHAPE, DRAFT = "GPT-4 (Erdil assumption)", "Llama 3 8B"
OLD_CHIP, NEW_CHIP = "H200 SXM 141GB", "GB200 NVL72"
RENT_DAY = "2026-04-03"  # day on which the table has rents of both
PRICE, SPEED = 10.0, 100.0  # USD/Mtok and tokens/s, GPT-4o as the article tells it
LONG, SHORT = 100_000.0, 1_000.0  # tokens of context
EIGHTH = 1 / 8
TURBO_SPEED = 55.0  # tokens/s that the article gives GPT-4 Turbo
STEADY = 0.9  # a speed that keeps nine tenths of itself is steady


@cache
def _frontiers(
    chip: str, rent: float, context: float, scales: tuple[float, ...]
) -> dict[float, pd.DataFrame]:
    """Frontiers of the scaled shape, computed once for each case: propositions share them."""
    record = catalog.accelerator(chip)
    machine = essay.machine_of(record, rent)
    domain = record.scaleup_domain_size or machine.node_size
    return counterfactual.scaled_frontiers(
        catalog.transformer(SHAPE),
        catalog.transformer(DRAFT),
        machine=counterfactual.with_domain(machine, int(domain)),
        usd_per_gpu_hour=rent,
        context=context,
        scales=scales,
    )


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
    lines = _frontiers(chip, float(usd_per_gpu_hour), float(context), counterfactual.SCALES)
    return counterfactual.servable_sizes(
        catalog.transformer(SHAPE), lines, tokens_per_s=tokens_per_s, usd_per_mtok=usd_per_mtok
    )


@proposition(
    "P6b",
    "Hardware goes on improving, and larger models can be served at a speed and price",
    said="yes",
    claims=("O10",),
    measure="largest size served at 100 tokens/s for 10 USD, GB200 NVL72 over H200",
    unit="ratio",
)
def hardware(days: Days) -> Outcome:
    """Two parts: the newest accelerator on the market by then reads memory at least 1.5 times as
    fast as the H200; it serves a larger model at the speed and the price of GPT-4o. Held if
    both, failed if neither.
    """
    old, new = (catalog.accelerator(name) for name in (OLD_CHIP, NEW_CHIP))
    on_sale = _released(NEW_CHIP) <= days.until
    bandwidth = new.hbm_bytes_per_s / old.hbm_bytes_per_s if on_sale else 1.0
    sizes = {
        name: float(
            servable(
                name,
                counterfactual.rent_on(name, RENT_DAY),
                tokens_per_s=[SPEED],
                usd_per_mtok=PRICE,
            ).total_params[0]
        )
        for name in (OLD_CHIP, NEW_CHIP)
    }
    larger = sizes[NEW_CHIP] / sizes[OLD_CHIP]
    return Outcome(
        verdict=by_parts(bandwidth >= 1.5, on_sale and larger > 1),
        observed=larger,
        forecast=Forecast(direction=1, reference=1.0),
        came=(
            f"memory bandwidth {old.hbm_bytes_per_s / 1e12:.1f} to {new.hbm_bytes_per_s / 1e12:.1f}"
            f" TB/s; by the cost model the size served at {SPEED:g} tokens/s for {PRICE:g} dollars "
            f"went from {spelled(sizes[OLD_CHIP])} to {spelled(sizes[NEW_CHIP])}"
        ),
        numbers=facts.numbers(bandwidth=bandwidth, larger=larger),
    )


def _released(chip: str) -> pd.Timestamp:
    frame = catalog.accelerators()
    return pd.Timestamp(frame.loc[frame.name == chip, "release_date"].iloc[0])


@proposition(
    "P7a",
    "Large models keep an advantage at long context, counted in cost",
    said="may mean",
    claims=("O05",),
    measure="cost of the whole model over an eighth of it at 100,000 tokens and 55 tokens/s",
    unit="ratio",
)
def long_context(days: Days) -> Outcome:
    """Held if the whole model is cheaper than an eighth of it at the long context, mixed if over
    published shapes larger models have clearly lighter caches (rank correlation below -0.5), else
    failed.
    """
    ratio = {context: over_an_eighth(context) for context in (0.0, LONG)}
    shapes = cache_by_shape()
    rank = float(shapes.total_params.rank().corr(shapes.kv_bytes_per_token.rank()))
    verdict: Verdict = "held" if ratio[LONG] < 1 else "mixed" if rank < -0.5 else "failed"
    return Outcome(
        verdict=verdict,
        observed=ratio[LONG],
        forecast=Forecast(direction=-1, reference=1.0),
        came=(
            f"an eighth of the size stays {ratio[LONG]:.0f} times cheaper at {LONG:,.0f} tokens "
            f"({ratio[0.0]:.0f} times with none); the weight of a token in the cache does not "
            f"follow size over {len(shapes)} published shapes (rank correlation {rank:+.2f})"
        ),
        numbers=facts.numbers(long=ratio[LONG], empty=ratio[0.0], rank=rank),
    )


def over_an_eighth(context: float, tokens_per_s: float = TURBO_SPEED) -> float:
    """Cost of GPT-4's reported shape over that of an eighth of it, at one speed of a user. [times]

    By the H200 figure of Erdil 2024, whose rent the ratio does not depend on.

    Parameters
    ----------
    context : float
        Tokens in the cache. [tokens]
    tokens_per_s : float, optional
        Speed of one user. [tokens/s]

    Examples
    --------
    >>> over_an_eighth(0.0) > over_an_eighth(100_000.0) > 1
    True
    """
    curves = _halvings(catalog.transformer(SHAPE), catalog.transformer(DRAFT), float(context))
    whole, eighth = (
        float(cost.cheapest_at(curves[curves.fraction == fraction], tokens_per_s))
        for fraction in (1.0, EIGHTH)
    )
    return whole / eighth


@cache
def _halvings(model: Transformer, draft: Transformer, context: float) -> pd.DataFrame:
    return essay.halvings_frontier(model, draft, context=context, fractions=(1.0, EIGHTH))


def cache_by_shape(least_params: float = 5e9) -> pd.DataFrame:
    """KV cache of one token at 16 bit over disclosed shapes, twins counted once.

    Returns
    -------
    pandas.DataFrame
        ``name``, ``attention``, ``total_params``, ``active_params``, ``kv_bytes_per_token``.
    """
    table = catalog.architectures()
    records = [catalog.transformer(name) for name in table[table.status == "disclosed"].name]
    frame = pd.DataFrame(
        {
            "name": [r.name for r in records],
            "attention": [r.attention_family for r in records],
            "total_params": [float(r.n_params) for r in records],
            "active_params": [float(r.n_active_params) for r in records],
            "kv_bytes_per_token": [float(r.kv_cache_bytes_per_token()) for r in records],
        }
    )
    kept = frame[frame.total_params > least_params]
    return kept.drop_duplicates(["total_params", "kv_bytes_per_token"]).reset_index(drop=True)


def speed_kept(
    names: list[str],
    *,
    batch: list[float],
    chip: str = OLD_CHIP,
    context: float = LONG,
    from_context: float = SHORT,
    tensor_parallel: int = 8,
    weights: str = "bf16",
    **options: Any,
) -> pd.DataFrame:
    """Share of its speed that a model keeps when the conversation grows, by batch.

    Parameters
    ----------
    names : list of str
        Models of ``architectures.csv``.
    batch : list of float
        Sequences decoded together. [sequences]
    chip : str, optional
        Accelerator.
    context, from_context : float, optional
        Long and short conversation. [tokens]
    tensor_parallel : int, optional
        Accelerators that share a layer.
    weights, **options
        As of :func:`llmecon.roofline.decode`.

    Returns
    -------
    pandas.DataFrame
        ``name``, ``attention``, ``total_params``, ``batch``, ``kept`` [1], ``fits``: whether
        weights and caches fit in memory at the long context.
    """
    accelerator = catalog.accelerator(chip)
    parts = []
    for name in names:
        model = catalog.transformer(name)
        step = roofline.decode(
            model,
            accelerator,
            batch=np.asarray(batch, dtype=float)[:, None],
            context=np.array([from_context, context]),
            tensor_parallel=tensor_parallel,
            weights=weights,
            **options,
        )
        parts.append(
            pd.DataFrame(
                {
                    "name": name,
                    "attention": model.attention_family,
                    "total_params": float(model.n_params),
                    "batch": batch,
                    "kept": step.seconds[:, 0] / step.seconds[:, 1],
                    "fits": np.broadcast_to(step.fits, step.seconds.shape)[:, 1],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


STEADY_SHAPES = ("Llama 3.1 8B", "Llama 3.3 70B", "Mistral Large 2", "gpt-oss-120b")


@proposition(
    "P7b",
    "A steady speed at 100,000 tokens shows an advantage of large models",
    said="may mean",
    claims=("O06",),
    measure="share of its speed that the smallest of four shapes keeps, one request at a time",
    unit="1",
)
def steady_speed(days: Days) -> Outcome:
    """Failed if a model of 8 billion parameters keeps its speed about as well as one of 123
    billion when alone on its accelerators, for then steadiness says nothing of size; held if it
    keeps less than half of what the large one does; mixed in between. That Claude's speed was
    steady cannot be checked: no reading by context length is public.
    """
    kept = speed_kept(list(STEADY_SHAPES), batch=[1.0, 32.0]).set_index(["name", "batch"]).kept
    small, large = (float(kept[name, 1.0]) for name in (STEADY_SHAPES[0], STEADY_SHAPES[2]))
    windowed, crowded = (float(kept[name, 32.0]) for name in (STEADY_SHAPES[3], STEADY_SHAPES[2]))
    relative = small / large
    verdict: Verdict = "failed" if relative >= STEADY else "held" if relative < 0.5 else "mixed"
    return Outcome(
        verdict=verdict,
        observed=small,
        forecast=Forecast(direction=-1, reference=STEADY * large),
        came=(
            f"alone on eight accelerators 8 billion parameters keep {small:.0%} of their speed, "
            f"123 billion {large:.0%}; with 32 requests these keep {crowded:.0%}, and a model of "
            f"117 billion with windowed attention {windowed:.0%}. No reading of Claude by context "
            "length is public"
        ),
        numbers=facts.numbers(small=small, large=large, windowed=windowed, crowded=crowded),
    )
