"""Numbers that papers print beside their laws, and the 6ND rule that they share."""

from types import MappingProxyType

from llmecon._checks import FloatArray, Numbers
from llmecon.chinchilla._records import TRAIN_FLOP_PER_PARAM_TOKEN, plain, positive


def training_flop(n_params: Numbers, n_tokens: Numbers) -> FloatArray:
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


def tokens_per_param(n_params: Numbers, n_tokens: Numbers) -> FloatArray:
    """Training tokens for each parameter. [tokens/parameter]

    Examples
    --------
    >>> float(tokens_per_param(70e9, 1.4e12))
    20.0
    """
    tokens = positive("n_tokens", n_tokens, "tokens")
    return plain(tokens / positive("n_params", n_params, "parameters"))


# Hoffmann et al. 2022, Table 2: a and b with 10th and 90th percentiles. Approach 1 prints
# b = .50 outside its own interval; Approach 3's is .001 wide, a mark of the averaging bug.
HOFFMANN_2022_TABLE_2 = MappingProxyType(
    {
        "approach 1": {"a": (0.50, 0.488, 0.502), "b": (0.50, 0.501, 0.512)},
        "approach 2": {"a": (0.49, 0.462, 0.534), "b": (0.51, 0.483, 0.529)},
        "approach 3": {"a": (0.46, 0.454, 0.455), "b": (0.54, 0.542, 0.543)},
    }
)
