"""What a NIR file must be: one line for each that is not."""

import numpy as np
import pytest

from tb.kit.command import trispike_here
from tb.kit.extras import needs_nir
from tb.kit.nir_files import imported_from, of_maps, of_neurons, written
from trispike.models.errors import BadInput
from trispike.models.network.shape import Encoder
from trispike.sim.nir.chain import read

BYTES = {
    "no-hdf5": (b"PK\x03\x04", "no HDF5 file"),
    "web-page": (b"\n<!DOCTYPE html><html>", "web page"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "empty": (b"", "no HDF5 file"),
}


def _refused(path, tmp_path, *options) -> str:
    """What ``make import`` says, which is one line, and it writes nothing."""
    ran = trispike_here("import", f"FROM={path}", "NAME=mine", f"OUTPUT={tmp_path}/out", *options)
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: ")
    assert ran.stderr.count("\n") == 1
    assert not list((tmp_path / "out").glob("*"))
    return ran.stderr


@pytest.mark.parametrize("case", BYTES)
def test_other_files(case, tmp_path):
    data, message = BYTES[case]
    path = tmp_path / "file.nir"
    path.write_bytes(data)
    said = _refused(path, tmp_path)
    assert message in said
    assert str(path) in said


def test_no_file(tmp_path):
    assert "No such file" in _refused(tmp_path / "none.nir", tmp_path)
    assert "FROM must name a NIR file" in trispike_here("import").stderr


@needs_nir
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_file_cut_short(part, tmp_path):
    path = written(tmp_path, of_maps())
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    assert "cut short" in _refused(path, tmp_path)


@needs_nir
def test_hdf5_of_something_else(tmp_path):
    import h5py

    path = tmp_path / "other.nir"
    with h5py.File(path, "w") as file:
        file["images"] = np.zeros(3)
    assert "without a NIR graph" in _refused(path, tmp_path)


def _changed(name, field, change):
    nodes = of_maps()
    value = np.array(getattr(nodes[name], field))
    setattr(nodes[name], field, change(value))
    return nodes


def _at_first(value):
    def change(values):
        values.flat[0] = value
        return values

    return change


CHANGES = {
    "nan": (("conv", "weight", _at_first(np.nan)), "weight of conv must be finite"),
    "infinite": (("read_out", "bias", _at_first(np.inf)), "bias of read_out must be finite"),
    "shapes": (("read_out", "weight", lambda w: w[:, :7]), "weights of 18 inputs"),
    "dilation": (("conv", "dilation", lambda d: d * 2), "dilation of 1"),
    "large-kernel": (
        ("conv", "weight", lambda w: np.ones((3, 2, 9, 9))),
        "must have a kernel that fits its map",
    ),
    "uneven-thresholds": (("spike", "threshold", _at_first(0.5)), "the same everywhere on a map"),
}


@needs_nir
@pytest.mark.parametrize("case", CHANGES)
def test_nodes_that_cannot_be(case, tmp_path):
    change, message = CHANGES[case]
    path = written(tmp_path, _changed(*change))
    assert message in _refused(path, tmp_path)


FIELDS = {
    "conv/dilation": (np.array([0.5, 0.5]), "dilation of conv must be one or two integers of 1 or"),
    "conv/padding": (np.array([0.5, 1]), "padding of conv must be one or two integers of 0"),
    "conv/groups": (np.array([1, 1, 1]), "groups of conv must be one or two integers of 1"),
    "pool/padding": ("same", "padding of pool must be a number, not 'same'"),
    "pool/stride": (np.zeros(0, int), "stride of pool must be one or two integers of 1 or more"),
    "read_out/bias": ("x", "bias of read_out must be numbers, not"),
    "input/shape": (np.array([np.nan, 6, 4]), "the shape of input must be of integers"),
}


@needs_nir
@pytest.mark.parametrize("case", FIELDS)
def test_fields_of_other_kinds(case, tmp_path):
    import h5py

    path = written(tmp_path, of_maps())
    value, message = FIELDS[case]
    with h5py.File(path, "r+") as file:
        del file[f"node/nodes/{case}"]
        file[f"node/nodes/{case}"] = value
    assert message in _refused(path, tmp_path)


@needs_nir
def test_leaks_in_words(tmp_path):
    """What decides the kind of a neuron may be no numbers, either."""
    import h5py
    import nir

    def leaky(n):
        one = np.ones(n)
        return nir.LIF(one, one, 0 * one, one, 0 * one)

    nodes = of_neurons(leaky)
    (name, *_) = (name for name, node in nodes.items() if isinstance(node, nir.LIF))
    path = written(tmp_path, nodes)
    with h5py.File(path, "r+") as file:
        del file[f"node/nodes/{name}/tau"]
        file[f"node/nodes/{name}/tau"] = np.full(20, b"x")
    assert f"tau of {name} must be numbers, not" in _refused(path, tmp_path)


@needs_nir
def test_sizes_that_overflow(tmp_path):
    """NumPy says nothing of them, whichever way the file is read."""
    import h5py

    path = written(tmp_path, of_maps())
    with h5py.File(path, "r+") as file:
        file["node/nodes/flatten/end_dim"][()] = np.iinfo(np.int64).max
    ran = trispike_here("import", f"FROM={path}", f"OUTPUT={tmp_path}/out")
    assert (ran.returncode, ran.stderr) == (0, "")


@needs_nir
def test_an_array_that_is_not_in_the_file(tmp_path):
    """HDF5 can name any shape without having a byte of it."""
    import h5py

    path = written(tmp_path, of_maps())
    with h5py.File(path, "r+") as file:
        del file["node/nodes/read_out/weight"]
        file.create_dataset("node/nodes/read_out/weight", (1 << 20, 1 << 20), "f4", chunks=(8, 8))
    assert "its arrays must have at most 1,000,000,000 bytes, not" in _refused(path, tmp_path)


@needs_nir
def test_a_link_to_itself(tmp_path):
    """h5py has errors of many kinds."""
    import h5py

    path = written(tmp_path, of_maps())
    with h5py.File(path, "r+") as file:
        del file["node/nodes/read_out"]
        file["node/nodes/read_out"] = h5py.SoftLink("/node/nodes/read_out")
    assert "it is an HDF5 file without a NIR graph" in _refused(path, tmp_path)


@needs_nir
def test_missing_type(tmp_path):
    import h5py

    path = written(tmp_path, of_maps())
    with h5py.File(path, "r+") as file:
        del file["node/nodes/input/shape"]
    assert "input must say the shape of the input" in _refused(path, tmp_path)


@needs_nir
def test_no_chain(tmp_path):
    import nir

    nodes = of_maps()
    two = {**nodes, "second": nir.Input(np.array([2, 6, 4]))}
    assert "one Input, not 2" in _refused(written(tmp_path, two), tmp_path)
    loop = written(tmp_path, nodes, [("or", "conv")])
    assert "a branch or a loop" in _refused(loop, tmp_path)
    strange = {**nodes, "late": nir.Delay(np.array([1.0]))}
    assert "node late must not be Delay" in _refused(written(tmp_path, strange), tmp_path)


@needs_nir
@pytest.mark.parametrize(
    ("tau", "options", "message"),
    [
        (0.0, (), "tau of neurons_1 must be above 0, not 0"),
        (1e-3, ("DT=0.01",), "tau of neurons_1 must be at least a timestep of 0.01"),
    ],
)
def test_time_constants(tau, options, message, tmp_path):
    import nir

    def leaky(n):
        one = np.ones(n)
        return nir.LIF(one * tau, one, 0 * one, one, 0 * one)

    path = written(tmp_path, of_neurons(leaky))
    assert message in _refused(path, tmp_path, "T=4", "ENCODER=given", *options)
    assert "T must say" in _refused(path, tmp_path) or tau == 0


@needs_nir
def test_what_hardware_has_not_enough_of(tmp_path):
    import nir

    def too_far(n):
        return nir.IF(np.full(n, 1e4), np.full(n, 1e6), np.zeros(n))

    path = written(tmp_path, of_neurons(too_far, scale=0.25))
    said = _refused(path, tmp_path, "T=4", "ENCODER=given")
    assert "layer 1 (weights_1, neurons_1)" in said
    assert "18 bits" in said
    assert "needs 24" in said
    wide = {
        "input": nir.Input(np.array([8193])),
        "weights": nir.Linear(np.ones((2, 8193))),
        "output": nir.Output(np.array([2])),
    }
    assert "8192" in _refused(written(tmp_path, wide), tmp_path)
    many = {
        "input": nir.Input(np.array([2000])),
        "weights": nir.Linear(np.ones((2, 2000))),
        "spike": nir.Threshold(np.ones(2)),
        "output": nir.Output(np.array([2])),
    }
    assert "layer 1 (weights, spike)" in _refused(written(tmp_path, many), tmp_path)


@needs_nir
def test_shapes_of_a_chain(tmp_path):
    chain = read(written(tmp_path, of_maps()))
    assert chain.shape == (2, 6, 4)
    assert [node.outputs for node in chain.nodes] == [
        *[(3, 6, 4)] * 2,
        *[(3, 3, 2)] * 2,
        (18,),
        (4,),
    ]


@needs_nir
def test_squares_that_overlap(tmp_path):
    import nir

    nodes = {
        "input": nir.Input(np.array([2, 3, 3])),
        "pool": nir.SumPool2d(np.array([2, 2]), np.array([1, 1]), np.array([0, 0])),
        "flatten": nir.Flatten({"input": np.array([2, 2, 2])}, 0, -1),
        "weights": nir.Linear(np.ones((2, 8))),
        "output": nir.Output(np.array([2])),
    }
    with pytest.raises(BadInput, match="pool must pool squares that lie side by side"):
        imported_from(written(tmp_path, nodes))


@needs_nir
def test_two_layers_without_neurons_between(tmp_path):
    import nir

    nodes = {
        "input": nir.Input(np.array([3])),
        "one": nir.Linear(np.ones((2, 3))),
        "two": nir.Linear(np.ones((2, 2))),
        "output": nir.Output(np.array([2])),
    }
    with pytest.raises(BadInput, match="two must follow neurons that spike, not one"):
        imported_from(written(tmp_path, nodes), encoder=Encoder.GIVEN)
