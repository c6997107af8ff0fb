"""Pictures of the built site, each page wide, on a tablet and on a phone, light and dark.

    python tools/screenshots.py _build/screenshots [PAGE ...]

Uses an installed Chromium; pages are given as their address without `.html` (default: all).
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

SIZES = {"desktop": (1280, 900), "tablet": (768, 1024), "phone": (390, 844)}  # [px] width, height
MODES = ("light", "dark")
UNSHOWN = {"genindex", "search", "py-modindex", "404", "index"}
SETTLE_MS = 300  # fonts
# Charts are drawn when they come near the screen; without script, or where drawing fails, never.
DRAW = """async () => {
  const end = Date.now() + 10000;
  for (const chart of document.querySelectorAll(".chart")) {
    if (chart.closest("details:not([open])")) continue;
    chart.scrollIntoView();
    while (!chart.dataset.drawn && Date.now() < end) await new Promise((r) => setTimeout(r, 15));
  }
  scrollTo(0, 0);
}"""


def chromium() -> str | None:
    """Path of an installed Chromium, None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


def pages(site: Path) -> list[str]:
    """Addresses of all pages that readers meet, without `.html`."""
    found = (path.relative_to(site).with_suffix("") for path in sorted(site.rglob("*.html")))
    return [
        page.as_posix()
        for page in found
        if page.as_posix() not in UNSHOWN
        and page.parts[0] not in ("_modules", "_static", "_sources")
    ]


def picture(
    browser: Browser, site: Path, page: str, size: str, mode: str, *, whole: bool = True
) -> bytes:
    """One page as PNG, once its charts are drawn."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=mode, device_scale_factor=1
    )
    try:
        tab = context.new_page()
        tab.goto((site.resolve() / f"{page}.html").as_uri())
        tab.evaluate(DRAW)
        tab.wait_for_timeout(SETTLE_MS)
        return bytes(tab.screenshot(full_page=whole))
    finally:
        context.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pictures; 0 if all were taken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="*")
    parser.add_argument("--site", type=Path, default=Path("_build/html"))
    parser.add_argument("--first-screen", action="store_true", help="not the whole page")
    chosen = parser.parse_args(arguments)
    program = chromium()
    if program is None:
        print("error: no Chromium found; install the package chromium", file=sys.stderr)
        return 2
    wanted = chosen.pages or pages(chosen.site)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for page in wanted:
            for size in SIZES:
                for mode in MODES:
                    name = f"{page.replace('/', '-')}-{size}-{mode}.png"
                    shot = picture(
                        browser, chosen.site, page, size, mode, whole=not chosen.first_screen
                    )
                    (chosen.folder / name).write_bytes(shot)
            print(page, flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
