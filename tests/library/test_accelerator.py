"""Data sheets: plausible rows, formats a chip has, bytes of a number."""

import pytest

from llmecon import catalog
from llmecon.accelerator import Accelerator, storage_bytes

CHIPS = [catalog.accelerator(name) for name in catalog.accelerators().name]
H100 = catalog.accelerator("H100 SXM 80GB")
A100 = catalog.accelerator("A100 SXM 80GB")


@pytest.mark.parametrize("chip", CHIPS, ids=lambda chip: chip.name)
def test_each_row_is_plausible(chip):
    # Outside: a sparse peak or a wrong unit. H20 and the newest memories are the extremes.
    assert 30 < chip.peak_flop_per_s() / chip.hbm_bytes_per_s < 600
    if chip.fp8_dense_flop_per_s and chip.fp8_dense_flop_per_s != chip.bf16_dense_flop_per_s:
        assert 1.9 < chip.fp8_dense_flop_per_s / chip.bf16_dense_flop_per_s < 4.5
    if chip.measured_bf16_flop_per_s:
        assert 0.4 < chip.measured_bf16_flop_per_s / chip.bf16_dense_flop_per_s < 1


def test_a_missing_format_names_those_there_are():
    with pytest.raises(ValueError, match=r"A100 SXM 80GB is known, only those of bf16, int8"):
        A100.peak_flop_per_s("fp8")
    with pytest.raises(ValueError, match="fp5"):
        H100.peak_flop_per_s("fp5")


def test_rates_by_format():
    assert H100.peak_flop_per_s("fp8") == 1.979e15
    assert catalog.accelerator("B200 SXM 180GB").peak_flop_per_s("nvfp4") == 9e15


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        ("bf16", 16),
        ("fp8", 8),
        ("int4", 4 + 20 / 128),
        ("int4_g32", 5),
        ("mxfp4", 4.25),
        ("nvfp4", 4.5),
    ],
)
def test_bits_of_a_stored_number(name, bits):
    """Shared 8-bit scales: one for 32 values (OCP Microscaling 1.0), one for 16 (NVFP4)."""
    assert storage_bytes(name) * 8 == bits


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match="precision must be one of"):
        storage_bytes("fp3")


@pytest.mark.parametrize("field", ["hbm_bytes", "hbm_bytes_per_s", "bf16_dense_flop_per_s"])
@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf")])
def test_a_rate_must_be_positive_and_finite(field, bad):
    with pytest.raises(ValueError, match=field):
        Accelerator(**{**H100.model_dump(), field: bad})
