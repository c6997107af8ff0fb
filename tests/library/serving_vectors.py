"""Cases of vectors/serving.json by the name of their source table."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from llmecon_book import essay

_FILE = Path(__file__).parent / "vectors" / "serving.json"
_CONTENT = json.loads(_FILE.read_text(encoding="utf-8"))
CASES = {case["id"]: case for case in _CONTENT["vectors"]}

# As the notebooks have them (commit c2c4fa9 of YafahEdelman/inference-economics).
# Its caps on arithmetic and bandwidth are lower rates here.
H100_CAPPED = replace(
    essay.H100,
    name="H100, capped",
    flop_per_s_16bit=0.7 * 1e15,
    flop_per_s_8bit=0.7 * 2e15,
    hbm_bytes_per_s=0.75 * 3.3e12,
)
A100_CAPPED = essay.Machine(
    name="A100, capped",
    flop_per_s_16bit=0.8 * 3.12e14,
    flop_per_s_8bit=0.8 * 6.24e14,
    hbm_bytes_per_s=0.75 * 2.0e12,
    hbm_bytes=80e9,
    intra_bytes_per_s=150e9,
    inter_bytes_per_s=12.5e9,
    usd_per_hour=4.52 / 3,
)
V100_CAPPED = essay.Machine(
    name="V100, capped",
    flop_per_s_16bit=0.8 * 1e14,
    flop_per_s_8bit=0.8 * 1e14,
    hbm_bytes_per_s=0.75 * 0.9e12,
    hbm_bytes=16e9,
    intra_bytes_per_s=75e9,
    inter_bytes_per_s=6.25e9,
    usd_per_hour=0.42,
)

MACHINES = {
    "h100_erdil_uncapped": essay.H100,
    "h100_erdil_capped": H100_CAPPED,
    "h200_erdil_uncapped": essay.H200,
    "a100_erdil_capped": A100_CAPPED,
    "v100_erdil_capped": V100_CAPPED,
}


def named(prefix: str) -> list[str]:
    """Ids that are a prefix and a number."""
    return [name for name in CASES if name.startswith(prefix) and name[len(prefix) :].isdigit()]


def inputs(name: str) -> dict:
    return CASES[name]["inputs"]


def agrees(name: str, key: str, value, *, tolerance: float | None = None) -> bool:
    """Whether a value is the expected one within the stated tolerance of the case."""
    case = CASES[name]
    relative = case["tolerance"] if tolerance is None else tolerance
    expected = np.asarray(case["expected"][key], dtype=np.float64)
    # The stored digits of a recomputed case may round off a little more than its tolerance.
    return bool(np.allclose(value, expected, rtol=max(relative, 1e-10), atol=0.0))


def rounds_to(value, printed, *, decimals: int) -> bool:
    """Whether values are within half a unit of the last printed digit."""
    return bool(np.allclose(value, printed, rtol=1e-9, atol=0.5 * 10.0**-decimals))


def definition(name: str) -> dict:
    return _CONTENT["definitions"]["models"][name]


def shape(name: str) -> essay.Shape:
    given = definition(name)
    return essay.Shape(
        name=name,
        n_layers=given["n_layers"],
        d_model=given["d_model"],
        d_ff=given["d_ff"],
        mlp_matrices=given["mlp_in_matrices"] + given["mlp_out_matrices"],
        n_heads=given["n_heads"],
        group=given["attention_group_size"],
        d_head=given["d_head"],
        vocab_size=given["vocab_size"],
        n_experts=given["n_experts"],
        n_experts_active=given["n_experts_active"],
        weight_bytes=given["weight_bytes_per_param"],
        activation_bytes=given["activation_bytes_per_value"],
        parallel_attention=given["parallel_attention"],
        mla_kv_rank=given.get("mla_kv_rank", 0),
        mla_q_rank=given.get("mla_q_rank", 0),
    )
