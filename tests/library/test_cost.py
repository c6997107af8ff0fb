"""Dollars per token: published arithmetic, the H200 figure, and what a frontier must obey."""

import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmecon import catalog, cost, roofline
from llmecon_book import essay
from llmecon_book.essay.latency import latency_s
from serving_vectors import CASES, MACHINES, agrees, inputs, named, rounds_to, shape

H200 = MACHINES["h200_erdil_uncapped"]
GPT4_SCALINGS = (
    "gpt4_erdil_16bit",
    "gpt4_half",
    "gpt4_quarter",
    "gpt4_eighth",
    "gpt4_sixteenth",
)
FIGURE = {
    "draft": "llama3_8b_16bit",
    "acceptance": 0.8,
    "gamma_max": 5,
    "variant": "final_1d2d",
}


@cache
def frontier(model, machine, **options):
    draft = options.pop("draft", None)
    speculation = None
    if draft:
        helper = {name: options.pop(name) for name in ("acceptance", "gamma_max")}
        speculation = essay.Speculation(draft=shape(draft), **helper)
    return essay.published_frontier(
        shape(model), MACHINES[machine], speculation=speculation, **options
    )


# ---- published arithmetic ----------------------------------------------------------------


def test_p6_reading_the_cache_at_100k_costs_six_dollars():
    case = inputs("P6")
    read = cost.kv_read(
        kv_bytes=case["kv_bytes_per_output_token"],
        hbm_bytes_per_s=case["hbm_bytes_per_s"],
        usd_per_gpu_hour=case["usd_per_gpu_hour"],
    )
    assert agrees("P6", "usd_per_mtok", read)


def test_co1_cost():
    case = inputs("CO1")
    made = cost.usd_per_mtok_from(
        seconds=case["token_s"],
        chips=case["n_gpu"],
        batch=case["batch"],
        usd_per_gpu_hour=case["usd_per_gpu_hour"],
    )
    assert agrees("CO1", "usd_per_mtok", made)


# ---- the H200 figure ---------------------------------------------------------------------


@pytest.mark.parametrize("name", named("FIGS"))
@pytest.mark.parametrize("sampled", [True, False])
def test_curves_of_the_h200_figure(name, sampled):
    """To the last printed digit.

    That is narrower than the stated 0.5 %, but for one cost: FIGS05 prints 0.063 for its
    sampled curve and 0.0626 for the same point of the exact one. Both round 0.06259; half a
    unit of the third decimal is 0.8 % of it.
    """
    case, expected = inputs(name), CASES[name]["expected"]
    assert FIGURE.items() <= case.items()
    line = frontier(
        case["model"], case["gpu"], context=case["context_tokens"], sampled=sampled, **FIGURE
    )
    exact = "" if sampled else "exact_"
    fastest, at_ten = line.tokens_per_s.max(), cost.fastest_at(line, 10.0)
    assert rounds_to(fastest, expected[f"{exact}max_tok_per_s"], decimals=2)
    assert rounds_to(at_ten, expected[f"{exact}tok_per_s_at_10_usd"], decimals=2)
    usd = cost.cheapest_at(line, case["speeds_tok_per_s"])
    assert rounds_to(usd, expected[f"{exact}usd_per_mtok"], decimals=3 if sampled else 4)


def test_figi1_sizes_implied_by_the_figure():
    wanted = CASES["FIGI1"]["expected"]["total_params"]
    for case, expected in zip(inputs("FIGI1")["cases"], wanted, strict=True):
        lines = {
            shape(name).n_params: frontier(
                name,
                "h200_erdil_uncapped",
                context=case["context_tokens"],
                sampled=True,
                **FIGURE,
            )
            for name in GPT4_SCALINGS
        }
        sizes = essay.implied_size(
            lines,
            tokens_per_s=case["tok_per_s"],
            usd_per_mtok=case["price_usd_per_mtok"] / case["margin"],
        )
        assert np.allclose(sizes, expected, rtol=CASES["FIGI1"]["tolerance"])


@pytest.mark.parametrize("i", range(5))
def test_figp1_pipelining_raises_the_figure(i):
    """To the last printed digit, which is narrower than the stated 0.5 %."""
    case, expected = inputs("FIGP1"), CASES["FIGP1"]["expected"]
    assert FIGURE.items() <= case.items()
    line = frontier(case["models"][i], case["gpu"], pipeline=True, sampled=True, **FIGURE)
    assert rounds_to(line.tokens_per_s.max(), expected["max_tok_per_s"][i], decimals=2)
    at_ten = cost.fastest_at(line, 10.0)
    assert rounds_to(at_ten, expected["tok_per_s_at_10_usd"][i], decimals=2)


# ---- stored outputs of the notebooks -----------------------------------------------------


@pytest.mark.parametrize("i", range(6))
def test_n7_and_n8_fastest_and_preferred_points(i):
    """To the last printed digit: the stated 1 % cannot be asked of a cost printed as 0.06."""
    case, expected = inputs("N7"), CASES["N7"]["expected"]
    line = frontier(case["models"][i], case["gpus"][i], sampled=True)
    fastest = line.iloc[-1]
    assert rounds_to(fastest.tokens_per_s, expected["max_tok_per_s"][i], decimals=2)
    assert rounds_to(fastest.n_gpu, expected["n_gpu"][i], decimals=2)
    assert rounds_to(fastest.batch, expected["batch"][i], decimals=2)
    case, expected = inputs("N8"), CASES["N8"]["expected"]
    chosen = cost.preferred(line, alpha=case["alpha"])
    assert rounds_to(chosen.tokens_per_s, expected["preferred_tok_per_s"][i], decimals=2)
    assert rounds_to(chosen.usd_per_mtok, expected["preferred_usd_per_mtok"][i], decimals=2)


@cache
def in_may_2025(model, machine):
    """The frontier of that notebook: experts, pipelines, its own grid, met at latency levels."""
    served, chip = shape(model), MACHINES[machine]
    least = np.log2(served.weight_bytes * served.n_params / chip.hbm_bytes)
    n_gpu = 2.0 ** np.linspace(least, 18.0, 400)[:, None]
    batch = 2.0 ** np.linspace(0.0, 18.0 + np.log2(served.sparsity), 400)
    load = {"n_gpu": n_gpu, "batch": batch}
    seconds = latency_s(served, chip, **load, variant="ep_v2", pipeline=True)
    usd = seconds * n_gpu * chip.usd_per_hour / 3600 / batch * 1e6
    exact = cost.on_frontier(seconds, usd)
    times = seconds.ravel()[exact]
    levels = times[0] * np.geomspace(1.0, 100.0, 1000)
    at = np.unique(np.searchsorted(times, levels, side="right") - 1)
    return pd.DataFrame({"tokens_per_s": 1 / times[at], "usd_per_mtok": usd.ravel()[exact[at]]})


@pytest.mark.parametrize("i", range(5))
def test_t2_and_t3_models_on_h100(i):
    case, model = inputs("T2"), inputs("T2")["models"][i]
    line = in_may_2025(model, case["gpu"])
    chosen = cost.preferred(line, alpha=3)
    assert line.tokens_per_s.max() == pytest.approx(
        CASES["T2"]["expected"]["max_tok_per_s"][i], rel=0.005
    )
    assert line.usd_per_mtok.min() == pytest.approx(
        CASES["T2"]["expected"]["floor_usd_per_mtok"][i], rel=0.005
    )
    expected = CASES["T3"]["expected"]
    assert chosen.tokens_per_s == pytest.approx(expected["preferred_tok_per_s"][i], rel=0.01)
    assert chosen.usd_per_mtok == pytest.approx(expected["preferred_usd_per_mtok"][i], rel=0.01)


@pytest.mark.parametrize(
    ("name", "i", "model", "machine"),
    [
        ("T4", 0, "llama3_70b_8bit", "h100_erdil_capped"),
        ("T4", 1, "llama3_70b_8bit", "a100_erdil_capped"),
        ("T4", 2, "llama3_70b_8bit", "v100_erdil_capped"),
        ("T6", 0, "llama3_70b_16bit", "h100_erdil_capped"),
        ("T6", 1, "llama3_70b_8bit", "h100_erdil_capped"),
        ("T6", 2, "llama3_70b_4bit", "h100_erdil_capped"),
    ],
)
def test_t4_and_t6_generations_and_widths(name, i, model, machine):
    line, expected = in_may_2025(model, machine), CASES[name]["expected"]
    chosen = cost.preferred(line, alpha=3)
    assert line.tokens_per_s.max() == pytest.approx(expected["max_tok_per_s"][i], rel=0.01)
    assert chosen.tokens_per_s == pytest.approx(expected["preferred_tok_per_s"][i], rel=0.01)
    assert chosen.usd_per_mtok == pytest.approx(expected["preferred_usd_per_mtok"][i], rel=0.01)


# ---- what must hold ----------------------------------------------------------------------

positive = st.floats(0.01, 1e4)


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(positive, positive), min_size=1, max_size=60))
def test_a_frontier_is_what_nothing_beats(points):
    seconds, usd = np.array(points).T
    kept = set(cost.on_frontier(seconds, usd))
    for i in range(len(points)):
        better = (
            (seconds <= seconds[i]) & (usd <= usd[i]) & ((seconds < seconds[i]) | (usd < usd[i]))
        )
        assert not (i in kept and better.any())
        # What is left out is beaten, or the same as a point that is kept.
        equal = any(seconds[j] == seconds[i] and usd[j] == usd[i] for j in kept)
        assert i in kept or better.any() or equal


def test_points_that_do_not_fit_are_not_on_the_frontier():
    assert list(cost.on_frontier(np.array([np.inf, 2.0]), np.array([1.0, np.inf]))) == []


LINE = pd.DataFrame({"tokens_per_s": [50.0, 100.0], "usd_per_mtok": [1.0, 4.0]})


def test_beyond_the_ends_of_a_frontier():
    assert cost.cheapest_at(LINE, 101.0) == np.inf
    assert cost.fastest_at(LINE, 0.99) == 0.0
    assert cost.preferred(LINE, alpha=0).tokens_per_s == 50.0


def test_cheapest_and_fastest_are_inverse_on_the_frontier():
    line = frontier("llama3_70b_16bit", "h200_erdil_uncapped", **FIGURE)
    speeds = line.tokens_per_s.to_numpy()
    assert np.allclose(cost.fastest_at(line, cost.cheapest_at(line, speeds)), speeds)


@settings(derandomize=True, deadline=None)
@given(st.integers(1, 512), st.floats(0.1, 20))
def test_cost_is_proportional_to_rent_and_scales_with_chips(batch, rent):
    step = roofline.decode(
        catalog.transformer("Llama 3.1 8B"),
        catalog.accelerator("H200 SXM 141GB"),
        batch=batch,
        context=1000,
    )
    usd = float(cost.usd_per_mtok(step, usd_per_gpu_hour=rent))
    assert float(cost.usd_per_mtok(step, usd_per_gpu_hour=2 * rent)) == pytest.approx(2 * usd)
    seconds = 1e6 / float(step.tokens_per_s_per_chip)
    assert usd == pytest.approx(seconds * rent / 3600)


def test_what_does_not_fit_has_no_price():
    step = roofline.decode(
        catalog.transformer("Llama 3.1 405B"),
        catalog.accelerator("H100 SXM 80GB"),
        batch=1,
        context=1000,
    )
    assert cost.usd_per_mtok(step, usd_per_gpu_hour=2) == np.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cost.kv_read(kv_bytes=-1, hbm_bytes_per_s=1, usd_per_gpu_hour=1), "kv_bytes"),
        (
            lambda: cost.usd_per_mtok_from(seconds=1, chips=1, batch=0, usd_per_gpu_hour=1),
            r"batch must be > 0, got 0 \[sequences\]",
        ),
        (
            lambda: cost.usd_per_mtok_from(
                seconds=1, chips=1, batch=1, usd_per_gpu_hour=1, utilisation=1.2
            ),
            "utilisation must be <= 1",
        ),
        (lambda: cost.cheapest_at(LINE, float("nan")), "tokens_per_s must be a finite"),
        (lambda: cost.preferred(LINE, alpha=-1), "alpha must be >= 0"),
        (
            lambda: essay.implied_size({1e9: LINE}, tokens_per_s=60, usd_per_mtok=5),
            "fewer than two",
        ),
    ],
)
def test_bad_values_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- the frontier of a served model ------------------------------------------------------

LLAMA_70B, LLAMA_8B = catalog.transformer("Llama 3.1 70B"), catalog.transformer("Llama 3.1 8B")
H200_CHIP = catalog.accelerator("H200 SXM 141GB")


@cache
def served(**options):
    return cost.frontier(LLAMA_70B, H200_CHIP, usd_per_gpu_hour=3.0, weights="fp8", **options)


def test_a_served_frontier_trades_speed_for_price():
    line = served()
    assert line.tokens_per_s.is_monotonic_increasing
    assert line.usd_per_mtok.is_monotonic_increasing
    assert line.tokens_per_s.is_unique and line.usd_per_mtok.is_unique


@pytest.mark.parametrize("row", [0, -1])
def test_a_point_of_the_frontier_is_a_decode_step(row):
    point = served().iloc[row]
    step = roofline.decode(
        LLAMA_70B,
        H200_CHIP,
        batch=point.batch,
        context=4096,
        tensor_parallel=point.tensor_parallel,
        weights="fp8",
    )
    assert step.fits
    assert step.tokens_per_s == pytest.approx(point.tokens_per_s)
    assert step.binds == point.binds
    assert cost.usd_per_mtok(step, usd_per_gpu_hour=3.0) == pytest.approx(point.usd_per_mtok)


def test_no_configuration_beats_the_frontier():
    sizes = np.arange(1, 200)
    line = cost.frontier(
        LLAMA_70B, H200_CHIP, usd_per_gpu_hour=3.0, weights="fp8", batches=sizes, max_chips=16
    )
    for tp in (1, 2, 4, 8, 16):
        step = roofline.decode(
            LLAMA_70B, H200_CHIP, batch=sizes, context=4096, tensor_parallel=tp, weights="fp8"
        )
        usd = cost.usd_per_mtok(step, usd_per_gpu_hour=3.0)
        best = cost.cheapest_at(line, step.tokens_per_s)
        assert (usd >= best * (1 - 1e-9)).all()


def test_more_choices_never_hurt():
    speeds = [30.0, 60.0, 100.0]
    plain_line = served()
    wider = served(pipeline_parallel=(1, 2))
    drafted = served(draft=LLAMA_8B, gammas=(0, 1, 2, 3))
    for line in (wider, drafted):
        assert (cost.cheapest_at(line, speeds) <= cost.cheapest_at(plain_line, speeds)).all()
    assert drafted.tokens_per_s.max() > plain_line.tokens_per_s.max()
    assert drafted.gamma.max() > 0


def test_experts_are_spread_where_that_is_cheaper():
    line = cost.frontier(
        catalog.transformer("DeepSeek-V3"), H200_CHIP, usd_per_gpu_hour=3.0, weights="fp8"
    )
    assert line.expert_parallel.iloc[0] > 1


def test_a_model_that_fits_nowhere_is_named():
    with pytest.raises(ValueError, match=r"Llama 3.1 405B does not fit on 2 of H200"):
        cost.frontier(
            catalog.transformer("Llama 3.1 405B"), H200_CHIP, usd_per_gpu_hour=3.0, max_chips=2
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"draft": LLAMA_8B}, "Llama 3.1 8B drafts nothing: gammas must hold a number > 0"),
        ({"batches": [1.5, 2.0]}, "batches must be whole numbers, got 1.5"),
        ({"batches": []}, "batches must not be empty"),
        ({"gammas": []}, "gammas must not be empty"),
        ({"gammas": [0, -1]}, "gammas must be >= 0, got -1"),
        ({"pipeline_parallel": []}, "pipeline_parallel must not be empty"),
        ({"max_chips": 1e308}, "max_chips must be <= "),
    ],
)
def test_a_search_of_nothing_is_named(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        cost.frontier(LLAMA_70B, H200_CHIP, usd_per_gpu_hour=3.0, **options)


def test_one_number_is_a_choice_of_one():
    few = {"usd_per_gpu_hour": 3.0, "batches": 8, "max_chips": 8, "weights": "fp8"}
    one = cost.frontier(LLAMA_70B, H200_CHIP, pipeline_parallel=2, gammas=0, **few)
    many = cost.frontier(LLAMA_70B, H200_CHIP, pipeline_parallel=(2,), gammas=(0,), **few)
    pd.testing.assert_frame_equal(one, many)


def test_a_wider_range_of_batches_does_not_thin_the_search():
    """Ten thousand million times the batches: no point of the narrower search is lost."""
    speeds = [10.0, 30.0, 60.0, 100.0]
    narrow, wide = served(), served(max_batch=10**14)
    assert cost.cheapest_at(wide, speeds) == pytest.approx(
        cost.cheapest_at(narrow, speeds), rel=0.02
    )
