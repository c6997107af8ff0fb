"""An executed chapter that reads anywhere: plain Markdown with its numbers, figures and links.

On the site, roles and directives put numbers and figures into the text. Jupyter knows neither.
`readable` writes them out, so that the notebook reads, and runs, wherever it is opened: it is what
the download button, ``make lab``, ``llmecon rerun`` and ``llmecon export`` give.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat

from llmecon import catalog
from llmecon.catalog.reading import read_json
from llmecon.catalog.strict_yaml import read_yaml
from llmecon_book.charts import pictures, specs
from llmecon_book.charts.theme import MIME
from llmecon_book.facts import ClaimRow  # which makes the table of claims known
from llmecon_book.notebook import show_all
from llmecon_book.run.numbers import RECORD, key_numbers
from llmecon_book.words import short, written

_NOWHERE = "unpublished:/"  # where links lead while the site has no address: they become words
MARK = "exported"  # in the metadata of a copy: digest of its cells as they were written
_TABLE_ROWS = 60
_OPENING = """\
> This is a copy of [a page of the book]({page}). Its text holds the numbers of one run, \
which stay; a cell that is run in a place where the library is installed shows what it computes \
below it."""
_SWITCH = f"""\
from {show_all.__module__} import {show_all.__name__}

{show_all.__name__}()  # in a copy, cells show what the site puts into the text"""
_ROLE = re.compile(r"\{([a-z][\w:-]*)\}`([^`]+)`")
_TITLED = re.compile(r"(.+?)\s*<([^<>]+)>", re.S)
_FENCE = re.compile(r"\s*(`{3,}|:{3,})(?:\{([\w:-]+)\}\s*(.*)|.*)")
_LABEL = re.compile(r"\(([\w-]+)\)=\s*")
_OPTION = re.compile(r":([\w-]+):\s*(.*)")


def readable(text: str, *, site: str = "") -> str:
    """An executed chapter as a notebook without a role, a directive or a figure that is missing.

    Parameters
    ----------
    text : str
        The notebook with its outputs, as JSON.
    site : str, optional
        Address of the site, to which the links lead; that of the book's settings if not given.
        While there is none, links are plain words.

    Returns
    -------
    str
        The copy, as JSON; the same input gives the same copy.
    """
    page = _Page(text, site)
    notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    if MARK in notebook.metadata:  # a copy already
        return text
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = page.plain(cell.source)
            if page.pictures:
                cell.attachments = page.pictures
                page.pictures = {}
        elif cell.cell_type == "code":
            cell.outputs = [page.output(o) for o in cell.outputs if not _only_stored(o)]
    v4: Any = nbformat.v4
    opening = page.linked(_OPENING.format(page=page.address(page.name)))
    notebook.cells[:0] = [
        v4.new_markdown_cell(opening, id="copy-text"),
        v4.new_code_cell(_SWITCH, id="copy-code"),
    ]
    notebook.metadata[MARK] = digest(notebook)
    nbformat.validate(notebook)
    written_out: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    return written_out + "\n"


def read_chapter(path: Path) -> str:
    """Text of a notebook.

    Raises
    ------
    ValueError
        If the file is none.
    """
    read_json(path)  # which names file and line
    text = path.read_text(encoding="utf-8-sig")
    try:
        nbformat.validate(nbformat.reads(text, as_version=4))  # type: ignore[no-untyped-call]
    except (nbformat.ValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{path.name}: not a notebook: {reason}") from None
    return text


def digest(notebook: Any) -> str:
    """Of the cells of a copy: another one means that somebody worked in it."""
    cells = [(c.cell_type, c.source, c.get("outputs", [])) for c in notebook.cells]
    return hashlib.sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()


def write_copy(text: str, target: Path, *, site: str = "") -> bool:
    """Write a readable copy, unless one is there in which somebody worked.

    Returns
    -------
    bool
        Whether it was written.
    """
    if target.exists():
        there = nbformat.read(target, as_version=4)  # type: ignore[no-untyped-call]
        if there.metadata.get(MARK) != digest(there):
            return False
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f"{target.name}.part")
    try:
        beside.write_text(readable(text, site=site), encoding="utf-8")
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return True


def _only_stored(output: Any) -> bool:
    data = output.get("data", {})
    return bool(data) and all(kind.startswith(RECORD) for kind in data)


def of_site(repository: str, own: str = "") -> str:
    """Address of the published site, ending in a slash; empty while nothing is known.

    Parameters
    ----------
    repository : str
        Address of the repository; on GitHub it tells the address of its pages.
    own : str, optional
        The site's own address, which goes first.

    Examples
    --------
    >>> of_site("https://github.com/some-one/a-book")
    'https://some-one.github.io/a-book/'
    >>> of_site("https://gitlab.com/some-one/a-book", "https://example.org/book")
    'https://example.org/book/'
    >>> of_site("")
    ''
    """
    found = re.fullmatch(r"https://github\.com/([^/]+)/([^/]+?)(?:\.git)?/?", repository)
    address = own or (f"https://{found[1].lower()}.github.io/{found[2]}" if found else "")
    return address and address.rstrip("/") + "/"


def published(book: Path) -> str:
    """Address of the site by the settings of a book; empty while there is none."""
    path = book / "_config.yml"
    settings = read_yaml(path) if path.is_file() else {}
    own = (settings.get("html") or {}).get("baseurl") or ""
    return of_site((settings.get("repository") or {}).get("url") or "", own)


class _Book:
    """What links and numbers of a page need of the other pages."""

    def __init__(self) -> None:
        self.root = Path(__file__).parents[3]

    @cached_property
    def pages(self) -> dict[str, str]:
        """Text of each page, by its name on the site."""
        paths = [*self.root.glob("book/**/*.md"), *self.root.glob("notebooks/*.ipynb")]
        return {
            path.relative_to(self.root).with_suffix("").as_posix(): path.read_text("utf-8")
            for path in paths
        }

    def prose(self, page: str) -> str:
        text = self.pages.get(page, "")
        return "\n\n".join(_prose(text)) if page.startswith("notebooks/") and text else text

    @cached_property
    def labels(self) -> dict[str, tuple[str, str]]:
        """Page and heading of each label."""
        pattern = re.compile(r"^\(([\w-]+)\)=\n#+ (.+)$", re.M)
        return {
            label: (page, title)
            for page in self.pages
            for label, title in pattern.findall(self.prose(page))
        }

    def title(self, page: str) -> str:
        found = re.search(r"^# (.+)$", self.prose(page), re.M)
        return found[1] if found else page.rpartition("/")[2]

    @cached_property
    def terms(self) -> dict[str, str]:
        """Places of the glossary by the word in lower case."""
        body = re.search(r"```\{glossary\}\n(.*?)```", self.prose("book/glossary"), re.S)
        words = re.findall(r"^\S.*$", body[1] if body else "", re.M)
        return {word.lower(): "term-" + re.sub(r"[^\w]+", "-", word).strip("-") for word in words}

    @cached_property
    def sources(self) -> Any:
        from pybtex.database import parse_file

        path = self.root / "book" / "references.bib"
        return parse_file(str(path)).entries if path.is_file() else {}

    @cached_property
    def verdicts(self) -> dict[str, str]:
        return {r.id: r.verdict for r in catalog.rows("claims") if isinstance(r, ClaimRow)}


def _prose(text: str) -> list[str]:
    """Markdown cells of a notebook."""
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
    return ["".join(cell["source"]) for cell in cells]


def _figures(text: str) -> dict[str, Any]:
    """Specifications of the charts that a notebook stores, by key."""
    found = {}
    for cell in json.loads(text)["cells"]:
        for output in cell.get("outputs", []):
            spec = output.get("data", {}).get(RECORD + MIME)
            if spec:
                found[output["metadata"]["scrapbook"]["name"]] = spec
    return found


class _Page:
    """One chapter: its numbers, its figures and their order, and how each mark is written out."""

    def __init__(self, text: str, site: str) -> None:
        self.book = _Book()
        self.site = (site or published(self.book.root) or _NOWHERE).rstrip("/") + "/"
        self.numbers, self.figures = key_numbers(text), _figures(text)
        prose = "\n\n".join(_prose(text))
        label = _LABEL.match(prose)
        self.name = f"notebooks/{label[1]}" if label else "book/index"
        self.order = re.findall(r"\{glue:figure\} \S+\n:name: (\S+)", prose)
        self.exercises = re.findall(r"^:label: (\S+)", prose, re.M)
        self.pictures: dict[str, Any] = {}

    def address(self, page: str, place: str = "") -> str:
        return f"{self.site}{page}.html" + (f"#{place}" if place else "")

    def output(self, output: Any) -> Any:
        """An output whose Markdown reads anywhere."""
        text = output.get("data", {}).get("text/markdown")
        if text:
            output.data["text/markdown"] = self.plain(text)
        return output

    # ---- blocks ------------------------------------------------------------------------------

    def plain(self, text: str) -> str:
        """Text without roles, directives, labels and links that lead beside the notebook."""
        text = "\n".join(self._blocks(iter(text.splitlines())))
        return self.linked(re.sub(r'(\]\(|href=")\.\./', rf"\g<1>{self.site}", text)).strip("\n")

    def linked(self, text: str) -> str:
        """Text whose links lead somewhere, or are words."""
        words = re.sub(rf"\[([^\[\]]*)\]\({_NOWHERE}[^)]*\)", r"\1", text)
        return re.sub(rf'<a [^>]*href="{_NOWHERE}[^>]*>(.*?)</a>', r"\1", words, flags=re.S)

    def _blocks(self, lines: Iterator[str]) -> Iterator[str]:
        run: list[str] = []  # roles may go over the end of a line, but not into a block
        for line in lines:
            fence = _FENCE.fullmatch(line)
            if not fence and not _LABEL.fullmatch(line):
                run.append(line)
                continue
            yield self._inline(run)
            run = []
            if fence:
                body = [*_until(lines, fence[1])]
                if fence[2]:
                    yield self._directive(fence[2], fence[3].strip(), body)
                else:
                    yield "\n".join([line, *body, fence[1]])
        yield self._inline(run)

    def _directive(self, name: str, argument: str, lines: list[str]) -> str:
        options: dict[str, str] = {}
        while lines and (option := _OPTION.fullmatch(lines[0])):
            options[option[1]] = option[2]
            lines.pop(0)
        body = self.plain("\n".join(lines).strip("\n"))
        if name in ("glue:figure", "glue"):
            return self._figure(argument, options.get("name", ""), body)
        if name == "dropdown":
            return _folded(self._inline([argument]), body)
        if name == "exercise":
            return f"**{self._exercise(options.get('label', ''))}.** {body}"
        if name == "solution":
            return _folded(f"Answer to {self._exercise(argument)}", body)
        head = f"**{argument}**\n\n" if argument else ""
        return re.sub(r"^", "> ", head + body, flags=re.M)

    def _exercise(self, label: str) -> str:
        known = label in self.exercises
        return f"Exercise {self.exercises.index(label) + 1}" if known else "Exercise"

    def _figure(self, key: str, name: str, caption: str) -> str:
        spec = self.figures.get(key)
        if spec is None:
            return f"*Figure {key} is not stored in this notebook.* {caption}"
        picture = base64.b64encode(pictures.png(spec)).decode()
        self.pictures[f"{key}.png"] = {"image/png": picture}
        says = re.sub(r"[\[\]\n]+", " ", spec["description"])
        head = f"![{says}](attachment:{key}.png)\n\n**{self._numbered(name)}.** {caption}"
        return f"{head}\n\n{_folded('Numbers of this figure', _tables(spec))}"

    def _numbered(self, name: str) -> str:
        return f"Figure {self.order.index(name) + 1}"

    # ---- marks in a line ---------------------------------------------------------------------

    def _inline(self, lines: list[str]) -> str:
        return _ROLE.sub(self._role, "\n".join(lines))

    def _role(self, found: re.Match[str]) -> str:
        titled = _TITLED.fullmatch(found[2])
        shown, target = (titled[1], titled[2]) if titled else ("", found[2])
        write = self._roles.get(found[1])
        return write(shown, target) if write else shown or target

    @property
    def _roles(self) -> dict[str, Callable[[str, str], str]]:
        return {
            "glue:text": lambda shown, target: self._number(target),
            "cite:t": lambda shown, target: ", ".join(map(self._cited, target.split(","))),
            "term": self._term,
            "doc": self._doc,
            "ref": self._ref,
            "numref": self._numref,
            "claim": self._claim,
            "extrapolated": self._extrapolated,
        }

    def _number(self, text: str) -> str:
        page, _, key = text.rpartition("::")
        key, _, form = key.partition(":")
        numbers = self.numbers
        if page:
            other = self.book.pages.get(page.strip("/").removesuffix(".ipynb"))
            numbers = key_numbers(other) if other else {}
        if key not in numbers:
            return f"(no number {key})"
        return str(numbers[key]) if form == "s" else written(numbers[key], form)

    def _cited(self, key: str) -> str:
        entry = self.book.sources.get(key.strip())
        if entry is None:
            return key
        names = [
            " ".join(person.prelast_names + person.last_names).strip("{}")
            for person in entry.persons["author"]
        ]
        several = len(names) > 2 or "others" in names
        who = f"{names[0]} et al." if several else " and ".join(names)
        fields = entry.fields
        doi = f"https://doi.org/{fields['doi']}" if "doi" in fields else ""
        where = fields.get("url", doi) or self.address("book/bibliography")
        return f"[{who} ({fields['year']})]({where})"

    def _term(self, shown: str, target: str) -> str:
        target = " ".join(target.split())
        place = self.book.terms.get(target.lower(), "")
        return f"[{shown or target}]({self.address('book/glossary', place)})"

    def _doc(self, shown: str, target: str) -> str:
        near = f"{self.name.rpartition('/')[0]}/{target}"
        page = target[1:] if target.startswith("/") else near
        return f"[{shown or self.book.title(page)}]({self.address(page)})"

    def _ref(self, shown: str, target: str) -> str:
        page, title = self.book.labels.get(target, ("book/index", target))
        return f"[{shown or title}]({self.address(page, target)})"

    def _numref(self, shown: str, target: str) -> str:
        if target in self.order:
            return self._numbered(target)
        home = (p for p in self.book.pages if f":name: {target}" in self.book.prose(p))
        return f"[a figure]({self.address(next(home, self.name), target)})"

    def _claim(self, shown: str, target: str) -> str:
        default = self.book.verdicts.get(target, "")
        said = self.numbers.get(f"verdict-{target}", default)
        place = self.address("book/claims", f"claim-{target.lower()}")
        return f"[{target}: {said}]({place})"

    def _extrapolated(self, shown: str, target: str) -> str:
        times = self.numbers.get(target, 1)
        return f"({short(times)} times beyond the measured range)" if times > 1 else ""


def _until(lines: Iterator[str], fence: str) -> Iterator[str]:
    """Lines up to the end of a fence."""
    for line in lines:
        if line.strip() == fence:
            return
        yield line


def _folded(head: str, body: str) -> str:
    summary = f"<summary>{html.escape(head, quote=False)}</summary>"
    return f"<details>{summary}\n\n{body}\n\n</details>"


def _tables(spec: dict[str, Any]) -> str:
    """The data of a chart as Markdown."""
    titles = specs.column_titles(spec)
    return "\n\n".join(filter(None, (_table(rows, titles) for rows in specs.tables(spec))))


def _table(rows: list[dict[str, Any]], titles: dict[str, str]) -> str:
    present = dict.fromkeys(key for row in rows for key in row)
    columns = [key for key in present if key in titles]
    lines = [[titles[key] for key in columns], ["---"] * len(columns)]
    lines += [[specs.shown(row.get(key)) for key in columns] for row in rows[:_TABLE_ROWS]]
    if len(rows) > _TABLE_ROWS:
        lines.append([f"and {len(rows) - _TABLE_ROWS} more rows"])
    told = ["| " + " | ".join(map(_in_cell, line)) + " |" for line in lines]
    return "\n".join(told) if columns else ""


def _in_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
