"""The networks that are measured, and their weight files."""

import dataclasses
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.models.network import real_weights, weights
from trispike.models.network.card import Card
from trispike.models.network.parameters import Network
from trispike.models.network.presets import TABLE_1
from trispike.models.network.real_network import RealNetwork
from trispike.sim.tools.paths import build_folder
from trispike.sim.training.recipe import RECIPES

DRAWN = ("trispike", "trispike-sparse", "tw-snn", "tw-snn-32bit", "trispike-32bit")
"""Training recipes whose networks are measured and drawn."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """One network: its preset, the data set and the recipe of its training."""

    layer: str
    data: str
    recipe: str

    @property
    def bits(self) -> int:
        """Width of a weight: 2 or 32."""
        return RECIPES[self.recipe].weight_bits

    @property
    def path(self) -> Path:
        """Path of its weight file, whether it exists or not.

        Ternary weights come with Trispike. Weights of 32 bits are too large for that; training
        writes them to the build folder.
        """
        committed = weights.committed(self.layer, self.data, self.recipe)
        return committed if self.bits == 2 else build_folder() / "weights" / committed.name

    def load(self) -> tuple[Network | RealNetwork, Card]:
        """The network and its card; `BadInput` if the file is damaged or of another network."""
        network, card = (weights if self.bits == 2 else real_weights).load(self.path)
        if (network.name, card.data) != (self.layer, self.data):
            raise BadInput(
                f"{self.path} must be of {self.layer} on {self.data}, "
                f"not of {network.name} on {card.data}; restore it or train again"
            )
        return network, card

    @property
    def remedy(self) -> str:
        """The command that trains its weights."""
        return f"make train LAYER={self.layer} DATA={self.data} RECIPE={self.recipe}"

    def __str__(self):
        return f"{self.layer} {self.recipe}"


def sources(data: str) -> list[Source]:
    """Every network that is drawn for the data set ``data``, in the order of the tables."""
    return [Source(layer=layer, data=data, recipe=recipe) for layer in TABLE_1 for recipe in DRAWN]
