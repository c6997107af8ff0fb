"""Cost of input, cached input and output tokens of one kind of request."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.accelerator import Accelerator
from llmecon.cost.pricing import usd_per_mtok
from llmecon.roofline import decode, prefill
from llmecon.roofline.step import prompt_and_cached
from llmecon.transformer import FloatArray, Transformer


@dataclass(frozen=True, kw_only=True)
class TokenCosts:
    """Dollars per million tokens, times the price over cost that was asked for.

    Attributes
    ----------
    input_usd_per_mtok, cached_input_usd_per_mtok, output_usd_per_mtok : array
        Tokens of the prompt that are read, that were read before, and of the answer.
        [USD/Mtok]
    request_usd : array
        One request. [USD]
    """

    input_usd_per_mtok: FloatArray
    cached_input_usd_per_mtok: FloatArray
    output_usd_per_mtok: FloatArray
    request_usd: FloatArray


def token_costs(
    model: Transformer,
    chip: Accelerator,
    *,
    input_tokens: Numbers,
    output_tokens: Numbers,
    batch: Numbers,
    usd_per_gpu_hour: Numbers,
    cached_tokens: Numbers = 0,
    price_over_cost: Numbers = 1.0,
    utilisation: Numbers = 1.0,
    **options: Any,
) -> TokenCosts:
    """What the tokens of a request cost, by kind.

    Parameters
    ----------
    model, chip : Transformer, Accelerator
        What runs where.
    input_tokens, output_tokens, cached_tokens : float or array
        Prompt, answer, and the part of the prompt whose keys and values are cached.
        [tokens]
    batch : float or array
        Requests decoded together. [sequences]
    usd_per_gpu_hour : float or array
        Rent of one accelerator. [USD/h]
    price_over_cost : float or array
        Factor on everything. [1]
    utilisation : float or array
        Share of the paid time with that load. [1]
    **options
        Formats, splits and profile, as of :func:`llmecon.roofline.decode`.

    Returns
    -------
    TokenCosts
        Infinite where the model does not fit.

    Notes
    -----
    Prompts are read one at a time, one in every stage of a pipeline, without decoding in the
    same steps. A cached token costs what it adds to the reading of those after it; storing
    the cache is not charged.

    Examples
    --------
    >>> from llmecon import catalog
    >>> cost = token_costs(catalog.transformer("Llama 3.1 70B"),
    ...                    catalog.accelerator("H200 SXM 141GB"), input_tokens=4000,
    ...                    output_tokens=500, batch=64, usd_per_gpu_hour=3.0,
    ...                    tensor_parallel=8, weights="fp8")
    >>> bool(cost.output_usd_per_mtok > cost.input_usd_per_mtok)
    True
    """
    prompt, cached = prompt_and_cached(input_tokens, cached_tokens)
    answer = require("output_tokens", output_tokens, minimum=1, unit="tokens")
    factor = require("price_over_cost", price_over_cost, above=0)
    rent: dict[str, Any] = {"usd_per_gpu_hour": usd_per_gpu_hour, "utilisation": utilisation}
    new = prompt - cached
    reading = {**options, "batch": options.get("pipeline_parallel", 1)}
    fresh = prefill(model, chip, input_tokens=new, **reading)
    after = prefill(model, chip, input_tokens=prompt, cached_tokens=cached, **reading)
    step = decode(model, chip, batch=batch, context=prompt + answer / 2.0, **options)
    read = usd_per_mtok(fresh, **rent) * factor
    added = read * new * (after.seconds / fresh.seconds - 1.0)
    with np.errstate(invalid="ignore"):
        again = np.where(cached > 0, added / np.maximum(cached, 1.0), 0.0)
    written = usd_per_mtok(step, **rent) * factor
    request = (read * new + again * cached + written * answer) / 1e6
    return TokenCosts(
        input_usd_per_mtok=np.asarray(read),
        cached_input_usd_per_mtok=again,
        output_usd_per_mtok=np.asarray(written),
        request_usd=np.asarray(request),
    )
