"""Corners of the roofline: two ways to write one instance, idle stages, arguments that change only
what fits, and what the messages say. Oracle: the same thing computed in another way."""

import numpy as np
import pytest

from llmecon import catalog, cost, roofline

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


def test_stages_that_a_pipeline_keeps_busy_are_not_charged_as_idle():
    def price(stages):
        return cost.token_costs(
            LLAMA_70B,
            H200,
            input_tokens=8192,
            output_tokens=100,
            batch=64,
            usd_per_gpu_hour=3.0,
            tensor_parallel=8,
            pipeline_parallel=stages,
            profile=roofline.IDEAL,
        ).input_usd_per_mtok

    assert price(4) == pytest.approx(price(1), rel=0.02)
    assert price([1, 4]).tolist() == [float(price(1)), float(price(4))]


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
    with pytest.raises(ValueError, match=wanted):
        cost.token_costs(
            LLAMA_8B,
            H200,
            input_tokens=8,
            cached_tokens=cached,
            output_tokens=1,
            batch=1,
            usd_per_gpu_hour=1,
        )


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
