"""The bit-exact integer model that the hardware is compared with."""

from golden.accuracy import Measurement, accuracy_by_timestep
from golden.model import Result, labels_of, potentials, run

__all__ = ["Measurement", "Result", "accuracy_by_timestep", "labels_of", "potentials", "run"]
