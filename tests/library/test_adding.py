"""The contributor's ten minutes: one row more is all that a model, chip, price or law needs."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from llmecon import catalog, cost, roofline, sizing
from llmecon.catalog.package import datapackage
from llmecon.catalog.rows import TABLES
from llmecon_book import facts

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
    assert catalog.models().set_index("model").total_params["Tiny 1"] == 3e9
    step = roofline.decode(
        catalog.transformer("Tiny 1"), catalog.accelerator("H200 SXM 141GB"), batch=1, context=1024
    )
    assert float(step.seconds) > 0


def test_a_chip_is_one_row_and_its_price_another(add):
    chip = "Alice 1"
    add(
        "accelerators",
        like=8,
        name=chip,
        release_date="2024-06-01",
        date_precision="day",
        hbm_bytes_per_s=9.6e12,
    )
    add(
        "gpu_prices",
        accelerator=chip,
        usd_per_gpu_hour=3.0,
        price_kind="three_year_rental",
        date="2024-12-01",
        date_precision="day",
    )
    untouched_tables_hold("accelerators", "gpu_prices")
    line = cost.frontier(
        catalog.transformer("Llama 3.1 70B"), catalog.accelerator(chip), usd_per_gpu_hour=3.0
    )
    assert len(line)
    assert 3.0 in set(catalog.gpu_prices().query("accelerator == @chip").usd_per_gpu_hour)


def test_an_offer_is_one_row_and_informs_the_sizes(add):
    day = "2025-01-26"
    small = {"model": "Tiny 1", "unlisted": "true", "total_params": 2e8, "active_params": 2e8}
    add("served_offers", like=1, **small)
    untouched_tables_hold("served_offers")
    assert sizing.offers(day, leave_out=["Tiny 1"]).total_params.min() > 3e8
    assert sizing.prior(day).chance_below(3e8) > 0


def in_a_new_process(program: str) -> str:
    """What a program prints; laws and profiles are read once, when their room is imported."""
    environment = {**os.environ, "PYTHONPATH": str(DATA.parent / "lib")}
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_a_law_is_one_row_and_found_by_its_name(add):
    constants = "E=1.5; A=400; B=400; alpha=0.3; beta=0.3"
    row = {"name": "OWN_2026", "title": "Own", "form": "separable", "standard_errors": ""}
    add("scaling_laws", **row, constants=constants)
    untouched_tables_hold("scaling_laws")
    program = "from llmecon import chinchilla as c; print(c.law('own 2026').loss(1e9, 1e9))"
    assert float(in_a_new_process(program)) == pytest.approx(1.5 + 800 * 1e9**-0.3)


def test_a_profile_is_one_row_and_times_a_step(add):
    """A copy of the ideal machine at half its bandwidth needs twice the time."""
    add("serving_profiles", name="own", bandwidth_share=0.5, judges="", current="false")
    untouched_tables_hold("serving_profiles")
    program = """
from llmecon import catalog, roofline
from llmecon.roofline.profiles import profile_named
model, chip = catalog.transformer("Llama 3.1 8B"), catalog.accelerator("H200 SXM 141GB")
for name in ("own", "ideal"):
    step = roofline.decode(model, chip, batch=1, context=1, profile=profile_named(name))
    print(float(step.seconds))
"""
    own, ideal = map(float, in_a_new_process(program).split())
    assert own == pytest.approx(2 * ideal)


def test_a_price_is_one_row_and_in_force_from_its_day(add):
    add(
        "prices",
        model="GPT-4o",
        serves="GPT-4o",
        provider="OpenAI",
        effective_date="2025-02-01",
        input_usd_per_mtok=1.0,
        output_usd_per_mtok=4.0,
        flagship="true",
    )
    untouched_tables_hold("prices")
    assert catalog.price_on("GPT-4o", "2025-02-01").output_usd_per_mtok == 4.0
    assert catalog.price_on("GPT-4o", "2025-01-31").output_usd_per_mtok != 4.0


def test_a_reading_of_an_unlisted_model_is_refused(add):
    add("speeds", model="Nobody 9")
    with pytest.raises(catalog.BadRow, match=r"speeds.csv, line \d+, column model: 'Nobody 9'"):
        catalog.speeds()


@pytest.mark.parametrize("column", ["total_params", "active_params", "blended_usd_per_mtok"])
def test_an_offer_without_a_size_or_a_price_is_refused(add, column):
    add("served_offers", host="Nobody", **{column: ""})
    with pytest.raises(
        catalog.BadRow, match=rf"^served_offers.csv, line 341, column {column}: is empty"
    ):
        catalog.served_offers()


def test_an_offer_without_a_speed_is_refused(add):
    add("served_offers", host="Nobody", output_tokens_per_s="")
    with pytest.raises(catalog.BadRow, match="line 341, column output_tokens_per_s: is empty"):
        sizing.offers("2025-01-26")


def test_a_list_with_a_name_twice_is_refused(add):
    add("arena_lists")
    with pytest.raises(
        catalog.BadRow, match=r"^arena_lists.csv, line 627, column date\+name: repeats line 626"
    ):
        facts.arena_list(until=facts.SCORED_ON)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (
            {"effective_date": "2024-05-12"},
            "effective_date: 2024-05-12 lies before the release of GPT-4o, 2024-05-13",
        ),
        ({"serves": ""}, "serves: is empty, but GPT-4o is a row of models.csv"),
        ({"serves": "GPT-4oh"}, "serves: 'GPT-4oh' is in no row of its table: GPT-4o"),
    ],
)
def test_a_price_that_contradicts_its_model_is_refused(add, cells, reason):
    add("prices", **{"model": "GPT-4o", "serves": "GPT-4o", "provider": "A host", **cells})
    with pytest.raises(catalog.BadRow, match=rf"^prices.csv, line 120, column {reason}"):
        catalog.prices()


def test_a_price_of_a_preview_may_be_older_than_its_model(add):
    cells = {"model": "GPT-4o", "serves": "GPT-4o", "provider": "A host", "note": "a preview"}
    add("prices", effective_date="2024-05-12", **cells)
    assert catalog.price_on("GPT-4o", "2024-05-12").provider == "A host"


def test_a_day_before_the_first_facts_is_not_known(add):
    """An honest error or no row, never the nearest fact."""
    for look_up, message in {
        (lambda: catalog.price_on("GPT-4o", "2019-12-31")): "no model with a price by 2019-12-31",
        (lambda: catalog.score("GPT-4o", facts.ARENA, "2019-12-31")): "no model with Arena text",
        (lambda: facts.flagship_path("OpenAI", made="2019-12-31")): "no maker with a flagship by",
        (lambda: facts.arena(until="2019-12-31")): "until must be after the first Arena list",
        (lambda: facts.arena_list(until="2019-12-31")): "until must be after the first Arena list",
    }.items():
        with pytest.raises((LookupError, ValueError), match=f"^{message}"):
            look_up()
    assert facts.flagships(until="2019-12-31").empty
    assert facts.latest_estimates(until="2019-12-31").empty
