"""What one row of each table must look like: names, types, units, bounds, keys.

These classes are the schema. ``data/datapackage.json`` and the book's data page are made from
them, so a column is described once.
"""

import math
from datetime import date as Day
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from llmecon._checks import column
from llmecon.accelerator import Accelerator
from llmecon.transformer import Transformer

# What a column of a unit can hold: no value in another unit comes near.
PARAMS: dict[str, Any] = {"unit": "parameters", "gt": 1e6, "lt": 1e14}
TOKENS: dict[str, Any] = {"unit": "tokens", "lt": 1e8}
USD_PER_MTOK: dict[str, Any] = {"unit": "USD per million tokens", "gt": 0.001, "lt": 1e4}
TOKENS_PER_S: dict[str, Any] = {"unit": "tokens/s", "gt": 1.0, "lt": 1e4}
ROWS: dict[str, Any] = {"unit": "rows", "ge": 1}
ERROR: dict[str, Any] = {"unit": "%", "ge": 0, "lt": 1e4}
BIAS: dict[str, Any] = {"unit": "%", "gt": -100, "lt": 1e4}
SECONDS: dict[str, Any] = {"unit": "s", "gt": 0, "lt": 1e5}
PERCENT: dict[str, Any] = {"unit": "%", "ge": 0, "le": 100}
_SCORES = {"Arena points": (500, 2500), "percent correct": (0, 100), "index": (0, 1000)}
METRICS = {
    **dict.fromkeys(("ttft", "tpot", "prefill_latency", "decode_latency_64_tokens"), ("ms", "s")),
    **dict.fromkeys(("decode_throughput", "output_throughput_total"), ("tok/s", "output tok/s")),
    **dict.fromkeys(("model_flop_utilisation", "kv_cache_hit_rate"), ("fraction",)),
    "throughput_total": ("tok/s",),
    "output_throughput_per_gpu": ("output tok/s/GPU",),
    "decode_throughput_per_node": ("output tok/s/node",),
    "prefill_throughput_per_node": ("input tok/s/node",),
    "per_user_decode_speed": ("tok/s/user",),
    "mean_kv_length_per_output_token": ("tokens",),
    "daily_cost": ("USD/day",),
}
"""What is measured, and the units that it may be given in."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")]
Status = Literal["disclosed", "reported", "estimate"]
Precision = Literal["day", "month", "year"]
Circular = Literal["true", "false", "unknown"]
YesNo = Annotated[bool, Field(strict=False)]


class Sourced(BaseModel):
    """Every row says where it was read and under which terms."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    KEY: ClassVar[tuple[str, ...]]
    TITLE: ClassVar[str]
    RULE: ClassVar[str]
    RISING: ClassVar[tuple[tuple[str, str], ...]] = ()

    note: str = column("What was done to the printed value, or what to beware of", default="")
    source: Text = column("Where the row was read")
    source_url: Url = column("Address of the source")
    licence: Text = column("Terms of the source")

    @model_validator(mode="after")
    def _rises(self) -> Self:
        for low, high in self.RISING:
            ends = getattr(self, low), getattr(self, high)
            if None not in ends and ends[0] > ends[1]:
                raise ValueError(f"{low} is larger than {high}, {ends[0]:g} and {ends[1]:g}")
        return self


Row = TypeVar("Row", bound=Sourced)


def column_names(row_type: type[Sourced]) -> list[str]:
    """Columns in the order of the file: what the row says, then where it was read."""
    provenance = list(Sourced.model_fields)
    return [c for c in row_type.model_fields if c not in provenance] + provenance


def foreign_keys(row_type: type[Sourced]) -> dict[str, str]:
    """Columns that name rows of another table: column and table."""
    extras = {name: info.json_schema_extra for name, info in row_type.model_fields.items()}
    return {
        name: str(extra["key_of"])
        for name, extra in extras.items()
        if isinstance(extra, dict) and "key_of" in extra
    }


class ModelRow(Sourced):
    """A language model: when, how large, how sure."""

    KEY = ("model",)
    TITLE = "Models"
    RULE = (
        "Every model the article names, the landmarks of 2017 to 2024, and the frontier and best "
        "open models of 2025 and 2026. An undisclosed size stays empty."
    )
    RISING = (("active_params", "total_params"), ("size_low", "size_high"))

    model: Text = column("Name, the key used in every table")
    developer: Text = column("Who made it")
    family: str = column("Name shared by releases of one shape; empty: its own", default="")
    release_date: Day = column("First public release, or announcement where never released")
    total_params: float | None = column("All parameters", default=None, **PARAMS)
    active_params: float | None = column(
        "Parameters that work on one token", default=None, **PARAMS
    )
    training_tokens: float | None = column(
        "Tokens seen in pre-training", unit="tokens", default=None, gt=1e8, lt=1e15
    )
    training_flop: float | None = column(
        "Training compute", unit="FLOP", default=None, gt=1e16, lt=1e29
    )
    open_weights: YesNo = column("Whether the weights can be downloaded")
    weights_opened: Day | None = column(
        "First day the weights could be downloaded, where later than release_date", default=None
    )
    size_status: Status = column(
        "disclosed by the maker or countable; reported by a leak or a principal; else estimate"
    )
    size_low: float | None = column("Lowest usable published size", default=None, **PARAMS)
    size_high: float | None = column("Highest usable published size", default=None, **PARAMS)
    frontier: YesNo = column("Whether it stood at the frontier on release")
    frontier_basis: Text = column("Which rule decided `frontier`")


class SizeEstimateRow(Sourced):
    """One published size of a model whose maker is silent."""

    KEY = ("model", "estimator", "entry")
    TITLE = "Published size estimates"
    RULE = (
        "Sizes of closed models traceable to a named source, with method and circularity. Rows of "
        "kind `check` show one estimator on open models of known size."
    )
    RISING = (("total_low", "total_high"), ("active_low", "active_high"))

    model: Text = column("Model")
    estimator: Text = column("Who estimated, with the version")
    series: Text = column("The same for all versions: a later one replaces an earlier one")
    rival: YesNo = column("Whether it is a word on a rival's model")
    entry: str = column("Which entry of the estimator's table", default="")
    estimate_date: Day = column("When the estimate was published")
    date_precision: Literal["day", "month"] = column("How exact estimate_date is")
    kind: Literal["estimate", "reported", "check"] = column("How the number came about")
    total_params: float | None = column("Central value", default=None, **PARAMS)
    total_low: float | None = column("Lower end", default=None, **PARAMS)
    total_high: float | None = column("Upper end", default=None, **PARAMS)
    active_low: float | None = column("Lower end, active parameters", default=None, **PARAMS)
    active_high: float | None = column("Upper end, active parameters", default=None, **PARAMS)
    known_total_params: float | None = column(
        "True size, in rows of kind check", default=None, **PARAMS
    )
    method: Text = column("How it was estimated")
    circular_with_price: Circular = column("Whether the estimate uses the price")
    circular_with_speed: Circular = column("Whether the estimate uses the speed")
    superseded: YesNo = column("Whether its author has replaced it by a later one")


class PriceRow(Sourced):
    """A list price from a day on."""

    KEY = ("model", "provider", "effective_date")
    TITLE = "Prices"
    RULE = (
        "Flagship lines of the makers, their cheapest tiers, and the cheapest host of Meta's open "
        "models."
    )

    model: Text = column("Model")
    provider: Text = column("Who sells it")
    effective_date: Day = column("First day of the price, see date_basis")
    input_usd_per_mtok: float = column("Input price", **USD_PER_MTOK)
    output_usd_per_mtok: float = column("Output price", **USD_PER_MTOK)
    date_basis: Literal["documented", "release date", "first seen", "in force on that day"] = (
        column("How the day is known; `first seen` is an upper bound")
    )
    flagship: YesNo = column("Whether it was the maker's main general model on that day")


class SpeedRow(Sourced):
    """One reading of decode speed."""

    KEY = ("model", "version", "date", "host_or_basis")
    TITLE = "Speeds"
    RULE = "Output speed of one stream after the first token; readings the chapters use."

    model: Text = column("Model", key_of="models")
    version: str = column("Version that was read", default="")
    date: Day = column("Day of the reading, see date_basis")
    date_basis: Text = column("How the day is known")
    output_tokens_per_s: float = column("Output speed of one stream", **TOKENS_PER_S)
    host_or_basis: Text = column("Whose service was read, or how readings were combined")
    wafer_scale: YesNo = column("Whether it runs on wafer-scale chips, which are no GPUs")


class ScoreRow(Sourced):
    """One score on one benchmark on one day."""

    KEY = ("model", "benchmark", "date", "variant")
    TITLE = "Scores"
    RULE = (
        "Arena points, per cent correct or index for models of models.csv. Arena scores compare "
        "within one list date only."
    )

    model: Text = column("Model", key_of="models")
    benchmark: Text = column("Benchmark")
    score: float = column("Score", unit="see unit")
    unit: Literal["Arena points", "percent correct", "index"] = column("Unit of the score")
    date: Day = column("List date, reading date or model release, see date_basis")
    date_basis: Text = column("What the day is")
    variant: str = column("Version or setting that was scored", default="")

    @model_validator(mode="after")
    def _score_in_its_unit(self) -> Self:
        low, high = _SCORES[self.unit]
        if not low <= self.score <= high:
            raise ValueError(f"score must lie between {low} and {high} [{self.unit}]")
        return self


class OfferRow(Sourced):
    """Price and speed of an open model at one host on the day of one list."""

    KEY = ("date", "model", "host", "name_at_host")
    TITLE = "Offers of open models"
    RULE = (
        "All offers of models of known size on the list of 2025-01-26 (186) and on half of the "
        "list of 2025-08-08 (153): models drawn by a hash of their name; the other half is kept "
        "for tests of the next version. Offers on a host's own chips are marked. Left out: offers "
        "without a price or a speed, and models whose size is not public."
    )
    RISING = (("active_params", "total_params"),)

    date: Day = column("Day of the list")
    model: Text = column("Model, named alike on both lists")
    family: Text = column("Line of weights it descends from; a test leaves out whole families")
    total_params: float = column("All parameters", **PARAMS)
    active_params: float = column("Parameters that work on one token", **PARAMS)
    host: Text = column("Whose service")
    name_at_host: Text = column("Name of the entry on the list")
    own_chips: YesNo = column("Whether the host serves on accelerators of its own making")
    blended_usd_per_mtok: float = column(
        "Price of three input tokens to one output token", **USD_PER_MTOK
    )
    input_usd_per_mtok: float | None = column(
        "Input price, where the list has it", default=None, **USD_PER_MTOK
    )
    output_usd_per_mtok: float | None = column(
        "Output price, where the list has it", default=None, **USD_PER_MTOK
    )
    output_tokens_per_s: float = column("Output speed of one stream", **TOKENS_PER_S)
    ttft_s: float | None = column("Time to first token", unit="s", default=None, gt=0)


class GpuPriceRow(Sourced):
    """What one accelerator costs for one hour."""

    KEY = ("accelerator", "usd_per_gpu_hour", "price_kind", "date", "source")
    TITLE = "Accelerator prices"
    RULE = "Dated rents, list prices, costs of ownership, and prices assumed in published models."

    accelerator: Text = column("Accelerator", key_of="accelerators")
    usd_per_gpu_hour: float = column("Price", unit="USD per accelerator-hour", gt=0.05, lt=100)
    price_kind: Text = column("Rent, list price, cost of ownership, or assumed in a model")
    provider_rank: int | None = column(
        "Which kind tells best what providers pay, 1 first; empty: lists that nobody pays",
        default=None,
        ge=1,
    )
    date: Day = column("Day, or first day of the month, see date_precision")
    date_precision: Precision = column("How exact the date is")


class ArchitectureRow(Sourced, Transformer):
    """The shape of a transformer, as its configuration file gives it."""

    KEY = ("name",)
    TITLE = "Architectures"
    RULE = (
        "Models the chapters and tests compute with and whose shape is public, and the shape "
        "assumed for GPT-4 by Erdil (status `reported`). Shapes the formulas do not cover are out."
    )

    status: Status = column("disclosed shape, or reported")
    disclosed_total_params: float | None = column("Total the maker states", default=None, **PARAMS)
    disclosed_active_params: float | None = column(
        "Active parameters the maker states", default=None, **PARAMS
    )


class AcceleratorRow(Sourced, Accelerator):
    """One accelerator's data sheet: dense arithmetic, decimal bytes."""

    KEY = ("name",)
    TITLE = "Accelerators"
    RULE = "Data-centre accelerators of 2017 to 2026 that models are or were served on."

    release_date: Day | None = column("First availability; empty if announced", default=None)
    date_precision: Precision | None = column("How exact release_date is", default=None)
    serves_llms: YesNo = column("Whether most serving of language models ran on it in its time")

    @model_validator(mode="after")
    def _serves_from_a_day(self) -> Self:
        if self.serves_llms and self.release_date is None:
            raise ValueError("serves_llms needs a release_date")
        return self


class MeasurementRow(Sourced):
    """One published measurement of serving speed."""

    KEY = (
        *("source", "model", "hardware", "n_gpus", "precision", "input_tokens", "output_tokens"),
        *("batch_or_concurrency", "metric", "note"),
    )
    TITLE = "Measurements"
    RULE = (
        "Published measurements of time to first token, time per output token and throughput, "
        "with the whole set-up named. `split` says which rows may calibrate."
    )
    RISING = (("active_params", "total_params"),)

    date: Day = column("Day of publication, or first day of the month")
    date_precision: Precision = column("How exact the date is")
    model: Text = column("Model")
    total_params: float = column("All parameters", **PARAMS)
    active_params: float = column("Parameters that work on one token", **PARAMS)
    hardware: Text = column("Accelerator", key_of="accelerators")
    n_gpus: int = column("Accelerators of one instance", unit="accelerators", ge=1)
    precision: Text = column("Number formats as the source names them")
    input_tokens: float | None = column("Prompt length", default=None, gt=0, **TOKENS)
    output_tokens: float | None = column(
        "Answer length; 0 where only prefill was timed", default=None, ge=0, **TOKENS
    )
    batch_or_concurrency: str = column(
        "Sequences in flight; `max` is the most the system took", default=""
    )
    metric: Text = column("What was measured")
    value: float = column("The measurement", unit="see unit", gt=0, lt=1e9)
    unit: Text = column("Unit of the value")
    split: Literal["calibrate", "validate"] = column("May the row fit constants, or only judge")
    engine: str = column("Engine and year, where a profile is or can be fitted to it", default="")
    experts_spread: YesNo = column(
        "Whether experts are spread over the accelerators, each attending for its own sequences",
        default=False,
    )
    devices_per_accelerator: int = column(
        "Devices that one accelerator counts as; the row counts these", unit="devices", default=1
    )

    @model_validator(mode="after")
    def _known_metric(self) -> Self:
        if self.metric not in METRICS:
            raise ValueError(f"metric must be one of {', '.join(METRICS)}")
        if self.unit not in METRICS[self.metric]:
            raise ValueError(f"unit of {self.metric} must be {' or '.join(METRICS[self.metric])}")
        return self


def _seconds(description: str) -> Any:
    return column(description, unit="s", default=0, ge=0, lt=10)


def _share(description: str) -> Any:
    return column(description, unit="1", default=1, gt=0, le=1)


def _error(unit: str) -> Any:
    return column("Standard error", unit=unit, default=None, ge=0)


class ServingProfileRow(Sourced):
    """What one generation of engines achieves of its accelerators, fitted to measurements."""

    KEY = ("name",)
    TITLE = "Serving profiles"
    RULE = (
        "Every generation of engines with enough measurements to fit, the constants known without "
        "a fit, and the ideal machine. Written by `llmecon calibrate`; a profile is one row."
    )

    name: Text = column("Name, the key")
    engine: str = column("Engines and years whose measurements were fitted", default="")
    judges: str = column(
        "Engines and years whose measurements it predicts, with commas", default=""
    )
    current: YesNo = column("Whether it is used where nobody names a profile", default=False)
    date: Day | None = column("Day of the newest measurement fitted", default=None)
    n_rows: int = column("Measurements fitted; 0 if it is no fit", unit="rows", default=0, ge=0)
    bandwidth_share: float = _share("Achieved share of peak memory bandwidth")
    kv_rereads: float = column(
        "How often each further query head of a group reads the cache again",
        unit="1",
        default=0,
        ge=0,
        le=1,
    )
    flop_share: float = _share("Achieved share of the matrix rate, decode")
    prefill_flop_share: float = _share("The same, prefill")
    link_share: float = _share("Achieved share of the link rate")
    kernel_s: float = _seconds("Fixed time of one kernel")
    collective_s: float = _seconds("Latency of one collective")
    hop_s: float = _seconds("What each doubling of its ranks adds")
    node_hop_s: float = _seconds("What each doubling of its nodes adds")
    step_s: float = _seconds("Time of a step on the host")
    sequence_s: float = _seconds("Time of each sequence of a step on the host")
    request_s: float = _seconds("Time of a request outside the steps")
    expert_imbalance: float = column(
        "Load of the busiest expert-parallel rank over the mean", unit="1", default=1, ge=1, lt=1e3
    )
    of_measured_rate: YesNo = column(
        "Whether the matrix rate is the best measured one, not the peak", default=False
    )
    moves_activations: YesNo = column(
        "Whether kernels between the matrices move activations through memory", default=False
    )
    kv: Literal["bf16", "weights"] = column(
        "Format of the cache; `weights`: 8 bit beside 8- and 4-bit weights", default="bf16"
    )
    kernelwise: YesNo = column(
        "Whether attention and matrices are rooflines of their own", default=True
    )
    attention_at_weight_rate: YesNo = column(
        "Whether attention multiplies in the format of the weights", default=False
    )
    log_sd: float = column(
        "Standard deviation of log time about the fit", unit="1", default=0, ge=0, lt=10
    )
    bandwidth_share_standard_error: float | None = _error("1")
    kv_rereads_standard_error: float | None = _error("1")
    flop_share_standard_error: float | None = _error("1")
    kernel_s_standard_error: float | None = _error("s")
    sequence_s_standard_error: float | None = _error("s")
    request_s_standard_error: float | None = _error("s")

    @property
    def engines_judged(self) -> list[str]:
        """Engines and years of ``judges``."""
        return [name.strip() for name in self.judges.split(",") if name.strip()]


class PeerRow(Sourced):
    """How far another tool is off on measured times per output token."""

    KEY = ("tool", "mode", "rows_judged")
    TITLE = "Peers"
    RULE = (
        "Open tools that predict serving speed, judged on time per output token of Llama 3.1 70B. "
        "Rows of two sets of measurements do not compare: see `rows_judged`."
    )
    RISING = (("seconds_low", "seconds_high"),)

    tool: Text = column("Tool")
    version: Text = column("Version or commit that was run")
    mode: str = column("How it was used, where there are several ways", default="")
    kind: Literal["measured kernels", "fitted physics", "unfitted physics"] = column(
        "What it rests on: timed kernels, formulas fitted to servers, or formulas that are not"
    )
    rows_judged: Text = column("Measurements it was judged on")
    n_rows: int = column("How many", **ROWS)
    mape_percent: float = column("Mean absolute error", **ERROR)
    median_bias_percent: float = column("Median error; negative is too fast", **BIAS)
    p90_percent: float = column("90th percentile of the absolute error", **ERROR)
    rank_correlation: float | None = column(
        "Rank correlation of predicted and measured", unit="1", default=None, ge=-1, le=1
    )
    seconds_low: float | None = column("Time of one evaluation, least", default=None, **SECONDS)
    seconds_high: float | None = column("Time of one evaluation, most", default=None, **SECONDS)
    date: Day = column("Day of the run, or first day of the month")


class PeerSetRow(Sourced):
    """How far this library is off on the test set of another tool, for one group of its rows."""

    KEY = ("half", "grouping", "group")
    TITLE = "Another tool's own test set"
    RULE = (
        "This library's time per output token on the test set that aiconfigurator ships. Rows were "
        "split beforehand by a hash: one half may be looked at, the other is scored only. Written "
        "by `python -m benchmarks.peer_set --store`; the set itself stays in its package."
    )

    half: Literal["look", "unseen"] = column(
        "Whether the rows may be looked at, or are scored only"
    )
    grouping: Literal[
        "all", "model", "accelerator", "engine", "weights", "same rows", "left out"
    ] = column(
        "What the rows have in common; `same rows`: what both tools answer of every fourth "
        "measurement; `left out`: not predicted, with the reason"
    )
    group: Text = column(
        "Which of them; for all rows, how copies of a measurement count; for same rows, whose error"
    )
    n_rows: int = column("How many", **ROWS)
    mape_percent: float | None = column("Mean absolute error", default=None, **ERROR)
    median_absolute_percent: float | None = column("Median absolute error", default=None, **ERROR)
    median_bias_percent: float | None = column(
        "Median error; negative is too fast", default=None, **BIAS
    )
    p90_percent: float | None = column(
        "90th percentile of the absolute error", default=None, **ERROR
    )
    in_band_percent: float | None = column(
        "Rows inside the 80 % band of the prediction", default=None, **PERCENT
    )
    profile: Text = column("Constants that were used")
    date: Day = column("Day of the run")

    @model_validator(mode="after")
    def _errors_where_predicted(self) -> Self:
        if (self.mape_percent is None) != (self.grouping == "left out"):
            raise ValueError("mape_percent must be empty in rows left out, and only there")
        return self


# Forms of a law, with the constants that each needs; a stated law has any.
LAW_FORMS: dict[str, set[str]] = {
    "separable": {"E", "A", "B", "alpha", "beta"},
    "repeatable": {"E", "A", "B", "alpha", "beta", "r_d_star", "r_n_star"},
    "power": set(),
    "kaplan": {
        *("params_factor", "params_exponent", "tokens_factor", "tokens_exponent"),
        *("loss_scale", "loss_exponent", "flop_unit"),
    },
    "progress": {
        *("alpha_year", "alpha_param", "beta_year", "beta_data"),
        *("doubling_months_low", "doubling_months_median", "doubling_months_high"),
    },
    "stated": set(),
}


def numbers_by_name(cell: str) -> dict[str, float]:
    """Numbers of a cell such as ``E=1.69; log_A=6.007``; a logarithm becomes its number.

    Raises
    ------
    ValueError
        For a pair that is no name with a finite number, or a name that is there twice.
    """
    found: dict[str, float] = {}
    for pair in filter(None, cell.split("; ")):
        name, _, text = pair.partition("=")
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not (name.isidentifier() and math.isfinite(number)):
            raise ValueError(f"must be like E=1.69; A=406.4, but has {pair!r}")
        if name.startswith("log_"):
            name, number = name.removeprefix("log_"), math.exp(number)
        if name in found:
            raise ValueError(f"has {name} twice")
        found[name] = number
    return found


class ScalingLawRow(Sourced):
    """A published scaling law: its form, constants and conventions."""

    KEY = ("name",)
    TITLE = "Scaling laws"
    RULE = (
        "Published sets of constants, and recomputed ones where the source prints only a table or "
        "stopped short of its optimum. A law of a known form is one row. Results beyond the "
        "ranges of the runs are marked as extrapolated."
    )

    name: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")] = column(
        "Name by which the library knows it"
    )
    title: Text = column("Name as a reader meets it")
    form: Literal["separable", "repeatable", "power", "kaplan", "progress", "stated"] = column(
        "Formula: separable L = E + A N^-alpha + B D^-beta; repeatable: the same with the worth of "
        "repeats; power: size or tokens as a power of compute; kaplan: both, and the loss; "
        "progress: gains by the year; stated: kept to be looked up, formula in the note"
    )
    constants: Text = column("Constants by name; log_A stands for the logarithm of A")
    standard_errors: str = column("Standard errors of constants, where published", default="")
    status: Literal["printed", "recomputed"] = column(
        "Whether the source prints the constants, or they follow from its data"
    )
    place: Text = column("Table, equation or file in the source")
    rounding: Text = column("How many digits survive, and what that does")
    params_convention: Text = column("What N counts")
    tokens_convention: Text = column("What D counts")
    flop_convention: Text = column("What C counts")
    loss_unit: Text = column("Unit of the loss")
    corpus: Text = column("Text the loss was measured on")
    n_params_low: float | None = column(
        "Smallest run; 0 where not given", unit="parameters", default=None, ge=0
    )
    n_params_high: float | None = column("Largest run", unit="parameters", default=None, gt=0)
    n_tokens_low: float | None = column(
        "Fewest tokens; 0 where not given", unit="tokens", default=None, ge=0
    )
    n_tokens_high: float | None = column("Most tokens", unit="tokens", default=None, gt=0)
    flop_low: float | None = column("Least training compute", unit="FLOP", default=None, gt=0)
    flop_high: float | None = column("Most training compute", unit="FLOP", default=None, gt=0)
    tokens_per_param_low: float | None = column(
        "Fewest tokens for each parameter", unit="tokens/parameter", default=None, gt=0
    )
    tokens_per_param_high: float | None = column(
        "Most tokens for each parameter", unit="tokens/parameter", default=None, gt=0
    )
    domain_note: str = column("Conditions that no range can state", default="")

    @field_validator("constants")
    @classmethod
    def _constants_fit_the_form(cls, cell: str, info: ValidationInfo) -> str:
        form, given = info.data.get("form", "stated"), set(numbers_by_name(cell))
        needed = LAW_FORMS[form]
        if form == "power":  # of size, of tokens, or of both
            pairs = [{f"{of}_factor", f"{of}_exponent"} for of in ("params", "tokens")]
            needed = set().union(*(pair for pair in pairs if pair & given)) or pairs[0]
        if form != "stated" and given != needed:
            raise ValueError(f"of a {form} law must be {', '.join(sorted(needed))}")
        return cell

    @field_validator("standard_errors")
    @classmethod
    def _errors_are_numbers(cls, cell: str) -> str:
        numbers_by_name(cell)
        return cell

    @model_validator(mode="after")
    def _ranges_rise(self) -> "ScalingLawRow":
        for name in ("n_params", "n_tokens", "flop", "tokens_per_param"):
            low, high = getattr(self, f"{name}_low"), getattr(self, f"{name}_high")
            if (low is None) != (high is None) or (low is not None and low > high):
                raise ValueError(f"{name}_low and {name}_high must be a range, or both empty")
        return self


class PrintedOptimumRow(Sourced):
    """One row of a printed table of compute-optimal runs."""

    KEY = ("law", "n_params")
    TITLE = "Printed compute-optimal runs"
    RULE = "Tables 3 and A3 of Hoffmann et al. 2022, as printed, misprint included."

    law: Text = column("Law that follows from the table by regression of ln N on ln C")
    n_params: float = column("Size", unit="parameters", gt=1e6)
    flop: float = column("Training compute", unit="FLOP", gt=1e16)
    n_tokens: float = column("Training tokens", unit="tokens", gt=1e8)
    misprint: YesNo = column("Whether the row contradicts itself")
    place: Text = column("Table of the source")


class LawDisagreementRow(Sourced):
    """A reason, known from the literature, why laws of two authors disagree."""

    KEY = ("first", "second", "entry")
    TITLE = "Why laws disagree"
    RULE = "Causes that a source names or that follow from what it prints, by pair of authors."

    first: Text = column("First word of the names of the one's laws")
    second: Text = column("The same of the other's; twice the same for laws of one source")
    entry: int = column("Number of the reason", ge=1)
    reason: Text = column("The cause, as a sentence")


TABLES: dict[str, type[Sourced]] = {
    "models": ModelRow,
    "size_estimates": SizeEstimateRow,
    "prices": PriceRow,
    "speeds": SpeedRow,
    "scores": ScoreRow,
    "served_offers": OfferRow,
    "gpu_prices": GpuPriceRow,
    "architectures": ArchitectureRow,
    "accelerators": AcceleratorRow,
    "measurements": MeasurementRow,
    "serving_profiles": ServingProfileRow,
    "peers": PeerRow,
    "peer_set": PeerSetRow,
    "scaling_laws": ScalingLawRow,
    "printed_optima": PrintedOptimumRow,
    "law_disagreements": LawDisagreementRow,
}
