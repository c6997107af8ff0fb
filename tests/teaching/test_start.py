"""The first hour: the notebook runs blank and filled, and each answer gets one helpful line."""

import math
import re
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

TEACHING = Path(__file__).parents[2] / "teaching"
for folder in ("start-here", "worksheets"):
    sys.path.insert(0, str(TEACHING / folder))
import start  # noqa: E402

FILLED = {
    "speed": "speed = server.decode(batch=1, context=32_768).tokens_per_s",
    "dollars": "dollars = cost.usd_per_mtok(server.decode(batch=64, context=4096), "
    "usd_per_gpu_hour=3.0)",
    "fastest": "fastest = cost.fastest_at(frontier, 1.0)",
    "width": "width = high / low",
    "cheap": 'half = cost.frontier(model, chip, usd_per_gpu_hour=1.5, max_chips=8, weights="bf16")'
    "\ncheap = cost.fastest_at(half, 1.0)",
}
FAULTY = {
    "speed": ("speed = step.seconds * 1e3", "is too small for tokens/s"),
    "dollars": ("dollars = '1.53'", "The answer is text"),
    "fastest": ("raise RuntimeError('of the student')", "No answer yet"),
    "width": ("width = low / high", "upside down"),
    "cheap": ("cheap = frontier", "table of"),
}


@pytest.fixture
def told(tmp_path):
    """What each check says, after some answers were put into a copy as ``make lab`` makes it."""
    for path in [*(TEACHING / "start-here").iterdir(), TEACHING / "worksheets" / "checks.py"]:
        if path.is_file():
            shutil.copy(path, tmp_path)

    def run(answers):
        """What the checks say by task, errors, and the kinds of output that were shown."""
        notebook = nbformat.read(tmp_path / "start-here.ipynb", as_version=4)
        for cell in notebook.cells:
            task = re.fullmatch(r"(\w+) = \.\.\.", cell.source)
            if task:
                cell.source = answers.get(task[1], cell.source)
        where = {"metadata": {"path": str(tmp_path)}}
        NotebookClient(
            notebook, resources=where, allow_errors=True, timeout=120, kernel_name="python3"
        ).execute()
        said, raised, shown = {}, [], set()
        for cell in notebook.cells:
            outputs = cell.get("outputs", [])
            shown.update(kind for out in outputs for kind in out.get("data", {}))
            raised += [out.evalue for out in outputs if out.output_type == "error"]
            if task := re.fullmatch(r'check\("(\w+)"\)', cell.source):
                said[task[1]] = "".join(out.get("text", "") for out in outputs)
        return said, raised, shown

    return run


def test_a_filled_copy_is_right_in_every_task(told):
    said, raised, shown = told(FILLED)
    assert (said, raised) == (dict.fromkeys(start.TASKS, "Right.\n"), [])
    assert "image/svg+xml" in shown and "text/html" not in shown  # which fetches its scripts


def test_a_blank_copy_runs_and_is_told_what_to_do(told):
    said, raised, _ = told({})
    assert said.keys() == start.TASKS.keys()
    assert raised == []
    assert all(re.fullmatch(r"Not yet\. The answer is empty:.*\n", one) for one in said.values())


def test_a_fault_gets_one_line_and_stops_no_other_check(told):
    said, raised, _ = told({task: answer for task, (answer, _) in FAULTY.items()})
    assert raised == ["of the student"]  # and none of ours
    for task, (_, line) in FAULTY.items():
        assert said[task].startswith("Not yet. ") and line in said[task], said[task]
        assert said[task].count("\n") == 1


@pytest.mark.parametrize("task", start.TASKS)
def test_each_known_mistake_is_named_and_differs_from_the_right_answer(task, monkeypatch, capsys):
    number = start.TASKS[task]
    for words, wrong in number.mistaken.items():
        value = float(wrong())
        assert not math.isclose(value, number.right(), rel_tol=2 * number.share)
        monkeypatch.setattr(start.__main__, task, value, raising=False)
        start.check(task)
        assert words in capsys.readouterr().out


def test_an_unknown_task_is_answered_with_those_there_are(capsys):
    start.check("sped")
    assert capsys.readouterr().out == (
        "There is no task 'sped'; there are speed, dollars, fastest, width, cheap.\n"
    )


def test_it_reads_in_plain_jupyter():
    notebook = nbformat.read(TEACHING / "start-here" / "start-here.ipynb", as_version=4)
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert not re.search(r"\{[\w:]+\}`|^:::|^```\{", prose, re.M)
    assert all(not cell.get("outputs") for cell in notebook.cells)
