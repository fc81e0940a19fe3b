"""Synthetic traffic: which of its packets are multicasts."""

import hashlib

import numpy as np
import pytest

from trispike.models.errors import BadInput
from trispike.models.mesh import flits
from trispike.models.mesh.flits import FlitType
from trispike.models.mesh.topology import MeshShape
from trispike.models.mesh.traffic import Pattern, generate

MESH = MeshShape(x=3, y=2, z=4)


def _traffic(pattern=Pattern.UNIFORM, **options):
    return generate(MESH, pattern, 0.5, cycles=4000, seed=3, **options)


@pytest.mark.parametrize("bursts", [0.0, 0.4])
def test_share_of_multicasts(bursts):
    """Of the packets of one flit; nothing else differs."""
    plain, some = (_traffic(bursts=bursts, multicast=share) for share in (0.0, 0.3))
    multicasts = flits.is_multicast(some.flits)
    spikes = flits.SPIKE["type"].get(some.flits) == FlitType.SPIKE
    able = spikes & flits.destinations(some.flits).any(axis=1)
    assert multicasts[able].mean() == pytest.approx(0.3, rel=0.05)
    assert not flits.is_multicast(plain.flits).any()
    assert np.array_equal(some.flits, plain.flits | flits.SPIKE["to_host"].put(multicasts))
    for name in ("sources", "times"):
        assert np.array_equal(getattr(some, name), getattr(plain, name))


@pytest.mark.parametrize("pattern", Pattern, ids=lambda pattern: pattern.value)
def test_all_but_those_to_the_host(pattern):
    """Bit 31 of a flit to 0.0.0 means the host, which is not in the traffic."""
    sent = _traffic(pattern, multicast=1.0).flits
    away = flits.destinations(sent).any(axis=1)
    assert not away.all()
    assert np.array_equal(flits.SPIKE["to_host"].get(sent) == 1, away)


def test_unicast_traffic_is_as_before():
    """Byte for byte that of the runs that docs/noc.json holds."""
    made = _traffic(bursts=0.4)
    digest = hashlib.sha256(made.flits.tobytes() + made.times.tobytes()).hexdigest()
    assert digest.startswith("f84272aaf965191d")


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_no_share(share):
    with pytest.raises(BadInput, match=rf"MULTICAST must be a share from 0 to 1, not {share}"):
        _traffic(multicast=share)
