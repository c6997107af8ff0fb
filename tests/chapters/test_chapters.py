"""Each chapter is thin, complete and checked: form of the notebooks, strict comparison of their
stored outputs, to the byte by a run of our own and cell by cell by nbval, and other numbers that
really reach the text (invariants and stored outputs)."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tokenize
from collections import Counter
from io import StringIO
from pathlib import Path

import nbformat
import papermill
import pytest

from llmecon_book import run as rerun
from llmecon_book.run import execution

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FOUR = {"evolution", "reversal", "causes", "outlook"}

# Two sets of extreme numbers a chapter: parameter -> value, and a key number that follows it.
EXTREMES = {
    "evolution": [
        {
            "middle_model": ("GPT-2 XL", "middle-name"),
            "extrapolate_to": ("2023-06-30", "n-sized"),
            "confidence": (0.5, "fit-confidence"),
        },
        {
            "trend_until": ("2024-12-31", "fit-n"),
            "claimed_params": (1e14, "claim"),
            "left_out": (["PaLM 540B"], "bend-n"),
            "draws": (200, "unsure-low"),
        },
    ],
    "reversal": [
        {
            "usd_per_gpu_hour": (1.0, "rent"),
            "acceptance": (0.0, "gpt4-max"),
            "gpt4o_speed": (30.0, "inferred-gpt4o"),
        },
        {
            "usd_per_gpu_hour": (6.0, "gpt4-at-55"),
            "use_published_chip": (False, "frontier-chip"),
            "context_tokens": (32_000, "gpt4-at-ten"),
            "sonnet_speed": (150.0, "inferred-sonnet"),
            "margin": (3.0, "read-gpt4o-empty"),
            "draws": (500, "inferred-gpt4o-low"),
        },
    ],
    "causes": [
        {
            "tokens_served": (0.0, "life_saved_fraction"),
            "reference_params": (1e9, "life_reference"),
            "demands": ([1e10, 1e11], "gpt4_few"),
            "law_list": (["DE_VRIES_2023"], "by_law_low"),
            "life_tokens_per_s": (5.0, "life_exponent"),
            "use_published_chip": (False, "serving_chip"),
            "chip": ("B200 SXM 180GB", "life_usd_low"),
            "bytes_per_value": (0.5, "cost_eighth"),
            "variant": ("ep_v2", "cost_whole"),
            "acceptance": (0.0, "cost_whole"),
            "share": (0.5, "need_low"),
        },
        {
            "default_law": ("HOFFMANN_2022_TEX", "floor_high"),
            "tokens_served": (1e15, "life_tokens_served"),
            "context_tokens": (100_000, "cost_gap"),
            "usd_per_gpu_hour": (10.0, "life_usd_low"),
            "pipeline": (True, "cost_eighth"),
            "demands": ([1e15, 1e16], "by_dollars_all_high"),
            "train_mfu": (0.05, "life_train_usd"),
            "utilisation": (0.3, "cost_whole"),
            "unique_tokens": (1e11, "bound_epochs"),
            "gpt4o_tokens_per_s": (40.0, "need_mid"),
            "gpt4o_on": ("2025-06-30", "need_high"),
        },
    ],
    "outlook": [
        {
            "context_tokens": (1, "context"),
            "confidence": (0.5, "total_low"),
            "scored_until": ("2026-04-30", "until"),
            "trend_from": ("2024-01-01", "total_n"),
            "thinking_times": (1.0, "think_low"),
            "at_tokens_per_s": (20.0, "chip_h200"),
        },
        {
            "context_tokens": (1_000_000, "read_large2"),
            "floor_law": ("HOFFMANN_2022_TEX", "floor_size"),
            "forecast_made": ("2025-06-30", "rival_low"),
            "accept_usd_per_mtok": (0.5, "chip_gb200"),
            "rubin_usd_per_gpu_hour": (30.0, "chip_rubin"),
            "hbm_bytes_per_s": (2.2e13, "read_bandwidth"),
        },
    ],
    "errata": [
        {"gopher_flop": (1e22, "round-size"), "llama_flop": (1e25, "llama-text")},
        {"gopher_flop": (1e26, "gopher-times"), "sweep_to_flop": (1e28, "refit-far-ratio")},
    ],
    "validation": [
        {"calibrated": (False, "tpot-mape"), "few_requests": (1, "n-crowded")},
        {
            "profile_name": ("TensorRT-LLM 2024", "tpot-mape"),
            "judged_rows": ("calibrate", "judged-said"),
            "confidence": (0.5, "band-above"),
        },
    ],
    "fitting": [
        {
            "noise": (0.0005, "misses"),
            "budget_flop": (1e26, "true-size"),
            "n_resamples": (200, "n-resamples"),
        },
        {
            "true_law": ("HOFFMANN_2022_TEX", "true-ratio"),
            "n_sizes": (9, "n-runs"),
            "half_width": (3.0, "size-low"),
            "n_tables": (10, "n-tables"),
            "target_width": (0.1, "needed-broad"),
        },
    ],
}


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def prose(path):
    return "\n".join(c.source for c in read(path).cells if c.cell_type == "markdown")


def glued(path):
    """Keys that a notebook's cells store, with the forms of each."""
    return [
        (output.metadata.scrapbook.name, set(output.data))
        for cell in code_cells(path)
        for output in cell.outputs
        if "scrapbook" in output.get("metadata", {})
    ]


def shown(text):
    """Keys that a text shows, by role or directive."""
    found = re.findall(r"\{glue:[a-z]+\}`([^`]+)`", text)
    found += re.findall(r"\{glue:figure\}\s*(\S+)", text)
    return {key.rpartition("::")[2].partition(":")[0] for key in found}


def test_the_four_chapters_are_there():
    assert {path.stem for path in CHAPTERS} >= FOUR


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
class TestForm:
    def test_parameters_come_first_typed_with_unit_and_help(self, path):
        first = code_cells(path)[0]
        assert first.metadata.get("tags") == ["parameters"]
        comments = {
            token.start[0]: token.string
            for token in tokenize.generate_tokens(StringIO(first.source).readline)
            if token.type == tokenize.COMMENT
        }
        statements = ast.parse(first.source).body
        assert statements, "a chapter that nobody can change"
        for line in statements:
            assert isinstance(line, ast.AnnAssign), f"line {line.lineno}: no annotation"
            name = line.target.id
            ast.literal_eval(line.value)  # plain defaults: nothing derived
            assert line.lineno == line.end_lineno, f"{name}: write it on one line"
            assert re.match(r"# \[[^\]]+\] \S", comments.get(line.lineno, "")), (
                f"{name}: # [unit] help"
            )
        declared = rerun.declared(path)  # papermill's view: what it misses nobody can set
        assert list(declared) == [line.target.id for line in statements]
        for parameter in declared.values():
            assert parameter.checked(parameter.default) == parameter.default

    def test_types_are_checked_before_anything_is_computed(self, path):
        statements = ast.parse(code_cells(path)[1].source).body
        imports = (ast.Import, ast.ImportFrom)
        first = next(line for line in statements if not isinstance(line, imports))
        assert ast.unparse(first) == "check_parameters(globals())"

    def test_every_code_cell_was_executed_in_order(self, path):
        counts = [cell.execution_count for cell in code_cells(path)]
        assert counts == list(range(1, len(counts) + 1))

    def test_no_cell_failed_or_printed(self, path):
        kinds = {output.output_type for cell in code_cells(path) for output in cell.outputs}
        assert not kinds & {"error", "stream"}

    def test_cells_call_and_define_nothing(self, path):
        defining = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
        for cell in code_cells(path):
            for node in ast.walk(ast.parse(cell.source)):
                assert not isinstance(node, defining), f"line {node.lineno} of {cell.source[:60]!r}"

    def test_no_path_of_a_machine(self, path):
        text = path.read_text("utf-8")
        assert not re.search(r"(?<![\w.:/])/(home|root|tmp|usr|var|opt|mnt|work|Users)/", text)
        assert not re.search(r"[A-Z]:\\\\(Users|Windows)", text)

    def test_at_least_three_figures_with_a_name_and_caption(self, path):
        figures = re.findall(r"```\{glue:figure\} (\S+)\n(.*?)```", prose(path), re.S)
        assert len(figures) >= 3
        for key, body in figures:
            assert re.search(r":name: \S+\n\n\s*\S", body), f"{key}: no name or caption"

    def test_every_number_of_the_text_is_stored_and_every_stored_one_is_in_the_text(self, path):
        keys = [key for key, _ in glued(path)]
        assert [key for key, n in Counter(keys).items() if n > 1] == []
        text = shown(prose(path))
        assert sorted(text - set(keys)) == [], "shown in the text, stored by no cell"
        assert sorted(set(keys) - text) == [], "stored, shown nowhere"

    def test_there_is_something_to_compare(self, path):
        with_outputs = [cell for cell in code_cells(path) if cell.outputs]
        skipped = {"nbval-skip", "nbval-ignore-output"}
        assert len(with_outputs) >= 3
        assert not [c for c in with_outputs if skipped & set(c.metadata.get("tags", []))]


def test_a_run_gives_the_stored_chapters_to_the_byte():
    assert execution.main([*map(str, CHAPTERS), "--check"]) == 0


# --- other numbers ---------------------------------------------------------------------------


def cases():
    for path in CHAPTERS:
        for changes in EXTREMES.get(path.stem, []):
            values = {name: value for name, (value, _) in changes.items()}
            yield path.stem, values, {key for _, key in changes.values()}


CASES = list(cases())


@pytest.fixture(scope="module")
def finished(tmp_path_factory, request):
    """The chapters that are asked for, with other numbers, two kernels at a time."""
    calls = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    wanted = {call["number"] for call in calls if "number" in call}
    folder = tmp_path_factory.mktemp("rerun")
    tasks = {}
    for number in sorted(wanted):
        chapter, values, _ = CASES[number]
        scenario = rerun.Scenario(name=f"case-{number}", parameters={chapter: values})
        (tasks[number],) = rerun.tasks(scenario, ROOT, folder / scenario.name)
    reason = ""
    try:
        rerun.run(list(tasks.values()))
    except rerun.ChapterFailed as error:  # the others are finished then
        reason = str(error)
    return {n: rerun.compare([task]) if task.done else reason for n, task in tasks.items()}


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda n: f"{CASES[n][0]}-{n}")
def test_papermill_runs_and_what_was_changed_reaches_the_text(finished, number):
    _, _, keys = CASES[number]
    assert isinstance(finished[number], list), finished[number]
    assert all(change.after is not None for change in finished[number])
    changed = {change.key for change in finished[number] if change.changed}
    assert keys <= changed, keys - changed


def test_every_chapter_has_two_extreme_sets():
    assert all(len(EXTREMES.get(path.stem, [])) == 2 for path in CHAPTERS)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_a_wrong_type_and_an_unknown_parameter_are_refused(path):
    known = rerun.known_parameters(ROOT)
    name, parameter = next(iter(known[path.stem].items()))
    wrong = 1 if parameter.type == "str" else "one"
    with pytest.raises(ValueError, match=rf"{path.stem}\.{name} must be {parameter.type}"):
        rerun.check_values(known, {path.stem: {name: wrong}})
    with pytest.raises(LookupError, match=f"nearest: {name}"):
        rerun.check_values(known, {path.stem: {f"{name}_": parameter.default}})


def test_a_wrong_type_that_papermill_lets_through_stops_the_chapter(tmp_path):
    with pytest.raises(papermill.PapermillExecutionError, match="must be float, got 'high'"):
        papermill.execute_notebook(
            str(ROOT / "notebooks" / "evolution.ipynb"),
            str(tmp_path / "out.ipynb"),
            parameters={"confidence": "high"},
            kernel_name="python3",
            progress_bar=False,
        )


# --- strict comparison -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def overlay(tmp_path_factory):
    """A copy of library, data and one chapter, to be changed."""
    home = tmp_path_factory.mktemp("overlay")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "lib" / "llmecon", home / "lib" / "llmecon", ignore=ignored)
    (home / "data").symlink_to(ROOT / "data")
    (home / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "evolution.ipynb", home / "notebooks")
    return home


def strict(home):
    """How many cells pass and fail a strict comparison with the library of a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", "notebooks"],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(home / "lib")},
        capture_output=True,
        text=True,
    )
    said = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed)", done.stdout)}
    return said.get("passed", 0), said.get("failed", 0)


def test_stored_outputs_agree_and_a_changed_constant_of_the_library_fails(overlay):
    cells = len(code_cells(overlay / "notebooks" / "evolution.ipynb"))
    assert strict(overlay) == (cells, 0)
    dates = overlay / "lib" / "llmecon" / "trends" / "dates.py"
    text = dates.read_text("utf-8")
    assert text.count("DAYS_PER_YEAR = 365.25") == 1
    dates.write_text(text.replace("DAYS_PER_YEAR = 365.25", "DAYS_PER_YEAR = 360.0"), "utf-8")
    passed, failed = strict(overlay)
    assert failed > 0 and passed + failed == cells


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*")), ids=lambda p: p.stem)
def test_every_scenario_of_the_book_is_one(path, tmp_path):
    scenario = rerun.load(path)
    assert scenario.name == path.stem and scenario.description
    assert len(rerun.tasks(scenario, ROOT, tmp_path)) == len(scenario.parameters)
    known = rerun.known_parameters(ROOT)
    for chapter, values in scenario.parameters.items():
        assert all(known[chapter][name].default != value for name, value in values.items())
