"""What a transformer's shape costs: parameters, arithmetic, memory."""

from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

from llmecon._checks import Numbers, require

Count = Annotated[int, Field(ge=0)]
Size = Annotated[int, Field(ge=1)]
FloatArray = npt.NDArray[np.float64]


class Transformer(BaseModel):
    """Shape of one decoder-only language model.

    Attributes
    ----------
    name : str
        The model.
    n_layers, d_model, n_heads, n_kv_heads, d_head : int
        Layers, model width, query heads, key-value heads, head width.
    d_ff, mlp_matrices : int
        Feed-forward width (of one expert if there are experts) and matrices of a
        feed-forward block: 2 plain, 3 gated.
    vocab_size, tied_embeddings : int, bool
        Vocabulary; whether input and output share one embedding matrix.
    n_experts, n_experts_active, n_shared_experts : int
        Routed experts, those used by a token, those used by every token.
    n_dense_layers, d_ff_dense : int
        Layers without experts in a model that has them, and their width.
    attention_kind : str
        In words: MHA, GQA, MQA, MLA and what is added.
    mla_kv_rank, mla_q_rank, mla_rope_dim, mla_nope_dim, mla_v_dim : int
        Multi-head latent attention: ranks of the cached and of the query latent, widths of
        the rotary key beside it, of a key head and of a value head. 0 without it.
    n_full_attention_layers : int
        Layers that attend to the whole context; 0 means all of them. The others keep a
        window (``sliding_window_tokens > 0``) or a constant state (``linear_d_head > 0``).
    sliding_window_tokens, n_kv_heads_window : int
        Window of the other layers and their key-value heads (0: as in the full layers).
    d_head_value : int
        Width of a value head where it differs from a key head. 0: the same.
    attention_output_gate, parallel_attention : bool
        A gate as wide as the queries; attention and feed-forward side by side, so that a
        layer needs one all-reduce, not two.
    linear_n_key_heads, linear_n_value_heads, linear_d_head, linear_conv_width : int
        Linear-attention layers in the Gated DeltaNet form.
    sparse_attention_tokens, indexer_heads, indexer_d_head : int
        Sparse attention: tokens that are attended to, chosen by an indexer that reads one
        8-bit key of ``indexer_d_head`` numbers for every token. 0 without it.
    n_mtp_layers : int
        Multi-token-prediction layers of the published weights, not counted as parameters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1)]
    n_layers: Size
    d_model: Size
    n_heads: Size
    n_kv_heads: Size
    d_head: Size
    d_ff: Size
    mlp_matrices: Annotated[int, Field(ge=2, le=3)] = 3
    vocab_size: Count
    tied_embeddings: bool = False
    n_experts: Count = 0
    n_experts_active: Count = 0
    n_shared_experts: Count = 0
    n_dense_layers: Count = 0
    d_ff_dense: Count = 0
    attention_kind: str = ""
    mla_kv_rank: Count = 0
    mla_q_rank: Count = 0
    mla_rope_dim: Count = 0
    mla_nope_dim: Count = 0
    mla_v_dim: Count = 0
    n_full_attention_layers: Count = 0
    sliding_window_tokens: Count = 0
    n_kv_heads_window: Count = 0
    d_head_value: Count = 0
    attention_output_gate: bool = False
    parallel_attention: bool = False
    linear_n_key_heads: Count = 0
    linear_n_value_heads: Count = 0
    linear_d_head: Count = 0
    linear_conv_width: Count = 0
    sparse_attention_tokens: Count = 0
    indexer_heads: Count = 0
    indexer_d_head: Count = 0
    n_mtp_layers: Count = 0
