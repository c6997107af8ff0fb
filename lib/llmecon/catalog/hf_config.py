"""A transformer's shape from the ``config.json`` that is published beside a model's weights.

The keys are those of Hugging Face's model library; nothing of it is needed to read them. A
missing key, or two that contradict each other, is an error: a guess would be a wrong price.
"""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from llmecon._names import nearest
from llmecon.catalog.reading import read_json
from llmecon.transformer import Transformer

# What families (`model_type`) do unless their file says otherwise. plain: two feed-forward
# matrices, no gate; tied: one embedding matrix; parallel: attention beside the feed-forward;
# windowed, alternating: every layer keeps the window, or every other one does.
_FAMILIES = {
    "plain": "gpt2 gptj gpt_neox gpt_bigcode opt falcon bloom phi starcoder2 nemotron",
    "tied": "gpt2 gpt_bigcode opt falcon bloom starcoder2 smollm3 cohere cohere2 gemma gemma2 "
    "gemma3 gemma3_text",
    "parallel": "gptj cohere cohere2",
    "windowed": "mistral mixtral phi3 starcoder2",
    "alternating": "gpt_oss gemma2",
}
# Names that older families use for the common ones.
_SYNONYMS = {
    "num_hidden_layers": ("n_layer", "n_layers", "num_layers"),
    "hidden_size": ("n_embd", "d_model"),
    "num_attention_heads": ("n_head", "n_heads"),
    "num_key_value_heads": ("num_kv_heads", "n_head_kv", "num_attention_groups"),
    "intermediate_size": ("n_inner", "ffn_dim", "ffn_hidden_size"),
    "num_experts_per_tok": ("experts_per_token", "num_experts_per_token", "moe_top_k"),
    "n_routed_experts": ("num_experts", "num_local_experts", "moe_num_experts"),
    "n_shared_experts": ("num_shared_experts", "moe_num_shared_experts"),
    "moe_intermediate_size": ("expert_intermediate_size", "expert_ffn_hidden_size"),
    "sliding_window": ("sliding_window_size", "attention_chunk_size"),
    "num_nextn_predict_layers": ("num_mtp_modules", "mtp_num_hidden_layers"),
}
# Fields of a shape by the key that has them: of every model, and of some kinds of layers.
_PLAIN = {"n_layers": "num_hidden_layers", "d_model": "hidden_size", "vocab_size": "vocab_size"}
_INDEXER = {
    "sparse_attention_tokens": "index_topk",
    "indexer_heads": "index_n_heads",
    "indexer_d_head": "index_head_dim",
}
_LATENT = {
    "d_head": "qk_nope_head_dim",
    "mla_nope_dim": "qk_nope_head_dim",
    "mla_kv_rank": "kv_lora_rank",
    "mla_rope_dim": "qk_rope_head_dim",
    "mla_v_dim": "v_head_dim",
}
_LINEAR = {
    "linear_n_key_heads": "linear_num_key_heads",
    "linear_n_value_heads": "linear_num_value_heads",
    "linear_d_head": "linear_key_head_dim",
}
# Lists with the kind of each layer, and what their words mean.
_LAYER_LISTS: dict[str, dict[Any, str]] = {
    "layer_types": {
        **dict.fromkeys(("full_attention", "attention"), "full"),
        **dict.fromkeys(("sliding_attention", "chunked_attention"), "window"),
        "linear_attention": "linear",
    },
    "attn_type_list": {1: "full"},
}
# Every how many layers one sees the whole context, and what the others keep.
_INTERVALS = {"full_attention_interval": "linear", "sliding_window_pattern": "window"}
# Keys and families of layers that are not modelled: ignored, they would give a wrong cache.
_NOT_MODELLED = ("hybrid_layer_pattern", "layers_block_type", "block_types", "compress_ratios")
_OTHER_MIXERS = ("mamba", "rwkv", "ssm", "recurrent_gemma", "jamba", "hyena")
# Families that read a text and write none. Those that do both say so in a key of their own.
_ENCODERS = ("bert", "electra", "xlm")

_ABSURD = 10**8  # no width, vocabulary or context comes near
_DEEPEST = 10_000  # layers are counted one by one


def _short(value: Any) -> str:
    text = repr(value) if not isinstance(value, int) or abs(value) < _ABSURD else "a huge number"
    return text if len(text) <= 60 else f"{text[:57]}..."


class _Config:
    """Keys of one file under their common names; errors name file and key."""

    def __init__(self, file: str, content: Mapping[str, Any]) -> None:
        self.file, self.content = file, content
        self.family = str(content.get("model_type", ""))

    def fail(self, problem: str) -> ValueError:
        return ValueError(f"{self.file}: {problem}")

    def does(self, trait: str) -> bool:
        return self.family in _FAMILIES[trait].split()

    def get(self, key: str) -> Any:
        names = (key, *_SYNONYMS.get(key, ()))
        found = {n: self.content[n] for n in names if self.content.get(n) is not None}
        if len({json.dumps(value) for value in found.values()}) > 1:
            said = " and ".join(f"{name} = {value}" for name, value in found.items())
            raise self.fail(f"contradiction: {said}")
        return next(iter(found.values()), None)

    def count(self, key: str, default: int | None = None, *, least: int = 1) -> int:
        value = self.get(key)
        if value is None and default is not None:
            return default
        if value is None:
            near = nearest(key, self.content, n=1)
            hint = f"; did you mean it by {near[0]}?" if near else ""
            raise self.fail(f"{key} is missing{hint}")
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value < _ABSURD:
            raise self.fail(f"{key} must be a whole number >= {least}, got {_short(value)}")
        return value

    def counts(self, keys: Mapping[str, str]) -> dict[str, int]:
        return {field: self.count(key) for field, key in keys.items()}

    @property
    def layers(self) -> int:
        layers = self.count("num_hidden_layers")
        if layers > _DEEPEST:
            raise self.fail(f"num_hidden_layers must be <= {_DEEPEST}, got {layers}")
        return layers

    def items(self, key: str) -> list[Any]:
        """A list under a key; empty if there is none."""
        value = self.content.get(key)
        if value is not None and not isinstance(value, list):
            raise self.fail(f"{key} must be a list, got {_short(value)}")
        return value or []

    def per_layer(self, key: str) -> list[Any]:
        """A list with one entry a layer; empty if there is none."""
        values, layers = self.items(key), self.layers
        if values and len(values) != layers:
            said = f"{key} has {len(values)} entries, num_hidden_layers is {layers}"
            raise self.fail(f"contradiction: {said}")
        return values

    def flag(self, key: str, default: bool) -> bool:
        value = self.content.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.fail(f"{key} must be true or false, got {value!r}")
        return default if value is None else value


def read(path: Path) -> Transformer:
    """Shape of the model that a ``config.json`` describes.

    Parameters
    ----------
    path : pathlib.Path
        The file. The model is called by the name inside it, else by its folder.

    Returns
    -------
    llmecon.transformer.Transformer
        The record.

    Raises
    ------
    ValueError
        If the file is not JSON, a key is missing or of the wrong kind, two keys contradict
        each other, or the layers are of a kind that is not modelled.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise ValueError(f"{path.name}: must be an object of keys, got {type(content).__name__}")
    name = content.get("name") or content.get("_name_or_path") or path.resolve().parent.name
    return convert(content, name=str(name) or "model", file=path.name)


def convert(
    content: Mapping[str, Any], *, name: str = "model", file: str = "config.json"
) -> Transformer:
    """Shape of a model from the keys of its configuration.

    Parameters
    ----------
    content : mapping
        Parsed ``config.json``; the language part of a multimodal one is found.
    name : str, optional
        What to call the model.
    file : str, optional
        Name for messages.

    Raises
    ------
    ValueError
        See :func:`read`.

    Examples
    --------
    >>> shape = convert({"model_type": "llama", "num_hidden_layers": 32, "hidden_size": 4096,
    ...                  "num_attention_heads": 32, "num_key_value_heads": 8,
    ...                  "intermediate_size": 14336, "vocab_size": 128256})
    >>> round(shape.n_params / 1e9, 2)
    8.03
    """
    inner = content.get("text_config") or content.get("language_config")
    config = _Config(file, {**content, **inner} if isinstance(inner, dict) else content)
    if any(word in config.family for word in _OTHER_MIXERS):
        raise config.fail(f"model_type {config.family!r} has layers that are not modelled")
    encodes = any(word in config.family for word in _ENCODERS)
    if encodes or config.flag("is_encoder_decoder", False):
        family = f"model_type {config.family!r}"
        raise config.fail(f"{family} has an encoder; only decoders are modelled")
    fields: dict[str, Any] = {
        **{"n_layers": config.layers, **config.counts(_PLAIN)},
        "mlp_matrices": 2 if config.does("plain") else 3,
        "tied_embeddings": config.flag("tie_word_embeddings", config.does("tied")),
        "parallel_attention": config.flag("parallel_attn", config.does("parallel")),
        **_experts(config),
        **_attention(config),
        **_layer_kinds(config),
        "n_mtp_layers": config.count("num_nextn_predict_layers", 0, least=0),
    }
    try:
        return Transformer(name=name, **fields)
    except ValidationError as error:
        problem = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise config.fail(problem.removeprefix(f"{name}: ")) from error


def _experts(config: _Config) -> dict[str, int]:
    """Feed-forward blocks: widths, experts, and the layers that have none."""
    total = config.count("n_routed_experts", 0, least=0)
    if total <= 1:
        usual = 4 * config.count("hidden_size") if config.does("plain") else None
        return {"d_ff": config.count("intermediate_size", usual)}
    active = config.count("num_experts_per_tok")
    if active > total:
        raise config.fail(f"contradiction: {active} experts for a token, {total} in all")
    width = config.count("moe_intermediate_size", config.get("intermediate_size"))
    wide = config.count("shared_expert_intermediate_size", 0, least=0)
    if wide % width:
        said = f"shared_expert_intermediate_size {wide} is no multiple of {width}"
        raise config.fail(f"contradiction: {said}")
    # Llama 4 has one in every layer with experts and no key that says so.
    usual = int("llama4" in config.family)
    shared = wide // width or config.count("n_shared_experts", usual, least=0)
    fields = {"n_experts": total, "n_experts_active": active, "d_ff": width}
    fields["n_shared_experts"] = shared
    if dense := _dense_layers(config, config.layers):
        key = "intermediate_size_mlp"
        key = key if config.get(key) else "intermediate_size"
        fields |= {"n_dense_layers": len(dense), "d_ff_dense": config.count(key)}
    return fields


def _dense_layers(config: _Config, layers: int) -> set[int]:
    """Layers without experts: first ones, all but every n-th, listed or marked ones."""
    step = config.count("decoder_sparse_step", config.count("interleave_moe_layer_step", 1))
    first = config.count("first_k_dense_replace", 0, least=0)
    if first > layers:
        raise config.fail(f"contradiction: {first} dense layers first, {layers} layers in all")
    listed = config.items("mlp_only_layers")
    for layer in listed:
        if type(layer) is not int or not 0 <= layer < layers:
            wanted = f"name layers from 0 to {layers - 1}"
            raise config.fail(f"mlp_only_layers must {wanted}, got {_short(layer)}")
    if isinstance(config.content.get("moe_layer_freq"), list):
        marks = config.per_layer("moe_layer_freq")
        marked = {n for n, has_experts in enumerate(marks) if not has_experts}
    else:
        every = config.count("moe_layer_freq", 1)
        marked = {n for n in range(layers) if n % every}
    return {n for n in range(layers) if n < first or (n + 1) % step} | set(listed) | marked


def _attention(config: _Config) -> dict[str, Any]:
    """Heads and their widths, of latent attention or of any other."""
    heads = config.count("num_attention_heads")
    fields: dict[str, Any] = {"n_heads": heads}
    if config.get("index_topk") is not None:
        fields |= config.counts(_INDEXER)
    if config.get("kv_lora_rank") is not None:
        fields |= {"n_kv_heads": heads, "attention_kind": "MLA", **config.counts(_LATENT)}
        return fields | {"mla_q_rank": config.count("q_lora_rank", 0, least=0)}
    kv_heads = config.count("num_key_value_heads", heads)
    if config.flag("multi_query", False) and not config.flag("new_decoder_architecture", False):
        kv_heads = 1
    said = f"num_attention_heads {heads}"
    if heads % kv_heads:
        raise config.fail(f"contradiction: num_key_value_heads {kv_heads} does not divide {said}")
    width = config.count("hidden_size")
    if config.get("head_dim") is None and width % heads:
        said = f"hidden_size {width} is no multiple of {said}, and head_dim is missing"
        raise config.fail(f"contradiction: {said}")
    head, value = config.count("head_dim", width // heads), config.count("v_head_dim", 0, least=0)
    kind = "MHA" if kv_heads == heads else "MQA" if kv_heads == 1 else "GQA"
    fields |= {"n_kv_heads": kv_heads, "d_head": head, "attention_kind": kind}
    return fields | {"d_head_value": 0 if value == head else value}


def _layer_kinds(config: _Config) -> dict[str, Any]:
    """Layers with a window or a recurrent state, if not all see the whole context."""
    layers = config.layers
    kinds = _kinds(config, layers)
    if not kinds or kinds["full"] == layers:
        return {}
    if not kinds["full"]:
        raise config.fail("a model without a layer that sees the whole context is not modelled")
    if kinds["window"] and kinds["linear"]:
        raise config.fail("windows and recurrent layers in one model are not modelled")
    fields: dict[str, Any] = {"n_full_attention_layers": kinds["full"]}
    if kinds["window"]:
        return fields | {"sliding_window_tokens": config.count("sliding_window")}
    keys, values = config.count("linear_key_head_dim"), config.count("linear_value_head_dim")
    if keys != values:
        raise config.fail(f"linear_key_head_dim {keys} must equal linear_value_head_dim {values}")
    gate = config.flag("attn_output_gate", True)
    return fields | config.counts(_LINEAR) | {"attention_output_gate": gate}


def _kinds(config: _Config, layers: int) -> Counter[str]:
    """Layers by what they attend to; empty if the file says nothing of it."""
    for key in _NOT_MODELLED:
        if config.content.get(key):
            raise config.fail(f"{key} describes layers that are not modelled")
    for key, words in _LAYER_LISTS.items():
        listed = config.per_layer(key)
        for kind in listed:
            if not isinstance(kind, str | int) or kind not in words:
                raise config.fail(f"{key}: layers of kind {_short(kind)} are not modelled")
        if listed:
            return Counter(words[kind] for kind in listed)
    if "llama4" in config.family:  # chunks, but for layers marked 0 or every fourth one
        marks = config.per_layer("no_rope_layers")
        every = 0 if marks else config.count("no_rope_layer_interval", 4)
        return _split(layers, sum(not mark for mark in marks) if marks else layers // every)
    for key, other in _INTERVALS.items():
        if config.get(key) is not None:
            return _split(layers, layers // config.count(key), other)
    return _windowed(config, layers)


def _split(layers: int, full: int, other: str = "window") -> Counter[str]:
    return Counter({"full": full, other: layers - full})


def _windowed(config: _Config, layers: int) -> Counter[str]:
    window = config.count("sliding_window", 0, least=0)
    if config.does("alternating") and window:
        return _split(layers, layers // 2)
    if window and config.flag("use_sliding_window", False):  # Qwen: the first layers see all
        return _split(layers, min(config.count("max_window_layers"), layers))
    reach = config.count("max_position_embeddings", window + 1)
    if config.does("windowed") and 0 < window < reach:
        raise config.fail(
            f"sliding_window {window} in every layer is not modelled; "
            "set it to null to count every layer as seeing the whole context"
        )
    return Counter()
