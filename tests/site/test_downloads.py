"""The download button of a chapter gives a notebook that reads anywhere, and what it links to is
there: every address of a copy leads to a page and a place of the built site."""

import json
import re
from pathlib import Path

import pytest

from llmecon_book.run import export

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("name", NAMES)
def test_the_button_gives_the_readable_copy(site, name):
    page = (site / "notebooks" / f"{name}.html").read_text("utf-8")
    (offered,) = set(re.findall(r'href="\.\./(_sources/[^"]+\.ipynb)"', page))
    given = (site / offered).read_text("utf-8")
    assert given == export.readable((ROOT / "notebooks" / f"{name}.ipynb").read_text("utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_every_address_of_a_copy_is_on_the_site(site, name):
    there = "https://example.org/"
    stored = (ROOT / "notebooks" / f"{name}.ipynb").read_text("utf-8")
    copy = json.loads(export.readable(stored, site=there))
    text = "".join("".join(c["source"]) for c in copy["cells"] if c["cell_type"] == "markdown")
    places = set(re.findall(rf"\({there}([\w/-]+\.html)(?:#([\w.-]+))?\)", text))
    assert places
    for page, place in places:
        shown = (site / page).read_text("utf-8")
        assert not place or f'id="{place}"' in shown, f"{page} has no {place}"
