"""A parameter moves a verdict: the book's values give the ledger's verdicts, named extreme values
others, and an executed chapter stores them (invariants and stored outputs)."""

from pathlib import Path

import pytest

from llmecon import catalog
from llmecon_book import ledger
from llmecon_book.ledger import registry
from llmecon_book.run import digest, execution, numbers, parameters
from llmecon_book.run import scenario as scenarios

ROOT = Path(__file__).parents[2]
KNOWN = scenarios.known_parameters(ROOT)
CLAIMS = {claim.id: claim for claim in ledger.claims()}
FOUR = sorted({claim.row.chapter for claim in CLAIMS.values()})
# Of each chapter: other values, and the claims whose verdicts they change.
MOVING = [
    ("evolution", {"claimed_params": 1e15}, {"E12"}),
    ("evolution", {"extrapolate_to": "2040-01-01"}, {"E12"}),
    ("reversal", {"arena_list": "2025-08-04"}, {"R05", "R16"}),
    ("reversal", {"gpt4_shape": "Llama 3.1 8B"}, {"R07"}),
    ("causes", {"usd_per_gpu_hour": 1.0}, {"C11"}),
    ("causes", {"usd_per_gpu_hour": 20.0}, {"C05", "C10", "C11"}),
    ("causes", {"tokens_per_s": 1000.0}, {"C05", "C10", "C12"}),
    ("outlook", {"forecast_made": "2024-06-01"}, {"O04"}),
    ("outlook", {"scored_until": "2025-03-31"}, {"O02"}),
    ("outlook", {"thinking_times": 0.1}, {"O11"}),
    ("outlook", {"at_tokens_per_s": 500.0}, {"O13"}),
]


def defaults(chapter):
    return {name: parameter.default for name, parameter in KNOWN[chapter].items()}


def stored(chapter):
    text = (ROOT / "notebooks" / f"{chapter}.ipynb").read_text("utf-8")
    return {k: v for k, v in numbers.key_numbers(text).items() if k.startswith("verdict-")}


@pytest.mark.parametrize("chapter", FOUR)
def test_the_values_of_the_book_give_the_verdicts_of_the_ledger(chapter):
    found = ledger.verdicts(chapter, defaults(chapter))
    assert found == {key: CLAIMS[key.removeprefix("verdict-")].verdict for key in found}
    assert found == stored(chapter) == ledger.verdicts(chapter, {})


@pytest.mark.parametrize(("chapter", "values", "moved"), MOVING)
def test_another_assumption_moves_these_verdicts_and_no_others(chapter, values, moved):
    parameters.check_values(KNOWN, {chapter: values})
    found = ledger.verdicts(chapter, defaults(chapter) | values)
    book = {key: CLAIMS[key.removeprefix("verdict-")].verdict for key in found}
    assert {key.removeprefix("verdict-") for key in found if found[key] != book[key]} == moved


def test_a_rule_takes_parameters_of_the_chapters_under_their_names():
    names = {name for chapter in KNOWN.values() for name in chapter}
    rows = {row.id: row.chapter for row in catalog.rows("claims")}
    for name in registry.FUNCTIONS:
        asked = registry.assumptions(name)
        assert set(asked) <= names, f"{name} asks for what no chapter declares"
        if asked and name in rows:
            assert set(asked) <= set(KNOWN[rows[name]]), f"{name} asks another chapter"


def test_a_rerun_keeps_the_verdicts_of_its_values(tmp_path):
    values = {"causes": {"usd_per_gpu_hour": 20.0}}
    tasks = scenarios.tasks(
        scenarios.Scenario(name="dear", parameters=values), ROOT, tmp_path, digest.library_digest()
    )
    (text,) = execution.run(tasks)
    found = {k: v for k, v in numbers.key_numbers(text).items() if k.startswith("verdict-")}
    assert found == ledger.verdicts("causes", defaults("causes") | values["causes"])
    assert found["verdict-C05"] != stored("causes")["verdict-C05"]


def test_the_scorecard_of_a_rerun_follows_its_values():
    (book,), (other,) = (
        ledger.score(["P6a"], values=values) for values in ({}, {"thinking_times": 0.1})
    )
    assert (book.verdict, other.verdict) == ("cannot be scored", "held")
