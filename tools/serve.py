"""Show the book while one writes: build when a file was saved, then load the page again.

Run by ``make serve``. A page is sent with one script more than it has: it asks every second for the
number of the last build and loads the page again when that changes.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import io
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
SOURCES = ("lib", "data", "book", "notebooks", "benchmarks/results", "_config.yml", "_toc.yml")
SEEN = {
    ".py",
    ".toml",
    ".md",
    ".ipynb",
    ".csv",
    ".json",
    ".bib",
    ".yml",
    ".js",
    ".css",
    ".html",
    ".svg",
}
LOOK_S = 0.5
RELOAD = """
let built;
setInterval(async () => {
  const now = await fetch("/.built").then((answer) => answer.text()).catch(() => built);
  if (built !== undefined && now !== built) location.reload();
  built = now;
}, 1000);
"""


def saved(root: Path = ROOT) -> dict[Path, int]:
    """When each source of the book was last written."""
    tops = (root / name for name in SOURCES)
    files = (path for top in tops for path in ([top] if top.is_file() else top.rglob("*")))
    return {
        path: path.stat().st_mtime_ns for path in files if path.suffix in SEEN and path.exists()
    }


def build() -> bool:
    """Build the book; what is wrong stands in the terminal, and the pages stay as they were."""
    command = [
        str(Path(sys.executable).parent / "jupyter-book"),
        "build",
        ".",
        "-q",
        "--keep-going",
    ]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of the site, its pages with the script that loads them again."""

    builds = 0

    def log_message(self, format: str, *args: object) -> None:
        """Leave the terminal to the builds."""

    def send_head(self) -> Any:
        """Answer with what is made here, else with a file."""
        name = self.path.partition("?")[0]
        path = Path(self.translate_path(self.path))
        if name == "/.built":
            return self._made(str(Handler.builds), "text/plain")
        if name == "/.reload.js":
            return self._made(RELOAD, "text/javascript")
        if path.is_dir() and name.endswith("/"):
            path /= "index.html"
        if path.suffix != ".html" or not path.is_file():
            return super().send_head()
        page = path.read_text(encoding="utf-8")
        script = '<script src="/.reload.js" defer></script></head>'
        return self._made(page.replace("</head>", script, 1), "text/html; charset=utf-8")

    def _made(self, text: str, kind: str) -> io.BytesIO:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        return io.BytesIO(body)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=8000)
    chosen = parser.parse_args(arguments)
    SITE.mkdir(parents=True, exist_ok=True)
    handler = functools.partial(Handler, directory=str(SITE))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", chosen.port), handler)
    except OSError as error:
        print(f"error: port {chosen.port}: {error.strerror}; take another: --port", file=sys.stderr)
        return 2
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://localhost:{server.server_port}/  (Ctrl-C ends)", flush=True)
    before: dict[Path, int] = {}
    try:
        while True:
            now = saved()
            if now != before:
                before = now
                build()
                before |= {path: at for path, at in saved().items() if path.suffix == ".ipynb"}
                Handler.builds += 1
            time.sleep(LOOK_S)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
