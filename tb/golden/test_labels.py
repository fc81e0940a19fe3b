"""The golden model makes of test images what it made when that was recorded."""

import dataclasses

import pytest

from tb.golden.labels import FILE, LABELS, changed, images_for, labels, networks
from trispike.models.errors import BadInput

KEPT = {entry.network: entry for entry in LABELS.read(FILE)}
QUICK = ("fc256-digits", "diet256_256-mnist", "first32_16-mnist", "ws12_64-mnist")
"""Of every kind one: of another encoder, neuron, layer or read-out."""


def _cases():
    for name in networks():
        yield pytest.param(name, marks=[pytest.mark.thorough] * (name not in QUICK), id=name)


@pytest.mark.parametrize("name", _cases())
def test_nothing_changed(name):
    """A change of the model, of an encoder or of weights is named by network and image."""
    try:
        images = images_for(name)
    except BadInput as error:
        pytest.skip(str(error))
    told = "\n".join(changed(KEPT[name], labels(name, images)))
    assert not told, f"{told}\nrecord them anew, if it is meant, by python -m tb.golden.labels"


def test_every_network_is_recorded():
    assert sorted(KEPT) == sorted(networks())


def test_a_change_is_named():
    """By network and image, and whether the label is another, too."""
    kept = KEPT["fc256-digits"]
    one, *others = kept.labels
    wrong = dataclasses.replace(kept, labels=(one + 1, *others))
    assert list(changed(kept, wrong)) == [
        f"fc256-digits, test image 0: label {one + 1}, recorded {one}"
    ]
    wrong = dataclasses.replace(kept, digests=(*kept.digests[:-1], "none"))
    (line,) = changed(kept, wrong)
    assert line.startswith("fc256-digits, test image 3: other potentials or spikes")
