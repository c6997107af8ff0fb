"""Parameters of a model, counted from its shape."""

from functools import cached_property

from llmecon.transformer.shape import Shape

_UNCOVERED = ("compressed", "Kimi Delta Attention")  # forms whose shapes are not modelled


class Parameters(Shape):
    """A shape that counts its parameters, norms and biases (below 0.01 %) left out."""

    @cached_property
    def attention_params(self) -> int:
        """Parameters of all attention blocks. [parameters]"""
        if any(form in self.attention_kind for form in _UNCOVERED):
            form = f"attention of the form {self.attention_kind!r}"
            raise ValueError(f"{self.name}: {form} is not modelled")
        heads, kv_heads = self.n_heads, self.n_kv_heads
        full = self._mla_params() if self.is_mla else self._gqa_params(heads, kv_heads)
        window = self._gqa_params(self.n_heads_window or heads, self.n_kv_heads_window or kv_heads)
        layers = self.n_full_layers * full + self.n_window_layers * window
        return layers + self.n_linear_layers * self._linear_params()

    def _gqa_params(self, n_heads: int, n_kv_heads: int) -> int:
        key_and_value = self.d_head + (self.d_head_value or self.d_head)
        gate = self.d_head if self.attention_output_gate else 0
        return self.d_model * (n_heads * (key_and_value + gate) + n_kv_heads * key_and_value)

    def _mla_params(self) -> int:
        query, all_heads = self.mla_q_rank, self.n_heads * (self.mla_nope_dim + self.mla_rope_dim)
        queries = query * (self.d_model + all_heads) if query else self.d_model * all_heads
        latent = self.d_model * (self.mla_kv_rank + self.mla_rope_dim)
        unfold = self.mla_kv_rank * self.n_heads * (self.mla_nope_dim + self.mla_v_dim)
        output = self.n_heads * self.mla_v_dim * self.d_model
        return queries + latent + unfold + output + self._indexer_params()

    def _indexer_params(self) -> int:
        query = self.mla_q_rank * self.indexer_heads * self.indexer_d_head
        return query + self.d_model * (self.indexer_d_head + self.indexer_heads)

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

    @cached_property
    def embedding_params(self) -> int:
        """Parameters of input and output embedding. [parameters]"""
        return self.vocab_size * self.d_model * (1 if self.tied_embeddings else 2)

    @cached_property
    def n_block_params(self) -> int:
        """Parameters of all layers, without embeddings. [parameters]"""
        return self.attention_params + self._ff_params(self.n_experts)

    @cached_property
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
        >>> from llmecon.transformer import Transformer
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
