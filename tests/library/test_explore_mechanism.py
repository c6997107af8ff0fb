"""Batch and price: what the explorable shows is what one user count alone gives."""

import random

import numpy as np
import pytest

from llmecon import catalog, cost, roofline
from llmecon_book.chapters import mechanism
from llmecon_book.chapters.mechanism import TERMS
from llmecon_book.charts import specs
from llmecon_book.explore.mechanism import price_curve

SHOWN = price_curve()
SETTINGS = [*SHOWN.settings()]
FORMATS = {"16": "bf16", "8": "fp8", "4": "int4"}


def alone(bits: str, context: str, users: str) -> roofline.Step:
    """One decode step, asked for by itself."""
    model, chip = catalog.transformer("Llama 3.1 70B"), catalog.accelerator("H200 SXM 141GB")
    load = {"batch": float(users), "context": float(context.replace(",", ""))}
    return roofline.decode(model, chip, tensor_parallel=8, weights=FORMATS[bits], **load)


@pytest.mark.parametrize("setting", random.Random(13).sample(SETTINGS, 40), ids="-".join)
def test_readout_is_what_one_step_gives(setting: tuple[str, ...]) -> None:
    bits, context, rent, users = setting
    step, state = alone(bits, context, users), SHOWN.at(setting)
    if not step.fits:
        assert "do not fit" in state.title
        assert f"{step.memory.max_batch:,.0f} conversations" in state.title
        return
    terms = {name: float(seconds) * 1e3 for name, seconds in vars(step.terms).items()}
    hourly = 8 * float(rent)
    usd = hourly / 3600 * float(step.seconds) / int(users) * 1e6
    assert [*state.readout.values()] == [
        f"{step.seconds * 1e3:.1f} ms",
        f"{1 / step.seconds:.0f} tokens/s",
        f"{usd:.2f} dollars",
        TERMS[max(terms, key=terms.get)],
    ]
    assert f"{hourly:.2f} dollars an hour" in state.sentence
    assert f"{usd:.2f} dollars" in state.title
    assert float(cost.usd_per_mtok(step, usd_per_gpu_hour=float(rent))) == pytest.approx(usd)
    here = state.rows[state.rows.users == int(users)].set_index("part").ms
    for name, said in TERMS.items():
        assert here[said] == pytest.approx(terms[name], rel=0.005, abs=0) or not terms[name]


def test_it_opens_with_the_chapters_example() -> None:
    """64 users of the chapter: 14.7 ms, 68 tokens/s, 1.50 dollars, 66 dollars for one alone."""
    assert SHOWN.default == ("16", "4,096", "2.94", "64")
    step = alone("16", "4,096", "1")
    one = float(cost.usd_per_mtok(step, usd_per_gpu_hour=2.94))
    assert f"one user alone they cost {one:.2f}" in SHOWN.at(SHOWN.default).sentence


def test_what_it_invites_to_try_is_so() -> None:
    one, crowd = (alone("16", "4,096", users) for users in ("1", "64"))
    assert 64 * one.seconds / crowd.seconds > 40
    assert 1 < crowd.seconds / one.seconds < 1.5
    assert 1 < one.seconds / alone("8", "4,096", "1").seconds < 2
    assert not alone("16", "65,536", "64").fits
    assert alone("16", "65,536", "32").binds == "kv_cache"


def test_every_setting_can_be_drawn() -> None:
    states = [SHOWN.at(setting) for setting in SETTINGS]
    assert len(states) <= 600
    assert {tuple(state.rows.columns) for state in states} == {("part", "users", "ms")}
    assert len({tuple(state.readout) for state in states}) == 1
    for state in states:
        assert np.isfinite(state.rows[["users", "ms"]]).all(axis=None)
        assert len(state.title.split()) >= 3
    fitting = {(s.title, *s.readout.values()) for s in states if "fit" not in s.title}
    assert len({title for title, *_ in fitting}) == len({tuple(rest[1:]) for _, *rest in fitting})
    spec = SHOWN.drawn().to_dict()
    assert specs.problems(spec) == []
    assert len(spec["datasets"]) == 1


def test_who_does_not_fit_is_said_with_the_memory_where_nobody_does():
    huge, chip = catalog.transformer("DeepSeek-V3"), catalog.accelerator("H100 SXM 80GB")
    steps = roofline.decode(huge, chip, batch=[1, 2], context=1000)
    with pytest.raises(ValueError, match=r"does not fit: weights and reserve need \d+\.\d GB"):
        mechanism.by_users(None, steps, steps.seconds, 2)
