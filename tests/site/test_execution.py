"""Proves that chapters run alike twice, fail by name, and run again exactly when they must."""

from __future__ import annotations

import json
import os
import shutil
import signal

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from llmecon_book.run import digest, execution


def write(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one chapter that reads one number from its library."""
    probe = tmp_path / "lib" / "llmecon" / "probe.py"
    probe.parent.mkdir(parents=True)
    probe.write_text("NUMBER = 41\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "facts.csv").write_text("a\n1\n")
    (tmp_path / "_toc.yml").write_text("format: jb-book\n")
    code = "import sys; sys.path.insert(0, '../lib/llmecon')\nimport probe\nprobe.NUMBER"
    write(
        tmp_path / "notebooks" / "one.ipynb",
        new_markdown_cell("# One"),
        new_code_cell(code, metadata={"tags": ["hide-input"], "scrolled": True}),
    )
    monkeypatch.setattr(digest, "_homes", lambda: (tmp_path / "lib", tmp_path / "data"))
    return tmp_path


def refreshed(book, **options):
    """Chapters that ran, and the lines of progress."""
    lines: list[str] = []
    ran = execution.refresh(book, say=lines.append, **options)
    return ran, lines[1:]


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_second_run_changes_nothing(book):
    chapter = book / "notebooks" / "one.ipynb"
    assert refreshed(book) == (["one"], ["  one.ipynb: rewritten"])
    first = chapter.read_bytes()
    assert refreshed(book, fresh=True) == (["one"], ["  one.ipynb: unchanged"])
    assert chapter.read_bytes() == first


def test_the_stored_form_knows_no_time_place_or_random_name(book):
    chapter = book / "notebooks" / "one.ipynb"
    refreshed(book)
    stored = json.loads(chapter.read_text(encoding="utf-8"))
    assert stored["metadata"] == execution.METADATA
    code = stored["cells"][1]
    assert code["metadata"] == {"tags": ["hide-input"]}
    assert code["execution_count"] == 1
    assert code["outputs"][0]["data"] == {"text/plain": ["41"]}
    assert str(book) not in chapter.read_text(encoding="utf-8")


def test_only_what_may_be_stale_runs_again(book):
    chapter = book / "notebooks" / "one.ipynb"
    probe = book / "lib" / "llmecon" / "probe.py"
    assert refreshed(book)[0] == ["one"]
    assert refreshed(book)[0] == []
    replace(chapter, "# One", "# The first")
    assert refreshed(book)[0] == [], "prose does not need a run"
    replace(probe, "41", "42")
    assert refreshed(book)[0] == ["one"]
    assert '"42"' in chapter.read_text(encoding="utf-8")
    for path, old, new in [
        (book / "data" / "facts.csv", "1", "2"),
        (chapter, "probe.NUMBER", "probe.NUMBER + 1"),
        (chapter, '"execution_count": 1', '"execution_count": null'),
    ]:
        replace(path, old, new)
        assert refreshed(book)[0] == ["one"], path.name
        assert refreshed(book)[0] == []


def test_a_number_edited_in_the_outputs_does_not_last(book):
    chapter = book / "notebooks" / "one.ipynb"
    refreshed(book)
    replace(chapter, '"41"', '"99"')
    assert refreshed(book) == (["one"], ["  one.ipynb: rewritten"])
    assert '"99"' not in chapter.read_text(encoding="utf-8")


def test_older_outputs_put_back_over_a_fresh_stamp_do_not_last(book):
    """As after `git checkout notebooks`."""
    chapter = book / "notebooks" / "one.ipynb"
    refreshed(book)
    committed = chapter.read_bytes()
    replace(book / "lib" / "llmecon" / "probe.py", "41", "42")
    refreshed(book)
    chapter.write_bytes(committed)
    assert refreshed(book)[0] == ["one"]
    assert '"42"' in chapter.read_text(encoding="utf-8")


def test_a_table_edited_while_others_run_is_not_taken_for_done(book, monkeypatch):
    facts, execute = book / "data" / "facts.csv", execution.execute
    shutil.copy(book / "notebooks" / "one.ipynb", book / "notebooks" / "two.ipynb")

    def edited_meanwhile(task):
        done = execute(task)
        if task.chapter == "one":
            facts.write_text("a\n2\n")
        return done

    monkeypatch.setattr(execution, "execute", edited_meanwhile)
    monkeypatch.setattr(execution, "WORKERS", 1)
    with pytest.raises(execution.ChapterFailed, match=r"two: .* changed while it ran"):
        refreshed(book)
    monkeypatch.setattr(execution, "execute", execute)
    assert refreshed(book)[0] == ["one", "two"]
    facts.write_text("a\n1\n")
    assert refreshed(book)[0] == ["one", "two"]
    write(book / "notebooks" / "two.ipynb", new_code_cell("open('../data/facts.csv', 'w')"))
    with pytest.raises(execution.ChapterFailed, match=r"two: .* changed while it ran"):
        refreshed(book)


def test_a_chapter_edited_while_it_runs_keeps_the_edit(book, monkeypatch):
    chapter, execute = book / "notebooks" / "one.ipynb", execution.execute

    def edited_meanwhile(task):
        done = execute(task)
        replace(chapter, "# One", "# The first")
        return done

    monkeypatch.setattr(execution, "execute", edited_meanwhile)
    with pytest.raises(execution.ChapterFailed, match="one: edited while it ran"):
        refreshed(book)
    assert "# The first" in chapter.read_text(encoding="utf-8")


def test_a_book_runs_with_its_own_library_only(book, monkeypatch, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    for name in ("lib", "notebooks"):
        (other / name).mkdir()
    monkeypatch.setattr(digest, "_homes", lambda: (other / "lib", other / "data"))
    with pytest.raises(ValueError, match="belong to another folder"):
        refreshed(book)
    assert execution.main([str(book / "notebooks" / "one.ipynb")]) == 1
    shutil.rmtree(book / "lib")
    with pytest.raises(ValueError, match="belong to another folder"):
        digest.surroundings(book)
    installed = tmp_path_factory.mktemp("site-packages")
    monkeypatch.setattr(digest, "_homes", lambda: (installed, installed / "llmecon" / "_data"))
    assert digest.surroundings(book)


def test_a_kernel_searches_where_this_process_does(tmp_path, monkeypatch):
    (tmp_path / "own_probe.py").write_text("NUMBER = 43\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / "notebooks" / "one.ipynb"
    write(path, new_code_cell("import own_probe; own_probe.NUMBER"))
    task = execution.Task.of(path, digest.library_digest(), {}, tmp_path)
    assert '"43"' in execution.execute(task)


def test_a_stamp_cut_short_costs_a_run_and_no_more(book):
    refreshed(book)
    (book / execution.STAMPS / "one.digest").write_text("3f")
    assert refreshed(book)[0] == ["one"]


def test_check_reports_a_stale_output_and_rewrites_nothing(book):
    chapter = book / "notebooks" / "one.ipynb"
    refreshed(book)
    before = chapter.read_bytes()
    replace(book / "lib" / "llmecon" / "probe.py", "41", "42")
    with pytest.raises(execution.ChapterFailed, match=r"stale: one\.ipynb; run `make notebooks`"):
        refreshed(book, check=True)
    assert chapter.read_bytes() == before


def test_a_failing_cell_is_shown_and_the_file_left_alone(book):
    bad = write(
        book / "notebooks" / "bad.ipynb",
        new_code_cell("x = 1"),
        new_code_cell("batch = 0\nx / batch"),
    )
    before = bad.read_bytes()
    lines: list[str] = []
    with pytest.raises(execution.ChapterFailed) as caught:
        execution.refresh(book, say=lines.append)
    told = str(caught.value)
    assert "bad, code cell 2: ZeroDivisionError: division by zero" in told
    assert "    x / batch" in told
    assert "\x1b" not in told
    assert bad.read_bytes() == before
    assert "  one.ipynb: rewritten" in lines
    assert not list(book.rglob("*.part"))


def test_a_cell_that_ends_its_kernel_is_named(book):
    cells = [new_code_cell(code) for code in ("1", "import os; os._exit(1)")]
    write(book / "notebooks" / "one.ipynb", *cells)
    with pytest.raises(execution.ChapterFailed, match="one, code cell 2: Kernel died"):
        refreshed(book)


def test_a_notebook_that_is_none_is_named(book):
    (book / "notebooks" / "one.ipynb").write_text('{"cells": [')
    with pytest.raises(execution.ChapterFailed, match="one: not a notebook"):
        refreshed(book)


def test_a_term_signal_ends_like_an_interrupt(book, monkeypatch):
    def terminated(task):
        os.kill(os.getpid(), signal.SIGTERM)
        return "{}"

    monkeypatch.setattr(execution, "execute", terminated)
    with pytest.raises(SystemExit):
        refreshed(book)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_the_command_fails_when_a_chapter_is_stale(book, capsys, monkeypatch):
    chapter = str(book / "notebooks" / "one.ipynb")
    assert execution.main([chapter, "--check"]) == 1
    assert "stale: one.ipynb" in capsys.readouterr().err
    assert execution.main([chapter]) == 0
    monkeypatch.chdir(book)
    assert execution.main(["--check"]) == 0
    assert refreshed(book)[0] == [], "a run by command counts for the next build"
