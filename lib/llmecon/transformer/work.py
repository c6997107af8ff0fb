"""What a token costs a model: arithmetic, cache, experts read."""

from functools import cached_property

import numpy as np

from llmecon._checks import FloatArray, Numbers, require
from llmecon.transformer.parameters import Parameters


class Transformer(Parameters):
    """A model of the catalogue or of the user: its shape, and what it costs.

    The fields are those of :class:`llmecon.transformer.Shape`.
    """

    @cached_property
    def matrix_flop_per_token(self) -> float:
        """FLOP of one token in the matrices: 2 (N_b,act + V d). [FLOP]

        The input embedding is a table read, the output matrix a product, tied or not.
        """
        return 2.0 * (self.n_active_block_params + self.vocab_size * self.d_model)

    def decode_attention_flop(self, context: FloatArray) -> FloatArray:
        """FLOP of attention for one token after ``context``; not checked, for large grids. [FLOP]

        Four FLOP per query head, key element and pair of tokens, :math:`4 h d_h x L`; latent
        attention works on the cached latent, :math:`2 h (2c + r) x L`.
        """
        flop = self.n_full_layers * self._decode_pair_flop * self._chosen(context)
        if self.indexer_heads:
            flop = flop + self._index_pair_flop * context
        if self.n_window_layers:
            seen = np.minimum(context, self.sliding_window_tokens)
            flop = flop + self.n_window_layers * self._window_pair_flop * seen
        return np.asarray(flop + self._state_flop)

    def prefill_attention_flop(self, new: FloatArray, past: FloatArray) -> FloatArray:
        """FLOP of attention for several tokens; not checked, for large grids. [FLOP]

        Each new token sees ``past`` and half of the new ones, or its window: of a prompt
        :math:`2 h d_h L n^2`. Latent attention unfolds keys and values,
        :math:`h (nope + r + v) L n^2`.
        """
        chosen = _causal_pairs(new, past, self.sparse_attention_tokens)
        flop = self.n_full_layers * self._prefill_pair_flop * chosen
        if self.indexer_heads:
            flop = flop + self._index_pair_flop * _causal_pairs(new, past, 0)
        if self.n_window_layers:
            seen = _causal_pairs(new, past, self.sliding_window_tokens)
            flop = flop + self.n_window_layers * self._window_pair_flop * seen
        return np.asarray(flop + self._state_flop * new)

    @cached_property
    def _index_pair_flop(self) -> float:
        return 2.0 * self.n_full_layers * self.indexer_heads * self.indexer_d_head

    def _pair_flop(self, n_heads: int) -> float:
        return 2.0 * n_heads * (self.d_head + (self.d_head_value or self.d_head))

    @cached_property
    def _window_pair_flop(self) -> float:
        return self._pair_flop(self.n_heads_window or self.n_heads)

    @cached_property
    def _decode_pair_flop(self) -> float:
        if not self.is_mla:
            return self._pair_flop(self.n_heads)
        return 2.0 * self.n_heads * (2 * self.mla_kv_rank + self.mla_rope_dim)

    @cached_property
    def _prefill_pair_flop(self) -> float:
        if not self.is_mla:  # unfolding the latent pays when many queries share it
            return self._pair_flop(self.n_heads)
        return 2.0 * self.n_heads * (self.mla_nope_dim + self.mla_rope_dim + self.mla_v_dim)

    @cached_property
    def _state_flop(self) -> float:
        # Decay, read, write and query of a d x d state a head: about 6 FLOP an element.
        return 6.0 * self.n_linear_layers * self._state_elements

    @cached_property
    def _state_elements(self) -> int:
        return self.linear_n_value_heads * self.linear_d_head**2

    def _chosen(self, tokens: FloatArray) -> FloatArray:
        """Tokens that full attention looks at."""
        if not self.sparse_attention_tokens:
            return tokens
        return np.minimum(tokens, self.sparse_attention_tokens)

    @cached_property
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
        width = _width(bytes_per_element)
        return self.kv_elements_per_token * width

    def kv_cache_bytes(self, context: Numbers, bytes_per_element: Numbers = 2.0) -> FloatArray:
        """Memory that one sequence of ``context`` tokens holds. [B]

        Windows stop growing, recurrent states are constant (32 bit), an indexer adds one
        8-bit key a token.
        """
        tokens = require("context", context, minimum=0, unit="tokens")
        return self.kv_held(tokens, _width(bytes_per_element))

    def kv_held(self, tokens: FloatArray, width: FloatArray) -> FloatArray:
        """:meth:`kv_cache_bytes`, not checked, for large grids. [B]"""
        held = tokens * (self.kv_elements_per_token * width + self._index_bytes)
        return held + self._window_bytes(tokens, width) + 4.0 * self._states

    def kv_read(self, tokens: FloatArray, width: FloatArray) -> FloatArray:
        """Memory traffic of the cache when one sequence makes one token. [B]

        Sparse attention reads the chosen tokens and all index keys; a recurrent state is
        read and written. Not checked, for large grids.
        """
        read = self._chosen(tokens) * (self.kv_elements_per_token * width)
        if self._index_bytes:
            read = read + tokens * self._index_bytes
        return read + self._window_bytes(tokens, width) + 8.0 * self._states

    @cached_property
    def _states(self) -> int:
        """Numbers of all recurrent states of one sequence."""
        return self.n_linear_layers * self._state_elements

    @cached_property
    def _index_bytes(self) -> float:
        """8-bit index keys that one token adds. [B]"""
        return float(self.n_full_layers * self.indexer_d_head) if self.indexer_heads else 0.0

    def _window_bytes(self, tokens: FloatArray, width: FloatArray) -> FloatArray | float:
        if not self.n_window_layers:
            return 0.0
        heads = self.n_kv_heads_window or self.n_kv_heads
        each = self.n_window_layers * heads * (self.d_head + (self.d_head_value or self.d_head))
        return np.minimum(tokens, self.sliding_window_tokens) * (each * width)


def _width(bytes_per_element: Numbers) -> FloatArray:
    return require("bytes_per_element", bytes_per_element, above=0, unit="B")


def _causal_pairs(new: FloatArray, past: FloatArray, window: int) -> FloatArray:
    """Pairs of a new token and a token it sees, itself counted half; window 0 means none."""
    everything = new * (past + np.where(new > 1, new / 2.0, 0.0))
    if not window:
        return np.asarray(everything)
    # The tokens before the window is full see a triangle, the others a whole window.
    growing = np.clip(window - past, 0.0, new)
    filled = growing * (past + np.where(new > 1, growing / 2.0, 0.0))
    return np.asarray(np.minimum(everything, filled + (new - growing) * window))
