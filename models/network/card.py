"""The card beside a weight file: where the weights come from and what they were measured to do."""

import dataclasses
import hashlib
import json
import math
from typing import Any

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.description import Network

_FORMAT = "trispike-weights-2"


def digest(network: Network) -> str:
    """sha256 of a network's name and parameters, whatever container they are stored in."""
    total = hashlib.sha256(f"{_FORMAT}\n{network.name}\n{network.shape}\n".encode())
    for layer in network.layers:
        total.update(np.array([layer.a, layer.b, layer.threshold], dtype="<i8").tobytes())
        total.update(layer.weights.tobytes())
        total.update(layer.bias.tobytes())
    return total.hexdigest()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Card:
    """Origin and measurements of one weight file.

    Parameters
    ----------
    name
        Name of the network.
    sizes
        Neurons a layer, inputs first.
    data
        Name of the data set.
    data_sha256
        sha256 of each of the data set's files, unpacked.
    recipe
        The training recipe's name and settings.
    seed
        Seed of the training, 0 to 2**63 - 1.
    epochs
        Epochs trained, 0 or more.
    threads
        Threads that PyTorch computed with; the order of sums depends on it.
    test_seed
        Seed of the spikes that the measurements were made with.
    held_out_accuracy
        As ``accuracy``, of the training images that were held out.
    accuracy
        Fraction of test images labelled right by the integer golden model; entry T - 1 is for T
        timesteps.
    spikes
        Mean spikes of a test image per timestep, of the input and of each layer.
    operations
        Mean synaptic operations of a test image per timestep: additions of a weight that is not 0.
    zeros
        Fraction of weights that are zero, each layer.
    digest
        What `digest` gives for the parameters; filled in by `models.network.weights.save`.
    """

    name: str
    sizes: tuple[int, ...]
    data: str
    data_sha256: dict[str, str]
    recipe: dict[str, Any]
    seed: int
    epochs: int
    threads: int
    test_seed: int
    held_out_accuracy: tuple[float, ...]
    accuracy: tuple[float, ...]
    spikes: tuple[float, ...]
    operations: float
    zeros: tuple[float, ...]
    digest: str = ""

    def to_json(self) -> bytes:
        """The card as a JSON text, one field a line, the same bytes for the same card."""
        fields = {"format": _FORMAT, **dataclasses.asdict(self)}
        lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in fields.items()]
        return ("{\n" + ",\n".join(lines) + "\n}\n").encode()

    @classmethod
    def from_json(cls, text: bytes, what: str) -> "Card":
        """The card in a JSON text; `BadInput`, naming ``what``, if it is not one."""
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError):
            raise BadInput(f"{what} is not a JSON text; restore it or train again") from None
        if not isinstance(fields, dict) or fields.pop("format", None) != _FORMAT:
            raise BadInput(f"{what} is not a card of format {_FORMAT}; restore it or train again")
        kinds = {field.name: field.type for field in dataclasses.fields(cls)}
        if set(fields) != set(kinds):
            wrong = ", ".join(sorted(set(fields) ^ set(kinds)))
            raise BadInput(f"{what} has missing or unknown fields: {wrong}; restore it")
        for key, value in fields.items():
            if not _fits(value, kinds[key]):
                raise BadInput(f"{what} must not have {value!r:.40} as {key}; restore it")
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()})


def _is_real(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _fits(value: Any, kind: Any) -> bool:
    """Whether a value read from JSON can stand in a field of the type ``kind``."""
    if kind == tuple[int, ...]:
        return isinstance(value, list) and all(type(item) is int for item in value)
    if kind == tuple[float, ...]:
        return isinstance(value, list) and all(_is_real(item) for item in value)
    if kind == dict[str, Any]:
        return isinstance(value, dict)
    if kind == dict[str, str]:
        return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    if kind is float:
        return _is_real(value)
    return type(value) is kind
