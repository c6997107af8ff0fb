"""Other numbers reach the chapters, wrong ones are refused before anything starts, and a finished
run is not repeated: invariants of ``llmecon rerun`` on a small book made here."""

import csv
import json
import re
import shutil
import threading
from pathlib import Path

import nbformat
import pytest

from llmecon import cli
from llmecon.catalog import UnknownName
from llmecon_book.chapters import evolution
from llmecon_book.notebook import check_parameters
from llmecon_book.run import digest, execution, numbers, parameters
from llmecon_book.run import scenario as scenarios
from llmecon_book.run import sweep as sweeps

ROOT = Path(__file__).parents[2]

PARAMETERS = """\
usd_per_gpu_hour: float = 3.0  # [USD/h] 0.1..20 rent of one accelerator
n_chips: int = 8  # [accelerators] of one instance
law: str = "BESIROGLU_2024"  # [law] whose optimum is taken
day: str = "2024-12-13"  # [ISO date] of the price
names: list[str] = ["GPT-3 175B", "GPT-4"]  # [model] named in the text
margin: float = 0.5  # [1] may be a loss
context_tokens: int = 0  # [tokens] none in the book
demand: float = 1e12  # [tokens] 0..1e15 none is a demand as well
left_out: list[str] = []  # [models] that are not named"""
PREAMBLE = """\
from llmecon import chinchilla
from llmecon_book.chapters import Section
from llmecon_book.notebook import check_parameters, say

check_parameters(globals())"""
NUMBERS = """\
size = float(chinchilla.law(law).optimal(flop=1e24).params)
say(Section(rent=usd_per_gpu_hour * n_chips, size=size, models=" and ".join(names)))"""
FAILING = """\
if n_chips == 7:
    raise ValueError("n_chips must be even, got 7 [accelerators]")"""


def notebook(*sources):
    cells = [nbformat.v4.new_markdown_cell("# A chapter")]
    for index, source in enumerate(sources):
        cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"] * (index == 0)})
        cells.append(cell)
    for index, cell in enumerate(cells):
        cell["id"] = f"cell-{index}"
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata = nbformat.from_dict(execution.METADATA)
    return made


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The small book, its chapter executed with its defaults."""
    book = tmp_path_factory.mktemp("stored")
    (book / "_toc.yml").write_text("format: jb-book\n")
    for name in ("lib", "data"):
        (book / name).symlink_to(ROOT / name)
    chapter = book / "notebooks" / "small.ipynb"
    chapter.parent.mkdir()
    nbformat.write(notebook(PARAMETERS, PREAMBLE, NUMBERS, FAILING), chapter)
    execution.refresh(book, say=lambda line: None)
    return book


@pytest.fixture
def book(stored, tmp_path, monkeypatch):
    """A copy of it, as the folder one works in."""
    copy = shutil.copytree(stored, tmp_path / "book", symlinks=True)
    monkeypatch.chdir(copy)
    return copy


@pytest.fixture
def runs(monkeypatch):
    """Runs that started, as a list of (chapter, values)."""
    started = []
    execute = execution.execute

    def counted(task):
        started.append((task.chapter, task.numbers))
        return execute(task)

    monkeypatch.setattr(execution, "execute", counted)
    return started


def tasks_of(scenario, book, output, **chosen):
    return scenarios.tasks(scenario, book, output, digest.surroundings(book), **chosen)


EXECUTED = json.dumps(
    {
        "cells": [
            {"cell_type": "code", "source": "", "execution_count": 1, "outputs": [{"text": "8.0"}]}
        ]
    }
)


def write_scenario(book, text, name="cheap.yml"):
    path = book / name
    path.write_text(text)
    return path


CHEAP = """\
name: cheap
description: Rent at one dollar
parameters:
  small: {usd_per_gpu_hour: 1.0}
"""


def test_a_scenario_changes_its_numbers_and_no_others(book, runs, capsys):
    path = write_scenario(book, CHEAP)
    assert cli.main(["rerun", str(path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(r["key"], r["before"], r["after"], r["changed"]) for r in rows] == [
        ("rent", 24, 8, True),  # changed ones first
        ("size", rows[1]["before"], rows[1]["before"], False),
        ("models", "GPT-3 175B and GPT-4", "GPT-3 175B and GPT-4", False),
    ]
    assert rows[0]["ratio"] == pytest.approx(1 / 3)
    (folder,) = (book / "_build" / "rerun").glob("cheap-*")
    with (folder / "results.csv").open(newline="") as file:
        first = next(csv.DictReader(file))
    assert (first["key"], first["before"], first["after"]) == ("rent", "24", "8")
    assert runs == [("small", {"usd_per_gpu_hour": 1.0})]
    (kept,) = (path.read_text() for path in folder.glob("small-*.ipynb"))
    assert "injected-parameters" in kept and str(book) not in kept

    # Nothing is run again, and nothing of the book was touched.
    assert cli.main(["rerun", str(path)]) == 0
    shown = capsys.readouterr().out
    assert len(runs) == 1 and "1 of 3 key numbers change" in shown and "Rent at one" in shown
    assert "rent" in shown and "models" not in shown and "index.html" in shown
    assert cli.main(["rerun", str(path), "--all"]) == 0
    assert "models" in capsys.readouterr().out
    assert numbers.key_numbers((book / "notebooks" / "small.ipynb").read_text())["rent"] == 24


@pytest.mark.parametrize("change", ["value", "code", "library", "output", "fresh"])
def test_a_finished_run_is_repeated_only_if_something_changed(book, monkeypatch, change):
    out = book / "out"
    scenario = scenarios.load(write_scenario(book, CHEAP))
    monkeypatch.setattr(execution, "execute", lambda task: EXECUTED)
    done = []

    def note(task, result, was_there):
        done.append(was_there)

    execution.run(tasks_of(scenario, book, out), on_done=note)
    execution.run(tasks_of(scenario, book, out), on_done=note)
    assert done == [False, True]
    if change == "value":
        scenario = scenarios.with_values(scenario, {"small.n_chips": 16}, "cheap")
    elif change == "code":
        chapter = book / "notebooks" / "small.ipynb"
        chapter.write_text(chapter.read_text().replace("optimal(flop=1e24)", "optimal(flop=1e25)"))
    elif change == "library":
        monkeypatch.setattr(digest, "surroundings", lambda book: "another")
    elif change == "output":
        (kept,) = out.glob("*.ipynb")
        kept.write_text(kept.read_text().replace("8.0", "9.0"))
    execution.run(tasks_of(scenario, book, out), fresh=change == "fresh", on_done=note)
    assert done == [False, True, False]


def test_an_interrupted_run_goes_on_where_it_was(book, monkeypatch):
    shutil.copy(book / "notebooks" / "small.ipynb", book / "notebooks" / "second.ipynb")
    scenario = scenarios.Scenario(name="two", parameters={"small": {}, "second": {}})
    monkeypatch.setattr(execution, "WORKERS", 1)
    started = []

    def interrupted(task):
        started.append(task.chapter)
        if len(started) == 2:
            raise KeyboardInterrupt
        return EXECUTED

    monkeypatch.setattr(execution, "execute", interrupted)
    with pytest.raises(KeyboardInterrupt):
        execution.run(tasks_of(scenario, book, book / "out"))
    execution.run(tasks_of(scenario, book, book / "out"))
    assert started == ["small", "second", "second"]
    assert not list((book / "out").glob("*.part"))


def test_chapters_that_run_when_it_is_interrupted_are_finished_and_kept(book, monkeypatch):
    for name in ("second", "third", "fourth"):
        shutil.copy(book / "notebooks" / "small.ipynb", book / "notebooks" / f"{name}.ipynb")
    names = ("small", "second", "third", "fourth")
    scenario = scenarios.Scenario(name="four", parameters={name: {} for name in names})
    second_runs, stopping = threading.Event(), threading.Event()

    def slow(task):
        if task.chapter == "small":
            second_runs.wait(10)
        else:
            second_runs.set()
            stopping.wait(10)
        return EXECUTED

    def interrupt(task, result, was_there):
        raise KeyboardInterrupt

    monkeypatch.setattr(execution, "execute", slow)
    with pytest.raises(KeyboardInterrupt):
        tasks = tasks_of(scenario, book, book / "out")
        execution.run(tasks, on_done=interrupt, on_stop=stopping.set)
    kept = {path.stem.partition("-")[0] for path in (book / "out").glob("*.ipynb")}
    # The third may have started in the place of the first; the fourth was never begun.
    assert {"small", "second"} <= kept <= {"small", "second", "third"}


def test_a_chapter_that_fails_is_named_and_not_kept(book, capsys):
    path = write_scenario(book, "name: odd\nparameters:\n  small: {n_chips: 7}\n")
    assert cli.main(["rerun", str(path)]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("llmecon: small, code cell 4: ValueError: n_chips must be even, got 7")
    assert not list((book / "_build").rglob("results.csv"))


WRONG = {
    "unknown chapter": ("smal: {n_chips: 1}", "no chapter is called 'smal'; nearest: small"),
    "unknown parameter": (
        "small: {usd_per_gpu_hours: 1.0}",
        "no parameter of small is called 'usd_per_gpu_hours'; nearest: usd_per_gpu_hour",
    ),
    "text for a number": (
        "small: {usd_per_gpu_hour: cheap}",
        "small.usd_per_gpu_hour must be float [USD/h], got 'cheap'",
    ),
    "truth for a number": ("small: {n_chips: true}", "small.n_chips must be int"),
    "a share of a chip": ("small: {n_chips: 1.5}", "small.n_chips must be int"),
    "number for a text": ("small: {law: 20}", "small.law must be str [law], got 20"),
    "one name for a list": ("small: {names: GPT-4}", "small.names must be list[str]"),
    "a number in a list": ("small: {names: [GPT-4, 4]}", "small.names must be list[str]"),
    "an empty list": ("small: {names: []}", "small.names must not be empty"),
    "below the range": ("small: {usd_per_gpu_hour: 0}", "must be >= 0.1, got 0 [USD/h]"),
    "above the range": ("small: {usd_per_gpu_hour: 21}", "must be <= 20, got 21 [USD/h]"),
    "nothing where the book has some": ("small: {n_chips: 0}", "small.n_chips must be > 0, got 0"),
    "less than nothing where the book has nothing": (
        "small: {context_tokens: -1}",
        "small.context_tokens must be >= 0, got -1 [tokens]",
    ),
    "less than nothing": ("small: {n_chips: -8}", "small.n_chips must be > 0, got -8"),
    "not a number": ("small: {margin: .nan}", "small.margin must be float [1], got '.nan'"),
    "unknown law": (
        "small: {law: BESIROGLU}",
        "no law (small.law) is called 'BESIROGLU'; nearest: BESIROGLU_2024",
    ),
    "unknown model": ("small: {names: [GPT-4, GPT-44]}", "no model (small.names) is called"),
    "unknown model in a list that may be empty": (
        "small: {left_out: [GPT-44]}",
        "no model (small.left_out) is called 'GPT-44'; nearest: GPT-4",
    ),
    "not a day": ("small: {day: soon}", "small.day must be an ISO date"),
}


CONTRADICTING = {
    "evolution": ({"trend_until": "2017-01"}, "trend_until must be after trend_from, got 2017-01"),
    "outlook": ({"scored_until": "2024-11-01"}, "scored_until must be after forecast_made"),
    "fitting": ({"lowest_flop": 1e22}, "highest_flop must be above lowest_flop, got 3e+21 and 1e"),
    "errata": ({"sweep_to_flop": 1e20}, "sweep_to_flop must be >= 1e+22"),
}


@pytest.mark.parametrize("chapter", CONTRADICTING)
def test_values_that_contradict_each_other_are_refused_before_anything_starts(chapter):
    """As a rerun does, for the chapters of the book, and as a chapter does under papermill."""
    values, message = CONTRADICTING[chapter]
    known = scenarios.known_parameters(ROOT)
    with pytest.raises(ValueError, match=re.escape(f"{chapter}.{message}")):
        parameters.check_values(known, {chapter: values})
    cells = json.loads((ROOT / "notebooks" / f"{chapter}.ipynb").read_text("utf-8"))["cells"]
    declaring = next(c for c in cells if "parameters" in c["metadata"].get("tags", []))
    space = {"In": ["".join(declaring["source"]), "# Parameters\n", "check"]}
    exec(space["In"][0], space)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        check_parameters(space | values)


def test_nothing_of_something_may_be_wanted(book):
    known = scenarios.known_parameters(book)
    parameters.check_values(known, {"small": {"context_tokens": 0, "demand": 0.0, "margin": 0.0}})


@pytest.mark.parametrize("output", ["file", "file/below"])
def test_a_folder_that_cannot_be_made_is_named_before_anything_starts(book, runs, capsys, output):
    (book / "file").write_text("")
    path = write_scenario(book, CHEAP)
    assert cli.main(["rerun", str(path), "--output", output]) == 2
    said = capsys.readouterr()
    assert "file: Not a directory" in said.err and said.err.count("\n") == 1
    assert not runs


@pytest.mark.parametrize("case", WRONG)
def test_wrong_numbers_are_refused_before_anything_starts(book, runs, capsys, case):
    line, message = WRONG[case]
    path = write_scenario(book, f"name: wrong\nparameters:\n  {line}\n")
    assert cli.main(["rerun", str(path)]) == 2
    said = capsys.readouterr()
    assert message in said.err and said.err.count("\n") == 1 and said.out == ""
    assert not runs and not (book / "_build" / "rerun").exists()


BROKEN = {
    "no name": ("parameters: {small: {}}", "cheap.yml: name: Field required"),
    "a name that is no folder": (
        "name: ../up\nparameters: {small: {}}",
        "cheap.yml: name: String should match",
    ),
    "an unknown field": ("name: a\nparameter: {small: {}}", "cheap.yml: parameter"),
    "no chapter": ("name: a\nparameters: {}", "cheap.yml: parameters: name at least one chapter"),
    "a key given twice": (
        "name: a\nparameters:\n  small: {n_chips: 1, n_chips: 2}",
        "cheap.yml, line 3: n_chips is given twice",
    ),
    "broken YAML": ("name: [", "cheap.yml, line 1"),
    "an alias": ("a: &a [1]\nb: *a", "cheap.yml, line 2: aliases (*name) are not read"),
    "too deep": ("[" * 5_000, "cheap.yml: brackets nested too deep"),
    "not an object": ("just text", "cheap.yml: file"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_scenario_file_is_named_with_line_or_field(book, capsys, case):
    text, message = BROKEN[case]
    assert cli.main(["rerun", str(write_scenario(book, text))]) == 2
    assert message in capsys.readouterr().err


def test_numbers_and_days_are_read_as_people_write_them(book):
    text = "name: a\nparameters:\n  small: {margin: 1e-1, n_chips: 16, day: 2024-05-13}\n"
    values = scenarios.load(write_scenario(book, text)).parameters["small"]
    assert values == {"margin": 0.1, "n_chips": 16, "day": "2024-05-13"}
    assert tasks_of(scenarios.load(book / "cheap.yml"), book, book / "out")


def test_a_scenario_may_be_json(book):
    path = write_scenario(book, '{"name": "j", "parameters": {"small": {"n_chips": 2}}}', "j.json")
    assert scenarios.load(path).parameters == {"small": {"n_chips": 2}}


def test_only_chapters_of_the_scenario_can_be_chosen(book, capsys):
    path = write_scenario(book, CHEAP)
    assert cli.main(["rerun", str(path), "--chapter", "large"]) == 2
    assert "no chapter of cheap is called 'large'" in capsys.readouterr().err


def test_declared_parameters_carry_type_unit_help_and_range(book):
    declared = parameters.declared(book / "notebooks" / "small.ipynb")
    rent = declared["usd_per_gpu_hour"]
    assert (rent.type, rent.default, rent.unit) == ("float", 3.0, "USD/h")
    assert (rent.minimum, rent.maximum) == (0.1, 20.0)
    assert declared["names"].type == "list[str]"
    assert declared["names"].default == ["GPT-3 175B", "GPT-4"]
    assert list(declared) == [line.split(":")[0] for line in PARAMETERS.splitlines()]


def test_a_chapter_that_was_never_executed_declares_its_parameters_too(tmp_path):
    made = notebook(PARAMETERS, PREAMBLE)
    made.metadata = nbformat.from_dict({})
    nbformat.write(made, tmp_path / "new.ipynb")
    assert len(parameters.declared(tmp_path / "new.ipynb")) == len(PARAMETERS.splitlines())


def test_a_sweep_gives_one_row_a_point_and_a_table_of_what_changes(book, runs, capsys):
    sweep = ["rerun", "--sweep", "small.usd_per_gpu_hour=1,3", "--set", "small.n_chips=2"]
    assert cli.main([*sweep, "--csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "small.usd_per_gpu_hour,chapter,key,name,unit,value"
    assert "1.0,small,rent,rent,,2" in lines and "3.0,small,rent,rent,,6" in lines
    assert len(runs) == 2
    assert cli.main(sweep) == 0  # from the kept runs
    shown = capsys.readouterr().out
    assert len(runs) == 2 and "rent" in shown and "models" not in shown


def test_a_failed_point_is_named_and_the_others_are_shown(book, capsys):
    assert cli.main(["rerun", "--sweep", "small.n_chips=2,7,4"]) == 1
    told = capsys.readouterr()
    assert "small.n_chips=7, small, code cell 4: ValueError: n_chips must be even" in told.err
    assert "rent" in told.out
    (kept,) = (book / "_build" / "rerun").glob("*/results.csv")
    with kept.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["key"] == "rent"]
    assert {row["small.n_chips"]: row["value"] for row in rows} == {"2": "6", "4": "12"}
    assert "n_chips must be even" in kept.with_name("index.html").read_text()


def test_one_parameter_is_swept_once(book, runs, capsys):
    axes = ["--sweep", "small.n_chips=2", "--sweep", "small.n_chips=4"]
    assert cli.main(["rerun", *axes]) == 2
    assert "small.n_chips is swept twice" in capsys.readouterr().err and not runs


def test_two_reruns_at_once_do_not_swap_results(book, monkeypatch, capsys):
    """In folders of their own by default; in one folder each still reports what it computed."""
    both = threading.Barrier(2)

    def slow(task):
        both.wait(60)
        return EXECUTED.replace("8.0", str(task.numbers["n_chips"]))

    monkeypatch.setattr(execution, "execute", slow)
    found = {}

    def rerun(n_chips):
        plan = scenarios.Scenario(name="set", parameters={"small": {"n_chips": n_chips}})
        tasks = tasks_of(plan, book, book / "one-folder")
        found[n_chips] = execution.run(tasks, on_done=lambda *_: both.wait(60))  # both are kept

    threads = [threading.Thread(target=rerun, args=[n]) for n in (2, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: [EXECUTED.replace("8.0", str(n))] for n in (2, 4)}
    monkeypatch.setattr(execution, "execute", lambda task: EXECUTED)
    for n in (2, 4):
        assert cli.main(["rerun", "--set", f"small.n_chips={n}"]) == 0
    folders = sorted(path.name for path in (book / "_build" / "rerun").glob("*"))
    assert [name.rpartition("-")[0] for name in folders] == ["n_chips-2", "n_chips-4"]


def test_a_folder_with_a_library_of_its_own_refuses_another(book, capsys):
    (book / "lib").unlink()
    shutil.copytree(ROOT / "lib", book / "lib")
    assert cli.main(["rerun", "--set", "small.n_chips=2"]) == 2
    assert "belong to another folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        ("small.usd_per_gpu_hour", "expected CHAPTER.PARAMETER=VALUE"),
        ("small.usd_per_gpu_hour=1,x", "small.usd_per_gpu_hour must be float, got 'x'"),
        ("small.n_chips=1.5", "small.n_chips must be int, got '1.5'"),
        ("small.chips=1", "no parameter of small is called 'chips'"),
        ("large.n_chips=1", "no chapter is called 'large'"),
        ("small.margin=nan", "small.margin must be a finite number, got nan [1]"),
        ("small.usd_per_gpu_hour=1,99", "must be <= 20, got 99"),
        ("small.usd_per_gpu_hour=1,2,1.0", "small.usd_per_gpu_hour: 1.0 is given twice"),
    ],
)
def test_a_wrong_sweep_is_refused(book, runs, capsys, axis, message):
    assert cli.main(["rerun", "--sweep", axis]) == 2
    assert message in capsys.readouterr().err and not runs


def test_a_grid_is_the_product_of_its_axes_and_equal_runs_are_shared(book):
    known = scenarios.known_parameters(book)
    axes = [sweeps.parse_axis(a, known) for a in ("small.n_chips=1,2", "small.margin=0,0.1,0.2")]
    points = sweeps.points(axes)
    assert len(points) == 6 and {"small.n_chips": 2, "small.margin": 0.2} in points
    scenario = scenarios.Scenario(name="s", parameters={})
    targets = {
        task.target
        for point in [*points, points[0]]
        for task in tasks_of(scenarios.with_values(scenario, point, "s"), book, book / "out")
    }
    assert len(targets) == 6


def test_a_worker_with_another_library_refuses_the_work(book):
    chapter = book / "notebooks" / "small.ipynb"
    task = execution.Task.of(chapter, "digest of another version", {}, book / "out")
    with pytest.raises(execution.ChapterFailed, match="library, data or packages differ"):
        execution.execute(task)


def test_a_cluster_gives_the_same_numbers(book):
    distributed = pytest.importorskip("distributed", reason="needs the extra 'cluster'")
    task = tasks_of(
        scenarios.Scenario(name="c", parameters={"small": {"n_chips": 4}}), book, book / "out"
    )
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        (text,) = execution.run(task, cluster=cluster.scheduler_address)
    assert numbers.key_numbers(text)["rent"] == 12


def test_without_a_book_the_message_says_where_to_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["rerun", "--set", "small.n_chips=1"]) == 2
    assert "no book here" in capsys.readouterr().err


def test_an_unknown_parameter_passed_by_papermill_alone_would_be_silent(book):
    """Why the check above exists: papermill itself only logs an unknown name."""
    with pytest.raises(UnknownName):
        parameters.check_values(scenarios.known_parameters(book), {"small": {"rent": 1.0}})


def test_words_of_a_chapter_hold_for_other_parameters_too():
    """What the article says of its own models is not said of those that a run puts there."""
    told = evolution.sizes(["GPT-1", "GPT-3 175B", "GPT-4"], "2024-12-13")
    other = evolution.sizes(["GPT-2 XL", "GPT-3 175B", "Gopher 280B"], "2026-01-01")
    assert (told.story_is, told.last_source) == (
        "The article begins with",
        "according to the leak",
    )
    assert "in place of the article's" in other.story_is and "this run" in other.turn_at
    assert (other.own_story, other.last_source) == ("this story", "according to its maker")
    assert other.gpt4_total_params == told.last_total_params != other.last_total_params
