"""A NIR file as a chain of nodes whose shapes follow one another."""

import dataclasses
import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np

from trispike.models import files
from trispike.models.errors import BadInput
from trispike.sim.terminal.extras import install

_HDF5 = b"\x89HDF\r\n\x1a\n"
_POINTER = b"version https://git-lfs"

NEURONS = ("Threshold", "IF", "LIF", "CubaLIF", "LI", "CubaLI", "I")
"""Kinds of nodes that hold neurons."""

FIRING = ("Threshold", "IF", "LIF", "CubaLIF")
"""Those whose neurons spike."""

STATEFUL = tuple(kind for kind in NEURONS if kind not in ("Threshold", "I"))
"""Those of which something matters besides a sum."""

_KINDS = (
    *("Input", "Output", "Flatten", "Linear", "Affine", "Scale", "Conv2d"),
    *("SumPool2d", "AvgPool2d", *NEURONS),
)

_LEAST = {"stride": 1, "padding": 0, "dilation": 1, "kernel_size": 1, "groups": 1}
"""Least value of what are one or two integers, for rows and columns."""

_POSITIVE = ("tau", "tau_mem", "tau_syn")

_SNNTORCH_RATE = 1e4
"""r / tau of every LIF that snnTorch writes, an IF's r where both are infinite: its beta is 1."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Node:
    """One node of a chain.

    - ``name``, ``kind``: as in the file.
    - ``fields``: its arrays and numbers by NIR's names, float64 if real; those of neurons have the
      shape ``outputs``.
    - ``inputs``, ``outputs``: shapes of what goes in and comes out in a timestep.
    """

    name: str
    kind: str
    fields: dict[str, Any]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def fires(self) -> bool:
        """What comes out is spikes."""
        return self.kind in FIRING


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chain:
    """What a NIR file holds.

    - ``file``, ``sha256``: its name and digest.
    - ``shape``: of what goes in.
    - ``nodes``: from the input to the output, without these.
    """

    file: str
    sha256: str
    shape: tuple[int, ...]
    nodes: tuple[Node, ...]


def read(path: Path) -> Chain:
    """The chain in ``path``; `BadInput`, in one line, for a file or a network that is none.

    Needs the package nir, the extra ``nir``.
    """
    try:
        data = files.read(path)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror or error}") from None
    try:
        graph = _graph(path, data)
        following = _order(graph)
        shape = _input_shape(graph, following[0])
        nodes, at = [], shape
        for name in following[1:-1]:
            nodes.append(_node(name, graph.nodes[name], at))
            at = nodes[-1].outputs
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None
    if not nodes:
        raise BadInput(f"{path}: there must be a layer between the input and the output")
    digest = hashlib.sha256(data).hexdigest()
    return Chain(file=path.name, sha256=digest, shape=shape, nodes=tuple(nodes))


def parsed(nir: Any, path: Path) -> Any:
    """What the package ``nir`` makes of ``path``; it raises errors of many kinds."""
    with np.errstate(all="ignore"):  # by a size of 0 or near 2**63; what comes of it is refused
        return nir.read(path, type_check=False)


def _graph(path: Path, data: bytes):
    """NIR's own graph, of kinds that are known."""
    if not data.startswith(_HDF5):
        raise BadInput(_not_hdf5(data))
    try:
        import h5py
        import nir
    except ImportError as error:
        raise BadInput(f"{error.name} is not installed: {install('nir')}") from None
    try:
        with h5py.File(path) as file:
            nodes = file["node/nodes"]
            kinds = {name: _text(node["type"][()]) for name, node in nodes.items()}
            inputs = [name for name, kind in kinds.items() if kind == "Input"]
            shapeless = [name for name in inputs if "shape" not in nodes[name]]
            _check_size(file)
    except BadInput:
        raise
    except OSError:
        raise BadInput("the file is cut short or damaged: get it again") from None
    except Exception:  # h5py has errors of many kinds
        raise BadInput("it is an HDF5 file without a NIR graph: write it by nir.write") from None
    for name, kind in kinds.items():
        if kind not in _KINDS:
            raise BadInput(
                f"node {name} must not be {kind}: there is hardware for a chain of "
                f"{', '.join(_KINDS)}"
            )
    for name in shapeless:
        raise BadInput(f"{name} must say the shape of the input: set its input_type")
    try:
        return parsed(nir, path)
    except Exception as error:  # nir has asserts, and errors of many kinds, for a wrong field
        raise BadInput(f"nir cannot read it: {' '.join(str(error).split())[:200]}") from None


def _check_size(file: Any) -> None:
    """`BadInput` if the arrays of an HDF5 ``file`` are large, be they not in it but named only."""
    sizes = []
    file.visititems(lambda name, each: sizes.append(getattr(each, "nbytes", 0)))
    if sum(sizes) > files.MOST_BYTES:
        raise BadInput(
            f"its arrays must have at most {files.MOST_BYTES:,} bytes, not {sum(sizes):,}: there "
            "is no hardware for so many weights"
        )


def _not_hdf5(data: bytes) -> str:
    if data.startswith(_POINTER):
        return "it is a pointer of Git LFS, not the file itself: get that by git lfs pull"
    if data.lstrip()[:1] == b"<":
        return "it is a web page, not a NIR file: download the file itself"
    return "it is no HDF5 file, as NIR files are: write it by nir.write"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _order(graph) -> list[str]:
    """Names of the nodes from the input to the output."""
    kinds = {name: type(node).__name__ for name, node in graph.nodes.items()}
    ends = {}
    for kind in ("Input", "Output"):
        names = [name for name, each in kinds.items() if each == kind]
        if len(names) != 1:
            raise BadInput(f"there must be one {kind}, not {len(names)}: {', '.join(names)}")
        (ends[kind],) = names
    after: dict[str, str] = {}
    before: set[str] = set()
    for source, target in graph.edges:
        for name in (source, target):
            if name not in kinds:
                raise BadInput(f"an edge leads to {name}, and there is no such node")
        if source in after or target in before:
            raise BadInput(
                f"nodes must be a chain, but {source} -> {target} makes a branch or a loop: take "
                "recurrent and parallel paths out"
            )
        after[source] = target
        before.add(target)
    names = [ends["Input"]]
    while names[-1] in after:
        names.append(after.pop(names[-1]))
    if after:
        source, target = next(iter(after.items()))
        raise BadInput(f"nodes must be one chain, but {source} -> {target} is a loop apart from it")
    if names[-1] != ends["Output"]:
        raise BadInput(f"the chain must end at {ends['Output']}, but it ends at {names[-1]}")
    if apart := set(kinds) - set(names):
        raise BadInput(f"nodes must be one chain, but {', '.join(sorted(apart))} is not in it")
    return names


def _input_shape(graph, name: str) -> tuple[int, ...]:
    sizes = np.ravel(graph.nodes[name].input_type["input"])
    if sizes.dtype.kind not in "iu":
        raise BadInput(f"the shape of {name} must be of integers, not {sizes.dtype}")
    shape = tuple(sizes.tolist())
    if not 1 <= len(shape) <= 3 or min(shape) < 1:
        raise BadInput(
            f"{name} must have a shape of 1 to 3 sizes, channels first and without a batch, "
            f"not {shape}"
        )
    return shape


def _node(name: str, node: Any, inputs: tuple[int, ...]) -> Node:
    kind = type(node).__name__
    values = {
        field.name: getattr(node, field.name)
        for field in dataclasses.fields(node)
        if field.name not in ("input_type", "output_type", "metadata")
    }
    if kind == "LIF" and _is_endless(values["tau"]) and _is_endless(values["r"]):
        kind = "IF"
        values = {"r": _SNNTORCH_RATE, **{of: values[of] for of in ("v_threshold", "v_reset")}}
    fields = {field: _value(name, field, value) for field, value in values.items()}
    fields, outputs = _SHAPES[kind](name, fields, inputs)
    return Node(name=name, kind=kind, fields=fields, inputs=inputs, outputs=outputs)


def _is_endless(value: Any) -> bool:
    array = np.asarray(value)
    return array.dtype.kind == "f" and bool(np.isposinf(array).all())


def _value(name: str, field: str, value: Any) -> Any:
    if isinstance(value, bytes | str) and field == "padding":
        return _text(value)
    if value is None or field == "input_shape":
        return None
    array = np.asarray(value)
    if array.dtype.kind not in "iufb":
        raise BadInput(f"{field} of {name} must be numbers, not {array.dtype}")
    if field in _POSITIVE and (endless := np.isposinf(array)).any():
        raise BadInput(
            f"{field} of {name} must be finite, but is infinite for {np.count_nonzero(endless)} of "
            f"{array.size} neurons: export them with a decay factor a little below 1, like 0.9999"
        )
    if not np.isfinite(array).all():
        raise BadInput(
            f"{field} of {name} must be finite, but {np.count_nonzero(~np.isfinite(array))} of "
            f"{array.size} values are not: export a network that did not diverge"
        )
    if field in _LEAST and not _are_integers(array, _LEAST[field]):
        raise BadInput(
            f"{field} of {name} must be one or two integers of {_LEAST[field]} or more, "
            f"not {array.tolist()!r:.80}"
        )
    if field in _POSITIVE and (array <= 0).any():
        raise BadInput(f"{field} of {name} must be above 0, not {array.min():g}")
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _are_integers(array: np.ndarray, least: int) -> bool:
    return array.size in (1, 2) and bool(((array >= least) & (array == np.rint(array))).all())


def _flatten(name, fields, inputs):
    return fields, (math.prod(inputs),)


def _linear(name, fields, inputs):
    weights = fields["weight"] = np.asarray(fields["weight"], np.float64)
    if weights.ndim != 2 or inputs not in ((weights.shape[1],), (1, weights.shape[1])):
        raise BadInput(
            f"{name} must have weights of {_sizes(inputs)} inputs, not of shape "
            f"{_sizes(weights.shape)}: shapes must follow, with a Flatten behind maps"
        )
    outputs = weights.shape[0]
    fields["bias"] = _bias(name, fields.get("bias"), outputs)
    return fields, (outputs,)


def _bias(name, bias, outputs):
    bias = np.zeros(outputs) if bias is None else np.asarray(bias, np.float64)
    if bias.shape not in ((outputs,), ()):
        raise BadInput(f"bias of {name} must have {outputs} values, not {_sizes(bias.shape)}")
    return np.broadcast_to(bias, (outputs,))


def _conv2d(name, fields, inputs):
    weights = fields["weight"] = np.asarray(fields["weight"], np.float64)
    groups = _pair(fields["groups"])[0]
    if weights.ndim != 4 or len(inputs) != 3 or weights.shape[1] * groups != inputs[0]:
        raise BadInput(
            f"{name} must have weights (outputs, {inputs[0]}, rows, columns) on maps of "
            f"{_sizes(inputs)}, not of shape {_sizes(weights.shape)}"
        )
    if groups != 1 or set(np.ravel(fields["dilation"]).tolist()) != {1}:
        raise BadInput(f"{name} must have one group and a dilation of 1: there is no such hardware")
    stride, padding = _pair(fields["stride"]), fields["padding"]
    kernel = weights.shape[2:]
    if isinstance(padding, str) and padding == "same":
        padding = tuple((k - 1) // 2 for k in kernel)
        if any(k % 2 == 0 for k in kernel) or stride != (1, 1):
            raise BadInput(f"padding of {name} must be a number, as same pads one side more")
    elif isinstance(padding, str):
        padding = 0
    padding = _pair(padding)
    fields |= {"stride": stride, "padding": padding}
    fields["bias"] = _bias(name, fields["bias"], weights.shape[0])
    return fields, (weights.shape[0], *_windows(name, inputs, kernel, stride, padding))


def _pool(name, fields, inputs):
    if isinstance(fields["padding"], str):
        raise BadInput(f"padding of {name} must be a number, not {fields['padding']!r:.80}")
    kernel, stride, padding = (
        _pair(fields[field]) for field in ("kernel_size", "stride", "padding")
    )
    if len(inputs) != 3:
        raise BadInput(f"{name} must pool maps (channels, rows, columns), not {_sizes(inputs)}")
    fields |= {"kernel_size": kernel, "stride": stride, "padding": padding}
    return fields, (inputs[0], *_windows(name, inputs, kernel, stride, padding))


def _pair(value) -> tuple[int, int]:
    numbers = [int(number) for number in np.ravel(value)]
    return (numbers[0], numbers[-1])


def _windows(name, inputs, kernel, stride, padding) -> tuple[int, int]:
    sides = zip(inputs[1:], kernel, stride, padding, strict=True)
    sizes = tuple((n + 2 * p - k) // s + 1 for n, k, s, p in sides)
    if min(sizes) < 1:
        raise BadInput(
            f"{name} must have a kernel that fits its map of {_sizes(inputs[1:])} with padding, "
            f"not {_sizes(kernel)}"
        )
    return sizes


def _elementwise(name, fields, inputs):
    """Fields of one value for each input, or that can stand for that."""
    for field, value in fields.items():
        if len(inputs) == 3 and np.shape(value) == inputs[:1]:  # one for each channel
            value = np.reshape(value, (-1, 1, 1))
        try:
            fields[field] = np.broadcast_to(np.asarray(value, np.float64), inputs)
        except ValueError:
            raise BadInput(
                f"{field} of {name} must have a value for each of {_sizes(inputs)}, not of shape "
                f"{_sizes(np.shape(value))}"
            ) from None
    return fields, inputs


def _sizes(shape) -> str:
    return " x ".join(map(str, shape)) or "no size"


_SHAPES = {
    "Flatten": _flatten,
    "Linear": _linear,
    "Affine": _linear,
    "Conv2d": _conv2d,
    "SumPool2d": _pool,
    "AvgPool2d": _pool,
    "Scale": _elementwise,
    **dict.fromkeys(NEURONS, _elementwise),
}
