"""Every encoder against its description, pixel by pixel."""

import pickle

import numpy as np
import pytest

from trispike.models.data import encoders, spikes
from trispike.models.errors import BadInput
from trispike.models.network.layers import Dense
from trispike.models.network.neuron import Neuron
from trispike.models.network.order import Order
from trispike.models.network.shape import Encoder, NetworkShape
from trispike.sim.cosim.stimulus import Encoding

_INPUTS = 300


def _shape(encoder: Encoder, phases: int = 1, inputs: int = _INPUTS) -> NetworkShape:
    neuron = Neuron(carries=True, phases=phases)
    layer = Dense(inputs=inputs, neurons=2, neuron=neuron, pixels=encoder is Encoder.DIRECT)
    return NetworkShape.of("net", (layer,), encoder=encoder)


def _every_pixel(count: int = 2) -> np.ndarray:
    """Images that each have every pixel from 0 to 255."""
    rng = np.random.default_rng(3)
    pixels = np.concatenate([np.arange(256), rng.integers(0, 256, _INPUTS - 256)])
    return np.stack([rng.permutation(pixels) for _ in range(count)]).astype(np.uint8)


def _given(count: int = 3, timesteps: int = 4) -> np.ndarray:
    return np.random.default_rng(5).random((count, timesteps, _INPUTS)) < 0.3


def test_rate():
    images = _every_pixel()
    found = encoders.encode(_shape(Encoder.RATE), images, 3, 7, 40)
    assert np.array_equal(found, spikes.encode(images, 3, 7, 40))


def test_direct():
    images = _every_pixel()
    found = encoders.encode(_shape(Encoder.DIRECT), images, 3, 0)
    assert found.dtype == np.uint8
    assert np.array_equal(found, np.stack([images] * 3, axis=1))


@pytest.mark.parametrize("phases", [1, 3, 4, 8])
def test_bits(phases):
    images = _every_pixel()
    found = encoders.encode(_shape(Encoder.BITS, phases), images, 10, 0)
    assert found.dtype == np.bool_
    for (n, t, i), spike in np.ndenumerate(found):
        assert spike == (f"{images[n, i]:08b}"[t % phases] == "1"), (n, t, i)


@pytest.mark.parametrize("timesteps", [1, 5, 16, 255])
def test_latency(timesteps):
    images = _every_pixel(1)
    found = encoders.encode(_shape(Encoder.LATENCY), images, timesteps, 0)
    assert found.dtype == np.bool_
    assert found.shape == (1, timesteps, _INPUTS)
    for pixel, train in zip(images[0].tolist(), found[0].T.tolist(), strict=True):
        wanted = [] if pixel == 0 else [(255 - pixel) * timesteps // 256]
        assert [t for t, spike in enumerate(train) if spike] == wanted, pixel


def test_given():
    given = _given()
    packed = encoders.packed(given)
    assert packed.shape == (3, 4, 38)
    found = encoders.encode(_shape(Encoder.GIVEN), packed, 4, 0)
    assert found.dtype == np.bool_
    assert np.array_equal(found, given)


def _images(encoder: Encoder) -> np.ndarray:
    return encoders.packed(_given()) if encoder is Encoder.GIVEN else _every_pixel(3)


@pytest.mark.parametrize("encoder", Encoder)
def test_a_shard_encodes_by_the_network(encoder, tmp_path):
    """From a pickled copy and a file, each image as in a run of the whole set."""
    shape, images = _shape(encoder), _images(encoder)
    stimulus = pickle.loads(pickle.dumps(Encoding.of(shape, images, 4, 9, tmp_path)))
    whole = encoders.encode(shape, images, 4, 9)
    assert np.array_equal(stimulus.spikes(1, 3), whole[1:3])
    assert stimulus.spikes(0, 1).dtype == whole.dtype


@pytest.mark.parametrize("encoder", Encoder)
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda images: images.astype(np.int16), r"array of uint8, not \d-dimensional int16"),
        (lambda images: images[0], r"images must be a [23]-dimensional array of uint8, not [12]-"),
        (lambda images: images[..., 1:], r"net must be given \d+ (pixels|bytes of spikes), not"),
    ],
)
def test_images_that_do_not_fit(encoder, spoil, message):
    with pytest.raises(BadInput, match=message):
        encoders.encode(_shape(encoder), spoil(_images(encoder)), 4, 0)


@pytest.mark.parametrize("encoder", Encoder)
def test_timesteps(encoder):
    with pytest.raises(BadInput, match="timesteps must be from 1 to 255, not 0"):
        encoders.encode(_shape(encoder), _images(encoder), 0, 0)


def test_timesteps_of_spikes_are_those_of_the_data():
    with pytest.raises(BadInput, match=r"^T must be 4, the timesteps of the data, not 5$"):
        encoders.encode(_shape(Encoder.GIVEN), _images(Encoder.GIVEN), 5, 0)


def _in_order(encoder: Encoder, order: Order) -> NetworkShape:
    """As `_shape`, with an ``order`` of its inputs."""
    (layer,) = _shape(encoder, inputs=len(order.values)).layers
    return NetworkShape.of("net", (layer,), encoder=encoder, order=order)


@pytest.mark.parametrize("encoder", Encoder)
def test_another_order(encoder):
    """Each input takes its value, drawn as before."""
    values = np.random.default_rng(1).permutation(_INPUTS)
    order = Order(values=tuple(values.tolist()), lanes=4)
    plain = encoders.encode(_shape(encoder), _images(encoder), 4, 9, 40)
    found = encoders.encode(_in_order(encoder, order), _images(encoder), 4, 9, 40)
    assert found.dtype == plain.dtype
    assert np.array_equal(found, plain[..., values])


def _dealt(values: list[bool], order: Order) -> list[bool]:
    """What the module says of values with two inputs, spike by spike."""
    inputs = [values[v] and order.values.index(v) == i for i, v in enumerate(order.values)]
    twins = [(order.values.index(v), i) for i, v in enumerate(order.values)]
    for one, other in [pair for pair in twins if pair[0] != pair[1]] * 2:
        if inputs[one] or inputs[other]:
            inputs[one] = inputs[other] = False
            busy = [sum(inputs[k :: order.lanes]) for k in range(order.lanes)]
            second = busy[other % order.lanes] < busy[one % order.lanes]
            inputs[other if second else one] = True
    return inputs


@pytest.mark.parametrize("encoder", [each for each in Encoder if each is not Encoder.DIRECT])
@pytest.mark.parametrize("lanes", [1, 2, 8])
def test_values_with_two_inputs(encoder, lanes):
    """One of the two spikes, that of the lane with fewer; the busiest has less for it."""
    rng = np.random.default_rng(lanes)
    values = np.append(rng.permutation(_INPUTS), rng.permutation(_INPUTS)[:100])
    order = Order(values=tuple(values.tolist()), lanes=lanes)
    plain = encoders.encode(_shape(encoder), _images(encoder), 4, 9)
    found = encoders.encode(_in_order(encoder, order), _images(encoder), 4, 9)
    assert found.shape == (3, 4, 400)
    for given, dealt in zip(plain.reshape(-1, 300), found.reshape(-1, 400), strict=True):
        assert dealt.tolist() == _dealt(given.tolist(), order)
    spikes = [found[..., k::lanes].sum(axis=-1) for k in range(lanes)]
    least = -(-plain.sum(axis=-1) // lanes)
    usual = [plain[..., k::lanes].sum(axis=-1) for k in range(lanes)]
    worse = [(np.max(each, axis=0) - least).sum() for each in (usual, spikes)]
    assert worse[1] <= worse[0] / 3
    alone = encoders.encode(_in_order(encoder, order), _images(encoder)[:1], 4, 9)
    assert np.array_equal(alone, found[:1])
