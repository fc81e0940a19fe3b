"""A network with its inputs and hidden neurons in another order."""

import dataclasses

import numpy as np

from trispike.golden.model import Result
from trispike.models.network.order import Order
from trispike.models.network.parameters import Network


def usual(network: Network) -> Order:
    """The order of the inputs of ``network``, also where it is that of the data."""
    return network.order or Order(values=tuple(range(network.shape.input.volume.size)))


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Ordering:
    """Another order in ``network``, whose layers are dense.

    - ``order``: of its inputs.
    - ``neurons``: of each hidden layer int64, shape (neurons,): neuron i is what ``neurons[k][i]``
      was.
    """

    network: Network
    order: Order
    neurons: tuple[np.ndarray, ...]

    @property
    def changes(self) -> bool:
        """It is not the order that there is."""
        same = (np.array_equal(each, np.arange(len(each))) for each in self.neurons)
        return self.order != usual(self.network) or not all(same)

    @property
    def _outputs(self) -> tuple[np.ndarray, ...]:
        return (*self.neurons, np.arange(self.network.shape.sizes[-1]))

    @property
    def ordered(self) -> Network:
        """The network in this order: the same, bit for bit, but for the order."""
        layers = []
        inputs = (np.array(self.order.values), *self.neurons)
        for layer, rows, columns in zip(
            self.network.unordered.layers, inputs, self._outputs, strict=True
        ):
            fields = {f.name: getattr(layer, f.name)[columns] for f in layer.shape.neuron_fields}
            weights = layer.weights[rows][:, columns]
            layers.append(dataclasses.replace(layer, weights=weights, **fields))
        return dataclasses.replace(self.network, layers=tuple(layers), order=self.order)

    def difference(self, plain: Result, ordered: Result) -> str | None:
        """What both networks do not do alike on some images; None if nothing differs."""
        for k, neurons in enumerate(self._outputs):
            for what in ("spikes", "potentials"):
                mine, its = (getattr(each, what)[k] for each in (plain, ordered))
                if not np.array_equal(mine[..., neurons], its):
                    return f"{what} of layer {k + 1}"
        for what in ("running_scores", "decided"):
            if not np.array_equal(getattr(plain, what), getattr(ordered, what)):
                return what.replace("_", " ")
        return None
