"""The user's own test data in files that are right, and in files that are not."""

import contextlib
import io
import zipfile

import numpy as np
import pytest

from tb.kit.idx_files import flipped, one_line
from trispike.models.data import own
from trispike.models.data.own import OwnData
from trispike.models.errors import BadInput
from trispike.models.network.volume import Volume

RNG = np.random.default_rng(3)
PIXELS = RNG.integers(0, 256, (4, 2, 3, 5), np.uint8)
SPIKES = RNG.random((4, 7, 2, 3, 5)) < 0.3


@pytest.fixture
def read(tmp_path):
    """What is read of a file of some arrays."""

    def read(**arrays) -> OwnData:
        path = tmp_path / "my digits.2.npz"
        np.savez_compressed(path, **arrays)
        return OwnData.read(path)

    return read


@pytest.mark.parametrize(
    ("shape", "volume"),
    [
        ((4, 30), Volume(channels=30)),
        ((8, 3, 5), Volume(channels=1, height=3, width=5)),
        ((4, 2, 3, 5), Volume(channels=2, height=3, width=5)),
    ],
)
def test_images(read, shape, volume):
    """Flattened by channel, row and column, whatever their dimensions."""
    found = read(images=PIXELS.reshape(shape))
    assert found.images.tobytes() == PIXELS.tobytes()
    assert found.images.shape == (shape[0], volume.size)
    assert (found.samples.volume, found.samples.timesteps) == (volume, None)
    assert (found.labels, found.name) == (None, "my_digits.2")


@pytest.mark.parametrize(
    ("shape", "volume"),
    [
        ((4, 7, 30), Volume(channels=30)),
        ((4, 7, 2, 3, 5), Volume(channels=2, height=3, width=5)),
    ],
)
@pytest.mark.parametrize("dtype", [bool, np.uint8])
def test_spikes(read, shape, volume, dtype):
    """As an encoder gives them back."""
    found = read(spikes=SPIKES.reshape(shape).astype(dtype), labels=np.arange(4))
    back = np.unpackbits(found.images, axis=-1, count=30)
    assert back.tolist() == SPIKES.reshape(4, 7, 30).astype(int).tolist()
    assert (found.samples.volume, found.samples.timesteps) == (volume, 7)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, ">i2", np.uint64])
def test_labels(read, dtype):
    found = read(images=PIXELS, labels=np.array([0, 3, 1, 3], dtype))
    assert found.labels.tolist() == [0, 3, 1, 3]
    assert found.labels.dtype == np.int64
    found.check_labels(4, "net")
    with pytest.raises(BadInput, match=r"2\.npz: labels must be from 0 to 2 for net, not 3$"):
        found.check_labels(3, "net")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "it must hold images or spikes, and labels if there are any, not nothing; write"),
        ({"labels": np.arange(4)}, "it must hold .* not labels; write it again with numpy.savez"),
        ({"images": PIXELS, "spikes": SPIKES}, "it must hold .* not images, spikes;"),
        ({"images": PIXELS, "label": np.arange(4)}, "it must hold .* not images, label;"),
        ({"images": PIXELS / 255}, r"images must be uint8 of .*, not float64 of \(4, 2, 3, 5\)"),
        ({"images": PIXELS / np.nan}, "images must be uint8"),
        ({"images": PIXELS.astype(int)}, "images must be uint8 of .* not int64"),
        ({"images": PIXELS[0, 0, 0]}, r"shape \(n, pixels\) or .* not uint8 of \(5,\)"),
        ({"images": PIXELS[np.newaxis]}, r"not uint8 of \(1, 4, 2, 3, 5\)"),
        ({"images": PIXELS[:0]}, r"images must not be empty, as their shape \(0, 2, 3, 5\) is"),
        ({"images": PIXELS[..., :0]}, "images must not be empty"),
        ({"spikes": SPIKES.astype(float)}, "spikes must be bool or uint8 of shape .*, not float64"),
        ({"spikes": SPIKES[:, :, 0]}, r"not bool of \(4, 7, 3, 5\)"),
        ({"spikes": SPIKES[:0]}, "spikes must not be empty"),
        ({"spikes": SPIKES * np.uint8(9)}, "spikes must be 0 or 1, not 9"),
        ({"spikes": np.zeros((1, 256, 2), bool)}, "timesteps must be from 1 to 255, not 256"),
        ({"images": PIXELS, "labels": np.arange(3)}, r"of shape \(4,\), .*, not int64 of \(3,\)"),
        ({"images": PIXELS, "labels": PIXELS[:, 0, 0]}, r"not uint8 of \(4, 5\)"),
        ({"images": PIXELS, "labels": np.arange(4) * 1.0}, "must be integers .* not float64"),
        ({"images": PIXELS, "labels": np.arange(4) * np.nan}, "must be integers .* not float64"),
        ({"images": PIXELS, "labels": -np.arange(4)}, "labels must be 0 or more, not -3 to 0"),
        ({"images": PIXELS, "labels": np.full(4, 1 << 63, np.uint64)}, "labels must be 0 or more"),
        ({"images": np.array([PIXELS, None], object)}, "images must be a whole array, and not of"),
        ({"images": PIXELS, "labels": np.array(list("abcd"), object)}, "labels must be a whole"),
    ],
)
def test_what_is_refused(read, tmp_path, arrays, message):
    with pytest.raises(BadInput, match=f"my digits.2.npz: .*{message}") as caught:
        read(**arrays)
    assert one_line(caught).startswith(str(tmp_path))


def test_file_of_another_kind(tmp_path):
    """No .npz by its name; no such file; a folder; an array by itself; anything."""
    with pytest.raises(BadInput, match=r"^INPUT must end with \.npz, not 'images.npy'$"):
        OwnData.read(tmp_path / "images.npy")
    path = tmp_path / "own.npz"
    with pytest.raises(BadInput, match=r"^cannot read .*own\.npz: No such file .*; name another"):
        OwnData.read(path)
    array = io.BytesIO()
    np.save(array, PIXELS)
    for data in (array.getvalue(), b"anything", b""):
        path.write_bytes(data)
        with pytest.raises(BadInput, match=r"own\.npz is no \.npz, or it is damaged"):
            OwnData.read(path)
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(BadInput, match=r"cannot read .*folder\.npz: Is a directory"):
        OwnData.read(tmp_path / "folder.npz")


def test_more_than_memory_has_room_for(read, monkeypatch):
    """A few bytes can unpack to any number of zeros: the archive says so beforehand."""
    zeros = np.zeros((400, 30), np.uint8)
    monkeypatch.setattr(own, "_MOST_BYTES", 12_200)
    assert len(read(images=zeros).images) == 400
    with pytest.raises(BadInput, match=r"at most 12,200 bytes, not [\d,]+: make several"):
        read(images=zeros, labels=np.zeros(400, np.uint8))
    monkeypatch.setattr(own, "_MOST_SAMPLES", 399)
    with pytest.raises(BadInput, match="there must be at most 399 images, not 400"):
        read(images=zeros)


def test_bytes_behind_an_array(tmp_path):
    """They are not part of it."""
    path, array = tmp_path / "own.npz", io.BytesIO()
    np.save(array, PIXELS)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", array.getvalue() + b"x")
    with pytest.raises(BadInput, match="images must be a whole array"):
        OwnData.read(path)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_damage(tmp_path, save):
    """Cut short anywhere, or a bit flipped: refused, or what stood there is read.

    A flipped length of a comment hides the second array from zipfile.
    """
    path = tmp_path / "own.npz"
    save(path, images=PIXELS, labels=np.arange(4))
    whole = path.read_bytes()
    for spoilt in (
        *(whole[:length] for length in range(0, len(whole), 7)),
        *(flipped(whole, at) for at in range(len(whole))),
    ):
        path.write_bytes(spoilt)
        with contextlib.suppress(BadInput):
            found = OwnData.read(path)
            assert found.images.tobytes() == PIXELS.tobytes()
            assert found.labels is None or found.labels.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("shape", [(1 << 50,), (1 << 70,), (1 << 60, 16), (True,), "(((", "x"])
def test_a_header_without_an_array(tmp_path, shape):
    """Larger than any memory, or nonsense."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    path = tmp_path / "own.npz"
    with zipfile.ZipFile(path, "w") as archive:
        length = len(header).to_bytes(2, "little")
        archive.writestr("images.npy", b"\x93NUMPY\x01\x00" + length + header)
    with pytest.raises(BadInput, match="images must be a whole array"):
        OwnData.read(path)
