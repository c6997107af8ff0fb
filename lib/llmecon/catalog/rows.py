"""What one row of each table must look like: names, types, units, bounds, keys.

These classes are the schema. ``data/datapackage.json`` and the book's data page are made from
them, so a column is described once.
"""

from datetime import date as Day
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from llmecon.accelerator import Accelerator
from llmecon.transformer import Transformer


def column(
    description: str, *, unit: str = "", default: Any = ..., example: Any = None, **bounds: float
) -> Any:
    """A described column; ``default=None`` makes an empty cell mean unknown."""
    extra = {key: value for key, value in {"unit": unit, "example": example}.items() if value}
    return Field(default, description=description, json_schema_extra=extra, **bounds)  # type: ignore[call-overload]


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")]
Status = Literal["disclosed", "reported", "estimate"]
YesNo = Annotated[bool, Field(strict=False)]


class Sourced(BaseModel):
    """Every row says where it was read and under which terms."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    KEY: ClassVar[tuple[str, ...]]
    TITLE: ClassVar[str]
    RULE: ClassVar[str]

    note: str = column("What was done to the printed value, or what to beware of", default="")
    source: Text = column("Where the row was read")
    source_url: Url = column("Address of the source")
    licence: Text = column("Terms of the source")


Row = TypeVar("Row", bound=Sourced)


def column_names(row_type: type[Sourced]) -> list[str]:
    """Columns in the order of the file: what the row says, then where it was read."""
    provenance = list(Sourced.model_fields)
    return [c for c in row_type.model_fields if c not in provenance] + provenance


class ModelRow(Sourced):
    """A language model: when, how large, how sure."""

    KEY = ("model",)
    TITLE = "Models"
    RULE = (
        "Every model the article names, the landmarks of 2017 to 2024, and the frontier and best "
        "open models of 2025 and 2026. An undisclosed size stays empty."
    )

    model: Text = column("Name, the key used in every table")
    developer: Text = column("Who made it")
    release_date: Day = column("First public release, or announcement where never released")
    total_params: float | None = column(
        "All parameters", unit="parameters", default=None, gt=1e6, lt=1e14
    )
    active_params: float | None = column(
        "Parameters that work on one token", unit="parameters", default=None, gt=1e6, lt=1e14
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
    size_low: float | None = column(
        "Lowest usable published size", unit="parameters", default=None, gt=1e6
    )
    size_high: float | None = column(
        "Highest usable published size", unit="parameters", default=None, gt=1e6
    )
    frontier: YesNo = column("Whether it stood at the frontier on release")
    frontier_basis: Text = column("Which rule decided `frontier`")

    @model_validator(mode="after")
    def _sizes_agree(self) -> "ModelRow":
        if self.active_params and self.total_params and self.active_params > self.total_params:
            raise ValueError("active_params is larger than total_params")
        if self.size_low and self.size_high and self.size_low > self.size_high:
            raise ValueError("size_low is larger than size_high")
        return self


class SizeEstimateRow(Sourced):
    """One published size of a model whose maker is silent."""

    KEY = ("model", "estimator", "entry")
    TITLE = "Published size estimates"
    RULE = (
        "Sizes of closed models traceable to a named source, with method and circularity. Rows of "
        "kind `check` show one estimator on open models of known size."
    )

    model: Text = column("Model")
    estimator: Text = column("Who estimated")
    entry: str = column("Which entry of the estimator's table", default="")
    estimate_date: Day = column("When the estimate was published")
    date_precision: Literal["day", "month"] = column("How exact estimate_date is")
    kind: Literal["estimate", "reported", "check"] = column("How the number came about")
    total_params: float | None = column("Central value", unit="parameters", default=None, gt=1e8)
    total_low: float | None = column("Lower end", unit="parameters", default=None, gt=1e8)
    total_high: float | None = column("Upper end", unit="parameters", default=None, gt=1e8)
    active_low: float | None = column(
        "Lower end, active parameters", unit="parameters", default=None, gt=1e8
    )
    active_high: float | None = column(
        "Upper end, active parameters", unit="parameters", default=None, gt=1e8
    )
    known_total_params: float | None = column(
        "True size, in rows of kind check", unit="parameters", default=None, gt=1e8
    )
    method: Text = column("How it was estimated")
    circular_with_price: Literal["true", "false", "unknown"] = column(
        "Whether the estimate uses the price"
    )
    circular_with_speed: Literal["true", "false", "unknown"] = column(
        "Whether the estimate uses the speed"
    )


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
    input_usd_per_mtok: float = column("Input price", unit="USD per million tokens", gt=0, lt=1e3)
    output_usd_per_mtok: float = column("Output price", unit="USD per million tokens", gt=0, lt=1e3)
    date_basis: Literal["documented", "release date", "first seen", "in force on that day"] = (
        column("How the day is known; `first seen` is an upper bound")
    )
    flagship: YesNo = column("Whether it was the maker's main general model on that day")


class SpeedRow(Sourced):
    """One reading of decode speed."""

    KEY = ("model", "version", "date", "host_or_basis")
    TITLE = "Speeds"
    RULE = "Output speed of one stream after the first token; readings the chapters use."

    model: Text = column("Model")
    version: str = column("Version that was read", default="")
    date: Day = column("Day of the reading, see date_basis")
    date_basis: Text = column("How the day is known")
    output_tokens_per_s: float = column("Output speed of one stream", unit="tokens/s", gt=0, lt=1e4)
    host_or_basis: Text = column("Whose service was read, or how readings were combined")


class ScoreRow(Sourced):
    """One score on one benchmark on one day."""

    KEY = ("model", "benchmark", "date", "variant")
    TITLE = "Scores"
    RULE = (
        "Arena points, per cent correct or index for models of models.csv. Arena scores compare "
        "within one list date only."
    )

    model: Text = column("Model")
    benchmark: Text = column("Benchmark")
    score: float = column("Score", unit="see unit", gt=0, lt=1e4)
    unit: Literal["Arena points", "percent correct", "index"] = column("Unit of the score")
    date: Day = column("List date, reading date or model release, see date_basis")
    date_basis: Text = column("What the day is")
    variant: str = column("Version or setting that was scored", default="")


class ServedRow(Sourced):
    """Price and speed of an open model of known size on one day."""

    KEY = ("model", "date", "host_or_basis")
    TITLE = "Served open models"
    RULE = (
        "Hosts on GPUs and the makers' own services on three days; no wafer-scale hosts. Several "
        "rows of one model show how far hosts differ."
    )

    model: Text = column("Model")
    total_params: float = column("All parameters", unit="parameters", gt=1e8)
    active_params: float = column("Parameters that work on one token", unit="parameters", gt=1e8)
    date: Day = column("Day of the reading")
    input_usd_per_mtok: float = column("Input price", unit="USD per million tokens", gt=0, lt=1e3)
    output_usd_per_mtok: float = column("Output price", unit="USD per million tokens", gt=0, lt=1e3)
    output_tokens_per_s: float = column("Output speed of one stream", unit="tokens/s", gt=0, lt=2e3)
    host_or_basis: Text = column("Whose service, or how readings were combined")
    reading: Literal["one host", "leaderboard value"] = column("Kind of reading")


class GpuPriceRow(Sourced):
    """What one accelerator costs for one hour."""

    KEY = ("accelerator", "usd_per_gpu_hour", "price_kind", "date", "source")
    TITLE = "Accelerator prices"
    RULE = "Dated rents, list prices, costs of ownership, and prices assumed in published models."

    accelerator: Text = column("Accelerator, as in accelerators.csv")
    usd_per_gpu_hour: float = column("Price", unit="USD per accelerator-hour", gt=0.05, lt=100)
    price_kind: Text = column("Rent, list price, cost of ownership, or assumed in a model")
    date: Day = column("Day, or first day of the month, see date_precision")
    date_precision: Literal["day", "month", "year"] = column("How exact the date is")


class ArchitectureRow(Sourced, Transformer):
    """The shape of a transformer, as its configuration file gives it."""

    KEY = ("name",)
    TITLE = "Architectures"
    RULE = (
        "Models the chapters and tests compute with and whose shape is public, and the shape "
        "assumed for GPT-4 by Erdil (status `reported`). Shapes the formulas do not cover are out."
    )

    status: Status = column("disclosed shape, or reported")
    disclosed_total_params: float | None = column(
        "Total the maker states", unit="parameters", default=None, gt=1e6
    )
    disclosed_active_params: float | None = column(
        "Active parameters the maker states", unit="parameters", default=None, gt=1e6
    )


class AcceleratorRow(Sourced, Accelerator):
    """One accelerator's data sheet: dense arithmetic, decimal bytes."""

    KEY = ("name",)
    TITLE = "Accelerators"
    RULE = "Data-centre accelerators of 2017 to 2026 that models are or were served on."

    release_date: Day | None = column("First availability; empty if announced", default=None)
    date_precision: Literal["day", "month", "year"] | None = column(
        "How exact release_date is", default=None
    )


class MeasurementRow(Sourced):
    """One published measurement of serving speed."""

    KEY = (
        "source",
        "model",
        "hardware",
        "n_gpus",
        "precision",
        "input_tokens",
        "output_tokens",
        "batch_or_concurrency",
        "metric",
        "note",
    )
    TITLE = "Measurements"
    RULE = (
        "Published measurements of time to first token, time per output token and throughput, "
        "with the whole set-up named. `split` says which rows may calibrate."
    )

    date: Day = column("Day of publication, or first day of the month")
    date_precision: Literal["day", "month", "year"] = column("How exact the date is")
    model: Text = column("Model")
    total_params: float = column("All parameters", unit="parameters", gt=1e6)
    active_params: float = column("Parameters that work on one token", unit="parameters", gt=1e6)
    hardware: Text = column("Accelerator, as in accelerators.csv")
    n_gpus: int = column("Accelerators of one instance", unit="accelerators", ge=1)
    precision: Text = column("Number formats as the source names them")
    input_tokens: float | None = column("Prompt length", unit="tokens", default=None, gt=0)
    output_tokens: float | None = column(
        "Answer length; 0 where only prefill was timed", unit="tokens", default=None, ge=0
    )
    batch_or_concurrency: str = column(
        "Sequences in flight; `max` is the most the system took", default=""
    )
    metric: Text = column("What was measured")
    value: float = column("The measurement", unit="see unit", gt=0)
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

    tool: Text = column("Tool")
    version: Text = column("Version or commit that was run")
    mode: str = column("How it was used, where there are several ways", default="")
    kind: Literal["measured kernels", "fitted physics", "unfitted physics"] = column(
        "What it rests on: timed kernels, formulas fitted to servers, or formulas that are not"
    )
    rows_judged: Text = column("Measurements it was judged on")
    n_rows: int = column("How many", unit="rows", ge=1)
    mape_percent: float = column("Mean absolute error", unit="%", ge=0)
    median_bias_percent: float = column("Median error; negative is too fast", unit="%", gt=-100)
    p90_percent: float = column("90th percentile of the absolute error", unit="%", ge=0)
    rank_correlation: float | None = column(
        "Rank correlation of predicted and measured", unit="1", default=None, ge=-1, le=1
    )
    seconds_low: float | None = column("Time of one evaluation, least", unit="s", default=None)
    seconds_high: float | None = column("Time of one evaluation, most", unit="s", default=None)
    date: Day = column("Day of the run, or first day of the month")

    @model_validator(mode="after")
    def _times_agree(self) -> "PeerRow":
        if (self.seconds_low or 0.0) > (self.seconds_high or self.seconds_low or 0.0):
            raise ValueError("seconds_low is larger than seconds_high")
        return self


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
    n_rows: int = column("How many", unit="rows", ge=1)
    mape_percent: float | None = column("Mean absolute error", unit="%", default=None, ge=0)
    median_absolute_percent: float | None = column(
        "Median absolute error", unit="%", default=None, ge=0
    )
    median_bias_percent: float | None = column(
        "Median error; negative is too fast", unit="%", default=None, gt=-100
    )
    p90_percent: float | None = column(
        "90th percentile of the absolute error", unit="%", default=None, ge=0
    )
    in_band_percent: float | None = column(
        "Rows inside the 80 % band of the prediction", unit="%", default=None, ge=0, le=100
    )
    profile: Text = column("Constants that were used")
    date: Day = column("Day of the run")

    @model_validator(mode="after")
    def _errors_where_predicted(self) -> "PeerSetRow":
        if (self.mape_percent is None) != (self.grouping == "left out"):
            raise ValueError("mape_percent must be empty in rows left out, and only there")
        return self


class ClaimRow(Sourced):
    """One checkable statement of the article."""

    KEY = ("id",)
    TITLE = "Claims"
    RULE = "Every checkable statement of the article, in our own words."

    id: Annotated[str, StringConstraints(pattern=r"^[ERCO]\d\d$")] = column("Stable name")
    chapter: Literal["evolution", "reversal", "causes", "outlook"] = column("Where it is discussed")
    kind: Literal["fact", "estimate", "arithmetic", "trend", "causal", "forecast"] = column(
        "What sort of statement it is"
    )
    claim: Text = column("The statement")
    stated_value: str = column("Number or date the article states", default="")
    stated_value_high: float | None = column("Upper end of a stated range", default=None)
    unit: str = column("Unit of stated and expected value", default="")
    expected_value: str = column("What the computation must give (test oracle)", default="")
    tolerance: str = column(
        "Plain: absolute; `1%`: relative; `x2`: a factor either way", default=""
    )
    verdict: Literal["right", "imprecise", "wrong", "unsupported", "unverifiable"] = column(
        "The ledger's verdict, which the computed one must match"
    )
    explanation: Text = column("What a reader should take from it; numbers are filled in")
    checked_by: Text = column("Computation that decides, as `room.function` of the library")
    source_date: Day | None = column("Day of the source, where the claim uses it", default=None)


# Columns that come with the records of `transformer` and `accelerator`: unit and description.
RECORD_COLUMNS: dict[str, tuple[str, str]] = {
    "name": ("", "Name, the key"),
    "n_layers": ("layers", "Layers"),
    "d_model": ("elements", "Model width"),
    "n_heads": ("heads", "Query heads in one layer"),
    "n_kv_heads": ("heads", "Key-value heads in one layer"),
    "d_head": ("elements", "Width of one head's key"),
    "d_ff": ("elements", "Feed-forward width, of one expert if there are experts"),
    "mlp_matrices": ("matrices", "Matrices of a feed-forward block: 2 plain, 3 gated"),
    "vocab_size": ("tokens", "Vocabulary"),
    "tied_embeddings": ("", "Whether input and output share one embedding matrix"),
    "n_experts": ("experts", "Routed experts in one layer; 0 for a dense model"),
    "n_experts_active": ("experts", "Routed experts that work on one token"),
    "n_shared_experts": ("experts", "Experts that work on every token"),
    "n_dense_layers": ("layers", "Layers without experts in a model that has them"),
    "d_ff_dense": ("elements", "Feed-forward width of those layers"),
    "attention_kind": ("", "Attention in words: MHA, GQA, MQA, MLA and what is added"),
    "mla_kv_rank": ("elements", "Multi-head latent attention: rank of the cached latent"),
    "mla_q_rank": ("elements", "Multi-head latent attention: rank of the query latent"),
    "mla_rope_dim": ("elements", "Multi-head latent attention: rotary key cached beside it"),
    "mla_nope_dim": ("elements", "Multi-head latent attention: width of a key head"),
    "mla_v_dim": ("elements", "Multi-head latent attention: width of a value head"),
    "n_full_attention_layers": ("layers", "Layers that see the whole context; 0 means all"),
    "sliding_window_tokens": ("tokens", "Window of the other layers; 0 means none"),
    "n_heads_window": ("heads", "Query heads of the window layers; 0: as the others"),
    "n_kv_heads_window": ("heads", "Key-value heads of the window layers; 0: as the others"),
    "d_head_value": ("elements", "Width of a value head where it differs; 0: as the key"),
    "attention_output_gate": ("", "Whether a gate as wide as the queries follows attention"),
    "parallel_attention": ("", "Whether attention and feed-forward run side by side"),
    "linear_n_key_heads": ("heads", "Key heads of the linear-attention layers"),
    "linear_n_value_heads": ("heads", "Value heads of the linear-attention layers"),
    "linear_d_head": ("elements", "Head width of the linear-attention layers"),
    "linear_conv_width": ("elements", "Width of their short convolution"),
    "sparse_attention_tokens": ("tokens", "Tokens that sparse attention attends to; 0: all"),
    "indexer_heads": ("heads", "Heads of the indexer that chooses them"),
    "indexer_d_head": ("elements", "Head width of the indexer"),
    "n_mtp_layers": ("layers", "Multi-token-prediction layers, not counted as parameters"),
    "native_weights": ("", "Format that the weights are published in, if every run keeps it"),
    "vendor": ("", "Maker"),
    "bf16_dense_flop_per_s": ("FLOP/s", "Peak dense matrix rate in BF16"),
    "fp8_dense_flop_per_s": ("FLOP/s", "Peak dense matrix rate in FP8; empty if the chip has none"),
    "int8_dense_op_per_s": ("op/s", "Peak dense matrix rate in INT8"),
    "fp4_dense_flop_per_s": ("FLOP/s", "Peak dense matrix rate in FP4; empty if the chip has none"),
    "hbm_bytes": ("B", "Memory capacity, a printed GB read as 1e9 bytes"),
    "hbm_bytes_per_s": ("B/s", "Peak memory bandwidth"),
    "scaleup_bytes_per_s_per_direction": ("B/s", "Links inside one node, one way"),
    "scaleup_domain_size": ("accelerators", "Accelerators that those links join"),
    "scaleup_topology": ("", "How they are joined: switch, mesh (full, a link a pair) or torus"),
    "scaleout_bytes_per_s_per_direction": ("B/s", "Network between nodes, one way"),
    "tdp_w": ("W", "Rated power"),
    "measured_bf16_flop_per_s": ("FLOP/s", "Best BF16 matrix rate somebody measured"),
    "measured_fp8_flop_per_s": ("FLOP/s", "Best FP8 matrix rate somebody measured"),
}

TABLES: dict[str, type[Sourced]] = {
    "models": ModelRow,
    "size_estimates": SizeEstimateRow,
    "prices": PriceRow,
    "speeds": SpeedRow,
    "scores": ScoreRow,
    "served_open_models": ServedRow,
    "gpu_prices": GpuPriceRow,
    "architectures": ArchitectureRow,
    "accelerators": AcceleratorRow,
    "measurements": MeasurementRow,
    "serving_profiles": ServingProfileRow,
    "peers": PeerRow,
    "peer_set": PeerSetRow,
    "claims": ClaimRow,
}
