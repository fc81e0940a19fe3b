"""The bit-exact integer model that the hardware is compared with."""

from golden.accuracy import (
    Measurement,
    Spread,
    Tally,
    accuracy_by_timestep,
    accuracy_over_seeds,
    batch_size,
    tally_batch,
)
from golden.model import Result, labels_of, potentials, run
from golden.real import real_potentials, run_real

__all__ = [
    "Measurement",
    "Result",
    "Spread",
    "Tally",
    "accuracy_by_timestep",
    "accuracy_over_seeds",
    "batch_size",
    "labels_of",
    "potentials",
    "real_potentials",
    "run",
    "run_real",
    "tally_batch",
]
