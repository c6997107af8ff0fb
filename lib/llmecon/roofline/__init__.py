"""Time to run a language model: decode, prefill and serving, term by term."""

from typing import TYPE_CHECKING, Any

from llmecon.roofline import profiles
from llmecon.roofline.calibration import calibrate, judge
from llmecon.roofline.deployment import Deployment, decode, prefill, serve
from llmecon.roofline.measured import predict
from llmecon.roofline.profiles import UNIDENTIFIED, Profile
from llmecon.roofline.speculation import speculate, tokens_per_round
from llmecon.roofline.step import Memory, Serving, Step, Terms

if TYPE_CHECKING:
    from llmecon.roofline.profiles import BY_ENGINE, CURRENT, IDEAL, KNOWN, PROFILES
else:

    def __getattr__(name: str) -> Any:
        """Constants of :mod:`llmecon.roofline.profiles`, whose table is read at the first use."""
        return getattr(profiles, name)


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
