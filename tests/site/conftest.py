"""The built site, brought up to date once for all tests of this folder."""

from __future__ import annotations

import fcntl
import functools
import http.server
import importlib.util
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from llmecon_book.run import execution

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def tool(name: str):
    """A module of the tools, which are no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CHROMIUM = tool("screenshots").chromium()


def build(root: Path) -> subprocess.CompletedProcess[str]:
    """Build the book in `root` as the README says, warnings fatal."""
    command = [str(BIN / "jupyter-book"), "build", ".", "-W", "-n", "--keep-going"]
    return subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=600, check=False
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What reads the site comes first: one worker builds it, the other does the rest meanwhile."""
    items.sort(key=lambda item: "site" not in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id) -> Path:
    """Folder with the pages of the book as it is now."""
    run = tmp_path_factory.getbasetemp()
    folder = run if worker_id == "master" else run.parent  # of all workers of this run
    with (folder / "site.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "site.built"
        if not done.exists():
            bring_up_to_date()
            done.touch()
    return ROOT / "_build" / "html"


def bring_up_to_date() -> None:
    """Check the stored outputs and build, both without a warning."""
    # First: a build would rewrite stale outputs, and they would never be noticed.
    execution.refresh(ROOT, check=True)
    result = build(ROOT)
    told = (result.stdout + result.stderr).splitlines()
    faults = [line for line in told if re.search("WARNING|ERROR|Error:|error:", line)]
    assert result.returncode == 0, "\n".join(faults[:20] or told[-20:])


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """A static host: for a wrong address it sends the site's page for that."""

    def send_error(self, code, message=None, explain=None) -> None:
        page = Path(self.directory) / "llmecon" / "404.html"
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(page.read_bytes())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def server(site, tmp_path_factory) -> Iterator[str]:
    """Address of a server for the site, below the same path as the published one."""
    top = tmp_path_factory.mktemp("host")
    (top / "llmecon").symlink_to(site)
    handler = functools.partial(_Quiet, directory=str(top))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as one:
        threading.Thread(target=one.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{one.server_port}/llmecon/"
        one.shutdown()


@pytest.fixture(scope="session")
def browser():
    """Chromium, one for all tests of this folder."""
    if CHROMIUM is None:
        pytest.skip("NOT RUN: no Chromium found; install the package chromium to check the pages")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        one = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield one
        one.close()
