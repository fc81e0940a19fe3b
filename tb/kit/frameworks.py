"""Which rules the neurons of other frameworks have, measured beside ours.

``python -m tb.kit.frameworks`` prints the table of docs/results.md for the frameworks that are
installed; with ``RECORD=1`` it writes that section and docs/frameworks.json, in which the rows of
the others stay as they are.
"""

import dataclasses
import enum
import importlib.metadata
import importlib.util
import itertools
import math
import random
import sys
from collections.abc import Iterable, Sequence

import numpy as np

from tb.kit.command import ROOT
from tb.kit.framework_neurons import FRAMEWORKS, NEURONS, FrameworkNeuron, Step
from trispike.golden.layers.neuron import behaviour
from trispike.models.network.neuron import Neuron, Order, Reset
from trispike.models.network.parameters import LayerParameters
from trispike.sim.report.markdown import markdown_table
from trispike.sim.report.place import Place
from trispike.sim.report.records import Records
from trispike.sim.terminal.extras import install

_TIMESTEPS = 50
_STRONG = {30: 3.0, 40: 2.5}
"""Inputs that take a potential beyond twice the threshold, late: rules are told apart before."""

_THRESHOLD = 1 << 14  # of our neuron; all that rounding adds up to is less than a thousandth of it


class Comparison(enum.Enum):
    """What a potential must be for a spike."""

    EXCEEDS = ">"
    REACHES = ">="


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule that our neuron can have.

    ``comparison`` REACHES is a threshold one lower than ``step``, and no ``reset`` is a step of 0.
    """

    comparison: Comparison
    reset: Reset | None
    order: Order | None

    def __str__(self):
        return ", ".join(part.value for part in (self.reset, self.order) if part) or "none"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measured:
    """What a neuron of a framework does.

    - ``framework``, ``version``, ``neuron``: which, as `tb.kit.framework_neurons` has it.
    - ``decay``: how its decays are made of what it is told; "none" without a leak.
    - ``gain``: what 1 adds to the potential of its own timestep.
    - ``before``: the potential that it shows is that before a reset; None: it has no reset.
    - ``rule``: ours that spikes as it does for longest.
    - ``parts``: first timestep, from 0, in which it does not; None: in none of them.
    """

    framework: str
    version: str
    neuron: str
    decay: str
    gain: float
    before: bool | None
    rule: Rule
    parts: int | None


_ORDER = {(each.framework, each.name): k for k, each in enumerate(NEURONS)}


def _place(entry: Measured) -> tuple[int]:
    if (key := (entry.framework, entry.neuron)) not in _ORDER:
        raise ValueError(f"there is no {entry.neuron} of {entry.framework}")
    return (_ORDER[key],)


RULES = Records(
    format="trispike-frameworks-1", entry=Measured, what="frameworks' neurons", key=_place
)


def inputs() -> list[float]:
    """What comes in, in thresholds: exactly one, then sixteenths, drawn with a seed of their own.

    The rules differ within the first 30 timesteps with it.
    """
    rng = random.Random(2)
    drawn = [rng.choice([-4, 0, 0, 0, 4, 6, 9, 12]) / 16 for _ in range(_TIMESTEPS - 1)]
    return [_STRONG.get(t, value) for t, value in enumerate([1.0, *drawn])]


def run(step: Step, sums: Iterable[float]) -> tuple[list[float], list[float]]:
    """Spikes and potentials of a neuron with the inputs ``sums``, a timestep each."""
    spikes, potentials = zip(*map(step, sums), strict=True)
    return list(spikes), list(potentials)


def ours(rule: Rule, kept: float, current: float) -> list[bool]:
    """Spikes of our neuron with `inputs`.

    A timestep leaves ``kept`` of its potential, 1 or 1 - 2**-k, and ``current`` of its synaptic
    current, 0 or 1 - 2**-k; 0 is to have none.
    """
    steps = {Reset.SUBTRACT: _THRESHOLD, Reset.ZERO: None, None: 0}
    layer = LayerParameters(
        weights=np.ones((1, 1), np.int8),
        bias=np.zeros(1, np.int8),
        a=1,
        b=0,
        threshold=_THRESHOLD - (rule.comparison is Comparison.REACHES),
        step=steps[rule.reset],
        neuron=Neuron(
            carries=True,
            leak=_shifts(kept),
            reset=rule.reset or Reset.SUBTRACT,
            order=rule.order or Order.LEAK_FIRST,
            synapse=_shifts(current),
        ),
    )
    sums = np.array([round(value * _THRESHOLD) for value in inputs()])
    return behaviour(layer, sums[:, None]).spikes[:, 0].tolist()


def _shifts(kept: float) -> tuple[int, ...]:
    return (round(-math.log2(1 - kept)),) if 0 < kept < 1 else ()


def rules(kept: float) -> list[Rule]:
    """Those that differ for a neuron that keeps ``kept`` of its potential."""
    orders = list(Order) if kept < 1 else [None]
    resets = [*((Reset.SUBTRACT, order) for order in orders), (Reset.ZERO, None), (None, None)]
    return [
        Rule(comparison=comparison, reset=reset, order=order)
        for comparison, (reset, order) in itertools.product(Comparison, resets)
    ]


def measure(neuron: FrameworkNeuron) -> Measured:
    """What ``neuron`` does."""
    _, (first, second, third) = run(neuron.make(), [1 / 8, 0.0, 0.0])
    kept, current = _decays(second / first, third / first)
    gain = round(8 * first, 4)
    spikes, potentials = run(neuron.make(), [value / gain for value in inputs()])
    alike = {rule: _alike(spikes, ours(rule, kept, current)) for rule in rules(kept)}
    longest = max(alike.values())
    (rule,) = (rule for rule, timesteps in alike.items() if timesteps == longest)
    return Measured(
        framework=neuron.framework,
        version=importlib.metadata.version(neuron.framework),
        neuron=neuron.name,
        decay=_decay(neuron.decays, (kept, current)),
        gain=gain,
        before=potentials[spikes.index(1)] > 0.99 if rule.reset else None,
        rule=rule,
        parts=longest if longest < _TIMESTEPS else None,
    )


def _decays(second: float, third: float) -> tuple[float, float]:
    """What a timestep leaves of a potential and of a current.

    The potentials that one input leads to are 1, ``second`` and ``third``: each is what is left of
    the last one, and of the current, 1 at first.
    """
    difference = math.sqrt(max(0.0, 4 * third - 3 * second**2))
    return round((second + difference) / 2, 4), round((second - difference) / 2, 4)


_DECAYS = {
    "as told": lambda told: told,
    "1 - 1/tau": lambda told: 1 - 1 / told,
    "exp(-1/tau)": lambda told: math.exp(-1 / told),
}
"""Ways to make a decay of what a neuron is told."""


def _decay(told: tuple[float, ...], left: tuple[float, float]) -> str:
    """The way that makes what is ``left`` of what is ``told``; "none" if nothing is told."""
    if not told:
        return "none"
    (name,) = (
        name
        for name, way in _DECAYS.items()
        if np.allclose([way(value) for value in told], left[: len(told)], atol=1e-3)
    )
    return name


def _alike(spikes: Sequence[float], others: Sequence[bool]) -> int:
    """For how many timesteps ``spikes`` are ``others``."""
    pairs = enumerate(zip(spikes, others, strict=True))
    return next((t for t, (one, other) in pairs if one != other), _TIMESTEPS)


_HEAD = ("neuron", "spikes if", "reset", "parts from ours", "decay", "gain", "potential shown")
_SHOWN = {True: "before reset", False: "after reset", None: ""}


def markdown(entries: Sequence[Measured]) -> str:
    """The section of docs/results.md."""
    tables = []
    for framework, group in itertools.groupby(entries, lambda entry: entry.framework):
        some = list(group)
        rows = [
            (
                f"`{entry.neuron}`",
                f"u {entry.rule.comparison.value} threshold",
                str(entry.rule),
                "never" if entry.parts is None else f"in timestep {entry.parts}",
                entry.decay,
                f"{entry.gain:g}",
                _SHOWN[entry.before],
            )
            for entry in some
        ]
        tables.append(f"{framework} {some[0].version}:\n\n{markdown_table(_HEAD, rows)}")
    return "\n\n".join(tables)


def main(record: bool = False) -> None:
    """Measure the frameworks that are installed, and say which are not."""
    place = Place(ROOT / "docs", RULES, "frameworks.json", "frameworks", record=record)
    entries = list(place.kept)
    for framework in FRAMEWORKS:
        if importlib.util.find_spec(framework) is None:
            print(f"{framework} is not installed: {install('frameworks')}", file=sys.stderr)
            continue
        for neuron in NEURONS:
            if neuron.framework == framework:
                entries = RULES.renewed(entries, measure(neuron))
    text = markdown(entries)
    print(text)
    place.store(entries, text)


if __name__ == "__main__":
    main("RECORD=1" in sys.argv)
