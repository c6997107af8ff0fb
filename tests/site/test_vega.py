"""Proves that a chart is the same bytes each time, complete for every reader, or refused."""

from __future__ import annotations

import json
import re

import altair as alt
import pandas as pd
import pytest

from llmecon_book.charts import specs, theme
from llmecon_book.site import vega

MODELS = pd.DataFrame(
    {
        "model": ["Llama 3.1 405B", "</script><b>GPT-4"],
        "params": [4.05e11, 1.8e12],
        "price": [3.0, 36.0],
    }
)


@pytest.fixture(autouse=True)
def _look():
    with alt.theme.enable("default"), alt.renderers.enable("default"):
        theme.enable()
        yield


def chart(**changes):
    given = {"title": "Larger models cost more", "description": "Two points.", "height": 200}
    return (
        alt.Chart(MODELS, **given | changes)
        .mark_point(clip=True)
        .encode(
            alt.X("params", title="Parameters [parameters, log scale]").scale(type="log"),
            alt.Y("price", title="Price of output [$/Mtok]"),
            alt.Shape("model", title="Model"),
        )
    )


def test_a_notebook_stores_the_specification_and_nothing_random():
    bundle = [chart()._repr_mimebundle_() for _ in range(2)]
    assert bundle[0] == bundle[1]
    assert set(bundle[0]) == {theme.MIME, "text/plain"}
    assert bundle[0]["text/plain"] == "Chart: Two points."


@pytest.mark.parametrize("narrow", [False, True])
def test_the_still_picture_is_the_same_bytes_each_time(narrow):
    first, other, again = (
        vega.static_svg(one.to_dict(), narrow=narrow)
        for one in (chart(), chart(description="Other."), chart())
    )
    assert first == again != other


def test_no_id_occurs_twice_on_a_page_with_two_charts():
    page = vega.figure_html(chart().to_dict()) + vega.figure_html(chart(height=150).to_dict())
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) > 8
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(ids)


def test_the_still_picture_tells_its_title_and_description():
    svg = vega.static_svg(chart(description='Says "a < b".').to_dict())
    assert re.search(r"<title [^>]*>Larger models cost more</title>", svg)
    assert re.search(r"<desc [^>]*>Says &quot;a &lt; b&quot;\.</desc>", svg)
    assert svg.count("role=") == svg.count('role="img"') == 1


def test_the_picture_takes_the_colour_of_the_page_and_no_background():
    svg = vega.static_svg(chart().to_dict())
    assert 'fill="currentColor"' in svg
    assert not re.search(r'fill="(#000|#fff|black|white)"', svg)


def test_data_cannot_close_the_script_that_holds_them():
    page = vega.figure_html(chart().to_dict())
    assert "</script><b>" not in page
    held = re.search(r'class="chart-spec">(.*?)</script>', page)
    assert held
    whole = json.loads(held[1])
    assert set(whole) == {"wide", "narrow", "datasets"}
    assert "</script><b>GPT-4" in str(whole["datasets"])


def test_the_numbers_stand_below_with_heads_that_tables_understand():
    page = vega.figure_html(chart().to_dict())
    assert page.count('<th scope="col">') == 3
    assert '<th scope="col">Parameters [parameters]</th>' in page
    assert '<th scope="row">Llama 3.1 405B</th>' in page
    assert '<td class="number">1.8 trillion</td>' in page


def test_a_tooltip_speaks_in_words_and_short_numbers():
    told = ["model", "params", "price_usd"]
    rows = pd.DataFrame({"model": ["GPT-4"], "params": [1.8e12], "price_usd": [36_500.25]})
    whole = (
        alt.Chart(rows)
        .mark_point()
        .encode(alt.X("params:Q", title="All parameters, log scale [parameters]"), tooltip=told)
    )
    tips = specs.live(whole.to_dict(), narrow=False)["encoding"]["tooltip"]
    assert [(tip["title"], tip.get("format")) for tip in tips] == [
        ("Model", None),
        ("All parameters [parameters]", ".3~s"),
        ("Price USD", ",.4~r"),
    ]


def test_a_long_table_says_how_much_of_it_is_shown():
    rows = pd.DataFrame({"model": [f"m{i}" for i in range(100)], "params": 1.0, "price": 1.0})
    spec = chart().properties(data=rows).to_dict()
    page = vega.numbers_html(spec)
    assert page.count("<tr>") == 1 + vega.TABLE_ROWS
    assert "The first 60 of 100 rows." in page


@pytest.mark.parametrize(
    ("lacking", "told"),
    [
        (chart(description=""), "no description"),
        (chart(title=""), "no title"),
        (chart(title="Prices"), "no title that states the takeaway"),
        (chart().encode(alt.X("params", title="Parameters")), "'Parameters' has no unit"),
        (chart().encode(alt.Y("price")), "axis y: no title with a unit"),
        (
            alt.hconcat(
                chart(),
                alt.Chart(MODELS).mark_bar().encode(alt.X("price", title="Price")),
                title="Larger models cost more",
                description="Two panels.",
            ),
            "'Price' has no unit",
        ),
        (
            alt.layer(chart(), chart(title="x").encode(alt.Y("price", title="Price"))).properties(
                title="Larger models cost more", description="Layers."
            ),
            "'Price' has no unit",
        ),
    ],
)
def test_what_a_reader_would_miss_is_refused_by_name(lacking, told):
    with pytest.raises(vega.ChartError, match=re.escape(told)):
        vega.figure_html(lacking.to_dict())


@pytest.mark.parametrize(
    "complete",
    [
        chart(),
        chart().encode(alt.Y("price", axis=None)),
        chart().encode(alt.X("model", title=None)),
        alt.layer(chart(), alt.Chart().mark_rule().encode(y=alt.datum(4))).properties(
            title="Larger models cost more", description="With a rule."
        ),
    ],
)
def test_a_complete_chart_passes(complete):
    assert specs.problems(complete.to_dict()) == []


def test_on_a_phone_panels_stand_below_one_another_and_long_titles_break():
    long = "Price of a million output tokens at the lowest price of the month [$/Mtok]"
    panel = chart().encode(alt.X("price", title=long))
    spec = alt.hconcat(panel, panel, title="Same panel twice over", description="Twice.").to_dict()
    narrow = specs.live(spec, narrow=True)
    assert "hconcat" not in narrow
    assert [part["width"] for part in narrow["vconcat"]] == [240, 240]
    lines = narrow["vconcat"][0]["encoding"]["x"]["title"]
    assert " ".join(lines) == long
    assert max(map(len, lines)) <= 42
    assert spec["hconcat"][0]["encoding"]["x"]["title"] == long  # the stored one is left alone


def test_on_a_phone_long_names_take_two_lines():
    names = ["Claude 3.5 Sonnet (Oct 2024): MEDEC", "GPT-4o"]
    bars = (
        alt.Chart(pd.DataFrame({"name": names, "n": [1, 2]}))
        .mark_bar()
        .encode(alt.X("n", title="Number [1]"), alt.Y("name", title=None))
        .properties(title="Some names are very long", description="Two bars.")
    )
    shown = re.findall(r"<text[^>]*>([^<]+)<", vega.static_svg(bars.to_dict(), narrow=True))
    lines = re.findall(r"<tspan[^>]*>([^<]+)<", vega.static_svg(bars.to_dict(), narrow=True))
    assert lines == ["Claude 3.5 Sonnet", "(Oct 2024): MEDEC"]
    assert "GPT-4o" in shown
    assert names[0] in vega.static_svg(bars.to_dict())


@pytest.mark.parametrize(
    ("label", "beside", "columns"),
    [
        ("Llama 3 70B", "price", 2),
        ("Llama 3.1 405B in FP8", "price", 1),
        ("Llama 3 70B", "model", 1),  # names beside the panel take the room
        ("L3 8B", "model", 2),
    ],
)
def test_legends_on_a_phone_have_two_columns_where_two_labels_fit(label, beside, columns):
    rows = pd.DataFrame({"model": ["GPT-4", label], "params": [1.0, 2.0], "price": [1.0, 2.0]})
    one = chart().properties(data=rows).encode(alt.Y(beside, title="Price [$/Mtok]"))
    narrow = specs.live(one.to_dict(), narrow=True)
    assert narrow["config"]["legend"]["columns"] == columns


@pytest.mark.parametrize(("narrow", "width"), [(False, specs.WIDE_PX), (True, specs.NARROW_PX)])
def test_the_still_picture_is_as_wide_as_its_place(narrow, width):
    svg = vega.static_svg(chart().to_dict(), narrow=narrow)
    drawn = re.search(r'width="([\d.]+)"', svg)
    assert drawn
    assert float(drawn[1]) == pytest.approx(width, abs=12)


def test_the_title_of_a_printed_picture_is_broken_into_lines():
    title = "word " * 40
    assert len(specs.printed(chart(title=title).to_dict())["title"]["text"]) > 1


def test_a_list_without_script_is_explained():
    menu = alt.param("n", value=1, bind=alt.binding_select(options=[1, 8], name="Chips"))
    assert "<noscript>" in vega.figure_html(chart().add_params(menu).to_dict())
    assert "<noscript>" not in vega.figure_html(chart().to_dict())


def test_the_bundle_holds_its_libraries_and_asks_no_other_host():
    script = vega.script()
    assert script.startswith("(() => {")
    assert "vega-lite" in script
    assert "chart-spec" in script
    assert not re.search(r"""(import\s*\(|from\s*)["']https?:""", script)


def test_the_bundle_is_written_again_only_when_it_would_differ(tmp_path, monkeypatch):
    path = tmp_path / vega.SCRIPT
    vega.write_script(path)
    first = path.read_text(encoding="utf-8")
    assert first.startswith(vega.script())
    path.write_text("// kept" + first, encoding="utf-8")
    vega.write_script(path)
    assert path.read_text(encoding="utf-8") == "// kept" + first
    monkeypatch.setattr(vega, "_drawing", lambda: "start();")
    vega.write_script(path)
    assert not path.read_text(encoding="utf-8").startswith("// kept")


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("colour", "page"),
    [(c, "#ffffff") for c in theme.PALETTE] + [(c, "#121212") for c in theme.ON_DARK.values()],
)
def test_wcag_1_4_11_each_colour_stands_out_3_to_1(colour, page):
    high, low = sorted((_luminance(colour), _luminance(page)), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 3
