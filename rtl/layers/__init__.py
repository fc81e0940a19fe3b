"""Layers in hardware, each kind a module."""

from trispike.models.network.layers import Dense
from trispike.rtl.hierarchy import Block
from trispike.rtl.layers.dense import DenseLayer

LAYERS: dict[type, type[Block]] = {Dense: DenseLayer}
"""The component of each kind of layer: made from ``shape=``, it has ``i``, ``o``,
``configuration``, ``timesteps`` where the shape counts them, and a function ``probes(shape)``."""
