"""What stands below a page: from when its facts and its run are, and how to cite it."""

from __future__ import annotations

import html
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from pybtex.database import BibliographyData
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import llmecon
from llmecon_book import freshness
from llmecon_book.words import as_day


def bibtex(key: str, **fields: str) -> str:
    """One BibTeX entry by the authors of the book unless it names others; empty fields left out.

    Examples
    --------
    >>> print(bibtex("a", title="Of 90 % & more", year="2026", url=""))
    @misc{a,
      author = {{The llmecon authors}},
      title = {{Of 90 \\% \\& more}},
      year = {2026}
    }
    """
    whole = {"author": "{The llmecon authors}"} | fields
    texts = {name: _escaped(name, text) for name, text in whole.items() if text}
    texts["title"] = f"{{{texts['title']}}}"  # capitals stay
    lines = (f"  {name} = {{{text}}}" for name, text in texts.items())
    return f"@misc{{{key},\n" + ",\n".join(lines) + "\n}"


def _escaped(name: str, text: str) -> str:
    if name == "url":
        return text
    braces = str.maketrans("", "", "{}") if name != "author" else {}
    return re.sub(r"([%&#_$])", r"\\\1", text.translate(braces))


def folded(summary: str, entries: list[str]) -> str:
    """BibTeX that unfolds without script; where script runs it has the button that copies."""
    text = html.escape("\n\n".join(entries), quote=False)
    return (
        f'<details class="cite"><summary>{html.escape(summary)}</summary>'
        f'<div class="highlight-bibtex notranslate"><div class="highlight"><pre tabindex="0">{text}'
        "\n</pre></div></div></details>"
    )


def day_of_run(root: Path, name: str) -> str:
    """ISO day on which the stored outputs of a page were made: that of their commit.

    Not the clock of the build, so that two builds of one commit are the same bytes.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the book.
    name : str
        Name of a page; one without outputs of its own shows those of all chapters.
    """
    chapter = f"{name}.ipynb"
    shown = chapter if (root / chapter).is_file() else "notebooks"
    return _committed(root, shown) or _last_change(root)


@cache
def _committed(root: Path, path: str) -> str:
    """Day of the newest commit that touched a path; empty outside of a repository."""
    command = ["git", "log", "-1", "--format=%cs", "--", path]
    try:
        return subprocess.run(
            command, cwd=root, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


@cache
def _last_change(root: Path) -> str:
    """Newest day that the record of changes names; empty without one."""
    record = root / "CHANGELOG.md"
    text = record.read_text(encoding="utf-8") if record.is_file() else ""
    return max(re.findall(r"^## .*(\d{4}-\d\d-\d\d)", text, re.M), default="")


def day_of_facts() -> str:
    """ISO day of the newest fact of all tables."""
    return f"{freshness.state().newest.max():%Y-%m-%d}"


def works_cited(env: BuildEnvironment, page: str) -> list[str]:
    """BibTeX of the works that a page names, in the order in which it does."""
    if "cite" not in env.domaindata:
        return []
    domain: Any = env.get_domain("cite")
    named = (ref for ref in domain.citation_refs if ref.docname == page)
    keys = dict.fromkeys(target.key for ref in named for target in ref.targets)
    known = domain.bibdata.data.entries
    return [entry(key, known[key]) for key in keys if key in known]


def entry(key: str, work: Any) -> str:
    """A work of the bibliography as BibTeX."""
    return str(BibliographyData({key: work}).to_string("bibtex")).strip()


def source(key: str, name: str, rows: str, works: BibliographyData | None = None) -> str:
    """A source of data rows as BibTeX: that of the bibliography where its arXiv number is known.

    Parameters
    ----------
    key, name : str
        Of the entry if it is new, and what the rows call their source.
    rows : str
        How many rows rest on it.
    works : pybtex.database.BibliographyData, optional
        The book's bibliography.
    """
    number = re.search(r"arXiv:(\d{4}\.\d{4,5})", name)
    for known, work in (works.entries if works and number else {}).items():
        if work.fields.get("eprint") == number[1]:  # type: ignore[index]
            return entry(known, work)
    arxiv = number and f"https://arxiv.org/abs/{number[1]}"
    return bibtex(key, author="", title=name, note=rows, url=arxiv or "")


def collection(key: str, title: str, config: Any) -> str:
    """This book's selection of rows as BibTeX, to be named after their sources."""
    day = day_of_facts()
    note = f"Version {llmecon.__version__}, facts up to {day}"
    where = config.html_baseurl and f"{config.html_baseurl}data/{key.partition('-')[2]}.csv"
    name = f"{title}. Data of: {config.project}"
    return bibtex(key, title=name, year=day[:4], note=note, url=where)


def foot(app: Sphinx, page: str, title: str) -> dict[str, str]:
    """Days and citation below a page, first sources first.

    Parameters
    ----------
    app : Sphinx
        Its settings and bibliography.
    page, title : str
        Name of the page, and its title, maybe with markup.
    """
    facts, run = day_of_facts(), day_of_run(Path(app.srcdir), page)
    said = html.unescape(re.sub(r"<[^>]+>", "", title))
    own = bibtex(
        f"llmecon-{page.rpartition('/')[2]}",
        title=said if said == app.config.project else f"{said}. In: {app.config.project}",
        year=(run or facts)[:4],
        note=f"Version {llmecon.__version__}, facts up to {facts}" + (run and f", run of {run}"),
        url=app.config.html_baseurl and app.config.html_baseurl + app.builder.get_target_uri(page),
    )
    return {
        "facts": as_day(facts),
        "run": run and as_day(run),
        "version": llmecon.__version__,
        "cite": folded("Cite this page", [*works_cited(app.env, page), own]),
    }
