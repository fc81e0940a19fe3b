"""One leaky neuron, built by hand: its potential rises with each spike, leaks, and fires."""

import numpy as np

from trispike.models.network.neuron import Neuron
from trispike.sim.notebook import dense, network, run_golden

LEAKY = Neuron(carries=True, leak=(2,))  # each timestep a quarter of the potential is lost

# Two inputs excite, one inhibits; a spike adds or takes 10, and the neuron fires above 25.
layer = dense([[1], [1], [-1]], threshold=25, a=10, neuron=LEAKY)
net = network(layer, name="one_neuron", encoder="given")

spikes = np.zeros((1, 12, 3), bool)  # one sample, 12 timesteps, 3 inputs
spikes[0, 0:5, 0] = True
spikes[0, 2:5, 1] = True
spikes[0, 7:9, 2] = True

result = run_golden(net, spikes)
potentials, fired = result.potentials[0][0, :, 0], result.spikes[0][0, :, 0]

print("timestep  inputs  potential")
for t, (inputs, potential, spike) in enumerate(zip(spikes[0], potentials, fired, strict=True), 1):
    marks = "".join("|" if each else "." for each in inputs)
    print(f"{t:8}  {marks:6}  {potential:9}{'  fires' if spike else ''}")
