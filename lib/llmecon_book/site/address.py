"""Where the book lives: one setting, the repository's address, and what follows from it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.errors import SphinxError

from llmecon_book.run.export import of_site

CARD = "card.png"
_BUTTONS = ("repository", "issues", "source", "edit_page")
_LAUNCH = {
    "binderhub_url": "https://mybinder.org",  # environment.yml is its recipe
    "notebook_interface": "jupyterlab",
}


class WrongAddress(SphinxError):
    """An address in the settings that leads nowhere; the build stops."""

    category = "Address error"


def settle(app: Sphinx, config: Any) -> None:
    """Turn buttons and tags on where the repository's address is known, else off."""
    options = config.html_theme_options
    repository = str(options.get("repository_url") or "").rstrip("/")
    for name, address in {
        "repository.url": repository,
        "html.baseurl": config.html_baseurl,
    }.items():
        parts = urlsplit(address)
        if address and not (parts.scheme in ("http", "https") and parts.netloc):
            raise WrongAddress(f"{name} must begin with https://HOST/, got {address!r}")
    if repository and len(urlsplit(repository).path.strip("/").split("/")) < 2:
        raise WrongAddress(f"repository.url must end in OWNER/NAME, got {repository!r}")
    if config.html_theme == "sphinx_book_theme":
        options |= {f"use_{name}_button": bool(repository) for name in _BUTTONS}
        options |= {"repository_url": repository, "launch_buttons": _LAUNCH if repository else {}}
    config.html_baseurl = config.ogp_site_url = of_site(repository, config.html_baseurl)
    if config.llmecon_card:
        config.ogp_image, config.ogp_image_alt = f"_static/{CARD}", config.project


def without_address(tags: str, up: str) -> str:
    """A page's tags for link previews while the site has no address: none is invented.

    Examples
    --------
    >>> without_address('<meta property="og:url" content="a.html" />', "../")
    ''
    >>> without_address('<meta property="og:image" content="_static/card.png" />', "../")
    '<meta property="og:image" content="../_static/card.png" />'
    """
    tags = re.sub(r'<meta property="og:url"[^>]*>\n?', "", tags)
    return re.sub(r'(property="og:image" content=")', rf"\g<1>{up}", tags)
