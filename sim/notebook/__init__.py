"""Networks, the golden model and the RTL in a few lines of Python (docs/python.md)."""

from trispike.sim.notebook.networks import convolution, dense, load, network
from trispike.sim.notebook.runs import RTLRun, run_golden, run_rtl

__all__ = ["RTLRun", "convolution", "dense", "load", "network", "run_golden", "run_rtl"]
