"""Worksheets: the filled copy earns all points, the blank none, and a fault gets one helpful line.

Real copies are made and graded by otter; each known mistake of each answer is tried directly.
"""

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).parents[2] / "teaching" / "worksheets"
sys.path.insert(0, str(FOLDER))
import answers  # noqa: E402
import checks  # noqa: E402

SHEETS = sorted(answers.BY_WORKSHEET)
NUMBERS = [
    pytest.param(answer, id=f"{sheet}-{name}")
    for sheet, tasks in answers.BY_WORKSHEET.items()
    for name, answer in tasks.items()
    if isinstance(answer, checks.Number)
]
ONE_LINE = re.compile(r"[^\n]{20,200}[.?]")


def told(check, given):
    """What a check says, in one line; nothing if it passes."""
    try:
        check(given)
    except checks.Wrong as wrong:
        assert ONE_LINE.fullmatch(str(wrong)), str(wrong)
        return str(wrong)
    return ""


@pytest.mark.parametrize("answer", NUMBERS)
class TestNumbers:
    def test_the_right_number_passes_however_it_is_held(self, answer):
        right = float(answer.right())
        for given in (right, np.float64(right), np.array([right]), right * (1 + answer.share / 2)):
            assert told(answer.idea, given) == told(answer.exact, given) == ""

    def test_just_beside_it_fails(self, answer):
        for off in (1 + 3 * answer.share, 1 / (1 + 3 * answer.share)):
            assert told(answer.exact, float(answer.right()) * off)

    def test_a_slip_of_units_earns_the_idea_and_is_named(self, answer):
        for factor, words in checks.SLIPS.items():
            for given, way in ((factor, "large"), (1 / factor, "small")):
                slipped = float(answer.right()) * given
                assert told(answer.idea, slipped) == ""
                said = told(answer.exact, slipped)
                assert f"{words} times too {way}" in said or "That is" in said or " is the " in said

    def test_each_known_mistake_is_named(self, answer):
        for words, wrong in answer.mistaken.items():
            assert words in told(answer.exact, float(wrong()))

    def test_what_is_no_number_gets_one_line_without_a_traceback(self, answer):
        cases = {
            None: "run its cell",
            ...: "empty",
            "12": "text",
            (1.0, 2.0): "2 values",
            math.nan: "nan",
            True: "type bool",
        }
        for given, words in cases.items():
            assert words in told(answer.idea, given) and words in told(answer.exact, given)
        assert "table of 3 rows" in told(answer.exact, pd.DataFrame({"a": [1, 2, 3]}))
        assert "holds 3 values" in told(answer.exact, pd.Series([1, 2, 3]))
        assert "type Number" in told(answer.exact, answer)


def test_a_table_is_told_what_is_missing_and_what_is_too_much():
    table = answers.OUTLOOK["open_models"]
    right = table.right()
    assert told(table.exact, right.iloc[::-1]) == ""
    assert "2 rows are missing" in told(table.exact, right.iloc[2:])
    assert "rows too many" in told(table.exact, answers.catalog.models())
    assert "no column 'model'" in told(table.exact, right.drop(columns="model"))
    assert "a table (pandas.DataFrame) is asked" in told(table.exact, right.model)


X, Y = alt.X("a:Q", title="Speed [tokens/s]"), alt.Y("b:Q").scale(type="log")
CHART = alt.Chart(pd.DataFrame({"a": [1, 2], "b": [1, 10]})).mark_line()


@pytest.mark.parametrize("y", [Y.title("Cost [USD]"), Y.axis(title="Cost [USD]")])
def test_a_figure_is_right_alone_and_in_layers(y):
    figure = answers.REVERSAL["figure"]
    for chart in (CHART.encode(X, y), CHART.encode(X, y) + CHART.mark_point().encode(X, y)):
        assert told(figure.exact, chart) == ""


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        (alt.Chart(), "'mark' is a required property"),
        (
            CHART.encode(x="speed"),
            'cannot be drawn: Unable to determine data type for the field "sp',
        ),
        (CHART.encode(x=X), "no y axis"),
        (CHART.encode(X, Y.title("Cost")), "The y axis needs a title with its unit"),
        (CHART.encode(X, alt.Y("b:Q", title="Cost [USD]")), "give it a logarithmic scale"),
        (alt.Chart, "of type type"),
        (pd.DataFrame(), "of type DataFrame"),
    ],
)
def test_a_faulty_figure_is_told_in_one_line(chart, words):
    assert words in told(answers.REVERSAL["figure"].exact, chart)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Student's and autograder's copy of each worksheet, made by otter."""
    root = tmp_path_factory.mktemp("worksheets")
    for sheet in SHEETS:
        otter = [sys.executable, "-m", "otter", "assign", f"{sheet}.ipynb", str(root / sheet)]
        done = subprocess.run(otter, cwd=FOLDER, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
    return root


def graded(root, sheet, notebook):
    """Points by task and what the student reads."""
    from otter.api import grade_submission

    (archive,) = (root / sheet / "autograder").glob("*.zip")
    found = grade_submission(str(notebook), str(archive), quiet=True)
    return {name: one.score for name, one in found.results.items()}, found.summary()


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_filled_copy_earns_all_points(made, sheet):
    points, summary = graded(made, sheet, made / sheet / "autograder" / f"{sheet}.ipynb")
    assert points == dict.fromkeys(answers.BY_WORKSHEET[sheet], 3), summary


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_blank_copy_earns_none_and_holds_no_solution(made, sheet):
    blank = made / sheet / "student" / f"{sheet}.ipynb"
    cells = json.loads(blank.read_text("utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    assert sum(source.endswith(" = ...") for source in sources) == len(answers.BY_WORKSHEET[sheet])
    points, summary = graded(made, sheet, blank)
    assert set(points.values()) == {0}
    assert summary.count("put it in place of the three dots") == 2 * len(points)
    assert "Traceback" not in summary and "Error" not in summary


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_figure_is_drawn_without_a_network(sheet):
    cells = json.loads((FOLDER / f"{sheet}.ipynb").read_text("utf-8"))["cells"]
    (setup,) = ("".join(cell["source"]) for cell in cells if cell["id"].endswith("-setup"))
    names = {}
    with alt.renderers.enable("default"):
        exec(setup, names)
        assert "alt" not in names or alt.renderers.active == "svg"


FAULTS = {  # what a student writes, the points it earns, what is read
    "mechanism": {
        "weight_gb": ("weight_gb = model.n_params * 2", 1, "a billion times too large"),
        "read_ms": (
            "read_ms = 2 * model.n_params / 8 / chip.hbm_bytes_per_s",
            1,
            "1,000 times too small",
        ),
        "speed": (
            "server = roofline.Deployment(model, chip, tensor_parallel=8, weights='bf16')\n"
            "step = server.decode(batch=32, context=8192)\nspeed = 32 * step.tokens_per_s",
            0,
            "the speed of all users together",
        ),
        "usd": (
            "usd = 3600 * cost.usd_per_mtok(step, usd_per_gpu_hour=3)",
            1,
            "counted as per second",
        ),
        "own_speed": ("own_speed = 1 / 0", 0, "If the cell stops with an error, mend that first"),
    },
    "evolution": {
        "rate": ("rate = models.head(3)", 0, "table of 3 rows"),
        "doubling_months": ("doubling_months = '9.96 months'", 0, "without quotes and unit"),
        "active_times": (
            "total = models.set_index('model').total_params\n"
            "active_times = total['GPT-4'] / total['GPT-3 175B']",
            0,
            "the ratio of total parameters, not of active ones",
        ),
        "fitted_rate": ("fitted_rate = ...", 0, "in place of the three dots"),
        "figure": (
            "figure = alt.Chart(models[['total_params']]).mark_point()"
            ".encode(x='total_params:Q', y='total_params:Q')",
            1,
            "needs a title with its unit in brackets",
        ),
    },
    "outlook": {
        "open_models": ("open_models = models.query('open_weights')", 1, "rows too many"),
        "total_growth": (
            "rows = models.query(\"frontier and open_weights and release_date >= '2024-07-01'\")\n"
            "rows = rows.dropna(subset='active_params')\n"
            "growth = trends.growth_rate(rows.release_date, rows.active_params)\n"
            "total_growth = growth.factor_per_year",
            0,
            "the growth of active parameters",
        ),
        "active_growth": ("active_growth = float('nan')", 0, "a finite number is asked"),
        "cache_gb": (
            "cache_gb = catalog.transformer('Mistral Large 2').kv_cache_bytes(100_000)",
            1,
            "a billion times too large",
        ),
        "figure": ("figure = 3", 0, "a chart is asked"),
    },
}


@pytest.mark.parametrize("sheet", sorted(FAULTS))
def test_each_fault_of_a_copy_gets_its_points_and_its_line(made, sheet, tmp_path):
    notebook = json.loads((made / sheet / "student" / f"{sheet}.ipynb").read_text("utf-8"))
    for cell in notebook["cells"]:
        name = "".join(cell["source"]).removesuffix(" = ...")
        if name in FAULTS[sheet]:
            cell["source"] = FAULTS[sheet][name][0]
    faulty = tmp_path / f"{sheet}.ipynb"
    faulty.write_text(json.dumps(notebook), "utf-8")
    points, summary = graded(made, sheet, faulty)
    assert points == {name: earned for name, (_, earned, _) in FAULTS[sheet].items()}, summary
    assert "Traceback" not in summary
    for name, (_, _, line) in FAULTS[sheet].items():
        part = summary.split(f"{name} results:")[1].split(" results:")[0]
        assert line in part, part
