"""The picture of the README: a figure of the built site. Run by ``make picture``."""

from pathlib import Path

from playwright.sync_api import sync_playwright
from screenshots import chromium

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "_build" / "html" / "notebooks" / "reversal.html"
FIGURE = "#fig-frontier"
HEADROOM_PX = 130


def main() -> None:
    """Write docs/chapter.png."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(PAGE.as_uri())
        page.locator(FIGURE).scroll_into_view_if_needed()
        page.wait_for_selector(f"{FIGURE} .chart-live svg")  # drawn when it comes near the screen
        page.evaluate(f"document.querySelector('{FIGURE}').scrollIntoView()")
        page.evaluate(f"window.scrollBy(0, -{HEADROOM_PX})")
        page.wait_for_timeout(500)
        page.screenshot(path=ROOT / "docs" / "chapter.png")
        browser.close()


if __name__ == "__main__":
    main()
