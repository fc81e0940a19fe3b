"""Every script in examples/ runs, and prints what its first line promises."""

import functools
import re
import runpy

import pytest

from tb.kit.command import ROOT
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


@pytest.mark.parametrize(
    ("name", "printed"),
    [case if case[0] == "one_neuron" else _thorough(*case) for case in EXAMPLES.items()],
)
def test_example(name, printed, monkeypatch, capsys):
    quick = functools.partial(cosimulation.chip_model, optimise=False)
    monkeypatch.setattr(cosimulation, "chip_model", quick)
    runpy.run_path(str(ROOT / "examples" / f"{name}.py"), run_name="__main__")
    assert re.search(printed, capsys.readouterr().out)


def test_every_example_is_run_and_described():
    names = {path.stem for path in (ROOT / "examples").glob("*.py")}
    text = (ROOT / "docs" / "python.md").read_text()
    assert names == set(EXAMPLES) == set(re.findall(r"\(\.\./examples/(\w+)\.py\)", text))
