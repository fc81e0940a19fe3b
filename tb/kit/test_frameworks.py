"""The rules of other frameworks' neurons: how they are told, and that the record still holds."""

import importlib.util
import json

import pytest

from tb.kit import frameworks
from tb.kit.command import ROOT
from tb.kit.extras import needs_framework
from tb.kit.framework_neurons import FRAMEWORKS, NEURONS, FrameworkNeuron
from tb.kit.frameworks import RULES, Comparison, measure, rules
from trispike.models.errors import BadInput
from trispike.models.network.neuron import Order, Reset

KEPT = RULES.read(ROOT / "docs" / "frameworks.json")


def _plain(rule, left, current):
    """A neuron of ``rule``, in real numbers, that keeps ``left`` and ``current`` of what it has."""
    carried = flow = 0.0

    def step(total):
        nonlocal carried, flow
        flow = current * flow + total
        u = carried + flow
        spike = u > 1 or (u == 1 and rule.comparison is Comparison.REACHES)
        after = (
            u if rule.reset is None else (u - spike) * (rule.reset is Reset.SUBTRACT or not spike)
        )
        carried = left * u - spike if rule.order is Order.LEAK_FIRST else left * after
        return float(spike), after

    return step


@pytest.mark.parametrize(("left", "current"), [(1.0, 0.0), (0.75, 0.0), (0.75, 0.5), (0.875, 0.5)])
def test_each_rule_is_told(left, current):
    """It is found, never parts, and rounding does not blur it."""
    for rule in rules(left):
        told = (left, current) if current else (left,) * (left < 1)
        neuron = FrameworkNeuron(
            framework="numpy",
            name="plain",
            decays=told,
            make=lambda rule=rule: _plain(rule, left, current),
        )
        found = measure(neuron)
        assert (found.rule, found.parts) == (rule, None)
        assert found.decay == ("as told" if told else "none")
        assert (found.gain, found.before) == (1, None if rule.reset is None else False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "neuron",
    [
        pytest.param(
            each, marks=needs_framework[each.framework], id=f"{each.framework}-{each.name}"
        )
        for each in NEURONS
    ],
)
def test_record_holds(neuron):
    """What is measured is what docs/frameworks.json has."""
    (kept,) = (each for each in KEPT if each.neuron == neuron.name)
    assert measure(neuron) == kept


def test_record_is_whole():
    """It has every neuron of the list, in its order."""
    assert [(each.framework, each.neuron) for each in KEPT] == [
        (each.framework, each.name) for each in NEURONS
    ]


def test_a_neuron_that_is_not_there(tmp_path):
    """A record of one is refused."""
    path = tmp_path / "frameworks.json"
    RULES.write(path, KEPT[:1])
    whole = json.loads(path.read_text())
    whole["entries"][0]["neuron"] = "Lazy()"
    path.write_text(json.dumps(whole))
    with pytest.raises(BadInput, match=r"there is no Lazy\(\) of snntorch"):
        RULES.read(path)


def test_without_frameworks(monkeypatch, capsys):
    """Each is named with the remedy; the table is that of the record."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    frameworks.main()
    out, error = capsys.readouterr()
    assert out == f"{frameworks.markdown(KEPT)}\n"
    lines = error.splitlines()
    assert len(lines) == len(FRAMEWORKS)
    for framework, line in zip(FRAMEWORKS, lines, strict=True):
        assert line.startswith(f"{framework} is not installed: ")
        assert line.endswith("pip install 'trispike[frameworks]'")
