"""A real browser for the pages; its screenshots go to PRICEHOUSE_SCREENSHOTS."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="the playwright package is missing")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is missing")
Page = playwright.Page

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium here; apt-get install chromium"
)
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
SLOW_MS = 240_000
WIDE, PHONE = (1400, 900), (390, 844)


@dataclass
class Window:
    """A page with its console errors, its dialogs and its requests."""

    page: Page
    folder: Path
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def screenshot(self, name: str, *, whole: bool = False) -> None:
        """Take a screenshot."""
        self.page.wait_for_load_state("networkidle")
        path = self.folder / f"market-{name}.png"
        self.page.screenshot(path=path, animations="disabled", full_page=whole)

    def follow(self, target: Any) -> None:
        """Click what leads to another page, and wait until that page is loaded.

        A click alone returns when the answer begins, and lists of elements don't wait for more.
        """
        with self.page.expect_navigation():
            target.click()

    def accessibility_faults(self) -> list[str]:
        """Return what axe-core finds serious or critical, with the elements."""
        found = axe.Axe().run(self.page).response["violations"]
        return [
            f"{fault['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
            for fault in found
            if fault["impact"] in ("serious", "critical")
            for node in fault["nodes"]
        ]

    def count(self) -> int:
        """Return the number of offers in the page's heading."""
        heading: str = self.page.locator("#found").inner_text()
        return int(heading.split(" ")[0].replace(",", ""))


Opens = Callable[..., AbstractContextManager[Window]]
"""What the fixture `opens` is: a function from a site and options of a session to its window."""


@contextmanager
def open_browser() -> Iterator[Any]:
    """Start Debian's Chromium."""
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@contextmanager
def open_window(
    browser: Any, folder: Path, url: str, *, size: tuple[int, int] = WIDE, **options: Any
) -> Iterator[Window]:
    """Open a window with a new session: no cookies, no history."""
    setting = os.environ.get("PRICEHOUSE_SCREENSHOTS")
    folder = Path(setting) if setting else folder
    folder.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(
        base_url=url, viewport={"width": size[0], "height": size[1]}, timezone_id="UTC", **options
    )
    page = context.new_page()
    page.set_default_timeout(SLOW_MS)
    window = Window(page, folder)
    page.on("console", lambda m: window.errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: window.errors.append(str(error)))
    page.on("request", lambda request: window.requests.append(request.url))
    page.on("dialog", lambda d: (window.errors.append(f"dialog {d.message}"), d.dismiss()))
    yield window
    context.close()
