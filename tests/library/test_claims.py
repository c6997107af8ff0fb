"""Every claim recomputes: number within tolerance, verdict by rule, sentence from numbers.

Nothing here lists the ledger: a new row with its function passes or fails by itself.
"""

import csv
import dataclasses
import importlib
import re
import string
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from llmecon import catalog
from llmecon_book import facts, ledger, words
from llmecon_book.ledger import measures, registry
from llmecon_book.ledger.answers import claimed

DATA = Path(__file__).parents[2] / "data"
LEDGER = {row.id: row for row in catalog.rows("claims")}


@pytest.fixture(scope="module")
def claims():
    return {one.id: one for one in ledger.claims()}


# ---- the ledger against itself ---------------------------------------------------------------


@pytest.mark.parametrize("name", LEDGER)
def test_the_number_is_within_tolerance_and_the_verdict_follows_from_it(name, claims):
    assert claims[name].holds is not False and claims[name].verdict == LEDGER[name].verdict
    assert not claims[name].is_off


@pytest.mark.parametrize("name", LEDGER)
def test_every_rule_is_stated_on_one_line(name, claims):
    assert re.search(
        r"[Rr]ight|[Ww]rong|[Hh]eld|unsupported|unverifiable|reading", claims[name].rule
    )
    assert "\n" not in claims[name].rule


def test_every_function_has_a_row_and_every_row_one_function():
    assert set(ledger.FUNCTIONS) == set(LEDGER) | {r.id for r in catalog.rows("propositions")}


def test_a_claim_names_the_function_that_decides_it_and_the_one_it_rests_on(claims):
    for name, one in claims.items():
        room, _, decided_by = one.computation.rpartition(".")
        assert getattr(importlib.import_module(room), decided_by) is ledger.FUNCTIONS[name]
        assert one.rests_on.endswith(LEDGER[name].checked_by) or one.rests_on == ""


# Published table: numbers that the book's reference prints in its line "Check", beside the
# decisive one or in place of it. It samples the frontier as the essay's notebook does (R07, C10).
CHECKS = {
    ("E05", "from_direct"): ("116.4", 0.05),
    ("E06", "after"): ("2.306", 0.0005),
    ("E09", "active"): ("1.6", 0.05),
    ("R06", "to_gpt4"): ("65", 0),
    ("R07", "active_mistral"): ("2.28", 0.005),
    ("R07", "cost_ratio"): ("72", 4),
    ("C04", "best.saved_fraction"): ("0.280", 0.0005),
    ("C07", "params"): ("5.37", 0.005),
    ("C10", "cheapest"): ("1.385", 0.07),
    ("C13", "later[1]"): ("212.5", 0.05),
    ("C14", "arena"): ("61.8", 0.05),
    ("O06", "latent"): ("1.18", 0.005),
    ("O10", "speed"): ("1.66", 0.005),
}


@pytest.mark.parametrize(("name", "number"), CHECKS)
def test_numbers_are_those_of_the_reference(name, number, claims):
    printed, half_a_digit = CHECKS[name, number]
    found = claims[name].numbers[number]
    assert found == pytest.approx(float(printed), abs=half_a_digit * 1.001)


# ---- sentences -------------------------------------------------------------------------------


def typed(template: str) -> str:
    """A sentence without its placeholders, quotations, months, and names that hold digits."""
    parts = string.Formatter().parse(template)
    text = re.sub(r'"[^"]*"', "", "".join(said for said, *_ in parts))
    text = re.sub(r"\b[A-Z][a-z]+ 20\d\d\b|\b80%", "", text)  # 80%: the interval of the rule
    names = {*catalog.models().model, *catalog.architectures().name}
    names |= {"GPT-1", "GPT-2", "GPT-3", "GPT-5", "Llama 3 70B", "H200", "B200", "8K", "32K", "70B"}
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return text


@pytest.mark.parametrize("name", LEDGER)
def test_no_computed_number_is_typed_in_a_sentence(name):
    assert not re.search(r"\d", typed(LEDGER[name].explanation))


@pytest.mark.parametrize("name", LEDGER)
def test_every_sentence_is_filled_and_ends(name, claims):
    sentence = claims[name].explanation
    assert not re.search(r"[{}]|\bnan\b|\binf\b|\.\d{5}", sentence), sentence
    assert sentence.endswith(".")


def test_numbers_take_the_format_of_their_placeholder():
    numbers = {"size": 174.6e9, "day": pd.Timestamp("2022-11-30"), "times": 9.4, "share": 0.28}
    template = "{size:.1f/1e9} billion on {day:day}, {times:words}, a {times:part}, {share:.0%}"
    assert words.fill(template, numbers) == (
        "174.6 billion on 30 November 2022, nine, a ninth, 28%"
    )


@pytest.mark.parametrize(
    ("number", "word", "part"),
    [(2, "two", "half"), (12, "twelve", "twelfth"), (13, "13", "13th"), (1496, "1,496", "1,496th")],
)
def test_small_numbers_in_words(number, word, part):
    assert (words.in_words(number), words.as_part(number)) == (word, part)


def test_a_placeholder_without_a_number_is_refused_by_name():
    with pytest.raises(ledger.BadEntry, match=r"E05: .*'from_dirct'.*nearest: from_direct"):
        claimed(edited("E05", explanation="{from_dirct:.0f}"), ledger.days())


# ---- the check can fail ----------------------------------------------------------------------


def edited(name: str, **cells):
    return LEDGER[name].model_copy(update=cells)


@pytest.mark.parametrize(("name", "expected"), [("E05", "1000"), ("C02", "2022-12-01")])
def test_a_false_expectation_fails(name, expected):
    one = claimed(edited(name, expected_value=expected), ledger.days())
    assert one.holds is False and one.is_off


def test_a_false_verdict_is_contradicted_in_the_sentence():
    one = claimed(edited("E05", verdict="right"), ledger.days())
    assert one.verdict == "imprecise" and one.is_off
    assert one.explanation.startswith("The numbers now say imprecise; what follows was written")


def test_a_false_statement_changes_the_verdict():
    """The article's number, made right or absurd, moves the verdict by the rule."""
    for stated, verdict in {"1495.7": "imprecise", "117": "right", "20": "wrong"}.items():
        one = claimed(edited("E05", stated_value=stated), ledger.days())
        assert one.verdict == verdict, stated


# ---- a changed fact changes number and sentence ----------------------------------------------


def tables(folder: Path, change) -> Path:
    """Copies of the tables, each row changed by a function of table and cells."""
    folder.mkdir()
    for path in DATA.glob("*.csv"):
        rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
        with (folder / path.name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(change(path.stem, dict(row)) for row in rows)
    return folder


PHI_GPQA = {"model": "Phi-4", "benchmark": measures.ONE_GPQA[0]}
# Facts that would make the article right or wrong, and what the ledger would then say.
FLIPS = [
    ("E05", "models", {"model": facts.GPT3}, {"total_params": "1.5e12"}, "right"),
    ("E09", "models", {"model": "GPT-4"}, {"total_params": "6e11"}, "wrong"),
    (
        "E13",
        "size_estimates",
        {"entry": "gpt-4"},
        {"total_low": "1.9e12", "total_params": "1.95e12"},
        "right",
    ),
    ("R09", "speeds", {"model": "GPT-4o"}, {"output_tokens_per_s": "80"}, "wrong"),
    ("R11", "speeds", {"model": "GPT-4 Turbo"}, {"output_tokens_per_s": "60"}, "wrong"),
    ("R12", "prices", {"model": "GPT-4 Turbo"}, {"output_usd_per_mtok": "10"}, "wrong"),
    ("R17", "size_estimates", {"entry": "gpt-4o"}, {"total_low": "3e11"}, "unsupported"),
    ("C02", "claims", {"id": "C02"}, {"source_date": "2022-12-01"}, "right"),
    ("C07", "claims", {"id": "C07"}, {"source_date": "2019-06-01"}, "right"),
    ("C14", "scores", PHI_GPQA, {"score": "40"}, "wrong"),
    ("O06", "prices", {"model": facts.FIRST_SONNET}, {"output_usd_per_mtok": "5"}, "wrong"),
    (
        *("O07", "models", {"model": facts.LLAMA3}),
        *({"total_params": "1.4e11", "active_params": "7e10"}, "imprecise"),
    ),
]


@pytest.mark.parametrize(("name", "table", "where", "cells", "verdict"), FLIPS)
def test_a_fact_that_decides_changes_the_verdict(
    name, table, where, cells, verdict, tmp_path, monkeypatch
):
    def change(stem, row):
        hit = stem == table and all(row[column] == cell for column, cell in where.items())
        return row | cells if hit else row

    folder = tables(tmp_path / "data", change)
    monkeypatch.setattr(catalog, "data_folder", lambda: folder)
    assert ledger.claim(name).verdict == verdict != LEDGER[name].verdict


# ---- rules -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "readings", "verdict"),
    [
        (105, (100,), "right"),
        (105.2, (100,), "imprecise"),  # within 5 % of itself, not of the computed number
        (95, (100,), "right"),  # the same from below
        (94, (100,), "imprecise"),
        (200, (100,), "imprecise"),
        (201, (100,), "wrong"),
        (201, (100, 150), "imprecise"),
        (50, (100,), "imprecise"),
        (49, (100,), "wrong"),
    ],
)
def test_a_number_is_right_within_5_percent_and_imprecise_within_a_factor_of_two(
    stated, readings, verdict
):
    assert registry.by_size(stated, *readings) == verdict


def test_the_strictest_verdict_that_holds_is_taken():
    assert registry.verdict(right=True, imprecise=True) == "right"
    assert registry.verdict(held=False, otherwise="mixed") == "mixed"
    with pytest.raises(ValueError, match="no verdict is called 'rigth'"):
        registry.verdict(rigth=True)


@pytest.mark.parametrize(
    ("value", "expected", "tolerance", "holds"),
    [
        (1.0, 1.0, "0", True),
        (1.1, 1.0, "0.1", False),  # 1.1 - 1.0 is more than 0.1 in binary
        (1.05, 1.0, "0.1", True),
        (98.9, 100.0, "1%", False),
        (99.1, 100.0, "1%", True),
        (50.0, 100.0, "x2", True),
        (49.9, 100.0, "x2", False),
        (200.1, 100.0, "x2", False),
        (-100.0, 100.0, "x2", False),
    ],
)
def test_tolerances_are_absolute_relative_or_a_factor(value, expected, tolerance, holds):
    assert ledger.within(value, expected, tolerance) is holds


@pytest.mark.parametrize("tolerance", ["", "about", "-1", "-1%", "x0", "nan"])
def test_a_tolerance_of_no_known_form_is_refused(tolerance):
    with pytest.raises(ledger.BadEntry, match="tolerance must be like"):
        ledger.within(1.0, 1.0, tolerance)


# ---- bad rows --------------------------------------------------------------------------------


def test_an_unknown_computation_is_refused_with_the_nearest():
    with pytest.raises(catalog.UnknownName, match=r"claim E05.*trends.ration.*trends.ratio"):
        claimed(edited("E05", checked_by="trends.ration"), ledger.days())


@pytest.mark.parametrize("name", ["os.remove", "ledger.claims", "trends", "trends.ratio.nothing"])
def test_only_names_of_the_lower_rooms_decide(name):
    with pytest.raises(catalog.UnknownName):
        claimed(edited("E05", checked_by=name), ledger.days())


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"tolerance": ""}, "claim E05: expected_value without tolerance"),
        ({"expected_value": "a thousand"}, "claim E05: not a number of unit 'times'"),
        ({"expected_value": "nan"}, "claim E05: not a finite number"),
        ({"stated_value": "inf"}, "claim E05: not a finite number"),
    ],
)
def test_a_number_that_is_none_is_refused(cells, message):
    with pytest.raises(ledger.BadEntry, match=message):
        claimed(edited("E05", **cells), ledger.days())


def test_a_row_without_a_function_and_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(catalog.UnknownName, match="no claim is called 'E99'"):
        claimed(edited("E05", id="E99"), ledger.days())
    with pytest.raises(catalog.UnknownName, match=r"'E50'.*nearest: E"):
        ledger.claim("E50")
    with pytest.raises(catalog.UnknownName, match=r"'outlok'.*nearest: outlook"):
        ledger.claims("outlok")


def test_a_second_function_of_one_entry_and_one_without_a_rule_are_refused():
    with pytest.raises(ValueError, match="E05 has two functions"):
        ledger.decides("E05")(ledger.FUNCTIONS["C01"])
    with pytest.raises(ValueError, match="E98 states no rule"):
        ledger.decides("E98")(lambda asked: None)


def test_a_numeric_claim_without_a_verdict_is_refused():
    row = edited("E05", id="C01", checked_by="trends.ratio", explanation="None.")
    with pytest.raises(ledger.BadEntry, match=r"trends.ratio gives no verdict"):
        claimed(row, ledger.days())


def test_a_claim_without_a_number_states_none():
    with pytest.raises(ValueError, match="claim E13 states no number"):
        facts.stated("E13")


# ---- adding an entry -------------------------------------------------------------------------


def with_a_row(tmp_path, monkeypatch, table: str, row) -> None:
    """The tables, one row longer."""
    folder = tables(tmp_path / "data", lambda table, row: row)
    with (folder / f"{table}.csv").open("a", encoding="utf-8", newline="") as file:
        header = (DATA / f"{table}.csv").read_text("utf-8").splitlines()[0].split(",")
        cells = row.model_dump(mode="json").items()
        csv.DictWriter(file, header).writerow({k: "" if v is None else v for k, v in cells})
    monkeypatch.setattr(catalog, "data_folder", lambda: folder)


def test_a_new_claim_is_one_row_and_one_function(tmp_path, monkeypatch):
    def twice_gpt4o(row):
        """Right if GPT-4o has the stated size within 5 %; else wrong."""
        size = facts.size("GPT-4o")
        return registry.found(size, registry.by_size(row.stated, size))

    new = edited("R01", id="R98", explanation="It has {value:short}.")
    with_a_row(tmp_path, monkeypatch, "claims", new)
    monkeypatch.setitem(ledger.FUNCTIONS, "R98", twice_gpt4o)
    found = [one for one in ledger.claims("reversal") if one.id == "R98"]
    assert [(one.verdict, one.explanation) for one in found] == [("right", "It has 200B.")]


def test_a_new_proposition_is_one_row_and_one_function(tmp_path, monkeypatch):
    def many(days):
        """Held if more than ten models came after the forecast."""
        later = facts.models(after=days.made, until=days.until)
        held = registry.by_parts(len(later) > 10)
        return registry.found(len(later), held, above=10, last=later.iloc[-1])

    last = catalog.rows("propositions")[-1]
    new = {"id": "P98", "came": "{value:.0f} models, up to {last.model}", "unit": "models"}
    with_a_row(tmp_path, monkeypatch, "propositions", last.model_copy(update=new))
    with pytest.raises(catalog.UnknownName, match="no proposition is called 'P98'"):
        ledger.score()
    monkeypatch.setitem(ledger.FUNCTIONS, "P98", many)
    one = ledger.score()[-1]
    later = facts.models(after=facts.ESSAY_DAY, until=facts.SCORED_ON)
    assert (one.id, one.verdict, one.hit) == ("P98", "held", True)
    assert one.came == f"{len(later)} models, up to {later.model.iloc[-1]}"


# ---- what a reader gets ----------------------------------------------------------------------


def test_chapters_share_the_ledger_out(claims):
    chapters = dict.fromkeys(row.chapter for row in LEDGER.values())
    assert [one.id for chapter in chapters for one in ledger.claims(chapter)] == list(claims)


def test_claims_cannot_be_changed(claims):
    with pytest.raises(dataclasses.FrozenInstanceError):
        claims["E05"].row = None


def test_an_address_of_a_table_leads_to_the_web_and_is_no_markup():
    shown = words.link("a <b>", "https://x.org/)<script>alert(1)</script>")
    page = BeautifulSoup(MarkdownIt("commonmark").render(shown), "html.parser")
    assert page.a.text == "a <b>" and page.text.strip() == "a <b>"
    assert page.a["href"] == "https://x.org/%29%3Cscript%3Ealert%281%29%3C/script%3E"
    with pytest.raises(ValueError, match="address must start with https"):
        words.link("a", "javascript:alert(1)")


def test_what_a_table_says_is_no_markup():
    text = words.escaped("a_b [c](d) $x$ `e` {f}* <script>")
    assert text.startswith("a&#95;b &#91;c&#93;(d) &#36;x&#36; ")
    assert not re.search(r"[<>$`{}\[\]_]", text)
