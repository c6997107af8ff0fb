"""Models and accelerators as the published code counts them."""

from dataclasses import dataclass, replace

import numpy as np

from llmecon import catalog
from llmecon._checks import Numbers, require
from llmecon.accelerator import Accelerator
from llmecon.transformer import FloatArray, Transformer


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A model as the published code counts it.

    Both embedding matrices are counted and multiplied, the router is not, and a shared
    expert is one more routed one.
    """

    name: str
    n_layers: int
    d_model: float
    d_ff: float
    mlp_matrices: int
    n_heads: int
    group: float
    d_head: float
    vocab_size: int
    n_experts: int = 1
    n_experts_active: int = 1
    weight_bytes: float = 2.0
    activation_bytes: float = 2.0
    parallel_attention: bool = False
    mla_kv_rank: int = 0
    mla_q_rank: int = 0

    @classmethod
    def of(cls, model: Transformer) -> "Shape":
        """The shape of a model of the catalogue, in 16 bit."""
        return cls(
            name=model.name,
            n_layers=model.n_layers,
            d_model=model.d_model,
            d_ff=model.d_ff,
            mlp_matrices=model.mlp_matrices,
            n_heads=model.n_heads,
            group=model.n_heads / model.n_kv_heads,
            d_head=model.d_head,
            vocab_size=model.vocab_size,
            n_experts=max(model.n_experts, 1),
            n_experts_active=max(model.n_experts_active + model.n_shared_experts, 1),
            parallel_attention=model.parallel_attention,
            mla_kv_rank=model.mla_kv_rank,
            mla_q_rank=model.mla_q_rank,
        )

    @classmethod
    def stored(cls, model: Transformer, bytes_per_value: float) -> "Shape":
        """The shape of a model whose weights and activations have one width, 4 to 16 bit. [B]"""
        width = float(require("bytes_per_value", bytes_per_value, minimum=0.5, maximum=2, unit="B"))
        return replace(cls.of(model), weight_bytes=width, activation_bytes=width)

    def scaled(self, factor: float) -> "Shape":
        """The model made ``factor`` times as large, as the H200 figure does.

        Widths and depth grow with the cube root, heads and their width with the sixth.

        Examples
        --------
        >>> gpt3 = Shape(name="GPT-3", n_layers=96, d_model=12288, d_ff=49152,
        ...              mlp_matrices=2, n_heads=96, group=1, d_head=128, vocab_size=50257)
        >>> round(gpt3.scaled(1 / 8).n_params / 1e9, 1)
        23.9
        """
        require("factor", factor, above=0)
        third, sixth = factor ** (1 / 3), factor ** (1 / 6)
        n_heads = int(np.ceil(self.n_heads * sixth))
        return replace(
            self,
            name=f"{self.name} x {factor:g}",
            n_layers=int(np.floor(self.n_layers * third)),
            d_model=self.d_model * third,
            d_ff=self.d_ff * third,
            n_heads=n_heads,
            group=n_heads * self.group / self.n_heads,  # the key-value heads stay as many
            d_head=self.d_head * sixth,
        )

    @property
    def sparsity(self) -> int:
        """Experts over active experts, rounded down as in the code."""
        return self.n_experts // self.n_experts_active

    @property
    def d_attention(self) -> float:
        """Width of queries, keys and values together."""
        return (self.n_heads + 2 * self.n_heads / self.group) * self.d_head

    @property
    def feed_forward_params(self) -> float:
        """Parameters of all experts."""
        return self.n_layers * self.n_experts * self.mlp_matrices * self.d_model * self.d_ff

    @property
    def attention_params(self) -> float:
        """Parameters of attention."""
        heads = self.n_heads * self.d_head
        if not self.mla_kv_rank:
            return self.n_layers * self.d_model * (self.d_attention + heads)
        latent = 2 * self.mla_kv_rank * (self.d_model + heads)
        query = self.mla_q_rank * (self.d_model + heads)
        return self.n_layers * (latent + query + heads * self.d_model)

    @property
    def embedding_params(self) -> float:
        """Both embedding matrices."""
        return 2 * self.vocab_size * self.d_model

    @property
    def n_params(self) -> float:
        """All parameters."""
        return self.feed_forward_params + self.attention_params + self.embedding_params

    @property
    def n_active_params(self) -> float:
        """Parameters used by one token."""
        active = self.feed_forward_params // self.sparsity
        return active + self.attention_params + self.embedding_params

    @property
    def kv_bytes_per_token(self) -> float:
        """Cache of one token, in the precision of the activations. [B]"""
        if self.mla_kv_rank:
            return self.n_layers * self.mla_kv_rank * self.activation_bytes
        return 2 * self.n_heads / self.group * self.d_head * self.n_layers * self.activation_bytes

    def flop(self, context: Numbers, tokens: FloatArray) -> FloatArray:
        """FLOP of a pass. [FLOP]"""
        wide = self.mla_kv_rank or self.d_head
        attention = 4 * wide * self.n_heads * self.n_layers * np.asarray(context)
        return np.asarray((2 * self.n_active_params + attention) * tokens)

    def experts_share(self, tokens: FloatArray) -> FloatArray:
        """Share of the experts that a pass reads."""
        return np.asarray(1.0 - (1.0 - 1.0 / self.sparsity) ** tokens)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """An accelerator as the published code describes it."""

    name: str
    flop_per_s_16bit: float
    flop_per_s_8bit: float
    hbm_bytes_per_s: float
    hbm_bytes: float
    intra_bytes_per_s: float
    inter_bytes_per_s: float
    usd_per_hour: float
    node_size: int = 8

    def peak_flop_per_s(self, weight_bytes: float) -> float:
        """Rate at the width of the weights; 4 bit runs at the 8-bit rate."""
        return self.flop_per_s_16bit if weight_bytes >= 2 else self.flop_per_s_8bit


# Constants of the notebooks (commits dfcb15f and c2c4fa9 of YafahEdelman/inference-economics).
# All-reduce rates are half of the link rates.
H100 = Machine(
    name="H100",
    flop_per_s_16bit=1e15,
    flop_per_s_8bit=2e15,
    hbm_bytes_per_s=3.3e12,
    hbm_bytes=80e9,
    intra_bytes_per_s=225e9,
    inter_bytes_per_s=25e9,
    usd_per_hour=2.10,
)
H200 = replace(H100, name="H200", hbm_bytes_per_s=4.8e12, hbm_bytes=141e9, usd_per_hour=2.94)


def machine_of(chip: Accelerator, usd_per_gpu_hour: float) -> Machine:
    """An accelerator of the catalogue in the terms of the published model.

    All-reduce rates are half the one-direction link rates, as the published model takes them.
    """
    link = chip.scaleup_bytes_per_s_per_direction
    if link is None:
        raise ValueError(f"{chip.name} has no scale-up link: the published model needs one")
    return Machine(
        name=chip.name,
        flop_per_s_16bit=chip.bf16_dense_flop_per_s,
        flop_per_s_8bit=chip.fp8_dense_flop_per_s or chip.bf16_dense_flop_per_s,
        hbm_bytes_per_s=chip.hbm_bytes_per_s,
        hbm_bytes=chip.hbm_bytes,
        intra_bytes_per_s=link / 2,
        inter_bytes_per_s=chip.scaleout_bytes_per_s_per_direction / 2,
        usd_per_hour=usd_per_gpu_hour,
    )


def machine(chip: str, usd_per_gpu_hour: float, *, published: bool) -> Machine:
    """The H200 of the published figure, or an accelerator by its data sheet.

    Parameters
    ----------
    chip : str
        Name in ``accelerators.csv``, where it is not the published one.
    usd_per_gpu_hour : float
        Its rent. [USD/h]
    published : bool
        Whether it is the published one.
    """
    return H200 if published else machine_of(catalog.accelerator(chip), usd_per_gpu_hour)
