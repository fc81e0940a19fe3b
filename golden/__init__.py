"""The bit-exact integer model that the hardware is compared with."""

from trispike.golden.model import Result, labels_of, potentials, run
from trispike.golden.real import real_potentials, run_real

__all__ = ["Result", "labels_of", "potentials", "real_potentials", "run", "run_real"]
