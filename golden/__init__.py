"""The bit-exact integer model that the hardware is compared with."""

from trispike.golden.model import Result, labels_of, run, run_layer
from trispike.golden.real import run_real, run_real_layer

__all__ = ["Result", "labels_of", "run", "run_layer", "run_real", "run_real_layer"]
