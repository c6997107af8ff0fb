"""What a transformer's shape costs: parameters, arithmetic, memory."""

from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

from llmecon._checks import Numbers, require

Count = Annotated[int, Field(ge=0)]
Size = Annotated[int, Field(ge=1)]
FloatArray = npt.NDArray[np.float64]

_UNCOVERED = ("compressed", "Kimi Delta Attention")  # forms whose shapes are not modelled


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

    # ---- layers --------------------------------------------------------------------------

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

    # ---- parameters ----------------------------------------------------------------------

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

    @property
    def attention_params(self) -> int:
        """Parameters of all attention blocks. [parameters]"""
        self._refuse_uncovered()
        full = (
            self._mla_params() if self.is_mla else self._gqa_params(self.n_heads, self.n_kv_heads)
        )
        window = self._gqa_params(
            self.n_heads_window or self.n_heads, self.n_kv_heads_window or self.n_kv_heads
        )
        return (
            self.n_full_layers * full
            + self.n_window_layers * window
            + self.n_linear_layers * self._linear_params()
        )

    def _refuse_uncovered(self) -> None:
        for form in _UNCOVERED:
            if form in self.attention_kind:
                raise ValueError(
                    f"{self.name}: attention of the form {self.attention_kind!r} is not modelled"
                )

    def _gqa_params(self, n_heads: int, n_kv_heads: int) -> int:
        value = self.d_head_value or self.d_head
        gate = self.d_head if self.attention_output_gate else 0
        return self.d_model * (
            n_heads * (self.d_head + value + gate) + n_kv_heads * (self.d_head + value)
        )

    def _mla_params(self) -> int:
        query, head = self.mla_q_rank, self.mla_nope_dim + self.mla_rope_dim
        queries = (
            query * (self.d_model + self.n_heads * head)
            if query
            else self.d_model * self.n_heads * head
        )
        latent = self.d_model * (self.mla_kv_rank + self.mla_rope_dim)
        unfold = self.mla_kv_rank * self.n_heads * (self.mla_nope_dim + self.mla_v_dim)
        return (
            queries
            + latent
            + unfold
            + self.n_heads * self.mla_v_dim * self.d_model
            + self._indexer_params()
        )

    def _indexer_params(self) -> int:
        return (
            self.mla_q_rank * self.indexer_heads * self.indexer_d_head
            + self.d_model * self.indexer_d_head
            + self.d_model * self.indexer_heads
        )

    def _linear_params(self) -> int:
        keys = self.linear_n_key_heads * self.linear_d_head
        values = self.linear_n_value_heads * self.linear_d_head
        gates = 2 * self.linear_n_value_heads  # decay and step, one number a head
        return self.d_model * (2 * keys + 2 * values + gates + values)

    @property
    def expert_params(self) -> int:
        """Parameters of one expert of one layer; of one block without experts."""
        return self.mlp_matrices * self.d_model * self.d_ff

    def _ff_params(self, experts: int) -> int:
        if not self.n_experts:
            return self.n_layers * self.expert_params
        moe = (experts + self.n_shared_experts) * self.expert_params + self.d_model * self.n_experts
        dense = self.mlp_matrices * self.d_model * self.d_ff_dense
        return self.n_moe_layers * moe + self.n_dense_layers * dense

    @property
    def embedding_params(self) -> int:
        """Parameters of input and output embedding. [parameters]"""
        return self.vocab_size * self.d_model * (1 if self.tied_embeddings else 2)

    @property
    def n_block_params(self) -> int:
        """Parameters of all layers, without embeddings. [parameters]"""
        return self.attention_params + self._ff_params(self.n_experts)

    @property
    def n_active_block_params(self) -> int:
        """Those of them that one token uses. [parameters]"""
        return self.attention_params + self._ff_params(self.n_experts_active)

    @property
    def n_params(self) -> int:
        r"""All parameters, without norms and biases (below 0.01 %). [parameters]

        Notes
        -----
        Attention :math:`L(2 d h d_h + 2 d n_{kv} d_h)`, or the DeepSeek form of latent
        attention; feed-forward :math:`L m d f`, or :math:`L((E + E_{sh}) m d f + d E)` with
        a router; embeddings :math:`V d`, twice if not tied.

        Examples
        --------
        >>> llama = Transformer(name="Llama 3.1 70B", n_layers=80, d_model=8192, n_heads=64,
        ...                     n_kv_heads=8, d_head=128, d_ff=28672, vocab_size=128256)
        >>> llama.n_params
        70552387584
        """
        return self.n_block_params + self.embedding_params

    @property
    def n_active_params(self) -> int:
        """Parameters that one token uses, embeddings counted whole. [parameters]"""
        return self.n_active_block_params + self.embedding_params

    # ---- arithmetic ----------------------------------------------------------------------

    @property
    def matrix_flop_per_token(self) -> float:
        """FLOP of one token in the matrices: 2 (N_b,act + V d). [FLOP]

        The input embedding is a table read, the output matrix a product, tied or not.
        """
        return 2.0 * (self.n_active_block_params + self.vocab_size * self.d_model)

    def attention_flop(self, new_tokens: Numbers, context: Numbers = 0.0) -> FloatArray:
        r"""FLOP of attention when tokens are added to a context, causal mask. [FLOP]

        Four FLOP per query head, key element and pair of tokens; each new token sees
        ``context`` and half of the new ones, or its window.

        Notes
        -----
        One token (decode): :math:`4 h d_h x L`; latent attention works on the cached
        latent, :math:`2 h (2c + r) x L`. A prompt (prefill): :math:`2 h d_h L n^2`; latent
        attention unfolds keys and values, :math:`h (nope + r + v) L n^2`.
        """
        new = require("new_tokens", new_tokens, minimum=0, unit="tokens")
        past = require("context", context, minimum=0, unit="tokens")
        absorbed = new <= 1  # unfolding the cache pays only when many queries share it
        pairs = _causal_pairs(new, past, 0)
        if self.sparse_attention_tokens:
            index = 2.0 * self.indexer_heads * self.indexer_d_head * pairs
            pairs = _causal_pairs(new, past, self.sparse_attention_tokens)
        else:
            index = np.zeros_like(pairs)
        if self.is_mla:
            wide = 2 * self.n_heads * (2 * self.mla_kv_rank + self.mla_rope_dim)
            narrow = 2 * self.n_heads * (self.mla_nope_dim + self.mla_rope_dim + self.mla_v_dim)
            full = np.where(absorbed, wide, narrow) * pairs
        else:
            full = self._pair_flop(self.n_heads) * pairs
        window = self._pair_flop(self.n_heads_window or self.n_heads) * _causal_pairs(
            new, past, self.sliding_window_tokens
        )
        # Decay, read, write and query of a d x d state a head: about 6 FLOP an element.
        state = 6.0 * self._state_elements() * new
        return np.asarray(
            self.n_full_layers * (full + index)
            + self.n_window_layers * window
            + self.n_linear_layers * state
        )

    def _pair_flop(self, n_heads: int) -> float:
        return 2.0 * n_heads * (self.d_head + (self.d_head_value or self.d_head))

    def _state_elements(self) -> int:
        return self.linear_n_value_heads * self.linear_d_head**2

    def flop_per_token(self, context: Numbers = 0.0) -> FloatArray:
        """FLOP to make one token after ``context`` tokens. [FLOP]

        Examples
        --------
        >>> llama = Transformer(name="Llama 3.1 70B", n_layers=80, d_model=8192, n_heads=64,
        ...                     n_kv_heads=8, d_head=128, d_ff=28672, vocab_size=128256)
        >>> float(llama.flop_per_token(8192))
        1.6048e+11
        """
        return self.matrix_flop_per_token + self.attention_flop(1.0, context)

    def prefill_flop(self, input_tokens: Numbers, cached_tokens: Numbers = 0.0) -> FloatArray:
        """FLOP to read a prompt of which a prefix is cached; one output position. [FLOP]

        ``input_tokens`` are those not cached.
        """
        new = require("input_tokens", input_tokens, minimum=0, unit="tokens")
        return (
            2.0 * self.n_active_block_params * new
            + self.attention_flop(new, cached_tokens)
            + 2.0 * self.vocab_size * self.d_model
        )

    # ---- cache ---------------------------------------------------------------------------

    @property
    def kv_elements_per_token(self) -> int:
        """Numbers that one token adds to the cache in the layers that keep everything."""
        if self.is_mla:
            return self.n_full_layers * (self.mla_kv_rank + self.mla_rope_dim)
        value = self.d_head_value or self.d_head
        return self.n_full_layers * self.n_kv_heads * (self.d_head + value)

    def kv_cache_bytes_per_token(self, bytes_per_element: Numbers = 2.0) -> FloatArray:
        """Cache that one token adds in the layers that keep everything. [B]

        Examples
        --------
        >>> llama = Transformer(name="Llama 3.1 70B", n_layers=80, d_model=8192, n_heads=64,
        ...                     n_kv_heads=8, d_head=128, d_ff=28672, vocab_size=128256)
        >>> float(llama.kv_cache_bytes_per_token())
        327680.0
        """
        width = require("bytes_per_element", bytes_per_element, above=0, unit="B")
        return self.kv_elements_per_token * width

    def kv_cache_bytes(self, context: Numbers, bytes_per_element: Numbers = 2.0) -> FloatArray:
        """Memory that one sequence of ``context`` tokens holds. [B]

        Windows stop growing, recurrent states are constant (32 bit), an indexer adds one
        8-bit key a token.
        """
        tokens = require("context", context, minimum=0, unit="tokens")
        width = require("bytes_per_element", bytes_per_element, above=0, unit="B")
        return (
            tokens * (self.kv_elements_per_token * width + self._index_bytes_per_token())
            + self._window_bytes(tokens, width)
            + 4.0 * self.n_linear_layers * self._state_elements()
        )

    def kv_read_bytes(self, context: Numbers, bytes_per_element: Numbers = 2.0) -> FloatArray:
        """Memory traffic of the cache when one sequence makes one token. [B]

        Sparse attention reads the chosen tokens and all index keys; a recurrent state is
        read and written.
        """
        tokens = require("context", context, minimum=0, unit="tokens")
        width = require("bytes_per_element", bytes_per_element, above=0, unit="B")
        chosen = (
            np.minimum(tokens, self.sparse_attention_tokens)
            if self.sparse_attention_tokens
            else tokens
        )
        return (
            chosen * self.kv_elements_per_token * width
            + tokens * self._index_bytes_per_token()
            + self._window_bytes(tokens, width)
            + 8.0 * self.n_linear_layers * self._state_elements()
        )

    def _index_bytes_per_token(self) -> float:
        return float(self.n_full_layers * self.indexer_d_head) if self.indexer_heads else 0.0

    def _window_bytes(self, tokens: FloatArray, width: FloatArray) -> FloatArray:
        heads = self.n_kv_heads_window or self.n_kv_heads
        each = self.n_window_layers * heads * (self.d_head + (self.d_head_value or self.d_head))
        return np.asarray(np.minimum(tokens, self.sliding_window_tokens) * each * width)

    # ---- experts -------------------------------------------------------------------------

    def params_read(self, tokens: Numbers) -> FloatArray:
        """Layer parameters that a pass over ``tokens`` positions reads, in expectation."""
        positions = require("tokens", tokens, minimum=0, unit="tokens")
        if not self.n_experts:
            return np.full(positions.shape, float(self.n_block_params))
        routed = experts_read(self.n_experts, self.n_experts_active, positions)
        idle = (self.n_experts - routed) * self.expert_params * self.n_moe_layers
        return np.asarray(self.n_block_params - idle)


def experts_read(n_experts: Numbers, n_active: Numbers, tokens: Numbers) -> FloatArray:
    r"""Distinct routed experts that a pass reads in one layer, in expectation.

    .. math:: E_{read} = E \left(1 - (1 - k/E)^n\right)

    Parameters
    ----------
    n_experts, n_active : int or array
        Routed experts :math:`E` and those used by a token :math:`k`. [experts]
    tokens : float or array
        Positions :math:`n` in the pass. [tokens]

    Returns
    -------
    array
        Experts read. [experts]

    Notes
    -----
    For a router that is independent and uniform. Real routing is uneven and reads fewer,
    so this is an upper bound on bytes.

    Examples
    --------
    >>> experts_read(256, 8, [1, 8, 64]).round(2)
    array([  8.  ,  57.42, 222.44])
    """
    total = require("n_experts", n_experts, minimum=1, unit="experts")
    active = require("n_active", n_active, minimum=1, unit="experts")
    positions = require("tokens", tokens, minimum=0, unit="tokens")
    if np.any(active > total):
        raise ValueError("n_active must be <= n_experts")
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(total * (1.0 - (1.0 - active / total) ** positions))


def kv_cache_bytes_per_token(
    n_layers: Numbers, n_kv_heads: Numbers, d_head: Numbers, bytes_per_element: Numbers = 2.0
) -> FloatArray:
    r"""KV-cache bytes that one token adds, over all layers: :math:`2 L n_{kv} d_h p`.

    Parameters
    ----------
    n_layers, n_kv_heads, d_head : int or array
        Layers, key-value heads of a layer, elements of a head.
    bytes_per_element : float or array, optional
        Bytes of one stored number. [B]

    Returns
    -------
    array
        Cache that one token adds. [B]

    Raises
    ------
    ValueError
        If an argument is not positive.

    Notes
    -----
    Not for latent attention, windows or recurrent layers: see
    :meth:`Transformer.kv_cache_bytes`.

    References
    ----------
    .. [1] J. Ainslie et al., "GQA: Training Generalized Multi-Query Transformer Models from
       Multi-Head Checkpoints", arXiv:2305.13245, 2023.

    Examples
    --------
    Llama 3.1 70B with all 64 heads kept, with 8, and with one.

    >>> kv_cache_bytes_per_token(80, [64, 8, 1], 128)
    array([2621440.,  327680.,   40960.])
    """
    return np.asarray(
        2.0
        * require("n_layers", n_layers, above=0, unit="layers")
        * require("n_kv_heads", n_kv_heads, above=0, unit="heads")
        * require("d_head", d_head, above=0, unit="elements")
        * require("bytes_per_element", bytes_per_element, above=0, unit="B")
    )


def _causal_pairs(new: FloatArray, past: FloatArray, window: int) -> FloatArray:
    """Pairs of a new token and a token it sees, itself counted half; window 0 means none."""
    everything = new * (past + np.where(new > 1, new / 2.0, 0.0))
    if not window:
        return np.asarray(everything)
    # The tokens before the window is full see a triangle, the others a whole window.
    growing = np.clip(window - past, 0.0, new)
    filled = growing * (past + np.where(new > 1, growing / 2.0, 0.0))
    return np.asarray(np.minimum(everything, filled + (new - growing) * window))
