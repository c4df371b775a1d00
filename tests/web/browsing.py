"""A real browser against the real application, for the tests marked `browser`."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from utility_crm.web.server import Serving

PASSWORD = "correct horse battery"
DESKTOP = {"width": 1280, "height": 720}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# What Playwright switches off, which a second such argument would bring back, and pages of Chromium's own
# that each window prepares behind its address bar: half of what a new window takes.
WITHOUT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding",
    "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints",
    "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch", "WebUIOmniboxPopup",
    "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup", "PreloadTopChromeWebUI", "InitialWebUI",
    "SpareRendererForSitePerProcess",
)  # fmt: skip
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-dev-shm-usage", f"--disable-features={','.join(WITHOUT)}",
]  # fmt: skip
SLOWER = float(os.environ.get("UTILITY_CRM_TEST_SLOWER", "1"))  # 20: a page as on a machine 20 times slower
VIOLATIONS = """() => axe.run({ resultTypes: ["violations"] }).then((found) =>
    found.violations.map((one) => [one.id, one.nodes.map((node) => node.html.slice(0, 200))]))"""
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
Chromium = Any
Page = Any
Look = tuple[str, int]
"""A theme and a width in pixels."""
LOOKS: tuple[Look, ...] = (("light", 1280), ("dark", 390))


def started_chromium() -> Iterator[Chromium]:
    """The system's Chromium; the test is skipped, with the reason, where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The application on a port of its own, in a thread; its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = Serving(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def complaining_page(
    chromium: Chromium, viewport: dict[str, int] | None = None, **options: object
) -> tuple[Page, list[str]]:
    """A new window, and what its console complains of (a blocked style, a failed script)."""
    page, complaints = chromium.new_context(viewport=viewport or DESKTOP, **options).new_page(), list[str]()
    page.set_default_timeout(float(os.environ.get("UTILITY_CRM_TEST_PATIENCE", "90")) * 1000)
    if SLOWER > 1:
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    wait = page.wait_for_selector

    def wait_for_all(selector: str, **given: Any) -> Any:
        """What is looked for may have come before the rest of its page, which the test reads next."""
        found = wait(selector, **given)
        page.wait_for_function("() => document.readyState !== 'loading'")
        return found

    page.wait_for_selector = wait_for_all
    page.on("console", lambda message: complaints.append(message.text) if serious(message) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


def serious(message: Any) -> bool:
    """An error in the console, but for a search that the next page cut short while somebody typed."""
    cut_short = ("htmx:afterRequest", "htmx:sendError", "htmx:sendAbort")
    return message.type == "error" and not message.text.startswith(cut_short)


def sign_in(page: Page, address: str, login: str) -> None:
    """By keyboard: the cursor waits in the first field."""
    page.goto(address, wait_until="commit")
    page.wait_for_selector("#login")  # the cursor comes a moment later: what is typed before waits for it
    page.keyboard.type(login)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    arrive(page, lambda now: "sign-in" not in now)


def arrive(page: Page, address: str | Callable[[str], bool], place: str = ".keys [data-help]") -> None:
    """Waits until the next page is there as far as `place`, by default its last line.

    Not until it has loaded: what is pressed earlier must be kept by the page itself.
    """
    page.wait_for_url(address, wait_until="commit")
    page.wait_for_selector(place, state="attached")


def at_address(page: Page, address: str | Callable[[str], bool]) -> None:
    """Waits until the address bar says so: after a swap that is a moment later than what the sheet shows."""
    page.wait_for_url(address, wait_until="commit")


def focused(page: Page, condition: str) -> None:
    """Waits until the element with the focus, `at`, fulfils `condition` (JavaScript)."""
    page.wait_for_function(f"() => {{ const at = document.activeElement; return {condition}; }}")


def axe_violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds wrong: rule, and the places. Not while a sheet that was fetched fades in: half of it has
    half the contrast."""
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe is not installed")
    page.wait_for_function("() => !document.getAnimations().some((one) => one.playState === 'running')")
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe.AXE_SCRIPT)
    return [(rule, places) for rule, places in page.evaluate(VIOLATIONS)]


def violations_in(page: Page, looks: Sequence[Look]) -> list[tuple[str, int, str, list[str]]]:
    """What axe finds wrong in a page in several looks, and whether it scrolls sideways (WCAG 1.4.10): it is
    fetched once and painted anew, as when somebody turns their phone or their evening begins. Leaves it in
    the first."""
    found = []
    for scheme, width in looks:
        _looks(page, scheme, width)
        found += [(scheme, width, *violation) for violation in axe_violations(page)]
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            found.append((scheme, width, "scrolls sideways", []))
    _looks(page, *looks[0])
    return found


def _looks(page: Page, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate(PAINTED)  # the page hears that it was resized when it is painted
