"""Pages in a real browser: drawn without an error, choices that change them, phones, contrast."""

import functools
import re
import subprocess
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from tb.kit.browser import needs_browser, opened
from tb.kit.command import trispike_here
from tb.kit.extras import needs_report
from tb.kit.networks import NO_MNIST, random_convolutions, random_network_of
from tb.sim.page.pages import modelled, on_a_mesh
from trispike.models.data import datasets

pytestmark = [needs_report, needs_browser, pytest.mark.xdist_group("nodes")]


def _reported(*options: str, folder: Path) -> subprocess.CompletedProcess:
    """The page of `make report` with these ``options``."""
    return trispike_here("report", *options, f"OUTPUT={folder / 'page.html'}")


def _thorough(*options: str) -> ParameterSet:
    marks = [pytest.mark.thorough, pytest.mark.timeout(900)]
    if "DATA=mnist" in options:
        marks.append(pytest.mark.skipif(datasets.find_folder() is None, reason=NO_MNIST))
    return pytest.param(functools.partial(_reported, *options), marks=marks, id=" ".join(options))


_CONTRASTS = """
const parts = colour => {
  const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
  return [r, g, b, a];
};
const over = ([r, g, b, a], under) => [r, g, b].map((c, k) => c * a + under[k] * (1 - a));
const light = rgb => {
  const linear = c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const [r, g, b] = rgb.map(c => linear(c / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = element => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    layers.push(parts(getComputedStyle(at).backgroundColor));
  }
  return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
};
const marks = (text, under) => {  // what is drawn below a text in a plot
  const at = text.getBoundingClientRect(), x = at.x + at.width / 2, y = at.y + at.height / 2;
  for (const each of text.closest("svg").querySelectorAll(".mark-rect path")) {
    const box = each.getBoundingClientRect();
    if (x < box.left || x > box.right || y < box.top || y > box.bottom) continue;
    const style = getComputedStyle(each), [r, g, b] = parts(style.fill);
    under = over([r, g, b, style.fillOpacity * style.opacity], under);
  }
  return under;
};
const found = [];
for (const element of document.querySelectorAll("body *")) {
  const texts = [...element.childNodes].filter(node => node.nodeType === 3);
  const words = texts.map(node => node.data.trim()).join("");
  const style = getComputedStyle(element), drawn = element.closest("svg");
  if (!words || !element.getClientRects().length || style.opacity === "0") continue;
  if (element.closest("script, style, noscript")) continue;
  const under = drawn ? marks(element, behind(drawn.parentElement)) : behind(element);
  const ink = parts(drawn ? style.fill : style.color);
  ink[3] *= style.opacity;
  const two = [light(over(ink, under)), light(under)].sort((a, b) => b - a);
  found.push([(two[0] + 0.05) / (two[1] + 0.05), words]);
}
return found;
"""


def _maps(folder: Path) -> None:
    """The page of a network of convolutions, as the models run it."""
    from trispike.sim.page import document

    network = random_network_of(random_convolutions(3).with_lanes(1), 3)
    (folder / "page.html").write_text(document.html(modelled(network, folder)))


_PAGES = [
    functools.partial(_reported, "LAYER=fc256", "IMAGES=60", "T=3"),
    on_a_mesh,
    pytest.param(_maps, marks=pytest.mark.thorough),
    _thorough("LAYER=fc256_256", "DATA=mnist", "IMAGES=100"),
    _thorough("LAYER=fc1024_1024", "DATA=mnist", "MESH=3x3x1", "IMAGES=4", "T=2"),
    _thorough("LAYER=ct256_256", "IMAGES=4"),  # carries, leaks, and is fed spikes
]


@pytest.fixture(scope="module", params=_PAGES)
def page(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    done = request.param(folder=folder)
    assert done is None or done.returncode == 0, done.stderr
    return folder / "page.html"


def _drawn(driver, plot: str) -> str:
    """The plot's picture, as text."""
    return driver.execute_script(f"return document.querySelector('#{plot} svg').outerHTML")


def _choose(driver, what: str, value: str) -> None:
    """Set the element as a reader would, and let the plots follow."""
    driver.execute_async_script(
        "const [what, value, done] = arguments, element = document.getElementById(what);"
        "element.value = value; element.dispatchEvent(new Event('change'));"
        "setTimeout(done, 500);",
        what,
        value,
    )
    assert driver.execute_script(f"return document.getElementById('{what}').value") == value


def _options(driver, what: str) -> list[str]:
    script = f"return [...document.querySelectorAll('#{what} option')].map(o => o.value)"
    return driver.execute_script(script)


def test_all_is_drawn_without_an_error(page):
    """And nothing is asked of a network."""
    with opened(page) as driver:
        assert driver.get_log("browser") == []
        plots = driver.execute_script(
            "return [...document.querySelectorAll('.drawing')].map(p => [p.id, "
            "p.querySelectorAll('svg path, svg line, svg image, svg text').length, "
            "p.getBoundingClientRect().width])"
        )
        assert len(plots) >= 8
        for name, marks, width in plots:
            assert marks > 0, name
            assert width > 250, name
        asked = "return performance.getEntriesByType('resource').map(e => e.name)"
        assert [n for n in driver.execute_script(asked) if not n.startswith("data:")] == []


def test_choices_change_the_plots(page):
    """An image, a neuron and a layer, each the plots that show it and no other."""
    with opened(page) as driver:
        follows = {
            "image": {"raster", "potential", "scores", "picture", "timeline"},
            "neuron": {"raster", "potential"},
            "layer": {"raster", "potential"},
            "link": {"mesh", "arrivals"},
        }
        plots = driver.execute_script(
            "return [...document.querySelectorAll('.drawing')].map(p => p.id)"
        )
        wanted = {what: _options(driver, what)[-1:] for what in follows} | {"neuron": ["5"]}
        for what, [value] in ((what, values) for what, values in wanted.items() if values):
            before = {plot: _drawn(driver, plot) for plot in plots}
            _choose(driver, what, value)
            changed = {plot for plot in plots if _drawn(driver, plot) != before[plot]}
            assert changed == follows[what] & set(plots), what
        named = re.search(r"layer (\d), neuron (\d+) of 0 to (\d+)<", _drawn(driver, "potential"))
        assert named[1] == wanted["layer"][0]
        assert int(named[2]) == min(5, int(named[3]))
        assert driver.get_log("browser") == []


@pytest.mark.parametrize("dark", [False, True])
def test_phones_and_contrast(page, dark):
    """No scrolling to the side at 390 pixels; WCAG AA's contrast of every text."""
    with opened(page, width=390, dark=dark) as driver:
        scrolled = driver.execute_script("return document.documentElement.scrollWidth")
        assert scrolled <= 390
        found = driver.execute_script(_CONTRASTS)
        assert len(found) > 100
        assert [each for each in found if each[0] < 4.5] == []
        paper = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert paper == ("rgb(18, 22, 27)" if dark else "rgb(255, 255, 255)")


def test_prints(page):
    """In light colours, whatever the screen has, and no wider than the paper."""
    with opened(page, dark=True) as driver:
        pdf = driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
        assert len(pdf) > 50_000
        dark = {"name": "prefers-color-scheme", "value": "dark"}
        printed = {"media": "print", "features": [dark]}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", printed)
        metrics = {"width": 700, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        paper = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert paper == "rgb(255, 255, 255)"
        assert driver.execute_script("return document.documentElement.scrollWidth") <= 700
