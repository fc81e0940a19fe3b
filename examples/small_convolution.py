"""Two kernels look for edges in an image of 8 x 8 pixels; a dense layer counts what they find."""

import numpy as np

from trispike.sim.notebook import convolution, dense, network, run_golden, run_rtl

upright = [[-1, 0, 1]] * 3
kernels = np.array([[upright], [np.transpose(upright)]])  # 2 channels out, 1 in, 3 x 3
edges = convolution(kernels, 8, 8, padding=1, threshold=2)

columns = np.zeros((2, 8 * 8, 2), int)  # channels, places, neurons: each counts one channel
columns[0, :, 0] = columns[1, :, 1] = 1
counts = dense(columns.reshape(128, 2), threshold=3)
net = network(edges, counts, name="edges")

images = np.zeros((2, 1, 8, 8), np.uint8)
images[0, 0, :, 4:] = 255  # the right half is bright: an upright edge
images[1, 0, 4:, :] = 255  # the lower half is bright: a level edge

spikes = run_golden(net, images, timesteps=1).spikes[0]  # of the convolution
for image, kind in enumerate(("upright", "level")):
    print(f"image {image}, where channel {image} finds its {kind} edge:")
    for row in spikes[image, 0].reshape(2, 8, 8)[image]:
        print("  " + "".join("#" if each else "." for each in row))

run = run_rtl(net, images, labels=[0, 1], timesteps=1)
print(f"the RTL says {run.labels}, {run.mismatches} mismatches, {run.cycles} cycles")
