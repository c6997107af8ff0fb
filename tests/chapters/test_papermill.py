"""Papermill alone gets the checks of ``llmecon rerun`` before anything is computed: its own runs of
a chapter, and the cells that a kernel would have run."""

import json
from pathlib import Path

import nbformat
import papermill
import pytest

from llmecon_book import notebook, parameters
from llmecon_book.run import digest, execution
from llmecon_book.run import scenario as scenarios

ROOT = Path(__file__).parents[2]
CELL = """\
share: float = 0.8  # [1] of tokens that are kept, 0..0.99
draft: str = "Llama 3 8B"  # [model] unused while share is 0.0
day: str = "2024-12-13"  # [ISO date] of the list
chip: str = "H200 SXM 141GB"  # [accelerator] that serves
formats: list[str] = ["bf16"]  # [weight formats] of the weights
rows: str = "all"  # [rows] judged
rent: float = 3.0  # [USD/h] of the chip"""
GOOD = {name: one.default for name, one in parameters.read(CELL).items()}
WRONG = [
    ("share = 1.5", "share must be <= 0.99, got 1.5 [1]"),
    ("share = 'most'", "share must be float [1], got 'most'"),
    ("rent = -1.0", "rent must be > 0, got -1 [USD/h]"),
    ("rent = float('nan')", "rent must be a finite number, got nan [USD/h]"),
    ("day = '13/12/2024'", "day must be an ISO date"),
    ("chip = 'H200'", "no accelerator (chip) is called 'H200'; nearest: H200 SXM 141GB"),
    ("formats = ['fp7']", "no weight format (formats) is called 'fp7'; nearest: "),
    ("formats = []", "formats must not be empty"),
    ("rows = 'validated'", "no rows (rows) is called 'validated'; nearest: validate"),
    ("rents = 1.0", "no parameter is called 'rents'; nearest: rent"),
]


def check(injected):
    """Check as in a kernel that has run the cell of parameters and papermill's below it."""
    space = {"__annotations__": dict.fromkeys(GOOD), **GOOD}
    exec(injected, space)
    notebook.check_parameters(space | {"In": ["", CELL, f"# Parameters\n{injected}\n", "check"]})


@pytest.mark.parametrize(("injected", "message"), WRONG)
def test_a_wrong_value_is_refused_in_one_line(injected, message):
    with pytest.raises((ValueError, LookupError)) as caught:
        check(injected)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_right_values_pass_and_other_cells_do_not_count(capsys):
    check("share = 0.5\nrent = 1")
    space = {"__annotations__": dict.fromkeys(GOOD), **GOOD}
    notebook.check_parameters(space | {"In": ["", CELL, "mine = 1", "check"]})
    assert capsys.readouterr().out == ""


def test_a_parameter_that_another_switches_off_is_named(capsys):
    check("share = 0.0\ndraft = 'Llama 3.1 8B'")
    assert "Markdown" in capsys.readouterr().out
    known = parameters.read(CELL)
    off = {"share": 0.0, "draft": "Llama 3.1 8B"}
    assert parameters.unused(known, off) == ["draft changes nothing while share is 0.0"]
    assert parameters.unused(known, off | {"share": 0.1}) == []
    assert parameters.unused(known, {"share": 0.0}) == []


@pytest.mark.parametrize(
    ("chapter", "given", "message"),
    [
        ("reversal", {"acceptance": 1.5}, "acceptance must be <= 0.99, got 1.5 [1]"),
        ("sizing", {"usd_per_gpu_hours": 1.0}, "nearest: usd_per_gpu_hour"),
    ],
)
def test_papermill_itself_stops_before_anything_is_computed(tmp_path, chapter, given, message):
    out = tmp_path / "out.ipynb"
    with pytest.raises(papermill.PapermillExecutionError) as caught:
        papermill.execute_notebook(
            str(ROOT / "notebooks" / f"{chapter}.ipynb"),
            str(out),
            parameters=given,
            kernel_name="python3",
            progress_bar=False,
        )
    assert message in caught.value.evalue
    cells = [c for c in nbformat.read(out, as_version=4).cells if c.cell_type == "code"]
    ran = [cell for cell in cells if cell.execution_count and "papermill" in cell.metadata]
    computing = [c for c in cells if c.metadata.papermill.get("status") == "completed"]
    assert ran and not [c for c in computing if "say(" in c.source]


def switched_off():
    for chapter, known in scenarios.known_parameters(ROOT).items():
        for name, parameter in known.items():
            if parameter.unused_while:
                yield chapter, name, *parameter.unused_while


OTHER = {"draft_model": "Llama 3.1 8B", "profile_name": "vLLM 2025"}


@pytest.mark.parametrize(("chapter", "name", "switch", "off"), [*switched_off()])
def test_what_is_said_to_be_unused_changes_nothing_and_says_so(
    tmp_path, chapter, name, switch, off
):
    texts = []
    for values in ({switch: off}, {switch: off, name: OTHER[name]}):
        scenario = scenarios.Scenario(name="off", parameters={chapter: values})
        tasks = scenarios.tasks(scenario, ROOT, tmp_path, digest.library_digest())
        (text,) = execution.run(tasks)
        assert isinstance(text, str), str(text)
        texts.append([c["outputs"] for c in execution._code(text)])
    without, given = texts
    (note,) = given[2]
    assert f"{name} changes nothing while {switch} is {off}" in json.dumps(note)
    del without[2], given[2]  # the cell of the check
    assert without == given
