"""Figures whose assumptions the reader moves, with no kernel and no request.

An `Explorable` is a few controls, each with a short list of settings, and one function of the
library that says what a setting gives. The site computes every reachable setting at build; the
page looks it up. So no formula is written a second time, and a test can compare what the page
shows with what the function says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import altair as alt
import pandas as pd

Setting = tuple[str, ...]
"""The words of one option for each control, in their order."""


@dataclass(frozen=True, kw_only=True)
class Control:
    """Something that the reader moves.

    Attributes
    ----------
    name : str
        Argument of the explorable's function, and its name in the address.
    label : str
        What the reader calls it, with the unit in brackets.
    options : mapping of str to object
        What the reader sees, and the value that the function gets; numbers rise.
    default : str
        The option that the page opens with.
    """

    name: str
    label: str
    options: Mapping[str, Any]
    default: str

    def __post_init__(self) -> None:
        if self.default not in self.options:
            raise ValueError(f"{self.name}: {self.default!r} is none of {list(self.options)}")

    @property
    def slides(self) -> bool:
        """Whether it is a slider: more than three numbers in order."""
        values = list(self.options.values())
        numbers = all(type(value) in (int, float) for value in values)
        return numbers and len(values) > 3


@dataclass(frozen=True, kw_only=True)
class State:
    """What one setting gives.

    Attributes
    ----------
    title : str
        The finding in one sentence; it stands above the figure.
    sentence : str
        What that means, with its numbers; it stands below.
    readout : mapping of str to str
        Two to four numbers with their names, as the page shows them.
    rows : pandas.DataFrame
        What the figure draws and the table lists: the same columns in every setting.
    """

    title: str
    sentence: str
    readout: Mapping[str, str]
    rows: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class Explorable:
    """A figure whose assumptions the reader moves.

    Attributes
    ----------
    key : str
        Name in addresses and files.
    question : str
        What it answers, as a heading.
    controls : tuple of Control
        Two or more.
    state : callable
        From the controls' values, by name, to a `State`.
    chart : callable
        From the rows of one setting and the rows of all settings together (for scales that stay)
        to a chart of the former; title and description come from the state.
    source : str
        One or two sentences below the figure: how it was computed, from which sources.
    tries : tuple of str
        What to try, in three lines.
    """

    key: str
    question: str
    controls: tuple[Control, ...]
    state: Callable[..., State]
    chart: Callable[[pd.DataFrame, pd.DataFrame], alt.LayerChart | alt.Chart]
    source: str
    tries: tuple[str, str, str]
    _kept: dict[Setting, State] = field(default_factory=dict, repr=False, compare=False)

    def settings(self) -> Iterator[Setting]:
        """Every reachable setting, the last control moving fastest."""
        return product(*(control.options for control in self.controls))

    @property
    def default(self) -> Setting:
        """The setting that the page opens with."""
        return tuple(control.default for control in self.controls)

    def at(self, setting: Setting) -> State:
        """What a setting gives, computed once."""
        if setting not in self._kept:
            chosen = zip(self.controls, setting, strict=True)
            values = {control.name: control.options[words] for control, words in chosen}
            self._kept[setting] = self.state(**values)
        return self._kept[setting]

    def drawn(self) -> alt.LayerChart | alt.Chart:
        """The figure of the default setting, on scales that hold every setting."""
        shown = self.at(self.default)
        every = pd.concat([self.at(setting).rows for setting in self.settings()])
        described = f"{shown.title}. {shown.sentence}"
        return self.chart(shown.rows, every).properties(title=shown.title, description=described)
