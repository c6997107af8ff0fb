"""What N and C count: 6ND, exact layer sums, embeddings in or out, bits per byte."""

from dataclasses import dataclass

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.chinchilla._records import (
    TRAIN_FLOP_PER_PARAM_TOKEN,
    Array,
    plain,
    positive,
)
from llmecon.chinchilla._roots import Positions, bracketed
from llmecon.chinchilla.separable import SeparableLaw

# Pearce and Song, arXiv:2406.12907: vocabulary 32k, fixed aspect ratio. [parameters^(2/3)]
PEARCE_EMBEDDING_FACTOR = 47_491.0


def training_flop(n_params: Numbers, n_tokens: Numbers) -> Array:
    """Training compute by the 6ND rule.

    Parameters
    ----------
    n_params : float or array
        Parameters used for one token. [parameters]
    n_tokens : float or array
        Training tokens. [tokens]

    Returns
    -------
    float or array
        Compute. [FLOP]

    Notes
    -----
    Leaves out attention over the context: 1.02 to 1.10 times short for the shapes of Hoffmann
    et al., Table A4.

    Examples
    --------
    >>> float(training_flop(405e9, 15.6e12)) / 1e25
    3.7908
    """
    size = positive("n_params", n_params, "parameters")
    return plain(TRAIN_FLOP_PER_PARAM_TOKEN * size * positive("n_tokens", n_tokens, "tokens"))


def tokens_per_param(n_params: Numbers, n_tokens: Numbers) -> Array:
    """Training tokens for each parameter. [tokens/parameter]

    Examples
    --------
    >>> float(tokens_per_param(70e9, 1.4e12))
    20.0
    """
    tokens = positive("n_tokens", n_tokens, "tokens")
    return plain(tokens / positive("n_params", n_params, "parameters"))


def bits_per_byte(loss: Numbers, bytes_per_token: Numbers) -> Array:
    """Loss that can be compared across tokenizers.

    Parameters
    ----------
    loss : float or array
        Cross-entropy. [nats/token]
    bytes_per_token : float or array
        Mean length of a token of that tokenizer on that text. [B/token]

    Examples
    --------
    >>> float(bits_per_byte(2.0, 4.0))
    0.7213
    """
    nats = positive("loss", loss, "nats/token")
    return plain(nats / np.log(2) / positive("bytes_per_token", bytes_per_token, "B/token"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A decoder's shape in the terms of Hoffmann et al. 2022, Table A9.

    Attributes
    ----------
    n_layers, d_model, d_ff, n_heads, d_head : array
        Layers; widths of the residual stream and the feed-forward layer; heads and their
        size. [layers] [elements] [elements] [heads] [elements]
    vocab_size : array
        Vocabulary. [tokens]
    """

    n_layers: Numbers
    d_model: Numbers
    d_ff: Numbers
    n_heads: Numbers
    d_head: Numbers
    vocab_size: Numbers = 32_000

    def _checked(self) -> tuple[Array, ...]:
        names = ("n_layers", "d_model", "d_ff", "n_heads", "d_head", "vocab_size")
        return tuple(require(name, getattr(self, name), minimum=1) for name in names)

    @property
    def params(self) -> Array:
        """Parameters with relative positions, biases and embeddings. [parameters]"""
        n, d, f, _, _, vocabulary = self._checked()
        attention = (3 * d**2 + 3 * d) + (d**2 + 2 * d) + (d**2 + d)
        return plain(n * (attention + (d * f + f) + (f * d + d) + 4 * d) + 2 * d + d * vocabulary)

    @property
    def non_embedding_params(self) -> Array:
        """Parameters without the embedding matrix. [parameters]"""
        _, d, _, _, _, vocabulary = self._checked()
        return plain(self.params - d * vocabulary)

    def training_flop_per_sequence(
        self, sequence_tokens: Numbers, *, embeddings: bool = False
    ) -> Array:
        """Training compute of a sequence, layer by layer: 3 times the forward pass.

        Parameters
        ----------
        sequence_tokens : float or array
            Length of the sequence. [tokens]
        embeddings : bool, optional
            Add the embedding and logit products. Appendix F of Hoffmann et al. prints them,
            but its Table A4 only comes out without them. [1]

        Returns
        -------
        float or array
            Compute, attention counted over the full square. [FLOP]
        """
        n, d, f, h, q, vocabulary = self._checked()
        s = require("sequence_tokens", sequence_tokens, minimum=1, unit="tokens")
        projections = 6 * s * d * h * q + 2 * s * h * q * d
        scores = 2 * s**2 * h * q + 3 * h * s**2 + 2 * s**2 * h * q
        forward = n * (projections + scores + 4 * s * d * f)
        if embeddings:
            forward = forward + 4 * s * vocabulary * d  # one product in, one out
        return plain(3 * forward)

    def flop_over_6nd(self, sequence_tokens: Numbers, *, embeddings: bool = False) -> Array:
        """Exact compute over 6ND, the last column of Table A4. [1]

        Examples
        --------
        >>> shape = Shape(n_layers=10, d_model=640, d_ff=2560, n_heads=10, d_head=64)
        >>> float(shape.flop_over_6nd(2048))
        1.0250
        """
        exact = self.training_flop_per_sequence(sequence_tokens, embeddings=embeddings)
        return plain(exact / training_flop(self.params, sequence_tokens))

    def deepseek_flop_per_token(self, sequence_tokens: Numbers) -> Array:
        """M = 72 n d^2 + 12 n d l of DeepSeek LLM, without embeddings. [FLOP/token]"""
        n, d, *_ = self._checked()
        length = require("sequence_tokens", sequence_tokens, minimum=1, unit="tokens")
        return plain(72 * n * d**2 + 12 * n * d * length)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlopConvention:
    """How a paper counts size and compute, applied to a shape.

    Attributes
    ----------
    name : str
        Short name.
    embeddings_in_params : bool
        Whether N counts the embedding matrix.
    rule : str
        ``6ND``, ``M D`` (DeepSeek) or ``layer sum`` (Hoffmann, appendix F).
    used_by : str
        Papers.
    """

    name: str
    embeddings_in_params: bool
    rule: str
    used_by: str

    def n_params(self, shape: Shape) -> Array:
        """Size of a shape as this convention counts it. [parameters]"""
        return shape.params if self.embeddings_in_params else shape.non_embedding_params

    def training_flop(
        self, shape: Shape, n_tokens: Numbers, *, sequence_tokens: Numbers = 2048
    ) -> Array:
        """Training compute of a shape as this convention counts it. [FLOP]"""
        tokens = positive("n_tokens", n_tokens, "tokens")
        if self.rule == "6ND":
            return training_flop(self.n_params(shape), tokens)
        if self.rule == "M D":
            return plain(shape.deepseek_flop_per_token(sequence_tokens) * tokens)
        per_sequence = shape.training_flop_per_sequence(sequence_tokens)
        return plain(per_sequence / np.asarray(sequence_tokens) * tokens)


SIX_ND_TOTAL = FlopConvention(
    name="6ND, total",
    embeddings_in_params=True,
    rule="6ND",
    used_by="Hoffmann, Besiroglu, Muennighoff, Gadre, Llama 3",
)
SIX_ND_NON_EMBEDDING = FlopConvention(
    name="6ND, non-embedding", embeddings_in_params=False, rule="6ND", used_by="Kaplan"
)
DEEPSEEK_M = FlopConvention(
    name="FLOP per token M", embeddings_in_params=False, rule="M D", used_by="DeepSeek"
)
EXACT_LAYERS = FlopConvention(
    name="exact layer sum",
    embeddings_in_params=True,
    rule="layer sum",
    used_by="Hoffmann, appendix F and Table A4",
)
FLOP_CONVENTIONS = (SIX_ND_TOTAL, SIX_ND_NON_EMBEDDING, DEEPSEEK_M, EXACT_LAYERS)


# --- why Kaplan and Hoffmann disagree: embeddings (Pearce and Song 2024) -----------------


def total_params(
    non_embedding_params: Numbers, *, embedding_factor: float = PEARCE_EMBEDDING_FACTOR
) -> Array:
    r"""All parameters from those without embeddings, N = N_E + g N_E^(1/3).

    Parameters
    ----------
    non_embedding_params : float or array
        N_E. [parameters]
    embedding_factor : float, optional
        g; the default is for a vocabulary of 32k and a fixed aspect ratio. [parameters^(2/3)]

    References
    ----------
    .. [1] T. Pearce and J. Song, "Reconciling Kaplan and Chinchilla Scaling Laws",
       arXiv:2406.12907, 2024.

    Examples
    --------
    >>> float(total_params(1e8)) / 1e8
    1.2204
    """
    inner = positive("non_embedding_params", non_embedding_params, "parameters")
    return plain(inner + embedding_factor * np.cbrt(inner))


def non_embedding_params(
    n_params: Numbers, *, embedding_factor: float = PEARCE_EMBEDDING_FACTOR
) -> Array:
    """Inverse of :func:`total_params`, one real root of a cubic. [parameters]"""
    total = positive("n_params", n_params, "parameters")
    third = positive("embedding_factor", embedding_factor, "") / 3
    # y^3 + g y = N with y = N_E^(1/3): sinh form, free of cancellation
    root = 2 * np.sqrt(third) * np.sinh(np.arcsinh(total / 2 / third**1.5) / 3)
    return plain(root**3)


def frontier_flop_non_embedding(
    law: SeparableLaw,
    non_embedding_params: Numbers,
    *,
    embedding_factor: float = PEARCE_EMBEDDING_FACTOR,
) -> Array:
    r"""C_E = 6 N_E D at which a size is optimal when embeddings are not counted.

    .. math::

        C_E = 6 N_E (N_E + \tfrac{g}{3} N_E^{1/3})^{-1/\beta}
              (N_E + g N_E^{1/3})^{(1+\alpha)/\beta}
              \left(\frac{\beta B}{\alpha A}\right)^{1/\beta}

    Parameters
    ----------
    law : SeparableLaw
        Law in total parameters.
    non_embedding_params : float or array
        N_E. [parameters]
    embedding_factor : float, optional
        g. [parameters^(2/3)]

    Returns
    -------
    float or array
        Compute without embeddings. [FLOP]

    Examples
    --------
    >>> from llmecon import chinchilla
    >>> float(frontier_flop_non_embedding(chinchilla.BESIROGLU_2024, 1e9)) / 1e20
    1.5482
    """
    inner = positive("non_embedding_params", non_embedding_params, "parameters")
    total = total_params(inner, embedding_factor=embedding_factor)
    slope = inner + embedding_factor / 3 * np.cbrt(inner)
    alpha, beta = np.asarray(law.alpha), np.asarray(law.beta)
    scale = (beta * law.B / (alpha * np.asarray(law.A))) ** (1 / beta)
    tokens = slope ** (-1 / beta) * total ** ((1 + alpha) / beta) * scale
    return plain(TRAIN_FLOP_PER_PARAM_TOKEN * inner * tokens)


def frontier_exponent_non_embedding(
    law: SeparableLaw,
    non_embedding_params: Numbers,
    *,
    embedding_factor: float = PEARCE_EMBEDDING_FACTOR,
) -> Array:
    """Local exponent d ln N_E / d ln C_E of that frontier.

    Tends to beta/(alpha + beta) for large N_E and to beta/(alpha/3 + beta) for small: in
    Kaplan's range of sizes a law of Hoffmann's kind looks like Kaplan's .73.

    Parameters
    ----------
    law : SeparableLaw
        Law in total parameters.
    non_embedding_params : float or array
        N_E. [parameters]
    embedding_factor : float, optional
        g. [parameters^(2/3)]

    Examples
    --------
    >>> from llmecon import chinchilla
    >>> frontier_exponent_non_embedding(chinchilla.BESIROGLU_2024, [1e3, 1e12]).round(3)
    array([0.763, 0.513])
    """
    inner = positive("non_embedding_params", non_embedding_params, "parameters")
    root = embedding_factor * np.cbrt(inner)
    alpha, beta = np.asarray(law.alpha), np.asarray(law.beta)
    of_total = (inner + root / 3) / (inner + root)
    of_slope = (inner + root / 9) / (inner + root / 3)
    return plain(1 / (1 - of_slope / beta + (1 + alpha) / beta * of_total))


def frontier_params_non_embedding(
    law: SeparableLaw,
    flop_non_embedding: Numbers,
    *,
    embedding_factor: float = PEARCE_EMBEDDING_FACTOR,
) -> Array:
    """Optimal N_E for a budget C_E, the inverse of the frontier. [parameters]"""
    budget = np.log(positive("flop_non_embedding", flop_non_embedding, "FLOP"))
    shape = budget.shape
    budget = budget.ravel()

    def equation(log_size: Array, at: Positions) -> tuple[Array, Array]:
        size = np.exp(log_size)
        spent = frontier_flop_non_embedding(law, size, embedding_factor=embedding_factor)
        local = frontier_exponent_non_embedding(law, size, embedding_factor=embedding_factor)
        return budget[at] - np.log(spent), -1 / local

    low, high = np.zeros_like(budget), np.full_like(budget, 100.0)
    return plain(np.exp(bracketed(equation, low, high)).reshape(shape))
