"""A network that comes with Trispike reads 20 digits: golden model first, then its RTL."""

from trispike.models.data.datasets import load_test
from trispike.sim.notebook import load, run_golden, run_rtl

network = load("fc256", "digits")
images, labels = load_test("digits")
images, labels = images[:20], labels[:20]

print(f"{network.name}: {network.shape}")
result = run_golden(network, images, timesteps=5)
print("golden model says", result.labels)
print("the truth is     ", labels)

run = run_rtl(network, images, labels, timesteps=5)
print("the RTL says     ", run.labels)
print(f"accuracy {run.figures.accuracy:.0%}, {run.mismatches} mismatches with the model")
print(f"cycles of each image: {run.cycles}")
print(
    f"{run.predictions_per_second(100):,.0f} predictions/s at 100 MHz, {run.energy_nj:.1f} nJ each"
)
