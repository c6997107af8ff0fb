"""Shape of a language model, as its configuration file gives it."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from llmecon._checks import column


def _count(description: str, unit: str) -> Any:
    return column(description, unit=unit, default=0, ge=0)


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

    name: str = column("Name, the key", min_length=1)
    n_layers: int = column("Layers", unit="layers", ge=1)
    d_model: int = column("Model width", unit="elements", ge=1)
    n_heads: int = column("Query heads in one layer", unit="heads", ge=1)
    n_kv_heads: int = column("Key-value heads in one layer", unit="heads", ge=1)
    d_head: int = column("Width of one head's key", unit="elements", ge=1)
    d_ff: int = column("Feed-forward width, of one expert if there are any", unit="elements", ge=1)
    mlp_matrices: int = column(
        "Matrices of a feed-forward block: 2 plain, 3 gated", unit="matrices", default=3, ge=2, le=3
    )
    vocab_size: int = column("Vocabulary", unit="tokens", ge=0)
    tied_embeddings: bool = column("Whether input and output share one embedding", default=False)
    n_experts: int = _count("Routed experts in one layer; 0 for a dense model", "experts")
    n_experts_active: int = _count("Routed experts that work on one token", "experts")
    n_shared_experts: int = _count("Experts that work on every token", "experts")
    n_dense_layers: int = _count("Layers without experts in a model that has them", "layers")
    d_ff_dense: int = _count("Feed-forward width of those layers", "elements")
    attention_kind: str = column("In words: MHA, GQA, MQA, MLA and what is added", default="")
    mla_kv_rank: int = _count("Multi-head latent attention: rank of the cached latent", "elements")
    mla_q_rank: int = _count("Multi-head latent attention: rank of the query latent", "elements")
    mla_rope_dim: int = _count("Multi-head latent attention: rotary key beside it", "elements")
    mla_nope_dim: int = _count("Multi-head latent attention: width of a key head", "elements")
    mla_v_dim: int = _count("Multi-head latent attention: width of a value head", "elements")
    n_full_attention_layers: int = _count("Layers that see the whole context; 0: all", "layers")
    sliding_window_tokens: int = _count("Window of the other layers; 0 means none", "tokens")
    n_heads_window: int = _count("Query heads of the window layers; 0: as the others", "heads")
    n_kv_heads_window: int = _count("Key-value heads there; 0: as the others", "heads")
    d_head_value: int = _count("Width of a value head where it differs; 0: as the key", "elements")
    attention_output_gate: bool = column("Whether a gate as wide as queries follows", default=False)
    parallel_attention: bool = column("Whether feed-forward runs beside attention", default=False)
    linear_n_key_heads: int = _count("Key heads of the linear-attention layers", "heads")
    linear_n_value_heads: int = _count("Value heads of the linear-attention layers", "heads")
    linear_d_head: int = _count("Head width of the linear-attention layers", "elements")
    sparse_attention_tokens: int = _count("Tokens that attention chooses; 0: all", "tokens")
    indexer_heads: int = _count("Heads of the indexer that chooses them", "heads")
    indexer_d_head: int = _count("Head width of the indexer", "elements")
    n_mtp_layers: int = _count("Multi-token-prediction layers, not counted as parameters", "layers")
    native_weights: str = column("Published format, where every run keeps it", default="")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        n_layers, full = self.n_layers, self.n_full_attention_layers
        unknown = 0 < full < n_layers and not (self.sliding_window_tokens or self.linear_d_head)
        sparse, indexed = bool(self.sparse_attention_tokens), bool(self.indexer_heads)
        outside = self.n_experts and not 1 <= self.n_experts_active <= self.n_experts
        lone = not self.n_experts and (self.n_experts_active or self.n_shared_experts)
        widths = self.mla_nope_dim and self.mla_v_dim
        for problem, broken in {
            "n_kv_heads must divide n_heads": self.n_heads % self.n_kv_heads,
            "n_experts_active must lie between 1 and n_experts": outside,
            "active or shared experts without n_experts": lone,
            "n_dense_layers must be <= n_layers": self.n_dense_layers > n_layers,
            "n_full_attention_layers must be <= n_layers": full > n_layers,
            "mla_kv_rank needs mla_nope_dim and mla_v_dim": self.is_mla and not widths,
            "the other layers need sliding_window_tokens or linear_d_head": unknown,
            "sparse_attention_tokens and indexer_heads go together": sparse != indexed,
        }.items():
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
