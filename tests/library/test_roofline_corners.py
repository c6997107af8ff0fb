"""Corners of the roofline: two ways to write one instance, idle stages, arguments that change only
what fits, and what the messages say. Oracle: the same thing computed in another way."""

import numpy as np
import pytest

from llmecon import catalog, roofline

LLAMA_70B = catalog.transformer("Llama 3.1 70B")
LLAMA_8B = catalog.transformer("Llama 3.1 8B")
H200 = catalog.accelerator("H200 SXM 141GB")


def test_one_instance_written_in_two_ways_drafts_equally_fast():
    model = catalog.transformer("DeepSeek-V3")

    def drafted(tensor, replicas):
        return roofline.speculate(
            model,
            H200,
            draft=LLAMA_8B,
            gamma=2,
            batch=256,
            context=4000,
            weights="fp8",
            tensor_parallel=tensor,
            expert_parallel=[1, 32] if tensor == 32 else 32,
            attention_data_parallel=replicas,
        )

    groups, one = drafted(8, 1), drafted(32, 4)  # 32 accelerators in groups of 8 that attend
    np.testing.assert_allclose(groups.seconds, one.seconds[1])
    np.testing.assert_allclose(groups.memory.sequence_bytes, one.memory.sequence_bytes)
    assert groups.chips == 32


def test_a_pipeline_reads_a_prompt_in_every_stage():
    where = {"tensor_parallel": 8, "weights": "fp8", "profile": roofline.IDEAL}
    one = roofline.prefill(LLAMA_70B, H200, input_tokens=8192, batch=2, **where)
    four = roofline.prefill(
        LLAMA_70B, H200, input_tokens=8192, batch=[1, 8], pipeline_parallel=4, **where
    )
    # Stages that are all busy do as much for each accelerator; one prompt leaves three idle.
    per_chip = four.tokens_per_s_per_chip / one.tokens_per_s_per_chip
    assert per_chip[1] == pytest.approx(1, rel=0.02)
    assert per_chip[0] == pytest.approx(1 / 4, rel=0.02)


@pytest.mark.parametrize("pass_of", ["decode", "prefill"])
@pytest.mark.parametrize("name", ["reserve_bytes", "chips_per_node"])
def test_arguments_that_change_no_time_still_broadcast(pass_of, name):
    run = getattr(roofline, pass_of)
    length = "context" if pass_of == "decode" else "input_tokens"
    step = run(LLAMA_8B, H200, batch=1, **{length: 100}, **{name: [1, 4e9]})
    assert step.seconds.shape == step.terms.network.shape == step.binds.shape == (2,)
    assert step.seconds[0] == step.seconds[1]


def test_a_context_that_is_too_long_is_not_called_a_model_that_is_too_large():
    step = roofline.decode(LLAMA_70B, H200, batch=1, context=1e9, tensor_parallel=8, weights="fp8")
    # 80 layers of one key and one value head of 128, 2 bytes each, on every accelerator.
    cache = 80 * 2 * 128 * 2 * 1e9 / 1e9
    held = float(step.memory.weight_bytes + step.memory.reserve_bytes) / 1e9
    wanted = rf"beside {held:.1f} GB one sequence needs {cache:.1f} GB .* it has 141\.0 GB"
    with pytest.raises(ValueError, match=wanted):
        step.require_fit()
    with pytest.raises(ValueError, match="weights and reserve need"):
        roofline.decode(LLAMA_70B, H200, batch=1, context=1e9).require_fit()


@pytest.mark.parametrize("cached", [8, 9])
def test_a_cached_part_as_long_as_the_prompt_is_named_with_both_lengths(cached):
    wanted = rf"cached_tokens must be < input_tokens = 8, got {cached} \[tokens\]"
    with pytest.raises(ValueError, match=wanted):
        roofline.prefill(LLAMA_8B, H200, input_tokens=8, cached_tokens=[1, cached])


def test_where_not_one_request_fits_nothing_is_served():
    run = roofline.serve(
        catalog.transformer("Llama 3.1 405B"),
        H200,
        concurrency=16,
        input_tokens=[1000, 1e9],
        output_tokens=100,
        tensor_parallel=[[1], [8]],
        weights="fp8",
    )
    served = np.array([[False, False], [True, False]])  # too large; a prompt too long
    assert np.array_equal(run.batch > 0, served)
    for seconds in (run.ttft_s, run.tpot_s, run.tpot_low_s, run.tpot_high_s):
        assert np.array_equal(np.isfinite(seconds), served)
    for rate in (run.output_tokens_per_s_per_chip, run.tokens_per_s_per_user):
        assert np.array_equal(rate > 0, served)


def test_a_mesh_of_one_has_no_links_to_share():
    lone = H200.model_copy(update={"scaleup_topology": "mesh", "scaleup_domain_size": 1})
    with np.errstate(all="raise"):
        step = roofline.decode(LLAMA_8B, lone, batch=1, context=100, tensor_parallel=[1, 8])
    assert np.isfinite(step.seconds).all()


# ---- one deployment, checked once --------------------------------------------------------


def test_a_deployment_answers_as_the_plain_functions_do():
    where = {"tensor_parallel": [1, 2, 8], "weights": "fp8"}
    server = roofline.Deployment(LLAMA_70B, H200, **where)
    for name, load in [
        ("decode", {"batch": [[1], [64]], "context": 4096}),
        ("prefill", {"input_tokens": 4096, "cached_tokens": 100}),
    ]:
        made = getattr(server, name)(**load)
        plain = getattr(roofline, name)(LLAMA_70B, H200, **load, **where)
        assert np.array_equal(made.seconds, plain.seconds)
        assert np.array_equal(made.memory.used_bytes, plain.memory.used_bytes)
    load = {"concurrency": [[1], [64]], "input_tokens": 4096, "output_tokens": 100}
    run, plain = server.serve(**load), roofline.serve(LLAMA_70B, H200, **load, **where)
    assert np.array_equal(run.tpot_s, plain.tpot_s) and np.array_equal(run.ttft_s, plain.ttft_s)


def test_decode_and_serve_have_one_rule_of_time():
    """One user waits for nobody: a token of the server is a decode step.

    At 4 FLOP a byte matrices are bound by reading and grouped attention by arithmetic, so that
    one roofline over the whole step would be shorter.
    """
    slow = H200.model_copy(update={"bf16_dense_flop_per_s": 4 * H200.hbm_bytes_per_s})
    profile = roofline.Profile(name="x")
    server = roofline.Deployment(LLAMA_70B, slow, tensor_parallel=8, profile=profile)
    step = server.decode(batch=1, context=100_000 + 50)
    run = server.serve(concurrency=1, input_tokens=100_000, output_tokens=100)
    assert run.tpot_s == pytest.approx(float(step.seconds), rel=1e-12)
    read = server.prefill(input_tokens=100_000)
    assert run.ttft_s == pytest.approx(float(read.seconds + step.seconds / 2), rel=1e-9)
    terms = step.terms
    as_one = max(terms.compute, terms.weights + terms.kv_cache) + terms.network
    assert step.seconds > 1.1 * as_one


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "Llama 3.1 70B"}, "model must be a record .* got 'Llama 3.1 70B'"),
        ({"chip": None}, "chip must be a record .* got None"),
        ({"tensor_parallel": 3}, "divide the 64 heads .* got 3 .*allowed: 1, 2, 4, 8, 16, 32, 64"),
        ({"weights": "fp9"}, "weights: precision must be one of .* got 'fp9'"),
        ({"activations": "nvfp4"}, "activations: no nvfp4 rate of H200"),
        ({"kv": "fp7"}, "kv: precision must be one of"),
        (
            {"tensor_parallel": [1, 2], "pipeline_parallel": [1, 2, 4]},
            "pipeline_parallel must have",
        ),
        (
            {"tensor_parallel": [1, 2], "weights": ["bf16", "fp8", "int8"]},
            "weights must have a shape",
        ),
        ({"reserve_bytes": "8"}, "reserve_bytes must be a number, got '8'"),
        (
            {"tensor_parallel": np.ma.array([1, 2], mask=[0, 1])},
            "tensor_parallel must not be masked",
        ),
    ],
)
def test_a_deployment_that_cannot_exist_says_what_is_allowed(options, message):
    with pytest.raises(ValueError, match=message):
        roofline.Deployment(**{"model": LLAMA_70B, "chip": H200, **options})


@pytest.mark.parametrize(
    ("load", "message"),
    [
        (
            {"batch": [1, 2], "context": [1, 2, 3]},
            r"context must have a shape .* \(2,\), got \(3,\)",
        ),
        ({"batch": ["8"], "context": 1}, "batch must be a number"),
        ({"batch": 8, "context": np.ma.array([1, 2], mask=[0, 1])}, "context must not be masked"),
        ({"batch": [1, 2, 3], "context": 1}, "the deployment's options must have a shape"),
    ],
)
def test_loads_of_other_shapes_are_named(load, message):
    server = roofline.Deployment(LLAMA_70B, H200, tensor_parallel=[4, 8])
    with pytest.raises(ValueError, match=message):
        server.decode(**load)


def test_a_pipeline_is_not_served():
    with pytest.raises(ValueError, match=r"pipeline_parallel must be 1 to serve, got 2 \[stages\]"):
        roofline.serve(
            LLAMA_8B, H200, concurrency=1, input_tokens=1, output_tokens=1, pipeline_parallel=2
        )


@pytest.mark.parametrize("name", ["batch", "context"])
def test_a_count_beyond_all_numbers_is_refused_and_warns_of_nothing(name, recwarn):
    load = {"batch": 1, "context": 100} | {name: [1e308]}
    with pytest.raises(ValueError, match=rf"^{name} must be <= 1e\+16.*, got 1e\+308"):
        roofline.decode(LLAMA_8B, H200, **load)
    assert not recwarn.list
