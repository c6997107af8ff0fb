"""Time to run a language model: decode, prefill and serving, term by term."""

from llmecon.roofline.calibration import calibrate, judge
from llmecon.roofline.deployment import Deployment, decode, prefill, serve
from llmecon.roofline.measured import predict
from llmecon.roofline.profiles import (
    BY_ENGINE,
    CURRENT,
    IDEAL,
    KNOWN,
    PROFILES,
    UNIDENTIFIED,
    Profile,
)
from llmecon.roofline.speculation import speculate, tokens_per_round
from llmecon.roofline.step import Memory, Serving, Step, Terms

__all__ = [
    "BY_ENGINE",
    "CURRENT",
    "IDEAL",
    "KNOWN",
    "PROFILES",
    "UNIDENTIFIED",
    "Deployment",
    "Memory",
    "Profile",
    "Serving",
    "Step",
    "Terms",
    "calibrate",
    "decode",
    "judge",
    "predict",
    "prefill",
    "serve",
    "speculate",
    "tokens_per_round",
]
