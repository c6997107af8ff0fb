"""Why is a large model slow and expensive? What each section finds."""

from collections.abc import Mapping
from typing import Any

from pandas import DataFrame, Series

from llmecon import cost
from llmecon.roofline import Deployment, Step
from llmecon.transformer import FloatArray
from llmecon_book.chapters import Section, named, stacked

TERMS = {
    "weights": "read the weights",
    "kv_cache": "read the conversations",
    "compute": "arithmetic",
    "network": "exchange between chips",
    "overhead": "fixed work",
}


def one_user(server: Deployment, peak: Step, real: Step, usd_per_gpu_hour: float) -> Section:
    """One token for one user: the two limits, and what the calibrated model says.

    Parameters
    ----------
    server : Deployment
        Model and accelerators.
    peak, real : Step
        Its step at peak rates, and with the calibrated constants.
    usd_per_gpu_hour : float
        Rent of one accelerator. [USD/h]
    """
    return Section(
        **named("model", server.model, "name n_params"),
        chip=server.chip.name,
        chips=float(real.chips),
        server_usd=float(real.chips) * usd_per_gpu_hour,
        weight_gb=float(real.memory.weight_bytes * real.chips) / 1e9,
        bandwidth=server.chip.hbm_bytes_per_s * float(real.chips),
        read_s=float(peak.terms.weights),
        compute_s=float(peak.terms.compute),
        idle_times=float(peak.terms.weights / peak.terms.compute),
        step_s=float(real.seconds),
        alone_speed=float(real.tokens_per_s),
        alone_usd=float(cost.usd_per_mtok(real, usd_per_gpu_hour=usd_per_gpu_hour)),
    )


def by_users(one: Section, steps: Step, usd_per_mtok: FloatArray, crowd: int) -> Section:
    """The same step for more and more users.

    Parameters
    ----------
    one : Section
        What `one_user` found.
    steps : Step
        Steps by number of users.
    usd_per_mtok : array
        Cost by number of users. [USD per million output tokens]
    crowd : int
        Users of the second half of the example.

    Raises
    ------
    ValueError
        If so many do not fit in memory, or nobody does.
    """
    most = int(steps.memory.max_batch.min())
    if not most:
        steps.require_fit()
    if crowd > most:
        raise ValueError(f"crowd must be <= {most}, who fit in memory, got {crowd} [users]")
    users = steps.batch
    whole = {"whole step": steps.seconds}
    parts = whole | {said: getattr(steps.terms, term) for term, said in TERMS.items()}
    seconds, usd = Series(steps.seconds, users), Series(usd_per_mtok, users)
    return Section(
        crowd=crowd,
        crowd_step_s=seconds[crowd],
        crowd_longer=seconds[crowd] / one.step_s,
        crowd_speed=1 / seconds[crowd],
        crowd_usd=usd[crowd],
        crowd_cheaper=one.alone_usd / usd[crowd],
        most_users=most,
        terms=stacked(
            "part", {k: DataFrame({"users": users, "ms": v * 1e3}) for k, v in parts.items()}
        ),
    )


def price_curves(
    curves: Mapping[str, DataFrame], fast: float, *, usd_per_gpu_hour: float, context: float
) -> Section:
    """Least cost at each speed, for models of several sizes on the same accelerators.

    Parameters
    ----------
    curves : mapping of str to pandas.DataFrame
        Frontier of cost by model, the smallest first.
    fast : float
        Speed at which the costs are compared. [tokens/s]
    usd_per_gpu_hour, context : float
        Rent of one accelerator, length of the conversation. [USD/h, tokens]
    """
    at = Series({name: float(cost.cheapest_at(line, fast)) for name, line in curves.items()})
    top = Series({name: line.tokens_per_s.max() for name, line in curves.items()})
    least = Series({name: line.usd_per_mtok.min() for name, line in curves.items()})
    small, large = at.index[0], at.index[-1]
    return Section(
        rent=usd_per_gpu_hour,
        context=context,
        fast=fast,
        small=small,
        large=large,
        small_top=top[small],
        large_top=top[large],
        large_least=least[large],
        least_times=least[large] / least[small],
        small_at_fast=_costs(at[small]),
        large_at_fast=_costs(at[large]),
        curves=stacked("model", curves),
    )


def _costs(usd_per_mtok: float) -> str:
    within = usd_per_mtok < float("inf")
    return f"costs {usd_per_mtok:.2f} dollars" if within else "cannot be had at any price"


def changes(
    tried: Mapping[str, Step], usd_per_gpu_hour: float, crowd: int, long_context: int
) -> Section:
    """What single changes do to the speed of one user alone and to a crowd.

    Parameters
    ----------
    tried : mapping of str to Step
        Steps of one user and of the crowd, by what was changed; the first is the example.
    usd_per_gpu_hour : float
        Rent of one accelerator. [USD/h]
    crowd, long_context : int
        Users of the crowd; length of the long conversation. [users, tokens]
    """
    plain = next(iter(tried.values())).tokens_per_s
    values: dict[str, Any] = {}
    for key, steps in tried.items():
        speed, usd = steps.tokens_per_s, cost.usd_per_mtok(steps, usd_per_gpu_hour=usd_per_gpu_hour)
        fits = usd[1] < float("inf")
        values |= {
            f"{key}_alone": speed[0],
            f"{key}_crowd": f"{speed[1]:.0f}" if fits else "do not fit",
            f"{key}_usd": f"{usd[1]:.2f}" if fits else "-",
        }
    gains = {key: steps.tokens_per_s / plain for key, steps in tried.items()}
    values |= {f"{key}_faster": gains[key][0] for key in ("light", "draft", "long")}
    values |= {f"{key}_crowd_faster": gains[key][1] for key in ("draft", "long")}
    return Section(crowd_users=crowd, long_context=long_context, **values)
