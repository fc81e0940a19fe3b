"""What a layer's PEs do, cut into timesteps and images."""

from tb.kit import timelines
from trispike.models.network.layers import Convolution, Dense
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import LEAKY
from trispike.models.network.volume import Volume
from trispike.rtl.neuron.operations import states
from trispike.sim.timeline.events import trace_events
from trispike.sim.timeline.images import Images
from trispike.sim.timeline.work import Work

BUSY, READY = 2, 1


def _slices(tmp_path, layer, changes, images=range(5, 7), timesteps=2):
    """Leaves that come of ``changes``: cycle, name of a state or "", and flags."""
    path = tmp_path / "timeline.json"
    with trace_events(path, "a layer") as events:
        events.track(0, "layer")
        work = Work(events, 0, layer, Images(images, timesteps))
        for cycle, state, flags in changes:
            code = states(layer)[state].value if state else 0
            work.change(cycle, code << 2 | flags)
    return [
        (each.start, each.stop, each.name, *(name.split()[-1] for name in each.within))
        for each in timelines.read(path).slices["layer"]
        if each.name.split()[0] not in ("image", "timestep")
    ]


def test_windows_without_a_spike(tmp_path):
    """They fire cycle by cycle, and the last of a timestep's four is followed by the next one's."""
    maps = Maps(volume=Volume(channels=1, height=3, width=3), kernel=(2, 2))
    changes = [(0, "BIAS", READY), (2, "FIRE", BUSY | READY), (8, "HOLD", BUSY), (9, "FIRE", 3)]
    found = _slices(tmp_path, Convolution(maps=maps, channels=2), [*changes, (15, "HOLD", READY)])
    assert found == [
        (0, 2, "waits for input"),
        (2, 6, "fire", "5", "1"),
        (6, 8, "fire", "5", "2"),
        (8, 9, "stall: output not taken", "5", "2"),
        (9, 11, "fire", "5", "2"),
        (11, 15, "fire", "6", "1"),
    ]


def test_operations_after_firing(tmp_path):
    """They belong to the timestep that fired; what comes at once is the next one's."""
    changes = [(3, "BEGIN", 3), (4, "INTEGRATE", 3), (7, "BIAS", 2), (8, "FIRE", 2)]
    changes += [(9, "RESET", 3), (10, "BEGIN", 3), (11, "HOLD", 3), (12, "BIAS", 2)]
    found = _slices(tmp_path, Dense(inputs=3, neurons=2, neuron=LEAKY), changes)
    assert found == [
        (3, 4, "integrate", "5", "1"),
        (4, 7, "integrate", "5", "1"),
        (7, 8, "bias", "5", "1"),
        (8, 9, "fire", "5", "1"),
        (9, 10, "reset", "5", "1"),
        (10, 11, "integrate", "5", "2"),
        (11, 12, "waits for spikes", "5", "2"),
    ]


def test_what_lies_beyond_the_images(tmp_path):
    """It is left out."""
    changes = [(cycle, "FIRE" if cycle % 2 else "HOLD", 3) for cycle in range(1, 20)]
    found = _slices(tmp_path, Dense(inputs=3, neurons=2), changes, images=range(2))
    assert [each[3:] for each in found if each[2] == "fire"] == [
        ("0", "1"),
        ("0", "2"),
        ("1", "1"),
        ("1", "2"),
    ]
