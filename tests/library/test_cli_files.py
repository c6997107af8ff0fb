"""A config.json or chip file of one's own gives the shape of the catalogue; a missing or
contradictory field is refused by name: second source, and invariants of bad input."""

import builtins
import json

import pytest

from llmecon import catalog
from llmecon.catalog import chip_file, hf_config

# Keys of the published config.json files (huggingface.co, one file a model), without those that
# say nothing of the shape.
CONFIGS = {
    "Llama 3.1 70B": {
        "model_type": "llama",
        "hidden_size": 8192,
        "intermediate_size": 28672,
        "num_attention_heads": 64,
        "num_hidden_layers": 80,
        "num_key_value_heads": 8,
        "tie_word_embeddings": False,
        "vocab_size": 128256,
    },
    "Mistral 7B": {
        "model_type": "mistral",
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "max_position_embeddings": 32768,
        "num_attention_heads": 32,
        "num_hidden_layers": 32,
        "num_key_value_heads": 8,
        "sliding_window": None,
        "vocab_size": 32000,
    },
    "Qwen3-8B": {
        "model_type": "qwen3",
        "head_dim": 128,
        "hidden_size": 4096,
        "intermediate_size": 12288,
        "max_window_layers": 36,
        "num_attention_heads": 32,
        "num_hidden_layers": 36,
        "num_key_value_heads": 8,
        "sliding_window": None,
        "tie_word_embeddings": False,
        "use_sliding_window": False,
        "vocab_size": 151936,
    },
    "Mixtral 8x7B": {
        "model_type": "mixtral",
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_attention_heads": 32,
        "num_experts_per_tok": 2,
        "num_hidden_layers": 32,
        "num_key_value_heads": 8,
        "num_local_experts": 8,
        "sliding_window": None,
        "tie_word_embeddings": False,
        "vocab_size": 32000,
    },
    "Qwen3-30B-A3B": {
        "model_type": "qwen3_moe",
        "decoder_sparse_step": 1,
        "head_dim": 128,
        "hidden_size": 2048,
        "intermediate_size": 6144,
        "mlp_only_layers": [],
        "moe_intermediate_size": 768,
        "num_attention_heads": 32,
        "num_experts": 128,
        "num_experts_per_tok": 8,
        "num_hidden_layers": 48,
        "num_key_value_heads": 4,
        "sliding_window": None,
        "tie_word_embeddings": False,
        "vocab_size": 151936,
    },
    "DeepSeek-V3": {
        "model_type": "deepseek_v3",
        "first_k_dense_replace": 3,
        "hidden_size": 7168,
        "intermediate_size": 18432,
        "kv_lora_rank": 512,
        "moe_intermediate_size": 2048,
        "moe_layer_freq": 1,
        "n_routed_experts": 256,
        "n_shared_experts": 1,
        "num_attention_heads": 128,
        "num_experts_per_tok": 8,
        "num_hidden_layers": 61,
        "num_key_value_heads": 128,
        "num_nextn_predict_layers": 1,
        "q_lora_rank": 1536,
        "qk_nope_head_dim": 128,
        "qk_rope_head_dim": 64,
        "tie_word_embeddings": False,
        "v_head_dim": 128,
        "vocab_size": 129280,
    },
    "gpt-oss-120b": {
        "model_type": "gpt_oss",
        "experts_per_token": 4,
        "head_dim": 64,
        "hidden_size": 2880,
        "intermediate_size": 2880,
        "layer_types": ["sliding_attention", "full_attention"] * 18,
        "num_attention_heads": 64,
        "num_experts_per_tok": 4,
        "num_hidden_layers": 36,
        "num_key_value_heads": 8,
        "num_local_experts": 128,
        "sliding_window": 128,
        "tie_word_embeddings": False,
        "vocab_size": 201088,
    },
    "Llama 4 Maverick": {
        "model_type": "llama4",
        "text_config": {
            "model_type": "llama4_text",
            "attention_chunk_size": 8192,
            "head_dim": 128,
            "hidden_size": 5120,
            "interleave_moe_layer_step": 2,
            "intermediate_size": 8192,
            "intermediate_size_mlp": 16384,
            "no_rope_layers": [],
            "num_attention_heads": 40,
            "num_experts_per_tok": 1,
            "num_hidden_layers": 48,
            "num_key_value_heads": 8,
            "num_local_experts": 128,
            "vocab_size": 202048,
        },
    },
    "GLM-4.5": {
        "model_type": "glm4_moe",
        "first_k_dense_replace": 3,
        "head_dim": 128,
        "hidden_size": 5120,
        "intermediate_size": 12288,
        "moe_intermediate_size": 1536,
        "n_routed_experts": 160,
        "n_shared_experts": 1,
        "num_attention_heads": 96,
        "num_experts_per_tok": 8,
        "num_hidden_layers": 92,
        "num_key_value_heads": 8,
        "num_nextn_predict_layers": 1,
        "vocab_size": 151552,
    },
    "GPT-2 XL": {
        "model_type": "gpt2",
        "n_embd": 1600,
        "n_head": 25,
        "n_layer": 48,
        "vocab_size": 50257,
    },
    "GPT-J 6B": {
        "model_type": "gptj",
        "n_embd": 4096,
        "n_head": 16,
        "n_inner": None,
        "n_layer": 28,
        "tie_word_embeddings": False,
        "vocab_size": 50400,
    },
    "Falcon 180B": {
        "model_type": "falcon",
        "hidden_size": 14848,
        "multi_query": True,
        "new_decoder_architecture": True,
        "num_attention_heads": 232,
        "num_hidden_layers": 80,
        "num_kv_heads": 8,
        "parallel_attn": True,
        "vocab_size": 65024,
    },
}
NOT_READ = {"name", "attention_kind", "native_weights"}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_published_config_gives_the_shape_of_the_catalogue(name):
    found = hf_config.convert(CONFIGS[name], name=name).model_dump(exclude=NOT_READ)
    assert found == catalog.transformer(name).model_dump(exclude=NOT_READ)


def test_every_other_and_every_nth_layer_are_counted():
    base = {**CONFIGS["Qwen3-8B"], "num_hidden_layers": 26, "sliding_window": 512}
    gemma = hf_config.convert({**base, "model_type": "gemma3_text", "sliding_window_pattern": 6})
    assert (gemma.n_full_layers, gemma.n_window_layers) == (4, 22)
    alternating = hf_config.convert({**base, "model_type": "gemma2"})
    assert (alternating.n_full_layers, alternating.n_window_layers) == (13, 13)
    qwen = hf_config.convert({**base, "use_sliding_window": True, "max_window_layers": 20})
    assert (qwen.n_full_layers, qwen.n_window_layers) == (20, 6)
    linear = {
        "full_attention_interval": 4,
        "linear_key_head_dim": 128,
        "linear_value_head_dim": 128,
        "linear_num_key_heads": 16,
        "linear_num_value_heads": 32,
    }
    hybrid = hf_config.convert({**base, "sliding_window": None, **linear, "num_hidden_layers": 48})
    assert (hybrid.n_full_layers, hybrid.n_linear_layers) == (12, 36)


def test_dense_layers_among_experts_are_counted():
    base = {**CONFIGS["Qwen3-30B-A3B"], "num_hidden_layers": 10}
    every_third = hf_config.convert({**base, "decoder_sparse_step": 3})
    assert every_third.n_moe_layers == 3  # the third, sixth and ninth
    assert (every_third.n_dense_layers, every_third.d_ff_dense) == (7, 6144)
    listed = hf_config.convert({**base, "mlp_only_layers": [0, 9]})
    assert listed.n_moe_layers == 8
    marked = hf_config.convert({**base, "moe_layer_freq": [0] + [1] * 9})
    assert marked.n_moe_layers == 9
    every_second = hf_config.convert({**base, "moe_layer_freq": 2})
    assert every_second.n_moe_layers == 5  # 0, 2, 4, 6, 8: DeepSeek counts from 0
    behind_dense = hf_config.convert({**base, "moe_layer_freq": 3, "first_k_dense_replace": 1})
    assert behind_dense.n_moe_layers == 3  # 3, 6, 9
    shared = hf_config.convert({**base, "shared_expert_intermediate_size": 1536})
    assert shared.n_shared_experts == 2


# Keys of two published files without the one whose default is meant, and the sizes their makers
# state (huggingface.co/CohereForAI/c4ai-command-r-v01, huggingface.co/bigcode/starcoder2-3b).
TIED = {
    "cohere": ((40, 8192, 64, 64, 22528, 256_000), 35.0e9),
    "starcoder2": ((30, 3072, 24, 2, 12288, 49_152), 3.03e9),
}
KEYS = (
    *("num_hidden_layers", "hidden_size", "num_attention_heads", "num_key_value_heads"),
    *("intermediate_size", "vocab_size"),
)


@pytest.mark.parametrize("family", TIED)
def test_families_that_tie_embeddings_unless_told_otherwise_have_their_stated_size(family):
    shape, stated = TIED[family]
    content = {"model_type": family, **dict(zip(KEYS, shape, strict=True))}
    assert hf_config.convert(content).n_params == pytest.approx(stated, rel=0.003)
    untied = hf_config.convert({**content, "tie_word_embeddings": False})
    assert untied.n_params > 1.04 * stated


def changed(name, **keys):
    """A published config with keys replaced; None takes one away."""
    merged = {**CONFIGS[name], **keys}
    return {key: value for key, value in merged.items() if value is not None}


BAD = {
    "no layers": (
        changed("Llama 3.1 70B", num_hidden_layers=None),
        "config.json: num_hidden_layers is missing",
    ),
    "a word for a number": (
        changed("Llama 3.1 70B", vocab_size="many"),
        "vocab_size must be a whole number >= 1, got 'many'",
    ),
    "half a layer": (changed("Llama 3.1 70B", num_hidden_layers=80.5), "got 80.5"),
    "no feed-forward": (
        changed("Llama 3.1 70B", intermediate_size=None),
        "intermediate_size is missing",
    ),
    "heads that do not divide": (
        changed("Llama 3.1 70B", num_key_value_heads=7),
        "num_key_value_heads 7 does not divide num_attention_heads 64",
    ),
    "width that heads do not divide": (
        changed("Llama 3.1 70B", num_attention_heads=48, num_key_value_heads=8),
        "hidden_size 8192 is no multiple of num_attention_heads 48, and head_dim is missing",
    ),
    "two names, two values": (
        changed("Llama 3.1 70B", n_layer=40),
        "contradiction: num_hidden_layers = 80 and n_layer = 40",
    ),
    "more experts than there are": (
        changed("Mixtral 8x7B", num_experts_per_tok=9),
        "contradiction: 9 experts for a token, 8 in all",
    ),
    "experts of unknown number a token": (
        changed("Mixtral 8x7B", num_experts_per_tok=None),
        "num_experts_per_tok is missing",
    ),
    "too few layer types": (
        changed("gpt-oss-120b", layer_types=["full_attention"] * 35),
        "layer_types has 35 entries, num_hidden_layers is 36",
    ),
    "a layer of another kind": (
        changed("gpt-oss-120b", layer_types=["wave"] * 36),
        "layer_types: layers of kind 'wave' are not modelled",
    ),
    "windows without a width": (
        changed("gpt-oss-120b", sliding_window=None),
        "sliding_window is missing",
    ),
    "latent without its widths": (
        changed("DeepSeek-V3", qk_nope_head_dim=None),
        "qk_nope_head_dim is missing",
    ),
    "more dense layers than layers": (
        changed("DeepSeek-V3", first_k_dense_replace=62),
        "62 dense layers first, 61 layers in all",
    ),
    "a layer that is not there": (
        changed("Qwen3-30B-A3B", mlp_only_layers=[0, 48]),
        "mlp_only_layers must name layers from 0 to 47, got 48",
    ),
    "a layer called by a word": (
        changed("Qwen3-30B-A3B", mlp_only_layers=["a"]),
        "mlp_only_layers must name layers from 0 to 47, got 'a'",
    ),
    "a number for a list of layers": (
        changed("Qwen3-30B-A3B", mlp_only_layers=3),
        "mlp_only_layers must be a list, got 3",
    ),
    "a number for kinds of layers": (
        changed("gpt-oss-120b", layer_types=5),
        "layer_types must be a list, got 5",
    ),
    "a list for a kind of layer": (
        changed("gpt-oss-120b", layer_types=[["x"]] * 36),
        "layer_types: layers of kind ['x'] are not modelled",
    ),
    "a number for layers without positions": (
        changed("Llama 3.1 70B", model_type="llama4_text", no_rope_layers=4),
        "no_rope_layers must be a list, got 4",
    ),
    "experts at a frequency in words": (
        changed("DeepSeek-V3", moe_layer_freq="x"),
        "moe_layer_freq must be a whole number >= 1, got 'x'",
    ),
    "a width of 400 digits": (
        changed("Llama 3.1 70B", hidden_size=10**400),
        "hidden_size must be a whole number >= 1, got a huge number",
    ),
    "a million layers": (
        changed("DeepSeek-V3", num_hidden_layers=10**6),
        "num_hidden_layers must be <= 10000, got 1000000",
    ),
    "an encoder": (
        changed("Llama 3.1 70B", model_type="bert"),
        "model_type 'bert' has an encoder; only decoders are modelled",
    ),
    "an encoder before a decoder": (
        changed("Llama 3.1 70B", is_encoder_decoder=True),
        "has an encoder; only decoders are modelled",
    ),
    "a shared expert of odd width": (
        changed("Qwen3-30B-A3B", shared_expert_intermediate_size=1000),
        "shared_expert_intermediate_size 1000 is no multiple of 768",
    ),
    "a window everywhere": (
        changed("Mistral 7B", sliding_window=4096),
        "sliding_window 4096 in every layer is not modelled",
    ),
    "a state-space model": (
        changed("Llama 3.1 70B", model_type="mamba2"),
        "model_type 'mamba2' has layers that are not modelled",
    ),
    "a hybrid of another kind": (
        changed("Llama 3.1 70B", hybrid_layer_pattern=[0, 1] * 40),
        "hybrid_layer_pattern describes layers that are not modelled",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_config_is_refused_by_file_and_key(case):
    content, message = BAD[case]
    with pytest.raises(ValueError, match=r"config\.json: ") as caught:
        hf_config.convert(content)
    assert message in str(caught.value)


def test_a_config_is_read_from_its_folder(tmp_path):
    path = tmp_path / "my-model" / "config.json"
    path.parent.mkdir()
    path.write_text(json.dumps(CONFIGS["Llama 3.1 70B"]))
    assert hf_config.read(path).name == "my-model"
    path.write_text('{"num_hidden_layers": 80,\n}')
    with pytest.raises(ValueError, match=r"config\.json, line 2: not JSON"):
        hf_config.read(path)
    path.write_text("[1]")
    with pytest.raises(ValueError, match="must be an object of keys, got list"):
        hf_config.read(path)


CHIP = """\
name: my chip
bf16_dense_flop_per_s: 4e14
fp8_dense_flop_per_s: 8.0e+14
hbm_bytes: 64_000_000_000
hbm_bytes_per_s: 2e12
"""


def test_a_chip_is_read_from_yaml_and_json_alike(tmp_path):
    pytest.importorskip("yaml", reason="needs PyYAML, of the extra 'book'")
    (tmp_path / "chip.yml").write_text(CHIP)
    chip = chip_file.read(tmp_path / "chip.yml")
    assert (chip.name, chip.bf16_dense_flop_per_s, chip.hbm_bytes) == ("my chip", 4e14, 64e9)
    (tmp_path / "chip.json").write_text(chip.model_dump_json(exclude_none=True))
    assert chip_file.read(tmp_path / "chip.json") == chip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hbm_bytes": None}, "chip.json: hbm_bytes is missing"),
        (
            {"hbm_bytes": -1},
            "chip.json: hbm_bytes: Input should be greater than 100000000, got -1 [B]",
        ),
        ({"hbm_byte": 1}, "hbm_byte is not a field of an accelerator; nearest: hbm_bytes"),
        ({"hbm_bytes_per_s": "fast"}, "hbm_bytes_per_s: Input should be a valid number"),
        ({"scaleup_topology": "star"}, "scaleup_topology: Input should be 'switch'"),
    ],
)
def test_a_bad_chip_is_refused_by_file_and_field(tmp_path, change, message):
    good = {"name": "a", "bf16_dense_flop_per_s": 1e14, "hbm_bytes": 8e10, "hbm_bytes_per_s": 2e12}
    path = tmp_path / "chip.json"
    path.write_text(json.dumps({k: v for k, v in {**good, **change}.items() if v is not None}))
    with pytest.raises(ValueError) as caught:
        chip_file.read(path)
    assert message in str(caught.value)


def test_yaml_without_its_library_says_what_to_do(tmp_path, monkeypatch):
    (tmp_path / "chip.yml").write_text(CHIP)
    real = builtins.__import__

    def without_yaml(name, *rest):
        if name == "yaml":
            raise ModuleNotFoundError("No module named 'yaml'", name="yaml")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_yaml)
    with pytest.raises(ValueError, match=r"chip\.yml: reading YAML needs PyYAML .* as JSON"):
        chip_file.read(tmp_path / "chip.yml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: !!bool abc", r"chip\.yml, line 1: tags \(.*bool\) are not read"),
        ("name: !!set {a, b}", "are not read"),
        ("? [a]\n: 2", r"chip\.yml, line 1: a key must be text"),
        ("1: 2", r"chip\.yml: 1 is not a field of an accelerator"),
    ],
)
def test_yaml_that_no_field_could_hold_is_refused_by_file_and_line(tmp_path, text, message):
    pytest.importorskip("yaml", reason="needs PyYAML, of the extra 'book'")
    (tmp_path / "chip.yml").write_text(text)
    with pytest.raises(ValueError, match=message):
        chip_file.read(tmp_path / "chip.yml")
