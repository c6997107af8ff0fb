"""The tables are what they say they are, and a wrong row is refused with place and reason."""

import csv
import json
from datetime import date
from pathlib import Path

import pytest
from frictionless import Package

from llmecon import catalog
from llmecon.catalog.package import datapackage
from llmecon.catalog.reading import read_rows
from llmecon.catalog.rows import TABLES, column_names

DATA = Path(__file__).parents[2] / "data"
MODELS = TABLES["models"]


def copy_with(tmp_path: Path, **changes: str) -> Path:
    """A copy of models.csv whose third row (line 4) has other cells."""
    with (DATA / "models.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[2] |= changes
    copy = tmp_path / "models.csv"
    with copy.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return copy


def test_an_unchanged_copy_is_accepted(tmp_path):
    assert len(read_rows(copy_with(tmp_path), MODELS)) == len(catalog.models())


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("total_params", "-5", "greater than"),
        ("total_params", "175", "greater than"),  # billions where plain counts belong
        ("total_params", "many", "valid number"),
        ("training_flop", "nan", "finite number"),
        ("release_date", "11.10.2018", "date"),
        ("size_status", "rumoured", "'disclosed', 'reported' or 'estimate'"),
        ("source", " ", "is empty"),
        ("source_url", "example.org", "pattern"),
        ("open_weights", "perhaps", "boolean"),
        ("developer", "", "is empty"),
    ],
)
def test_a_wrong_cell_is_refused_with_file_line_column_and_reason(tmp_path, column, cell, reason):
    path = copy_with(tmp_path, **{column: cell})
    with pytest.raises(catalog.BadRow, match=rf"models.csv, line 4, column {column}: .*{reason}"):
        read_rows(path, MODELS)


def test_a_repeated_key_is_refused(tmp_path):
    with pytest.raises(catalog.BadRow, match=r"line 4, column model: repeats line 3"):
        read_rows(copy_with(tmp_path, model="GPT-1"), MODELS)


def test_more_active_than_total_parameters_are_refused(tmp_path):
    with pytest.raises(catalog.BadRow, match=r"line 4, .*active_params is larger"):
        read_rows(copy_with(tmp_path, active_params="9e11"), MODELS)


def test_a_missing_column_is_refused(tmp_path):
    text = (DATA / "models.csv").read_text("utf-8").replace("size_status", "status", 1)
    (tmp_path / "models.csv").write_text(text, "utf-8")
    with pytest.raises(catalog.BadRow, match="line 1, column status: not a column"):
        read_rows(tmp_path / "models.csv", MODELS)


def test_a_short_row_is_refused(tmp_path):
    text = (DATA / "models.csv").read_text("utf-8") + "GPT-0,OpenAI\n"
    (tmp_path / "models.csv").write_text(text, "utf-8")
    with pytest.raises(catalog.BadRow, match="wrong number of cells"):
        read_rows(tmp_path / "models.csv", MODELS)


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_a_past_date_a_source_and_a_licence(name):
    for row in catalog.rows(name):
        assert row.source and row.source_url and row.licence
        for field, cell in row:
            if isinstance(cell, date):
                assert date(2016, 1, 1) < cell <= date(2026, 11, 24), (field, row)


@pytest.mark.parametrize("name", TABLES)
def test_columns_of_the_file_are_those_of_the_schema(name):
    header = (DATA / f"{name}.csv").read_text("utf-8").splitlines()[0].split(",")
    assert header == column_names(TABLES[name])


def test_the_descriptor_is_the_one_made_from_the_schema():
    stored = json.loads((DATA / "datapackage.json").read_text("utf-8"))
    assert stored == datapackage(), "run `make data`"


def test_frictionless_accepts_the_package():
    report = Package(DATA / "datapackage.json").validate()
    assert report.valid, report.flatten(["title", "rowNumber", "fieldName", "message"])[:5]


def test_every_column_is_described_with_its_unit():
    for resource in datapackage()["resources"]:
        for field in resource["schema"]["fields"]:
            where = f"{resource['name']}.{field['name']}"
            assert field["description"], where
            if any(field["name"].endswith(s) for s in ("_params", "_tokens", "_per_s", "_flop")):
                assert field["unit"], where


def test_the_readme_of_the_data_names_every_table_and_column():
    text = (DATA / "README.md").read_text("utf-8")
    for name, row_type in TABLES.items():
        assert f"## `{name}.csv`" in text
        for column in column_names(row_type):
            assert f"`{column}`" in text, (name, column)


@pytest.mark.parametrize("table", ["prices", "speeds", "scores", "served_open_models"])
def test_models_of_the_other_tables_that_are_known_agree_on_their_size(table):
    """Invariant: the same name never has two sizes."""
    frame = catalog.table(table)
    if "total_params" not in frame:
        assert set(frame.model) & set(catalog.models().model)
        return
    known = catalog.models().set_index("model").total_params
    for row in frame.itertuples():
        if row.model in known.index:
            assert row.total_params == pytest.approx(known[row.model], rel=0.02), row.model


@pytest.mark.parametrize("table", ["gpu_prices", "measurements"])
def test_accelerators_of_the_other_tables_exist(table):
    column = {"gpu_prices": "accelerator", "measurements": "hardware"}[table]
    unknown = set(catalog.table(table)[column]) - set(catalog.accelerators().name)
    assert not unknown


def test_an_estimate_carries_its_range_and_a_disclosed_size_none():
    models = catalog.models()
    estimates = models[(models.size_status == "estimate") & models.total_params.notna()]
    alone = estimates[estimates.size_low == estimates.size_high]
    assert alone.model.tolist() == ["GPT-3.5 (davinci-002)"]  # one published value
    ranged = estimates.drop(alone.index)
    assert (ranged.size_low < ranged.size_high).all()
    disclosed = models[models.size_status == "disclosed"]
    assert (disclosed.size_low == disclosed.size_high).all()


@pytest.mark.parametrize(
    ("look_up", "name", "suggestion"),
    [
        (catalog.transformer, "Llama 3 70", "Llama 3 70B"),
        (catalog.accelerator, "H200", "H200 SXM 141GB"),
        (catalog.table, "modells", "models"),
        (lambda n: catalog.value("models", "GPT-4", n), "params", "total_params"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(look_up, name, suggestion):
    with pytest.raises(LookupError, match=suggestion):
        look_up(name)


def test_a_frame_is_a_copy():
    mine = catalog.models()
    mine.loc[0, "total_params"] = 1.0
    assert catalog.models().loc[0, "total_params"] != 1.0


def test_arena_scores_of_two_dates_are_refused():
    with pytest.raises(ValueError, match="within one list date"):
        catalog.score_gap("GPT-4o", "GPT-4", "Arena text score", "2024-12-13", "2025-08-04")


def test_wafer_scale_readings_are_left_out():
    assert catalog.speed_readings("Llama 3.3 70B").output_tokens_per_s.max() < 1000
