"""The tables are what they say they are, and a wrong row is refused with place and reason."""

import csv
import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from frictionless import Package

from llmecon import catalog
from llmecon.catalog import chip_file, hf_config
from llmecon.catalog.package import datapackage
from llmecon.catalog.reading import read_json, read_rows
from llmecon.catalog.rows import TABLES, column_names, foreign_keys
from llmecon_book import facts  # noqa: F401  (its tables join)

DATA = Path(__file__).parents[2] / "data"
MODELS = TABLES["models"]


def copy_with(folder: Path, table: str = "models", **changes: str) -> Path:
    """A copy of a table whose third row (line 4) has other cells."""
    with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[2] |= changes
    copy = folder / f"{table}.csv"
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


WRONG_UNITS = [
    ("models", "total_params", "inf", "finite number"),
    ("models", "total_params", "1e15", "less than"),
    ("models", "training_flop", "1e3", "greater than"),
    ("prices", "output_usd_per_mtok", "1e-5", r"greater than 0.001, .*\[USD per million tokens\]"),
    ("prices", "input_usd_per_mtok", "inf", "finite"),
    ("speeds", "output_tokens_per_s", "0.05", "greater than"),
    ("scores", "score", "13", r"between 500 and 2500 \[Arena points\]"),
    ("scores", "score", "nan", "finite"),
    ("size_estimates", "total_params", "20", "greater than"),
    ("served_offers", "active_params", "1e14", "less than"),
    ("served_offers", "active_params", "9e13", "active_params is larger than total_params"),
    ("gpu_prices", "usd_per_gpu_hour", "1e9", "less than"),
    ("accelerators", "hbm_bytes", "16", r"greater than 100000000, .*\[B\]"),
    ("accelerators", "hbm_bytes_per_s", "2.0", r"greater than 1000000000, .*\[B/s\]"),
    ("accelerators", "bf16_dense_flop_per_s", "312", r"greater than .*\[FLOP/s\]"),
    ("accelerators", "measured_bf16_flop_per_s", "5e16", "is above the peak"),
    ("measurements", "unit", "furlongs", "of .* must be"),
    ("measurements", "metric", "joy", "no metric is called .joy."),
    ("measurements", "value", "inf", "finite"),
    ("peers", "mape_percent", "-1", "greater than or equal to 0"),
    ("peers", "seconds_low", "1e4", "seconds_low is larger than seconds_high"),
]


@pytest.mark.parametrize(("table", "column", "cell", "reason"), WRONG_UNITS)
def test_a_cell_in_another_unit_is_refused(tmp_path, table, column, cell, reason):
    path = copy_with(tmp_path, table, **{column: cell})
    with pytest.raises(catalog.BadRow, match=rf"{table}.csv, line 4, column \w+: .*{reason}"):
        read_rows(path, TABLES[table])


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """The tables in a folder of one's own."""
    shutil.copytree(DATA, tmp_path / "data")
    monkeypatch.setenv("LLMECON_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("table", "column", "near"),
    [
        ("speeds", "model", "GPT-4o"),
        ("scores", "model", "GPT-4o"),
        ("prices", "model", "GPT-4o"),
        ("size_estimates", "model", "GPT-4o"),
        ("served_offers", "model", "Llama 3.3 70B"),
        ("gpu_prices", "accelerator", "H100 SXM 80GB"),
        ("measurements", "hardware", "H200 SXM 141GB"),
    ],
)
def test_a_name_of_no_row_of_its_table_is_refused_with_the_nearest(own_folder, table, column, near):
    unmarked = {"unlisted": ""} if "unlisted" in TABLES[table].model_fields else {}
    copy_with(own_folder, table, **{column: f"{near}x"}, **unmarked)
    with pytest.raises(catalog.BadRow, match=rf"{table}.csv, line 4, column {column}: .*{near}"):
        catalog.table(table)


@pytest.mark.parametrize("table", ["prices", "size_estimates", "served_offers"])
def test_a_model_that_is_left_out_is_marked_and_no_other(own_folder, table):
    copy_with(own_folder, table, model="Nosuch", unlisted="true")
    frame = catalog.table(table)
    assert frame.model[2] == "Nosuch"
    assert (frame.unlisted != frame.model.isin(catalog.models().model)).all()


def test_every_name_of_another_table_is_declared_and_described():
    """What the schema says is what Frictionless checks, but for names that a row may leave out."""
    for resource in datapackage()["resources"]:
        row_type = TABLES[resource["name"]]
        declared = {key["fields"][0] for key in resource["schema"].get("foreignKeys", [])}
        optional = {"model"} if "unlisted" in row_type.model_fields else set()
        assert declared | optional == set(foreign_keys(row_type))


def test_a_broken_file_is_named_with_its_line(tmp_path):
    text = (DATA / "models.csv").read_text("utf-8")
    header, second, third = text.splitlines()[:3]
    for broken, message in {
        "": "line 1, column .*: missing",
        header + "\n": "line 1: no rows below the header",
        f"{header}\n{second[:40]}": "line 2: wrong number of cells",
        f'{header}\n{second}\n"GPT-1,OpenAI\n': "line 3: unexpected end of data",
        f"{header}\n{second}\n{third[:-1]}{'x' * 2_000_000}\n": "line 3: field larger than",
    }.items():
        (tmp_path / "models.csv").write_text(broken, "utf-8")
        with pytest.raises(catalog.BadRow, match=rf"^models.csv, {message}"):
            read_rows(tmp_path / "models.csv", MODELS)


CHIP = "name: mine\nbf16_dense_flop_per_s: 4e14\nhbm_bytes_per_s: 2e12\nhbm_bytes: "
BOMB = "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CHIP + "16", r"hbm_bytes: .*greater than 100000000, got 16 \[B\]"),
        (CHIP + "0o100000000000000", "hbm_bytes: Input should be a valid number"),
        (CHIP + "0100000000000", "hbm_bytes: Input should be a valid number"),
        (CHIP + "23148148:8:20", "hbm_bytes: Input should be a valid number"),
        (CHIP + "8e10\nhbm_bytes: 9e10", "line 5: hbm_bytes is given twice"),
        (CHIP + "8e10\n1: 2", "1 is not a field of an accelerator"),
        (CHIP + "8e10\ntdp_w: .inf", "tdp_w"),
        (CHIP.replace("2e12", "4.8") + "8e10", "hbm_bytes_per_s: .*greater than"),
        (CHIP.replace("4e14", "989") + "8e10", "bf16_dense_flop_per_s: .*greater than"),
        (CHIP + "8e10\nmeasured_bf16_flop_per_s: 4e16", "is above the peak"),
        (BOMB, r"line 2: aliases \(\*name\) are not read"),
        ("[" * 5000, "nested too deep"),
        ("{a: b", r"line \d"),
        ("7", "must be an object of fields, got 7"),
    ],
)
def test_a_chip_file_with_a_trap_is_refused(tmp_path, text, message):
    pytest.importorskip("yaml", reason="needs PyYAML, of the extra 'book'")
    (tmp_path / "chip.yml").write_text(text)
    with pytest.raises(ValueError, match=rf"^chip.yml.*{message}"):
        chip_file.read(tmp_path / "chip.yml")


def test_a_key_that_is_given_twice_in_json_is_refused(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"num_hidden_layers": 80, "deep": {"a": 1}, "num_hidden_layers": 81}')
    for read in (hf_config.read, chip_file.read, read_json):
        with pytest.raises(ValueError, match=r"config\.json: num_hidden_layers is given twice"):
            read(path)


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
                assert date(2016, 1, 1) < cell <= date.today(), (field, row)


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


@pytest.mark.parametrize("table", ["prices", "speeds", "scores", "served_offers"])
def test_models_of_the_other_tables_that_are_known_agree_on_their_size(table):
    """Invariant: the same name never has two sizes, but for rounding (Gemma 3 4B counts 4.3e9)."""
    frame = catalog.table(table)
    if "total_params" not in frame:
        assert set(frame.model) & set(catalog.models().model)
        return
    known = catalog.models().set_index("model").total_params
    for row in frame.itertuples():
        if row.model in known.index:
            assert row.total_params == pytest.approx(known[row.model], rel=0.08), row.model


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
    ],
)
def test_an_unknown_name_suggests_the_nearest(look_up, name, suggestion):
    with pytest.raises(LookupError, match=suggestion):
        look_up(name)


def test_a_frame_is_a_copy():
    mine = catalog.models()
    mine.loc[0, "total_params"] = 1.0
    assert catalog.models().loc[0, "total_params"] != 1.0


@pytest.mark.parametrize("text", ["13/12/2024", "now", "2024Q4", "2024"])
def test_a_day_that_is_no_iso_date_is_refused(text):
    for look_up in (
        lambda: catalog.price_on("GPT-4o", text),
        lambda: catalog.score("GPT-4", "Arena text score", text),
        lambda: catalog.speed_readings("GPT-4o", since=text),
        lambda: catalog.speed_readings("GPT-4o", until=text),
    ):
        with pytest.raises(ValueError, match=r"^(date|since|until) must be an ISO date, got "):
            look_up()


def test_wafer_scale_readings_are_left_out():
    assert catalog.speed_readings("Llama 3.3 70B").output_tokens_per_s.max() < 1000
