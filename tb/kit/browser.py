"""Opens pages in a headless Chromium, as a reader would.

``python -m tb.kit.browser PAGE.html PICTURE.png light|dark HEIGHT`` takes a picture of the top.
"""

import base64
import contextlib
import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trispike.sim.terminal.extras import install

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")


def missing() -> str | None:
    if importlib.util.find_spec("selenium") is None:
        return f"Selenium is not installed: {install('browser')}"
    if not (CHROMIUM and DRIVER):
        return "Chromium is not installed: sudo apt install chromium chromium-driver"
    return None


needs_browser = pytest.mark.skipif(missing() is not None, reason=missing() or "")


@contextlib.contextmanager
def browser(*, width: int = 1200, height: int = 900, dark: bool = False) -> Iterator:
    """A WebDriver with an empty page of that size, in pixels."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    alone = "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    for each in ("headless=new", "no-sandbox", "disable-gpu", "hide-scrollbars", alone):
        options.add_argument(f"--{each}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        yield driver
    finally:
        driver.quit()


@contextlib.contextmanager
def opened(page: Path, *, width: int = 1200, dark: bool = False) -> Iterator:
    """A WebDriver that shows ``page`` in a window of a ``width``, once its plots are drawn."""
    from selenium.webdriver.support.wait import WebDriverWait

    with browser(width=width, dark=dark) as driver:
        driver.get(page.resolve().as_uri())
        drawn = "return document.documentElement.dataset.drawn"
        WebDriverWait(driver, 60).until(lambda _: driver.execute_script(drawn))
        yield driver


def photograph(page: Path, picture: Path, *, dark: bool, height: int) -> None:
    """Write the uppermost ``height`` pixels of ``page`` as PNG, made smaller."""
    with opened(page, dark=dark) as driver:
        clip = {"x": 0, "y": 0, "width": 1200, "height": height, "scale": 0.7}
        options = {"format": "png", "captureBeyondViewport": True, "clip": clip}
        shot = driver.execute_cdp_cmd("Page.captureScreenshot", options)
        picture.write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    page, picture, colours, height = sys.argv[1:]
    photograph(Path(page), Path(picture), dark=colours == "dark", height=int(height))
