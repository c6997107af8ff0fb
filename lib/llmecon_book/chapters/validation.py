"""How good is the roofline? What each section finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from llmecon import catalog, roofline
from llmecon.roofline.calibration import BANDS
from llmecon_book.chapters import Section, ends
from llmecon_book.chapters import named as numbers
from llmecon_book.words import escaped, link

Frame: TypeAlias = Any  # the types that pandas states for a cell are too many to be of use
HELD_BACK, FITTED = "held back", "fitted to"
_BY_ENGINE = "by engine"  # each row with the constants of its own engine
_MODEL = "Llama 3.1 70B"
_SPLITS = {"validate": ["validate"], "calibrate": ["calibrate"], "all": ["validate", "calibrate"]}
_SAID = {"validate": HELD_BACK, "calibrate": FITTED, "all": "of both kinds"}
_TPU = "PaLM on TPU 2022"


def profile(name: str, *, calibrated: bool) -> roofline.Profile | None:
    """Constants by name; none for those of each row's engine, ideal ones if not calibrated."""
    known = {_BY_ENGINE: None, **{each.name: each for each in roofline.PROFILES}}
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
    every = _marked(predicted).assign(**seconds)
    return Section(
        every=every.sort_values("engine", kind="stable", ascending=False),
        all_within=((predicted.predicted / predicted.value - 1).abs() <= 0.1).mean(),
        **numbers("tpot", per_token, "rows mape bias p90"),
        constants_said=_name(constants),
    )


def _name(constants: Any) -> str:
    return constants.name if constants else _BY_ENGINE


def _marked(frame: Frame) -> Frame:
    """Rows with what they may be used for, and the machine as a figure names it."""
    use = frame.split.map({"validate": HELD_BACK, "calibrate": FITTED})
    return frame.assign(use=use, system=frame.n_gpus.astype(str) + " × " + frame.hardware)


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def by_kind(errors: Frame) -> str:
    """Errors by what was measured and by engine, as a list."""
    return _bullets(
        f"**{row.kind}**, {row.engine}: {row.rows} row{'s' if row.rows > 1 else ''}, "
        f"mean error {row.mape:.1f}%, median {row.bias:+.1f}%, 90th percentile {row.p90:.1f}%"
        for row in errors.reset_index().itertuples()
    )


_LOADS = {  # [requests] up to which: name
    1: "1 request",
    8: "2 to 8 requests",
    32: "9 to 32 requests",
    128: "33 to 128 requests",
    2048: "over 128 requests",
}


def groups(counted: Frame, which: str, constants: Any) -> Section:
    """Errors by accelerator, model, format, engine and load; groups of one row left out."""
    load = pd.cut(counted.load, [0, *_LOADS], labels=[*_LOADS.values()]).astype(object)
    groupings = {
        "accelerator": counted.hardware,
        "model": counted.model,
        "format": counted.precision,
        "engine": counted.engine,
        "requests": load.where(counted.load.notna(), "maximum load").astype(str),
    }
    found = (
        _errors(counted.assign(group=group), "group").sort_values("mape").assign(grouping=name)
        for name, group in groupings.items()
    )
    errors = pd.concat(found, ignore_index=True)
    several: Frame = errors[errors.rows > 1]
    return Section(
        errors=several,
        case=pd.Series({"n": len(counted), "marked": which, "constants": _name(constants)}),
        **numbers("worst", several.loc[several.mape.idxmax()], "group mape rows"),
        **ends("systems", several.mape[several.grouping == "accelerator"]),
        overall=_errors(counted.assign(all="all"), "all").mape[0],
    )


def _errors(predicted: Frame, by: str) -> Frame:
    return roofline.judge(predicted, by).reset_index()


def ideal(peak: Frame, serving: Frame, constants: Any, which: str) -> Section:
    """Times per token at peak rates beside those by the constants."""
    ratio = peak.seconds_ratio
    name = "ideal, chosen" if constants is roofline.IDEAL else "calibrated"
    ratios = pd.concat([peak.assign(profile="ideal"), serving.assign(profile=name)])
    return Section(
        ratios=ratios.rename(columns={"hardware": "system", "n_gpus": "chips"}),
        ideal_n=len(peak),
        ideal_fast=(ratio < 1).sum(),
        ideal_mape=_errors(judged(peak, which), "kind").mape[0],
        **ends("ideal", ratio),
        ideal_times=(1 / ratio).median(),
    )


NO_KERNELS = "time of kernels"
_TERMS: dict[str, tuple[str, dict[str, Any]]] = {  # what is left out, in words and in the constants
    "whole": ("nothing left out", {}),
    "kernels": (NO_KERNELS, {"kernel_s": 0.0}),
    "latency": (
        "latency of collectives",
        dict.fromkeys(("collective_s", "hop_s", "node_hop_s"), 0.0),
    ),
    "bandwidth": ("bandwidth below peak", {"bandwidth_share": 1.0}),
    "flop": (
        "matrix rate below peak",
        {"flop_share": 1.0, "of_measured_rate": False},
    ),
    "sequence": ("host's time for a sequence", {"sequence_s": 0.0}),
    "activations": ("moving activations", {"moves_activations": False}),
    "links": ("links below peak", {"link_share": 1.0}),
}
_FREE = ("bandwidth_share", "flop_share", "kernel_s", "sequence_s")
_HOW = {
    "at_once": "time per token, at once",
    "again": "time per token, others fitted again",
    "load": "maximum load, others fitted again",
}


def left_out(measured: Frame, which: str) -> Section:
    """Error without each term of the model, at once and with the others fitted again."""
    held, rows, newest = judged(measured, which), {}, roofline.CURRENT
    for term, (_, change) in _TERMS.items():
        free = [name for name in _FREE if name not in change]
        start = replace(roofline.KNOWN, **change)
        refit = roofline.calibrate(measured, free=free, start=start) if change else newest
        now, fitted = (
            roofline.judge(roofline.predict(held, each), "kind").mape
            for each in (replace(newest, **change), refit)
        )
        rows[term] = now["serving"], fitted["serving"], fitted["maximum load"]
    error: Frame = pd.DataFrame.from_dict(rows, "index", columns=[*_HOW])
    words = error.rename(index={term: said for term, (said, _) in _TERMS.items()}, columns=_HOW)
    again = ["kernels", "latency", "sequence", "activations", "links"]
    terms = words.rename_axis("term").melt(var_name="how", value_name="mape", ignore_index=False)
    return Section(
        terms=terms.reset_index(),
        marked=pd.Series([which]),
        **error.at_once[["whole", "kernels", "latency"]].add_prefix("at_once_"),
        **error.again[again].add_prefix("again_"),
        **error.load[["whole", "sequence"]].add_prefix("load_"),
    )


_RATES = {"bandwidth_share": "memory bandwidth", "flop_share": "measured matrix rate"}
_FITTED = [*_RATES, "kernel_s", "sequence_s", "request_s"]
_GIVEN = ["date", *_FITTED, "collective_s", "hop_s", "node_hop_s", "link_share"]


def constants(newest: roofline.Profile, profiles: Iterable[roofline.Profile]) -> Section:
    """Constants of the newest profile, and what each generation of engines achieves."""
    shares = [
        (each.name, said, getattr(each, name), each.standard_errors[name])
        for each in profiles
        for name, said in _RATES.items()
        if name in each.standard_errors
    ]
    old = {each.name[-4:]: each for each in profiles if each.name.startswith("TensorRT-LLM")}
    return Section(
        shares=pd.DataFrame(shares, columns=["profile", "constant", "share", "error"]),
        fitted_rows=newest.source.split()[0],
        **{name: getattr(newest, name) for name in _GIVEN},
        **{f"{name}_error": newest.standard_errors[name] for name in _FITTED},
        old_kernel_s=max(each.kernel_s for each in old.values()),
        **{f"rereads_{year}": old[year].kv_rereads for year in ("2023", "2024")},
    )


def unidentified() -> str:
    """Constants that are set and not fitted, with the reason, as a list."""
    return _bullets(f"`{name}`: {why}" for name, why in roofline.UNIDENTIFIED.items())


_EACH = "each measurement once"
_ANSWERED = "each once, waiting less than answering"
_NOT_GROUPS = ["all", "same rows", "left out"]
_MANY = 50  # rows of a group whose share in the band is more than chance
_LEAST = 0.77  # share that an 80% band must hold


def band(predicted: Frame, theirs: Frame, constants: Any) -> Section:
    """How wide the band is, and how many rows it holds: of ours by kind, and of a test set."""
    engines = {**roofline.BY_ENGINE, _TPU: roofline.CURRENT}
    used = [constants or engines[name] for name in predicted.engine]
    experts = predicted.model.map(lambda name: catalog.transformer(name).n_experts > 0)
    wide = np.where(experts, *([getattr(each, name) for each in used] for name in BANDS[::-1]))
    inside = np.abs(np.log(predicted.seconds_ratio)) <= wide
    held = inside.groupby(predicted.kind).mean()
    unseen = theirs[(theirs.half == "unseen") & theirs.in_band_percent.notna()]
    groups = unseen[~unseen.grouping.isin(_NOT_GROUPS)]
    many = groups[groups.n_rows >= _MANY]
    return Section(
        **{name: np.expm1(getattr(constants or roofline.CURRENT, name)) for name in BANDS},
        band_tpot=held["serving"],
        band_load=held["maximum load"],
        band_static=held["static batch"],
        band_said=_enough(held["serving"]),
        band_load_said=_enough(held["maximum load"]),
        band_unseen=unseen.set_index("group").in_band_percent[_EACH],
        many=_MANY,
        **numbers("least", many.loc[many.in_band_percent.idxmin()], "group in_band_percent"),
    )


def _enough(share: float) -> str:
    return "holds its share of" if share >= _LEAST else "is too narrow for"


def held(theirs: Frame) -> str:
    """Rows, signed error and share in the band of each group of the unseen half, as a table."""
    unseen = theirs[(theirs.half == "unseen") & ~theirs.grouping.isin(_NOT_GROUPS)]
    lines = [
        f"| {row.grouping.replace('weights', 'format')} | {row.group} | {row.n_rows} "
        f"| {row.median_bias_percent:+.0f} | {row.in_band_percent:.0f} |"
        for row in unseen.itertuples()
    ]
    head = "| by | group | measurements | median error [%] | in the band [%] |"
    return "\n".join([head, "|---|---|---:|---:|---:|", *lines])


_PUBLIC, _NEW, _OURS = "434 public points", "H200 rows of this book", "this roofline"
_TOOLS = {
    "aiconfigurator, agg mode": "agg",
    "aiconfigurator, static mode": "static",
    "llm-analysis, defaults": "analytic",
    _OURS: "ours",
    f"{_OURS}, ideal": "ideal",
}


def peers(tools: Frame, own: Frame, peak: Frame) -> Section:
    """Errors of other tools and of this roofline, with and without its constants."""
    ours = pd.concat(
        _errors(each, "hardware").assign(name=name)
        for name, each in ((_OURS, own), (f"{_OURS}, ideal", peak))
    )
    ours["rows_judged"] = ours.hardware.str.split().str[0] + " rows of this book"
    theirs = tools.assign(name=tools.tool + ", " + tools["mode"], mape=tools.mape_percent)
    compared = pd.concat([ours, theirs])
    best = compared.groupby("name").mape.transform("min")
    on = compared.replace({"name": _TOOLS}).set_index(["rows_judged", "name"])
    public, new = on.loc[_PUBLIC], on.loc[_NEW]
    return Section(
        compared=compared.iloc[np.lexsort([compared.name, best])],
        peer_points=tools.n_rows.max(),
        **public.mape[["agg", "static", "analytic"]].add_suffix("_public"),
        **new.mape[[*_TOOLS.values()]].add_suffix("_new"),
        agg_answered=new.n_rows["agg"],
        ours_n=new.rows["ours"],
        **ends("unfitted", public.mape[public.kind == "unfitted physics"]),
    )


def tools(peers: Frame) -> str:
    """The tools and their errors on the public points, as a list."""
    shown = peers[peers.rows_judged == _PUBLIC]
    texts = shown[["version", "mode", "kind", "licence"]].map(escaped)
    return _bullets(
        f"{link(row.tool, row.source_url)} {row.version}, {row.mode} ({row.kind}): "
        f"mean error {row.mape_percent:.1f}%, median {row.median_bias_percent:+.1f}%, "
        f"90th percentile {row.p90_percent:.1f}%, rank correlation {row.rank_correlation:.2f}. "
        f"Terms: {row.licence}."
        for row in shown.assign(**texts).itertuples()
    )


_SHORT = {
    "n_rows": "rows",
    "mape_percent": "mape",
    "p90_percent": "p90",
    "median_absolute_percent": "middle",
    "median_bias_percent": "bias",
}


def peer_set(theirs: Frame) -> Section:
    """Errors on another tool's own test set: the half that may be looked at, and the unseen one."""
    table = theirs.rename(columns=_SHORT)
    left = table[table.grouping == "left out"].groupby("group").rows.sum()
    groups = table[~table.grouping.isin(_NOT_GROUPS)].replace({"weights": "format"})
    groups = groups.sort_values(["grouping", "mape"])
    worst = groups[(groups.half == "look") & (groups.grouping == "model")].iloc[::-1]
    both = {_OURS: "ours", "aiconfigurator": "theirs"}
    score: Frame = table.replace({"group": both}).set_index(["half", "grouping", "group"])
    look, unseen = score.loc["look"], score.loc["unseen"]
    models, race = look.loc["model"], unseen.loc["same rows"]
    every, answered, llama = ("all", _EACH), ("all", _ANSWERED), ("model", _MODEL)
    return Section(
        unseen=groups[groups.half == "unseen"],
        set_rows=left.sum() + score.xs("copies counted", level="group").rows.sum(),
        set_models=len(worst),
        set_drafts=left["drafts tokens, and how many are kept is not said"],
        set_apart=left["prompts and answers on separate accelerators"],
        set_fitted=left["our constants were fitted to it"],
        set_unclear=left.filter(regex="split|concurrency").sum(),
        **numbers("look", look.loc[every], "rows mape middle bias p90"),
        **numbers("unseen", unseen.loc[every], "rows mape middle bias p90"),
        **look.mape["same rows"].add_prefix("race_look_"),
        **race.mape.add_prefix("race_unseen_"),
        **race.middle.add_prefix("race_median_"),
        race_look_n=look.rows["same rows", "theirs"],
        race_unseen_n=race.rows["theirs"],
        look_answered=look.mape[answered],
        unseen_answered=unseen.mape[answered],
        set_waiting=unseen.rows[every] - unseen.rows[answered],
        set_copies=unseen.mape["all", "copies counted"],
        **numbers("llama", unseen.loc[llama], "mape rows"),
        set_oss=unseen.mape["model", "gpt-oss-120b"],
        **numbers("glm", models.loc["GLM-5"], "mape bias"),
        **numbers("small", models.loc["Llama 3.1 8B"], "mape bias"),
        **numbers("oss", models.loc["gpt-oss-120b"], "mape bias"),
        look_h200_bias=look.bias["accelerator", "H200 SXM 141GB"],
        look_worst=", ".join(f"{row.group} ({row.mape:.0f}%)" for row in worst[:3].itertuples()),
    )


def longest_wait(predicted: Frame) -> Any:
    """The held-back row whose time to first token is the most overstated."""
    first = judged(predicted[predicted.kind == "first token"], "validate")
    return first.loc[(first.predicted / first.value).idxmax()]


def limits(measured: Frame, predicted: Frame, wait: Any, max_batch: float) -> Section:
    """Errors where the model must not be trusted, on held-back rows."""
    errors: Frame = roofline.judge(judged(predicted, "validate"), ["kind", "model", "hardware"])
    load, prefill = errors.bias["maximum load"], errors.bias["prefill"]
    h200 = load.xs("H200 SXM 141GB", level="hardware")
    amd = measured[measured.hardware.str.startswith("MI")]
    return Section(
        oss120=h200["gpt-oss-120b"],
        oss20=h200["gpt-oss-20b"],
        r1=h200["DeepSeek-R1"],
        **ends("falcon", errors.bias["static batch", "Falcon 180B"]),
        **numbers("falcon", catalog.transformer("Falcon 180B"), "n_heads n_kv_heads"),
        palm=prefill["PaLM 540B"].iloc[0],
        l40s=prefill["Llama 2 70B", "L40S 48GB"],
        **numbers("mi250", errors.loc["decode", "Llama 2 7B"].iloc[0], "mape rows"),
        amd_chips=", ".join(sorted(amd.hardware.unique())),
        amd_fit=len(judged(amd, "calibrate")),
        **numbers("over", wait, "batch_or_concurrency input_tokens"),
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
        ex_ms=10 * slower.median(),
        ex_covered=covered,
        ex_share=(slower <= covered).mean(),
        ex_band_width=np.expm1(roofline.CURRENT.dense_log_band),
        ex_n=len(own),
        ex_beyond=(1 / own.seconds_ratio >= 4 / 3).sum() or "none",
    )
