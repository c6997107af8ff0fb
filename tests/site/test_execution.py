"""Proves that chapters run alike twice, fail by name, and run again exactly when they must."""

from __future__ import annotations

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from llmecon_book.run import execution


def write(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


@pytest.fixture
def book(tmp_path):
    """A book of one chapter that reads one number from its library."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "probe.py").write_text("NUMBER = 41\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "facts.csv").write_text("a\n1\n")
    (tmp_path / "requirements.lock").write_text("numpy==2.0\n")
    code = "import sys; sys.path.insert(0, '../lib')\nimport probe\nprobe.NUMBER"
    write(
        tmp_path / "notebooks" / "one.ipynb",
        new_markdown_cell("# One"),
        new_code_cell(code, metadata={"tags": ["hide-input"], "scrolled": True}),
    )
    return tmp_path


def refreshed(book):
    return [outcome.path.name for outcome in execution.refresh(book, say=lambda line: None)]


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_second_run_changes_nothing(book):
    chapter = book / "notebooks" / "one.ipynb"
    assert [outcome.changed for outcome in execution.run([chapter])] == [True]
    first = chapter.read_bytes()
    assert [outcome.changed for outcome in execution.run([chapter])] == [False]
    assert chapter.read_bytes() == first


def test_the_stored_form_knows_no_time_place_or_random_name(book):
    chapter = book / "notebooks" / "one.ipynb"
    execution.run([chapter])
    stored = json.loads(chapter.read_text(encoding="utf-8"))
    assert stored["metadata"] == execution.METADATA
    code = stored["cells"][1]
    assert code["metadata"] == {"tags": ["hide-input"]}
    assert code["execution_count"] == 1
    assert code["outputs"][0]["data"] == {"text/plain": ["41"]}
    assert str(book) not in chapter.read_text(encoding="utf-8")


def test_only_what_may_be_stale_runs_again(book):
    chapter = book / "notebooks" / "one.ipynb"
    assert refreshed(book) == ["one.ipynb"]
    assert refreshed(book) == []
    replace(chapter, "# One", "# The first")
    assert refreshed(book) == [], "prose does not need a run"
    replace(book / "lib" / "probe.py", "41", "42")
    assert refreshed(book) == ["one.ipynb"]
    assert '"42"' in chapter.read_text(encoding="utf-8")
    for path, old, new in [
        (book / "data" / "facts.csv", "1", "2"),
        (book / "requirements.lock", "2.0", "2.1"),
        (chapter, "probe.NUMBER", "probe.NUMBER + 1"),
        (chapter, '"execution_count": 1', '"execution_count": null'),
    ]:
        replace(path, old, new)
        assert refreshed(book) == ["one.ipynb"], path.name
        assert refreshed(book) == []


def test_a_stamp_cut_short_costs_a_run_and_no_more(book):
    refreshed(book)
    (book / execution.STAMP).write_text('{"one.ipynb": ')
    assert refreshed(book) == ["one.ipynb"]


def test_check_reports_a_stale_output_and_rewrites_nothing(book):
    chapter = book / "notebooks" / "one.ipynb"
    refreshed(book)
    before = chapter.read_bytes()
    replace(book / "lib" / "probe.py", "41", "42")
    with pytest.raises(execution.ChapterError, match=r"stale: one\.ipynb; run `make notebooks`"):
        execution.refresh(book, check=True, say=lambda line: None)
    assert chapter.read_bytes() == before


def test_a_failing_cell_is_shown_and_the_file_left_alone(tmp_path):
    bad = write(
        tmp_path / "notebooks" / "bad.ipynb",
        new_code_cell("x = 1"),
        new_code_cell("batch = 0\nx / batch"),
    )
    good = write(tmp_path / "notebooks" / "good.ipynb", new_code_cell("1 + 1"))
    before = bad.read_bytes()
    lines: list[str] = []
    with pytest.raises(execution.ChapterError) as caught:
        execution.run([bad, good], say=lines.append)
    told = str(caught.value)
    assert "bad.ipynb, code cell 2: ZeroDivisionError: division by zero" in told
    assert "    x / batch" in told
    assert "\x1b" not in told
    assert bad.read_bytes() == before
    assert any(line.strip().startswith("good.ipynb: rewritten") for line in lines)
    assert not list(tmp_path.rglob("*.part"))


def test_the_command_fails_when_a_chapter_is_stale(book, capsys):
    chapter = str(book / "notebooks" / "one.ipynb")
    assert execution.main([chapter, "--check"]) == 1
    assert "stale: one.ipynb" in capsys.readouterr().err
    assert execution.main([chapter]) == 0
    assert execution.main([chapter, "--check"]) == 0
    assert refreshed(book) == [], "a run by command counts for the next build"
