"""The command prints what the library computes, and turns every bad input into one line and exit
status 2: the library as second formula, and invariants of every command."""

import csv
import dataclasses
import io
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import typer

from llmecon import catalog, chinchilla, cli, cost, roofline, sizing, trends
from llmecon.cli import output
from llmecon.cli.output import Answer, Column, Table, plain, short, show
from llmecon_book import facts, ledger

LLAMA, H200, H100 = "Llama 3.1 70B", "H200 SXM 141GB", "H100 SXM 80GB"


@pytest.fixture
def run(capsys):
    """Run the command line: status, standard output, standard error."""

    def one(*words):
        status = cli.main([str(word) for word in words])
        out, err = capsys.readouterr()
        return status, out, err

    return one


def rows(run, *words):
    status, out, err = run(*words, "--json")
    assert (status, err) == (0, "")
    return json.loads(out)["rows"]


# --- what it prints is what the library computes ---------------------------------------------


def test_decode_prints_the_terms_of_the_library(run):
    found = rows(
        run,
        *("decode", LLAMA, H200, "--batch", "1,64", "--context", 8192),
        *("--tensor-parallel", "4,8", "--weights", "fp8", "--usd-per-gpu-hour", 3),
    )
    step = roofline.decode(
        catalog.transformer(LLAMA),
        catalog.accelerator(H200),
        batch=[[1, 64], [1, 64]],
        context=8192,
        tensor_parallel=[[4], [8]],
        weights="fp8",
    )
    price = cost.usd_per_mtok(step, usd_per_gpu_hour=3.0)
    assert [(r["tensor_parallel"], r["batch"]) for r in found] == [(4, 1), (4, 64), (8, 1), (8, 64)]
    for name, wanted in {
        "seconds": step.seconds,
        "kv_cache_s": step.terms.kv_cache,
        "tokens_per_s": step.tokens_per_s,
        "usd_per_mtok": price,
    }.items():
        np.testing.assert_allclose([r[name] for r in found], wanted.ravel(), err_msg=name)
    assert [r["binds"] for r in found] == step.binds.ravel().tolist()


def test_prefill_and_serve_print_the_library(run):
    model, chip = catalog.transformer(LLAMA), catalog.accelerator(H200)
    (found,) = rows(run, "prefill", LLAMA, H200, "--input-tokens", "8000", "--tensor-parallel", "8")
    step = roofline.prefill(model, chip, input_tokens=8000, tensor_parallel=8)
    assert found["seconds"] == pytest.approx(float(step.seconds))
    served = rows(
        run,
        *("serve", LLAMA, H200, "--concurrency", "4,64", "--tensor-parallel", "8"),
        *("--input-tokens", "1000", "--output-tokens", "500", "--usd-per-gpu-hour", "2"),
    )
    wanted = roofline.serve(
        model, chip, concurrency=[4, 64], input_tokens=1000, output_tokens=500, tensor_parallel=8
    )
    np.testing.assert_allclose([r["tpot_s"] for r in served], wanted.tpot_s)
    np.testing.assert_allclose([r["ttft_s"] for r in served], wanted.ttft_s)
    # 2 USD buy 3600 s of one accelerator.
    np.testing.assert_allclose(
        [r["usd_per_mtok"] for r in served], 2e6 / 3600 / wanted.output_tokens_per_s_per_chip
    )


@pytest.mark.parametrize("command", ["decode", "prefill", "serve"])
def test_eight_bit_weights_run_where_only_sixteen_multiply(run, command):
    words = (command, LLAMA, "A100 SXM 80GB", "--tensor-parallel", "8", "--weights", "fp8")
    assert run(*words)[0] == 2
    (found,) = rows(run, *words, "--activations", "bf16")[:1]
    assert found["fits"]
    if command == "decode":
        assert found["activations_s"] > 0 and "activations" in run(*words[:3], *words[3:5])[1]


def test_a_name_is_found_in_any_case_and_a_config_by_its_path(run, tmp_path):
    options = ("--batch", 8, "--weights", "fp8", "--profile", "ideal")
    (by_name,) = rows(run, "decode", LLAMA.lower(), H200.lower(), *options)
    config = tmp_path / "config.json"
    shape = {
        "model_type": "llama",
        "num_hidden_layers": 80,
        "hidden_size": 8192,
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
        "intermediate_size": 28672,
        "vocab_size": 128256,
    }
    config.write_text(json.dumps(shape))
    chip = tmp_path / "chip.json"
    chip.write_text(catalog.accelerator(H200).model_dump_json(exclude_none=True))
    (by_file,) = rows(run, "decode", config, chip, *options)
    assert by_file == by_name


def test_a_configuration_that_does_not_fit_is_marked_while_others_do(run):
    found = rows(run, "decode", LLAMA, H200, "--batch", "1,1e6", "--tensor-parallel", 8)
    assert [r["fits"] for r in found] == [True, False]
    assert 1 < found[0]["max_batch"] < 1e6
    table = run("decode", LLAMA, H200, "--batch", "1,1e6", "--tensor-parallel", 8)[1]
    assert " no " in table and " yes " in table


def test_a_server_that_holds_nothing_has_no_speed_and_no_price(run):
    words = ("serve", "Llama 3.1 405B", H200, "--tensor-parallel", "1,8", "--weights", "fp8")
    none, some = rows(run, *words, "--concurrency", 4000, "--usd-per-gpu-hour", 3)
    assert (none["max_concurrency"], none["tokens_per_s_per_user"]) == (0, 0)
    assert none["output_tokens_per_s_per_chip"] == none["input_tokens_per_s_per_chip"] == 0
    assert none["tpot_s"] is none["ttft_s"] is none["usd_per_mtok"] is None  # infinite
    # More requests than fit are a queue, not an error.
    assert 1 < some["max_concurrency"] < 4000 and not some["fits"] and some["usd_per_mtok"] > 0


def test_a_frontier_prints_the_library_and_answers_what_was_asked(run):
    words = ("frontier", LLAMA, H200, "--usd-per-gpu-hour", 3, "--weights", "fp8")
    found = rows(run, *words)
    line = cost.frontier(
        catalog.transformer(LLAMA), catalog.accelerator(H200), usd_per_gpu_hour=3.0, weights="fp8"
    )
    np.testing.assert_allclose([r["tokens_per_s"] for r in found], line.tokens_per_s)
    np.testing.assert_allclose([r["usd_per_mtok"] for r in found], line.usd_per_mtok)
    out = run(*words, "--at-speed", "50,1e5", "--at-price", "0.001,1")[1]
    cheapest, fastest = float(cost.cheapest_at(line, 50)), float(cost.fastest_at(line, 1))
    assert f"50 tokens/s costs {cheapest:.3g} USD/Mtok at least." in out
    assert "100000 tokens/s is out of reach." in out
    assert f"1 USD/Mtok buys {fastest:.1f} tokens/s at most." in out
    assert "0.001 USD/Mtok buys nothing." in out
    # People see a part of a long line, with both its ends.
    shown = re.findall(r"^ *([\d,.]+) +[\d.]+ ", out, flags=re.MULTILINE)
    assert len(found) > len(shown) == 20
    assert [shown[at] for at in (0, -1)] == [f"{found[at]['tokens_per_s']:,.1f}" for at in (0, -1)]


def test_a_calibration_is_the_profile_of_the_library_and_can_be_used(run, tmp_path):
    path = tmp_path / "mine.json"
    words = ("calibrate", "--engines", "vLLM 2025", "--kinds", "serving")
    status, out, _ = run(*words, "--json", "--output", path)
    found = json.loads(out)
    wanted = roofline.calibrate(catalog.measurements(), engines=["vLLM 2025"], kinds=["serving"])
    assert status == 0 and found["profile"]["kernel_s"] == pytest.approx(wanted.kernel_s)
    assert {row["split"] for row in found["errors"]} == {"calibrate", "validate"}
    table = run(*words)[1]
    assert "fitted" in table and "taken from NCCL's table" in table and "bias" in table
    # What was written gives the same times as the fit.
    options = ("--batch", 8, "--tensor-parallel", 8, "--profile")
    (used,) = rows(run, "decode", LLAMA, H200, *options, path)
    step = roofline.decode(
        catalog.transformer(LLAMA),
        catalog.accelerator(H200),
        batch=8,
        context=8192,
        tensor_parallel=8,
        profile=wanted,
    )
    assert used["seconds"] == pytest.approx(float(step.seconds))
    path.write_text('{"name": "x", "speed": 1}')
    assert "mine.json is no profile" in run("decode", LLAMA, H200, *options, path)[2]


def test_measurements_of_ones_own_are_checked_row_by_row(run, tmp_path):
    table = catalog.data_folder() / "measurements.csv"
    own = tmp_path / "own.csv"
    own.write_text(table.read_text("utf-8"))
    words = ("calibrate", "--engines", "vLLM 2025", "--kinds", "serving", "--measurements", own)
    assert run(*words)[0] == 0
    own.write_text(table.read_text("utf-8").replace(",validate,", ",valid,", 1))
    status, out, err = run(*words)
    assert (status, out) == (2, "") and "own.csv, line 2, column split" in err
    rows = catalog.measurements()
    at = rows.index[(rows.engine == "vLLM 2025") & (rows.metric == "tpot")][0]
    rows.assign(value=rows.value.where(rows.index != at, rows.value / 1000)).to_csv(
        own, index=False
    )
    status, out, err = run(*words)
    assert (status, out) == (2, "") and f"own.csv, line {at + 2}, column value: " in err
    assert "is more than 10 times as fast as H100 SXM 80GB can be" in err


def test_csv_holds_the_same_numbers_as_json(run):
    words = ("law", "compare", "--flop", "1e24")
    table = list(csv.DictReader(io.StringIO(run(*words, "--csv")[1])))
    found = rows(run, *words)
    assert [r["law"] for r in table] == [r["law"] for r in found]
    assert [float(r["params"]) for r in table] == [r["params"] for r in found]


def test_lists_hold_every_row_of_the_catalogue(run):
    assert [r["name"] for r in rows(run, "models")] == list(catalog.architectures().name)
    assert [r["name"] for r in rows(run, "chips")] == list(catalog.accelerators().name)
    (found,) = rows(run, "models", "gpt-2 xl")
    assert found["total_params"] == catalog.transformer("GPT-2 XL").n_params


def test_laws_print_the_library(run):
    (best,) = rows(run, "law", "optimal", "besiroglu-2024", "--flop", "5.76e23")
    law = chinchilla.BESIROGLU_2024.optimal(flop=5.76e23)
    assert best["params"] == pytest.approx(float(law.params))
    # The paper's example: as good as a 13B model, 2e12 tokens served, 17 % saved.
    (served,) = rows(
        run, "law", "optimal", "DE_VRIES_2023", "--params", "13e9", "--tokens-served", "2e12"
    )
    assert round(served["params"] / 1e9, 2) == 6.97 and round(served["saved_fraction"], 3) == 0.174
    assert len(rows(run, "law", "show")) == len(chinchilla.LAWS)
    shown = " ".join(run("law", "show", "MUENNIGHOFF_2023")[1].split())
    assert "r d star 15.3878" in shown and "arXiv:2305.16264" in shown
    one = json.loads(run("law", "show", "MUENNIGHOFF_2023", "--json")[1])
    assert one["domain"]["n_params"] == [7e6, 9e9]
    page = run("law", "explain", "HOFFMANN_2022_TEX", "BESIROGLU_2024")[1]
    told = chinchilla.explain("HOFFMANN_2022_TEX", "BESIROGLU_2024")
    assert all(" ".join(reason.split()) in " ".join(page.split()) for reason in told.reasons)


# --- sizes and trends ------------------------------------------------------------------------

PRICED = ("size", "--price", "10", "--speed", "109", "--date", "2025-01-26")


def test_a_size_is_the_reading_of_the_library(run):
    status, out, _ = run(*PRICED, "--input-price", "2.5", "--json")
    found = json.loads(out)
    wanted = sizing.infer(10, 109, "2025-01-26", input_usd_per_mtok=2.5)
    assert status == 0 and found["n_offers"] == wanted.n_offers
    for kind, row in zip(("total_params", "active_params"), found["rows"], strict=True):
        sizes = getattr(wanted, kind)
        assert row["50%"] == pytest.approx(sizes.median)
        assert found[kind]["interval_80"] == pytest.approx(sizes.interval(0.8))


def test_later_offers_are_used_only_if_asked_for(run):
    before = json.loads(run(*PRICED, "--json")[1])
    after = json.loads(run(*PRICED, "--later", "--json")[1])
    assert before["newest_offer"] == "2025-01-26" < after["newest_offer"]
    status, _, err = run(*PRICED[:-1], "2024-05-13")
    assert status == 2 and "not known on 2024-05-13" in err


@pytest.mark.parametrize(
    ("price", "speed", "day", "said"),
    [
        ("1e9", "100", "2025-06", "--price 1e+09 is far from all offers, "),
        ("10", "1e-9", "2025-06", "--speed 1e-09 is far from all offers, "),
        ("10", "100", "2090-01", "--date 2090-01 is more than 730 days after the newest offer"),
    ],
)
def test_a_size_far_from_all_that_was_learned_is_said(run, price, speed, day, said):
    status, out, err = run("size", "--price", price, "--speed", speed, "--date", day)
    assert status == 1 and out and said in err and "nan" not in err
    assert run(*PRICED)[::2] == (0, "")


def test_several_hosts_are_given_with_commas(run):
    words = ("size", "--price", "4,9", "--speed", "50,200", "--date", "2025-08-08", "--json")
    both = json.loads(run(*words)[1])
    assert both["rows"][0]["50%"] == pytest.approx(
        sizing.infer([4, 9], [50, 200], "2025-08-08").total_params.median
    )


def test_a_trend_is_the_fit_of_the_library(run):
    words = ("trend", "--until", "2023-03-31", "--to", "2024-12-13", "--size", "1e13")
    found = {row["fit"]: row for row in rows(run, *words)}
    models = catalog.models()
    frontier = models[models.frontier & models.total_params.notna()]
    frontier = frontier[frontier.release_date.between("2018-01-01", "2023-03-31")]
    line = trends.growth_rate(frontier.release_date, frontier.total_params, confidence=0.8)
    row = found["frontier models"]
    assert (row["n"], row["factor_per_year"]) == (line.n, pytest.approx(line.factor_per_year))
    assert row["size"] == pytest.approx(float(line.at("2024-12-13")[0]))
    assert row["reached"] == str(line.date_of(1e13).date())
    assert row["factor_low"] < row["factor_per_year"] < row["factor_high"]
    assert row["size_low"] < row["size"] < row["size_high"]
    assert short(line.at("2024-12-13")[0]) in run(*words)[1]
    unsure = found["frontier, unsure sizes"]
    samples = trends.growth_samples(frontier)
    assert (unsure["factor_low"], unsure["factor_high"]) == pytest.approx(samples.interval(0.8))


def test_a_turn_is_the_break_point_of_the_library(run):
    given, unsure = rows(run, "trend", "--turn", "--until", "2024-12-13")
    models = catalog.models()
    chosen = models[models.frontier & models.total_params.notna()]
    chosen = chosen[chosen.release_date.between("2018-01-01", "2024-12-13")]
    wanted = trends.break_point(chosen.release_date, chosen.total_params, confidence=0.8)
    assert given["date"] == str(wanted.date.date()) and given["n"] == wanted.n
    assert given["chance"] == pytest.approx(wanted.p_value)
    assert given["earliest"] <= given["date"] <= given["latest"]
    assert unsure["earliest"] < unsure["date"] < unsure["latest"]
    assert "turned on" in run("trend", "--turn")[1]


# --- law fit ---------------------------------------------------------------------------------

LAW = chinchilla.BESIROGLU_2024


@pytest.fixture
def runs_csv(tmp_path):
    """Runs of a known law with noise, as a CSV of one's own."""
    runs = chinchilla.simulate(LAW, *chinchilla.isoflop_design(LAW), noise=0.005, seed=1)
    path = tmp_path / "runs.csv"
    runs.to_csv(path, index=False)
    return path


def test_a_fit_recovers_the_law_inside_its_intervals(run, runs_csv, tmp_path):
    words = ("law", "fit", runs_csv, "--bootstrap", 200, "--flop", "1e21,1e24")
    status, out, err = run(*words, "--json", "--output", tmp_path / "fit.json")
    found = json.loads(out)
    assert status == 0 and "WARNING" not in err and found["at_minimum"]
    assert json.loads((tmp_path / "fit.json").read_text()) == found
    by_name = {row["constant"]: row for row in found["constants"]}
    for name in ("a", "b", "E", "alpha", "beta"):
        assert by_name[name]["low"] < float(getattr(LAW, name)) < by_name[name]["high"]
    assert by_name["A"]["low"] is None  # too skewed to quote
    near, far = found["optimal"]
    assert near["params_low"] < float(LAW.optimal(flop=1e21).params) < near["params_high"]
    assert far["decades_outside"] > near["decades_outside"] == 0


def test_a_fit_draws_a_figure(run, runs_csv, tmp_path):
    pytest.importorskip("altair", reason="needs the extra 'book'")
    words = ("law", "fit", runs_csv, "--bootstrap", 0, "--figure")
    for name, begin in (("fit.svg", b"<svg"), ("fit.png", b"\x89PNG"), ("fit.json", b"{")):
        assert run(*words, tmp_path / name)[0] == 0
        assert (tmp_path / name).read_bytes().startswith(begin)
    spec = json.loads((tmp_path / "fit.json").read_text())
    assert "39 training runs" in spec["description"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "fit.json",
        "fit.png",
        "fit.svg",
        "runs.csv",
    ]


def test_nothing_is_written_if_the_figure_fails(run, runs_csv, tmp_path, monkeypatch):
    from altair import TopLevelMixin

    def full(chart, beside, **options):
        beside.write_text("half a figure")
        raise OSError(28, "No space left on device", str(beside))

    monkeypatch.setattr(TopLevelMixin, "save", full)
    before = set(tmp_path.iterdir())
    status, out, err = run(
        *("law", "fit", runs_csv, "--bootstrap", 0),
        *("--output", tmp_path / "fit.json", "--figure", tmp_path / "fit.svg"),
    )
    assert (status, out) == (2, "") and "No space left on device" in err
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["config.json", "chip.json", "chip.yml", "mine.csv"])
def test_a_file_that_is_no_text_is_named(run, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"\xff\xfe\x00")
    words = {
        "config.json": ["decode", path, H200],
        "mine.csv": ["calibrate", "--measurements", path],
    }.get(name, ["decode", LLAMA, path])
    status, _, err = run(*words)
    assert (status, err) == (2, f"llmecon: {name}: not text in UTF-8\n")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("moves_activations", "no", "moves_activations: Input should be a valid boolean, got 'no'"),
        ("name", 5, "name: Input should be a valid string, got 5"),
        ("flop_share", "much", "flop_share: Input should be a valid number, got 'much'"),
    ],
)
def test_a_profile_of_the_wrong_kind_is_named(run, tmp_path, field, value, message):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"name": "mine", field: value}))
    status, _, err = run("decode", LLAMA, H200, "--profile", path)
    assert (status, err) == (2, f"llmecon: mine.json: {message}\n")


def test_nested_brackets_without_end_are_one_line(run, tmp_path):
    path = tmp_path / "config.json"
    path.write_text("[" * 100_000)
    status, _, err = run("decode", path, H200)
    assert status == 2 and err.startswith("llmecon: config.json: ") and err.count("\n") == 1


def test_a_byte_order_mark_is_no_content(run, tmp_path):
    path = tmp_path / "chip.json"
    text = catalog.accelerator(H200).model_dump_json(exclude_none=True)
    path.write_text(text, encoding="utf-8-sig")
    assert run("decode", LLAMA, path, "--weights", "fp8")[0] == 0


def test_columns_of_another_name_are_named(run, runs_csv):
    other = runs_csv.with_name("other.csv")
    pd.read_csv(runs_csv).rename(columns={"n_params": "N", "loss": "L"}).to_csv(other, index=False)
    status, out, err = run("law", "fit", other)
    assert (status, out) == (2, "") and "no column is called 'n_params'" in err
    words = ("law", "fit", other, "--bootstrap", 0, "--json", "--columns")
    assert run(*words, "n_params=N,loss=L")[0] == 0
    assert "no column is called 'M'" in run(*words, "n_params=M")[2]
    assert "--columns must be like" in run(*words, "size=N")[2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "runs.csv: not a CSV table"),
        ("n_params,n_tokens,loss\n1e9,1e10\n1,2,3,4\n", "runs.csv: not a CSV table"),
        ("n_params,n_tokens,loss\n" + "r1,1e9,1e10,2.5\n" * 6, "more cells than the header has"),
        ("n_params,n_tokens,loss\n", "runs.csv: points must be >= 5, one a fitted constant, got 0"),
        ("n_params,n_tokens,loss\n1e9,1e10,2.5\n", "runs.csv: points must be >= 5"),
        ("n_params,n_tokens,loss\n" + "1e9,1e10,-1\n" * 6, "loss must be a finite number > 0"),
        (
            "n_params,n_tokens,loss\n" + f"{'9' * 2_000_000},1e10,2\n" * 6,
            "runs.csv: n_params must be a",
        ),
        (
            "n_params,n_tokens,loss\n" + f"{'x' * 2_000_000},1e10,2\n" * 6,
            "runs.csv: n_params must be n",
        ),
        ("n_params,n_tokens,loss\n" + "1e9,1e10,2.5\n" * 6, "points must be different runs"),
    ],
)
def test_bad_runs_are_refused_before_any_work(run, tmp_path, text, message):
    path = tmp_path / "runs.csv"
    path.write_text(text)
    status, out, err = run("law", "fit", path, "--output", tmp_path / "fit.json")
    assert (status, out) == (2, "") and message in err and err.count("\n") == 1
    assert len(err) < 1_000 and not (tmp_path / "fit.json").exists()


def test_runs_that_cannot_tell_the_constants_apart_exit_with_one(run, tmp_path):
    sizes = np.geomspace(1e8, 1e10, 12)  # a single ratio: tokens and size move together
    frame = pd.DataFrame({"n_params": sizes, "n_tokens": 20 * sizes})
    frame["loss"] = LAW.loss(frame.n_params.to_numpy(), frame.n_tokens.to_numpy())
    frame.to_csv(tmp_path / "line.csv", index=False)
    status, out, err = run("law", "fit", tmp_path / "line.csv")
    assert status == 1 and "WARNING" in err and "no intervals" in err and "alpha" in out


# --- claims ----------------------------------------------------------------------------------


def test_the_ledger_agrees_with_itself_and_filters(run):
    found = rows(run, "claims")
    assert len(found) == len(catalog.rows("claims")) and all(r["as_in_ledger"] for r in found)
    wrong = rows(run, "claims", "--verdict", "wrong", "--chapter", "reversal")
    assert wrong == [r for r in found if r["verdict"] == "wrong" and r["chapter"] == "reversal"]
    assert (
        "No such claim" in run("claims", "--chapter", "outlook", "--verdict", "wrong")[1] or wrong
    )


def test_a_claim_is_explained_with_its_numbers(run):
    status, out, _ = run("claims", "--explain", "E05")
    assert status == 0 and "1492.3" in out and "Right if the stated ratio" in out
    assert "llmecon_book.ledger.evolution.gpt3_over_predecessor" in out
    content = json.loads(run("claims", "--explain", "E05", "--json")[1])
    assert content["value"] == pytest.approx(ledger.claim("E05").value)


def test_days_among_the_numbers_of_a_claim_are_iso(run):
    """A date asked to format itself by ".6g" gives back ".6g"."""
    told = " ".join(run("claims", "--explain", "O01")[1].split())
    assert "since = 2024-07-01" in told and "low = 1.9" in told
    assert "released = 2022-11-30" in " ".join(run("claims", "--explain", "C02")[1].split())
    for name in ("C07", "C11"):
        assert ".6g" not in run("claims", "--explain", name)[1]
    assert json.loads(run("claims", "--explain", "O01", "--json")[1])["values"]["since"] == (
        "2024-07-01"
    )


@pytest.mark.parametrize("change", [{"verdict": "wrong"}, {"expected_value": "1999"}])
def test_a_verdict_or_value_that_left_the_ledger_exits_with_one(run, monkeypatch, change):
    real = ledger.claims("evolution")
    rows = [one.row for one in real]
    first = dataclasses.replace(real[0], row=rows[0].model_copy(update=change))
    changed = [first, *real[1:]]
    monkeypatch.setattr(ledger, "claims", lambda chapter=None: changed)
    status, out, _ = run("claims")
    assert status == 1 and f"Not as in the ledger: {rows[0].id}." in out
    assert changed[0].is_off and not real[0].is_off


# --- scorecard -------------------------------------------------------------------------------


def test_the_scorecard_prints_what_the_library_scores(run):
    found = rows(run, "scorecard", "--until", "2025-12-31")
    wanted = ledger.score(until="2025-12-31")
    assert [(r["id"], r["verdict"], r["article"]) for r in found] == [
        (one.id, one.verdict, one.article) for one in wanted
    ]
    assert [r["observed"] for r in found] == [plain(one.observed) for one in wanted]
    assert [r["stated_rule"] for r in found] == [one.rule for one in wanted]
    told = run("scorecard")[1]
    assert "Directions: 6 right of 10 that can be scored." in told
    assert {one.id for one in wanted} <= set(re.findall(r"^P\w+", told, re.MULTILINE))
    for verdict, count in ledger.counts(ledger.score()).items():
        assert f"{count} {verdict}" in told


def test_a_proposition_is_explained_with_its_rule(run):
    one = ledger.proposition("P1a")
    status, out, _ = run("scorecard", "--explain", "P1a")
    told = " ".join(out.split())
    assert status == 0 and one.rule in told and one.measure in told and "O01, R04" in told
    assert f"{one.observed:.3g} ({one.low:.3g} to {one.high:.3g})" in told
    assert "right, 1.2 powers of ten above 0.152" in told and f"scored on {facts.SCORED_ON}" in told
    content = json.loads(run("scorecard", "--explain", "P1a", "--json")[1])
    assert content["article"] == "right" and content["observed"] == pytest.approx(one.observed)


# --- bad input -------------------------------------------------------------------------------

FRONTIER = ("frontier", LLAMA, H200, "--usd-per-gpu-hour", "3")
BAD = {
    "unknown model": (["decode", "Llama 3.1 7B", H200], "no model is called 'Llama 3.1 7B'"),
    "unknown chip": (["decode", LLAMA, "H300"], "no accelerator is called 'H300'; nearest: "),
    "batch of nothing": (["decode", LLAMA, H200, "--batch", "0"], "batch must be >= 1, got 0"),
    "no context": (["decode", LLAMA, H200, "--context", "0"], "context must be >= 1, got 0"),
    "words": (["decode", LLAMA, H200, "--batch", "1,many"], "--batch must be numbers"),
    "nan": (["decode", LLAMA, H200, "--batch", "nan"], "--batch must be whole numbers, got nan"),
    "half a sequence": (["decode", LLAMA, H200, "--batch", "1.5"], "whole numbers, got 1.5"),
    "lacking format": (
        ["decode", LLAMA, "A100 SXM 80GB", "--weights", "fp8", "--tensor-parallel", "8"],
        "no fp8 rate of A100 SXM 80GB is known, only those of bf16, int8",
    ),
    "no format at all": (["decode", LLAMA, H200, "--weights", "fp3"], "got 'fp3'"),
    "unknown format": (["decode", LLAMA, H200, "--kv", "fp7"], "precision must be one of"),
    "heads that do not divide": (
        ["decode", LLAMA, H200, "--tensor-parallel", "7"],
        "tensor_parallel must divide the 64 heads",
    ),
    "weights that do not fit": (["decode", LLAMA, H100], "does not fit: weights and reserve need"),
    "too many at once": (
        ["decode", LLAMA, H200, "--tensor-parallel", "8", "--batch", "1e6"],
        "batch must be <= ",
    ),
    "a server that holds nothing": (["serve", LLAMA, H100], "weights and reserve need"),
    "more time than there is": (
        [*FRONTIER, "--utilisation", "7"],
        "utilisation must be <= 1, got 7",
    ),
    "a share of no price": (
        ["serve", LLAMA, H200, "--utilisation", "0.5"],
        "--utilisation needs --usd-per-gpu-hour",
    ),
    "drafts of nobody": ([*FRONTIER, "--gammas", "2"], "--gammas needs --draft: Llama 3.1 70B has"),
    "a draft of nothing": ([*FRONTIER, "--draft", "Llama 3.1 8B"], "Llama 3.1 8B drafts nothing"),
    "nothing to accept": ([*FRONTIER, "--acceptance", "0.5"], "--acceptance needs --gammas"),
    "a batch beyond all": ([*FRONTIER, "--max-batch", str(10**18)], "'--max-batch'"),
    "resamples beyond all": (["law", "fit", "x.csv", "--bootstrap", "1000000000"], "'--bootstrap'"),
    "a threshold of squares": (
        ["law", "fit", "x.csv", "--objective", "squared", "--delta", "0.1"],
        "--delta is the threshold of huber",
    ),
    "clusters that nobody draws": (
        ["law", "fit", "x.csv", "--clusters", "family"],
        "--clusters needs --kind clusters or wild",
    ),
    "a rent of nothing": (
        ["frontier", LLAMA, H200, "--usd-per-gpu-hour", "0"],
        "usd_per_gpu_hour must be > 0, got 0 [USD/h]",
    ),
    "a price of another world": (
        ["essay-size", "--price", "1e9", "--speed", "60"],
        "--price must be <= 10000, got 1000000000 [USD/Mtok]",
    ),
    "a speed of nothing": (
        ["essay-size", "--price", "15", "--speed", "1e-9"],
        "--speed must be >= 1, got 1e-09 [tokens/s]",
    ),
    "a model that never was": ([*PRICED, "--leave-out", "nosuch"], "is called 'nosuch'"),
    "a size of nothing": (["trend", "--size", "0"], "--size must be > 0, got 0"),
    "a turn to a size": (["trend", "--turn", "--size", "1e12"], "--size goes without --turn"),
    "negative rent": (
        ["decode", LLAMA, H200, "--tensor-parallel", "8", "--usd-per-gpu-hour", "-1"],
        "usd_per_gpu_hour must be >= 0, got -1 [USD/h]",
    ),
    "unknown profile": (["decode", LLAMA, H200, "--profile", "vLLM 2026"], "nearest: vLLM 2025"),
    "a line of nothing": (
        ["frontier", "GPT-3 175B", H200, "--usd-per-gpu-hour", "3", "--max-chips", "1"],
        "GPT-3 175B does not fit on 1 of H200 SXM 141GB",
    ),
    "half a token": (
        ["frontier", LLAMA, H200, "--usd-per-gpu-hour", "3", "--gammas", "0.5"],
        "--gammas must be whole numbers, got 0.5",
    ),
    "unknown engine": (["calibrate", "--engines", "vLLM"], "nearest: vLLM 2025"),
    "no engine": (["calibrate", "--engines", ""], "name at least one engine with measurements"),
    "unknown kind": (["calibrate", "--kinds", "servin"], "nearest: serving"),
    "too few rows": (["calibrate", "--kinds", "decode latency"], "need more than "),
    "a seed below nothing": (["law", "fit", "x.csv", "--seed", "-1"], "'--seed'"),
    "a level above all": (["law", "fit", "x.csv", "--level", "1.5"], "--level must be < 1"),
    "a budget of nothing": (["law", "fit", "x.csv", "--flop", "0"], "--flop must be > 0, got 0"),
    "a figure on a device": (
        ["law", "fit", "x.csv", "--figure", "/dev/null/x.svg"],
        "/dev/null: Not a directory",
    ),
    "an output that is a folder": (["calibrate", "--output", "."], ".: Is a directory"),
    "a price of nothing": (
        ["size", "--price", "0", "--speed", "100", "--date", "2025-08"],
        "output_usd_per_mtok must be > 0, got 0",
    ),
    "a day before any offer": (
        ["size", "--price", "10", "--speed", "100", "--date", "2024-08"],
        "not known on 2024-08-01",
    ),
    "a day in words": (
        ["size", "--price", "10", "--speed", "100", "--date", "2024Q3"],
        "must be an ISO date, got '2024Q3'",
    ),
    "no models": (["trend", "--from", "2025-01-01"], "no two models with total_params"),
    "not a day": (["trend", "--to", "soon"], "--to must be an ISO date, got 'soon'"),
    "too few for a turn": (
        ["trend", "--turn", "--until", "2019-12-31"],
        "a break needs at least 8 points",
    ),
    "unknown size": (["trend", "--of", "params"], "no size is called 'params'"),
    "unknown law": (["law", "optimal", "BESIROGLU", "--flop", "1e24"], "nearest: BESIROGLU_2024"),
    "no budget": (["law", "optimal", "BESIROGLU_2024"], "give exactly one of --flop"),
    "below the floor": (
        ["law", "optimal", "BESIROGLU_2024", "--loss", "1.8"],
        "loss must be > 1.8172",
    ),
    "law without optimum": (["law", "optimal", "HO_2024", "--flop", "1e24"], "not an optimum"),
    "law of budgets": (["law", "optimal", "DEEPSEEK_2024", "--loss", "2"], "use --flop"),
    "no file": (["law", "fit", "missing.csv"], "missing.csv: No such file"),
    "no config": (["decode", "missing.json", H200], "missing.json: No such file"),
    "unknown claim": (["claims", "--explain", "E5"], "no claim is called 'E5'; nearest: E05"),
    "unknown verdict": (["claims", "--verdict", "rong"], "nearest: wrong"),
    "unknown chapter": (["claims", "--chapter", "evolutions"], "nearest: evolution"),
    "unknown proposition": (["scorecard", "--explain", "P1"], "nearest: P1a, P1b"),
    "a score before the forecast": (
        ["scorecard", "--until", "2024-01-01"],
        "until must be after made",
    ),
    "two forms": (["models", "--json", "--csv"], "--json and --csv exclude each other"),
    "two forms of a size": ([*PRICED, "--json", "--csv"], "--json and --csv exclude each other"),
    "two forms of a fit": (["law", "fit", "x.csv", "--json", "--csv"], "exclude each other"),
    "nothing found": (["chips", "abacus"], "no accelerator is called 'abacus'"),
    "no such command": (["decod"], "No such command 'decod'"),
    "no such option": (["models", "--jso"], "No such option"),
    "missing argument": (["decode", LLAMA], "Missing argument"),
    "not a number": (["serve", LLAMA, H200, "--cached-share", "half"], "'--cached-share'"),
    "nothing to rerun": (["rerun"], "no book here"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_exit_status_2(run, tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    words, message = BAD[case]
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert message in err and err.startswith("llmecon: ") and err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_fault_of_ours_is_not_dressed_up_as_bad_input(monkeypatch):
    def broken(*words):
        raise ZeroDivisionError

    monkeypatch.setattr(catalog, "accelerators", broken)
    with pytest.raises(ZeroDivisionError):
        cli.main(["chips"])


def test_a_bad_value_can_be_traced_on_request(monkeypatch):
    monkeypatch.setenv("LLMECON_TRACEBACK", "1")
    with pytest.raises(ValueError, match="batch must be >= 1"):
        cli.main(["decode", LLAMA, H200, "--batch", "0"])


# --- every command ---------------------------------------------------------------------------


def commands(command, path=()):
    """Every command with its words."""
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))
    if not getattr(command, "commands", {}):
        yield path, command


def all_commands():
    from typer.main import get_command

    return dict(commands(get_command(cli.app)))


@pytest.mark.parametrize("path", all_commands(), ids=" ".join)
def test_every_command_has_help_examples_and_json(run, path):
    command = all_commands()[path]
    status, out, _ = run(*path, "--help")
    assert status == 0 and f"llmecon {' '.join(path)}" in out
    assert command.epilog.startswith(f"llmecon {' '.join(path)}")
    options = {name for option in command.params for name in option.opts}
    assert "--json" in options
    assert all(option.help for option in command.params if option.name != "help")


def test_help_and_version_load_nothing_heavy():
    code = (
        "import sys; from llmecon import cli; cli.main(['--help']); cli.main(['--version'])\n"
        "heavy = {'numpy', 'pandas', 'scipy', 'pydantic', 'papermill'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_installed_command_gives_its_exit_status():
    code = "import sys; from llmecon.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", code, "chips", "abacus"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == "" and "abacus" in done.stderr


@pytest.mark.parametrize(
    ("shell", "message"),
    [
        ("{} models > /dev/full", "No space left on device"),
        ("{} models --csv > /dev/full", "No space left on device"),  # written as late as can be
        ("{} models >&-", "standard output is closed"),
        ("PYTHONIOENCODING=latin1 {} models", "latin-1 cannot write this table"),
        (
            "cd $(mktemp -d) && rmdir $PWD && {} rerun --set a.b=1",
            "the working folder is not there any more",
        ),
    ],
)
def test_an_output_that_takes_nothing_is_one_line(shell, message):
    code = "import sys; from llmecon.cli import main; sys.exit(main())"
    words = "unset PYTHONUNBUFFERED; " + shell.format(f"'{sys.executable}' -c '{code}'")
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True)
    assert done.returncode == 2 and message in done.stderr and done.stderr.count("\n") == 1


def test_a_device_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(pipe.read_text)
        output.write(pipe, {"a": 1})
        assert json.loads(reader.result(timeout=60)) == {"a": 1}
    assert pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]


@pytest.mark.parametrize("streams", ["2>&-", "2>/dev/full", "2>/dev/full >/dev/full"])
def test_a_standard_error_that_takes_nothing_leaves_the_status(streams):
    code = "import sys; from llmecon.cli import main; sys.exit(main())"
    words = f"unset PYTHONUNBUFFERED; '{sys.executable}' -c '{code}' chips abacus {streams}"
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


SEEDED = (
    ["law", "fit", "RUNS", "--bootstrap", "20"],
    ["trend", "--turn"],
    ["size", "--price", "10", "--speed", "109", "--date", "2025-08-08"],
)
MACHINES = (  # threads, order of sets, and the instructions of other processors
    {"OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "1"},
    {"OPENBLAS_NUM_THREADS": "4", "PYTHONHASHSEED": "2", "OPENBLAS_CORETYPE": "Prescott"},
    {"NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX AVX2 FMA3", "PYTHONHASHSEED": "3"},
)


def test_one_seed_prints_one_answer_on_every_machine(runs_csv):
    code = (
        "import sys; from llmecon.cli import main; [main(line.split('|')) for line in sys.argv[1:]]"
    )
    lines = ["|".join(line).replace("RUNS", str(runs_csv)) for line in SEEDED]
    words = [sys.executable, "-W", "ignore", "-c", code, *lines]
    said = [
        subprocess.run(words, capture_output=True, text=True, env=os.environ | machine).stdout
        for machine in MACHINES
    ]
    assert said[0].count("\n") > 10
    assert said[1] == said[0] and said[2] == said[0]


def test_names_of_ones_own_cannot_steer_the_terminal(run, tmp_path):
    chip = catalog.accelerator(H200).model_copy(update={"name": "red \x1b[31mchip"})
    path = tmp_path / "chip.json"
    path.write_text(chip.model_dump_json(exclude_none=True))
    out = run("decode", LLAMA, path, "--weights", "fp8", "--batch", 1)[1]
    assert "red " in out and "\x1b" not in out
    assert "\x1b" not in run("chips", "\x1b[31m")[2]


def test_a_reader_that_has_seen_enough_is_no_error():
    code = "import sys; from llmecon.cli import main; sys.exit(main())"
    words = f"'{sys.executable}' -c '{code}' models --json | head -c 10"
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True)
    assert done.stderr == ""


# --- forms of a table ------------------------------------------------------------------------


def test_json_knows_neither_nan_nor_infinity():
    frame = pd.DataFrame({"price": [1.0, np.nan, np.inf], "day": [pd.Timestamp("2024-05-13")] * 3})
    told = plain({"rows": frame.to_dict("records"), "text": pd.NA})
    assert [row["price"] for row in told["rows"]] == [1.0, None, None]
    assert told["rows"][0]["day"] == "2024-05-13" and told["text"] is None
    json.dumps(told, allow_nan=False)


NARROW = {
    "decode": ["decode", LLAMA, H200, "--tensor-parallel", "8", "--usd-per-gpu-hour", "3"],
    "prefill": ["prefill", LLAMA, H200, "--tensor-parallel", "8"],
    "serve": ["serve", LLAMA, H200, "--tensor-parallel", "8", "--concurrency", "4,16,64"],
    "frontier": ["frontier", LLAMA, H200, "--usd-per-gpu-hour", "3"],
    "law compare": ["law", "compare"],
    "law optimal": [
        "law",
        "optimal",
        "BESIROGLU_2024",
        "--flop",
        "1e24",
        "--tokens-served",
        "1e12",
    ],
    "chips": ["chips"],
    "parameters": ["parameters"],
    "trend": ["trend"],
}


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("name", NARROW)
def test_no_number_is_cut_on_a_narrow_terminal(run, monkeypatch, name, width):
    def shown(wide):
        monkeypatch.setattr(output, "_WIDE", wide)
        return run(*NARROW[name])[1]

    def numbers(text):
        whole = re.findall(r"(?<![\w.,/+-])[+-]?\d[\d.,]*(?:e[+-]?\d+)?%?(?=\s|$)", text)
        return sorted(word for word in whole if not word.endswith((".", ",")))

    narrow = shown(width)
    assert "…" not in narrow
    assert max(map(len, narrow.splitlines())) <= width
    missing = set(numbers(shown(1000))) - set(numbers(narrow))
    assert not missing


def test_brackets_of_units_survive_in_tables(capsys):
    frame = pd.DataFrame({"name": ["[bold]x[/bold]"], "price": [np.inf]})
    columns = [Column("name", "what [USD]"), Column("price", "p")]
    show(
        Answer([Table(frame=frame, columns=columns, title="[red]", notes=["[note]"])]), False, False
    )
    out = capsys.readouterr().out
    assert "[bold]x[/bold]" in out and "what [USD]" in out and "[red]" in out and "[note]" in out


def test_a_warning_goes_to_standard_error_and_into_the_status(capsys):
    frame = pd.DataFrame({"a": [1]})
    answer = Answer([Table(frame=frame, columns=[Column("a", "a")])], warnings=["look out"])
    with pytest.raises(typer.Exit) as left:
        show(answer, False, True)
    out, err = capsys.readouterr()
    assert left.value.exit_code == 1 and "look out" in err and out == "a\n1\n"
