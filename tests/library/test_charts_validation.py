"""Every figure of the validation chapter tells its finding, units and numbers (invariants), what it
computes in a browser agrees with the library (second formula), and the table of peers repeats the
stored benchmark (stored output)."""

import ast
import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from llmecon import catalog, roofline
from llmecon.roofline.terms import kernels_per_pass
from llmecon_book.charts import validation
from llmecon_book.site import specs

ROOT = Path(__file__).parents[2]
SOURCE = Path(validation.__file__)
SAY = "A finding in five words"
TPOT = catalog.measurements().query("metric == 'tpot'")


def figures():
    every = pd.DataFrame(
        [
            ("vLLM 2025", "serving", "held back", "2 × H200", "m", 0.01, 0.011),
            ("vLLM 2025", "serving", "fitted to", "4 × H100", "m", 0.02, 0.019),
            ("gpt-fast 2023", "decode", "fitted to", "1 × A100", "n", 2e-4, 1.8e-4),
        ],
        columns=["engine", "kind", "use", "system", "model", "measured_s", "predicted_s"],
    )
    groups = pd.DataFrame(
        [("model", "m", 3, 5.0, 9.0), ("engine", "vLLM 2025", 4, 7.0, 12.0)],
        columns=["grouping", "group", "rows", "mape", "p90"],
    )
    ratios = pd.DataFrame(
        [("ideal", 4.0, "H100", 2, 0.5), ("calibrated", 64.0, "H200", 1, 1.1)],
        columns=["profile", "concurrency", "system", "chips", "ratio"],
    )
    terms = pd.DataFrame(
        [("kernels", "at once", 22.0), ("kernels", "again", 12.6), ("links", "at once", 5.1)],
        columns=["term", "how", "mape"],
    )
    shares = pd.DataFrame(
        [("new", "memory bandwidth", 0.87, 0.08), ("old", "matrix rate", 0.76, 0.09)],
        columns=["profile", "constant", "share", "error"],
    )
    by_hand = pd.DataFrame(
        {"use": ["held back", "fitted to"], "system": ["a", "b"], "measured_ms": [10.0, 20.0]}
        | {f"b{p}": [800.0 / p, 1700.0 / p] for p in range(50, 101, 5)}
    )
    tools = pd.DataFrame(
        [("one", "these rows", 5.0), ("two", "those rows", 16.4)],
        columns=["name", "rows_judged", "mape"],
    )
    return {
        "all": validation.measured_and_predicted(every, takeaway=SAY),
        "groups": validation.error_by_group(groups, takeaway=SAY, subtitle="for a case"),
        "bias": validation.bias(ratios, takeaway=SAY),
        "terms": validation.ablation(terms, takeaway=SAY, subtitle="for a case"),
        "constants": validation.constants(shares, takeaway=SAY),
        "knobs": validation.knobs(by_hand, kernels=500, bandwidth=80, kernel_us=2.0, takeaway=SAY),
        "peers": validation.peers(tools, takeaway=SAY),
    }


# Making a specification checks it against Vega-Lite's schema.
FIGURES = {name: chart.to_dict() for name, chart in figures().items()}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_valid_and_complete(name):
    spec = FIGURES[name]
    assert specs.problems(spec) == []
    assert specs.title_lines(spec)[0] == SAY
    assert re.search(r"\d", spec["description"])
    assert not re.search(r"nan|None", spec["description"])


def test_a_specification_is_the_same_each_time():
    again = {name: chart.to_dict(validate=False) for name, chart in figures().items()}
    assert json.dumps(FIGURES, sort_keys=True) == json.dumps(again, sort_keys=True)


def test_every_figure_function_is_tested():
    public = [
        node.name
        for node in ast.parse(SOURCE.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    here = Path(__file__).read_text("utf-8")
    assert not [name for name in public if f"validation.{name}(" not in here]


def encodings(name):
    return [layer.get("encoding", {}) for layer in FIGURES[name]["layer"]]


@pytest.mark.parametrize("name", FIGURES)
def test_colour_is_never_the_only_difference(name):
    coloured = [e for e in encodings(name) if "field" in e.get("color", {})]
    assert all("shape" in e for e in coloured)


def test_only_rows_held_back_are_filled_marks():
    hollow, filled = FIGURES["all"]["layer"][1:]
    assert (hollow["mark"]["filled"], filled["mark"]["filled"]) == (False, True)
    assert "fitted to" in json.dumps(hollow["transform"])
    assert "held back" in json.dumps(filled["transform"])


def test_the_menu_offers_every_engine_and_all():
    (param,) = FIGURES["all"]["params"]
    assert param["value"] == "all"
    assert param["bind"]["options"] == ["all", "vLLM 2025", "gpt-fast 2023"]


def test_sliders_start_where_they_are_told():
    share, kernel = FIGURES["knobs"]["params"]
    assert (share["value"], kernel["value"]) == (80, 2.0)
    assert kernel["bind"]["step"] == 0.25  # 800/80 + 2 * 500 / 1000 = 11 ms for 10 measured
    assert "mean absolute error 10.6%" in FIGURES["knobs"]["description"]


@pytest.mark.parametrize(("percent", "kernel_us"), [(50, 0.0), (85, 4.75), (100, 12.0)])
def test_what_the_sliders_compute_is_what_the_library_computes(percent, kernel_us):
    """The chart adds the time of kernels to a time without them: exact, not an approximation."""
    share = percent / 100
    bare = replace(roofline.CURRENT, bandwidth_share=share, kernel_s=0.0)
    full = replace(roofline.CURRENT, bandwidth_share=share, kernel_s=kernel_us * 1e-6)
    kernels = kernels_per_pass(catalog.transformer("Llama 3.1 70B"))
    made = roofline.predict(TPOT, bare).predicted + kernel_us * kernels / 1000
    assert made.to_numpy() == pytest.approx(roofline.predict(TPOT, full).predicted.to_numpy())


# --- peers --------------------------------------------------------------------------------------

STORED = pd.read_csv(
    ROOT / "benchmarks" / "results" / "serving_accuracy.csv", keep_default_na=False
)
PEERS = catalog.peers()


def test_peers_on_our_rows_are_those_of_the_stored_benchmark():
    stored = STORED[STORED.tool != "llmecon"]
    ours = PEERS[PEERS.rows_judged.str.endswith("rows of this book")]
    assert len(ours) == len(stored)
    for row in stored.to_dict("records"):
        found = ours[
            (ours.tool == row["tool"])
            & (ours["mode"] == row["mode"])
            & ours.rows_judged.str.startswith(row["rows on"].split()[0])
        ].iloc[0]
        assert found.mape_percent == float(row["mean absolute error [%]"])
        assert found.median_bias_percent == float(row["median bias [%]"])
        assert found.p90_percent == float(row["90th percentile [%]"])
        assert found.n_rows == int(row["answered"])


def test_our_own_error_is_that_of_the_stored_benchmark():
    """The library has not moved since the peers were run beside it."""
    for mode, profile in (("newest profile", roofline.CURRENT), ("ideal", roofline.IDEAL)):
        now = roofline.judge(roofline.predict(TPOT, profile), "hardware")
        rows = STORED[(STORED.tool == "llmecon") & (STORED["mode"] == mode)]
        for row in rows.to_dict("records"):
            assert now.mape[row["rows on"]] == pytest.approx(
                float(row["mean absolute error [%]"]), abs=0.051
            )


def test_a_peer_without_timed_kernels_or_fitted_constants_is_always_too_fast():
    unfitted = PEERS[PEERS.kind == "unfitted physics"]
    assert len(unfitted) >= 5
    assert (unfitted.median_bias_percent < -40).all()
