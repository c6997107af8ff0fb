"""How fresh the facts are: the newest row of each table, and prices against another catalogue."""

from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any, get_args

import pandas as pd

from llmecon import catalog
from llmecon._checks import require

# Makers whose prices the package `genai-prices` follows, and its name for each.
WATCHED = {
    "Anthropic": "anthropic",
    "DeepSeek": "deepseek",
    "Google": "google",
    "Meta": "meta",
    "Mistral AI": "mistral",
    "Moonshot AI": "moonshotai",
    "OpenAI": "openai",
    "xAI": "x-ai",
}
STALE_DAYS = 90  # a quarter, in which several frontier models come out
_OWN = {"claims", "propositions", "peers", "peer_set"}  # written by us, not read off the world
_NEARLY = 1e-3  # prices that differ by less differ in rounding only


def state() -> pd.DataFrame:
    """Newest row of each table, and how far it lies behind the newest of all.

    Returns
    -------
    pandas.DataFrame
        ``table``, ``rows``, ``column`` (which date), ``newest``, ``days_behind`` (days before the
        last day of all facts), ``stale``. Only tables with dates.
    """
    rows: list[dict[str, Any]] = []
    for name, row_type in catalog.TABLES.items():
        if name in _OWN:
            continue
        frame = catalog.table(name)
        for column, info in row_type.model_fields.items():
            if date in (info.annotation, *get_args(info.annotation)):
                newest = frame[column].max()
                rows.append({"table": name, "rows": len(frame), "column": column, "newest": newest})
                break  # the first date is the row's own
    found = pd.DataFrame(rows)
    found["days_behind"] = (found.newest.max() - found.newest).dt.days
    return found.assign(stale=found.days_behind > STALE_DAYS)


def compare_prices(providers: Any = None, on: date | None = None) -> pd.DataFrame:
    """Our newest price of each model of a watched maker beside that of ``genai-prices``.

    Parameters
    ----------
    providers : list, optional
        Its catalogue; that of the installed package if not given.
    on : datetime.date, optional
        Day of its prices; the last day of ours if not given.

    Returns
    -------
    pandas.DataFrame
        ``finding`` (same, differs, not there, new there), ``model``, ``provider``, our date and
        prices, ``there`` (its name of the model) and its prices. [USD per million tokens]
    """
    if providers is None:
        providers = _installed()
    known = {provider.id: provider for provider in providers}
    ours = catalog.prices().sort_values("effective_date", kind="stable")
    ours = ours[ours.provider.isin(WATCHED)].drop_duplicates(["model", "provider"], keep="last")
    day = ours.effective_date.max().date() if on is None else on
    at = datetime(day.year, day.month, day.day, 23, tzinfo=UTC)
    rows: list[dict[str, Any]] = []
    seen: set[tuple[str, str]] = set()
    kept = ["model", "provider", "effective_date", "input_usd_per_mtok", "output_usd_per_mtok"]
    row: Any
    for row in ours[kept].to_dict("records"):
        there = _found(known.get(WATCHED[row["provider"]]), row["model"])
        theirs = _prices(there, at) if there else (None, None)
        if there:
            seen.add((row["provider"], there.id))
        finding = _finding((row["input_usd_per_mtok"], row["output_usd_per_mtok"]), theirs)
        name = there.id if there else ""
        more = {"there": name, "input_there": theirs[0], "output_there": theirs[1]}
        rows.append({"finding": finding, **row, **more})
    for maker, name in WATCHED.items():
        for model in getattr(known.get(name), "models", []):
            theirs = _prices(model, at)
            if (maker, model.id) not in seen and theirs[1]:
                rows.append(
                    {"finding": "new there", "provider": maker, "there": model.id}
                    | dict(zip(("input_there", "output_there"), theirs, strict=True))
                )
    return pd.DataFrame(rows)


def days_without_a_row(until: date) -> pd.DataFrame:
    """For each watched maker, days since the newest price of ours. [days]"""
    last = pd.Timestamp(until)
    ours = catalog.prices()
    newest = ours[ours.provider.isin(WATCHED)].groupby("provider").effective_date.max()
    require("until", last.year, minimum=newest.max().year)
    frame = newest.rename("newest").reset_index()
    return frame.assign(days=(last - frame.newest).dt.days).sort_values("days", ascending=False)


def _installed() -> Any:
    try:
        return import_module("genai_prices.data").providers
    except ModuleNotFoundError as error:
        raise ValueError(
            "prices are compared with the package genai-prices: pip install 'llmecon[facts]'"
        ) from error


def _found(provider: Any, name: str) -> Any:
    """The model in the other catalogue, by the ways it writes names."""
    if provider is None:
        return None
    slug = name.lower().replace(" ", "-")
    for reference in (slug, slug.replace(".", "-")):
        model = provider.find_model(reference)
        # A family's pattern also matches longer names: the name itself must be there.
        if model is not None and reference.replace(".", "-") in model.id.replace(".", "-"):
            return model
    return None


def _prices(model: Any, at: datetime) -> tuple[float | None, float | None]:
    """Input and output price on a day; the first tier where there are several."""
    price = model.get_prices(at)
    return _base(price.input_mtok), _base(price.output_mtok)


def _base(price: Any) -> float | None:
    if price is None:
        return None
    return float(getattr(price, "base", None) or price)


def _finding(mine: tuple[float, float], theirs: tuple[float | None, float | None]) -> str:
    if theirs[0] is None or theirs[1] is None:
        return "not there"
    same = all(
        abs(a - b) <= _NEARLY * a for a, b in zip(mine, theirs, strict=True) if b is not None
    )
    return "same" if same else "differs"
