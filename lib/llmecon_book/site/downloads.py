"""What the download button of a chapter gives: a notebook that reads, and runs, anywhere."""

from pathlib import Path

from sphinx.application import Sphinx

from llmecon_book.run.export import readable


def write_downloads(app: Sphinx, exception: Exception | None) -> None:
    """Put a readable copy where the theme's button finds the notebook of a page."""
    if exception or app.builder.format != "html" or app.builder.name == "epub":
        return
    folder = Path(app.outdir) / "_sources" / "notebooks"
    for path in folder.glob("*.ipynb"):
        source = Path(app.srcdir) / "notebooks" / path.name
        path.write_text(readable(source.read_text(encoding="utf-8")), encoding="utf-8")
