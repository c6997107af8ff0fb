"""A chapter that was exported reads in any Jupyter and runs there: all nine chapters, and one run
with a real kernel; a copy in which somebody worked is never written over."""

import base64
import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from llmecon import cli
from llmecon_book import notebook as chapters
from llmecon_book.run import execution, export
from llmecon_book.run.numbers import RECORD
from llmecon_book.words import written

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module", params=CHAPTERS, ids=lambda path: path.stem)
def exported(request):
    """The stored chapter and its copy."""
    text = request.param.read_text("utf-8")
    return text, nbformat.reads(export.readable(text), as_version=4)


def markdown(copy):
    told = [cell.source for cell in copy.cells if cell.cell_type == "markdown"]
    for cell in copy.cells:
        told += [o.data["text/markdown"] for o in cell.get("outputs", []) if "data" in o]
    return "\n\n".join(told)


def test_no_role_no_directive_and_no_label_is_left(exported):
    text, copy = exported
    before = "".join(export._prose(text))
    raw = r"\{[a-z][\w:-]*\}`|^\s*(?:`{3,}|:{3,})(?:\{.*)?$|^\([\w-]+\)=|^:[\w-]+: "
    assert re.search(raw, before, re.M)
    assert re.findall(raw, markdown(copy), re.M) == []


def test_every_figure_stands_as_a_picture_where_the_text_puts_it(exported):
    text, copy = exported
    wanted = re.findall(r"\{glue:figure\} (\S+)", "\n".join(export._prose(text)))
    assert wanted
    shown = []
    for cell in copy.cells:
        for key in re.findall(r"\]\(attachment:(\S+)\.png\)", cell.source):
            picture = base64.b64decode(cell.attachments[f"{key}.png"]["image/png"])
            assert picture.startswith(b"\x89PNG") and len(picture) > 5_000
            shown.append(key)
    assert shown == wanted
    assert markdown(copy).count("<summary>Numbers of this figure</summary>") == len(wanted)


def test_numbers_stand_in_the_text_in_their_forms(exported):
    text, copy = exported
    told, numbers = markdown(copy), export.key_numbers(text)
    uses = re.findall(r"\{glue:text\}`(\w+)(?::([^`]+))?`", "\n".join(export._prose(text)))
    for key, form in uses:
        assert (str(numbers[key]) if form == "s" else written(numbers[key], form)) in told
    assert "(no number" not in told


def test_nothing_is_left_of_what_only_the_site_reads(exported):
    text, copy = exported
    assert RECORD in text
    kept = [o for cell in copy.cells for o in cell.get("outputs", []) if RECORD in json.dumps(o)]
    assert kept == []
    assert "](../" not in markdown(copy) and 'href="../' not in markdown(copy)
    nbformat.validate(copy)


def test_code_is_that_of_the_book(exported):
    text, copy = exported
    own = [cell["source"] for cell in execution._code(text)]
    assert [c.source for c in copy.cells if c.cell_type == "code"][1:] == own


def test_marks_are_written_out():
    cells = [
        nbformat.v4.new_markdown_cell(
            "(reversal)=\n# T\n\n{cite:t}`erdil2024,gneiting2007` {term}`tokens <token>` "
            "{doc}`evolution` {claim}`R08` {doc}`that page </book/claims>` {odd}`word`\n\n"
            "```{exercise}\n:label: ex\n\nHow\nmuch?\n```\n\n```{solution} ex\n:class: dropdown\n\n"
            "All.\n```\n\n:::{note} Heed\nTwo\n\nlines\n:::\n\n```python\n{term}`kept`\n```"
        )
    ]
    book = nbformat.v4.new_notebook(cells=cells)
    copy = nbformat.reads(export.readable(nbformat.writes(book), site="https://x.org"), 4)
    assert copy.cells[-1].source.split("\n\n") == [
        "# T",
        "[Erdil (2024)](https://epoch.ai/gradient-updates/"
        "frontier-language-models-have-become-much-smaller), "
        "[Gneiting and Raftery (2007)](https://x.org/book/bibliography.html) "
        "[tokens](https://x.org/book/glossary.html#term-token) "
        "[How large did the models get?](https://x.org/notebooks/evolution.html) "
        "[R08: imprecise](https://x.org/book/claims.html#claim-r08) "
        "[that page](https://x.org/book/claims.html) word",
        "**Exercise 1.** How\nmuch?",
        "<details><summary>Answer to Exercise 1</summary>",
        "All.",
        "</details>",
        "> **Heed**\n> \n> Two\n> \n> lines",
        "```python\n{term}`kept`\n```",
    ]
    assert "https://x.org/notebooks/reversal.html" in copy.cells[0].source


def test_links_lead_to_the_site_or_are_words():
    text = (ROOT / "notebooks" / "mechanism.ipynb").read_text("utf-8")
    there, nowhere = (export.readable(text, site=at) for at in ("https://example.org/b", ""))
    assert "](https://example.org/b/notebooks/reversal.html" in there
    assert "unpublished:" not in nowhere
    assert bool(re.search(r"\]\([^)]*notebooks/\w+\.html", nowhere)) == bool(export.published(ROOT))


def test_a_copy_runs_where_it_is_opened_and_shows_what_it_computes(tmp_path):
    text = (ROOT / "notebooks" / "mechanism.ipynb").read_text("utf-8")
    target = tmp_path / "elsewhere" / "mechanism.ipynb"
    assert export.write_copy(text, target)
    copy = nbformat.read(target, as_version=4)
    place = {"metadata": {"path": str(target.parent)}}
    NotebookClient(copy, kernel_manager_class=execution.Kernel, resources=place).execute()
    shown = [o for cell in copy.cells for o in cell.get("outputs", [])]
    assert {o.output_type for o in shown} == {"display_data"}
    pictures = [o for o in shown if "image/png" in o.data]
    assert len(pictures) == markdown(nbformat.read(target, as_version=4)).count("](attachment:")
    tables = "".join(o.data.get("text/markdown", "") for o in shown)
    for key, number in export.key_numbers(text).items():
        if not key.endswith("-chart"):
            assert f"| `{key}` |" in tables, f"{key}: {number}"


def test_what_somebody_changed_in_a_copy_stays(tmp_path):
    text = (ROOT / "notebooks" / "sizing.ipynb").read_text("utf-8")
    target = tmp_path / "sizing.ipynb"
    assert export.write_copy(text, target)
    whole = target.read_bytes()
    assert export.write_copy(text, target), "an untouched copy is renewed"
    assert target.read_bytes() == whole
    copy = nbformat.read(target, as_version=4)
    copy.cells.append(nbformat.v4.new_code_cell("1 + 1"))
    nbformat.write(copy, target)
    mine = target.read_bytes()
    assert not export.write_copy(text, target)
    assert target.read_bytes() == mine
    assert export.readable(mine.decode()) == mine.decode(), "a copy of a copy is itself"


def test_the_command_writes_copies_or_one_line(tmp_path, capsys):
    chapter = str(ROOT / "notebooks" / "sizing.ipynb")
    (tmp_path / "torn.ipynb").write_text('{"cells": [')
    (tmp_path / "odd.ipynb").write_text('{"cells": 3}')
    for bad, told in (
        (["torn.ipynb"], "torn.ipynb, line 1: not JSON"),
        (["odd.ipynb"], "odd.ipynb: not a notebook"),
        (["none.ipynb"], "none.ipynb"),
        (["odd.ipynb", "odd.ipynb"], "odd.ipynb is given twice"),
    ):
        files = [chapter, *(str(tmp_path / name) for name in bad)]
        assert cli.main(["export", *files, "--into", str(tmp_path / "out")]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert told in line
    assert not (tmp_path / "out").exists()
    assert cli.main(["export", chapter, "--into", str(tmp_path / "out")]) == 0
    assert "written" in capsys.readouterr().out
    assert "attachments" in (tmp_path / "out" / "sizing.ipynb").read_text("utf-8")


def test_a_chapter_of_the_book_shows_nothing_by_itself():
    assert chapters._showing is False
