"""Layers in hardware, each kind a module."""

from trispike.models.network.layers import Convolution, Dense
from trispike.rtl.layers.convolution import ConvolutionLayer
from trispike.rtl.layers.dense import DenseLayer
from trispike.rtl.layers.layer import LayerBlock

LAYERS: dict[type, type[LayerBlock]] = {Dense: DenseLayer, Convolution: ConvolutionLayer}
"""The component of each kind of layer: made from ``shape=``, it has ``i``, ``o``,
``configuration``, ``timesteps`` where the shape counts them, and a function ``probes(shape)``."""
