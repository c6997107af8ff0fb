"""What the figures of the validation chapter must show whatever the numbers are, and that the
table of peers repeats the stored benchmark (stored output)."""

import json
from pathlib import Path

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from llmecon import catalog, roofline
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
