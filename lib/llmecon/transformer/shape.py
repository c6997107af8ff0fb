"""Shape of a language model, as its configuration file gives it."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Count = Annotated[int, Field(ge=0)]
Size = Annotated[int, Field(ge=1)]


class Shape(BaseModel):
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
    sliding_window_tokens, n_heads_window, n_kv_heads_window : int
        Window of the other layers and their heads (0: as in the full layers). A chunk of
        local attention counts as a window of its length.
    d_head_value : int
        Width of a value head where it differs from a key head. 0: the same.
    attention_output_gate, parallel_attention : bool
        A gate as wide as the queries; attention and feed-forward side by side, so that a
        layer needs one all-reduce, not two.
    linear_n_key_heads, linear_n_value_heads, linear_d_head : int
        Linear-attention layers in the Gated DeltaNet form.
    sparse_attention_tokens, indexer_heads, indexer_d_head : int
        Sparse attention: tokens that are attended to, chosen by an indexer that reads one
        8-bit key of ``indexer_d_head`` numbers for every token. 0 without it.
    n_mtp_layers : int
        Multi-token-prediction layers of the published weights, not counted as parameters.
    native_weights : str
        Format in which the weights are published, where every run keeps it.
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
    n_heads_window: Count = 0
    n_kv_heads_window: Count = 0
    d_head_value: Count = 0
    attention_output_gate: bool = False
    parallel_attention: bool = False
    linear_n_key_heads: Count = 0
    linear_n_value_heads: Count = 0
    linear_d_head: Count = 0
    sparse_attention_tokens: Count = 0
    indexer_heads: Count = 0
    indexer_d_head: Count = 0
    n_mtp_layers: Count = 0
    native_weights: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for broken, problem in [
            (self.n_heads % self.n_kv_heads, "n_kv_heads must divide n_heads"),
            (
                self.n_experts and not 1 <= self.n_experts_active <= self.n_experts,
                "n_experts_active must lie between 1 and n_experts",
            ),
            (
                not self.n_experts and (self.n_experts_active or self.n_shared_experts),
                "active or shared experts without n_experts",
            ),
            (self.n_dense_layers > self.n_layers, "n_dense_layers must be <= n_layers"),
            (
                self.n_full_attention_layers > self.n_layers,
                "n_full_attention_layers must be <= n_layers",
            ),
            (
                self.mla_kv_rank and not (self.mla_nope_dim and self.mla_v_dim),
                "mla_kv_rank needs mla_nope_dim and mla_v_dim",
            ),
            (
                0 < self.n_full_attention_layers < self.n_layers
                and not (self.sliding_window_tokens or self.linear_d_head),
                "the other layers need sliding_window_tokens or linear_d_head",
            ),
            (
                bool(self.sparse_attention_tokens) != bool(self.indexer_heads),
                "sparse_attention_tokens and indexer_heads go together",
            ),
        ]:
            if broken:
                raise ValueError(f"{self.name}: {problem}")
        return self

    @property
    def n_full_layers(self) -> int:
        """Layers that attend to the whole context."""
        return self.n_full_attention_layers or self.n_layers

    @property
    def n_window_layers(self) -> int:
        """Layers that attend to a window."""
        return self.n_layers - self.n_full_layers if self.sliding_window_tokens else 0

    @property
    def n_linear_layers(self) -> int:
        """Layers with a recurrent state in place of a cache."""
        return self.n_layers - self.n_full_layers - self.n_window_layers

    @property
    def n_moe_layers(self) -> int:
        """Layers with experts."""
        return self.n_layers - self.n_dense_layers if self.n_experts else 0

    @property
    def is_mla(self) -> bool:
        """Whether keys and values are cached as one latent vector."""
        return self.mla_kv_rank > 0

    @property
    def attention_family(self) -> str:
        """How keys and values are kept: MHA, GQA, MQA, MLA, or "hybrid or window".

        The last where some layers keep less than the whole context.
        """
        if self.n_full_layers < self.n_layers:
            return "hybrid or window"
        if self.is_mla:
            return "MLA"
        if self.n_kv_heads == 1:
            return "MQA"
        return "MHA" if self.n_kv_heads == self.n_heads else "GQA"
