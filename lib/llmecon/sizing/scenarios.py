"""What a provider may run a model on: chip, format of the weights, length of prompts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from llmecon import catalog
from llmecon.sizing.limits import limits
from llmecon.sizing.market import chips_on, usd_per_chip_hour

FloatArray = npt.NDArray[np.float64]

# Formats: weights of 2024 and later are mostly served in 8 bit, open hosts say so on their pages.
_WEIGHTS = {"bf16": 1 / 3, "fp8": 2 / 3}
# Prompts: of chats, and of chats with documents; the benchmark that is read uses 1,000 tokens.
_PROMPTS = {1_500.0: 1 / 2, 6_000.0: 1 / 2}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One set-up, with its limits on the grid of sizes.

    Attributes
    ----------
    chip, weights : str
        Accelerator and format of the weights.
    prompt_tokens : float
        Length of a prompt. [tokens]
    usd_per_chip_hour : float
        Price of one accelerator. [USD/h]
    probability : float
        Before anything is seen.
    log10_usd : numpy.ndarray
        Lowest cost of 10^6 output tokens. [USD]
    log10_speed : numpy.ndarray
        Highest speed for one user. [tokens/s]
    """

    chip: str
    weights: str
    prompt_tokens: float
    usd_per_chip_hour: float
    probability: float
    log10_usd: FloatArray
    log10_speed: FloatArray


def scenarios(
    day: pd.Timestamp,
    *,
    chip: str | None = None,
    weights: str | None = None,
    prompt_tokens: float | None = None,
    usd_per_chip: float | None = None,
) -> list[Scenario]:
    """Every set-up of a day, or those that agree with what is known.

    Parameters
    ----------
    day : pandas.Timestamp
        When the model was served.
    chip, weights, prompt_tokens : str, str, float, optional
        What is known of the set-up; all that were usual otherwise.
    usd_per_chip : float, optional
        Price of an accelerator-hour; that of the day otherwise. [USD/h]
    """
    chips = chips_on(day) if chip is None else [catalog.accelerator(chip)]
    formats = _WEIGHTS if weights is None else {weights: 1.0}
    prompts = _PROMPTS if prompt_tokens is None else {float(prompt_tokens): 1.0}
    cases = []
    for one in chips:
        rent = usd_per_chip_hour(one.name, day) if usd_per_chip is None else usd_per_chip
        for form, form_share in formats.items():
            for prompt, prompt_share in prompts.items():
                bound = limits(one, form, prompt)
                cases.append(
                    Scenario(
                        chip=one.name,
                        weights=form,
                        prompt_tokens=prompt,
                        usd_per_chip_hour=rent,
                        probability=form_share * prompt_share / len(chips),
                        log10_usd=bound.log10_chip_hours + np.log10(rent),
                        log10_speed=bound.log10_speed,
                    )
                )
    return cases


def bounds(cases: Sequence[Scenario]) -> tuple[float, float]:
    """Least cost and highest speed of any size in any set-up. [USD, tokens/s]"""
    usd = min(float(case.log10_usd.min()) for case in cases)
    speed = max(float(case.log10_speed.max()) for case in cases)
    return 10.0**usd, 10.0**speed
