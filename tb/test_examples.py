"""Every script in examples/ runs, and prints what its first line promises; so do those in docs/."""

import functools
import importlib
import re
import runpy

import pytest

from tb.kit.command import ROOT
from trispike.rtl.hierarchy import leave_out
from trispike.sim.cosim import cosimulation


def _thorough(*case: str):
    return pytest.param(*case, marks=pytest.mark.thorough)


EXAMPLES = {
    "one_neuron": r"\n +3  \|\|\. +34  fires\n(.|\n)*\n +9  \.\.\| +-16\n",
    "small_convolution": r"(  \.{3}##\.{3}\n){6}(.|\n)*RTL says \[0 1\], 0 mismatches",
    "own_spikes": r"(\n +0\.\d+ +[\d.]+ +[\d.]+ +[\d.]+ +0){3}\n",
    "committed_network": r"accuracy 95%, 0 mismatches with the model\n",
}
"""What each prints."""


QUICK = functools.partial(cosimulation.chip_model, optimise=False)


@pytest.mark.parametrize(
    ("name", "printed"),
    [case if case[0] == "one_neuron" else _thorough(*case) for case in EXAMPLES.items()],
)
def test_example(name, printed, monkeypatch, capsys):
    monkeypatch.setattr(cosimulation, "chip_model", QUICK)
    runpy.run_path(str(ROOT / "examples" / f"{name}.py"), run_name="__main__")
    assert re.search(printed, capsys.readouterr().out)


def _script(page: str) -> str:
    """The script that a page of docs/ has."""
    return re.search(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(), re.S)[1]


@pytest.mark.thorough
def test_script_of_python_page(monkeypatch, capsys):
    """What it prints: labels, cycles, mismatches, nanojoules, predictions a second."""
    monkeypatch.setattr(cosimulation, "chip_model", QUICK)
    exec(_script("python.md"), {})
    assert re.search(r"\]\s+\[[\s\d]+\] 0 \d+\.\d+ \d+\.\d+\n$", capsys.readouterr().out)


def test_script_of_waves_page():
    """A scenario, with the names that the file of the encoder has."""
    names = dict(vars(importlib.import_module("trispike.sim.waves.scenarios.encoder")))
    exec(_script("waves.md"), names)
    [scenario] = names["SCENARIOS"]
    assert scenario.name == "encoder_mine"
    assert set(scenario.signals) > {"i.valid", "o.payload"}
    block = scenario.block()
    leave_out(block)
    assert block.inputs == 8


def test_every_example_is_run_and_described():
    names = {path.stem for path in (ROOT / "examples").glob("*.py")}
    text = (ROOT / "docs" / "python.md").read_text()
    assert names == set(EXAMPLES) == set(re.findall(r"\(\.\./examples/(\w+)\.py\)", text))
