"""The card beside a weight file: the network, where it comes from, what it was measured to do.

A card is a JSON text of format 3. Cards of format 2, of networks that were trained on the seed's
neurons, are read too.
"""

import dataclasses
import hashlib
import json
import math
import types
import typing
from typing import Any

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.layers import KINDS
from trispike.models.network.origin import ORIGINS, Origin, Trained
from trispike.models.network.parameters import Network
from trispike.models.network.shape import NetworkShape, ReadOut

_FORMAT = "trispike-weights-3"
_FORMAT_2 = "trispike-weights-2"


def digest(network: Network) -> str:
    """sha256 of a network's name, shape and parameters, whatever container they are stored in."""
    shape = network.shape
    total = hashlib.sha256(f"{_FORMAT_2}\n{network.name}\n{shape}\n".encode())
    if shape != NetworkShape.dense(name=network.name, sizes=shape.sizes):
        total.update(json.dumps(_shape_record(shape)).encode())
    for layer in network.layers:
        constants = [getattr(layer, field.name) for field in layer.shape.layer_fields]
        total.update(np.array(constants, dtype="<i8").tobytes())
        total.update(layer.weights.tobytes())
        for field in layer.shape.neuron_fields:
            values = getattr(layer, field.name)
            total.update(values.astype(values.dtype.newbyteorder("<")).tobytes())
    return total.hexdigest()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measured:
    """What the integer golden model measured of a network.

    Parameters
    ----------
    test_seed
        Seed of the spikes that the measurements were made with.
    held_out_accuracy
        As ``accuracy``, of the training images that were held out.
    accuracy
        Fraction of test images labelled right; entry T - 1 is for T timesteps.
    spikes
        Mean spikes of a test image per timestep, of the input and of each layer.
    operations
        Mean synaptic operations of a test image per timestep: additions of a weight that is not 0.
    zeros
        Fraction of weights that are zero, each layer.
    """

    test_seed: int
    held_out_accuracy: tuple[float, ...]
    accuracy: tuple[float, ...]
    spikes: tuple[float, ...]
    operations: float
    zeros: tuple[float, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Card:
    """Description, origin and measurements of one weight file.

    Parameters
    ----------
    shape
        The network, with one lane a layer.
    origin
        Where its parameters come from.
    measured
        What they were measured to do; None if nobody did.
    digest
        What `digest` gives for the parameters; filled in when the weight file is saved.
    """

    shape: NetworkShape
    origin: Origin
    measured: Measured | None = None
    digest: str = ""

    @property
    def data(self) -> str | None:
        """Name of the data set that the network was trained on, if known."""
        return self.origin.data if isinstance(self.origin, Trained) else None

    def to_json(self) -> bytes:
        """The card as a JSON text, the same bytes for the same card."""
        kind = next(name for name, cls in ORIGINS.items() if type(self.origin) is cls)
        sections = {
            "network": _shape_record(self.shape),
            "origin": {"kind": kind, **dataclasses.asdict(self.origin)},
            "measured": self.measured and dataclasses.asdict(self.measured),
        }
        lines = [f'  "format": "{_FORMAT}"']
        for name, section in sections.items():
            fields = [f"    {json.dumps(k)}: {json.dumps(v)}" for k, v in (section or {}).items()]
            body = "{\n" + ",\n".join(fields) + "\n  }" if section else "null"
            lines.append(f'  "{name}": {body}')
        lines.append(f'  "digest": {json.dumps(self.digest)}')
        return ("{\n" + ",\n".join(lines) + "\n}\n").encode()

    @classmethod
    def from_json(cls, text: bytes, what: str) -> "Card":
        """The card in a JSON text; `BadInput`, naming ``what``, if it is not one."""
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError):
            raise BadInput(f"{what} is not a JSON text; restore it or train again") from None
        form = fields.pop("format", None) if isinstance(fields, dict) else None
        if form not in (_FORMAT, _FORMAT_2):
            raise BadInput(f"{what} is not a card of format {_FORMAT}; restore it or train again")
        try:
            fields = _from_format_2(fields) if form == _FORMAT_2 else fields
            _check_names(set(fields), {field.name for field in dataclasses.fields(_Record)})
            record = _Record(**fields)
            origin = dict(_object("origin", record.origin))
            kind = origin.pop("kind", None)
            if kind not in ORIGINS:
                raise BadInput(f"must have one of {', '.join(ORIGINS)} as origin, not {kind!r:.40}")
            return cls(
                shape=_shape(_object("network", record.network)),
                origin=_made(ORIGINS[kind], origin),
                measured=record.measured and _made(Measured, _object("measured", record.measured)),
                digest=_fitting("digest", record.digest, str),
            )
        except BadInput as error:
            raise BadInput(f"{what} {error}; restore it") from None


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Record:
    """Sections of a card of format 3."""

    network: Any
    origin: Any
    measured: Any
    digest: Any


def _shape_record(shape: NetworkShape) -> dict[str, Any]:
    volume = shape.input.volume
    return {
        "name": shape.name,
        "input": [volume.channels, volume.height, volume.width],
        "encoder": shape.input.encoder.value,
        "layers": [_layer_record(layer) for layer in shape.layers],
        "read_out": shape.read_out.value,
    }


def _layer_record(layer: Any) -> dict[str, Any]:
    """Kind of ``layer`` and those of its fields that are not as usual."""
    record: dict[str, Any] = {"kind": type(layer).__name__.lower()}
    for field in dataclasses.fields(layer):
        value = getattr(layer, field.name)
        if value != field.default and field.name != "lanes":
            record[field.name] = getattr(value, "value", value)
    return record


def _shape(record: dict[str, Any]) -> NetworkShape:
    _check_names(set(record), {"name", "input", "encoder", "layers", "read_out"})
    layers = []
    for fields in _fitting("layers", record["layers"], list):
        fields = dict(_object("layers", fields))
        kinds = {kind.__name__.lower(): kind for kind in KINDS}
        kind = kinds.get(fields.pop("kind", None))
        if kind is None:
            raise BadInput(f"must have layers of the kinds {', '.join(kinds)}")
        layers.append(_made(kind, fields))
    read_out = _fitting("read_out", record["read_out"], ReadOut)
    name = _fitting("name", record["name"], str)
    shape = NetworkShape.of(name, tuple(layers), read_out)
    volume = _fitting("input", record["input"], tuple[int, ...])
    encoder = _fitting("encoder", record["encoder"], type(shape.input.encoder))
    if len(volume) != 3:
        raise BadInput("must have channels, height and width as input")
    channels, height, width = volume
    kind = type(shape.input.volume)
    entry = dataclasses.replace(
        shape.input, volume=kind(channels=channels, height=height, width=width), encoder=encoder
    )
    return dataclasses.replace(shape, input=entry)


def _from_format_2(fields: dict[str, Any]) -> dict[str, Any]:
    """The sections of a flat card of format 2."""
    trained = [field.name for field in dataclasses.fields(Trained)]
    measured = [field.name for field in dataclasses.fields(Measured)]
    _check_names(set(fields), {"name", "sizes", "digest", *trained, *measured})
    sizes = _fitting("sizes", fields["sizes"], tuple[int, ...])
    shape = NetworkShape.dense(name=_fitting("name", fields["name"], str), sizes=sizes)
    return {
        "network": _shape_record(shape),
        "origin": {"kind": "trained", **{name: fields[name] for name in trained}},
        "measured": {name: fields[name] for name in measured},
        "digest": fields["digest"],
    }


def _check_names(names: set[str], known: set[str]) -> None:
    if names != known:
        raise BadInput(f"has missing or unknown fields: {', '.join(sorted(names ^ known))}")


def _object(name: str, value: Any) -> dict[str, Any]:
    return _fitting(name, value, dict[str, Any])


def _made(cls: type, fields: dict[str, Any]) -> Any:
    """The dataclass ``cls`` from values read from JSON."""
    kinds = typing.get_type_hints(cls)
    required = {f.name for f in dataclasses.fields(cls) if f.default is dataclasses.MISSING}
    _check_names(set(fields) | (set(kinds) - required), set(kinds))
    return cls(**{name: _fitting(name, value, kinds[name]) for name, value in fields.items()})


def _fitting(name: str, value: Any, kind: Any) -> Any:
    """``value``, read from JSON, as a value of the type ``kind``; `BadInput` if it is none."""
    arguments = typing.get_args(kind)
    if isinstance(kind, types.GenericAlias) and kind.__origin__ is tuple:
        if isinstance(value, list) and all(_is(item, arguments[0]) for item in value):
            return tuple(value)
    elif isinstance(kind, types.GenericAlias) and kind.__origin__ is dict:
        if isinstance(value, dict) and all(_is(item, arguments[1]) for item in value.values()):
            return value
    elif hasattr(kind, "__members__"):
        if value in [member.value for member in kind]:
            return kind(value)
    elif _is(value, kind):
        return value
    raise BadInput(f"must not have {value!r:.40} as {name}")


def _is(value: Any, kind: Any) -> bool:
    if kind is Any:
        return True
    if kind is float:
        return type(value) in (int, float) and math.isfinite(value)
    return type(value) is kind
