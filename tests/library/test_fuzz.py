"""Whatever is typed or put into a file ends in an answer or in one line: invariants by Hypothesis.

The same examples in every run of ``make test``; ``make fuzz`` draws new ones, many more of them.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.main import get_command

from llmecon import catalog, cli, roofline
from llmecon.catalog import chip_file, hf_config, reading
from llmecon.catalog.rows import _PriceRow, _ScoreRow
from llmecon.catalog.strict_yaml import read_yaml

LONGER = int(os.environ.get("LLMECON_FUZZ", "0"))


def fuzz(examples):
    """A small fixed budget, or a longer one with new examples."""
    return settings(
        max_examples=LONGER or examples,
        derandomize=not LONGER,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


MODEL, CHIP = "Llama 3.1 70B", "H200 SXM 141GB"
HUGE = ["0", "-1", "1e308", "-1e-308", "nan", "inf", "-inf", "1e18", "9" * 400, "1_0", "0x10", "½"]
TEXTS = ["", " ", ",", "\x00", "\x1b[31m", "é" * 300, "--", "{}", "[", "null", "2024-02-30", "."]
USUAL = ["1", "8", "64", "0.5", "3", "1e24", "fp8", "bf16", "2025-08", "2024-12-13", MODEL, CHIP]
USUAL += ["BESIROGLU_2024", "HO_2024", "GPT-4", "E05", "P1a", "wrong", "reversal", "vLLM 2025"]
words = st.one_of(
    st.sampled_from(HUGE), st.sampled_from(TEXTS), st.sampled_from(USUAL), st.text(max_size=8)
)
lists = st.lists(words, min_size=1, max_size=3).map(",".join)

# Minutes of work, or work of the book that has tests of its own.
SLOW = {("calibrate",), ("rerun",), ("facts", "check"), ("facts", "state"), ("law", "fit")}
SLOW |= {("claims",), ("scorecard",), ("parameters",), ("export",), ("sensitivity",), ("diff",)}
BASE = {  # so that most examples get past the first check
    "decode": [MODEL, CHIP, "--tensor-parallel", "8"],
    "prefill": [MODEL, CHIP, "--tensor-parallel", "8"],
    "serve": [MODEL, CHIP, "--tensor-parallel", "8"],
    "frontier": [MODEL, CHIP, "--usd-per-gpu-hour", "3", "--max-batch", "64"],
    "size": ["--price", "10", "--speed", "100", "--date", "2025-08"],
    "optimal": ["BESIROGLU_2024"],
    "explain": ["HOFFMANN_2022_TEX", "BESIROGLU_2024"],
}


@cache
def commands():
    """Every quick command: its words, its options."""

    def walk(command, path=()):
        inner = getattr(command, "commands", {})
        for name, one in inner.items():
            yield from walk(one, (*path, name))
        if not inner and path not in SLOW:
            yield path, [o for o in command.params if o.param_type_name == "option"]

    return list(walk(get_command(cli.app)))


@st.composite
def lines(draw):
    """A command line: a command, perhaps what it needs, some options with anything."""
    path, options = draw(st.sampled_from(commands()))
    line = [*path, *(BASE.get(path[-1], []) if draw(st.integers(0, 9)) else draw(st.lists(words)))]
    for option in draw(st.lists(st.sampled_from(options), max_size=3)):
        line.append(option.opts[0])
        if not option.is_flag:
            line.append(draw(lists))
    return [*line, "--json"] if draw(st.booleans()) else line


def outcome(line):
    """Status and both streams of a command line, in a folder that stays empty unless it says so."""
    out, err = io.StringIO(), io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = cli.main(line)
        left = list(Path().rglob("*"))
    return status, out.getvalue(), err.getvalue(), left


def no_constant(name):
    raise AssertionError(f"{name} is no JSON")


@fuzz(100)
@given(lines())
def test_a_command_line_ends_in_an_answer_or_in_one_line(line):
    status, out, err, left = outcome(line)
    assert not left
    if "--help" in line or "-h" in line:
        return
    if status == 2:
        assert out == "" and err.startswith("llmecon: ") and err.count("\n") == 1, err
        assert err.strip() != "llmecon:"
    else:
        assert status in (0, 1) and "Traceback" not in err
        assert " nan" not in out.lower()
        if "--json" in line:
            json.loads(out, parse_constant=no_constant)


# --- files -----------------------------------------------------------------------------------

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**20),
    st.floats(),
    st.sampled_from(HUGE + TEXTS),
    st.text(max_size=5),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
CONFIG = {
    "model_type": "llama",
    "num_hidden_layers": 8,
    "hidden_size": 512,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "intermediate_size": 1024,
    "vocab_size": 32_000,
    "head_dim": 64,
    "tie_word_embeddings": False,
}
CHIP_FILE = {
    "name": "own",
    "bf16_dense_flop_per_s": 1e14,
    "hbm_bytes": 8e10,
    "hbm_bytes_per_s": 2e12,
}


def changed(good):
    """A file's fields, some of them anything."""
    keys = st.one_of(st.sampled_from(sorted(good)), st.text(max_size=6))
    return st.dictionaries(keys, values, max_size=3).map(lambda new: {**good, **new})


def read(reader, name, content):
    """What a reader makes of a file, or None if it refuses it in one line that names the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(
            content if isinstance(content, bytes) else content.encode("utf-8", "replace")
        )
        try:
            return reader(path)
        except ValueError as error:
            assert name in str(error), str(error)
            return None


@fuzz(150)
@given(changed(CONFIG))
def test_a_config_is_a_shape_or_refused(content):
    shape = read(hf_config.read, "config.json", json.dumps(content))
    if shape is not None:
        assert np.isfinite(shape.n_params) and 0 < shape.n_active_params <= shape.n_params


@fuzz(150)
@given(changed(CHIP_FILE))
def test_a_chip_of_ones_own_is_a_chip_or_refused(content):
    chip = read(chip_file.read, "chip.json", json.dumps(content))
    if chip is not None:
        numbers = [v for v in chip.model_dump().values() if isinstance(v, float)]
        assert np.isfinite(numbers).all()


yaml_text = st.one_of(
    st.text(max_size=60),
    st.text("&*!?:-[]{}#|>'\"%@`, \n\tab01.~<=", max_size=40),
    changed(CHIP_FILE).map(json.dumps),
)


@fuzz(150)
@given(st.one_of(yaml_text, st.binary(max_size=40)))
def test_yaml_is_read_or_refused(content):
    read(read_yaml, "own.yml", content)
    read(chip_file.read, "own.yml", content)


TABLES = {"prices": _PriceRow, "scores": _ScoreRow}


def whole(table):
    """Text of a table of ours."""
    return (catalog.data_folder() / f"{table}.csv").read_text("utf-8")


@st.composite
def mangled(draw, text):
    """A text with a few characters changed."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        new = draw(
            st.one_of(st.sampled_from([",", '"', "\n", "nan", "inf", "-", "\r", ";"]), words)
        )
        text = text[:at] + new + text[at + draw(st.integers(0, 3)) :]
    return text


@fuzz(150)
@given(st.data(), st.sampled_from(sorted(TABLES)))
def test_a_table_loads_whole_or_its_fault_is_named(data, name):
    lines = whole(name).splitlines(keepends=True)[:4]
    text = data.draw(mangled("".join(lines)))
    found = read(lambda path: reading.read_rows(path, TABLES[name]), f"{name}.csv", text)
    for row in found or []:
        assert all(v == v and abs(v) != np.inf for v in vars(row).values() if isinstance(v, float))


RUNS = ["n_params,n_tokens,loss"]
RUNS += [
    f"{n:.0f},{d:.0f},{1.7 + 400 / n**0.34 + 410 / d**0.28:.6f}"
    for n in (1e8, 3e8, 1e9, 4e9)
    for d in (2e9, 8e9, 3e10, 1e11)
]


@fuzz(40)
@given(mangled("\n".join(RUNS) + "\n"))
def test_runs_are_fitted_or_refused(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.csv"
        path.write_bytes(text.encode("utf-8", "replace"))
        status, out, err, _ = outcome(["law", "fit", str(path), "--bootstrap", "0", "--json"])
    assert "Traceback" not in err
    if status == 2:
        assert out == "" and err.startswith("llmecon: ") and err.count("\n") == 1, err
    else:
        json.loads(out, parse_constant=no_constant)


# --- numbers ---------------------------------------------------------------------------------

numbers = st.one_of(
    st.floats(),
    st.integers(-2, 10**9),
    st.sampled_from([None, "8", True, [], [1.0, np.nan], [[1, 2], [3, 4]], 1 + 2j, object()]),
)


@fuzz(150)
@given(
    st.fixed_dictionaries(
        {"batch": st.one_of(st.integers(1, 256), numbers)},
        optional={"context": numbers, "tensor_parallel": st.one_of(st.just(8), numbers)},
    )
)
def test_a_step_has_a_time_or_its_argument_is_named(load):
    given_ = {"context": 1024, "tensor_parallel": 8, **load}
    try:
        step = roofline.decode(catalog.transformer(MODEL), catalog.accelerator(CHIP), **given_)
    except ValueError as error:
        assert any(name in str(error) for name in given_), str(error)
    else:
        assert not np.isnan(step.seconds).any() and np.all(step.seconds > 0)


TOO_MUCH = {
    "roofline.decode(model, chip, batch=np.ones((10**5, 1)), context=np.ones(10**5))": "configurat",
    "trends.growth_samples(models, draws=10**9)": "draws",
    "trends.break_point(models.release_date, models.total_params, draws=10**9)": "draws",
    "inputs.grid(batch='1,' * 9999 + '1', context='1,' * 9999 + '1')": "rows",
}
LIMITED = f"""
import resource
import numpy as np
from llmecon import catalog, roofline, trends
from llmecon.cli import inputs
model, chip = catalog.transformer({MODEL!r}), catalog.accelerator({CHIP!r})
models = catalog.models()
models = models[models.frontier & models.total_params.notna()]
resource.setrlimit(resource.RLIMIT_AS, (3 * 10**9, 3 * 10**9))
"""


@pytest.mark.parametrize("code", TOO_MUCH)
def test_what_memory_cannot_hold_is_refused_with_what_it_can(code):
    """A real limit, in a process of its own."""
    words = [sys.executable, "-c", LIMITED + code]
    done = subprocess.run(words, capture_output=True, text=True)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"ValueError: {TOO_MUCH[code]}")
    assert "for the memory there is, got" in last
