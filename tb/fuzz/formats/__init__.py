"""The formats whose inputs are made."""

from collections.abc import Callable

from tb.fuzz.formats.cifar import Cifar
from tb.fuzz.formats.idx import Idx
from tb.fuzz.formats.liberty import Liberty
from tb.fuzz.formats.nir import Nir
from tb.fuzz.formats.nmnist import Nmnist
from tb.fuzz.formats.options import Options, Processes
from tb.fuzz.formats.own import Own
from tb.fuzz.formats.texts import Texts
from tb.fuzz.formats.weights import Weights
from tb.fuzz.trial import Format

FORMATS: dict[str, Callable[[], Format]] = {
    "weights": Weights,
    "own": Own,
    "nir": Nir,
    "idx": Idx,
    "cifar": Cifar,
    "nmnist": Nmnist,
    "json": Texts,
    "liberty": Liberty,
    "options": Options,
    "processes": Processes,
}
"""What makes each format, by its name: the data of a user in the order of docs/reliability.md."""

SHARES = {"processes": 50}
"""Formats of which so many times fewer inputs are made than asked for: each takes a second."""
