"""Proves that the benchmarks run, tell what is missing, and store what the book shows
(invariants; the timings themselves are no test)."""

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pandas as pd
import pytest

from llmecon_book.explore.listing import EVERY

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks import __main__ as command  # noqa: E402
from benchmarks import chinchilla_bench, harness, rerun_bench, site_bench  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results"


def result(**changes):
    columns = [harness.Column("tool", "tool"), harness.Column("cpu_s", "CPU [s]", ".3g")]
    rows = [{"tool": "llmecon", "cpu_s": 0.0012345}, {"tool": "peer [x]", "cpu_s": None}]
    known = {"name": "some", "title": "A title", "columns": columns, "rows": rows}
    return harness.Result(**(known | changes))


def test_timing_is_of_one_repeat_after_the_warm_ones():
    calls = []
    out, timing = harness.timed(lambda: calls.append(1) or len(calls), repeats=3, warm=2)
    assert out == len(calls) == 5
    assert timing.repeats == 3 and timing.wall_s >= 0
    _, busy = harness.timed(lambda: sum(range(2_000_000)))
    assert busy.cpu_s > 0.001 and busy.wall_s > 0.001
    with pytest.raises(ValueError, match="repeats must be >= 1"):
        harness.timed(list, repeats=0)


def test_cells_have_the_digits_of_their_column_and_missing_ones_are_empty():
    assert result().frame().to_dict("list") == {
        "tool": ["llmecon", "peer [x]"],
        "CPU [s]": ["0.00123", ""],
    }
    path_free = harness.Column("x", "x").cell(float("nan"))
    assert path_free == ""


def test_a_peer_that_is_not_there_is_named_with_the_way_to_install_it(tmp_path, capsys):
    from rich.console import Console

    assert harness.absent(["numpy", "no-such-package"]) == ["no-such-package"]
    harness.show(result(missing=["no-such-package"]), Console(width=100))
    said = capsys.readouterr().out
    assert "no-such-package is not installed: pip install -e .[peers]" in said
    assert "peer [x]" in said  # brackets are no markup


def test_a_run_without_its_peers_leaves_the_stored_results_alone(tmp_path, capsys, monkeypatch):
    from rich.console import Console

    monkeypatch.setattr(harness, "RESULTS", tmp_path / "own")
    console = Console(width=100)
    command._keep([result(missing=["p"])], False, harness.RESULTS, console)
    command._keep([result()], True, harness.RESULTS, console)
    assert not harness.RESULTS.exists()
    assert "without p" in capsys.readouterr().out
    command._keep([result(), result(name="other")], False, harness.RESULTS, console)
    assert sorted(p.name for p in harness.RESULTS.iterdir()) == ["other.csv", "some.csv"]
    stored = pd.read_csv(harness.RESULTS / "some.csv", dtype=str, keep_default_na=False)
    assert stored.equals(result().frame())


def test_a_machine_has_no_name_and_no_path():
    rows = harness.machine(["no-such-package"]).set_index("what")["value"]
    assert rows["no-such-package"] == "not installed"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", rows["date (UTC)"])
    assert not [v for v in rows if re.search(r"(^|\s)/\w", v)]


def test_the_benchmark_of_scaling_laws_runs(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "chinchilla", "--quick", "--into", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    fits = pd.read_csv(tmp_path / "chinchilla_fit.csv")
    own = fits[fits.tool == chinchilla_bench.OWN]
    assert (own["above optimum [1]"] < 1e-12).all()
    averaged = fits[fits.tool.str.contains("mean")]
    assert (averaged["above optimum [1]"] > 1e-5).all()  # the bug is in the table
    refits = pd.read_csv(tmp_path / "chinchilla_bootstrap.csv")
    assert (refits[refits.tool == "llmecon"]["refits within 1e-9 of it [1]"] == "100.0%").all()
    optima = pd.read_csv(tmp_path / "chinchilla_optima.csv")
    assert (optima["worst residual of the condition [1]"] < 1e-10).all()
    assert {p.stem for p in tmp_path.iterdir()} >= {"chinchilla_answers", "chinchilla_machine"}


def test_a_way_to_rerun_is_judged_by_the_median_of_its_rounds():
    way = rerun_bench.Way("a", lambda values, folder: None, "b", goal=True)
    seconds = {"a": [2.0, 6.0, 2.0], "b": [2.0, 2.0, 4.0]}
    row = rerun_bench._row(way, seconds, points=2)
    assert (row["ratio"], row["rounds"], row["point_s"]) == (1.0, "0.50 to 3.00", 1.0)
    assert row["remark"] == "goal 1.1: met"
    slow = rerun_bench._row(way, seconds | {"a": [3.0, 3.0, 6.0]}, points=2)
    assert slow["remark"] == "goal 1.1: missed"
    alone = rerun_bench._row(way, {"a": [2.0]}, points=2)
    assert "ratio" not in alone and "remark" not in alone


def test_an_unknown_benchmark_is_refused(capsys):
    with pytest.raises(SystemExit):
        command.main(["nothing"])
    assert "chinchilla" in capsys.readouterr().err


def test_stored_results_name_no_machine_and_every_one_is_in_the_book():
    page = (ROOT / "book" / "benchmarks.md").read_text("utf-8")
    stored = sorted(RESULTS.glob("*.csv"))
    assert stored
    for path in stored:
        text = path.read_text("utf-8")
        assert not re.search(r"(?<![\w.:/])/(home|root|tmp|usr|var|opt|mnt|work|Users)/", text)
        assert f"results/{path.name}" in page, path.name


@pytest.mark.parametrize("name", ["chinchilla_fit", "chinchilla_bootstrap"])
def test_stored_results_hold_the_peer(name):
    tools = pd.read_csv(RESULTS / f"{name}.csv").tool
    assert tools.str.startswith("chinchilla ").any()
    assert json.dumps(tools.tolist()).count("not installed") == 0


def test_a_goal_of_the_pages_is_met_only_if_the_worst_page_meets_it():
    rows = [
        {"site": site_bench.OWN, "first_kb": kb, "next_kb": 350, "paint_s": 1.0, "shift": 0.06}
        for kb in (1, 801)
    ]
    rows.append(
        {"site": site_bench.PLAIN, "first_kb": 9e9, "next_kb": 9e9, "paint_s": 9, "shift": 9}
    )
    rows += [{"explorable": name, "median_ms": ms} for name, ms in (("one", 49), ("two", 51))]
    found = {goal["goal"]: (goal["measured"], goal["met"]) for goal in site_bench._goals(rows)}
    assert list(found.values()) == [
        (801, "no"),
        (1.0, "yes"),
        (0.06, "no"),
        (350, "yes"),
        (51, "no"),
    ]


def test_the_stored_pages_meet_their_goals_beside_a_peer():
    assert (pd.read_csv(RESULTS / "site_goals.csv").met == "yes").all()
    pages = pd.read_csv(RESULTS / "site.csv")
    assert set(pages.site) == {site_bench.OWN, site_bench.PLAIN}
    assert set(pages.page) >= {"index", "explore", *site_bench.CHAPTERS}
    assert set(pd.read_csv(RESULTS / "site_feel.csv").explorable) == set(EVERY)


def test_the_pages_cannot_be_measured_before_they_are_built(tmp_path, monkeypatch):
    monkeypatch.setattr(site_bench, "SITE", tmp_path)
    with pytest.raises(ValueError, match="run make site"):
        site_bench.run(print)


def test_pages_are_sent_compressed_and_a_missing_one_is_missing(tmp_path):
    (tmp_path / "a.html").write_text("word " * 1000)
    with site_bench.served(tmp_path) as root:
        answer = urllib.request.urlopen(root + "a.html")
        assert len(answer.read()) < 200 and answer.headers["Content-Encoding"] == "gzip"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(root + "b.html")
