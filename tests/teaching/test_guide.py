"""The instructor's guide: what it tells to open, to run and to show is there."""

import re
import shlex
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from llmecon_book.explore import mechanism, reversal
from llmecon_book.run import scenario

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "book" / "teach.md").read_text("utf-8")
COMMANDS = re.findall(r"^\$ (.+)$", GUIDE, re.M)
FIGURES = {"batch": mechanism.price_curve(), "server": reversal.gpt4_server()}


def test_it_is_short_enough_to_be_read_the_evening_before():
    prose = re.sub(r"^```.*?^```", "", GUIDE, flags=re.M | re.S)
    assert len(re.sub(r"\{glue:text\}`[^`]*`", "1", prose).split()) < 1200


MINUTES = {"Ten": 10, "Fifteen": 15, "Twenty": 20, "Twenty-five": 25}
READ_WORDS_PER_MINUTE, SAID_WORDS_PER_MINUTE = 200, 130


def test_the_lecture_adds_up_and_its_slides_leave_half_of_the_time():
    length, plan = re.search(r"## A lecture of (\d+) minutes\n(.+?)\n## ", GUIDE, re.S).groups()
    parts = re.findall(r"^\d\. \*\*(\S+) minutes: (.+?)(?=^\d\. |\Z)", plan, re.M | re.S)
    assert sum(MINUTES[words] for words, _ in parts) == int(length)
    wholes = []
    for words, text in parts[1:]:
        chapter, named = re.match(r"\{doc\}`/notebooks/(\w+)`\*\* Slides ([^.]+)\.", text).groups()
        deck = (ROOT / "teaching" / "slides" / f"{chapter}.md").read_text("utf-8")
        slides = re.split(r"^---$", deck, flags=re.M)
        ends = [one.split(" to ") for one in named.split(", ")]
        shown = [slides[at - 1] for one in ends for at in range(int(one[0]), int(one[-1]) + 1)]
        whole = int(re.search(r"lecture of (\d+) minutes", deck)[1])
        wholes.append(whole)
        assert len(shown) / len(slides) * whole <= MINUTES[words], chapter
        seen, said = zip(*(slide.split("\nNote:") for slide in shown), strict=True)
        read = len(" ".join(seen).split()) / READ_WORDS_PER_MINUTE
        told = len(" ".join(said).split()) / SAID_WORDS_PER_MINUTE
        assert read + told <= MINUTES[words] / 2, chapter
    assert f"{min(wholes)} to {max(wholes)} minutes" in plan


def test_it_names_an_exercise_of_each_chapter():
    asked = set(re.findall(r"\{ref\}`(ex-[\w-]+)`", GUIDE))
    for page in (ROOT / "teaching").glob("exercises-*.ipynb"):
        labels = set(re.findall(r":label: (ex-[\w-]+)", page.read_text("utf-8")))
        assert labels & asked
        asked -= labels
    assert not asked


def test_each_button_sets_every_control_of_its_figure():
    found = re.findall(r"\{button-link\} \.\./notebooks/\w+\.html#(\w+)\?(\S+)", GUIDE)
    assert {key for key, _ in found} == set(FIGURES)
    for key, query in found:
        given = dict(parse_qsl(query, strict_parsing=True))
        assert given.keys() == {control.name for control in FIGURES[key].controls}
        assert all(given[control.name] in control.options for control in FIGURES[key].controls)


def test_every_target_of_make_exists():
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.M)
    asked = {shlex.split(line)[1] for line in COMMANDS if line.startswith("make ")}
    assert {"site", "worksheets"} <= asked <= set(targets)


@pytest.mark.parametrize("file", re.findall(r"llmecon rerun (\S+\.yml)", GUIDE))
def test_every_scenario_of_a_class_can_be_run(file, tmp_path):
    tasks = scenario.tasks(scenario.load(ROOT / file), ROOT, tmp_path, "nothing")
    assert tasks
