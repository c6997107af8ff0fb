"""What the figures of the validation chapter must show whatever the numbers are, that a browser
computes in them what the library does (second formula), and that the table of peers repeats the
stored benchmark (stored output)."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from llmecon import catalog, roofline
from llmecon.roofline.terms import kernels_per_pass
from llmecon_book.chapters import validation as chapter
from test_charts import FIGURES

ROOT = Path(__file__).parents[2]
TPOT = catalog.measurements().query("metric == 'tpot'")


def test_only_rows_held_back_are_filled_marks():
    hollow, filled = FIGURES["fig-all-chart"]["layer"][1:]
    assert (hollow["mark"]["filled"], filled["mark"]["filled"]) == (False, True)
    assert chapter.FITTED in json.dumps(hollow["transform"])
    assert chapter.HELD_BACK in json.dumps(filled["transform"])


def test_the_menu_offers_every_engine_and_all():
    (param,) = FIGURES["fig-all-chart"]["params"]
    engines = set(chapter.named(roofline.predict(catalog.measurements())).engine)
    assert param["value"] == "all" and "" not in engines
    assert set(param["bind"]["options"]) == {"all", *engines}


def test_the_error_that_the_figure_opens_with_is_that_of_the_sliders():
    spec = FIGURES["fig-knobs-chart"]
    share, kernel = (param["value"] for param in spec["params"])
    (rows,) = [rows for rows in spec["datasets"].values() if "measured_ms" in rows[0]
               and "use" in rows[0]]  # fmt: skip
    kernels = kernels_per_pass(catalog.transformer("Llama 3.1 70B"))
    off = [abs((r[f"b{share}"] + kernel * kernels / 1e3) / r["measured_ms"] - 1) for r in rows]
    assert f"mean absolute error {sum(off) / len(off):.1%}." in spec["description"]


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


@pytest.mark.parametrize("name", ["tensorrt", "Validate"])
def test_an_unknown_choice_is_refused_with_the_known_ones(name):
    with pytest.raises(catalog.UnknownName, match="set of rows"):
        chapter.judged(TPOT, name)
    with pytest.raises(catalog.UnknownName, match="profile"):
        chapter.profile(name, calibrated=False)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "x](javascript:alert(1)) [y", "a|b"])
@pytest.mark.parametrize("column", ["tool", "version", "mode", "licence"])
def test_a_table_puts_no_tag_and_no_link_into_the_list_of_tools(column, text):
    plain = MarkdownIt().render(chapter.tools(PEERS))
    page = MarkdownIt().render(chapter.tools(PEERS.assign(**{column: text})))
    for opening in ("<script", 'href="javascript', "<table"):
        assert opening not in page
    assert page.count("<li>") == plain.count("<li>") and page.count("<a ") <= plain.count("<a ")


def test_an_address_that_is_none_of_the_web_is_refused():
    with pytest.raises(ValueError, match="address must start with https"):
        chapter.tools(PEERS.assign(source_url="javascript:alert(1)"))


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
