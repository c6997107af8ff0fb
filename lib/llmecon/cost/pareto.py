"""The trade of speed against price: what is on the frontier, and what a provider picks."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from llmecon import catalog, roofline
from llmecon._checks import Numbers, require
from llmecon.accelerator import Accelerator
from llmecon.cost.pricing import usd_per_mtok
from llmecon.roofline import Step, speculate
from llmecon.transformer import FloatArray, Transformer

_SPEED, _PRICE = "tokens_per_s", "usd_per_mtok"


def on_frontier(seconds: FloatArray, usd_per_mtok: FloatArray) -> npt.NDArray[np.intp]:
    """Flat indices of the points that nothing beats in both, fastest first.

    Sort by time, then keep every new minimum of cost: exact, in the time of one sort.

    Examples
    --------
    >>> import numpy as np
    >>> on_frontier(np.array([3.0, 1.0, 2.0, 2.5]), np.array([1.0, 9.0, 4.0, 5.0]))
    array([1, 2, 0])
    """
    time, cost = np.broadcast_arrays(seconds, usd_per_mtok)
    time, cost = time.ravel(), cost.ravel()
    possible = np.flatnonzero(np.isfinite(time) & np.isfinite(cost))
    order = possible[np.lexsort((cost[possible], time[possible]))]
    falling = cost[order]
    best_before = np.concatenate([[np.inf], np.minimum.accumulate(falling)[:-1]])
    return np.asarray(order[falling < best_before])


def frontier(
    model: Transformer,
    chip: Accelerator,
    *,
    usd_per_gpu_hour: float,
    context: float = 4096,
    max_chips: int = 64,
    max_batch: int = 4096,
    batches: Numbers | None = None,
    pipeline_parallel: int | Sequence[int] = (1,),
    draft: Transformer | None = None,
    acceptance: float = 0.8,
    gammas: int | Sequence[int] = (0,),
    utilisation: float = 1.0,
    **options: Any,
) -> pd.DataFrame:
    """Best speed and price of serving a model, over batch, chips and their split.

    Parameters
    ----------
    model, chip : Transformer, Accelerator
        What runs where.
    usd_per_gpu_hour : float
        Rent of one accelerator. [USD/h]
    context : float
        Mean tokens in the cache: prompt and half of the answer. [tokens]
    max_chips, max_batch : int
        Most accelerators that share a layer, as far as they divide the heads (an instance has
        that many in each stage of a pipeline); largest batch.
    batches : array of int, optional
        Batch sizes; about 160 up to ``max_batch`` if not given. [sequences]
    pipeline_parallel : int or sequence of int
        Pipeline degrees to try.
    draft, acceptance, gammas : Transformer, float, int or sequence of int
        Model that drafts, probability that a token is kept, tokens to try per round; with
        ``gammas`` and no draft the model's own prediction heads. A draft needs ``gammas``.
    utilisation : float
        Share of the paid time with that load. [1]
    **options
        Formats, ``chips_per_node`` and ``profile``: as of :class:`llmecon.roofline.Deployment`.

    Returns
    -------
    pandas.DataFrame
        ``tokens_per_s`` of one user, ``usd_per_mtok``, ``batch``, ``chips``,
        ``tensor_parallel``, ``pipeline_parallel``, ``expert_parallel``, ``gamma``, ``binds``;
        slowest and cheapest first. Only what fits in memory.

    Raises
    ------
    ValueError
        If nothing fits, or an argument is out of its domain.

    Notes
    -----
    Splits tried: tensor parallel; and, for a mixture of experts, experts spread over all
    accelerators with attention data parallel. Prompts are not charged here.

    Examples
    --------
    >>> from llmecon import catalog
    >>> line = frontier(catalog.transformer("Llama 3.1 70B"),
    ...                 catalog.accelerator("H200 SXM 141GB"), usd_per_gpu_hour=3.0)
    >>> bool(line.usd_per_mtok.is_monotonic_increasing)
    True
    """
    require("usd_per_gpu_hour", usd_per_gpu_hour, above=0, unit="USD/h")
    sizes = _batches(max_batch) if batches is None else _whole("batches", batches, minimum=1)
    stages = _whole("pipeline_parallel", pipeline_parallel, minimum=1)
    rounds = _whole("gammas", gammas, minimum=0)
    if draft is not None and not any(rounds):
        raise ValueError(f"{draft.name} drafts nothing: gammas must hold a number > 0")
    options |= {"draft": draft, "acceptance": acceptance, "batch": sizes, "context": context}
    lines = []
    for gamma in _rounds(rounds):
        helper = draft if np.any(gamma) else None
        for split in _splits(model, helper, max_chips, stages):
            step = speculate(model, chip, gamma=gamma, **options, **split)
            usd = usd_per_mtok(step, usd_per_gpu_hour=usd_per_gpu_hour, utilisation=utilisation)
            lines.append(_points(step, usd, split, gamma))
    points = {name: np.concatenate([line[name] for line in lines]) for name in lines[0]}
    chosen = on_frontier(1.0 / points[_SPEED], points[_PRICE])[::-1]
    if not len(chosen):
        raise ValueError(f"{model.name} does not fit on {max_chips * max(stages)} of {chip.name}")
    return pd.DataFrame({name: values[chosen] for name, values in points.items()})


def frontier_on(
    model: Transformer, rents: Mapping[str, float], *, weights: Sequence[str], **options: Any
) -> pd.DataFrame:
    """Best speed and price over several accelerators and number formats.

    Parameters
    ----------
    model : Transformer
        What runs.
    rents : mapping of str to float
        Rent by name in ``accelerators.csv``. [USD/h]
    weights : sequence of str
        Formats of the weights; each is tried where the accelerator multiplies in it.
    **options
        As of `frontier`.

    Returns
    -------
    pandas.DataFrame
        As of `frontier`, with ``chip`` and ``weights``.

    Raises
    ------
    ValueError
        If none of them serves the model.

    Examples
    --------
    >>> from llmecon import catalog
    >>> line = frontier_on(catalog.transformer("Llama 3.1 70B"), weights=["bf16", "fp8"],
    ...                    rents={"A100 SXM 80GB": 1.5, "H200 SXM 141GB": 3.0})
    >>> line.chip.iloc[-1], line.weights.iloc[-1]
    ('H200 SXM 141GB', 'fp8')
    """
    lines, refused = [], ValueError("no accelerator or no format is given")
    for (chip, rent), form in product(rents.items(), weights):
        case = {"usd_per_gpu_hour": rent, "weights": form, **options}
        try:
            line = frontier(model, catalog.accelerator(chip), **case)
        except ValueError as error:  # too large for it, or no such format
            refused = error
        else:
            lines.append(line.assign(chip=chip, weights=form))
    if not lines:
        raise ValueError(f"{model.name} is served by none of them: {refused}") from refused
    points = pd.concat(lines, ignore_index=True)
    chosen = on_frontier(1.0 / points[_SPEED].to_numpy(), points[_PRICE].to_numpy())
    return points.iloc[chosen[::-1]].reset_index(drop=True)


def band(
    frontier: pd.DataFrame, model: Transformer, profile: roofline.Profile | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The slow and the fast end of the 80 % band of a frontier: every step takes that much longer.

    Parameters
    ----------
    frontier : pandas.DataFrame
        Speeds and costs.
    model : Transformer
        What runs.
    profile : Profile, optional
        Whose band; that of the newest engines if not given.

    Examples
    --------
    >>> line = pd.DataFrame({"tokens_per_s": [50.0], "usd_per_mtok": [1.0]})
    >>> slow, fast = band(line, catalog.transformer("Llama 3.1 70B"))
    >>> bool(slow.tokens_per_s[0] < 50 < fast.tokens_per_s[0])
    True
    >>> bool(slow.usd_per_mtok[0] > 1 > fast.usd_per_mtok[0])
    True
    """
    times = np.exp(_log_band(model, profile or roofline.CURRENT))
    slow, fast = (
        frontier.assign(**{_SPEED: frontier[_SPEED] / by, _PRICE: frontier[_PRICE] * by})
        for by in (times, 1 / times)
    )
    return slow, fast


def _log_band(model: Transformer, profile: roofline.Profile) -> float:
    """Half-width of the 80 % band of log time."""
    return profile.experts_log_band if model.n_experts else profile.dense_log_band


def _whole(name: str, values: Numbers, *, minimum: int) -> list[int]:
    """Whole numbers to try, each once and in order; at least one."""
    given = np.unique(require(name, values, minimum=minimum))
    if not given.size:
        raise ValueError(f"{name} must not be empty")
    if np.any(given % 1):
        raise ValueError(f"{name} must be whole numbers, got {given[given % 1 > 0][0]:g}")
    return [int(value) for value in given]


def _batches(most: int) -> FloatArray:
    """Whole numbers, evenly spaced in their logarithm where that is wider than one."""
    top = float(require("max_batch", most, minimum=1, unit="sequences"))
    return np.unique(np.round(np.geomspace(1, top, max(240, round(20 * np.log2(top))))))


def _splits(
    model: Transformer, draft: Transformer | None, max_chips: float, stages: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """Splits of the accelerators, each a column of tensor-parallel degrees."""
    most = float(require("max_chips", max_chips, minimum=1, maximum=2.0**30))
    powers = 2 ** np.arange(int(np.log2(most)) + 1)
    whole = model.n_heads % powers == 0
    if draft is not None:
        whole &= draft.n_heads % powers == 0
    shared = powers[whole].astype(np.float64)[:, None]
    spread = powers[powers > 1].astype(np.float64)
    spread = spread[model.n_experts % spread == 0] if model.n_experts else spread[:0]
    experts = ("tensor_parallel", "expert_parallel", "attention_data_parallel")
    for degree in stages:
        yield {"pipeline_parallel": degree, "tensor_parallel": shared}
        if spread.size:
            yield {"pipeline_parallel": degree, **dict.fromkeys(experts, spread[:, None])}


def _rounds(counts: Sequence[int]) -> Iterator[FloatArray]:
    """Tokens to draft: none by itself, since it needs no draft; all others as one more axis."""
    tried = np.asarray(counts, dtype=np.float64)
    if np.any(tried == 0):
        yield np.zeros(1)
    if np.any(tried > 0):
        yield tried[tried > 0][:, None, None]


def _points(
    step: Step, usd: FloatArray, split: dict[str, Any], gamma: FloatArray
) -> dict[str, npt.NDArray[Any]]:
    """Points of one split that no other of the split beats."""
    speed = np.broadcast_to(step.tokens_per_s, usd.shape)
    chosen = on_frontier(1.0 / speed, usd)

    def at(values: Numbers) -> npt.NDArray[Any]:
        return np.broadcast_to(np.asarray(values), usd.shape).ravel()[chosen]

    whole = {
        "batch": step.batch,
        "chips": step.chips,
        "tensor_parallel": split["tensor_parallel"],
        "pipeline_parallel": split["pipeline_parallel"],
        "expert_parallel": split.get("expert_parallel", 1),
        "gamma": gamma,
    }
    return {
        _SPEED: at(speed),
        _PRICE: at(usd),
        **{name: at(values).astype(int) for name, values in whole.items()},
        "binds": step.binds_at(chosen),
    }


def cheapest_at(frontier: pd.DataFrame, tokens_per_s: Numbers) -> FloatArray:
    """Least cost at which a user gets at least this speed; infinite beyond the fastest.

    Examples
    --------
    >>> import pandas as pd
    >>> line = pd.DataFrame({"tokens_per_s": [50.0, 100.0], "usd_per_mtok": [1.0, 4.0]})
    >>> cheapest_at(line, [20, 60, 200])
    array([ 1.,  4., inf])
    """
    wanted = require("tokens_per_s", tokens_per_s, above=0, unit="tokens/s")
    speed, price = _sorted(frontier)
    at = np.searchsorted(speed, wanted * (1 - 1e-12))
    return np.append(price, np.inf)[at]


def fastest_at(frontier: pd.DataFrame, usd_per_mtok: Numbers) -> FloatArray:
    """Highest speed that costs no more than this; 0 below the cheapest.

    Examples
    --------
    >>> import pandas as pd
    >>> line = pd.DataFrame({"tokens_per_s": [50.0, 100.0], "usd_per_mtok": [1.0, 4.0]})
    >>> fastest_at(line, [0.5, 1, 10])
    array([  0.,  50., 100.])
    """
    paid = require("usd_per_mtok", usd_per_mtok, above=0, unit="USD/Mtok")
    speed, price = _sorted(frontier)
    at = np.searchsorted(price, paid * (1 + 1e-12), side="right")
    return np.insert(speed, 0, 0.0)[at]


def preferred(frontier: pd.DataFrame, *, alpha: float = 3.0) -> pd.Series:
    r"""The point a provider picks: the most of speed\ :sup:`alpha` over price.

    About 3 matches the prices of 2024 (Erdil, arXiv:2506.04645); with 0 customers only want
    tokens, and the cheapest point wins.

    Examples
    --------
    >>> import pandas as pd
    >>> line = pd.DataFrame({"tokens_per_s": [50.0, 100.0], "usd_per_mtok": [1.0, 4.0]})
    >>> float(preferred(line, alpha=3).tokens_per_s)
    100.0
    """
    power = float(require("alpha", alpha, minimum=0))
    value = power * np.log(frontier[_SPEED]) - np.log(frontier[_PRICE])
    best: pd.Series = frontier.iloc[int(np.argmax(value))]
    return best


def _sorted(frontier: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    line = frontier.sort_values(_SPEED)
    return line[_SPEED].to_numpy(np.float64), line[_PRICE].to_numpy(np.float64)
