"""Opens pages in a headless Chromium, as a reader would."""

import contextlib
import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from trispike.sim.terminal.extras import install

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


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
