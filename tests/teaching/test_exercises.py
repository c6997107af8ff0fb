"""Exercises: every number of a solution by a second route, and what a page of exercises holds."""

import csv
import json
import math
import re
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
import pytest
from scipy import stats

from llmecon import catalog, chinchilla, cost, roofline, sizing
from llmecon_book import counterfactual, essay, facts
from llmecon_book.explore import causes as explore_causes
from llmecon_book.explore import evolution as explore_evolution
from llmecon_book.explore import mechanism as explore_mechanism
from llmecon_book.explore import outlook as explore_outlook
from llmecon_book.explore import reversal as explore_reversal

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "teaching").glob("exercises-*.ipynb"))
CHAPTERS = ("evolution", "mechanism", "reversal", "causes", "outlook")
YEAR = 365.25


def cells(path):
    return json.loads(path.read_text("utf-8"))["cells"]


def prose(path, solutions=True):
    kept = [c for c in cells(path) if solutions or "solution" not in c["metadata"].get("tags", [])]
    return "\n\n".join("".join(c["source"]) for c in kept if c["cell_type"] == "markdown")


def stored(path):
    """Numbers and words that a page stores, by name."""
    found = {}
    for cell in cells(path):
        for output in cell.get("outputs", []):
            name = output["metadata"]["scrapbook"]["name"]
            text = "".join(output["data"]["application/papermill.record/text/plain"])
            found[name] = float(text) if re.fullmatch(r"[-\d.e+]+", text) else text.strip("'")
    return found


# ---- what a page holds ----------------------------------------------------------------------


def test_each_chapter_of_the_argument_has_its_page_and_leads_to_it():
    assert [path.stem for path in PAGES] == [f"exercises-{name}" for name in sorted(CHAPTERS)]
    for name in CHAPTERS:
        assert f"{{doc}}`/teaching/exercises-{name}`" in prose(ROOT / f"notebooks/{name}.ipynb")


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
class TestPage:
    def test_six_exercises_each_with_an_aim_from_warm_up_to_judgement(self, path):
        kinds = re.findall(
            r"^`{3,4}\{exercise\} ([\w-]+):.*\n:label: \S+\n\n\*Aim: to ", prose(path), re.M
        )
        assert kinds == ["Warm-up", "Explore", "Explore", "Code", "Code", "Judgement"]

    def test_each_exercise_has_a_solution_and_the_judgement_a_rubric(self, path):
        labels = re.findall(r"^:label: (\S+)", prose(path), re.M)
        solved = re.findall(
            r"^```\{solution(?:-start)?\} (\S+)\n:class: dropdown", prose(path), re.M
        )
        assert solved == labels
        assert "| points | what earns them |" in prose(path, solutions=False).split("Judgement:")[1]

    def test_the_students_cells_hold_no_solution_and_the_tags_hold_all_of_each(self, path):
        student = prose(path, solutions=False)
        assert "{solution" not in student and "{exercise}" in student
        numbers = {key.partition(":")[0] for key in re.findall(r"\{glue:text\}`([^`]+)`", student)}
        open_cells = [c for c in cells(path) if "solution" not in c["metadata"].get("tags", [])]
        told = {
            output["metadata"]["scrapbook"]["name"]
            for cell in open_cells
            for output in cell.get("outputs", [])
        }
        assert numbers == told, "the student's page shows what it stores, and stores no answer"

    def test_every_number_of_the_page_is_stored_and_every_stored_one_shown(self, path):
        shown = {k.partition(":")[0] for k in re.findall(r"\{glue:text\}`([^`]+)`", prose(path))}
        assert shown == set(stored(path))


EXPLORABLES = {
    ("evolution", "trend"): explore_evolution.trend_picker(),
    ("mechanism", "batch"): explore_mechanism.price_curve(),
    ("reversal", "server"): explore_reversal.gpt4_server(),
    ("reversal", "reader"): explore_reversal.size_reader(),
    ("causes", "splitter"): explore_causes.compute_splitter(),
    ("causes", "lifetime"): explore_causes.lifetime_bill(),
    ("outlook", "ladder"): explore_outlook.ability_ladder(),
}


def settings(path):
    """Notebook, key and options of each link of a page that sets an explorable."""
    for address in re.findall(r"\{button-link\} (\S+)", prose(path)):
        notebook, key, query = re.fullmatch(
            r"\.\./notebooks/(\w+)\.html#(\w+)\?(.+)", address
        ).groups()
        yield notebook, key, dict(parse_qsl(query, strict_parsing=True))


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_each_link_sets_every_control_of_an_explorable_of_its_chapter(path):
    found = list(settings(path))
    assert len(found) == 2
    for notebook, key, options in found:
        assert path.stem == f"exercises-{notebook}"
        controls = EXPLORABLES[notebook, key].controls
        assert {control.name: options[control.name] for control in controls} == options
        assert all(options[control.name] in control.options for control in controls)


# ---- self-checks in the chapters ------------------------------------------------------------


@pytest.mark.parametrize("name", CHAPTERS)
def test_three_self_checks_with_one_right_answer_and_each_wrong_one_explained(name):
    text = (
        prose(ROOT / f"notebooks/{name}.ipynb").split("## Exercises")[1].split("## References")[0]
    )
    questions = re.split(r"^\*\*\d\. .*\?\*\*$", text, flags=re.M)[1:]
    assert len(questions) == 3
    for question in questions:
        answers = re.findall(r"^:::\{dropdown\} .+\n(Right|No)\. (.+)\n:::$", question, re.M)
        assert len(answers) == question.count(":::{dropdown}") >= 3
        assert [verdict for verdict, _ in answers].count("Right") == 1
        assert all(len(why) > 30 for _, why in answers)
    assert "{glue:text}" in text


MISCONCEPTIONS = {
    "evolution": "All of them: that is its size.",
    "mechanism": "Everything: only active parameters count.",
    "reversal": "cost is in proportion to size.",
    "causes": "Yes: it is the best ratio at every budget.",
    "outlook": "Yes: their cost hardly depends on the length.",
}


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_known_misconceptions_are_among_the_wrong_answers(name):
    text = prose(ROOT / f"notebooks/{name}.ipynb")
    assert re.search(re.escape(MISCONCEPTIONS[name]) + r"\nNo\. ", text)


# ---- every number of a solution, by a second route ------------------------------------------
# From the tables with plain arithmetic; the library's functions that the page calls are not called.


def table(name):
    with (ROOT / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def model(name):
    row = next(row for row in table("models") if row["model"] == name)
    return {
        "day": date.fromisoformat(row["release_date"]),
        **{k: float(row[k]) for k in row if k.endswith(("params", "tokens", "flop")) and row[k]},
    }


def law(name):
    row = next(row for row in table("scaling_laws") if row["name"] == name)
    told = {key: float(value) for key, value in re.findall(r"(\w+)=([\d.eE+-]+)", row["constants"])}
    return told | {key[4:]: math.exp(value) for key, value in told.items() if key[:4] == "log_"}


def growth(rows, size):
    """Least squares on the logarithm: slope in powers of ten a year, and its 80% interval."""
    days = np.array([(row["day"] - rows[0]["day"]).days / YEAR for row in rows])
    logs = np.log10([row[size] for row in rows])
    slope, level = np.polyfit(days, logs, 1)
    left = logs - (level + slope * days)
    error = math.sqrt(left @ left / (len(rows) - 2) / ((days - days.mean()) ** 2).sum())
    half = stats.t.ppf(0.9, len(rows) - 2) * error
    return 10**slope, 10 ** (slope - half), 10 ** (slope + half)


def bend(rows, size):
    """The best of all days for two lines that meet, three models on either side of it."""
    days = np.array([row["day"].toordinal() for row in rows], dtype=float)
    logs = np.log10([row[size] for row in rows])
    inner = np.unique(days)
    tried = []
    for turn in np.arange(inner[2], inner[-3] + 1):
        away = (days - turn) / YEAR
        design = np.stack([np.ones_like(away), np.minimum(away, 0), np.maximum(away, 0)], axis=1)
        found, *_ = np.linalg.lstsq(design, logs, rcond=None)
        tried.append((((logs - design @ found) ** 2).sum(), turn, *10 ** found[1:]))
    _, turn, before, after = min(tried)
    return date.fromordinal(int(turn)), before, after


def frontier(since, until, **wanted):
    rows = [row for row in table("models") if row["frontier"] == "true"]
    rows = [row for row in rows if all(row[k] == v for k, v in wanted.items())]
    known = [model(row["model"]) for row in rows if since <= row["release_date"] <= until]
    return sorted(known, key=lambda row: row["day"])


def said(rows, size):
    """Growth as the figure of chapter 1 says it."""

    def fold(times):
        return f"{times:,.{2 if times < 2 else 1 if times < 10 else 0}f}"

    rate, low, high = growth([row for row in rows if size in row], size)
    return f"{fold(rate)}-fold ({fold(low)} to {fold(high)})"


def evolution():
    early, late = frontier("2018-01-01", "2023-03-31"), frontier("2023-03-14", "2026-11-17")
    bert, gpt1, gpt3, gpt4 = map(model, ("BERT-Large", "GPT-1", "GPT-3 175B", "GPT-4"))
    months = (bert["day"] - gpt1["day"]).days / YEAR * 12
    times = bert["total_params"] / gpt1["total_params"]
    pace = (gpt4["day"] - gpt3["day"]).days / math.log2(gpt4["total_params"] / gpt3["total_params"])
    doublings = math.log2(1e14 / gpt4["total_params"])
    rows = frontier("2018-01-01", "2024-12-13")
    at_work, in_all = ([row for row in rows if k in row] for k in ("active_params", "total_params"))
    active_day, _, active_after = bend(at_work, "active_params")
    total_day, total_before, total_after = bend(in_all, "total_params")
    return {
        "window_whole": said(early, "total_params"),
        "window_later": said(frontier("2020-05-28", "2023-03-31"), "total_params"),
        "two_total": said(late, "total_params"),
        "two_work": said(late, "active_params"),
        "two_total_early": said(early, "total_params"),
        "two_work_early": said(early, "active_params"),
        "bert_months": months,
        "bend_until": "2024-12-13",
        "bert_times": times,
        "bert_rate": times ** (12 / months),
        "hundred_months": pace / YEAR * 12,
        "hundred_doublings": doublings,
        "hundred_date": date.fromordinal(gpt4["day"].toordinal() + round(doublings * pace)),
        "active_date": active_day,
        "active_after": active_after,
        "active_n": len(at_work),
        "total_date": total_day,
        "total_before": total_before,
        "total_after": total_after,
        "total_n": len(in_all),
    }


def weights(name):
    """Parameters of a dense transformer with gated feed-forward blocks, counted by hand."""
    row = next(row for row in table("architectures") if row["name"] == name)
    layers, d, heads, kv, head, ff, words = (
        int(row[k])
        for k in ["n_layers", "d_model", "n_heads", "n_kv_heads", "d_head", "d_ff", "vocab_size"]
    )
    block = d * head * (2 * heads + 2 * kv) + 3 * d * ff + 2 * d
    return layers * block + 2 * words * d + d, 2 * layers * kv * head


def chip(name):
    return next(row for row in table("accelerators") if row["name"] == name)


def dollars(seconds, batch, chips, rent):
    return rent * chips / 3600 * seconds / batch * 1e6


def mechanism():
    n_params, _ = weights("Llama 3.1 70B")
    bandwidth = float(chip("H200 SXM 141GB")["hbm_bytes_per_s"])
    h200 = catalog.accelerator("H200 SXM 141GB")
    how = {"tensor_parallel": 8, "weights": "bf16"}
    shape = catalog.transformer("Llama 3.1 70B")
    step = {n: roofline.decode(shape, h200, batch=n, context=4096, **how) for n in (1, 64, 128)}
    cheap = dollars(float(step[128].seconds), 128, 8, 2.94)
    assert cheap < 1 < dollars(float(step[64].seconds), 64, 8, 2.94)
    # The part that bandwidth speeds up is the reading; the rest of a step stays as it was.
    terms = {n: step[n].terms for n in (1, 64)}
    after = {
        n: float(step[n].seconds - (terms[n].weights + terms[n].kv_cache) / 2) for n in (1, 64)
    }
    titles = EXPLORABLES["mechanism", "batch"]

    def longest(context, words):
        users = [*titles.controls[3].options]
        parts = [titles.at(("16", context, "2.94", n)).readout["Longest part"] for n in users]
        return [int(n) for n, part in zip(users, parts, strict=True) if part == words]

    def holds(bits):
        title = titles.at((bits, "65,536", "2.94", "64")).title
        return int(re.search(r"holds (\d+)", title)[1])

    _, cached = weights("Llama 3.1 70B")
    return {
        "weights_until": max(longest("4,096", "read the weights")),
        "weights_until_long": max(longest("16,384", "read the weights")),
        "cache_from": min(longest("4,096", "read the conversations")),
        "cache_from_long": min(longest("16,384", "read the conversations")),
        "holds_16": holds("16"),
        "holds_4": holds("4"),
        "cache_gb": cached * 2 * 65_536,
        "freed_gb": 1.5 * n_params,
        "context": 4096,
        "rent": 2.94,
        "crowd": 64,
        "model": "Llama 3.1 70B",
        "chip_reads": bandwidth,
        "read_by_four": 2 * n_params / (4 * bandwidth),
        "read_by_eight": 2 * n_params / (8 * bandwidth),
        "read_gb": 2 * n_params,
        "dollar_users": 128,
        "dollar_usd": cheap,
        "dollar_speed": 1 / float(step[128].seconds),
        "gain_alone": float(step[1].seconds) / after[1],
        "gain_crowd": float(step[64].seconds) / after[64],
        "binds_alone": "weights",
        "binds_prefill": "compute",
    }


def line(rows, size):
    """Log size by log price and log speed."""
    design = np.column_stack([np.ones(len(rows)), rows.log_price, rows.log_speed])
    return np.linalg.lstsq(design, np.log(rows[size]), rcond=None)[0]


def read(usd, speed, day):
    """Quantiles of a total size by what each family misses when the others read it."""
    rows = sizing.readings(sizing.offers(day))
    asked = np.array([1, math.log(0.75 * usd / 4 + 0.25 * usd), math.log(speed)])
    gaps, missed = [], None
    for size in ("total_params", "active_params"):
        guess = np.empty(len(rows))
        for family in rows.family.unique():
            out = (rows.family == family).to_numpy()
            design = np.column_stack([np.ones(out.sum()), rows.log_price[out], rows.log_speed[out]])
            guess[out] = design @ line(rows[~out], size)
        gaps.append((guess - asked @ line(rows, size)) ** 2)
        missed = np.log(rows.total_params) - guess if size == "total_params" else missed
    near = np.exp(-0.5 * np.mean(gaps, axis=0) / NEAR**2)
    values = np.exp(asked @ line(rows, "total_params") + missed)
    levels = [0.1, 0.5, 0.9]
    return np.quantile(values, levels, weights=near, method="inverted_cdf"), line(
        rows, "total_params"
    )


def fastest(rent, form):
    """The most tokens/s for ten dollars, over splits and batches tried one by one."""
    shape = catalog.transformer("GPT-4 (Erdil assumption)")
    h200, users = catalog.accelerator("H200 SXM 141GB"), np.arange(1, 513)
    best = 0.0
    for chips in (8, 16, 32, 64):
        for tensor in (4, 8, 16, 32, 64):
            if tensor > chips or chips % tensor:
                continue
            how = {"tensor_parallel": tensor, "expert_parallel": chips // tensor, "weights": form}
            try:
                step = roofline.decode(shape, h200, batch=users, context=1000, **how)
            except ValueError:
                continue
            paid = dollars(step.seconds, users, chips, rent) <= 10
            best = max(best, step.tokens_per_s[paid & step.fits].max(initial=0))
    return best


def served(rent, acceptance, *formats):
    """Speed of GPT-4's shape on an H200 at ten dollars, the best of some formats."""
    shape, draft = map(catalog.transformer, ("GPT-4 (Erdil assumption)", "Llama 3 8B"))
    how = {"acceptance": acceptance, "context": 0, "fractions": (1.0,)}
    lines = (
        essay.roofline_halvings(shape, draft, rents={facts.H200: rent}, weights=[form], **how)
        for form in formats
    )
    return f"{max(float(cost.fastest_at(line, 10)) for line in lines):.0f} tokens/s"


def reversal():
    speeds = {
        name: np.median(
            [
                float(row["output_tokens_per_s"])
                for row in table("speeds")
                if row["model"] == name and row["date"] <= "2025-06-30"
            ]
        )
        for name in ("GPT-4o", "GPT-4 Turbo")
    }
    ratio = speeds["GPT-4o"] / speeds["GPT-4 Turbo"]
    (low, middle, high), fitted = read(15, 60, "2025-02-07")
    slow, fast = (read(10, speed, "2025-02-07")[0][1] for speed in (64, 144))
    coder = next(row for row in table("served_offers") if row["model"] == "DeepSeek-Coder-V2")
    missed = stored(ROOT / "teaching" / "exercises-reversal.ipynb")["missed"]
    assert "DeepSeek-Coder-V2" in missed and "too little" in missed
    assert float(re.search(r"gives ([\d.]+) times", missed)[1]) > 5
    return {
        "server_plain": served(2.94, 0.8, "bf16", "fp8"),
        "server_bits": served(2.94, 0.8, "bf16", "fp8", "int4"),
        "server_drafts": served(2.94, 0.9, "bf16", "fp8"),
        "server_rent": served(1.0, 0.8, "bf16", "fp8"),
        "server_all": served(1.0, 0.9, "bf16", "fp8", "int4"),
        "slow": slow,
        "fast": fast,
        "times": slow / fast,
        "missed": missed,
        "true": float(coder["total_params"]),
        "at_work": float(coder["active_params"]),
        "ex_speed_ratio": ratio,
        "day": "2025-02-07",
        "rent": 2.94,
        "price": 10,
        "context": 1000,
        "gpt4_price": 60,
        "gpt4o_price": 10,
        "ex_size_ratio": ratio * ratio,
        "ex_size": model("GPT-4")["total_params"] / ratio / ratio,
        "read_size": middle,
        "read_low": low,
        "read_high": high,
        "half_price": math.exp(-math.log(2) * fitted[1]),
        "half_speed": math.exp(-math.log(2) * fitted[2]),
        "let_main": fastest(2.94, "fp8"),
        "let_rent": fastest(1.47, "fp8"),
        "let_int4": fastest(2.94, "int4"),
        "fall": 60 / 10,
        "each_of_three": math.cbrt(6),
    }


def best_ratio(name, flop):
    """Tokens per parameter that minimise the loss of a budget, by trying sizes."""
    c = law(name)
    sizes = np.geomspace(1e8, 1e14, 600_001)
    tokens = flop / 6 / sizes
    loss = c["A"] / sizes ** c["alpha"] + c["B"] / tokens ** c["beta"]
    return (tokens / sizes)[loss.argmin()]


def causes():
    gpt4 = model("GPT-4")
    flop, llama, c = gpt4["training_flop"], model("Llama 3 70B"), law("BESIROGLU_2024")
    n, d = llama["total_params"], llama["training_tokens"]

    # What one per cent of size and of data take off the loss, by differences.
    def loss(n, d):
        return c["A"] / n ** c["alpha"] + c["B"] / d ** c["beta"]

    new, kaplan, large = chinchilla.BESIROGLU_2024, law("KAPLAN_2020"), model("Llama 3.1 405B")

    def gap(flop):
        """Size by 1.3e9 (C_min / PF-day)^0.73, a budget being twice C_min, over the law's best."""
        size = kaplan["params_factor"] * (flop / kaplan["flop_unit"]) ** kaplan["params_exponent"]
        return size / math.sqrt(flop / 6 / best_ratio("BESIROGLU_2024", flop))

    def life(served, speed):
        quality = new.loss(gpt4["active_params"], gpt4["training_tokens"])
        prices = counterfactual.life_prices(speed, 2.94)
        found = chinchilla.inference_optimal_usd(new, loss=quality, tokens_served=served, **prices)
        trained = 6 * found.params * found.tokens * prices["usd_per_train_flop"]
        return f"{1 - trained / found.total:.0%}", f"{found.params / 1e9:.0f}B active parameters"

    (half_share, half_size), (slow_share, slow_size) = life(1e14, 55.0), life(1e14, 5.0)
    last = large["training_flop"]
    wedge = (loss(n, d) - loss(n * 1.0001, d)) / (loss(n, d) - loss(n, d * 1.0001))
    fall = stored(ROOT / "notebooks" / "causes.ipynb")["need_mid"]  # what the chapter says
    return {
        "gap_small": gap(1e20),
        "gap_large": gap(last),
        "grows": (gap(last) / gap(1e20)) ** (1 / (math.log10(last) - 20)),
        "half_share": half_share,
        "half_size": half_size,
        "slow_share": slow_share,
        "slow_size": slow_size,
        "budget": flop,
        "ex_printed": best_ratio("HOFFMANN_2022_ROUNDED", flop),
        "ex_tex": best_ratio("HOFFMANN_2022_TEX", flop),
        "ex_refit": best_ratio("BESIROGLU_2024", flop),
        "ex_small": best_ratio("BESIROGLU_2024", flop / 100),
        "ex_wedge_value": wedge,
        "ex_wedge_served": 3 * d * (wedge - 1),
        "fall_active": fall,
        "two_thirds": math.exp(2 / 3 * math.log(fall)),
    }


def points(day):
    """Arena text scores of one list, from the two tables that hold lists."""
    listed = [row for row in table("scores") if row["benchmark"] == "Arena text score"]
    listed += table("arena_lists")
    return {row["model"]: float(row["score"]) for row in listed if row["date"] == day}


def steps(size):
    """First and last size, in billions, of the smallest open model at GPT-4o's level."""
    able = points("2026-10-20")
    rows = [
        row
        for row in table("models")
        if row["open_weights"] == "true"
        and able.get(row["model"], 0) >= able["GPT-4o"]
        and row[size]
    ]
    rows.sort(key=lambda row: row["weights_opened"] or row["release_date"])
    sizes = [float(row[size]) / 1e9 for row in rows]
    return sizes[0], min(sizes)


def outlook():
    until = stored(ROOT / "teaching" / "exercises-outlook.ipynb")["until"]
    rows = frontier("2024-07-01", until, open_weights="true")
    total, active = growth(rows, "total_params"), growth(rows, "active_params")
    second = 2.0 / 3600 / float(chip("H100 SXM 80GB")["hbm_bytes_per_s"])  # dollars a byte read
    large, small = (
        2 * weights(name)[1] * 1e5 * second * 1e6 for name in ("Mistral Large 2", "Llama 3.1 8B")
    )
    return {
        **{
            f"all_{end}": f"{size:g}B"
            for end, size in zip(("first", "last"), steps("total_params"), strict=True)
        },
        **{
            f"work_{end}": f"{size:g}B"
            for end, size in zip(("first", "last"), steps("active_params"), strict=True)
        },
        "points_old": points("2024-12-13")["GPT-4o"],
        "points_new": points("2026-10-20")["GPT-4o"],
        "gap_old": points("2024-12-13")["GPT-4o"] - points("2024-12-13")["GPT-4"],
        "gap_new": points("2026-10-20")["GPT-4o"] - points("2026-10-20")["GPT-4"],
        "since": "2024-07-01",
        "until": until,
        "long": 100_000,
        "rent": 2,
        "ex_factor": math.exp(math.log(2) * law("BESIROGLU_2024")["alpha"]),
        "open_total": total[0],
        "open_total_low": total[1],
        "open_active": active[0],
        "open_active_low": active[1],
        "open_active_high": active[2],
        "ex_read": large,
        "ex_read_small": small,
        "ex_cache_tokens": 1e5 * 10 / large,
        "ex_brier_sure": 0.9**2,
        "ex_brier_shy": 0.4**2,
        "ex_brier_coin": 0.5**2,
    }


NEAR = math.log(3)  # how near in size a miss must lie to count, as documented
ROUTES = {f.__name__: f for f in (evolution, mechanism, reversal, causes, outlook)}
# Where the second route is coarser than the first: a share of the number.
COARSE = dict.fromkeys(("read_size", "read_low", "read_high", "slow", "fast", "times"), 0.25)
COARSE |= dict.fromkeys(("let_main", "let_rent", "let_int4"), 0.03)
COARSE |= dict.fromkeys(("active_after", "total_before", "total_after"), 5e-3)
COARSE |= {
    "hundred_doublings": 1e-3,
    "gain_alone": 0.02,
    "gain_crowd": 0.02,
    "ex_wedge_value": 2e-3,
    "ex_wedge_served": 2e-3,
}


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_number_of_a_page_by_a_second_route(name):
    told, again = stored(ROOT / "teaching" / f"exercises-{name}.ipynb"), ROUTES[name]()
    assert set(told) == set(again)
    for key, value in again.items():
        if isinstance(value, date):
            told_day = date.fromisoformat(told[key])
            assert abs((told_day - value).days) <= 1, (key, told[key], value)
        elif isinstance(value, str):
            assert told[key] == value, key
        else:
            assert told[key] == pytest.approx(value, rel=COARSE.get(key, 1e-4)), key
