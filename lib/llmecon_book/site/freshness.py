"""Directive that writes how fresh each table is."""

from __future__ import annotations

from typing import ClassVar

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from llmecon import catalog
from llmecon_book.site.tables import row, scrolling, table


class FactsState(SphinxDirective):
    """Newest row of each table with dates, and how far it lies behind the last day of all."""

    heads: ClassVar[dict[str, int]] = {
        "Table": 30,
        "Rows": 14,
        "Newest row": 20,
        "Days behind": 18,
        "State": 18,
    }

    def run(self) -> list[nodes.Node]:
        """The table, stale rows marked in words."""
        from llmecon_book import freshness  # late: the tables as they are at build

        self.env.note_dependency(str(catalog.data_folder() / "datapackage.json"))
        rows = [
            row(
                [
                    catalog.TABLES[line["table"]].TITLE,
                    f"{line['rows']:,}",
                    f"{line['newest']:%Y-%m-%d}",
                    f"{line['days_behind']:,}",
                    "stale" if line["stale"] else "fresh",
                ]
            )
            for line in freshness.state().to_dict("records")
        ]
        made = table(self.heads, rows, "data-columns", "days")
        return scrolling(made, "Newest row of each table")
