"""The picture of the README: an explorable in its chapter. Run by ``make picture``."""

from pathlib import Path

from playwright.sync_api import sync_playwright
from screenshots import chromium

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "_build" / "html" / "notebooks" / "reversal.html"
FIGURE = "#server"
MOVED = "formats=4&acceptance=90%25"  # the band touches the product


def main() -> None:
    """Write docs/chapter.png."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 940})
        page.goto(f"{PAGE.as_uri()}{FIGURE}?{MOVED}")
        page.wait_for_selector(f"{FIGURE} .chart-live svg")
        page.wait_for_timeout(1000)  # the page comes to rest there
        page.screenshot(path=ROOT / "docs" / "chapter.png")
        browser.close()


if __name__ == "__main__":
    main()
