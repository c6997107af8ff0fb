"""A verdict that rests on facts moves with them: every fact is perturbed, row by row.

Nothing here lists the ledger. Tables get other numbers, days and stated values; measures and the
exponents of a paper other numbers. Each value must move under some of these, and so must each
verdict. Entries that reading decides are known by their rows.
"""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from llmecon import catalog, chinchilla
from llmecon.catalog.reading import frame_of
from llmecon_book import ledger
from llmecon_book.ledger import measures, registry
from llmecon_book.ledger.answers import claimed, scored

# fmt: off
MEASURES = (
    "independent_ratio", "over_an_eighth", "served_then_and_now", "speed_kept", "thinking_shift",
    "usd_at",
)
# fmt: on
ROWS = {row.id: row for table in ("claims", "propositions") for row in catalog.rows(table)}
READ = {n for n, row in ROWS.items() if getattr(row, "checked_by", "") == ledger.READING}
SIZES = ["total_params", "active_params", "total_low", "total_high", "size_low", "size_high"]
TODAY = pd.Timestamp("2024-12-13")
KINDS = ["claims", "numbers", "measures", "days", "until", "numbers"]
SEEDS = 60  # rounds; those that have moved are not asked again


def other_frame(frame: pd.DataFrame, rng: np.random.Generator, decades: float) -> pd.DataFrame:
    """A table whose rows have other numbers and grades; the ends of a size go with it."""
    frame, shares = frame.copy(), {}
    years = (frame.get("release_date", TODAY) - TODAY) / pd.Timedelta(days=365)
    for column in frame.select_dtypes("float"):
        of = "size" if column in SIZES else column
        if of not in shares:
            tilt = rng.uniform(-decades, decades) * np.nan_to_num(years)
            shares[of] = 10 ** (rng.uniform(-decades, decades, len(frame)) + tilt)
        frame[column] *= shares[of]
    if "size_status" in frame:
        frame["size_status"] = rng.permutation(frame.size_status)
    return frame


def other_days(frame: pd.DataFrame, rng: np.random.Generator, decades: float) -> pd.DataFrame:
    """A table whose rows were released on other days."""
    days = pd.to_timedelta(rng.integers(-1000, 1000, len(frame)), unit="D")
    moved = {column: frame[column] + days for column in frame if column == "release_date"}
    return frame.assign(**moved)


def other_claim(row, rng: np.random.Generator, decades: float):
    """A claim that states another number or day, and whose source has another day."""
    moved, stated = rng.uniform(-decades, decades), row.stated_value
    shift, later = (pd.Timedelta(days=1500 * rng.uniform(-decades, decades)) for _ in range(2))
    if stated and row.unit in ("year", "date"):
        form = {4: "%Y", 7: "%Y-%m", 10: "%Y-%m-%d"}[len(stated)]
        stated = (pd.Timestamp(stated) + shift).strftime(form)
    elif stated:
        stated = repr(float(stated) * 10**moved)
    day = None if row.source_date is None else (pd.Timestamp(row.source_date) + later).date()
    return row.model_copy(update={"stated_value": stated, "source_date": day})


def scrambled(result, rng: np.random.Generator):
    """A measure, or each number of it, times a number of its own."""
    if isinstance(result, tuple):
        return tuple(scrambled(part, rng) for part in result)
    if isinstance(result, pd.DataFrame):
        numbers = result.select_dtypes("number")
        return result.assign(
            **{c: v * 10 ** rng.uniform(-1, 1, len(v)) for c, v in numbers.items()}
        )
    return result * 10 ** rng.uniform(-2, 2)


def perturb(patch, seed: int) -> None:
    """Other facts: those of claims, numbers or days of the tables, what is measured."""
    rng, decades = np.random.default_rng(seed), (1.5, 0.1, 0.5)[seed // len(KINDS) % 3]
    kind = KINDS[seed % len(KINDS)]
    rows, frames = {name: catalog.rows(name) for name in catalog.TABLES}, {}
    change = {"numbers": other_frame, "days": other_days}.get(kind, lambda frame, *_: frame)

    def frame(name, folder):
        if name not in frames:
            frames[name] = change(frame_of(rows[name]), rng, decades)
        return frames[name]

    if kind == "claims":
        rows["claims"] = tuple(other_claim(row, rng, decades) for row in rows["claims"])
    if kind == "measures":
        for name in MEASURES:
            real = getattr(measures, name)
            patch.setattr(measures, name, lambda *a, real=real, **k: scrambled(real(*a, **k), rng))
        for name, field in (("transformer", "d_ff"), ("accelerator", "hbm_bytes_per_s")):
            record = getattr(catalog, name)
            patch.setattr(catalog, name, partial(other_record, record, field, rng))
        table = {"approach 1": {"a": rng.uniform(0, 1, 3), "b": rng.uniform(0, 1, 3)}}
        patch.setattr(chinchilla, "HOFFMANN_2022_TABLE_2", table)
    else:
        patch.setattr(catalog, "data_folder", lambda: Path(f"perturbed {seed}"))
        patch.setattr(catalog, "_rows", lambda name, folder: rows[name])
        patch.setattr(catalog, "_frame", frame)


def other_record(read, field: str, rng: np.random.Generator, name: str):
    """A shape or a chip with another number."""
    record = read(name)
    number = type(getattr(record, field))(scrambled(getattr(record, field), rng))
    return record.model_copy(update={field: number})


def answers(names, **days):
    """Value and verdict of entries, where the facts still give one."""
    when, found = ledger.days(**days), {}
    rows = {row.id: row for row in catalog.rows("claims")}
    for name in names:
        try:
            one = scored(ROWS[name], when) if name.startswith("P") else claimed(rows[name], when)
        except (ValueError, LookupError, TypeError, ZeroDivisionError):
            continue
        found[name] = (one.result.value, one.verdict)
    return found


def test_every_value_and_every_verdict_moves_with_its_facts(monkeypatch):
    names = set(ROWS) - READ - set(registry.FOLLOWS)
    before, still = answers(sorted(names)), [set(names), set(names)]
    for seed in range(SEEDS):
        until = {"until": f"2025-{4 + seed % 9:02d}-28"} if KINDS[seed % 6] == "until" else {}
        with monkeypatch.context() as patch:
            perturb(patch, seed)
            for name, now in answers(sorted(still[0] | still[1]), **until).items():
                for which, one, two in zip(still, before[name], now, strict=True):
                    which -= {name} if one != two else set()
        if not any(still):
            break
    assert still == [set(), set()], "values and verdicts that never moved"
