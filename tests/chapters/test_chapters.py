"""Each chapter is thin, complete and checked: form of the notebooks, strict comparison of their
stored outputs cell by cell by nbval (to the byte by the tests of the site, which run them again),
and other numbers that really reach the text (invariants and stored outputs)."""

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

from llmecon_book.run import digest, execution, numbers, parameters
from llmecon_book.run import scenario as scenarios

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import length

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LANDING = (ROOT / "book" / "index.md").read_text("utf-8")  # shows what chapters store
FOUR = {"evolution", "reversal", "causes", "outlook"}
MOST_STATEMENTS = 8  # that compute: storing numbers and the figure comes on top

# Two sets of extreme numbers a chapter, one a page of evidence: parameter -> value and a number
# that follows it.
EXTREMES = {
    "evolution": [
        {
            "middle_model": ("GPT-2 XL", "middle_name"),
            "extrapolate_to": ("2023-06-30", "n_sized"),
            "confidence": (0.5, "fit_confidence"),
        },
        {
            "trend_until": ("2024-12-31", "fit_n"),
            "claimed_params": (1e14, "claim"),
            "left_out": (["PaLM 540B"], "bend_n"),
            "draws": (200, "unsure_low"),
        },
    ],
    "reversal": [
        {
            "usd_per_gpu_hour": (0.5, "if_only_h200"),
            "formats": (["int4"], "reach"),
            "acceptance": (0.95, "gpt4_max"),
        },
        {
            "usd_per_gpu_hour": (6.0, "essay_at_55"),
            "formats": (["bf16"], "gpt4_at_ten"),
            "context_tokens": (32_000, "fits"),
            "sold_on": ("2025-08-08", "inferred_gpt4o_low"),
        },
    ],
    "sizing": [
        {"sold_on": ("2025-08-08", "known_n_offers"), "usd_per_gpu_hour": (0.5, "need_empty")},
    ],
    "mechanism": [
        {
            "usd_per_gpu_hour": (0.5, "alone_usd"),
            "context_tokens": (1, "step_s"),
            "crowd": (2, "crowd_cheaper"),
            "compared_tokens_per_s": (500.0, "small_at_fast"),
        },
        {
            "chip": ("B200 SXM 180GB", "read_s"),
            "chips": (16, "chips"),
            "crowd": (512, "crowd_step_s"),
            "long_context_tokens": (131_072, "long_usd"),
            "larger": ("DeepSeek-V3", "large_top"),
        },
    ],
    "causes": [
        {
            "demands": ([0.0], "served_high"),
            "law_list": (["HOFFMANN_2022_TEX"], "law_said"),
            "tokens_per_s": (5.0, "life_exponent"),
            "share": (0.5, "need_low"),
        },
        {
            "demands": ([1e15, 1e16], "dollars_all_high"),
            "law_list": (["BESIROGLU_2024"], "law_least"),
            "usd_per_gpu_hour": (10.0, "mid_usd_low"),
            "context_tokens": (20_000, "tokens_high"),
        },
    ],
    "outlook": [
        {
            "confidence": (0.5, "total_low"),
            "scored_until": ("2025-06-30", "total_n"),
            "thinking_times": (1.0, "think_low"),
            "at_tokens_per_s": (20.0, "chip_h200"),
        },
        {
            "floor_law": ("HOFFMANN_2022_TEX", "floor_size"),
            "forecast_made": ("2025-06-30", "rival_nearest"),
            "trend_from": ("2024-01-01", "total_n"),
            "at_tokens_per_s": (200.0, "gain_in_both"),
            "rent_date": ("2026-04-03", "chip_day"),
            "rubin_usd_per_gpu_hour": (30.0, "chip_rubin"),
        },
    ],
    "errata": [
        {
            "gopher_flop": (1e26, "gopher_times"),
            "llama_flop": (1e25, "llama_text"),
            "sweep_to_flop": (1e28, "refit_far_ratio"),
        },
    ],
    "validation": [
        {
            "profile_name": ("TensorRT-LLM 2024", "tpot_mape"),
            "few_requests": (1, "n_crowded"),
            "judged_rows": ("calibrate", "judged_said"),
        },
    ],
    "fitting": [
        {
            "true_law": ("HOFFMANN_2022_TEX", "true_tokens_per_param"),
            "noise": (0.0005, "misses"),
            "budget_flop": (1e26, "true_params"),
            "n_sizes": (9, "n_runs"),
            "half_width": (3.0, "params_low"),
            "n_resamples": (200, "n_resamples"),
            "n_tables": (10, "n_tables"),
            "target_width": (0.1, "needed_broad"),
        },
    ],
}


RECORD = "application/papermill.record/"  # how the notebook keeps what it does not display


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def prose(path):
    return "\n".join(c.source for c in read(path).cells if c.cell_type == "markdown")


def glued(path):
    """Keys that a notebook's cells store, with what each holds as plain text."""
    return [
        (output.metadata.scrapbook.name, output.data.get(f"{RECORD}text/plain", ""))
        for cell in code_cells(path)
        for output in cell.outputs
        if "scrapbook" in output.get("metadata", {})
    ]


def shown(text):
    """Keys that a text shows, by role or directive."""
    return {key for key, _ in placed(text)}


def placed(text, page=""):
    """Each use of a key of a page in a text, with its form."""
    found = re.findall(r"\{glue:[a-z]+\}`([^`]+)`", text)
    found += re.findall(r"\{glue:figure\}\s*(\S+)", text)
    parts = [key.rpartition("::") for key in found]
    return [key.partition(":")[::2] for of, _, key in parts if of == page]


def on_landing(path):
    """Keys of a notebook that the landing page shows, with their forms."""
    return placed(LANDING, f"/notebooks/{path.name}")


@pytest.mark.parametrize("chapter", sorted(length.LIMITS))
def test_a_stranger_finishes_a_chapter(chapter):
    words, figures, minutes = length.measure(ROOT / "notebooks" / f"{chapter}.ipynb")
    assert words <= length.LIMITS[chapter]
    assert figures <= length.MOST_FIGURES
    assert minutes < 10


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
        declared = parameters.declared(path)  # papermill's view: what it misses nobody can set
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

    def test_cells_define_nothing(self, path):
        for cell in code_cells(path):
            for node in ast.walk(ast.parse(cell.source)):
                assert not isinstance(node, DEFINING), f"line {node.lineno} of {cell.source[:60]!r}"

    def test_no_path_of_a_machine(self, path):
        text = path.read_text("utf-8")
        assert not re.search(r"(?<![\w.:/])/(home|root|tmp|usr|var|opt|mnt|work|Users)/", text)
        assert not re.search(r"[A-Z]:\\\\(Users|Windows)", text)

    def test_at_least_two_figures_with_a_name_and_caption(self, path):
        figures = re.findall(r"```\{glue:figure\} (\S+)\n(.*?)```", prose(path), re.S)
        assert len(figures) >= 2
        for key, body in figures:
            assert re.search(r":name: \S+\n\n\s*\S", body), f"{key}: no name or caption"

    def test_every_number_of_the_text_is_stored_and_every_stored_one_is_in_the_text(self, path):
        keys = [key for key, _ in glued(path)]
        assert [key for key, n in Counter(keys).items() if n > 1] == []
        text = shown(prose(path)) | {key for key, _ in on_landing(path)}
        marked = {f"verdict-{claim}" for claim in re.findall(r"\{claim\}`(\w+)`", prose(path))}
        text |= marked & set(keys)  # the mark of a claim shows its verdict
        assert sorted(text - set(keys)) == [], "shown in the text, stored by no cell"
        assert sorted(set(keys) - text) == [], "stored, shown nowhere"

    def test_there_is_something_to_compare(self, path):
        with_outputs = [cell for cell in code_cells(path) if cell.outputs]
        skipped = {"nbval-skip", "nbval-ignore-output"}
        assert len(with_outputs) >= 3
        assert not [c for c in with_outputs if skipped & set(c.metadata.get("tags", []))]


DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
COMPUTING = (ast.For, ast.While, ast.If, ast.IfExp, ast.Try, ast.With, ast.comprehension)
WRITING = (ast.JoinedStr, ast.AugAssign)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
class TestCellsCall:
    """A reader who opens a cell sees the library at work: no loop, no sentence, no surgery."""

    def test_a_cell_calls_and_computes_nothing_itself(self, path):
        for cell in code_cells(path):
            for node in ast.walk(ast.parse(cell.source)):
                assert not isinstance(node, COMPUTING + WRITING), ast.unparse(node)
                assert not (isinstance(node, ast.Name) and node.id in ("pd", "format")), cell.source
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    assert node.func.attr not in ("format", "join"), ast.unparse(node)

    def test_a_section_is_short_and_says_once_what_it_found(self, path):
        for cell in code_cells(path)[2:]:
            statements = ast.parse(cell.source).body
            calls = [call.split("(")[0] for call in map(_call, statements)]
            computing = [call for call in calls if call not in ("say", "figure")]
            assert len(computing) <= MOST_STATEMENTS, cell.source
            said = [call for call in map(_call, statements) if call.startswith("say(")]
            assert len(said) <= 1, cell.source
            assert all("," not in call or call.startswith("say(chapter.") for call in said), said

    def test_every_number_of_the_text_has_a_form_or_is_whole(self, path):
        stored = dict(glued(path))
        fractions = {
            key for key, value in stored.items() if re.fullmatch(r"-?[\d.e+-]*[.e].*", value)
        }
        assert fractions
        told = [*placed(prose(path)), *on_landing(path)]
        bare = {key for key, form in told if key in fractions and form in ("", "s")}
        assert sorted(bare) == []


def _call(statement):
    return ast.unparse(statement) if isinstance(statement, ast.Expr) else ""


# --- other numbers ---------------------------------------------------------------------------


def cases():
    for path in CHAPTERS:
        for changes in EXTREMES.get(path.stem, []):
            values = {name: value for name, (value, _) in changes.items()}
            yield path.stem, values, {key for _, key in changes.values()}


CASES = list(cases())


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda n: f"{CASES[n][0]}-{n}")
def test_other_numbers_run_and_reach_the_text(tmp_path, number):
    chapter, values, keys = CASES[number]
    scenario = scenarios.Scenario(name=f"case-{number}", parameters={chapter: values})
    tasks = scenarios.tasks(scenario, ROOT, tmp_path, digest.library_digest())
    (result,) = execution.run(tasks)
    assert isinstance(result, str), str(result)
    found = numbers.changes([(chapter, tasks[0].text, result)])
    assert found.after.notna().all()
    assert keys <= set(found[found.changed].key)


def test_every_chapter_has_two_extreme_sets_and_every_page_of_evidence_one():
    assert EXTREMES.keys() == {path.stem for path in CHAPTERS}
    assert all(len(EXTREMES[chapter]) == 2 for chapter in length.LIMITS)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_a_wrong_type_and_an_unknown_parameter_are_refused(path):
    known = scenarios.known_parameters(ROOT)
    name, parameter = next(iter(known[path.stem].items()))
    wrong = 1 if parameter.type == "str" else "one"
    with pytest.raises(ValueError, match=rf"{path.stem}\.{name} must be {parameter.type}"):
        parameters.check_values(known, {path.stem: {name: wrong}})
    with pytest.raises(LookupError, match=f"nearest: {name}"):
        parameters.check_values(known, {path.stem: {f"{name}_": parameter.default}})


def test_a_wrong_type_that_papermill_lets_through_stops_the_chapter(tmp_path):
    with pytest.raises(papermill.PapermillExecutionError, match=r"must be float \[1\], got 'high'"):
        papermill.execute_notebook(
            str(ROOT / "notebooks" / "evolution.ipynb"),
            str(tmp_path / "out.ipynb"),
            parameters={"confidence": "high"},
            kernel_name="python3",
            progress_bar=False,
        )


# --- strict comparison -----------------------------------------------------------------------


def test_a_changed_constant_of_the_library_fails_a_strict_comparison(tmp_path):
    """The comparison of unchanged ones is `make test` itself."""
    shutil.copytree(ROOT / "lib", tmp_path / "lib", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "data").symlink_to(ROOT / "data")
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "evolution.ipynb", tmp_path / "notebooks")
    checks = tmp_path / "lib" / "llmecon" / "_checks.py"
    text = checks.read_text("utf-8")
    assert text.count("DAYS_PER_YEAR = 365.25") == 1
    checks.write_text(text.replace("DAYS_PER_YEAR = 365.25", "DAYS_PER_YEAR = 360.0"), "utf-8")
    in_order = ["--nbval", "--nbval-current-env", "-p", "no:randomly"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *in_order, "notebooks"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "lib")},
        capture_output=True,
        text=True,
    )
    said = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed)", done.stdout)}
    assert said["failed"] > 0 and said["passed"] > 0
    assert sum(said.values()) == len(code_cells(ROOT / "notebooks" / "evolution.ipynb"))


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yml")), ids=lambda p: p.stem)
def test_every_scenario_of_the_book_is_one(path, tmp_path):
    scenario = scenarios.load(path)
    assert scenario.name == path.stem and scenario.description
    assert len(scenarios.tasks(scenario, ROOT, tmp_path, digest.library_digest())) == len(
        scenario.parameters
    )
    known = scenarios.known_parameters(ROOT)
    for chapter, values in scenario.parameters.items():
        assert all(known[chapter][name].default != value for name, value in values.items())
