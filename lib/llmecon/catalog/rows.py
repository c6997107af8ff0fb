"""What one row of each table must look like: names, types, units, bounds, keys.

These classes are the schema. ``data/datapackage.json`` and the book's data page are made from
them, so a column is described once; the docstring of a class is the rule of its table there.
"""

import math
from collections.abc import Mapping
from datetime import date as Day
from inspect import cleandoc
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

from llmecon._checks import column, extras
from llmecon._names import UnknownName
from llmecon.accelerator import Accelerator
from llmecon.transformer import Transformer

# What a column of a unit can hold: no value in another unit comes near.
_PARAMS: dict[str, Any] = {"unit": "parameters", "gt": 1e6, "lt": 1e14}
_TOKENS: dict[str, Any] = {"unit": "tokens", "lt": 1e8}
_USD_PER_MTOK: dict[str, Any] = {"unit": "USD per million tokens", "gt": 0.001, "lt": 1e4}
_TOKENS_PER_S: dict[str, Any] = {"unit": "tokens/s", "gt": 1.0, "lt": 1e4}
_RUN_FLOP: dict[str, Any] = {"unit": "FLOP", "gt": 0}
_RUN_RATIO: dict[str, Any] = {"unit": "tokens/parameter", "gt": 0}
_ROWS: dict[str, Any] = {"unit": "rows", "ge": 1}
_ERROR: dict[str, Any] = {"unit": "%", "ge": 0, "lt": 1e4}
_BIAS: dict[str, Any] = {"unit": "%", "gt": -100, "lt": 1e4}
_SECONDS: dict[str, Any] = {"unit": "s", "gt": 0, "lt": 1e5}
_TIME: dict[str, Any] = {"unit": "s", "default": 0, "ge": 0, "lt": 10}
_BAND = _TIME | {"unit": "1"}
_SHARE: dict[str, Any] = {"unit": "1", "default": 1, "gt": 0, "le": 1}
_SCORES = {"Arena points": (500, 2500), "percent correct": (0, 100), "index": (0, 1000)}
_METRICS = {  # what is measured, and the units that it may be given in
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

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")]
_Status = Literal["disclosed", "reported", "estimate"]
_Precision = Literal["day", "month", "year"]
_Circular = Literal["true", "false", "unknown"]
_YesNo = Annotated[bool, Field(strict=False)]
_OF_MODELS: dict[str, Any] = {"key_of": "models", "unless": "unlisted"}


def _maybe(description: str, **kind: Any) -> Any:
    """A column whose empty cell means unknown."""
    return column(description, default=None, **kind)


_UNLISTED = column("Whether models.csv leaves that name out", default=False)


class Sourced(BaseModel):
    """Every row says where it was read and under which terms."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    KEY: ClassVar[tuple[str, ...]]
    TITLE: ClassVar[str]
    RULE: ClassVar[str] = ""

    note: str = column("What was done to the printed value, or what to beware of", default="")
    source: Text = column("Where the row was read")
    source_url: _Url = column("Address of the source")
    licence: Text = column("Terms of the source")

    @classmethod
    def rule(cls) -> str:
        """Which rows the table holds, as its data page says it."""
        return cls.RULE or " ".join(cleandoc(cls.__doc__ or "").split())

    def agree(self, others: Mapping[str, Mapping[str, Any]]) -> None:
        """Stand against the rows of the tables that columns name, by column and name.

        Raises
        ------
        ValueError
            With the column and the reason, if it contradicts one of them.
        """

    @model_validator(mode="after")
    def _rises(self) -> Self:
        """No low end lies above its high end, and no active size above the total."""
        cells: dict[str, Any] = dict(self)
        pairs = {name: name.replace("_low", "_high") for name in cells if name.endswith("_low")}
        for low, high in {"active_params": "total_params", **pairs}.items():
            least, most = cells.get(low), cells.get(high)
            if least is not None and most is not None and least > most:
                raise ValueError(f"{low} is larger than {high}, {least:g} and {most:g}")
        return self


Row = TypeVar("Row", bound=Sourced)


def column_names(row_type: type[Sourced]) -> list[str]:
    """Columns in the order of the file: what the row says, then where it was read."""
    provenance = list(Sourced.model_fields)
    return [c for c in row_type.model_fields if c not in provenance] + provenance


def foreign_keys(row_type: type[Sourced]) -> dict[str, str]:
    """Columns that name rows of another table: column and table."""
    said = {name: extras(info) for name, info in row_type.model_fields.items()}
    return {name: extra["key_of"] for name, extra in said.items() if "key_of" in extra}


class _ModelRow(Sourced):
    """Every model the article names, the landmarks of 2017 to 2024, and the frontier and best
    open models of 2025 and 2026. An undisclosed size stays empty. Left out: models that no rule in
    `frontier_basis` reaches, and releases after the Arena list of 2026-10-20, whose standing is not
    known. How many the sources list was not counted.
    """

    KEY = ("model",)
    TITLE = "Models"

    model: Text = column("Name, the key used in every table")
    developer: Text = column("Who made it")
    family: str = column("Name shared by releases of one shape; empty: its own", default="")
    release_date: Day = column("First public release, or announcement where never released")
    total_params: float | None = _maybe("All parameters", **_PARAMS)
    active_params: float | None = _maybe("Parameters that work on one token", **_PARAMS)
    training_tokens: float | None = _maybe("Pre-training tokens", unit="tokens", gt=1e8, lt=1e15)
    training_flop: float | None = _maybe("Training compute", unit="FLOP", gt=1e16, lt=1e29)
    open_weights: _YesNo = column("Whether the weights can be downloaded")
    weights_opened: Day | None = _maybe("First day of the weights, if after release_date")
    size_status: _Status = column(
        "disclosed by the maker or countable; reported by a leak or a principal; else estimate"
    )
    size_low: float | None = _maybe("Lowest usable published size", **_PARAMS)
    size_high: float | None = _maybe("Highest usable published size", **_PARAMS)
    frontier: _YesNo = column("Whether it stood at the frontier on release")
    frontier_basis: Text = column("Which rule decided `frontier`")


class _SizeEstimateRow(Sourced):
    """Sizes of closed models traceable to a named source, with method and circularity. Rows of
    kind `check` show one estimator on open models of known size. Left out: press figures without a
    source, values copied from another estimator, and models the chapters do not follow. How many
    was not counted.
    """

    KEY = ("model", "estimator", "entry")
    TITLE = "Published size estimates"

    model: Text = column("Model", **_OF_MODELS)
    estimator: Text = column("Who estimated, with the version")
    series: Text = column("The same for all versions: a later one replaces an earlier one")
    rival: _YesNo = column("Whether it is a word on a rival's model")
    entry: str = column("Which entry of the estimator's table", default="")
    estimate_date: Day = column("When the estimate was published")
    date_precision: Literal["day", "month"] = column("How exact estimate_date is")
    kind: Literal["estimate", "reported", "check"] = column("How the number came about")
    total_params: float | None = _maybe("Central value", **_PARAMS)
    total_low: float | None = _maybe("Lower end", **_PARAMS)
    total_high: float | None = _maybe("Upper end", **_PARAMS)
    active_low: float | None = _maybe("Lower end, active parameters", **_PARAMS)
    active_high: float | None = _maybe("Upper end, active parameters", **_PARAMS)
    known_total_params: float | None = _maybe("True size, in rows of kind check", **_PARAMS)
    method: Text = column("How it was estimated")
    circular_with_price: _Circular = column("Whether the estimate uses the price")
    circular_with_speed: _Circular = column("Whether the estimate uses the speed")
    superseded: _YesNo = column("Whether its author has replaced it by a later one")
    unlisted: _YesNo = _UNLISTED


class _PriceRow(Sourced):
    """Every price of the makers' flagship lines, first prices of smaller siblings, and the cheapest
    host of Meta's and two of Alibaba's open models on days whose lists were kept. Left out: names
    of one model (dated versions, longer contexts, faster or batch tiers), most siblings, and models
    for images, sound or one trade. genai-prices 0.2.3 has 214 more such names of these makers.
    """

    KEY = ("model", "provider", "effective_date")
    TITLE = "Prices"

    model: Text = column("Model, or the name it is sold by", **_OF_MODELS)
    serves: str | None = _maybe("Model behind that name; empty: none of", key_of="models")
    provider: Text = column("Who sells it")
    effective_date: Day = column("First day of the price, see date_basis")
    input_usd_per_mtok: float = column("Input price", **_USD_PER_MTOK)
    output_usd_per_mtok: float = column("Output price", **_USD_PER_MTOK)
    date_basis: Literal["documented", "release date", "first seen", "in force on that day"] = (
        column("How the day is known; `first seen` is an upper bound")
    )
    flagship: _YesNo = column("Whether it was the maker's main general model on that day")
    unlisted: _YesNo = _UNLISTED

    def agree(self, others: Mapping[str, Mapping[str, Any]]) -> None:
        """A price is no older than the model it buys, unless its note says preview."""
        models = others["serves"]
        if self.serves is None and self.model in models:
            raise ValueError("serves", f"is empty, but {self.model} is a row of models.csv")
        released = models[self.serves].release_date if self.serves else self.effective_date
        if self.effective_date < released and "preview" not in self.note:
            older = f"{self.effective_date} lies before the release of {self.serves}, {released}"
            raise ValueError("effective_date", f"{older}, and its note says no preview")


class _SpeedRow(Sourced):
    """Output speed of one stream after the first token, of the models the chapters follow: of the
    264 readings of 2025-01-26 for one, 14. Left out: all other models and hosts of each list.
    """

    KEY = ("model", "version", "date", "host_or_basis")
    TITLE = "Speeds"

    model: Text = column("Model", key_of="models")
    version: str = column("Version that was read", default="")
    date: Day = column("Day of the reading, see date_basis")
    date_basis: Text = column("How the day is known")
    output_tokens_per_s: float = column("Output speed of one stream", **_TOKENS_PER_S)
    host_or_basis: Text = column("Whose service was read, or how readings were combined")
    wafer_scale: _YesNo = column("Whether it runs on wafer-scale chips, which are no GPUs")


class _ScoreRow(Sourced):
    """Points, per cent correct or index of models of models.csv, where a chapter uses them. Of the
    Arena list of 2026-10-20 only the models of models.csv were kept; the whole lists before it are
    in arena_lists.csv. Left out: all other models and settings of each list.
    """

    KEY = ("model", "benchmark", "date", "variant")
    TITLE = "Scores"

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


class _ArenaRow(Sourced):
    """All of three Arena text lists, 625 of 626 rows: Yi-34B-Chat stands twice, alike, on the list
    of 2025-08-04. Scores compare within one list only. A model of models.csv has one entry on a
    list: its first version without another prompt.
    """

    KEY = ("date", "name")
    TITLE = "Arena lists"

    date: Day = column("Day of the list")
    rank: int = column("Rank on the list", ge=1)
    name: Text = column("Name of the entry")
    model: str | None = _maybe("Model, where it has a row", key_of="models")
    score: float = column("Score", unit="Arena points", gt=500, lt=2500)
    low: float = column("Lower end, 95 %", unit="Arena points", gt=500, lt=2500)
    high: float = column("Upper end, 95 %", unit="Arena points", gt=500, lt=2500)
    votes: int = column("Votes for and against it", unit="votes", ge=1)
    organization: Text = column("Who entered it")
    open_weights: _YesNo = column("Whether its licence on the list lets anyone have the weights")
    model_licence: str = column("That licence", default="")


class _OfferRow(Sourced):
    """Of the list of 2025-01-26, 186 of 264 offers. Left out: 63 of models whose size is not
    public, and 15 without a price (3) or a speed (12; 0.1 tokens/s stands for none). Of the list
    of 2025-08-08, 153 offers by the same rule: of 36 models drawn by a hash of their name; the
    other half is kept for tests of the next version. Offers on a host's own chips are marked.
    """

    KEY = ("date", "model", "host", "name_at_host")
    TITLE = "Offers of open models"

    date: Day = column("Day of the list")
    model: Text = column("Model, named alike on both lists", **_OF_MODELS)
    family: Text = column("Line of weights it descends from; a test leaves out whole families")
    total_params: float = column("All parameters", **_PARAMS)
    active_params: float = column("Parameters that work on one token", **_PARAMS)
    host: Text = column("Whose service")
    name_at_host: Text = column("Name of the entry on the list")
    own_chips: _YesNo = column("Whether the host serves on accelerators of its own making")
    blended_usd_per_mtok: float = column("Price of 3 input tokens to 1 output", **_USD_PER_MTOK)
    input_usd_per_mtok: float | None = _maybe("Input price, where listed", **_USD_PER_MTOK)
    output_usd_per_mtok: float | None = _maybe("Output price, where listed", **_USD_PER_MTOK)
    output_tokens_per_s: float = column("Output speed of one stream", **_TOKENS_PER_S)
    ttft_s: float | None = _maybe("Time to first token", unit="s", gt=0)
    unlisted: _YesNo = _UNLISTED


class _GpuPriceRow(Sourced):
    """Dated rents, list prices, costs of ownership, and prices assumed in published models."""

    KEY = ("accelerator", "usd_per_gpu_hour", "price_kind", "date", "source")
    TITLE = "Accelerator prices"

    accelerator: Text = column("Accelerator", key_of="accelerators")
    usd_per_gpu_hour: float = column("Price", unit="USD per accelerator-hour", gt=0.05, lt=100)
    price_kind: Text = column("Rent, list price, cost of ownership, or assumed in a model")
    date: Day = column("Day, or first day of the month, see date_precision")
    date_precision: _Precision = column("How exact the date is")


class ArchitectureRow(Sourced, Transformer):
    """Models the chapters and tests compute with and whose shape is public, and the shape assumed
    for GPT-4 by Erdil (status `reported`). Shapes the formulas do not cover are out.
    """

    KEY = ("name",)
    TITLE = "Architectures"

    status: _Status = column("disclosed shape, or reported")
    disclosed_total_params: float | None = _maybe("Total the maker states", **_PARAMS)
    disclosed_active_params: float | None = _maybe("Active ones the maker states", **_PARAMS)


class AcceleratorRow(Sourced, Accelerator):
    """Data-centre accelerators of 2017 to 2026 that models are or were served on."""

    KEY = ("name",)
    TITLE = "Accelerators"

    release_date: Day | None = _maybe("First availability; empty if announced")
    date_precision: _Precision | None = _maybe("How exact release_date is")


class _MeasurementRow(Sourced):
    """Published measurements of time to first token, time per output token and throughput, with
    the whole set-up named. `split` says which rows may calibrate. Left out: rows that do not name
    model, accelerator, format, lengths or load, and plots without numbers; how many was not
    counted.
    """

    KEY = (
        *("source", "model", "hardware", "n_gpus", "precision", "input_tokens", "output_tokens"),
        *("batch_or_concurrency", "metric", "note"),
    )
    TITLE = "Measurements"

    date: Day = column("Day of publication, or first day of the month")
    date_precision: _Precision = column("How exact the date is")
    model: Text = column("Model")
    total_params: float = column("All parameters", **_PARAMS)
    active_params: float = column("Parameters that work on one token", **_PARAMS)
    hardware: Text = column("Accelerator", key_of="accelerators")
    n_gpus: int = column("Accelerators of one instance", unit="accelerators", ge=1)
    precision: Text = column("Number formats as the source names them")
    input_tokens: float | None = _maybe("Prompt length", gt=0, **_TOKENS)
    output_tokens: float | None = _maybe("Answer length; 0: prefill timed only", ge=0, **_TOKENS)
    batch_or_concurrency: str = column("Sequences in flight; `max`: the most held", default="")
    metric: Text = column("What was measured")
    value: float = column("The measurement", unit="see unit", gt=0, lt=1e9)
    unit: Text = column("Unit of the value")
    split: Literal["calibrate", "validate"] = column("May the row fit constants, or only judge")
    engine: str = column("Engine and year, where a profile is or can be fitted to it", default="")
    experts_spread: _YesNo = column(
        "Whether experts are spread, each accelerator attending for its own", default=False
    )
    devices_per_accelerator: int = column(
        "Devices that one accelerator counts as; the row counts these", unit="devices", default=1
    )

    @field_validator("metric")
    @classmethod
    def _known_metric(cls, metric: str) -> str:
        if metric not in _METRICS:
            raise ValueError(str(UnknownName("metric", metric, _METRICS)))
        return metric

    @field_validator("unit")
    @classmethod
    def _unit_of_the_metric(cls, unit: str, info: ValidationInfo) -> str:
        metric = info.data.get("metric", "")
        if metric and unit not in _METRICS[metric]:
            raise ValueError(f"of {metric} must be {' or '.join(_METRICS[metric])}")
        return unit


class ServingProfileRow(Sourced):
    """Every generation of engines with enough measurements to fit, the constants known without a
    fit, and the ideal machine. Written by `llmecon calibrate`; a profile is one row.
    """

    KEY = ("name",)
    TITLE = "Serving profiles"

    name: Text = column("Name, the key")
    engine: str = column("Engines and years whose measurements were fitted", default="")
    judges: str = column("Engines and years whose rows it predicts, with commas", default="")
    current: _YesNo = column("Whether it is used where nobody names a profile", default=False)
    date: Day | None = _maybe("Day of the newest measurement fitted")
    n_rows: int = column("Measurements fitted; 0 if it is no fit", unit="rows", default=0, ge=0)
    bandwidth_share: float = column("Achieved share of peak memory bandwidth", **_SHARE)
    kv_rereads: float = column(
        "How often each further query head rereads the cache", unit="1", default=0, ge=0, le=1
    )
    flop_share: float = column("Achieved share of the matrix rate", **_SHARE)
    link_share: float = column("Achieved share of the link rate", **_SHARE)
    kernel_s: float = column("Fixed time of one kernel", **_TIME)
    collective_s: float = column("Latency of one collective", **_TIME)
    hop_s: float = column("What each doubling of its ranks adds", **_TIME)
    node_hop_s: float = column("What each doubling of its nodes adds", **_TIME)
    sequence_s: float = column("Time of each sequence of a step on the host", **_TIME)
    request_s: float = column("Time of a request outside the steps", **_TIME)
    of_measured_rate: _YesNo = column("Whether rates are measured ones, not peaks", default=False)
    moves_activations: _YesNo = column("Whether activations pass through memory", default=False)
    dense_log_band: float = column("80 % band of log time, dense models", **_BAND)
    experts_log_band: float = column("The same, mixtures of experts", **_BAND)
    bandwidth_share_standard_error: float | None = _maybe("Standard error", unit="1", ge=0)
    kv_rereads_standard_error: float | None = _maybe("Standard error", unit="1", ge=0)
    flop_share_standard_error: float | None = _maybe("Standard error", unit="1", ge=0)
    kernel_s_standard_error: float | None = _maybe("Standard error", unit="s", ge=0)
    sequence_s_standard_error: float | None = _maybe("Standard error", unit="s", ge=0)
    request_s_standard_error: float | None = _maybe("Standard error", unit="s", ge=0)

    @property
    def engines_judged(self) -> list[str]:
        """Engines and years of ``judges``."""
        return [name.strip() for name in self.judges.split(",") if name.strip()]


class _PeerRow(Sourced):
    """Open tools that predict serving speed, judged on time per output token of Llama 3.1 70B.
    Rows of two sets of measurements do not compare: see `rows_judged`.
    """

    KEY = ("tool", "mode", "rows_judged")
    TITLE = "Peers"

    tool: Text = column("Tool")
    version: Text = column("Version or commit that was run")
    mode: str = column("How it was used, where there are several ways", default="")
    kind: Literal["measured kernels", "fitted physics", "unfitted physics"] = column(
        "What it rests on: timed kernels, formulas fitted to servers, or formulas that are not"
    )
    rows_judged: Text = column("Measurements it was judged on")
    n_rows: int = column("How many", **_ROWS)
    mape_percent: float = column("Mean absolute error", **_ERROR)
    median_bias_percent: float = column("Median error; negative is too fast", **_BIAS)
    p90_percent: float = column("90th percentile of the absolute error", **_ERROR)
    rank_correlation: float | None = _maybe("Rank correlation", unit="1", ge=-1, le=1)
    seconds_low: float | None = _maybe("Time of one evaluation, least", **_SECONDS)
    seconds_high: float | None = _maybe("Time of one evaluation, most", **_SECONDS)
    date: Day = column("Day of the run, or first day of the month")


class _PeerSetRow(Sourced):
    """This library's time per output token on the test set that aiconfigurator ships. Rows were
    split beforehand by a hash: one half may be looked at, the other is scored only. Written by
    `python -m benchmarks.peer_set --store`; the set itself stays in its package.
    """

    KEY = ("half", "grouping", "group")
    TITLE = "Another tool's own test set"

    half: Literal["look", "unseen"] = column("May the rows be looked at, or are they scored only")
    grouping: Literal[
        "all", "model", "accelerator", "engine", "weights", "same rows", "left out"
    ] = column(
        "What the rows have in common; `same rows`: what both tools answer of every fourth "
        "measurement; `left out`: not predicted, with the reason"
    )
    group: Text = column(
        "Which of them; for all rows, how copies of a measurement count; for same rows, whose error"
    )
    n_rows: int = column("How many", **_ROWS)
    mape_percent: float | None = _maybe("Mean absolute error", **_ERROR)
    median_absolute_percent: float | None = _maybe("Median absolute error", **_ERROR)
    median_bias_percent: float | None = _maybe("Median error; negative is too fast", **_BIAS)
    p90_percent: float | None = _maybe("90th percentile of the absolute error", **_ERROR)
    in_band_percent: float | None = _maybe("Rows in its 80 % band", unit="%", ge=0, le=100)
    profile: Text = column("Constants that were used")
    date: Day = column("Day of the run")

    @model_validator(mode="after")
    def _errors_where_predicted(self) -> Self:
        if (self.mape_percent is None) != (self.grouping == "left out"):
            raise ValueError("mape_percent must be empty in rows left out, and only there")
        return self


# Forms of a law, with the sets of constants that each may have; a stated law has any.
_SIZE, _TOKENS_OF = {"params_factor", "params_exponent"}, {"tokens_factor", "tokens_exponent"}
_LOSS = {"E", "A", "B", "alpha", "beta"}
_DOUBLING = {f"doubling_months_{of}" for of in ("low", "median", "high")}
_LAW_FORMS = {
    "separable": [_LOSS],
    "repeatable": [_LOSS | {"r_d_star", "r_n_star"}],
    "power": [_SIZE, _TOKENS_OF, _SIZE | _TOKENS_OF],
    "kaplan": [_SIZE | _TOKENS_OF | {"loss_scale", "loss_exponent", "flop_unit"}],
    "progress": [_DOUBLING | {"alpha_year", "alpha_param", "beta_year", "beta_data"}],
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
    """Published sets of constants, and recomputed ones where the source prints only a table or
    stopped short of its optimum. A law of a known form is one row. Results beyond the ranges of
    the runs are marked as extrapolated.
    """

    KEY = ("name",)
    TITLE = "Scaling laws"

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
    n_params_low: float | None = _maybe("Smallest run; 0: not given", unit="parameters", ge=0)
    n_params_high: float | None = _maybe("Largest run", unit="parameters", gt=0)
    n_tokens_low: float | None = _maybe("Fewest tokens; 0: not given", unit="tokens", ge=0)
    n_tokens_high: float | None = _maybe("Most tokens", unit="tokens", gt=0)
    flop_low: float | None = _maybe("Least training compute", **_RUN_FLOP)
    flop_high: float | None = _maybe("Most training compute", **_RUN_FLOP)
    tokens_per_param_low: float | None = _maybe("Fewest tokens a parameter", **_RUN_RATIO)
    tokens_per_param_high: float | None = _maybe("Most tokens a parameter", **_RUN_RATIO)
    domain_note: str = column("Conditions that no range can state", default="")

    @field_validator("constants", "standard_errors")
    @classmethod
    def _numbers_of_the_form(cls, cell: str, info: ValidationInfo) -> str:
        form, given = info.data.get("form"), set(numbers_by_name(cell))
        allowed = _LAW_FORMS.get(str(form), [given])
        if info.field_name == "constants" and given not in allowed:
            said = " or ".join(", ".join(sorted(names)) for names in allowed)
            raise ValueError(f"of a {form} law must be {said}")
        return cell

    @model_validator(mode="after")
    def _ranges_are_whole(self) -> Self:
        for name in ("n_params", "n_tokens", "flop", "tokens_per_param"):
            low, high = f"{name}_low", f"{name}_high"
            if (getattr(self, low) is None) != (getattr(self, high) is None):
                raise ValueError(f"{low} and {high} must be a range, or both empty")
        return self


class _PrintedOptimumRow(Sourced):
    """Tables 3 and A3 of Hoffmann et al. 2022, as printed, misprint included."""

    KEY = ("law", "n_params")
    TITLE = "Printed compute-optimal runs"

    law: Text = column("Law that follows from the table by regression of ln N on ln C")
    n_params: float = column("Size", unit="parameters", gt=1e6)
    flop: float = column("Training compute", unit="FLOP", gt=1e16)
    n_tokens: float = column("Training tokens", unit="tokens", gt=1e8)
    misprint: _YesNo = column("Whether the row contradicts itself")
    place: Text = column("Table of the source")


class _LawDisagreementRow(Sourced):
    """Causes that a source names or that follow from what it prints, by pair of authors."""

    KEY = ("first", "second", "entry")
    TITLE = "Why laws disagree"

    first: Text = column("First word of the names of the one's laws")
    second: Text = column("The same of the other's; twice the same for laws of one source")
    entry: int = column("Number of the reason", ge=1)
    reason: Text = column("The cause, as a sentence")


TABLES: dict[str, type[Sourced]] = {
    "models": _ModelRow,
    "size_estimates": _SizeEstimateRow,
    "prices": _PriceRow,
    "speeds": _SpeedRow,
    "scores": _ScoreRow,
    "arena_lists": _ArenaRow,
    "served_offers": _OfferRow,
    "gpu_prices": _GpuPriceRow,
    "architectures": ArchitectureRow,
    "accelerators": AcceleratorRow,
    "measurements": _MeasurementRow,
    "serving_profiles": ServingProfileRow,
    "peers": _PeerRow,
    "peer_set": _PeerSetRow,
    "scaling_laws": ScalingLawRow,
    "printed_optima": _PrintedOptimumRow,
    "law_disagreements": _LawDisagreementRow,
}
