"""Chapters run again with other numbers: scenarios, sweeps, and what changed.

A scenario is checked whole before anything starts; finished chapters are not run twice.
"""

from llmecon_book.run.digest import library_digest
from llmecon_book.run.numbers import Change, compare, key_numbers, table
from llmecon_book.run.parameters import Parameter, check_values, declared
from llmecon_book.run.running import ChapterFailed, Task, execute, run
from llmecon_book.run.scenario import (
    Scenario,
    find_book,
    known_parameters,
    load,
    tasks,
    with_values,
)
from llmecon_book.run.sweep import parse_axis, points, side_by_side, sweep_table

__all__ = [
    "Change",
    "ChapterFailed",
    "Parameter",
    "Scenario",
    "Task",
    "check_values",
    "compare",
    "declared",
    "execute",
    "find_book",
    "key_numbers",
    "known_parameters",
    "library_digest",
    "load",
    "parse_axis",
    "points",
    "run",
    "side_by_side",
    "sweep_table",
    "table",
    "tasks",
    "with_values",
]
