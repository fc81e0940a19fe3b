"""The card beside a weight file: the network, where it comes from, what it was measured to do.

A card is a JSON text of format 3. Cards of format 2, of networks that were trained on the seed's
neurons, are read too.
"""

import dataclasses
import hashlib
import json
from typing import Any

import msgspec
import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.layers import KINDS, Layer
from trispike.models.network.origin import ORIGINS, Imported, Made, Origin, Trained
from trispike.models.network.parameters import Network
from trispike.models.network.shape import Encoder, Input, NetworkShape, ReadOut

_FORMAT = "trispike-weights-3"
_FORMAT_2 = "trispike-weights-2"


def digest(network: Network) -> str:
    """sha256 of a network's name, shape and parameters, whatever container they are stored in."""
    shape = network.shape
    total = hashlib.sha256(f"{_FORMAT_2}\n{network.name}\n{shape}\n".encode())
    if shape.has_maps or shape != NetworkShape.dense(name=network.name, sizes=shape.sizes):
        total.update(json.dumps(_shape_record(shape)).encode())
    for layer in network.layers:
        constants = [getattr(layer, field.name) for field in layer.shape.layer_fields]
        total.update(np.array(constants, dtype="<i8").tobytes())
        total.update(layer.weights.tobytes())
        for field in layer.shape.neuron_fields:
            values = getattr(layer, field.name)
            total.update(values.astype(values.dtype.newbyteorder("<")).tobytes())
    if shape.skips or shape.stops:
        total.update(json.dumps([network.skip, network.stability]).encode())
    return total.hexdigest()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measured:
    """What the integer golden model measured of a network.

    - ``test_seed``: seed of the spikes that the measurements were made with.
    - ``held_out_accuracy``: as ``accuracy``, of the training images that were held out.
    - ``accuracy``: fraction of test images labelled right; entry T - 1 is for T timesteps, of
      latencies for T of the last entry's.
    - ``spikes``: mean spikes of a test image per timestep, of the input and of each layer.
    - ``operations``: mean synaptic operations of a test image per timestep: additions of a weight
      that is not 0.
    - ``zeros``: fraction of weights that are zero, each layer.
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

    - ``shape``: the network, with one lane a layer.
    - ``origin``: where its parameters come from.
    - ``measured``: what they were measured to do; None if nobody did.
    - ``digest``: what `digest` gives for the parameters.
    - ``skip``, ``stability``: the network's.
    - The last three are filled in when the weight file is saved.
    """

    shape: NetworkShape
    origin: Origin
    measured: Measured | None = None
    digest: str = ""
    skip: int = 0
    stability: int | None = None

    @property
    def data(self) -> str | None:
        """Name of the data set that the network was trained on, if known."""
        return None if isinstance(self.origin, Made) else self.origin.data

    @property
    def timesteps(self) -> int | None:
        """Those that the network was trained for; None if for any number, or not known."""
        if isinstance(self.origin, Imported):
            return self.origin.timesteps
        trained = isinstance(self.origin, Trained) and self.origin.recipe.get("timesteps", 1)
        return trained if trained > 1 else None

    @property
    def recipe(self) -> str:
        """Name of the training recipe; "" if the network was not trained here."""
        return self.origin.recipe["name"] if isinstance(self.origin, Trained) else ""

    def accuracy(self, data: str, timesteps: int) -> float | None:
        """Measured on all test images of ``data`` at so many timesteps; None if it was not.

        Latencies depend on the number of timesteps: a run of fewer is not the beginning of a longer
        one.
        """
        if self.measured is None or data != self.data:
            return None
        latencies = self.shape.input.encoder is Encoder.LATENCY
        if latencies and timesteps != len(self.measured.accuracy):
            return None
        return dict(enumerate(self.measured.accuracy, 1)).get(timesteps)

    def to_json(self) -> bytes:
        """The card as a JSON text, the same bytes for the same card."""
        sections = {
            "network": _shape_record(self.shape),
            "origin": _tagged(self.origin, ORIGINS),
            "measured": self.measured and msgspec.to_builtins(self.measured),
        }
        if self.shape.skips or self.shape.stops:
            sections["decision"] = {"skip": self.skip, "stability": self.stability}
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
            fields = msgspec.json.decode(text)
        except (ValueError, RecursionError):
            raise BadInput(f"{what} is not a JSON text; restore it or train again") from None
        form = fields.pop("format", None) if isinstance(fields, dict) else None
        if form not in (_FORMAT, _FORMAT_2):
            raise BadInput(f"{what} is not a card of format {_FORMAT}; restore it or train again")
        try:
            fields = _from_format_2(fields) if form == _FORMAT_2 else fields
            sections = _converted(fields, _Sections)
            measured = sections.measured
            return cls(
                shape=_shape(sections.network),
                origin=_untagged(sections.origin, ORIGINS),
                measured=None if measured is None else _converted(measured, Measured),
                digest=sections.digest,
                **vars(_converted(sections.decision, _Decision)),
            )
        except ValueError as error:
            raise BadInput(f"{what} is no card: {error}; restore it or train again") from None


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Sections:
    network: dict[str, Any]
    origin: dict[str, Any]
    measured: dict[str, Any] | None
    digest: str
    decision: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Decision:
    skip: int = 0
    stability: int | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Shape:
    name: str
    input: Input
    layers: list[dict[str, Any]]
    read_out: ReadOut
    groups: tuple[int, ...] = ()
    skips: bool = False
    stops: bool = False


_KINDS = {kind.__name__.lower(): kind for kind in KINDS}


def _shape_record(shape: NetworkShape) -> dict[str, Any]:
    """``shape`` for JSON; order, groups, what a layer is and so on only where not as usual."""
    usual = {"lanes": 1}
    for layer in KINDS:
        usual |= {f.name: f.default for f in dataclasses.fields(layer)}
    layers = []
    for layer in shape.layers:
        fields = _tagged(layer, _KINDS)  # one that was read from a card lacks its defaults
        names = [f.name for f in dataclasses.fields(Layer) if f.name in fields]
        common = {name: fields.pop(name) for name in names}
        layers.append(
            {k: v for k, v in (fields | common).items() if k == "kind" or not _is(usual[k], v)}
        )
    record = {**msgspec.to_builtins(shape), "layers": layers}
    if not shape.input.order:
        record["input"].pop("order", None)
    return {k: v for k, v in record.items() if v or k not in ("groups", "skips", "stops")}


def _is(usual: object, record: object) -> bool:
    return usual is not dataclasses.MISSING and msgspec.to_builtins(usual) == record


def _shape(record: dict[str, Any]) -> NetworkShape:
    fields = vars(_converted(record, _Shape))
    layers = tuple(_untagged(layer, _KINDS) for layer in fields["layers"])
    return NetworkShape(**{**fields, "layers": layers})


def _tagged(value: object, kinds: dict[str, type]) -> dict[str, Any]:
    """``value`` for JSON, with the name of its kind."""
    kind = next(name for name, cls in kinds.items() if type(value) is cls)
    return {"kind": kind, **msgspec.to_builtins(value)}


def _untagged(record: dict[str, Any], kinds: dict[str, type]) -> Any:
    fields = dict(record)
    kind = fields.pop("kind", None)
    if not isinstance(kind, str) or kind not in kinds:
        raise ValueError(f"kind must be one of {', '.join(kinds)}, not {kind!r:.40}")
    return _converted(fields, kinds[kind])


def _converted(fields: dict[str, Any], cls: type) -> Any:
    """The dataclass ``cls`` of ``fields``; ValueError for a wrong or an unknown one."""
    if unknown := set(fields) - {field.name for field in dataclasses.fields(cls)}:
        raise ValueError(f"unknown fields {', '.join(sorted(unknown))}")
    return msgspec.convert(fields, cls)


def _from_format_2(fields: dict[str, Any]) -> dict[str, Any]:
    """The sections of a flat card of format 2."""
    shape = NetworkShape.dense(name=fields.pop("name", ""), sizes=fields.pop("sizes", ()))
    trained = {f.name: fields.pop(f.name, None) for f in dataclasses.fields(Trained)}
    return {
        "network": _shape_record(shape),
        "origin": {"kind": "trained", **trained},
        "digest": fields.pop("digest", None),
        "measured": fields,
    }
