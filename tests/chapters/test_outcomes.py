"""What a run says: names of key numbers, pages, what matters most, own rows, differences in words.

The small book of these tests has one chapter whose numbers are plain to see.
"""

import csv
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

from llmecon import catalog, chinchilla, cli
from llmecon_book.run import execution, numbers, overlay, sensitivity, whole_book
from llmecon_book.run import scenario as scenarios
from llmecon_book.run import sweep as sweeps
from llmecon_book.run.parameters import Parameter, find
from llmecon_book.site import report

ROOT = Path(__file__).parents[2]
CHAPTERS = ("evolution", "mechanism", "reversal", "causes", "outlook")

ANSWER = """\
(small)=
# A chapter

:::{admonition} In short
:class: answer

**The answer.** It costs {glue:text}`rent:.0f` dollars {claim}`E02` by {term}`parameters`.
:::

**The size is {glue:text}`size:short`.** There are {glue:text}`n_chips`."""
PARAMETERS = """\
usd_per_gpu_hour: float = 3.0  # [USD/h] 0.1..20 rent of one accelerator
n_chips: int = 8  # [accelerators] of one instance
law: str = "BESIROGLU_2024"  # [law] whose optimum is taken
idle: float = 0.5  # [1] moves nothing"""
CODE = """\
from llmecon import chinchilla
from llmecon_book.chapters import Section
from llmecon_book.notebook import say

if n_chips > 32:
    raise ValueError("n_chips must be <= 32, got 64 [accelerators]")
size = float(chinchilla.law(law).optimal(flop=1e24).params)
say(Section(rent=usd_per_gpu_hour * n_chips, size=size, n_chips=n_chips))"""


def notebook(*sources):
    made = nbformat.v4.new_notebook(metadata=execution.METADATA)
    made.cells = [nbformat.v4.new_markdown_cell(sources[0])]
    tags = {"tags": ["parameters"]}
    made.cells += [nbformat.v4.new_code_cell(sources[1], metadata=tags)]
    made.cells += [nbformat.v4.new_code_cell(source) for source in sources[2:]]
    for at, cell in enumerate(made.cells):
        cell["id"] = f"cell-{at}"
    return made


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The small book, executed with its defaults."""
    book = tmp_path_factory.mktemp("stored")
    (book / "_toc.yml").write_text("format: jb-book\nroot: notebooks/small\n")
    for name in ("lib", "data"):
        (book / name).symlink_to(ROOT / name)
    (book / "notebooks").mkdir()
    nbformat.write(notebook(ANSWER, PARAMETERS, CODE), book / "notebooks" / "small.ipynb")
    execution.refresh(book, say=lambda line: None)
    return book


@pytest.fixture
def book(stored, tmp_path, monkeypatch):
    copy = shutil.copytree(stored, tmp_path / "book", symlinks=True)
    monkeypatch.chdir(copy)
    return copy


def text_of(book):
    return (book / "notebooks" / "small.ipynb").read_text("utf-8")


def with_number(text, key, value):
    """A notebook that stores another value under a key."""
    content = json.loads(text)
    for cell in content["cells"]:
        for output in cell.get("outputs", []):
            if output.get("metadata", {}).get("scrapbook", {}).get("name") == key:
                output["data"][f"{numbers.RECORD}text/plain"] = [repr(value)]
    return json.dumps(content)


# --- names -------------------------------------------------------------------------------------


def test_every_number_of_the_chapters_has_a_name_and_no_name_is_stale():
    glued = {
        (chapter, key)
        for chapter in CHAPTERS
        for key, value in numbers.key_numbers(
            (ROOT / "notebooks" / f"{chapter}.ipynb").read_text("utf-8")
        ).items()
        if numbers.is_number(value)
    }
    assert glued == set(numbers.names())


def test_a_name_stands_alone_and_is_no_other_numbers_name():
    told = [(chapter, name) for (chapter, _), (name, _) in numbers.names().items()]
    assert len(set(told)) == len(told)
    for chapter, name in told:
        assert not re.match(r"(that|of them|its|such|the same) ", name), (chapter, name)
        assert name[-1].isalnum() and len(name) < 90, (chapter, name)
    assert all(unit for _, unit in numbers.names().values())


def test_a_number_is_found_by_key_or_name_and_a_wrong_one_answered_with_the_nearest():
    known = {"gpt4_price": 60, "turbo_price": 30, "sure": "probably"}
    assert numbers.find("reversal", "GPT4_price", known) == "gpt4_price"
    assert numbers.find("reversal", "price of gpt-4 turbo", known) == "turbo_price"
    with pytest.raises(LookupError, match=r"nearest: turbo_price \(price of GPT-4 Turbo\)"):
        numbers.find("reversal", "the Turbo's price of today", known)
    with pytest.raises(LookupError):
        numbers.find("reversal", "sure", known)  # a word


# --- before and after --------------------------------------------------------------------------


def test_what_changes_comes_in_the_order_in_which_it_matters(book):
    before = text_of(book)
    after = with_number(with_number(with_number(before, "n_chips", 80), "size", 1e9), "rent", 25)
    frame = numbers.changes([("small", before, after)])
    assert list(zip(frame.key, frame.place, strict=True)) == [
        ("rent", "answer"),
        ("size", "takeaway"),
        ("n_chips", "text"),
    ]
    flipped = json.loads(after)
    for output in flipped["cells"][2]["outputs"]:
        if output["metadata"]["scrapbook"]["name"] == "n_chips":
            output["metadata"]["scrapbook"]["name"] = "verdict-E02"
    frame = numbers.changes([("small", before, json.dumps(flipped))])
    assert frame.key[0] == "verdict-E02" and "117 million parameters" in frame.name[0]


def test_the_page_has_both_answers_and_reads_no_number_as_markup(book):
    before = text_of(book)
    after = with_number(before, "rent", 25)
    frame = numbers.changes([("small", before, after)])
    settings = frame[:0].assign(parameter=[], book=[], here=[], help=[])
    page = report.Comparison("<script>", settings, frame, [("small", before, after)], {}).html()
    assert "It costs <del>24</del> dollars by parameters." in page
    assert "It costs <ins>25</ins> dollars by parameters." in page
    assert "<script" not in page and "&lt;script&gt;" in page and "http" not in page


def test_a_scenario_that_changes_nothing_says_so(book, capsys):
    assert cli.main(["rerun", "--set", "small.n_chips=8"]) == 2
    assert "changes nothing: the book has these values of small.n_chips" in capsys.readouterr().err


def test_a_value_of_the_book_among_others_is_named(book, capsys):
    assert cli.main(["rerun", "--set", "small.n_chips=8", "--set", "small.idle=0.1"]) == 1
    told = capsys.readouterr().err
    assert "small.n_chips is the book's own value" in told
    assert "small.n_chips, small.idle moved no key number of small" in told


def test_what_another_switches_off_is_named_after_a_rerun(book, capsys):
    path = book / "notebooks" / "small.ipynb"
    path.write_text(text_of(book).replace("moves nothing", "of a law; unused while n_chips is 2"))
    assert cli.main(["rerun", "--set", "small.n_chips=2", "--set", "small.idle=0.1"]) == 1
    told = capsys.readouterr().err
    assert "small.idle changes nothing while n_chips is 2" in told and "moved no" not in told


def test_a_sweep_of_what_moves_nothing_says_so(book, capsys):
    assert cli.main(["rerun", "--sweep", "small.idle=0.1,0.2"]) == 1
    assert "small.idle moved no key number" in capsys.readouterr().err


def test_own_rows_that_nothing_uses_say_so(book, capsys):
    (book / "scaling_laws.csv").write_text(LAW)
    assert cli.main(["rerun", "--data", "scaling_laws.csv"]) == 1
    assert "no own row moved a key number" in capsys.readouterr().err


def test_a_parameter_of_another_chapter_is_answered_with_that_chapter():
    known = {"a": {}, "b": {"chip": Parameter("b", "chip", "str", "H200")}}
    with pytest.raises(LookupError, match=r"no parameter of a is called 'chip'; nearest: b\.chip"):
        find(known, "a", "chip")


def test_a_chapter_named_twice_is_refused(book, capsys):
    text = "name: a\nparameters:\n  small: {n_chips: 2}\n  small: {n_chips: 4}\n"
    (book / "a.yml").write_text(text)
    assert cli.main(["rerun", "a.yml"]) == 2
    assert "a.yml, line 4: small is given twice" in capsys.readouterr().err


def test_a_scenario_of_another_version_is_answered_with_every_new_name():
    known = {
        "old": {"rent": Parameter("old", "rent", "float", 1.0)},
        "new": {"chips": Parameter("new", "chips", "int", 1)},
    }
    given = scenarios.Scenario(
        name="a", parameters={"old": {"chips": 2, "rents": 1.0}, "newer": {"x": 1}}
    )
    with pytest.raises(LookupError) as error:
        scenarios.demand_names(given, known)
    assert str(error.value) == (
        "no parameter of old is called 'chips'; nearest: new.chips; "
        "no parameter of old is called 'rents'; nearest: rent; "
        "no chapter is called 'newer'; nearest: new"
    )


def test_a_folder_of_another_run_is_not_written_over(book, capsys):
    assert cli.main(["rerun", "--set", "small.n_chips=2", "--output", "out"]) == 0
    kept = (book / "out" / "results.csv").read_text()
    assert cli.main(["rerun", "--set", "small.n_chips=4", "--output", "out"]) == 2
    assert "out: holds another run" in capsys.readouterr().err
    assert (book / "out" / "results.csv").read_text() == kept
    assert cli.main(["rerun", "--set", "small.n_chips=2", "--output", "out"]) == 0


# --- sweeps and sensitivities ------------------------------------------------------------------

PRICE = Parameter("c", "price", "float", 1.0, "USD")
LIST = Parameter("c", "tokens", "list[float]", [1.0], "tokens")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("c.price=1:2:3", [1.0, 1.5, 2.0]),
        ("c.price=0.1:0.3:3", [0.1, 0.2, 0.3]),
        ("c.price=1:100:3:log", [1.0, 10.0, 100.0]),
        ("c.chips=1:4:7", [1, 2, 3, 4]),
        ("c.tokens=1e12:1e14:3:log", [[1e12, 1e13, 1e14]]),
    ],
)
def test_start_stop_n_stands_for_its_numbers(text, values):
    chips = Parameter("c", "chips", "int", 1, "accelerators")
    known = {"c": {p.name: p for p in (PRICE, LIST, chips)}}
    assert sweeps.parse_axis(text, known)[1] == values


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("c.price=1:2:1", "start:stop:n needs n from 2 to 10,000, got 1"),
        ("c.price=1:2:999999", "start:stop:n needs n from 2 to 10,000"),
        ("c.price=-1:2:3", "c.price must be > 0, got -1"),
        ("c.price=-1:2:3:log", "even ratios need ends > 0, got -1:2"),
        ("c.price=a:2:3", "c.price must be float, got 'a'"),
    ],
)
def test_a_wrong_start_stop_n_is_refused(text, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        sweeps.parse_axis(text, {"c": {"price": PRICE}})


def test_what_moves_a_number_most_is_on_top(book, capsys):
    given = ["sensitivity", "small", "--of", "rent", "--over", "n_chips=4,64"]
    assert cli.main(given) == 1  # a point failed
    told = capsys.readouterr()
    lines = [line.split()[:3] for line in told.out.splitlines() if line.startswith(("usd", "n_ch"))]
    assert [line[0] for line in lines] == ["usd_per_gpu_hour", "usd_per_gpu_hour", "n_chips"]
    assert "█" in told.out and "Moved nothing: idle." in told.out
    assert "Left as they are: law." in told.out
    assert "small.n_chips=64, small, code cell 2: ValueError: n_chips must be <= 32" in told.err
    (folder,) = (book / "_build" / "rerun").glob("sensitivity-small-rent-*")
    with (folder / "results.csv").open(newline="") as file:
        rows = {
            (r["parameter"], float(r["value"])): float(r["number"]) for r in csv.DictReader(file)
        }
    assert rows["usd_per_gpu_hour", 20.0] == 160 and rows["n_chips", 4.0] == 12
    page = (folder / "index.html").read_text()
    assert "usd_per_gpu_hour moves the rent most: 0.8 to 160" in page and "<svg" in page


def test_an_end_that_the_chapter_refuses_is_brought_nearer():
    chips = Parameter("c", "chips", "int", 8, "accelerators", "", 1, 64)
    assert sensitivity.spread(chips) == [1, 64]
    assert sensitivity.nearer(chips, 64) == [16] and sensitivity.nearer(chips, 16) == []


@pytest.mark.parametrize("of", [None, "size"])
def test_a_sweep_draws_a_line_of_one_parameter_and_a_heat_map_of_two(book, capsys, monkeypatch, of):
    def quick(task):
        rent = task.numbers["usd_per_gpu_hour"] * task.numbers.get("n_chips", 8)
        return with_number(with_number(task.text, "rent", rent), "size", 1e9 * rent)

    monkeypatch.setattr(execution, "execute", quick)
    asked = ["--of", of] if of else []
    one = ["rerun", "--sweep", "small.usd_per_gpu_hour=1:3:3", *asked]
    assert cli.main([*one, "--output", "one"]) == 0
    shown = capsys.readouterr().out.split("To read")[0]
    (title, *_), points = shown.splitlines(), [line for line in shown.splitlines() if "B" in line]
    if of:  # just that number, a row a point
        assert title == "small: size" and [row.split() for row in points] == [
            [f"{rent}", f"{8 * rent}B"] for rent in (1, 2, 3)
        ]
    else:
        assert "rent" in shown and len(points) == 1
    assert cli.main([*one, "--sweep", "small.n_chips=2,4", "--output", "two"]) == 0
    line, heat = ((book / name / "index.html").read_text() for name in ("one", "two"))
    name, ends = ("size", "8B to 24B") if of else ("rent", "8 to 24")
    assert f"The {name} rises from {ends}" in line and "<svg" in line
    assert f"The {name} runs from " in heat and heat.count("<svg") == line.count("<svg")
    assert cli.main([*one[:3], "--of", "nothing", "--output", "three"]) == 2
    assert "no number of small is called 'nothing'; nearest: " in capsys.readouterr().err


# --- own rows ----------------------------------------------------------------------------------

LAW = (ROOT / "scenarios" / "own" / "scaling_laws.csv").read_text("utf-8")


def test_an_own_law_moves_a_chapter_and_no_table_of_the_book(book, capsys):
    (book / "mine").mkdir()
    (book / "mine" / "scaling_laws.csv").write_text(LAW)
    given = ["rerun", "--data", "mine", "--set", "small.law=OWN_2026"]
    assert cli.main([*given, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    size = next(row for row in found["rows"] if row["key"] == "size")
    # N = G (C/6)^(beta/(alpha+beta)), G = (alpha A/(beta B))^(1/(alpha+beta)): Hoffmann, eq. 4
    own = (0.35 * 480 / (0.37 * 2080)) ** (1 / 0.72) * (1e24 / 6) ** (0.37 / 0.72)
    assert size["after"] == pytest.approx(own, rel=1e-5)
    assert size["after"] != size["before"]
    moved = (
        "scaling_laws: OWN_2026: is small.law: what that moves, the table shows; "
        "by itself it moves no key number of the chapters that ran"
    )
    assert moved in found["notes"]
    assert "OWN_2026" not in set(catalog.table("scaling_laws").name)
    (folder,) = (book / "_build" / "rerun").glob("law-own_2026-data-mine-*")
    assert moved in (folder / "index.html").read_text()


def test_a_row_that_takes_the_place_of_one_of_the_book_moves_its_numbers(book, capsys):
    name = "BESIROGLU_2024"
    (book / "scaling_laws.csv").write_text(LAW.replace("OWN_2026", name))
    given = ["rerun", "--data", "scaling_laws.csv", "--chapter", "small"]
    assert cli.main(given) == 2
    told = capsys.readouterr().err
    assert f"scaling_laws.csv, line 2: scaling_laws: {name}: title is Besiroglu 2024 in the" in told
    assert "Our fit of 2026 in yours" in told and "--replace" in told
    assert cli.main([*given, "--replace"]) == 0
    assert f"scaling_laws: {name}: moves 1 key numbers, first of all small, size" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("prises.csv", "model\nx\n", "no table is called 'prises'; nearest: prices"),
        ("prices.csv", "modell\nx\n", "no column of prices.csv is called 'modell'; nearest: model"),
        (
            "gpu_prices.csv",
            "accelerator,date\nX\n",
            "gpu_prices.csv, line 2: wrong number of cells",
        ),
        (
            "gpu_prices.csv",
            "accelerator,usd_per_gpu_hour,price_kind,date,date_precision\n"
            "H200 SXM 141GB,2,rental,2024-12-01,day\nNo chip,2,rental,2024-12-01,day\n",
            "gpu_prices.csv, line 3, column accelerator: 'No chip' is in no row of its table",
        ),
        ("chip.yml", "name: A\nhbm_bytes: 1e11\n", "chip.yml: bf16_dense_flop_per_s is missing"),
        ("config.json", '{"name": "A", "hidden_size": 1}', "config.json: "),
        ("empty.csv", "", "no table is called 'empty'"),
    ],
)
def test_a_wrong_own_row_is_named_by_file_and_line_before_anything_runs(
    book, capsys, monkeypatch, name, text, reason
):
    monkeypatch.setattr(execution, "execute", lambda task: pytest.fail("it ran"))
    (book / name).write_text(text)
    assert cli.main(["rerun", "--data", name]) == 2
    told = capsys.readouterr().err
    assert reason in told and told.count("\n") == 1
    assert not (book / "_build" / "rerun").exists()


def test_the_examples_can_be_used_and_a_fitted_law_is_one_more(tmp_path, monkeypatch, capsys):
    rows = overlay.read(ROOT / "scenarios" / "own")
    assert {row.table for row in rows} == {
        *("accelerators", "architectures", "gpu_prices", "scaling_laws")
    }
    law = chinchilla.BESIROGLU_2024
    runs = [(n, d, float(law.loss(n, d))) for n in (1e8, 3e8, 1e9, 3e9) for d in (2e9, 8e9, 3e10)]
    body = "\n".join(",".join(map(str, run)) for run in runs)
    (tmp_path / "my runs.csv").write_text(f"n_params,n_tokens,loss\n{body}\n")
    monkeypatch.chdir(tmp_path)
    cli.main(["law", "fit", "my runs.csv", "--bootstrap", "0", "--output", "fit.json"])
    capsys.readouterr()
    fitted = overlay.read(tmp_path / "fit.json")
    with overlay.laid([*rows, *fitted], tmp_path / "data"):
        assert catalog.accelerator("Acme 1").hbm_bytes_per_s == 9.6e12
        assert catalog.transformer("Acme 30B").n_layers == 60
        assert {"OWN_2026", "MY_RUNS"} <= set(catalog.table("scaling_laws").name)
    assert "Acme 1" not in set(catalog.accelerators().name)


# --- the whole book ----------------------------------------------------------------------------

CONFIG = """\
title: Small
only_build_toc_files: true
execute: {execute_notebooks: "off"}
parse: {myst_enable_extensions: [colon_fence]}
sphinx:
  extra_extensions: [sphinx.ext.autodoc, llmecon_book.site.sphinx_ext]
  config: {html_math_renderer: mathml, suppress_warnings: [myst.domains]}
"""
PAGE = """\
---
file_format: mystnb
kernelspec: {name: python3}
---
# Another page

The rent is {glue:text}`/notebooks/small.ipynb::rent:.0f` dollars, the size
{glue:text}`/notebooks/small.ipynb::size:short`."""


def test_the_whole_book_marks_what_changed_and_names_the_scenario_on_every_page(book):
    made = re.sub(r"\{(claim|term)\}`\w+`", "", text_of(book))
    (book / "notebooks" / "small.ipynb").write_text(made)
    (book / "_config.yml").write_text(CONFIG)
    (book / "book").mkdir()
    (book / "book" / "other.md").write_text(PAGE)
    toc = "format: jb-book\nroot: notebooks/small\nchapters: [{file: book/other}]\n"
    (book / "_toc.yml").write_text(toc)
    after = with_number(made, "rent", 25)
    front = whole_book.build(book, book / "site", "a <name>", "rent = 25", {"small": after})
    for page in ("notebooks/small", "book/other"):
        text = (front.parent / f"{page}.html").read_text()
        assert "Scenario <em>a &lt;name&gt;</em>: rent = 25." in text
        mark = '<mark class="changed" title="in the book: 24"><span class="pasted-text">25</span>'
        assert text.count(mark) == 1 == text.count("<mark"), page
    assert json.loads(made) == json.loads(text_of(book))


# --- differences from a commit -----------------------------------------------------------------


def test_a_difference_from_a_commit_is_said_in_words(book, capsys):
    git = ["git", "-C", str(book), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "notebooks"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *command], check=True, capture_output=True)
    assert cli.main(["diff"]) == 0
    assert "0 of 3 key numbers change." in capsys.readouterr().out
    chapter = book / "notebooks" / "small.ipynb"
    chapter.write_text(with_number(text_of(book), "rent", 25))
    shutil.copy(chapter, chapter.with_name("new.ipynb"))
    assert cli.main(["diff", "--page", "diff.html"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"small +rent +24 +25", told) and "New chapters: new." in told
    assert "<del>24</del>" in (book / "diff.html").read_text()
    assert cli.main(["diff", "no-such-commit"]) == 2
    assert capsys.readouterr().err.startswith("llmecon: git: fatal: invalid object name")


# --- the page "Rerun it" -----------------------------------------------------------------------

RUN = ("parameters", "rerun", "sensitivity")
COMMANDS = re.findall(r"^\$ (llmecon .+)$", (ROOT / "book" / "rerun.md").read_text("utf-8"), re.M)
QUICK = [
    line for line in COMMANDS if shlex.split(line)[1] in ("parameters", "rerun", "sensitivity")
]


def test_the_page_shows_commands_of_each_kind():
    assert {shlex.split(line)[1] for line in COMMANDS} == {*RUN, "law", "diff", "export"}


@pytest.mark.parametrize("line", QUICK)
def test_each_command_of_the_page_is_accepted_as_it_stands(line, tmp_path, monkeypatch, capsys):
    """Names, values and files are right; no chapter is run here, each gives a moved number back."""
    monkeypatch.chdir(ROOT)

    def moved(task):
        stored = [k for k, v in numbers.key_numbers(task.text).items() if numbers.is_number(v)]
        key = "gpt4_at_ten" if task.chapter == "reversal" else stored[0]
        return with_number(task.text, key, 70.0 + sum(map(ord, str(task.numbers))))

    monkeypatch.setattr(execution, "execute", moved)
    monkeypatch.setattr(whole_book, "build", lambda *given: tmp_path / "index.html")
    words = shlex.split(line.removesuffix(" --cluster tcp://HOST:8786"))[1:]
    output = ["--output", str(tmp_path / "out")] if words[0] != "parameters" else []
    assert cli.main([*words, *output]) == 0, capsys.readouterr().err


def test_the_whole_book_takes_along_every_folder_of_its_contents():
    listed = re.findall(r"file: (\w+)/", (ROOT / "_toc.yml").read_text("utf-8"))
    assert set(listed) <= set(whole_book._SOURCES)
