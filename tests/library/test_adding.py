"""The contributor's ten minutes: one row more is all that a model, a chip or a price needs."""

import csv
import shutil
from pathlib import Path

import pytest

from llmecon import catalog, cost, roofline, sizing
from llmecon.catalog.package import datapackage
from llmecon.catalog.rows import TABLES
from llmecon_book import facts  # noqa: F401  (its tables join)

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def add(tmp_path, monkeypatch):
    """Append to a table of a copy of ``data/`` its last row with other cells."""
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    monkeypatch.setenv("LLMECON_DATA", str(folder))

    def append(table: str, like: int = -1, **cells: object) -> None:
        path = folder / f"{table}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            row = list(csv.DictReader(file))[like]
        assert set(cells) <= set(row)
        with path.open("a", encoding="utf-8", newline="") as file:
            csv.DictWriter(file, row).writerow({**row, **cells})

    return append


def untouched_tables_hold(*changed: str) -> None:
    """Every table loads; those that got a row have one more, the others are as they were."""
    for name in TABLES:
        with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            before = len(list(csv.DictReader(file)))
        assert len(catalog.rows(name)) == before + (name in changed), name
    assert datapackage()["resources"]


def test_a_model_is_one_row_and_its_shape_another(add):
    add(
        "models",
        model="Tiny 1",
        release_date="2024-12-01",
        total_params=3e9,
        active_params=3e9,
        size_low=3e9,
        size_high=3e9,
        size_status="disclosed",
        open_weights="true",
        weights_opened="",
        family="Tiny",
        training_flop="",
        training_tokens="",
    )
    add("architectures", like=0, name="Tiny 1", n_layers=28)
    untouched_tables_hold("models", "architectures")
    assert catalog.value("models", "Tiny 1", "total_params") == 3e9
    step = roofline.decode(
        catalog.transformer("Tiny 1"), catalog.accelerator("H200 SXM 141GB"), batch=1, context=1024
    )
    assert float(step.seconds) > 0
    without = sizing.prior("2024-12-13", leave_out=("Tiny 1",))
    assert without.chance_below(1e10) < sizing.prior("2024-12-13").chance_below(1e10)


def test_a_chip_is_one_row_and_serves_from_its_day(add):
    chip = "Alice 1"
    add(
        "accelerators",
        like=8,
        name=chip,
        release_date="2024-06-01",
        date_precision="day",
        serves_llms="true",
        hbm_bytes_per_s=9.6e12,
    )
    add(
        "gpu_prices",
        accelerator=chip,
        usd_per_gpu_hour=3.0,
        price_kind="rental",
        provider_rank=1,
        date="2024-12-01",
        date_precision="day",
    )
    untouched_tables_hold("accelerators", "gpu_prices")
    line = cost.frontier(
        catalog.transformer("Llama 3.1 70B"), catalog.accelerator(chip), usd_per_gpu_hour=3.0
    )
    assert len(line)
    later, earlier = (
        sizing.infer(10.0, 60.0, day, draws=500) for day in ("2024-12-13", "2024-06-15")
    )
    assert chip in set(later.set_up.chip) and chip not in set(earlier.set_up.chip)


def test_a_price_is_one_row_and_in_force_from_its_day(add):
    add(
        "prices",
        model="GPT-4o",
        provider="OpenAI",
        effective_date="2025-02-01",
        input_usd_per_mtok=1.0,
        output_usd_per_mtok=4.0,
        flagship="true",
    )
    untouched_tables_hold("prices")
    assert catalog.price_on("GPT-4o", "2025-02-01", "OpenAI").output_usd_per_mtok == 4.0
    assert catalog.price_on("GPT-4o", "2025-01-31", "OpenAI").output_usd_per_mtok != 4.0


def test_a_reading_of_an_unlisted_model_is_refused(add):
    add("speeds", model="Nobody 9")
    with pytest.raises(catalog.BadRow, match=r"speeds.csv, line \d+, column model: 'Nobody 9'"):
        catalog.speeds()
