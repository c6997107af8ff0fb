"""Run the benchmarks, print them, store them for the book."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

import benchmarks
from benchmarks import harness


def names() -> list[str]:
    """Benchmarks of this folder, without ``_bench``."""
    found = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    return sorted(name.removesuffix("_bench") for name in found if name.endswith("_bench"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is named, or all; 0 unless a benchmark fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*names(), []], help="which; all if left out")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run at all?")
    parser.add_argument("--into", type=Path, default=harness.RESULTS, help="folder of the results")
    chosen = parser.parse_args(arguments)
    wide = None if sys.stdout.isatty() else 160  # a file has no width
    console, status = Console(width=wide), Console(stderr=True)
    for name in chosen.names or names():
        bench = importlib.import_module(f"benchmarks.{name}_bench")
        console.rule(bench.TITLE)
        before = harness.load()
        results = bench.run(lambda line: status.print(f"  {line}", style="dim"), quick=chosen.quick)
        machine = harness.Result(
            name=f"{name}_machine",
            title="Measured on",
            columns=[harness.Column("what", "what"), harness.Column("value", "value")],
            rows=harness.machine(bench.PEERS, load_before=before).to_dict("records"),
        )
        for result in (*results, machine):
            harness.show(result, console)
        _keep([*results, machine], chosen.quick, chosen.into, console)
    return 0


def _keep(results: Sequence[harness.Result], quick: bool, folder: Path, console: Console) -> None:
    """Store a complete run; a partial one would put gaps into the book."""
    missing = sorted({peer for result in results for peer in result.missing})
    own = folder == harness.RESULTS
    if own and (quick or missing):
        why = "a quick run" if quick else f"without {', '.join(missing)}"
        console.print(f"Not stored: {why}. The stored results stay as they are.", style="bold")
        return
    for result in results:
        harness.store(result, folder)


if __name__ == "__main__":
    raise SystemExit(main())
