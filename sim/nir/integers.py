"""A layer in real numbers as one of integers, and how far the two are from each other."""

import dataclasses
import math
from fractions import Fraction

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.decay import fraction, nearest_shifts
from trispike.models.network.neuron import INTEGRATE_AND_FIRE, Neuron, Reset
from trispike.models.network.numbers import (
    CONSTANT_MAX,
    PIXEL_MAX,
    POTENTIAL_BITS,
    POTENTIAL_MAX,
)
from trispike.models.network.parameters import LayerParameters
from trispike.sim.nir.stages import Stage
from trispike.sim.nir.ternary import Ternary, ternary

FLOAT32 = 1e-6
"""Relative difference that a file of float32 makes to a decay."""

_ROUNDING = 1e-12
"""Relative difference that float64's own rounding makes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """What became of one property of a layer.

    - ``what``: weights, thresholds, biases, leak or synapse.
    - ``exact``: whether the integers say the same as the file.
    - ``error``: largest difference, relative to the threshold, or of weights as
      `sim.nir.ternary.Ternary` has it; 0 if exact.
    - ``text``: the same in words.
    """

    what: str
    exact: bool
    error: float
    text: str


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Converted:
    """An integer layer, the ternary weights it has, and what became of its properties."""

    layer: LayerParameters
    weights: Ternary
    findings: tuple[Finding, ...]


def converted(stage: Stage, pixel: Fraction | None, shifts: int) -> Converted:
    """``stage`` in integers.

    ``pixel``: the real value of a pixel of 1, for a layer that takes pixels; None for one that
    takes spikes. ``shifts``: most shifts of a leak or a synapse. `BadInput` if its potentials do
    not fit 18 bits.
    """
    scale = Fraction(1) if pixel is None else pixel
    neurons = stage.neurons
    if neurons.threshold is None:
        return _silent(stage, scale, pixel is not None, shifts)
    weights = ternary(stage.weights, together=False)
    findings = [_of_weights(weights)]
    if neurons.kept is None:
        layer, more = _from_zero(stage, weights, scale, pixel is not None)
    else:
        layer, more = _carrying(stage, weights, scale, pixel is not None, shifts)
    return Converted(layer=layer, weights=weights, findings=(*findings, *more))


def _of_weights(weights: Ternary) -> Finding:
    if not weights.error:
        return Finding(what="weights", exact=True, error=0.0, text="ternary up to a scale")
    text = f"quantised (TWN): {weights.error:.1%} off, {weights.zeros:.0%} zero"
    return Finding(what="weights", exact=False, error=weights.error, text=text)


def _from_zero(stage: Stage, weights: Ternary, scale: Fraction, pixels: bool):
    """Neurons that start each timestep from zero: a threshold has all of them, exactly."""
    neurons, most = stage.neurons, len(stage.weights) * (PIXEL_MAX if pixels else 1)
    thresholds = []
    values = zip(
        neurons.threshold, neurons.drive, neurons.gain, stage.bias, weights.alpha, strict=True
    )
    for threshold, drive, gain, bias, alpha in (map(Fraction, each) for each in values):
        sums = (threshold - drive - gain * bias) / (gain * alpha * scale)
        least = math.ceil(sums) - 1 if neurons.reaches else math.floor(sums)
        thresholds.append(max(-most - 1, min(most, least)))
    layer = LayerParameters(
        weights=weights.codes,
        a=None if pixels else 1,
        b=0,
        bias=np.zeros(len(thresholds), np.int8),
        threshold=np.array(thresholds, np.int32),
        maps=stage.maps,
    )
    text = "with biases, as integers"
    return layer, [Finding(what="thresholds", exact=True, error=0.0, text=text)]


def _carrying(stage: Stage, weights: Ternary, scale: Fraction, pixels: bool, shifts: int):
    """Neurons that carry a potential, in the unit of each one's weights."""
    neurons, name = stage.neurons, ", ".join(stage.nodes)
    per_weight = neurons.gain * weights.alpha * float(scale)
    bias = neurons.gain * stage.bias
    findings = []
    synapse, kept_current = (), 1.0
    if neurons.kept_current is not None:
        synapse, finding = _decay("synapse", neurons.kept_current, shifts)
        findings.append(finding)
        kept_current = 1 - fraction(synapse)
        if bias.any():
            text = "reach the potential at once, in the file through the synapse"
            error = float(np.abs(bias / neurons.threshold).max())
            findings.append(Finding(what="biases", exact=False, error=error, text=text))
        bias = bias / (1 - kept_current)
    leak, finding = _decay("leak", neurons.kept, shifts)
    if leak or not finding.exact:
        findings.insert(0, finding)
    thresholds, biases = neurons.threshold / per_weight, (bias + neurons.drive) / per_weight
    fine = bool(leak or synapse)
    a, exact = _constant(name, thresholds, biases, len(stage.weights), pixels, fine=fine)
    limits = _least(thresholds * a, neurons.reaches)
    steps, added = np.rint(thresholds * a), np.rint(biases * a)
    if exact:
        findings.append(Finding(what="thresholds", exact=True, error=0.0, text=f"a = {a}"))
    else:
        off = np.abs(steps - thresholds * a) / np.abs(thresholds * a)
        error = float(max(off.max(), (np.abs(added - biases * a) / np.abs(thresholds * a)).max()))
        text = f"with biases, rounded: {error:.2%} of the threshold at most (a = {a})"
        findings.append(Finding(what="thresholds", exact=False, error=error, text=text))
    neuron = Neuron(
        carries=True, leak=leak, reset=neurons.reset, order=neurons.order, synapse=synapse
    )
    subtracts = neurons.reset is Reset.SUBTRACT
    layer = LayerParameters(
        weights=weights.codes,
        a=None if pixels else a,
        b=None,
        bias=_integers(added),
        threshold=_one_or_each(limits),
        step=_one_or_each(steps) if subtracts and (steps != limits).any() else None,
        neuron=neuron,
        maps=stage.maps,
    )
    return layer, findings


def _least(values: np.ndarray, reaches: bool) -> np.ndarray:
    """The integers that a potential must be above, where ``values`` is what it is compared with."""
    whole = np.rint(values)
    near = np.abs(values - whole) <= _ROUNDING * np.abs(values)
    values = np.where(near, whole, values)
    return np.ceil(values) - 1 if reaches else np.floor(values)


def _integers(values: np.ndarray) -> np.ndarray:
    """Whole ``values`` as int32; what no layer has room for stays that."""
    far = float(1 << 30)
    return np.clip(values, -far, far).astype(np.int32)


def _one_or_each(values: np.ndarray) -> int | np.ndarray:
    values = _integers(values)
    return int(values[0]) if (values == values[0]).all() else values


def _constant(
    name: str,
    thresholds: np.ndarray,
    biases: np.ndarray,
    inputs: int,
    pixels: bool,
    *,
    fine: bool,
) -> tuple[int, bool]:
    """The scale constant a, and whether thresholds and biases are integers by it.

    The smallest that makes them integers, or, for a ``fine`` leak, the largest; else the largest
    whose potentials fit. `BadInput` if none does. Of pixels, which take its place, it is 1.
    """
    values = np.concatenate([thresholds, biases])
    largest = float(np.abs(thresholds).max()) * 2
    added = (PIXEL_MAX if pixels else 1) * inputs + float(np.abs(biases).max())
    if not pixels and max(largest, added) > POTENTIAL_MAX:
        raise BadInput(
            f"{name} must have potentials of at most {POTENTIAL_BITS} bits, and "
            f"{max(largest, added):,.0f} times a weight needs "
            f"{math.ceil(math.log2(max(largest, added))) + 1}"
        )
    most = min(CONSTANT_MAX, int(POTENTIAL_MAX / max(largest, added)))
    choices = [1] if pixels else range(1, most + 1)
    for a in reversed(choices) if fine else choices:
        if (np.abs(values * a - np.rint(values * a)) <= _ROUNDING * np.abs(values * a)).all():
            return a, True
    return choices[-1], False


def _decay(what: str, kept: np.ndarray, shifts: int) -> tuple[tuple[int, ...], Finding]:
    """Shifts for a decay, of which a layer has one, and what they are off."""
    taken = 1 - kept
    chosen = nearest_shifts(float(taken.mean()), shifts)
    error = float(np.abs(taken - fraction(chosen)).max())
    words = " + ".join(f"2^-{k}" for k in chosen) or "none"
    if error <= FLOAT32:
        text = f"{fraction(chosen):g} a timestep ({words}), rounded down to integers"
        return chosen, Finding(what=what, exact=not chosen, error=0.0, text=text)
    least, most = float(taken.min()), float(taken.max())
    spread = f", from {least:.4g} to {most:.4g}" if most - least > FLOAT32 else ""
    text = f"{taken.mean():.4g} a timestep{spread} becomes {fraction(chosen):.4g} ({words})"
    return chosen, Finding(what=what, exact=False, error=error, text=text)


def _silent(stage: Stage, scale: Fraction, pixels: bool, shifts: int) -> Converted:
    """Neurons that never fire, whose potentials are compared: all have one unit."""
    neurons = stage.neurons
    weights = ternary(stage.weights * neurons.gain, together=True)
    bias = neurons.gain * stage.bias + neurons.drive
    findings, neuron = [_of_weights(weights)], INTEGRATE_AND_FIRE
    if neurons.kept is not None:
        synapse = ()
        if neurons.kept_current is not None:
            synapse, finding = _decay("synapse", neurons.kept_current, shifts)
            findings.append(finding)
        leak, finding = _decay("leak", neurons.kept, shifts)
        findings.append(finding)
        neuron = Neuron(carries=True, leak=leak, synapse=synapse)
    unit = weights.alpha[0] * float(scale)
    a, exact = _constant(
        ", ".join(stage.nodes),
        np.zeros(1),
        bias / unit,
        len(stage.weights),
        pixels,
        fine=neuron.has_state,
    )
    added = np.rint(bias / unit * a)
    if exact:
        findings.append(Finding(what="biases", exact=True, error=0.0, text=f"a = {a}"))
    else:
        error = float(np.abs(added - bias / unit * a).max() / a)
        text = f"rounded: {error:.3g} of a weight at most (a = {a})"
        findings.append(Finding(what="biases", exact=False, error=error, text=text))
    layer = LayerParameters(
        weights=weights.codes,
        a=None if pixels else a,
        b=None,
        bias=_integers(added),
        threshold=None,
        neuron=neuron,
        maps=stage.maps,
    )
    return Converted(layer=layer, weights=weights, findings=tuple(findings))
