"""The published serving model reproduces its own numbers (Erdil 2024 and 2025, recomputed)."""

import numpy as np
import pytest

from llmecon import catalog, cost, roofline
from llmecon_book import essay
from llmecon_book.essay.latency import collective_s, latency_s, speculative_latency_s
from serving_vectors import CASES, MACHINES, agrees, definition, inputs, named, shape

MODELS = sorted({inputs(name)["model"] for name in named("E") + named("FIG")})


@pytest.mark.parametrize("name", MODELS)
def test_counts_of_the_published_code(name):
    given, model = definition(name), shape(name)
    assert model.n_params == pytest.approx(given["total_params"], rel=1e-12)
    assert model.n_active_params == pytest.approx(given["active_params"], rel=1e-12)
    assert model.kv_bytes_per_token == pytest.approx(given["kv_bytes_per_token"], rel=1e-12)


def test_n1_parts_of_gpt4_as_assumed():
    gpt4 = shape("gpt4_erdil_16bit")
    assert agrees("N1", "total_params", gpt4.n_params)
    assert agrees("N1", "active_params", gpt4.n_active_params)
    assert agrees("N1", "ff_params", gpt4.feed_forward_params)
    assert agrees("N1", "attention_params", gpt4.attention_params)
    assert agrees("N1", "embedding_params", gpt4.embedding_params)


def test_n2_counts_as_printed():
    models = [shape(name) for name in inputs("N2")["models"]]
    assert agrees("N2", "total_params", [model.n_params for model in models])
    assert agrees("N2", "active_params", [model.n_active_params for model in models])


@pytest.mark.parametrize(
    ("factor", "name"),
    [(2, "gpt4_half"), (4, "gpt4_quarter"), (8, "gpt4_eighth"), (16, "gpt4_sixteenth")],
)
def test_scalings_of_gpt4_for_the_h200_figure(factor, name):
    assert shape("gpt4_erdil_16bit").scaled(1 / factor).n_params == pytest.approx(
        shape(name).n_params, rel=1e-12
    )


def test_the_catalogue_gives_the_shapes_of_the_code():
    gpt4 = essay.Shape.of(catalog.transformer("GPT-4 (Erdil assumption)"))
    assert gpt4.n_params == shape("gpt4_erdil_16bit").n_params
    llama = essay.Shape.of(catalog.transformer("Llama 3 70B"))
    assert llama.n_params == shape("llama3_70b_8bit").n_params
    assert llama.kv_bytes_per_token == shape("llama3_70b_8bit").kv_bytes_per_token


# The code of May 2025 moves other bytes in its dense variants; only that of January is kept.
EVALUATED = [
    name
    for name in named("E")
    if inputs(name)["conventions"] == "jan2025" or inputs(name)["variant"] in ("toy", "ep_v2")
]


@pytest.mark.parametrize("name", EVALUATED)
def test_one_evaluation(name):
    given, expected = inputs(name), CASES[name]["expected"]
    seconds = latency_s(
        shape(given["model"]),
        MACHINES[given["gpu"]],
        n_gpu=given["n_gpu"],
        batch=given["batch"],
        context=given["context_tokens"],
        variant=given["variant"],
        pipeline=given["pipeline"],
    )
    assert np.isfinite(seconds) == expected["fits"]
    if expected["fits"]:
        assert agrees(name, "latency_s", seconds)


def mfu(model, machine, seconds, *, n_gpu, batch, context=0.0):
    """Useful FLOP over peak FLOP without cap."""
    peak = machine.peak_flop_per_s(model.weight_bytes)
    return model.flop(context, np.asarray(batch)) / (n_gpu * seconds * peak)


def usd_per_mtok(seconds, given):
    return cost.usd_per_mtok_from(
        seconds=seconds,
        chips=given["n_gpu"],
        batch=given["batch"],
        usd_per_gpu_hour=given["usd_per_gpu_hour"],
    )


@pytest.mark.parametrize("name", named("FIG"))
def test_points_of_the_h200_figure(name):
    """Some sit exactly on the memory limit, so G is raised by 6e-6."""
    given = inputs(name)
    model, machine = shape(given["model"]), MACHINES[given["gpu"]]
    where = {
        "n_gpu": given["n_gpu"] * (1 + 6e-6),
        "batch": given["batch"],
        "context": given["context_tokens"],
    }
    seconds = speculative_latency_s(
        model,
        machine,
        essay.Speculation(
            draft=shape(given["draft"]),
            acceptance=given["acceptance"],
            gamma_max=given["gamma_max"],
        ),
        variant=given["variant"],
        pipeline=given["pipeline"],
        **where,
    )
    assert agrees(name, "tok_per_s", 1 / seconds)
    assert agrees(name, "mfu", mfu(model, machine, seconds, **where))
    assert agrees(name, "usd_per_mtok", usd_per_mtok(seconds, given))


def test_n13_deepseek_at_100k():
    given = inputs("N13")
    model = shape(given["model"])
    assert agrees("N13", "kv_bytes_per_token", model.kv_bytes_per_token)
    held = model.kv_bytes_per_token * given["context_tokens"]
    assert agrees("N13", "kv_bytes_per_sequence", held)
    a_dollar_a_second = 3600.0  # per hour, so that dollars count seconds
    read = cost.kv_read(
        kv_bytes=held,
        hbm_bytes_per_s=given["hbm_bytes_per_s"],
        usd_per_gpu_hour=a_dollar_a_second,
    )
    assert agrees("N13", "kv_read_gpu_s_per_mtok", read)
    computed = model.flop(given["context_tokens"], np.ones(())) / given["flop_per_s"]
    assert agrees("N13", "flop_gpu_s_per_mtok", 1e6 * computed)


def test_p11_and_sd1_tokens_per_round():
    given = inputs("P11")
    # Its equation does not count the target's own token.
    rounds = roofline.tokens_per_round(given["acceptance"], np.asarray(given["gamma"]) - 1)
    assert agrees("P11", "tokens_per_step", rounds)
    given = inputs("SD1")
    chance = np.asarray(given["acceptance"])[:, None]
    assert agrees("SD1", "tokens_per_step", roofline.tokens_per_round(chance, given["gamma"]))


def test_c1_nccl_collectives():
    given = inputs("C1")
    cases = zip(
        given["bytes_reduced"], given["n_ranks"], given["n_nodes"], given["kind"], strict=True
    )
    times = [
        1e6 * float(collective_s(essay.H100, size, ranks, nodes, all_reduce=kind == "all-reduce"))
        for size, ranks, nodes, kind in cases
    ]
    assert agrees("C1", "time_us", times)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_gpu": 0}, "n_gpu must be > 0"),
        ({"batch": float("nan")}, "batch must be a finite number"),
        ({"context": -1}, "context must be >= 0"),
        ({"positions": 0}, "positions must be >= 1"),
        ({"variant": "other"}, "variant must be toy"),
    ],
)
def test_bad_values_are_named(change, message):
    good = {"n_gpu": 8, "batch": 1}
    with pytest.raises(ValueError, match=message):
        latency_s(shape("llama3_8b_16bit"), essay.H100, **{**good, **change})
