"""Read the shape of a model from a configuration in the style of Hugging Face."""

from collections.abc import Mapping
from typing import Any

from llmecon.transformer.work import Transformer

# Our field, and the names that configurations give it, the commonest first.
_NAMES: dict[str, tuple[str, ...]] = {
    "n_layers": ("num_hidden_layers", "n_layer", "num_layers"),
    "d_model": ("hidden_size", "n_embd", "d_model"),
    "n_heads": ("num_attention_heads", "n_head"),
    "n_kv_heads": ("num_key_value_heads", "num_kv_heads", "num_attention_groups"),
    "d_head": ("head_dim",),
    "d_ff": ("intermediate_size", "n_inner", "ffn_hidden_size"),
    "vocab_size": ("vocab_size",),
    "n_experts": ("n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts"),
    "n_experts_active": ("num_experts_per_tok", "moe_top_k", "num_experts_per_token"),
    "n_shared_experts": ("n_shared_experts", "num_shared_experts"),
    "n_dense_layers": ("first_k_dense_replace",),
    "expert_width": ("moe_intermediate_size", "expert_ffn_hidden_size"),
    "shared_width": ("shared_expert_intermediate_size",),
    "mla_kv_rank": ("kv_lora_rank",),
    "mla_q_rank": ("q_lora_rank",),
    "mla_rope_dim": ("qk_rope_head_dim",),
    "mla_nope_dim": ("qk_nope_head_dim",),
    "mla_v_dim": ("v_head_dim",),
    "sliding_window_tokens": ("sliding_window", "attention_chunk_size"),
    "linear_n_key_heads": ("linear_num_key_heads",),
    "linear_n_value_heads": ("linear_num_value_heads",),
    "linear_d_head": ("linear_value_head_dim",),
    "sparse_attention_tokens": ("index_topk",),
    "indexer_heads": ("index_n_heads",),
    "indexer_d_head": ("index_head_dim",),
    "n_mtp_layers": ("num_nextn_predict_layers", "mtp_num_hidden_layers"),
}
_NEEDED = ("n_layers", "d_model", "n_heads", "vocab_size")
_FULL = ("full_attention", "global")
_PLAIN = ("gelu", "gelu_new", "gelu_fast", "relu", "gelu_pytorch_tanh")  # two matrices
_PLAIN_TYPES = ("gpt2", "gptj", "opt", "gpt_neox", "falcon", "bloom", "phi")


def from_config(config: Mapping[str, Any], *, name: str = "") -> Transformer:
    """A model from the content of its ``config.json``.

    Parameters
    ----------
    config : mapping
        Configuration in the style of Hugging Face; a text model nested in
        ``text_config`` is found.
    name : str, optional
        What to call the model; ``_name_or_path`` or ``model_type`` of the configuration if
        not given.

    Returns
    -------
    Transformer

    Raises
    ------
    ValueError
        If a field is missing, is no whole number, or contradicts another.

    Notes
    -----
    A windowed model needs ``layer_types`` (or ``full_attention_interval``) to tell its
    layers apart; a sliding window without either is taken to be unused, as most
    configurations that carry one mean it.

    Examples
    --------
    >>> model = from_config({"num_hidden_layers": 32, "hidden_size": 4096,
    ...     "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
    ...     "vocab_size": 128256, "tie_word_embeddings": False}, name="Llama 3 8B")
    >>> model.n_params
    8029995008
    """
    text = {**config, **config["text_config"]} if "text_config" in config else dict(config)
    found = {field: _count(text, names) for field, names in _NAMES.items()}
    for field in _NEEDED:
        if not found[field]:
            raise ValueError(f"config lacks {' or '.join(_NAMES[field])}")
    shape: dict[str, Any] = {field: value for field, value in found.items() if value}
    shape.setdefault("n_kv_heads", found["n_heads"])
    if found["mla_kv_rank"]:
        shape["n_kv_heads"] = found["n_heads"]
        shape["d_head"] = found["mla_nope_dim"]
    if "d_head" not in shape:
        if found["d_model"] % found["n_heads"]:
            raise ValueError(
                "config lacks head_dim, and num_attention_heads does not divide hidden_size"
            )
        shape["d_head"] = found["d_model"] // found["n_heads"]
    shape |= _feed_forward(found) | _layers(text, found)
    del shape["expert_width"], shape["shared_width"]
    called = name or text.get("_name_or_path") or text.get("model_type") or "model"
    plain = text.get("hidden_act") in _PLAIN or text.get("model_type") in _PLAIN_TYPES
    return Transformer(
        name=str(called),
        mlp_matrices=2 if plain else 3,
        tied_embeddings=bool(text.get("tie_word_embeddings", False)),
        attention_output_gate=bool(text.get("attn_output_gate", False)),
        attention_kind="MLA" if found["mla_kv_rank"] else "",
        **shape,
    )


def _count(config: Mapping[str, Any], names: tuple[str, ...]) -> int:
    """The first of some fields that is there; 0 if none is."""
    for name in names:
        value = config.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"config field {name} must be a whole number >= 0, got {value!r}")
        return value
    return 0


def _feed_forward(found: Mapping[str, int]) -> dict[str, int]:
    """Widths of experts and dense layers."""
    width, dense = found["expert_width"], found["d_ff"]
    if not found["n_experts"]:
        if not dense:
            dense = 4 * found["d_model"]  # GPT-2 leaves it out
        return {"d_ff": dense, "expert_width": 0, "shared_width": 0}
    if not found["n_experts_active"]:
        raise ValueError(f"config lacks {' or '.join(_NAMES['n_experts_active'])}")
    width = width or dense
    if not width:
        raise ValueError("config lacks moe_intermediate_size or intermediate_size")
    shared = found["n_shared_experts"] or found["shared_width"] // width
    return {
        "d_ff": width,
        "d_ff_dense": dense if found["n_dense_layers"] else 0,
        "n_shared_experts": shared,
        "expert_width": 0,
        "shared_width": 0,
    }


def _layers(config: Mapping[str, Any], found: Mapping[str, int]) -> dict[str, int]:
    """How many layers attend to everything."""
    n_layers, interval = found["n_layers"], config.get("full_attention_interval")
    kinds = config.get("layer_types")
    if kinds is not None and len(kinds) != n_layers:
        raise ValueError(f"config field layer_types has {len(kinds)} entries for {n_layers} layers")
    if kinds is not None:
        full = sum(str(kind) in _FULL for kind in kinds)
    elif interval:
        full = n_layers // int(interval)
    else:
        full = n_layers
    if full == n_layers:
        return {"n_full_attention_layers": 0, "sliding_window_tokens": 0}
    return {"n_full_attention_layers": full}
