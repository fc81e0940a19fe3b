"""Spikes of your own through the RTL: cycles and energy grow with the number of spikes."""

import numpy as np

from trispike.sim.notebook import dense, network, run_rtl

rng = np.random.default_rng(1)
hidden = dense(rng.integers(-1, 2, (64, 32)), threshold=4)
output = dense(rng.integers(-1, 2, (32, 4)), threshold=2)
net = network(hidden, output, name="own_spikes", encoder="given")

print("chance of a spike  spikes in  cycles/sample  nJ/sample  mismatches")
for chance in (0.05, 0.2, 0.8):
    spikes = rng.random((10, 8, 64)) < chance  # 10 samples, 8 timesteps, 64 inputs
    run = run_rtl(net, spikes)
    counts = run.spikes[0].sum(axis=1)  # of the input, one number for each sample
    print(
        f"{chance:17}  {counts.mean():9.1f}  {run.figures.cycles_per_image_mean:13.1f}"
        f"  {run.energy_nj:9.2f}  {run.mismatches:10}"
    )
