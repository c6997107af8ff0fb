"""Shapes give the disclosed parameter counts, the cache and the arithmetic of published cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmecon import catalog, roofline
from llmecon.transformer import Transformer
from serving_vectors import agrees, inputs

ARCHITECTURES = catalog.architectures().set_index("name")
DISCLOSED = ARCHITECTURES.disclosed_total_params.dropna()

LLAMA_70B = catalog.transformer("Llama 3.1 70B")
DEEPSEEK = catalog.transformer("DeepSeek-V3")
GPT_OSS = catalog.transformer("gpt-oss-120b")
QWEN = catalog.transformer("Qwen3.5-397B-A17B")
GLM = catalog.transformer("GLM-5")


@pytest.mark.parametrize("model", sorted(DISCLOSED.index))
def test_disclosed_total_parameters(model):
    """Within 2 %, as the accounting rules of the reference promise."""
    count = catalog.transformer(model).n_params
    assert count == pytest.approx(DISCLOSED[model], rel=0.02)


def test_an_attention_form_without_formula_is_refused():
    kind = "compressed sparse + heavily compressed attention, 1 KV head"
    model = Transformer(**{**LLAMA_70B.model_dump(), "name": "DeepSeek-V4", "attention_kind": kind})
    with pytest.raises(ValueError, match="DeepSeek-V4: attention of the form"):
        _ = model.n_params


# Active parameters as disclosed, where the makers count what is counted here.
ACTIVE = {
    "Mixtral 8x7B": 12.9e9,
    "Mixtral 8x22B": 39e9,
    "Qwen3-235B-A22B": 22e9,
    "Qwen3-30B-A3B": 3.3e9,
    "DeepSeek-V3": 37e9,
    "Kimi K2": 32e9,
    "Llama 4 Maverick": 17e9,
    "Qwen3.5-397B-A17B": 17e9,
}


@pytest.mark.parametrize("model", ACTIVE)
def test_disclosed_active_parameters(model):
    assert catalog.transformer(model).n_active_params == pytest.approx(ACTIVE[model], rel=0.03)


def test_kv3_deepseek_v3_to_the_parameter():
    model = Transformer(name="DeepSeek-V3", n_kv_heads=128, d_head=128, **inputs("KV3"))
    assert agrees("KV3", "total_params", model.n_params)
    assert agrees("KV3", "active_params", model.n_active_params)


def cache_of_a_token(case):
    heads = {"n_heads": case["n_kv_heads"]}
    plain = {name: case[name] for name in ("n_layers", "n_kv_heads", "d_head")}
    model = Transformer(**LLAMA_70B.model_dump() | plain | heads)
    return model.kv_cache_bytes_per_token(case["bytes_per_value"])


def test_kv1_cache_of_a_token():
    case = inputs("KV1")
    rows = zip(*case.values(), strict=True)
    cache = [cache_of_a_token(dict(zip(case, row, strict=True))) for row in rows]
    assert agrees("KV1", "kv_bytes_per_token", cache)


def test_kv2_latent_cache_of_a_token():
    """The third is DeepSeek-V3 as coded by Erdil: 58 layers, no rotary part."""
    coded = Transformer(**{**DEEPSEEK.model_dump(), "n_layers": 58, "mla_rope_dim": 0})
    width = inputs("KV2")["bytes_per_value"]
    caches = [model.kv_cache_bytes_per_token(width) for model in (DEEPSEEK, GLM, coded)]
    assert agrees("KV2", "kv_bytes_per_token", caches)


def test_p5_mistral_large_2_cache():
    assert agrees(
        "P5",
        "kv_bytes_per_token",
        catalog.transformer("Mistral Large 2").kv_cache_bytes_per_token(),
    )


def test_b5_parameters_with_a_shared_embedding():
    case = dict(inputs("B5"))
    width = case.pop("kv_bytes_per_value")
    model = Transformer(name="problem 1 of chapter 7", **case)
    assert agrees("B5", "total_params", model.n_params)
    assert agrees("B5", "kv_bytes_per_token", model.kv_cache_bytes_per_token(width))


def test_b4_cache_of_one_sequence():
    case = inputs("B4")
    assert agrees("B4", "kv_bytes", cache_of_a_token(case) * case["tokens"])


def test_k8_flop_of_a_token_without_embeddings():
    model = Transformer(
        name="52B",
        n_heads=64,
        n_kv_heads=64,
        d_head=128,
        d_ff=4 * 8192,
        mlp_matrices=2,
        vocab_size=0,
        **inputs("K8"),
    )
    assert agrees("K8", "flop_per_token", model.matrix_flop_per_token)


def experts_read(total, active, tokens):
    """Experts of one layer that the roofline reads for some tokens, from its time of the weights.

    Between one token, which reads ``active``, and very many, which read all.
    """
    total, active, tokens = np.broadcast_arrays(total, active, tokens)
    found = np.empty(total.shape)
    for place in np.ndindex(total.shape):
        n_experts, few = int(total[place]), int(active[place])
        model = DEEPSEEK.model_copy(update={"n_experts": n_experts, "n_experts_active": few})
        chip = catalog.accelerator("H200 SXM 141GB").model_copy(update={"hbm_bytes": 1e16})
        batch = [1.0, float(tokens[place]), 1e6]
        step = roofline.decode(model, chip, batch=batch, context=1, profile=roofline.IDEAL)
        one, some, every = step.terms.weights
        share = (some - one) / (every - one) if few < n_experts else 1.0
        found[place] = few + share * (n_experts - few)
    return found


def test_moe2_distinct_experts():
    case = inputs("MOE2")
    total, active = np.array(case["cases"]).T[:, :, None]
    assert agrees("MOE2", "experts", experts_read(total, active, case["tokens"]))


def test_moe1_share_of_experts():
    case = inputs("MOE1")
    sparsity = np.array(case["sparsity"])[:, None]
    assert agrees("MOE1", "share", experts_read(sparsity, 1, case["tokens"]) / sparsity)


def test_windows_stop_growing():
    """gpt-oss: 18 layers keep everything, 18 keep 128 tokens (16 bit, 8 heads of 64)."""
    one_layer = 2 * 8 * 64 * 2
    assert float(GPT_OSS.kv_cache_bytes(10_000)) == one_layer * (18 * 10_000 + 18 * 128)
    assert float(GPT_OSS.kv_cache_bytes(100)) == one_layer * 36 * 100


def test_recurrent_layers_hold_a_constant_state():
    """Qwen3.5: 45 layers with 64 heads of a 128 x 128 state in 32 bit."""
    state = 45 * 64 * 128 * 128 * 4
    assert float(QWEN.kv_cache_bytes(0)) == state
    assert float(QWEN.kv_cache_bytes(1000)) == state + 1000 * 15 * 2 * 2 * 256 * 2


def test_sparse_attention_reads_chosen_tokens_and_all_index_keys():
    latent = 78 * (512 + 64) * 2
    assert float(GLM.kv_read(100_000, 2)) == 2048 * latent + 100_000 * 78 * 128
    assert float(GLM.kv_read(1000, 2)) == 1000 * (latent + 78 * 128)


# Counted a second time, by the makers of the facts table, from the configurations.
COUNTED = {
    "Qwen3.5-397B-A17B": 396_343_377_920,  # output gates, Gated DeltaNet layers
    "Qwen3.5-122B-A10B": 122_109_296_640,
    "MiMo-V2-Flash": 308_778_369_024,  # value heads of 128, more key-value heads in windows
    "GLM-5": 743_910_014_976,  # latent attention with an indexer
    "Llama 4 Maverick": 400_711_352_320,  # experts in every second layer
    "gpt-oss-120b": 116_788_838_400,
}


@pytest.mark.parametrize("model", COUNTED)
def test_unusual_layers_to_the_parameter(model):
    assert catalog.transformer(model).n_params == COUNTED[model]


def test_a_recurrent_state_is_read_and_written():
    state = 45 * 64 * 128 * 128 * 4
    assert float(QWEN.kv_read(0, 2)) == 2 * state
    assert float(QWEN.decode_attention_flop(0)) == 6 * 45 * 64 * 128 * 128


def test_a_window_bounds_the_arithmetic_of_a_token():
    one_layer = 4 * 64 * 64
    assert float(GPT_OSS.decode_attention_flop(10_000)) == one_layer * 18 * (10_000 + 128)


def test_an_indexer_scores_every_token():
    chosen = 2 * 64 * (2 * 512 + 64) * 2048
    scored = 2 * 32 * 128 * 100_000
    assert float(GLM.decode_attention_flop(100_000)) == 78 * (chosen + scored)


def test_prefill_attention_is_half_the_square():
    """2 h d_h L n^2, against the sum over tokens of 4 h d_h L x."""
    n = 4096
    closed = 2 * 64 * 128 * 80 * n**2
    assert float(LLAMA_70B.prefill_attention_flop(n, 0)) == closed
    one_by_one = LLAMA_70B.decode_attention_flop(np.arange(n) + 0.5).sum()
    assert one_by_one == pytest.approx(closed)


def test_prefill_in_two_parts_is_prefill_in_one():
    for model in (LLAMA_70B, GPT_OSS, QWEN):
        whole = model.prefill_attention_flop(6000, 0)
        parts = model.prefill_attention_flop(2000, 0) + model.prefill_attention_flop(4000, 2000)
        assert float(parts) == pytest.approx(float(whole))


@pytest.mark.parametrize("model", [LLAMA_70B, GPT_OSS, QWEN])
def test_the_last_token_of_a_prompt_is_a_decode_step(model):
    assert model.prefill_attention_flop(1, 6000) == model.decode_attention_flop(6000)


def test_latent_attention_works_on_the_latent_in_decode_and_unfolds_in_prefill():
    """Section 2.2 of the reference: 2 h (2c + r) x L, and h (nope + r + v) L n^2."""
    assert float(DEEPSEEK.decode_attention_flop(1000)) == 2 * 128 * (2 * 512 + 64) * 1000 * 61
    assert float(DEEPSEEK.prefill_attention_flop(1000, 0)) == 128 * (128 + 64 + 128) * 61 * 1000**2


@settings(derandomize=True, deadline=None)
@given(st.integers(1, 400), st.integers(1, 4000))
def test_experts_read_lie_between_one_tokens_and_all(active, tokens):
    read = float(experts_read(400, active, tokens))
    assert min(active, 400) * (1 - 1e-9) <= read <= min(400, active * tokens) * (1 + 1e-9)


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 200_000), st.integers(1, 50_000))
def test_the_cache_never_shrinks(context, more):
    for model in (LLAMA_70B, DEEPSEEK, GPT_OSS, QWEN, GLM):
        assert model.kv_cache_bytes(context + more) >= model.kv_cache_bytes(context)
        assert model.kv_read(context + more, 2) >= model.kv_read(context, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_kv_heads": 7}, "n_kv_heads must divide n_heads"),
        ({"n_experts": 8, "n_experts_active": 9}, "between 1 and n_experts"),
        ({"n_experts_active": 2}, "without n_experts"),
        ({"n_dense_layers": 81}, "n_dense_layers must be <= n_layers"),
        ({"n_full_attention_layers": 90}, "n_full_attention_layers must be <= n_layers"),
        ({"n_full_attention_layers": 20}, "need sliding_window_tokens or linear_d_head"),
        ({"mla_kv_rank": 512}, "needs mla_nope_dim and mla_v_dim"),
        ({"sparse_attention_tokens": 2048}, "go together"),
        ({"n_layers": 0}, "n_layers"),
        ({"depth": 3}, "depth"),
    ],
)
def test_a_contradictory_shape_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Transformer(**{**LLAMA_70B.model_dump(), **change})


@pytest.mark.parametrize("bad", [0, -1, float("nan")])
def test_what_is_not_positive_is_refused_by_name(bad):
    with pytest.raises(ValueError, match="bytes_per_element"):
        LLAMA_70B.kv_cache_bytes_per_token(bad)
