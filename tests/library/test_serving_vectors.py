"""Worked examples of the literature, by source, at the tolerance of each, through the library."""

import numpy as np
import pytest

from llmecon import catalog, cost, roofline
from llmecon.accelerator import Accelerator
from llmecon.roofline import IDEAL
from llmecon.transformer import Transformer
from serving_vectors import CASES, agrees, inputs, shape

DEEPSEEK = catalog.transformer("DeepSeek-V3")
LLAMA_70B = catalog.transformer("Llama 3.1 70B")
FAR_ABOVE = 1e30  # a rate that never binds


def changed(model: Transformer, **changes) -> Transformer:
    return Transformer(**{**model.model_dump(), **changes})


def dense(params: float, *, n_layers: int, d_model: int, **heads) -> Transformer:
    """So many parameters exactly: a few rows of vocabulary make up what d_ff rounds off."""
    heads = {"n_kv_heads": heads["n_heads"], "d_head": 1, **heads}
    attention = 2 * heads["d_head"] * (heads["n_heads"] + heads["n_kv_heads"])
    d_ff, rest = divmod(params / (n_layers * d_model) - attention, 2)
    return Transformer(
        name=f"{params:g} parameters",
        n_layers=n_layers,
        d_model=d_model,
        d_ff=int(d_ff),
        mlp_matrices=2,
        vocab_size=round(rest * n_layers),
        tied_embeddings=True,
        **heads,
    )


def chip(**rates) -> Accelerator:
    """An accelerator of which only the named rates bind."""
    rates = {
        "bf16_dense_flop_per_s": FAR_ABOVE,
        "hbm_bytes": FAR_ABOVE,
        "hbm_bytes_per_s": FAR_ABOVE,
        "scaleup_bytes_per_s_per_direction": FAR_ABOVE,
        "scaleout_bytes_per_s_per_direction": FAR_ABOVE,
        **rates,
    }
    return Accelerator(name="x", **rates)


# ---- Erdil, "Inference economics of language models", arXiv:2506.04645 -------------------


def test_p2_reading_a_full_memory():
    """By decoding a model that fills it."""
    case = inputs("P2")
    model = dense(case["hbm_bytes"] / 2, n_layers=100, d_model=1000, n_heads=1)
    machine = chip(hbm_bytes=case["hbm_bytes"], hbm_bytes_per_s=case["hbm_bytes_per_s"])
    step = roofline.decode(model, machine, batch=1, context=1, profile=IDEAL)
    assert agrees("P2", "time_s", step.seconds)
    assert agrees("P2", "tok_per_s", step.tokens_per_s)


def test_p3_and_p4_square_root_rule():
    """The rule of the exercise in the chapter on the reversal: N = N0 (v0 / v)^2."""
    for name, base, key in (
        ("P3", "base_tok_per_s", "tok_per_s"),
        ("P4", "base_latency_ms", "latency_ms"),
    ):
        case = inputs(name)
        times = (np.array(case["params"]) / case["base_params"]) ** 0.5
        assert agrees(name, key, case[base] * (times if name == "P4" else 1 / times))


def test_p9_latent_attention_multiplies_the_arithmetic():
    """d_latent over d_head, without the rotary part; by both models of a transformer."""
    latent = changed(DEEPSEEK, mla_rope_dim=0)
    plain = changed(DEEPSEEK, mla_kv_rank=0)
    ratio = latent.decode_attention_flop(1000) / plain.decode_attention_flop(1000)
    assert (latent.mla_kv_rank, plain.d_head) == tuple(inputs("P9").values())
    assert agrees("P9", "ratio", ratio)
    published = shape("deepseek_v3_8bit_erdil")
    headed = published.__class__(**{**vars(published), "mla_kv_rank": 0})
    growth = [
        model.flop(100_000, np.ones(())) - model.flop(0, np.ones(()))
        for model in (published, headed)
    ]
    assert agrees("P9", "ratio", growth[0] / growth[1])


def test_p10_batch_that_makes_a_message_of_ten_megabytes():
    case, link = inputs("P10"), 450e9
    model = dense(1e9, n_layers=1, d_model=case["d_model"], n_heads=8)
    step = roofline.decode(
        model,
        chip(scaleup_bytes_per_s_per_direction=link),
        batch=CASES["P10"]["expected"]["batch"],
        context=1,
        tensor_parallel=8,
        profile=IDEAL,
    )
    ring = 2 * 7 / 8 * case["tensor_bytes"] / link
    assert step.terms.network == pytest.approx(2 * ring, rel=1e-12)  # attention, feed-forward


# ---- C. Chen (kipply), "Transformer Inference Arithmetic", 2022 --------------------------

KIPPLY = Transformer(
    name="52B",
    n_layers=64,
    d_model=8192,
    n_heads=64,
    n_kv_heads=64,
    d_head=128,
    d_ff=4 * 8192,
    mlp_matrices=2,
    vocab_size=0,
)


def test_k1_making_keys_and_values():
    """Half of the heads need half of it, so the difference counts twice."""
    assert inputs("K1") == {"n_layers": KIPPLY.n_layers, "d_model": KIPPLY.d_model}
    halved = changed(KIPPLY, n_kv_heads=32)
    flop = 2 * (KIPPLY.matrix_flop_per_token - halved.matrix_flop_per_token)
    assert agrees("K1", "flop", flop)


def test_k2_tokens_for_free():
    case = inputs("K2")
    machine = chip(
        bf16_dense_flop_per_s=case["flop_per_s"], hbm_bytes_per_s=case["hbm_bytes_per_s"]
    )
    assert agrees("K2", "ratio", machine.peak_flop_per_s() / machine.hbm_bytes_per_s)


def test_k3_reading_the_weights():
    case = inputs("K3")
    step = roofline.decode(
        KIPPLY,
        chip(hbm_bytes_per_s=case["hbm_bytes_per_s"]),
        batch=1,
        context=1,
        tensor_parallel=case["n_gpu"],
        profile=IDEAL,
    )
    assert agrees("K3", "time_s", step.terms.weights)


def test_k4_cache_of_a_token():
    width = inputs("K4")["bytes_per_value"]
    assert agrees("K4", "kv_bytes_per_token", KIPPLY.kv_cache_bytes_per_token(width))


def kipply_step(case: dict, machine: Accelerator, profile: roofline.Profile) -> roofline.Step:
    model = dense(
        case["params"],
        n_layers=case["n_layers"],
        d_model=case.get("d_model", 16_384),
        n_heads=case["n_gpu"],
    )
    return roofline.decode(
        model,
        machine,
        batch=case.get("batch", 1),
        context=1,
        tensor_parallel=case["n_gpu"],
        chips_per_node=case["n_gpu"],
        profile=profile,
    )


def test_k6_one_sequence_waits_for_messages():
    """Four messages a layer are two all-reduces of two messages each."""
    case = inputs("K6")
    each = case["message_s"] * case["messages_per_layer"] / 2
    profile = roofline.Profile(name="messages", collective_s=each)
    step = kipply_step(case, chip(hbm_bytes_per_s=case["hbm_bytes_per_s"]), profile)
    assert agrees("K6", "memory_s", step.terms.weights)
    assert agrees("K6", "comm_s", step.terms.network)


@pytest.mark.parametrize("name", ["K7", "K10"])
def test_k7_and_k10_many_sequences_compute_and_send(name):
    """The source sends whole tensors, a ring (R - 1)/R of them; its 62 ms elsewhere is a slip."""
    case = inputs(name)
    machine = chip(
        bf16_dense_flop_per_s=case["flop_per_s"],
        scaleup_bytes_per_s_per_direction=case["link_bytes_per_s"],
    )
    step = kipply_step(case, machine, IDEAL)
    assert agrees(name, "compute_s", step.terms.compute)
    whole = case["n_gpu"] / (case["n_gpu"] - 1)
    assert agrees(name, "comm_s", whole * step.terms.network)


# ---- J. Austin et al., "How to Scale Your Model", 2025, chapters 7, 8 and 12 --------------


def test_b1_cache_after_the_longer_of_reading_and_arithmetic():
    case = inputs("B1")
    model = dense(case["params"], n_layers=25, d_model=4000, n_heads=16, d_head=125)
    context = 8192
    assert model.kv_cache_bytes(context, 1) == case["kv_bytes_per_sequence"]
    step = roofline.decode(
        model,
        chip(bf16_dense_flop_per_s=case["flop_per_s"], hbm_bytes_per_s=case["hbm_bytes_per_s"]),
        batch=case["batch"],
        context=context,
        tensor_parallel=case["n_chip"],
        weights="int8",
        kv="int8",
        activations="bf16",
        profile=IDEAL,
    )
    assert agrees("B1", "step_s", step.seconds)


def test_b2_reading_alone_by_batch():
    case = inputs("B2")
    model = dense(case["weight_bytes"] / 2, n_layers=40, d_model=5120, n_heads=40, d_head=128)
    step = roofline.decode(
        model,
        chip(hbm_bytes_per_s=case["hbm_bytes_per_s"]),
        batch=case["batch"],
        context=case["kv_bytes_per_sequence"] / model.kv_cache_bytes_per_token(2),
        tensor_parallel=case["n_chip"],
        profile=IDEAL,
    )
    assert agrees("B2", "step_ms", 1e3 * step.seconds)
    assert agrees("B2", "tok_per_s", case["n_chip"] * step.tokens_per_s_per_chip)


B6 = dense(70e9, n_layers=80, d_model=7000, n_heads=64, n_kv_heads=8, d_head=128)


def llama_on_tpu(n_chip: int) -> roofline.Step:
    """Sequences dealt out over all chips where heads are fewer."""
    return roofline.decode(
        B6,
        chip(hbm_bytes_per_s=inputs("B7")["hbm_bytes_per_s"]),
        batch=32,
        context=8192,
        tensor_parallel=n_chip,
        two_d=n_chip > B6.n_kv_heads,
        weights="int8",
        kv="int8",
        activations="bf16",
        reserve_bytes=0,
        profile=IDEAL,
    )


def test_b6_memory_of_70b_in_8_bit():
    """The book rounds the cache of a token to 160e3 bytes and gets 112e9 bytes, 7 chips."""
    case = inputs("B6")
    assert agrees("B6", "kv_bytes_per_token", B6.kv_cache_bytes_per_token(case["bytes_per_value"]))
    assert agrees("B6", "kv_bytes_32768", B6.kv_cache_bytes(32_768, case["bytes_per_value"]))
    total = 8 * llama_on_tpu(8).memory.used_bytes
    assert agrees("B6", "total_bytes", total)
    assert agrees("B6", "chips_exact", np.ceil(total / case["chip_bytes"]))


def test_b7_step_and_throughput_of_70b_in_8_bit():
    """Decoding the exact cache; the book rounds it."""
    case = inputs("B7")
    steps = [llama_on_tpu(n) for n in case["n_chip"]]
    assert agrees("B7", "step_s", [float(step.seconds) for step in steps])
    made = [float(step.tokens_per_s_per_chip * step.chips) for step in steps]
    assert agrees("B7", "tok_per_s", np.asarray(made) * case["batch"] / 32)


def test_b10_prefill_of_70b():
    """The book counts no attention: one layer of four heads of one element has next to none."""
    case = inputs("B10")
    step = roofline.prefill(
        dense(case["params"], n_layers=1, d_model=7000, n_heads=4),
        chip(bf16_dense_flop_per_s=case["flop_per_s"]),
        input_tokens=case["tokens"],
        tensor_parallel=case["n_chip"],
        two_d=True,
        profile=roofline.Profile(name="x", flop_share=case["mfu"]),
    )
    assert agrees("B10", "prefill_s", step.seconds)


def test_b13_ridge():
    case = inputs("B13")
    machines = [
        chip(bf16_dense_flop_per_s=flop, hbm_bytes_per_s=rate)
        for flop, rate in zip(case["flop_per_s"], case["hbm_bytes_per_s"], strict=True)
    ]
    assert agrees(
        "B13",
        "intensity",
        [machine.peak_flop_per_s() / machine.hbm_bytes_per_s for machine in machines],
    )


# ---- DeepSeek, open-infra-index, day 6, 2025 ---------------------------------------------


@pytest.mark.parametrize("phase", ["decode", "prefill"])
def test_d5_cost_by_phase(phase):
    case = inputs("D5")
    made = cost.usd_per_mtok_from(
        seconds=1.0,
        chips=case["gpus_per_node"],
        batch=case[f"{phase}_tok_per_s_per_node"],
        usd_per_gpu_hour=case["usd_per_gpu_hour"],
    )
    assert agrees("D5", f"{phase}_usd_per_mtok", made)


def test_d5_sequences_of_a_gpu():
    """88 sequences at 21 tokens/s make what a GPU makes, at the same cost."""
    case, expected = inputs("D5"), CASES["D5"]["expected"]
    held, step_s = expected["concurrency_per_gpu"], 1 / case["tok_per_s_per_user"]
    usd = cost.usd_per_mtok_from(
        seconds=step_s, chips=1, batch=held, usd_per_gpu_hour=case["usd_per_gpu_hour"]
    )
    assert agrees("D5", "decode_usd_per_mtok", usd)


# ---- memory and speculation --------------------------------------------------------------


@pytest.mark.parametrize("i", range(2))
def test_mem2_largest_batch(i):
    """Mistral Large 2 at 100K on 8 H200, Llama 3.1 70B in 8 bit at 8192 on 8 H100.

    The second case stores the embeddings in 8 bit too, ``decode`` in 16 bit. One shared
    table in 16 bit weighs as much as two in 8 bit, so the shape is given that.
    """
    case, expected = inputs("MEM2")["cases"][i], CASES["MEM2"]["expected"]["max_batch"][i]
    model = (catalog.transformer("Mistral Large 2"), changed(LLAMA_70B, tied_embeddings=True))[i]
    step = roofline.decode(
        model,
        catalog.accelerator(("H200 SXM 141GB", "H100 SXM 80GB")[i]),
        batch=1,
        context=case["context_tokens"],
        tensor_parallel=case["n_gpu"],
        weights=("bf16", "fp8")[i],
        kv=("bf16", "fp8")[i],
        reserve_bytes=case["reserve_bytes_per_gpu"],
        profile=IDEAL,
    )
    assert case["n_gpu"] * step.memory.weight_bytes == case["weight_bytes"]
    assert step.memory.max_batch == expected
