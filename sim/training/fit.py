"""The training loop. Each epoch has its own seed, so a training can continue after any epoch."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from trispike.models.errors import BadInput
from trispike.models.network.shape import Encoder, NetworkShape
from trispike.sim.training.checkpoint import Checkpoint
from trispike.sim.training.distortion import distorted, shifted
from trispike.sim.training.export import Trained
from trispike.sim.training.losses import labelled_right, loss_of
from trispike.sim.training.neurons import Net
from trispike.sim.training.normalisation import settle
from trispike.sim.training.presentation import presented
from trispike.sim.training.recipe import Recipe

_EPOCH, _COPY, _STATISTICS = 0, 1, 2


def _seed(seed: int, purpose: int, number: int) -> int:
    """A seed for one epoch or one distorted copy, from 0 to 2**63 - 1."""
    words = np.random.SeedSequence([seed, purpose, number]).generate_state(1, np.uint64)
    return int(words[0] >> np.uint64(1))


def step_size(recipe: Recipe, progress: float) -> float:
    """Adam's step size after the fraction ``progress`` of all steps, 0 to 1."""
    first, last = recipe.first_rate, recipe.last_rate
    if recipe.schedule == "exponential":
        return first * (last / first) ** progress
    return last + (first - last) * (1 + math.cos(math.pi * progress)) / 2


class Training:
    """A network being trained.

    shape: The network.
    images, labels: Training set: uint8 of (n, inputs) and of (n,). RATE draws fresh spikes from
        each image in each epoch (TW-SNN alg. 1).
    recipe, epochs, seed: The same three give the same weights on one machine with one number of
        threads.
    device: PyTorch's name of what computes, ``cpu`` or ``cuda``.
    """

    def __init__(
        self,
        shape: NetworkShape,
        images: np.ndarray,
        labels: np.ndarray,
        recipe: Recipe,
        *,
        epochs: int,
        seed: int,
        device: str = "cpu",
    ):
        self.shape, self.recipe, self.epochs, self.seed = shape, recipe, epochs, seed
        self.epoch = 0
        self._device = torch.device(device)
        self._given = shape.input.encoder is Encoder.GIVEN
        groups = shape.groups or (shape.sizes[-1],)
        self._images = torch.tensor(images, device=self._device)
        self._answers = torch.cat(
            [
                torch.nn.functional.one_hot(torch.tensor(part).long(), size).float()
                for part, size in zip(np.unravel_index(labels, groups), groups, strict=True)
            ],
            1,
        ).to(self._device)
        self._copies: dict[int, torch.Tensor] = {}
        with self._own_random_numbers():
            torch.manual_seed(seed)
            self.net = Net(shape, recipe).to(self._device)
        named = list(self.net.named_parameters())
        kept = [value for name, value in named if value.ndim == 0 or ".norm." in name]
        decaying = [value for name, value in named if value.ndim > 0 and ".norm." not in name]
        groups = [{"params": decaying}]
        if kept:
            groups.append({"params": kept, "weight_decay": 0.0})
        self._optimizer = torch.optim.AdamW(
            groups, lr=recipe.first_rate, weight_decay=recipe.decay, fused=True
        )

    def run_epoch(self) -> tuple[float, float]:
        """Train one more epoch. Returns the mean loss and the fraction of correctly labelled
        images.

        `BadInput` if the loss or a weight stops being a finite number.
        """
        with self._own_random_numbers():
            images = self._seen_images()
            torch.manual_seed(_seed(self.seed, _EPOCH, self.epoch))
            batches = torch.randperm(len(images)).to(self._device).split(self.recipe.batch)
            total, right = 0.0, 0  # tensors: a GPU is not waited for after each batch
            for k, chosen in enumerate(batches):
                progress = (self.epoch + k / len(batches)) / self.epochs
                loss, correct = self._step(images[chosen], self._answers[chosen], progress)
                total += loss.double() * len(chosen)
                right += correct
        loss, right = float(total) / len(images), int(right) / len(images)
        if not math.isfinite(loss):
            raise self._diverged(f"the loss is {loss}")
        if not all(value.isfinite().all() for value in self.net.parameters()):
            raise self._diverged("there are weights that are not finite")
        self.epoch += 1
        return loss, right

    def _own_random_numbers(self):
        return torch.random.fork_rng(devices=[0] if self._device.type == "cuda" else [])

    def _seen_images(self) -> torch.Tensor:
        """The training images of this epoch."""
        recipe = self.recipe
        plain = self._given or not (recipe.distortion or recipe.elastic or recipe.flips)
        if plain or self._undistorted(self.epoch):
            return self._images
        copy = self.epoch % self.recipe.copies
        if copy in self._copies:
            return self._copies[copy]
        torch.manual_seed(_seed(self.seed, _COPY, copy))
        volume = self.shape.input.volume
        images = distorted(
            self._images,
            self.recipe.distortion,
            self.recipe.elastic,
            channels=volume.channels if volume.positions > 1 else 1,
            flips=self.recipe.flips,
        )
        again = self.epoch + self.recipe.copies
        if again < self.epochs and not self._undistorted(again):
            self._copies[copy] = images
        return images

    def _undistorted(self, epoch: int) -> bool:
        """Whether this is one of the last epochs, which use undistorted images."""
        return epoch >= self.epochs * (1 - self.recipe.undistorted)

    def _step(self, images, answers, progress: float):
        """Train one batch. Returns its mean loss and the number of correctly labelled images, both
        tensors.
        """
        inputs = presented(self.shape, images, self.recipe.draws * self.recipe.timesteps)
        if self._given and self.recipe.distortion and not self._undistorted(self.epoch):
            inputs = shifted(inputs, self.recipe.distortion)
        potentials, hidden = self.net(inputs)
        loss = loss_of(potentials, hidden, answers, self.recipe, self.shape.groups)
        if self.recipe.energy_price:
            loss = loss + self.recipe.energy_price * self.net.nanojoules(inputs, hidden)
        for group in self._optimizer.param_groups:
            group["lr"] = step_size(self.recipe, progress)
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        correct = labelled_right(potentials, answers, self.shape.read_out, self.shape.groups)
        return loss.detach(), correct

    def settle(self) -> None:
        """End the training: statistics of normalisations become those of the training set."""
        with self._own_random_numbers():
            torch.manual_seed(_seed(self.seed, _STATISTICS, 0))
            batches = self._images.split(self.recipe.batch)
            timesteps = self.recipe.timesteps
            settle(self.net, (presented(self.shape, images, timesteps) for images in batches))

    def _diverged(self, sign: str) -> BadInput:
        return BadInput(
            f"training diverged in epoch {self.epoch + 1}: {sign}; nothing was exported, try a "
            f"first_rate below {self.recipe.first_rate:g}"
        )

    def state(self) -> dict[str, Any]:
        """State from which `restore` continues after the finished epochs."""
        return {
            "epoch": self.epoch,
            "net": self.net.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a `state` of a training with the same arguments."""
        self.net.load_state_dict(state["net"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.epoch = state["epoch"]


def parameters(net: Net) -> list[Trained]:
    """Parameters of each layer."""
    return [
        Trained(
            weights=_array(layer.weights),
            bias=_array(layer.bias if layer.norm is None else layer.norm.scale_and_shift()[1]),
            alpha=layer.alpha() if layer.norm is None else _array(layer.norm.scale_and_shift()[0]),
            leak=layer.shifts(),
        )
        for layer in net.layers
    ]


def _array(values: torch.Tensor) -> np.ndarray:
    return values.detach().cpu().numpy().copy()


def fit(
    training: Training, checkpoint: Checkpoint, report: Callable[[int, float, float], object]
) -> list[Trained]:
    """Train from the state in ``checkpoint`` to the last epoch; returns its `parameters`.

    ``report`` is called after each epoch with its number from 1, its mean loss and the fraction of
    training images with a correct label. `BadInput` for a training that diverges; its checkpoint is
    deleted, as it would diverge again.
    """
    state = checkpoint.load()
    if state is not None:
        training.restore(state)
    while training.epoch < training.epochs:
        try:
            loss, right = training.run_epoch()
        except BadInput:
            checkpoint.remove()
            raise
        if checkpoint.due() or training.epoch == training.epochs:
            checkpoint.save(training.state())
        report(training.epoch, loss, right)
    training.settle()
    return parameters(training.net)
