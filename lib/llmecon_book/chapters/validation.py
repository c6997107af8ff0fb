"""How good is the roofline? What each section finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from statistics import NormalDist
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from llmecon import catalog, roofline
from llmecon_book.chapters import Section
from llmecon_book.words import escaped, link

Frame: TypeAlias = Any  # the types that pandas states for a cell are too many to be of use
HELD_BACK, FITTED = "held back", "fitted to"
BY_ENGINE = "by engine"  # each row with the constants of its own engine
MODEL = "Llama 3.1 70B"
_SPLITS = {"validate": ["validate"], "calibrate": ["calibrate"], "all": ["validate", "calibrate"]}
_SAID = {"validate": HELD_BACK, "calibrate": FITTED, "all": "of both kinds"}
_TPU = "PaLM on TPU 2022"


def profile(name: str, *, calibrated: bool) -> roofline.Profile | None:
    """Constants by name; none for those of each row's engine, ideal ones if not calibrated."""
    known = {BY_ENGINE: None, **{each.name: each for each in roofline.PROFILES}}
    if name not in known:
        raise catalog.UnknownName("profile", name, known)
    return known[name] if calibrated else roofline.IDEAL


def judged(rows: Frame, which: str) -> Frame:
    """Rows marked validate, calibrate, or all."""
    if which not in _SPLITS:
        raise catalog.UnknownName("set of rows", which, _SPLITS)
    return rows[rows.split.isin(_SPLITS[which])]


def named(predicted: Frame) -> Frame:
    """Predictions with a name for the engine of rows that have none, and the load as a number."""
    load = pd.to_numeric(predicted.batch_or_concurrency, errors="coerce")
    return predicted.assign(engine=predicted.engine.replace("", _TPU), load=load)


def counted(predicted: Frame, few_requests: int) -> Frame:
    """Rows without first tokens under many requests, which are mostly waiting."""
    return predicted[(predicted.kind != "first token") | ~(predicted.load > few_requests)]


def rows(measured: Frame, predicted: Frame, few: int, which: str) -> Section:
    """How many rows there are of each sort."""
    chosen = judged(predicted, which)
    return Section(
        n_measured=len(measured),
        n_predicted=len(predicted),
        n_left=len(measured) - len(predicted),
        n_fitted=len(judged(predicted, "calibrate")),
        n_held=len(judged(predicted, "validate")),
        judged_said=_SAID[which],
        few=few,
        n_crowded=len(chosen) - len(counted(chosen, few)),
    )


def closeness(predicted: Frame, per_token: Any, constants: Any) -> Section:
    """How close all rows are, and times per output token (a row of `roofline.judge`)."""
    scale = predicted.unit.map({"ms": 1e-3, "s": 1.0})
    seconds = {  # a throughput as seconds per token
        f"{name}_s": (values * scale).where(scale.notna(), 1 / values)
        for name, values in (("measured", predicted.value), ("predicted", predicted.predicted))
    }
    every = predicted.assign(use=_use(predicted), system=_system(predicted), **seconds)
    return Section(
        every=every.sort_values("engine", kind="stable", ascending=False),
        all_within=((predicted.predicted / predicted.value - 1).abs() <= 0.1).mean(),
        tpot_n=per_token.rows,
        tpot_mape=per_token.mape,
        tpot_bias=per_token.bias,
        tpot_p90=per_token.p90,
        constants_said=_name(constants),
    )


def _name(constants: Any) -> str:
    return constants.name if constants else BY_ENGINE


def _use(frame: Frame) -> Frame:
    return frame.split.map({"validate": HELD_BACK, "calibrate": FITTED})


def _system(frame: Frame) -> Frame:
    return frame.n_gpus.astype(str) + " × " + frame.hardware


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def by_kind(errors: Frame) -> str:
    """Errors by what was measured and by engine, as a list."""
    return _bullets(
        f"**{row.kind}**, {row.engine}: {row.rows} row{'s' if row.rows > 1 else ''}, "
        f"mean error {row.mape:.1f} %, median {row.bias:+.1f} %, 90th percentile {row.p90:.1f} %"
        for row in errors.reset_index().itertuples()
    )


def groups(counted: Frame, which: str, constants: Any) -> Section:
    """Errors by accelerator, model, format, engine and load; groups of one row left out."""
    loads = ["1 request", "2 to 8 requests", "9 to 32 requests"]
    loads += ["33 to 128 requests", "over 128 requests"]
    load = pd.cut(counted.load, [0, 1, 8, 32, 128, 2048], labels=loads).astype(object)
    groupings = {
        "accelerator": counted.hardware,
        "model": counted.model,
        "format": counted.precision,
        "engine": counted.engine,
        "requests": load.where(counted.load.notna(), "maximum load").astype(str),
    }
    errors = pd.concat(
        roofline.judge(counted.assign(group=group), "group")
        .reset_index()
        .sort_values("mape")
        .assign(grouping=name)
        for name, group in groupings.items()
    )
    several: Frame = errors[errors.rows > 1]
    worst = several.loc[several.mape.idxmax()]
    systems = several[several.grouping == "accelerator"].mape
    return Section(
        errors=several,
        case=pd.Series({"n": len(counted), "marked": which, "constants": _name(constants)}),
        worst_group=worst.group,
        worst_mape=worst.mape,
        worst_n=worst.rows,
        systems_low=systems.min(),
        systems_high=systems.max(),
        overall=roofline.judge(counted.assign(all="all"), "all").mape.iloc[0],
    )


def ideal(peak: Frame, serving: Frame, constants: Any, which: str) -> Section:
    """Times per token at peak rates beside those by the constants."""
    ratio = peak.seconds_ratio
    name = "ideal, chosen" if constants is roofline.IDEAL else "calibrated"
    ratios = pd.concat([peak.assign(profile="ideal"), serving.assign(profile=name)])
    return Section(
        ratios=ratios.rename(columns={"hardware": "system", "n_gpus": "chips"}),
        ideal_n=len(peak),
        ideal_fast=(ratio < 1).sum(),
        ideal_mape=roofline.judge(judged(peak, which), "kind").mape.iloc[0],
        ideal_low=ratio.min(),
        ideal_high=ratio.max(),
        ideal_times=(1 / ratio).median(),
    )


WHOLE = "nothing left out"
NO_KERNELS = "time of kernels"
_NO_LATENCY, _NO_SEQUENCE = "latency of collectives", "host's time for a sequence"
_NO_MOVES, _NO_LINKS = "moving activations", "links below peak"
_TERMS: dict[str, dict[str, Any]] = {
    NO_KERNELS: {"kernel_s": 0.0},
    _NO_LATENCY: {"collective_s": 0.0, "hop_s": 0.0, "node_hop_s": 0.0},
    "bandwidth below peak": {"bandwidth_share": 1.0},
    "matrix rate below peak": {
        "flop_share": 1.0,
        "prefill_flop_share": 1.0,
        "of_measured_rate": False,
    },
    _NO_SEQUENCE: {"sequence_s": 0.0},
    _NO_MOVES: {"moves_activations": False},
    _NO_LINKS: {"link_share": 1.0},
}
_FREE = ("bandwidth_share", "flop_share", "kernel_s", "sequence_s")
AT_ONCE = "time per token, at once"
_AGAIN, _LOAD = "time per token, others fitted again", "maximum load, others fitted again"


def left_out(measured: Frame, which: str) -> Section:
    """Error without each term of the model, at once and with the others fitted again."""
    at_once, again = {WHOLE: roofline.CURRENT}, {WHOLE: roofline.CURRENT}
    for term, change in _TERMS.items():
        free = [name for name in _FREE if name not in change]
        start = replace(roofline.KNOWN, **change)
        at_once[term] = replace(roofline.CURRENT, **change)
        again[term] = roofline.calibrate(measured, free=free, start=start)
    cases = {AT_ONCE: (at_once, "serving"), _AGAIN: (again, "serving")}
    cases[_LOAD] = (again, "maximum load")
    held = judged(measured, which)
    terms = pd.DataFrame(
        [
            (term, how, roofline.judge(roofline.predict(held, each), "kind").mape[kind])
            for how, (profiles, kind) in cases.items()
            for term, each in profiles.items()
        ],
        columns=["term", "how", "mape"],
    )
    error = terms.set_index(["term", "how"]).mape
    return Section(
        terms=terms,
        marked=pd.Series([which]),
        whole=error[WHOLE, AT_ONCE],
        whole_load=error[WHOLE, _LOAD],
        no_kernels=error[NO_KERNELS, AT_ONCE],
        no_kernels_again=error[NO_KERNELS, _AGAIN],
        no_latency=error[_NO_LATENCY, AT_ONCE],
        no_latency_again=error[_NO_LATENCY, _AGAIN],
        no_sequence=error[_NO_SEQUENCE, _AGAIN],
        no_sequence_load=error[_NO_SEQUENCE, _LOAD],
        no_activations=error[_NO_MOVES, _AGAIN],
        no_links=error[_NO_LINKS, _AGAIN],
    )


def by_hand(tpot: Frame, own: Frame, kernels: int) -> Section:
    """Times without kernels at shares of the bandwidth (``b50`` to ``b100``), to add to."""
    newest = roofline.CURRENT
    times = {
        f"b{percent}": roofline.predict(
            tpot, replace(newest, bandwidth_share=percent / 100, kernel_s=0.0)
        ).predicted.to_numpy()
        for percent in range(50, 101, 5)
    }
    moved = own.assign(use=_use(own), system=_system(own), measured_ms=own.value, **times)
    return Section(
        moved=moved,
        kernels=kernels,
        start_percent=int(5 * round(newest.bandwidth_share * 20)),
        start_us=round(4e6 * newest.kernel_s) / 4,
        kernel_ms=newest.kernel_s * kernels * 1e3,
    )


def constants(newest: roofline.Profile, profiles: Iterable[roofline.Profile]) -> Section:
    """Constants of the newest profile, and what each generation of engines achieves."""
    of_rate = {"bandwidth_share": "memory bandwidth", "flop_share": "measured matrix rate"}
    shares = pd.DataFrame(
        [
            (each.name, said, getattr(each, name), each.standard_errors[name])
            for each in profiles
            for name, said in of_rate.items()
            if name in each.standard_errors
        ],
        columns=["profile", "constant", "share", "error"],
    )
    fitted = ("bandwidth_share", "flop_share", "kernel_s", "sequence_s", "request_s")
    given = ("date", *fitted, "collective_s", "hop_s", "node_hop_s", "link_share")
    old = {each.name: each for each in profiles if each.name.startswith("TensorRT-LLM")}
    return Section(
        shares=shares,
        fitted_rows=newest.source.split()[0],
        **{name: getattr(newest, name) for name in given},
        **{f"{name}_error": newest.standard_errors[name] for name in fitted},
        old_kernel_s=max(each.kernel_s for each in old.values()),
        rereads_2023=old["TensorRT-LLM 2023"].kv_rereads,
        rereads_2024=old["TensorRT-LLM 2024"].kv_rereads,
    )


def unidentified() -> str:
    """Constants that are set and not fitted, with the reason, as a list."""
    return _bullets(f"`{name}`: {why}" for name, why in roofline.UNIDENTIFIED.items())


def band(predicted: Frame, constants: Any, confidence: float) -> Section:
    """How wide the band is, and how many of the rows it holds, by kind."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be > 0 and < 1, got {confidence}")
    quantile = NormalDist().inv_cdf((1 + confidence) / 2)
    engines = {**roofline.BY_ENGINE, _TPU: roofline.CURRENT}
    spread = {name: (constants or each).log_sd for name, each in engines.items()}
    inside = np.abs(np.log(predicted.seconds_ratio)) <= quantile * predicted.engine.map(spread)
    held = inside.groupby(predicted.kind).mean()
    width = quantile * (constants or roofline.CURRENT).log_sd
    return Section(
        confidence=confidence,
        band_below=-np.expm1(-width),
        band_above=np.expm1(width),
        band_tpot=held["serving"],
        band_load=held["maximum load"],
        band_static=held["static batch"],
    )


PUBLIC, NEW, OURS = "434 public points", "H200 rows of this book", "this roofline"
_TOOLS = {
    "agg": "aiconfigurator, agg mode",
    "static": "aiconfigurator, static mode",
    "analytic": "llm-analysis, defaults",
    "ours": OURS,
    "ideal": f"{OURS}, ideal",
}


def peers(tools: Frame, own: Frame, peak: Frame) -> Section:
    """Errors of other tools and of this roofline, with and without its constants."""
    ours = pd.concat(
        roofline.judge(each, "hardware").reset_index().assign(name=name)
        for name, each in ((OURS, own), (f"{OURS}, ideal", peak))
    )
    ours["rows_judged"] = ours.hardware.str.split().str[0] + " rows of this book"
    theirs = tools.assign(name=tools.tool + ", " + tools["mode"], mape=tools.mape_percent)
    compared = pd.concat([ours, theirs])
    best = compared.groupby("name").mape.transform("min")
    on = compared.set_index(["name", "rows_judged"])
    unfitted = tools[(tools.kind == "unfitted physics") & (tools.rows_judged == PUBLIC)]
    return Section(
        compared=compared.iloc[np.lexsort([compared.name, best])],
        peer_points=tools.n_rows.max(),
        **{
            f"{key}_{where}": on.mape[name, rows]
            for key, name in _TOOLS.items()
            for where, rows in (("public", PUBLIC), ("new", NEW))
            if (name, rows) in on.index
        },
        agg_answered=on.n_rows[_TOOLS["agg"], NEW],
        ours_n=on.rows[OURS, NEW],
        unfitted_low=unfitted.mape_percent.min(),
        unfitted_high=unfitted.mape_percent.max(),
    )


def tools(peers: Frame) -> str:
    """The tools and their errors on the public points, as a list."""
    shown = peers[peers.rows_judged == PUBLIC]
    texts = shown[["version", "mode", "kind", "licence"]].map(escaped)
    return _bullets(
        f"{link(row.tool, row.source_url)} {row.version}, {row.mode} ({row.kind}): "
        f"mean error {row.mape_percent:.1f} %, median {row.median_bias_percent:+.1f} %, "
        f"90th percentile {row.p90_percent:.1f} %, rank correlation {row.rank_correlation:.2f}. "
        f"Terms: {row.licence}."
        for row in shown.assign(**texts).itertuples()
    )


EACH = "each measurement once"
_ANSWERED = "each once, waiting less than answering"
_NOT_GROUPS = ["all", "same rows", "left out"]


_PERCENT = {"mape": "mape_percent", "bias": "median_bias_percent"}
_MEDIAN, _THEIRS = "median_absolute_percent", "aiconfigurator"


def peer_set(theirs: Frame) -> Section:
    """Errors on another tool's own test set: the half that may be looked at, and the unseen one."""
    left = theirs[theirs.grouping == "left out"].groupby("group").n_rows.sum()
    names = {"n_rows": "rows", "mape_percent": "mape", "p90_percent": "p90"}
    groups = theirs[~theirs.grouping.isin(_NOT_GROUPS)].replace({"weights": "format"})
    groups = groups.rename(columns=names).sort_values(["grouping", "mape"])
    worst = groups[(groups.half == "look") & (groups.grouping == "model")].iloc[::-1]
    score: Frame = theirs.set_index(["half", "grouping", "group"])
    look, unseen = score.loc["look"], score.loc["unseen"]
    columns = {"n": "n_rows", "median": _MEDIAN, "p90": "p90_percent", **_PERCENT}
    races = {"ours": OURS, "theirs": _THEIRS}
    models = {"glm": "GLM-5", "small": "Llama 3.1 8B", "oss": "gpt-oss-120b"}
    return Section(
        unseen=groups[groups.half == "unseen"],
        set_rows=left.sum() + score.xs("copies counted", level="group").n_rows.sum(),
        set_models=len(worst),
        set_drafts=left["drafts tokens, and how many are kept is not said"],
        set_apart=left["prompts and answers on separate accelerators"],
        set_fitted=left["our constants were fitted to it"],
        set_unclear=left.filter(regex="split|concurrency").sum(),
        **{f"look_{key}": look[column]["all", EACH] for key, column in columns.items()},
        **{f"unseen_{key}": unseen[column]["all", EACH] for key, column in columns.items()},
        **{f"race_look_{key}": look.mape_percent["same rows", of] for key, of in races.items()},
        **{f"race_unseen_{key}": unseen.mape_percent["same rows", of] for key, of in races.items()},
        **{f"race_median_{key}": unseen[_MEDIAN]["same rows", of] for key, of in races.items()},
        race_look_n=look.n_rows["same rows", _THEIRS],
        race_unseen_n=unseen.n_rows["same rows", _THEIRS],
        look_answered=look.mape_percent["all", _ANSWERED],
        unseen_answered=unseen.mape_percent["all", _ANSWERED],
        set_waiting=unseen.n_rows["all", EACH] - unseen.n_rows["all", _ANSWERED],
        set_copies=unseen.mape_percent["all", "copies counted"],
        set_band=unseen.in_band_percent["all", EACH] / 100,
        set_band_llama=unseen.in_band_percent["model", MODEL] / 100,
        set_llama=unseen.mape_percent["model", MODEL],
        set_llama_n=unseen.n_rows["model", MODEL],
        set_oss=unseen.mape_percent["model", "gpt-oss-120b"],
        **{
            f"{key}_{error}": look[column]["model", model]
            for key, model in models.items()
            for error, column in _PERCENT.items()
        },
        look_h200_bias=look.median_bias_percent["accelerator", "H200 SXM 141GB"],
        look_worst=", ".join(f"{row.group} ({row.mape:.0f} %)" for row in worst[:3].itertuples()),
    )


def longest_wait(predicted: Frame) -> Any:
    """The held-back row whose time to first token is the most overstated."""
    first = judged(predicted[predicted.kind == "first token"], "validate")
    return first.loc[(first.predicted / first.value).idxmax()]


def limits(measured: Frame, predicted: Frame, wait: Any, max_batch: float) -> Section:
    """Errors where the model must not be trusted, on held-back rows."""
    errors: Frame = roofline.judge(judged(predicted, "validate"), ["kind", "model", "hardware"])
    load, prefill = errors.bias["maximum load"], errors.bias["prefill"]
    falcon, mi250 = errors.bias["static batch", "Falcon 180B"], errors.loc["decode", "Llama 2 7B"]
    amd = measured[measured.hardware.str.startswith("MI")]
    shape = catalog.transformer("Falcon 180B")
    return Section(
        oss120=load["gpt-oss-120b", "H200 SXM 141GB"],
        oss20=load["gpt-oss-20b", "H200 SXM 141GB"],
        r1=load["DeepSeek-R1", "H200 SXM 141GB"],
        falcon_low=falcon.min(),
        falcon_high=falcon.max(),
        falcon_heads=shape.n_heads,
        falcon_kv=shape.n_kv_heads,
        palm=prefill["PaLM 540B"].iloc[0],
        l40s=prefill["Llama 2 70B", "L40S 48GB"],
        mi250=mi250.mape.iloc[0],
        mi250_n=mi250.rows.iloc[0],
        amd_chips=", ".join(sorted(amd.hardware.unique())),
        amd_fit=len(judged(amd, "calibrate")),
        over_n=wait.batch_or_concurrency,
        over_prompt=wait.input_tokens,
        over_holds=max_batch,
        over_times=wait.predicted / wait.value,
    )


def silent(measured: Frame, predicted: Frame) -> Section:
    """Rows that are not predicted, by source."""
    lost = measured.source.value_counts().sub(predicted.source.value_counts(), fill_value=0)
    of_source = lost.groupby(lost.index.str.split("[ ,/]", regex=True).str[0]).sum().astype(int)
    named = of_source[["MLCommons", "DeepSeek", "LMSYS", "Pope"]]
    return Section(
        **named.rename(str.lower).add_prefix("silent_"), silent_rest=of_source.sum() - named.sum()
    )


def exercises(own: Frame, peak: Frame) -> Section:
    """Answers of the exercises."""
    slower, covered = 1 / peak.seconds_ratio, 1.2
    return Section(
        ex_times=slower.median(),
        ex_ms=10 * slower.median(),
        ex_covered=covered,
        ex_share=(slower <= covered).mean(),
        ex_band_width=np.expm1(NormalDist().inv_cdf(0.9) * roofline.CURRENT.log_sd),
        ex_n=len(own),
        ex_beyond=(1 / own.seconds_ratio >= 4 / 3).sum() or "none",
    )
