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


def _missing() -> str | None:
    if importlib.util.find_spec("selenium") is None:
        return f"Selenium is not installed: {install('browser')}"
    if not (CHROMIUM and DRIVER):
        return "Chromium is not installed: sudo apt install chromium chromium-driver"
    return None


needs_browser = pytest.mark.skipif(_missing() is not None, reason=_missing() or "")


@contextlib.contextmanager
def opened(page: Path, *, width: int = 1200, dark: bool = False) -> Iterator:
    """A WebDriver that shows ``page`` in a window of a ``width``, once its plots are drawn."""
    from selenium import webdriver
    from selenium.webdriver.support.wait import WebDriverWait

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for each in ("headless=new", "no-sandbox", "disable-gpu", "hide-scrollbars"):
        options.add_argument(f"--{each}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        driver.get(page.resolve().as_uri())
        drawn = "return document.documentElement.dataset.drawn"
        WebDriverWait(driver, 60).until(lambda _: driver.execute_script(drawn))
        yield driver
    finally:
        driver.quit()


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
