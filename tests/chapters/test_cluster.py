"""A rerun at scale: what is finished is never run again, whatever dies, and a failed point costs no
other one. Real kernels, schedulers and workers, killed while they work."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from llmecon import cli
from llmecon_book.run import digest, execution, numbers

distributed = pytest.importorskip("distributed", reason="needs the extra 'cluster'")

ROOT = Path(__file__).parents[2]
LLMECON = [sys.executable, "-c", "import sys; from llmecon.cli import main; sys.exit(main())"]

CELLS = {
    "parameters": "n: int = 1  # [points] which one",
    "work": """\
import os, signal, time
from pathlib import Path
from IPython.display import display
with Path("started.log").open("a") as log:
    print(n, file=log)
if n == 66:
    raise ValueError("66 is no point")
if n == 99:
    os.kill(os.getppid(), signal.SIGKILL)  # what runs this kernel
    time.sleep(60)
time.sleep(1)
kind = "application/papermill.record/text/plain"
display({kind: f"{n * n}"}, raw=True, metadata={"scrapbook": {"name": "square"}})""",
}


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one chapter that notes which of its points were begun."""
    (tmp_path / "_toc.yml").write_text("format: jb-book\n")
    for name in ("lib", "data"):
        (tmp_path / name).symlink_to(ROOT / name)
    made = nbformat.v4.new_notebook(metadata=execution.METADATA)
    for name, source in CELLS.items():
        made.cells.append(nbformat.v4.new_code_cell(source, id=name, metadata={"tags": [name]}))
    (tmp_path / "notebooks").mkdir()
    nbformat.write(made, tmp_path / "notebooks" / "small.ipynb")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def begun(book):
    """Points in the order in which they were begun."""
    log = book / "notebooks" / "started.log"
    return list(map(int, log.read_text().split())) if log.is_file() else []


def kept(book):
    """Points that are finished and stored."""
    found = (path.read_text() for path in book.rglob("small-*.ipynb"))
    return {int(numbers.key_numbers(text)["square"] ** 0.5) for text in found}


def tasks(book, *points):
    around = digest.surroundings(book)
    chapter = book / "notebooks" / "small.ipynb"
    return [execution.Task.of(chapter, around, {"n": n}, book / "out") for n in points]


def until(what, seconds=90):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def started():
    """Start processes; the end of the test ends them."""
    running = []

    def start(*words, **options):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, text=True, **options)
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture
def scheduler(started, tmp_path):
    """A Dask scheduler in a process of its own: the process, its address."""
    file = tmp_path / "scheduler.json"
    words = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
    process = started(
        sys.executable, "-m", "distributed.cli.dask_scheduler", *words, stderr=subprocess.DEVNULL
    )
    until(file.is_file)
    return process, json.loads(file.read_text())["address"]


def add_worker(started, address, *words):
    one = ("--nthreads", "1", "--no-dashboard", *words)
    command = (sys.executable, "-m", "distributed.cli.dask_worker", address, *one)
    return started(*command, stderr=subprocess.DEVNULL)


def sweep(points):
    return ["rerun", "--sweep", f"small.n={','.join(map(str, points))}", "--output", "out"]


def test_a_killed_run_goes_on_where_it_was(book, started, capsys):
    points = [1, 2, 3, 4, 5, 6]
    run = started(*LLMECON, *sweep(points), stderr=subprocess.DEVNULL)
    until(lambda: kept(book))
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    before, done = begun(book), kept(book)
    assert done < set(points)
    assert cli.main([*sweep(points), "--csv"]) == 0
    assert set(begun(book)[len(before) :]) == set(points) - done
    assert "6,small,square,square,,36" in capsys.readouterr().out


def test_a_killed_scheduler_is_said_and_costs_no_finished_point(book, started, scheduler):
    process, address = scheduler
    add_worker(started, address, "--no-nanny")
    words = [*sweep([1, 2, 3, 4]), "--cluster", address]
    run = started(*LLMECON, *words, stderr=subprocess.PIPE)
    until(lambda: kept(book))
    process.kill()
    said = run.communicate(timeout=60)[1].strip().splitlines()[-1]
    assert run.returncode == 2 and said == f"llmecon: the Dask scheduler at {address} was lost"
    before, done = begun(book), kept(book)
    assert cli.main(sweep([1, 2, 3, 4])) == 0
    assert set(begun(book)[len(before) :]) == {1, 2, 3, 4} - done


def test_a_killed_worker_costs_no_finished_point(book, started, scheduler):
    _, address = scheduler
    lost = add_worker(started, address, "--no-nanny")
    finished = []

    def on_done(task, result, was_there):
        finished.append(task.numbers["n"])
        if len(finished) == 1:
            lost.kill()
            add_worker(started, address, "--no-nanny")

    asked = tasks(book, 1, 2, 3)
    results = execution.run(asked, cluster=address, on_done=on_done)
    assert [numbers.key_numbers(text)["square"] for text in results] == [1, 4, 9]
    assert sorted(finished) == [1, 2, 3]
    assert begun(book).count(finished[0]) == 1


def test_a_point_that_kills_its_worker_costs_no_other(book):
    import dask

    failures = {"distributed.scheduler.allowed-failures": 0}
    with (
        dask.config.set(failures),
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as own,
    ):
        asked = tasks(book, 99, 2)
        lost, found = execution.run(asked, cluster=own.scheduler_address)
    assert isinstance(lost, execution.ChapterFailed) and "KilledWorker" in str(lost)
    assert isinstance(found, str), found
    assert numbers.key_numbers(found)["square"] == 4
    assert asked[0].failure.read_text().startswith(str(lost))


def test_the_reason_of_a_failed_point_is_kept_until_it_runs(book, monkeypatch):
    (bad, good) = asked = tasks(book, 66, 2)
    execution.run(asked)
    assert "66 is no point" in bad.failure.read_text() and bad.kept() is None
    assert good.kept() and not good.failure.exists()
    again = tasks(book, 66, 2)
    monkeypatch.setattr(execution, "execute", lambda task: good.kept())
    execution.run(again)
    assert begun(book).count(2) == 1 and not bad.failure.exists()


def test_a_kernel_has_not_the_memory_setting_of_a_worker(book, monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")
    chapter = book / "notebooks" / "small.ipynb"
    cell = "import os; print(f'<{os.environ.get(\"MALLOC_TRIM_THRESHOLD_\")}>')"
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell, id="only")])
    nbformat.write(made, chapter)
    (task,) = tasks(book, 1)
    assert "<None>" in execution.execute(execution.replace(task, numbers={}))


def told(capsys, address):
    begin = time.monotonic()
    assert cli.main([*sweep([1, 2]), "--cluster", address]) == 2
    assert time.monotonic() - begin < 15
    return capsys.readouterr().err.splitlines()


def test_a_cluster_that_is_not_there_is_one_line_in_seconds(book, scheduler, monkeypatch, capsys):
    from llmecon_book.run import cluster

    for address in ("tcp://127.0.0.1:1", "tls://127.0.0.1:1", "127.0.0.1", "ftp://127.0.0.1:1"):
        assert f"no Dask scheduler answers at {address}: " in told(capsys, address)[-1]
    monkeypatch.setattr(cluster, "WORKER_S", 0.5)
    _, address = scheduler
    line = f"the Dask scheduler at {address} has no worker; start one with: dask worker {address}"
    assert told(capsys, address)[-1] == f"llmecon: {line}"
    assert begun(book) == [] and not kept(book)
    execution.run([], cluster="tcp://127.0.0.1:1")  # nothing to do, nothing to reach
