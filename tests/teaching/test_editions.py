"""The student's edition is the instructor's without the solutions, and differs in nothing else."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from llmecon_book.site import edition, explorables

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PAGES = sorted(path.stem for path in (ROOT / "teaching").glob("exercises-*.ipynb"))


def build(folder, which):
    """Only the pages of exercises, as they are stored."""
    shutil.copytree(ROOT / "teaching", folder / "teaching")
    shutil.copytree(ROOT / "book", folder / "book")
    explorables.refresh(ROOT)  # else every build computes them anew
    kept = Path("_build") / ".explorables"
    shutil.copytree(ROOT / kept, folder / kept)
    config = (ROOT / "_config.yml").read_text("utf-8")
    config = config.replace("    language: en\n", "    language: en\n    llmecon_refresh: false\n")
    config = re.sub(r"^ +llmecon_card: .*\n", "", config, flags=re.M)  # it shows a chapter
    (folder / "_config.yml").write_text(config, "utf-8")
    first, *rest = [f"teaching/{page}" for page in PAGES]
    toc = ["format: jb-book", f"root: {first}", "chapters:", *(f"- file: {one}" for one in rest)]
    (folder / "_toc.yml").write_text("\n".join(toc) + "\n", "utf-8")
    command = ["env", f"LLMECON_EDITION={which}", f"PYTHONPATH={ROOT / 'lib'}"]
    command += [str(BIN / "jupyter-book"), "build", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    return {name: build(tmp_path_factory.mktemp(name), name) for name in edition.EDITIONS}


def shown(site, page, without_solutions=False):
    """What a reader sees of a page, without the serial numbers that sphinx-exercise puts into ids.

    A script that only a solution needs is loaded only where there is one.
    """
    soup = BeautifulSoup((site / "teaching" / f"{page}.html").read_text("utf-8"), "html.parser")
    for one in soup.select("script" + ", div.solution" * without_solutions):
        one.decompose()
    return re.sub(r"\s+", " ", re.sub(r"-exercise-\d+", "-exercise", str(soup)))


@pytest.mark.parametrize("page", PAGES)
def test_pages_differ_in_the_solutions_and_in_nothing_else(sites, page):
    student, instructor = shown(sites["student"], page), shown(sites["instructor"], page)
    assert len(BeautifulSoup(instructor, "html.parser").select("div.solution")) == 6
    assert "solution" not in BeautifulSoup(student, "html.parser").article.text.lower()
    assert student == shown(sites["instructor"], page, without_solutions=True)


@pytest.mark.parametrize("page", PAGES)
def test_the_notebook_to_download_holds_no_solution_either(sites, page):
    own = (ROOT / "teaching" / f"{page}.ipynb").read_text("utf-8")
    texts = {
        k: (v / "_sources" / "teaching" / f"{page}.ipynb").read_text("utf-8")
        for k, v in sites.items()
    }
    assert texts["instructor"] == own and "{solution" in own
    assert "{solution" not in texts["student"]
    kept = [
        c["id"] for c in json.loads(own)["cells"] if "solution" not in c["metadata"].get("tags", [])
    ]
    assert [cell["id"] for cell in json.loads(texts["student"])["cells"]] == kept


def test_the_search_of_the_students_edition_does_not_know_the_solutions(sites):
    words = {k: (site / "searchindex.js").read_text("utf-8") for k, site in sites.items()}
    assert len(words["student"]) < 0.9 * len(words["instructor"])


def test_an_unknown_edition_is_refused_in_one_line(monkeypatch):
    monkeypatch.setenv("LLMECON_EDITION", "studnt")
    with pytest.raises(edition.UnknownEdition, match="one of instructor, student, got 'studnt'"):
        edition.asked()
