"""Chapters run again with other numbers: scenarios, sweeps, and what changed.

A scenario is checked whole before anything starts; finished chapters are not run twice.
"""

from llmecon.rerun.digest import library_digest
from llmecon.rerun.numbers import Change, compare, key_numbers, table
from llmecon.rerun.parameters import Parameter, check_values, declared
from llmecon.rerun.running import ChapterFailed, Task, execute, run
from llmecon.rerun.scenario import (
    Scenario,
    find_book,
    known_parameters,
    load,
    tasks,
    with_values,
)
from llmecon.rerun.sweep import parse_axis, points, side_by_side, sweep_table

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
