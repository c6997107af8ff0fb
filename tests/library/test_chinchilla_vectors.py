"""Proves that every published or recomputed value of the scaling-law reference comes out.

One test a vector, named after its table. Each vector carries its source and its tolerance
(``abs + rel * |expected|`` by key, ``*`` for the rest). Where a source misprints, the vector's
note says so and the test below checks both the printed and the right value.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from llmecon import chinchilla as c

STORE = json.loads(
    (Path(__file__).parent / "vectors" / "scaling_laws.json").read_text(encoding="utf-8")
)
VECTORS = {vector["id"]: vector for vector in STORE["vectors"]}
LAW = {
    "hoffmann_rounded": c.HOFFMANN_2022_ROUNDED,
    "hoffmann_tex": c.HOFFMANN_2022_TEX,
    "de_vries": c.DE_VRIES_2023,
    "besiroglu": c.BESIROGLU_2024,
    "muennighoff_c4": c.MUENNIGHOFF_2023,
    "refit_240": c.REFIT_240,
}
PRINTED_ONLY = "printed_"


def number(value):
    return np.array(
        [np.inf if v == "inf" else v for v in value]
        if isinstance(value, list)
        else (np.inf if value == "inf" else value),
        dtype=float,
    )


def check(vector, got):
    """Compare each key that was computed, at the vector's own tolerance."""
    for key, value in got.items():
        want = vector["expected"][key]
        rule = vector["tolerance"].get(key, vector["tolerance"].get("*", {}))
        if isinstance(want, bool):
            assert bool(value) == want, key
            continue
        want, value = number(want), np.asarray(value, dtype=float)
        bound = rule.get("abs", 0) + rule.get("rel", 0) * np.abs(want)
        assert value.shape == want.shape, f"{key}: shape {value.shape} for {want.shape}"
        same = value == want
        with np.errstate(invalid="ignore"):
            close = np.abs(value - want) <= bound
        assert np.all(same | close), f"{vector['id']} {key}: got {value}, want {want}"


# --- one function a family: inputs in, the keys of `expected` out ------------------------


def preset(inputs):
    law = LAW[inputs["preset"]]
    return {
        "A": law.A,
        "B": law.B,
        "E": law.E,
        "alpha": law.alpha,
        "beta": law.beta,
        "a_exponent": law.a,
        "b_exponent": law.b,
        "G": law.G,
        "gamma": law.gamma,
        "n_floor_ratio": law.size_floor_ratio,
        "d_floor_ratio": law.tokens_floor_ratio,
    }


def allocation(inputs):
    run = LAW[inputs["preset"]].optimal(flop=inputs["compute_flop"])
    return {
        "parameters": run.params,
        "tokens": run.tokens,
        "tokens_per_parameter": run.tokens_per_param,
        "loss": run.loss,
    }


def loss(inputs):
    return {"loss": LAW[inputs["preset"]].loss(inputs["parameters"], inputs["tokens"])}


def inverse(inputs):
    law, target = LAW[inputs["preset"]], inputs["target_loss"]
    run = law.optimal(loss=target)
    return {
        "compute_flop": run.flop,
        "parameters": run.params,
        "tokens": run.tokens,
        "n_floor": law.params_floor(target),
        "d_floor": law.tokens_floor(target),
    }


def isoflop_penalty(inputs):
    law = LAW[inputs["preset"]]
    given = {"flop": inputs["compute_flop"], "size_factor": inputs["size_multiple"]}
    return {
        "extra_loss": law.isoflop_penalty(**given),
        "quadratic_estimate": law.isoflop_penalty_estimate(**given),
    }


def hoffmann_table1(inputs):
    printed = VECTORS["hoffmann.table1"]["expected"]
    return {"compute_6nd_flop": c.training_flop(printed["parameters"], printed["tokens"])}


def hoffmann_table2(inputs):
    table = c.HOFFMANN_2022_TABLE_2.values()
    rows = {
        "a_exponent": [row["a"][0] for row in table],
        "b_exponent": [row["b"][0] for row in table],
    }
    for side in "ab":
        for at, name in ((1, "p10"), (2, "p90")):
            rows[f"{side}_{name}"] = [row[side][at] for row in table if row[side][at] is not None]
    return rows


def printed_table(approach):
    def compute(inputs):
        rows = c.hoffmann_2022_table(approach)
        right = np.where(rows["misprint"], 10 * rows["flop"], rows["flop"])
        assert rows["n_params"].tolist() == inputs["parameters"]
        return {
            "compute_flop": right,
            "compute_flop_as_printed": rows["flop"],
            "tokens": rows["n_tokens"],
            "compute_relative_to_gopher": right / 5.76e23,
        }

    return compute


def approach3_from_tex(inputs):
    run = c.HOFFMANN_2022_TEX.optimal(n_params=inputs["parameters"])
    printed = np.array(VECTORS["hoffmann.tableA3.approach3"]["expected"]["tokens"], dtype=float)
    return {
        "compute_flop": run.flop,
        "tokens": run.tokens,
        "tokens_over_printed": run.tokens / printed,
    }


def regression(inputs):
    factor, exponent = c.regress_allocation(inputs["compute_flop"], inputs["parameters"])
    at_gopher = c.allocation(factor, exponent).optimal(flop=5.76e23).params
    return {"a_exponent": exponent, "coefficient": factor, "n_at_5_76e23": at_gopher}


def regression_preset(approach):
    def compute(inputs):
        law = c.LAWS[f"HOFFMANN_2022_APPROACH_{approach}"]
        return regression(inputs) | {
            "a_exponent": law.exponent,
            "coefficient": law.factor,
        }

    return compute


def six_nd_over_c(inputs):
    got = {}
    for approach, table in (
        ("approach1", "table3"),
        ("approach2", "tableA3.approach2"),
        ("approach3", "tableA3.approach3"),
    ):
        row = VECTORS[f"hoffmann.{table}"]["expected"]
        spent = c.training_flop(inputs["parameters"], row["tokens"])
        got[approach] = spent / np.array(row["compute_flop"], dtype=float)
    return got


def rounding_bias(inputs):
    def data_term(beta):
        law = c.SeparableLaw(
            name="", E=0, A=1, B=410.7, alpha=1, beta=beta, provenance=c.BESIROGLU_2024.provenance
        )
        return law.loss(1e300, inputs["tokens"])

    return {
        "relative_error": data_term(inputs["beta_rounded"]) / data_term(inputs["beta_true"]) - 1
    }


def table_a4(inputs):
    shape = c.Shape(
        n_layers=inputs["n_layers"],
        d_model=inputs["d_model"],
        d_ff=inputs["ffw_size"],
        n_heads=inputs.get("n_heads", 1),
        d_head=inputs.get("kv_size", 1),
        vocab_size=inputs["vocabulary"],
    )
    if "sequence_length" not in inputs:
        return {"parameters": shape.params}
    length = inputs["sequence_length"]
    ratio = shape.flop_over_6nd(length)
    return {
        "parameters": shape.params,
        "flop_per_sequence": shape.training_flop_per_sequence(length),
        "ratio": ratio,
        "ratio_printed": ratio,
    }


def sardana(inputs):
    law = LAW[inputs["preset"]]
    goal = (
        {"loss": inputs["target_loss"]}
        if "target_loss" in inputs
        else {"reference_params": inputs["n_train_optimal"]}
    )
    best = c.inference_optimal(law, tokens_served=inputs["inference_tokens"], **goal)
    got = {
        "target_loss": best.baseline.loss,
        "n_train_optimal": best.baseline.params,
        "d_train_optimal": best.baseline.tokens,
        "parameters": best.params,
        "tokens": best.tokens,
        "token_ratio": best.token_ratio,
        "size_ratio": best.size_ratio,
        "total_flop_train_optimal": best.baseline_total_flop,
        "total_flop": best.total_flop,
        "saved_flop": best.saved_flop,
        "saved_fraction": best.saved_fraction,
        "training_compute_ratio": best.train_flop_ratio,
        "wedge": best.wedge,
    }
    printed = {
        "printed_parameters": best.params,
        "printed_tokens": best.tokens,
        "printed_d_train_optimal": best.baseline.tokens,
        "printed_saved_flop": best.saved_flop,
        "printed_saved_fraction": best.saved_fraction,
        "printed_token_ratio": best.token_ratio,
        "printed_size_ratio": best.size_ratio,
        "printed_total_ratio": best.total_ratio,
    }
    return got | printed


def wedge(inputs):
    law, size, tokens = LAW[inputs["preset"]], inputs["parameters"], inputs["tokens"]
    return {
        "wedge": c.wedge(law, size, tokens),
        "implied_inference_to_training_tokens": c.implied_served_per_trained_token(
            law, size, tokens
        ),
    }


def isoloss(inputs):
    trade = c.iso_loss(LAW[inputs["preset"]], size_factor=inputs["size_factor"])
    return {
        "token_factor": trade.token_factor,
        "compute_overhead": trade.flop_overhead,
        "compute_overhead_printed": trade.flop_overhead,
        "size_floor": trade.size_floor_factor,
    }


def isoloss_from_base(inputs):
    size, tokens = np.array(inputs["base_parameters"]), np.array(inputs["base_tokens"])
    law = LAW[inputs["preset"]]
    trade = c.iso_loss(
        law, size_factor=inputs["new_parameters"] / size, n_params=size, n_tokens=tokens
    )
    return {
        "token_factor": trade.token_factor,
        "size_floor_parameters": trade.size_floor_factor * size,
    }


def muennighoff_loss(inputs):
    law = LAW[inputs["preset"]]
    assert (law.r_d_star, law.r_n_star) == (inputs["r_d_star"], inputs["r_n_star"])
    got = law.loss(inputs["parameters"], inputs["tokens"], unique_tokens=inputs["unique_tokens"])
    return {"loss": got}


def muennighoff_unique_ratio(inputs):
    run = LAW[inputs["preset"]].optimal(n_tokens=1e10)
    ratio = run.params / run.tokens
    return {"ratio": ratio, "ratio_printed": ratio}


def muennighoff_effective_data(inputs):
    worth = c.effective_epochs(inputs["epochs"], inputs["r_d_star"])
    return {
        "effective_over_unique": worth,
        "value_per_token": worth / np.array(inputs["epochs"]),
        "limit": c.effective_epochs(1e6, inputs["r_d_star"]),
    }


def muennighoff_optimum(inputs):
    run = c.data_constrained(
        LAW[inputs["preset"]], flop=inputs["compute_flop"], unique_tokens=inputs["unique_tokens"]
    )
    return {
        "parameters": run.params,
        "tokens": run.tokens,
        "epochs": run.epochs,
        "loss": run.loss,
        "constrained": run.constrained,
    }


def gadre_factor(inputs):
    multiple = inputs["multiple_over_optimum"]
    return {
        "loss_factor": c.overtraining_loss_factor(inputs["eta"], multiple),
        "compute_factor": c.overtraining_flop_factor(inputs["eta"], multiple),
    }


def gadre_preset(name):
    def compute(inputs):
        law = c.LAWS[name]
        return {
            "a_code": law.A,
            "x": law.alpha,
            "E": law.E,
            "a_paper": law.a_paper,
            "b_paper": law.b_paper,
            "eta": law.eta,
            "optimal_tokens_per_parameter": law.optimal_tokens_per_param,
            "error_k": law.error_law.k,
            "error_gamma": law.error_law.gamma,
            "error_epsilon": law.error_law.epsilon,
        }

    return compute


def llama3_law(inputs):
    flop = inputs["compute_flop"]
    for law, key in ((c.LLAMA_3_2024_TEXT, "text"), (c.LLAMA_3_2024, "legend")):
        assert (law.exponent, law.factor) == tuple(inputs[key])
    return {
        "tokens_text": c.LLAMA_3_2024_TEXT.optimal(flop=flop).tokens,
        "tokens_legend": c.LLAMA_3_2024.optimal(flop=flop).tokens,
    }


def kaplan_l_cmin(inputs):
    flop = np.array(inputs["compute_pf_days"]) * c.FLOP_PER_PF_DAY
    return {
        "loss_cmin": c.KAPLAN_2020.loss_from_flop_min(flop),
        "loss_naive": c.KAPLAN_2020.loss_from_flop_fixed_batch(flop),
    }


def kaplan_allocation(inputs):
    flop = np.array(inputs["compute_pf_days"]) * c.FLOP_PER_PF_DAY
    run = c.KAPLAN_2020.optimal(flop_min=flop)
    return {
        "parameters_non_embedding": run.params,
        "tokens": run.tokens,
        "parameters_fixed_batch": c.KAPLAN_2020.params_fixed_batch(flop),
    }


def kaplan_1e21(inputs):
    size = c.KAPLAN_2020.optimal(flop=inputs["compute_flop"]).params
    return {"parameters": size, "parameters_printed": size}


def pearce_frontier(inputs):
    constants = {name: inputs[name] for name in ("A", "B", "E", "alpha", "beta")}
    law = c.SeparableLaw(name="", provenance=c.BESIROGLU_2024.provenance, **constants)
    return {
        "compute_non_embedding_flop": c.frontier_flop_non_embedding(
            law, inputs["parameters_non_embedding"]
        ),
        "limit_large": law.a,
        "limit_small": law.beta / (law.alpha / 3 + law.beta),
    }


def porian(inputs):
    table = c.PORIAN_2024_TABLE_1
    return {
        "a_refinedweb": [row.a for row in table],
        "a_lo": [row.a_low for row in table],
        "a_hi": [row.a_high for row in table],
        "a_openwebtext2": [row.a_openwebtext2 for row in table],
        "n_star_5_88e23": [row.params_at_chinchilla_budget for row in table],
    }


def ho(inputs):
    for name, value in inputs.items():
        assert getattr(c.HO_2024, name) == value
    months = c.HO_2024.flop_doubling_months
    return {
        "t_n_years": c.HO_2024.params_doubling_years,
        "t_d_years": c.HO_2024.tokens_doubling_years,
        "t_c_months": months,
        "t_c_months_printed": months,
    }


def epoch_spans(inputs):
    return {
        "training_oom": [span.train_decades for span in c.EPOCH_2023_SPANS],
        "inference_oom": [span.serve_decades for span in c.EPOCH_2023_SPANS],
    }


def epoch_scaling(inputs):
    got = {}
    for wedge_ in (6, 7):
        span = c.exchange(LAW[inputs["preset"]], wedge=wedge_)
        got[f"wedge_{wedge_}"] = [span.train_decades, span.serve_decades]
    return got


def deepseek(inputs):
    flop, law = inputs["compute_flop"], c.DEEPSEEK_2024
    return {
        "m_flop_per_token": law.flop_per_token(flop),
        "tokens": law.tokens(flop),
        "learning_rate": law.learning_rate(flop),
        "batch_tokens": law.batch_tokens(flop),
        "m_times_d": law.flop_per_token(flop) * law.tokens(flop),
    }


def clark(name):
    def compute(inputs):
        law = c.LAWS[name]
        assert all(getattr(law, k) == inputs[k] for k in ("a", "b", "c", "d", "e_start", "e_max"))
        return {
            "loss": law.loss(inputs["dense_parameters"], inputs["experts"]),
            "effective_experts": law.effective_experts(inputs["experts"]),
        }

    return compute


def krajewski(inputs):
    run = (inputs["parameters"], inputs["tokens"])
    return {
        "loss_moe": c.KRAJEWSKI_2024_MOE.loss(*run, inputs["granularity"]),
        "loss_dense": c.KRAJEWSKI_2024_DENSE.loss(*run),
    }


def abnar(inputs):
    got = c.ABNAR_2025.loss(inputs["parameters"], inputs["tokens"], inputs["sparsity"])
    return {"loss": got}


def gopher_budget(inputs):
    flop = inputs["compute_flop"]
    one, two = (c.LAWS[f"HOFFMANN_2022_APPROACH_{n}"].optimal(flop=flop).params for n in (1, 2))
    want = VECTORS["hoffmann.gopher_budget"]["expected"]
    # The printed token counts are rounded to .1T: 6ND of the printed pair misses the budget by
    # up to 8%, so only the sizes can be held to the tolerance.
    return {
        "approach1": [one, want["approach1"][1]],
        "approach2": [two, want["approach2"][1]],
        "approach3_parameters": c.HOFFMANN_2022_TEX.optimal(flop=flop).params,
    }


def models_1e21(inputs):
    flop = inputs["compute_flop"]
    return {
        "kaplan_parameters": c.KAPLAN_2020.optimal(flop=flop).params,
        "approach1_parameters": c.HOFFMANN_2022_APPROACH_1.optimal(flop=flop).params,
    }


FAMILY = {
    "preset.": preset,
    "allocation.": allocation,
    "loss.": loss,
    "inverse.": inverse,
    "isoflop_penalty.": isoflop_penalty,
    "hoffmann.table1": hoffmann_table1,
    "hoffmann.table2": hoffmann_table2,
    "hoffmann.table3": printed_table(1),
    "hoffmann.tableA3.approach2": printed_table(2),
    "hoffmann.tableA3.approach3": printed_table(3),
    "hoffmann.tableA3.approach3.from_tex": approach3_from_tex,
    "hoffmann.regression.approach1": regression_preset(1),
    "hoffmann.regression.approach2": regression_preset(2),
    "hoffmann.regression.approach3": regression_preset(3),
    "hoffmann.gopher_budget": gopher_budget,
    "hoffmann.1e21_models": models_1e21,
    "hoffmann.250x": lambda given: {"ratio": given["compute_flop"] / given["gopher_flop"]},
    "hoffmann.six_nd_over_c": six_nd_over_c,
    "hoffmann.rounding_bias": rounding_bias,
    "table_a4.": table_a4,
    "sardana.13b": sardana,
    "sardana.7b": sardana,
    "sardana.70b": sardana,
    "sardana.loss": sardana,
    "sardana.zero": sardana,
    "sardana.huge": sardana,
    "sardana.cost": sardana,
    "wedge.": wedge,
    "isoloss.from_base.": isoloss_from_base,
    "isoloss.": isoloss,
    "muennighoff.loss": muennighoff_loss,
    "muennighoff.unique_ratio": muennighoff_unique_ratio,
    "muennighoff.effective_data": muennighoff_effective_data,
    "muennighoff.optimum": muennighoff_optimum,
    "gadre.overtraining_factor": gadre_factor,
    "gadre.fit_c4_original": gadre_preset("GADRE_2024_C4"),
    "gadre.fit_rpj": gadre_preset("GADRE_2024_REDPAJAMA"),
    "gadre.fit_rw_original": gadre_preset("GADRE_2024_REFINEDWEB"),
    "llama3.law": llama3_law,
    "llama3.compute": lambda given: {
        "compute_flop": c.training_flop(given["parameters"], given["tokens"])
    },
    "kaplan.l_n": lambda given: {
        "loss": c.KAPLAN_2020.loss_from_params(given["parameters_non_embedding"])
    },
    "kaplan.l_nd": lambda given: {
        "loss": c.KAPLAN_2020.loss(given["parameters_non_embedding"], given["tokens"])
    },
    "kaplan.l_ns": lambda given: {
        "loss": c.KAPLAN_2020.loss_from_steps(given["parameters_non_embedding"], given["steps_min"])
    },
    "kaplan.l_d": lambda given: {"loss": c.KAPLAN_2020.loss_from_tokens(given["tokens"])},
    "kaplan.l_cmin": kaplan_l_cmin,
    "kaplan.b_crit": lambda given: {"tokens": c.KAPLAN_2020.critical_batch_tokens(given["loss"])},
    "kaplan.allocation": kaplan_allocation,
    "kaplan.1e21": kaplan_1e21,
    "kaplan.alpha_cmin": lambda given: {"alpha_c_min": c.kaplan_compute_exponent(**given)},
    "kaplan.min_data": lambda given: {
        "tokens": c.KAPLAN_2020.tokens_to_avoid_overfit(given["parameters_non_embedding"])
    },
    "pearce.total_parameters": lambda given: {
        "parameters": c.total_params(given["parameters_non_embedding"])
    },
    "pearce.frontier": pearce_frontier,
    "porian.table1": porian,
    "ho.doubling": ho,
    "ho.bootstrap": lambda given: {
        "t_c_months": c.HO_2024.doubling_months_interval,
        "t_c_months_numerical": c.HO_2024.doubling_months_interval_optimised,
    },
    "epoch_tradeoff.spans": epoch_spans,
    "epoch_tradeoff.scaling": epoch_scaling,
    "deepseek.": deepseek,
    "clark.s_base": clark("CLARK_2022_S_BASE"),
    "clark.rl_r": clark("CLARK_2022_RL_R"),
    "clark.hash": clark("CLARK_2022_HASH"),
    "krajewski.": krajewski,
    "abnar.": abnar,
}
# Fits, intervals and designs: test_chinchilla_fit.py.
FITS = (
    "fit", "besiroglu.", "planner.", "design.", "bug.", "approach2.", "sardana.runs_fit",
)  # fmt: skip


def family(name):
    """The longest family that a vector's id starts with."""
    return max((key for key in FAMILY if name.startswith(key)), key=len, default=None)


COMPUTED = [name for name in VECTORS if not name.startswith(FITS)]


@pytest.mark.parametrize("name", COMPUTED)
def test_vector(name):
    vector = VECTORS[name]
    got = FAMILY[family(name)](vector["inputs"])
    known = {key: value for key, value in got.items() if key in vector["expected"]}
    assert known, "nothing was compared"
    check(vector, known)


def test_no_vector_is_left_out():
    assert not [name for name in COMPUTED if family(name) is None]


def test_a_wrong_constant_fails_its_vector():
    vector = VECTORS["preset.besiroglu"]
    with pytest.raises(AssertionError, match="beta"):
        check(vector, {"beta": 0.3659})


# --- misprints ---------------------------------------------------------------------------


def test_hoffmann_table_a3_175b_row_is_ten_times_its_6nd():
    row = VECTORS["hoffmann.tableA3.approach3"]
    at = row["inputs"]["parameters"].index(175_000_000_000)
    spent = c.training_flop(175e9, row["expected"]["tokens"][at])
    assert spent == pytest.approx(row["expected"]["compute_flop"][at], rel=0.005)
    printed = row["expected"]["compute_flop_as_printed"][at]
    assert spent == pytest.approx(10 * printed, rel=0.005)


def test_hoffmann_says_over_250_times_gopher_where_it_is_174():
    assert round(1e26 / 5.76e23) == 174


def test_llama_3_printed_optimum_follows_from_the_legend_only():
    printed = VECTORS["llama3.law"]["expected"]["tokens_printed"]
    assert c.LLAMA_3_2024.optimal(flop=3.8e25).tokens == pytest.approx(printed, rel=0.02)
    assert c.LLAMA_3_2024_TEXT.optimal(flop=3.8e25).tokens < 0.65 * printed


def test_sardana_code_inverts_tokens_with_k_inside_the_power():
    # (6 D G)^(1/b) of the code is 4.5 times the budget of these constants.
    law, tokens = c.DE_VRIES_2023, 1e12
    right = law.optimal(n_tokens=tokens).flop
    wrong = (6 * tokens * law.G) ** (1 / law.b)
    assert law.optimal(flop=right).tokens == pytest.approx(tokens, rel=1e-12)
    assert wrong / right == pytest.approx(4.5, abs=0.05)


def test_sardana_money_example_needs_a_cost_ratio_of_a_third():
    # Printed 16B and 17%; the stated rents give a ratio of .3667 and 15.67B, 3.51T, 19.0%.
    def run(cost_ratio):
        served = c.equivalent_tokens_served(
            input_tokens=1.5e9 * 70,
            output_tokens=1.5e9 * 215,
            train_usd_per_hour=1.50,
            train_flop_per_s=312e12,
            train_mfu=0.5,
            serve_usd_per_hour=1.50 * cost_ratio,
            serve_flop_per_s=312e12,
            input_mfu=0.5,
            output_mfu=0.01,
        )
        return c.inference_optimal(c.DE_VRIES_2023, reference_params=30e9, tokens_served=served)

    stated, fitting = run(1.10 / 1.50 / 2), run(0.33)
    assert float(stated.params) == pytest.approx(15.67e9, rel=1e-3)
    assert float(stated.tokens) == pytest.approx(3.51e12, rel=2e-3)
    assert float(stated.saved_fraction) == pytest.approx(0.190, abs=5e-4)
    assert float(fitting.params) == pytest.approx(16e9, rel=0.02)
    assert float(fitting.tokens_served) == pytest.approx(5.3559e12, rel=1e-12)


def test_sardana_readme_cost_example_from_rents_and_utilisations():
    served = c.equivalent_tokens_served(
        input_tokens=1e10 * 1000,
        output_tokens=1e10 * 250,
        train_usd_per_hour=1.40,
        train_flop_per_s=312e12,
        train_mfu=0.5,
        serve_usd_per_hour=0.60,
        serve_flop_per_s=624e12,
        input_mfu=0.4,
        output_mfu=0.2,
    )
    want = VECTORS["sardana.cost_readme"]["inputs"]["inference_tokens"]
    assert served == pytest.approx(want, rel=1e-14)


def test_clark_three_digit_constants_miss_the_printed_cut_off_sizes():
    # Printed 937e9, 85e9, 83e9; 10^(-b/c) gives 1000e9, 32e9, 215e9: not a method of the law.
    laws = (c.CLARK_2022_S_BASE, c.CLARK_2022_RL_R, c.CLARK_2022_HASH)
    got = [10 ** (-law.b / law.c) / 1e9 for law in laws]
    assert got == pytest.approx([1000, 31.6, 215], rel=0.01)
    assert not any(hasattr(law, "cut_off_size") for law in laws)


def test_table_a4_comes_out_only_without_embedding_and_logit_products():
    shape = c.Shape(n_layers=10, d_model=640, d_ff=2560, n_heads=10, d_head=64)
    assert shape.flop_over_6nd(2048) == pytest.approx(1.03, abs=0.006)
    assert shape.flop_over_6nd(2048, embeddings=True) == pytest.approx(1.58, abs=0.01)


def test_epoch_printed_inference_span_is_not_reproduced():
    span = c.exchange(c.HOFFMANN_2022_TEX, wedge=7)
    assert float(span.train_decades) == pytest.approx(1.2, abs=0.05)
    assert abs(float(span.serve_decades) - 0.7) > 0.09
