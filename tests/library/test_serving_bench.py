"""The benchmark of serving runs with or without its peers, and judges them on the same rows
(invariants; the timings themselves are no test)."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks import harness, serving_bench  # noqa: E402


@pytest.fixture(scope="module")
def results():
    """A quick run as on a machine without peers."""
    here = harness.version
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            harness, "version", lambda name: None if name in serving_bench.PEERS else here(name)
        )
        return serving_bench.run(lambda line: None, quick=True)


def test_speed_and_memory_of_the_library_are_measured(results):
    own = [row for row in results[0].rows if row["tool"] == "llmecon"]
    assert [row["points"] for row in own[:3]] == [1, 36, 10_000]
    calls = {row["call"] for row in own}
    assert calls == {"roofline.decode", "Deployment.decode", "roofline.serve", "cost.frontier"}
    for row in own:
        assert row["per_s"] == pytest.approx(1e6 / row["us"])
        assert 20 < row["mb"] < 1000  # an interpreter with NumPy; the goal of the largest grid


def test_a_frontier_has_at_least_the_configurations_that_are_named():
    assert serving_bench.SPLITS == 28
    line = serving_bench.frontier(280)
    assert set(line.pipeline_parallel) <= {1, 2, 4, 8} and line.batch.max() == 10


def test_a_missing_peer_is_said_and_keeps_the_result_from_being_stored(results):
    for result in results:
        lines = [row for row in result.rows if row["tool"] in serving_bench.PEERS]
        assert lines and all(row["remark"] == "not installed" for row in lines)
        assert list(result.missing) == list(serving_bench.PEERS)


def test_all_tools_are_asked_for_the_same_rows():
    rows = serving_bench.measured()
    assert rows.groupby(["split", "hardware"]).size().to_dict() == {
        ("calibrate", "H100 SXM 80GB"): 45,
        ("validate", "H200 SXM 141GB"): 20,
    }


def test_who_has_seen_the_rows_is_said(results):
    said = {(r["mode"], r["rows_judged"]): r["remark"] for r in results[1].rows if "rows" in r}
    assert said["newest profile", "H100 SXM 80GB"] == "fitted to these rows"
    assert said["newest profile", "H200 SXM 141GB"] == "not fitted to these rows"
    assert said["ideal", "H100 SXM 80GB"] == ""


def test_goals_are_judged_on_the_sizes_that_they_name():
    fast = {"per_s": 6e6, "mb": 200.0, "call_ms": 900.0}
    slow = {"per_s": 4e6, "mb": 200.0, "call_ms": 1100.0}
    for call, points in (("roofline.decode", 1_000_000), ("cost.frontier", 160_020)):
        assert serving_bench._goal(call, points, fast).endswith("met")
        assert serving_bench._goal(call, points, slow).endswith("missed")
    assert serving_bench._goal("roofline.decode", 1_000_000, fast | {"mb": 1100.0}).endswith(
        "missed"
    )
    assert serving_bench._goal("roofline.decode", 36, slow) == ""
    for us, said in ((59.0, "met"), (61.0, "missed")):
        assert serving_bench._goal("Deployment.decode", 100, {"us": us}).endswith(said)
