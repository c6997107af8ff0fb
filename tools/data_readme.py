"""Write data/README.md from the schema: a column is described once. Run by ``make data``."""

from pathlib import Path

from llmecon.catalog.package import datapackage
from llmecon_book.facts import catalog  # with the tables of the book

ROOT = Path(__file__).parents[1]
HEAD = """\
# The tables

UTF-8 CSV, one header line, ISO dates, plain or scientific numbers in base units. **An empty cell
means unknown, never zero.** Every row names its source and that source's terms (`source`,
`source_url`, `licence`); those terms apply to the row, and the first source is to be named beside
any number that is reused. The selection and arrangement are CC BY 4.0, see `LICENSE-text`.

`datapackage.json` describes the same for programs (Frictionless Data). Both files are written by
`make data` from the row classes in `lib/llmecon/catalog/rows.py` and, for what the article says, in
`lib/llmecon_book/facts.py`. They check every row on load: a wrong one stops with file, line, column
and reason: a value that only another unit could give, or a name that the table it belongs to does
not have.

To compute with tables of one's own, copy this folder, change or add rows, and name the copy in the
environment variable `LLMECON_DATA`.

Sizes are graded: **disclosed** by the maker or countable from public weights, **reported** by a
leak or a principal, **estimate** otherwise. An estimate keeps its range (`size_low`, `size_high`).
"""


def table(resource: dict) -> str:
    """One table as a section."""
    frame = catalog.table(resource["name"])
    lines = [
        f"## `{resource['name']}.csv`",
        "",
        f"{resource['title']}: {len(frame)} rows. {resource['description']}",
        "",
        f"Key: {', '.join(f'`{key}`' for key in resource['schema']['primaryKey'])}.",
        f"Terms of the rows: {'; '.join(sorted(frame.licence.unique()))}.",
        "",
        "| column | unit | meaning |",
        "|---|---|---|",
    ]
    for field in resource["schema"]["fields"]:
        unit = field.get("unit", "")
        lines.append(f"| `{field['name']}` | {unit} | {field['description']} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sections = [HEAD, *(table(r) for r in datapackage()["resources"])]
    (ROOT / "data" / "README.md").write_text("\n".join(f"{s}\n" for s in sections), "utf-8")
